//! The judges of the exercises on this crate: docs/exercises. Small cases, which can be worked out with a pencil.

#[path = "../../nn-core/tests/support/judge.rs"]
mod judge;

use judge::judge;
use nn_autodiff::{Dual, Tape, Var};
use nn_core::{Activation, Matrix};

fn rows<const N: usize>(rows: [[f64; N]; 2]) -> Matrix<f64> {
    Matrix::from_rows(&rows)
}

fn column(numbers: &[f64]) -> Matrix<f64> {
    Matrix::from_column(numbers)
}

#[test]
fn the_backward_sweep_goes_from_the_last_step_to_the_first() {
    let test = "the_backward_sweep_goes_from_the_last_step_to_the_first";
    judge(test, "v̄ = ∂J/∂v, from the last step to the first", |judge| {
        // J = ((1 − 0)² + (3 − 1)²)/2
        let (w, y) = (column(&[1.0, 3.0]), column(&[0.0, 1.0]));
        let asked =
            "t = wᵀ, s = tᵀ, J = least squares of s and y; u is a parameter that J does not depend on; two sweeps";
        let right = [column(&[1.0, 2.0]), column(&[1.0, 2.0]), Matrix::from_rows(&[[1.0, 2.0]]), column(&[0.0, 0.0])];
        let case = judge.case(asked).given("w", &w).given("y", &y).given("J", 2.5);
        case.gives_all(["s̄", "w̄", "t̄", "ū"], right, || {
            let mut tape = Tape::new();
            let unused = tape.parameter(w.clone());
            let w = tape.parameter(w.clone());
            let t = tape.transpose(w);
            let s = tape.transpose(t);
            let y = tape.input(y.clone());
            let j = tape.least_squares(s, y);
            tape.backward(j);
            tape.backward(j);
            [s, w, t, unused].map(|var| tape.gradient(var).clone())
        });
    });
}

#[test]
fn a_value_that_is_used_twice_receives_two_terms() {
    let test = "a_value_that_is_used_twice_receives_two_terms";
    judge(test, "w̄ is the sum over all paths from w to J", |judge| {
        let w = column(&[1.0, -2.0]);
        let case = judge.case("J = Σ (2 w + 3 w), where w is used twice; two sweeps").given("w", &w);
        case.gives("w̄", column(&[5.0, 5.0]), || {
            let mut tape = Tape::new();
            let w = tape.parameter(w.clone());
            let [twice, thrice] = [2.0, 3.0].map(|c| tape.scale(c, w));
            let sum = tape.add(twice, thrice);
            let j = tape.sum(sum);
            tape.backward(j);
            tape.backward(j);
            tape.gradient(w).clone()
        });
    });
}

/// Records an operation on parameters, and J = least squares of its result and y; the adjoint of each parameter.
fn adjoints<const N: usize>(
    parameters: [&Matrix<f64>; N],
    y: &Matrix<f64>,
    record: impl FnOnce(&mut Tape<f64>, [Var; N]) -> Var,
) -> [Matrix<f64>; N] {
    let mut tape = Tape::new();
    let vars = parameters.map(|parameter| tape.parameter(parameter.clone()));
    let result = record(&mut tape, vars);
    let y = tape.input(y.clone());
    let j = tape.least_squares(result, y);
    tape.backward(j);
    vars.map(|var| tape.gradient(var).clone())
}

#[test]
fn the_rule_of_the_affine_map() {
    judge("the_rule_of_the_affine_map", "W̄ += z̄ aᵀ, b̄ += z̄ 1, ā += Wᵀ z̄", |judge| {
        let (w, a, b) = (rows([[1.0, 2.0], [3.0, -1.0]]), rows([[1.0, 0.0], [2.0, 1.0]]), column(&[0.0, 1.0]));
        // z = (5, 2; 2, 0), and z̄ = (z − y)/2.
        let (y, z_bar) = (rows([[3.0, 2.0], [4.0, -4.0]]), rows([[1.0, 0.0], [-1.0, 2.0]]));
        let right = [rows([[1.0, 2.0], [-1.0, 0.0]]), column(&[1.0, 1.0]), rows([[-2.0, 6.0], [3.0, -2.0]])];
        let case = judge.case("z = W a + b 1ᵀ, two examples").given("W", &w).given("a", &a).given("z̄", &z_bar);
        case.gives_all(["W̄", "b̄", "ā"], right, || {
            adjoints([&w, &b, &a], &y, |tape, [w, b, a]| tape.affine(w, a, b))
        });
    });
}

