//! An expression as a tree, and its printer.

use std::ops::{Add, Div, Mul, Sub};

use nn_core::text::on_paper;

/// An expression in letters or in numbers. An equation is one too: its operator is `=` or `←`.
#[derive(Clone, Debug)]
pub(crate) enum Expr {
    /// Printed with six significant digits.
    Number(f64),
    /// Printed as it is, with its indices and its layer: `wₖᵢ⁽²⁾`.
    Letter(String),
    /// Two operands and the operator between them. A space is the product of letters: `W a`.
    Binary(Box<Expr>, char, Box<Expr>),
    /// A prefix, an operand, a suffix, and the precedence class: `·` for a sign and for Σ, `^` for a power and for an
    /// exponent, `(` for parentheses.
    Around(&'static str, Box<Expr>, &'static str, char),
}

pub(crate) fn letter(letter: impl Into<String>) -> Expr {
    Expr::Letter(letter.into())
}

/// The sum of the terms, and 0 if there are none.
pub(crate) fn total(terms: impl Iterator<Item = Expr>) -> Expr {
    terms.reduce(Expr::add).unwrap_or(Expr::Number(0.0))
}

impl Expr {
    pub(crate) fn minus(self) -> Expr {
        Expr::Around("−", Box::new(self), "", '·')
    }

    /// With a summation sign in front: `Σₖ `.
    pub(crate) fn sum(self, sigma: &'static str) -> Expr {
        Expr::Around(sigma, Box::new(self), "", '·')
    }

    pub(crate) fn exp(self) -> Expr {
        Expr::Around("e^", Box::new(self), "", '^')
    }

    pub(crate) fn squared(self) -> Expr {
        Expr::Around("", Box::new(self), "²", '^')
    }

    /// A function, named with its parenthesis: `tanh(`.
    pub(crate) fn call(self, function: &'static str) -> Expr {
        Expr::Around(function, Box::new(self), ")", '(')
    }

    pub(crate) fn is(self, right: Expr) -> Expr {
        self.binary('=', right)
    }

    /// Two operands as on paper: u + (−v) becomes u − v, and a product with a number has a dot.
    pub(crate) fn binary(self, operator: char, right: Expr) -> Expr {
        let is_number = |operand: &Expr| matches!(operand, Expr::Number(_));
        let (operator, right) = match (operator, right.without_minus()) {
            ('+', Some(right)) => ('−', right),
            (' ', _) if is_number(&self) || is_number(&right) => ('·', right),
            _ => (operator, right),
        };
        Expr::Binary(Box::new(self), operator, Box::new(right))
    }

    /// −u, if u begins with a minus sign.
    fn without_minus(&self) -> Option<Expr> {
        match self {
            Expr::Number(x) if *x < 0.0 => Some(Expr::Number(-x)),
            Expr::Binary(u, '·', v) => Some(u.without_minus()?.binary('·', (**v).clone())),
            _ => None,
        }
    }

    /// The printed expression in pieces. A line may end between two of them.
    pub(crate) fn print(&self) -> Vec<String> {
        let mut printer = Printer { pieces: vec![String::new()] };
        printer.expr(self, true);
        printer.pieces
    }

    /// Whether an operand would be read otherwise without parentheses.
    fn needs_parentheses(&self, operator: char, is_left: bool, leads: bool) -> bool {
        let of_product = matches!(operator, '·' | ' ' | '⊙' | '/');
        match (self, operator) {
            (Expr::Number(x), _) => *x < 0.0 && !leads,
            (Expr::Binary(..) | Expr::Around(.., '·' | '^'), '^') => true,
            (Expr::Binary(_, '+' | '−', _) | Expr::Around("−", ..), _) => {
                of_product || (operator == '−' && !is_left)
            }
            (Expr::Around(.., '·'), _) => of_product && is_left, // Σ reaches to the end of its product
            (Expr::Binary(..), '/') => !is_left,
            (Expr::Binary(_, ' ', _), '⊙') | (Expr::Binary(_, '⊙', _), ' ') => true,
            _ => false,
        }
    }
}

macro_rules! operators {
    ($($operator:ident $method:ident $character:literal)*) => {
        $(impl $operator for Expr {
            type Output = Expr;

            fn $method(self, right: Expr) -> Expr {
                self.binary($character, right)
            }
        })*
    };
}
operators!(Add add '+' Sub sub '−' Mul mul ' ' Div div '/');

struct Printer {
    pieces: Vec<String>,
}

