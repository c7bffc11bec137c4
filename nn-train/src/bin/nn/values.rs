//! What options take: names, numbers within a range, lists.

use std::fmt;
use std::num::{IntErrorKind, ParseIntError};
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use nn_core::{Activation, Loss};
use nn_layers::Initialization;
use nn_train::{Header, Precision, Schedule};

/// What is learnt or looked at: a data set that comes with the program, or somebody's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    Builtin(Builtin),
    /// A CSV file, or a folder of IDX files.
    Path(PathBuf),
}

/// The data sets that come with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Builtin {
    Digits,
    Iris,
    Xor,
    Moons,
    Circles,
    Spirals,
}

impl Builtin {
    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// A name, or else a path. What is no name and does not look like a path, or like anything that is there, is a wrong value.
pub(crate) fn data() -> impl clap::builder::TypedValueParser<Value = Data> {
    use clap::builder::{OsStringValueParser, TypedValueParser};
    OsStringValueParser::new().try_map(|text| {
        if let Some(builtin) = text.to_str().and_then(|name| Builtin::from_str(name, false).ok()) {
            return Ok(Data::Builtin(builtin));
        }
        let path = PathBuf::from(text);
        let looks_like_a_path = path.extension().is_some() || path.components().count() != 1;
        if looks_like_a_path || path.symlink_metadata().is_ok() {
            return Ok(Data::Path(path));
        }
        let names: Vec<String> = Builtin::value_variants().iter().map(|builtin| builtin.name()).collect();
        Err(format!("there is no such file, and the data sets are {}", names.join(", ")))
    })
}

/// A character of ASCII between two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delimiter(pub(crate) u8);

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.as_bytes() {
            _ if text == "tab" || text == "\\t" => Ok(Delimiter(b'\t')),
            &[byte] if byte == b'\t' || byte == b' ' || (byte.is_ascii_punctuation() && !b"\"+-.'".contains(&byte)) => {
                Ok(Delimiter(byte))
            }
            _ => Err("must be one character that stands in no number or name, such as `;` or `|`, or `tab`".to_owned()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Task {
    /// The last column is the label of a class
    Classification,
    /// The last columns are numbers to be predicted
    Regression,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum YesOrNo {
    Yes,
    No,
}

impl YesOrNo {
    /// What is done with a first line.
    pub(crate) fn header(answer: Option<Self>) -> Header {
        match answer {
            Some(YesOrNo::Yes) => Header::Yes,
            Some(YesOrNo::No) => Header::No,
            None => Header::Auto,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextOrJson {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextMarkdownOrJson {
    Text,
    Markdown,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    Delta,
    Tape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OptimizerName {
    Sgd,
    Adam,
}

/// A whole number. One that is too large to be counted with is as good as the largest: more than any network or data has.
fn whole(text: &str) -> Result<usize, ParseIntError> {
    text.parse().or_else(|error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => Ok(usize::MAX),
        _ => Err(error),
    })
}

/// Units of the hidden layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hidden(pub(crate) Vec<usize>);

impl FromStr for Hidden {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Hidden(Vec::new()));
        }
        let width = |cell: &str| match whole(cell.trim()) {
            Ok(0) => Err("a layer must have at least one unit; `none` means no hidden layer".to_owned()),
            Ok(n) => Ok(n),
            Err(_) => Err(format!("`{cell}` is not a number of units; write 32 or 32,16 or none")),
        };
        text.split(',').map(width).collect::<Result<_, _>>().map(Hidden)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BatchSize {
    All,
    Examples(usize),
}

impl fmt::Display for BatchSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BatchSize::All => f.write_str("all"),
            BatchSize::Examples(n) => write!(f, "{n}"),
        }
    }
}

impl FromStr for BatchSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match whole(text) {
            _ if text == "all" => Ok(BatchSize::All),
            Ok(0) => Err("must be at least 1".to_owned()),
            Ok(n) => Ok(BatchSize::Examples(n)),
            Err(_) => Err("must be a number of examples, or `all`".to_owned()),
        }
    }
}

/// Numbers with commas between them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Numbers(pub(crate) Vec<f64>);

impl FromStr for Numbers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',').map(|cell| finite(cell.trim())).collect::<Result<_, _>>().map(Numbers)
    }
}

fn finite(text: &str) -> Result<f64, String> {
    nn_train::plain_number(text, Precision::F64).map_err(|error| error.to_string())
}

pub(crate) fn not_negative(text: &str) -> Result<f64, String> {
    in_range(text, |x| x >= 0.0, "at least 0")
}

pub(crate) fn probability(text: &str) -> Result<f64, String> {
    in_range(text, |x| (0.0..=1.0).contains(&x), "between 0 and 1")
}

pub(crate) fn below_one(text: &str) -> Result<f64, String> {
    in_range(text, |x| (0.0..1.0).contains(&x), "at least 0 and below 1")
}

fn in_range(text: &str, fits: impl Fn(f64) -> bool, range: &str) -> Result<f64, String> {
    let x = finite(text)?;
    if fits(x) { Ok(x) } else { Err(format!("must be {range}")) }
}

/// A parser that takes the names of some values, and lists them in --help and in its message.
fn named<V: Copy + Send + Sync + 'static>(
    values: &'static [V],
    name: fn(V) -> &'static str,
) -> impl clap::builder::TypedValueParser<Value = V> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(values.iter().map(|&value| name(value))).map(move |text| {
        let found = values.iter().find(|&&value| name(value) == text);
        *found.expect("clap has compared the text with these names")
    })
}

pub(crate) fn activation() -> impl clap::builder::TypedValueParser<Value = Activation> {
    named(&Activation::ALL, Activation::name)
}

pub(crate) fn loss() -> impl clap::builder::TypedValueParser<Value = Loss> {
    named(&Loss::ALL, Loss::name)
}

pub(crate) fn initialization() -> impl clap::builder::TypedValueParser<Value = Initialization> {
    named(&Initialization::ALL, Initialization::name)
}

pub(crate) fn schedule() -> impl clap::builder::TypedValueParser<Value = Schedule> {
    named(&Schedule::ALL, Schedule::name)
}

pub(crate) fn precision() -> impl clap::builder::TypedValueParser<Value = Precision> {
    named(&[Precision::F32, Precision::F64], Precision::name)
}
