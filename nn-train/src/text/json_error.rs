//! Errors in a user's JSON.

use std::fmt;

use serde::de::DeserializeOwned;

/// Why a text is not the JSON that it should be, with line and column.
#[derive(Debug)]
pub struct JsonError {
    error: serde_json::Error,
    /// What was found, if the parser has no message of its own for it.
    found: Option<String>,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Some(found) => write!(f, "{found} at line {} column {}", self.error.line(), self.error.column()),
            None => self.error.fmt(f),
        }
    }
}

impl std::error::Error for JsonError {}

/// Reads an object with named keys, which is what all files of this crate are.
///
/// # Errors
///
/// Says what is wrong, with line and column.
///
/// ```
/// use std::collections::BTreeMap;
///
/// let error = nn_train::parse_json::<BTreeMap<String, f64>>("{\"loss\": NaN}").unwrap_err();
/// assert_eq!(error.to_string(), "NaN is not a finite number at line 1 column 10");
/// ```
pub fn parse_json<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    serde_json::from_str(text).map_err(|error| {
        let found = match () {
            () if text.trim_start().starts_with('[') => Some("a list, where an object, {…}, is expected".to_owned()),
            () => not_finite(text, &error).map(|word| format!("{word} is not a finite number")),
        };
        JsonError { error, found }
    })
}

/// The NaN or infinity that the parser stopped at: Python and JavaScript write them into what is then no JSON.
fn not_finite<'a>(text: &'a str, error: &serde_json::Error) -> Option<&'a str> {
    let line = text.lines().nth(error.line().checked_sub(1)?)?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let (before, after) = line.split_at_checked(error.column().checked_sub(1)?)?;
    let start = before.trim_end_matches(is_word).len();
    let end = line.len() - after.trim_start_matches(is_word).len();
    let word = &line[start..end];
    let names = ["nan", "inf", "infinity"];
    names.contains(&word.trim_start_matches(['+', '-']).to_ascii_lowercase().as_str()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_no_number_is_named_with_its_place() {
        for (text, message) in [
            ("{\"x\": NaN}", "NaN is not a finite number at line 1 column 7"),
            ("{\n \"x\": -Infinity}", "-Infinity is not a finite number at line 2 column 8"),
            ("{\"x\": nan}", "nan is not a finite number at line 1 column 8"),
            ("{\"x\": inf}", "inf is not a finite number at line 1 column 7"),
            ("[1]", "a list, where an object, {…}, is expected at line 1 column 0"),
            ("{\"x\": names}", "expected ident at line 1 column 8"),
            ("{\"ü\": 1, \"x\": é}", "expected value at line 1 column 16"),
            ("", "EOF while parsing a value at line 1 column 0"),
        ] {
            let error = parse_json::<BTreeMap<String, f64>>(text).expect_err(text);
            assert_eq!(error.to_string(), message);
        }
    }
}
