//! C ← start + A B, by the loops that [`plan`] chooses.
//!
//! | product | in a layer | how |
//! |---|---|---|
//! | A B, A Bᵀ | z = W a, ∂J/∂W = δ aᵀ | tiles of C by the [micro-kernel](super::micro_kernel) |
//! | Aᵀ B | Wᵀ δ | the same, with A packed; small products, and those of one or two examples, by inner products |
//!
//! A matrix–vector product is a tile of one column and more rows, an outer product is the micro-kernel with k = 1. A
//! product of one row, W a in a layer of one unit, is computed as Aᵀ wᵀ, by inner products.
//!
//! Packing: a panel, a few rows of A, is read once for each tile in those rows. A large A is packed: its rows are copied
//! into a contiguous panel that fits the L1 cache. A transposed A has to be packed. B is read in place, except a large Bᵀ,
//! of which a tile takes a few numbers from each of many cache lines.
//!
//! Sources: K. Goto, R. van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34(3), 2008; F. Van Zee,
//! R. van de Geijn, BLIS, ACM TOMS 41(3), 2015.

use fearless_simd::{Simd, SimdBase};

use super::matrix_vector::{InnerProducts, MatrixVector, OuterProduct};
use super::micro_kernel::{ColumnPanel, RowPanel, TILE_COLUMNS, Tile, pack_columns, rows_of_strip, tile};
use super::plan::{Layout, Plan, plan};
use super::{Float, Kernel, dispatch};
use crate::MatrixView;

/// The initial value of C, to which the product is added.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start<'a, T> {
    /// 0: C ← A B. What C held is not read.
    Zero,
    /// What C holds: C ← C + A B.
    C,
    /// A column s for every column of C: C ← s 1ᵀ + A B.
    Column(&'a [T]),
}

impl<T> Start<'_, T> {
    /// The start of the rows from `i` on.
    #[inline(always)]
    pub(crate) fn from(&self, i: usize) -> Self {
        match *self {
            Start::Column(column) => Start::Column(&column[i..]),
            Start::Zero => Start::Zero,
            Start::C => Start::C,
        }
    }
}

/// The most columns of A, and rows of B, that go into panels at once: a panel of 16 rows is then 16 KB of `f32`.
const K_BLOCK: usize = 256;
/// The most columns of B that are multiplied before A is read again.
const N_BLOCK: usize = 512;

/// C ← start + A B.
///
/// # Shapes
///
/// A: m × k, B: k × n, `c`: the m · n entries of C column by column. The caller has checked them.
// Inlined, so that for one example the views stay in registers: spilling them costs more than a small product.
#[inline(always)]
pub(crate) fn product<T: Float>(a: MatrixView<'_, T>, b: MatrixView<'_, T>, start: Start<'_, T>, c: &mut [T]) {
    let mut start = start;
    if a.rows() == 1
        && b.columns() > 1
        && let Start::Column(s) = start
    {
        c.fill(s[0]);
        start = Start::C;
    }
    // One row lies in memory like one column: Cᵀ = Bᵀ Aᵀ has one column.
    let (a, b) = if a.rows() == 1 { (b.t(), a.t()) } else { (a, b) };
    let (m, k, n) = (a.rows(), a.columns(), b.columns());
    let ((a_data, a_row, a_column), (b_data, b_row, b_column)) = (a.raw(), b.raw());
    let a_layout = if a_row == 1 { Layout::Columns } else { Layout::Rows };
    let b_layout = if b_column == 1 && (b_row != 1 || k == 1) { Layout::Rows } else { Layout::Columns };
    match plan([m, k, n], a_layout, b_layout, size_of::<T>()) {
        Plan::Nothing => write_start(start, c),
        Plan::MatrixVector => {
            let a = ColumnPanel { numbers: a_data, stride: a_column };
            dispatch(m * size_of::<T>(), &mut MatrixVector { a, b: &b_data[..k], start: &start, c });
        }
        Plan::InnerProducts => {
            let b = ColumnPanel { numbers: b_data, stride: b_column };
            dispatch(k * size_of::<T>(), &mut InnerProducts { a: a_data, stride: a_row, m, b, k, n, start: &start, c });
        }
        Plan::OuterProduct => {
            dispatch(m * size_of::<T>(), &mut OuterProduct { a: &a_data[..m], b: &b_data[..n], start: &start, c });
        }
        Plan::Panels { pack_a, pack_b } => {
            T::blocked_product(
                Factor { view: a, layout: a_layout, pack: pack_a },
                Factor { view: b, layout: b_layout, pack: pack_b },
                start,
                c,
            );
        }
    }
}

/// A or B, and whether it is packed.
#[derive(Clone, Copy)]
pub(crate) struct Factor<'a, T> {
    view: MatrixView<'a, T>,
    layout: Layout,
    pack: bool,
}

