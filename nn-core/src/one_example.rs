//! The products of one example: a matrix times a column, and a column times a row.
//!
//! Each number of the matrix is used once. There is nothing to keep in registers but the result, and in a small layer what
//! stands around the multiplications takes longer than they do: so there are three short loops, each along contiguous
//! columns.
//!
//! | product | in a layer | loop |
//! |---|---|---|
//! | A b | z = W a | one column of A after the other, times its entry of b, is added to c, which stays in registers |
//! | Aᵀ b | Wᵀ δ | each entry of c is the inner product of a column of A with b, four at a time |
//! | a bᵀ | ∂J/∂W = δ aᵀ | each column of C is a, which stays in registers, times an entry of b; of a layer of one unit, whose C is one row, bᵀ times a number by the first loop |
//!
//! The sums are added up in the order of [`thin`](crate::thin): an example has the same bits alone as in a batch that takes
//! the tiles there.

use crate::thin::{check_rows, first, inner_products, load, put};
use crate::{Executor, Kernel, MatrixView, Scalar, Start, Vector};

/// Whether A B is one of these products, and the columns in question lie in one piece. Not if it is so large that threads
/// may share it.
#[inline(always)]
pub(crate) fn is_one<T>(a: &MatrixView<'_, T>, b: &MatrixView<'_, T>) -> bool {
    let (_, b_row, _) = b.raw();
    let is_outer = is_outer(a, b) && a.rows() * b.columns() < 2 * Executor::PART;
    a.rows() > 0 && b.rows() > 0 && (b.columns() == 1 && b_row == 1 || is_outer)
}

/// Whether A B is a bᵀ, a column by a row.
#[inline(always)]
pub(crate) fn is_outer<T>(a: &MatrixView<'_, T>, b: &MatrixView<'_, T>) -> bool {
    let ((_, a_row, _), (.., b_column)) = (a.raw(), b.raw());
    a.columns() == 1 && a_row == 1 && b_column == 1
}

/// C ← start + A B, where [`is_one`] or [`is_outer`] says so.
///
/// # Shapes
///
/// A: m × k, B: k × n, `c`: the m · n entries of C column by column. The caller has checked them.
// Always inlined: a view that is handed on through memory is written in halves and read whole, for which the processor
// waits longer than for the product of two small layers.
#[inline(always)]
pub(crate) fn product<T: Scalar>(a: &MatrixView<'_, T>, b: &MatrixView<'_, T>, start: Start<'_, T>, c: &mut [T]) {
    let (m, k) = (a.rows(), a.columns());
    let ((a_data, a_row, a_column), (b_data, ..)) = (a.raw(), b.raw());
    if is_outer(a, b) && m == 1 && !matches!(start, Start::Column(_)) {
        // C of one row lies in memory like a column: it is bᵀ times a number.
        T::widest(CombineColumns { a: &b_data[..b.columns()], stride: 0, b: &a_data[..1], start, c });
    } else if is_outer(a, b) {
        T::widest(OuterProduct { a: &a_data[..m], b: &b_data[..b.columns()], start, c });
    } else if a_column == 1 {
        T::widest(InnerProducts { a: a_data, stride: a_row, b: &b_data[..k], start, c });
    } else {
        T::widest(CombineColumns { a: a_data, stride: a_column, b: &b_data[..k], start, c });
    }
}

/// A loop over some rows of a column, or of several, in R vectors as [`load`] lays them.
trait InStrips<T> {
    /// The rows i … i + rows.
    fn strip<V: Vector<T>, const R: usize, const FULL: bool>(&mut self, i: usize, rows: usize);

    /// All m rows, four vectors at a time.
    #[inline(always)]
    fn strips<V: Vector<T>>(&mut self, m: usize) {
        let mut i = 0;
        while i < m {
            let rows = (m - i).min(4 * V::LANES);
            match rows.div_ceil(V::LANES) {
                1 if rows < V::LANES => self.strip::<V, 1, false>(i, rows),
                1 => self.strip::<V, 1, true>(i, rows),
                2 => self.strip::<V, 2, true>(i, rows),
                3 => self.strip::<V, 3, true>(i, rows),
                _ => self.strip::<V, 4, true>(i, rows),
            }
            i += rows;
        }
    }
}

/// c ← start + Σ_p a_p b_p, where column a_p of A begins at p · `stride`.
struct CombineColumns<'a, T> {
    a: &'a [T],
    stride: usize,
    b: &'a [T],
    start: Start<'a, T>,
    c: &'a mut [T],
}

impl<T: Scalar> Kernel<T> for CombineColumns<'_, T> {
    #[inline(always)]
    fn run<V: Vector<T>>(&mut self) {
        let m = self.c.len();
        self.strips::<V>(m);
    }
}

