//! The product of thin and small matrices, where packing the factors would cost more than multiplying them.
//!
//! A library for large products first copies both factors into packed panels, which pays when each packed number is used
//! often. And a plain loop loads and stores an entry of C for each product that it adds. Here nothing is copied, and a
//! **tile** of C, a few vectors of rows by a few columns, stays in registers until all its products have been added.
//!
//! | product | in a layer | what stays in registers |
//! |---|---|---|
//! | A B, A Bᵀ | z = W a, ∂J/∂W = δ aᵀ | a tile of C: one column of A after the other is added to it, times a row of B |
//! | a bᵀ | ∂J/∂W = δ aᵀ for one example | a, which is written, scaled, to one column of C after the other |
//! | Aᵀ B | Wᵀ δ | four entries of C: inner products of columns of A with a column of B |

use crate::{Kernel, MatrixView, Scalar, Vector, Write};

/// Whether the loops of this module beat a product that packs its factors.
///
/// Measured on one core of an AMD EPYC (Zen 3) for 4,200 shapes with m, k and n from 2 to 784, as the time of [`Thin`] over
/// that of matrixmultiply, geometric means: with up to four columns 0.2 to 0.5 at any size; A B 0.4 to 0.8 up to 2¹⁷
/// multiplications and level at 2¹⁸; A Bᵀ level at 2¹⁶; Aᵀ B, whose inner products have to be summed across lanes, level
/// at 512.
pub(crate) fn is_faster<T>(a: MatrixView<'_, T>, b: MatrixView<'_, T>) -> bool {
    let (m, k, n) = (a.rows(), a.columns(), b.columns());
    let multiplications = m.saturating_mul(k).saturating_mul(n);
    let [a_transposed, b_transposed] = [a, b].map(|view| !view.columns_are_contiguous());
    let limit = match (a_transposed, b_transposed) {
        (false, false) => 1 << 18,
        (false, true) => 1 << 16,
        (true, false) => 1 << 9,
        (true, true) => return false,
    };
    multiplications <= limit || m <= 1 || k <= 1 || n <= if a_transposed { 2 } else { 4 }
}

/// C ← A B, or C ← C + A B. A and B are not both transposed.
///
/// # Shapes
///
/// A: m × k, B: k × n, `c`: the m · n entries of C column by column. The caller has checked them.
pub(crate) struct Thin<'a, T> {
    pub(crate) a: MatrixView<'a, T>,
    pub(crate) b: MatrixView<'a, T>,
    pub(crate) write: Write,
    pub(crate) c: &'a mut [T],
}

impl<T: Scalar> Kernel<T> for Thin<'_, T> {
    #[inline(always)]
    fn run<V: Vector<T>>(self) {
        let Thin { a, b, write, c } = self;
        // A matrix of one row mostly lies in memory like one of one column, and Cᵀ = Bᵀ Aᵀ has the longer loops.
        let contiguous = |view: MatrixView<'_, T>| view.columns_are_contiguous();
        let turn = a.rows() == 1 && (contiguous(b.t()) || contiguous(a.t()));
        let (a, b) = if turn { (b.t(), a.t()) } else { (a, b) };
        let (m, k) = (a.rows(), a.columns());
        if k == 0 && write == Write::Replace {
            c.fill(T::zero()); // The sum of nothing.
        }
        if m == 0 || k == 0 {
            return;
        }
        if !a.columns_are_contiguous() {
            for (j, c) in c.chunks_exact_mut(m).enumerate() {
                inner_products::<T, V>(a.t(), b.column(j), write, c);
            }
            return;
        }
        // Strips of as many rows as four, two or one vectors hold. Only the last vector of the last may be partly filled.
        let mut i = 0;
        while i < m {
            let rows = m - i;
            i += if rows >= 4 * V::LANES {
                Strip { a, b, write, i, rows: 4 * V::LANES }.write_to::<V, 4>(c)
            } else if rows > V::LANES {
                Strip { a, b, write, i, rows: rows.min(2 * V::LANES) }.write_to::<V, 2>(c)
            } else {
                Strip { a, b, write, i, rows }.write_to::<V, 1>(c)
            };
        }
    }
}

/// The rows i … i + rows of a product.
struct Strip<'a, T> {
    a: MatrixView<'a, T>,
    b: MatrixView<'a, T>,
    write: Write,
    i: usize,
    rows: usize,
}

