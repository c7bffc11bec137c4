//! The operations that a tape can record, with their names and equations, and operations of your own.

use std::fmt;
use std::ops::Index;

use nn_core::{Activation, Loss, Matrix, Shape};

/// A value on a tape: its index in the list.
///
/// It is cheap to copy, and knows which tape it belongs to: a method of another tape panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Var {
    pub(crate) tape: u32,
    pub(crate) index: u32,
}

impl Var {
    /// The index in the list, counted from 0. Operands have smaller indices than their result.
    #[inline]
    pub fn index(self) -> usize {
        self.index as usize
    }
}

/// A step of a recorded computation: the operation and its result.
#[derive(Debug)]
pub(crate) struct Step<T> {
    pub(crate) op: Op<T>,
    pub(crate) value: Matrix<T>,
    /// The name in tables and messages, if it was given one.
    pub(crate) label: Option<String>,
}

/// The operation of a step, with the earlier values that it reads.
#[derive(Debug)]
// ANCHOR: op
pub enum Op<T> {
    /// A constant: data.
    Input,
    /// A value whose gradient is wanted: weights, biases.
    Parameter,
    /// z = W a + b 1ᵀ
    Affine {
        /// W: n_l × n_{l−1}
        weight: Var,
        /// a: n_{l−1} × m
        a: Var,
        /// b: n_l × 1
        bias: Var,
    },
    /// a = σ(z)
    Activate(Activation, Var),
    /// u + v
    Add(Var, Var),
    /// u − v
    Subtract(Var, Var),
    /// u ⊙ v, entry by entry
    Multiply(Var, Var),
    /// u ⊘ v, entry by entry
    Divide(Var, Var),
    /// c u
    Scale(T, Var),
    /// e^u, entry by entry
    Exp(Var),
    /// ln u, entry by entry
    Ln(Var),
    /// A column u as every column of a matrix with the shape of v; or a number u as every entry.
    Broadcast(Var, Var),
    /// uᵀ
    Transpose(Var),
    /// u v, the matrix product
    Matmul(Var, Var),
    /// Σ u_ij, a 1 × 1 matrix
    Sum(Var),
    /// The mean of all u_ij, a 1 × 1 matrix
    Mean(Var),
    /// J, a 1 × 1 matrix
    Loss {
        /// Which loss.
        loss: Loss,
        /// z⁽ᴸ⁾, which the cross-entropies are functions of. Least squares does not read it.
        z: Var,
        /// a⁽ᴸ⁾ = σ(z⁽ᴸ⁾), which least squares is a function of.
        a: Var,
        /// y, which depends on no parameter.
        y: Var,
    },
    /// An operation of your own, and its operands.
    Custom(Box<dyn CustomOp<T>>, Box<[Var]>),
}
// ANCHOR_END: op

impl<T> Op<T> {
    /// The values that it reads, in the order of its equation.
    pub fn operands(&self) -> Vec<Var> {
        match *self {
            Op::Input | Op::Parameter => vec![],
            Op::Affine { weight, a, bias } => vec![weight, a, bias],
            Op::Activate(_, u) | Op::Scale(_, u) => vec![u],
            Op::Exp(u) | Op::Ln(u) | Op::Transpose(u) | Op::Sum(u) | Op::Mean(u) => vec![u],
            Op::Add(u, v) | Op::Subtract(u, v) | Op::Multiply(u, v) | Op::Divide(u, v) => vec![u, v],
            Op::Broadcast(u, v) | Op::Matmul(u, v) => vec![u, v],
            Op::Loss { loss: Loss::LeastSquares, a, y, .. } => vec![a, y],
            Op::Loss { z, a, y, .. } => vec![z, a, y],
            Op::Custom(_, ref operands) => operands.to_vec(),
        }
    }

    /// The name in tables, graphs and messages.
    pub fn name(&self) -> &str {
        match self {
            Op::Input => "input",
            Op::Parameter => "parameter",
            Op::Affine { .. } => "affine",
            Op::Activate(activation, _) => activation.name(),
            Op::Add(..) => "add",
            Op::Subtract(..) => "subtract",
            Op::Multiply(..) => "multiply",
            Op::Divide(..) => "divide",
            Op::Scale(..) => "scale",
            Op::Exp(_) => "exp",
            Op::Ln(_) => "ln",
            Op::Broadcast(..) => "broadcast",
            Op::Transpose(_) => "transpose",
            Op::Matmul(..) => "matmul",
            Op::Sum(_) => "sum",
            Op::Mean(_) => "mean",
            Op::Loss { loss, .. } => loss.name(),
            Op::Custom(operation, _) => operation.name(),
        }
    }

