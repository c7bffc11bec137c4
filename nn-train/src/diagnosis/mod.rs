//! Somebody's own numbers compared with ours, and the mistake that gives exactly theirs.
//!
//! A mistake is named where the recursion with this mistake reproduces their wrong numbers to rounding, and spoils none
//! that agrees. Where nothing does, nothing is named.
//!
//! | file | what is in it |
//! |---|---|
//! | array.rs | the arrays of a computation, in their order |
//! | answer.rs | [`Diagnosis`]: what was found |
//! | yours.rs, digits.rs | somebody's numbers, and how many digits they have |
//! | case.rs | one reading of them beside ours |
//! | search.rs | which mistakes give theirs |
//! | diagnose.rs | [`diagnose`]: all of this in order |
//! | text.rs, json.rs | the answer as text and Markdown, and as JSON |

mod answer;
mod array;
mod case;
mod diagnose;
mod digits;
mod json;
mod search;
mod text;
mod yours;

pub use answer::{Compared, Diagnosis, Finding, Sample};
pub use array::{Array, Quantity};
pub use diagnose::{DiagnoseError, diagnose};
pub use digits::Digits;
pub use yours::{Yours, YoursError};
