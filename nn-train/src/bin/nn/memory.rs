//! Memory, asked for in a way that can fail.
//!
//! Where an allocation fails, the standard library ends the program. So a command works out what it is about to allocate,
//! asks for that much in one piece, gives it back, and only then begins.
//!
//! The estimates count parameters, gradients, the state of the optimizer, data, batches and outputs, in all the copies that
//! exist at the same time, and what JSON takes while it is put together. They do not count the program itself, its threads
//! and what comes to less than a megabyte. What they cannot know is how much other programs take in the meantime; and a
//! system that promises more than it has, as Linux does by default, fails only where one piece is beyond all its memory.

use std::fmt::Display;
use std::hint::black_box;

use nn_layers::Network;
use nn_train::{Plan, Precision, Split};

use crate::args::TrainArgs;
use crate::failure::Failure;
use crate::values::{EngineName, OptimizerName};

/// Asks for memory, which is given back at once.
pub(crate) fn ask_for(bytes: f64, what: impl Display) -> Result<(), Failure> {
    // What is asked for piece by piece does not fit as closely as one piece, and a little always comes on top.
    let spare = bytes / 8.0 + f64::from(1 << 20);
    let mut memory = Vec::<u8>::new();
    let given = memory.try_reserve_exact((bytes + spare) as usize);
    // Memory that nobody uses might not be asked for at all.
    black_box(&memory);
    given.map_err(|_| Failure::data(format_args!("{what}: there is not enough memory for {}", size(bytes))))
}

/// 1.5 GB
fn size(bytes: f64) -> String {
    let (unit, name) =
        [(1e12, "TB"), (1e9, "GB"), (1e6, "MB")].into_iter().find(|(unit, _)| bytes >= *unit).unwrap_or((1e3, "kB"));
    format!("{:.1} {name}", bytes / unit)
}

/// The stack of a thread, and what it allocates when it starts: three threads were seen to take 12 MB.
pub(crate) const THREAD: f64 = 5e6;

/// How large a network is, and its numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    parameters: f64,
    inputs: f64,
    outputs: f64,
    layers: f64,
    /// Units of all layers.
    units: f64,
    /// Units of the largest layer.
    widest: f64,
    /// Bytes of a number of the precision that is computed in.
    number: f64,
}

/// Bytes of a number that is not of that precision.
pub(crate) const F64: f64 = 8.0;

impl Sizes {
    pub(crate) fn of(network: &Network<f64>, precision: Precision) -> Self {
        let units = network.layers().iter().map(|dense| dense.outputs());
        Sizes::new(network.inputs(), network.parameter_count(), units, precision)
    }

    /// Of a network with these numbers of inputs and parameters, and of units in each layer.
    pub(crate) fn new(
        inputs: usize,
        parameters: usize,
        units: impl DoubleEndedIterator<Item = usize> + Clone,
        precision: Precision,
    ) -> Self {
        Sizes {
            parameters: parameters as f64,
            inputs: inputs as f64,
            outputs: units.clone().next_back().unwrap_or(0) as f64,
            layers: units.clone().count() as f64,
            units: units.clone().sum::<usize>() as f64,
            widest: units.max().unwrap_or(0) as f64,
            number: match precision {
                Precision::F32 => 4.0,
                Precision::F64 => F64,
            },
        }
    }

    /// So many numbers for each parameter.
    pub(crate) fn parameters(&self, numbers: usize) -> f64 {
        numbers as f64 * (self.number * self.parameters + LAYER * self.layers)
    }

    /// A batch, with `numbers` numbers for each unit.
    fn batch(&self, examples: usize, numbers: usize) -> f64 {
        examples as f64 * self.number * (self.inputs + self.outputs + numbers as f64 * self.units)
    }

    /// Examples that are read on their way to a network: inputs and targets once more, some of them in f64 while they are
    /// taken apart and standardised, and labels and order.
    pub(crate) fn examples(&self, examples: usize) -> f64 {
        let raw = F64 * (self.inputs + self.outputs + STANDARDIZED.min(self.inputs));
        examples as f64 * (raw + self.number * (self.inputs + self.outputs) + 4.0 * F64)
    }

    /// The outputs for examples: z and a of the last layer for all of them, of the others for a block after the other.
    pub(crate) fn outputs(&self, examples: usize) -> f64 {
        let block = examples.min(BLOCK) as f64;
        self.number * (3.0 * examples as f64 * self.outputs + block * (2.0 * self.widest + self.inputs))
    }

