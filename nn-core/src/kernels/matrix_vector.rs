//! The products of one example: a matrix times a vector, a transposed matrix times a vector, and an outer product.
//!
//! Each entry of the matrix is used once, and in a small layer the overhead of the micro-kernel takes longer than the
//! arithmetic: these short loops have hardly any.

use fearless_simd::{Simd, SimdBase, SimdFloat};

use super::micro_kernel::{ColumnPanel, RowPanel, Tile, load, load_partial, rows_of_strip, store, store_partial, tile};
use super::product::Start;
use super::{Float, Kernel};

/// c ← start + A b, up to four vectors of rows at a time: a tile of one column.
pub(crate) struct MatrixVector<'a, T> {
    pub(crate) a: ColumnPanel<'a, T>,
    pub(crate) b: &'a [T],
    pub(crate) start: &'a Start<'a, T>,
    pub(crate) c: &'a mut [T],
}

impl<T: Float> Kernel for MatrixVector<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S) {
        let MatrixVector { a, b, start: &start, ref mut c } = *self;
        let (m, lanes) = (c.len(), T::Native::<S>::LEN);
        let mut i = 0;
        while i < m {
            let rows = rows_of_strip(m - i, 4, lanes);
            let a = ColumnPanel { numbers: &a.numbers[i..], stride: a.stride };
            let b_panel = RowPanel::Columns { numbers: b, stride: b.len() };
            let to = Tile { start: start.from(i), rows, c: &mut c[i..][..rows], stride: m };
            match rows.div_ceil(lanes) {
                1 => tile::<S, T, 1, 1>(simd, b.len(), a, b_panel, to),
                2 => tile::<S, T, 2, 1>(simd, b.len(), a, b_panel, to),
                3 => tile::<S, T, 3, 1>(simd, b.len(), a, b_panel, to),
                _ => tile::<S, T, 4, 1>(simd, b.len(), a, b_panel, to),
            }
            i += rows;
        }
    }
}

/// C ← start + a bᵀ: each column of C is a, which stays in registers, times an entry of b.
pub(crate) struct OuterProduct<'a, T> {
    pub(crate) a: &'a [T],
    pub(crate) b: &'a [T],
    pub(crate) start: &'a Start<'a, T>,
    pub(crate) c: &'a mut [T],
}

impl<T: Float> Kernel for OuterProduct<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S) {
        let (m, lanes) = (self.a.len(), T::Native::<S>::LEN);
        let mut i = 0;
        while i < m {
            let rows = rows_of_strip(m - i, 4, lanes);
            match rows.div_ceil(lanes) {
                1 if rows < lanes => self.strip::<S, 1, false>(simd, i, rows),
                1 => self.strip::<S, 1, true>(simd, i, rows),
                2 => self.strip::<S, 2, true>(simd, i, rows),
                3 => self.strip::<S, 3, true>(simd, i, rows),
                _ => self.strip::<S, 4, true>(simd, i, rows),
            }
            i += rows;
        }
    }
}

impl<T: Float> OuterProduct<'_, T> {
    /// The rows i … i + rows, in R vectors. If R = 1 and there are fewer rows than lanes, FULL is false.
    #[inline(always)]
    fn strip<S: Simd, const R: usize, const FULL: bool>(&mut self, simd: S, i: usize, rows: usize) {
        let lanes = T::Native::<S>::LEN;
        assert!(!FULL || rows > (R - 1) * lanes && rows >= lanes);
        let a: [T::Native<S>; R] = load_partial(simd, &self.a[i..][..rows]);
        let mut first = [T::Native::<S>::splat(simd, T::zero()); R];
        if let Start::Column(column) = *self.start {
            first = load_partial(simd, &column[i..][..rows]);
        }
        let add = matches!(*self.start, Start::C);
        let mut c = self.c.get_mut(i..).unwrap_or_default();
        for &b in self.b {
            let Some(column) = c.get_mut(..rows) else { break };
            let (b, mut sums) = (T::Native::<S>::splat(simd, b), first);
            if add {
                sums = if FULL { load(simd, column) } else { load_partial(simd, column) };
            }
            for r in 0..R {
                sums[r] = a[r].mul_add(b, sums[r]);
            }
            if FULL {
                store(sums, column);
            } else {
                store_partial(sums, rows, !add, c);
            }
            c = c.get_mut(self.a.len()..).unwrap_or_default();
        }
    }
}

/// s ← s + D 1, the columns of D one after the other: A b with ones for b.
pub(crate) struct SumColumns<'a, T> {
    pub(crate) d: &'a [T],
    pub(crate) s: &'a mut [T],
}

