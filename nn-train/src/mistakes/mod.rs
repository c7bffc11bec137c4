//! The classic mistakes in a δ-recursion, each the right recursion with a step replaced.
//!
//! [`CATALOGUE`] is the one list of them. `nn diagnose`, the book and its exercises all read it: a mistake is added by
//! adding one item there.
//!
//! ```
//! use nn_core::{Activation, Loss, Matrix, seeded};
//! use nn_layers::{Initialization, Network};
//! use nn_train::{CATALOGUE, Problem, explain_with_mistakes};
//!
//! let layers = [(3, Activation::Tanh), (2, Activation::Sigmoid)];
//! let network = Network::random(2, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1))?;
//! let (x, y) = (Matrix::from_column(&[0.5, -1.0]), Matrix::from_column(&[1.0, 0.0]));
//! let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
//!
//! let right = explain_with_mistakes(problem, &[]);
//! let sign = CATALOGUE.iter().find(|mistake| mistake.id == "sign-turned").expect("it is in the catalogue");
//! let made = sign.places(problem)[0].clone();
//! let wrong = explain_with_mistakes(problem, &[made]);
//! assert_eq!(wrong.layers[0].weight_gradient, right.layers[0].weight_gradient.map(|g| -g));
//! # Ok::<(), nn_layers::NetworkError>(())
//! ```
//!
//! | file | what is in it |
//! |---|---|
//! | recursion.rs | the δ-recursion in steps that can be replaced |
//! | mistake.rs | what a mistake is: which step it changes, where, in which forms, and what to tell the learner |
//! | catalogue.rs | the mistakes |

mod catalogue;
mod mistake;
mod recursion;

pub(crate) use catalogue::GRADIENT_TRANSPOSED;
pub use catalogue::{CATALOGUE, chapter_title};
pub use mistake::{Equation, Lines, Made, Mistake, Place, explain_with_mistakes};
pub(crate) use recursion::Pass;
pub use recursion::Problem;
