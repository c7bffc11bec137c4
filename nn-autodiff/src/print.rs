//! A tape to look at: as a table, and as a graph.

use std::fmt;

use nn_core::{Matrix, Scalar};

use crate::op::{Op, Var};
use crate::tape::Tape;

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
        let mut lines = vec![["step", "operation", "operands", "shape", "value", "adjoint"].map(str::to_owned)];
        for var in self.vars() {
            let (op, value, adjoint) = (self.op(var), self.value(var), &self.adjoints[var.index()]);
            let adjoint = if adjoint.written { matrix(&adjoint.matrix, digits) } else { "–".to_owned() };
            let operands: Vec<String> = op.operands().into_iter().map(|operand| self.name(operand)).collect();
            lines.push([
                self.name(var),
                operation(op),
                operands.join(", "),
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
        Op::Scale(c, _) => format!("scale by {}", number(c.to_f64(), 6)),
        _ => op.name().to_owned(),
    }
}

fn matrix<T: Scalar>(matrix: &Matrix<T>, digits: usize) -> String {
    let entries = matrix.as_slice();
    match entries {
        [] => "[]".to_owned(),
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
    if x == 0.0 {
        return "0".to_owned(); // A table has no use for −0.
    }
    if !x.is_finite() {
        return x.to_string();
    }
    let digits = digits.max(1);
    // Rounding comes first: it decides whether 9.9999996 has one digit before the point or two.
    let scientific = format!("{x:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("the form of {:e}");
    let exponent: i32 = exponent.parse().expect("the form of {:e}");
    let decimals = digits as i32 - 1 - exponent;
    // Below 0.0001 a power of ten is easier to read; where the digits end before the point it is needed.
    match usize::try_from(decimals) {
        Ok(decimals) if exponent >= -4 => trim(&format!("{x:.decimals$}")).to_owned(),
        _ => format!("{}e{exponent}", trim(mantissa)),
    }
}

/// Leaves out the zeros at the end of a decimal fraction.
fn trim(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_digits_as_asked_for_and_no_zeros_at_the_end() {
        for (x, digits, text) in [
            (0.3775, 6, "0.3775"),
            (1.105_905_967, 6, "1.10591"),
            (-1.105_905_967, 3, "-1.11"),
            (1.105_905_967, 1, "1"),
            (1.105_905_967, 0, "1"),
            (0.0, 6, "0"),
            (-0.0, 6, "0"),
            (100.0, 6, "100"),
            (f64::INFINITY, 6, "inf"),
            (f64::NEG_INFINITY, 6, "-inf"),
            (f64::NAN, 6, "NaN"),
        ] {
            assert_eq!(number(x, digits), text, "{x:e} with {digits} digits");
        }
    }

    #[test]
    fn powers_of_ten_begin_below_a_ten_thousandth_and_where_the_digits_end() {
        for (x, digits, text) in [
            (0.000_123_456_789, 6, "0.000123457"),
            (0.000_012_345_678_9, 6, "1.23457e-5"),
            (-2.5e-9, 6, "-2.5e-9"),
            (123_456.4, 6, "123456"),
            (1_234_567.0, 6, "1.23457e6"),
            (1e6, 6, "1e6"),
            (1e5, 6, "100000"),
            (123.4, 3, "123"),
            (1234.0, 3, "1.23e3"),
            (7.0, 0, "7"),
            (70.0, 0, "7e1"),
        ] {
            assert_eq!(number(x, digits), text, "{x:e} with {digits} digits");
        }
    }

    #[test]
    fn rounding_comes_before_the_choice() {
        for (x, digits, text) in
            [(999_999.6, 6, "1e6"), (0.000_099_999_99, 6, "0.0001"), (9.999_999_6, 6, "10"), (0.999_999_96, 6, "1")]
        {
            assert_eq!(number(x, digits), text, "{x:e} with {digits} digits");
        }
    }

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
