//! The products of one example: a matrix times a vector, a transposed matrix times a vector, and an outer product.
//!
//! Each number of the matrix is used once, and in a small layer what stands around the multiplications takes longer than
//! they do: so these are short loops of their own.

use fearless_simd::{Simd, SimdBase, SimdFloat};

use super::micro_kernel::{ColumnPanel, RowPanel, load, load_some, rows_of_strip, store_some, tile};
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
            let (start, c) = (start.from(i), &mut c[i..][..rows]);
            match rows.div_ceil(lanes) {
                1 => tile::<S, T, 1, 1>(simd, b.len(), a, b_panel, start, rows, c, m),
                2 => tile::<S, T, 2, 1>(simd, b.len(), a, b_panel, start, rows, c, m),
                3 => tile::<S, T, 3, 1>(simd, b.len(), a, b_panel, start, rows, c, m),
                _ => tile::<S, T, 4, 1>(simd, b.len(), a, b_panel, start, rows, c, m),
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
                1 => self.strip::<S, 1>(simd, i, rows),
                2 => self.strip::<S, 2>(simd, i, rows),
                3 => self.strip::<S, 3>(simd, i, rows),
                _ => self.strip::<S, 4>(simd, i, rows),
            }
            i += rows;
        }
    }
}

impl<T: Float> OuterProduct<'_, T> {
    /// The rows i … i + rows, in R vectors.
    #[inline(always)]
    fn strip<S: Simd, const R: usize>(&mut self, simd: S, i: usize, rows: usize) {
        let lanes = T::Native::<S>::LEN;
        assert!(R == 1 || rows > (R - 1) * lanes && rows >= lanes);
        let a: [T::Native<S>; R] = load_some(simd, &self.a[i..][..rows]);
        let zeros = [T::Native::<S>::splat(simd, T::zero()); R];
        let first = if let Start::Column(column) = *self.start { load_some(simd, &column[i..][..rows]) } else { zeros };
        let mut c = &mut self.c[i..];
        for &b in self.b {
            if c.len() < rows {
                break;
            }
            let mut sums = if let Start::C = *self.start { load_some(simd, &c[..rows]) } else { first };
            let b = T::Native::<S>::splat(simd, b);
            for r in 0..R {
                sums[r] = a[r].mul_add(b, sums[r]);
            }
            store_some(sums, rows, !matches!(self.start, Start::C), c);
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
        let mut sums: [T::Native<S>; R] = load_some(simd, &self.s[i..][..rows]);
        let mut columns = self.d.get(i..).unwrap_or_default();
        while columns.len() >= rows {
            let column: [T::Native<S>; R] = match columns.get(..height) {
                Some(column) => load(simd, column),
                None => load_some(simd, &columns[..rows]),
            };
            for r in 0..R {
                sums[r] += column[r];
            }
            columns = columns.get(m..).unwrap_or_default();
        }
        store_some(sums, rows, false, &mut self.s[i..]);
    }
}

/// C ← start + Aᵀ B, where column i of A begins at i · `stride`.
pub(crate) struct InnerProducts<'a, T> {
    pub(crate) a: &'a [T],
    pub(crate) stride: usize,
    pub(crate) m: usize,
    pub(crate) b: ColumnPanel<'a, T>,
    pub(crate) k: usize,
    pub(crate) start: &'a Start<'a, T>,
    pub(crate) c: &'a mut [T],
}

impl<T: Float> Kernel for InnerProducts<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S) {
        for (j, c) in self.c.chunks_exact_mut(self.m).enumerate() {
            let b = &self.b.numbers[j * self.b.stride..][..self.k];
            inner_products(simd, self.a, self.stride, b, *self.start, c);
        }
    }
}

/// c_i ← start_i + a_i · b, where a_i, of the length of b, begins at i · `stride`: four at a time, the last of them alone.
#[inline(always)]
fn inner_products<S: Simd, T: Float>(simd: S, a: &[T], stride: usize, b: &[T], start: Start<'_, T>, c: &mut [T]) {
    let mut i = 0;
    while c.len() - i >= 4 {
        some::<S, T, 4>(simd, &a[i * stride..], stride, b, start.from(i), &mut c[i..]);
        i += 4;
    }
    while i < c.len() {
        some::<S, T, 1>(simd, &a[i * stride..], stride, b, start.from(i), &mut c[i..]);
        i += 1;
    }
}

/// The first N entries, N ≤ 4. Each is added up in the same order, whatever N is.
#[inline(always)]
fn some<S: Simd, T: Float, const N: usize>(simd: S, a: &[T], stride: usize, b: &[T], start: Start<'_, T>, c: &mut [T]) {
    let lanes = T::Native::<S>::LEN;
    let columns: [&[T]; N] = std::array::from_fn(|n| &a[n * stride..][..b.len()]);
    let mut sums = [T::Native::<S>::splat(simd, T::zero()); 4];
    let mut p = 0;
    while b.len() - p >= lanes {
        let b = T::Native::<S>::from_slice(simd, &b[p..][..lanes]);
        for n in 0..N {
            sums[n] = T::Native::<S>::from_slice(simd, &columns[n][p..][..lanes]).mul_add(b, sums[n]);
        }
        p += lanes;
    }
    let mut sums = sums_of_lanes::<S, T>(sums);
    for p in p..b.len() {
        for n in 0..N {
            sums[n] += columns[n][p] * b[p];
        }
    }
    let c = &mut c[..N];
    match start {
        Start::Zero => {}
        Start::C => {
            for n in 0..N {
                sums[n] += c[n];
            }
        }
        Start::Column(column) => {
            for n in 0..N {
                sums[n] += column[n];
            }
        }
    }
    c.copy_from_slice(&sums[..N]);
}

/// The sums of all lanes of four vectors: even and odd lanes are added until the four stand side by side.
#[inline(always)]
fn sums_of_lanes<S: Simd, T: Float>([a, b, c, d]: [T::Native<S>; 4]) -> [T; 4] {
    let (ab, cd) = (a.unzip_low(b) + a.unzip_high(b), c.unzip_low(d) + c.unzip_high(d));
    if T::Native::<S>::LEN == 2 {
        return [ab[0], ab[1], cd[0], cd[1]];
    }
    let mut sums = ab.unzip_low(cd) + ab.unzip_high(cd);
    let mut lanes = T::Native::<S>::LEN;
    while lanes > 4 {
        sums = sums.unzip_low(sums) + sums.unzip_high(sums);
        lanes /= 2;
    }
    [sums[0], sums[1], sums[2], sums[3]]
}
