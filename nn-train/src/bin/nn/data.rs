//! The data of a command: where they come from, which rows are held out, and how they are brought before a network.

use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::Path;

use nn_core::text::counted;
use nn_core::{Loss, Scalar, seeded};
use nn_layers::Network;
use nn_train::{
    CsvError, CsvFormat, DataSet, Examples, Idx, LastColumns, Mismatch, Model, Pictures, Precision, Split,
    Standardization, TableFormat, Targets, circles, digits, escaped, iris, moons, plain_number, quoted, read_idx,
    read_table, spirals, split, xor,
};

use crate::args::{CsvOptions, DataOptions};
use crate::defaults::Defaults;
use crate::failure::Failure;
use crate::memory::ask_for;
use crate::output::warn;
use crate::target_scale::TargetScale;
use crate::values::{Builtin, Data, Task, YesOrNo};

/// What is asked of the data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose<'a> {
    /// The model that they are for, if there is one already.
    pub(crate) model: Option<&'a Model>,
    /// What no number may overflow.
    pub(crate) precision: Precision,
    pub(crate) is_training: bool,
    /// Whether rows of somebody's own file are held out where no option asks for it.
    pub(crate) holds_out: bool,
}

/// Data in memory.
pub(crate) struct Loaded<T> {
    raw: Raw<T>,
    pub(crate) about: About,
    pub(crate) rows: Split,
}

/// Numbers as they were read. What is generated, or was text, is f64 until it is standardised: 1700000000 and 1700000001 are
/// the same f32. Pixels are bytes, which every precision holds, and so they are in that of the network from the start.
enum Raw<T> {
    Double(DataSet),
    Exact(DataSet<T>),
}

impl<T: Scalar> Raw<T> {
    fn class_names(&self) -> Option<&[String]> {
        match self {
            Raw::Double(data) => data.class_names(),
            Raw::Exact(data) => data.class_names(),
        }
    }
}

/// What there is to say about data.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) name: String,
    /// DATA and its options, for a command that is to use the same data.
    pub(crate) argument: String,
    pub(crate) builtin: Option<Builtin>,
    pub(crate) defaults: Defaults,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) features: Option<Vec<String>>,
    classes: Option<Vec<String>>,
    /// The examples of each class.
    pub(crate) counts: Vec<usize>,
    /// The share that is drawn to be held out, unless files of their own are.
    pub(crate) share: Option<f64>,
    /// The line of each row, where they come from a file of lines.
    lines: Option<Vec<u64>>,
}

impl About {
    /// The names of the classes; `None` in a regression.
    pub(crate) fn class_names(&self) -> Option<&[String]> {
        self.classes.as_deref()
    }

    /// What a row, counted from 0, is called in a message.
    pub(crate) fn place(&self, row: usize) -> String {
        match &self.lines {
            Some(lines) => format!("line {} of {}", lines[row], self.name),
            None => format!("row {} of {}", row + 1, self.name),
        }
    }
}

/// What a network learns from, and what it is held to.
pub(crate) struct Sets<T> {
    pub(crate) train: Examples<T>,
    pub(crate) held_out: Examples<T>,
}

/// What was done to the numbers on their way into [`Sets`].
#[derive(Default)]
pub(crate) struct Scales {
    pub(crate) inputs: Option<Standardization>,
    pub(crate) targets: Option<TargetScale>,
}

/// What is done to the inputs.
pub(crate) enum Standardize {
    Leave,
    /// As a model does that goes on learning.
    As(Standardization),
    /// Mean 0 and deviation 1 over the training rows.
    Fit,
}

impl<T: Scalar> Loaded<T> {
    pub(crate) fn check_fit(&self, model: &Model) -> Result<(), Mismatch> {
        match &self.raw {
            Raw::Double(data) => model.check_fit(data),
            Raw::Exact(data) => model.check_fit(data),
        }
    }

