//! The micro-kernel: a tile of C, a few vectors of rows by a few columns, stays in registers until all its products have been
//! added.
//!
//! For each p it loads the vectors of column p of A, and multiplies them by the numbers of row p of B, one by one. Two
//! vectors and six numbers make twelve multiply-adds, so that the processor does not wait for loads, and twelve independent
//! sums, so that it does not wait for the previous sum.
//!
//! Each entry of C starts at its initial value (0, C or the bias), and the products are added in the order of p, whatever the
//! tile, the layout of the factors and the blocks of p: a column of C has the same bits whatever other columns there are.

use fearless_simd::{Simd, SimdBase, SimdFloat};

use super::Float;
use super::product::Start;

/// The columns of a tile.
pub(crate) const TILE_COLUMNS: usize = 6;

/// Some rows of A, in place or copied: the vectors of column p begin at p · `stride`.
#[derive(Clone, Copy)]
pub(crate) struct ColumnPanel<'a, T> {
    pub(crate) numbers: &'a [T],
    pub(crate) stride: usize,
}

/// Some columns of B: N numbers of each row, or k numbers of each of N columns.
#[derive(Clone, Copy)]
pub(crate) enum RowPanel<'a, T> {
    /// In rows, in place or copied: row p begins at p · `stride`.
    Rows { numbers: &'a [T], stride: usize },
    /// In columns, in place: column j begins at j · `stride`.
    Columns { numbers: &'a [T], stride: usize },
}

/// A tile of C: `rows` rows, of columns that begin every `stride` numbers of `c`.
pub(crate) struct Tile<'a, T> {
    pub(crate) start: Start<'a, T>,
    pub(crate) rows: usize,
    pub(crate) c: &'a mut [T],
    pub(crate) stride: usize,
}

/// C ← start + A B, for a tile of N columns and of rows in R vectors.
///
/// Where the rows are not a multiple of the lanes, the last vector overlaps the one before it: computing a number twice is
/// cheaper than a mask. Only if R = 1 may there be fewer rows than lanes. The extra lanes then read the next column of A, and
/// their results are discarded.
#[inline(always)]
pub(crate) fn tile<S: Simd, T: Float, const R: usize, const N: usize>(
    simd: S,
    k: usize,
    a: ColumnPanel<'_, T>,
    b: RowPanel<'_, T>,
    tile: Tile<'_, T>,
) {
    let Tile { start, rows, c, stride } = tile;
    let lanes = T::Native::<S>::LEN;
    let height = if R == 1 { lanes } else { rows };
    assert!(R == 1 || height > (R - 1) * lanes && height >= lanes); // so that no access below needs a check
    let mut sums = [[T::Native::<S>::splat(simd, T::zero()); R]; N];
    match start {
        Start::Zero => {}
        Start::Column(column) => sums = [load_partial(simd, &column[..rows]); N],
        Start::C => {
            for j in 0..N {
                sums[j] = load_partial(simd, &c[j * stride..][..rows]);
            }
        }
    }
    // `else { break }` in place of indexing: a path that panics would keep the sums in memory instead of registers.
    let mut columns = a.numbers;
    match b {
        RowPanel::Rows { numbers: mut b_rows, stride } => {
            for _ in 0..k {
                let Some(row) = b_rows.first_chunk::<N>() else { break };
                let column = match columns.get(..height) {
                    Some(column) => load(simd, column),
                    None if R == 1 => load_partial(simd, columns),
                    None => break,
                };
                add_outer_product(simd, column, |j| row[j], &mut sums);
                columns = columns.get(a.stride..).unwrap_or_default();
                b_rows = b_rows.get(stride..).unwrap_or_default();
            }
        }
        RowPanel::Columns { numbers, stride } => {
            let b_columns: [&[T]; N] = std::array::from_fn(|j| &numbers[j * stride..][..k]);
            #[expect(clippy::needless_range_loop, reason = "p is a place in every column of B")]
            for p in 0..k {
                let column = match columns.get(..height) {
                    Some(column) => load(simd, column),
                    None if R == 1 => load_partial(simd, columns),
                    None => break,
                };
                add_outer_product(simd, column, |j| b_columns[j][p], &mut sums);
                columns = columns.get(a.stride..).unwrap_or_default();
            }
        }
    }
    if R == 1 && rows < lanes {
        let mut copy = [[T::zero(); MOST_LANES]; N];
        for j in 0..N {
            sums[j][0].store_slice(&mut copy[j][..lanes]);
        }
        for j in 0..N {
            let c = &mut c[j * stride..];
            // Where C is not read, lanes stored beyond the end of this column are overwritten by the next column.
            match c.get_mut(..lanes) {
                Some(c) if !matches!(start, Start::C) => c.copy_from_slice(&copy[j][..lanes]),
                _ => copy_partial(&copy[j][..rows], c),
            }
        }
    } else {
        for j in 0..N {
            store(sums[j], &mut c[j * stride..][..rows]);
        }
    }
}

