//! What the tape refuses, what it says, and that a refused recording leaves no trace.

use nn_autodiff::{CustomOp, Operands, Tape, Var};
use nn_core::{Activation, Loss, Matrix};
use nn_testing::panic_message;

/// x: 2 × 3 and y: 2 × 3, inputs, y of them a target for every loss; w: 4 × 2, b: 4 × 1 and u: 3 × 2, parameters.
fn tape() -> (Tape<f64>, [Var; 5]) {
    let mut tape = Tape::new();
    let x = tape.input(Matrix::zeros(2, 3));
    let y = tape.input(Matrix::from_rows(&[[1.0; 3], [0.0; 3]]));
    let w = tape.parameter(Matrix::zeros(4, 2));
    let b = tape.parameter(Matrix::zeros(4, 1));
    let u = tape.parameter(Matrix::zeros(3, 2));
    for (var, name) in [x, y, w, b, u].into_iter().zip(["x", "y", "W", "b", "u"]) {
        tape.label(var, name);
    }
    (tape, [x, y, w, b, u])
}

/// r = u₀/2, of operands of one shape.
#[derive(Debug)]
struct Halve;

/// r = u, by rules that leave another shape than they are given.
#[derive(Debug)]
struct Forgetful {
    forward: bool,
}

impl CustomOp<f64> for Halve {
    fn name(&self) -> &str {
        "halve"
    }

    fn equation(&self) -> &str {
        "u/2"
    }

    fn forward(&self, operands: Operands<'_, f64>, r: &mut Matrix<f64>) {
        r.copy_from(&operands[0]);
        r.map_in_place(|u| 0.5 * u);
    }

    fn backward(&self, _: usize, _: Operands<'_, f64>, _: &Matrix<f64>, r_bar: &Matrix<f64>, u_bar: &mut Matrix<f64>) {
        u_bar.copy_from(r_bar);
        u_bar.map_in_place(|r| 0.5 * r);
    }
}

impl CustomOp<f64> for Forgetful {
    fn name(&self) -> &str {
        "forgetful"
    }

    fn equation(&self) -> &str {
        "u"
    }

    fn forward(&self, operands: Operands<'_, f64>, r: &mut Matrix<f64>) {
        r.copy_from(&operands[0]);
        if self.forward {
            r.resize(1, 1);
        }
    }

    fn backward(&self, _: usize, _: Operands<'_, f64>, _: &Matrix<f64>, _: &Matrix<f64>, u_bar: &mut Matrix<f64>) {
        u_bar.resize(1, 1);
    }
}

/// The recording panics with `expected`, and the tape prints as it did before.
#[track_caller]
fn refuses(expected: &str, record: impl FnOnce(&mut Tape<f64>, [Var; 5]) -> Var) {
    let (mut tape, vars) = tape();
    let before = tape.to_string();
    assert_eq!(panic_message(|| record(&mut tape, vars)), expected);
    assert_eq!(tape.to_string(), before);
}

