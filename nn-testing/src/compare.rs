//! Distances of matrices.

use nn_core::{Matrix, Scalar};

/// Asserts that a function computed exactly this. The message has the equation and both matrices.
///
/// # Panics
///
/// Panics if an entry differs.
#[track_caller]
pub fn assert_computes(equation: &str, computed: &Matrix<f64>, expected: &Matrix<f64>) {
    assert!(computed == expected, "{equation}\ncomputed\n{computed}\nexpected\n{expected}");
}

/// Asserts that a function computed this to `tolerance`, relative to the largest entry.
///
/// # Panics
///
/// Panics if the shapes differ, or max|computed − expected| > tolerance · max|expected|.
#[track_caller]
pub fn assert_close(equation: &str, computed: &Matrix<f64>, expected: &Matrix<f64>, tolerance: f64) {
    let far = relative_error(computed, expected);
    assert!(far <= tolerance, "{equation}: off by {far:e}\ncomputed\n{computed}\nexpected\n{expected}");
}

/// max|got − want| / max|want|, the relative distance of two matrices. A relative error by entry would be unfair: next to an
/// entry of 1, an entry of 1e-17 is rounding.
///
/// # Panics
///
/// Panics if the shapes differ.
#[track_caller]
pub fn relative_error<T: Scalar>(got: &Matrix<T>, want: &Matrix<f64>) -> f64 {
    ratio(largest_difference(got, want), largest(want))
}

/// max|got − want|, and ∞ if there is a NaN on either side.
///
/// # Panics
///
/// Panics if the shapes differ.
#[track_caller]
pub fn largest_difference<T: Scalar, U: Scalar>(got: &Matrix<T>, want: &Matrix<U>) -> f64 {
    assert_eq!(got.shape(), want.shape());
    let differences = got.as_slice().iter().zip(want.as_slice()).map(|(g, w)| (g.to_f64() - w.to_f64()).abs());
    differences.map(|d| if d.is_nan() { f64::INFINITY } else { d }).fold(0.0, f64::max)
}

/// max|x|
pub fn largest<T: Scalar>(matrix: &Matrix<T>) -> f64 {
    matrix.as_slice().iter().map(|x| x.to_f64().abs()).fold(0.0, f64::max)
}

/// difference / scale, and 0 for a difference of 0, even if the scale is 0 too.
pub fn ratio(difference: f64, scale: f64) -> f64 {
    if difference == 0.0 { 0.0 } else { difference / scale }
}