    /// A few rows, as they are.
    pub(crate) fn subset(&self, rows: &[usize]) -> DataSet {
        match &self.raw {
            Raw::Double(data) => data.subset(rows),
            Raw::Exact(data) => data.subset(rows).map(T::to_f64),
        }
    }

    /// All rows, as a network with so many outputs is to see them.
    pub(crate) fn examples(self, standardize: Option<&Standardization>, outputs: usize) -> (About, Split, Examples<T>) {
        let examples = match self.raw {
            Raw::Double(mut data) => {
                standardize.inspect(|standardize| standardize.apply(&mut data.x));
                Examples::new(&data, outputs)
            }
            Raw::Exact(mut data) => {
                standardize.inspect(|standardize| standardize.apply(&mut data.x));
                Examples::from_data(data, outputs)
            }
        };
        (self.about, self.rows, examples)
    }

    /// The rows to learn from and those that are held out, as a network with so many outputs is to see them; and what was
    /// done to the numbers.
    pub(crate) fn sets(self, how: Standardize, network: &Network<f64>) -> (About, Split, Sets<T>, Scales) {
        let (outputs, scale) = (network.outputs(), TargetScale::suits(network));
        let (sets, scales) = match self.raw {
            Raw::Double(data) => sets(data, &self.rows, how, scale, |data| Examples::new(&data, outputs)),
            Raw::Exact(data) => sets(data, &self.rows, how, scale, |data| Examples::from_data(data, outputs)),
        };
        (self.about, self.rows, sets, scales)
    }
}

/// In place, but for the rows that are held out, and for `examples` where that is another precision.
fn sets<S: Scalar, T: Scalar>(
    mut train: DataSet<S>,
    rows: &Split,
    how: Standardize,
    scale_targets: bool,
    examples: impl Fn(DataSet<S>) -> Examples<T>,
) -> (Sets<T>, Scales) {
    let mut held_out = train.take_out(&rows.validation);
    let mut scales = Scales::default();
    if let (Targets::Values(y), true) = (&train.targets, scale_targets && !matches!(how, Standardize::Leave)) {
        scales.targets = Some(TargetScale::fit(y));
    }
    scales.inputs = match how {
        Standardize::Leave => None,
        Standardize::As(of_the_model) => Some(of_the_model),
        Standardize::Fit => Some(Standardization::fit_in(&train.x)),
    };
    for data in [&mut train, &mut held_out] {
        if let Some(standardize) = &scales.inputs {
            standardize.apply(&mut data.x);
        }
        if let (Targets::Values(y), Some(scale)) = (&mut data.targets, &scales.targets) {
            scale.apply(y);
        }
    }
    (Sets { train: examples(train), held_out: examples(held_out) }, scales)
}

