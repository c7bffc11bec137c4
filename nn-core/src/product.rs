//! The matrix product, and the two sums over a batch that stand beside it in every layer.

use crate::{Kernel, Matrix, MatrixView, Scalar, Vector};

/// What a product does with its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// C ← A B. What C held is not read.
    Replace,
    /// C ← C + A B.
    Add,
}

/// What a product is added to: C ← start + A B.
///
/// ```
/// use nn_core::{Matrix, Scalar, Start};
///
/// let (a, b) = (Matrix::from_rows(&[[1.0, 2.0], [3.0, 4.0]]), Matrix::from_column(&[1.0, -1.0]));
/// let (s, mut c) = (Matrix::from_column(&[10.0, 20.0]), [f64::NAN; 2]);
/// f64::product(a.view(), b.view(), Start::Column(&s), &mut c);
/// assert_eq!(c, [9.0, 19.0]);
/// f64::product(a.view(), b.view(), Start::C, &mut c);
/// assert_eq!(c, [8.0, 18.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start<'a, T> {
    /// Nothing: C ← A B. What C held is not read.
    Nothing,
    /// What C holds: C ← C + A B.
    C,
    /// The same column s, m × 1, for every column of C: C ← s 1ᵀ + A B.
    Column(&'a Matrix<T>),
}

impl<T> From<Write> for Start<'_, T> {
    #[inline]
    fn from(write: Write) -> Self {
        match write {
            Write::Replace => Start::Nothing,
            Write::Add => Start::C,
        }
    }
}

impl<T: Scalar> Start<'_, T> {
    /// Writes the column to every column of C, if there is one, and says how the product is written then.
    #[inline]
    pub fn lay_down(self, c: &mut [T]) -> Write {
        match self {
            Start::Nothing => Write::Replace,
            Start::C => Write::Add,
            Start::Column(column) => {
                T::widest(CopyToColumns { column: column.as_slice(), c });
                Write::Add
            }
        }
    }
}

/// C ← A B, or C ← C + A B.
///
/// Either factor may be a transposed view: `matmul(w.t(), &delta, …)` is Wᵀ δ, and `matmul(&delta, a.t(), …)` is δ aᵀ.
///
/// # Shapes
///
/// A: m × k, B: k × n, C: m × n.
///
/// # Panics
///
/// Panics if the shapes do not fit, with all three of them.
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
    assert!(
        a.columns() == b.rows() && c.rows() == a.rows() && c.columns() == b.columns(),
        "matrix product C = A B: A is {}, B is {}, C is {}",
        a.shape(),
        b.shape(),
        c.shape()
    );
    T::product(a, b, write.into(), c.as_mut_slice());
}
// ANCHOR_END: matmul

/// Z ← W A + b 1ᵀ: the affine map of a layer, for every example of a batch.
///
/// Each sum begins with its bias, and the products are added to it.
///
/// # Shapes
///
/// W: n_l × n_{l−1}, A: n_{l−1} × m, b: n_l × 1, Z: n_l × m.
///
/// # Panics
///
/// Panics if the shapes do not fit. Source: seed document, section 3.7.1.
#[inline(always)]
#[track_caller]
// ANCHOR: affine
pub fn affine<'a, T: Scalar>(weight: &Matrix<T>, a: impl Into<MatrixView<'a, T>>, bias: &Matrix<T>, z: &mut Matrix<T>) {
    let (w, a, b) = (weight.view(), a.into(), bias.view());
    assert!(
        w.columns() == a.rows()
            && b.rows() == w.rows()
            && b.columns() == 1
            && z.rows() == w.rows()
            && z.columns() == a.columns(),
        "affine map z = W a + b: W is {}, a is {}, b is {}, z is {}",
        w.shape(),
        a.shape(),
        b.shape(),
        z.shape()
    );
    T::product(w, a, Start::Column(bias), z.as_mut_slice());
}
// ANCHOR_END: affine

/// Each column of C ← the column. The columns are short, so that a call for each would take longer than copying it.
struct CopyToColumns<'a, T> {
    column: &'a [T],
    c: &'a mut [T],
}