#[test]
fn recordings_whose_shapes_do_not_fit_name_the_operation_and_the_shapes() {
    refuses(
        "affine: the shapes do not fit z = W a + b 1ᵀ: W is 4×2, u is 3×2, b is 4×1",
        |tape, [_, _, w, b, u]| tape.affine(w, u, b),
    );
    refuses(
        "affine: the shapes do not fit z = W a + b 1ᵀ: u is 3×2, x is 2×3, b is 4×1",
        |tape, [x, _, _, b, u]| tape.affine(u, x, b),
    );
    // As many entries as there are rows, but in more than one column.
    refuses(
        "affine: the shapes do not fit z = W a + b 1ᵀ: W is 4×2, x is 2×3, W is 4×2",
        |tape, [x, _, w, _, _]| tape.affine(w, x, w),
    );
    refuses("add: the shapes do not fit u + v: x is 2×3, u is 3×2", |tape, [x, _, _, _, u]| tape.add(x, u));
    refuses("multiply: the shapes do not fit u ⊙ v: x is 2×3, u is 3×2", |tape, [x, _, _, _, u]| {
        tape.multiply(x, u)
    });
    refuses("subtract: the shapes do not fit u − v: x is 2×3, u is 3×2", |tape, [x, _, _, _, u]| {
        tape.subtract(x, u)
    });
    refuses("divide: the shapes do not fit u ⊘ v: x is 2×3, u is 3×2", |tape, [x, _, _, _, u]| tape.divide(x, u));
    refuses("matmul: the shapes do not fit u v: x is 2×3, y is 2×3", |tape, [x, y, ..]| tape.matmul(x, y));
    // A column of another height, more than one column, a row.
    let says = "broadcast: the shapes do not fit u 1ᵀ in the shape of v: ";
    refuses(&format!("{says}b is 4×1, x is 2×3"), |tape, [x, _, _, b, _]| tape.broadcast(b, x));
    refuses(&format!("{says}W is 4×2"), |tape, [_, _, w, ..]| tape.broadcast(w, w));
    let mut tape = Tape::<f64>::new();
    let (row, v) = (tape.input(Matrix::zeros(1, 4)), tape.input(Matrix::zeros(4, 4)));
    assert_eq!(panic_message(|| tape.broadcast(row, v)), format!("{says}v0 is 1×4, v1 is 4×4"));
    assert_eq!(tape.vars().count(), 2);
}

#[test]
fn operations_of_ones_own_are_refused_like_the_others() {
    refuses("halve: the shapes do not fit u/2: x is 2×3, u is 3×2", |tape, [x, _, _, _, u]| {
        tape.apply(Halve, &[x, u])
    });
    refuses("halve: the shapes do not fit u/2: ", |tape, _| tape.apply(Halve, &[]));
    refuses("forgetful: the forward rule left a 1×1 matrix, but its shape is 2×3", |tape, [x, ..]| {
        tape.apply(Forgetful { forward: true }, &[x])
    });

    let (mut tape, [x, .., u]) = tape();
    let r = tape.apply(Forgetful { forward: false }, &[u]);
    let j = tape.sum(r);
    let says = "forgetful: the backward rule left a 1×1 matrix for operand 0, which is 3×2";
    assert_eq!(panic_message(|| tape.backward(j)), says);

    // When it is replayed, too.
    let halves = tape.apply(Halve, &[x, x]);
    tape.set(u, &Matrix::zeros(5, 5));
    tape.forward();
    assert_eq!(tape.value(halves).shape().to_string(), "2×3");
    let both = tape.apply(Halve, &[u, u]);
    tape.set(u, &Matrix::zeros(2, 2));
    tape.forward();
    assert_eq!(tape.value(both).shape().to_string(), "2×2");
    let pair = tape.apply(Halve, &[halves, x]);
    tape.set(x, &Matrix::zeros(1, 7));
    tape.forward();
    assert_eq!(tape.value(pair).shape().to_string(), "1×7");
}

