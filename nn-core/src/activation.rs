//! Activation functions, each with its derivative beside it.
//!
//! A derivative is taken from the **activation a = σ(z)**, not from z: the forward pass has kept a, and for each of
//! these functions it says all that the derivative needs (sigmoid: a (1 − a)), without another exponential.
//!
//! # Accuracy
//!
//! a is rounded, and a derivative taken from it is right **absolutely**: within ε for sigmoid and softplus, within 3 ε for
//! tanh, where ε is 2.2e-16 in f64 and 1.2e-7 in f32. Where a rounds to 1, no digit is left: sigmoid′(37) = 8.5e-17 becomes
//! 0 (on the other side, where a is small, sigmoid′(−37) keeps all its digits). PyTorch and JAX do the same, and no
//! training sees it; another exponential in every step would be the price of these digits.

use std::fmt;
use std::str::FromStr;

use crate::sums::{largest, sum};
use crate::{Kernel, Matrix, Scalar, Vector};

/// The activation function σ of a layer: a = σ(z).
///
/// Every function works on each entry alone, except [`Softmax`](Activation::Softmax), which turns each column into
/// probabilities. NaN goes in, NaN comes out: no activation hides it.
///
/// ```
/// use nn_core::{Activation, Matrix};
///
/// let z = Matrix::from_column(&[-1.0, 0.0, 2.0]);
/// let mut a = Matrix::zeros(3, 1);
/// Activation::Relu.apply(&z, &mut a);
/// assert_eq!(a, Matrix::from_column(&[0.0, 0.0, 2.0]));
/// assert_eq!("relu".parse(), Ok(Activation::Relu));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// a = z
    Identity,
    /// a = 0 for z < 0 and 1 for z ≥ 0. Its gradient is zero: a network cannot learn through it by gradient descent.
    Step,
    /// a = max(0, z)
    Relu,
    /// a = z for z > 0 and 0.01 z otherwise
    LeakyRelu,
    /// a = 1 / (1 + e^−z)
    Sigmoid,
    /// a = tanh z
    Tanh,
    /// a = ln(1 + e^z)
    Softplus,
    /// a_i = e^{z_i} / Σ_k e^{z_k}, over the entries of a column
    Softmax,
}

impl Activation {
    /// All of them, in the order of the book.
    pub const ALL: [Activation; 8] = [
        Activation::Identity,
        Activation::Step,
        Activation::Relu,
        Activation::LeakyRelu,
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::Softplus,
        Activation::Softmax,
    ];

