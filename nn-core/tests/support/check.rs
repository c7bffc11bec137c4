//! What several test programs need: random matrices, distances, panic messages, differences of functions.
#![allow(dead_code)] // Every test program uses a part of these.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nn_core::{Generator, Matrix, normal};

/// A matrix of independent normal numbers.
pub(crate) fn random(rng: &mut Generator, rows: usize, columns: usize) -> Matrix<f64> {
    Matrix::from_fn(rows, columns, |_, _| normal(rng))
}

/// max|got − want| / max|want|; NaN and infinity count as infinitely far.
pub(crate) fn distance(got: &Matrix<f64>, want: &Matrix<f64>) -> f64 {
    assert_eq!(got.shape(), want.shape());
    let largest = want.as_slice().iter().fold(f64::MIN_POSITIVE, |max, x| max.max(x.abs()));
    let mut far = 0.0_f64;
    for (got, want) in got.as_slice().iter().zip(want.as_slice()) {
        let d = (got - want).abs() / largest;
        far = if d.is_finite() { far.max(d) } else { f64::INFINITY };
    }
    far
}

/// That a function computes this, norm-wise to `tolerance`; otherwise says by which equation, and shows both as matrices.
#[track_caller]
pub(crate) fn assert_computes(equation: &str, computed: &Matrix<f64>, expected: &Matrix<f64>, tolerance: f64) {
    let is_close = computed.shape() == expected.shape() && distance(computed, expected) <= tolerance;
    assert!(is_close, "{equation}\ncomputed\n{computed}\nexpected\n{expected}");
}

/// ∂f/∂x by central differences, entry by entry: (f(x + h) − f(x − h)) / 2h.
pub(crate) fn differences(x: &Matrix<f64>, f: impl Fn(&Matrix<f64>) -> f64) -> Matrix<f64> {
    const H: f64 = 1e-5;
    Matrix::from_fn(x.rows(), x.columns(), |i, j| {
        let moved = |h: f64| {
            let mut x = x.clone();
            x[(i, j)] += h;
            f(&x)
        };
        (moved(H) - moved(-H)) / (2.0 * H)
    })
}

/// The message of the panic that `f` ends in.
pub(crate) fn message<R>(f: impl FnOnce() -> R) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else { panic!("it does not panic") };
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast::<&str>().expect("a panic message is text").to_string(),
    }
}

/// The rows of a table with numbers between commas, without its comments and its heading.
pub(crate) fn table(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| line.split(',').collect())
}

/// How many f64 lie between two of them, counting one end: 0 for equal numbers (0 and −0 among them).
pub(crate) fn ulps(x: f64, y: f64) -> u64 {
    assert!(!x.is_nan() && !y.is_nan(), "{x} against {y}");
    let place = |x: f64| {
        let magnitude = (x.to_bits() & !(1 << 63)) as i64;
        if x.is_sign_negative() { -magnitude } else { magnitude }
    };
    place(x).abs_diff(place(y))
}

/// The same for f32.
pub(crate) fn ulps32(x: f32, y: f32) -> u32 {
    assert!(!x.is_nan() && !y.is_nan(), "{x} against {y}");
    let place = |x: f32| {
        let magnitude = (x.to_bits() & !(1 << 31)) as i32;
        if x.is_sign_negative() { -magnitude } else { magnitude }
    };
    place(x).abs_diff(place(y))
}
