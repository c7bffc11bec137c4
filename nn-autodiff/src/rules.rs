//! The two rules of every operation, one `match` each and in the same order: forward, from the operands to the result,
//! and backward, from the adjoint of the result to the adjoints of the operands.

use std::iter::{once, repeat, zip};

use nn_core::{Loss, Matrix, Scalar, TargetError, Write, affine, matmul, sum, sum_columns};

use crate::op::{Op, Operands, Step, Var};

/// Why an operation cannot be done.
#[derive(Debug)]
pub(crate) enum Mismatch {
    /// The shapes of its operands do not fit.
    Shapes,
    /// The targets are not valid for the loss.
    Targets(TargetError),
}

/// The forward rule: r ← the result of an operation on the values of the steps `before` it. Inputs and parameters stay.
#[inline(always)]
#[track_caller]
// ANCHOR: forward_rule
pub(crate) fn forward_rule<T: Scalar>(op: &Op<T>, before: &[Step<T>], r: &mut Matrix<T>) -> Result<(), Mismatch> {
    let of = |var: Var| &before[var.index()].value;
    match *op {
        Op::Input | Op::Parameter => {}
        Op::Affine { weight, a, bias } => {
            let (w, a, b) = (of(weight), of(a), of(bias));
            fits(w.columns() == a.rows() && b.rows() == w.rows() && b.columns() == 1)?;
            r.resize(w.rows(), a.columns());
            affine(w, a, b, r); // z = W a + b 1ᵀ
        }
        Op::Activate(activation, z) => {
            r.resize(of(z).rows(), of(z).columns());
            activation.apply(of(z), r); // a = σ(z)
        }
        Op::Add(u, v) => write_pairs(r, of(u), of(v), |u, v| u + v)?,
        Op::Subtract(u, v) => write_pairs(r, of(u), of(v), |u, v| u - v)?,
        Op::Multiply(u, v) => write_pairs(r, of(u), of(v), |u, v| u * v)?, // u ⊙ v
        Op::Divide(u, v) => write_pairs(r, of(u), of(v), |u, v| u / v)?,   // u ⊘ v
        Op::Scale(c, u) => write_pairs(r, of(u), of(u), |u, _| c * u)?,
        Op::Exp(u) => write_pairs(r, of(u), of(u), |u, _| u.exp())?,
        Op::Ln(u) => write_pairs(r, of(u), of(u), |u, _| u.ln())?,
        Op::Broadcast(u, v) => {
            let (u, v) = (of(u), of(v));
            fits(u.columns() == 1 && (u.rows() == v.rows() || u.rows() == 1))?;
            r.resize(v.rows(), v.columns());
            for j in 0..v.columns() {
                match u.as_slice() {
                    [number] => r.column_mut(j).fill(*number),
                    column => r.column_mut(j).copy_from_slice(column), // u 1ᵀ
                }
            }
        }
        Op::Transpose(u) => r.copy_from(of(u).t()), // uᵀ
        Op::Matmul(u, v) => {
            fits(of(u).columns() == of(v).rows())?;
            r.resize(of(u).rows(), of(v).columns());
            matmul(of(u), of(v), Write::Replace, r); // u v
        }
        Op::Sum(u) => write_number(r, sum(of(u).as_slice())), // Σ u_ij
        Op::Mean(u) => {
            fits(!of(u).as_slice().is_empty())?; // A mean over nothing is undefined.
            write_number(r, sum(of(u).as_slice()) / count(of(u)));
        }
        Op::Loss { loss, z, a, y } => {
            check_loss(loss, of(a), of(y))?;
            write_number(r, loss.value(of(z), of(a), of(y))); // J
        }
        Op::Custom(ref operation, ref operands) => {
            let operands = Operands { steps: before, operands };
            let shape = operation.shape(operands).ok_or(Mismatch::Shapes)?;
            r.resize(shape.rows, shape.columns);
            operation.forward(operands, r); // f(u₀, u₁, …)
            let (name, found) = (operation.name(), r.shape());
            assert!(found == shape, "{name}: the forward rule left a {found} matrix, but its shape is {shape}");
        }
    }
    Ok(())
}
// ANCHOR_END: forward_rule

