//! What a cell of a table means: a number, or the name of a column.

use super::precision::Precision;
use crate::text::quoted;

/// Why a text is not a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// It is no plain decimal number.
    #[error("{} is not a number{}", quoted(.text), minus_hint(.text))]
    NotANumber {
        /// What was found.
        text: String,
    },
    /// It is one, too large for the precision.
    #[error("{} overflows {precision}", quoted(.text))]
    Overflow {
        /// What was found.
        text: String,
        /// What it was to fit in.
        precision: Precision,
    },
}

/// A plain decimal number, such as `-0.5` or `1e-3`: no hexadecimal, no `_`, no nan, no inf.
///
/// # Errors
///
/// A text that is no plain decimal number, or one that overflows the precision.
///
/// ```
/// use nn_train::{Precision, plain_number};
///
/// assert_eq!(plain_number("-0.5", Precision::F64), Ok(-0.5));
/// assert_eq!(plain_number("nan", Precision::F64).unwrap_err().to_string(), "`nan` is not a number");
/// assert_eq!(plain_number("1e39", Precision::F32).unwrap_err().to_string(), "`1e39` overflows f32");
/// ```
pub fn plain_number(text: &str, precision: Precision) -> Result<f64, NumberError> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    match text.parse() {
        Ok(x) if is_plain && precision.holds(x) => Ok(x),
        Ok(_) if is_plain => Err(NumberError::Overflow { text: text.to_owned(), precision }),
        _ => Err(NumberError::NotANumber { text: text.to_owned() }),
    }
}

/// Whether a cell can be the name of a column: it has a letter, and nobody means it as a number or as a missing value.
///
/// Not a name are, in upper and lower case and whatever signs stand around or between: the words for a missing value,
/// for infinity and for truth of the usual programs, hexadecimal, octal and binary numbers, and numbers with an exponent;
/// nor are fractions as programs write them (`1.5f`) and complex numbers.
#[cfg(feature = "cli")]
pub(crate) fn is_name(cell: &str) -> bool {
    cell.chars().any(char::is_alphabetic) && !is_meant_as_value(cell)
}

/// Whether a cell says that its value is missing: it is empty, a question mark, or one of the words for it.
#[cfg(feature = "cli")]
pub(crate) fn is_missing(cell: &str) -> bool {
    let core = core(cell);
    let is_word = MISSING.contains(&core.as_str()) && plain_number(cell, Precision::F64).is_err();
    cell.is_empty() || cell == "?" || cell.eq_ignore_ascii_case(r"\N") || is_word
}

/// Words for a missing value, without the signs in them: `N/A`, `<NA>`, `-nan(ind)`.
#[cfg(feature = "cli")]
const MISSING: [&str; 14] = [
    "na",
    "nana",
    "nan",
    "nat",
    "null",
    "nil",
    "none",
    "missing",
    "undefined",
    "qnan",
    "snan",
    "nanqnan",
    "nansnan",
    "nanind",
];

/// Words for infinity and for truth.
#[cfg(feature = "cli")]
const OTHER_VALUES: [&str; 4] = ["inf", "infinity", "true", "false"];

/// Letters and digits alone, in lower case: without signs `−1_000e5 %` is 1000e5, and `-0x1F` is 0x1f.
#[cfg(feature = "cli")]
pub(crate) fn core(cell: &str) -> String {
    cell.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(feature = "cli")]
fn is_meant_as_value(cell: &str) -> bool {
    // Errors of spreadsheets (`#DIV/0!`, `#NAME?`), NULL as databases write it, and what older C libraries print for
    // numbers that are not finite (`-1.#IND00`).
    let is_code = (cell.starts_with('#') && cell.ends_with(['!', '?']))
        || cell.eq_ignore_ascii_case(r"\N")
        || cell.trim_start_matches(['-', '+']).starts_with("1.#");
    let core = core(cell);
    let all = |digits: &str, radix| digits.chars().all(|digit| digit.is_digit(radix));
    let has_base = [("0x", 16), ("0o", 8), ("0b", 2)].iter().any(|&(prefix, radix)| {
        // A hexadecimal number may have a binary exponent: 0x1p-3.
        core.strip_prefix(prefix).is_some_and(|digits| digits.split('p').all(|digits| all(digits, radix)))
    });
    // Fortran writes the exponent with a d.
    let has_exponent = core.split_once(['e', 'd']).is_some_and(|(mantissa, exponent)| {
        !mantissa.is_empty() && !exponent.is_empty() && all(mantissa, 10) && all(exponent, 10)
    });
    // A fraction as a literal of a language, and complex numbers: 1.5f, 2.0L, 1+2i, -0.5j.
    let is_number = |text: &str| text.parse::<f64>().is_ok_and(|x| x.is_finite());
    let is_literal = cell.strip_suffix(['f', 'F', 'l', 'L', 'd', 'D', 'i', 'j']).is_some_and(|number| {
        let imaginary = number.rfind(['+', '-']).map(|sign| number.split_at(sign));
        (number.contains('.') && is_number(number))
            || imaginary.is_some_and(|(real, imaginary)| is_number(real) && is_number(imaginary))
    });
    // A NaN may show its bits: nan(0x7ff8).
    is_code
        || is_literal
        || has_base
        || has_exponent
        || core.starts_with("nan0x")
        || MISSING.contains(&core.as_str())
        || OTHER_VALUES.contains(&core.as_str())
}

