//! The data of a command: where they come from, which rows are held out, and how they are brought before a network.

use std::path::Path;

use nn_core::{Scalar, seeded};
use nn_layers::Network;
use nn_train::{
    DataSet, Examples, Mismatch, Model, Split, Standardization, TargetScale, Targets, circles, digits, escaped, iris,
    moons, quoted, spirals, split, xor,
};

use crate::args::{CsvOptions, DataOptions};
use crate::csv_file::{csv_format, delimiter_hint, read_csv};
use crate::defaults::Defaults;
use crate::failure::Failure;
use crate::idx_files::{data_set, read_folder, read_pictures};
use crate::memory::ask_for;
use crate::purpose::{Purpose, file_name};
use crate::values::{Builtin, Data, Task, YesOrNo};

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

    /// All rows, as a network with `outputs` outputs is to see them.
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

    /// The rows to learn from and those that are held out, as the network is to see them; and what was
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