/// A loss says which example has targets that it does not take: when it is recorded, and when it is replayed with targets
/// that were set, filled in place, or computed.
#[test]
fn targets_that_a_loss_does_not_take_name_the_example() {
    let cross_entropy = "the targets of example 2 sum to 0.5: those of cross-entropy are probabilities that sum to 1";
    let binary = "target 2 of example 3 is 1.5: those of binary-cross-entropy lie between 0 and 1";
    let half = || Matrix::from_rows(&[[1.0, 0.25, 0.0], [0.0, 0.25, 1.0]]);
    let large = || Matrix::from_rows(&[[1.0, 0.25, 0.0], [0.0, 0.25, 1.5]]);

    let (mut tape, [x, y, ..]) = tape();
    let (half_var, large_var) = (tape.input(half()), tape.input(large()));
    let steps = tape.vars().count();
    assert_eq!(panic_message(|| tape.cross_entropy(x, half_var)), format!("v5: {cross_entropy}"));
    assert_eq!(panic_message(|| tape.binary_cross_entropy(x, large_var)), format!("v6: {binary}"));
    assert_eq!(tape.vars().count(), steps);
    tape.least_squares(x, large_var);
    tape.binary_cross_entropy(x, half_var);

    let j = tape.cross_entropy(x, y);
    tape.set(y, &half());
    assert_eq!(panic_message(|| tape.forward()), format!("y: {cross_entropy}"));
    tape.value_mut(y).fill(0.5);
    tape.forward();
    tape.value_mut(y).fill(-0.5);
    let negative = "y: target 1 of example 1 is -0.5: those of cross-entropy lie between 0 and 1";
    assert_eq!(panic_message(|| tape.forward()), negative);
    tape.value_mut(y).fill(0.5);
    tape.forward();
    assert!((tape.value(j)[(0, 0)] - std::f64::consts::LN_2).abs() < 1e-15);

    let computed = tape.scale(0.5, y);
    let says = "v12: the targets of example 1 sum to 0.5: those of cross-entropy are probabilities that sum to 1";
    assert_eq!(panic_message(|| tape.cross_entropy(x, computed)), says);
}

#[test]
fn losses_whose_shapes_do_not_fit_name_the_loss_and_the_shapes() {
    refuses(
        "least-squares: the shapes do not fit J = 1/(2m) Σ (a − y)²: u is 3×2, y is 2×3",
        |tape, [_, y, _, _, u]| tape.least_squares(u, y),
    );
    refuses(
        "cross-entropy: the shapes do not fit J = −1/m Σ y ln softmax(z): u is 3×2, y is 2×3",
        |tape, [_, y, _, _, u]| tape.cross_entropy(u, y),
    );
    refuses(
        "binary-cross-entropy: the shapes do not fit J = −1/m Σ [y ln σ(z) + (1 − y) ln(1 − σ(z))]: \
         u is 3×2, y is 2×3",
        |tape, [_, y, _, _, u]| tape.binary_cross_entropy(u, y),
    );
}

#[test]
fn a_mean_over_nothing_is_refused() {
    for [rows, columns] in [[2, 0], [0, 2]] {
        let mut tape = Tape::<f64>::new();
        let z = tape.parameter(Matrix::zeros(rows, columns));
        let y = tape.input(Matrix::zeros(rows, columns));
        for loss in [Tape::least_squares, Tape::cross_entropy, Tape::binary_cross_entropy] {
            let message = panic_message(|| loss(&mut tape, z, y));
            assert!(message.ends_with(&format!(": v0 is {rows}×{columns}, v1 is {rows}×{columns}")), "{message}");
        }
        assert_eq!(
            panic_message(|| tape.mean(z)),
            format!("mean: the shapes do not fit the mean of u: v0 is {rows}×{columns}")
        );
        assert_eq!(tape.vars().count(), 2);
    }
}

#[test]
fn a_target_that_depends_on_a_parameter_is_refused() {
    refuses("least-squares: the target depends on a parameter; a target is an input", |tape, [.., u]| {
        tape.least_squares(u, u)
    });
    refuses("least-squares: the target depends on a parameter; a target is an input", |tape, [x, _, _, _, u]| {
        tape.loss(Loss::LeastSquares, x, x, u)
    });
    refuses("cross-entropy: the target depends on a parameter; a target is an input", |tape, [.., u]| {
        tape.cross_entropy(u, u)
    });
    refuses(
        "binary-cross-entropy: the target depends on a parameter; a target is an input",
        |tape, [x, _, _, _, u]| tape.binary_cross_entropy(x, u),
    );
}