    /// The name in model files and on the command line: `leaky-relu`.
    pub fn name(self) -> &'static str {
        match self {
            Activation::Identity => "identity",
            Activation::Step => "step",
            Activation::Relu => "relu",
            Activation::LeakyRelu => "leaky-relu",
            Activation::Sigmoid => "sigmoid",
            Activation::Tanh => "tanh",
            Activation::Softplus => "softplus",
            Activation::Softmax => "softmax",
        }
    }

    /// a ← σ(z)
    ///
    /// # Shapes
    ///
    /// z, a: n_l × m.
    ///
    /// # Panics
    ///
    /// Panics if the shapes differ. Source: seed document, section 3.7.2.
    #[track_caller]
    pub fn apply<T: Scalar>(self, z: &Matrix<T>, a: &mut Matrix<T>) {
        assert!(z.shape() == a.shape(), "activation {self}: z is {}, a is {}", z.shape(), a.shape());
        T::widest(Apply { activation: self, z, a });
    }

    /// Turns ∂J/∂a into ∂J/∂z, in place: the chain rule through the activation.
    ///
    /// ```text
    /// ∂J/∂z = ∂J/∂a ⊙ σ′(z)                   entry by entry
    /// ∂J/∂z = a ⊙ (∂J/∂a − (∂J/∂a · a))       softmax, column by column
    /// ```
    ///
    /// σ′(z) is taken from a, and right to a few ε absolutely: within 2.2e-16 for a sigmoid and 6.7e-16 for tanh in f64. A
    /// saturated unit, whose a rounds to 1, has σ′ = 0.
    ///
    /// ```
    /// use nn_core::{Activation, Matrix};
    ///
    /// let (z, mut a, mut slope) = (Matrix::from_column(&[-37.0, 37.0]), Matrix::zeros(2, 1), Matrix::from_column(&[1.0; 2]));
    /// Activation::Sigmoid.apply(&z, &mut a);
    /// Activation::Sigmoid.backward(&a, &mut slope);
    /// assert_eq!(slope[(1, 0)], 0.0); // sigmoid is even in its derivative, which is 8.5e-17 on either side
    /// assert!((slope[(0, 0)] - 8.5e-17_f64).abs() < 1e-18);
    /// ```
    ///
    /// # Shapes
    ///
    /// a, `gradient`: n_l × m. `gradient` holds ∂J/∂a before and ∂J/∂z after.
    ///
    /// # Panics
    ///
    /// Panics if the shapes differ.
    #[track_caller]
    pub fn backward<T: Scalar>(self, a: &Matrix<T>, gradient: &mut Matrix<T>) {
        assert!(
            a.shape() == gradient.shape(),
            "derivative of {self}: a is {}, ∂J/∂a is {}",
            a.shape(),
            gradient.shape()
        );
        T::widest(Backward { activation: self, a, from: None, gradient });
    }

    /// ∂J/∂z ← ∂J/∂a ⊙ σ′(z): [`backward`](Activation::backward) from one matrix into another, for who wants to keep ∂J/∂a.
    ///
    /// ```
    /// use nn_core::{Activation, Matrix};
    ///
    /// let (a, a_gradient) = (Matrix::from_column(&[0.0, 2.0]), Matrix::from_column(&[5.0, 7.0]));
    /// let mut z_gradient = Matrix::zeros(2, 1);
    /// Activation::Relu.backward_into(&a, &a_gradient, &mut z_gradient);
    /// assert_eq!(z_gradient, Matrix::from_column(&[0.0, 7.0]));
    /// ```
    ///
    /// # Shapes
    ///
    /// a, `a_gradient` = ∂J/∂a, `z_gradient` = ∂J/∂z: n_l × m.
    ///
    /// # Panics
    ///
    /// Panics if the shapes differ. Source: seed document, section 3.7.4.
    #[track_caller]
    pub fn backward_into<T: Scalar>(self, a: &Matrix<T>, a_gradient: &Matrix<T>, z_gradient: &mut Matrix<T>) {
        assert!(
            a.shape() == a_gradient.shape() && a.shape() == z_gradient.shape(),
            "derivative of {self}: a is {}, ∂J/∂a is {}, ∂J/∂z is {}",
            a.shape(),
            a_gradient.shape(),
            z_gradient.shape()
        );
        T::widest(Backward { activation: self, a, from: Some(a_gradient), gradient: z_gradient });
    }
}

/// The loops of [`Activation::apply`] and [`Activation::backward`]. Each function is written out into a loop of its own,
/// by a macro: a function that is handed over might be called instead of inlined, and then it is compiled for any
/// processor. The two slices are parameters of a function, which cannot overlap: of two slices that come out of a struct the
/// compiler asks that, at every run.
struct Apply<'a, T> {
    activation: Activation,
    z: &'a Matrix<T>,
    a: &'a mut Matrix<T>,
}

impl<T: Scalar> Kernel<T> for Apply<'_, T> {
    #[inline(always)]
    fn run<V: Vector<T>>(&mut self) {
        let Apply { activation, z, ref mut a } = *self;
        macro_rules! each {
            ($function:ident) => {{
                #[inline(always)]
                fn each<T: Scalar>(a: &mut [T], z: &[T]) {
                    for i in 0..a.len().min(z.len()) {
                        a[i] = $function(z[i]);
                    }
                }
                each(a.as_mut_slice(), z.as_slice());
            }};
        }
        match activation {
            Activation::Identity => a.as_mut_slice().copy_from_slice(z.as_slice()),
            Activation::Step => each!(step),
            Activation::Relu => each!(relu),
            Activation::LeakyRelu => each!(leaky_relu),
            Activation::Sigmoid => each!(sigmoid),
            Activation::Tanh => each!(tanh),
            Activation::Softplus => each!(softplus),
            Activation::Softmax => {
                // The steps of `softmax`, each for all columns at once: the exponentials are then one long loop.
                for j in 0..z.columns() {
                    subtract_largest(z.column(j), a.column_mut(j));
                }
                for a in a.as_mut_slice() {
                    *a = a.exp();
                }
                for j in 0..z.columns() {
                    divide_by_sum(a.column_mut(j));
                }
            }
        }
    }
}

struct Backward<'a, T> {
    activation: Activation,
    a: &'a Matrix<T>,
    /// ∂J/∂a, where `gradient` does not hold it already.
    from: Option<&'a Matrix<T>>,
    gradient: &'a mut Matrix<T>,
}

