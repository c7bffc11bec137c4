//! Forward mode: numbers that carry a derivative along.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use nn_core::Scalar;
use num_traits::{One, Zero};

/// A dual number a + b ε, where ε² = 0: a value a and a derivative b.
///
/// A smooth function takes it to f(a + b ε) = f(a) + f′(a) b ε, the first two terms of its Taylor series; the others
/// contain ε² and vanish. So whoever puts in x + 1 ε finds the derivative beside the value, and whoever puts in x_i +
/// v_i ε finds the derivative along the direction v:
///
/// ```
/// use nn_autodiff::Dual;
///
/// let a = nn_core::sigmoid(Dual::variable(0.0));
/// assert_eq!(a, Dual::new(0.5, 0.25)); // sigmoid(0) = 1/2, sigmoid′(0) = 1/4
/// assert_eq!(a.to_string(), "0.5+0.25ε");
/// ```
///
/// # Second derivatives
///
/// A tape over dual numbers gives the gradient and its derivative along v, the product H v of the Hessian with v:
/// [`Tape::hessian_vector`](crate::Tape::hessian_vector). Dual numbers of dual numbers give second derivatives without a
/// tape. For f(x) = x³ at 2, f″ = 6 x = 12:
///
/// ```
/// use nn_autodiff::Dual;
///
/// let x = Dual::variable(Dual::variable(2.0));
/// assert_eq!((x * x * x).derivative.derivative, 12.0);
/// ```
///
/// # Strong zeros
///
/// A derivative of exactly 0 stays 0, whatever it is multiplied by: a constant is a constant even where the derivative of
/// the function is infinite or NaN. √0, ln 0, 1/0 and e^800 of constants have the derivative 0, not NaN. (The value
/// of a product is that of the numbers: 0 · ∞ is NaN.)
///
/// ```
/// use nn_autodiff::Dual;
/// use nn_core::Scalar;
///
/// assert_eq!(Dual::constant(0.0).sqrt(), Dual::constant(0.0));
/// assert_eq!(Dual::variable(0.0).sqrt(), Dual::new(0.0, f64::INFINITY));
/// ```
///
/// # Comparisons
///
/// `<`, `<=`, `>` and `>=` compare the **values**, so that dual numbers take the same branches as plain
/// numbers: the value of a result never depends on a derivative. At a kink the derivative is that of the branch taken: of
/// relu at 0 it is 0, of |x| at 0 it is 1.
///
/// `==` compares **both parts**: 0 + 1 ε is not the constant 0, so code that skips zeros does not skip a derivative.
/// [`partial_cmp`](PartialOrd::partial_cmp) is `Equal` exactly where `==` holds, and `None` between two numbers that differ
/// in the derivative alone. For those, `<=` and `>=` hold although neither `<` nor `==` does: here alone, `a <= b` does not
/// imply `a < b || a == b`. NaN compares as it does in f64.
#[derive(Clone, Copy, Debug, PartialEq)]
// ANCHOR: dual
pub struct Dual<T> {
    /// a, the real part.
    pub value: T,
    /// b, the factor of ε.
    pub derivative: T,
}
// ANCHOR_END: dual

impl<T: Scalar> Dual<T> {
    /// value + derivative ε
    #[inline]
    pub fn new(value: T, derivative: T) -> Self {
        Dual { value, derivative }
    }

    /// x + 1 ε: the variable that is differentiated with respect to.
    #[inline]
    pub fn variable(x: T) -> Self {
        Dual::new(x, T::one())
    }

    /// x + 0 ε: a number that does not depend on the variable.
    #[inline]
    pub fn constant(x: T) -> Self {
        Dual::new(x, T::zero())
    }

    /// f(a) + f′(a) b ε, the chain rule.
    #[inline]
    fn chain(self, value: T, f_prime: T) -> Self {
        Dual::new(value, times(f_prime, self.derivative))
    }
}

/// x y, where a y of exactly 0 wins, even against ∞ and NaN.
#[inline]
fn times<T: Scalar>(x: T, y: T) -> T {
    if y.is_zero() { y } else { x * y }
}

impl<T: Scalar> Scalar for Dual<T> {
    #[inline]
    fn from_f64(value: f64) -> Self {
        Dual::constant(T::from_f64(value))
    }

    #[inline]
    fn to_f64(self) -> f64 {
        self.value.to_f64()
    }

    /// (e^x)′ = e^x
    #[inline]
    fn exp(self) -> Self {
        self.chain(self.value.exp(), self.value.exp())
    }

    /// (e^x − 1)′ = e^x
    #[inline]
    fn exp_m1(self) -> Self {
        self.chain(self.value.exp_m1(), self.value.exp())
    }

    /// ln(1 + x)′ = 1 / (1 + x)
    #[inline]
    fn ln_1p(self) -> Self {
        self.chain(self.value.ln_1p(), T::one() / (T::one() + self.value))
    }

    /// (ln x)′ = 1 / x
    #[inline]
    fn ln(self) -> Self {
        self.chain(self.value.ln(), T::one() / self.value)
    }