impl<T: Scalar> Strip<'_, T> {
    /// Writes the strip, in R vectors, to its place in C, and returns its number of rows.
    #[inline(always)]
    fn write_to<V: Vector<T>, const R: usize>(self, c: &mut [T]) -> usize {
        if self.a.columns() == 1 {
            self.outer_product::<V, R>(c);
            return self.rows;
        }
        // Two vectors by four columns and four by two are eight sums, enough to keep two units of four stages busy.
        let (n, mut j) = (self.b.columns(), 0);
        if R < 4 {
            while n - j >= 4 {
                self.tile::<V, R, 4>(j, c);
                j += 4;
            }
            if n - j == 3 {
                self.tile::<V, R, 3>(j, c);
                j += 3;
            }
        }
        while n - j >= 2 {
            self.tile::<V, R, 2>(j, c);
            j += 2;
        }
        if n - j == 1 {
            self.tile::<V, R, 1>(j, c);
        }
        self.rows
    }

    /// Columns j … j + N of the strip: Σ_p a_p b_pᵀ, where a_p is a column of A and b_pᵀ a row of B.
    #[inline(always)]
    fn tile<V: Vector<T>, const R: usize, const N: usize>(&self, j: usize, c: &mut [T]) {
        let (m, k) = (self.a.rows(), self.a.columns());
        let (a, _, a_stride) = self.a.raw();
        let a = a.get(self.i..).unwrap_or(&[]).chunks(a_stride); // column p of A, from row i on
        let (b, row_stride, column_stride) = self.b.raw();
        let mut sums = [[V::splat(T::zero()); R]; N];
        // Where a check could fail it ends the loop: a panic would keep the sums in memory instead of registers.
        if row_stride == 1 {
            let b: [&[T]; N] = std::array::from_fn(|column| &b[(j + column) * column_stride..][..k]);
            for (p, a) in (0..k).zip(a) {
                let Some(a) = a.get(..self.rows) else { break };
                add_outer_product(vectors::<T, V, R>(a), b.map(|column| V::splat(column[p])), &mut sums);
            }
        } else {
            for (a, b) in a.zip(b[j..].chunks(row_stride)).take(k) {
                let (Some(a), Some(b)) = (a.get(..self.rows), b.first_chunk::<N>()) else { break };
                add_outer_product(vectors::<T, V, R>(a), b.map(V::splat), &mut sums);
            }
        }
        for (c, sums) in c[j * m..].chunks_exact_mut(m).zip(sums) {
            put(self.write, sums, &mut c[self.i..][..self.rows]);
        }
    }

    /// All columns of the strip where A and B are single columns: a bᵀ.
    #[inline(always)]
    fn outer_product<V: Vector<T>, const R: usize>(&self, c: &mut [T]) {
        let (a, ..) = self.a.raw();
        let a = vectors::<T, V, R>(&a[self.i..][..self.rows]);
        let (b, _, stride) = self.b.raw();
        for (c, &factor) in c.chunks_exact_mut(self.a.rows()).zip(b.iter().step_by(stride)) {
            let (factor, zero) = (V::splat(factor), V::splat(T::zero()));
            put(self.write, a.map(|a| a.multiply_add(factor, zero)), &mut c[self.i..][..self.rows]);
        }
    }
}

/// sums ← sums + a bᵀ
#[inline(always)]
fn add_outer_product<T, V: Vector<T>, const R: usize, const N: usize>(a: [V; R], b: [V; N], sums: &mut [[V; R]; N]) {
    for (sums, b) in sums.iter_mut().zip(b) {
        for (sum, a) in sums.iter_mut().zip(a) {
            *sum = a.multiply_add(b, *sum);
        }
    }
}

/// The numbers in R vectors, of which only the last may be partly filled.
#[inline(always)]
pub(crate) fn vectors<T, V: Vector<T>, const R: usize>(numbers: &[T]) -> [V; R] {
    std::array::from_fn(|r| V::load(&numbers[r * V::LANES..]))
}

/// c ← sums, or c ← c + sums, as far as c reaches.
#[inline(always)]
pub(crate) fn put<T: Scalar, V: Vector<T>, const R: usize>(write: Write, sums: [V; R], c: &mut [T]) {
    for (c, sum) in c.chunks_mut(V::LANES).zip(sums) {
        match write {
            Write::Replace => sum.store(c),
            Write::Add => sum.multiply_add(V::splat(T::one()), V::load(c)).store(c),
        }
    }
}

