//! The training loop: rounds through the data, batch by batch.

use std::borrow::Cow;
use std::ops::ControlFlow;

use nn_core::{Matrix, Scalar, seeded, shuffle};
use nn_layers::{Engine, Network, predicted_class};

use super::metrics::{accuracy, r_squared};
use super::optimizer::{Optimizer, Schedule};
use crate::data::{DataSet, Targets};

/// Examples in the precision of the training, ready to be picked: inputs, target matrix, and labels where there are
/// classes.
#[derive(Clone, Debug)]
pub struct Examples<T> {
    /// n₀ × N
    pub x: Matrix<T>,
    /// n_L × N: one-hot, or a row of 0 and 1 for two classes and one output, or the values of a regression.
    pub y: Matrix<T>,
    /// The class of each example.
    pub labels: Option<Vec<usize>>,
}

impl<T: Scalar> Examples<T> {
    /// The examples of a data set, for a network with so many outputs.
    ///
    /// # Panics
    ///
    /// Panics if the data set cannot have so many outputs; [`DataSet::target_matrix_for`] says which it can.
    pub fn new(data: &DataSet, outputs: usize) -> Self {
        let labels = match &data.targets {
            Targets::Classes { labels, .. } => Some(labels.clone()),
            Targets::Values(_) => None,
        };
        Examples { x: data.x.map(T::from_f64), y: data.target_matrix_for(outputs).map(T::from_f64), labels }
    }

    /// As [`new`](Examples::new), of a data set that is in this precision already: its inputs are not copied.
    ///
    /// # Panics
    ///
    /// Panics if the data set cannot have so many outputs.
    pub fn from_data(data: DataSet<T>, outputs: usize) -> Self {
        let y = data.target_matrix_for(outputs);
        let labels = match data.targets {
            Targets::Classes { labels, .. } => Some(labels),
            Targets::Values(_) => None,
        };
        Examples { x: data.x, y, labels }
    }

    /// The examples that `indices` lists, in that order.
    ///
    /// # Panics
    ///
    /// Panics if there is no such example.
    pub fn subset(&self, indices: &[usize]) -> Self {
        let [x, y] = [&self.x, &self.y].map(|source| {
            let mut of_these = Matrix::zeros(0, 0);
            of_these.gather_columns(source, indices);
            of_these
        });
        let labels = self.labels.as_ref().map(|labels| indices.iter().map(|&i| labels[i]).collect());
        Examples { x, y, labels }
    }

    /// N, the number of examples.
    pub fn len(&self) -> usize {
        self.x.columns()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The loss and the accuracy (or R², in a regression) of a network on all of these.
    ///
    /// # Panics
    ///
    /// Panics if there are no examples, if they do not fit the network, or if its loss
    /// [does not take](nn_core::Loss::check_targets) their targets.
    pub fn evaluate(&self, network: &Network<T>) -> Evaluation<T> {
        // Block after block: what lies between the layers takes room for a block alone, and an example has the same outputs
        // in any block.
        const BLOCK: usize = 1024;
        let mut is_finite = true;
        let mut see =
            |_, z: &Matrix<T>, _: &_| is_finite = is_finite && z.as_slice().iter().all(|z| z.to_f64().is_finite());
        let [mut z, mut outputs] = [(); 2].map(|()| Matrix::zeros(network.outputs(), self.len()));
        for start in (0..self.len()).step_by(BLOCK) {
            let end = self.len().min(start + BLOCK);
            let of_block = network.forward(self.x.columns_range(start..end), &mut see);
            for (all, of_block) in [&mut z, &mut outputs].into_iter().zip(&of_block) {
                let rows = all.rows();
                all.as_mut_slice()[rows * start..rows * end].copy_from_slice(of_block.as_slice());
            }
        }
        let loss = network.loss().value(&z, &outputs, &self.y).to_f64();
        if let Err(error) = network.loss().check_targets(&self.y) {
            panic!("{error}");
        }
        let (accuracy, r_squared) = match &self.labels {
            Some(labels) => (Some(accuracy(&outputs, labels)), None),
            None => (None, Some(r_squared(&outputs, &self.y))),
        };
        is_finite = is_finite && loss.is_finite() && r_squared.is_none_or(f64::is_finite);
        Evaluation { loss, accuracy, r_squared, outputs, is_finite }
    }
}

/// How a network does on some examples.
#[derive(Clone, Debug)]
pub struct Evaluation<T> {
    /// J, the mean over the examples.
    pub loss: f64,
    /// The share of examples whose class is right; `None` in a regression.
    pub accuracy: Option<f64>,
    /// The coefficient of determination R²; `None` in a classification.
    pub r_squared: Option<f64>,
    /// a⁽ᴸ⁾, n_L × N.
    pub outputs: Matrix<T>,
    /// Whether all these numbers and all pre-activations are finite. (An overflow can be hidden: sigmoid(∞) = 1.)
    pub is_finite: bool,
}

/// What stays fixed during a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// The planned number of epochs, which a schedule stretches over.
    pub epochs: usize,
    /// Examples per batch. The last batch of an epoch holds the rest, and its loss is the mean over its own examples. A
    /// batch larger than the data is the whole data.
    pub batch_size: usize,
    /// η
    pub learning_rate: f64,
    /// How η changes from epoch to epoch.
    pub schedule: Schedule,
    /// Whether each epoch goes through the examples in a new random order, or as they are.
    pub shuffle: bool,
    /// Where the random orders come from.
    pub seed: u64,
}

