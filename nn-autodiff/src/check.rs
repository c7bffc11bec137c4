//! A check of the gradients on a tape, by differences of J.

use std::fmt;

use nn_core::{Generator, Loss, Matrix, Scalar, normal, seeded};

use crate::op::{Op, Var};
use crate::oracle::derivative_by_five_points;
use crate::tape::Tape;

/// A value with at most this many entries is checked in each of them, a larger one along [`RANDOM_DIRECTIONS`].
const SINGLE_ENTRIES: usize = 64;

/// The number of random directions along which a larger value is checked.
const RANDOM_DIRECTIONS: usize = 3;

/// J̄ in the check. Other than 1, so that a backward rule that ignores the adjoint of its result does not pass.
const J_BAR: f64 = 0.75;

/// The step is divided by this where J is too curved for it, or a kink is near.
const STEP_REDUCTION: f64 = 64.0;

/// A gradient on a tape that differences of J contradict: a backward rule is not the derivative of its forward rule.
///
/// Its `Debug` form is the same text, so that `unwrap` in a test reads well.
#[derive(Clone, PartialEq)]
pub struct WrongRule {
    /// The name of the value whose gradient is wrong.
    pub value: String,
    /// The row and column of the wrong entry, counted from 0; `None` for the derivative along a random direction.
    pub entry: Option<(usize, usize)>,
    /// ∂J/∂v by the tape, in that entry or along that direction.
    pub by_tape: f64,
    /// The same derivative by differences.
    pub by_differences: f64,
    /// The operations that read the value, such as `swish (v7)`: the backward rule of one of them is wrong.
    pub operations: Vec<String>,
}

impl fmt::Display for WrongRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WrongRule { value, by_tape, by_differences, .. } = self;
        let place = match self.entry {
            Some((row, column)) => format!("in row {row}, column {column}"),
            None => "along a random direction".to_owned(),
        };
        let operations = self.operations.join(" or ");
        write!(
            f,
            "the gradient of {value} {place} is {by_tape} by the tape, but {by_differences} by differences: \
             the backward rule of {operations} does not fit its forward rule"
        )
    }
}

impl fmt::Debug for WrongRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for WrongRule {}

impl<T: Scalar> Tape<T> {
    /// Checks the gradient of J, and every adjoint that it is made of, against differences of J.
    ///
    /// ```
    /// use nn_autodiff::Tape;
    /// use nn_core::Matrix;
    ///
    /// let mut tape = Tape::new();
    /// let u = tape.parameter(Matrix::from_rows(&[[0.5, 2.0], [1.0, 3.0]]));
    /// let v = tape.ln(u);
    /// let product = tape.multiply(u, v);
    /// let j = tape.mean(product); // the mean of u ln u
    /// tape.check_gradient(j)?;
    /// # Ok::<(), nn_autodiff::WrongRule>(())
    /// ```
    ///
    /// This is for what is on a tape, above all the rules of your own operations. For a gradient that you have written as a
    /// function there is [`check_gradient`](crate::check_gradient).
    ///
    /// The check replays the tape and sweeps it backward. Then it goes through the values from J back to the first. Each
    /// value v that depends on a parameter is perturbed, as if it were an input; the steps after it are replayed; and
    /// ∂J/∂v · d is compared with
    ///
    /// ```text
    /// (J(v − 2hd) − 8 J(v − hd) + 8 J(v + hd) − J(v + 2hd)) / 12h
    /// ```
    ///
    /// whose error is of the order h⁴. A value with at most 64 entries is perturbed in each of them, a larger one along
    /// three random directions d of norm 1. Adjoints nearer to J come first, so the first that is wrong tells which backward
    /// rule is: that of an operation which reads the value.
    ///
    /// # What it cannot see
    ///
    /// The check is at the values that are on the tape. A rule that is wrong elsewhere passes, as does one whose adjoint is
    /// zero here. At a kink, such as that of ReLU at 0, there is no derivative, and a right rule may fail: check with other
    /// numbers. In f32 a difference keeps three digits; in f64 six or more. On a tape over dual numbers, the real parts are
    /// checked.
    ///
    /// The softmax or sigmoid inside a cross-entropy is not checked by itself: its adjoint does not include
    /// [that loss](Tape::gradient).
    ///
    /// # Errors
    ///
    /// Says which gradient is wrong, in which entry, what it is by the tape and by differences, and which operation has the
    /// backward rule. The values and gradients of the tape are afterwards those of [`forward`](Tape::forward) and
    /// [`backward`](Tape::backward).
    ///
    /// # Panics
    ///
    /// Panics if J is not a 1 × 1 matrix, or if a value that was set does not fit.
    #[track_caller]
    pub fn check_gradient(&mut self, j: Var) -> Result<(), WrongRule> {
        self.forward();
        self.backward_from(j, T::from_f64(J_BAR));
        let mut rng = seeded(1);
        let mut result = Ok(());
        for v in self.vars().take(j.index()).collect::<Vec<_>>().into_iter().rev() {
            if result.is_ok() && self.is_tracked(v) && !self.is_inside_a_loss(v) {
                result = self.check_adjoint(v, j, &mut rng);
            }
        }
        self.forward();
        self.backward(j);
        result
    }

