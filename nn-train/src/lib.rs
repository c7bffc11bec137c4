//! Using networks: data sets, gradient descent, metrics, model files, and the program `nn`.
//!
//! # The algorithm
//!
//! Mini-batch stochastic gradient descent, as in the seed document, section 3.7.5: initialise the parameters at random;
//! pick examples at random; compute the outputs; compute the gradients; update the parameters; repeat until the desired
//! accuracy is reached. [`Trainer::epoch`] is one round through the data, and [`sgd_update`] is the update:
//!
//! ```text
//! W ← W − η ∂J/∂W
//! ```
//!
//! # Example
//!
//! A network that learns to read handwritten digits:
//!
//! ```
//! use nn_core::{Activation, Loss, seeded};
//! use nn_layers::{ByHand, Initialization, Network};
//! use nn_train::{Examples, Optimizer, Plan, Standardization, Trainer, digits, split};
//!
//! let mut data = digits();
//! let rows = split(&data, 0.2); // a fifth is held out
//! Standardization::fit(&data.subset(&rows.train).x).apply(&mut data.x);
//! let train = Examples::<f32>::new(&data.subset(&rows.train), 10);
//! let held_out = Examples::<f32>::new(&data.subset(&rows.validation), 10);
//!
//! let layers = [(32, Activation::Relu), (10, Activation::Softmax)];
//! let network = Network::random(64, &layers, Loss::CrossEntropy, Initialization::He, &mut seeded(1))?;
//! let plan = Plan { epochs: 3, ..Plan::default() };
//! let mut trainer = Trainer::new(ByHand::new(network), Optimizer::sgd(), plan);
//! trainer.train(&train)?;
//! let network = trainer.into_network();
//! assert!(held_out.evaluate(&network).accuracy > Some(0.9));
//! println!("the first five rows are read as {:?}", &network.classify(&held_out.x)[..5]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Its rooms
//!
//! Each is a folder, and its front page, mod.rs, says what is in it. A room uses only rooms above it.
//!
//! | room | what is in it |
//! |---|---|
//! | text | texts of users in messages, and JSON in lines |
//! | data | data sets, embedded, generated, from CSV or IDX files; the held-out draw; standardisation |
//! | training | the loop, the updates, metrics, threads |
//! | models | a model and its JSON form; checkpoints; where its numbers overflow |
//! | explain | the worked example: all numbers of a step, by both engines |
//! | mistakes | the catalogue of classic mistakes in a δ-recursion |
//! | diagnosis | which of them gives somebody's numbers |
//! | bin/nn | the program: arguments and output |
//!
//! # In the book
//!
//! Descent: `docs/src/descent.md`. XOR, moons, spirals: `docs/src/plane.md`. Digits: `docs/src/digits.md`. What else the
//! model file is good for: `docs/src/next.md`.
//!
//! # What it does not do
//!
//! Without its default feature `cli` this crate touches no file and no clock, and without `threads`, which `cli` includes,
//! no thread: it compiles for wasm32.
#![forbid(unsafe_code)]

mod data;
mod diagnosis;
mod explain;
mod mistakes;
mod models;
mod text;
mod training;

#[cfg(feature = "cli")]
pub use data::{
    CLASS_LIMIT, CSV_CELL_LIMIT, CSV_LINE_LIMIT, CellFault, CsvError, CsvFormat, CsvReader, Header, Idx, IdxError,
    LastColumns, Pictures, Row, Table, TableFormat, check_features, read_idx, read_table,
};
pub use data::{
    DataSet, DataSetError, NumberError, Precision, Split, Standardization, Targets, circles, digits, iris, moons,
    plain_number, spirals, split, xor,
};
pub use diagnosis::{
    Array, Compared, DiagnoseError, Diagnosis, Digits, Finding, Quantity, Sample, Yours, YoursError, diagnose,
};
pub use explain::{EngineExplanation, Explanation, LayerExplanation, Stage, Step, Updated, explain};
pub use mistakes::{CATALOGUE, Equation, Lines, Made, Mistake, Place, Problem, chapter_title, explain_with_mistakes};
#[cfg(feature = "cli")]
pub use models::read_checkpoint;
pub use models::{
    Batch, BatchError, Checkpoint, CheckpointError, ContainerError, FileNumber, Mismatch, Model, ModelError, NotFinite,
    Overflow, OverflowPlace, Report, TargetScale, checkpoint_run,
};
pub use nn_core::text::counted;
pub use nn_layers::predicted_class;
#[cfg(feature = "cli")]
pub use text::{Foreign, JSON_FILE_LIMIT, TextFileError, read_json_text};
pub use text::{JsonError, escaped, one_line, parse_json, quoted};
pub use training::{
    BatchReport, ConfusionMatrix, EpochReport, EpochRow, EpochSoFar, Evaluation, Examples, Optimizer, Plan,
    RestoreError, Schedule, StateError, Stopped, Trainer, TrainerState, accuracy, best_epoch, r_squared, sgd_update,
};
#[cfg(feature = "threads")]
pub use training::{Threads, ThreadsError};
