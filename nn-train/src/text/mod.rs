//! User text, and text that people read.
//!
//! | file | what is in it |
//! |---|---|
//! | message.rs | user text for messages on a terminal, with control characters escaped |
//! | text_file.rs | reads the JSON files of users as text, before they are parsed (feature `cli`) |
//! | json.rs | writes JSON in lines: one for each layer, or for each matrix |
//! | json_error.rs | parses JSON, with errors for users |

pub(crate) mod json;
mod json_error;
mod message;
#[cfg(feature = "cli")]
mod text_file;

pub use json_error::{JsonError, parse_json};
pub use message::{escaped, one_line, quoted};
#[cfg(feature = "cli")]
pub(crate) use text_file::utf8_mark;
#[cfg(feature = "cli")]
pub use text_file::{Foreign, JSON_FILE_LIMIT, TextFileError, read_json_text};
