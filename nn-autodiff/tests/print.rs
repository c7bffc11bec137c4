//! What a tape looks like in print.

mod common;

use common::Power;
use nn_autodiff::{Op, Tape, Var};
use nn_core::{Activation, Activation::Sigmoid, Loss, Matrix};

/// The 2-2-2 network of the crate's documentation, with the names that the book gives its values.
fn network() -> (Tape<f64>, Var) {
    let mut tape = Tape::new();
    let x = tape.input(Matrix::from_column(&[0.05, 0.10]));
    let y = tape.input(Matrix::from_column(&[0.01, 0.99]));
    let w1 = tape.parameter(Matrix::from_rows(&[[0.15, 0.20], [0.25, 0.30]]));
    let b1 = tape.parameter(Matrix::from_column(&[0.35, 0.35]));
    let w2 = tape.parameter(Matrix::from_rows(&[[0.40, 0.45], [0.50, 0.55]]));
    let b2 = tape.parameter(Matrix::from_column(&[0.60, 0.60]));
    let z1 = tape.affine(w1, x, b1);
    let a1 = tape.activate(z1, Sigmoid);
    let z2 = tape.affine(w2, a1, b2);
    let a2 = tape.activate(z2, Sigmoid);
    let j = tape.least_squares(a2, y);
    let names = ["x", "y", "W1", "b1", "W2", "b2", "z1", "a1", "z2", "a2", "J"];
    for (var, name) in [x, y, w1, b1, w2, b2, z1, a1, z2, a2, j].into_iter().zip(names) {
        tape.label(var, name);
    }
    (tape, j)
}

#[test]
fn table_before_a_backward_sweep() {
    insta::assert_snapshot!(network().0);
}

#[test]
fn table() {
    let (mut tape, j) = network();
    tape.backward(j);
    insta::assert_snapshot!(tape);
}

/// Not three digits: z1 holds 0.3925, halfway between two of them, and fused multiply-adds would decide which.
#[test]
fn table_with_four_digits() {
    let (mut tape, j) = network();
    tape.backward(j);
    insta::assert_snapshot!(format!("{tape:.4}"));
}

#[test]
fn graph_in_dot() {
    insta::assert_snapshot!(network().0.to_dot());
}

#[test]
fn graph_in_mermaid() {
    insta::assert_snapshot!(network().0.to_mermaid());
}

/// Every operation once, without labels, and with matrices too large to be printed whole.
#[test]
fn table_of_every_operation() {
    let mut tape = Tape::<f64>::new();
    let x = tape.input(Matrix::from_fn(2, 3, |i, j| (1 + 3 * i + j) as f64));
    let y = tape.input(Matrix::from_rows(&[[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]]));
    let w = tape.parameter(Matrix::from_rows(&[[0.5, -1.0], [0.3, 0.7]]));
    let b = tape.parameter(Matrix::from_column(&[0.0, -2e-9]));
    let z = tape.affine(w, x, b);
    for activation in Activation::ALL {
        tape.activate(z, activation);
    }
    let t = tape.transpose(w);
    let product = tape.matmul(t, w);
    let squares = tape.multiply(w, w);
    let sum = tape.add(product, squares);
    let scaled = tape.scale(1.0 / 3.0, sum);
    let powers = tape.apply(Power(3.0), &[scaled]);
    let exponentials = tape.exp(powers);
    let columns = tape.broadcast(b, w);
    let differences = tape.subtract(exponentials, columns);
    let logarithms = tape.ln(differences);
    let quotients = tape.divide(logarithms, exponentials);
    let terms = [tape.sum(scaled), tape.mean(quotients)];
    let losses = [tape.least_squares(z, y), tape.cross_entropy(z, y), tape.binary_cross_entropy(z, y)];
    let half = tape.input(0.5);
    let j = terms.into_iter().chain(losses).fold(half, |j, term| tape.add(j, term));
    tape.backward(j);
    insta::assert_snapshot!(tape);
}

#[test]
fn labels_are_escaped() {
    let mut tape = Tape::<f64>::new();
    let x = tape.input(Matrix::zeros(1, 1));
    tape.label(x, r#"the "x" \"#);
    assert_eq!(tape.name(x), r#"the "x" \"#);
    assert!(tape.to_dot().contains(r#"v0 [label="the \"x\" \\\ninput 1×1", shape=box];"#), "{}", tape.to_dot());
    assert!(tape.to_mermaid().contains(r#"v0["the #quot;x#quot; \<br>input 1×1"]"#), "{}", tape.to_mermaid());
}

#[test]
fn equations_and_operands_of_every_operation() {
    let mut tape = Tape::<f64>::new();
    let x = tape.input(1.0);
    let w = tape.parameter(2.0);
    let recorded = [
        (x, "v", vec![]),
        (w, "v", vec![]),
        (tape.affine(w, x, w), "z = W a + b 1ᵀ", vec![w, x, w]),
        (tape.activate(w, Sigmoid), "a = σ(z)", vec![w]),
        (tape.add(x, w), "u + v", vec![x, w]),
        (tape.multiply(w, x), "u ⊙ v", vec![w, x]),
        (tape.scale(2.0, w), "c u", vec![w]),
        (tape.transpose(w), "uᵀ", vec![w]),
        (tape.matmul(x, w), "u v", vec![x, w]),
        (tape.sum(w), "Σ u", vec![w]),
        (tape.subtract(w, x), "u − v", vec![w, x]),
        (tape.divide(x, w), "u ⊘ v", vec![x, w]),
        (tape.exp(w), "e^u", vec![w]),
        (tape.ln(w), "ln u", vec![w]),
        (tape.broadcast(w, x), "u 1ᵀ in the shape of v", vec![w, x]),
        (tape.mean(w), "the mean of u", vec![w]),
        (tape.least_squares(w, x), "J = 1/(2m) Σ (a − y)²", vec![w, x]),
        (tape.apply(Power(2.0), &[w]), "u^p", vec![w]),
    ];
    for (var, equation, operands) in recorded {
        assert_eq!(tape.op(var).equation(), equation);
        assert_eq!(tape.op(var).operands(), operands);
    }
    let a = tape.activate(w, Activation::Softmax);
    let j = tape.loss(Loss::CrossEntropy, w, a, x);
    assert_eq!(tape.op(j).operands(), [w, a, x]);
    assert_eq!(tape.op(j).equation(), "J = −1/m Σ y ln softmax(z)");
    let a = tape.activate(w, Sigmoid);
    let j = tape.loss(Loss::BinaryCrossEntropy, w, a, x);
    assert_eq!(tape.op(j).operands(), [w, a, x]);
    assert_eq!(tape.op(j).equation(), "J = −1/m Σ [y ln σ(z) + (1 − y) ln(1 − σ(z))]");
    assert!(matches!(tape.op(j), Op::Loss { loss: Loss::BinaryCrossEntropy, .. }));
}
