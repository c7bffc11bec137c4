//! The engine by tape: the same network, recorded for automatic differentiation.

use std::borrow::Cow;

use nn_autodiff::{Tape, Var};
use nn_core::{Activation, Loss, Matrix, Scalar};

use crate::{Dense, Engine, LayerValues, Network};

/// A network on a tape: recorded once, for one example, and replayed for every batch.
///
/// Only the forward pass is written here; the tape derives the backward pass. Tests check that the gradients agree with
/// those of
/// [`ByHand`](crate::ByHand).
#[derive(Debug)]
pub struct ByTape<T> {
    tape: Tape<T>,
    x: Var,
    y: Var,
    layers: Vec<LayerVars>,
    loss: Loss,
    j: Var,
}

/// The values of one layer on a tape: [`Network::record`] returns one of these for each layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerVars {
    /// W⁽ˡ⁾, a parameter.
    pub weight: Var,
    /// b⁽ˡ⁾, a parameter.
    pub bias: Var,
    /// z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾
    pub z: Var,
    /// a⁽ˡ⁾ = σ(z⁽ˡ⁾)
    pub a: Var,
    /// σ
    pub activation: Activation,
}

/// A network on your own tape.
impl<T: Scalar> Network<T> {
    /// Records the forward pass, for the examples in the columns of x. Parameters and values get the labels W1, b1, z1,
    /// a1, W2, …
    ///
    /// # Panics
    ///
    /// Panics if x does not have n₀ rows, or is on another tape.
    #[track_caller]
    // ANCHOR: record
    pub fn record(&self, tape: &mut Tape<T>, x: Var) -> Vec<LayerVars> {
        // BEGIN SOLUTION 9.1
        let mut a_below = x; // a⁽⁰⁾ = x
        let mut layers = Vec::new();
        for (l, dense) in (1..).zip(self.layers()) {
            let weight = tape.parameter(dense.weight.clone());
            let bias = tape.parameter(dense.bias.clone());
            let z = tape.affine(weight, a_below, bias); // z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾
            let a = tape.activate(z, dense.activation); // a⁽ˡ⁾ = σ(z⁽ˡ⁾)
            for (var, letter) in [(weight, "W"), (bias, "b"), (z, "z"), (a, "a")] {
                tape.label(var, &format!("{letter}{l}"));
            }
            layers.push(LayerVars { weight, bias, z, a, activation: dense.activation });
            a_below = a;
        }
        layers
        // END SOLUTION 9.1
    }
    // ANCHOR_END: record

    /// Records the network's own loss J of a forward pass that is [on the tape](Network::record), with the targets y.
    ///
    /// # Panics
    ///
    /// Panics if y does not have the shape of a⁽ᴸ⁾, or is [not valid](nn_core::Loss::check_targets) for the loss.
    #[track_caller]
    pub fn record_loss(&self, tape: &mut Tape<T>, layers: &[LayerVars], y: Var) -> Var {
        let last = layers[layers.len() - 1];
        tape.loss(self.loss(), last.z, last.a, y)
    }
}

/// Records a ridge penalty λ/2 Σ W⁽ˡ⁾ᵢⱼ², over all weights of some layers of a network that is [on the
/// tape](Network::record).
///
/// Added to a loss, it adds λ W⁽ˡ⁾ to each ∂J/∂W⁽ˡ⁾: large weights are penalised (weight decay, L2). Biases are not.
///
/// ```
/// use nn_autodiff::Tape;
/// use nn_core::{Activation, Loss, Matrix};
/// use nn_layers::{Dense, Network, record_ridge};
///
/// let (weight, bias) = (Matrix::from_rows(&[[1.0, -3.0]]), Matrix::from_column(&[5.0]));
/// let network = Network::new(vec![Dense { weight, bias, activation: Activation::Identity }], Loss::LeastSquares)?;
/// let mut tape = Tape::new();
/// let x = tape.input(Matrix::zeros(2, 1));
/// let layers = network.record(&mut tape, x);
/// let ridge = record_ridge(&mut tape, &layers, 0.5);
/// tape.backward(ridge);
/// assert_eq!(tape.value(ridge)[(0, 0)], 2.5); // 0.5/2 (1² + 3²)
/// assert_eq!(tape.gradient(layers[0].weight), &Matrix::from_rows(&[[0.5, -1.5]]));
/// # Ok::<(), nn_layers::NetworkError>(())
/// ```
///
/// # Panics
///
/// Panics if the layers are on another tape.
#[track_caller]
pub fn record_ridge<T: Scalar>(tape: &mut Tape<T>, layers: &[LayerVars], lambda: T) -> Var {
    // BEGIN SOLUTION 14.2
    let mut sum = tape.input(T::zero());
    for layer in layers {
        let squares = tape.multiply(layer.weight, layer.weight);
        let of_layer = tape.sum(squares);
        sum = tape.add(sum, of_layer);
    }
    tape.scale(lambda * T::from_f64(0.5), sum) // λ/2 Σ W²
    // END SOLUTION 14.2
}

