//! Why a text is not a table of numbers, and where.

use std::io;

use nn_core::text::counted;

use super::cell::{NumberError, is_missing};
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
        /// The number of the line, from 1.
        line: u64,
    },
    /// A row has another number of cells than the lines before it.
    #[error("line {line}: {}, but line {other} has {expected}", counted(*.found, "column"))]
    Width {
        /// The number of the line, from 1.
        line: u64,
        /// Its cells.
        found: usize,
        /// The first line, a header or a row.
        other: u64,
        /// The cells of that.
        expected: usize,
    },
    /// A row does not have as many cells as it is to have.
    #[error("line {line}: {}, but {wanted}", counted(*.found, "column"))]
    Columns {
        /// The number of the line, from 1.
        line: u64,
        /// Its cells.
        found: usize,
        /// What there is to be, as a sentence.
        wanted: String,
        /// The first of its cells.
        cell: String,
    },
    /// There are no rows.
    #[error("there are no rows{}", .header.map_or(String::new(), |line| format!(" after the header, line {line}")))]
    NoRows {
        /// The line of the header, where there is one.
        header: Option<u64>,
    },
    /// Something is wrong with a cell.
    #[error("line {line}, column {column}: {fault}")]
    Cell {
        /// The number of the line, from 1.
        line: u64,
        /// The number of the cell, from 1.
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

    /// Whether a cell says that its value is missing: it is empty, or `NA` or the like in the place of a number.
    pub fn is_missing_value(&self) -> bool {
        self.text().is_some_and(is_missing)
    }

    /// The text that is to be a number and is none, or the empty text of an empty cell.
    pub fn text(&self) -> Option<&str> {
        match self {
            CsvError::Cell { fault: CellFault::Empty { .. }, .. } => Some(""),
            CsvError::Cell { fault: CellFault::Number { error: NumberError::NotANumber { text }, .. }, .. } => {
                Some(text)
            }
            _ => None,
        }
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
    #[error("text after the closing quote")]
    BehindQuote,
    /// It is to be a number.
    #[error("{error}")]
    Number {
        /// Why it is none.
        error: NumberError,
        /// Whether it is on a first line that may have been meant as a header.
        perhaps_header: bool,
    },
    /// The label of a class is a fraction: its text.
    #[error("the label {} is a number, but not an integer", quoted(.0))]
    Fraction(String),
    /// More classes than anybody means: the label of the first that is too many.
    #[error("the label {} is the {}st: at most {CLASS_LIMIT} classes can be told apart", quoted(.0), CLASS_LIMIT + 1)]
    Classes(String),
    /// A label that the model does not know.
    #[error("the model has no class {}; its classes are {}", quoted(.label), listed(.classes))]
    UnknownClass {
        /// The label.
        label: String,
        /// Those of the model.
        classes: Vec<String>,
    },
    /// The names of a header are those of the model in another order.
    #[error("{} stands where the model has {}: bring the columns into the order {}", quoted(.found), quoted(.expected), listed(.features))]
    Order {
        /// The name in the header.
        found: String,
        /// That of the model.
        expected: String,
        /// All those of the model.
        features: Vec<String>,
    },
}

/// The most classes that labels of a table may have.
pub const CLASS_LIMIT: usize = 1000;

/// Names with commas between them; of many, the first ones.
pub(crate) fn listed(names: &[String]) -> String {
    const MOST: usize = 10;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| quoted(name)).collect();
    shown.join(", ") + if names.len() > MOST { ", …" } else { "" }
}

fn empty_or_quoted(cell: &str) -> String {
    if cell.is_empty() { "the cell is empty".to_owned() } else { quoted(cell) }
}