impl Default for Plan {
    /// 30 epochs, batches of 32, η = 0.1, constant, shuffled, seed 1.
    fn default() -> Self {
        Plan { epochs: 30, batch_size: 32, learning_rate: 0.1, schedule: Schedule::Constant, shuffle: true, seed: 1 }
    }
}

/// One engine, one optimiser and a plan: the training loop, an epoch at a time.
#[derive(Debug)]
pub struct Trainer<T, E> {
    pub(super) engine: E,
    pub(super) optimizer: Optimizer<T>,
    plan: Plan,
    order: Vec<usize>,
    pub(super) so_far: EpochSoFar,
}

/// How far an epoch has come that was stopped after a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EpochSoFar {
    /// Its number, from 1; 0 if no epoch was stopped.
    pub epoch: usize,
    /// The examples that have been used: the first ones of the epoch's random order.
    pub examples: usize,
    /// Σ J of a batch · its examples.
    pub loss_sum: f64,
    /// The examples that the network got right when their turn came.
    pub right: usize,
}

impl EpochSoFar {
    /// The mean of J over the examples that have been used.
    pub fn loss(&self) -> f64 {
        self.loss_sum / self.examples as f64
    }
}

/// Progress after a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchReport {
    /// The batch, from 1.
    pub batch: usize,
    /// The examples of this epoch that have been used so far.
    pub examples: usize,
    /// The mean of J over those examples.
    pub loss: f64,
}

/// What there is to say after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochReport {
    /// The example-weighted mean of the batches' losses, each taken before that batch's update.
    pub loss: f64,
    /// The share of examples that the network got right when their turn came; `None` in a regression.
    pub accuracy: Option<f64>,
}

/// Why an epoch ended before its last batch.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Stopped {
    /// The loss is no longer a finite number: the learning rate is too large, or the data are.
    #[error("the loss is {loss} in epoch {epoch}, batch {batch}: the training diverged; try a smaller learning rate")]
    Diverged {
        /// The number of the epoch, from 1.
        epoch: usize,
        /// The number of the batch, from 1.
        batch: usize,
        /// J of that batch: infinite or not a number.
        loss: f64,
    },
    /// The last update of an epoch left a parameter that is infinite or not a number.
    #[error(
        "a parameter is not finite after epoch {epoch}, batch {batch}: the training diverged; try a smaller learning rate"
    )]
    Overflow {
        /// The number of the epoch, from 1.
        epoch: usize,
        /// The number of the batch, from 1.
        batch: usize,
    },
    /// The caller asked for it after a batch.
    #[error("stopped in epoch {epoch}, after batch {batch}")]
    Asked {
        /// The number of the epoch, from 1.
        epoch: usize,
        /// The number of the batch, from 1.
        batch: usize,
    },
}

impl<T: Scalar, E: Engine<T>> Trainer<T, E> {
    /// A trainer for the network that the engine holds.
    ///
    /// # Panics
    ///
    /// Panics if the batch size of the plan is 0.
    pub fn new(engine: E, optimizer: Optimizer<T>, plan: Plan) -> Self {
        assert!(plan.batch_size > 0, "batch_size must be at least 1");
        Trainer { engine, optimizer, plan, order: Vec::new(), so_far: EpochSoFar::default() }
    }

