//! The book is the folder `docs/src`; `scripts/book open` builds and opens it. This crate holds its pages to the code:
//!
//! - every Rust snippet of a page is a doctest, run by `cargo test`;
//! - [`Book::problems`](book::Book::problems) finds listings that are not included from the sources, anchors, links,
//!   figures and tests that do not exist, pages that are not tested, and dead rows in the table of the seed document;
//! - the tests of `numbers.rs`, beside this file, compute every number that a page shows, and compare it with what is there;
//! - those of `answers.rs` compute the answers of all questions in docs/exercises;
//! - those of `fits.rs` find text in a figure that is cut off, or runs out of its box or into other text.
#![forbid(unsafe_code)]

#[cfg(test)]
mod answers;
pub mod book;
mod contents;
mod curves;
mod diagrams;
pub mod digits_run;
pub mod drawing;
mod exercises;
pub mod figures;
#[cfg(test)]
mod fits;
mod includes;
mod letters;
mod links;
mod loss_surface;
pub mod mazur;
mod mistakes;
#[cfg(test)]
mod numbers;
mod plane;
mod seed_table;
#[cfg(test)]
mod where_is_my_error;

/// The snippets of the front page of each crate.
#[cfg(doctest)]
mod front_pages {
    #[doc = include_str!("../../nn-core/README.md")]
    mod core {}
    #[doc = include_str!("../../nn-autodiff/README.md")]
    mod autodiff {}
    #[doc = include_str!("../../nn-layers/README.md")]
    mod layers {}
}

/// The snippets of each page.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../src/how-to-use.md")]
    mod how_to_use {}
    #[doc = include_str!("../src/activations.md")]
    mod activations {}
    #[doc = include_str!("../src/losses.md")]
    mod losses {}
    #[doc = include_str!("../src/differences.md")]
    mod differences {}
    #[doc = include_str!("../src/tape.md")]
    mod tape {}
    #[doc = include_str!("../src/agreement.md")]
    mod agreement {}
    #[doc = include_str!("../src/where-is-my-error.md")]
    mod where_is_my_error {}
    #[doc = include_str!("../src/descent.md")]
    mod descent {}
    #[doc = include_str!("../src/plane.md")]
    mod plane {}
    #[doc = include_str!("../src/digits.md")]
    mod digits {}
    #[doc = include_str!("../src/speed.md")]
    mod speed {}
    #[doc = include_str!("../src/next.md")]
    mod next {}
    #[doc = include_str!("../src/notation.md")]
    mod notation {}
    #[doc = include_str!("../src/rust.md")]
    mod rust {}
    #[doc = include_str!("../src/glossary.md")]
    mod glossary {}
    #[doc = include_str!("../src/seed.md")]
    mod seed {}
    #[doc = include_str!("../src/matrix-calculus.md")]
    mod matrix_calculus {}
    #[doc = include_str!("../src/playground.md")]
    mod playground {}
    #[doc = include_str!("../src/bibliography.md")]
    mod bibliography {}
    #[doc = include_str!("../src/neuron.md")]
    mod neuron {}
    #[doc = include_str!("../src/affine.md")]
    mod affine {}
    #[doc = include_str!("../src/delta-recursion.md")]
    mod delta_recursion {}
}
