//! The data sets by name, and the settings that suit each.

use clap::ValueEnum;
use nn_core::{Activation, seeded};
use nn_train::{DataSet, Split, circles, digits, iris, moons, spirals, split, xor};

use crate::args::{BatchSize, Data, DataOptions, OptimizerName};
use crate::failure::Failure;
use crate::memory::ask_for;

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

impl Data {
    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    pub(crate) fn defaults(self) -> Defaults {
        let standard = Defaults {
            hidden: &[64],
            activation: Activation::Relu,
            epochs: 30,
            batch_size: BatchSize::Examples(32),
            learning_rate: 0.2,
            validation: 0.2,
        };
        let small = Defaults { batch_size: BatchSize::Examples(16), ..standard };
        match self {
            Data::Digits => standard,
            Data::Iris => Defaults { epochs: 50, ..small },
            Data::Xor => Defaults {
                hidden: &[8],
                activation: Activation::Tanh,
                epochs: 200,
                batch_size: BatchSize::All,
                learning_rate: 0.5,
                validation: 0.0,
            },
            Data::Moons | Data::Circles => Defaults { hidden: &[16], epochs: 100, ..small },
            Data::Spirals => Defaults { hidden: &[64, 64], epochs: 150, ..small },
        }
    }

    /// The data set, always the same for the same options.
    pub(crate) fn load(self, options: &DataOptions) -> Result<DataSet, Failure> {
        let is_generated = matches!(self, Data::Moons | Data::Circles | Data::Spirals);
        if !is_generated && (options.examples.is_some() || options.noise.is_some()) {
            let name = self.name();
            return Err(Failure::usage(format_args!(
                "--examples and --noise are for moons, circles and spirals; {name} is what it is"
            )));
        }
        let examples = options.examples.unwrap_or(if self == Data::Spirals { 1000 } else { 500 }) as usize;
        // Points twice while they are put into a matrix, their classes, and the draw of the held-out rows; or the digits.
        let bytes = if is_generated { 80.0 * examples as f64 } else { 3e6 };
        ask_for(bytes, format_args!("the examples of {}", self.name()))?;
        let noise = |default| options.noise.unwrap_or(default);
        let mut rng = seeded(DATA_SEED);
        Ok(match self {
            Data::Digits => digits(),
            Data::Iris => iris(),
            Data::Xor => xor(),
            Data::Moons => moons(examples, noise(0.1), &mut rng),
            Data::Circles => circles(examples, noise(0.1), &mut rng),
            Data::Spirals => spirals(examples, 3, noise(0.2), &mut rng),
        })
    }

    /// Which rows are trained on and which are held out.
    pub(crate) fn split(self, data: &DataSet, options: &DataOptions) -> Split {
        split(data, options.validation.unwrap_or(self.defaults().validation))
    }
}

/// Generated data do not depend on --seed: runs with different seeds learn the same thing.
const DATA_SEED: u64 = 20;
