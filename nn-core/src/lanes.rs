//! Vectors of numbers, as wide as this processor has them.
//!
//! A program that is to run on every x86-64 processor may count on registers of four `f32` alone. Nearly every processor
//! since 2013 has registers of eight, and an instruction that multiplies and adds at once (AVX2 and FMA); servers since
//! 2017, and many others since, have registers of sixteen, and twice as many of them (AVX-512). So a hot loop is written
//! once, as a [`Kernel`], and compiled three times; [`Scalar::widest`](crate::Scalar::widest) asks the processor what it has,
//! and runs the loop as it was compiled for that. No compiler flag is needed.
//!
//! A vector that lies across two cache lines is loaded twice, and stored twice: so the numbers of a matrix are [`Lines`].
//!
//! Most kernels are plain loops, and the compiler finds the vectors. Where it does not, in the tiles of a small product, a
//! kernel says what it means in terms of a [`Vector`].
#![allow(unsafe_code)] // Wide registers are unsafe unless the processor has them, which this module makes sure of.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::Scalar;

/// A loop that is worth compiling for wide vectors.
///
/// ```
/// use nn_core::{Kernel, Scalar, Vector};
///
/// struct AddTo<'a>(&'a mut [f32], &'a [f32]);
///
/// impl Kernel<f32> for AddTo<'_> {
///     #[inline(always)]
///     fn run<V: Vector<f32>>(&mut self) {
///         for (sum, x) in self.0.iter_mut().zip(self.1) {
///             *sum += x;
///         }
///     }
/// }
///
/// let mut sums = [1.0; 3];
/// f32::widest(AddTo(&mut sums, &[1.0, 2.0, 3.0]));
/// assert_eq!(sums, [2.0, 3.0, 4.0]);
/// ```
pub trait Kernel<T> {
    /// The loop. It and all that it calls must be `#[inline(always)]`: a function that stands alone is compiled for any
    /// processor.
    ///
    /// A kernel is handed on by reference, to whichever function is made for this processor. One that is moved is copied
    /// sixteen bytes at a time, just after it was written eight at a time, and a processor waits where a load takes up two
    /// stores that are still on their way: the smallest step took up to 1.6 times as long.
    fn run<V: Vector<T>>(&mut self);
}

/// Numbers side by side, in one register where the processor has one.
pub trait Vector<T>: Copy {
    /// How many.
    const LANES: usize;

    /// How many such vectors the registers of the processor hold.
    const REGISTERS: usize;

    /// The same number in every lane.
    fn splat(x: T) -> Self;

    /// The first numbers of a slice; zeros behind its end.
    fn load(from: &[T]) -> Self;

    /// Writes the lanes to the first places of a slice, as far as it reaches.
    fn store(self, to: &mut [T]);

    /// a b + c, with one rounding or with two.
    fn multiply_add(self, b: Self, c: Self) -> Self;

    /// The sums of all lanes of four vectors.
    fn sums(vectors: [Self; 4]) -> [T; 4];

    /// The first numbers of eight lines, of which one begins every `stride` numbers.
    fn load_lines(from: &[T], stride: usize) -> [Self; 8];

    /// Writes eight lines as columns: number p of line i goes to place p · `stride` + i, as far as the slice reaches. A
    /// column may write over what comes behind its eight numbers, as the next one does.
    fn store_transposed(lines: [Self; 8], to: &mut [T], stride: usize);

    /// Runs a kernel with vectors of this kind as a function of its own, which keeps its registers to itself.
    fn call(kernel: impl Kernel<T>);
}

/// Runs a kernel with vectors that any processor has, of any number type.
#[inline(never)] // What has wide vectors would carry the loop along for nothing: the smallest step took 1.08 times as long.
pub(crate) fn portable<T: Scalar>(kernel: &mut impl Kernel<T>) {
    kernel.run::<Array<T>>();
}

/// A vector in plain Rust.
#[derive(Clone, Copy)]
struct Array<T>([T; 8]);

impl<T: Scalar> Vector<T> for Array<T> {
    const LANES: usize = 8;
    const REGISTERS: usize = 16;

    #[inline(always)]
    fn splat(x: T) -> Self {
        Array([x; 8])
    }

