//! Training: the loop, the updates, and how good the outputs are.
//!
//! | file | what is in it |
//! |---|---|
//! | optimizer.rs | the update W ← W − η ∂J/∂W, momentum, weight decay, Adam; the schedules of η |
//! | trainer.rs | [`Trainer`]: epochs over shuffled batches; examples, and what is reported of them |
//! | metrics.rs | accuracy, confusion matrix, R² |
//! | threads.rs | threads for large products, kept alive (feature `threads`) |

mod metrics;
mod optimizer;
#[cfg(feature = "threads")]
mod threads;
mod trainer;

pub use metrics::{ConfusionMatrix, accuracy, r_squared};
pub use optimizer::{Optimizer, RestoreError, Schedule, sgd_update};
#[cfg(feature = "threads")]
pub use threads::{Threads, ThreadsError};
pub use trainer::{BatchReport, EpochReport, Evaluation, Examples, Plan, Stopped, Trainer};
