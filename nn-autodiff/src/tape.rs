//! The engine: recording, the forward sweep, the backward sweep.

use std::num::NonZero;
use std::sync::atomic::{AtomicU32, Ordering};

use nn_core::{Activation, Loss, Matrix, MatrixView, Scalar, Write, affine, matmul, sum, sum_columns};

use crate::{Op, print::assert_fits};

/// A value on a tape: its place in the list.
///
/// It is a plain index, cheap to copy, and knows which tape it belongs to, so that a `Var` from elsewhere is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Var {
    tape: u32,
    index: u32,
}

impl Var {
    /// The place in the list, counted from 0. Operands have smaller places than their result.
    #[inline]
    pub fn index(self) -> usize {
        self.index as usize
    }
}

/// A recorded computation, its values, and the derivatives of its last cost.
///
/// The front page of the [crate](crate) shows one at work; `println!("{tape}")` prints it as a table.
#[derive(Debug)]
// ANCHOR: tape
pub struct Tape<T> {
    id: u32,
    pub(crate) steps: Vec<Step<T>>,
    pub(crate) adjoints: Vec<Adjoint<T>>,
    /// How many steps there were at the last backward sweep: later ones have no adjoint yet.
    swept: usize,
    /// The last backward sweep.
    sweep: Sweep,
    /// Where a term is computed before it is added to an adjoint that already holds others.
    scratch: Matrix<T>,
}

/// What was done, and the result.
#[derive(Debug)]
pub(crate) struct Step<T> {
    pub(crate) op: Op<T>,
    pub(crate) value: Matrix<T>,
    /// Its name in tables and messages, if it was given one.
    pub(crate) label: Option<String>,
}

/// The adjoint v̄ = ∂J/∂v of a value v, after a backward sweep.
#[derive(Debug)]
pub(crate) struct Adjoint<T> {
    pub(crate) matrix: Matrix<T>,
    /// The last backward sweep that wrote a term of it. `None` if v depends on no parameter: nobody computes its adjoint.
    written: Option<Sweep>,
}

/// Backward sweeps are counted, so that each finds out what it has written itself. 1 is before the first.
type Sweep = NonZero<u64>;
// ANCHOR_END: tape

/// Recording. Each method computes its value at once and returns its place.
impl<T: Scalar> Tape<T> {
    /// An empty tape.
    pub fn new() -> Self {
        static NEXT_ID: AtomicU32 = AtomicU32::new(0);
        Tape {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            steps: Vec::new(),
            adjoints: Vec::new(),
            swept: 0,
            sweep: Sweep::MIN,
            scratch: Matrix::zeros(0, 0),
        }
    }

    /// A constant: data. No derivative with respect to it is computed; who wants ∂J/∂x records x as a
    /// [`parameter`](Tape::parameter).
    pub fn input(&mut self, value: Matrix<T>) -> Var {
        self.push(Op::Input, false, value)
    }

    /// A value whose gradient is wanted: weights, biases.
    pub fn parameter(&mut self, value: Matrix<T>) -> Var {
        self.push(Op::Parameter, true, value)
    }

    /// z = W a + b 1ᵀ, the affine map of a layer.
    ///
    /// # Shapes
    ///
    /// W: n_l × n_{l−1}, a: n_{l−1} × m, b: n_l × 1 → z: n_l × m.
    ///
    /// # Panics
    ///
    /// This and every other recording method panics if the shapes do not fit, or if a `Var` belongs to another tape.
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

    /// u ⊙ v, entry by entry, for two values of the same shape.
    #[track_caller]
    pub fn multiply(&mut self, u: Var, v: Var) -> Var {
        self.record(Op::Multiply(u, v))
    }

