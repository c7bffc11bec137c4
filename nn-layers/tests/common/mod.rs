//! What several test files of this crate share: batches at random, and reference numbers.
#![allow(dead_code)] // Every test file compiles this module for itself, and none uses all of it.

use nn_core::{Generator, Loss, Matrix, Scalar, uniform};
use nn_layers::{Dense, Engine, Network};
use nn_testing::random_matrix;
use serde_json::Value;

/// One step of gradient descent, θ ← θ − η ∂J/∂θ; J of before the step.
pub(crate) fn step<T: Scalar>(engine: &mut impl Engine<T>, learning_rate: f64) -> T {
    let j = engine.loss_and_gradients();
    for (parameter, gradient) in engine.parameters_mut() {
        parameter.zip_in_place(gradient, |w, g| w - T::from_f64(learning_rate) * g);
    }
    j
}

/// Targets that the loss allows: columns that sum to 1 for cross-entropy, numbers in [0, 1] for binary cross-entropy,
/// any for least squares.
pub(crate) fn random_targets(loss: Loss, rows: usize, columns: usize, rng: &mut Generator) -> Matrix<f64> {
    match loss {
        Loss::LeastSquares => random_matrix(rows, columns, rng),
        Loss::BinaryCrossEntropy => Matrix::from_fn(rows, columns, |_, _| uniform(rng)),
        Loss::CrossEntropy => {
            let mut y = Matrix::from_fn(rows, columns, |_, _| uniform(rng) + 0.1);
            for j in 0..columns {
                let sum: f64 = y.column(j).iter().sum();
                y.column_mut(j).iter_mut().for_each(|y| *y /= sum);
            }
            y
        }
    }
}

/// The reference files, see their field `provenance`.
pub(crate) fn reference(name: &str) -> Value {
    let text = match name {
        "mazur" => include_str!("../data/mazur.json"),
        "torch_init_stats" => include_str!("../data/torch_init_stats.json"),
        "torch_mlp_grads" => include_str!("../data/torch_mlp_grads.json"),
        "xor_rhw" => include_str!("../data/xor_rhw.json"),
        _ => panic!("no reference file {name}"),
    };
    serde_json::from_str(text).expect("JSON")
}

/// A number, or a number of 30 digits in quotes.
pub(crate) fn number(value: &Value) -> f64 {
    match value {
        Value::String(digits) => digits.parse().expect("digits"),
        _ => value.as_f64().unwrap_or_else(|| panic!("{value} is not a number")),
    }
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is not a list"))
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(number).collect()
}

pub(crate) fn rows(value: &Value) -> Vec<Vec<f64>> {
    list(value).iter().map(numbers).collect()
}

/// A matrix that the file has row by row, as weights are.
pub(crate) fn matrix(value: &Value) -> Matrix<f64> {
    Matrix::from_rows(&rows(value))
}

/// A batch that the file has with an example in every row: here they are columns.
pub(crate) fn batch(value: &Value) -> Matrix<f64> {
    Matrix::from_columns(&rows(value))
}

/// A column, as biases are.
pub(crate) fn column(value: &Value) -> Matrix<f64> {
    Matrix::from_column(&numbers(value))
}

/// A layer whose activation has this name.
pub(crate) fn dense(weight: Matrix<f64>, bias: Matrix<f64>, activation: &str) -> Dense<f64> {
    Dense { weight, bias, activation: activation.parse().expect("an activation") }
}

/// The same network in f32.
pub(crate) fn single(network: &Network<f64>) -> Network<f32> {
    network.map(|x| x as f32)
}
