//! The random initial parameters of a network.

use std::fmt;

use nn_core::{Activation, Matrix, Scalar, normal, uniform};
use rand::Rng;

use crate::Dense;

/// How the weights and biases of a layer with n_{l−1} inputs and n_l units are drawn.
///
/// Equal starting weights would stay equal for ever, because equal units receive equal gradients: so they are drawn at
/// random. Their size decides whether signals fade or grow from layer to layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Initialization {
    /// Weights uniform in ±√(6 / (n_{l−1} + n_l)), biases zero: for sigmoid, tanh and softmax (Glorot and Bengio 2010,
    /// equation 16).
    Glorot,
    /// Weights normal with variance 2 / n_{l−1}, biases zero: for ReLU (He et al. 2015, equation 10).
    He,
    /// Weights and biases normal with variance 1, as in the first chapter of Nielsen's book.
    Normal,
}

impl Initialization {
    /// All of them.
    pub const ALL: [Initialization; 3] = [Initialization::Glorot, Initialization::He, Initialization::Normal];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Initialization::Glorot => "glorot",
            Initialization::He => "he",
            Initialization::Normal => "normal",
        }
    }

    /// A new layer. The numbers are drawn in f64, weights column by column and then biases, and rounded to `T`: the
    /// same generator gives the same network in any precision.
    ///
    /// ```
    /// use nn_core::{Activation, seeded};
    /// use nn_layers::Initialization;
    ///
    /// let layer = Initialization::Glorot.dense::<f64>(100, 50, Activation::Tanh, &mut seeded(1));
    /// let bound = (6.0_f64 / 150.0).sqrt();
    /// assert!(layer.weight.as_slice().iter().all(|w| w.abs() <= bound));
    /// assert!(layer.bias.as_slice().iter().all(|&b| b == 0.0));
    /// ```
    // ANCHOR: initialization_dense
    pub fn dense<T: Scalar>(
        self,
        inputs: usize,
        outputs: usize,
        activation: Activation,
        rng: &mut impl Rng,
    ) -> Dense<T> {
        // BEGIN SOLUTION 10.3
        let (n_below, n) = (inputs as f64, outputs as f64);
        let weight = Matrix::from_fn(outputs, inputs, |_, _| {
            T::from_f64(match self {
                Initialization::Glorot => (2.0 * uniform(rng) - 1.0) * (6.0 / (n_below + n)).sqrt(),
                Initialization::He => normal(rng) * (2.0 / n_below).sqrt(),
                Initialization::Normal => normal(rng),
            })
        });
        let bias = Matrix::from_fn(outputs, 1, |_, _| match self {
            Initialization::Glorot | Initialization::He => T::zero(),
            Initialization::Normal => T::from_f64(normal(rng)),
        });
        Dense { weight, bias, activation }
        // END SOLUTION 10.3
    }
    // ANCHOR_END: initialization_dense
}

impl fmt::Display for Initialization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
