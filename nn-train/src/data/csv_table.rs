//! A data set from CSV: rows of numbers, and then a label or the targets.

use std::collections::HashMap;
use std::io::{self, BufRead};

use nn_core::Matrix;
use nn_core::text::counted;

use super::cell::{core, is_missing, plain_number};
use super::csv_error::{CLASS_LIMIT, CellFault, CsvError, listed};
use super::csv_reader::{CsvFormat, CsvReader, Header, Row};
use super::data_set::{DataSet, Targets};
use super::precision::Precision;

/// How a table is read, and what is known of it before.
#[derive(Clone, Copy, Debug)]
pub struct TableFormat<'a> {
    /// Header, delimiter, and whether rows with a missing value are left out: those with an empty cell, `NA`, `NaN`, `null`
    /// or the like. Without that they are refused.
    pub csv: CsvFormat,
    /// What no number may overflow.
    pub precision: Precision,
    /// What the last columns are.
    pub last: LastColumns<'a>,
    /// The number of inputs, where a network decides it.
    pub inputs: Option<usize>,
    /// The names of the inputs, where a model has them.
    pub features: Option<&'a [String]>,
}

/// What the last columns of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastColumns<'a> {
    /// One: the label of a class. Labels are sorted, integers as numbers.
    Label,
    /// One: the label of one of these classes.
    LabelOf(&'a [String]),
    /// So many: the targets of a regression.
    Targets(usize),
}

impl LastColumns<'_> {
    fn count(self) -> usize {
        match self {
            LastColumns::Label | LastColumns::LabelOf(_) => 1,
            LastColumns::Targets(targets) => targets,
        }
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The rows. Features have names where there is a header.
    pub data: DataSet,
    /// The line of each row.
    pub lines: Vec<u64>,
    /// How many rows were left out, because a value is missing in them.
    pub left_out: usize,
    /// A sentence about a first line that was perhaps not read as it was meant.
    pub header_warning: Option<String>,
    /// A sentence about names of inputs that are not those of the model.
    pub names_warning: Option<String>,
}

/// Reads a table to its end.
///
/// Every row has as many cells as the first, which are numbers up to the last columns. A **label** is any text or an integer;
/// `1`, `01` and `1.0` are one integer. If all labels are integers the classes are in their order, otherwise in that of the
/// characters. At most [`CLASS_LIMIT`] classes can be told apart.
///
/// # Errors
///
/// Says at which line, and in which column, the table is not what it should be.
///
/// ```
/// use nn_train::{CsvFormat, LastColumns, Precision, TableFormat, read_table};
///
/// let text = "length,width,kind\n5.1,3.5,b\n4.9,3.0,a\n";
/// let (csv, precision) = (CsvFormat::default(), Precision::F64);
/// let format = TableFormat { csv, precision, last: LastColumns::Label, inputs: None, features: None };
/// let data = read_table(text.as_bytes(), "flowers", &format)?.data;
/// assert_eq!((data.inputs(), data.labels()), (2, Some(&[1, 0][..])));
/// assert_eq!(data.features.expect("a header").join(" "), "length width");
/// # Ok::<(), nn_train::CsvError>(())
/// ```
pub fn read_table(source: impl BufRead, name: &str, format: &TableFormat<'_>) -> Result<Table, CsvError> {
    let mut reader = CsvReader::with_format(source, format.csv)?;
    let (header_warning, mut names_warning) = (reader.warning().map(str::to_owned), None);
    let header = reader.header().cloned();
    let mut columns =
        Columns { format, width: format.inputs.map(|inputs| inputs + format.last.count()), of_line: None };
    if let Some(header) = header.as_ref().filter(|_| format.csv.header == Header::Auto) {
        columns.check(header)?;
        if let Some(features) = format.features {
            names_warning = check_features(header, features)?;
        }
    }

    let (mut numbers, mut targets, mut lines, mut left_out) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let mut labels = Labels::default();
    while let Some(row) = reader.next().transpose()? {
        let inputs = columns.check(&row)?;
        if format.csv.empty_cells && row.cells().any(is_missing) {
            left_out += 1;
            continue;
        }
        numbers.try_reserve(row.width()).map_err(io::Error::from)?;
        for column in 0..inputs {
            numbers.push(row.number(column, format.precision)?);
        }
        match format.last {
            LastColumns::Label => labels.add(&row)?,
            LastColumns::LabelOf(classes) => labels.add_known(&row, classes)?,
            LastColumns::Targets(count) => {
                for column in inputs..inputs + count {
                    targets.push(row.number(column, format.precision)?);
                }
            }
        }
        lines.push(row.line());
    }
    if lines.is_empty() {
        return Err(CsvError::NoRows { header: header.map(|row| row.line()) });
    }
    let inputs = numbers.len() / lines.len();
    let mut trial: Vec<f64> = Vec::new();
    trial.try_reserve_exact(numbers.len() + targets.len()).map_err(io::Error::from)?;
    drop(trial);

    let targets = match format.last {
        LastColumns::Label => labels.sorted(),
        LastColumns::LabelOf(classes) => Targets::Classes { labels: labels.of_rows, names: classes.to_vec() },
        LastColumns::Targets(count) => Targets::Values(Matrix::from_slice(count, lines.len(), &targets)),
    };
    let x = Matrix::from_slice(inputs, lines.len(), &numbers);
    let names = header.filter(|row| row.width() == inputs + format.last.count());
    let features = names.map(|row| row.cells().take(inputs).map(str::to_owned).collect());
    let data = DataSet { name: name.to_owned(), x, targets, features, image: None };
    Ok(Table { data, lines, left_out, header_warning, names_warning })
}

