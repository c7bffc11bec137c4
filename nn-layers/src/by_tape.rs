//! The engine by machine: the same network, recorded on a tape.

use std::borrow::Cow;

use nn_autodiff::{Tape, Var};
use nn_core::{Activation, Loss, Matrix, Scalar};

use crate::{Dense, Engine, LayerValues, Network};

/// A network on a tape: recorded once, for one example, and replayed for every batch.
///
/// It states the forward pass and nothing else. That the gradients agree with [`ByHand`](crate::ByHand) is a fact, which
/// the tests of this crate hold, not a construction.
#[derive(Debug)]
pub struct ByTape<T> {
    tape: Tape<T>,
    x: Var,
    y: Var,
    layers: Vec<LayerVars>,
    loss: Loss,
    j: Var,
}

/// Where the numbers of one layer stand on the tape.
#[derive(Clone, Copy, Debug)]
struct LayerVars {
    weight: Var,
    bias: Var,
    z: Var,
    a: Var,
    activation: Activation,
}

impl<T: Scalar> ByTape<T> {
    /// Records the network on a new tape.
    // ANCHOR: record
    pub fn new(network: &Network<T>) -> Self {
        let mut tape = Tape::new();
        let x = tape.input(Matrix::zeros(network.inputs(), 1));
        let y = tape.input(Matrix::zeros(network.outputs(), 1));
        tape.label(x, "x");
        tape.label(y, "y");
        let mut a_below = x;
        let mut layers = Vec::new();
        for (l, dense) in network.layers().iter().enumerate() {
            let weight = tape.parameter(dense.weight.clone());
            let bias = tape.parameter(dense.bias.clone());
            let z = tape.affine(weight, a_below, bias); // z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾
            let a = tape.activate(z, dense.activation); // a⁽ˡ⁾ = σ(z⁽ˡ⁾)
            for (var, letter) in [(weight, "W"), (bias, "b"), (z, "z"), (a, "a")] {
                tape.label(var, &format!("{letter}{}", l + 1));
            }
            layers.push(LayerVars { weight, bias, z, a, activation: dense.activation });
            a_below = a;
        }
        let last = layers[layers.len() - 1];
        let j = tape.cost(network.loss(), last.z, last.a, y); // J
        tape.label(j, "J");
        for buffer in tape.values_mut([x, y]) {
            buffer.resize(buffer.rows(), 0); // The example that it was recorded with was none.
        }
        ByTape { tape, x, y, layers, loss: network.loss(), j }
    }
    // ANCHOR_END: record

    /// The tape, to be printed as a table or a graph.
    pub fn tape(&self) -> &Tape<T> {
        &self.tape
    }

    #[track_caller]
    fn check_batch(&self) {
        let (x, y) = (self.tape.value(self.x), self.tape.value(self.y));
        let inputs = self.tape.value(self.layers[0].weight).columns();
        let outputs = self.tape.value(self.layers[self.layers.len() - 1].bias).rows();
        crate::network::check_batch(inputs, outputs, x, y);
    }
}

impl<T: Scalar> Engine<T> for ByTape<T> {
    fn batch_mut(&mut self) -> [&mut Matrix<T>; 2] {
        self.tape.values_mut([self.x, self.y])
    }

    #[track_caller]
    fn loss_and_gradients(&mut self) -> T {
        self.check_batch();
        self.tape.forward();
        self.tape.backward(self.j);
        self.tape.value(self.j)[(0, 0)]
    }

    fn outputs(&self) -> &Matrix<T> {
        self.tape.value(self.layers[self.layers.len() - 1].a)
    }

    fn parameters_mut(&mut self) -> impl Iterator<Item = (&mut Matrix<T>, &Matrix<T>)> {
        self.tape.parameters_mut()
    }

    #[track_caller]
    fn layer(&self, index: usize) -> LayerValues<'_, T> {
        let LayerVars { weight, bias, z, a, .. } = self.layers[index];
        let tape = &self.tape;
        LayerValues {
            z: tape.value(z),
            a: tape.value(a),
            delta: tape.gradient(z), // δ⁽ˡ⁾ = ∂J/∂z⁽ˡ⁾ is what the machine calls the adjoint of z⁽ˡ⁾
            weight_gradient: tape.gradient(weight),
            bias_gradient: tape.gradient(bias),
        }
    }

    fn network(&self) -> Cow<'_, Network<T>> {
        let layers = self.layers.iter().map(|&LayerVars { weight, bias, activation, .. }| Dense {
            weight: self.tape.value(weight).clone(),
            bias: self.tape.value(bias).clone(),
            activation,
        });
        Cow::Owned(Network::new(layers.collect(), self.loss).expect("the layers of a network"))
    }

    fn into_network(self) -> Network<T> {
        self.network().into_owned()
    }
}
