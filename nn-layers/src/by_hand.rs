//! The engine by hand: the forward pass keeps z and a, the δ-recursion goes backward over them.

use std::borrow::Cow;

use nn_core::{Matrix, Scalar};

use crate::{Engine, LayerValues, Network, hidden_delta, output_delta, parameter_gradients};

/// A network, and buffers for everything that a forward and a backward pass compute.
///
/// The buffers are allocated for the first batch and used again for every other.
#[derive(Clone, Debug)]
pub struct ByHand<T> {
    network: Network<T>,
    x: Matrix<T>,
    y: Matrix<T>,
    layers: Vec<Buffers<T>>,
}

/// The numbers of one layer; [`LayerValues`] says which is which.
#[derive(Clone, Debug)]
struct Buffers<T> {
    z: Matrix<T>,
    a: Matrix<T>,
    delta: Matrix<T>,
    weight_gradient: Matrix<T>,
    bias_gradient: Matrix<T>,
}

impl<T: Scalar> ByHand<T> {
    /// The engine for this network.
    pub fn new(network: Network<T>) -> Self {
        let empty = || Matrix::zeros(0, 0);
        let buffers =
            || Buffers { z: empty(), a: empty(), delta: empty(), weight_gradient: empty(), bias_gradient: empty() };
        let layers = network.layers().iter().map(|_| buffers()).collect();
        ByHand { network, x: empty(), y: empty(), layers }
    }

    /// A forward and a backward pass, without a check of the batch.
    #[inline]
    #[track_caller]
    pub(crate) fn sweep(&mut self) {
        self.forward();
        self.backward();
    }

    /// z⁽ˡ⁾ and a⁽ˡ⁾ of every layer, from the first to the last.
    #[track_caller]
    // ANCHOR: forward
    fn forward(&mut self) {
        // BEGIN SOLUTION 7.4
        let mut a_below = &self.x; // a⁽⁰⁾ = x
        for (dense, layer) in self.network.layers().iter().zip(&mut self.layers) {
            dense.pre_activation(a_below, &mut layer.z);
            dense.activation_of(&layer.z, &mut layer.a);
            a_below = &layer.a;
        }
        // END SOLUTION 7.4
    }
    // ANCHOR_END: forward

    /// δ⁽ˡ⁾, ∂J/∂W⁽ˡ⁾ and ∂J/∂b⁽ˡ⁾ of every layer, from the last to the first.
    #[track_caller]
    // ANCHOR: backward
    fn backward(&mut self) {
        // BEGIN SOLUTION 7.5
        let dense = self.network.layers();
        for l in (0..dense.len()).rev() {
            let (up_to_here, above) = self.layers.split_at_mut(l + 1);
            let (below, here) = up_to_here.split_at_mut(l);
            let layer = &mut here[0];
            let activation = dense[l].activation;
            match above.first() {
                None => output_delta(self.network.loss(), activation, &layer.z, &layer.a, &self.y, &mut layer.delta),
                Some(above) => hidden_delta(&dense[l + 1], &above.delta, activation, &layer.a, &mut layer.delta),
            }
            let a_below = below.last().map_or(&self.x, |layer| &layer.a);
            parameter_gradients(&layer.delta, a_below, &mut layer.weight_gradient, &mut layer.bias_gradient);
        }
        // END SOLUTION 7.5
    }
    // ANCHOR_END: backward
}

impl<T: Scalar> Engine<T> for ByHand<T> {
    fn batch_mut(&mut self) -> [&mut Matrix<T>; 2] {
        [&mut self.x, &mut self.y]
    }

    #[track_caller]
    fn loss_and_gradients(&mut self) -> T {
        self.network.check_batch(&self.x, &self.y);
        self.sweep();
        let last = &self.layers[self.layers.len() - 1];
        self.network.loss().value(&last.z, &last.a, &self.y) // J
    }

    fn output(&self) -> &Matrix<T> {
        &self.layers[self.layers.len() - 1].a
    }

    fn parameters_mut(&mut self) -> impl Iterator<Item = (&mut Matrix<T>, &Matrix<T>)> {
        let gradients = self.layers.iter().flat_map(|layer| [&layer.weight_gradient, &layer.bias_gradient]);
        self.network.parameters_mut().zip(gradients)
    }

    #[track_caller]
    fn layer(&self, index: usize) -> LayerValues<'_, T> {
        let Buffers { z, a, delta, weight_gradient, bias_gradient } = &self.layers[index];
        assert!(delta.shape() == z.shape() && !delta.as_slice().is_empty(), "layer values before loss_and_gradients");
        LayerValues { z, a, delta, weight_gradient, bias_gradient }
    }

    fn network(&self) -> Cow<'_, Network<T>> {
        Cow::Borrowed(&self.network)
    }

    fn into_network(self) -> Network<T> {
        self.network
    }
}
