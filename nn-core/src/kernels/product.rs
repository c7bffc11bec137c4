//! C ← start + A B, by the loops that [`plan`] chooses.
//!
//! | product | in a layer | how |
//! |---|---|---|
//! | A B, A Bᵀ | z = W a, ∂J/∂W = δ aᵀ | tiles of C by the [micro-kernel](super::micro_kernel) |
//! | Aᵀ B | Wᵀ δ | the same, of copied panels of A; for one or two examples by inner products |
//!
//! A matrix–vector product is a tile of one column and more rows, an outer product the micro-kernel with k = 1.
//!
//! Packing: a tile reads a panel of A, a few rows of it, for all tiles of its rows. Where A is large, its rows are copied
//! into a panel that lies in one piece and fits the fastest cache; where it is transposed they have to be. B stays where it
//! is, but for a large Bᵀ, of which a tile takes a few numbers from each of many cache lines.
//!
//! Sources: K. Goto, R. van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34(3), 2008; F. Van Zee,
//! R. van de Geijn, BLIS, ACM TOMS 41(3), 2015.

use fearless_simd::{Simd, SimdBase};

use super::micro_kernel::{ColumnPanel, RowPanel, WIDTH, copy_columns, rows_of_strip, tile};
use super::one_example::{InnerProducts, MatrixVector, OuterProduct};
use super::plan::{Layout, Plan, plan};
use super::{Float, Kernel, dispatch};
use crate::MatrixView;

/// What a product is added to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start<'a, T> {
    /// Nothing: C ← A B. What C held is not read.
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
const DEPTH: usize = 256;
/// The most columns of B that are multiplied before A is read again.
const COLUMNS: usize = 512;

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
        Plan::Nothing => sum_of_nothing(start, c),
        Plan::MatrixVector => {
            let a = ColumnPanel { numbers: a_data, stride: a_column };
            dispatch(m * size_of::<T>(), &mut MatrixVector { a, b: &b_data[..k], start: &start, c });
        }
        Plan::InnerProducts => {
            let b = ColumnPanel { numbers: b_data, stride: b_column };
            dispatch(k * size_of::<T>(), &mut InnerProducts { a: a_data, stride: a_row, m, b, k, start: &start, c });
        }
        Plan::OuterProduct => {
            dispatch(m * size_of::<T>(), &mut OuterProduct { a: &a_data[..m], b: &b_data[..n], start: &start, c })
        }
        Plan::Panels { copy_a, copy_b } => in_panels((a, a_layout, copy_a), (b, b_layout, copy_b), start, c),
    }
}

