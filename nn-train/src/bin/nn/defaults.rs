//! The settings that suit each data set.

use nn_core::Activation;

use crate::values::{BatchSize, Builtin, OptimizerName};

/// What `train` does where it is not told otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Defaults {
    pub(crate) hidden: &'static [usize],
    pub(crate) activation: Activation,
    pub(crate) epochs: usize,
    pub(crate) batch_size: BatchSize,
    /// η of sgd without momentum.
    pub(crate) learning_rate: f64,
    pub(crate) validation: f64,
}

impl Defaults {
    pub(crate) fn learning_rate(&self, optimizer: OptimizerName) -> f64 {
        match optimizer {
            OptimizerName::Sgd => self.learning_rate,
            OptimizerName::Adam => 0.01,
        }
    }
}

const STANDARD: Defaults = Defaults {
    hidden: &[64],
    activation: Activation::Relu,
    epochs: 30,
    batch_size: BatchSize::Examples(32),
    learning_rate: 0.2,
    validation: 0.2,
};

impl Defaults {
    /// A table of one's own, which may be small or large, easy or hard.
    pub(crate) const CSV: Defaults = Defaults { epochs: 50, learning_rate: 0.05, ..STANDARD };
    /// Pictures of the size of MNIST, tens of thousands of them.
    pub(crate) const IDX: Defaults =
        Defaults { hidden: &[128], epochs: 10, batch_size: BatchSize::Examples(64), learning_rate: 0.1, ..STANDARD };
}

impl Builtin {
    pub(crate) fn defaults(self) -> Defaults {
        let small = Defaults { batch_size: BatchSize::Examples(16), ..STANDARD };
        match self {
            Builtin::Digits => STANDARD,
            Builtin::Iris => Defaults { epochs: 50, ..small },
            Builtin::Xor => Defaults {
                hidden: &[8],
                activation: Activation::Tanh,
                epochs: 200,
                batch_size: BatchSize::All,
                learning_rate: 0.5,
                validation: 0.0,
            },
            Builtin::Moons | Builtin::Circles => Defaults { hidden: &[16], epochs: 100, ..small },
            Builtin::Spirals => Defaults { hidden: &[64, 64], epochs: 150, ..small },
        }
    }
}