/// c_i ← a_i · b, or c_i ← c_i + a_i · b, over the columns a_i of A, four at a time.
#[inline(always)]
fn inner_products<T: Scalar, V: Vector<T>>(a: MatrixView<'_, T>, b: &[T], write: Write, c: &mut [T]) {
    for (i, c) in c.chunks_mut(4).enumerate() {
        // Where fewer than four are left, the last one is taken several times.
        let columns: [&[T]; 4] = std::array::from_fn(|place| &a.column(4 * i + place.min(c.len() - 1))[..b.len()]);
        let mut sums = [V::splat(T::zero()); 4];
        for p in (0..b.len()).step_by(V::LANES) {
            let b = V::load(&b[p..]);
            for (sum, a) in sums.iter_mut().zip(columns) {
                *sum = V::load(&a[p..]).multiply_add(b, *sum);
            }
        }
        for (c, product) in c.iter_mut().zip(V::sums(sums)) {
            match write {
                Write::Replace => *c = product,
                Write::Add => *c += product,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Matrix, lanes, matmul_reference};

    /// Either choice gives a right product, so that only this test holds the rule in place.
    #[test]
    fn the_rule_depends_on_shape_and_orientation() {
        let chosen = |m: usize, k: usize, n: usize, a_transposed: bool, b_transposed: bool| {
            let [a, b] = [[m, k], [k, n]].map(|[rows, columns]| Matrix::<f32>::zeros(rows, columns));
            let [at, bt] = [[k, m], [n, k]].map(|[rows, columns]| Matrix::<f32>::zeros(rows, columns));
            is_faster(if a_transposed { at.t() } else { a.view() }, if b_transposed { bt.t() } else { b.view() })
        };
        for (m, k, n, thin, thin_bt, thin_at) in [
            (64, 64, 64, true, false, false),
            (64, 65, 64, false, false, false),
            (64, 32, 32, true, true, false),
            (64, 33, 32, true, false, false),
            (8, 8, 8, true, true, true),
            (8, 9, 8, true, true, false),
            (900, 900, 4, true, true, false),
            (900, 900, 5, false, false, false),
            (900, 900, 2, true, true, true),
            (900, 900, 1, true, true, true),
            (900, 1, 900, true, true, true),
            (1, 900, 900, true, true, true),
        ] {
            assert_eq!(chosen(m, k, n, false, false), thin, "A B, {m}×{k} by {k}×{n}");
            assert_eq!(chosen(m, k, n, false, true), thin_bt, "A Bᵀ, {m}×{k} by {k}×{n}");
            assert_eq!(chosen(m, k, n, true, false), thin_at, "Aᵀ B, {m}×{k} by {k}×{n}");
        }
        assert!(!chosen(8, 8, 8, true, true), "Aᵀ Bᵀ, which no network needs");
    }

    /// The matrix within a larger one of NaN, which no product may touch.
    fn surrounded<T: Scalar>(rows: usize, columns: usize, entry: impl Fn(usize, usize) -> T) -> Matrix<T> {
        Matrix::from_fn(rows + 2, columns + 2, |i, j| {
            let inside = (1..=rows).contains(&i) && (1..=columns).contains(&j);
            if inside { entry(i - 1, j - 1) } else { T::from_f64(f64::NAN) }
        })
    }

    fn inner<T>(matrix: &Matrix<T>) -> MatrixView<'_, T> {
        matrix.view().rows_range(1..matrix.rows() - 1).columns_range(1..matrix.columns() - 1)
    }

    /// Whole numbers, so that no order of additions excuses a difference.
    fn every_strip_and_tile<T: Scalar>(run: fn(Thin<'_, T>)) {
        let a_entry = |i: usize, p: usize| T::from_f64(((7 * i + 3 * p) % 11) as f64 - 5.0);
        let b_entry = |p: usize, j: usize| T::from_f64(((5 * p + 2 * j) % 13) as f64 - 6.0);
        for m in [0, 1, 3, 4, 5, 8, 9, 15, 16, 17, 31, 32, 33, 41] {
            for k in [0, 1, 2, 9] {
                for n in 0..=9 {
                    let (a, at) = (surrounded(m, k, a_entry), surrounded(k, m, |p, i| a_entry(i, p)));
                    let (b, bt) = (surrounded(k, n, b_entry), surrounded(n, k, |j, p| b_entry(p, j)));
                    let want = matmul_reference(inner(&a), inner(&b));
                    for (a, b) in [(inner(&a), inner(&b)), (inner(&at).t(), inner(&b)), (inner(&a), inner(&bt).t())] {
                        let mut c = vec![T::from_f64(f64::NAN); m * n];
                        run(Thin { a, b, write: Write::Replace, c: &mut c });
                        assert_eq!(c, want.as_slice(), "{m}×{k} by {k}×{n}");
                        let mut c = vec![T::one(); m * n];
                        run(Thin { a, b, write: Write::Add, c: &mut c });
                        assert_eq!(c, want.map(|x| T::one() + x).as_slice(), "{m}×{k} by {k}×{n}, added to ones");
                    }
                }
            }
        }
    }

    #[test]
    fn every_strip_and_tile_is_exact_with_either_kind_of_vectors() {
        every_strip_and_tile::<f32>(|product| f32::widest(product));
        every_strip_and_tile::<f64>(|product| f64::widest(product));
        every_strip_and_tile::<f32>(|product| lanes::portable(product));
    }
}
