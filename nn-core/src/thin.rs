//! The product of thin and small matrices, where packing the factors would cost more than multiplying them.
//!
//! A library for large products first copies both factors into packed panels, which pays when each packed number is used
//! often. And a plain loop loads and stores an entry of C for each product that it adds. Here nothing is copied, and a
//! **tile** of C, a few vectors of rows by a few columns, stays in registers until all its products have been added.
//!
//! | product | in a layer | what stays in registers |
//! |---|---|---|
//! | A B, A Bᵀ | z = W a, ∂J/∂W = δ aᵀ | a tile of C: one column of A after the other is added to it, times a row of B |
//! | Aᵀ B | Wᵀ δ for two examples | four entries of C: inner products of columns of A with a column of B |
//!
//! Wᵀ δ for more examples is the first of these again, with W transposed beforehand: W is small, and it is used for every
//! example.

use crate::packed::lines;
use crate::{Kernel, MatrixView, Scalar, Start, Vector, Write};

/// Whether the loops of this module beat a product that packs its factors.
///
/// Measured on one core of an AMD EPYC (Zen 3) for 4,200 shapes with m, k and n from 2 to 784, as the time of [`Thin`] over
/// that of matrixmultiply, geometric means: with up to four columns 0.2 to 0.5 at any size; A B 0.4 to 0.8 up to 2¹⁷
/// multiplications and level at 2¹⁸; Aᵀ B, whose inner products have to be summed across lanes, level at 512. With the
/// tiles as they are now the steps of 784-30-10 (batch 10) and 784-256-10 (5 and 8) take 0.85, 0.81 and 0.86 of the time
/// with 2¹⁸ for A Bᵀ, and with eight columns, or eight products in a sum of A Bᵀ, at any size. On an Intel Xeon (AVX-512)
/// a step of 784-512-512-10 (batch 256), whose last layer has ten rows, takes 0.95 with up to 16 rows as long as A fits the
/// second cache, and one of 784-256-10 (64) 0.98; with AVX2 alone 0.99 to 1.00.
pub(crate) fn is_faster<T>(a: &MatrixView<'_, T>, b: &MatrixView<'_, T>) -> bool {
    let (m, k, n) = (a.rows(), a.columns(), b.columns());
    let multiplications = m.saturating_mul(k).saturating_mul(n);
    let [a_transposed, b_transposed] = [a, b].map(|view| !view.columns_are_contiguous());
    let limit = match (a_transposed, b_transposed) {
        (false, _) => 1 << 18,
        (true, false) => 1 << 9,
        (true, true) => return false,
    };
    let is_narrow = if a_transposed { n <= 2 } else { n <= 8 || m <= 16 && m * k <= 1 << 16 };
    multiplications <= limit || is_narrow || m <= 1 || k <= 1 || (b_transposed && k <= 8)
}

/// Whether it pays to transpose an A that is transposed first, since [`Thin`] has its tiles for one that is not.
///
/// On an Intel Xeon (AVX-512) a step of 2-16-16-1 (batch 100) takes 0.94 of the time that it takes with matrixmultiply
/// here, one of 64-32-10 (batch 32) 1.04 and one of 784-30-10 (batch 10) 1.03; and it allocates nothing. W of few units costs
/// little to transpose, whatever else is large.
pub(crate) fn is_faster_transposed<T>(a: &MatrixView<'_, T>, b: &MatrixView<'_, T>) -> bool {
    let multiplications = a.rows().saturating_mul(a.columns()).saturating_mul(b.columns());
    (multiplications <= 1 << 18 || a.columns() <= 16) && b.columns_are_contiguous() && !a.columns_are_contiguous()
}

/// Writes the transpose of a matrix, column by column.
pub(crate) struct Transpose<'a, T> {
    pub(crate) from: MatrixView<'a, T>,
    pub(crate) to: &'a mut [T],
}