    /// c u, for a constant number c.
    #[track_caller]
    pub fn scale(&mut self, c: T, u: Var) -> Var {
        self.record(Op::Scale(c, u))
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

    /// J = 1/(2m) Σ (a − y)², [least squares](nn_core::Loss::LeastSquares). The target y is an input.
    #[track_caller]
    pub fn least_squares(&mut self, a: Var, y: Var) -> Var {
        self.cost_of(Loss::LeastSquares, a, y)
    }

    /// J = −1/m Σ y ln softmax(z), [cross-entropy](nn_core::Loss::CrossEntropy) taken from z. The target y is an input.
    #[track_caller]
    pub fn cross_entropy(&mut self, z: Var, y: Var) -> Var {
        self.cost_of(Loss::CrossEntropy, z, y)
    }

    /// J = −1/m Σ [y ln sigmoid(z) + (1 − y) ln(1 − sigmoid(z))],
    /// [binary cross-entropy](nn_core::Loss::BinaryCrossEntropy) taken from z. The target y is an input.
    #[track_caller]
    pub fn binary_cross_entropy(&mut self, z: Var, y: Var) -> Var {
        self.cost_of(Loss::BinaryCrossEntropy, z, y)
    }

    /// The cost of a network whose last activation a = σ(z) is already on the tape. The three costs above are this.
    ///
    /// # Panics
    ///
    /// Panics if a is not the [activation](Loss::activation) of z that the cost is made for, if y depends on a
    /// parameter, or if the shapes do not fit.
    #[track_caller]
    pub fn cost(&mut self, loss: Loss, z: Var, a: Var, y: Var) -> Var {
        self.check_target(loss, a, y);
        let Some(activation) = loss.activation() else {
            self.place(z);
            return self.record(Op::Cost { loss, z: a, a, y }); // Least squares does not read z, of whatever shape.
        };
        let op = self.op(a);
        assert!(op == Op::Activate(activation, z), "{loss}: a is {}, not the {activation} of z", op.name());
        self.record(Op::Cost { loss, z, a, y })
    }

    /// The cost of what it is a function of: a for least squares, z for the cross-entropies.
    #[track_caller]
    fn cost_of(&mut self, loss: Loss, output: Var, y: Var) -> Var {
        // Whatever does not fit is found before the activation is on the tape.
        self.check_target(loss, output, y);
        let a = loss.activation().map_or(output, |activation| self.activate(output, activation));
        self.cost(loss, output, a, y)
    }

    #[track_caller]
    fn check_target(&self, loss: Loss, output: Var, y: Var) {
        self.place(output);
        assert!(!self.is_tracked(y), "{loss}: the target depends on a parameter; a target is an input");
        let fits = cost_fits(&self.steps[output.index()].value, &self.steps[y.index()].value);
        assert_fits(fits, &Op::Cost { loss, z: output, a: output, y }, &self.steps);
    }

    #[track_caller]
    fn record(&mut self, op: Op<T>) -> Var {
        // Not `any`, which would not ask every operand whether it is of this tape.
        let tracked = op.operands().fold(false, |tracked, operand| tracked | self.is_tracked(operand));
        // The step is on the tape when its value is there: who catches a panic finds the tape as it was.
        let mut value = Matrix::zeros(0, 0);
        compute(&op, &self.steps, &mut value);
        self.push(op, tracked, value)
    }

    fn push(&mut self, op: Op<T>, tracked: bool, value: Matrix<T>) -> Var {
        let index = u32::try_from(self.steps.len()).expect("a tape of 2³² steps");
        self.steps.push(Step { op, value, label: None });
        self.adjoints.push(Adjoint { matrix: Matrix::zeros(0, 0), written: tracked.then_some(Sweep::MIN) });
        Var { tape: self.id, index }
    }
}

/// Reading and writing.
impl<T: Scalar> Tape<T> {
    /// The value of the last forward sweep, or of the recording.
    #[track_caller]
    pub fn value(&self, var: Var) -> &Matrix<T> {
        &self.steps[self.place(var)].value
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
        assert!(i != j, "the same value, {}, twice", self.name(i));
        self.steps.get_disjoint_mut([i, j]).expect("two different places of the tape").map(|step| &mut step.value)
    }

