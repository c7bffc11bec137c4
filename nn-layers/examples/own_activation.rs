//! An activation of your own in both engines: GELU, in a network by hand and on a tape, and that the two agree.
//!
//! ```text
//! gelu(z) = ½ z (1 + tanh u),   u = √(2/π) (z + 0.044715 z³)
//! ```
//!
//! (Hendrycks and Gimpel 2016, in the form that GPT-2 uses.) It falls before it rises, so two z can have the same a: its
//! slope cannot be taken from a, as those of nn-core are. It needs z.
//!
//! ```text
//! cargo run -p nn-layers --example own_activation
//! ```

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use nn_autodiff::{CustomOp, Operands, Tape, WrongRule};
use nn_core::{Activation, Loss, Matrix, Scalar, normal, seeded};
use nn_layers::{Dense, hidden_delta, output_delta, parameter_gradients};

/// √(2/π)
pub(crate) const ROOT: f64 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2;
pub(crate) const CUBIC: f64 = 0.044715;

/// gelu(z) = ½ z (1 + tanh u), where u = √(2/π) (z + 0.044715 z³)
pub(crate) fn gelu<T: Scalar>(z: T) -> T {
    let u = T::from_f64(ROOT) * (z + T::from_f64(CUBIC) * z * z * z);
    T::from_f64(0.5) * z * (T::one() + u.tanh())
}

/// gelu′(z) = ½ (1 + t) + ½ z (1 − t²) u′, where t = tanh u and u′ = √(2/π) (1 + 3 · 0.044715 z²)
pub(crate) fn gelu_derivative<T: Scalar>(z: T) -> T {
    // BEGIN SOLUTION 14.3
    let [root, cubic, half, three] = [ROOT, CUBIC, 0.5, 3.0].map(T::from_f64);
    let t = (root * (z + cubic * z * z * z)).tanh();
    let u_slope = root * (T::one() + three * cubic * z * z);
    half * (T::one() + t) + half * z * (T::one() - t * t) * u_slope
    // END SOLUTION 14.3
}

/// r = gelu(u), for a tape
#[derive(Debug)]
pub(crate) struct Gelu;

impl<T: Scalar> CustomOp<T> for Gelu {
    fn name(&self) -> &str {
        "gelu"
    }

    fn equation(&self) -> &str {
        "gelu(u)"
    }

    fn forward(&self, operands: Operands<'_, T>, r: &mut Matrix<T>) {
        r.copy_from(&operands[0]);
        r.map_in_place(gelu);
    }

    /// ū = r̄ ⊙ gelu′(u)
    fn backward(&self, _: usize, operands: Operands<'_, T>, _r: &Matrix<T>, r_bar: &Matrix<T>, u_bar: &mut Matrix<T>) {
        // BEGIN SOLUTION 14.4
        u_bar.copy_from(r_bar);
        u_bar.zip_in_place(&operands[0], |r_bar, u| r_bar * gelu_derivative(u));
        // END SOLUTION 14.4
    }
}

/// ∂J/∂W⁽¹⁾, ∂J/∂b⁽¹⁾, ∂J/∂W⁽²⁾ and ∂J/∂b⁽²⁾ by hand, where z⁽¹⁾ = W⁽¹⁾ x + b⁽¹⁾, a⁽¹⁾ = gelu(z⁽¹⁾),
/// a⁽²⁾ = W⁽²⁾ a⁽¹⁾ + b⁽²⁾, and J is least squares.
///
/// Only the affine maps of the two layers are used.
pub(crate) fn by_hand([hidden, output]: &[Dense<f64>; 2], x: &Matrix<f64>, y: &Matrix<f64>) -> [Matrix<f64>; 4] {
    let [mut z1, mut a2, mut delta1, mut delta2] = [(); 4].map(|()| Matrix::<f64>::zeros(0, 0));
    let [mut w1, mut b1, mut w2, mut b2] = [(); 4].map(|()| Matrix::<f64>::zeros(0, 0));
    // BEGIN SOLUTION 14.5
    hidden.pre_activation(x, &mut z1);
    let a1 = z1.map(gelu);
    output.pre_activation(&a1, &mut a2);
    output_delta(Loss::LeastSquares, Activation::Identity, &a2, &a2, y, &mut delta2);
    hidden_delta(output, &delta2, Activation::Identity, &a1, &mut delta1); // ∂J/∂a⁽¹⁾ = W⁽²⁾ᵀ δ⁽²⁾
    delta1.zip_in_place(&z1, |delta, z| delta * gelu_derivative(z)); // δ⁽¹⁾ = ∂J/∂a⁽¹⁾ ⊙ gelu′(z⁽¹⁾)
    parameter_gradients(&delta1, x, &mut w1, &mut b1);
    parameter_gradients(&delta2, &a1, &mut w2, &mut b2);
    [w1, b1, w2, b2]
    // END SOLUTION 14.5
}

/// The same by the tape, which first holds the backward rule of [`Gelu`] to differences.
fn by_tape(layers: &[Dense<f64>; 2], x: &Matrix<f64>, y: &Matrix<f64>) -> Result<[Matrix<f64>; 4], WrongRule> {
    let mut tape = Tape::new();
    let (x, y) = (tape.input(x.clone()), tape.input(y.clone()));
    let [w1, w2] = layers.each_ref().map(|layer| tape.parameter(layer.weight.clone()));
    let [b1, b2] = layers.each_ref().map(|layer| tape.parameter(layer.bias.clone()));
    let z1 = tape.affine(w1, x, b1);
    let a1 = tape.apply(Gelu, &[z1]);
    let a2 = tape.affine(w2, a1, b2);
    let j = tape.least_squares(a2, y);
    tape.check_gradient(j)?;
    tape.backward(j);
    Ok([w1, b1, w2, b2].map(|parameter| tape.gradient(parameter).clone()))
}

fn main() -> Result<(), WrongRule> {
    let mut rng = seeded(1);
    let mut random = |rows, columns| Matrix::from_fn(rows, columns, |_, _| normal(&mut rng));
    let mut layer = |units, inputs| Dense {
        weight: random(units, inputs),
        bias: random(units, 1),
        activation: Activation::Identity,
    };
    let layers = [layer(8, 3), layer(2, 8)];
    let (x, y) = (random(3, 20), random(2, 20));

    let by_tape = by_tape(&layers, &x, &y)?;
    println!("the backward rule of gelu agrees with differences");
    let largest = |matrix: &Matrix<f64>| matrix.as_slice().iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    for ((mut hand, tape), name) in by_hand(&layers, &x, &y).into_iter().zip(by_tape).zip(["W1", "b1", "W2", "b2"]) {
        hand.zip_in_place(&tape, |hand, tape| hand - tape);
        assert!(largest(&hand) <= 1e-13 * largest(&tape), "the engines disagree about ∂J/∂{name}");
        println!("∂J/∂{name}, {}, is the same by hand and by tape", tape.shape());
    }
    Ok(())
}
