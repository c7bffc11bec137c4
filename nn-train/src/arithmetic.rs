//! Computations as they stand on paper: the formulas of activations and costs with numbers put in.

use nn_core::{Activation, Loss, Matrix};

pub(crate) fn activation_equation(activation: Activation) -> String {
    let definition = match activation {
        Activation::Step => " = 0 for zᵢ < 0, else 1",
        Activation::Sigmoid => " = 1 / (1 + e^(−zᵢ))",
        _ => "",
    };
    format!("aᵢ = {}{definition}", activation_formula(activation))
}

/// σ(zᵢ)
fn activation_formula(activation: Activation) -> &'static str {
    match activation {
        Activation::Identity => "zᵢ",
        Activation::Step => "step(zᵢ)",
        Activation::Relu => "max(0, zᵢ)",
        Activation::LeakyRelu => "max(0.01 · zᵢ, zᵢ)",
        Activation::Sigmoid => "sigmoid(zᵢ)",
        Activation::Tanh => "tanh(zᵢ)",
        Activation::Softplus => "ln(1 + e^zᵢ)",
        Activation::Softmax => "e^zᵢ / Σₖ e^zₖ",
    }
}

/// σ′(zᵢ), from aᵢ where that is all it takes.
pub(crate) fn slope(activation: Activation) -> &'static str {
    match activation {
        Activation::Identity | Activation::Softmax => "1",
        Activation::Step => "step′(zᵢ)",
        Activation::Relu => "relu′(zᵢ)",
        Activation::LeakyRelu => "leaky-relu′(zᵢ)",
        Activation::Sigmoid => "aᵢ · (1 − aᵢ)",
        Activation::Tanh => "(1 − aᵢ²)",
        Activation::Softplus => "(1 − e^(−aᵢ))",
    }
}

/// What the formula of its slope leaves to be said.
pub(crate) fn slope_remark(activation: Activation) -> Option<&'static str> {
    match activation {
        Activation::Step => Some("step′(z) is 0 for every z: nothing in this layer or below it learns."),
        Activation::Relu => Some("relu′(z) is 1 for z > 0, else 0."),
        Activation::LeakyRelu => Some("leaky-relu′(z) is 1 for z > 0, else 0.01."),
        _ => None,
    }
}

/// aᵢ = σ(zᵢ) with numbers put in.
pub(crate) fn activation_computation(activation: Activation, z: &[f64], i: usize) -> String {
    if activation == Activation::Softmax {
        let powers: Vec<_> = z.iter().map(|&z| format!("e^{}", factor(z))).collect();
        return format!("{} / ({})", powers[i], powers.join(" + "));
    }
    put(activation_formula(activation), "zᵢ", z[i])
}

/// J with numbers put in.
pub(crate) fn cost_computation(loss: Loss, a: &Matrix<f64>, y: &Matrix<f64>) -> String {
    let m = y.columns();
    let ln = |weight: f64, of: String| match weight {
        0.0 => None,
        1.0 => Some(format!("ln({of})")),
        _ => Some(format!("{} · ln({of})", operand(weight))),
    };
    let entries = a.as_slice().iter().zip(y.as_slice());
    let terms: Vec<String> = entries
        .flat_map(|(&a, &y)| match loss {
            Loss::LeastSquares => [Some(format!("({})²", difference(a, y))), None],
            Loss::CrossEntropy => [ln(y, operand(a)), None],
            Loss::BinaryCrossEntropy => [ln(y, operand(a)), ln(1.0 - y, difference(1.0, a))],
        })
        .flatten()
        .collect();
    let minus = if loss == Loss::LeastSquares { "" } else { "−" };
    let divisor = match (loss, m) {
        (Loss::LeastSquares, 1) => " / 2".to_owned(),
        (Loss::LeastSquares, _) => format!(" / (2 · {m})"),
        (_, 1) => String::new(),
        _ => format!(" / {m}"),
    };
    let sum = terms.join(" + ");
    if terms.len() == 1 { format!("{minus}{sum}{divisor}") } else { format!("{minus}({sum}){divisor}") }
}