#[test]
fn a_cross_entropy_after_another_activation_is_refused() {
    let (mut tape, [x, y, ..]) = tape();
    let z = tape.scale(2.0, x);
    let [softmax, sigmoid, of_x] = [(z, Activation::Softmax), (z, Activation::Sigmoid), (x, Activation::Softmax)]
        .map(|(z, activation)| tape.activate(z, activation));
    assert_eq!(
        panic_message(|| tape.loss(Loss::CrossEntropy, z, sigmoid, y)),
        "cross-entropy: a is sigmoid, not the softmax of z"
    );
    assert_eq!(
        panic_message(|| tape.loss(Loss::BinaryCrossEntropy, z, softmax, y)),
        "binary-cross-entropy: a is softmax, not the sigmoid of z"
    );
    assert_eq!(
        panic_message(|| tape.loss(Loss::CrossEntropy, z, of_x, y)),
        "cross-entropy: a is softmax, not the softmax of z"
    );
    assert_eq!(
        panic_message(|| tape.loss(Loss::CrossEntropy, z, x, y)),
        "cross-entropy: a is input, not the softmax of z"
    );
    assert_eq!(tape.vars().count(), 9);
    tape.loss(Loss::CrossEntropy, z, softmax, y);
    tape.loss(Loss::BinaryCrossEntropy, z, sigmoid, y);
}

/// Least squares does not read z, which may have any shape, then and when it is replayed.
#[test]
fn least_squares_needs_nothing_of_z() {
    let (mut tape, [x, y, w, ..]) = tape();
    let j = tape.loss(Loss::LeastSquares, w, x, y);
    tape.set(w, &Matrix::zeros(1, 1));
    tape.forward();
    assert_eq!(tape.value(j)[(0, 0)], 0.5);
}

#[test]
fn replays_whose_shapes_do_not_fit_name_the_operation_and_the_shapes() {
    let (mut tape, [x, y, w, b, _]) = tape();
    let z = tape.affine(w, x, b);
    tape.label(z, "z");
    let sum = tape.add(x, y);
    tape.set(x, &Matrix::zeros(5, 3));
    assert_eq!(
        panic_message(|| tape.forward()),
        "affine: the shapes do not fit z = W a + b 1ᵀ: W is 4×2, x is 5×3, b is 4×1"
    );
    tape.set(x, &Matrix::zeros(2, 7));
    assert_eq!(panic_message(|| tape.forward()), "add: the shapes do not fit u + v: x is 2×7, y is 2×3");
    // A later replay with values that fit goes through.
    tape.set(y, &Matrix::zeros(2, 7));
    tape.forward();
    assert_eq!(tape.value(sum).shape().to_string(), "2×7");

    let j = tape.least_squares(x, y);
    assert_eq!(panic_message(|| tape.backward(z)), "backward from z, which is 4×7: J must be 1×1");
    tape.set(y, &Matrix::zeros(2, 6));
    tape.set(x, &Matrix::zeros(2, 6));
    tape.forward();
    assert_eq!(tape.value(j).shape().to_string(), "1×1");
}

#[test]
fn backward_starts_from_one_number() {
    let mut tape = Tape::<f64>::new();
    for [rows, columns] in [[2, 1], [1, 2], [0, 0]] {
        let w = tape.parameter(Matrix::zeros(rows, columns));
        let expected = format!("backward from v{}, which is {rows}×{columns}: J must be 1×1", w.index());
        assert_eq!(panic_message(|| tape.backward(w)), expected);
    }
}

#[test]
fn gradients_that_were_not_computed_are_refused() {
    let (mut tape, [x, y, ..]) = tape();
    let constant = tape.add(x, y);
    let w = tape.parameter(Matrix::zeros(2, 3));
    let before = "gradient of v6: there was no backward sweep since it was recorded";
    assert_eq!(panic_message(|| tape.gradient(w).clone()), before);
    let j = tape.least_squares(w, y);
    tape.backward(j);
    tape.gradient(w);
    for (var, name) in [(x, "x"), (constant, "v5")] {
        assert_eq!(
            panic_message(|| tape.gradient(var).clone()),
            format!("gradient of {name}: it depends on no parameter; record it as a parameter")
        );
    }
    let later = tape.scale(2.0, j);
    assert_eq!(
        panic_message(|| tape.gradient(later).clone()),
        "gradient of v8: there was no backward sweep since it was recorded"
    );
}

