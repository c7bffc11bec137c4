//! The trait of both engines: training and checks work with either.

use std::borrow::Cow;

use nn_core::{Matrix, MatrixView, Scalar};

use crate::Network;

/// An engine holds a network's parameters and computes J and ∂J/∂θ for every parameter θ, batch after batch, in
/// buffers of its own: [`ByHand`](crate::ByHand) by the δ-recursion, [`ByTape`](crate::ByTape) by the tape.
///
/// One step of gradient descent, for either:
///
/// ```
/// use nn_core::Scalar;
/// use nn_layers::Engine;
///
/// fn step<T: Scalar>(engine: &mut impl Engine<T>, learning_rate: T) -> T {
///     let j = engine.loss_and_gradients(); // of the current batch: see set_batch
///     for (parameter, gradient) in engine.parameters_mut() {
///         parameter.zip_in_place(gradient, |w, g| w - learning_rate * g);
///     }
///     j
/// }
/// ```
pub trait Engine<T: Scalar> {
    /// The buffers of the batch: x = a⁽⁰⁾, n₀ × m, and the targets y, n_L × m. Fill them in place (resize them for a
    /// batch of another size), or exchange them for matrices of your own.
    fn batch_mut(&mut self) -> [&mut Matrix<T>; 2];

    /// Copies a batch into the buffers.
    fn set_batch<'a>(&mut self, x: impl Into<MatrixView<'a, T>>, y: impl Into<MatrixView<'a, T>>) {
        let [x_buffer, y_buffer] = self.batch_mut();
        x_buffer.copy_from(x);
        y_buffer.copy_from(y);
    }

    /// J of the batch, with ∂J/∂W⁽ˡ⁾ and ∂J/∂b⁽ˡ⁾ of every layer left in place.
    ///
    /// # Panics
    ///
    /// Panics if the batch is empty or does not have the network's shape, or if its targets are
    /// [not valid](nn_core::Loss::check_targets) for the loss, with the first example that is wrong.
    fn loss_and_gradients(&mut self) -> T;

    /// a⁽ᴸ⁾, n_L × m: the outputs that the last call of [`loss_and_gradients`](Engine::loss_and_gradients) computed.
    fn output(&self) -> &Matrix<T>;

    /// Every parameter with its gradient, in the order W⁽¹⁾, b⁽¹⁾, W⁽²⁾, b⁽²⁾, …
    fn parameters_mut(&mut self) -> impl Iterator<Item = (&mut Matrix<T>, &Matrix<T>)>;

    /// What the last call of [`loss_and_gradients`](Engine::loss_and_gradients) computed in layer `index` + 1 (layers
    /// are counted from 1 on paper, from 0 here).
    ///
    /// # Panics
    ///
    /// Panics if there is no such layer, or there was no such call.
    fn layer(&self, index: usize) -> LayerValues<'_, T>;

    /// The network with its parameters as they are now, for predictions or for a file: borrowed where the engine holds
    /// one, as [`ByHand`](crate::ByHand) does, and otherwise a copy.
    fn network(&self) -> Cow<'_, Network<T>>;

    /// The network with its parameters as they are now; the engine is used up.
    fn into_network(self) -> Network<T>;
}

/// The matrices that an engine computed for one layer and one batch.
#[derive(Clone, Copy, Debug)]
pub struct LayerValues<'a, T> {
    /// z⁽ˡ⁾, n_l × m
    pub z: &'a Matrix<T>,
    /// a⁽ˡ⁾, n_l × m
    pub a: &'a Matrix<T>,
    /// δ⁽ˡ⁾ = ∂J/∂z⁽ˡ⁾, n_l × m
    pub delta: &'a Matrix<T>,
    /// ∂J/∂W⁽ˡ⁾, n_l × n_{l−1}
    pub weight_gradient: &'a Matrix<T>,
    /// ∂J/∂b⁽ˡ⁾, n_l × 1
    pub bias_gradient: &'a Matrix<T>,
}