/// C ← start + A B, in blocks of columns of B if anything is packed.
pub(crate) fn blocked_product<T: Float>(a: Factor<'_, T>, b: Factor<'_, T>, start: Start<'_, T>, c: &mut [T]) {
    let packs = a.pack || b.pack;
    let mut buffer = if packs { T::buffer().take() } else { Vec::new() };
    let (m, n) = (a.view.rows(), b.view.columns());
    let most = if packs { N_BLOCK } else { n };
    let mut j = 0;
    while j < n {
        let end = n.min(j + most);
        let (b, c) = (Factor { view: b.view.columns_range(j..end), ..b }, &mut c[j * m..end * m]);
        dispatch(m * size_of::<T>(), &mut Panels { a, b, start, c, buffer: &mut buffer });
        j = end;
    }
    if packs {
        T::buffer().set(buffer);
    }
}

/// C ← start
fn write_start<T: Float>(start: Start<'_, T>, c: &mut [T]) {
    match start {
        Start::Zero => c.fill(T::zero()),
        Start::C => {}
        Start::Column(column) => c.chunks_exact_mut(column.len().max(1)).for_each(|c| c.copy_from_slice(column)),
    }
}

/// C ← start + A B by the micro-kernel, each factor packed or in place.
struct Panels<'a, T> {
    a: Factor<'a, T>,
    b: Factor<'a, T>,
    start: Start<'a, T>,
    c: &'a mut [T],
    buffer: &'a mut Vec<T>,
}

impl<T: Float> Kernel for Panels<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S) {
        let Panels { a, b, start, ref mut c, ref mut buffer } = *self;
        let ((a, a_layout, pack_a), (b, b_layout, pack_b)) = ((a.view, a.layout, a.pack), (b.view, b.layout, b.pack));
        let (m, k, n) = (a.rows(), a.columns(), b.columns());
        let ((a_data, a_row, a_column), (b_data, b_row, b_column)) = (a.raw(), b.raw());
        let lanes = T::Native::<S>::LEN;
        let depth = if pack_a || pack_b { block_size(k, K_BLOCK) } else { k };
        let most = 2 * lanes; // rows of a panel
        let sizes =
            [if pack_a { most * depth } else { 0 }, if pack_b { n.next_multiple_of(TILE_COLUMNS) * depth } else { 0 }];
        let (a_packed, b_packed) = packing_buffers(buffer, sizes);
        let mut p = 0;
        while p < k {
            let (depth, start) = (depth.min(k - p), if p == 0 { start } else { Start::C });
            if pack_b {
                pack_rows(&b_data[p * b_row..], b_row, depth, n, b_packed);
            }
            let b_at = |j: usize| match b_layout {
                _ if pack_b => RowPanel::Rows {
                    numbers: &b_packed[j / TILE_COLUMNS * TILE_COLUMNS * depth + j % TILE_COLUMNS..],
                    stride: TILE_COLUMNS,
                },
                Layout::Rows => RowPanel::Rows { numbers: &b_data[p * b_row + j..], stride: b_row },
                Layout::Columns => RowPanel::Columns { numbers: &b_data[j * b_column + p..], stride: b_column },
            };
            let mut i = 0;
            while i < m {
                let rows = rows_of_strip(m - i, 2, lanes);
                let (start, c) = (start.from(i), &mut c[i..]);
                macro_rules! strip {
                ($vectors:literal, $most:literal, $($width:literal)*) => {{
                    let a = match a_layout {
                        Layout::Rows => pack_transposed::<S, T>(&a_data[i * a_row + p..], a_row, depth, rows, a_packed),
                        Layout::Columns => {
                            let a = ColumnPanel { numbers: &a_data[p * a_column + i..], stride: a_column };
                            if pack_a { pack_columns::<S, T, $vectors>(simd, depth, a, rows, a_packed) } else { a }
                        }
                    };
                    let mut j = 0;
                    while j < n {
                        let left = if pack_b { (n - j).min(TILE_COLUMNS - j % TILE_COLUMNS) } else { n - j };
                        match width(left, $most) {
                            $($width => {
                                let to = Tile { start, rows, c: &mut c[j * m..], stride: m };
                                tile::<S, T, $vectors, $width>(simd, depth, a, b_at(j), to);
                                j += $width;
                            })*
                            _ => break,
                        }
                    }
                }};
            }
                match rows.div_ceil(lanes) {
                    1 => strip!(1, 8, 1 2 4 8),
                    _ => strip!(2, 6, 1 2 4 6),
                }
                i += rows;
            }
            p += depth;
        }
    }
}

/// The number of columns of the next tile, if `left` remain: at most `most`. Eight are split into 4 + 4, not 6 + 2.
#[inline(always)]
fn width(left: usize, most: usize) -> usize {
    match left {
        _ if left == most || left > 8 => most,
        4.. => 4,
        2 | 3 => 2,
        _ => 1,
    }
}