/// The backward rule: what the adjoint r̄ of a result r contributes to the adjoint ū of each operand u.
///
/// By the chain rule it is ū += (∂r/∂u)ᵀ r̄, a vector–Jacobian product (the VJP of JAX and PyTorch). The line of each
/// operand ends with that equation.
#[inline(always)]
#[track_caller]
// ANCHOR: backward_rule
pub(crate) fn backward_rule<T: Scalar>(op: &Op<T>, r: &Matrix<T>, r_bar: &Matrix<T>, mut adjoints: Adjoints<'_, T>) {
    let steps = adjoints.steps;
    let of = |var: Var| &steps[var.index()].value;
    match *op {
        Op::Input | Op::Parameter => {}
        Op::Affine { weight, a, bias } => {
            // BEGIN SOLUTION 8.3
            adjoints.add(weight, |write, w_bar| matmul(r_bar, of(a).t(), write, w_bar)); // W̄ += z̄ aᵀ
            adjoints.add(bias, |write, b_bar| sum_columns(r_bar, write, b_bar)); // b̄ += z̄ 1
            adjoints.add(a, |write, a_bar| matmul(of(weight).t(), r_bar, write, a_bar)); // ā += Wᵀ z̄
            // END SOLUTION 8.3
        }
        Op::Activate(activation, z) => {
            // BEGIN SOLUTION 8.4
            adjoints.add_term(z, |z_bar| activation.backward_into(r, r_bar, z_bar)); // z̄ += ā ⊙ σ′(z)
            // END SOLUTION 8.4
        }
        Op::Add(u, v) => {
            adjoints.add_each(u, numbers(r_bar)); // ū += r̄
            adjoints.add_each(v, numbers(r_bar)); // v̄ += r̄
        }
        Op::Subtract(u, v) => {
            adjoints.add_each(u, numbers(r_bar)); // ū += r̄
            adjoints.add_each(v, numbers(r_bar).map(|r_bar| -r_bar)); // v̄ += −r̄
        }
        Op::Multiply(u, v) => {
            // BEGIN SOLUTION 8.5
            adjoints.add_each(u, pairs(r_bar, of(v)).map(|(r_bar, v)| r_bar * v)); // ū += r̄ ⊙ v
            adjoints.add_each(v, pairs(r_bar, of(u)).map(|(r_bar, u)| r_bar * u)); // v̄ += r̄ ⊙ u
            // END SOLUTION 8.5
        }
        Op::Divide(u, v) => {
            // BEGIN SOLUTION 8.6
            adjoints.add_each(u, pairs(r_bar, of(v)).map(|(r_bar, v)| r_bar / v)); // ū += r̄ ⊘ v
            let terms = zip(numbers(r_bar), pairs(r, of(v)));
            adjoints.add_each(v, terms.map(|(r_bar, (r, v))| -(r_bar * r / v))); // v̄ += −r̄ ⊙ r ⊘ v
            // END SOLUTION 8.6
        }
        Op::Scale(c, u) => adjoints.add_each(u, numbers(r_bar).map(|r_bar| c * r_bar)), // ū += c r̄
        Op::Exp(u) => adjoints.add_each(u, pairs(r_bar, r).map(|(r_bar, r)| r_bar * r)), // ū += r̄ ⊙ e^u
        Op::Ln(u) => adjoints.add_each(u, pairs(r_bar, of(u)).map(|(r_bar, u)| r_bar / u)), // ū += r̄ ⊘ u
        Op::Broadcast(u, _) => match of(u).as_slice() {
            [_] => adjoints.add_each(u, once(sum(r_bar.as_slice()))), // ū += Σ r̄_ij
            _ => adjoints.add(u, |write, u_bar| sum_columns(r_bar, write, u_bar)), // ū += r̄ 1
        },
        Op::Transpose(u) => adjoints.add_term(u, |u_bar| u_bar.copy_from(r_bar.t())), // ū += r̄ᵀ
        Op::Matmul(u, v) => {
            // BEGIN SOLUTION 8.7
            adjoints.add(u, |write, u_bar| matmul(r_bar, of(v).t(), write, u_bar)); // ū += r̄ vᵀ
            adjoints.add(v, |write, v_bar| matmul(of(u).t(), r_bar, write, v_bar)); // v̄ += uᵀ r̄
            // END SOLUTION 8.7
        }
        Op::Sum(u) => adjoints.add_each(u, repeat(r_bar[(0, 0)])), // ū_ij += r̄
        Op::Mean(u) => adjoints.add_each(u, repeat(r_bar[(0, 0)] / count(of(u)))), // ū_ij += r̄ / number of entries
        Op::Loss { loss, z, a, y } => {
            // Least squares is a function of a, the cross-entropies of z.
            let output = if loss.activation().is_some() { z } else { a };
            let j_bar = r_bar[(0, 0)];
            adjoints.add_term(output, |term| {
                loss.gradient(of(z), of(a), of(y), term);
                if j_bar != T::one() {
                    term.map_in_place(|gradient| gradient * j_bar); // ∂J/∂output · J̄
                }
            });
        }
        Op::Custom(ref operation, ref operands) => {
            for (k, &u) in operands.iter().enumerate() {
                adjoints.add_term(u, |u_bar| {
                    u_bar.fill(T::zero());
                    operation.backward(k, Operands { steps, operands }, r, r_bar, u_bar); // ū += (∂r/∂u)ᵀ r̄
                    let (name, found, shape) = (operation.name(), u_bar.shape(), of(u).shape());
                    assert!(
                        found == shape,
                        "{name}: the backward rule left a {found} matrix for operand {k}, which is {shape}"
                    );
                });
            }
        }
    }
}
// ANCHOR_END: backward_rule

