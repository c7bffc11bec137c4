//! Model files on disk.

use std::path::Path;

use nn_train::{Model, read_json_text};

use crate::failure::Failure;

/// Reads a model file.
pub(crate) fn read_model(path: &Path) -> Result<Model, Failure> {
    let text = read_json_text(path).map_err(|error| Failure::file(path, error))?;
    Model::from_json(&text).map_err(|error| Failure::file(path, error))
}
