//! The numbers that everything is generic over.

use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use num_traits::{One, Zero};

use crate::{MatrixView, Write, plain_product};

/// A real number as this project needs it: four operations, order, and the few functions that activations, losses and
/// functions of one's own are made of.
///
/// It asks for little, so that another number type fits on a screen: a dual number a + b ε (forward-mode
/// differentiation) needs the rule of the product and the derivatives of these few functions.
///
/// The last four methods, from [`product`](Scalar::product) to [`vectorize`](Scalar::vectorize), are hooks. Their default
/// implementations define the result; a number type may override them with faster ones, as `f32` and `f64` do with the
/// default feature `fast`.
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
    /// The nearest number of this type. Used for constants and input data.
    fn from_f64(value: f64) -> Self;

    /// The value as f64 (of a dual number: its real part). Used for printing and files.
    fn to_f64(self) -> f64;

    /// e^x
    fn exp(self) -> Self;

    /// e^x − 1, accurate near x = 0, where `x.exp() - 1` is not.
    fn exp_m1(self) -> Self;

    /// ln(1 + x), accurate near x = 0, where `(1 + x).ln()` is not.
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

    /// C ← A B, or C ← C + A B.
    ///
    /// # Shapes
    ///
    /// A: m × k, B: k × n, `c`: the m · n entries of C column by column. With [`Write::Replace`] `c` is never read: it may
    /// hold NaN.
    ///
    /// # Panics
    ///
    /// Panics if the shapes do not fit.
    #[inline]
    #[track_caller]
    fn product(a: MatrixView<'_, Self>, b: MatrixView<'_, Self>, write: Write, c: &mut [Self]) {
        plain_product(a, b, write, c);
    }

    /// Z ← W A + b 1ᵀ.
    ///
    /// # Shapes
    ///
    /// W: n_l × n_{l−1}, A: n_{l−1} × m, `bias`: n_l numbers, `z`: the n_l · m entries of Z column by column.
    /// [`affine`](crate::affine) has checked them.
    #[inline]
    // ANCHOR: scalar_affine
    fn affine(w: MatrixView<'_, Self>, a: MatrixView<'_, Self>, bias: &[Self], z: &mut [Self]) {
        // BEGIN SOLUTION 3.3
        for column in z.chunks_exact_mut(bias.len().max(1)) {
            column.copy_from_slice(bias); // Z ← b 1ᵀ
        }
        Self::product(w, a, Write::Add, z); // Z ← Z + W A
        // END SOLUTION 3.3
    }
    // ANCHOR_END: scalar_affine

    /// s ← s + D 1: adds the columns of a matrix, from left to right.
    ///
    /// # Shapes
    ///
    /// `s`: n numbers, `d`: the n · m entries of D column by column. [`sum_columns`](crate::sum_columns) has checked them.
    #[inline]
    fn add_columns(d: &[Self], s: &mut [Self]) {
        // BEGIN SOLUTION 3.4
        for column in d.chunks_exact(s.len().max(1)) {
            s.iter_mut().zip(column).for_each(|(sum, &x)| *sum += x);
        }
        // END SOLUTION 3.4
    }

    /// Runs `work`, a loop over many numbers of this type, compiled for the widest SIMD instructions of this processor, and
    /// returns its result.
    ///
    /// With SIMD or without, each number goes through the same operations, so the bits are the same. If the closure, or a
    /// function that it calls, is not `#[inline(always)]`, that part may be compiled without SIMD.
    ///
    /// ```
    /// use nn_core::Scalar;
    ///
    /// let (mut sums, x) = ([1.0_f32; 3], [1.0, 2.0, 3.0]);
    /// f32::vectorize(
    ///     #[inline(always)]
    ///     || sums.iter_mut().zip(&x).for_each(|(sum, &x)| *sum += x),
    /// );
    /// assert_eq!(sums, [2.0, 3.0, 4.0]);
    /// ```
    #[inline(always)]
    fn vectorize<R>(mut work: impl FnMut() -> R) -> R {
        work()
    }
}

/// Runs a block by [`Scalar::vectorize`].
macro_rules! vectorize {
    ($type:ident, $work:expr) => {
        $type::vectorize(
            #[inline(always)]
            || $work,
        )
    };
}
pub(crate) use vectorize;

/// `f32` and `f64` without the feature `fast`: the standard library's functions, and matrixmultiply for large products.
#[cfg(not(feature = "fast"))]
macro_rules! implement_scalar {
    ($float:ident, $($function:ident)*) => {
        impl Scalar for $float {
            fn from_f64(value: f64) -> Self {
                value as $float // The only lossy step: rounding to the nearest f32 is what the function is for.
            }

            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            $(fn $function(self) -> Self { $float::$function(self) })*

            fn powf(self, exponent: Self) -> Self {
                $float::powf(self, exponent)
            }

            #[track_caller]
            fn product(a: MatrixView<'_, Self>, b: MatrixView<'_, Self>, write: Write, c: &mut [Self]) {
                crate::product::check_product(&a, &b, c);
                match crate::large_product::is_large(&a) {
                    true => crate::large_product::$float(a, b, write, c),
                    false => plain_product(a, b, write, c),
                }
            }
        }
    };
}
#[cfg(not(feature = "fast"))]
implement_scalar!(f32, exp exp_m1 ln_1p ln tanh sqrt);
#[cfg(not(feature = "fast"))]
implement_scalar!(f64, exp exp_m1 ln_1p ln tanh sqrt);