    /// Training with these options, from parameters in f64 on.
    pub(crate) fn training(&self, args: &TrainArgs, rows: &Split, plan: &Plan) -> f64 {
        let buffers = match args.optimizer {
            OptimizerName::Sgd => usize::from(args.momentum.is_some_and(|momentum| momentum > 0.0)),
            OptimizerName::Adam => 2,
        };
        // z, a and δ; the tape has an adjoint for z and for a.
        let values = if args.engine == EngineName::Delta { 3 } else { 4 };
        let (train, held_out) = (rows.train.len(), rows.validation.len());
        // Where nothing is held out, the training rows are evaluated in the end.
        let evaluated = if held_out > 0 { held_out } else { train };
        // The parameters that are trained, their gradients, and the parameters after the last epoch.
        self.parameters(3 + buffers)
            + values as f64 * LAYER * self.layers
            + self.batch(plan.batch_size, values)
            + self.examples(train + held_out)
            + self.outputs(evaluated)
            + self.kept(args, buffers)
    }

    /// What is kept of a training for its files, beside the training itself.
    fn kept(&self, args: &TrainArgs, buffers: usize) -> f64 {
        let best = usize::from(args.save_best);
        let copies = match args.out {
            // The state at the end of an epoch, that of the epoch before, and both as the bytes of a file, of which one matrix
            // is put together beside them.
            Some(_) => 3 * (1 + buffers) + 3 * best + 1,
            None => 2 * best,
        };
        self.parameters(copies)
    }

    /// Every number of a step, by both engines.
    pub(crate) fn explanation(&self, examples: usize, is_json: bool) -> f64 {
        let values = examples as f64 * (self.inputs + self.outputs + 3.0 * self.units);
        // Five times in the precision of the engines, four times as f64, and twice in lists that grow.
        let numbers = (self.parameters + values) * (5.0 * self.number + 8.0 * F64);
        let json = if is_json { JSON * (3.0 * self.parameters + 2.0 * values) } else { 0.0 };
        numbers + json + 12.0 * LAYER * self.layers
    }

    /// Four ways to a gradient.
    pub(crate) fn check(&self, examples: usize) -> f64 {
        // The gradients of both engines; parameters as dual numbers and as f64; a direction, with the place of each number.
        let parameters = self.parameters * (6.0 * self.number + 5.0 * F64);
        // z and a of all layers, as dual numbers and as f64, and those that are moved.
        let values = self.inputs + self.outputs + self.units;
        let numbers = parameters + examples as f64 * values * (8.0 * self.number + 3.0 * F64);
        numbers + 12.0 * LAYER * self.layers
    }

    /// A block of rows from CSV, their outputs, and the answers as text.
    pub(crate) fn prediction(&self, rows: usize, is_json: bool) -> f64 {
        let rows_as_f64 = rows as f64 * F64 * (4.0 * self.inputs + self.outputs);
        let text = if is_json { 3.0 * JSON } else { 2.0 * JSON };
        // The overflow of a row is looked for by a pass of its own.
        self.parameters(1) + rows_as_f64 + 2.0 * self.outputs(rows) + rows as f64 * text * (1.0 + self.outputs)
    }

    /// The search for a mistake: the steps of both engines, of those that are tried, and somebody's numbers, each in a few
    /// readings.
    pub(crate) fn diagnosis(&self, examples: usize) -> f64 {
        let values = examples as f64 * (self.inputs + self.outputs + 3.0 * self.units);
        24.0 * F64 * (self.parameters + values) + 12.0 * LAYER * self.layers
    }
}

/// Examples that are evaluated at once.
const BLOCK: usize = 1024;

/// So many inputs at a time are in f64 while their mean is taken.
const STANDARDIZED: f64 = 16.0;

/// Bytes that a layer takes beside its numbers: the heads of its matrices, and what an allocation takes at least. It counts
/// where layers are many and small.
const LAYER: f64 = 1e3;

/// Bytes of a number in JSON, in all the texts that it is part of while they are put together.
const JSON: f64 = 75.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_memory_holds_is_refused_in_one_line() {
        for bytes in [1e18, 1e19, 1e30, f64::INFINITY] {
            let failure = ask_for(bytes, "a network").unwrap_err();
            assert_eq!(failure.exit_code(), 1);
            assert!(failure.message().unwrap().starts_with("a network: there is not enough memory for "));
        }
        assert!(ask_for(1e6, "a network").is_ok());
    }

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!([1500.0, 2e6, 1.54e9, 3e12].map(size), ["1.5 kB", "2.0 MB", "1.5 GB", "3.0 TB"]);
    }
}
