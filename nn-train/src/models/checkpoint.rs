//! A checkpoint: a training that was stopped, as a file from which it goes on.

use nn_core::Matrix;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::container::{Container, ContainerError, FileNumber, Tensor, to_bytes};
use super::file::Header;
use crate::data::Precision;
use crate::text::{JsonError, parse_json};
use crate::training::{EpochRow, EpochSoFar, TrainerState};

/// All that it takes to go on with a training as if nothing had been: where it stands, and what is known of the epochs
/// before.
///
/// The same training gives the same bytes. So the seconds of the history are not among them.
///
/// ```
/// use nn_core::{Activation, Loss, seeded};
/// use nn_layers::{ByHand, Initialization, Network};
/// use nn_train::{Checkpoint, Examples, Optimizer, Plan, Trainer, xor};
///
/// let examples = Examples::<f32>::new(&xor(), 1);
/// let layers = [(8, Activation::Tanh), (1, Activation::Sigmoid)];
/// let network = Network::random(2, &layers, Loss::BinaryCrossEntropy, Initialization::Glorot, &mut seeded(1))?;
/// let new = || Trainer::new(ByHand::new(network.clone()), Optimizer::momentum(0.9), Plan::default());
///
/// let mut trainer = new();
/// trainer.train(&examples)?;
/// let run = serde_json::json!({ "data": "xor" }); // whatever one wants to find again
/// let checkpoint = Checkpoint { run, state: trainer.state(), history: Vec::new(), best: None };
/// let bytes = checkpoint.to_bytes()?; // for std::fs::write, or wherever bytes are kept
///
/// let mut resumed = new();
/// resumed.restore(Checkpoint::from_bytes(&bytes)?.state)?;
/// assert_eq!(resumed.train(&examples)?, trainer.train(&examples)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint<T> {
    /// What the training is: JSON of whoever writes the checkpoint.
    pub run: Value,
    /// Where it stands.
    pub state: TrainerState<T>,
    /// The epochs that are over.
    pub history: Vec<EpochRow>,
    /// The parameters of the best epoch so far, where they are kept.
    pub best: Option<Vec<Matrix<T>>>,
}

/// Why bytes are not a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// They are no file with matrices, or a damaged one.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// Its JSON text lacks a key, or has one too many.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// It holds something else.
    #[error("format is \"{0}\", but a checkpoint says \"{FORMAT}\"")]
    Format(String),
    /// The file is not there, or not a regular one.
    #[cfg(feature = "cli")]
    #[error(transparent)]
    File(#[from] crate::text::TextFileError),
    /// It was written by another version of the program.
    #[error("version {found} is not {VERSION}, the only one that this program reads")]
    Version {
        /// What the file says.
        found: u64,
    },
    /// A parameter is infinite or not a number.
    #[error("{name} has an entry that is not finite")]
    NotFinite {
        /// The matrix.
        name: String,
    },
    /// Two things in it do not go together.
    #[error("{0}")]
    Inconsistent(String),
}

const FORMAT: &str = "nn-checkpoint";
const VERSION: u64 = 1;

/// The JSON text, its keys in the order in which they are written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    format: String,
    version: u64,
    precision: Precision,
    steps: u64,
    /// Of the epoch that was stopped; Σ J is a matrix of one entry, because it may be infinite.
    epoch: usize,
    examples: usize,
    right: usize,
    /// How many matrices there are.
    parameters: usize,
    optimizer: usize,
    best: usize,
    run: Value,
}

/// Names of matrices; numbered ones are counted from 1: `parameter.1`.
const HISTORY: &str = "history";
const LOSS_SUM: &str = "loss_sum";
const PARAMETER: &str = "parameter";
const OPTIMIZER: &str = "optimizer";
const BEST: &str = "best";

/// Reads the bytes of a checkpoint: a regular file that begins as one, and is no shorter than its header.
///
/// # Errors
///
/// Says what is there instead, before memory is asked for. What the bytes are worth is for [`Checkpoint::from_bytes`] to find
/// out.
#[cfg(feature = "cli")]
pub fn read_checkpoint(path: &std::path::Path) -> Result<Vec<u8>, CheckpointError> {
    let length = crate::text::regular_file(path)?;
    let bytes = || -> std::io::Result<_> { super::container::read(&mut std::fs::File::open(path)?, length) };
    Ok(bytes().map_err(crate::text::TextFileError::from)??)
}

/// What a checkpoint says of its training, and its precision, before one knows which [`Checkpoint`] to read.
///
/// # Errors
///
/// Says why the bytes are no checkpoint.
pub fn checkpoint_run(bytes: &[u8]) -> Result<(Precision, Value), CheckpointError> {
    let text = read_text(&Container::from_bytes(bytes)?)?;
    Ok((text.precision, text.run))
}

