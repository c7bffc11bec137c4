//! The tape: recording, the forward sweep, the backward sweep.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use nn_core::{Activation, Loss, Matrix, MatrixView, Scalar};

use crate::op::{CustomOp, Op, Step, Var};
use crate::rules::{Adjoint, Adjoints, Mismatch, backward_rule, check_loss, forward_rule};

/// A recorded computation, its values, and the adjoints of the last backward sweep.
///
/// The documentation of the [crate](crate) shows one at work; `println!("{tape}")` prints it as a table.
#[derive(Debug)]
// ANCHOR: tape
pub struct Tape<T> {
    id: u32,
    /// The operations, and their results.
    pub(crate) steps: Vec<Step<T>>,
    /// The adjoints of the results, at the same indices.
    pub(crate) adjoints: Vec<Adjoint<T>>,
    /// How many steps there were at the last backward sweep: later ones have no adjoint yet.
    swept: usize,
    /// Scratch matrix: a term is computed here before it is added to an adjoint that already has terms.
    scratch: Matrix<T>,
}
// ANCHOR_END: tape

/// What can be recorded as an input or a parameter: a matrix, or a number, which becomes a 1 × 1 matrix.
pub trait IntoMatrix<T> {
    /// The matrix.
    fn into_matrix(self) -> Matrix<T>;
}

impl<T> IntoMatrix<T> for Matrix<T> {
    fn into_matrix(self) -> Matrix<T> {
        self
    }
}

impl<T: Scalar> IntoMatrix<T> for T {
    fn into_matrix(self) -> Matrix<T> {
        Matrix::from_column(&[self])
    }
}

/// Recording. Each method computes its value at once and returns its index.
///
/// # Panics
///
/// All of them panic if the shapes do not fit, or if a `Var` belongs to another tape. The tape then stays as it was.
impl<T: Scalar> Tape<T> {
    /// An empty tape.
    pub fn new() -> Self {
        static NEXT_ID: AtomicU32 = AtomicU32::new(0);
        Tape {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            steps: Vec::new(),
            adjoints: Vec::new(),
            swept: 0,
            scratch: Matrix::zeros(0, 0),
        }
    }

    /// A constant: data, a matrix or a number. No derivative with respect to it is computed; record x as a
    /// [`parameter`](Tape::parameter) where ∂J/∂x is wanted.
    pub fn input(&mut self, value: impl IntoMatrix<T>) -> Var {
        self.push(Op::Input, false, value.into_matrix())
    }

    /// A value whose gradient is wanted, a matrix or a number: weights, biases.
    pub fn parameter(&mut self, value: impl IntoMatrix<T>) -> Var {
        self.push(Op::Parameter, true, value.into_matrix())
    }

    /// z = W a + b 1ᵀ, the affine map of a layer.
    ///
    /// # Shapes
    ///
    /// W: n_l × n_{l−1}, a: n_{l−1} × m, b: n_l × 1 → z: n_l × m.
    #[track_caller]
    pub fn affine(&mut self, weight: Var, a: Var, bias: Var) -> Var {
        self.record(Op::Affine { weight, a, bias })
    }

    /// a = σ(z), an activation.
    #[track_caller]
    pub fn activate(&mut self, z: Var, activation: Activation) -> Var {
        self.record(Op::Activate(activation, z))
    }

    /// u + v, for two values of the same shape.
    #[track_caller]
    pub fn add(&mut self, u: Var, v: Var) -> Var {
        self.record(Op::Add(u, v))
    }

    /// u − v, for two values of the same shape.
    #[track_caller]
    pub fn subtract(&mut self, u: Var, v: Var) -> Var {
        self.record(Op::Subtract(u, v))
    }

    /// u ⊙ v, entry by entry, for two values of the same shape.
    #[track_caller]
    pub fn multiply(&mut self, u: Var, v: Var) -> Var {
        self.record(Op::Multiply(u, v))
    }