impl<T: Scalar> Kernel<T> for Transpose<'_, T> {
    #[inline(always)]
    fn run<V: Vector<T>>(&mut self) {
        let (rows, columns) = (self.from.rows(), self.from.columns());
        let (data, _, stride) = self.from.raw();
        // From behind, because where fewer than eight columns are left their vectors reach into the next row.
        for j in (0..columns).step_by(8).rev() {
            for i in (0..rows).step_by(V::LANES) {
                let lines = lines::<T, V>(data, stride, j..columns, i..rows);
                V::store_transposed(lines, &mut self.to[i * columns + j..], columns);
            }
        }
    }
}

/// C ← start + A B. A and B are not both transposed.
///
/// # Shapes
///
/// A: m × k, B: k × n, `c`: the m · n entries of C column by column. The caller has checked them.
pub(crate) struct Thin<'a, T> {
    pub(crate) a: &'a MatrixView<'a, T>,
    pub(crate) b: &'a MatrixView<'a, T>,
    pub(crate) start: Start<'a, T>,
    pub(crate) c: &'a mut [T],
}

impl<T: Scalar> Kernel<T> for Thin<'_, T> {
    #[inline(always)]
    fn run<V: Vector<T>>(&mut self) {
        let Thin { a: &a, b: &b, start, ref mut c } = *self;
        // A matrix of one row mostly lies in memory like one of one column, and Cᵀ = Bᵀ Aᵀ has the longer loops.
        let contiguous = |view: MatrixView<'_, T>| view.columns_are_contiguous();
        let turn = a.rows() == 1 && (contiguous(b.t()) || contiguous(a.t()));
        let (a, b) = if turn { (b.t(), a.t()) } else { (a, b) };
        let (m, k) = (a.rows(), a.columns());
        if m == 0 {
            return;
        }
        if k == 0 {
            if start.lay_down(c) == Write::Replace {
                c.fill(T::zero()); // The sum of nothing.
            }
            return;
        }
        // The same column for every column of C is no column for Cᵀ.
        let start = if turn { start.lay_down(c).into() } else { start };
        let row = m == 1 && contiguous(a.t()) && contiguous(b);
        if row || !contiguous(a) {
            let (a, stride, _) = a.raw();
            for (j, c) in c.chunks_mut(m).enumerate() {
                inner_products::<T, V>(a, stride, b.column(j), start, c);
            }
            return;
        }
        // Strips of two vectors at most, all of nearly the same height.
        let strips = m.div_ceil(2 * V::LANES);
        let mut i = 0;
        for strip in 1..=strips {
            let end = if strip == strips { m } else { strip * m / strips };
            let (a, b, rows, c) = (&a, &b, end - i, &mut *c);
            match rows.div_ceil(V::LANES) {
                1 if rows < V::LANES => V::call(Strip::<T, 1, false> { a, b, start, i, rows, c }),
                1 => V::call(Strip::<T, 1, true> { a, b, start, i, rows, c }),
                _ => V::call(Strip::<T, 2, true> { a, b, start, i, rows, c }),
            }
            i = end;
        }
    }
}

/// The rows i … i + rows of a product, in R vectors as [`load`] lays them.
struct Strip<'a, T, const R: usize, const FULL: bool> {
    a: &'a MatrixView<'a, T>,
    b: &'a MatrixView<'a, T>,
    start: Start<'a, T>,
    i: usize,
    rows: usize,
    c: &'a mut [T],
}

impl<T: Scalar, const R: usize, const FULL: bool> Kernel<T> for Strip<'_, T, R, FULL> {
    #[inline(always)]
    fn run<V: Vector<T>>(&mut self) {
        // Column p of A begins at p · stride. A single one that is a row by origin has stride 1.
        let (a, _, stride) = self.a.raw();
        let stride = stride.max(self.a.rows());
        // What the tiles read is all there: where something is missing they end.
        let a = &a[self.i..(self.a.columns() - 1) * stride + self.i + self.rows];
        // One vector by eight columns are eight sums, two vectors by six are twelve: they keep two units of four stages busy.
        let (n, mut j) = (self.b.columns(), 0);
        while R == 1 && n - j >= 8 {
            self.tile::<V, 8>(a, stride, j);
            j += 8;
        }
        while n - j > 8 || n - j == 6 {
            self.tile::<V, 6>(a, stride, j);
            j += 6;
        }
        while n - j >= 4 {
            self.tile::<V, 4>(a, stride, j);
            j += 4;
        }
        if n - j >= 2 {
            self.tile::<V, 2>(a, stride, j);
            j += 2;
        }
        if n - j == 1 {
            self.tile::<V, 1>(a, stride, j);
        }
    }
}

