//! The matrix product, the affine map, and the sum of the columns of a matrix.

use crate::executor::split_columns;
use crate::sum::{PAIRWISE_FROM, add_up};
use crate::view::panic_with_shapes;
use crate::{Matrix, MatrixView, Scalar};

/// Whether an operation overwrites its output or adds to it (accumulates).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// C ← A B. What C held is not read.
    Replace,
    /// C ← C + A B.
    Add,
}

/// C ← A B, or C ← C + A B.
///
/// For f32 and f64 the feature `fast`, on by default, decides which code runs. With it, `plan` in kernels/plan.rs chooses
/// the kernel: a product of two 64×64 (64x64) matrices is computed in tiles by kernels/micro_kernel.rs. Without it, the
/// crate matrixmultiply computes products in which A has at least 4,096 entries (64×64 just does), and [`plain_product`]
/// the others.
///
/// Either factor may be a transposed view: `matmul(w.t(), &delta, …)` is Wᵀ δ, and `matmul(&delta, a.t(), …)` is δ aᵀ.
///
/// # Shapes
///
/// A: m × k, B: k × n, C: m × n.
///
/// # Panics
///
/// Panics if the shapes do not fit; the message has all three.
///
/// ```
/// use nn_core::{Matrix, Write, matmul};
///
/// let w = Matrix::from_rows(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
/// let a = Matrix::from_column(&[1.0, -1.0]);
/// let mut z = Matrix::zeros(3, 1);
/// matmul(&w, &a, Write::Replace, &mut z);
/// assert_eq!(z, Matrix::from_column(&[-1.0, -1.0, -1.0]));
///
/// let mut back = Matrix::zeros(2, 1);
/// matmul(w.t(), &z, Write::Replace, &mut back);
/// assert_eq!(back, Matrix::from_column(&[-9.0, -12.0]));
/// ```
#[inline(always)]
#[track_caller]
// ANCHOR: matmul
pub fn matmul<'a, 'b, T: Scalar>(
    a: impl Into<MatrixView<'a, T>>,
    b: impl Into<MatrixView<'b, T>>,
    write: Write,
    c: &mut Matrix<T>,
) {
    let (a, b) = (a.into(), b.into());
    if a.columns() != b.rows() || c.rows() != a.rows() || c.columns() != b.columns() {
        panic_with_shapes("matrix product C = A B", &[("A", a.shape()), ("B", b.shape()), ("C", c.shape())]);
    }
    let k = a.columns();
    split_columns(
        a,
        b,
        c.as_mut_slice(),
        #[inline(always)]
        |a, b, c| match k {
            0..=PAIRWISE_FROM => T::product(a, b, write, c),
            _ => pairwise_product(a, b, write, c),
        },
    );
}
// ANCHOR_END: matmul

/// A product whose sums have many terms, as ∂J/∂W = δ aᵀ has over many examples.
fn pairwise_product<T: Scalar>(a: MatrixView<'_, T>, b: MatrixView<'_, T>, write: Write, c: &mut [T]) {
    if write == Write::Replace {
        c.fill(T::zero());
    }
    add_up(a.columns(), c, |p, c| T::product(a.columns_range(p.clone()), b.rows_range(p), Write::Add, c));
}

/// Z ← W A + b 1ᵀ: the affine map of a layer, for every example of a batch.
///
/// Each sum starts at the bias; the products are then added. The result for an example has the same bits whether it is
/// computed alone or in a batch of any size.
///
/// # Shapes
///
/// W: n_l × n_{l−1}, A: n_{l−1} × m, b: n_l × 1, Z: n_l × m.
///
/// # Panics
///
/// Panics if the shapes do not fit.
///
/// Source: seed document (docs/src/seed.md), section 3.7.1.
#[inline(always)]
#[track_caller]
// ANCHOR: affine
pub fn affine<'a, T: Scalar>(weight: &Matrix<T>, a: impl Into<MatrixView<'a, T>>, bias: &Matrix<T>, z: &mut Matrix<T>) {
    let (w, a) = (weight.view(), a.into());
    let fits = w.columns() == a.rows() && z.rows() == w.rows() && z.columns() == a.columns();
    if !fits || bias.rows() != w.rows() || bias.columns() != 1 {
        let shapes = [("W", w.shape()), ("a", a.shape()), ("b", bias.shape()), ("z", z.shape())];
        panic_with_shapes("affine map z = W a + b", &shapes);
    }
    split_columns(
        w,
        a,
        z.as_mut_slice(),
        #[inline(always)]
        |w, a, z| T::affine(w, a, bias.as_slice(), z),
    );
}
// ANCHOR_END: affine

