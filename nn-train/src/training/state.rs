//! What a training has to remember between two batches, to be kept and taken up again.

use nn_core::{Matrix, Scalar};
use nn_layers::Engine;

use super::optimizer::RestoreError;
use super::trainer::{EpochSoFar, Trainer};

/// Where a training stands between two batches. With the plan and the examples it decides everything that comes: a trainer
/// that takes it over goes on to the same bits as the one that it was taken from.
///
/// The random order of an epoch is drawn from the plan's seed and the epoch's number alone. So the place in it,
/// [`so_far`](TrainerState::so_far), is all that there is to remember of the generator.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use nn_core::{Activation, Loss, seeded};
/// use nn_layers::{ByHand, Initialization, Network};
/// use nn_train::{Examples, Optimizer, Plan, Trainer, moons};
///
/// let examples = Examples::<f32>::new(&moons(100, 0.1, &mut seeded(1)), 2);
/// let layers = [(8, Activation::Tanh), (2, Activation::Softmax)];
/// let network = Network::random(2, &layers, Loss::CrossEntropy, Initialization::Glorot, &mut seeded(1))?;
/// let new = || Trainer::new(ByHand::new(network.clone()), Optimizer::adam(), Plan::default());
///
/// // One trainer goes through three epochs. Another is stopped in the second one, after two batches.
/// let mut through = new();
/// let mut stopped = new();
/// for epoch in 1..=3 {
///     through.epoch(&examples, epoch, |_| ControlFlow::Continue(()))?;
/// }
/// stopped.epoch(&examples, 1, |_| ControlFlow::Continue(()))?;
/// let two = |batch: nn_train::BatchReport| if batch.batch == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
/// assert!(stopped.epoch(&examples, 2, two).is_err());
/// let state = stopped.state();
///
/// // A third one goes on from there, in another process if it has to be: see `Checkpoint`.
/// let mut resumed = new();
/// resumed.restore(state)?;
/// for epoch in 2..=3 {
///     resumed.epoch(&examples, epoch, |_| ControlFlow::Continue(()))?;
/// }
/// assert_eq!(resumed.state(), through.state());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TrainerState<T> {
    /// W⁽¹⁾, b⁽¹⁾, W⁽²⁾, …: all that the engine trains.
    pub parameters: Vec<Matrix<T>>,
    /// t, the number of [updates](crate::Optimizer::steps) so far.
    pub steps: u64,
    /// What the optimiser [remembers](crate::Optimizer::buffers).
    pub buffers: Vec<Matrix<T>>,
    /// The epoch that was stopped; of number 0 between two epochs.
    pub so_far: EpochSoFar,
}

impl<T> TrainerState<T> {
    /// A state of no training, to be replaced by one.
    pub fn empty() -> Self {
        TrainerState { parameters: Vec::new(), steps: 0, buffers: Vec::new(), so_far: EpochSoFar::default() }
    }
}

/// Why a state is not one of this trainer. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// There are more or fewer parameters.
    #[error("{found} parameters, but the network has {needed}")]
    Count {
        /// Those of the engine.
        needed: usize,
        /// Those of the state.
        found: usize,
    },
    /// A parameter has another shape.
    #[error("parameter {parameter} is {found}, but that of the network is {needed}")]
    Shape {
        /// Its place, from 1.
        parameter: usize,
        /// The shape in the engine.
        needed: String,
        /// The shape in the state.
        found: String,
    },
    /// The optimiser is of another rule, or was used with other parameters.
    #[error(transparent)]
    Optimizer(#[from] RestoreError),
}

impl<T: Scalar, E: Engine<T>> Trainer<T, E> {
    /// A copy of what there is to remember. (An engine lends its parameters for changes only: none is changed here.)
    pub fn state(&mut self) -> TrainerState<T> {
        TrainerState {
            parameters: self.engine.parameters_mut().map(|(parameter, _)| parameter.clone()).collect(),
            steps: self.optimizer.steps(),
            buffers: self.optimizer.buffers().cloned().collect(),
            so_far: self.so_far,
        }
    }

    /// Takes over where another trainer of the same network, optimiser, plan and examples stood.
    ///
    /// # Errors
    ///
    /// Says what does not fit. The trainer is then left as it was.
    pub fn restore(&mut self, state: TrainerState<T>) -> Result<(), StateError> {
        let TrainerState { parameters, steps, buffers, so_far } = state;
        let needed = self.engine.parameters_mut().count();
        if parameters.len() != needed {
            return Err(StateError::Count { needed, found: parameters.len() });
        }
        for (i, ((old, _), new)) in (1..).zip(self.engine.parameters_mut().zip(&parameters)) {
            if old.shape() != new.shape() {
                let (needed, found) = (old.shape().to_string(), new.shape().to_string());
                return Err(StateError::Shape { parameter: i, needed, found });
            }
        }
        self.optimizer.restore(steps, buffers, parameters.iter())?;
        self.engine.parameters_mut().zip(parameters).for_each(|((old, _), new)| *old = new);
        self.so_far = so_far;
        Ok(())
    }
}
