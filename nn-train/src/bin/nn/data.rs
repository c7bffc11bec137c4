//! The data sets by name.

use nn_core::seeded;
use nn_train::{DataSet, Split, circles, digits, iris, moons, spirals, split, xor};

use crate::args::DataOptions;
use crate::failure::Failure;
use crate::memory::ask_for;
use crate::values::Data;

impl Data {
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