    /// All epochs of the plan; the report of each.
    ///
    /// For a look at each epoch as it ends, or an earlier end, call [`epoch`](Trainer::epoch) in a loop of your own.
    ///
    /// # Errors
    ///
    /// Stops when the training diverges, as [`epoch`](Trainer::epoch) does.
    ///
    /// # Panics
    ///
    /// Panics if there are no examples or they do not fit the network.
    ///
    /// ```
    /// use nn_core::{Activation, Loss, seeded};
    /// use nn_layers::{ByHand, Initialization, Network};
    /// use nn_train::{Examples, Optimizer, Plan, Trainer, xor};
    ///
    /// let examples = Examples::<f64>::new(&xor(), 1);
    /// let layers = [(8, Activation::Tanh), (1, Activation::Sigmoid)];
    /// let network = Network::random(2, &layers, Loss::BinaryCrossEntropy, Initialization::Glorot, &mut seeded(1))?;
    /// let plan = Plan { epochs: 200, learning_rate: 0.5, ..Plan::default() };
    /// let mut trainer = Trainer::new(ByHand::new(network), Optimizer::sgd(), plan);
    /// let history = trainer.train(&examples)?;
    /// assert!(history[199].loss < history[0].loss);
    /// assert_eq!(examples.evaluate(&trainer.into_network()).accuracy, Some(1.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn train(&mut self, examples: &Examples<T>) -> Result<Vec<EpochReport>, Stopped> {
        (1..=self.plan.epochs).map(|epoch| self.epoch(examples, epoch, |_| ControlFlow::Continue(()))).collect()
    }

    /// One round through the examples, in batches: for each, J, its gradients, and one update of all parameters.
    ///
    /// `epoch` counts from 1; it decides the random order and the scheduled learning rate, so that epoch 7 is the same
    /// whether or not there was a pause before it. `after_batch` is called after each batch; it may stop the epoch. An epoch that was
    /// stopped goes on with its next batch when it is called again with the same number.
    ///
    /// # Errors
    ///
    /// Stops when J is not finite (before that batch's update), when a parameter is not finite after the last update, or
    /// when asked to (after the batch's update).
    ///
    /// # Panics
    ///
    /// Panics if there are no examples or they do not fit the network, and if an epoch that was stopped goes on over fewer
    /// examples than it has used.
    // ANCHOR: epoch
    pub fn epoch(
        &mut self,
        examples: &Examples<T>,
        epoch: usize,
        mut after_batch: impl FnMut(BatchReport) -> ControlFlow<()>,
    ) -> Result<EpochReport, Stopped> {
        assert!(!examples.is_empty(), "an epoch needs at least one example");
        let rate = self.plan.schedule.rate(self.plan.learning_rate, epoch - 1, self.plan.epochs);
        self.order.clear();
        self.order.extend(0..examples.len());
        if self.plan.shuffle {
            shuffle(&mut seeded(self.plan.seed.wrapping_mul(SEED_STRIDE).wrapping_add(epoch as u64)), &mut self.order);
        }
        let so_far = &mut self.so_far;
        if so_far.epoch != epoch {
            *so_far = EpochSoFar { epoch, ..EpochSoFar::default() };
        }
        let (used, n) = (so_far.examples, examples.len());
        assert!(used <= n, "epoch {epoch} was stopped after {used} examples and goes on over {n}");
        let done = used.div_ceil(self.plan.batch_size);
        for (batch, indices) in (1..).zip(self.order.chunks(self.plan.batch_size)).skip(done) {
            // BEGIN SOLUTION 11.2
            let [x, y] = self.engine.batch_mut();
            x.gather_columns(&examples.x, indices);
            y.gather_columns(&examples.y, indices);
            let loss = self.engine.loss_and_gradients().to_f64();
            if !loss.is_finite() {
                return Err(Stopped::Diverged { epoch, batch, loss });
            }
            if let Some(labels) = &examples.labels {
                let outputs = self.engine.output();
                so_far.right +=
                    indices.iter().enumerate().filter(|&(j, &i)| predicted_class(outputs, j) == labels[i]).count();
            }
            self.optimizer.update(self.engine.parameters_mut(), T::from_f64(rate));
            so_far.examples += indices.len();
            so_far.loss_sum += loss * indices.len() as f64;
            let report = BatchReport { batch, examples: so_far.examples, loss: so_far.loss() };
            if after_batch(report).is_break() {
                return Err(Stopped::Asked { epoch, batch });
            }
            // END SOLUTION 11.2
        }
        if !self
            .engine
            .parameters_mut()
            .all(|(parameter, _)| parameter.as_slice().iter().all(|w| w.to_f64().is_finite()))
        {
            return Err(Stopped::Overflow { epoch, batch: examples.len().div_ceil(self.plan.batch_size) });
        }
        let all = std::mem::take(so_far);
        let accuracy = examples.labels.as_ref().map(|_| all.right as f64 / all.examples as f64);
        Ok(EpochReport { loss: all.loss(), accuracy })
    }
    // ANCHOR_END: epoch

    /// The network with its parameters as they are now, to be evaluated between epochs.
    pub fn network(&self) -> Cow<'_, Network<T>> {
        self.engine.network()
    }

    /// The engine, with its parameters as they are now.
    pub fn into_engine(self) -> E {
        self.engine
    }

    /// The trained network.
    pub fn into_network(self) -> Network<T> {
        self.engine.into_network()
    }
}

/// Keeps the random orders of neighbouring seeds apart: seed s, epoch e and seed s + 1, epoch e − 1 are different
/// streams. (The golden ratio times 2⁶⁴, as in SplitMix64.)
const SEED_STRIDE: u64 = 0x9E37_79B9_7F4A_7C15;