    /// u ⊘ v, entry by entry, for two values of the same shape.
    #[track_caller]
    pub fn divide(&mut self, u: Var, v: Var) -> Var {
        self.record(Op::Divide(u, v))
    }

    /// c u, for a constant number c.
    #[track_caller]
    pub fn scale(&mut self, c: T, u: Var) -> Var {
        self.record(Op::Scale(c, u))
    }

    /// e^u, entry by entry.
    #[track_caller]
    pub fn exp(&mut self, u: Var) -> Var {
        self.record(Op::Exp(u))
    }

    /// ln u, entry by entry.
    #[track_caller]
    pub fn ln(&mut self, u: Var) -> Var {
        self.record(Op::Ln(u))
    }

    /// u in the shape of v: a column as every column, or a number as every entry.
    ///
    /// There is no implicit broadcasting: a column or number that is to be repeated is recorded with `broadcast`.
    ///
    /// ```
    /// use nn_autodiff::Tape;
    /// use nn_core::Matrix;
    ///
    /// let mut tape = Tape::new();
    /// let x = tape.input(Matrix::from_rows(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
    /// let shift = tape.parameter(Matrix::from_column(&[10.0, 20.0]));
    /// let shifts = tape.broadcast(shift, x);
    /// let sum = tape.add(x, shifts);
    /// assert_eq!(*tape.value(sum), Matrix::from_rows(&[[11.0, 12.0, 13.0], [24.0, 25.0, 26.0]]));
    /// ```
    ///
    /// # Shapes
    ///
    /// u: n × 1 or 1 × 1, v: n × m → n × m. Only the shape of v is read.
    #[track_caller]
    pub fn broadcast(&mut self, u: Var, v: Var) -> Var {
        self.record(Op::Broadcast(u, v))
    }

    /// uᵀ
    #[track_caller]
    pub fn transpose(&mut self, u: Var) -> Var {
        self.record(Op::Transpose(u))
    }

    /// u v, the matrix product.
    #[track_caller]
    pub fn matmul(&mut self, u: Var, v: Var) -> Var {
        self.record(Op::Matmul(u, v))
    }

    /// Σ u_ij, the sum of all entries, a 1 × 1 matrix.
    #[track_caller]
    pub fn sum(&mut self, u: Var) -> Var {
        self.record(Op::Sum(u))
    }

    /// The mean of all entries u_ij, a 1 × 1 matrix. There is none of a matrix without entries.
    #[track_caller]
    pub fn mean(&mut self, u: Var) -> Var {
        self.record(Op::Mean(u))
    }

    /// J = 1/(2m) Σ (a − y)², [least squares](nn_core::Loss::LeastSquares). The target y depends on no parameter.
    #[track_caller]
    pub fn least_squares(&mut self, a: Var, y: Var) -> Var {
        self.loss_of(Loss::LeastSquares, a, y)
    }

    /// J = −1/m Σ y ln softmax(z), [cross-entropy](nn_core::Loss::CrossEntropy) taken from z. The target y depends on no
    /// parameter; each of its columns sums to 1.
    #[track_caller]
    pub fn cross_entropy(&mut self, z: Var, y: Var) -> Var {
        self.loss_of(Loss::CrossEntropy, z, y)
    }

    /// J = −1/m Σ [y ln sigmoid(z) + (1 − y) ln(1 − sigmoid(z))],
    /// [binary cross-entropy](nn_core::Loss::BinaryCrossEntropy) taken from z. The target y depends on no parameter, and
    /// lies between 0 and 1.
    #[track_caller]
    pub fn binary_cross_entropy(&mut self, z: Var, y: Var) -> Var {
        self.loss_of(Loss::BinaryCrossEntropy, z, y)
    }