    #[inline(always)]
    fn load(from: &[T]) -> Self {
        let mut lanes = [T::zero(); 8];
        lanes.iter_mut().zip(from).for_each(|(lane, &x)| *lane = x);
        Array(lanes)
    }

    #[inline(always)]
    fn store(self, to: &mut [T]) {
        to.iter_mut().zip(self.0).for_each(|(x, lane)| *x = lane);
    }

    #[inline(always)]
    fn multiply_add(self, b: Self, c: Self) -> Self {
        Array(std::array::from_fn(|i| self.0[i] * b.0[i] + c.0[i]))
    }

    #[inline(always)]
    fn sums(vectors: [Self; 4]) -> [T; 4] {
        vectors.map(|Array([x0, x1, x2, x3, x4, x5, x6, x7])| ((x0 + x1) + (x2 + x3)) + ((x4 + x5) + (x6 + x7)))
    }

    #[inline(always)]
    fn load_lines(from: &[T], stride: usize) -> [Self; 8] {
        std::array::from_fn(|i| Self::load(&from[i * stride..][..8]))
    }

    #[inline(always)]
    fn store_transposed(lines: [Self; 8], to: &mut [T], stride: usize) {
        for (p, to) in (0..Self::LANES).zip(to.chunks_mut(stride)) {
            to.iter_mut().zip(lines).for_each(|(x, line)| *x = line.0[p]);
        }
    }

    #[inline(always)]
    fn call(mut kernel: impl Kernel<T>) {
        portable(&mut kernel);
    }
}

/// Numbers in one piece, like a `Vec`, that begins with a cache line.
#[derive(Clone)]
pub(crate) struct Lines<T> {
    lines: Vec<Line<T>>,
    length: usize,
}

/// Sixteen numbers: one cache line of `f32`, two of `f64`.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line<T>([T; 16]);

impl<T> Lines<T> {
    /// No numbers, and no memory.
    pub(crate) const fn new() -> Self {
        const { assert!(size_of::<Line<T>>() == 16 * size_of::<T>(), "numbers of four bytes or a multiple of it") }
        Lines { lines: Vec::new(), length: 0 }
    }
}

impl<T: Copy> Lines<T> {
    /// So many numbers: some of those that were there, others new. The memory is kept where it is large enough, and is no
    /// larger than they need where it is not.
    pub(crate) fn resize(&mut self, length: usize, new: T) {
        let lines = length.div_ceil(16);
        self.lines.reserve_exact(lines.saturating_sub(self.lines.len()));
        self.lines.resize(lines, Line([new; 16]));
        self.length = length;
    }
}

impl<T> Deref for Lines<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: the lines lie one behind the other, each sixteen numbers and nothing else, as `new` asserts. There are
        // enough of them for `length` numbers, which `resize` makes sure of.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl<T> DerefMut for Lines<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Lines::new()
    }
}

impl<T: PartialEq> PartialEq for Lines<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: fmt::Debug> fmt::Debug for Lines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{are_wide, widest_f32, widest_f64};
#[cfg(not(target_arch = "x86_64"))]
pub(crate) use {portable as widest_f32, portable as widest_f64};

#[cfg(all(test, target_arch = "x86_64"))]
pub(crate) use x86::{without_avx512_f32, without_avx512_f64};
#[cfg(all(test, not(target_arch = "x86_64")))]
pub(crate) use {portable as without_avx512_f32, portable as without_avx512_f64};

