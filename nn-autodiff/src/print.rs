//! Printing a tape: as a table, and as a graph.

use std::fmt;

use nn_core::text::{Align, Table, significant};
use nn_core::{Matrix, Scalar};

use crate::op::{Op, Var};
use crate::tape::Tape;

/// A matrix with at most this many entries is printed in full, a larger one as its norm.
const MAX_PRINTED_ENTRIES: usize = 4;

/// The tape as a table: step, operation, operands, shape, value, adjoint.
///
/// A dash stands for an adjoint that the last backward sweep did not write: J does not depend on that value, or the value
/// depends on no parameter.
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
            let (op, value, adjoint) = (self.op(var), self.value(var), &self.adjoints[var.index()]);
            let adjoint = if adjoint.written { matrix(&adjoint.matrix, digits) } else { "–".to_owned() };
            let operands: Vec<String> = op.operands().into_iter().map(|operand| self.name(operand)).collect();
            table.row([
                self.name(var),
                operation(op),
                operands.join(", "),
                value.shape().to_string(),
                matrix(value, digits),
                adjoint,
            ]);
        }
        writeln!(f, "{table}")
    }
}

impl<T: Scalar> Tape<T> {
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
            let caption = self.caption(var);
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
            let caption = self.caption(var).replace('"', "#quot;").replace('\n', "<br>");
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

    fn caption(&self, var: Var) -> String {
        format!("{}\n{} {}", self.name(var), operation(self.op(var)), self.value(var).shape())
    }

    /// From each operand to its result.
    fn edges(&self) -> impl Iterator<Item = (usize, usize)> {
        let operands = |to: Var| self.op(to).operands().into_iter();
        self.vars().flat_map(move |to| operands(to).map(move |from| (from.index(), to.index())))
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
        _ if entries.len() > MAX_PRINTED_ENTRIES => {
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
