//! The product of large matrices, in parts that fit the caches.
//!
//! Two matrices of a million numbers each take a thousand million multiplications, a thousand for each number. Whoever
//! fetches the number from memory each time spends the time there. So the product is divided until each part finds its
//! numbers close by, and both factors are copied into **panels**, in which they lie in the order in which they are used:
//!
//! | part | size | where it lies |
//! |---|---|---|
//! | a block of B: up to `DEPTH` rows by `COLUMNS` columns | 1 MB | third cache |
//! | a block of A: up to `ROWS` rows by DEPTH columns | 192 KB | second cache |
//! | a panel of B: DEPTH rows by six columns (with AVX-512 twelve), used for all panels of the block of A | 12 KB (24 KB) | first cache |
//! | a panel of A: two vectors of rows by DEPTH columns, used for one tile and fetched again for the next | 32 KB (64 KB) | second cache |
//! | a tile of C: two vectors of rows by six columns (twelve) | 12 vectors (24) | registers |
//!
//! The innermost loop loads two vectors of A and six numbers of B for twelve multiply-adds, so that the processor does not
//! wait for loads. The sums of a column of C do not depend on the other columns: k is divided without a look at m and n.
//!
//! Sources: K. Goto, R. van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34(3), 2008, for the
//! blocks; F. Van Zee, R. van de Geijn, BLIS, ACM TOMS 41(3), 2015, for the panels and the tile.

use std::ops::Range;

use crate::lanes::Lines;
use crate::{Kernel, MatrixView, Scalar, Start, Vector, Write};

/// The most columns of A that are multiplied before the sums go back to C, in bytes. Fewer would write C more often; more
/// would crowd the first cache.
pub(crate) const DEPTH_BYTES: usize = 2048;
/// The most rows of a block of A.
pub(crate) const ROWS: usize = 96;
/// The most columns of a block of B.
pub(crate) const COLUMNS: usize = 512;

/// Columns of a tile: twelve sums, two vectors of A and one number of B are 15 of 16 registers; with twice as many registers
/// there is room for twice as many sums.
const fn width<T, V: Vector<T>>() -> usize {
    if V::REGISTERS < 32 { 6 } else { 12 }
}
/// Products of a sum for each turn of the innermost loop. Panels are filled up with zeros to a multiple of it.
const UNROLL: usize = 4;
/// Room behind each panel: the vectors that fill a row of a panel reach beyond it. A whole number of cache lines.
const SLACK: usize = 16;

/// Whether a processor with AVX2 and FMA is faster with this module than with matrixmultiply.
///
/// Measured with warm caches on one core of an AMD EPYC (Zen 3) for m, k and n from 4 to 800 and for the layers of the
/// benchmarks, as the time of [`Packed`] over that of matrixmultiply: from these limits on 0.85 to 0.98, in `f64` 0.81 to
/// 0.95. Below, the half-filled tiles, or the sums that go back to C after few products, cost more than is won. A Bᵀ, whose
/// factors both lie as matrixmultiply wants them, wins nothing before 2²² multiplications; from 2¹⁸ on it loses nothing
/// either (steps of 784-128-64-10 and others: 0.98 to 1.00), and needs no memory that it has to ask for.
pub(crate) fn is_faster<T>(a: &MatrixView<'_, T>, b: &MatrixView<'_, T>) -> bool {
    let (m, k, n) = (a.rows(), a.columns(), b.columns());
    let multiplications = m.saturating_mul(k).saturating_mul(n);
    let limit = if b.columns_are_contiguous() { 1 << 16 } else { 1 << 18 };
    multiplications >= limit && m >= 32 && k >= 48 && n >= 12
}

/// C ← start + A B, in blocks of these sizes.
///
/// # Shapes
///
/// A: m × k, B: k × n, `c`: the m · n entries of C column by column. The caller has checked them.
pub(crate) struct Packed<'a, T, const DEPTH: usize, const ROWS: usize, const COLUMNS: usize> {
    pub(crate) a: MatrixView<'a, T>,
    pub(crate) b: MatrixView<'a, T>,
    pub(crate) start: Start<'a, T>,
    pub(crate) c: &'a mut [T],
    /// Where the blocks are laid. It grows to what the largest product needs.
    pub(crate) buffer: &'a mut Lines<T>,
}

