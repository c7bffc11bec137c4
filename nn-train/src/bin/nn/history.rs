//! The history of a training: a row an epoch, as a line of the table and as history.csv.

use std::io::{self, Write};

use nn_core::text::{Align, Table};

use crate::output::{readable, short};

/// One row of history.csv.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EpochRow {
    pub(crate) epoch: usize,
    pub(crate) train_loss: f64,
    pub(crate) train_accuracy: Option<f64>,
    pub(crate) validation_loss: Option<f64>,
    pub(crate) validation_accuracy: Option<f64>,
    /// What the epoch took, training and validation together.
    pub(crate) seconds: f64,
}

impl EpochRow {
    /// The line of the table, below [`head`].
    pub(crate) fn line(&self) -> String {
        let percent = |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{:.2} %", 100.0 * share));
        let loss = |loss: Option<f64>| loss.map_or("–".to_owned(), |loss| readable(loss, 6));
        let mut table = table();
        table.row([
            self.epoch.to_string(),
            loss(Some(self.train_loss)),
            percent(self.train_accuracy),
            loss(self.validation_loss),
            percent(self.validation_accuracy),
        ]);
        table.to_string()
    }

    /// What stands before the progress bar.
    pub(crate) fn message(&self) -> String {
        let accuracy = self.validation_accuracy.or(self.train_accuracy);
        let accuracy = accuracy.map_or(String::new(), |accuracy| format!("  {:.1} % right", 100.0 * accuracy));
        format!("epoch {}  loss {}{accuracy}", self.epoch, readable(self.train_loss, 6))
    }
}

/// Writes the history as CSV: numbers that read back to the same bits, empty cells where there is no value.
pub(crate) fn write_history(out: &mut dyn Write, history: &[EpochRow]) -> io::Result<()> {
    writeln!(out, "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds")?;
    let cell = |x: Option<f64>| x.map_or(String::new(), short);
    for row in history {
        writeln!(
            out,
            "{},{},{},{},{},{}",
            row.epoch,
            short(row.train_loss),
            cell(row.train_accuracy),
            cell(row.validation_loss),
            cell(row.validation_accuracy),
            short(row.seconds)
        )?;
    }
    Ok(())
}

/// The head of the table.
pub(crate) fn head() -> String {
    let mut table = table();
    table.title(["epoch", "loss", "accuracy", "held-out loss", "held-out accuracy"]);
    table.to_string()
}

/// A row of it is printed before the next one is known.
fn table() -> Table {
    Table::new([Align::Right; 5]).at_least([5, 10, 8, 13, 17])
}

/// Of a long training about 25 lines are shown.
pub(crate) fn is_shown(epoch: usize, epochs: usize) -> bool {
    let stride = if epochs <= 30 { 1 } else { epochs.div_ceil(25) };
    epoch == 1 || epoch == epochs || epoch.is_multiple_of(stride)
}
