//! A model: a trained network with what it takes to use it on raw data, and its JSON form.
//!
//! ```json
//! {"format": "nn-model", "version": 1, "loss": "least-squares",
//!  "layers": [{"activation": "sigmoid", "weight": [[0.15, 0.20], [0.25, 0.30]], "bias": [0.35, 0.35]},
//!             {"activation": "sigmoid", "weight": [[0.40, 0.45], [0.50, 0.55]], "bias": [0.60, 0.60]}]}
//! ```
//!
//! `weight` has a row for each unit of its layer and a column for each unit of the layer below. Optional keys are
//! `precision`, `classes`, `standardize` and `metadata`; any other key is an error.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use nn_core::{Activation, Matrix, Scalar};
use nn_layers::{Dense, Network, NetworkError};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::message::counted;
use crate::{Overflow, Standardization};

/// The floating-point numbers that a network computes with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits, 24 of them significant: about 7 digits. Twice as fast as f64.
    F32,
    /// 64 bits, 53 of them significant: about 16 digits.
    #[default]
    F64,
}

impl Precision {
    /// `f32` or `f64`.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::F64 => "f64",
        }
    }

    /// Whether a number does not overflow when it is rounded to this precision.
    pub fn holds(self, x: f64) -> bool {
        match self {
            Precision::F32 => (x as f32).is_finite(),
            Precision::F64 => x.is_finite(),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A network and what belongs to it. The parameters are kept in f64, which holds every f32 exactly.
#[derive(Clone, Debug)]
pub struct Model {
    /// The layers and the cost.
    pub network: Network<f64>,
    /// The precision that it was trained in and is to be used in.
    pub precision: Precision,
    /// The name of each class, where the outputs are classes.
    pub classes: Option<Vec<String>>,
    /// What is done to raw inputs before the network sees them.
    pub standardize: Option<Standardization>,
    /// JSON of whoever wrote the model, kept as it is.
    pub metadata: Option<Box<RawValue>>,
}

/// Why a text is not a model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is not JSON, or a key is missing, unknown, doubled, or of another type. The message has line and column.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It is some other JSON.
    #[error("format is \"{0}\", but a model file says \"{FORMAT}\"")]
    Format(String),
    /// It was written by a newer program, or by none.
    #[error("version {found} is {} {VERSION}, the only one that this program reads", newer_or_not(*.found))]
    Version {
        /// What the file says.
        found: u64,
    },
    /// A name that there is not.
    #[error("{place}: {error}")]
    Name {
        /// Where.
        place: String,
        /// Which, and which there are.
        error: nn_core::UnknownName,
    },
    /// The rows of a weight matrix differ in length.
    #[error("layer {layer}, row {row} of weight has {}, but row 1 has {expected}", counted(*.found, "number"))]
    Ragged {
        /// From 1.
        layer: usize,
        /// From 1.
        row: usize,
        /// Numbers in row 1.
        expected: usize,
        /// Numbers in this row.
        found: usize,
    },
    /// The layers and the loss do not make a network.
    #[error("{0}")]
    Network(#[from] NetworkError),
    /// The number of classes does not fit the outputs.
    #[error("{} for a network with {}", counted(*.found, "class"), counted(*.outputs, "output"))]
    Classes {
        /// Names given.
        found: usize,
        /// n_L
        outputs: usize,
    },
    /// Two classes have the same name, which would stand for both.
    #[error("two classes are called {class:?}")]
    SameClass {
        /// The name.
        class: String,
    },
    /// The standardisation does not fit the inputs.
    #[error(
        "standardize has {} and {} for a network with {}",
        counted(*.mean, "mean"), counted(*.scale, "scale"), counted(*.inputs, "input")
    )]
    Standardize {
        /// Means given.
        mean: usize,
        /// Scales given.
        scale: usize,
        /// n₀
        inputs: usize,
    },
    /// A scale is negative.
    #[error("standardize: scale {index} is {value:?}: a scale is 0 (a constant column) or larger")]
    Scale {
        /// From 1.
        index: usize,
        /// What was found.
        value: f64,
    },
    /// A parameter is too large for the model's precision.
    #[error("layer {layer}: {value:?} overflows f32, the precision of this model")]
    Overflow {
        /// From 1.
        layer: usize,
        /// What was found.
        value: f64,
    },
}

const FORMAT: &str = "nn-model";
const VERSION: u64 = 1;

fn newer_or_not(version: u64) -> &'static str {
    if version > VERSION { "newer than" } else { "not" }
}