#[inline(never)]
fn in_panels<T: Float>(
    (a, a_layout, copy_a): (MatrixView<'_, T>, Layout, bool),
    (b, b_layout, copy_b): (MatrixView<'_, T>, Layout, bool),
    start: Start<'_, T>,
    c: &mut [T],
) {
    let mut buffer = if copy_a || copy_b { T::buffer().take() } else { Vec::new() };
    let (m, n) = (a.rows(), b.columns());
    let most = if copy_a || copy_b { COLUMNS } else { n };
    let mut j = 0;
    while j < n {
        let end = n.min(j + most);
        let (b, c) = (b.columns_range(j..end), &mut c[j * m..end * m]);
        let (a, b, buffer) = ((a, a_layout, copy_a), (b, b_layout, copy_b), &mut buffer);
        dispatch(m * size_of::<T>(), &mut Panels { a, b, start, c, buffer });
        j = end;
    }
    if copy_a || copy_b {
        T::buffer().set(buffer);
    }
}

/// C ← start
fn sum_of_nothing<T: Float>(start: Start<'_, T>, c: &mut [T]) {
    match start {
        Start::Zero => c.fill(T::zero()),
        Start::C => {}
        Start::Column(column) => c.chunks_exact_mut(column.len()).for_each(|c| c.copy_from_slice(column)),
    }
}

/// C ← start + A B by the micro-kernel, each factor copied into panels or not.
struct Panels<'a, T> {
    a: (MatrixView<'a, T>, Layout, bool),
    b: (MatrixView<'a, T>, Layout, bool),
    start: Start<'a, T>,
    c: &'a mut [T],
    buffer: &'a mut Vec<T>,
}

impl<T: Float> Kernel for Panels<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S) {
        let Panels { a: (a, a_layout, copy_a), b: (b, b_layout, copy_b), start, ref mut c, ref mut buffer } = *self;
        let (m, k, n) = (a.rows(), a.columns(), b.columns());
        let ((a_data, a_row, a_column), (b_data, b_row, b_column)) = (a.raw(), b.raw());
        let lanes = T::Native::<S>::LEN;
        let depth = if copy_a || copy_b { equal(k, DEPTH) } else { k };
        let most = 2 * lanes; // rows of a panel
        let sizes = [if copy_a { most * depth } else { 0 }, if copy_b { n.next_multiple_of(WIDTH) * depth } else { 0 }];
        let (a_copy, b_copy) = room(buffer, sizes);
        let mut p = 0;
        while p < k {
            let (depth, start) = (depth.min(k - p), if p == 0 { start } else { Start::C });
            if copy_b {
                copy_rows(&b_data[p * b_row..], b_row, depth, n, b_copy);
            }
            let b_at = |j: usize| match b_layout {
                _ if copy_b => {
                    RowPanel::Rows { numbers: &b_copy[j / WIDTH * WIDTH * depth + j % WIDTH..], stride: WIDTH }
                }
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
                        Layout::Rows => copy_transposed::<S, T>(&a_data[i * a_row + p..], a_row, depth, rows, a_copy),
                        Layout::Columns => {
                            let a = ColumnPanel { numbers: &a_data[p * a_column + i..], stride: a_column };
                            if copy_a { copy_columns::<S, T, $vectors>(simd, depth, a, rows, a_copy) } else { a }
                        }
                    };
                    let mut j = 0;
                    while j < n {
                        let left = if copy_b { (n - j).min(WIDTH - j % WIDTH) } else { n - j };
                        match width(left, $most) {
                            $($width => {
                                tile::<S, T, $vectors, $width>(simd, depth, a, b_at(j), start, rows, &mut c[j * m..], m);
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

/// The columns of the next tile, at most `most`, where so many are left: two more than six go as four and four.
#[inline(always)]
fn width(left: usize, most: usize) -> usize {
    match left {
        _ if left == most || left > 8 => most,
        4.. => 4,
        2 | 3 => 2,
        _ => 1,
    }
}

/// Room for so many numbers of A and of B, the first of which begins a cache line.
#[inline(always)]
fn room<T: Float>(buffer: &mut Vec<T>, [a, b]: [usize; 2]) -> (&mut [T], &mut [T]) {
    if a + b == 0 {
        return (&mut [], &mut []);
    }
    if buffer.len() < a + b + 16 {
        buffer.resize(a + b + 16, T::zero());
    }
    let start = buffer.as_ptr().align_offset(64).min(16);
    buffer[start..][..a + b].split_at_mut(a)
}

/// Copies some rows of k columns of A, which lies in rows, into a panel.
#[inline(always)]
fn copy_transposed<'a, S: Simd, T: Float>(
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

/// Copies k rows of B, which lies in rows, into panels of a tile's columns.
#[inline(always)]
fn copy_rows<T: Float>(b: &[T], stride: usize, k: usize, n: usize, to: &mut [T]) {
    let (panels, _) = to.as_chunks_mut::<WIDTH>();
    for (panel, j) in panels.chunks_exact_mut(k).zip((0..n).step_by(WIDTH)) {
        let width = WIDTH.min(n - j);
        for (p, to) in panel.iter_mut().enumerate() {
            let from = &b[p * stride + j..];
            match from.first_chunk::<WIDTH>() {
                Some(from) if width == WIDTH => *to = *from,
                _ => to[..width].copy_from_slice(&from[..width]),
            }
        }
    }
}

/// The size of equal parts of at most `most`: 784 in parts of at most 512 are two of 392.
#[inline(always)]
fn equal(length: usize, most: usize) -> usize {
    length.div_ceil(length.div_ceil(most))
}