/// The adjoint v̄ = ∂J/∂v of a value v.
#[derive(Debug)]
pub(crate) struct Adjoint<T> {
    pub(crate) matrix: Matrix<T>,
    /// Whether v depends on a parameter (PyTorch's `requires_grad`). If not, its adjoint is never computed.
    pub(crate) tracked: bool,
    /// Whether this backward sweep has written a term already. The first term overwrites; a value that is used twice
    /// (fan-out) gets a second one, which is added: the terms accumulate.
    pub(crate) written: bool,
}

/// The steps before a result, and the adjoints of their values.
pub(crate) struct Adjoints<'a, T> {
    pub(crate) steps: &'a [Step<T>],
    pub(crate) adjoints: &'a mut [Adjoint<T>],
    /// Scratch matrix: a term is computed here before it is added to an adjoint that already has terms.
    pub(crate) scratch: &'a mut Matrix<T>,
}

impl<T: Scalar> Adjoints<'_, T> {
    /// Adds a term to the adjoint of `var`: `term` is told whether to overwrite what an earlier sweep left, or to add.
    #[inline(always)]
    fn add(&mut self, var: Var, term: impl FnOnce(Write, &mut Matrix<T>)) {
        if let Some((write, adjoint, _)) = self.next_term(var) {
            term(write, adjoint);
        }
    }

    /// The same for a term that is given entry by entry.
    #[inline(always)]
    fn add_each(&mut self, var: Var, terms: impl Iterator<Item = T>) {
        self.add(var, |write, adjoint| write_each(write, adjoint, terms));
    }

    /// The same for a `term` that can only overwrite; if the adjoint already has terms, it goes through the scratch matrix.
    #[inline(always)]
    fn add_term(&mut self, var: Var, term: impl FnOnce(&mut Matrix<T>)) {
        let Some((write, adjoint, scratch)) = self.next_term(var) else { return };
        let adds = matches!(write, Write::Add);
        if adds {
            scratch.resize(adjoint.rows(), adjoint.columns());
        }
        term(if adds { scratch } else { adjoint });
        if adds {
            write_each(Write::Add, adjoint, numbers(scratch));
        }
    }

    /// Whether the next term of an adjoint overwrites or adds, the matrix that it goes to, and the scratch matrix. `None`
    /// for a value that depends on no parameter: its terms are not computed.
    #[inline(always)]
    // ANCHOR: next_term
    fn next_term(&mut self, var: Var) -> Option<(Write, &mut Matrix<T>, &mut Matrix<T>)> {
        let (value, adjoint) = (&self.steps[var.index()].value, &mut self.adjoints[var.index()]);
        if !adjoint.tracked {
            return None;
        }
        let write = if adjoint.written { Write::Add } else { Write::Replace };
        adjoint.written = true;
        adjoint.matrix.resize(value.rows(), value.columns());
        Some((write, &mut adjoint.matrix, self.scratch))
    }
    // ANCHOR_END: next_term
}

/// Checks the output a of a network, which has the shape of z, and the targets y for a loss.
pub(crate) fn check_loss<T: Scalar>(loss: Loss, a: &Matrix<T>, y: &Matrix<T>) -> Result<(), Mismatch> {
    fits(a.shape() == y.shape() && !y.as_slice().is_empty())?; // A mean over nothing is undefined.
    loss.check_targets(y).map_err(Mismatch::Targets)
}

fn fits(shapes_fit: bool) -> Result<(), Mismatch> {
    if shapes_fit { Ok(()) } else { Err(Mismatch::Shapes) }
}

/// r ← f(u, v), entry by entry.
#[inline(always)]
fn write_pairs<T: Scalar>(
    r: &mut Matrix<T>,
    u: &Matrix<T>,
    v: &Matrix<T>,
    f: impl Fn(T, T) -> T,
) -> Result<(), Mismatch> {
    fits(u.shape() == v.shape())?;
    r.resize(u.rows(), u.columns());
    write_each(Write::Replace, r, pairs(u, v).map(|(u, v)| f(u, v)));
    Ok(())
}

/// Each entry ← its term, or entry ← entry + term.
#[inline(always)]
fn write_each<T: Scalar>(write: Write, matrix: &mut Matrix<T>, terms: impl Iterator<Item = T>) {
    // BEGIN SOLUTION 8.2
    let entries = zip(matrix.as_mut_slice(), terms);
    match write {
        Write::Replace => entries.for_each(|(entry, term)| *entry = term),
        Write::Add => entries.for_each(|(entry, term)| *entry += term),
    }
    // END SOLUTION 8.2
}

/// matrix ← number, as a 1 × 1 matrix.
fn write_number<T: Scalar>(matrix: &mut Matrix<T>, number: T) {
    matrix.resize(1, 1);
    matrix[(0, 0)] = number;
}

/// The number of entries, as a `T`.
fn count<T: Scalar>(u: &Matrix<T>) -> T {
    T::from_f64(u.as_slice().len() as f64)
}

fn numbers<T: Copy>(u: &Matrix<T>) -> impl Iterator<Item = T> {
    u.as_slice().iter().copied()
}

fn pairs<T: Copy>(u: &Matrix<T>, v: &Matrix<T>) -> impl Iterator<Item = (T, T)> {
    zip(numbers(u), numbers(v))
}
