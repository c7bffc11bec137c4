//! How the program fails: what it says, and with which exit code.

use std::fmt::Display;
use std::path::Path;

use nn_train::one_line;

/// Why the program ends with another code than 0.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A wrong option or value: exit 2.
    Usage(String),
    /// Data, a model or a file: exit 1.
    Data(String),
    /// A signal, after the current batch: exit 128 + its number.
    Signal(usize),
}

impl Failure {
    pub(crate) fn usage(message: impl Display) -> Self {
        Failure::Usage(message.to_string())
    }

    pub(crate) fn data(message: impl Display) -> Self {
        Failure::Data(message.to_string())
    }

    /// Something about a file, whose name comes first. Names need not be UTF-8: what is not is shown as �.
    pub(crate) fn file(path: &Path, message: impl Display) -> Self {
        Failure::Data(format!("{}: {message}", path.display()))
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Data(_) => 1,
            Failure::Signal(signal) => 128 + *signal as u8,
        }
    }

    /// The line for standard error. It may quote names and texts of users: a terminal shows them and does not obey them.
    pub(crate) fn message(&self) -> Option<String> {
        match self {
            Failure::Usage(message) | Failure::Data(message) => Some(one_line(message)),
            Failure::Signal(_) => None,
        }
    }
}
