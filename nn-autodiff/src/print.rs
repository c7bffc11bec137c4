//! A tape to look at: as a table, and as a graph.

use std::fmt;

use nn_core::text::{Align, Table, significant};
use nn_core::{Loss, Matrix, Scalar};

use crate::tape::Step;
use crate::{Op, Tape, Var};

/// A matrix of at most so many entries is printed whole; of a larger one, the length of the vector of its entries.
const WHOLE: usize = 4;

/// The tape as a table: step, operation, operands, shape, value, adjoint.
///
/// An adjoint that the last backward sweep did not write is a dash: J does not depend on that value, or nobody asked.
///
/// Numbers have six significant digits; `{:.3}` asks for three. Matrices are written row after row: `[1 2; 3 4]`. Of
/// those with more than four entries the table gives the norm ‖v‖ = √(Σ v_ij²).
impl<T: Scalar> fmt::Display for Tape<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(6);
        let mut table = Table::new([Align::Left; 6]);
        table.title(["step", "operation", "operands", "shape", "value", "adjoint"]);
        table.rule('─');
        for var in self.vars() {
            let (i, op) = (var.index(), self.op(var));
            let adjoint = if self.is_written(i) { matrix(&self.adjoints[i].matrix, digits) } else { "–".to_owned() };
            let value = self.value(var);
            table.row([
                self.name(i),
                operation(&op),
                self.operands(&op),
                value.shape().to_string(),
                matrix(value, digits),
                adjoint,
            ]);
        }
        writeln!(f, "{table}")
    }
}

impl<T: Scalar> Tape<T> {
    /// Gives a value a name for tables and graphs, such as `W⁽¹⁾`.
    #[track_caller]
    pub fn label(&mut self, var: Var, name: &str) {
        let i = self.place(var);
        self.steps[i].label = Some(name.to_owned());
    }

    /// The tape as a graph in Graphviz's language DOT: `dot -Tsvg` draws it. Inputs are boxes, parameters are shaded.
    pub fn to_dot(&self) -> String {
        let mut dot = String::from("digraph tape {\n  rankdir=LR;\n  node [shape=ellipse, fontname=\"sans-serif\"];\n");
        for var in self.vars() {
            let op = self.op(var);
            let style = match op {
                Op::Input => ", shape=box",
                Op::Parameter => ", shape=box, style=filled, fillcolor=lightgrey",
                _ => "",
            };
            let caption = self.caption(var.index(), &op);
            let caption = caption.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            dot += &format!("  v{} [label=\"{caption}\"{style}];\n", var.index());
        }
        for (from, to) in self.edges() {
            dot += &format!("  v{from} -> v{to};\n");
        }
        dot + "}\n"
    }

    /// The tape as a graph in the language of Mermaid, which Markdown pages draw.
    pub fn to_mermaid(&self) -> String {
        let mut mermaid = String::from("graph LR\n");
        for var in self.vars() {
            let op = self.op(var);
            let caption = self.caption(var.index(), &op).replace('"', "#quot;").replace('\n', "<br>");
            let (open, close) = match op {
                Op::Input => ("[", "]"),
                Op::Parameter => ("[[", "]]"),
                _ => ("([", "])"),
            };
            mermaid += &format!("  v{}{open}\"{caption}\"{close}\n", var.index());
        }
        for (from, to) in self.edges() {
            mermaid += &format!("  v{from} --> v{to}\n");
        }
        mermaid
    }

    /// The label of step `i`, or `v` and its number.
    pub(crate) fn name(&self, i: usize) -> String {
        name(&self.steps, i)
    }

    /// Step `i` is the result of an operation, where an input or a parameter is wanted.
    #[cold]
    #[track_caller]
    pub(crate) fn is_a_result(&self, i: usize) -> ! {
        let operation = self.steps[i].op.name();
        panic!("{} is the result of {operation}: only inputs and parameters can be set", self.name(i));
    }

    fn caption(&self, i: usize, op: &Op<T>) -> String {
        format!("{}\n{} {}", self.name(i), operation(op), self.steps[i].value.shape())
    }

    fn edges(&self) -> impl Iterator<Item = (usize, usize)> {
        self.vars().flat_map(|to| self.op(to).operands().map(move |from| (from.index(), to.index())))
    }

