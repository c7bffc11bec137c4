//! Helpers that the tests of several crates share: random matrices, matrix distances, panic messages, and an allocation
//! counter. Only tests depend on this crate, and it is not published.

mod allocations;
mod compare;

use std::panic::{AssertUnwindSafe, catch_unwind};

use nn_core::{Generator, Matrix, normal};

pub use allocations::{CountingAllocator, allocations};
pub use compare::{assert_close, assert_computes, largest, largest_difference, ratio, relative_error};

/// A matrix of independent normal numbers: no zeros, no ones, no unit length.
pub fn random_matrix(rows: usize, columns: usize, rng: &mut Generator) -> Matrix<f64> {
    Matrix::from_fn(rows, columns, |_, _| normal(rng))
}

/// The message with which the code panics.
///
/// # Panics
///
/// Panics if the code does not.
#[track_caller]
pub fn panic_message<R>(code: impl FnOnce() -> R) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(code)) else { panic!("there was no panic") };
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().expect("a message")).to_owned(),
    }
}