impl<T: Scalar> InStrips<T> for CombineColumns<'_, T> {
    #[inline(always)]
    fn strip<V: Vector<T>, const R: usize, const FULL: bool>(&mut self, i: usize, rows: usize) {
        check_rows::<T, V, R, FULL>(rows);
        let mut sums = first::<T, V, R, FULL>(self.start, i, rows);
        // Where a check could fail it ends the loop: a panic would keep the sums in memory instead of registers. So all that
        // is read has to be there.
        let mut a = &self.a[i..(self.b.len() - 1) * self.stride + i + rows];
        for &b in self.b {
            let Some(column) = a.get(..rows) else { break };
            let b = V::splat(b);
            for (sum, a) in sums.iter_mut().zip(load::<T, V, R, FULL>(column)) {
                *sum = a.multiply_add(b, *sum);
            }
            a = a.get(self.stride..).unwrap_or_default();
        }
        put::<T, V, R, FULL>(self.start, sums, &mut self.c[i..][..rows]);
    }
}

/// c_i ← start_i + a_i · b, where column a_i of A begins at i · `stride`.
struct InnerProducts<'a, T> {
    a: &'a [T],
    stride: usize,
    b: &'a [T],
    start: Start<'a, T>,
    c: &'a mut [T],
}

impl<T: Scalar> Kernel<T> for InnerProducts<'_, T> {
    #[inline(always)]
    fn run<V: Vector<T>>(&mut self) {
        inner_products::<T, V>(self.a, self.stride, self.b, self.start, self.c);
    }
}

/// C ← start + a bᵀ.
struct OuterProduct<'a, T> {
    a: &'a [T],
    b: &'a [T],
    start: Start<'a, T>,
    c: &'a mut [T],
}

impl<T: Scalar> Kernel<T> for OuterProduct<'_, T> {
    #[inline(always)]
    fn run<V: Vector<T>>(&mut self) {
        let m = self.a.len();
        self.strips::<V>(m);
    }
}