impl<T: Scalar, const R: usize, const FULL: bool> Strip<'_, T, R, FULL> {
    /// Columns j … j + N of the strip: Σ_p a_p b_pᵀ, where a_p is a column of A and b_pᵀ a row of B. Each number is added up
    /// in the same order whatever N is: an example has the same bits alone as among others.
    #[inline(always)]
    fn tile<V: Vector<T>, const N: usize>(&mut self, mut a: &[T], stride: usize, j: usize) {
        let (k, rows) = (self.a.columns(), self.rows::<V>());
        let (b, row_stride, column_stride) = self.b.raw();
        let mut sums = [first::<T, V, R, FULL>(self.start, self.i, rows); N];
        // Where a check could fail it ends the loop: a panic would keep the sums in memory instead of registers.
        if row_stride == 1 {
            let b: [&[T]; N] = std::array::from_fn(|column| &b[(j + column) * column_stride..][..k]);
            #[expect(clippy::needless_range_loop, reason = "p is a place in every column of B")]
            for p in 0..k {
                let Some(column) = a.get(..rows) else { break };
                add_outer_product(load::<T, V, R, FULL>(column), |j| b[j][p], &mut sums);
                let Some(next) = a.get(stride..) else { break };
                a = next;
            }
        } else {
            let mut b = &b[j..];
            for _ in 0..k {
                let (Some(column), Some(row)) = (a.get(..rows), b.first_chunk::<N>()) else { break };
                add_outer_product(load::<T, V, R, FULL>(column), |j| row[j], &mut sums);
                let (Some(next), Some(below)) = (a.get(stride..), b.get(row_stride..)) else { break };
                (a, b) = (next, below);
            }
        }
        for (j, sums) in (j..j + N).zip(sums) {
            put::<T, V, R, FULL>(self.start, sums, &mut self.c[j * self.a.rows() + self.i..][..rows]);
        }
    }

    #[inline(always)]
    fn rows<V: Vector<T>>(&self) -> usize {
        check_rows::<T, V, R, FULL>(self.rows);
        self.rows
    }
}

/// What the sums of rows i … i + rows begin with.
#[inline(always)]
pub(crate) fn first<T: Scalar, V: Vector<T>, const R: usize, const FULL: bool>(
    start: Start<'_, T>,
    i: usize,
    rows: usize,
) -> [V; R] {
    match start {
        Start::Column(column) => load::<T, V, R, FULL>(&column.as_slice()[i..][..rows]),
        Start::Nothing | Start::C => [V::splat(T::zero()); R],
    }
}

/// Writes the sums of some rows of a column of C to their place.
#[inline(always)]
pub(crate) fn put<T: Scalar, V: Vector<T>, const R: usize, const FULL: bool>(
    start: Start<'_, T>,
    mut sums: [V; R],
    c: &mut [T],
) {
    if matches!(start, Start::C) {
        // All of c is read before any of it is written, because of rows that stand in two vectors.
        for (sum, c) in sums.iter_mut().zip(load::<T, V, R, FULL>(c)) {
            *sum = sum.multiply_add(V::splat(T::one()), c);
        }
    }
    let rows = c.len();
    for (r, sum) in sums.into_iter().enumerate() {
        sum.store(&mut c[place::<T, V, R, FULL>(r, rows)..]);
    }
}

/// Some rows of a column, in R vectors. Where they are not a whole number of vectors, the last vector overlaps the one
/// before it: a number that is computed twice is cheaper than a mask. Only where there are fewer rows than lanes the vector
/// is not FULL.
#[inline(always)]
pub(crate) fn load<T: Scalar, V: Vector<T>, const R: usize, const FULL: bool>(column: &[T]) -> [V; R] {
    let mut vectors = [V::splat(T::zero()); R];
    for (r, vector) in vectors.iter_mut().enumerate() {
        *vector = V::load(&column[place::<T, V, R, FULL>(r, column.len())..]);
    }
    vectors
}