    fn operands(&self, op: &Op<T>) -> String {
        op.operands().map(|operand| self.name(operand.index())).collect::<Vec<_>>().join(", ")
    }
}

/// The label of step `i`, or `v` and its number.
fn name<T>(steps: &[Step<T>], i: usize) -> String {
    steps[i].label.clone().unwrap_or_else(|| format!("v{i}"))
}

/// Unless the operands of an operation fit, says which operation was given which shapes.
#[inline]
#[track_caller]
pub(crate) fn assert_fits<T: Scalar>(fits: bool, op: &Op<T>, steps: &[Step<T>]) {
    if !fits {
        does_not_fit(op, steps)
    }
}

#[cold]
#[track_caller]
fn does_not_fit<T: Scalar>(op: &Op<T>, steps: &[Step<T>]) -> ! {
    let each = |var: Var| format!("{} is {}", name(steps, var.index()), steps[var.index()].value.shape());
    let mut operands: Vec<String> = op.operands().map(each).collect();
    operands.dedup();
    panic!("{}: the shapes do not fit {}: {}", op.name(), op.equation(), operands.join(", "));
}

/// What a step is called.
impl<T> Op<T> {
    /// The name in tables, graphs and messages.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Input => "input",
            Op::Parameter => "parameter",
            Op::Affine { .. } => "affine",
            Op::Activate(activation, _) => activation.name(),
            Op::Add(..) => "add",
            Op::Multiply(..) => "multiply",
            Op::Scale(..) => "scale",
            Op::Transpose(_) => "transpose",
            Op::Matmul(..) => "matmul",
            Op::Sum(_) => "sum",
            Op::Cost { loss, .. } => loss.name(),
        }
    }

    /// What it computes, in the letters of its operands, for messages.
    pub fn equation(&self) -> &'static str {
        match self {
            Op::Input | Op::Parameter => "v",
            Op::Affine { .. } => "z = W a + b 1ᵀ",
            Op::Activate(..) => "a = σ(z)",
            Op::Add(..) => "u + v",
            Op::Multiply(..) => "u ⊙ v",
            Op::Scale(..) => "c u",
            Op::Transpose(_) => "uᵀ",
            Op::Matmul(..) => "u v",
            Op::Sum(_) => "Σ u",
            Op::Cost { loss: Loss::LeastSquares, .. } => "J = 1/(2m) Σ (a − y)²",
            Op::Cost { loss: Loss::CrossEntropy, .. } => "J = −1/m Σ y ln softmax(z)",
            Op::Cost { loss: Loss::BinaryCrossEntropy, .. } => "J = −1/m Σ [y ln σ(z) + (1 − y) ln(1 − σ(z))]",
        }
    }
}

/// The name of an operation, with the constant of `scale`.
fn operation<T: Scalar>(op: &Op<T>) -> String {
    match op {
        Op::Scale(c, _) => format!("scale by {}", significant(c.to_f64(), 6)),
        _ => op.name().to_owned(),
    }
}

fn matrix<T: Scalar>(matrix: &Matrix<T>, digits: usize) -> String {
    let entries = matrix.as_slice();
    match entries {
        [] => "[]".to_owned(),
        [single] => significant(single.to_f64(), digits),
        _ if entries.len() > WHOLE => {
            let norm = entries.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt();
            format!("‖·‖ = {}", significant(norm, digits))
        }
        _ => {
            let row = |i| matrix.row_iter(i).map(|x| significant(x.to_f64(), digits)).collect::<Vec<_>>().join(" ");
            format!("[{}]", (0..matrix.rows()).map(row).collect::<Vec<_>>().join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_of_four_entries_are_whole_and_of_five_a_norm() {
        let text = |rows: usize, columns: usize| {
            matrix(&Matrix::<f64>::from_fn(rows, columns, |i, j| (1 + i * columns + j) as f64), 6)
        };
        assert_eq!(text(1, 1), "1");
        assert_eq!(text(2, 1), "[1; 2]");
        assert_eq!(text(2, 2), "[1 2; 3 4]");
        assert_eq!(text(1, 4), "[1 2 3 4]");
        assert_eq!(text(1, 5), "‖·‖ = 7.4162"); // √55 = 7.416198…
        assert_eq!(text(3, 0), "[]");
    }
}
