//! Models: a trained network with what it takes to use it on raw data.
//!
//! | file | what is in it |
//! |---|---|
//! | model.rs | [`Model`]: predicts from raw inputs |
//! | overflow.rs | where the numbers of a model stop being finite, and for which example |
//! | file.rs, error.rs | the JSON form, and why a text is none |

mod error;
mod file;
mod model;
mod overflow;

pub use error::ModelError;
pub use model::Model;
pub use overflow::{Overflow, OverflowPlace};
