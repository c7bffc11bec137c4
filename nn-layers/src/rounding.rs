//! A bound on the rounding error of a gradient, and the saturated units.
//!
//! Every a is rounded, by about ε|a|, and so is the sum z that it comes from. A forward error analysis (one forward and one
//! backward pass over absolute values) adds up the effect on the gradient, most of which comes through σ′, which is taken
//! from a. The σ′ = a (1 − a) of a sigmoid has an absolute error of ε a, but a large relative one where a rounds to 1:
//! there the unit is **saturated**, and σ′ has no digit left. That is where 1 − |a| is at most 4 ε.

use nn_core::{Activation, Loss, Matrix, MatrixView, Scalar, Write, affine, matmul, sum_columns};

use crate::gradient_check::{epsilon, norm, smallest_normal};
use crate::{ByHand, Engine, Network};

/// The effect of rounding on a network and a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rounding {
    /// A bound on the norm of the gradient's error. Infinite if it overflows.
    pub(crate) norm: f64,
    /// A bound on the error of J, apart from its own last digit.
    pub(crate) loss: f64,
    /// The number of units with a saturated activation on some example.
    pub(crate) saturated_units: usize,
    /// The number of saturated activations, over all units and examples.
    pub(crate) saturated_activations: usize,
}

/// The assumed relative error of a number: 4 ε. Functions are accurate to 2 units in the last place; a long sum has a larger
/// error than its largest term.
pub(crate) fn relative_error<T: Scalar>() -> f64 {
    4.0 * epsilon::<T>()
}

/// Runs the network on a batch by hand, and then both passes again in absolute values.
pub(crate) fn rounding<T: Scalar>(network: &Network<T>, x: &Matrix<T>, y: &Matrix<T>) -> Rounding {
    let mut engine = ByHand::new(network.clone());
    engine.set_batch(x, y);
    engine.loss_and_gradients();
    let (loss, layers, relative) = (network.loss(), network.layers(), relative_error::<T>());
    let weight: Vec<_> = layers.iter().map(|dense| absolute(&dense.weight)).collect();
    let delta: Vec<_> = (0..layers.len()).map(|l| absolute(engine.layer(l).delta)).collect();

    // The input is the same in all methods: its error is 0.
    let (mut a, mut a_error, mut z_error) = (vec![x.map(T::to_f64)], vec![zeros_like(x)], Vec::new());
    for (l, dense) in layers.iter().enumerate() {
        let mut of_a = absolute(&a[l]);
        of_a.zip_in_place(&a_error[l], |a, error| relative * a + error);
        let of_b = absolute(&dense.bias).map(|b| relative * b);
        let mut of_z = Matrix::zeros(dense.outputs(), x.columns());
        affine(&weight[l], &of_a, &of_b, &mut of_z);
        z_error.push(of_z);
        a.push(engine.layer(l).a.map(T::to_f64));
        a_error.push(error_of_a::<T>(dense.activation, &a[l + 1], &z_error[l]));
    }

    let (mut gradients, mut delta_error, mut loss_error) = (Vec::new(), Matrix::zeros(0, 0), 0.0);
    for (l, dense) in layers.iter().enumerate().rev() {
        let mean = |sum: f64| sum / y.columns() as f64;
        let error_of_delta = |upstream: &Matrix<f64>, error: &Matrix<f64>| {
            error_of_delta(dense.activation, &a[l + 1], &a_error[l + 1], upstream, error)
        };
        delta_error = if l + 1 < layers.len() {
            let [upstream, error] = [&delta[l + 1], &delta_error].map(|of| product(weight[l + 1].t(), of));
            error_of_delta(&upstream, &error)
        } else if loss == Loss::LeastSquares {
            let mut upstream = a[l + 1].clone();
            upstream.zip_in_place(&y.map(T::to_f64), |a, y| mean((a - y).abs())); // |∂J/∂a⁽ᴸ⁾|
            loss_error = dot(&upstream, &a_error[l + 1]);
            error_of_delta(&upstream, &a_error[l + 1].map(mean))
        } else {
            loss_error = dot(&delta[l], &z_error[l]);
            through(dense.activation, &a[l + 1], &z_error[l]).map(mean) // δ⁽ᴸ⁾ is taken from z, without σ′.
        };
        // ∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ is off by the errors of both.
        let mut of_weight = product(delta_error.view(), absolute(&a[l]).t());
        matmul(&delta[l], a_error[l].t(), Write::Add, &mut of_weight);
        let mut of_bias = zeros_like(&dense.bias);
        sum_columns(&delta_error, Write::Replace, &mut of_bias);
        gradients.extend([of_weight, of_bias]);
    }
    let norm = norm(&gradients);

    let derivatives = if loss == Loss::LeastSquares { layers.len() } else { layers.len() - 1 };
    let saturated = layers[..derivatives].iter().zip(&a[1..]).map(|(dense, a)| saturated::<T>(dense.activation, a));
    let (saturated_units, saturated_activations) =
        saturated.fold((0, 0), |(units, activations), (u, a)| (units + u, activations + a));
    let [norm, loss] = [norm, loss_error].map(|error| if error.is_nan() { f64::INFINITY } else { error });
    Rounding { norm, loss, saturated_units, saturated_activations }
}

