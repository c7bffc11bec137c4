//! Activation functions, each with its derivative beside it.
//!
//! A derivative is taken from the **activation a = σ(z)**, not from z. The forward pass keeps a, and a alone determines the
//! derivative of each of these functions (sigmoid: a (1 − a)), without another exponential.
//!
//! # Accuracy
//!
//! a is rounded, and a derivative taken from it has a small **absolute error**: at most ε for sigmoid and softplus, 3 ε for
//! tanh, where ε is 2.2e-16 in f64 and 1.2e-7 in f32. Where a rounds to 1, no digit is left: sigmoid′(37) = 8.5e-17 becomes
//! 0 (on the other side, where a is small, sigmoid′(−37) keeps all its digits). PyTorch and JAX do the same, and training
//! does not suffer; these digits would cost another exponential in every step.

use crate::name::named;
use crate::scalar::vectorize;
use crate::sum::{largest, sum_of};
use crate::view::panic_with_shapes;
use crate::{Matrix, Scalar};

/// `each!(a = relu(z))` is the loop a_i = relu(z_i) over two slices, and `each!(g *= relu_derivative(a))` likewise. The
/// loop is a function, because the compiler knows that two slice parameters do not alias.
macro_rules! each {
    ($out:ident $operation:tt $function:ident($in:ident)) => {{
        #[inline(always)]
        fn each<T: Scalar>(out: &mut [T], x: &[T]) {
            for (out, &x) in out.iter_mut().zip(x) {
                *out $operation $function(x);
            }
        }
        vectorize!(T, each($out, $in))
    }};
}

/// The activation function σ of a layer: a = σ(z).
///
/// Every function works on each entry alone, except [`Softmax`](Activation::Softmax), which turns each column into
/// probabilities. NaN goes in, NaN comes out: no activation hides it.
///
/// Your own activation (a custom activation for one network) needs no entry here: see the example `own_activation` of
/// nn-layers. To add one to the library, follow CONTRIBUTING.md.
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
    pub const ALL: [Activation; 8] = {
        use Activation::*;
        [Identity, Step, Relu, LeakyRelu, Sigmoid, Tanh, Softplus, Softmax]
    };

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
    /// Panics if the shapes differ.
    ///
    /// Source: seed document (docs/src/seed.md), section 3.7.2.
    #[track_caller]
    pub fn apply<T: Scalar>(self, z: &Matrix<T>, a: &mut Matrix<T>) {
        assert!(z.shape() == a.shape(), "activation {self}: z is {}, a is {}", z.shape(), a.shape());
        let (rows, z, a) = (z.rows().max(1), z.as_slice(), a.as_mut_slice());
        match self {
            Activation::Identity => a.copy_from_slice(z),
            Activation::Step => each!(a = step(z)),
            Activation::Relu => each!(a = relu(z)),
            Activation::LeakyRelu => each!(a = leaky_relu(z)),
            Activation::Sigmoid => each!(a = sigmoid(z)),
            Activation::Tanh => each!(a = tanh(z)),
            Activation::Softplus => each!(a = softplus(z)),
            Activation::Softmax => softmax_of_columns(rows, z, a),
        }
    }

    /// Turns ∂J/∂a into ∂J/∂z, in place: the chain rule through the activation.
    ///
    /// ```text
    /// ∂J/∂z = ∂J/∂a ⊙ σ′(z)                   entry by entry
    /// ∂J/∂z = a ⊙ (∂J/∂a − (∂J/∂a · a))       softmax, column by column
    /// ```
    ///
    /// σ′(z) is taken from a. Its absolute error is a few ε: in f64 at most 2.2e-16 for sigmoid and 6.7e-16 for tanh. A
    /// saturated unit, whose a rounds to 1, has σ′ = 0.
    ///
    /// ```
    /// use nn_core::{Activation, Matrix};
    ///
    /// let (z, mut a, mut slope) = (Matrix::from_column(&[-37.0, 37.0]), Matrix::zeros(2, 1), Matrix::from_column(&[1.0; 2]));
    /// Activation::Sigmoid.apply(&z, &mut a);
    /// Activation::Sigmoid.backward(&a, &mut slope);
    /// assert_eq!(slope[(1, 0)], 0.0); // although sigmoid′ is even: 8.5e-17 at both
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
        if a.shape() != gradient.shape() {
            panic_with_shapes(format_args!("derivative of {self}"), &[("a", a.shape()), ("∂J/∂a", gradient.shape())]);
        }
        let (rows, a, g) = (a.rows().max(1), a.as_slice(), gradient.as_mut_slice());
        match self {
            Activation::Identity => {}
            Activation::Step => each!(g *= step_derivative(a)),
            Activation::Relu => each!(g *= relu_derivative(a)),
            Activation::LeakyRelu => each!(g *= leaky_relu_derivative(a)),
            Activation::Sigmoid => each!(g *= sigmoid_derivative(a)),
            Activation::Tanh => each!(g *= tanh_derivative(a)),
            Activation::Softplus => each!(g *= softplus_derivative(a)),
            Activation::Softmax => {
                a.chunks_exact(rows).zip(g.chunks_exact_mut(rows)).for_each(|(a, g)| softmax_backward(a, g));
            }
        }
    }

    /// ∂J/∂z ← ∂J/∂a ⊙ σ′(z): [`backward`](Activation::backward) from one matrix into another, for callers that need ∂J/∂a
    /// afterwards.
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
    /// Panics if the shapes differ.
    ///
    /// Source: seed document (docs/src/seed.md), section 3.7.4.
    #[track_caller]
    pub fn backward_into<T: Scalar>(self, a: &Matrix<T>, a_gradient: &Matrix<T>, z_gradient: &mut Matrix<T>) {
        let [da, dz] = [a_gradient.shape(), z_gradient.shape()];
        if a.shape() != da || a.shape() != dz {
            panic_with_shapes(format_args!("derivative of {self}"), &[("a", a.shape()), ("∂J/∂a", da), ("∂J/∂z", dz)]);
        }
        z_gradient.as_mut_slice().copy_from_slice(a_gradient.as_slice());
        self.backward(a, z_gradient);
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
    // BEGIN SOLUTION 4.1
    if z <= T::zero() { T::zero() } else { z }
    // END SOLUTION 4.1
}
// ANCHOR_END: relu

