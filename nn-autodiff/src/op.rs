//! The operations that a tape can record.

use nn_core::{Activation, Loss};

use crate::Var;

/// One step of a recorded computation: what was done, to which earlier values.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// u ⊙ v, entry by entry
    Multiply(Var, Var),
    /// c u
    Scale(T, Var),
    /// uᵀ
    Transpose(Var),
    /// u v, the matrix product
    Matmul(Var, Var),
    /// Σ u_ij, a 1 × 1 matrix
    Sum(Var),
    /// J, a 1 × 1 matrix
    Cost {
        /// Which cost.
        loss: Loss,
        /// z⁽ᴸ⁾, which the cross-entropies are functions of. Least squares does not read it.
        z: Var,
        /// a⁽ᴸ⁾ = σ(z⁽ᴸ⁾), which least squares is a function of.
        a: Var,
        /// y, which depends on no parameter.
        y: Var,
    },
}
// ANCHOR_END: op

impl<T: Copy> Op<T> {
    /// The values that it reads, in the order of its equation.
    pub fn operands(&self) -> impl Iterator<Item = Var> + use<T> {
        let operands = match *self {
            Op::Input | Op::Parameter => [None; 3],
            Op::Affine { weight, a, bias } => [Some(weight), Some(a), Some(bias)],
            Op::Activate(_, u) | Op::Scale(_, u) | Op::Transpose(u) | Op::Sum(u) => [Some(u), None, None],
            Op::Add(u, v) | Op::Multiply(u, v) | Op::Matmul(u, v) => [Some(u), Some(v), None],
            Op::Cost { loss: Loss::LeastSquares, a, y, .. } => [Some(a), Some(y), None],
            Op::Cost { z, a, y, .. } => [Some(z), Some(a), Some(y)],
        };
        operands.into_iter().flatten()
    }
}
