//! Losses J, also called costs: how far the outputs of a network are from the targets, each with its derivative beside it.
//!
//! Every loss is the **mean over the examples** of a batch (its columns) of a sum over the outputs (its rows).

use crate::name::named;
use crate::scalar::vectorize;
use crate::sum::{largest_and_others, sum_of, sum_over};
use crate::view::panic_with_shapes;
use crate::{Activation, Matrix, Scalar};

/// The loss J of a network's outputs against the targets.
///
/// The two cross-entropies are taken **from the pre-activation z**: their logarithm cancels the exponential of softmax
/// and of sigmoid, and with it every overflow and every lost digit. That is why each belongs to one last activation.
///
/// ```
/// use nn_core::{Activation, Loss, Matrix};
///
/// let z = Matrix::from_column(&[2.0, 0.0, -1000.0]);
/// let y = Matrix::from_column(&[1.0, 0.0, 0.0]); // the first class is right
/// let mut a = Matrix::zeros(3, 1);
/// Activation::Softmax.apply(&z, &mut a);
/// let j: f64 = Loss::CrossEntropy.value(&z, &a, &y);
/// assert!((j - (1.0 + (-2.0_f64).exp()).ln()).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    /// J = 1/(2m) Σ (a − y)², after any last activation.
    LeastSquares,
    /// J = −1/m Σ y ln softmax(z), after softmax.
    CrossEntropy,
    /// J = −1/m Σ [y ln sigmoid(z) + (1 − y) ln(1 − sigmoid(z))], after sigmoid.
    BinaryCrossEntropy,
}

impl Loss {
    /// All of them, in the order of the book.
    pub const ALL: [Loss; 3] = [Loss::LeastSquares, Loss::CrossEntropy, Loss::BinaryCrossEntropy];

    /// The name in model files and on the command line: `least-squares`.
    pub fn name(self) -> &'static str {
        match self {
            Loss::LeastSquares => "least-squares",
            Loss::CrossEntropy => "cross-entropy",
            Loss::BinaryCrossEntropy => "binary-cross-entropy",
        }
    }

    /// The last activation that this loss is made for: softmax for cross-entropy, sigmoid for binary cross-entropy,
    /// any (`None`) for least squares.
    ///
    /// Where there is one, [`gradient`](Loss::gradient) is ∂J/∂z, which already includes the derivative of that activation.
    // ANCHOR: loss_activation
    pub fn activation(self) -> Option<Activation> {
        match self {
            Loss::LeastSquares => None,
            Loss::CrossEntropy => Some(Activation::Softmax),
            Loss::BinaryCrossEntropy => Some(Activation::Sigmoid),
        }
    }
    // ANCHOR_END: loss_activation

    /// J of a batch, from the last layer's pre-activation z and activation a.
    ///
    /// # Shapes
    ///
    /// z, a, y: n_L × m. Least squares does not read z.
    ///
    /// # Panics
    ///
    /// Panics if the shapes differ or the batch is empty.
    ///
    /// Source: seed document (docs/src/seed.md), section 3.7.3.
    #[track_caller]
    pub fn value<T: Scalar>(self, z: &Matrix<T>, a: &Matrix<T>, y: &Matrix<T>) -> T {
        self.check(z, a, y);
        match self {
            Loss::LeastSquares => least_squares(a, y),
            Loss::CrossEntropy => cross_entropy(z, a, y),
            Loss::BinaryCrossEntropy => binary_cross_entropy(z, y),
        }
    }

    /// The derivative of J: ∂J/∂a for least squares; ∂J/∂z, which is already δ⁽ᴸ⁾, for the cross-entropies.
    ///
    /// # Shapes
    ///
    /// z, a, y, `gradient`: n_L × m. Least squares and cross-entropy do not read z.
    ///
    /// # Panics
    ///
    /// Panics if the shapes differ or the batch is empty.
    #[track_caller]
    pub fn gradient<T: Scalar>(self, z: &Matrix<T>, a: &Matrix<T>, y: &Matrix<T>, gradient: &mut Matrix<T>) {
        self.check(z, a, y);
        match self {
            Loss::LeastSquares => least_squares_gradient(a, y, gradient),
            Loss::CrossEntropy => cross_entropy_gradient(a, y, gradient),
            Loss::BinaryCrossEntropy => binary_cross_entropy_gradient(z, y, gradient),
        }
    }

    #[track_caller]
    fn check<T: Scalar>(self, z: &Matrix<T>, a: &Matrix<T>, y: &Matrix<T>) {
        if z.shape() != y.shape() || a.shape() != y.shape() {
            panic_with_shapes(format_args!("loss {self}"), &[("z", z.shape()), ("a", a.shape()), ("y", y.shape())]);
        }
        assert!(y.columns() > 0, "loss {self}: the batch has no examples");
    }
}