    /// The adjoint v̄ = ∂J/∂v that the last backward sweep found; zero where J does not depend on v.
    ///
    /// The cross-entropies are functions of z, differentiated past a = σ(z) in one step: they add nothing to ā.
    ///
    /// # Panics
    ///
    /// Panics if v depends on no parameter (its adjoint is not computed), or if there has been no backward sweep since
    /// it was recorded.
    #[track_caller]
    pub fn gradient(&self, var: Var) -> &Matrix<T> {
        let i = self.place(var);
        let name = || self.name(i);
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

    /// What was done to compute a value.
    #[track_caller]
    pub fn op(&self, var: Var) -> Op<T> {
        self.steps[self.place(var)].op
    }

    /// The place of a `Var` of this tape.
    #[track_caller]
    pub(crate) fn place(&self, var: Var) -> usize {
        assert!(var.tape == self.id, "v{} belongs to another tape", var.index());
        var.index()
    }

    /// Whether the last backward sweep wrote a term of the adjoint of step `i`. Where it wrote none, the adjoint is zero.
    pub(crate) fn is_written(&self, i: usize) -> bool {
        self.sweep > Sweep::MIN && self.adjoints[i].written == Some(self.sweep)
    }

    #[track_caller]
    fn is_tracked(&self, var: Var) -> bool {
        self.adjoints[self.place(var)].written.is_some()
    }

    /// The place of an input or a parameter.
    #[track_caller]
    fn leaf(&self, var: Var) -> usize {
        let i = self.place(var);
        if !matches!(self.steps[i].op, Op::Input | Op::Parameter) {
            self.is_a_result(i)
        }
        i
    }
}

/// The two sweeps.
impl<T: Scalar> Tape<T> {
    /// Replays the recording: computes every value again, from the inputs and parameters as they are now.
    ///
    /// # Panics
    ///
    /// Panics if a new value does not fit the operations that read it, with the operation and the shapes.
    #[track_caller]
    pub fn forward(&mut self) {
        for i in 0..self.steps.len() {
            // Operands stand before their result: this split gives the ones to read and the other to write.
            let (before, rest) = self.steps.split_at_mut(i);
            let Step { op, value, .. } = &mut rest[0];
            compute(op, before, value);
        }
    }