/// Where data come from.
#[derive(Clone, Copy)]
enum Source<'a> {
    Builtin(Builtin),
    Csv(&'a Path),
    Folder(&'a Path),
    Pair { images: &'a Path, labels: &'a Path },
}

/// Whether the options name data: DATA, or a pair of files.
pub(crate) fn is_named(data: Option<&Data>, options: &DataOptions) -> bool {
    data.is_some() || options.images.is_some()
}

/// Reads the data that the options name, the digits where they name none; always the same for the same options and files.
pub(crate) fn load<T: Scalar>(
    data: Option<&Data>,
    options: &DataOptions,
    purpose: Purpose<'_>,
) -> Result<Loaded<T>, Failure> {
    let source = match (data, &options.images, &options.labels) {
        (_, Some(images), Some(labels)) => Source::Pair { images, labels },
        (Some(Data::Path(path)), ..) if path.is_dir() => Source::Folder(path),
        (Some(Data::Path(path)), ..) => Source::Csv(path),
        (Some(Data::Builtin(builtin)), ..) => Source::Builtin(*builtin),
        (None, ..) => Source::Builtin(Builtin::Digits),
    };
    check_options(source, options)?;
    let defaults = match source {
        Source::Builtin(builtin) => builtin.defaults(),
        Source::Csv(_) => Defaults::CSV,
        Source::Folder(_) | Source::Pair { .. } => Defaults::IDX,
    };
    let (mut lines, mut rows) = (None, None);
    let raw = match source {
        Source::Builtin(builtin) => Raw::Double(generate(builtin, options)?),
        Source::Csv(path) => {
            let (data, line_of_each) = read_csv(path, options, purpose)?;
            lines = Some(line_of_each);
            Raw::Double(data)
        }
        Source::Folder(path) => {
            let (data, held_out) = read_folder(path, options, purpose)?;
            rows = held_out;
            Raw::Exact(data)
        }
        Source::Pair { images, labels } => {
            Raw::Exact(data_set(&read_pictures(images, labels)?, file_name(images), labels, purpose)?)
        }
    };
    if let (Source::Csv(path) | Source::Folder(path) | Source::Pair { labels: path, .. }, Some([class])) =
        (source, raw.class_names())
    {
        let hint = delimiter_hint(class, csv_format(&options.csv, false));
        let class = quoted(class);
        return Err(Failure::file(
            path,
            format_args!("the only label is {class}: there is nothing to tell apart{hint}"),
        ));
    }
    let holds_out = purpose.holds_out || matches!(source, Source::Builtin(_));
    let share = options.validation.unwrap_or(if holds_out { defaults.validation } else { 0.0 });
    let is_drawn = rows.is_none();
    let builtin = if let Source::Builtin(builtin) = source { Some(builtin) } else { None };
    let argument = argument(source, options);
    let (rows, about) = match &raw {
        Raw::Double(data) => describe(data, rows, share),
        Raw::Exact(data) => describe(data, rows, share),
    };
    Ok(Loaded {
        raw,
        rows,
        about: About { argument, builtin, defaults, lines, share: is_drawn.then_some(share), ..about },
    })
}

fn describe<S: Scalar>(data: &DataSet<S>, rows: Option<Split>, share: f64) -> (Split, About) {
    let mut counts = vec![0; data.class_names().map_or(0, <[String]>::len)];
    data.labels().unwrap_or_default().iter().for_each(|&label| counts[label] += 1);
    let about = About {
        name: data.name.clone(),
        argument: String::new(),
        builtin: None,
        defaults: Defaults::CSV,
        inputs: data.inputs(),
        outputs: data.outputs(),
        features: data.features.clone(),
        classes: data.class_names().map(<[String]>::to_vec),
        counts,
        share: None,
        lines: None,
    };
    (rows.unwrap_or_else(|| split(data, share)), about)
}

/// Every option is for some data, and says so where it is given for others.
fn check_options(source: Source<'_>, options: &DataOptions) -> Result<(), Failure> {
    let is_generated = matches!(source, Source::Builtin(Builtin::Moons | Builtin::Circles | Builtin::Spirals));
    let name = match source {
        Source::Builtin(builtin) => builtin.name(),
        Source::Csv(path) | Source::Folder(path) | Source::Pair { images: path, .. } => file_name(path),
    };
    if !is_generated && (options.examples.is_some() || options.noise.is_some()) {
        return Err(Failure::usage(format_args!(
            "--examples and --noise are for moons, circles and spirals; {name} is what it is"
        )));
    }
    if matches!(source, Source::Csv(_)) {
        return Ok(());
    }
    let CsvOptions { header, delimiter } = &options.csv;
    let for_csv = [
        ("--header", header.is_some()),
        ("--delimiter", delimiter.is_some()),
        ("--task", options.task.is_some()),
        ("--targets", options.targets.is_some()),
        ("--skip-missing", options.skip_missing),
    ];
    match for_csv.iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(Failure::usage(format_args!("{option} is for CSV files; {name} is none"))),
        None => Ok(()),
    }
}

