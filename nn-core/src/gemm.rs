//! The call into the crate matrixmultiply: the one module of the workspace that contains `unsafe`.
#![allow(unsafe_code)] // matrixmultiply takes raw pointers and strides; everything else is forbidden to.

use crate::{MatrixView, Write};

/// Whether plain loops beat matrixmultiply for an m × k by k × n product.
///
/// matrixmultiply copies both factors into packed panels before it multiplies. That pays when each packed number is
/// used often, so not for one example (n = 1), for the outer product of one example (k = 1), or for one unit (m = 1);
/// and not where the whole product is so small that the call itself counts.
pub(crate) fn plain_is_faster(m: usize, k: usize, n: usize) -> bool {
    m <= 1 || k <= 1 || n <= 1 || m.saturating_mul(k).saturating_mul(n) <= SMALL
}

/// Multiplications below which plain loops win at any shape.
const SMALL: usize = 1024;

macro_rules! implement_product {
    ($name:ident, $float:ident, $gemm:ident) => {
        /// C ← A B, or C ← C + A B, by matrixmultiply.
        pub(crate) fn $name(a: MatrixView<'_, $float>, b: MatrixView<'_, $float>, write: Write, c: &mut [$float]) {
            let (m, k, n) = (a.rows(), a.columns(), b.columns());
            let (a_data, a_row, a_column) = a.raw();
            let (b_data, b_row, b_column) = b.raw();
            assert!(b.rows() == k && c.len() == m * n);
            assert!(in_bounds(a_data.len(), [m, k], [a_row, a_column]));
            assert!(in_bounds(b_data.len(), [k, n], [b_row, b_column]));
            let beta = match write {
                Write::Replace => 0.0, // matrixmultiply then never reads C
                Write::Add => 1.0,
            };
            // SAFETY: the three assertions above say that every entry that matrixmultiply reads of A (m × k) and of B
            // (k × n), and every entry that it writes of C (m × n, column by column), lies in its slice. C is
            // borrowed mutably, so it overlaps neither factor. Slices never hold more than isize::MAX bytes, so the
            // strides fit an isize.
            unsafe {
                matrixmultiply::$gemm(
                    m,
                    k,
                    n,
                    1.0,
                    a_data.as_ptr(),
                    a_row as isize,
                    a_column as isize,
                    b_data.as_ptr(),
                    b_row as isize,
                    b_column as isize,
                    beta,
                    c.as_mut_ptr(),
                    1,
                    m as isize,
                );
            }
        }
    };
}

implement_product!(product_f32, f32, sgemm);
implement_product!(product_f64, f64, dgemm);

/// Whether the last entry of a matrix with these strides lies within `length` numbers.
fn in_bounds(length: usize, [rows, columns]: [usize; 2], [row_stride, column_stride]: [usize; 2]) -> bool {
    rows == 0 || columns == 0 || (rows - 1) * row_stride + (columns - 1) * column_stride < length
}
