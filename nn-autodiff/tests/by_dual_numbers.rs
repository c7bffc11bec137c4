//! Computations that no list of layers can say, by tape and by dual numbers: the gradient along a direction, and the
//! Hessian-vector product along another.

mod common;

use common::{Power, random};
use nn_autodiff::{Dual, Tape, Var};
use nn_core::{Activation, Generator, Matrix, Scalar, seeded};
use nn_testing::{assert_close, panic_message};

/// A recording for numbers of any kind, from parameters that are on the tape to J.
trait Recording {
    fn record<T: Scalar>(&self, tape: &mut Tape<T>, parameters: &[Var]) -> Var;
}

/// Records with parameters of any kind.
fn record<T: Scalar>(recording: &impl Recording, parameters: &[Matrix<T>]) -> (Tape<T>, Var) {
    let mut tape = Tape::new();
    let vars: Vec<Var> = parameters.iter().map(|parameter| tape.parameter(parameter.clone())).collect();
    let j = recording.record(&mut tape, &vars);
    (tape, j)
}

/// θ + v ε, entry by entry.
fn dual<T: Scalar>(theta: &[Matrix<T>], v: &[Matrix<T>]) -> Vec<Matrix<Dual<T>>> {
    let pair = |(theta, v): (&Matrix<T>, &Matrix<T>)| {
        Matrix::from_fn(theta.rows(), theta.columns(), |i, j| Dual::new(theta[(i, j)], v[(i, j)]))
    };
    theta.iter().zip(v).map(pair).collect()
}

fn dot(u: &[Matrix<f64>], v: &[Matrix<f64>]) -> f64 {
    let pairs = u.iter().zip(v).flat_map(|(u, v)| u.as_slice().iter().zip(v.as_slice()));
    pairs.map(|(u, v)| u * v).sum()
}

/// Holds g · v and wᵀ H v against forward mode, once and twice, and the gradient against differences.
fn agrees(name: &str, recording: &impl Recording, theta: &[Matrix<f64>]) {
    let mut rng = seeded(21);
    let mut direction = || -> Vec<_> { theta.iter().map(|p| random(&mut rng, p.rows(), p.columns())).collect() };
    let (v, w) = (direction(), direction());

    let (mut tape, j) = record(recording, theta);
    tape.check_gradient(j).unwrap_or_else(|error| panic!("{name}: {error}"));
    let gradient: Vec<_> = tape.parameters_mut().map(|(_, gradient)| gradient.clone()).collect();
    let (dual_tape, j) = record(recording, &dual(theta, &v));
    let (got, want) = (dot(&gradient, &v), dual_tape.value(j)[(0, 0)].derivative);
    let size = dot(&gradient, &gradient).sqrt() * dot(&v, &v).sqrt();
    assert!(
        (got - want).abs() <= 1e-14 * size && size > 1e-3,
        "{name}: g · v is {got} by tape, {want} by dual numbers"
    );

    let zeros: Vec<_> = theta.iter().map(|p| p.map(|_| 0.0)).collect();
    let (mut dual_tape, j) = record(recording, &dual(theta, &zeros));
    let product = dual_tape.hessian_vector(j, &v);
    // J(θ + v ε₁ + w ε₂) has the term wᵀ H v ε₁ ε₂.
    let (twice, j) = record(recording, &dual(&dual(theta, &v), &dual(&w, &zeros)));
    let (got, want) = (dot(&product, &w), twice.value(j)[(0, 0)].derivative.derivative);
    let size = dot(&product, &product).sqrt() * dot(&w, &w).sqrt();
    assert!((got - want).abs() <= 1e-13 * size, "{name}: wᵀ H v is {got} by tape, {want} by dual numbers");
    // Beside it stands the gradient.
    let beside: Vec<_> = dual_tape.parameters_mut().map(|(_, gradient)| gradient.map(|g| g.value)).collect();
    for (beside, gradient) in beside.iter().zip(&gradient) {
        assert_close(name, beside, gradient, 1e-13);
    }
}

fn input<T: Scalar>(tape: &mut Tape<T>, rng: &mut Generator, rows: usize, columns: usize) -> Var {
    tape.input(random(rng, rows, columns).map(T::from_f64))
}

/// a = x + W₂ tanh(W₁ x + b₁) + b₂, with the least squares of a.
struct ResidualBlock;

impl Recording for ResidualBlock {
    fn record<T: Scalar>(&self, tape: &mut Tape<T>, parameters: &[Var]) -> Var {
        let mut rng = seeded(1);
        let (x, y) = (input(tape, &mut rng, 3, 5), input(tape, &mut rng, 3, 5));
        let z = tape.affine(parameters[0], x, parameters[1]);
        let a = tape.activate(z, Activation::Tanh);
        let block = tape.affine(parameters[2], a, parameters[3]);
        let a = tape.add(x, block);
        tape.least_squares(a, y)
    }
}

#[test]
fn a_residual_block() {
    let mut rng = seeded(2);
    let theta =
        [[4, 3], [4, 1], [3, 4], [3, 1]].map(|[rows, columns]| random(&mut rng, rows, columns).map(|w| 0.5 * w));
    agrees("residual block", &ResidualBlock, &theta);
}

