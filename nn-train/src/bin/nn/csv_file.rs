//! Somebody's own CSV file, and what may be meant by one that is refused.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use nn_core::Loss;
use nn_train::{
    CellFault, CsvError, CsvFormat, DataSet, Foreign, LastColumns, Precision, TableFormat, plain_number, read_table,
};

use crate::args::{CsvOptions, DataOptions};
use crate::failure::Failure;
use crate::output::warn;
use crate::purpose::{Purpose, file_name, known_classes};
use crate::values::{Task, YesOrNo};

/// The format of a CSV file, as options give it.
pub(crate) fn csv_format(options: &CsvOptions, empty_cells: bool) -> CsvFormat {
    let delimiter = options.delimiter.map_or(b',', |delimiter| delimiter.0);
    CsvFormat { header: YesOrNo::header(options.header), delimiter, empty_cells }
}

/// The examples of a file, and the line of each.
pub(crate) fn read_csv(
    path: &Path,
    options: &DataOptions,
    purpose: Purpose<'_>,
) -> Result<(DataSet, Vec<u64>), Failure> {
    let trained_for = purpose.model.map(|model| match (&model.classes, model.network.loss()) {
        (None, Loss::LeastSquares) => Task::Regression,
        _ => Task::Classification,
    });
    let task = options.task.or(trained_for).unwrap_or(Task::Classification);
    if task == Task::Classification && options.targets.is_some() {
        return Err(Failure::usage("--targets is an option of --task regression; a classification has one label"));
    }
    let classes = purpose.model.and_then(|model| known_classes(model, purpose.is_training));
    let last = match (task, &classes) {
        (Task::Classification, Some(classes)) => LastColumns::LabelOf(classes),
        (Task::Classification, None) => LastColumns::Label,
        (Task::Regression, _) => {
            let of_the_model = purpose.model.map_or(1, |model| model.network.outputs());
            LastColumns::Targets(options.targets.map_or(of_the_model, usize::from))
        }
    };
    let csv = csv_format(&options.csv, options.skip_missing);
    let format = TableFormat {
        csv,
        precision: purpose.precision,
        last,
        inputs: purpose.model.map(|model| model.network.inputs()),
        features: purpose.model.and_then(|model| model.features.as_deref()),
    };
    let file = File::open(path).map_err(|error| Failure::file(path, error))?;
    let table = read_table(BufReader::new(file), &file_name(path), &format);
    let table = table.map_err(|error| {
        let is_text = error.text().is_some_and(|text| text.contains(char::is_alphabetic));
        let hint = match csv_hint(&error, csv) {
            "" if error.is_missing_value() => " (--skip-missing leaves such rows out)",
            "" if is_text && task == Task::Classification => " (all columns but the last, the label, hold numbers)",
            "" if is_text => " (inputs and targets are numbers)",
            hint => hint,
        };
        Failure::file(path, format_args!("{error}{hint}"))
    })?;
    if let Some(warning) = &table.header_warning {
        let hint = if table.data.features.is_none() { HEADER_HINT } else { "" };
        warn(format_args!("{}: {warning}{hint}", path.display()));
    }
    if let Some(warning) = &table.names_warning {
        warn(format_args!("{}: {warning}", path.display()));
    }
    let (labels, rows) = (table.data.class_names().map_or(0, <[String]>::len), table.lines.len());
    if purpose.is_training && classes.is_none() && labels > 20 && 2 * labels > rows {
        warn(format_args!(
            "{}: {rows} rows have {labels} different labels: if the last column is a quantity, --task regression",
            path.display()
        ));
    }
    if table.left_out > 0 {
        warn(format_args!(
            "{}: {} left out, in which a value is missing",
            path.display(),
            if table.left_out == 1 { "1 row is".to_owned() } else { format!("{} rows are", table.left_out) }
        ));
    }
    Ok((table.data, table.lines))
}

pub(crate) const HEADER_HINT: &str = " (--header yes: it is a header; --header no: it is not)";

/// What may be meant by a CSV file that is refused.
pub(crate) fn csv_hint(error: &CsvError, format: CsvFormat) -> &'static str {
    let text = error.text().unwrap_or_default();
    match error {
        _ if !delimiter_hint(text, format).is_empty() => delimiter_hint(text, format),
        _ if error.is_perhaps_header() => " (--header yes skips this line)",
        CsvError::Cell { fault: CellFault::Fraction(_) | CellFault::Classes(_), .. } => {
            " (--task regression if it is a quantity)"
        }
        CsvError::Foreign(Foreign::Gzip | Foreign::Idx) => {
            " (of IDX files DATA is the folder; a pair is given by --images and --labels)"
        }
        _ if text.matches(',').count() == 1 && plain_number(&text.replace(',', "."), Precision::F64).is_ok() => {
            " (if its comma is a decimal one, write a point)"
        }
        CsvError::Columns { found: 1, cell, .. } if !delimiter_hint(cell, format).is_empty() => {
            delimiter_hint(cell, format)
        }
        CsvError::Columns { found: 1, .. } | CsvError::Width { found: 1, .. } if format.delimiter == b',' => {
            " (--delimiter if its cells do not lie between commas)"
        }
        _ => "",
    }
}

/// Another character than the comma may be what stands between cells.
pub(crate) fn delimiter_hint(cell: &str, format: CsvFormat) -> &'static str {
    match format.delimiter {
        b',' if cell.contains(';') => " (--delimiter ';' if its cells lie between semicolons)",
        b',' if cell.contains('\t') => " (--delimiter tab if its cells lie between tabs)",
        _ => "",
    }
}
