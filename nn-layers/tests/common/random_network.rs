//! Random networks with a batch, for the property tests and for the example that checks ten thousand of them.

use std::fmt;

use nn_core::{Activation, Generator, Loss, Matrix, below, normal, seeded, uniform};
use nn_layers::{Dense, Network};
use rand::Rng;

/// What a network is made of, and the seed of its numbers. Its display names the case in messages.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) inputs: usize,
    /// The units and the activation of each layer.
    pub(crate) layers: Vec<(usize, Activation)>,
    pub(crate) loss: Loss,
    pub(crate) examples: usize,
    pub(crate) seed: u64,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.inputs)?;
        for (units, activation) in &self.layers {
            write!(f, " → {units} {activation}")?;
        }
        let examples = if self.examples == 1 { "example" } else { "examples" };
        write!(f, ", {}, {} {examples}, seed {}", self.loss, self.examples, self.seed)
    }
}

/// The last activations that a model file allows, each with its loss.
pub(crate) fn ends() -> Vec<(Activation, Loss)> {
    let mut ends: Vec<_> = Activation::ALL.iter().map(|&activation| (activation, Loss::LeastSquares)).collect();
    ends.push((Activation::Softmax, Loss::CrossEntropy));
    ends.push((Activation::Sigmoid, Loss::BinaryCrossEntropy));
    ends
}

impl Case {
    /// 1 to 5 layers with any activations, on 1 to 8 inputs, units and examples; in one network of four hundred on 1 to 48,
    /// which brings in the large products, and matrices too large to be checked in every entry.
    #[allow(dead_code)] // The property tests draw their cases by proptest, which can shrink them.
    pub(crate) fn random(rng: &mut Generator) -> Case {
        let most = if below(rng, 400) == 0 { 48 } else { 8 };
        let hidden = below(rng, 5);
        let mut layers: Vec<_> = (0..hidden).map(|_| (1 + below(rng, most), Activation::ALL[below(rng, 8)])).collect();
        let ends = ends();
        let (last, loss) = ends[below(rng, ends.len())];
        layers.push((1 + below(rng, most), last));
        let (inputs, examples) = (1 + below(rng, most), 1 + below(rng, most));
        Case { inputs, layers, loss, examples, seed: rng.next_u64() >> 32 }
    }

    /// The network and a batch x, y.
    ///
    /// Inputs and targets are normal numbers (for the cross-entropies soft targets), so that no upstream gradient is one.
    /// Weights are normal with variance 1/n_{l−1}, biases with variance 1/4: signals keep their size, and units are
    /// neither saturated (1 − tanh² z has no digits left at z = 19) nor linear.
    pub(crate) fn draw(&self) -> (Network<f64>, Matrix<f64>, Matrix<f64>) {
        let mut rng = seeded(self.seed);
        let mut matrix = |rows, columns, size: f64| Matrix::from_fn(rows, columns, |_, _| size * normal(&mut rng));
        let mut inputs = self.inputs;
        let mut layers = Vec::new();
        for &(units, activation) in &self.layers {
            let size = (inputs as f64).powf(-0.5);
            layers.push(Dense { weight: matrix(units, inputs, size), bias: matrix(units, 1, 0.5), activation });
            inputs = units;
        }
        let x = matrix(self.inputs, self.examples, 1.0);
        let mut y = matrix(inputs, self.examples, 1.0);
        let mut shares = || Matrix::from_fn(inputs, self.examples, |_, _| uniform(&mut rng) + 0.1);
        match self.loss {
            Loss::LeastSquares => {}
            Loss::BinaryCrossEntropy => y = shares().map(|y| y / 1.1),
            Loss::CrossEntropy => {
                y = shares();
                for j in 0..self.examples {
                    let sum: f64 = y.column(j).iter().sum();
                    y.column_mut(j).iter_mut().for_each(|y| *y /= sum);
                }
            }
        }
        (Network::new(layers, self.loss).expect("layers that fit"), x, y)
    }
}