/// What is read first, whatever else there is: a newer version may have keys that this program does not know.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u64,
    loss: String,
    layers: Vec<FileLayer>,
    precision: Option<FilePrecision>,
    classes: Option<Vec<String>>,
    standardize: Option<FileStandardize>,
    metadata: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLayer {
    activation: String,
    weight: Vec<Vec<f64>>,
    bias: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum FilePrecision {
    F32,
    F64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileStandardize {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

impl Model {
    /// Reads a model from its JSON form.
    ///
    /// # Errors
    ///
    /// Says what is wrong and where: line and column for what is not the right JSON, the layer for what is not a network.
    ///
    /// ```
    /// use nn_train::Model;
    ///
    /// let text = r#"{"format": "nn-model", "version": 1, "loss": "least-squares",
    ///     "layers": [{"activation": "tanh", "weight": [[1, -1]], "bias": [0.5]}]}"#;
    /// let model = Model::from_json(text)?;
    /// assert_eq!(model.network.inputs(), 2);
    /// assert_eq!(Model::from_json(&model.to_json())?.network, model.network);
    /// # Ok::<(), nn_train::ModelError>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, ModelError> {
        let header: Header = serde_json::from_str(text)?;
        if header.format != FORMAT {
            return Err(ModelError::Format(header.format));
        }
        if header.version != VERSION {
            return Err(ModelError::Version { found: header.version });
        }
        let file: File = serde_json::from_str(text)?;
        let precision = match file.precision {
            Some(FilePrecision::F32) => Precision::F32,
            Some(FilePrecision::F64) | None => Precision::F64,
        };
        let layers = (1..).zip(&file.layers).map(|(l, layer)| dense(l, layer, precision)).collect::<Result<_, _>>()?;
        let loss = parse_name(&file.loss, || "loss".to_owned())?;
        let network = Network::new(layers, loss)?;
        let standardize = file.standardize.map(|s| Standardization { mean: s.mean, scale: s.scale });
        let model = Model { network, precision, classes: file.classes, standardize, metadata: file.metadata };
        model.check()?;
        Ok(model)
    }

    /// The JSON form as a text; [`write_json`](Model::write_json) says what it looks like.
    pub fn to_json(&self) -> String {
        let mut json = Vec::new();
        self.write_json(&mut json).expect("memory does not fail");
        String::from_utf8(json).expect("JSON is UTF-8")
    }

    /// Writes the JSON form: a line for each layer, numbers that read back to the same bits.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let (loss, precision) = (self.network.loss(), self.precision);
        write!(out, "{{\"format\": \"{FORMAT}\", \"version\": {VERSION}, \"loss\": \"{loss}\"")?;
        write!(out, ", \"precision\": \"{precision}\"")?;
        if let Some(classes) = &self.classes {
            write!(out, ",\n \"classes\": ")?;
            write_list(out, classes)?;
        }
        if let Some(Standardization { mean, scale }) = &self.standardize {
            write!(out, ",\n \"standardize\": {{\"mean\": ")?;
            write_list(out, mean)?;
            write!(out, ", \"scale\": ")?;
            write_list(out, scale)?;
            write!(out, "}}")?;
        }
        if let Some(metadata) = &self.metadata {
            write!(out, ",\n \"metadata\": {metadata}")?;
        }
        for (l, dense) in self.network.layers().iter().enumerate() {
            let before = if l == 0 { ",\n \"layers\": [" } else { ",\n  " };
            write!(out, "{before}{{\"activation\": \"{}\", \"weight\": [", dense.activation)?;
            for i in 0..dense.outputs() {
                out.write_all(if i == 0 { b"" } else { b", " })?;
                write_list(out, dense.weight.row_iter(i))?;
            }
            write!(out, "], \"bias\": ")?;
            write_list(out, dense.bias.as_slice())?;
            write!(out, "}}")?;
        }
        writeln!(out, "]}}")
    }

    fn check(&self) -> Result<(), ModelError> {
        let (inputs, outputs) = (self.network.inputs(), self.network.outputs());
        if let Some(classes) = &self.classes {
            // One output, a probability, tells two classes apart.
            if classes.len() != outputs && !(outputs == 1 && classes.len() == 2) {
                return Err(ModelError::Classes { found: classes.len(), outputs });
            }
            if let Some((_, class)) = classes.iter().enumerate().find(|&(i, class)| classes[..i].contains(class)) {
                return Err(ModelError::SameClass { class: class.clone() });
            }
        }
        if let Some(Standardization { mean, scale }) = &self.standardize {
            if mean.len() != inputs || scale.len() != inputs {
                return Err(ModelError::Standardize { mean: mean.len(), scale: scale.len(), inputs });
            }
            if let Some((index, &value)) = (1..).zip(scale).find(|&(_, &value)| value < 0.0) {
                return Err(ModelError::Scale { index, value });
            }
        }
        Ok(())
    }

    /// The first parameter that is too large for the model's [`precision`](Model::precision), which one may have changed.
    pub fn overflowing_parameter(&self) -> Option<f64> {
        let parameters = self.network.parameters().flat_map(|parameter| parameter.as_slice());
        parameters.copied().find(|&x| !self.precision.holds(x))
    }

    /// Raw inputs, a column for each example, as the network is to see them.
    ///
    /// # Panics
    ///
    /// Panics if x does not have n₀ rows.
    pub fn prepare(&self, x: &Matrix<f64>) -> Matrix<f64> {
        let mut x = x.clone();
        if let Some(standardize) = &self.standardize {
            standardize.apply(&mut x);
        }
        x
    }

    /// The outputs for raw inputs, in the model's precision.
    ///
    /// # Shapes
    ///
    /// x: n₀ × m → a⁽ᴸ⁾: n_L × m.
    ///
    /// # Panics
    ///
    /// Panics if x does not have n₀ rows.
    pub fn predict(&self, x: &Matrix<f64>) -> Matrix<f64> {
        let x = self.prepare(x);
        match self.precision {
            Precision::F64 => self.network.predict(&x),
            Precision::F32 => self.network.map(|w| w as f32).predict(&x.map(|x| x as f32)).map(f64::from),
        }
    }

    /// As [`predict`](Model::predict), where every number on the way is finite.
    ///
    /// Outputs alone do not show it: a sum that overflows on its way may come back, and sigmoid(∞) is 1.
    ///
    /// # Errors
    ///
    /// The first example with a number that is not finite, as [`overflow`](Model::overflow) tells it.
    ///
    /// ```
    /// use nn_core::Matrix;
    /// use nn_train::Model;
    ///
    /// let text = r#"{"format": "nn-model", "version": 1, "loss": "least-squares",
    ///     "layers": [{"activation": "tanh", "weight": [[1e200]], "bias": [0]}]}"#;
    /// let model = Model::from_json(text)?;
    /// assert_eq!(model.predict_finite(&Matrix::from_rows(&[[1.0, 0.0]])), Ok(Matrix::from_rows(&[[1.0, 0.0]])));
    /// let overflow = model.predict_finite(&Matrix::from_rows(&[[1.0, 1e200]])).unwrap_err();
    /// assert_eq!((overflow.example, overflow.to_string()), (1, "z⁽¹⁾ of unit 1 is inf".to_owned()));
    /// # Ok::<(), nn_train::ModelError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if x does not have n₀ rows.
    pub fn predict_finite(&self, x: &Matrix<f64>) -> Result<Matrix<f64>, Overflow> {
        let prepared = self.prepare(x);
        let outputs = match self.precision {
            Precision::F64 => finite_outputs(&self.network, &prepared),
            Precision::F32 => finite_outputs(&self.network.map(|w| w as f32), &prepared.map(|x| x as f32)),
        };
        // The second pass, for the place, is only taken where there is one to be told.
        outputs.ok_or_else(|| self.overflow(x).expect("the same pass finds the same numbers"))
    }
}

/// a⁽ᴸ⁾, if the inputs and every z⁽ˡ⁾ are finite.
fn finite_outputs<T: Scalar>(network: &Network<T>, x: &Matrix<T>) -> Option<Matrix<f64>> {
    let all_finite = |matrix: &Matrix<T>| matrix.as_slice().iter().all(|x| x.to_f64().is_finite());
    let mut is_finite = all_finite(x);
    let [_, a] = network.forward(x, |_, z, _| is_finite = is_finite && all_finite(z));
    is_finite.then(|| a.map(T::to_f64))
}

fn dense(l: usize, layer: &FileLayer, precision: Precision) -> Result<Dense<f64>, ModelError> {
    let expected = layer.weight.first().map_or(0, Vec::len);
    if let Some((row, numbers)) = (1..).zip(&layer.weight).find(|(_, numbers)| numbers.len() != expected) {
        return Err(ModelError::Ragged { layer: l, row, expected, found: numbers.len() });
    }
    let mut numbers = layer.weight.iter().flatten().chain(&layer.bias);
    if let Some(&value) = numbers.find(|&&x| !precision.holds(x)) {
        return Err(ModelError::Overflow { layer: l, value });
    }
    let activation: Activation = parse_name(&layer.activation, || format!("layer {l}"))?;
    Ok(Dense { weight: Matrix::from_rows(&layer.weight), bias: Matrix::from_column(&layer.bias), activation })
}

fn parse_name<N: FromStr<Err = nn_core::UnknownName>>(
    name: &str,
    place: impl FnOnce() -> String,
) -> Result<N, ModelError> {
    name.parse().map_err(|error| ModelError::Name { place: place(), error })
}

/// A JSON list of numbers or strings on one line.
fn write_list<'a, V: serde::Serialize + 'a>(
    out: &mut dyn Write,
    values: impl IntoIterator<Item = &'a V>,
) -> io::Result<()> {
    out.write_all(b"[")?;
    for (i, value) in values.into_iter().enumerate() {
        out.write_all(if i == 0 { b"" } else { b", " })?;
        serde_json::to_writer(&mut *out, value)?;
    }
    out.write_all(b"]")
}