#[test]
fn results_cannot_be_set() {
    let (mut tape, [x, y, ..]) = tape();
    let sum = tape.add(x, y);
    let refusal = "v5 is the result of add: only inputs and parameters can be set";
    assert_eq!(panic_message(|| tape.set(sum, &Matrix::zeros(2, 3))), refusal);
    assert_eq!(panic_message(|| tape.value_mut(sum).fill(1.0)), refusal);
    assert_eq!(panic_message(|| tape.values_mut([x, sum]).map(|matrix| matrix.fill(1.0))), refusal);
    assert_eq!(panic_message(|| tape.values_mut([sum, x]).map(|matrix| matrix.fill(1.0))), refusal);
    assert_eq!(
        panic_message(|| tape.values_mut([y, y]).map(|matrix| matrix.fill(1.0))),
        "values_mut was given y twice"
    );
}

#[test]
fn places_of_another_tape_are_found_out() {
    let (_, [.., foreign]) = tape();
    let says = "v4 belongs to another tape";
    let (mut tape, [x, y, w, b, u]) = tape();
    assert_ne!(foreign, u);
    let softmax = tape.activate(x, Activation::Softmax);
    let steps = tape.vars().count();
    type Recording<'a> = &'a dyn Fn(&mut Tape<f64>) -> Var;
    let recordings: [Recording; 27] = [
        &|tape| tape.affine(foreign, x, b),
        &|tape| tape.affine(w, foreign, b),
        &|tape| tape.affine(w, x, foreign),
        &|tape| tape.activate(foreign, Activation::Tanh),
        &|tape| tape.add(u, foreign),
        &|tape| tape.multiply(foreign, u),
        &|tape| tape.subtract(u, foreign),
        &|tape| tape.divide(foreign, u),
        &|tape| tape.exp(foreign),
        &|tape| tape.ln(foreign),
        &|tape| tape.broadcast(foreign, x),
        &|tape| tape.broadcast(b, foreign),
        &|tape| tape.mean(foreign),
        &|tape| tape.apply(Halve, &[foreign]),
        &|tape| tape.apply(Halve, &[u, foreign]),
        &|tape| tape.scale(2.0, foreign),
        &|tape| tape.transpose(foreign),
        &|tape| tape.matmul(x, foreign),
        &|tape| tape.sum(foreign),
        &|tape| tape.least_squares(foreign, y),
        &|tape| tape.least_squares(x, foreign),
        &|tape| tape.cross_entropy(foreign, y),
        &|tape| tape.cross_entropy(x, foreign),
        &|tape| tape.binary_cross_entropy(foreign, y),
        &|tape| tape.loss(Loss::LeastSquares, foreign, x, y),
        &|tape| tape.loss(Loss::CrossEntropy, x, foreign, y),
        &|tape| tape.loss(Loss::CrossEntropy, x, softmax, foreign),
    ];
    for (n, record) in recordings.iter().enumerate() {
        assert_eq!(panic_message(|| record(&mut tape)), says, "recording {n}");
    }
    assert_eq!(panic_message(|| tape.label(foreign, "name")), says);
    assert_eq!(panic_message(|| tape.value(foreign).clone()), says);
    assert_eq!(panic_message(|| tape.set(foreign, &Matrix::zeros(1, 1))), says);
    assert_eq!(panic_message(|| tape.value_mut(foreign).fill(0.0)), says);
    assert_eq!(panic_message(|| tape.values_mut([x, foreign]).map(|matrix| matrix.fill(0.0))), says);
    assert_eq!(panic_message(|| tape.gradient(foreign).clone()), says);
    assert_eq!(panic_message(|| tape.op(foreign).name().to_owned()), says);
    assert_eq!(panic_message(|| tape.name(foreign)), says);
    assert_eq!(panic_message(|| tape.check_gradient(foreign)), says);
    assert_eq!(panic_message(|| tape.backward(foreign)), says);
    assert_eq!(tape.vars().count(), steps);
}