/// The packing buffers of A and of B, of these lengths. The first is aligned to a cache line.
#[inline(always)]
fn packing_buffers<T: Float>(buffer: &mut Vec<T>, [a, b]: [usize; 2]) -> (&mut [T], &mut [T]) {
    if a + b == 0 {
        return (&mut [], &mut []);
    }
    if buffer.len() < a + b + 16 {
        buffer.resize(a + b + 16, T::zero());
    }
    let start = buffer.as_ptr().align_offset(64).min(16);
    buffer[start..][..a + b].split_at_mut(a)
}

/// Packs some rows of k columns of a row-major A into a panel.
#[inline(always)]
fn pack_transposed<'a, S: Simd, T: Float>(
    a: &[T],
    stride: usize,
    k: usize,
    rows: usize,
    to: &'a mut [T],
) -> ColumnPanel<'a, T> {
    let height = rows.max(T::Native::<S>::LEN);
    for r in 0..rows {
        for (to, &x) in to[r..].iter_mut().step_by(height).zip(&a[r * stride..][..k]) {
            *to = x;
        }
    }
    ColumnPanel { numbers: to, stride: height }
}

/// Packs k rows of a row-major B into panels as wide as a tile.
#[inline(always)]
fn pack_rows<T: Float>(b: &[T], stride: usize, k: usize, n: usize, to: &mut [T]) {
    let (panels, _) = to.as_chunks_mut::<TILE_COLUMNS>();
    for (panel, j) in panels.chunks_exact_mut(k).zip((0..n).step_by(TILE_COLUMNS)) {
        let width = TILE_COLUMNS.min(n - j);
        for (p, to) in panel.iter_mut().enumerate() {
            let from = &b[p * stride + j..];
            match from.first_chunk::<TILE_COLUMNS>() {
                Some(from) if width == TILE_COLUMNS => *to = *from,
                _ => to[..width].copy_from_slice(&from[..width]),
            }
        }
    }
}

