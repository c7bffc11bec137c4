//! The three equations of the δ-recursion, each alone, on numbers that can be checked with a pencil.

use nn_core::{Activation, Loss, Matrix};
use nn_layers::{Dense, hidden_delta, output_delta, parameter_gradients};
use nn_testing::{assert_computes, panic_message};

/// A matrix of another shape, full of NaN: what a function is to write, it may not read.
fn unwritten() -> Matrix<f64> {
    Matrix::from_column(&[f64::NAN; 7])
}

#[test]
fn output_delta_of_least_squares_is_the_mean_difference_times_the_derivative() {
    let z = Matrix::from_rows(&[[0.0, 0.0], [0.0, 0.0]]); // a says all that σ′ needs
    let a = Matrix::from_rows(&[[0.5, 0.25], [0.75, 0.5]]);
    let y = Matrix::from_rows(&[[1.0, 0.0], [0.25, 0.5]]);
    let mut delta = unwritten();
    output_delta(Loss::LeastSquares, Activation::Identity, &z, &a, &y, &mut delta);
    assert_computes("δ⁽ᴸ⁾ = ∂J/∂a⁽ᴸ⁾ ⊙ σ′(z⁽ᴸ⁾)", &delta, &Matrix::from_rows(&[[-0.25, 0.125], [0.25, 0.0]])); // (a − y)/2
    let mut delta = unwritten();
    output_delta(Loss::LeastSquares, Activation::Sigmoid, &z, &a, &y, &mut delta);
    assert_computes(
        "δ⁽ᴸ⁾ = ∂J/∂a⁽ᴸ⁾ ⊙ σ′(z⁽ᴸ⁾)",
        &delta,
        &Matrix::from_rows(&[[-0.25 * 0.25, 0.125 * 0.1875], [0.25 * 0.1875, 0.0]]),
    ); // times a (1 − a)
}

#[test]
fn output_delta_of_least_squares_after_softmax_goes_through_the_jacobian() {
    let a = Matrix::from_column(&[0.25, 0.75]);
    let y = Matrix::from_column(&[1.0, 0.0]);
    let mut delta = unwritten();
    output_delta(Loss::LeastSquares, Activation::Softmax, &Matrix::zeros(2, 1), &a, &y, &mut delta);
    // ∂J/∂a = (−0.75, 0.75), their mean with weights a is 0.375, δ = a ⊙ (∂J/∂a − 0.375).
    assert_computes("δ⁽ᴸ⁾ = a ⊙ (∂J/∂a − (∂J/∂a · a))", &delta, &Matrix::from_column(&[-0.28125, 0.28125]));
}

#[test]
fn output_delta_of_a_cross_entropy_is_the_mean_difference() {
    let a = Matrix::from_rows(&[[0.25, 0.5], [0.75, 0.5]]);
    let y = Matrix::from_rows(&[[1.0, 0.25], [0.0, 0.75]]);
    let mut delta = unwritten();
    output_delta(Loss::CrossEntropy, Activation::Softmax, &Matrix::zeros(2, 2), &a, &y, &mut delta);
    assert_computes("δ⁽ᴸ⁾ = (a⁽ᴸ⁾ − y)/m", &delta, &Matrix::from_rows(&[[-0.375, 0.125], [0.375, -0.125]]));
    let (z, a) = (Matrix::zeros(1, 2), Matrix::from_rows(&[[0.5, 0.5]]));
    let mut delta = unwritten();
    output_delta(Loss::BinaryCrossEntropy, Activation::Sigmoid, &z, &a, &Matrix::from_rows(&[[1.0, 0.25]]), &mut delta);
    assert_computes("δ⁽ᴸ⁾ = (a⁽ᴸ⁾ − y)/m", &delta, &Matrix::from_rows(&[[-0.25, 0.125]]));
}

#[test]
fn cross_entropies_refuse_another_activation() {
    let matrix = Matrix::from_column(&[0.5]);
    let after = |loss, activation| {
        panic_message(|| output_delta(loss, activation, &matrix, &matrix, &matrix, &mut unwritten()))
    };
    assert_eq!(
        after(Loss::CrossEntropy, Activation::Sigmoid),
        "cross-entropy needs softmax as last activation, not sigmoid"
    );
    assert_eq!(
        after(Loss::BinaryCrossEntropy, Activation::Tanh),
        "binary-cross-entropy needs sigmoid as last activation, not tanh"
    );
}

