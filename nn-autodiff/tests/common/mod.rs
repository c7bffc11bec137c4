//! What the tests of this crate share: random matrices away from the kinks, and an operation that is not built in.
#![allow(dead_code)] // Each file of tests is a program of its own, and not each of them needs everything.

use nn_autodiff::{CustomOp, Operands};
use nn_core::{Generator, Matrix, Scalar, uniform};

/// r = u^p, entry by entry, for a constant p.
#[derive(Debug)]
pub(crate) struct Power<T>(pub(crate) T);

impl<T: Scalar> CustomOp<T> for Power<T> {
    fn name(&self) -> &str {
        "power"
    }

    fn equation(&self) -> &str {
        "u^p"
    }

    fn forward(&self, operands: Operands<'_, T>, r: &mut Matrix<T>) {
        r.copy_from(&operands[0]);
        r.map_in_place(|u| u.powf(self.0));
    }

    /// ū = r̄ ⊙ p u^(p−1)
    fn backward(&self, _: usize, operands: Operands<'_, T>, _: &Matrix<T>, r_bar: &Matrix<T>, u_bar: &mut Matrix<T>) {
        u_bar.copy_from(r_bar);
        u_bar.zip_in_place(&operands[0], |r_bar, u| r_bar * self.0 * u.powf(self.0 - T::one()));
    }
}

/// A matrix of numbers between 0.3 and 1.5 or between −1.5 and −0.3: away from the kinks at 0.
pub(crate) fn random(rng: &mut Generator, rows: usize, columns: usize) -> Matrix<f64> {
    Matrix::from_fn(rows, columns, |_, _| {
        let size = 0.3 + 1.2 * uniform(rng);
        if uniform(rng) < 0.5 { -size } else { size }
    })
}
