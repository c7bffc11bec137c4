//! The demos of the book: nn-core, nn-autodiff, nn-layers and nn-train, compiled for the browser.
//!
//! Nothing here computes: each function takes what a page sends, asks the crates, and gives back what the page shows, in JSON
//! or as numbers in a row. In a learner's workspace it is the learner's own code that answers.
//!
//! | file | demo |
//! |---|---|
//! | activations.rs | an activation and its derivative over z |
//! | backpropagation.rs | one step of backpropagation, number by number, by hand and by tape |
//! | plane.rs, csv.rs | a network learns to tell points of the plane apart |
//! | error.rs | "Where is my error?" |
//! | digits.rs, strokes.rs | a network learns to read digits, and reads one that was drawn |
//! | bindings.rs | the same functions as the browser calls them |
//!
//! `scripts/book playground` compiles it; `web/` holds the pages. Everything but bindings.rs is tested on the machine itself.
#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))] // what wasm-bindgen writes has to call across the border

pub mod activations;
pub mod backpropagation;
#[cfg(target_arch = "wasm32")]
pub mod bindings;
pub mod csv;
pub mod digits;
pub mod error;
pub mod plane;
pub mod strokes;
mod training;

/// Any of them as JSON, which cannot fail: they are structures of numbers, texts and lists.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("numbers, texts and lists are JSON")
}