    /// (x^p)′ = p x^(p−1) x′ + x^p ln(x) p′. A constant exponent needs no logarithm, so that x may be negative.
    #[inline]
    fn powf(self, p: Self) -> Self {
        let power = self.value.powf(p.value);
        let by_base = times(self.value.powf(p.value - T::one()), p.value); // 0 for x⁰, at x = 0 too
        let by_exponent = times(self.value.ln(), power); // 0 for 0^p
        Dual::new(power, times(by_base, self.derivative) + times(by_exponent, p.derivative))
    }

    /// (tanh x)′ = 1 / cosh² x = 4 e^−2|x| / (1 + e^−2|x|)², which neither overflows nor cancels.
    #[inline]
    fn tanh(self) -> Self {
        let x = self.value.abs();
        let e = (-(x + x)).exp();
        let sum = T::one() + e;
        self.chain(self.value.tanh(), T::from_f64(4.0) * e / (sum * sum))
    }

    /// (√x)′ = 1 / (2 √x), which is infinite at 0: √(0 + b ε) has the derivative ±∞, and 0 for b = 0.
    #[inline]
    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.chain(root, T::one() / (root + root))
    }
}

impl<T: Scalar> Neg for Dual<T> {
    type Output = Self;

    /// (−u)′ = −u′
    #[inline]
    fn neg(self) -> Self {
        Dual::new(-self.value, -self.derivative)
    }
}

impl<T: Scalar> Add for Dual<T> {
    type Output = Self;

    /// (u + v)′ = u′ + v′
    #[inline]
    fn add(self, v: Self) -> Self {
        Dual::new(self.value + v.value, self.derivative + v.derivative)
    }
}

impl<T: Scalar> Sub for Dual<T> {
    type Output = Self;

    /// (u − v)′ = u′ − v′
    #[inline]
    fn sub(self, v: Self) -> Self {
        Dual::new(self.value - v.value, self.derivative - v.derivative)
    }
}

// ANCHOR: mul
impl<T: Scalar> Mul for Dual<T> {
    type Output = Self;

    /// (u v)′ = u′ v + u v′
    #[inline]
    fn mul(self, v: Self) -> Self {
        // BEGIN SOLUTION 8.8
        Dual::new(self.value * v.value, times(v.value, self.derivative) + times(self.value, v.derivative))
        // END SOLUTION 8.8
    }
}
// ANCHOR_END: mul

impl<T: Scalar> Div for Dual<T> {
    type Output = Self;

    /// (u / v)′ = (u′ − (u / v) v′) / v
    #[inline]
    fn div(self, v: Self) -> Self {
        // BEGIN SOLUTION 8.9
        let quotient = self.value / v.value;
        let change = self.derivative - times(quotient, v.derivative);
        Dual::new(quotient, if change.is_zero() { change } else { change / v.value })
        // END SOLUTION 8.9
    }
}

impl<T: Scalar> AddAssign for Dual<T> {
    #[inline]
    fn add_assign(&mut self, v: Self) {
        *self = *self + v;
    }
}

impl<T: Scalar> SubAssign for Dual<T> {
    #[inline]
    fn sub_assign(&mut self, v: Self) {
        *self = *self - v;
    }
}

impl<T: Scalar> MulAssign for Dual<T> {
    #[inline]
    fn mul_assign(&mut self, v: Self) {
        *self = *self * v;
    }
}

impl<T: Scalar> Zero for Dual<T> {
    #[inline]
    fn zero() -> Self {
        Dual::constant(T::zero())
    }

    #[inline]
    fn is_zero(&self) -> bool {
        *self == Self::zero()
    }
}

impl<T: Scalar> One for Dual<T> {
    #[inline]
    fn one() -> Self {
        Dual::constant(T::one())
    }
}

impl<T: PartialOrd> PartialOrd for Dual<T> {
    fn partial_cmp(&self, v: &Self) -> Option<Ordering> {
        match self.value.partial_cmp(&v.value) {
            Some(Ordering::Equal) if self.derivative != v.derivative => None,
            order => order,
        }
    }

    #[inline]
    fn lt(&self, v: &Self) -> bool {
        self.value < v.value
    }

    #[inline]
    fn le(&self, v: &Self) -> bool {
        self.value <= v.value
    }

    #[inline]
    fn gt(&self, v: &Self) -> bool {
        self.value > v.value
    }

    #[inline]
    fn ge(&self, v: &Self) -> bool {
        self.value >= v.value
    }
}

/// `1.5+0.25ε`; `{:.3}` gives both parts three decimals.
impl<T: fmt::Display> fmt::Display for Dual<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, derivative) = (&self.value, &self.derivative);
        let (value, derivative) = match f.precision() {
            Some(precision) => (format!("{value:.precision$}"), format!("{derivative:+.precision$}")),
            None => (value.to_string(), format!("{derivative:+}")),
        };
        let plus = if derivative.starts_with(['+', '-']) { "" } else { "+" }; // NaN has no sign.
        write!(f, "{value}{plus}{derivative}ε")
    }
}
