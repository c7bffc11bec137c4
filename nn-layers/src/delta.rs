//! The δ-recursion of backpropagation, by hand: three equations, from the output layer down to the first.
//!
//! δ⁽ˡ⁾ = ∂J/∂z⁽ˡ⁾ is the **error** of layer l: how the loss changes with the layer's pre-activation.
//!
//! Sources: seed document (docs/src/seed.md), sections 3.7.4 and 3.7.5; Rumelhart, Hinton and Williams (1986); Nielsen,
//! chapter 2, equations BP1 to BP4.

use nn_core::{Activation, Loss, Matrix, MatrixView, Scalar, Write, matmul, sum_columns};

use crate::Dense;

/// δ⁽ᴸ⁾ = ∂J/∂a⁽ᴸ⁾ ⊙ σ′(z⁽ᴸ⁾): the error δ of the output layer.
///
/// For a cross-entropy, which is taken from z, the two factors cancel to δ⁽ᴸ⁾ = (a⁽ᴸ⁾ − y)/m.
///
/// # Shapes
///
/// z, a, y: n_L × m, δ: n_L × m (delta is given this shape).
///
/// # Panics
///
/// Panics if the shapes differ, or if the activation is not [the one that a cross-entropy needs](Loss::activation).
#[track_caller]
// ANCHOR: output_delta
pub fn output_delta<T: Scalar>(
    loss: Loss,
    activation: Activation,
    z: &Matrix<T>,
    a: &Matrix<T>,
    y: &Matrix<T>,
    delta: &mut Matrix<T>,
) {
    // BEGIN SOLUTION 7.1
    delta.resize(y.rows(), y.columns());
    loss.gradient(z, a, y, delta); // ∂J/∂a⁽ᴸ⁾, or for a cross-entropy already ∂J/∂z⁽ᴸ⁾ = δ⁽ᴸ⁾
    match loss.activation() {
        None => activation.backward(a, delta), // δ⁽ᴸ⁾ = ∂J/∂a⁽ᴸ⁾ ⊙ σ′(z⁽ᴸ⁾)
        Some(needed) => assert!(activation == needed, "{loss} needs {needed} as last activation, not {activation}"),
    }
    // END SOLUTION 7.1
}
// ANCHOR_END: output_delta

/// δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾): the error δ of a hidden layer, from that of the layer above.
///
/// # Shapes
///
/// `above`: layer l+1, with W⁽ˡ⁺¹⁾ n_{l+1} × n_l; δ⁽ˡ⁺¹⁾: n_{l+1} × m; a⁽ˡ⁾: n_l × m; δ⁽ˡ⁾: n_l × m (delta is given
/// this shape).
///
/// # Panics
///
/// Panics if the shapes do not fit.
#[track_caller]
// ANCHOR: hidden_delta
pub fn hidden_delta<T: Scalar>(
    above: &Dense<T>,
    delta_above: &Matrix<T>,
    activation: Activation,
    a: &Matrix<T>,
    delta: &mut Matrix<T>,
) {
    // BEGIN SOLUTION 7.2
    delta.resize(a.rows(), a.columns());
    matmul(above.weight.t(), delta_above, Write::Replace, delta); // ∂J/∂a⁽ˡ⁾ = W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾
    activation.backward(a, delta); // δ⁽ˡ⁾ = ∂J/∂a⁽ˡ⁾ ⊙ σ′(z⁽ˡ⁾)
    // END SOLUTION 7.2
}
// ANCHOR_END: hidden_delta

/// ∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ and ∂J/∂b⁽ˡ⁾ = δ⁽ˡ⁾ 1: the gradients of a layer's parameters.
///
/// The products sum over the examples; the mean, 1/m, is in δ already.
///
/// # Shapes
///
/// δ⁽ˡ⁾: n_l × m, a⁽ˡ⁻¹⁾: n_{l−1} × m, ∂J/∂W: n_l × n_{l−1}, ∂J/∂b: n_l × 1 (both are given these shapes).
///
/// # Panics
///
/// Panics if δ⁽ˡ⁾ and a⁽ˡ⁻¹⁾ hold different numbers of examples.
#[track_caller]
// ANCHOR: parameter_gradients
pub fn parameter_gradients<'a, T: Scalar>(
    delta: &Matrix<T>,
    a_below: impl Into<MatrixView<'a, T>>,
    weight_gradient: &mut Matrix<T>,
    bias_gradient: &mut Matrix<T>,
) {
    let a_below = a_below.into();
    // BEGIN SOLUTION 7.3
    weight_gradient.resize(delta.rows(), a_below.rows());
    bias_gradient.resize(delta.rows(), 1);
    matmul(delta, a_below.t(), Write::Replace, weight_gradient); // ∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ
    sum_columns(delta, Write::Replace, bias_gradient); // ∂J/∂b⁽ˡ⁾ = δ⁽ˡ⁾ 1
    // END SOLUTION 7.3
}
// ANCHOR_END: parameter_gradients