impl<T: Scalar> Kernel<T> for Backward<'_, T> {
    #[inline(always)]
    fn run<V: Vector<T>>(&mut self) {
        let Backward { activation, a, from, ref mut gradient } = *self;
        macro_rules! each {
            ($derivative:ident) => {{
                #[inline(always)]
                fn in_place<T: Scalar>(gradient: &mut [T], a: &[T]) {
                    for i in 0..gradient.len().min(a.len()) {
                        gradient[i] *= $derivative(a[i]);
                    }
                }
                #[inline(always)]
                fn into<T: Scalar>(gradient: &mut [T], from: &[T], a: &[T]) {
                    for i in 0..gradient.len().min(from.len()).min(a.len()) {
                        gradient[i] = from[i] * $derivative(a[i]);
                    }
                }
                match from {
                    None => in_place(gradient.as_mut_slice(), a.as_slice()),
                    Some(from) => into(gradient.as_mut_slice(), from.as_slice(), a.as_slice()),
                }
            }};
        }
        match activation {
            Activation::Identity => copy(from, gradient),
            Activation::Step => each!(step_derivative),
            Activation::Relu => each!(relu_derivative),
            Activation::LeakyRelu => each!(leaky_relu_derivative),
            Activation::Sigmoid => each!(sigmoid_derivative),
            Activation::Tanh => each!(tanh_derivative),
            Activation::Softplus => each!(softplus_derivative),
            Activation::Softmax => {
                copy(from, gradient);
                for j in 0..a.columns() {
                    softmax_backward(a.column(j), gradient.column_mut(j));
                }
            }
        }
    }
}

/// `to` ← ∂J/∂a, where it is elsewhere.
#[inline(always)]
fn copy<T: Scalar>(from: Option<&Matrix<T>>, to: &mut Matrix<T>) {
    if let Some(from) = from {
        to.as_mut_slice().copy_from_slice(from.as_slice());
    }
}

/// step(z) = 0 for z < 0 and 1 for z ≥ 0; NaN for NaN.
#[inline(always)]
// ANCHOR: step
pub fn step<T: Scalar>(z: T) -> T {
    if z < T::zero() {
        T::zero()
    } else if z >= T::zero() {
        T::one()
    } else {
        z
    }
}
// ANCHOR_END: step

/// step′ = 0 everywhere, taken as 0 at z = 0 too, where the step has no derivative; NaN for NaN.
#[inline(always)]
// ANCHOR: step_derivative
pub fn step_derivative<T: Scalar>(a: T) -> T {
    a * T::zero()
}
// ANCHOR_END: step_derivative

/// relu(z) = max(0, z); NaN for NaN, which `max` would hide.
#[inline(always)]
// ANCHOR: relu
pub fn relu<T: Scalar>(z: T) -> T {
    if z <= T::zero() { T::zero() } else { z }
}
// ANCHOR_END: relu

/// relu′ = 1 for a > 0 and 0 for a = 0, so that the derivative at z = 0 is taken as 0; NaN for NaN.
#[inline(always)]
// ANCHOR: relu_derivative
pub fn relu_derivative<T: Scalar>(a: T) -> T {
    if a > T::zero() {
        T::one()
    } else if a <= T::zero() {
        T::zero()
    } else {
        a
    }
}
// ANCHOR_END: relu_derivative

/// The slope of [`leaky_relu`] below zero, 0.01, as in PyTorch.
pub const LEAKY_SLOPE: f64 = 0.01;

/// leaky_relu(z) = z for z > 0 and 0.01 z otherwise.
#[inline(always)]
pub fn leaky_relu<T: Scalar>(z: T) -> T {
    if z > T::zero() { z } else { z * T::from_f64(LEAKY_SLOPE) }
}

/// leaky_relu′ = 1 for a > 0 and 0.01 otherwise; NaN for NaN.
#[inline(always)]
pub fn leaky_relu_derivative<T: Scalar>(a: T) -> T {
    if a > T::zero() {
        T::one()
    } else if a <= T::zero() {
        T::from_f64(LEAKY_SLOPE)
    } else {
        a
    }
}

/// sigmoid(z) = 1 / (1 + e^−z), written for each sign so that the exponential never overflows and the tail for
/// z → −∞ keeps its digits.
#[inline(always)]
// ANCHOR: sigmoid
pub fn sigmoid<T: Scalar>(z: T) -> T {
    let e = (-z.abs()).exp();
    let numerator = if z < T::zero() { e } else { T::one() };
    numerator / (T::one() + e)
}
// ANCHOR_END: sigmoid

