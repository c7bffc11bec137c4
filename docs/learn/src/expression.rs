//! What a learner types as a formula: `(a - y) * (1 - a^2)`, or `1/4`.
//!
//! ```text
//! sum     = product { (+ | -) product }
//! product = signed { (* | /) signed }
//! signed  = - signed | power
//! power   = atom [ ^ signed ]          so that −z² is −(z²), as on paper
//! atom    = number | name | function ( sum ) | ( sum )
//! ```

use std::iter::Peekable;
use std::str::CharIndices;

/// A function and its name.
type Function = (&'static str, fn(f64) -> f64);

/// The functions that a formula may have.
const FUNCTIONS: [Function; 7] = [
    ("exp", f64::exp),
    ("ln", f64::ln),
    ("sqrt", f64::sqrt),
    ("tanh", f64::tanh),
    ("sigmoid", sigmoid),
    ("σ", sigmoid),
    ("abs", f64::abs),
];

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// A formula that is longer is none; nor can it be nested deeper than the stack.
const LONGEST: usize = 1000;

/// The value of a formula, where each name has a number.
pub(crate) fn evaluate(text: &str, values: &[(&str, f64)]) -> Result<f64, String> {
    if text.len() > LONGEST {
        return Err(format!("a formula has at most {LONGEST} characters"));
    }
    let mut parser = Parser { text, rest: text.char_indices().peekable(), values };
    let value = parser.sum()?;
    match parser.next_sign() {
        None => Ok(value),
        Some((at, c)) => Err(format!("`{text}`, character {}: `{c}` is not expected here", parser.place(at))),
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
    values: &'a [(&'a str, f64)],
}