/// Three units above two, two examples. Wᵀ δ is worked out in whole numbers.
#[test]
fn hidden_delta_comes_back_through_the_transposed_weights() {
    let above = Dense {
        weight: Matrix::from_rows(&[[1.0, 2.0], [3.0, -1.0], [0.0, 4.0]]),
        bias: Matrix::from_column(&[9.0, 9.0, 9.0]), // δ does not read biases
        activation: Activation::Step,                // nor the activation of the layer above
    };
    let delta_above = Matrix::from_rows(&[[1.0, 0.0], [2.0, 1.0], [-1.0, 3.0]]);
    let back = Matrix::from_rows(&[[7.0, 3.0], [-4.0, 11.0]]); // Wᵀ δ

    let a = Matrix::from_rows(&[[0.5, 0.25], [0.0, 2.0]]);
    let mut delta = unwritten();
    hidden_delta(&above, &delta_above, Activation::Identity, &a, &mut delta);
    assert_computes("δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾)", &delta, &back);
    let mut delta = unwritten();
    hidden_delta(&above, &delta_above, Activation::Relu, &a, &mut delta);
    assert_computes("δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾)", &delta, &Matrix::from_rows(&[[7.0, 3.0], [0.0, 11.0]]));
    let mut delta = unwritten();
    hidden_delta(&above, &delta_above, Activation::Sigmoid, &a, &mut delta);
    assert_computes(
        "δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾)",
        &delta,
        &Matrix::from_rows(&[[7.0 * 0.25, 3.0 * 0.1875], [0.0, 11.0 * -2.0]]),
    );
}

/// Two units on three inputs, two examples: ∂J/∂W is the sum over the examples, without another mean.
#[test]
fn parameter_gradients_are_sums_over_the_examples() {
    let delta = Matrix::from_rows(&[[1.0, 2.0], [-3.0, 5.0]]);
    let a_below = Matrix::from_rows(&[[1.0, 0.0], [2.0, 1.0], [-1.0, 4.0]]);
    let (mut weight_gradient, mut bias_gradient) = (unwritten(), unwritten());
    parameter_gradients(&delta, &a_below, &mut weight_gradient, &mut bias_gradient);
    assert_computes(
        "∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ",
        &weight_gradient,
        &Matrix::from_rows(&[[1.0, 4.0, 7.0], [-3.0, -1.0, 23.0]]),
    );
    assert_computes("∂J/∂b⁽ˡ⁾ = δ⁽ˡ⁾ 1", &bias_gradient, &Matrix::from_column(&[3.0, 2.0]));
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let delta = Matrix::<f64>::zeros(2, 3);
    assert_eq!(
        panic_message(|| parameter_gradients(&delta, &Matrix::zeros(4, 5), &mut unwritten(), &mut unwritten())),
        "matrix product C = A B: A is 2×3, B is 5×4, C is 2×4"
    );
    let above = Dense { weight: Matrix::zeros(5, 4), bias: Matrix::zeros(5, 1), activation: Activation::Identity };
    assert_eq!(
        panic_message(|| hidden_delta(&above, &delta, Activation::Relu, &Matrix::zeros(4, 3), &mut unwritten())),
        "matrix product C = A B: A is 4×5, B is 2×3, C is 4×3"
    );
    assert_eq!(
        panic_message(|| {
            let a = Matrix::zeros(2, 4);
            output_delta(Loss::LeastSquares, Activation::Relu, &a, &a, &delta, &mut unwritten());
        }),
        "loss least-squares: z is 2×4, a is 2×4, y is 2×3"
    );
}

/// A layer is its affine map and its activation, into matrices of any shape before.
#[test]
fn dense_layer_computes_z_and_a() {
    let layer = Dense {
        weight: Matrix::from_rows(&[[1.0, -1.0, 2.0], [0.0, 3.0, 1.0]]),
        bias: Matrix::from_column(&[0.5, -1.0]),
        activation: Activation::Relu,
    };
    assert_eq!((layer.inputs(), layer.outputs()), (3, 2));
    let a_below = Matrix::from_rows(&[[1.0, 0.0], [2.0, -1.0], [0.0, 1.0]]);
    let (mut z, mut a) = (unwritten(), unwritten());
    layer.pre_activation(&a_below, &mut z);
    assert_computes("z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾", &z, &Matrix::from_rows(&[[-0.5, 3.5], [5.0, -3.0]]));
    layer.activation_of(&z, &mut a);
    assert_computes("a⁽ˡ⁾ = σ(z⁽ˡ⁾)", &a, &Matrix::from_rows(&[[0.0, 3.5], [5.0, 0.0]]));
    assert_eq!(
        panic_message(|| layer.pre_activation(&Matrix::zeros(2, 1), &mut unwritten())),
        "affine map z = W a + b: W is 2×3, a is 2×1, b is 2×1, z is 2×1"
    );
}