/// `length` split into equal parts of at most `most`: 784 in parts of at most 512 gives two of 392.
#[inline(always)]
fn block_size(length: usize, most: usize) -> usize {
    length.div_ceil(length.div_ceil(most))
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use fearless_simd::Level;

    use super::*;
    use crate::kernels::level::{at_every_level, level};
    use crate::{Generator, Matrix, MatrixView, below, matmul_reference, normal, seeded};

    /// A matrix as a view between rows and columns of NaN, transposed or not.
    struct Surrounded<T>(Matrix<T>, bool);

    impl<T: Float> Surrounded<T> {
        fn new(rows: usize, columns: usize, transposed: bool, mut entry: impl FnMut() -> f64) -> Self {
            let (rows, columns) = if transposed { (columns, rows) } else { (rows, columns) };
            let inside = |i, j| (1..=rows).contains(&i) && (1..=columns).contains(&j);
            let entry = |i, j| T::from_f64(if inside(i, j) { entry() } else { f64::NAN });
            Surrounded(Matrix::from_fn(rows + 3, columns + 2, entry), transposed)
        }

        fn view(&self) -> MatrixView<'_, T> {
            let Surrounded(matrix, transposed) = self;
            let view = matrix.view().rows_range(1..matrix.rows() - 2).columns_range(1..matrix.columns() - 1);
            if *transposed { view.t() } else { view }
        }
    }

    /// Small whole numbers, whose sums are exact in any order.
    fn digit(rng: &mut Generator) -> f64 {
        below(rng, 9) as f64 - 4.0
    }

    /// A B from every start, in every orientation, against the definition.
    fn check<T: Float>(m: usize, k: usize, n: usize) {
        let mut rng = seeded((m + 100 * k + 10_000 * n) as u64);
        for (a_transposed, b_transposed) in [(false, false), (false, true), (true, false), (true, true)] {
            let a = Surrounded::<T>::new(m, k, a_transposed, || digit(&mut rng));
            let b = Surrounded::<T>::new(k, n, b_transposed, || digit(&mut rng));
            let (a, b) = (a.view(), b.view());
            let want = matmul_reference(a, b);
            let column = Matrix::from_fn(m, 1, |i, _| T::from_f64(i as f64));
            let nothing = || Matrix::from_fn(m, n, |_, _| T::from_f64(f64::NAN));
            let what = format!("{m}×{k} by {k}×{n}, transposed: {a_transposed}, {b_transposed}");
            let mut c = nothing();
            product(a, b, Start::Zero, c.as_mut_slice());
            assert_eq!(c, want, "{what}");
            let mut c = Matrix::from_fn(m, n, |i, j| T::from_f64((i + 2 * j) as f64));
            product(a, b, Start::C, c.as_mut_slice());
            let added = Matrix::from_fn(m, n, |i, j| T::from_f64((i + 2 * j) as f64) + want[(i, j)]);
            assert_eq!(c, added, "C + {what}");
            let mut c = nothing();
            product(a, b, Start::Column(column.as_slice()), c.as_mut_slice());
            assert_eq!(c, Matrix::from_fn(m, n, |i, j| column[(i, 0)] + want[(i, j)]), "column + {what}");
        }
    }

    #[test]
    fn small_products_are_exact_at_every_level() {
        at_every_level(|| {
            for m in (0..=20).chain([31, 32, 33, 47, 48, 63, 64, 65, 70, 80]) {
                for (k, n) in
                    [(0, 3), (1, 1), (2, 1), (7, 1), (16, 1), (33, 1), (1, 7), (3, 2), (9, 13), (17, 8), (5, 0)]
                {
                    check::<f32>(m, k, n);
                    check::<f64>(m, k, n);
                }
            }
        });
    }

    /// Packed panels, more than one block of k, and more than one of columns.
    #[test]
    fn packed_products_are_exact_at_every_level() {
        at_every_level(|| {
            for (m, k, n) in [(33, 300, 20), (64, 257, 13), (71, 130, 1030), (9, 1000, 14), (3, 2000, 5)] {
                check::<f32>(m, k, n);
                check::<f64>(m, k, n);
            }
        });
    }

    /// A column of W A + b among others and alone, by every plan that W A + b may have.
    #[test]
    fn a_column_has_the_same_bits_whatever_others_there_are() {
        fn check<T: Float>(m: usize, k: usize) {
            let mut rng = seeded(1);
            let mut random = |rows, columns| Matrix::from_fn(rows, columns, |_, _| T::from_f64(normal(&mut rng)));
            let (w, a, bias) = (random(m, k), random(k, 530), random(m, 1));
            let affine = |columns: Range<usize>| {
                let mut z = Matrix::zeros(m, columns.len());
                product(w.view(), a.columns_range(columns), Start::Column(bias.as_slice()), z.as_mut_slice());
                z
            };
            let whole = affine(0..530);
            for columns in [0..1, 529..530, 3..5, 0..3, 7..11, 1..6, 0..6, 2..9, 5..13, 0..12, 0..13, 300..320, 18..530]
            {
                let part = &whole.as_slice()[columns.start * m..columns.end * m];
                assert_eq!(affine(columns.clone()).as_slice(), part, "{m}×{k}, columns {columns:?}");
            }
        }
        at_every_level(|| {
            for m in [1, 2, 3, 7, 8, 9, 16, 17, 31, 33, 64, 65] {
                for k in [1, 2, 9, 16, 31, 130, 257] {
                    check::<f32>(m, k);
                    check::<f64>(m, k);
                }
            }
        });
    }

    /// Whether this level has a fused multiply-add.
    fn fuses(level: Level) -> bool {
        #[cfg(target_arch = "x86_64")]
        return level.as_avx2().is_some();
        #[cfg(not(target_arch = "x86_64"))]
        return cfg!(target_arch = "aarch64") && !level.is_fallback();
    }

    /// W A + b and A Bᵀ add their products in the order of k everywhere. What depends on the processor is whether a
    /// multiplication and an addition round once, as a fused multiply-add, or twice.
    #[test]
    fn bits_differ_by_fused_multiply_add_alone() {
        let mut rng = seeded(1);
        let mut random = |rows, columns| Matrix::from_fn(rows, columns, |_, _| normal(&mut rng) as f32);
        for [m, k, n] in [[37, 300, 19], [5, 40, 3], [130, 70, 1], [16, 1, 20]] {
            let (w, a, bias) = (random(m, k), random(k, n), random(m, 1));
            let at = Matrix::from_fn(n, k, |j, p| a[(p, j)]);
            at_every_level(|| {
                let fused = fuses(level());
                let add = |sum: f32, w: f32, a: f32| if fused { w.mul_add(a, sum) } else { sum + w * a };
                let want =
                    Matrix::from_fn(m, n, |i, j| (0..k).fold(bias[(i, 0)], |sum, p| add(sum, w[(i, p)], a[(p, j)])));
                for a in [a.view(), at.t()] {
                    let mut z = Matrix::zeros(m, n);
                    product(w.view(), a, Start::Column(bias.as_slice()), z.as_mut_slice());
                    assert!(z == want, "{m}×{k} by {k}×{n}, {:?}", level());
                }
            });
        }
    }

    #[test]
    fn parts_are_equal() {
        assert_eq!(
            [block_size(784, 512), block_size(512, 512), block_size(513, 512), block_size(3, 512)],
            [392, 512, 257, 3]
        );
    }
}
