//! A tape to look at: as a table, and as a graph.

use std::fmt;

use nn_core::{Matrix, Scalar};

use crate::{Op, Tape};

/// A matrix of at most so many entries is printed whole; of a larger one, the length of the vector of its entries.
const WHOLE: usize = 4;

/// The tape as a table: step, operation, operands, shape, value, adjoint.
///
/// Numbers have six significant digits; `{:.3}` asks for three. Matrices are written row after row: `[1 2; 3 4]`. Of
/// those with more than four entries the table gives the norm ‖v‖ = √(Σ v_ij²).
impl<T: Scalar> fmt::Display for Tape<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(6);
        let mut lines = vec![["step", "operation", "operands", "shape", "value", "adjoint"].map(str::to_owned)];
        for var in self.vars() {
            let (i, op) = (var.index(), self.op(var));
            let adjoint = self.written_adjoint(i).map_or("–".to_owned(), |adjoint| matrix(adjoint, digits));
            let value = self.value(var);
            lines.push([
                self.name(i),
                operation(&op),
                self.operands(&op),
                value.shape().to_string(),
                matrix(value, digits),
                adjoint,
            ]);
        }
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        for (n, line) in lines.iter().enumerate() {
            let cells: Vec<String> = line.iter().zip(widths).map(|(cell, w)| format!("{cell:<w$}")).collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
            if n == 0 {
                writeln!(f, "{}", widths.map(|w| "─".repeat(w)).join("  "))?;
            }
        }
        Ok(())
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
            dot += &format!(
                "  v{} [label=\"{}\"{style}];\n",
                var.index(),
                self.caption(var.index(), &op, "\\n").replace('"', "\\\"")
            );
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
            let caption = self.caption(var.index(), &op, "<br>").replace('"', "#quot;");
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

    fn caption(&self, i: usize, op: &Op<T>, newline: &str) -> String {
        format!("{}{newline}{} {}", self.name(i), operation(op), self.shape(i))
    }

    fn edges(&self) -> impl Iterator<Item = (usize, usize)> {
        self.vars().flat_map(|to| self.op(to).operands().map(move |from| (from.index(), to.index())))
    }

    fn operands(&self, op: &Op<T>) -> String {
        op.operands().map(|operand| self.name(operand.index())).collect::<Vec<_>>().join(", ")
    }
}

/// The name of an operation, with the constant of `scale`.
fn operation<T: Scalar>(op: &Op<T>) -> String {
    match op {
        Op::Scale(c, _) => format!("scale by {}", number(c.to_f64(), 6)),
        _ => op.name().to_owned(),
    }
}

fn matrix<T: Scalar>(matrix: &Matrix<T>, digits: usize) -> String {
    let entries = matrix.as_slice();
    match entries {
        [single] => number(single.to_f64(), digits),
        _ if entries.len() > WHOLE => {
            let norm = entries.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt();
            format!("‖·‖ = {}", number(norm, digits))
        }
        _ => {
            let row = |i| matrix.row_iter(i).map(|x| number(x.to_f64(), digits)).collect::<Vec<_>>().join(" ");
            format!("[{}]", (0..matrix.rows()).map(row).collect::<Vec<_>>().join("; "))
        }
    }
}

/// A number with so many significant digits, without trailing zeros: 0.3775, 1.10591, -2.5e-9.
fn number(x: f64, digits: usize) -> String {
    if x == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    let scientific = format!("{x:.*e}", digits.max(1) - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("the form of {:e}");
    let exponent: i32 = exponent.parse().expect("the form of {:e}");
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..digits as i32).contains(&exponent) {
        trim(&format!("{x:.*}", (digits as i32 - 1 - exponent).max(0) as usize))
    } else {
        format!("{}e{exponent}", trim(mantissa))
    }
}
