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

mod arithmetic;
mod cell;
#[cfg(feature = "cli")]
mod csv_error;
#[cfg(feature = "cli")]
mod csv_reader;
mod data_set;
mod diagnosis;
mod document;
mod embedded;
mod explanation;
mod explanation_json;
mod message;
mod metrics;
mod mistakes;
mod model;
mod optimizer;
mod overflow;
mod split;
mod standardize;
mod synthetic;
#[cfg(feature = "cli")]
mod text_file;
#[cfg(feature = "threads")]
mod threads;
mod training;
mod worked_example;

pub use cell::{NumberError, plain_number};
#[cfg(feature = "cli")]
pub use csv_error::{CellFault, CsvError};
#[cfg(feature = "cli")]
pub use csv_reader::{CSV_CELL_LIMIT, CSV_LINE_LIMIT, CsvReader, Header, Row};
pub use data_set::{DataSet, DataSetError, Targets};
pub use diagnosis::{
    Array, Compared, DiagnoseError, Diagnosis, Digits, Finding, Quantity, Sample, Yours, YoursError, diagnose,
};
pub use embedded::{digits, iris};
pub use explanation::{EngineExplanation, Explanation, LayerExplanation, Updated, explain};
pub use message::{counted, escaped, one_line, quoted};
pub use metrics::{ConfusionMatrix, accuracy, r_squared};
pub use mistakes::{CATALOGUE, Equation, Lines, Made, Mistake, Place, Task, chapter_title, explain_with_mistakes};
pub use model::{Model, ModelError, Precision};
pub use nn_layers::predicted_class;
pub use optimizer::{Optimizer, RestoreError, Schedule, sgd_update};
pub use overflow::{Overflow, OverflowPlace};
pub use split::{Split, split};
pub use standardize::Standardization;
pub use synthetic::{circles, moons, spirals, xor};
#[cfg(feature = "cli")]
pub use text_file::{Foreign, JSON_FILE_LIMIT, TextFileError, read_json_text};
#[cfg(feature = "threads")]
pub use threads::{Threads, ThreadsError};
pub use training::{BatchReport, EpochReport, Evaluation, Examples, Plan, Stopped, Trainer};