    /// The loss of a network whose last activation a = σ(z) is already on the tape. The three losses above
    /// record the same operation, the cross-entropies after their activation.
    ///
    /// # Panics
    ///
    /// Panics if a is not the [activation](Loss::activation) of z that the loss is made for, if y depends on a
    /// parameter or is [not valid as targets](Loss::check_targets), or if the shapes do not fit.
    #[track_caller]
    pub fn loss(&mut self, loss: Loss, z: Var, a: Var, y: Var) -> Var {
        let Some(activation) = loss.activation() else {
            self.index_of(z);
            return self.loss_of(loss, a, y); // Least squares does not read z, of whatever shape.
        };
        self.check_target(loss, a, y);
        let op = self.op(a);
        let is_of_z = matches!(*op, Op::Activate(its_own, of) if its_own == activation && of == z);
        assert!(is_of_z, "{loss}: a is {}, not the {activation} of z", op.name());
        self.record(Op::Loss { loss, z, a, y })
    }

    /// The loss of `output`: a for least squares, z for the cross-entropies.
    #[track_caller]
    fn loss_of(&mut self, loss: Loss, output: Var, y: Var) -> Var {
        self.check_target(loss, output, y); // first, so that nothing is on the tape if it panics
        let a = loss.activation().map_or(output, |activation| self.activate(output, activation));
        self.record(Op::Loss { loss, z: output, a, y })
    }

    #[track_caller]
    fn check_target(&self, loss: Loss, output: Var, y: Var) {
        let (a, target) = (self.value(output), self.value(y));
        assert!(!self.is_tracked(y), "{loss}: the target depends on a parameter; a target is an input");
        if let Err(mismatch) = check_loss(loss, a, target) {
            self.panic_with_operands(&Op::Loss { loss, z: output, a: output, y }, mismatch)
        }
    }

    /// An operation of your own: its forward and its backward rule, given as one [`CustomOp`].
    ///
    /// # Panics
    ///
    /// Also panics if a rule changes the shape of its output.
    #[track_caller]
    pub fn apply(&mut self, operation: impl CustomOp<T> + 'static, operands: &[Var]) -> Var {
        self.record(Op::Custom(Box::new(operation), operands.into()))
    }

    #[track_caller]
    fn record(&mut self, op: Op<T>) -> Var {
        // `fold`, not `any`: `is_tracked` also panics on a `Var` of another tape, and must see every operand.
        let tracked = op.operands().into_iter().fold(false, |tracked, operand| tracked | self.is_tracked(operand));
        let mut value = Matrix::zeros(0, 0);
        // The rule comes first: if it panics, nothing is on the tape.
        if let Err(mismatch) = forward_rule(&op, &self.steps, &mut value) {
            self.panic_with_operands(&op, mismatch)
        }
        self.push(op, tracked, value)
    }

    fn push(&mut self, op: Op<T>, tracked: bool, value: Matrix<T>) -> Var {
        let index = u32::try_from(self.steps.len()).expect("a tape of 2³² steps");
        self.steps.push(Step { op, value, label: None });
        self.adjoints.push(Adjoint { matrix: Matrix::zeros(0, 0), tracked, written: false });
        Var { tape: self.id, index }
    }
}

/// Reading and writing.
impl<T: Scalar> Tape<T> {
    /// The value of the last forward sweep, or of the recording.
    #[track_caller]
    pub fn value(&self, var: Var) -> &Matrix<T> {
        &self.steps[self.index_of(var)].value
    }

