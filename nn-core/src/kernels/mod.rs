//! Speed for `f32` and `f64`, behind the feature `fast`.
//!
//! Everything here replaces a plain loop elsewhere and changes no meaning: the tests of this crate hold with it and without
//! it. The hooks of [`Scalar`] are the only way in.
//!
//! | hook | what runs | file |
//! |---|---|---|
//! | `vectorize` | the same loop, compiled for the widest vectors of this processor | this one |
//! | `exp`, `exp_m1`, `ln_1p`, `tanh` | polynomials without a branch, which such a loop computes for a whole vector | elementary.rs |
//! | `product`, `affine` | one [micro-kernel](micro_kernel) over panels, or the loops of [one example](one_example) | product.rs |
//!
//! A program that is to run on every x86-64 processor may count on vectors of four `f32`. Nearly every processor since 2013
//! has vectors of eight and a fused multiply-add (AVX2), many since 2019 vectors of sixteen (AVX-512). So a [`Kernel`] is
//! compiled three times, and [`dispatch`] chooses at run time. On ARM (NEON) and in the browser (wasm simd128) there is one
//! kind of vectors. The crate fearless_simd knows them all; its types make sure that no instruction runs where it does not
//! exist, so that `unsafe` stands in aligned.rs alone.

mod aligned;
mod elementary;
mod micro_kernel;
mod one_example;
mod plan;
mod product;

pub(crate) use aligned::Aligned;

use std::cell::Cell;
use std::thread::LocalKey;

use fearless_simd::{Level, Simd, SimdFloatElement};

use crate::{MatrixView, Scalar, Write};
use one_example::SumColumns;
use product::{Factor, Start, product};

use crate::product::check_product;

/// `f32` or `f64`: a number that vectors hold.
pub(crate) trait Float: elementary::Format + SimdFloatElement {
    /// Where this thread copies parts of a product's factors to. It grows to what the largest product needs.
    fn buffer() -> &'static LocalKey<Cell<Vec<Self>>>;

    /// [`in_panels`](product::in_panels), compiled once: a generic function is compiled again in each crate that calls it.
    fn in_panels(a: Factor<'_, Self>, b: Factor<'_, Self>, start: Start<'_, Self>, c: &mut [Self]);
}

/// A loop that is worth compiling for every kind of vectors. It and all that it calls must be `#[inline(always)]`: a
/// function that stands alone is compiled for any processor.
pub(crate) trait Kernel {
    fn run<S: Simd>(&mut self, simd: S);
}

/// Runs a kernel with the widest vectors of this processor, but no wider than `bytes`, the length of what they run along.
///
/// The kernel goes by reference: moving it would copy it with wide loads just after narrower stores, store forwarding would
/// fail, and the smallest training step took up to 1.6 times as long.
#[inline(always)]
pub(crate) fn dispatch(bytes: usize, kernel: &mut impl Kernel) {
    #[cfg(target_arch = "x86_64")]
    match level() {
        Level::Avx512(simd) if bytes >= 64 => simd.vectorize(
            #[inline(always)]
            || kernel.run(simd),
        ),
        level => match level.as_avx2() {
            Some(simd) => simd.vectorize(
                #[inline(always)]
                || kernel.run(simd),
            ),
            None => baseline(level, kernel),
        },
    }
    #[cfg(not(target_arch = "x86_64"))]
    fearless_simd::dispatch!(Level::baseline(), simd => kernel.run(simd));
}

/// The vectors that this processor has. The tests choose among them.
#[inline(always)]
fn level() -> Level {
    #[cfg(test)]
    return CHOSEN.get().unwrap_or_else(Level::new);
    #[cfg(not(test))]
    Level::new()
}

/// Not inlined: otherwise every caller would contain the loop of an old processor, which hardly ever runs.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
fn baseline(level: Level, kernel: &mut impl Kernel) {
    if let Some(simd) = level.as_sse2() {
        kernel.run(simd);
    }
}

/// [`Scalar::vectorize`]
struct Loop<'a, F, R> {
    work: &'a mut F,
    result: Option<R>,
}

impl<F: FnMut() -> R, R> Kernel for Loop<'_, F, R> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, _: S) {
        self.result = Some((self.work)());
    }
}

#[inline(always)]
fn vectorize<R>(mut work: impl FnMut() -> R) -> R {
    let mut kernel = Loop { work: &mut work, result: None };
    dispatch(usize::MAX, &mut kernel);
    kernel.result.expect("a kernel runs once")
}

macro_rules! implement_scalar {
    ($float:ident) => {
        impl Float for $float {
            #[inline]
            fn buffer() -> &'static LocalKey<Cell<Vec<Self>>> {
                thread_local! {
                    static BUFFER: Cell<Vec<$float>> = const { Cell::new(Vec::new()) };
                }
                &BUFFER
            }

            fn in_panels(a: Factor<'_, Self>, b: Factor<'_, Self>, start: Start<'_, Self>, c: &mut [Self]) {
                product::in_panels(a, b, start, c);
            }
        }

        impl Scalar for $float {
            #[inline]
            fn from_f64(value: f64) -> Self {
                value as $float // The only lossy step: rounding to the nearest f32 is what the function is for.
            }

            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn exp(self) -> Self {
                elementary::exp(self)
            }

            #[inline(always)]
            fn exp_m1(self) -> Self {
                elementary::exp_m1(self)
            }

            #[inline(always)]
            fn ln_1p(self) -> Self {
                elementary::ln_1p(self)
            }

            #[inline]
            fn ln(self) -> Self {
                $float::ln(self)
            }

            #[inline]
            fn powf(self, exponent: Self) -> Self {
                $float::powf(self, exponent)
            }

            #[inline(always)]
            fn tanh(self) -> Self {
                elementary::tanh(self)
            }

            #[inline]
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }

            #[inline(always)]
            #[track_caller]
            fn product(a: MatrixView<'_, Self>, b: MatrixView<'_, Self>, write: Write, c: &mut [Self]) {
                check_product(&a, &b, c);
                let start = if write == Write::Add { Start::C } else { Start::Zero };
                product(a, b, start, c);
            }

            #[inline(always)]
            fn affine(w: MatrixView<'_, Self>, a: MatrixView<'_, Self>, bias: &[Self], z: &mut [Self]) {
                check_product(&w, &a, z);
                assert!(bias.len() == w.rows(), "{} biases for {} units", bias.len(), w.rows());
                product(w, a, Start::Column(bias), z);
            }

            #[inline]
            fn add_columns(d: &[Self], s: &mut [Self]) {
                dispatch(size_of_val(s), &mut SumColumns { d, s });
            }

            #[inline(always)]
            fn vectorize<R>(work: impl FnMut() -> R) -> R {
                vectorize(work)
            }
        }
    };
}

implement_scalar!(f32);
implement_scalar!(f64);

#[cfg(test)]
thread_local! {
    static CHOSEN: Cell<Option<Level>> = const { Cell::new(None) };
}

/// Calls `check` with every kind of vectors that this processor has.
#[cfg(test)]
fn at_every_level(check: impl Fn()) {
    let level = Level::new();
    #[cfg(target_arch = "x86_64")]
    let narrower = [level.as_avx2().map(Level::Avx2), level.as_sse2().map(Level::Sse2)];
    #[cfg(not(target_arch = "x86_64"))]
    let narrower = [None, None];
    for level in narrower.into_iter().flatten().chain([level]) {
        CHOSEN.set(Some(level));
        check();
    }
    CHOSEN.set(None);
}
