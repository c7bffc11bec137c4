//! The history of a training: a row an epoch, as a line of the table and as history.csv.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use nn_core::text::{Align, Table};
use nn_train::EpochRow;

use crate::output::{readable, short};

/// The line of the table, below [`head`].
pub(crate) fn line(row: &EpochRow) -> String {
    let percent = |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{:.2} %", 100.0 * share));
    let loss = |loss: Option<f64>| loss.map_or("–".to_owned(), |loss| readable(loss, 6));
    let mut table = table();
    table.row([
        row.epoch.to_string(),
        loss(Some(row.train_loss)),
        percent(row.train_accuracy),
        loss(row.validation_loss),
        percent(row.validation_accuracy),
    ]);
    table.to_string()
}

/// What stands before the progress bar.
pub(crate) fn message(row: &EpochRow) -> String {
    let accuracy = row.validation_accuracy.or(row.train_accuracy);
    let accuracy = accuracy.map_or(String::new(), |accuracy| format!("  {:.1} % right", 100.0 * accuracy));
    format!("epoch {}  loss {}{accuracy}", row.epoch, readable(row.train_loss, 6))
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
            cell(row.seconds)
        )?;
    }
    Ok(())
}

/// Takes the seconds of epochs from a history.csv that was written before, where its rows are those of the same epochs. The
/// checkpoint, which has the rest of a history, has no seconds: no clock says the same twice.
pub(crate) fn take_seconds(history: &mut [EpochRow], path: &Path) {
    // One that cannot be read, or is far longer than this history, has no seconds to give.
    let longest = 256 * (history.len() as u64 + 2);
    let is_history = fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() < longest);
    let text = if is_history { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    for (row, line) in history.iter_mut().zip(text.lines().skip(1)) {
        if let [epoch, train_loss, _, _, _, seconds] = line.split(',').collect::<Vec<_>>()[..]
            && epoch == row.epoch.to_string()
            && train_loss == short(row.train_loss)
        {
            row.seconds = seconds.parse().ok().filter(|seconds: &f64| seconds.is_finite());
        }
    }
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