impl Parser<'_> {
    /// The next character that is no space, with its place; it stays.
    fn next_sign(&mut self) -> Option<(usize, char)> {
        while self.rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        self.rest.peek().copied()
    }

    /// Takes the next character if it is one of these.
    fn take(&mut self, signs: &str) -> Option<char> {
        let (_, c) = self.next_sign().filter(|(_, c)| signs.contains(*c))?;
        self.rest.next();
        Some(c)
    }

    /// The place of a character, from 1, as a reader counts it.
    fn place(&self, at: usize) -> usize {
        1 + self.text[..at].chars().count()
    }

    fn sum(&mut self) -> Result<f64, String> {
        let mut sum = self.product()?;
        while let Some(sign) = self.take("+-−") {
            let term = self.product()?;
            sum += if sign == '+' { term } else { -term };
        }
        Ok(sum)
    }

    fn product(&mut self) -> Result<f64, String> {
        let mut product = self.signed()?;
        while let Some(sign) = self.take("*/·⊙") {
            let factor = self.signed()?;
            product = if sign == '/' { product / factor } else { product * factor };
        }
        Ok(product)
    }

    fn signed(&mut self) -> Result<f64, String> {
        if self.take("-−").is_some() { self.signed().map(|value| -value) } else { self.power() }
    }

    fn power(&mut self) -> Result<f64, String> {
        let base = self.atom()?;
        if self.take("²").is_some() {
            return Ok(base * base);
        }
        if self.take("^").is_some() { self.signed().map(|exponent| base.powf(exponent)) } else { Ok(base) }
    }

    fn atom(&mut self) -> Result<f64, String> {
        match self.next_sign() {
            None => Err(format!("`{}` ends where a number, a name or ( is expected", self.text)),
            Some((_, '(')) => self.parenthesis(),
            Some((at, c)) if c.is_ascii_digit() || c == '.' => self.number(at),
            Some((at, c)) if c.is_alphabetic() => self.name(at),
            Some((at, c)) => Err(format!(
                "`{}`, character {}: a number, a name or ( is expected in place of `{c}`",
                self.text,
                self.place(at)
            )),
        }
    }

    fn parenthesis(&mut self) -> Result<f64, String> {
        let open = self.rest.next().map_or(0, |(at, _)| at);
        let value = self.sum()?;
        let place = self.place(open);
        self.take(")").map(|_| value).ok_or_else(|| format!("`{}`, character {place}: this ( is not closed", self.text))
    }

    /// `12`, `0.5` or `1e-6`.
    fn number(&mut self, at: usize) -> Result<f64, String> {
        let mut end = at;
        let mut before = ' ';
        while let Some((i, c)) = self.rest.next_if(|&(_, c)| {
            c.is_ascii_digit() || c == '.' || "eE".contains(c) || ("+-−".contains(c) && "eE".contains(before))
        }) {
            (end, before) = (i + c.len_utf8(), c);
        }
        let number = self.text[at..end].replace('−', "-");
        number.parse().map_err(|_| format!("`{}`, character {}: `{number}` is no number", self.text, self.place(at)))
    }

    /// A name, or a function with what it is taken of.
    fn name(&mut self, at: usize) -> Result<f64, String> {
        let mut end = at;
        while let Some((i, c)) = self.rest.next_if(|(_, c)| (c.is_alphanumeric() && *c != '²') || "_′".contains(*c))
        {
            end = i + c.len_utf8();
        }
        let name = &self.text[at..end];
        if let Some((_, value)) = self.values.iter().find(|(known, _)| *known == name) {
            return Ok(*value);
        }
        if let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| *known == name) {
            return match self.next_sign() {
                Some((_, '(')) => self.parenthesis().map(function),
                _ => Err(format!("`{}`: write {name}(…), with parentheses", self.text)),
            };
        }
        let names: Vec<&str> = self.values.iter().map(|(name, _)| *name).collect();
        Err(match &names[..] {
            [] => format!("`{}`: `{name}` is no number", self.text),
            names => format!("`{}`: there is no `{name}` here; the names are {}", self.text, names.join(", ")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> f64 {
        evaluate(text, &[("a", 0.5), ("y", 2.0)]).unwrap_or_else(|problem| panic!("{problem}"))
    }

    #[test]
    fn formulas_mean_what_they_mean_on_paper() {
        assert_eq!(of("a - y - 1"), -2.5);
        assert_eq!(of("-y^2"), -4.0);
        assert_eq!(of("−y²"), -4.0);
        assert_eq!(of("2^-1"), 0.5);
        assert_eq!(of("2^3^2"), 512.0);
        assert_eq!(of("12 / 2 / 3 · a"), 1.0);
        assert_eq!(of("(a - y) * (1 - a^2)"), -1.125);
        assert_eq!(of("1e-1 + 2.5E+1 - .1"), 25.0);
        assert_eq!(of("sigmoid(0) + σ(0) + exp(0) + ln(1) + sqrt(4) + tanh(0) + abs(-1)"), 5.0);
        assert_eq!(of("3 - -1"), 4.0);
    }

    #[test]
    fn what_is_no_formula_is_said_with_its_place() {
        let problem = |text: &str| evaluate(text, &[("a", 0.5), ("y", 2.0)]).unwrap_err();
        assert_eq!(problem("a -"), "`a -` ends where a number, a name or ( is expected");
        assert_eq!(problem("a y"), "`a y`, character 3: `y` is not expected here");
        assert_eq!(problem("a * (y - 1"), "`a * (y - 1`, character 5: this ( is not closed");
        assert_eq!(problem("z"), "`z`: there is no `z` here; the names are a, y");
        assert_eq!(problem("1..2"), "`1..2`, character 1: `1..2` is no number");
        assert_eq!(problem("tanh a"), "`tanh a`: write tanh(…), with parentheses");
        assert_eq!(problem("a * )"), "`a * )`, character 5: a number, a name or ( is expected in place of `)`");
        assert_eq!(problem(""), "`` ends where a number, a name or ( is expected");
        assert_eq!(problem(&"(".repeat(100_000)), "a formula has at most 1000 characters");
        assert!(problem(&"(".repeat(1000)).ends_with("ends where a number, a name or ( is expected"));
        assert_eq!(evaluate("about", &[]).unwrap_err(), "`about`: `about` is no number");
    }
}
