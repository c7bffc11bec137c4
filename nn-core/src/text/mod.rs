//! Numbers and tables as text. Everything that prints numbers for people uses these: a matrix, a tape, a worked example, a
//! message.
//!
//! | file | what is in it |
//! |---|---|
//! | numbers.rs | significant digits, superscripts and subscripts, layers, counts with their nouns |
//! | table.rs | tables whose columns line up, also by the decimal point |

mod numbers;
mod table;

pub use numbers::{counted, grouped, of_layer, on_paper, significant, subscript, superscript};
pub use table::{Align, Table};