    /// Computes the adjoint v̄ = ∂J/∂v of every value v that depends on a parameter.
    ///
    /// J̄ = ∂J/∂J = 1. Then each operation, from the last to the first, hands the adjoint of its result on to its
    /// operands by the chain rule. A value that is used twice receives two terms: they are added.
    ///
    /// # Panics
    ///
    /// Panics if J is not a 1 × 1 matrix.
    #[track_caller]
    // ANCHOR: backward
    pub fn backward(&mut self, j: Var) {
        let last = self.place(j);
        let shape = self.steps[last].value.shape();
        assert!(shape.rows * shape.columns == 1, "backward from {}, which is {shape}: J must be 1×1", self.name(last));

        let sweep = self.sweep.saturating_add(1);
        (self.swept, self.sweep) = (self.steps.len(), sweep);
        let Tape { steps, adjoints, scratch, .. } = self;
        let (steps, adjoints) = (&steps[..], &mut adjoints[..]); // whose lengths are checked once
        let j = &mut adjoints[last];
        if let Some(written) = &mut j.written {
            *written = sweep;
            j.matrix.resize(1, 1);
            j.matrix[(0, 0)] = T::one(); // J̄ = ∂J/∂J
        }
        for i in (0..steps.len()).rev() {
            let (before, rest) = adjoints.split_at_mut(i);
            let (step, adjoint) = (&steps[i], &mut rest[0]);
            if adjoint.written == Some(sweep) {
                let operands = Operands { steps: &steps[..i], adjoints: before, sweep };
                hand_on(step, &adjoint.matrix, operands, scratch);
            } else if adjoint.written.is_some() {
                adjoint.matrix.resize(step.value.rows(), step.value.columns());
                adjoint.matrix.fill(T::zero()); // J does not depend on this value.
            }
        }
    }
    // ANCHOR_END: backward
}

/// value ← the result of an operation on values that stand before it. An input or a parameter has its value.
#[inline(always)]
#[track_caller]
// ANCHOR: compute
fn compute<T: Scalar>(op: &Op<T>, before: &[Step<T>], value: &mut Matrix<T>) {
    let of = |var: Var| &before[var.index()].value;
    match *op {
        Op::Input | Op::Parameter => {}
        Op::Affine { weight, a, bias } => {
            let (w, a, b) = (of(weight), of(a), of(bias));
            assert_fits(w.columns() == a.rows() && b.rows() == w.rows() && b.columns() == 1, op, before);
            value.resize(w.rows(), a.columns());
            affine(w, a, b, value); // z = W a + b 1ᵀ
        }
        Op::Activate(activation, z) => {
            value.resize(of(z).rows(), of(z).columns());
            activation.apply(of(z), value); // a = σ(z)
        }
        Op::Add(u, v) => {
            assert_fits(of(u).shape() == of(v).shape(), op, before);
            write_each(Write::Replace, value, of(u), of(v), |u, v| u + v);
        }
        Op::Multiply(u, v) => {
            assert_fits(of(u).shape() == of(v).shape(), op, before);
            write_each(Write::Replace, value, of(u), of(v), |u, v| u * v); // u ⊙ v
        }
        Op::Scale(c, u) => write_each(Write::Replace, value, of(u), of(u), |u, _| c * u),
        Op::Transpose(u) => value.copy_from(of(u).t()),
        Op::Matmul(u, v) => {
            assert_fits(of(u).columns() == of(v).rows(), op, before);
            value.resize(of(u).rows(), of(v).columns());
            matmul(of(u), of(v), Write::Replace, value);
        }
        Op::Sum(u) => {
            value.resize(1, 1);
            value[(0, 0)] = sum(of(u).as_slice());
        }
        Op::Cost { loss, z, a, y } => {
            assert_fits(cost_fits(of(a), of(y)), op, before);
            value.resize(1, 1);
            value[(0, 0)] = loss.value(of(z), of(a), of(y)); // J
        }
    }
}
// ANCHOR_END: compute

/// Whether there is a cost of an output a, whose shape is that of z, and targets y. A mean over nothing is no number.
fn cost_fits<T: Scalar>(a: &Matrix<T>, y: &Matrix<T>) -> bool {
    a.shape() == y.shape() && y.rows() > 0 && y.columns() > 0
}

/// The chain rule through one step: adds to each operand's adjoint what the adjoint of the result says.
#[inline(always)]
// ANCHOR: hand_on
fn hand_on<T: Scalar>(step: &Step<T>, result: &Matrix<T>, mut operands: Operands<'_, T>, scratch: &mut Matrix<T>) {
    let steps = operands.steps; // which come before the result
    let of = |var: Var| &steps[var.index()].value;
    match step.op {
        Op::Input | Op::Parameter => {}
        Op::Affine { weight, a, bias } => {
            operands.add(weight, |write, w| matmul(result, of(a).t(), write, w)); // W̄ = z̄ aᵀ
            operands.add(bias, |write, b| sum_columns(result, write, b)); // b̄ = z̄ 1
            operands.add(a, |write, a| matmul(of(weight).t(), result, write, a)); // ā = Wᵀ z̄
        }
        Op::Activate(activation, z) => operands.add_by_way_of(scratch, z, |z| {
            activation.backward_into(&step.value, result, z); // z̄ = ā ⊙ σ′(z)
        }),
        Op::Add(u, v) => {
            operands.add(u, |write, u| write_each(write, u, result, result, |r, _| r)); // ū = r̄
            operands.add(v, |write, v| write_each(write, v, result, result, |r, _| r)); // v̄ = r̄
        }
        Op::Multiply(u, v) => {
            operands.add(u, |write, u| write_each(write, u, result, of(v), |r, v| r * v)); // ū = r̄ ⊙ v
            operands.add(v, |write, v| write_each(write, v, result, of(u), |r, u| r * u)); // v̄ = r̄ ⊙ u
        }
        // ū = c r̄
        Op::Scale(c, u) => operands.add(u, |write, u| write_each(write, u, result, result, |r, _| c * r)),
        Op::Transpose(u) => operands.add_by_way_of(scratch, u, |u| u.copy_from(result.t())), // ū = r̄ᵀ
        Op::Matmul(u, v) => {
            operands.add(u, |write, u| matmul(result, of(v).t(), write, u)); // ū = r̄ vᵀ
            operands.add(v, |write, v| matmul(of(u).t(), result, write, v)); // v̄ = uᵀ r̄
        }
        // ū_ij = r̄
        Op::Sum(u) => operands.add(u, |write, out| write_each(write, out, of(u), of(u), |_, _| result[(0, 0)])),
        Op::Cost { loss, z, a, y } => {
            // Least squares is a function of a, the cross-entropies of z.
            let output = if loss.activation().is_some() { z } else { a };
            // Moved: a closure that borrows what all arms use would have every step write it to memory.
            operands.add_by_way_of(scratch, output, move |gradient| {
                loss.gradient(of(z), of(a), of(y), gradient);
                let j = result[(0, 0)];
                if j != T::one() {
                    gradient.map_in_place(|g| g * j); // ∂J/∂output · J̄
                }
            });
        }
    }
}
// ANCHOR_END: hand_on

/// The adjoints of the values before the step that is being undone.
struct Operands<'a, T> {
    steps: &'a [Step<T>],
    adjoints: &'a mut [Adjoint<T>],
    sweep: Sweep,
}

impl<T: Scalar> Operands<'_, T> {
    /// Lets `term` write a term of the adjoint of `var`: the first replaces what an earlier sweep left, the others
    /// are added. A constant has no adjoint, and its term is not computed.
    // ANCHOR: add
    fn add(&mut self, var: Var, term: impl FnOnce(Write, &mut Matrix<T>)) {
        let i = var.index();
        let adjoint = &mut self.adjoints[i];
        if let Some(written) = &mut adjoint.written {
            let write = if *written == self.sweep { Write::Add } else { Write::Replace };
            *written = self.sweep;
            adjoint.matrix.resize(self.steps[i].value.rows(), self.steps[i].value.columns());
            term(write, &mut adjoint.matrix);
        }
    }
    // ANCHOR_END: add

