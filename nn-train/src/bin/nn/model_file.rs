//! Model files on disk.

use std::fs;
use std::path::Path;

use nn_train::Model;

use crate::failure::Failure;

/// Reads a model file.
pub(crate) fn read_model(path: &Path) -> Result<Model, Failure> {
    let bytes = fs::read(path).map_err(|error| Failure::file(path, error))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| Failure::file(path, format_args!("byte {}: the text is not UTF-8", error.valid_up_to())))?;
    Model::from_json(text).map_err(|error| Failure::file(path, error))
}