impl<T: Scalar> InStrips<T> for OuterProduct<'_, T> {
    #[inline(always)]
    fn strip<V: Vector<T>, const R: usize, const FULL: bool>(&mut self, i: usize, rows: usize) {
        check_rows::<T, V, R, FULL>(rows);
        let a = load::<T, V, R, FULL>(&self.a[i..][..rows]);
        let sums = first::<T, V, R, FULL>(self.start, i, rows);
        let mut c = self.c.get_mut(i..).unwrap_or_default(); // of no columns there is nothing
        for &b in self.b {
            let Some(column) = c.get_mut(..rows) else { break };
            let (b, mut sums) = (V::splat(b), sums);
            for (sum, a) in sums.iter_mut().zip(a) {
                *sum = a.multiply_add(b, *sum);
            }
            put::<T, V, R, FULL>(self.start, sums, column);
            c = c.get_mut(self.a.len()..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, lanes, matmul_reference};

    /// Whole numbers, so that no order of additions excuses a difference.
    fn entry<T: Scalar>(i: usize, j: usize) -> T {
        T::from_f64(((7 * i + 3 * j) % 11) as f64 - 5.0)
    }

    /// The columns of a matrix within a larger one of NaN, which no product may touch.
    fn apart<T: Scalar>(columns: &Matrix<T>) -> (Vec<T>, usize) {
        let apart = Matrix::from_fn(columns.rows() + 3, columns.columns(), |i, j| {
            if i < columns.rows() { columns[(i, j)] } else { T::from_f64(f64::NAN) }
        });
        (apart.as_slice().to_vec(), apart.rows())
    }

    /// `product`, from each start, against the product by its definition.
    fn check<T: Scalar>(a: &Matrix<T>, b: &Matrix<T>, name: &str, product: impl Fn(Start<'_, T>, &mut [T])) {
        let want = matmul_reference(a, b);
        let column = Matrix::from_fn(a.rows(), 1, |i, _| T::from_f64(i as f64));
        let nothing = Matrix::from_fn(a.rows(), b.columns(), |_, _| T::from_f64(f64::NAN));
        let ones = nothing.map(|_| T::one());
        for (start, mut c, added) in [
            (Start::Nothing, nothing.clone(), ones.map(|_| T::zero())),
            (Start::C, ones.clone(), ones),
            (Start::Column(&column), nothing, Matrix::from_fn(a.rows(), b.columns(), |i, _| column[(i, 0)])),
        ] {
            product(start, c.as_mut_slice());
            let want = Matrix::from_fn(a.rows(), b.columns(), |i, j| added[(i, j)] + want[(i, j)]);
            assert_eq!(c, want, "{name}, {} by {}, from {start:?}", a.shape(), b.shape());
        }
    }

    fn check_all<T: Scalar>(
        combine: fn(CombineColumns<'_, T>),
        inner: fn(InnerProducts<'_, T>),
        outer: fn(OuterProduct<'_, T>),
    ) {
        // Up to a strip of four of the widest vectors, and what is left of a second.
        for m in (1..=36).chain([47, 48, 49, 63, 64, 65, 70, 129]) {
            for k in [1, 2, 3, 8, 16, 17, 33] {
                let (a, b) = (Matrix::from_fn(m, k, entry::<T>), Matrix::from_fn(k, 1, |p, _| entry::<T>(5 * p, 1)));
                let (data, stride) = apart(&a);
                check(&a, &b, "columns", |start, c| {
                    combine(CombineColumns { a: &data, stride, b: b.as_slice(), start, c });
                });
                let (data, stride) = apart(&Matrix::from_fn(k, m, |p, i| a[(i, p)]));
                check(&a, &b, "inner products", |start, c| {
                    inner(InnerProducts { a: &data, stride, b: b.as_slice(), start, c });
                });
                let column = Matrix::from_fn(m, 1, |i, _| a[(i, 0)]);
                check(&column, &Matrix::from_slice(1, k, b.as_slice()), "outer product", |start, c| {
                    outer(OuterProduct { a: column.as_slice(), b: b.as_slice(), start, c });
                });
            }
        }
    }

    #[test]
    fn products_of_any_length_are_exact_with_every_kind_of_vectors() {
        macro_rules! check_all {
            ($($run:path),*) => { $(check_all(|mut k| $run(&mut k), |mut k| $run(&mut k), |mut k| $run(&mut k));)* };
        }
        check_all!(lanes::widest_f32, lanes::without_avx512_f32, lanes::portable::<f32>);
        check_all!(lanes::widest_f64, lanes::without_avx512_f64, lanes::portable::<f64>);
    }

    /// Through views of every kind, in the order in which `product` tells them apart.
    #[test]
    fn each_view_takes_the_loop_that_its_columns_are_made_for() {
        let is_one = |a: MatrixView<'_, f32>, b: MatrixView<'_, f32>| {
            let one = is_one(&a, &b);
            if one {
                let mut c = Matrix::zeros(a.rows(), b.columns());
                product(&a, &b, Start::Nothing, c.as_mut_slice());
                assert_eq!(c, matmul_reference(a, b), "{} by {}", a.shape(), b.shape());
            }
            one
        };
        let [w, x, row] = [(5, 7), (7, 5), (1, 7)].map(|(rows, columns)| Matrix::from_fn(rows, columns, entry));
        let [column, above] = [7, 5].map(|rows| Matrix::from_fn(rows, 1, entry));
        assert!(is_one(w.view(), column.view()), "W a");
        assert!(is_one(row.view(), column.view()), "W a of one unit");
        assert!(is_one(w.t(), above.view()), "Wᵀ δ");
        assert!(is_one(row.t(), Matrix::from_column(&[3.0]).view()), "Wᵀ δ of one unit");
        assert!(is_one(above.view(), column.t()), "δ aᵀ");
        assert!(is_one(above.view(), row.view()), "δ by a row");
        assert!(is_one(w.view().rows_range(1..2), column.view()), "a row of W by a");
        assert!(is_one(w.view().rows_range(1..3).columns_range(2..6), column.view().rows_range(1..5)), "a part of W");
        assert!(
            is_one(w.view().rows_range(1..2).t().rows_range(2..6), Matrix::from_column(&[3.0]).view()),
            "a row, turned"
        );
        assert!(is_one(w.view().columns_range(6..7), x.view().rows_range(0..1).columns_range(2..3)), "1×1");

        let [units, inputs, more] = [2048, 5119, 5120].map(|rows| Matrix::<f32>::zeros(rows, 1));
        assert!(super::is_one(&units.view(), &inputs.t()));
        assert!(!super::is_one(&units.view(), &more.t()), "10 · 2²⁰ multiplications are for two threads");
        assert!(!is_one(w.view(), x.view()), "two matrices");
        assert!(!is_one(w.view(), row.t().rows_range(0..0)), "a sum of nothing is written elsewhere");
        assert!(!is_one(w.view().rows_range(0..0), column.view()), "no rows");
        assert!(!is_one(w.view(), x.t().columns_range(0..1).t().columns_range(0..0)), "no columns");
        assert!(!is_one(w.view(), w.view().rows_range(2..3).t()), "a row of W as a column: not in one piece");
        assert!(!is_one(above.view(), w.view().rows_range(2..3)), "a row of W: not in one piece");
        assert!(!is_one(w.view().rows_range(2..3).t(), row.view()), "a row of W as a column: not in one piece");
    }
}