/// The largest number of lanes at any SIMD level.
const MOST_LANES: usize = 16;

/// sums ← sums + a bᵀ
#[inline(always)]
fn add_outer_product<S: Simd, T: Float, const R: usize, const N: usize>(
    simd: S,
    a: [T::Native<S>; R],
    b: impl Fn(usize) -> T,
    sums: &mut [[T::Native<S>; R]; N],
) {
    for (j, sums) in sums.iter_mut().enumerate() {
        let b = T::Native::<S>::splat(simd, b(j)); // one at a time: there are no registers for all of them
        for r in 0..R {
            sums[r] = a[r].mul_add(b, sums[r]);
        }
    }
}

/// The row at which vector r begins. The last vector ends with the last row, and may overlap the one before it.
#[inline(always)]
const fn offset<const R: usize>(r: usize, rows: usize, lanes: usize) -> usize {
    if R > 1 && r + 1 == R { rows - lanes } else { r * lanes }
}

/// The rows of a column in R vectors.
#[inline(always)]
pub(crate) fn load<S: Simd, T: Float, const R: usize>(simd: S, column: &[T]) -> [T::Native<S>; R] {
    let lanes = T::Native::<S>::LEN;
    let mut vectors = [T::Native::<S>::splat(simd, T::zero()); R];
    for r in 0..R {
        vectors[r] = T::Native::<S>::from_slice(simd, &column[offset::<R>(r, column.len(), lanes)..][..lanes]);
    }
    vectors
}

/// [`load`], also of a column with fewer rows than a vector has lanes. The other lanes are 0.
#[inline(always)]
pub(crate) fn load_partial<S: Simd, T: Float, const R: usize>(simd: S, column: &[T]) -> [T::Native<S>; R] {
    let lanes = T::Native::<S>::LEN;
    if column.len() >= lanes {
        return load(simd, column);
    }
    let mut vectors = [T::Native::<S>::splat(simd, T::zero()); R];
    let mut copy = [T::zero(); MOST_LANES];
    copy_partial(column, &mut copy);
    vectors[0] = T::Native::<S>::from_slice(simd, &copy[..lanes]);
    vectors
}

/// Writes R vectors to the rows of a column.
#[inline(always)]
pub(crate) fn store<S: Simd, T: Float, const R: usize>(vectors: [T::Native<S>; R], column: &mut [T]) {
    let (rows, lanes) = (column.len(), T::Native::<S>::LEN);
    for r in 0..R {
        vectors[r].store_slice(&mut column[offset::<R>(r, rows, lanes)..][..lanes]);
    }
}

/// [`store`] to the first rows of `c`, also of fewer rows than a vector has lanes. `may_overwrite` allows
/// it to overwrite the entries of `c` that follow.
#[inline(always)]
pub(crate) fn store_partial<S: Simd, T: Float, const R: usize>(
    vectors: [T::Native<S>; R],
    rows: usize,
    may_overwrite: bool,
    c: &mut [T],
) {
    let lanes = T::Native::<S>::LEN;
    if R > 1 || rows >= lanes {
        return store::<S, T, R>(vectors, &mut c[..rows]);
    }
    match c.get_mut(..lanes) {
        Some(c) if may_overwrite => vectors[0].store_slice(c),
        _ => {
            let mut copy = [T::zero(); MOST_LANES];
            vectors[0].store_slice(&mut copy[..lanes]);
            copy_partial(&copy[..rows], c);
        }
    }
}

/// Cold and not inlined, so that registers are saved around this rare call, and not in every iteration of the loop around it.
#[cold]
#[inline(never)]
fn copy_partial<T: Float>(from: &[T], to: &mut [T]) {
    to[..from.len()].copy_from_slice(from);
}

/// The height of the next strip, if `left` rows remain: at most `vectors` registers, chosen so that the remaining rows fill
/// at least one.
#[inline(always)]
pub(crate) fn rows_of_strip(left: usize, vectors: usize, lanes: usize) -> usize {
    match left {
        _ if left <= vectors * lanes => left,
        _ if left < (vectors + 1) * lanes => left / 2,
        _ => vectors * lanes,
    }
}

/// Packs some rows of k columns of A into a panel.
#[inline(always)]
pub(crate) fn pack_columns<'a, S: Simd, T: Float, const R: usize>(
    simd: S,
    k: usize,
    a: ColumnPanel<'_, T>,
    rows: usize,
    to: &'a mut [T],
) -> ColumnPanel<'a, T> {
    let lanes = T::Native::<S>::LEN;
    let height = if R == 1 { lanes } else { rows };
    assert!(R == 1 || height > (R - 1) * lanes && height >= lanes);
    for (p, to) in to.chunks_exact_mut(height).take(k).enumerate() {
        let from = &a.numbers[p * a.stride..];
        match from.get(..height) {
            Some(column) => store::<S, T, R>(load(simd, column), to),
            None => to[..rows].copy_from_slice(&from[..rows]),
        }
    }
    ColumnPanel { numbers: to, stride: height }
}