impl<T: Float> Kernel for SumColumns<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S) {
        let (m, lanes) = (self.s.len(), T::Native::<S>::LEN);
        let mut i = 0;
        while i < m {
            let rows = rows_of_strip(m - i, 4, lanes);
            match rows.div_ceil(lanes) {
                1 => self.strip::<S, 1>(simd, i, rows),
                2 => self.strip::<S, 2>(simd, i, rows),
                3 => self.strip::<S, 3>(simd, i, rows),
                _ => self.strip::<S, 4>(simd, i, rows),
            }
            i += rows;
        }
    }
}

impl<T: Float> SumColumns<'_, T> {
    /// The rows i … i + rows, in R vectors.
    #[inline(always)]
    fn strip<S: Simd, const R: usize>(&mut self, simd: S, i: usize, rows: usize) {
        let (m, lanes) = (self.s.len(), T::Native::<S>::LEN);
        let height = if R == 1 { lanes } else { rows };
        assert!(R == 1 || height > (R - 1) * lanes && height >= lanes);
        let mut sums: [T::Native<S>; R] = load_partial(simd, &self.s[i..][..rows]);
        let mut columns = self.d.get(i..).unwrap_or_default();
        while columns.len() >= rows {
            let column: [T::Native<S>; R] = match columns.get(..height) {
                Some(column) => load(simd, column),
                None => load_partial(simd, &columns[..rows]),
            };
            for r in 0..R {
                sums[r] += column[r];
            }
            columns = columns.get(m..).unwrap_or_default();
        }
        store_partial(sums, rows, false, &mut self.s[i..]);
    }
}

/// C ← start + Aᵀ B, where column i of A begins at i · `stride`.
pub(crate) struct InnerProducts<'a, T> {
    pub(crate) a: &'a [T],
    pub(crate) stride: usize,
    pub(crate) m: usize,
    pub(crate) b: ColumnPanel<'a, T>,
    pub(crate) k: usize,
    pub(crate) n: usize,
    pub(crate) start: &'a Start<'a, T>,
    pub(crate) c: &'a mut [T],
}

impl<T: Float> Kernel for InnerProducts<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S) {
        for j in 0..self.n {
            let b = &self.b.numbers[j * self.b.stride..][..self.k];
            inner_products(simd, self.a, self.stride, b, *self.start, &mut self.c[j * self.m..][..self.m]);
        }
    }
}

/// c_i ← start_i + a_i · b, where a_i, as long as b, begins at i · `stride`: four at a time, the remainder one at a time.
#[inline(always)]
fn inner_products<S: Simd, T: Float>(simd: S, a: &[T], stride: usize, b: &[T], start: Start<'_, T>, c: &mut [T]) {
    let mut i = 0;
    while c.len() - i >= 4 {
        inner_products_of::<S, T, 4>(simd, &a[i * stride..], stride, b, start.from(i), &mut c[i..]);
        i += 4;
    }
    while i < c.len() {
        inner_products_of::<S, T, 1>(simd, &a[i * stride..], stride, b, start.from(i), &mut c[i..]);
        i += 1;
    }
}

/// The first N inner products, N ≤ 4: one partial sum per SIMD lane, then the sum of these, then the terms that fill no
/// vector. The order does not depend on N.
#[inline(always)]
fn inner_products_of<S: Simd, T: Float, const N: usize>(
    simd: S,
    a: &[T],
    stride: usize,
    b: &[T],
    start: Start<'_, T>,
    c: &mut [T],
) {
    let lanes = T::Native::<S>::LEN;
    let columns: [&[T]; N] = std::array::from_fn(|n| &a[n * stride..][..b.len()]);
    let mut vectors = [T::Native::<S>::splat(simd, T::zero()); N];
    let mut p = 0;
    while b.len() - p >= lanes {
        let b = T::Native::<S>::from_slice(simd, &b[p..][..lanes]);
        for n in 0..N {
            vectors[n] = T::Native::<S>::from_slice(simd, &columns[n][p..][..lanes]).mul_add(b, vectors[n]);
        }
        p += lanes;
    }
    let mut sums = [T::zero(); N];
    for n in 0..N {
        sums[n] = vectors[n].reduce_sum();
    }
    for p in p..b.len() {
        for n in 0..N {
            sums[n] += columns[n][p] * b[p];
        }
    }
    let first = match start {
        Start::Zero => None,
        Start::C => Some(&c[..N]),
        Start::Column(column) => Some(&column[..N]),
    };
    if let Some(first) = first {
        for n in 0..N {
            sums[n] += first[n];
        }
    }
    c[..N].copy_from_slice(&sums);
}
