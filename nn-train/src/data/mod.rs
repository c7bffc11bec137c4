//! Data: examples, where they come from, and what is done to them before a training.
//!
//! | file | what is in it |
//! |---|---|
//! | data_set.rs | [`DataSet`]: inputs and targets, a column for each example |
//! | embedded.rs, synthetic.rs | digits and iris; XOR, moons, circles, spirals |
//! | split.rs | the rows that are held out |
//! | standardize.rs | mean 0 and deviation 1 |
//! | precision.rs | f32 or f64, and which numbers they hold |
//! | cell.rs | a number or a name in a cell of a table |
//! | csv_reader.rs, csv_error.rs | rows from CSV, one after the other, and what is wrong with one (feature `cli`) |
//! | csv_table.rs | a data set from CSV: inputs, and then a label or targets (feature `cli`) |
//! | idx.rs | pictures and labels from IDX files, the format of MNIST (feature `cli`) |

mod cell;
#[cfg(feature = "cli")]
mod csv_error;
#[cfg(feature = "cli")]
mod csv_reader;
#[cfg(feature = "cli")]
mod csv_table;
mod data_set;
mod embedded;
#[cfg(feature = "cli")]
mod idx;
mod precision;
mod split;
mod standardize;
mod synthetic;

pub use cell::{NumberError, plain_number};
#[cfg(feature = "cli")]
pub use csv_error::{CLASS_LIMIT, CSV_CELL_LIMIT, CSV_LINE_LIMIT, CellFault, CsvError};
#[cfg(feature = "cli")]
pub use csv_reader::{CsvFormat, CsvReader, Header, Row};
#[cfg(feature = "cli")]
pub use csv_table::{LastColumns, Table, TableFormat, check_features, read_table};
pub use data_set::{DataSet, DataSetError, Targets};
pub use embedded::{digits, iris};
#[cfg(feature = "cli")]
pub use idx::{Idx, IdxError, Pictures, read_idx};
pub use precision::Precision;
pub use split::{Split, split};
pub use standardize::Standardization;
pub(crate) use standardize::power_of_two_below;
pub use synthetic::{circles, moons, spirals, xor};