impl Printer {
    /// `leads`: nothing but `=`, `(` or `,` stands before the expression, so that a minus sign needs no parentheses.
    fn expr(&mut self, expr: &Expr, leads: bool) {
        match expr {
            Expr::Number(x) => self.write(&on_paper(*x, 6)),
            Expr::Letter(letter) => self.write(letter),
            Expr::Binary(left, operator, right) => {
                self.operand(left, *operator, true, leads);
                // A line may end before a term of a sum. A plain difference stays together.
                if *operator == '+' || (*operator == '−' && matches!(**right, Expr::Binary(_, '·', _))) {
                    self.pieces.push(String::new());
                }
                match operator {
                    ' ' => self.write(" "),
                    ',' => self.write(", "),
                    _ => self.write(&format!(" {operator} ")),
                }
                self.operand(right, *operator, false, matches!(operator, '=' | '←' | ','));
            }
            Expr::Around(before, operand, after, operator) => {
                self.write(before);
                self.operand(operand, *operator, false, *operator == '(');
                self.write(after);
            }
        }
    }

    fn operand(&mut self, operand: &Expr, operator: char, is_left: bool, leads: bool) {
        if operand.needs_parentheses(operator, is_left, leads) {
            self.write("(");
            self.expr(operand, true);
            self.write(")");
        } else {
            self.expr(operand, leads);
        }
    }

    fn write(&mut self, text: &str) {
        self.pieces.last_mut().expect("a first piece").push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::Expr::Number;
    use super::*;

    fn text(expr: &Expr) -> String {
        expr.print().concat()
    }

    #[test]
    fn a_negative_number_has_parentheses_unless_it_leads() {
        let x = || Number(-2.0);
        for (expr, want) in [
            (letter("a").is(x()), "a = −2"),
            (x() * Number(3.0), "−2 · 3"),
            (Number(3.0) * x(), "3 · (−2)"),
            (Number(3.0) + x(), "3 − 2"),
            (Number(3.0) + x() * x(), "3 − 2 · (−2)"),
            (Number(3.0) - x(), "3 − (−2)"),
            (Number(3.0) - x() * Number(4.0), "3 − (−2) · 4"),
            (x().exp(), "e^(−2)"),
            (x().squared(), "(−2)²"),
            (x().call("tanh("), "tanh(−2)"),
            (Number(0.0).binary(',', x()).call("max("), "max(0, −2)"),
            ((x() + Number(3.0)) * Number(4.0), "(−2 + 3) · 4"),
        ] {
            assert_eq!(text(&expr), want);
        }
    }

    #[test]
    fn parentheses_stand_where_an_operand_would_be_read_otherwise_and_nowhere_else() {
        let [a, b, c] = ["a", "b", "c"].map(|name| move || letter(name));
        for (expr, want) in [
            (a() + b() - c(), "a + b − c"),
            (a() - (b() - c()), "a − (b − c)"),
            (a() - b().minus(), "a − (−b)"),
            ((a() + b()) * c(), "(a + b) c"),
            (a() * b() + c(), "a b + c"),
            ((a() * b()).binary('⊙', c()), "(a b) ⊙ c"),
            (a() * b().binary('⊙', c()), "a (b ⊙ c)"),
            ((a() - b()) / c(), "(a − b) / c"),
            (a() / (b() * c()), "a / (b c)"),
            ((a() / b()).binary('·', c()), "a / b · c"),
            (a().binary('·', b().binary('·', c())), "a · b · c"),
            ((a() * b()).sum("Σₖ ") + c(), "Σₖ a b + c"),
            ((a() * b()).sum("Σₖ ").binary('·', c()), "(Σₖ a b) · c"),
            (a() / b().sum("Σₖ "), "a / Σₖ b"),
            ((a() + b()).sum("Σ "), "Σ (a + b)"),
            ((a() / b()).minus(), "−a / b"),
            ((a() + b()).minus(), "−(a + b)"),
            (a().minus().exp(), "e^(−a)"),
            ((a() - b()).squared(), "(a − b)²"),
            (a().exp().squared(), "(e^a)²"),
            (Number(1.0) - a().squared(), "1 − a²"),
            (Number(0.5) * a(), "0.5 · a"),
            (a().is(b().is(c() + a())), "a = b = c + a"),
        ] {
            assert_eq!(text(&expr), want);
        }
    }

    #[test]
    fn a_line_may_end_before_a_term_and_not_within_a_difference() {
        let product = |x| Number(x) * Number(2.0);
        let sum = product(1.0) + product(-3.0) + Number(4.0) + (Number(5.0) - Number(6.0)).squared();
        assert_eq!(sum.print(), ["1 · 2", " − 3 · 2", " + 4", " + (5 − 6)²"]);
    }
}