/// A typographic minus sign looks like the one that numbers are written with.
fn minus_hint(text: &str) -> &'static str {
    let plain = text.replace(['−', '–', '—', '‐', '‑', '‒', '﹣', '－'], "-");
    match plain != text && plain_number(&plain, Precision::F64).is_ok() {
        true => ": its minus sign is not the plain -",
        false => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_decimals() {
        for (text, x) in [("1", 1.0), ("-0.5", -0.5), ("+2.", 2.0), (".25", 0.25), ("1e-3", 1e-3), ("-0", -0.0)] {
            assert_eq!(plain_number(text, Precision::F64).map(f64::to_bits), Ok(f64::to_bits(x)), "{text}");
        }
        for text in ["", "nan", "inf", "-infinity", "0x10", "1_000", "1,5", "one", "1 2", "e5", "--1", "5%", "١", "1d3"]
        {
            let error = plain_number(text, Precision::F64).unwrap_err();
            assert_eq!(error.to_string(), format!("`{text}` is not a number"));
        }
        for (text, precision, message) in [
            ("1e999", Precision::F64, "`1e999` overflows f64"),
            ("1e39", Precision::F32, "`1e39` overflows f32"),
            ("−1", Precision::F64, "`−1` is not a number: its minus sign is not the plain -"),
            ("1e－3", Precision::F64, "`1e－3` is not a number: its minus sign is not the plain -"),
            ("−x", Precision::F64, "`−x` is not a number"),
        ] {
            assert_eq!(plain_number(text, precision).unwrap_err().to_string(), message);
        }
        assert_eq!(plain_number("1e39", Precision::F64), Ok(1e39));
    }

    #[cfg(feature = "cli")]
    #[test]
    fn names_have_a_letter_and_are_no_values() {
        for name in [
            "x",
            "sepal length",
            "x1",
            "1stFlrSF",
            "3P%",
            "2B",
            "größe",
            "長さ",
            "e",
            "e5",
            "d",
            "Nancy",
            "information",
            "Nation",
            "nullable",
            "#1 sales",
            "x (%)",
            "0xyz",
            "1e",
            "1e5x",
            "b0",
            "p_1e400",
            "5 cm",
            "id",
            "# x",
            "2L",
            "x.f",
            "a+i",
            "half",
            "falsehood",
        ] {
            assert!(is_name(name), "{name}");
        }
        for value in [
            "",
            " ",
            "?",
            "-",
            "%",
            "5",
            "5%",
            "1_000",
            "1,000",
            "1 000",
            "1'000",
            "−1",
            "–1",
            "$5",
            "2020-01-01",
            "∞",
            "nan",
            "NaN",
            "NAN",
            "-nan",
            "+NaN",
            "nan(ind)",
            "-nan(ind)",
            "1.#QNAN",
            "-1.#IND00",
            "1.#INF",
            "inf",
            "-Inf",
            "+INFINITY",
            "−∞",
            "−inf",
            "NA",
            "n/a",
            "N/A",
            "n.a.",
            "#N/A",
            "#N/A N/A",
            "<NA>",
            "NaT",
            "null",
            "NULL",
            "#NULL!",
            "#DIV/0!",
            "#NAME?",
            "None",
            "nil",
            "\\N",
            "missing",
            "undefined",
            "0x1F",
            "-0X10",
            "−0x1f",
            "0x1p-3",
            "0b101",
            "0o17",
            "1e400",
            "-1E400",
            "1e5",
            "1.5d3",
            "1D+400",
            "−1e5",
            "1_000e5",
            "1e5%",
            "1,000e3",
            "(1e5)",
            "=1e5",
            "1.5f",
            "-2.0L",
            "1.0e3F",
            ".5j",
            "1+2i",
            "-1.5-2j",
            "TRUE",
            "False",
        ] {
            assert!(!is_name(value), "{value}");
        }
    }
}
