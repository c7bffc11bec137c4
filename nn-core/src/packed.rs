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
//! A copied number of A is used once for every panel of B, and one of B once for every panel of A. Where these are few, the
//! copy costs more than it saves, and the tiles take the factor **in place**, all but the last rows or columns, which do
//! not fill a panel.
//!
//! Sources: K. Goto, R. van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34(3), 2008, for the
//! blocks; F. Van Zee, R. van de Geijn, BLIS, ACM TOMS 41(3), 2015, for the panels and the tile.

use std::ops::Range;

use crate::lanes::Lines;
use crate::thin::add_outer_product;
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

/// Whether A, and whether B, stays in place.
///
/// Measured on one core of an Intel Xeon for m from 32 to 1024, k from 64 to 1024 and n from 24 to 1024, as the time in place
/// over the time from panels. B: for 32 rows 0.6 to 0.8, for 128 rows 0.86 to 0.95, for 512 rows 0.95 to 1.01; with AVX2,
/// whose panels have half the rows, 0.78 to 0.9 for 32 rows, 0.94 to 1.03 for 128. Bᵀ, of which a tile takes a few numbers
/// from each row, is as good as long as it stays in the second cache, and up to 1.8 beyond. A: for 24 columns 0.65, for 64
/// columns 0.8 to 0.95, for 128 columns 0.87 to 1.03; not for 512 rows, with which two threads that have half the columns
/// each take 1.03 times as long on 784-512-512-10 (batch 256).
fn in_place<T, V: Vector<T>>(a: &MatrixView<'_, T>, b: &MatrixView<'_, T>) -> (bool, bool) {
    let (m, k, n) = (a.rows(), a.columns(), b.columns());
    let rows = V::REGISTERS * V::LANES;
    let few = m <= rows / 2;
    let b_stays = if b.columns_are_contiguous() { m <= rows } else { few && k * n * size_of::<T>() < 1 << 19 };
    (b_stays && few && n <= 128 && a.columns_are_contiguous(), b_stays)
}

/// C ← start + A B, in blocks of these sizes, with factors IN_PLACE or not.
///
/// # Shapes
///
/// A: m × k, B: k × n, `c`: the m · n entries of C column by column. The caller has checked them.
pub(crate) struct Packed<'a, T, const DEPTH: usize, const ROWS: usize, const COLUMNS: usize, const IN_PLACE: bool> {
    pub(crate) a: MatrixView<'a, T>,
    pub(crate) b: MatrixView<'a, T>,
    pub(crate) start: Start<'a, T>,
    pub(crate) c: &'a mut [T],
    /// Where the blocks are laid. It grows to what the largest product needs.
    pub(crate) buffer: &'a mut Lines<T>,
}