/// DATA and its options as they are typed.
fn argument(source: Source<'_>, options: &DataOptions) -> String {
    let mut words = match source {
        Source::Builtin(builtin) => vec![builtin.name()],
        Source::Csv(path) | Source::Folder(path) => vec![typed(path)],
        Source::Pair { images, labels } => {
            vec!["--images".to_owned(), typed(images), "--labels".to_owned(), typed(labels)]
        }
    };
    if let Some(delimiter) = options.csv.delimiter {
        words.extend([
            "--delimiter".to_owned(),
            if delimiter.0 == b'\t' { "tab".to_owned() } else { format!("'{}'", char::from(delimiter.0)) },
        ]);
    }
    if let Some(header) = options.csv.header {
        words.extend(["--header".to_owned(), if header == YesOrNo::Yes { "yes".to_owned() } else { "no".to_owned() }]);
    }
    if options.task == Some(Task::Regression) {
        words.push("--task regression".to_owned());
    }
    if let Some(targets) = options.targets {
        words.push(format!("--targets {targets}"));
    }
    if options.skip_missing {
        words.push("--skip-missing".to_owned());
    }
    words.join(" ")
}

/// A path as it is typed in a shell.
fn typed(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || "-_./\\:,+=@~".contains(c));
    if is_plain { text } else { format!("'{}'", escaped(&text.replace('\'', "'\\''"))) }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn generate(builtin: Builtin, options: &DataOptions) -> Result<DataSet, Failure> {
    let examples = options.examples.unwrap_or(if builtin == Builtin::Spirals { 1000 } else { 500 }) as usize;
    // Points twice while they are put into a matrix, their classes, and the draw of the held-out rows; or the digits.
    let is_generated = matches!(builtin, Builtin::Moons | Builtin::Circles | Builtin::Spirals);
    let bytes = if is_generated { 80.0 * examples as f64 } else { 3e6 };
    ask_for(bytes, format_args!("the examples of {}", builtin.name()))?;
    let noise = |default| options.noise.unwrap_or(default);
    let mut rng = seeded(DATA_SEED);
    Ok(match builtin {
        Builtin::Digits => digits(),
        Builtin::Iris => iris(),
        Builtin::Xor => xor(),
        Builtin::Moons => moons(examples, noise(0.1), &mut rng),
        Builtin::Circles => circles(examples, noise(0.1), &mut rng),
        Builtin::Spirals => spirals(examples, 3, noise(0.2), &mut rng),
    })
}

/// Generated data do not depend on --seed: runs with different seeds learn the same thing.
const DATA_SEED: u64 = 20;

/// The names of the classes that labels are to have, where they are known before the labels are read. A model without names
/// that is asked, not trained, has the classes 0, 1, …
pub(crate) fn known_classes(model: &Model, is_training: bool) -> Option<Vec<String>> {
    let numbered = || {
        let (outputs, loss) = (model.network.outputs(), model.network.loss());
        let classes = if outputs == 1 && loss != Loss::CrossEntropy { 2 } else { outputs };
        (0..classes).map(|class| class.to_string()).collect()
    };
    model.classes.clone().or_else(|| (!is_training).then(numbered))
}

/// The format of a CSV file, as options give it.
pub(crate) fn csv_format(options: &CsvOptions, empty_cells: bool) -> CsvFormat {
    let delimiter = options.delimiter.map_or(b',', |delimiter| delimiter.0);
    CsvFormat { header: YesOrNo::header(options.header), delimiter, empty_cells }
}