#[test]
fn the_rule_of_an_activation() {
    judge("the_rule_of_an_activation", "z̄ += ā ⊙ σ′(z)", |judge| {
        let a = rows([[0.5, 0.25], [0.75, 0.5]]);
        let z = a.map(|a: f64| (a / (1.0 - a)).ln());
        let (y, a_bar) = (rows([[1.5, 0.25], [0.25, -0.5]]), rows([[-0.5, 0.0], [0.25, 0.5]]));
        let case = judge.case("a = sigmoid(z)").given("z", &z).given("a", &a).given("ā", &a_bar);
        case.gives("z̄", rows([[-0.125, 0.0], [0.046875, 0.125]]), || {
            let [z] = adjoints([&z], &y, |tape, [z]| tape.activate(z, Activation::Sigmoid));
            z
        });
    });
}

#[test]
fn the_rule_of_the_entrywise_product() {
    judge("the_rule_of_the_entrywise_product", "ū += r̄ ⊙ v, v̄ += r̄ ⊙ u", |judge| {
        let (u, v) = (column(&[2.0, 3.0]), column(&[5.0, -1.0]));
        let (y, r_bar) = (column(&[9.0, -1.0]), column(&[1.0, -2.0]));
        let case = judge.case("r = u ⊙ v").given("u", &u).given("v", &v).given("r̄", &r_bar);
        let right = [column(&[5.0, 2.0]), column(&[2.0, -6.0])];
        case.gives_all(["ū", "v̄"], right, || adjoints([&u, &v], &y, |tape, [u, v]| tape.multiply(u, v)));
    });
}

#[test]
fn the_rule_of_the_quotient() {
    judge("the_rule_of_the_quotient", "ū += r̄ ⊘ v, v̄ += −r̄ ⊙ r ⊘ v", |judge| {
        let (u, v) = (column(&[6.0, 2.0]), column(&[2.0, 4.0]));
        let (y, r_bar) = (column(&[2.0, 1.5]), column(&[1.0, -1.0]));
        let case = judge.case("r = u ⊘ v").given("u", &u).given("v", &v).given("r̄", &r_bar);
        let right = [column(&[0.5, -0.25]), column(&[-1.5, 0.125])];
        case.gives_all(["ū", "v̄"], right, || adjoints([&u, &v], &y, |tape, [u, v]| tape.divide(u, v)));
    });
}

#[test]
fn the_rule_of_the_matrix_product() {
    judge("the_rule_of_the_matrix_product", "ū += r̄ vᵀ, v̄ += uᵀ r̄", |judge| {
        let (u, v) = (rows([[1.0, 2.0], [3.0, -1.0]]), rows([[1.0, 0.0], [2.0, 1.0]]));
        // r = (5, 2; 1, −1), and r̄ = (r − y)/2.
        let (y, r_bar) = (rows([[3.0, 2.0], [3.0, -5.0]]), rows([[1.0, 0.0], [-1.0, 2.0]]));
        let right = [rows([[1.0, 2.0], [-1.0, 0.0]]), rows([[-2.0, 6.0], [3.0, -2.0]])];
        let case = judge.case("r = u v").given("u", &u).given("v", &v).given("r̄", &r_bar);
        case.gives_all(["ū", "v̄"], right, || adjoints([&u, &v], &y, |tape, [u, v]| tape.matmul(u, v)));
    });
}

#[test]
fn dual_numbers_multiply_by_the_product_rule() {
    judge("dual_numbers_multiply_by_the_product_rule", "(u v)′ = u′ v + u v′", |judge| {
        let case = judge.case("(3 + 2 ε)(5 − ε)").given("u, u′", vec![3.0, 2.0]).given("v, v′", vec![5.0, -1.0]);
        case.gives("u v, (u v)′", vec![15.0, 7.0], || {
            let product = Dual::new(3.0, 2.0) * Dual::new(5.0, -1.0);
            vec![product.value, product.derivative]
        });
    });
}

#[test]
fn dual_numbers_divide_by_the_quotient_rule() {
    judge("dual_numbers_divide_by_the_quotient_rule", "(u / v)′ = (u′ v − u v′) / v²", |judge| {
        let case = judge.case("(6 + ε)/(2 + 4 ε)").given("u, u′", vec![6.0, 1.0]).given("v, v′", vec![2.0, 4.0]);
        case.gives("u / v, (u / v)′", vec![3.0, -5.5], || {
            let quotient = Dual::new(6.0, 1.0) / Dual::new(2.0, 4.0);
            vec![quotient.value, quotient.derivative]
        });
    });
}
