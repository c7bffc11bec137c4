//! A user's numbers compared with ours, and the mistake that explains the differences.
//!
//! A mistake is named if the recursion with this mistake reproduces their wrong numbers up to rounding, and changes none that
//! agrees. Otherwise no mistake is named.
//!
//! | file | what is in it |
//! |---|---|
//! | array.rs | the arrays of a computation, in their order |
//! | answer.rs | [`Diagnosis`]: the result |
//! | yours.rs, digits.rs | a user's numbers, and how many digits they have |
//! | case.rs | one reading of them beside ours |
//! | search.rs | the search for mistakes that explain them |
//! | diagnose.rs | [`diagnose`]: the steps in order |
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
