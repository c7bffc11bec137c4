//! Why a text is not a table of numbers, and where.

use std::io;

use crate::cell::NumberError;
use crate::csv_reader::{CSV_CELL_LIMIT, CSV_LINE_LIMIT};
use crate::message::quoted;
use crate::text_file::Foreign;

/// Why a text is not a table of numbers. Lines and columns are counted from 1.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// The source fails.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// It is no text in UTF-8.
    #[error("{0}")]
    Foreign(#[from] Foreign),
    /// A line longer than [`CSV_LINE_LIMIT`].
    #[error("line {line} is longer than {} MiB", CSV_LINE_LIMIT >> 20)]
    LongLine {
        /// Which.
        line: u64,
    },
    /// Something is wrong with a cell.
    #[error("line {line}, column {column}: {fault}")]
    Cell {
        /// Which line.
        line: u64,
        /// Which cell of it.
        column: usize,
        /// What is wrong.
        fault: CellFault,
    },
}

/// What is wrong with a cell.
#[derive(Debug, thiserror::Error)]
pub enum CellFault {
    /// Nothing is in it.
    #[error("the cell is empty{}", header_hint(*.perhaps_header))]
    Empty {
        /// Whether it is on a first line that may have been meant as a header.
        perhaps_header: bool,
    },
    /// It is the head of an index column: its text.
    #[error("{}: is this an index column? Leave it out (pandas: index=False)", empty_or_quoted(.0))]
    Index(String),
    /// A byte that UTF-8 does not have.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// A byte that no text has.
    #[error("the cell has a NUL byte")]
    Nul,
    /// Longer than [`CSV_CELL_LIMIT`].
    #[error("the cell is longer than {} KiB", CSV_CELL_LIMIT >> 10)]
    Long,
    /// The line ends inside the quotes.
    #[error("the quote is not closed on its line")]
    OpenQuote,
    /// A quoted cell goes on.
    #[error("the cell goes on behind its closing quote")]
    BehindQuote,
    /// It is to be a number.
    #[error("{error}{}", header_hint(*.perhaps_header))]
    Number {
        /// Why it is none.
        error: NumberError,
        /// Whether it is on a first line that may have been meant as a header.
        perhaps_header: bool,
    },
}

fn header_hint(perhaps_header: bool) -> &'static str {
    if perhaps_header { " (--header yes skips this line)" } else { "" }
}

fn empty_or_quoted(cell: &str) -> String {
    if cell.is_empty() { "the cell is empty".to_owned() } else { quoted(cell) }
}