impl<T: Scalar, const DEPTH: usize, const ROWS: usize, const COLUMNS: usize, const IN_PLACE: bool> Kernel<T>
    for Packed<'_, T, DEPTH, ROWS, COLUMNS, IN_PLACE>
{
    #[inline(always)]
    fn run<V: Vector<T>>(&mut self) {
        let Packed { a, b, start, ref mut c, ref mut buffer } = *self;
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
        let (a_stays, b_stays) = if IN_PLACE { in_place::<T, V>(&a, &b) } else { (false, false) };
        let mut a = Factor::<T, 'A'> { from: a, stays: a_stays, height, panel: a_panel, block: a_block };
        let mut b = Factor::<T, 'B'> { from: b.t(), stays: b_stays, height: width, panel: b_panel, block: b_block };
        for p in ranges(0..k, depth) {
            let start = if p.start == 0 { start } else { Start::C };
            for j in ranges(0..n, columns) {
                b.pack::<V>(j.clone(), p.clone());
                for i in ranges(0..m, rows) {
                    a.pack::<V>(i.clone(), p.clone());
                    for (b_number, j) in ranges(j.clone(), width).enumerate() {
                        let (b, c) = (b.panel(b_number, &j, &p), &mut c[j.start * m..j.end * m]);
                        for (a_number, i) in ranges(i.clone(), height).enumerate() {
                            let (a, k) = (a.panel(a_number, &i, &p), p.len());
                            let copied = a.layout == Layout::Copied && b.layout == Layout::Copied;
                            let tile = Operands { a, b, start, m, k, i, c };
                            // A panel in rows is in place, and what stays in place fills a tile.
                            match (copied, b.layout, j.len().div_ceil(width / 3)) {
                                (true, _, 1) => V::call(Tile::<T, 1, 'P'>(tile)),
                                (true, _, 2) => V::call(Tile::<T, 2, 'P'>(tile)),
                                (true, _, _) => V::call(Tile::<T, 3, 'P'>(tile)),
                                (false, Layout::Rows, _) => V::call(Tile::<T, 3, 'R'>(tile)),
                                (false, _, 1) => V::call(Tile::<T, 1, 'C'>(tile)),
                                (false, _, 2) => V::call(Tile::<T, 2, 'C'>(tile)),
                                (false, _, _) => V::call(Tile::<T, 3, 'C'>(tile)),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A or Bᵀ, of which a tile takes `height` rows, and the block of panels for those rows that do not stay in place.
struct Factor<'a, T, const NAME: char> {
    from: MatrixView<'a, T>,
    stays: bool,
    height: usize,
    /// Numbers from one panel to the next.
    panel: usize,
    block: &'a mut [T],
}

/// The rows that a tile takes: from one column, or from one row, to the next it is `stride` numbers.
#[derive(Clone, Copy)]
struct Panel<'a, T> {
    numbers: &'a [T],
    stride: usize,
    layout: Layout,
}

/// How the numbers of a panel lie.
#[derive(Clone, Copy, PartialEq)]
enum Layout {
    /// In columns, in the block.
    Copied,
    /// In columns, in place.
    Columns,
    /// In rows, in place.
    Rows,
}

impl<T: Scalar, const NAME: char> Factor<'_, T, NAME> {
    /// Copies these columns of these rows into panels, but for the rows that stay in place: all that are enough for a tile.
    #[inline(always)]
    fn pack<V: Vector<T>>(&mut self, rows: Range<usize>, columns: Range<usize>) {
        let stay = if self.stays { rows.len() / self.height } else { 0 };
        let from = self.from.rows_range(rows.start + stay * self.height..rows.end).columns_range(columns);
        V::call(Pack::<T, NAME> { from, panel: self.panel, to: &mut self.block[stay * self.panel..] });
    }

    /// The rows of a tile, which are panel `number` of the block where they have been copied.
    #[inline(always)]
    fn panel(&self, number: usize, rows: &Range<usize>, columns: &Range<usize>) -> Panel<'_, T> {
        if !(self.stays && rows.len() == self.height) {
            return Panel { numbers: &self.block[number * self.panel..], stride: self.height, layout: Layout::Copied };
        }
        let (data, row_stride, column_stride) = self.from.raw();
        let numbers = &data[rows.start * row_stride + columns.start * column_stride..];
        match self.from.columns_are_contiguous() {
            true => Panel { numbers, stride: column_stride, layout: Layout::Columns },
            false => Panel { numbers, stride: row_stride, layout: Layout::Rows },
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
    fn run<V: Vector<T>>(&mut self) {
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

/// A tile of C: two vectors of rows by as many columns as THIRDS of its width. Only at the right edge of C it is not whole.
///
/// LAYOUT says whether both panels have been copied ('P'); if not, whether that of Bᵀ lies in columns ('C') or in rows ('R').
struct Tile<'a, T, const THIRDS: usize, const LAYOUT: char>(Operands<'a, T>);

/// What a tile is made of, and where it goes: the rows `i` of the m of its columns in `c`.
struct Operands<'a, T> {
    a: Panel<'a, T>,
    b: Panel<'a, T>,
    start: Start<'a, T>,
    m: usize,
    k: usize,
    i: Range<usize>,
    c: &'a mut [T],
}

impl<T: Scalar, const THIRDS: usize, const LAYOUT: char> Kernel<T> for Tile<'_, T, THIRDS, LAYOUT> {
    #[inline(always)]
    fn run<V: Vector<T>>(&mut self) {
        match const { THIRDS * width::<T, V>() / 3 } {
            12 => self.add_up::<V, 12>(),
            8 => self.add_up::<V, 8>(),
            6 => self.add_up::<V, 6>(),
            4 => self.add_up::<V, 4>(),
            _ => self.add_up::<V, 2>(),
        }
    }
}

impl<T: Scalar, const THIRDS: usize, const LAYOUT: char> Tile<'_, T, THIRDS, LAYOUT> {
    #[inline(always)]
    fn add_up<V: Vector<T>, const N: usize>(&mut self) {
        let Operands { ref a, ref b, start, m, k, ref i, ref mut c } = self.0;
        let (height, width) = (2 * V::LANES, const { width::<T, V>() });
        let mut sums = [[V::splat(T::zero()); 2]; N];
        if LAYOUT == 'P' {
            let depth = k.next_multiple_of(UNROLL);
            let (a, b) = (&a.numbers[..depth * height], &b.numbers[..depth * width]);
            for (a, b) in a.chunks_exact(UNROLL * height).zip(b.chunks_exact(UNROLL * width)) {
                for (a, b) in a.chunks_exact(height).zip(b.chunks_exact(width)) {
                    add_outer_product(vectors(a), |j| b[j], &mut sums);
                }
            }
        } else {
            // What the tile reads is all there. Where a check could fail it ends the loop: a panic would keep the sums in
            // memory instead of registers.
            let mut a_columns = &a.numbers[..(k - 1) * a.stride + height];
            if LAYOUT == 'C' {
                let mut b_rows = &b.numbers[..(k - 1) * b.stride + N];
                for _ in 0..k {
                    let (Some(column), Some(row)) = (a_columns.get(..height), b_rows.first_chunk::<N>()) else { break };
                    add_outer_product(vectors(column), |j| row[j], &mut sums);
                    let (Some(next), Some(below)) = (a_columns.get(a.stride..), b_rows.get(b.stride..)) else { break };
                    (a_columns, b_rows) = (next, below);
                }
            } else {
                let b_columns: [&[T]; N] = std::array::from_fn(|j| &b.numbers[j * b.stride..][..k]);
                #[expect(clippy::needless_range_loop, reason = "p is a place in every column of B")]
                for p in 0..k {
                    let Some(column) = a_columns.get(..height) else { break };
                    add_outer_product(vectors(column), |j| b_columns[j][p], &mut sums);
                    let Some(next) = a_columns.get(a.stride..) else { break };
                    a_columns = next;
                }
            }
        }
        for (c, sums) in c.chunks_exact_mut(m).zip(sums) {
            put(start, i.clone(), sums, c);
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
            Start::Column(column) => sum.multiply_add(one, V::load(&column.as_slice()[i])),
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
    type Small<'a, T, const IN_PLACE: bool> = Packed<'a, T, 16, 64, 24, IN_PLACE>;

    fn check<T: Scalar, const IN_PLACE: bool>(run: impl Fn(Small<'_, T, IN_PLACE>)) {
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
                    let column = Matrix::from_fn(m, 1, |i, _| T::from_f64(i as f64));
                    let mut c = Matrix::from_fn(m, n, |_, _| T::from_f64(f64::NAN));
                    run(Packed { a, b, start: Start::Column(&column), c: c.as_mut_slice(), buffer: &mut buffer });
                    let added = Matrix::from_fn(m, n, |i, j| column[(i, 0)] + want[(i, j)]);
                    assert_eq!(c, added, "column + {m}×{k} by {k}×{n}, transposed: {a_transposed}, {b_transposed}");
                }
            }
        }
    }

    #[test]
    fn products_are_exact_across_all_boundaries() {
        check::<f32, false>(|product| f32::widest(product));
        check::<f64, false>(|product| f64::widest(product));
        check::<f32, false>(|mut product| lanes::without_avx512_f32(&mut product));
        check::<f64, false>(|mut product| lanes::without_avx512_f64(&mut product));
        check::<f32, false>(|mut product| lanes::portable(&mut product));
    }

    #[test]
    fn products_in_place_are_exact_across_all_boundaries() {
        check::<f32, true>(|product| f32::widest(product));
        check::<f64, true>(|product| f64::widest(product));
        check::<f32, true>(|mut product| lanes::without_avx512_f32(&mut product));
        check::<f64, true>(|mut product| lanes::without_avx512_f64(&mut product));
        check::<f32, true>(|mut product| lanes::portable(&mut product));
    }

    /// Blocks of 48 rows, 16 products and 18 columns are three panels of 16 · 16 numbers and three of 6 · 16, each with its
    /// slack.
    #[test]
    fn the_buffer_holds_the_panels_and_no_more() {
        let (a, b) = (Matrix::<f32>::zeros(70, 40), Matrix::zeros(40, 30));
        let (mut c, mut buffer) = (Matrix::zeros(70, 30), Lines::default());
        let (a, b) = (a.view(), b.view());
        let mut small = Small::<_, false> { a, b, start: Start::Nothing, c: c.as_mut_slice(), buffer: &mut buffer };
        lanes::portable(&mut small);
        assert_eq!(buffer.len(), 3 * (16 * 16 + SLACK) + 3 * (6 * 16 + SLACK));
    }

    /// Threads may divide the columns of C among them as they like. What stays in place depends on how many there are.
    #[test]
    fn a_column_does_not_depend_on_the_others() {
        fn product<const IN_PLACE: bool>(a: MatrixView<'_, f32>, b: MatrixView<'_, f32>) -> Matrix<f32> {
            let mut c = Matrix::zeros(a.rows(), b.columns());
            let (start, buffer) = (Start::Nothing, &mut Lines::default());
            f32::widest(Small::<_, IN_PLACE> { a, b, start, c: c.as_mut_slice(), buffer });
            c
        }
        let mut rng = seeded(2);
        for b_transposed in [false, true] {
            let a = Padded::<f32>::new(40, 50, false, || normal(&mut rng));
            let b = Padded::<f32>::new(50, 31, b_transposed, || normal(&mut rng));
            let whole = product::<false>(a.view(), b.view());
            for range in [0..1, 0..7, 5..31, 13..18, 30..31, 0..31] {
                let part = product::<true>(a.view(), b.view().columns_range(range.clone()));
                assert_eq!(part.as_slice(), &whole.as_slice()[range.start * 40..range.end * 40], "{range:?}");
            }
        }
    }

    /// Any choice gives a right product, so that only this test holds the rule in place.
    #[test]
    fn what_stays_in_place_depends_on_shape_and_orientation() {
        struct Check;
        impl Kernel<f32> for Check {
            fn run<V: Vector<f32>>(&mut self) {
                let numbers = vec![0.0_f32; 1 << 20];
                let view = |rows: usize, columns: usize| MatrixView::new(rows, columns, &numbers[..rows * columns]);
                assert_eq!(V::REGISTERS * V::LANES, 128);
                for (m, k, n, a_stays, b_stays, bt_stays) in [
                    (128, 900, 128, false, true, false),
                    (129, 900, 128, false, false, false),
                    (64, 900, 129, false, true, true),
                    (64, 1024, 128, true, true, false),
                    (64, 1023, 128, true, true, true),
                    (64, 128, 1023, false, true, true),
                    (65, 128, 127, false, true, false),
                ] {
                    let (a, at, b, bt) = (view(m, k), view(k, m).t(), view(k, n), view(n, k).t());
                    assert_eq!(in_place::<f32, V>(&a, &b), (a_stays, b_stays), "A B, {m}×{k} by {k}×{n}");
                    assert_eq!(in_place::<f32, V>(&at, &b), (false, b_stays), "Aᵀ B, {m}×{k} by {k}×{n}");
                    assert_eq!(
                        in_place::<f32, V>(&a, &bt),
                        (a_stays && bt_stays, bt_stays),
                        "A Bᵀ, {m}×{k} by {k}×{n}"
                    );
                }
            }
        }
        lanes::portable(&mut Check);
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
