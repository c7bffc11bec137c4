//! Why a text is not a model.

use nn_core::Activation;
use nn_core::text::counted;
use nn_layers::NetworkError;

use crate::text::JsonError;

/// What a model file says that it is.
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
    /// Two classes on one output, which is no probability of the second: where one class ends is nowhere said.
    #[error("two classes on one output that is {activation}: one output tells two classes apart after sigmoid or step")]
    OneOutput {
        /// The last activation.
        activation: Activation,
    },
    /// Two classes have the same name, which would stand for both.
    #[error("two classes are called {class:?}")]
    SameClass {
        /// The name.
        class: String,
    },
    /// There is not a name for each input.
    #[error("features has {} for a network with {}", counted(*.found, "name"), counted(*.inputs, "input"))]
    Features {
        /// Names given.
        found: usize,
        /// n₀
        inputs: usize,
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

fn newer_or_not(version: u64) -> &'static str {
    if version > VERSION { "newer than" } else { "not" }
}
