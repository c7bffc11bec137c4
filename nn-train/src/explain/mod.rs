//! The worked example: every number of a forward pass, a δ-recursion and one update, by both engines.
//!
//! Read in this order:
//!
//! | file | what is in it |
//! |---|---|
//! | explanation.rs | [`explain`] runs both engines; an [`Explanation`] holds their numbers |
//! | worked_example.rs | the sections of the page: forward, loss, backward, update |
//! | equations.rs | activations, their derivatives and losses as expressions: with letters they are equations, with numbers computations |
//! | page.rs | headings, paragraphs, matrices and tables, as text or as Markdown |
//! | expr.rs | an expression as a tree, and its printer: it knows where parentheses stand, and can mark a part of an equation |
//! | json.rs | the same numbers as JSON |
//! | steps.rs | [`Step`]: the rows of the page as data, in order |
//!
//! Each file uses only files that are listed after it, and the numbers of the first.

mod equations;
mod explanation;
mod expr;
mod json;
mod page;
#[cfg(test)]
mod samples;
mod steps;
mod worked_example;

pub(crate) use explanation::run;
pub use explanation::{EngineExplanation, Explanation, LayerExplanation, Updated, explain};
pub use steps::{Stage, Step};