/// relu′ = 1 for a > 0 and 0 for a = 0, so that the derivative at z = 0 is taken as 0; NaN for NaN.
#[inline(always)]
// ANCHOR: relu_derivative
pub fn relu_derivative<T: Scalar>(a: T) -> T {
    // BEGIN SOLUTION 4.2
    if a > T::zero() { T::one() } else { a * T::zero() }
    // END SOLUTION 4.2
}
// ANCHOR_END: relu_derivative

/// The slope of [`leaky_relu`] below zero, 0.01, as in PyTorch.
pub const LEAKY_SLOPE: f64 = 0.01;

/// leaky_relu(z) = z for z > 0 and 0.01 z otherwise.
#[inline(always)]
pub fn leaky_relu<T: Scalar>(z: T) -> T {
    // BEGIN SOLUTION 4.3
    if z > T::zero() { z } else { z * T::from_f64(LEAKY_SLOPE) }
    // END SOLUTION 4.3
}

/// leaky_relu′ = 1 for a > 0 and 0.01 otherwise; NaN for NaN.
#[inline(always)]
pub fn leaky_relu_derivative<T: Scalar>(a: T) -> T {
    // BEGIN SOLUTION 4.4
    if a > T::zero() {
        T::one()
    } else if a <= T::zero() {
        T::from_f64(LEAKY_SLOPE)
    } else {
        a
    }
    // END SOLUTION 4.4
}

/// sigmoid(z) = 1 / (1 + e^−z), written for each sign so that the exponential never overflows and the tail for
/// z → −∞ keeps its digits.
#[inline(always)]
// ANCHOR: sigmoid
pub fn sigmoid<T: Scalar>(z: T) -> T {
    // BEGIN SOLUTION 2.1
    let e = (-z.abs()).exp();
    let numerator = if z < T::zero() { e } else { T::one() };
    numerator / (T::one() + e)
    // END SOLUTION 2.1
}
// ANCHOR_END: sigmoid

/// sigmoid′ = a (1 − a), with an absolute error of at most ε: 0 where a rounds to 1.
#[inline(always)]
// ANCHOR: sigmoid_derivative
pub fn sigmoid_derivative<T: Scalar>(a: T) -> T {
    // BEGIN SOLUTION 2.2
    a * (T::one() - a)
    // END SOLUTION 2.2
}
// ANCHOR_END: sigmoid_derivative

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh<T: Scalar>(z: T) -> T {
    z.tanh()
}

/// tanh′ = 1 − a², as (1 − a)(1 + a), which loses no more digits than a has lost where |a| is close to 1. The absolute error
/// is at most 3 ε: 0 where a rounds to ±1.
#[inline(always)]
// ANCHOR: tanh_derivative
pub fn tanh_derivative<T: Scalar>(a: T) -> T {
    // BEGIN SOLUTION 2.3
    (T::one() - a) * (T::one() + a)
    // END SOLUTION 2.3
}
// ANCHOR_END: tanh_derivative

/// softplus(z) = ln(1 + e^z) = max(0, z) + ln(1 + e^−|z|), which neither overflows nor loses its tail.
#[inline(always)]
pub fn softplus<T: Scalar>(z: T) -> T {
    // BEGIN SOLUTION 4.5
    // Not relu(z): at z = 0 the kinks of max(0, z) and |z| cancel only if both have the derivative of z > 0 there. Otherwise
    // the derivative by dual numbers is wrong.
    let linear = if z < T::zero() { T::zero() } else { z };
    linear + (-z.abs()).exp().ln_1p()
    // END SOLUTION 4.5
}

/// softplus′ = sigmoid(z) = 1 − e^−a.
#[inline(always)]
pub fn softplus_derivative<T: Scalar>(a: T) -> T {
    // BEGIN SOLUTION 4.6
    -(-a).exp_m1()
    // END SOLUTION 4.6
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
    softmax_of_columns(z.len().max(1), z, a);
}

/// The softmax of each column; a column has `rows` entries.
fn softmax_of_columns<T: Scalar>(rows: usize, z: &[T], a: &mut [T]) {
    // BEGIN SOLUTION 4.7
    vectorize!(T, {
        for (z, a) in z.chunks_exact(rows).zip(a.chunks_exact_mut(rows)) {
            let largest = largest(z);
            a.iter_mut().zip(z).for_each(|(a, &z)| *a = z - largest);
        }
        for a in &mut *a {
            *a = a.exp(); // all columns in one loop
        }
        for a in a.chunks_exact_mut(rows) {
            let total = sum_of(a, a, |a, _| a);
            a.iter_mut().for_each(|a| *a = *a / total);
        }
    });
    // END SOLUTION 4.7
}
// ANCHOR_END: softmax

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
    let (n, g) = (a.len(), gradient.len());
    assert!(n == g, "derivative of softmax: a has {n} entries, ∂J/∂a has {g}");
    // BEGIN SOLUTION 4.8
    let mean = sum_of(a, gradient, |a, g| a * g); // Σ_k ∂J/∂a_k a_k
    gradient.iter_mut().zip(a).for_each(|(g, &a)| *g = a * (*g - mean));
    // END SOLUTION 4.8
}
// ANCHOR_END: softmax_backward

named!(Activation, "activation");