/// An autoencoder that reads with W and writes with Wᵀ, and a ridge penalty on W.
struct TiedWeights;

impl Recording for TiedWeights {
    fn record<T: Scalar>(&self, tape: &mut Tape<T>, parameters: &[Var]) -> Var {
        let x = input(tape, &mut seeded(3), 4, 6);
        let z = tape.affine(parameters[0], x, parameters[1]);
        let code = tape.activate(z, Activation::Sigmoid);
        let decoder = tape.transpose(parameters[0]);
        let again = tape.affine(decoder, code, parameters[2]);
        let loss = tape.least_squares(again, x);
        let squares = tape.multiply(parameters[0], parameters[0]);
        let sum = tape.sum(squares);
        let ridge = tape.scale(T::from_f64(0.05), sum);
        tape.add(loss, ridge)
    }
}

#[test]
fn an_autoencoder_with_tied_weights() {
    let mut rng = seeded(4);
    let theta = [[2, 4], [2, 1], [4, 1]].map(|[rows, columns]| random(&mut rng, rows, columns));
    agrees("autoencoder", &TiedWeights, &theta);
}

/// J = the mean of c ⊙ (W x)^2.5, where the power is an operation of one's own.
struct OwnOperation;

impl Recording for OwnOperation {
    fn record<T: Scalar>(&self, tape: &mut Tape<T>, parameters: &[Var]) -> Var {
        let mut rng = seeded(5);
        let (x, c) = (input(tape, &mut rng, 3, 4), input(tape, &mut rng, 2, 4));
        let u = tape.matmul(parameters[0], x);
        let positive = tape.exp(u);
        let r = tape.apply(Power(T::from_f64(2.5)), &[positive]);
        let product = tape.multiply(c, r);
        tape.mean(product)
    }
}

#[test]
fn an_operation_of_ones_own() {
    agrees("power", &OwnOperation, &[random(&mut seeded(6), 2, 3).map(|w| 0.3 * w)]);
}

/// The softmax cross-entropy of scaled logits, written out in the operations of the tape, with a temperature that is a
/// number among the parameters: J = −mean of y ln(e^(z/t) / Σ e^(z/t)).
struct Temperature;

impl Recording for Temperature {
    fn record<T: Scalar>(&self, tape: &mut Tape<T>, parameters: &[Var]) -> Var {
        let x = input(tape, &mut seeded(7), 3, 5);
        let y = tape.input(Matrix::from_fn(2, 5, |i, j| T::from_f64(f64::from(u8::from(i == j % 2)))));
        let z = tape.matmul(parameters[0], x);
        let shift = tape.broadcast(parameters[1], z);
        let shifted = tape.subtract(z, shift);
        let t = tape.broadcast(parameters[2], shifted);
        let scaled = tape.divide(shifted, t);
        let e = tape.exp(scaled);
        let ones = tape.input(Matrix::from_rows(&[[T::one(); 2]; 2]));
        let sums = tape.matmul(ones, e);
        let shares = tape.divide(e, sums);
        let logarithms = tape.ln(shares);
        let negative = tape.multiply(y, logarithms);
        let mean = tape.mean(negative);
        tape.scale(T::from_f64(-2.0), mean) // mean over the examples, sum over the outputs
    }
}

#[test]
fn a_loss_of_ones_own() {
    let mut rng = seeded(8);
    let theta = [random(&mut rng, 2, 3), random(&mut rng, 2, 1), Matrix::from_column(&[1.5])];
    agrees("temperature", &Temperature, &theta);

    // At temperature 1, without a shift, it is the cross-entropy that is built in.
    let theta = [theta[0].clone(), Matrix::zeros(2, 1), Matrix::from_column(&[1.0])];
    let (mut tape, j) = record(&Temperature, &theta);
    tape.backward(j);
    let mut built_in = Tape::<f64>::new();
    let w = built_in.parameter(theta[0].clone());
    let x = input(&mut built_in, &mut seeded(7), 3, 5);
    let y = built_in.input(Matrix::from_fn(2, 5, |i, j| f64::from(u8::from(i == j % 2))));
    let z = built_in.matmul(w, x);
    let cross_entropy = built_in.cross_entropy(z, y);
    built_in.backward(cross_entropy);
    assert_close("J", tape.value(j), built_in.value(cross_entropy), 1e-14);
    let (_, gradient) = tape.parameters_mut().next().expect("W");
    assert_close("∂J/∂W", gradient, built_in.gradient(w), 1e-13);
}

#[test]
fn a_direction_of_other_shapes_is_refused() {
    let says = |v: &[Matrix<f64>]| {
        let theta = [random(&mut seeded(6), 2, 3).map(Dual::constant)];
        let (mut tape, j) = record(&OwnOperation, &theta);
        panic_message(|| tape.hessian_vector(j, v))
    };
    assert_eq!(says(&[]), "H v: v has 0 matrices for 1 parameters");
    assert_eq!(says(&[Matrix::zeros(3, 2)]), "H v: v is 3×2 where the parameter is 2×3");
}