/// In which of the rows vector r begins.
#[inline(always)]
fn place<T, V: Vector<T>, const R: usize, const FULL: bool>(r: usize, rows: usize) -> usize {
    if FULL && r + 1 == R { rows - V::LANES } else { r * V::LANES }
}

/// That the rows fill the vectors: what the compiler does not know it would check at each of them.
#[inline(always)]
pub(crate) fn check_rows<T, V: Vector<T>, const R: usize, const FULL: bool>(rows: usize) {
    assert!(!FULL || rows >= V::LANES && rows > (R - 1) * V::LANES);
}

/// sums ← sums + a bᵀ
#[inline(always)]
pub(crate) fn add_outer_product<T: Scalar, V: Vector<T>, const R: usize, const N: usize>(
    a: [V; R],
    b: impl Fn(usize) -> T,
    sums: &mut [[V; R]; N],
) {
    // One number of B at a time: registers for all of them would drive sums out into memory.
    for (j, sums) in sums.iter_mut().enumerate() {
        let b = V::splat(b(j));
        for (sum, a) in sums.iter_mut().zip(a) {
            *sum = a.multiply_add(b, *sum);
        }
    }
}

/// c_i ← start_i + a_i · b, where column a_i of A begins at i · `stride`: four at a time, and the last of them alone.
#[inline(always)]
pub(crate) fn inner_products<T: Scalar, V: Vector<T>>(
    a: &[T],
    stride: usize,
    b: &[T],
    start: Start<'_, T>,
    c: &mut [T],
) {
    let mut i = 0;
    while i < c.len() {
        if c.len() - i >= 4 {
            some_inner_products::<T, V, 4>(a, stride, b, start, i, c);
            i += 4;
        } else {
            some_inner_products::<T, V, 1>(a, stride, b, start, i, c);
            i += 1;
        }
    }
}