/// The error of a = σ(z): σ′(z) · error(z) + 4 ε |a|.
fn error_of_a<T: Scalar>(activation: Activation, a: &Matrix<f64>, z_error: &Matrix<f64>) -> Matrix<f64> {
    let mut error = through(activation, a, z_error);
    let (relative, tiny) = (relative_error::<T>(), smallest_normal::<T>()); // Subnormal numbers have fewer digits.
    error.zip_in_place(a, |error, a| error + relative * a.abs().max(tiny));
    error
}

/// The error of δ = g ⊙ σ′, with g = ∂J/∂a: σ′ · error(g) + (|g| + error(g)) · error(σ′).
fn error_of_delta(
    activation: Activation,
    a: &Matrix<f64>,
    a_error: &Matrix<f64>,
    g: &Matrix<f64>,
    g_error: &Matrix<f64>,
) -> Matrix<f64> {
    let mut error = through(activation, a, g_error);
    for j in 0..a.columns() {
        let (a, a_error, g, g_error) = (a.column(j), a_error.column(j), g.column(j), g_error.column(j));
        // For softmax only: the error of the weighted mean in δᵢ = aᵢ (gᵢ − Σₖ aₖ gₖ).
        let mean_error: f64 = a_error.iter().zip(g).map(|(error, g)| error * g).sum();
        for (i, error) in error.column_mut(j).iter_mut().enumerate() {
            // error(σ′) = |∂σ′/∂a| · error(a)
            let derivative_error = match activation {
                Activation::Sigmoid => a_error[i],                  // |1 − 2a| ≤ 1
                Activation::Tanh => 2.0 * a_error[i],               // |2a| ≤ 2
                Activation::Softplus => (-a[i]).exp() * a_error[i], // e^−a
                Activation::Identity | Activation::Step | Activation::Relu | Activation::LeakyRelu => 0.0,
                Activation::Softmax => 0.0, // has no σ′ for each entry: see below
            };
            *error += match activation {
                Activation::Softmax => a[i] * mean_error + a_error[i] * (g[i] + mean_error),
                _ => derivative_error * (g[i] + g_error[i]),
            };
        }
    }
    error
}

/// |∂a/∂z| · error. The Jacobian is symmetric, so this serves the backward pass too. σ′ is not negative; for softmax the product
/// is aᵢ Σₖ aₖ (errorᵢ + errorₖ) over all k but i, in absolute values.
fn through(activation: Activation, a: &Matrix<f64>, error: &Matrix<f64>) -> Matrix<f64> {
    if activation == Activation::Softmax {
        return Matrix::from_fn(a.rows(), a.columns(), |i, j| {
            let (a, error) = (a.column(j), error.column(j));
            let others = (0..a.len()).filter(|&k| k != i);
            a[i] * others.map(|k| a[k] * (error[i] + error[k])).sum::<f64>()
        });
    }
    let mut through = error.clone();
    activation.backward(a, &mut through);
    through
}

/// The number of units with an activation so close to ±1 that σ′, taken from it, has no digit left, and the number of such
/// activations. A softmax of one unit is always 1, and does not count.
fn saturated<T: Scalar>(activation: Activation, a: &Matrix<f64>) -> (usize, usize) {
    let saturates = match activation {
        Activation::Sigmoid | Activation::Tanh => true,
        Activation::Softmax => a.rows() > 1,
        _ => false,
    };
    let is_saturated = |a: &&f64| saturates && 1.0 - a.abs() <= relative_error::<T>();
    let of_units = (0..a.rows()).map(|i| a.row_iter(i).filter(is_saturated).count());
    of_units.fold((0, 0), |(units, activations), of_unit| (units + usize::from(of_unit > 0), activations + of_unit))
}

fn dot(x: &Matrix<f64>, y: &Matrix<f64>) -> f64 {
    x.as_slice().iter().zip(y.as_slice()).map(|(x, y)| x * y).sum()
}

fn absolute<T: Scalar>(matrix: &Matrix<T>) -> Matrix<f64> {
    matrix.map(|x| x.to_f64().abs())
}

fn zeros_like<T: Scalar>(matrix: &Matrix<T>) -> Matrix<f64> {
    Matrix::zeros(matrix.rows(), matrix.columns())
}

fn product<'a>(left: MatrixView<'_, f64>, right: impl Into<MatrixView<'a, f64>>) -> Matrix<f64> {
    let right = right.into();
    let mut product = Matrix::zeros(left.rows(), right.columns());
    matmul(left, right, Write::Replace, &mut product);
    product
}