/// The width of a table, which the first line decides unless it is known before.
struct Columns<'a> {
    format: &'a TableFormat<'a>,
    width: Option<usize>,
    of_line: Option<u64>,
}

impl Columns<'_> {
    /// The number of inputs of a row, if it has the width.
    fn check(&mut self, row: &Row) -> Result<usize, CsvError> {
        let (found, line, last) = (row.width(), row.line(), self.format.last.count());
        let expected = *self.width.get_or_insert(found);
        let other = *self.of_line.get_or_insert(line);
        let targets = match self.format.last {
            LastColumns::Targets(count) => counted(count, "target"),
            _ => "a label".to_owned(),
        };
        let wrong = |wanted| {
            let cell = row.get(0).unwrap_or_default().to_owned();
            Err(CsvError::Columns { line, found, wanted, cell })
        };
        match self.format.inputs {
            Some(inputs) if found != expected => {
                wrong(format!("the model has {} and then {targets}", counted(inputs, "input")))
            }
            _ if found != expected => Err(CsvError::Width { line, found, other, expected }),
            _ if found <= last => wrong(format!("a row has at least one input and then {targets}")),
            _ => Ok(found - last),
        }
    }
}

/// Whether the names of a header are those of the inputs of a model, as far as letters and digits go. A sentence where they
/// are others.
///
/// # Errors
///
/// The names are the same in another order.
pub fn check_features(header: &Row, features: &[String]) -> Result<Option<String>, CsvError> {
    let key = |name: &str| Some(core(name)).filter(|core| !core.is_empty()).unwrap_or_else(|| name.to_owned());
    let found: Vec<&str> = header.cells().take(features.len()).collect();
    let differs = |&column: &usize| key(found[column]) != key(&features[column]);
    let Some(first) = (0..found.len()).find(differs) else { return Ok(None) };
    let is_elsewhere = |column: usize| features.iter().any(|feature| key(feature) == key(found[column]));
    if let Some(column) = (first..found.len()).filter(differs).find(|&column| is_elsewhere(column)) {
        let (found, expected) = (found[column].to_owned(), features[column].clone());
        return Err(header.fault(column, CellFault::Order { found, expected, features: features.to_vec() }));
    }
    let found: Vec<String> = found.into_iter().map(str::to_owned).collect();
    let (line, found, features) = (header.line(), listed(&found), listed(features));
    Ok(Some(format!(
        "line {line}: the inputs are called {found}, those of the model {features}: they are read in this order"
    )))
}

/// The labels of the rows, each as its place among those that are there.
#[derive(Default)]
struct Labels {
    of_rows: Vec<usize>,
    places: HashMap<String, usize>,
}

impl Labels {
    fn add(&mut self, row: &Row) -> Result<(), CsvError> {
        let column = row.width() - 1;
        let label = label(row, column)?;
        let next = self.places.len();
        if next == CLASS_LIMIT && !self.places.contains_key(&label) {
            return Err(row.fault(column, CellFault::Classes(label)));
        }
        self.of_rows.push(*self.places.entry(label).or_insert(next));
        Ok(())
    }

    fn add_known(&mut self, row: &Row, classes: &[String]) -> Result<(), CsvError> {
        if self.places.is_empty() {
            self.places = classes.iter().cloned().zip(0..).collect();
        }
        let (column, text) = (row.width() - 1, row.cells().last().unwrap_or_default());
        let place = match self.places.get(text) {
            Some(place) => *place,
            None => {
                let label = label(row, column)?;
                let place = self.places.get(&label).copied();
                place.ok_or_else(|| row.fault(column, CellFault::UnknownClass { label, classes: classes.to_vec() }))?
            }
        };
        self.of_rows.push(place);
        Ok(())
    }

    fn sorted(self) -> Targets {
        let mut names: Vec<(String, usize)> = self.places.into_iter().collect();
        let integers: Option<Vec<i128>> = names.iter().map(|(name, _)| name.parse().ok()).collect();
        match integers {
            Some(_) => names.sort_by_key(|(name, _)| name.parse::<i128>().ok()),
            None => names.sort(),
        }
        let mut sorted = vec![0; names.len()];
        names.iter().enumerate().for_each(|(place, &(_, before))| sorted[before] = place);
        let labels = self.of_rows.into_iter().map(|before| sorted[before]).collect();
        Targets::Classes { labels, names: names.into_iter().map(|(name, _)| name).collect() }
    }
}

/// The label in a column: an integer as its plain digits, any other text as it is.
fn label(row: &Row, column: usize) -> Result<String, CsvError> {
    const EXACT: f64 = (1_u64 << 53) as f64; // above, not every integer is an f64
    let text = row.get(column).unwrap_or_default();
    if let Ok(integer) = text.parse::<i128>() {
        return Ok(integer.to_string());
    }
    match plain_number(text, Precision::F64) {
        Ok(x) if x.fract() == 0.0 && x.abs() <= EXACT => Ok((x as i128).to_string()),
        Ok(_) => Err(row.fault(column, CellFault::Fraction(text.to_owned()))),
        Err(_) => Ok(text.to_owned()),
    }
}