    /// What it computes, in the letters of its operands, for messages.
    pub fn equation(&self) -> &str {
        match self {
            Op::Input | Op::Parameter => "v",
            Op::Affine { .. } => "z = W a + b 1ᵀ",
            Op::Activate(..) => "a = σ(z)",
            Op::Add(..) => "u + v",
            Op::Subtract(..) => "u − v",
            Op::Multiply(..) => "u ⊙ v",
            Op::Divide(..) => "u ⊘ v",
            Op::Scale(..) => "c u",
            Op::Exp(_) => "e^u",
            Op::Ln(_) => "ln u",
            Op::Broadcast(..) => "u 1ᵀ in the shape of v",
            Op::Transpose(_) => "uᵀ",
            Op::Matmul(..) => "u v",
            Op::Sum(_) => "Σ u",
            Op::Mean(_) => "the mean of u",
            Op::Loss { loss: Loss::LeastSquares, .. } => "J = 1/(2m) Σ (a − y)²",
            Op::Loss { loss: Loss::CrossEntropy, .. } => "J = −1/m Σ y ln softmax(z)",
            Op::Loss { loss: Loss::BinaryCrossEntropy, .. } => "J = −1/m Σ [y ln σ(z) + (1 − y) ln(1 − σ(z))]",
            Op::Custom(operation, _) => operation.equation(),
        }
    }
}

/// An operation of your own, r = f(u₀, u₁, …): a forward rule and a backward rule, for [`Tape::apply`](crate::Tape::apply).
///
/// The example `own_operation` of this crate has one in full. Written for every [`Scalar`](nn_core::Scalar), an operation
/// works in second derivatives too. Constants of the operation (an exponent, a width) are fields of the type that
/// implements it.
///
/// To check the backward rule, let J depend on each entry of r in its own way, such as J = Σ c ⊙ r with random constants
/// c, and call [`Tape::check_gradient`](crate::Tape::check_gradient).
pub trait CustomOp<T>: fmt::Debug + Send + Sync {
    /// The name in tables, graphs and messages.
    fn name(&self) -> &str;

    /// What it computes, such as `u ⊙ sigmoid(u)`, for messages.
    fn equation(&self) -> &str;

    /// The shape of r, or `None` if the operands do not fit; the tape then panics, with this name and equation.
    ///
    /// By default all operands have the same shape, and so has r.
    fn shape(&self, operands: Operands<'_, T>) -> Option<Shape> {
        let mut shapes = operands.iter().map(Matrix::shape);
        let first = shapes.next()?;
        shapes.all(|shape| shape == first).then_some(first)
    }

    /// The forward rule: r ← f(u₀, u₁, …).
    ///
    /// `r` has its [shape](CustomOp::shape), and any entries: the rule writes all of them.
    fn forward(&self, operands: Operands<'_, T>, r: &mut Matrix<T>);

    /// The backward rule (VJP) for operand k: ū ← (∂r/∂u_k)ᵀ r̄, the term that this operation contributes to the adjoint of
    /// u_k.
    ///
    /// It is called for operands that depend on a parameter, and the tape adds up the terms. `r_bar` is the adjoint r̄ of
    /// the result. `u_bar` has the shape of u_k, and is zero.
    fn backward(&self, k: usize, operands: Operands<'_, T>, r: &Matrix<T>, r_bar: &Matrix<T>, u_bar: &mut Matrix<T>);
}

/// The values of the operands u₀, u₁, … of a [`CustomOp`], by index: `operands[0]`.
#[derive(Clone, Copy, Debug)]
pub struct Operands<'a, T> {
    pub(crate) steps: &'a [Step<T>],
    pub(crate) operands: &'a [Var],
}

impl<'a, T> Operands<'a, T> {
    /// The operands, in order.
    pub fn iter(self) -> impl Iterator<Item = &'a Matrix<T>> {
        self.operands.iter().map(move |operand| &self.steps[operand.index()].value)
    }
}

impl<T> Index<usize> for Operands<'_, T> {
    type Output = Matrix<T>;

    fn index(&self, k: usize) -> &Matrix<T> {
        &self.steps[self.operands[k].index()].value
    }
}
