//! What several test programs of this crate need: tables, units in the last place, differences of functions.
#![allow(dead_code)] // Every test program uses a part of these.

use nn_core::Matrix;

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