impl<T: Scalar> Kernel<T> for CopyToColumns<'_, T> {
    #[inline(always)]
    fn run<V: Vector<T>>(&mut self) {
        for to in self.c.chunks_exact_mut(self.column.len().max(1)) {
            for (to, from) in to.chunks_mut(V::LANES).zip(self.column.chunks(V::LANES)) {
                V::load(from).store(to);
            }
        }
    }
}

/// s ← D 1, or s ← s + D 1: the sum of the columns of a matrix, from left to right. The gradient of a layer's biases
/// is such a sum over the examples of a batch.
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
    let (sums, mut columns) = (s.as_mut_slice(), d.as_slice());
    if write == Write::Replace && d.columns() > 0 {
        let (first, others) = columns.split_at(sums.len());
        sums.copy_from_slice(first);
        columns = others;
    } else if write == Write::Replace {
        sums.fill(T::zero());
    }
    if !columns.is_empty() {
        T::widest(AddColumns { columns, sums });
    }
}

/// s ← s + D 1, for the columns of D one after the other.
struct AddColumns<'a, T> {
    columns: &'a [T],
    sums: &'a mut [T],
}

impl<T: Scalar> Kernel<T> for AddColumns<'_, T> {
    #[inline(always)]
    fn run<V: Vector<T>>(&mut self) {
        let rows = self.sums.len();
        if rows <= 4 * V::LANES {
            // The sums of a few rows stay in a register while it goes along the columns.
            for (i, sums) in self.sums.chunks_mut(V::LANES).enumerate() {
                let mut sum = V::load(sums);
                for column in self.columns.chunks_exact(rows) {
                    sum = V::load(&column[i * V::LANES..][..sums.len()]).multiply_add(V::splat(T::one()), sum);
                }
                sum.store(sums);
            }
        } else {
            for column in self.columns.chunks_exact(rows) {
                for (sum, &x) in self.sums.iter_mut().zip(column) {
                    *sum += x;
                }
            }
        }
    }
}
// ANCHOR_END: sum_columns

/// Panics if a product's shapes do not fit: what unsafe code and every loop behind [`Scalar::product`] rely on. A matrix C of
/// more entries than `usize` counts has no slice that fits.
#[inline(always)]
#[track_caller]
pub(crate) fn check_product<T: Scalar>(a: &MatrixView<'_, T>, b: &MatrixView<'_, T>, start: Start<'_, T>, c: &[T]) {
    let column_fits = match start {
        Start::Column(column) => column.rows() == a.rows() && column.columns() == 1,
        Start::Nothing | Start::C => true,
    };
    assert!(
        a.columns() == b.rows() && a.rows().checked_mul(b.columns()) == Some(c.len()) && column_fits,
        "matrix product C = A B: A is {}, B is {}, C has {} entries",
        a.shape(),
        b.shape(),
        c.len()
    );
}

/// C ← A B by the definition C_ij = Σ_p A_ip B_pj, one entry after the other: the slow product that no one doubts,
/// against which the tests hold the others.
///
/// # Panics
///
/// Panics if the columns of A are not as many as the rows of B.
#[track_caller]
// ANCHOR: matmul_reference
pub fn matmul_reference<'a, 'b, T: Scalar>(
    a: impl Into<MatrixView<'a, T>>,
    b: impl Into<MatrixView<'b, T>>,
) -> Matrix<T> {
    let (a, b) = (a.into(), b.into());
    assert!(a.columns() == b.rows(), "matrix product A B: A is {}, B is {}", a.shape(), b.shape());
    Matrix::from_fn(a.rows(), b.columns(), |i, j| {
        (0..a.columns()).fold(T::zero(), |sum, p| sum + a[(i, p)] * b[(p, j)])
    })
}
// ANCHOR_END: matmul_reference