    /// Replaces the value of an input or a parameter; [`forward`](Tape::forward) then brings the rest up to date. The
    /// number of columns, the examples of a batch, may change.
    #[track_caller]
    pub fn set<'a>(&mut self, var: Var, value: impl Into<MatrixView<'a, T>>) {
        self.value_mut(var).copy_from(value);
    }

    /// The value of an input or a parameter, to be filled in place or exchanged for another matrix.
    ///
    /// # Panics
    ///
    /// Panics if the value is the result of an operation.
    #[track_caller]
    pub fn value_mut(&mut self, var: Var) -> &mut Matrix<T> {
        let i = self.leaf(var);
        &mut self.steps[i].value
    }

    /// Two different inputs or parameters at once, to be filled in place: a batch and its targets.
    ///
    /// # Panics
    ///
    /// Panics if they are the same, or if one is the result of an operation.
    #[track_caller]
    pub fn values_mut(&mut self, [u, v]: [Var; 2]) -> [&mut Matrix<T>; 2] {
        let (i, j) = (self.leaf(u), self.leaf(v));
        assert!(i != j, "values_mut was given {} twice", self.name(u));
        self.steps.get_disjoint_mut([i, j]).expect("two different indices").map(|step| &mut step.value)
    }

    /// The adjoint v̄ = ∂J/∂v that the last backward sweep found; zero where J does not depend on v.
    ///
    /// A cross-entropy is differentiated directly with respect to z, so it contributes nothing to ā.
    ///
    /// # Panics
    ///
    /// Panics if v depends on no parameter (its adjoint is not computed), or if there has been no backward sweep since
    /// it was recorded.
    #[track_caller]
    pub fn gradient(&self, var: Var) -> &Matrix<T> {
        let (i, name) = (self.index_of(var), || self.name(var));
        assert!(self.is_tracked(var), "gradient of {}: it depends on no parameter; record it as a parameter", name());
        assert!(i < self.swept, "gradient of {}: there was no backward sweep since it was recorded", name());
        &self.adjoints[i].matrix
    }

    /// Every parameter with its gradient, in the order of recording: what an optimiser walks through.
    ///
    /// The gradients are those of the last backward sweep; that of a parameter recorded since then is a 0 × 0 matrix.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = (&mut Matrix<T>, &Matrix<T>)> {
        let parameters = self.steps.iter_mut().zip(&self.adjoints).filter(|(step, _)| matches!(step.op, Op::Parameter));
        parameters.map(|(step, adjoint)| (&mut step.value, &adjoint.matrix))
    }

    /// The recorded values, in order.
    pub fn vars(&self) -> impl Iterator<Item = Var> + use<T> {
        let tape = self.id;
        (0..self.steps.len() as u32).map(move |index| Var { tape, index })
    }

    /// The operation that computed a value.
    #[track_caller]
    pub fn op(&self, var: Var) -> &Op<T> {
        &self.steps[self.index_of(var)].op
    }

    /// Gives a value a name for tables, graphs and messages, such as `W⁽¹⁾`.
    #[track_caller]
    pub fn label(&mut self, var: Var, name: &str) {
        let i = self.index_of(var);
        self.steps[i].label = Some(name.to_owned());
    }

    /// The label of a value, or `v` and its index.
    #[track_caller]
    pub fn name(&self, var: Var) -> String {
        self.steps[self.index_of(var)].label.clone().unwrap_or_else(|| format!("v{}", var.index()))
    }

    /// The index of a `Var`; panics if it is of another tape.
    #[track_caller]
    pub(crate) fn index_of(&self, var: Var) -> usize {
        assert!(var.tape == self.id, "v{} belongs to another tape", var.index());
        var.index()
    }

    /// Whether a value depends on a parameter, or is one.
    #[track_caller]
    pub(crate) fn is_tracked(&self, var: Var) -> bool {
        self.adjoints[self.index_of(var)].tracked
    }

    /// The index of an input or a parameter; panics if the value is a result.
    #[track_caller]
    fn leaf(&self, var: Var) -> usize {
        let i = self.index_of(var);
        if !matches!(self.steps[i].op, Op::Input | Op::Parameter) {
            self.panic_for_result(var)
        }
        i
    }

    #[cold]
    #[track_caller]
    fn panic_for_result(&self, var: Var) -> ! {
        panic!("{} is the result of {}: only inputs and parameters can be set", self.name(var), self.op(var).name())
    }

    /// Panics, with the operation, its equation and the shapes of its operands, or with what is wrong with the targets.
    #[cold]
    #[track_caller]
    fn panic_with_operands(&self, op: &Op<T>, mismatch: Mismatch) -> ! {
        let each = |var: &Var| format!("{} is {}", self.name(*var), self.value(*var).shape());
        let mut operands: Vec<String> = op.operands().iter().map(each).collect();
        operands.dedup();
        match (mismatch, op) {
            (Mismatch::Targets(error), Op::Loss { y, .. }) => panic!("{}: {error}", self.name(*y)),
            _ => panic!("{}: the shapes do not fit {}: {}", op.name(), op.equation(), operands.join(", ")),
        }
    }
}

