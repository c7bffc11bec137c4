//! Numbers as text.

/// A number with `digits` significant digits, without trailing zeros; at least one digit.
///
/// Scientific notation is used below 0.0001, and where the last significant digit stands left of the ones. −0 is written as
/// 0.
///
/// ```
/// use nn_core::text::significant;
///
/// assert_eq!(significant(0.377_500_000_1, 6), "0.3775");
/// assert_eq!(significant(-2.5e-9, 6), "-2.5e-9");
/// assert_eq!(significant(1_234_567.0, 6), "1.23457e6");
/// ```
pub fn significant(x: f64, digits: usize) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    if !x.is_finite() {
        return x.to_string();
    }
    let digits = digits.max(1);
    // Rounding comes first: it decides whether 9.9999996 has one digit before the decimal point or two.
    let scientific = format!("{x:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("the form of {:e}");
    let exponent: i32 = exponent.parse().expect("the form of {:e}");
    match usize::try_from(digits as i32 - 1 - exponent) {
        Ok(decimals) if exponent >= -4 => without_trailing_zeros(&format!("{x:.decimals$}")).to_owned(),
        _ => format!("{}e{exponent}", without_trailing_zeros(mantissa)),
    }
}

fn without_trailing_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// A number as on paper: [`significant`], with the minus sign − and with ∞.
///
/// ```
/// use nn_core::text::on_paper;
///
/// assert_eq!([-0.25, f64::INFINITY].map(|x| on_paper(x, 6)), ["−0.25", "∞"]);
/// ```
pub fn on_paper(x: f64, digits: usize) -> String {
    let sign = if x < 0.0 { "−" } else { "" };
    if x.is_infinite() { format!("{sign}∞") } else { sign.to_owned() + &significant(x.abs(), digits) }
}

/// A number rounded to an integer, with a comma between thousands: 1,234,567.
///
/// ```
/// assert_eq!(nn_core::text::grouped(1_234_567.4), "1,234,567");
/// ```
pub fn grouped(x: f64) -> String {
    let digits = format!("{x:.0}");
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if (digits.len() - place).is_multiple_of(3) && !matches!(text.as_str(), "" | "-") {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Turns digits, signs and parentheses into superscripts: (12) becomes ⁽¹²⁾.
///
/// ```
/// assert_eq!(nn_core::text::superscript("(12)"), "⁽¹²⁾");
/// ```
pub fn superscript(text: &str) -> String {
    translate(text, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾")
}

/// The superscript of a layer: ⁽²⁾, as in z⁽²⁾.
///
/// ```
/// assert_eq!(format!("z{}", nn_core::text::of_layer(12)), "z⁽¹²⁾");
/// ```
pub fn of_layer(l: usize) -> String {
    superscript(&format!("({l})"))
}

/// Turns digits, signs and parentheses into subscripts: 12 becomes ₁₂.
///
/// ```
/// assert_eq!(nn_core::text::subscript("12"), "₁₂");
/// ```
pub fn subscript(text: &str) -> String {
    translate(text, "₀₁₂₃₄₅₆₇₈₉₊₋₍₎")
}

fn translate(text: &str, characters: &str) -> String {
    let find = |c| "0123456789+-()".chars().zip(characters.chars()).find(|&(from, _)| from == c);
    text.chars().map(|c| find(c).map_or(c, |(_, to)| to)).collect()
}

/// A count with its noun: `1 column`, `2 columns`, `0 classes`.
///
/// ```
/// assert_eq!(nn_core::text::counted(1, "column") + " and " + &nn_core::text::counted(2, "class"), "1 column and 2 classes");
/// ```
pub fn counted(n: usize, thing: &str) -> String {
    match thing {
        _ if n == 1 => format!("1 {thing}"),
        _ if thing.ends_with('s') => format!("{n} {thing}es"),
        _ => format!("{n} {thing}s"),
    }
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
            assert_eq!(significant(x, digits), text, "{x:e} with {digits} digits");
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
            (f64::MAX, 3, "1.8e308"),
            (5e-324, 3, "4.94e-324"),
        ] {
            assert_eq!(significant(x, digits), text, "{x:e} with {digits} digits");
        }
    }

    #[test]
    fn rounding_comes_before_the_choice() {
        for (x, digits, text) in
            [(999_999.6, 6, "1e6"), (0.000_099_999_99, 6, "0.0001"), (9.999_999_6, 6, "10"), (0.999_999_96, 6, "1")]
        {
            assert_eq!(significant(x, digits), text, "{x:e} with {digits} digits");
        }
    }

    #[test]
    fn thousands_have_commas() {
        assert_eq!(
            [0.0, 999.4, 1000.0, 215_000.0, 1_234_567.0, -999.0, -1000.0, -215_000.0, f64::NAN].map(grouped),
            ["0", "999", "1,000", "215,000", "1,234,567", "-999", "-1,000", "-215,000", "NaN"]
        );
    }

    #[test]
    fn digits_signs_and_parentheses_are_raised_and_lowered_and_the_rest_stays() {
        assert_eq!(superscript("(0123456789)+-x"), "⁽⁰¹²³⁴⁵⁶⁷⁸⁹⁾⁺⁻x");
        assert_eq!(subscript("(0123456789)+-x"), "₍₀₁₂₃₄₅₆₇₈₉₎₊₋x");
    }

    #[test]
    fn numbers_on_paper_have_a_long_minus_sign() {
        let cases = [(0.1 + 0.2, "0.3"), (-0.0, "0"), (-1.0 / 3.0, "−0.333333"), (123_456_789.0, "1.23457e8")];
        let others = [(9.999_999_9, "10"), (-1.5e-7, "−1.5e-7"), (f64::NAN, "NaN"), (f64::NEG_INFINITY, "−∞")];
        for (x, want) in cases.into_iter().chain(others) {
            assert_eq!(on_paper(x, 6), want);
        }
    }

    #[test]
    fn one_thing_is_singular_and_all_other_numbers_of_things_are_plural() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "row")), ["0 rows", "1 row", "2 rows"]);
        assert_eq!([0, 1, 2].map(|n| counted(n, "class")), ["0 classes", "1 class", "2 classes"]);
    }
}