/// The product in plain loops that run along contiguous columns: for number types that nobody has made a faster one for,
/// such as dual numbers. The tests hold the faster ones against it.
///
/// Which loop is innermost depends on which factor is transposed:
///
/// | product | in a layer | loop |
/// |---|---|---|
/// | A B | z = W a | column j of C gathers the columns of A, each times one entry of B, four at a time |
/// | A Bᵀ | ∂J/∂W = δ aᵀ | the same |
/// | Aᵀ B | Wᵀ δ | entry (i, j) of C is the inner product of two columns |
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
    check_product(&a, &b, write.into(), c);
    // A matrix of one row lies in memory like one of one column, and Cᵀ = Bᵀ Aᵀ has the longer loops.
    let (a, b) = if a.rows() == 1 { (b.t(), a.t()) } else { (a, b) };
    let rows = a.rows();
    if rows == 0 {
        return;
    }
    for (j, c_column) in c.chunks_exact_mut(rows).enumerate() {
        if a.columns() == 1 && a.columns_are_contiguous() {
            scale_column(a.column(0), b[(0, j)], write, c_column);
        } else if a.columns_are_contiguous() {
            combine_columns(a, |p| b[(p, j)], write, c_column);
        } else if b.columns_are_contiguous() {
            inner_products(a.t(), b.column(j), write, c_column);
        } else {
            for (i, entry) in c_column.iter_mut().enumerate() {
                put(write, entry, (0..a.columns()).fold(T::zero(), |sum, p| sum + a[(i, p)] * b[(p, j)]));
            }
        }
    }
}

/// c ← a · factor: a column of the outer product that one example makes. It writes each entry once and reads none.
#[inline]
fn scale_column<T: Scalar>(a: &[T], factor: T, write: Write, c: &mut [T]) {
    match write {
        Write::Replace => c.iter_mut().zip(a).for_each(|(entry, &x)| *entry = x * factor),
        Write::Add => c.iter_mut().zip(a).for_each(|(entry, &x)| *entry += x * factor),
    }
}

/// c ← Σ_p a_p · factor(p), over the columns a_p of A: four at a time, so that c is loaded and stored a quarter as
/// often.
#[inline]
fn combine_columns<T: Scalar>(a: MatrixView<'_, T>, factor: impl Fn(usize) -> T, write: Write, c: &mut [T]) {
    if write == Write::Replace {
        c.fill(T::zero());
    }
    let in_fours = a.columns() - a.columns() % 4;
    for p in (0..in_fours).step_by(4) {
        let [f0, f1, f2, f3] = [0, 1, 2, 3].map(|i| factor(p + i));
        let [a0, a1, a2, a3] = [0, 1, 2, 3].map(|i| a.column(p + i));
        for ((((entry, &x0), &x1), &x2), &x3) in c.iter_mut().zip(a0).zip(a1).zip(a2).zip(a3) {
            *entry += (x0 * f0 + x1 * f1) + (x2 * f2 + x3 * f3);
        }
    }
    for p in in_fours..a.columns() {
        let factor = factor(p);
        for (entry, &x) in c.iter_mut().zip(a.column(p)) {
            *entry += x * factor;
        }
    }
}

/// c_i ← a_i · b, over the columns a_i of A.
#[inline]
fn inner_products<T: Scalar>(a: MatrixView<'_, T>, b: &[T], write: Write, c: &mut [T]) {
    for (i, entry) in c.iter_mut().enumerate() {
        put(write, entry, inner_product(a.column(i), b));
    }
}

/// Σ x_i y_i, in eight interleaved sums: one sum would make each addition wait for the one before it.
#[inline]
fn inner_product<T: Scalar>(x: &[T], y: &[T]) -> T {
    const LANES: usize = 8;
    let mut sums = [T::zero(); LANES];
    let (x_blocks, y_blocks) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let tail = x_blocks.remainder().iter().zip(y_blocks.remainder());
    let tail = tail.fold(T::zero(), |sum, (&x, &y)| sum + x * y);
    for (x, y) in x_blocks.zip(y_blocks) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let [s0, s1, s2, s3, s4, s5, s6, s7] = sums;
    ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7)) + tail
}

#[inline]
fn put<T: Scalar>(write: Write, entry: &mut T, value: T) {
    match write {
        Write::Replace => *entry = value,
        Write::Add => *entry += value,
    }
}
