//! How the program fails: what it says, and with which exit code.

use std::fmt::Display;
use std::path::Path;

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

    /// The line for standard error. Messages of libraries may have several lines: they become one.
    pub(crate) fn message(&self) -> Option<String> {
        match self {
            Failure::Usage(message) | Failure::Data(message) => {
                Some(message.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            Failure::Signal(_) => None,
        }
    }
}