/// The two sweeps.
impl<T: Scalar> Tape<T> {
    /// Replays the recording: computes every value again, from the inputs and parameters as they are now.
    ///
    /// # Panics
    ///
    /// Panics if a new value does not fit the operations that read it, with the operation and the shapes; or if targets
    /// are not valid for their loss, with the example.
    #[track_caller]
    pub fn forward(&mut self) {
        self.replay(0..self.steps.len());
    }

    /// Replays some of the steps.
    #[track_caller]
    // ANCHOR: replay
    pub(crate) fn replay(&mut self, range: Range<usize>) {
        for i in range {
            // Operands come before their result: the split gives the operands to read and the result to write.
            let (before, rest) = self.steps.split_at_mut(i);
            let Step { op, value, .. } = &mut rest[0];
            if let Err(mismatch) = forward_rule(op, before, value) {
                self.panic_with_operands(&self.steps[i].op, mismatch)
            }
        }
    }
    // ANCHOR_END: replay

    /// Computes the adjoint v̄ = ∂J/∂v of every value v that depends on a parameter.
    ///
    /// J̄ = ∂J/∂J = 1. Then each operation, from the last to the first, adds its terms to the adjoints of its operands, by
    /// the chain rule. A value that is used twice receives two terms, which accumulate: rules.rs
    /// remembers in `Adjoint::written` that there was a first.
    ///
    /// # Panics
    ///
    /// Panics if J is not a 1 × 1 matrix.
    #[track_caller]
    pub fn backward(&mut self, j: Var) {
        self.backward_from(j, T::one());
    }

    /// [`backward`](Tape::backward) with another J̄ than 1, which becomes a factor of every adjoint.
    #[inline(never)] // Both sweeps in one function would be 4 % slower for the smallest networks.
    #[track_caller]
    // ANCHOR: backward
    pub(crate) fn backward_from(&mut self, j: Var, j_bar: T) {
        let shape = self.value(j).shape();
        assert!(shape.rows * shape.columns == 1, "backward from {}, which is {shape}: J must be 1×1", self.name(j));

        // BEGIN SOLUTION 8.1
        self.swept = self.steps.len();
        let Tape { steps, adjoints, scratch, .. } = self;
        let (steps, adjoints) = (&steps[..], &mut adjoints[..]); // Their lengths do not change.
        adjoints.iter_mut().for_each(|adjoint| adjoint.written = false);
        let adjoint = &mut adjoints[j.index()];
        if adjoint.tracked {
            adjoint.written = true;
            adjoint.matrix.resize(1, 1);
            adjoint.matrix[(0, 0)] = j_bar;
        }
        for i in (0..steps.len()).rev() {
            let (before, rest) = adjoints.split_at_mut(i);
            let (Step { op, value, .. }, adjoint) = (&steps[i], &mut rest[0]);
            if adjoint.written {
                let operands = Adjoints { steps, adjoints: before, scratch };
                backward_rule(op, value, &adjoint.matrix, operands);
            } else if adjoint.tracked {
                adjoint.matrix.resize(value.rows(), value.columns());
                adjoint.matrix.fill(T::zero()); // J does not depend on this value.
            }
        }
        // END SOLUTION 8.1
    }
    // ANCHOR_END: backward
}

impl<T: Scalar> Default for Tape<T> {
    fn default() -> Self {
        Self::new()
    }
}