/// A formula with a number in place of a symbol.
pub(crate) fn put(formula: &str, symbol: &str, x: f64) -> String {
    let argument = |formula: String, before: &str| {
        formula.replace(&format!("{before}{symbol})"), &format!("{before}{})", operand(x)))
    };
    let formula = argument(argument(formula.to_owned(), "("), ", ");
    if formula == symbol { operand(x) } else { formula.replace(symbol, &factor(x)) }
}

/// `0.15 · 0.05 + 0.2 · 0.1`
pub(crate) fn sum_of_products<'a>(pairs: impl Iterator<Item = (&'a f64, &'a f64)>) -> String {
    let terms = pairs.enumerate().map(|(index, (&u, &v))| {
        let first = if index == 0 { operand(u) } else { signed(u) };
        format!("{first} · {}", factor(v))
    });
    terms.collect::<Vec<_>>().join(" ")
}

pub(crate) fn dot(u: &[f64], v: &[f64]) -> f64 {
    u.iter().zip(v).map(|(u, v)| u * v).sum()
}

/// `0.751365 − 0.01`
pub(crate) fn difference(u: f64, v: f64) -> String {
    format!("{} − {}", operand(u), factor(v))
}

/// `+ 0.35` or `− 0.35`
pub(crate) fn signed(x: f64) -> String {
    format!("{} {}", if x < 0.0 { '−' } else { '+' }, operand(x.abs()))
}

/// A number with a sign before it only in parentheses.
pub(crate) fn factor(x: f64) -> String {
    if x < 0.0 { format!("({})", operand(x)) } else { operand(x) }
}

pub(crate) fn operand(x: f64) -> String {
    significant(x, 6)
}

pub(crate) fn result(x: f64) -> String {
    significant(x, 12)
}

/// The square root of the sum of squares, as a result. Squares of numbers in units of the largest do not overflow.
pub(crate) fn norm(matrix: &Matrix<f64>) -> String {
    let unit = largest(matrix.as_slice().iter().map(|x| x.abs())).max(f64::MIN_POSITIVE);
    result(unit * matrix.as_slice().iter().map(|x| (x / unit).powi(2)).sum::<f64>().sqrt())
}

/// max |u − v|; not finite where an entry of either is not.
pub(crate) fn largest_difference(u: &Matrix<f64>, v: &Matrix<f64>) -> f64 {
    largest(u.as_slice().iter().zip(v.as_slice()).map(|(u, v)| (u - v).abs()))
}

/// The largest of some numbers that are not negative, NaN where one of them is; 0 of none.
pub(crate) fn largest(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, |largest: f64, x| if x <= largest || largest.is_nan() { largest } else { x })
}

/// A number with so many significant digits, without zeros at its end.
pub(crate) fn significant(x: f64, digits: usize) -> String {
    let strip = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if !x.is_finite() || x == 0.0 {
        return x.abs().to_string().replace("inf", if x < 0.0 { "−∞" } else { "∞" });
    }
    let sign = if x < 0.0 { "−" } else { "" };
    let scientific = format!("{:.*e}", digits - 1, x.abs());
    let (mantissa, exponent) = scientific.split_once('e').expect("{:e} writes an exponent");
    match exponent.parse::<i32>() {
        Ok(exponent) if (-4..digits as i32).contains(&exponent) => {
            format!("{sign}{}", strip(&format!("{:.*}", (digits as i32 - 1 - exponent) as usize, x.abs())))
        }
        _ => format!("{sign}{}e{exponent}", strip(mantissa)),
    }
}

pub(crate) fn superscript(l: usize) -> String {
    format!("⁽{}⁾", digits(l, "⁰¹²³⁴⁵⁶⁷⁸⁹"))
}

/// The subscript of an entry, counted from 1: both indices for a weight, one for anything else.
pub(crate) fn index(symbol: &str, i: usize, k: usize) -> String {
    let of = |i: usize| digits(i + 1, "₀₁₂₃₄₅₆₇₈₉");
    if symbol.ends_with('w') { of(i) + &of(k) } else { of(i) }
}

fn digits(n: usize, alphabet: &str) -> String {
    n.to_string().bytes().filter_map(|digit| alphabet.chars().nth(usize::from(digit - b'0'))).collect()
}

/// (0, 0), (0, 1), … in the order in which one reads.
pub(crate) fn pairs(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |i| (0..columns).map(move |k| (i, k)))
}