impl<T: Scalar, const DEPTH: usize, const ROWS: usize, const COLUMNS: usize> Kernel<T>
    for Packed<'_, T, DEPTH, ROWS, COLUMNS>
{
    #[inline(always)]
    fn run<V: Vector<T>>(self) {
        let Packed { a, b, start, c, buffer } = self;
        let (m, k, n) = (a.rows(), a.columns(), b.columns());
        if k == 0 && start.lay_down(c) == Write::Replace {
            c.fill(T::zero()); // The sum of nothing.
        }
        if m == 0 || k == 0 || n == 0 {
            return;
        }
        let (height, width) = (2 * V::LANES, const { width::<T, V>() });
        let (depth, rows, columns) = (part(k, DEPTH, V::LANES.max(8)), part(m, ROWS, height), part(n, COLUMNS, width));
        let (a_panel, b_panel) = (height * depth + SLACK, width * depth + SLACK);
        let (a_size, b_size) = (rows / height * a_panel, columns / width * b_panel);
        buffer.resize(buffer.len().max(a_size + b_size), T::zero());
        let (a_block, b_block) = buffer[..a_size + b_size].split_at_mut(a_size);
        for p in ranges(0..k, depth) {
            let start = if p.start == 0 { start } else { Start::C };
            let depth = p.len().next_multiple_of(UNROLL);
            for j in ranges(0..n, columns) {
                let part_of_b = b.rows_range(p.clone()).columns_range(j.clone());
                V::call(Pack::<T, 'B'> { from: part_of_b.t(), panel: b_panel, to: b_block });
                for i in ranges(0..m, rows) {
                    let part_of_a = a.rows_range(i.clone()).columns_range(p.clone());
                    V::call(Pack::<T, 'A'> { from: part_of_a, panel: a_panel, to: a_block });
                    for (j, b) in ranges(j.clone(), width).zip(b_block.chunks_exact(b_panel)) {
                        let (b, c) = (&b[..depth * width], &mut c[j.start * m..j.end * m]);
                        for (i, a) in ranges(i.clone(), height).zip(a_block.chunks_exact(a_panel)) {
                            let a = &a[..depth * height];
                            match j.len() {
                                1..=2 => V::call(Tile::<T, 2> { a, b, start, m, i, c }),
                                3..=4 => V::call(Tile::<T, 4> { a, b, start, m, i, c }),
                                5..=6 => V::call(Tile::<T, 6> { a, b, start, m, i, c }),
                                7..=8 => V::call(Tile::<T, 8> { a, b, start, m, i, c }),
                                9..=10 => V::call(Tile::<T, 10> { a, b, start, m, i, c }),
                                _ => V::call(Tile::<T, 12> { a, b, start, m, i, c }),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The size of equal parts, none larger than `most` before it is rounded up to a multiple of `unit`: 784 in parts of at
/// most 512 are two of 392, where 512 and 272 would leave the second with the effort of a whole one.
fn part(length: usize, most: usize, unit: usize) -> usize {
    length.div_ceil(length.div_ceil(most)).next_multiple_of(unit)
}

/// A range in parts, of which the last may be smaller.
#[inline(always)]
fn ranges(range: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(size).map(move |start| start..end.min(start + size))
}

/// Copies a block of A, or of Bᵀ, into panels: in each, as many rows as a tile has, for one column after the other.
///
/// Columns are filled up with zeros. Rows are not: what a missing row of A or column of B holds goes into sums that are
/// not written.
struct Pack<'a, T, const FACTOR: char> {
    from: MatrixView<'a, T>,
    /// Numbers from one panel to the next.
    panel: usize,
    to: &'a mut [T],
}

impl<T: Scalar, const FACTOR: char> Kernel<T> for Pack<'_, T, FACTOR> {
    #[inline(always)]
    fn run<V: Vector<T>>(self) {
        let width = if FACTOR == 'A' { 2 * V::LANES } else { const { width::<T, V>() } };
        let (rows, columns) = (0..self.from.rows(), 0..self.from.columns());
        let (data, row_stride, column_stride) = self.from.raw();
        if self.from.columns_are_contiguous() {
            // Eight columns at a time, all the way down, because they lie so in memory.
            for p in columns.clone().step_by(8) {
                for (i, panel) in rows.clone().step_by(width).zip(self.to.chunks_exact_mut(self.panel)) {
                    let to = &mut panel[p * width..][..8 * width + SLACK];
                    // From behind, because the last vector of a row may reach into the first of the next.
                    for lane in (0..width).step_by(V::LANES).rev().filter(|lane| i + lane < rows.end) {
                        let lines = lines::<T, V>(data, column_stride, p..columns.end, i + lane..rows.end);
                        for (q, line) in lines.into_iter().enumerate() {
                            line.store(&mut to[q * width + lane..][..V::LANES]);
                        }
                    }
                }
            }
        } else {
            // Eight rows at a time, all along, and transposed.
            for (i, panel) in rows.clone().step_by(width).zip(self.to.chunks_exact_mut(self.panel)) {
                for p in columns.clone().step_by(V::LANES) {
                    let to = &mut panel[p * width..][..V::LANES * width + SLACK];
                    for lane in (0..width).step_by(8).rev().filter(|lane| i + lane < rows.end) {
                        let lines = lines::<T, V>(data, row_stride, i + lane..rows.end, p..columns.end);
                        V::store_transposed(lines, &mut to[lane..], width);
                    }
                }
            }
        }
    }
}

/// The first numbers of the first eight of some lines, of which one begins every `stride` numbers; zeros where there are
/// none.
#[inline(always)]
pub(crate) fn lines<T: Scalar, V: Vector<T>>(
    data: &[T],
    stride: usize,
    lines: Range<usize>,
    within: Range<usize>,
) -> [V; 8] {
    if lines.len() >= 8 && within.len() >= V::LANES {
        return V::load_lines(&data[lines.start * stride + within.start..], stride);
    }
    let mut copy = [T::zero(); 128];
    for (line, to) in lines.zip(copy.chunks_exact_mut(V::LANES)).take(8) {
        let length = within.len().min(V::LANES);
        to[..length].copy_from_slice(&data[line * stride + within.start..][..length]);
    }
    V::load_lines(&copy, V::LANES)
}

/// A tile of C: the rows `i`, two vectors, of its first N columns. It is added up from a panel of A and a panel of B.
struct Tile<'a, T, const N: usize> {
    a: &'a [T],
    b: &'a [T],
    start: Start<'a, T>,
    m: usize,
    i: Range<usize>,
    c: &'a mut [T],
}

impl<T: Scalar, const N: usize> Kernel<T> for Tile<'_, T, N> {
    #[inline(always)]
    fn run<V: Vector<T>>(self) {
        let (height, width) = (2 * V::LANES, const { width::<T, V>() });
        let mut sums = [[V::splat(T::zero()); 2]; N];
        for (a, b) in self.a.chunks_exact(UNROLL * height).zip(self.b.chunks_exact(UNROLL * width)) {
            for (a, b) in a.chunks_exact(height).zip(b.chunks_exact(width)) {
                let a = vectors::<T, V, 2>(a);
                // One number of B at a time: six registers for all of them would drive sums out into memory.
                for (sums, &b) in sums.iter_mut().zip(b) {
                    let b = V::splat(b);
                    *sums = [a[0].multiply_add(b, sums[0]), a[1].multiply_add(b, sums[1])];
                }
            }
        }
        for (c, sums) in self.c.chunks_exact_mut(self.m).zip(sums) {
            put(self.start, self.i.clone(), sums, c);
        }
    }
}

/// The numbers in R vectors, of which only the last may be partly filled.
#[inline(always)]
fn vectors<T: Scalar, V: Vector<T>, const R: usize>(numbers: &[T]) -> [V; R] {
    let mut vectors = [V::splat(T::zero()); R];
    for (r, vector) in vectors.iter_mut().enumerate() {
        *vector = V::load(&numbers[r * V::LANES..]);
    }
    vectors
}

/// The rows i of a column: c_i ← start_i + sums.
#[inline(always)]
fn put<T: Scalar, V: Vector<T>, const R: usize>(start: Start<'_, T>, i: Range<usize>, sums: [V; R], c: &mut [T]) {
    for (i, sum) in ranges(i, V::LANES).zip(sums) {
        let c = &mut c[i.clone()];
        let one = V::splat(T::one());
        let sum = match start {
            Start::Nothing => sum,
            Start::C => sum.multiply_add(one, V::load(c)),
            Start::Column(column) => sum.multiply_add(one, V::load(&column[i])),
        };
        sum.store(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Generator, Matrix, below, lanes, matmul_reference, normal, seeded};

    /// A matrix as a view between rows and columns of NaN, transposed or not.
    struct Padded<T>(Matrix<T>, bool);

    impl<T: Scalar> Padded<T> {
        fn new(rows: usize, columns: usize, transposed: bool, mut entry: impl FnMut() -> f64) -> Self {
            let (rows, columns) = if transposed { (columns, rows) } else { (rows, columns) };
            Padded(
                Matrix::from_fn(rows + 3, columns + 2, |i, j| {
                    let inside = (1..=rows).contains(&i) && (1..=columns).contains(&j);
                    T::from_f64(if inside { entry() } else { f64::NAN })
                }),
                transposed,
            )
        }

        fn view(&self) -> MatrixView<'_, T> {
            let Padded(matrix, transposed) = self;
            let view = matrix.view().rows_range(1..matrix.rows() - 2).columns_range(1..matrix.columns() - 1);
            if *transposed { view.t() } else { view }
        }
    }

    /// Small whole numbers, whose sums are exact in any order.
    fn digit(rng: &mut Generator) -> f64 {
        below(rng, 9) as f64 - 4.0
    }

    /// Blocks so small that a few dozen rows, columns and products cross each boundary.
    type Small<'a, T> = Packed<'a, T, 16, 64, 24>;

    fn check<T: Scalar>(run: impl Fn(Small<'_, T>)) {
        let (mut rng, mut buffer) = (seeded(1), Lines::default());
        for (m, n) in
            [(1, 1), (7, 2), (8, 3), (9, 4), (15, 5), (16, 6), (17, 7), (32, 12), (33, 13), (70, 30), (0, 3), (3, 0)]
        {
            for k in [0, 1, 3, 4, 5, 8, 9, 15, 16, 17, 33, 40] {
                for (a_transposed, b_transposed) in [(false, false), (false, true), (true, false), (true, true)] {
                    let a = Padded::<T>::new(m, k, a_transposed, || digit(&mut rng));
                    let b = Padded::<T>::new(k, n, b_transposed, || digit(&mut rng));
                    let (a, b) = (a.view(), b.view());
                    let want = matmul_reference(a, b);
                    let mut c = Matrix::from_fn(m, n, |_, _| T::from_f64(f64::NAN));
                    run(Packed { a, b, start: Start::Nothing, c: c.as_mut_slice(), buffer: &mut buffer });
                    assert_eq!(c, want, "{m}×{k} by {k}×{n}, transposed: {a_transposed}, {b_transposed}");
                    let mut c = Matrix::from_fn(m, n, |_, _| T::one());
                    run(Packed { a, b, start: Start::C, c: c.as_mut_slice(), buffer: &mut buffer });
                    let added = want.map(|x| T::one() + x);
                    assert_eq!(c, added, "1 + {m}×{k} by {k}×{n}, transposed: {a_transposed}, {b_transposed}");
                    let column: Vec<T> = (0..m).map(|i| T::from_f64(i as f64)).collect();
                    let mut c = Matrix::from_fn(m, n, |_, _| T::from_f64(f64::NAN));
                    run(Packed { a, b, start: Start::Column(&column), c: c.as_mut_slice(), buffer: &mut buffer });
                    let added = Matrix::from_fn(m, n, |i, j| column[i] + want[(i, j)]);
                    assert_eq!(c, added, "column + {m}×{k} by {k}×{n}, transposed: {a_transposed}, {b_transposed}");
                }
            }
        }
    }

    #[test]
    fn products_are_exact_across_all_boundaries() {
        check::<f32>(|product| f32::widest(product));
        check::<f64>(|product| f64::widest(product));
        check::<f32>(|product| lanes::without_avx512_f32(product));
        check::<f64>(|product| lanes::without_avx512_f64(product));
        check::<f32>(|product| lanes::portable(product));
    }

    /// Blocks of 48 rows, 16 products and 18 columns are three panels of 16 · 16 numbers and three of 6 · 16, each with its
    /// slack.
    #[test]
    fn the_buffer_holds_the_panels_and_no_more() {
        let (a, b) = (Matrix::<f32>::zeros(70, 40), Matrix::zeros(40, 30));
        let (mut c, mut buffer) = (Matrix::zeros(70, 30), Lines::default());
        let (a, b) = (a.view(), b.view());
        lanes::portable(Small { a, b, start: Start::Nothing, c: c.as_mut_slice(), buffer: &mut buffer });
        assert_eq!(buffer.len(), 3 * (16 * 16 + SLACK) + 3 * (6 * 16 + SLACK));
    }

    /// Threads may divide the columns of C among them as they like.
    #[test]
    fn a_column_does_not_depend_on_the_others() {
        let mut rng = seeded(2);
        let (a, b) = (
            Padded::<f32>::new(40, 50, false, || normal(&mut rng)),
            Matrix::from_fn(50, 31, |i, j| ((i * 7 + j * 3) as f32).sin()),
        );
        let product = |b: MatrixView<'_, f32>| {
            let mut c = Matrix::zeros(40, b.columns());
            f32::widest(Small {
                a: a.view(),
                b,
                start: Start::Nothing,
                c: c.as_mut_slice(),
                buffer: &mut Lines::default(),
            });
            c
        };
        let whole = product(b.view());
        for range in [0..1, 0..7, 5..31, 13..18, 30..31] {
            let part = product(b.view().columns_range(range.clone()));
            assert_eq!(part.view().columns_range(0..range.len()).column(0), whole.column(range.start));
            assert_eq!(part.as_slice(), &whole.as_slice()[range.start * 40..range.end * 40]);
        }
    }

    /// Either choice gives a right product, so that only this test holds the rule in place.
    #[test]
    fn the_rule_depends_on_shape_and_orientation() {
        let numbers = vec![0.0_f32; 1 << 22];
        let view = |rows: usize, columns: usize| MatrixView::new(rows, columns, &numbers[..rows * columns]);
        for (m, k, n, packed, packed_bt) in [
            (32, 128, 16, true, false),
            (32, 127, 16, false, false),
            (31, 900, 900, false, false),
            (32, 900, 900, true, true),
            (900, 47, 900, false, false),
            (900, 48, 900, true, true),
            (900, 900, 11, false, false),
            (900, 900, 12, true, true),
            (64, 64, 64, true, true),
            (64, 63, 64, true, false),
        ] {
            let (a, at, b, bt) = (view(m, k), view(k, m).t(), view(k, n), view(n, k).t());
            assert_eq!([is_faster(&a, &b), is_faster(&at, &b)], [packed; 2], "A B and Aᵀ B, {m}×{k} by {k}×{n}");
            assert_eq!(is_faster(&a, &bt), packed_bt, "A Bᵀ, {m}×{k} by {k}×{n}");
        }
    }

    #[test]
    fn parts_are_equal() {
        assert_eq!([part(784, 512, 8), part(512, 512, 8), part(513, 512, 8), part(3, 512, 8)], [392, 512, 264, 8]);
        assert!(ranges(3..10, 3).eq([3..6, 6..9, 9..10]));
    }
}
