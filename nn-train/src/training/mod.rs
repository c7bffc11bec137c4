//! Training: the loop, the updates, and how good the outputs are.
//!
//! | file | what is in it |
//! |---|---|
//! | optimizer.rs | the update W ← W − η ∂J/∂W, momentum, weight decay, Adam; the schedules of η |
//! | trainer.rs | [`Trainer`]: epochs over shuffled batches; examples, and what is reported of them |
//! | state.rs | [`TrainerState`]: what a training remembers between two batches, to be kept and taken up again |
//! | history.rs | [`EpochRow`]: a history of epochs, and the best one in it |
//! | metrics.rs | accuracy, confusion matrix, R² |
//! | threads.rs | threads for large products, kept alive (feature `threads`) |

mod history;
mod metrics;
mod optimizer;
mod state;
#[cfg(feature = "threads")]
mod threads;
mod trainer;

pub use history::{EpochRow, best_epoch};
pub use metrics::{ConfusionMatrix, accuracy, r_squared};
pub use optimizer::{Optimizer, RestoreError, Schedule, sgd_update};
pub use state::{StateError, TrainerState};
#[cfg(feature = "threads")]
pub use threads::{Threads, ThreadsError};
pub use trainer::{BatchReport, EpochReport, EpochSoFar, Evaluation, Examples, Plan, Stopped, Trainer};