/// sigmoid′ = a (1 − a), within ε absolutely: 0 where a rounds to 1.
#[inline(always)]
// ANCHOR: sigmoid_derivative
pub fn sigmoid_derivative<T: Scalar>(a: T) -> T {
    a * (T::one() - a)
}
// ANCHOR_END: sigmoid_derivative

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh<T: Scalar>(z: T) -> T {
    z.tanh()
}

/// tanh′ = 1 − a², as (1 − a)(1 + a), which loses no more digits than a has lost where |a| is close to 1: within 3 ε
/// absolutely, 0 where a rounds to ±1.
#[inline(always)]
// ANCHOR: tanh_derivative
pub fn tanh_derivative<T: Scalar>(a: T) -> T {
    (T::one() - a) * (T::one() + a)
}
// ANCHOR_END: tanh_derivative

/// softplus(z) = ln(1 + e^z) = max(0, z) + ln(1 + e^−|z|), which neither overflows nor loses its tail.
#[inline(always)]
pub fn softplus<T: Scalar>(z: T) -> T {
    // Not relu(z): at z = 0 the kinks of max(0, z) and |z| cancel only if both take the side of z > 0 there, as dual
    // numbers notice.
    let linear = if z < T::zero() { T::zero() } else { z };
    linear + (-z.abs()).exp().ln_1p()
}

/// softplus′ = sigmoid(z) = 1 − e^−a.
#[inline(always)]
pub fn softplus_derivative<T: Scalar>(a: T) -> T {
    -(-a).exp_m1()
}

/// softmax(z)_i = e^{z_i} / Σ_k e^{z_k}, with the largest z subtracted first, so that no exponential overflows.
///
/// # Shapes
///
/// z, a: the n entries of one column.
///
/// # Panics
///
/// Panics if the lengths differ.
#[inline(always)]
#[track_caller]
// ANCHOR: softmax
pub fn softmax<T: Scalar>(z: &[T], a: &mut [T]) {
    assert!(z.len() == a.len(), "softmax: z has {} entries, a has {}", z.len(), a.len());
    subtract_largest(z, a);
    for a in &mut *a {
        *a = a.exp();
    }
    divide_by_sum(a);
}
// ANCHOR_END: softmax

/// a_i ← z_i − z_max
#[inline(always)]
fn subtract_largest<T: Scalar>(z: &[T], a: &mut [T]) {
    let largest = largest(z);
    for (a, &z) in a.iter_mut().zip(z) {
        *a = z - largest;
    }
}

/// a_i ← a_i / Σ_k a_k
#[inline(always)]
fn divide_by_sum<T: Scalar>(a: &mut [T]) {
    let total = sum(a, a, |a, _| a);
    for a in a {
        *a = *a / total;
    }
}

/// The chain rule through softmax: ∂J/∂z_i = a_i (∂J/∂a_i − Σ_k ∂J/∂a_k a_k), in place.
///
/// Its Jacobian ∂a_k/∂z_i = a_k ([i = k] − a_i) is never written out.
///
/// # Shapes
///
/// a, `gradient`: the n entries of one column. `gradient` holds ∂J/∂a before and ∂J/∂z after.
///
/// # Panics
///
/// Panics if the lengths differ.
#[inline(always)]
#[track_caller]
// ANCHOR: softmax_backward
pub fn softmax_backward<T: Scalar>(a: &[T], gradient: &mut [T]) {
    assert!(
        a.len() == gradient.len(),
        "derivative of softmax: a has {} entries, ∂J/∂a has {}",
        a.len(),
        gradient.len()
    );
    let mean = sum(a, gradient, |a, g| a * g);
    for (g, &a) in gradient.iter_mut().zip(a) {
        *g = a * (*g - mean);
    }
}
// ANCHOR_END: softmax_backward

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Activation {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Activation::ALL
            .into_iter()
            .find(|activation| activation.name() == name)
            .ok_or_else(|| UnknownName::new("activation", name, &Activation::ALL.map(Activation::name)))
    }
}

/// A name that no activation or cost has; the message lists those that exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{found}`; there are {known}")]
pub struct UnknownName {
    what: &'static str,
    found: String,
    known: String,
}

impl UnknownName {
    pub(crate) fn new(what: &'static str, found: &str, known: &[&str]) -> Self {
        UnknownName { what, found: found.to_owned(), known: known.join(", ") }
    }
}