/// Whether `f32` and `f64` have wide vectors here.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn are_wide() -> bool {
    false
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::sync::LazyLock;

    use super::{Kernel, Vector, portable};

    /// Eight `f32` in a register of AVX.
    ///
    /// This type does not leave the module but as the parameter of a kernel that runs where AVX2 and FMA are there. That
    /// is why the unsafe calls below are sound: each is an instruction of AVX2 or FMA.
    #[derive(Clone, Copy)]
    struct F32x8(__m256);

    /// Four `f64` in a register of AVX, with the same promise.
    #[derive(Clone, Copy)]
    struct F64x4(__m256d);

    /// For each n < 8, n numbers with the highest bit set from place 7 − n on, then zeros; likewise for each n < 4.
    static MASKS: [i32; 15] = [-1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    static MASKS_64: [i64; 7] = [-1, -1, -1, 0, 0, 0, 0];

    impl F32x8 {
        /// In each half of the registers, four lines of four numbers become four lines of four.
        #[inline(always)]
        fn transpose_halves(a: Self, b: Self, c: Self, d: Self) -> [__m256; 4] {
            // SAFETY: see the type.
            unsafe {
                let (ab, cd) = (_mm256_unpacklo_ps(a.0, b.0), _mm256_unpacklo_ps(c.0, d.0));
                let (ab_high, cd_high) = (_mm256_unpackhi_ps(a.0, b.0), _mm256_unpackhi_ps(c.0, d.0));
                [
                    _mm256_shuffle_ps::<0b01_00_01_00>(ab, cd),
                    _mm256_shuffle_ps::<0b11_10_11_10>(ab, cd),
                    _mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high),
                    _mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high),
                ]
            }
        }
    }

    impl Vector<f32> for F32x8 {
        const LANES: usize = 8;
        const REGISTERS: usize = 16;

        #[inline(always)]
        fn splat(x: f32) -> Self {
            // SAFETY: see the type.
            F32x8(unsafe { _mm256_set1_ps(x) })
        }

        #[inline(always)]
        fn load(from: &[f32]) -> Self {
            let n = from.len();
            // SAFETY: see the type. Eight numbers are read where there are eight. Where there are fewer, the mask lets the
            // first n of them be read and no more, and lies in MASKS from 7 − n to 15 − n.
            F32x8(unsafe {
                if n >= 8 {
                    _mm256_loadu_ps(from.as_ptr())
                } else {
                    let mask = _mm256_loadu_si256(MASKS.as_ptr().add(7 - n).cast());
                    _mm256_maskload_ps(from.as_ptr(), mask)
                }
            })
        }

        #[inline(always)]
        fn store(self, to: &mut [f32]) {
            // SAFETY: see the type. Eight numbers are written where there are eight; else four, two and one, as the binary
            // digits of their number say.
            unsafe {
                if to.len() >= 8 {
                    return _mm256_storeu_ps(to.as_mut_ptr(), self.0);
                }
                let (mut at, mut rest) = (to.as_mut_ptr(), _mm256_castps256_ps128(self.0));
                if to.len() & 4 != 0 {
                    _mm_storeu_ps(at, rest);
                    (at, rest) = (at.add(4), _mm256_extractf128_ps::<1>(self.0));
                }
                if to.len() & 2 != 0 {
                    _mm_storel_pd(at.cast(), _mm_castps_pd(rest));
                    (at, rest) = (at.add(2), _mm_movehl_ps(rest, rest));
                }
                if to.len() & 1 != 0 {
                    _mm_store_ss(at, rest);
                }
            }
        }

        #[inline(always)]
        fn multiply_add(self, b: Self, c: Self) -> Self {
            // SAFETY: see the type.
            F32x8(unsafe { _mm256_fmadd_ps(self.0, b.0, c.0) })
        }

        #[inline(always)]
        fn sums([a, b, c, d]: [Self; 4]) -> [f32; 4] {
            let mut sums = [0.0; 4];
            // SAFETY: see the type; four numbers are written to four.
            unsafe {
                let halves = _mm256_hadd_ps(_mm256_hadd_ps(a.0, b.0), _mm256_hadd_ps(c.0, d.0));
                let both = _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps::<1>(halves));
                _mm_storeu_ps(sums.as_mut_ptr(), both);
            }
            sums
        }

        #[inline(always)]
        fn load_lines(from: &[f32], stride: usize) -> [Self; 8] {
            assert!(stride.saturating_mul(7).saturating_add(8) <= from.len());
            let mut lines = [Self::splat(0.0); 8];
            for (i, line) in lines.iter_mut().enumerate() {
                // SAFETY: see the type. The assertion says that the last line, and so every other, is all there.
                *line = F32x8(unsafe { _mm256_loadu_ps(from.as_ptr().add(i * stride)) });
            }
            lines
        }

        #[inline(always)]
        fn store_transposed([a, b, c, d, e, f, g, h]: [Self; 8], to: &mut [f32], stride: usize) {
            let ([a, b, c, d], [e, f, g, h]) = (Self::transpose_halves(a, b, c, d), Self::transpose_halves(e, f, g, h));
            // SAFETY: see the type.
            let columns = unsafe {
                [
                    _mm256_permute2f128_ps::<0x20>(a, e),
                    _mm256_permute2f128_ps::<0x20>(b, f),
                    _mm256_permute2f128_ps::<0x20>(c, g),
                    _mm256_permute2f128_ps::<0x20>(d, h),
                    _mm256_permute2f128_ps::<0x31>(a, e),
                    _mm256_permute2f128_ps::<0x31>(b, f),
                    _mm256_permute2f128_ps::<0x31>(c, g),
                    _mm256_permute2f128_ps::<0x31>(d, h),
                ]
            };
            for (p, column) in columns.into_iter().enumerate() {
                if let Some(to) = to.get_mut(p * stride..) {
                    F32x8(column).store(to);
                }
            }
        }

        #[inline(always)]
        fn call(mut kernel: impl Kernel<f32>) {
            // SAFETY: see the type.
            unsafe { avx2_f32(&mut kernel) }
        }
    }

    impl F64x4 {
        /// Four lines of four numbers become four lines of four.
        #[inline(always)]
        fn transpose_four(a: Self, b: Self, c: Self, d: Self) -> [Self; 4] {
            // SAFETY: see the type.
            unsafe {
                let (ab, cd) = (_mm256_unpacklo_pd(a.0, b.0), _mm256_unpacklo_pd(c.0, d.0));
                let (ab_high, cd_high) = (_mm256_unpackhi_pd(a.0, b.0), _mm256_unpackhi_pd(c.0, d.0));
                [
                    F64x4(_mm256_permute2f128_pd::<0x20>(ab, cd)),
                    F64x4(_mm256_permute2f128_pd::<0x20>(ab_high, cd_high)),
                    F64x4(_mm256_permute2f128_pd::<0x31>(ab, cd)),
                    F64x4(_mm256_permute2f128_pd::<0x31>(ab_high, cd_high)),
                ]
            }
        }
    }

    impl Vector<f64> for F64x4 {
        const LANES: usize = 4;
        const REGISTERS: usize = 16;

        #[inline(always)]
        fn splat(x: f64) -> Self {
            // SAFETY: see the type.
            F64x4(unsafe { _mm256_set1_pd(x) })
        }

        #[inline(always)]
        fn load(from: &[f64]) -> Self {
            let n = from.len();
            // SAFETY: as for `f32`, with four lanes.
            F64x4(unsafe {
                if n >= 4 {
                    _mm256_loadu_pd(from.as_ptr())
                } else {
                    let mask = _mm256_loadu_si256(MASKS_64.as_ptr().add(3 - n).cast());
                    _mm256_maskload_pd(from.as_ptr(), mask)
                }
            })
        }

        #[inline(always)]
        fn store(self, to: &mut [f64]) {
            // SAFETY: as for `f32`, with four lanes.
            unsafe {
                if to.len() >= 4 {
                    return _mm256_storeu_pd(to.as_mut_ptr(), self.0);
                }
                let (mut at, mut rest) = (to.as_mut_ptr(), _mm256_castpd256_pd128(self.0));
                if to.len() & 2 != 0 {
                    _mm_storeu_pd(at, rest);
                    (at, rest) = (at.add(2), _mm256_extractf128_pd::<1>(self.0));
                }
                if to.len() & 1 != 0 {
                    _mm_store_sd(at, rest);
                }
            }
        }

        #[inline(always)]
        fn multiply_add(self, b: Self, c: Self) -> Self {
            // SAFETY: see the type.
            F64x4(unsafe { _mm256_fmadd_pd(self.0, b.0, c.0) })
        }

        #[inline(always)]
        fn sums([a, b, c, d]: [Self; 4]) -> [f64; 4] {
            let mut sums = [0.0; 4];
            // SAFETY: see the type; twice two numbers are written to four.
            unsafe {
                for (place, pairs) in [_mm256_hadd_pd(a.0, b.0), _mm256_hadd_pd(c.0, d.0)].into_iter().enumerate() {
                    let both = _mm_add_pd(_mm256_castpd256_pd128(pairs), _mm256_extractf128_pd::<1>(pairs));
                    _mm_storeu_pd(sums.as_mut_ptr().add(2 * place), both);
                }
            }
            sums
        }

        #[inline(always)]
        fn load_lines(from: &[f64], stride: usize) -> [Self; 8] {
            assert!(stride.saturating_mul(7).saturating_add(4) <= from.len());
            let mut lines = [Self::splat(0.0); 8];
            for (i, line) in lines.iter_mut().enumerate() {
                // SAFETY: see the type. The assertion says that the last line, and so every other, is all there.
                *line = F64x4(unsafe { _mm256_loadu_pd(from.as_ptr().add(i * stride)) });
            }
            lines
        }

        #[inline(always)]
        fn store_transposed([a, b, c, d, e, f, g, h]: [Self; 8], to: &mut [f64], stride: usize) {
            let columns = Self::transpose_four(a, b, c, d).into_iter().zip(Self::transpose_four(e, f, g, h));
            for (p, (first, second)) in columns.enumerate() {
                for (i, four) in [(0, first), (4, second)] {
                    if let Some(to) = to.get_mut(p * stride + i..) {
                        four.store(to);
                    }
                }
            }
        }

        #[inline(always)]
        fn call(mut kernel: impl Kernel<f64>) {
            // SAFETY: see the type.
            unsafe { avx2_f64(&mut kernel) }
        }
    }

    /// Sixteen `f32` or eight `f64` in a register of AVX-512.
    ///
    /// These types do not leave the module but as the parameter of a kernel that runs where AVX-512 F and DQ, AVX2 and FMA
    /// are there, and what they call is of those. Closures would be compiled for any processor, and the calls in them not
    /// inlined: loops stand in their place.
    macro_rules! implement_twice_as_wide {
        ($vector:ident, $register:ident, $float:ident, $half:ident, $compiled:ident,
         $splat:ident, $load:ident, $load_masked:ident, $store:ident, $store_masked:ident, $multiply_add:ident,
         $lower:ident, $upper:ident, $add_halves:ident) => {
            #[derive(Clone, Copy)]
            struct $vector($register);

            impl Vector<$float> for $vector {
                const LANES: usize = 2 * $half::LANES;
                const REGISTERS: usize = 32;

                #[inline(always)]
                fn splat(x: $float) -> Self {
                    // SAFETY: see the macro.
                    $vector(unsafe { $splat(x) })
                }

                #[inline(always)]
                fn load(from: &[$float]) -> Self {
                    // SAFETY: see the macro. All lanes are read where there are as many numbers, else the first of them.
                    $vector(unsafe {
                        match from.len() {
                            n if n < Self::LANES => $load_masked((1 << n) - 1, from.as_ptr()),
                            _ => $load(from.as_ptr()),
                        }
                    })
                }

                #[inline(always)]
                fn store(self, to: &mut [$float]) {
                    // SAFETY: see the macro. All lanes are written where there is room for them, else the first of them.
                    unsafe {
                        match to.len() {
                            n if n < Self::LANES => $store_masked(to.as_mut_ptr(), (1 << n) - 1, self.0),
                            _ => $store(to.as_mut_ptr(), self.0),
                        }
                    }
                }

                #[inline(always)]
                fn multiply_add(self, b: Self, c: Self) -> Self {
                    // SAFETY: see the macro.
                    $vector(unsafe { $multiply_add(self.0, b.0, c.0) })
                }

                #[inline(always)]
                fn sums(vectors: [Self; 4]) -> [$float; 4] {
                    let mut halves = [$half::splat(0.0); 4];
                    for (half, vector) in halves.iter_mut().zip(vectors) {
                        // SAFETY: see the macro.
                        *half = $half(unsafe { $add_halves($lower(vector.0), $upper::<1>(vector.0)) });
                    }
                    $half::sums(halves)
                }

                #[inline(always)]
                fn load_lines(from: &[$float], stride: usize) -> [Self; 8] {
                    assert!(stride.saturating_mul(7).saturating_add(Self::LANES) <= from.len());
                    let mut lines = [Self::splat(0.0); 8];
                    for (i, line) in lines.iter_mut().enumerate() {
                        // SAFETY: see the macro. The assertion says that the last line, and so every other, is all there.
                        *line = $vector(unsafe { $load(from.as_ptr().add(i * stride)) });
                    }
                    lines
                }

                #[inline(always)]
                fn store_transposed(lines: [Self; 8], to: &mut [$float], stride: usize) {
                    let (mut lower, mut upper) = ([$half::splat(0.0); 8], [$half::splat(0.0); 8]);
                    for (i, line) in lines.into_iter().enumerate() {
                        // SAFETY: see the macro.
                        (lower[i], upper[i]) = unsafe { ($half($lower(line.0)), $half($upper::<1>(line.0))) };
                    }
                    $half::store_transposed(lower, to, stride);
                    if let Some(to) = to.get_mut($half::LANES * stride..) {
                        $half::store_transposed(upper, to, stride);
                    }
                }

                #[inline(always)]
                fn call(mut kernel: impl Kernel<$float>) {
                    // SAFETY: see the macro.
                    unsafe { $compiled(&mut kernel) }
                }
            }
        };
    }

    implement_twice_as_wide!(
        F32x16,
        __m512,
        f32,
        F32x8,
        avx512_f32,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_maskz_loadu_ps,
        _mm512_storeu_ps,
        _mm512_mask_storeu_ps,
        _mm512_fmadd_ps,
        _mm512_castps512_ps256,
        _mm512_extractf32x8_ps,
        _mm256_add_ps
    );
    implement_twice_as_wide!(
        F64x8,
        __m512d,
        f64,
        F64x4,
        avx512_f64,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_maskz_loadu_pd,
        _mm512_storeu_pd,
        _mm512_mask_storeu_pd,
        _mm512_fmadd_pd,
        _mm512_castpd512_pd256,
        _mm512_extractf64x4_pd,
        _mm256_add_pd
    );

    /// What this processor has.
    #[derive(Clone, Copy, PartialEq)]
    enum Registers {
        /// Four `f32`, which every x86-64 processor has.
        Sse2,
        /// Eight, and multiply-adds: AVX2 and FMA.
        Avx2,
        /// Sixteen: those parts of AVX-512 that all who have any have had since the servers of 2017.
        Avx512,
    }

    /// Asked once: six questions at every loop were 4 % of the smallest step.
    static REGISTERS: LazyLock<Registers> = LazyLock::new(|| {
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        match is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            true if avx512 => Registers::Avx512,
            true => Registers::Avx2,
            false => Registers::Sse2,
        }
    });

    /// Whether `f32` and `f64` have wide vectors here.
    #[inline]
    pub(crate) fn are_wide() -> bool {
        *REGISTERS != Registers::Sse2
    }

    macro_rules! implement_widest {
        ($widest:ident, $narrower:ident, $float:ident, $avx2:ident, $avx2_vector:ident, $avx512:ident, $avx512_vector:ident) => {
            /// Runs a kernel with the widest vectors of this processor.
            #[inline(always)]
            pub(crate) fn $widest(kernel: &mut impl Kernel<$float>) {
                if *REGISTERS == Registers::Avx512 {
                    // SAFETY: the processor has just said that it has all that the function needs.
                    unsafe { $avx512(kernel) }
                } else {
                    $narrower(kernel);
                }
            }

            /// Runs a kernel with vectors of AVX2 where this processor has them.
            #[inline(always)]
            pub(crate) fn $narrower(kernel: &mut impl Kernel<$float>) {
                if are_wide() {
                    // SAFETY: the processor has just said that it has AVX2 and FMA.
                    unsafe { $avx2(kernel) }
                } else {
                    portable(kernel);
                }
            }

            /// # Safety
            ///
            /// The processor has AVX2 and FMA.
            #[target_feature(enable = "avx2,fma")]
            #[inline(never)]
            unsafe fn $avx2(kernel: &mut impl Kernel<$float>) {
                kernel.run::<$avx2_vector>();
            }

            /// # Safety
            ///
            /// The processor has AVX2, FMA and AVX-512 F, BW, DQ and VL.
            #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
            #[inline(never)]
            unsafe fn $avx512(kernel: &mut impl Kernel<$float>) {
                kernel.run::<$avx512_vector>();
            }
        };
    }

    implement_widest!(widest_f32, without_avx512_f32, f32, avx2_f32, F32x8, avx512_f32, F32x16);
    implement_widest!(widest_f64, without_avx512_f64, f64, avx2_f64, F64x4, avx512_f64, F64x8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a kernel sees of a vector, for slices of 0 to 28 numbers: loads, stores and the rest, number by number.
    struct Everything<'a, T>(&'a mut Vec<T>);

    impl<T: Scalar> Kernel<T> for Everything<'_, T> {
        fn run<V: Vector<T>>(&mut self) {
            let numbers: Vec<T> = (1..=28).map(|i| T::from_f64(f64::from(i))).collect();
            for n in 0..=28 {
                let vector = V::load(&numbers[..n]);
                let sum = vector.multiply_add(V::splat(T::from_f64(3.0)), V::splat(T::from_f64(100.0)));
                for m in 0..=28 {
                    let mut to = vec![T::from_f64(-1.0); m];
                    sum.store(&mut to);
                    for (i, &x) in to.iter().enumerate() {
                        let loaded = if i < n { (i + 1) as f64 } else { 0.0 };
                        let want = if i < V::LANES { 3.0 * loaded + 100.0 } else { -1.0 };
                        assert_eq!(x.to_f64(), want, "lane {i} of {n} numbers, stored to {m}");
                    }
                }
            }
            let four = [0, 1, 2, 3].map(|start| V::load(&numbers[start * 4..]));
            let sums = [0, 1, 2, 3].map(|start| (0..V::LANES).map(|lane| (start * 4 + lane + 1) as f64).sum::<f64>());
            assert_eq!(V::sums(four).map(T::to_f64), sums);
            self.0.extend([T::from_f64(V::LANES as f64)]);
        }
    }

    #[test]
    fn lines_begin_with_a_cache_line_and_hold_what_a_vec_holds() {
        fn check<T: Scalar>() {
            let (mut lines, mut most) = (Lines::<T>::new(), 0);
            for length in [0, 1, 16, 15, 17, 64, 3, 65] {
                lines.resize(length, T::one());
                assert_eq!((lines.len(), lines.as_ptr().align_offset(64)), (length, 0));
                most = most.max(length.div_ceil(16));
                assert_eq!(lines.lines.capacity(), most);
                let numbers: Vec<T> = (0..length).map(|i| T::from_f64(i as f64)).collect();
                lines.copy_from_slice(&numbers);
                assert_eq!(*lines, numbers[..]);
                assert_eq!(format!("{lines:?}"), format!("{numbers:?}"));
                assert!(lines.clone() == lines && lines.clone().as_ptr().align_offset(64) == 0);
                let before = lines.clone();
                if let Some(last) = lines.last_mut() {
                    *last += T::one();
                    assert!(lines[length - 1] == before[length - 1] + T::one() && lines != before);
                }
            }
            lines.resize(81, T::from_f64(7.0)); // of which the last is in a new line
            assert_eq!(lines[80], T::from_f64(7.0));
        }
        check::<f32>();
        check::<f64>();
    }

    #[test]
    fn vectors_of_every_kind_do_the_same() {
        #[cfg(target_arch = "x86_64")]
        let [avx2, avx512] = [
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512dq"),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let [avx2, avx512] = [false; 2];

        let mut lanes = Vec::new();
        portable(&mut Everything::<f32>(&mut lanes));
        without_avx512_f32(&mut Everything(&mut lanes));
        widest_f32(&mut Everything(&mut lanes));
        assert_eq!(lanes, [8.0, 8.0, if avx512 { 16.0 } else { 8.0 }]);
        let mut lanes = Vec::new();
        portable(&mut Everything::<f64>(&mut lanes));
        without_avx512_f64(&mut Everything(&mut lanes));
        widest_f64(&mut Everything(&mut lanes));
        assert_eq!(lanes, [8.0, if avx2 { 4.0 } else { 8.0 }, if avx2 && !avx512 { 4.0 } else { 8.0 }]);
        assert_eq!(are_wide(), avx2);
    }
}
