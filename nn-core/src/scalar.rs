//! The numbers that everything is generic over.

use std::cell::RefCell;
use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use num_traits::{One, Zero};

use crate::lanes::Lines;
use crate::one_example;
use crate::packed::{self, Packed};
use crate::thin::{self, Thin, Transpose};
use crate::{Kernel, MatrixView, Start, executor, functions, gemm, lanes, plain_product};

/// A real number as this project needs it: four operations, order, and the few functions that activations, losses and
/// functions of one's own are made of.
///
/// It asks for little, so that another number type fits on a screen: a dual number a + b ε (forward-mode
/// differentiation) needs the rule of the product and the derivatives of these eight functions.
///
/// Two hooks let a number type bring its own speed, [`product`](Scalar::product) and [`widest`](Scalar::widest). `f32` and
/// `f64` have tiles for small products, packed panels or the crate matrixmultiply for large ones, and wide vectors for
/// everything else; any other type gets plain loops.
///
/// # Example
///
/// ```
/// use nn_core::Scalar;
///
/// fn logistic_loss<T: Scalar>(z: T) -> T {
///     (-z).exp().ln_1p() // ln(1 + e^−z)
/// }
/// assert_eq!(logistic_loss(0.0_f64), std::f64::consts::LN_2);
/// assert_eq!(logistic_loss(0.0_f32), std::f32::consts::LN_2);
/// ```
pub trait Scalar:
    Copy
    + Debug
    + Display
    + PartialOrd
    + Zero
    + One
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + Send
    + Sync
    + 'static
{
    /// The nearest number of this type. Constants and data come in this way.
    fn from_f64(value: f64) -> Self;

    /// The value as f64 (of a dual number: its real part). Figures for people and files go out this way.
    fn to_f64(self) -> f64;

    /// e^x
    fn exp(self) -> Self;

    /// e^x − 1, accurate near x = 0 where `exp(x) - 1` is not.
    fn exp_m1(self) -> Self;

    /// ln(1 + x), accurate near x = 0 where `ln(1 + x)` is not.
    fn ln_1p(self) -> Self;

    /// ln x, the natural logarithm.
    fn ln(self) -> Self;

    /// x^p
    fn powf(self, exponent: Self) -> Self;

    /// The hyperbolic tangent.
    fn tanh(self) -> Self;

    /// √x
    fn sqrt(self) -> Self;

    /// |x|, by comparison with zero; NaN stays NaN.
    #[inline]
    fn abs(self) -> Self {
        if self < Self::zero() { -self } else { self }
    }

    /// C ← start + A B: the matrix product of this number type.
    ///
    /// # Shapes
    ///
    /// A is m × k, B is k × n, and `c` holds the m × n matrix C column by column; a column to start from is m × 1.
    /// [`matmul`](crate::matmul) and [`affine`](crate::affine) have checked them. Unless it starts from C, `c` is never
    /// read: it may hold NaN.
    fn product(a: MatrixView<'_, Self>, b: MatrixView<'_, Self>, start: Start<'_, Self>, c: &mut [Self]) {
        let write = start.lay_down(c);
        plain_product(a, b, write, c);
    }

    /// Runs a hot loop over numbers of this type: for `f32` and `f64` as it was compiled for the widest vectors of this
    /// processor, for any other type as it stands.
    #[inline]
    fn widest(mut kernel: impl Kernel<Self>) {
        lanes::portable(&mut kernel);
    }
}

/// `f32` and `f64` differ in their name and in the kernel of matrixmultiply that serves them.
macro_rules! implement_scalar {
    ($float:ident, $gemm:ident, $widest:ident, $product:ident) => {
        impl Scalar for $float {
            #[inline]
            fn from_f64(value: f64) -> Self {
                // The only lossy step: rounding to the nearest f32 is what the function is for.
                value as $float
            }

            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn exp(self) -> Self {
                functions::exp(self)
            }

            #[inline(always)]
            fn exp_m1(self) -> Self {
                functions::exp_m1(self)
            }

            #[inline(always)]
            fn ln_1p(self) -> Self {
                functions::ln_1p(self)
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
                functions::tanh(self)
            }

            #[inline]
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }

            #[inline(always)]
            fn product(a: MatrixView<'_, Self>, b: MatrixView<'_, Self>, start: Start<'_, Self>, c: &mut [Self]) {
                if one_example::is_one(&a, &b) {
                    one_example::product(&a, &b, start, c);
                } else {
                    $product(a, b, start, c);
                }
            }

            #[inline(always)]
            fn widest(mut kernel: impl Kernel<Self>) {
                lanes::$widest(&mut kernel);
            }
        }

        /// Every other product: by tiles, by panels or by matrixmultiply.
        #[inline(never)] // What calls it is inlined everywhere, for the sake of one example.
        fn $product(a: MatrixView<'_, $float>, b: MatrixView<'_, $float>, start: Start<'_, $float>, c: &mut [$float]) {
            const DEPTH: usize = packed::DEPTH_BYTES / size_of::<$float>();
            thread_local! {
                static BUFFER: RefCell<Lines<$float>> = const { RefCell::new(Lines::new()) };
            }
            // Chosen by the shape of the whole, so that the bits do not depend on the number of threads.
            if one_example::is_outer(&a, &b) {
                // One that is so large that threads may share it.
                executor::divide(a.rows(), &b, c, |b, c| one_example::product(&a, b, start, c));
            } else if thin::is_faster(&a, &b) {
                executor::divide(a.rows(), &b, c, |b, c| $float::widest(Thin { a: &a, b, start, c }));
            } else if lanes::are_wide() && packed::is_faster(&a, &b) {
                executor::divide(a.rows(), &b, c, |b, c| {
                    BUFFER.with_borrow_mut(|buffer| {
                        let blocks = Packed::<_, DEPTH, { packed::ROWS }, { packed::COLUMNS }, true> {
                            a,
                            b: *b,
                            start,
                            c,
                            buffer,
                        };
                        $float::widest(blocks);
                    });
                });
            } else if thin::is_faster_transposed(&a, &b) {
                // Taken out of its place: this thread may do a part of another product while others do theirs.
                let mut buffer = BUFFER.take();
                let (m, k) = (a.rows(), a.columns());
                buffer.resize(buffer.len().max(m * k), 0.0);
                $float::widest(Transpose { from: a.t(), to: &mut buffer[..m * k] });
                let a = MatrixView::new(m, k, &buffer[..m * k]);
                executor::divide(m, &b, c, |b, c| $float::widest(Thin { a: &a, b, start, c }));
                BUFFER.set(buffer);
            } else {
                executor::divide(a.rows(), &b, c, |b, c| gemm::$gemm(a, *b, start.lay_down(c), c));
            }
        }
    };
}

implement_scalar!(f32, product_f32, widest_f32, batch_product_f32);
implement_scalar!(f64, product_f64, widest_f64, batch_product_f64);
