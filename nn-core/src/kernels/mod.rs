//! Fast SIMD versions for `f32` and `f64`, with the feature `fast`.
//!
//! Everything here replaces a plain loop elsewhere and computes the same, up to rounding: all tests of this crate pass with
//! it and without it. The hooks of [`Scalar`] are the only way in.
//!
//! | hook | what runs | file |
//! |---|---|---|
//! | `vectorize` | the same loop, compiled for the widest SIMD instructions of this processor | this one |
//! | `exp`, `exp_m1`, `ln_1p`, `tanh` | polynomials without a branch, which such a loop computes for a whole SIMD register | elementary.rs |
//! | `product`, `affine` | one [micro-kernel](micro_kernel) over panels, or the loops of [one example](matrix_vector) | product.rs |
//!
//! Every x86-64 processor has SIMD registers of four `f32` (SSE2). Nearly every one since 2013 has registers of eight and a
//! fused multiply-add (AVX2), many since 2019 registers of sixteen (AVX-512). So a [`Kernel`] is compiled three times, and
//! [`dispatch`] chooses at run time. ARM (NEON) and the browser (wasm simd128) have one SIMD level. A *vector* below is one
//! such register, and a *lane* one number in it. The crate fearless_simd knows all levels; its types make sure that no
//! instruction runs where it does not exist, so that `unsafe` stands in aligned.rs alone.

mod aligned;
mod elementary;
mod level;
mod matrix_vector;
mod micro_kernel;
mod plan;
mod product;

pub(crate) use aligned::Aligned;
pub use level::{NoSuchVectors, set_vector_bits, vector_bits};

use std::cell::Cell;
use std::thread::LocalKey;

use fearless_simd::{Level, Simd, SimdFloatElement};

use crate::{MatrixView, Scalar, Write};
#[cfg(target_arch = "x86_64")]
use level::level;
use matrix_vector::SumColumns;
use product::{Factor, Start, product};

use crate::product::check_product;

/// `f32` or `f64`: a number that SIMD registers hold.
pub(crate) trait Float: elementary::Format + SimdFloatElement {
    /// The packing buffer of this thread. It grows to the size that the largest product needs.
    fn buffer() -> &'static LocalKey<Cell<Vec<Self>>>;

    /// [`blocked_product`](product::blocked_product), compiled once: a generic function is compiled again in each crate that calls it.
    fn blocked_product(a: Factor<'_, Self>, b: Factor<'_, Self>, start: Start<'_, Self>, c: &mut [Self]);
}

/// A loop that is compiled for every SIMD level. It and all that it calls must be `#[inline(always)]`: a function that is not
/// inlined is compiled for the baseline instruction set.
pub(crate) trait Kernel {
    fn run<S: Simd>(&mut self, simd: S);
}

/// Runs a kernel with the widest SIMD registers of this processor; AVX-512 only if the columns, of `bytes` bytes, fill one.
///
/// The kernel goes by reference. Moving it would copy it with wide loads just after narrower stores, and store forwarding
/// would fail: the smallest training step took up to 1.6 times as long.
#[inline(always)]
pub(crate) fn dispatch(bytes: usize, kernel: &mut impl Kernel) {
    let _ = bytes; // other architectures have one SIMD level
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

/// Not inlined: otherwise every caller would contain the loop of an old processor, which hardly ever runs.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
fn baseline(level: Level, kernel: &mut impl Kernel) {
    if let Some(simd) = level.as_sse2() {
        kernel.run(simd);
    }
}

/// The closure of [`Scalar::vectorize`] as a kernel, and its result.
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

            fn blocked_product(a: Factor<'_, Self>, b: Factor<'_, Self>, start: Start<'_, Self>, c: &mut [Self]) {
                product::blocked_product(a, b, start, c);
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

            // A program for the browser travels: there a product stands once, not wherever one is called.
            #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
            #[cfg_attr(target_arch = "wasm32", inline(never))]
            #[track_caller]
            fn product(a: MatrixView<'_, Self>, b: MatrixView<'_, Self>, write: Write, c: &mut [Self]) {
                check_product(&a, &b, c);
                let start = if write == Write::Add { Start::C } else { Start::Zero };
                product(a, b, start, c);
            }

            #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
            #[cfg_attr(target_arch = "wasm32", inline(never))]
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
mod tests {
    use super::level::at_every_level;
    use crate::{Activation, Loss, Matrix, Scalar, seeded, uniform};

    /// The bits of every activation, of its derivative, and of every loss with its gradient, of two batches, as one number
    /// (FNV-1a).
    fn bits_of_activations_and_losses<T: Scalar>() -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |numbers: &[T]| {
            for byte in numbers.iter().flat_map(|x| x.to_f64().to_bits().to_le_bytes()) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        let mut rng = seeded(18);
        // Columns shorter and longer than any vector, and one that is summed pairwise.
        for (n, m) in [(37, 11), (300, 3)] {
            let mut random = |width: f64| Matrix::from_fn(n, m, |_, _| T::from_f64((uniform(&mut rng) - 0.5) * width));
            let (z, upstream, mut a, mut gradient) =
                (random(60.0), random(4.0), Matrix::zeros(n, m), Matrix::zeros(n, m));
            for activation in Activation::ALL {
                activation.apply(&z, &mut a);
                activation.backward_into(&a, &upstream, &mut gradient);
                add(a.as_slice());
                add(gradient.as_slice());
            }
            let y = Matrix::from_fn(n, m, |i, j| if i == 3 * j { T::one() } else { T::zero() });
            for loss in Loss::ALL {
                loss.activation().unwrap_or(Activation::Tanh).apply(&z, &mut a);
                loss.gradient(&z, &a, &y, &mut gradient);
                add(&[loss.value(&z, &a, &y)]);
                add(gradient.as_slice());
            }
        }
        hash
    }

    /// They are plain operations in one order, so that every processor gives the bits that stand here. (Products agree up to
    /// rounding: the number of SIMD lanes and fused multiply-adds show in their last digits.)
    #[test]
    fn activations_and_losses_have_the_same_bits_on_every_processor() {
        at_every_level(|| {
            let bits = [bits_of_activations_and_losses::<f32>(), bits_of_activations_and_losses::<f64>()];
            assert_eq!(bits, [17_012_560_668_074_505_182, 2_848_316_475_449_598_380], "f32, f64");
        });
    }
}
