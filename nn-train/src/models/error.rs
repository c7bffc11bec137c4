//! [`ModelError`], the parse errors of a model file.

use nn_core::Activation;
use nn_core::text::counted;
use nn_layers::NetworkError;

use crate::text::JsonError;

/// The value of `format` in a model file.
pub(super) const FORMAT: &str = "nn-model";
/// The version that is written and read.
pub(super) const VERSION: u64 = 1;

/// Why a text is not a model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is not JSON, or a key is missing, unknown, doubled, or of another type. The message has line and column.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// It is some other JSON.
    #[error("format is \"{0}\", but a model file says \"{FORMAT}\"")]
    Format(String),
    /// The version is not the one that this program reads.
    #[error("version {found} is {} {VERSION}, the only one that this program reads", newer_or_not(*.found))]
    Version {
        /// The version in the file.
        found: u64,
    },
    /// An unknown name of an activation, loss or precision.
    #[error("{place}: {error}")]
    Name {
        /// Where the name stands.
        place: String,
        /// The unknown name, and the known ones.
        error: nn_core::UnknownName,
    },
    /// The rows of a weight matrix differ in length.
    #[error("layer {layer}, row {row} of weight has {}, but row 1 has {expected}", counted(*.found, "number"))]
    Ragged {
        /// The number of the layer, from 1.
        layer: usize,
        /// The number of the row, from 1.
        row: usize,
        /// The number of entries in row 1.
        expected: usize,
        /// The number of entries in this row.
        found: usize,
    },
    /// The layers and the loss do not make a network.
    #[error("{0}")]
    Network(#[from] NetworkError),
    /// The number of classes does not fit the outputs.
    #[error("{} for a network with {}", counted(*.found, "class"), counted(*.outputs, "output"))]
    Classes {
        /// The number of class names.
        found: usize,
        /// n_L, the number of outputs.
        outputs: usize,
    },
    /// One output for two classes that is not the probability of the second: there is no threshold between them.
    #[error("a single output for two classes needs sigmoid or step as last activation, not {activation}")]
    OneOutput {
        /// The last activation.
        activation: Activation,
    },
    /// Two classes have the same name.
    #[error("two classes are called {class:?}")]
    SameClass {
        /// The name that occurs twice.
        class: String,
    },
    /// The standardisation does not fit the inputs.
    #[error(
        "standardize has {} and {} for a network with {}",
        counted(*.mean, "mean"), counted(*.scale, "scale"), counted(*.inputs, "input")
    )]
    Standardize {
        /// The number of means.
        mean: usize,
        /// The number of scales.
        scale: usize,
        /// n₀, the number of inputs.
        inputs: usize,
    },
    /// A scale is negative.
    #[error("standardize: scale {index} is {value:?}: a scale is 0 (a constant column) or larger")]
    Scale {
        /// The number of the scale, from 1.
        index: usize,
        /// The negative scale.
        value: f64,
    },
    /// A parameter is too large for the model's precision.
    #[error("layer {layer}: {value:?} overflows f32, the precision of this model")]
    Overflow {
        /// The number of the layer, from 1.
        layer: usize,
        /// The parameter that is too large.
        value: f64,
    },
}

fn newer_or_not(version: u64) -> &'static str {
    if version > VERSION { "newer than" } else { "not" }
}