fn read_csv(path: &Path, options: &DataOptions, purpose: Purpose<'_>) -> Result<(DataSet, Vec<u64>), Failure> {
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
        CsvError::Cell { fault: nn_train::CellFault::Fraction(_) | nn_train::CellFault::Classes(_), .. } => {
            " (--task regression if it is a quantity)"
        }
        CsvError::Foreign(nn_train::Foreign::Gzip | nn_train::Foreign::Idx) => {
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
fn delimiter_hint(cell: &str, format: CsvFormat) -> &'static str {
    match format.delimiter {
        b',' if cell.contains(';') => " (--delimiter ';' if its cells lie between semicolons)",
        b',' if cell.contains('\t') => " (--delimiter tab if its cells lie between tabs)",
        _ => "",
    }
}

/// The training pair, and the t10k pair behind it, which is held out.
fn read_folder<T: Scalar>(
    folder: &Path,
    options: &DataOptions,
    purpose: Purpose<'_>,
) -> Result<(DataSet<T>, Option<Split>), Failure> {
    let find = |name: &str| {
        let dotted = name.replace("-idx", ".idx");
        let names = [name.to_owned(), format!("{name}.gz"), dotted.clone(), format!("{dotted}.gz")];
        names.into_iter().map(|name| folder.join(name)).find(|path| path.exists())
    };
    let need = |name: &str| {
        find(name).ok_or_else(|| {
            let why = format!("{name} is not in this folder, neither as it is nor with .gz");
            Failure::file(folder, why)
        })
    };
    let labels = need("train-labels-idx1-ubyte");
    let images = need("train-images-idx3-ubyte")?;
    let labels = labels?;
    let mut pictures = read_pictures(&images, &labels)?;
    let train = pictures.count();
    let mut rows = None;
    if find("t10k-images-idx3-ubyte").is_some() || find("t10k-labels-idx1-ubyte").is_some() {
        if options.validation.is_some() {
            return Err(Failure::usage(format_args!(
                "--validation: the t10k files of {} are the held-out rows (--images and --labels take a pair alone)",
                file_name(folder)
            )));
        }
        let (images, labels) = (need("t10k-images-idx3-ubyte")?, need("t10k-labels-idx1-ubyte")?);
        let held_out = read_pictures(&images, &labels)?;
        let [(height, width), (train_height, train_width)] = [held_out.size(), pictures.size()];
        if held_out.size() != pictures.size() {
            let why = format!(
                "byte 8: pictures of {height}×{width} pixels, but the training has {train_height}×{train_width}"
            );
            return Err(Failure::file(&images, why));
        }
        if let Some(classes) = purpose.model.and_then(|model| known_classes(model, purpose.is_training)) {
            check_labels(&held_out, &classes, &labels)?;
        }
        pictures.append(&held_out);
        rows = Some(Split { train: (0..train).collect(), validation: (train..pictures.count()).collect() });
    }
    Ok((data_set(&pictures, file_name(folder), &labels, purpose)?, rows))
}

fn read_pictures(images: &Path, labels: &Path) -> Result<Pictures, Failure> {
    let read = |path: &Path, dimensions: usize| -> Result<Idx, Failure> {
        let failed = |error: std::io::Error| Failure::file(path, error);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(ErrorKind::IsADirectory.into()));
        }
        let length = metadata.is_file().then_some(metadata.len());
        read_idx(BufReader::new(file), length, dimensions).map_err(|error| Failure::file(path, error))
    };
    let of_labels = read(labels, 1)?;
    let of_images = read(images, 3)?;
    Pictures::new(of_images, of_labels).map_err(|error| Failure::file(labels, error))
}

fn check_labels(pictures: &Pictures, classes: &[String], path: &Path) -> Result<(), Failure> {
    match pictures.unknown_label(classes) {
        Some((row, label)) => Err(Failure::file(
            path,
            format_args!("byte {}: the model has no class {label}; its classes are {}", 8 + row, classes.join(", ")),
        )),
        None => Ok(()),
    }
}

fn data_set<T: Scalar>(
    pictures: &Pictures,
    name: String,
    labels: &Path,
    purpose: Purpose<'_>,
) -> Result<DataSet<T>, Failure> {
    let classes = match purpose.model.and_then(|model| known_classes(model, purpose.is_training)) {
        Some(classes) => {
            check_labels(pictures, &classes, labels)?;
            classes
        }
        None => pictures.classes(),
    };
    let ((height, width), count) = (pictures.size(), pictures.count());
    let numbers = (height * width * size_of::<T>() + 2 * size_of::<usize>()) as f64 * count as f64;
    ask_for(numbers, format_args!("{}", counted(count, "picture")))?;
    Ok(pictures.data_set(name, classes))
}
