//! What ends the program with a line on standard error.

use std::fmt;
use std::path::Path;

/// One clear line.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Failure(message.to_string())
    }

    /// What is wrong with a file.
    pub(crate) fn of(path: &Path, error: impl fmt::Display) -> Self {
        Failure(format!("{}: {}", path.display(), error.to_string().trim_end()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
