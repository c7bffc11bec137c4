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
//! let plan = Plan { epochs: 10, batch_size: 32, learning_rate: 0.1, ..Plan::default() };
//! let mut trainer = Trainer::new(ByHand::new(network.clone()), Optimizer::sgd(), plan);
//! for epoch in 1..=3 {
//!     trainer.epoch(&train, epoch, |_| std::ops::ControlFlow::Continue(())).expect("a loss that stays finite");
//! }
//! let mut trained = network;
//! trainer.store(&mut trained);
//! assert!(held_out.evaluate(&trained).accuracy.expect("classes") > 0.9);
//! # Ok::<(), nn_layers::NetworkError>(())
//! ```
//!
//! # In the book
//!
//! Descent: `docs/src/descent.md`. XOR, moons, spirals: `docs/src/plane.md`. Digits: `docs/src/digits.md`. What else the
//! model file is good for: `docs/src/next.md`.
//!
//! # What it does not do
//!
//! Without its default feature `cli` this crate touches no file, no clock and no thread, and compiles for wasm32.
#![forbid(unsafe_code)]

mod data_set;
mod embedded;
mod explain;
mod json;
mod metrics;
mod model;
mod optimizer;
mod precision;
mod split;
mod standardize;
mod synthetic;
#[cfg(feature = "cli")]
mod threads;
mod training;

pub use data_set::{DataSet, DataSetError, Targets};
pub use embedded::{digits, iris};
pub use explain::{EngineExplanation, Explanation, LayerExplanation, Updated, check_target, explain};
pub use metrics::{ConfusionMatrix, accuracy, predicted_class, r_squared};
pub use model::{Model, ModelError};
pub use optimizer::{Optimizer, RestoreError, Schedule, sgd_update};
pub use precision::Precision;
pub use split::{Split, split};
pub use standardize::Standardization;
pub use synthetic::{circles, moons, spirals, xor};
#[cfg(feature = "cli")]
pub use threads::{Threads, ThreadsError};
pub use training::{BatchReport, EpochReport, Evaluation, Examples, Plan, Stopped, Trainer};