impl<T: Scalar> ByTape<T> {
    /// Records the network and its loss on a new tape.
    #[track_caller]
    pub fn new(network: &Network<T>) -> Self {
        Self::with_loss(network, |tape, layers, y| network.record_loss(tape, layers, y))
    }

    /// Records the network on a new tape, and the J that `loss` makes of its layers and the targets y: its own loss with a
    /// penalty, or another.
    ///
    /// ```
    /// use nn_core::{Activation, Loss, Matrix, seeded};
    /// use nn_layers::{ByTape, Engine, Initialization, Network, record_ridge};
    ///
    /// let layers = [(3, Activation::Tanh), (1, Activation::Sigmoid)];
    /// let network = Network::<f64>::random(2, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1))?;
    /// let mut engine = ByTape::with_loss(&network, |tape, layers, y| {
    ///     let loss = network.record_loss(tape, layers, y);
    ///     let ridge = record_ridge(tape, layers, 0.01);
    ///     tape.add(loss, ridge)
    /// });
    /// engine.set_batch(&Matrix::from_column(&[0.5, -1.0]), &Matrix::from_column(&[1.0]));
    /// engine.loss_and_gradients();
    /// # Ok::<(), nn_layers::NetworkError>(())
    /// ```
    ///
    /// J is recorded with one example, and replayed with as many as a batch has. A parameter that `loss` records is trained
    /// like the others: [`parameters_mut`](Engine::parameters_mut) has it after those of the network.
    ///
    /// # Panics
    ///
    /// Panics if J is not a 1 × 1 matrix.
    #[track_caller]
    pub fn with_loss(network: &Network<T>, loss: impl FnOnce(&mut Tape<T>, &[LayerVars], Var) -> Var) -> Self {
        let mut tape = Tape::new();
        let x = tape.input(Matrix::zeros(network.inputs(), 1));
        // A one-hot target, which is valid for every loss.
        let y = tape.input(Matrix::from_fn(network.outputs(), 1, |i, _| if i == 0 { T::one() } else { T::zero() }));
        tape.label(x, "x");
        tape.label(y, "y");
        let layers = network.record(&mut tape, x);
        let j = loss(&mut tape, &layers, y);
        tape.label(j, "J");
        let shape = tape.value(j).shape();
        assert!(shape.rows * shape.columns == 1, "J of a network is {shape}: it must be 1×1");
        for buffer in tape.values_mut([x, y]) {
            buffer.resize(buffer.rows(), 0); // The example used for recording was a placeholder: leave the batch empty.
        }
        ByTape { tape, x, y, layers, loss: network.loss(), j }
    }

    /// The tape, to be printed as a table or a graph.
    pub fn tape(&self) -> &Tape<T> {
        &self.tape
    }

    /// The tape, to [check](Tape::check_gradient) its gradients or to set an input that the loss has recorded.
    pub fn tape_mut(&mut self) -> &mut Tape<T> {
        &mut self.tape
    }

    /// The values of each layer on the tape.
    pub fn layers(&self) -> &[LayerVars] {
        &self.layers
    }

    /// J on the tape.
    pub fn j(&self) -> Var {
        self.j
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

    fn output(&self) -> &Matrix<T> {
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
            delta: tape.gradient(z), // δ⁽ˡ⁾ = ∂J/∂z⁽ˡ⁾ is what automatic differentiation calls the adjoint of z⁽ˡ⁾
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
