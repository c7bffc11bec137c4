//! Why a text is not a table of numbers, and where.

use std::io;

use super::cell::NumberError;
use crate::text::{Foreign, quoted};

/// The longest line that is read, in bytes: 16 MiB.
pub const CSV_LINE_LIMIT: usize = 16 << 20;

/// The longest cell that is read, in bytes: 64 KiB.
pub const CSV_CELL_LIMIT: usize = 64 << 10;

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

impl CsvError {
    /// Whether it is on a first line that may have been meant as a header, which
    /// [`Header::Yes`](crate::Header::Yes) skips.
    pub fn is_perhaps_header(&self) -> bool {
        let CsvError::Cell { fault, .. } = self else { return false };
        matches!(fault, CellFault::Empty { perhaps_header: true } | CellFault::Number { perhaps_header: true, .. })
    }
}

/// What is wrong with a cell.
#[derive(Debug, thiserror::Error)]
pub enum CellFault {
    /// Nothing is in it.
    #[error("the cell is empty")]
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
    #[error("{error}")]
    Number {
        /// Why it is none.
        error: NumberError,
        /// Whether it is on a first line that may have been meant as a header.
        perhaps_header: bool,
    },
}

fn empty_or_quoted(cell: &str) -> String {
    if cell.is_empty() { "the cell is empty".to_owned() } else { quoted(cell) }
}
