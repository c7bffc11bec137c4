//! Gradients by hand: dense layers, networks, and the δ-recursion of backpropagation; and beside it the same network on
//! the tape of nn-autodiff, so that **every gradient is computed twice**, by two engines that share no rule of
//! differentiation but the derivatives of the activations and losses.
//!
//! # The equations
//!
//! | | | where |
//! |---|---|---|
//! | z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾ | affine map | [`Dense::pre_activation`] |
//! | a⁽ˡ⁾ = σ(z⁽ˡ⁾) | activation | [`Dense::activation_of`] |
//! | δ⁽ᴸ⁾ = ∂J/∂a⁽ᴸ⁾ ⊙ σ′(z⁽ᴸ⁾) | error of the output layer | [`output_delta`] |
//! | δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾) | error of a hidden layer | [`hidden_delta`] |
//! | ∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ, ∂J/∂b⁽ˡ⁾ = δ⁽ˡ⁾ 1 | gradients | [`parameter_gradients`] |
//!
//! A batch is a matrix whose columns are the examples; the documentation of nn-core says more. J is the mean over the
//! examples.
//!
//! # Example
//!
//! ```
//! use nn_core::{Activation, Loss, Matrix, seeded};
//! use nn_layers::{ByHand, ByTape, Engine, Initialization, Network};
//!
//! let layers = [(3, Activation::Tanh), (2, Activation::Softmax)];
//! let network = Network::<f64>::random(4, &layers, Loss::CrossEntropy, Initialization::Glorot, &mut seeded(1))?;
//!
//! let x = Matrix::from_columns(&[[0.5, -1.0, 0.0, 2.0], [1.5, 0.5, -0.5, 0.0]]); // two examples
//! let y = Matrix::from_columns(&[[1.0, 0.0], [0.0, 1.0]]);
//! let (mut by_hand, mut by_tape) = (ByHand::new(network.clone()), ByTape::new(&network));
//! by_hand.set_batch(&x, &y);
//! by_tape.set_batch(&x, &y);
//! assert_eq!(by_hand.loss_and_gradients(), by_tape.loss_and_gradients());
//!
//! let (hand, tape) = (by_hand.layer(0), by_tape.layer(0));
//! for (h, t) in hand.weight_gradient.as_slice().iter().zip(tape.weight_gradient.as_slice()) {
//!     assert!((h - t).abs() < 1e-15);
//! }
//! # Ok::<(), nn_layers::NetworkError>(())
//! ```
//!
//! # Building on it
//!
//! [`ByTape::with_loss`] puts a penalty or another loss on a network, and trains it like any other engine.
//! [`Network::record`] puts a network on your own tape, beside other networks. [`hessian_vector`] gives the second
//! derivatives along a direction. The folder `examples` has a program of twenty lines for each.
//!
//! # In the book
//!
//! Gradients by brute force: `docs/src/differences.md`. The δ-recursion, derived and number by number:
//! `docs/src/delta-recursion.md`. What it means that the two engines agree: `docs/src/agreement.md`.
//!
//! # What it does not do
//!
//! It updates no parameters and reads no data: that is nn-train. It has no convolution and no recurrence.
#![forbid(unsafe_code)]

mod by_hand;
mod by_tape;
mod delta;
mod dense;
mod engine;
mod gradient_check;
mod hessian;
mod initialization;
mod network;
mod rounding;
mod slopes;

pub use by_hand::ByHand;
pub use by_tape::{ByTape, LayerVars, record_ridge};
pub use delta::{hidden_delta, output_delta, parameter_gradients};
pub use dense::Dense;
pub use engine::{Engine, LayerValues};
pub use gradient_check::{
    Bounds, GradientCheck, ParameterCheck, SINGLE_ENTRIES, check_gradients, compare_gradients, examples_at_a_kink,
    gradients,
};
pub use hessian::hessian_vector;
pub use initialization::Initialization;
pub use network::{Network, NetworkError, predicted_class};