impl<T: FileNumber> Checkpoint<T> {
    /// The bytes of the file: safetensors, with a checksum.
    ///
    /// # Errors
    ///
    /// Fails if the network has so many layers that the format cannot list them: more than a hundred thousand.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CheckpointError> {
        let TrainerState { parameters, steps, buffers, so_far } = &self.state;
        let best = self.best.as_deref().unwrap_or_default();
        let text = Text {
            format: FORMAT.to_owned(),
            version: VERSION,
            precision: T::PRECISION,
            steps: *steps,
            epoch: so_far.epoch,
            examples: so_far.examples,
            right: so_far.right,
            parameters: parameters.len(),
            optimizer: buffers.len(),
            best: best.len(),
            run: self.run.clone(),
        };
        let json = serde_json::to_string(&text).expect("names and numbers are JSON");
        let history = history_to_matrix(&self.history);
        let loss_sum = Matrix::from_column(&[so_far.loss_sum]);
        let mut tensors = vec![
            (HISTORY.to_owned(), Tensor::of_columns(&history)),
            (LOSS_SUM.to_owned(), Tensor::of_columns(&loss_sum)),
        ];
        for (name, matrices) in [(PARAMETER, &parameters[..]), (OPTIMIZER, buffers), (BEST, best)] {
            let named = (1..).zip(matrices).map(|(i, matrix)| (numbered(name, i), Tensor::of_columns(matrix)));
            tensors.extend(named);
        }
        Ok(to_bytes(&json, tensors)?)
    }

    /// Reads what [`to_bytes`](Checkpoint::to_bytes) has made.
    ///
    /// # Errors
    ///
    /// Says why the bytes are no checkpoint, or none of this precision. Bytes that have changed since are found by their
    /// checksum.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let container = Container::from_bytes(bytes)?;
        let text = read_text(&container)?;
        let matrices = |name: &str, count: usize| -> Result<Vec<Matrix<T>>, ContainerError> {
            (1..=count).map(|i| container.matrix(&numbered(name, i))).collect()
        };
        let loss_sum = container.matrix::<f64>(LOSS_SUM)?;
        let history = history_from_matrix(&container.matrix(HISTORY)?)?;
        let parameters = matrices(PARAMETER, text.parameters)?;
        let buffers = matrices(OPTIMIZER, text.optimizer)?;
        let best = Some(matrices(BEST, text.best)?).filter(|best| !best.is_empty());
        for (name, matrices) in [(PARAMETER, &parameters[..]), (BEST, best.as_deref().unwrap_or_default())] {
            let is_finite = |matrix: &Matrix<T>| matrix.as_slice().iter().all(|x| x.to_f64().is_finite());
            if let Some(i) = matrices.iter().position(|matrix| !is_finite(matrix)) {
                return Err(CheckpointError::NotFinite { name: numbered(name, i + 1) });
            }
        }
        if best.as_ref().is_some_and(|best| !best.iter().map(Matrix::shape).eq(parameters.iter().map(Matrix::shape))) {
            let message = "the parameters of the best epoch have other shapes than those of the last";
            return Err(CheckpointError::Inconsistent(message.to_owned()));
        }
        let &[loss_sum] = loss_sum.as_slice() else {
            return Err(CheckpointError::Inconsistent(format!("{LOSS_SUM} is {}: it should be 1×1", loss_sum.shape())));
        };
        let so_far = EpochSoFar { epoch: text.epoch, examples: text.examples, loss_sum, right: text.right };
        if so_far.right > so_far.examples {
            let message = format!("{} right answers to {} examples", so_far.right, so_far.examples);
            return Err(CheckpointError::Inconsistent(message));
        }
        Ok(Checkpoint {
            run: text.run,
            state: TrainerState { parameters, steps: text.steps, buffers, so_far },
            history,
            best,
        })
    }
}

fn read_text(container: &Container<'_>) -> Result<Text, CheckpointError> {
    let Header { format, version } = parse_json(&container.json)?;
    if format != FORMAT {
        return Err(CheckpointError::Format(format));
    }
    if version != VERSION {
        return Err(CheckpointError::Version { found: version });
    }
    Ok(parse_json(&container.json)?)
}

fn numbered(name: &str, i: usize) -> String {
    format!("{name}.{i}")
}

/// A column for each epoch; NaN where there is no value.
fn history_to_matrix(history: &[EpochRow]) -> Matrix<f64> {
    let columns: Vec<[f64; 4]> = history
        .iter()
        .map(|row| {
            let rest = [row.train_accuracy, row.validation_loss, row.validation_accuracy];
            let [train_accuracy, validation_loss, validation_accuracy] = rest.map(|x| x.unwrap_or(f64::NAN));
            [row.train_loss, train_accuracy, validation_loss, validation_accuracy]
        })
        .collect();
    Matrix::from_slice(4, columns.len(), columns.as_flattened())
}

fn history_from_matrix(matrix: &Matrix<f64>) -> Result<Vec<EpochRow>, CheckpointError> {
    if matrix.rows() != 4 {
        let message = format!("{HISTORY} is {}: it should have 4 numbers for each epoch", matrix.shape());
        return Err(CheckpointError::Inconsistent(message));
    }
    let row = |(epoch, column): (usize, &[f64])| {
        let some = |i: usize| Some(column[i]).filter(|x| !x.is_nan());
        EpochRow {
            epoch,
            train_loss: column[0],
            train_accuracy: some(1),
            validation_loss: some(2),
            validation_accuracy: some(3),
            seconds: None,
        }
    };
    Ok((1..).zip(matrix.columns_iter()).map(row).collect())
}
