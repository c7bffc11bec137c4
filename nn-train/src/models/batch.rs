//! A batch in JSON: the examples that a worked example or a diagnosis is about.

use nn_core::text::counted;
use nn_core::{Matrix, TargetError};
use serde::Deserialize;

use super::model::Model;
use crate::data::Precision;
use crate::text::{JsonError, parse_json};

/// Examples with their targets, as people write them: a row for each example.
///
/// ```
/// use nn_train::Batch;
///
/// let batch = Batch::from_json(r#"{"inputs": [[0.05, 0.1], [0.4, -0.3]], "targets": [[0.01], [0.5]]}"#)?;
/// assert_eq!(batch.inputs.len(), 2);
/// assert!(Batch::from_json(r#"{"inputs": [[1]], "targets": []}"#).unwrap_err().to_string().contains("1 input, but 0"));
/// # Ok::<(), nn_train::BatchError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// A row for each example, with n₀ numbers.
    pub inputs: Vec<Vec<f64>>,
    /// A row for each example, with n_L numbers.
    pub targets: Vec<Vec<f64>>,
}

/// Why a text is no batch, or a batch none for a model.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// It is not the JSON that is expected. The message has line and column.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// There are no examples.
    #[error("there are no examples")]
    Empty,
    /// There are more or fewer targets than inputs.
    #[error("{}, but {}", counted(*.inputs, "input"), counted(*.targets, "target"))]
    Counts {
        /// Rows of inputs.
        inputs: usize,
        /// Rows of targets.
        targets: usize,
    },
    /// An example has more or fewer inputs than the network.
    #[error("example {example} has {}, but the network has {expected}", counted(*.found, "input"))]
    Inputs {
        /// From 1.
        example: usize,
        /// Its inputs.
        found: usize,
        /// n₀
        expected: usize,
    },
    /// An example has more or fewer targets than the network has outputs.
    #[error("example {example} has {}, but the network has {}", counted(*.found, "target"), counted(*.expected, "output"))]
    Targets {
        /// From 1.
        example: usize,
        /// Its targets.
        found: usize,
        /// n_L
        expected: usize,
    },
    /// A number is too large for the precision.
    #[error("example {example}: {value:?} overflows {precision}")]
    Overflow {
        /// From 1.
        example: usize,
        /// The number.
        value: f64,
        /// What does not hold it.
        precision: Precision,
    },
    /// The loss does not take the targets.
    #[error("{0}")]
    Loss(#[from] TargetError),
}

impl Batch {
    /// Reads the JSON form: `{"inputs": [[…], …], "targets": [[…], …]}`.
    ///
    /// # Errors
    ///
    /// Says what is wrong, with line and column; that there are no examples, or not a target for each.
    pub fn from_json(text: &str) -> Result<Self, BatchError> {
        let batch: Batch = parse_json(text)?;
        if batch.inputs.is_empty() {
            return Err(BatchError::Empty);
        }
        if batch.inputs.len() != batch.targets.len() {
            return Err(BatchError::Counts { inputs: batch.inputs.len(), targets: batch.targets.len() });
        }
        Ok(batch)
    }

    /// Whether the rows fit the network, its loss and the precision.
    ///
    /// # Errors
    ///
    /// Names the first example that does not, and what it is that does not fit.
    pub fn check_fit(&self, model: &Model, precision: Precision) -> Result<(), BatchError> {
        let (inputs, outputs) = (model.network.inputs(), model.network.outputs());
        for (example, (x, y)) in (1..).zip(self.inputs.iter().zip(&self.targets)) {
            if x.len() != inputs {
                return Err(BatchError::Inputs { example, found: x.len(), expected: inputs });
            }
            if y.len() != outputs {
                return Err(BatchError::Targets { example, found: y.len(), expected: outputs });
            }
            if let Some(&value) = x.iter().chain(y).find(|&&value| !precision.holds(value)) {
                return Err(BatchError::Overflow { example, value, precision });
            }
        }
        Ok(model.network.loss().check_targets(&Matrix::from_columns(&self.targets))?)
    }
}