/// J = 1/(2m) Σ (a − y)²
#[inline]
#[track_caller]
// ANCHOR: least_squares
pub fn least_squares<T: Scalar>(a: &Matrix<T>, y: &Matrix<T>) -> T {
    same_shapes("least squares", [("a", a)], y);
    // BEGIN SOLUTION 5.1
    let squares = sum_of(a.as_slice(), y.as_slice(), |a, y| (a - y) * (a - y));
    squares / (T::from_f64(2.0) * examples(y))
    // END SOLUTION 5.1
}
// ANCHOR_END: least_squares

/// ∂J/∂a = (a − y) / m
#[inline]
#[track_caller]
// ANCHOR: least_squares_gradient
pub fn least_squares_gradient<T: Scalar>(a: &Matrix<T>, y: &Matrix<T>, gradient: &mut Matrix<T>) {
    same_shapes("least squares", [("a", a), ("∂J/∂a", gradient)], y);
    // BEGIN SOLUTION 5.2
    let m = examples(y);
    for ((g, &a), &y) in gradient.as_mut_slice().iter_mut().zip(a.as_slice()).zip(y.as_slice()) {
        *g = (a - y) / m;
    }
    // END SOLUTION 5.2
}
// ANCHOR_END: least_squares_gradient

/// J = −1/m Σ y ln softmax(z), for targets that sum to 1 in each column (one-hot or soft).
///
/// For each class t, −ln softmax(z)_t = (z_max − z_t) + ln(1 + Σ_{i≠max} e^{z_i − z_max}), where z_max is the largest z of
/// the column. No term cancels another, and e^{z_i − z_max} = a_i / a_max needs no new exponential.
///
/// # Shapes
///
/// z, a = softmax(z), y: n_L × m.
#[inline]
#[track_caller]
// ANCHOR: cross_entropy
pub fn cross_entropy<T: Scalar>(z: &Matrix<T>, a: &Matrix<T>, y: &Matrix<T>) -> T {
    same_shapes("cross-entropy", [("z", z), ("a", a)], y);
    sum_over(y.columns(), |j| cross_entropy_of(z.column(j), a.column(j), y.column(j))) / examples(y)
}

/// Σ y ((z_max − z) + ln(1 + Σ_{i≠max} e^{z_i − z_max})), of one example.
#[inline(always)]
fn cross_entropy_of<T: Scalar>(z: &[T], a: &[T], y: &[T]) -> T {
    // BEGIN SOLUTION 5.3
    let (max, a_max, others) = largest_and_others(a);
    // z at the same index: several entries may share the largest a, once it is rounded, and differ in z.
    let z_max = z.get(max).copied().unwrap_or(T::zero());
    let log_sum = (others / a_max).ln_1p();
    // A target of 0 contributes nothing, even where z_max − z overflows. A NaN contributes.
    sum_of(z, y, |z, y| if y != T::zero() { y * ((z_max - z) + log_sum) } else { T::zero() })
    // END SOLUTION 5.3
}
// ANCHOR_END: cross_entropy