    /// Checks one adjoint, assuming that those after it on the tape are right.
    fn check_adjoint(&mut self, v: Var, j: Var, rng: &mut Generator) -> Result<(), WrongRule> {
        let gradient = self.gradient(v).map(|g| g.to_f64() / J_BAR);
        let entries = gradient.as_slice().len();
        let directions = if entries <= SINGLE_ENTRIES { entries } else { RANDOM_DIRECTIONS };
        for n in 0..directions {
            let is_entry = entries <= SINGLE_ENTRIES;
            let d = if is_entry { unit(&gradient, n) } else { random(&gradient, rng) };
            let by_tape = dot(&gradient, &d);
            if let Err(by_differences) = self.compare(v, j, &d, by_tape, dot(&gradient, &gradient).sqrt()) {
                let readers = self.vars().filter(|&r| self.op(r).operands().contains(&v));
                return Err(WrongRule {
                    value: self.name(v),
                    entry: is_entry.then_some((n % gradient.rows().max(1), n / gradient.rows().max(1))),
                    by_tape,
                    by_differences,
                    operations: readers.map(|r| format!("{} ({})", self.op(r).name(), self.name(r))).collect(),
                });
            }
        }
        Ok(())
    }

    /// Compares a directional derivative of J with differences. `scale` is the norm of the whole gradient. `Err` holds the
    /// derivative by differences.
    fn compare(&mut self, v: Var, j: Var, d: &Matrix<f64>, by_tape: f64, scale: f64) -> Result<(), f64> {
        let is_double = T::one() + T::from_f64(f64::EPSILON) > T::one();
        let epsilon = if is_double { f64::EPSILON } else { f64::from(f32::EPSILON) };
        let size = self.value(v).as_slice().iter().fold(1.0_f64, |size, x| size.max(x.to_f64().abs()));
        let h = epsilon.powf(0.2) * size;
        // A difference of two J, each rounded, is divided by h.
        let bound = |h: f64, loss: f64| epsilon.powf(0.4) * scale + 32.0 * epsilon * loss.abs() / h;
        let loss = self.value(j)[(0, 0)].to_f64();

        let slope = self.slope(v, j, d, h);
        if (slope - by_tape).abs() <= bound(h, loss) {
            return Ok(());
        }
        let short = h / STEP_REDUCTION;
        let shorter = self.slope(v, j, d, short);
        let both_agree = (slope - shorter).abs() <= bound(short, loss);
        let is_close = (shorter - by_tape).abs() <= bound(short, loss);
        if is_close && !both_agree { Ok(()) } else { Err(if both_agree { slope } else { shorter }) }
    }

    /// The slope (directional derivative) of J along d, by five points.
    fn slope(&mut self, v: Var, j: Var, d: &Matrix<f64>, h: f64) -> f64 {
        let at = self.value(v).clone();
        let slope = derivative_by_five_points(h, |step| {
            let entries =
                self.steps[v.index()].value.as_mut_slice().iter_mut().zip(at.as_slice().iter().zip(d.as_slice()));
            entries.for_each(|(x, (&at, d))| *x = at + T::from_f64(step * d));
            self.replay(v.index() + 1..j.index() + 1);
            self.value(j)[(0, 0)].to_f64()
        });
        self.steps[v.index()].value = at;
        self.replay(v.index() + 1..j.index() + 1);
        slope
    }

    /// Whether a value is the softmax or sigmoid inside a cross-entropy.
    fn is_inside_a_loss(&self, v: Var) -> bool {
        let mut ops = self.vars().map(|var| self.op(var));
        ops.any(|op| matches!(op, Op::Loss { loss, a, .. } if *a == v && *loss != Loss::LeastSquares))
    }
}

/// The direction of entry `n`, counted column by column.
fn unit(like: &Matrix<f64>, n: usize) -> Matrix<f64> {
    let mut d = Matrix::zeros(like.rows(), like.columns());
    d.as_mut_slice()[n] = 1.0;
    d
}

/// A random direction of norm 1.
fn random(like: &Matrix<f64>, rng: &mut Generator) -> Matrix<f64> {
    let d = Matrix::from_fn(like.rows(), like.columns(), |_, _| normal(rng));
    let norm = dot(&d, &d).sqrt();
    d.map(|d| d / norm)
}

fn dot(u: &Matrix<f64>, v: &Matrix<f64>) -> f64 {
    u.as_slice().iter().zip(v.as_slice()).map(|(u, v)| u * v).sum()
}
