//! Texts of users, and texts that people are to read.
//!
//! | file | what is in it |
//! |---|---|
//! | message.rs | texts of a user in a line that a terminal shows and does not obey |
//! | text_file.rs | JSON files of users, before they are parsed (feature `cli`) |
//! | json.rs | JSON in lines: one for each layer, or for each matrix |
//! | json_error.rs | what is wrong with a JSON file of a user |

pub(crate) mod json;
mod json_error;
mod message;
#[cfg(feature = "cli")]
mod text_file;

pub use json_error::{JsonError, parse_json};
pub use message::{escaped, one_line, quoted};
#[cfg(feature = "cli")]
pub use text_file::{Foreign, JSON_FILE_LIMIT, TextFileError, read_json_text};
#[cfg(feature = "cli")]
pub(crate) use text_file::{regular_file, utf8_mark};
