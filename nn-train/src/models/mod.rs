//! Models: a trained network with what is needed to use it on raw data.
//!
//! | file | what is in it |
//! |---|---|
//! | model.rs | [`Model`]: predicts from raw inputs |
//! | batch.rs | [`Batch`]: examples in JSON, and whether they fit a model |
//! | report.rs | [`Report`]: loss, accuracy or R², and confusion matrix on the rows of a data set |
//! | overflow.rs | where the numbers of a model stop being finite, and for which example |
//! | checkpoint.rs | [`Checkpoint`]: a training that was stopped, as bytes from which it goes on |
//! | container.rs | what those bytes are: safetensors with a JSON text and a checksum |
//! | target_scale.rs | [`TargetScale`]: the targets of a regression in a unit of their own |
//! | file.rs, error.rs | the JSON format, and its parse errors |

mod batch;
mod checkpoint;
mod container;
mod error;
mod file;
mod model;
mod overflow;
mod report;
mod target_scale;

pub use batch::{Batch, BatchError};
#[cfg(feature = "cli")]
pub use checkpoint::read_checkpoint;
pub use checkpoint::{Checkpoint, CheckpointError, checkpoint_run};
pub use container::{ContainerError, FileNumber};
pub use error::ModelError;
pub use model::Model;
pub use overflow::{Overflow, OverflowPlace};
pub use report::{Mismatch, NotFinite, Report};
pub use target_scale::TargetScale;
