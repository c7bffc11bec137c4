//! An engine for tests of the training loop: it computes next to nothing, and remembers what it was given.

use std::borrow::Cow;

use nn_core::{Activation, Loss, Matrix};
use nn_layers::{Dense, Engine, LayerValues, Network};

/// One weight w. J is the mean of x over the batch. What the network answers is its input, so that an example is
/// classified as class 1 where x ≥ ½.
pub(crate) struct Recorder {
    network: Network<f64>,
    x: Matrix<f64>,
    y: Matrix<f64>,
    gradient: Matrix<f64>,
    /// ∂J/∂w in batch 1, 2, 3, …
    gradient_of: fn(usize) -> f64,
    /// x and y of every batch so far, and w before its update.
    pub(crate) batches: Vec<(Vec<f64>, Vec<f64>, f64)>,
}

impl Recorder {
    pub(crate) fn new(weight: f64, gradient_of: fn(usize) -> f64) -> Self {
        let number = |x: f64| Matrix::from_column(&[x]);
        let dense = Dense { weight: number(weight), bias: number(0.0), activation: Activation::Identity };
        let network = Network::new(vec![dense], Loss::LeastSquares).expect("a network");
        let [x, y, gradient] = [0.0; 3].map(number);
        Recorder { network, x, y, gradient, gradient_of, batches: Vec::new() }
    }

    pub(crate) fn weight(&self) -> f64 {
        self.network.layers()[0].weight[(0, 0)]
    }
}

impl Engine<f64> for Recorder {
    fn batch_mut(&mut self) -> [&mut Matrix<f64>; 2] {
        [&mut self.x, &mut self.y]
    }

    fn loss_and_gradients(&mut self) -> f64 {
        self.batches.push((self.x.as_slice().to_vec(), self.y.as_slice().to_vec(), self.weight()));
        self.gradient[(0, 0)] = (self.gradient_of)(self.batches.len());
        self.x.as_slice().iter().sum::<f64>() / self.x.columns() as f64
    }

    fn output(&self) -> &Matrix<f64> {
        &self.x
    }

    fn parameters_mut(&mut self) -> impl Iterator<Item = (&mut Matrix<f64>, &Matrix<f64>)> {
        self.network.parameters_mut().take(1).map(|weight| (weight, &self.gradient))
    }

    fn layer(&self, _: usize) -> LayerValues<'_, f64> {
        unimplemented!("the training loop asks for no layer")
    }

    fn network(&self) -> Cow<'_, Network<f64>> {
        Cow::Borrowed(&self.network)
    }

    fn into_network(self) -> Network<f64> {
        self.network
    }
}