    /// The same for a `term` that can only replace: where there are terms already, it writes into `scratch`.
    fn add_by_way_of(&mut self, scratch: &mut Matrix<T>, var: Var, term: impl FnOnce(&mut Matrix<T>)) {
        self.add(var, |write, adjoint| match write {
            Write::Replace => term(adjoint),
            Write::Add => {
                scratch.resize(adjoint.rows(), adjoint.columns());
                term(scratch);
                write_each(Write::Add, adjoint, scratch, scratch, |term, _| term);
            }
        });
    }
}

/// out ← f(u, v), or out ← out + f(u, v), entry by entry, for u and v of the same shape.
fn write_each<T: Scalar>(write: Write, out: &mut Matrix<T>, u: &Matrix<T>, v: &Matrix<T>, f: impl Fn(T, T) -> T) {
    out.resize(u.rows(), u.columns());
    let entries = out.as_mut_slice().iter_mut().zip(u.as_slice().iter().zip(v.as_slice()));
    match write {
        Write::Replace => entries.for_each(|(out, (&u, &v))| *out = f(u, v)),
        Write::Add => entries.for_each(|(out, (&u, &v))| *out += f(u, v)),
    }
}

impl<T: Scalar> Default for Tape<T> {
    fn default() -> Self {
        Self::new()
    }
}