/// δ = ∂J/∂z = (a − y) / m for a = softmax(z).
///
/// For the largest entry of a column, a − y is computed as (1 − y) − Σ_{i≠max} a_i, which keeps its digits where a is close
/// to 1: a network that is confident and right still has a direction to improve in.
///
/// # Shapes
///
/// a = softmax(z), y, `gradient`: n_L × m.
#[inline]
#[track_caller]
// ANCHOR: cross_entropy_gradient
pub fn cross_entropy_gradient<T: Scalar>(a: &Matrix<T>, y: &Matrix<T>, gradient: &mut Matrix<T>) {
    same_shapes("cross-entropy", [("a", a), ("δ", gradient)], y);
    // BEGIN SOLUTION 5.4
    let m = examples(y);
    for j in 0..y.columns() {
        let (a_column, y_column) = (a.column(j), y.column(j));
        let (_, a_max, others) = largest_and_others(a_column);
        for ((g, &a), &y) in gradient.column_mut(j).iter_mut().zip(a_column).zip(y_column) {
            let difference = if a == a_max { (T::one() - y) - others } else { a - y };
            *g = difference / m;
        }
    }
    // END SOLUTION 5.4
}
// ANCHOR_END: cross_entropy_gradient

/// J = 1/m Σ [(1 − y) softplus(z) + y softplus(−z)], for targets in [0, 1]: binary cross-entropy from logits.
///
/// softplus(z) = max(0, z) + ln(1 + e^−|z|), so that every term is a sum of positive numbers.
///
/// # Shapes
///
/// z, y: n_L × m.
#[inline]
#[track_caller]
pub fn binary_cross_entropy<T: Scalar>(z: &Matrix<T>, y: &Matrix<T>) -> T {
    same_shapes("binary cross-entropy", [("z", z)], y);
    // BEGIN SOLUTION 5.5
    let sum = sum_of(
        z.as_slice(),
        y.as_slice(),
        #[inline(always)]
        |z, y| {
            // At z = 0 this has the derivative of z > 0, as |z| has: only then do their kinks cancel.
            let linear = if z < T::zero() { -z * y } else { z * (T::one() - y) };
            linear + (-z.abs()).exp().ln_1p()
        },
    );
    sum / examples(y)
    // END SOLUTION 5.5
}

/// δ = ∂J/∂z = (a − y) / m for a = sigmoid(z), computed as (1 − y) sigmoid(z) − y sigmoid(−z), which keeps its digits where
/// a is close to y = 1.
///
/// # Shapes
///
/// z, y, `gradient`: n_L × m.
#[inline]
#[track_caller]
pub fn binary_cross_entropy_gradient<T: Scalar>(z: &Matrix<T>, y: &Matrix<T>, gradient: &mut Matrix<T>) {
    same_shapes("binary cross-entropy", [("z", z), ("δ", gradient)], y);
    // BEGIN SOLUTION 5.6
    let m = examples(y);
    let (z, y, gradient) = (z.as_slice(), y.as_slice(), gradient.as_mut_slice());
    vectorize!(T, {
        for ((g, &z), &y) in gradient.iter_mut().zip(z).zip(y) {
            let e = (-z.abs()).exp();
            let (near, far) = (T::one() / (T::one() + e), e / (T::one() + e)); // sigmoid(|z|), sigmoid(−|z|)
            let (a, one_minus_a) = if z < T::zero() { (far, near) } else { (near, far) };
            *g = ((T::one() - y) * a - y * one_minus_a) / m;
        }
    });
    // END SOLUTION 5.6
}

#[track_caller]
fn same_shapes<T, const N: usize>(loss: &str, matrices: [(&str, &Matrix<T>); N], y: &Matrix<T>) {
    for (name, matrix) in matrices {
        if matrix.shape() != y.shape() {
            panic_with_shapes(loss, &[(name, matrix.shape()), ("y", y.shape())]);
        }
    }
}

/// m, the number of examples.
fn examples<T: Scalar>(y: &Matrix<T>) -> T {
    T::from_f64(y.columns() as f64)
}

named!(Loss, "loss");