/// s ← D 1, or s ← s + D 1: the sum of the columns of a matrix. The gradient of a layer's biases is such a sum over the
/// examples of a batch.
///
/// # Shapes
///
/// D: n × m, s: n × 1.
///
/// # Panics
///
/// Panics if the shapes do not fit.
#[track_caller]
// ANCHOR: sum_columns
pub fn sum_columns<T: Scalar>(d: &Matrix<T>, write: Write, s: &mut Matrix<T>) {
    assert!(s.rows() == d.rows() && s.columns() == 1, "sum s = D 1: D is {}, s is {}", d.shape(), s.shape());
    let (n, columns, s) = (d.rows(), d.as_slice(), s.as_mut_slice());
    if write == Write::Replace {
        s.fill(T::zero());
    }
    if !columns.is_empty() {
        add_up(d.columns(), s, |some, s| T::add_columns(&columns[some.start * n..some.end * n], s));
    }
}
// ANCHOR_END: sum_columns

/// Panics unless the shapes fit and m · n is the length of C.
#[inline(always)]
#[track_caller]
pub(crate) fn check_product<T: Scalar>(a: &MatrixView<'_, T>, b: &MatrixView<'_, T>, c: &[T]) {
    let fits = a.columns() == b.rows() && a.rows().checked_mul(b.columns()) == Some(c.len());
    let (a, b, c) = (a.shape(), b.shape(), c.len());
    assert!(fits, "matrix product C = A B: A is {a}, B is {b}, C has {c} entries");
}

/// C ← A B by the definition C_ij = Σ_p A_ip B_pj, one entry after the other: slow, but plainly right. The tests compare the
/// other products with it.
///
/// # Panics
///
/// Panics if A does not have as many columns as B has rows.
#[track_caller]
// ANCHOR: matmul_reference
pub fn matmul_reference<'a, 'b, T: Scalar>(
    a: impl Into<MatrixView<'a, T>>,
    b: impl Into<MatrixView<'b, T>>,
) -> Matrix<T> {
    let (a, b) = (a.into(), b.into());
    assert!(a.columns() == b.rows(), "matrix product A B: A is {}, B is {}", a.shape(), b.shape());
    // BEGIN SOLUTION 3.1
    Matrix::from_fn(a.rows(), b.columns(), |i, j| {
        (0..a.columns()).fold(T::zero(), |sum, p| sum + a[(i, p)] * b[(p, j)])
    })
    // END SOLUTION 3.1
}
// ANCHOR_END: matmul_reference

/// The product in three plain loops: it defines [`Scalar::product`], and every number type without a faster one uses it.
///
/// Column j of C is a linear combination of the columns of A, with the entries of column j of B as coefficients. So the
/// innermost loop runs along a column of C and, unless A is transposed, along a column of A. Each entry is summed in the
/// order of p.
///
/// # Shapes
///
/// A: m × k, B: k × n, `c`: the m · n entries of C column by column.
///
/// # Panics
///
/// Panics if the shapes do not fit.
#[track_caller]
pub fn plain_product<T: Scalar>(a: MatrixView<'_, T>, b: MatrixView<'_, T>, write: Write, c: &mut [T]) {
    check_product(&a, &b, c);
    // BEGIN SOLUTION 3.2
    if write == Write::Replace {
        c.fill(T::zero());
    }
    for (j, c) in c.chunks_exact_mut(a.rows().max(1)).enumerate() {
        for p in 0..a.columns() {
            let factor = b[(p, j)];
            if a.columns_are_contiguous() {
                c.iter_mut().zip(a.column(p)).for_each(|(c, &a)| *c += a * factor);
            } else {
                c.iter_mut().enumerate().for_each(|(i, c)| *c += a[(i, p)] * factor);
            }
        }
    }
    // END SOLUTION 3.2
}