/// The products i … i + N, at most four. Their number is known when this is compiled: four sums are then stored at once,
/// where a number that is found out at run time would take a call of the system's function that copies memory.
#[inline(always)]
fn some_inner_products<T: Scalar, V: Vector<T>, const N: usize>(
    a: &[T],
    stride: usize,
    b: &[T],
    start: Start<'_, T>,
    i: usize,
    c: &mut [T],
) {
    let a = &a[i * stride..];
    let columns: [&[T]; N] = std::array::from_fn(|n| &a[n * stride..][..b.len()]);
    let mut sums = [V::splat(T::zero()); 4];
    let mut p = 0;
    while b.len() - p >= V::LANES {
        let b = V::load(&b[p..][..V::LANES]);
        for (sum, a) in sums.iter_mut().zip(columns) {
            *sum = V::load(&a[p..][..V::LANES]).multiply_add(b, *sum);
        }
        p += V::LANES;
    }
    let rest = &b[p..];
    if !rest.is_empty() {
        let b = V::load(rest);
        for (sum, a) in sums.iter_mut().zip(columns) {
            *sum = V::load(&a[p..]).multiply_add(b, *sum);
        }
    }
    let (mut sums, c) = (V::sums(sums), &mut c[i..][..N]);
    match start {
        Start::Nothing => {}
        Start::C => sums.iter_mut().zip(&*c).for_each(|(sum, &c)| *sum += c),
        Start::Column(column) => sums.iter_mut().zip(&column.as_slice()[i..][..N]).for_each(|(sum, &c)| *sum += c),
    }
    c.copy_from_slice(&sums[..N]);
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
            is_faster(&if a_transposed { at.t() } else { a.view() }, &if b_transposed { bt.t() } else { b.view() })
        };
        for (m, k, n, thin, thin_bt, thin_at) in [
            (64, 64, 64, true, true, false),
            (64, 65, 64, false, false, false),
            (8, 8, 8, true, true, true),
            (8, 9, 8, true, true, false),
            (900, 900, 8, true, true, false),
            (900, 900, 9, false, false, false),
            (16, 4096, 900, true, true, false),
            (16, 4097, 900, false, false, false),
            (17, 900, 900, false, false, false),
            (900, 8, 900, false, true, false),
            (900, 9, 900, false, false, false),
            (900, 900, 2, true, true, true),
            (900, 900, 3, true, true, false),
            (900, 1, 900, true, true, true),
            (1, 900, 900, true, true, true),
        ] {
            assert_eq!(chosen(m, k, n, false, false), thin, "A B, {m}×{k} by {k}×{n}");
            assert_eq!(chosen(m, k, n, false, true), thin_bt, "A Bᵀ, {m}×{k} by {k}×{n}");
            assert_eq!(chosen(m, k, n, true, false), thin_at, "Aᵀ B, {m}×{k} by {k}×{n}");
        }
        assert!(!chosen(8, 8, 8, true, true), "Aᵀ Bᵀ, which no network needs");

        let [w, delta] = [Matrix::<f32>::zeros(64, 64), Matrix::<f32>::zeros(64, 65)];
        assert!(is_faster_transposed(&w.t(), &delta.columns_range(0..64)));
        assert!(!is_faster_transposed(&w.t(), &delta.view()), "more than 2¹⁸ multiplications");
        let few = |rows| Matrix::<f32>::zeros(rows, 900);
        assert!(is_faster_transposed(&few(16).t(), &few(16).view()));
        assert!(!is_faster_transposed(&few(17).t(), &few(17).view()), "more than 16 products in a sum");
        assert!(!is_faster_transposed(&w.view(), &delta.columns_range(0..64)), "not transposed");
        assert!(!is_faster_transposed(&w.t(), &w.t()), "B transposed as well");
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
                        run(Thin { a: &a, b: &b, start: Start::Nothing, c: &mut c });
                        assert_eq!(c, want.as_slice(), "{m}×{k} by {k}×{n}");
                        let mut c = vec![T::one(); m * n];
                        run(Thin { a: &a, b: &b, start: Start::C, c: &mut c });
                        assert_eq!(c, want.map(|x| T::one() + x).as_slice(), "{m}×{k} by {k}×{n}, added to ones");
                        let column = Matrix::from_fn(m, 1, |i, _| T::from_f64(i as f64));
                        let mut c = vec![T::from_f64(f64::NAN); m * n];
                        run(Thin { a: &a, b: &b, start: Start::Column(&column), c: &mut c });
                        let want = Matrix::from_fn(m, n, |i, j| column[(i, 0)] + want[(i, j)]);
                        assert_eq!(c, want.as_slice(), "{m}×{k} by {k}×{n}, added to a column");
                    }
                }
            }
        }
    }

    #[test]
    fn every_strip_and_tile_is_exact_with_every_kind_of_vectors() {
        every_strip_and_tile::<f32>(|product| f32::widest(product));
        every_strip_and_tile::<f64>(|product| f64::widest(product));
        every_strip_and_tile::<f32>(|mut product| lanes::without_avx512_f32(&mut product));
        every_strip_and_tile::<f64>(|mut product| lanes::without_avx512_f64(&mut product));
        every_strip_and_tile::<f32>(|mut product| lanes::portable(&mut product));
    }

    fn transposes<T: Scalar>(run: fn(Transpose<'_, T>)) {
        for (rows, columns) in (0..=20).flat_map(|rows| (1..=20).map(move |columns| (rows, columns))) {
            let matrix = surrounded(rows, columns, |i, j| T::from_f64((100 * i + j) as f64));
            let mut to = vec![T::from_f64(f64::NAN); rows * columns];
            run(Transpose { from: inner(&matrix), to: &mut to });
            let want = Matrix::from_fn(columns, rows, |j, i| T::from_f64((100 * i + j) as f64));
            assert_eq!(to, want.as_slice(), "{rows}×{columns}");
        }
    }

    #[test]
    fn a_matrix_of_any_size_is_transposed_with_every_kind_of_vectors() {
        transposes::<f32>(|transpose| f32::widest(transpose));
        transposes::<f64>(|transpose| f64::widest(transpose));
        transposes::<f32>(|mut transpose| lanes::without_avx512_f32(&mut transpose));
        transposes::<f64>(|mut transpose| lanes::without_avx512_f64(&mut transpose));
        transposes::<f32>(|mut transpose| lanes::portable(&mut transpose));
    }
}
