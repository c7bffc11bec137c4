//! The call into the crate matrixmultiply, which multiplies large matrices of `f32` and `f64` where the feature `fast` is
//! off.
#![allow(unsafe_code)] // matrixmultiply takes raw pointers and strides.

use crate::{MatrixView, Write};

/// Whether A is large enough for matrixmultiply, which copies its factors before it multiplies them: at least 4,096 entries,
/// as 64×64 has. B's shape is not considered, so that a column of C has the same bits in a batch of any size.
pub(crate) fn is_large<T>(a: &MatrixView<'_, T>) -> bool {
    a.rows().saturating_mul(a.columns()) >= 1 << 12
}

macro_rules! implement_product {
    ($float:ident, $gemm:ident) => {
        /// C ← A B, or C ← C + A B, by matrixmultiply.
        pub(crate) fn $float(a: MatrixView<'_, $float>, b: MatrixView<'_, $float>, write: Write, c: &mut [$float]) {
            let (m, k, n) = (a.rows(), a.columns(), b.columns());
            let ((a, a_row, a_column), (b_rows, (b, b_row, b_column))) = (a.raw(), (b.rows(), b.raw()));
            assert!(b_rows == k && m.checked_mul(n) == Some(c.len()));
            assert!(in_bounds(a.len(), [m, k], [a_row, a_column]) && in_bounds(b.len(), [k, n], [b_row, b_column]));
            let [ra, ca, rb, cb] = [a_row, a_column, b_row, b_column].map(|stride| stride as isize);
            // With 0 for β matrixmultiply never reads C.
            let (beta, a, b, c) = (if write == Write::Add { 1.0 } else { 0.0 }, a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
            // SAFETY: the assertions above say that every entry that matrixmultiply reads of A (m × k) and of B (k × n), and
            // every entry that it writes of C (m × n, column by column), lies in its slice. C is borrowed mutably, so it
            // overlaps neither factor. Slices never hold more than isize::MAX bytes, so the strides of a matrix that has an
            // entry beyond its first row or column fit an isize.
            unsafe { matrixmultiply::$gemm(m, k, n, 1.0, a, ra, ca, b, rb, cb, beta, c, 1, m as isize) }
        }
    };
}

implement_product!(f32, sgemm);
implement_product!(f64, dgemm);

/// Whether the last entry of a matrix with these strides lies within `length` numbers.
fn in_bounds(length: usize, [rows, columns]: [usize; 2], [row_stride, column_stride]: [usize; 2]) -> bool {
    let last = |count: usize, stride: usize| (count - 1).saturating_mul(stride);
    rows == 0 || columns == 0 || last(rows, row_stride).saturating_add(last(columns, column_stride)) < length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_reach_to_the_last_entry_and_no_further() {
        // The last of 2 × 3 entries is number 1 · 1 + 2 · 5 = 11 with one stride and 1 · 5 + 2 · 1 = 7 with the other.
        assert!(in_bounds(12, [2, 3], [1, 5]) && !in_bounds(11, [2, 3], [1, 5]));
        assert!(in_bounds(8, [2, 3], [5, 1]) && !in_bounds(7, [2, 3], [5, 1]));
        assert!(in_bounds(0, [0, 3], [1, 5]) && in_bounds(0, [2, 0], [1, 5]));
    }

    #[test]
    #[should_panic(expected = "b_rows == k")]
    fn factors_that_do_not_fit_are_refused() {
        let numbers = [1.0; 6];
        let (a, b) = (MatrixView::new(2, 3, &numbers), MatrixView::new(2, 2, &numbers[..4]));
        f64(a, b, Write::Replace, &mut [0.0; 4]);
    }

    #[test]
    #[should_panic(expected = "m.checked_mul(n) == Some(c.len())")]
    fn a_result_that_does_not_fit_is_refused() {
        let numbers = [1.0; 6];
        let (a, b) = (MatrixView::new(2, 3, &numbers), MatrixView::new(3, 2, &numbers));
        f32(a, b, Write::Replace, &mut [0.0; 3]);
    }
}
