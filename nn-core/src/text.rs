//! Numbers as text: significant digits, raised and lowered digits, and tables whose columns line up.
//!
//! Whatever prints numbers for people prints them by these: a matrix, a tape, a worked example, a confusion matrix.

use std::fmt;

/// A number with so many significant digits, without zeros at its end; at least one digit.
///
/// A power of ten stands behind a number below 0.0001 and behind one whose digits end before the decimal point. −0 is
/// written as 0.
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
    // Rounding comes first: it decides whether 9.9999996 has one digit before the point or two.
    let scientific = format!("{x:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("the form of {:e}");
    let exponent: i32 = exponent.parse().expect("the form of {:e}");
    match usize::try_from(digits as i32 - 1 - exponent) {
        Ok(decimals) if exponent >= -4 => without_last_zeros(&format!("{x:.decimals$}")).to_owned(),
        _ => format!("{}e{exponent}", without_last_zeros(mantissa)),
    }
}

fn without_last_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
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

/// Raises digits, signs and parentheses: (12) becomes ⁽¹²⁾.
///
/// ```
/// assert_eq!(nn_core::text::superscript("(12)"), "⁽¹²⁾");
/// ```
pub fn superscript(text: &str) -> String {
    moved(text, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾")
}

/// Lowers digits, signs and parentheses: 12 becomes ₁₂.
///
/// ```
/// assert_eq!(nn_core::text::subscript("12"), "₁₂");
/// ```
pub fn subscript(text: &str) -> String {
    moved(text, "₀₁₂₃₄₅₆₇₈₉₊₋₍₎")
}

fn moved(text: &str, characters: &str) -> String {
    let find = |c| "0123456789+-()".chars().zip(characters.chars()).find(|&(from, _)| from == c);
    text.chars().map(|c| find(c).map_or(c, |(_, to)| to)).collect()
}

/// How the cells of a column stand below each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// They begin below each other.
    Left,
    /// They end below each other.
    Right,
    /// Numbers have their decimal points below each other. A title stands at the left.
    Point,
}

/// Rows of cells in columns that line up, for text of one width. Widths are counted in characters.
///
/// Printing joins the cells of a row and leaves out spaces at its end. There is no line end after the last row.
///
/// ```
/// use nn_core::text::{Align, Table};
///
/// let mut table = Table::new([Align::Left, Align::Point, Align::Right]);
/// table.title(["", "loss", "seconds"]);
/// table.rule('─');
/// table.row(["by hand", "0.3", "1"]);
/// table.row(["by tape", "12.25", "10"]);
/// assert_eq!(
///     table.to_string(),
///     "         loss   seconds\n\
///      ───────  ─────  ───────\n\
///      by hand   0.3         1\n\
///      by tape  12.25       10"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    gap: usize,
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    align: Align,
    /// The least width.
    width: usize,
}

#[derive(Clone, Debug)]
enum Row {
    Title(Vec<String>),
    Cells(Vec<String>),
    Rule(char),
}

impl Table {
    /// A table without rows, with two spaces between its columns. An empty first column indents the others.
    pub fn new(columns: impl IntoIterator<Item = Align>) -> Self {
        let columns = columns.into_iter().map(|align| Column { align, width: 0 }).collect();
        Table { columns, gap: 2, rows: Vec::new() }
    }

    /// Makes the columns at least so wide: for rows that are printed before the next ones are known.
    #[must_use]
    pub fn at_least(mut self, widths: impl IntoIterator<Item = usize>) -> Self {
        self.columns.iter_mut().zip(widths).for_each(|(column, width)| column.width = width);
        self
    }

    /// Puts another number of spaces between the columns.
    #[must_use]
    pub fn gap(mut self, gap: usize) -> Self {
        self.gap = gap;
        self
    }

    /// Adds a row of titles.
    pub fn title<C: fmt::Display>(&mut self, cells: impl IntoIterator<Item = C>) {
        let cells = self.cells(cells);
        self.rows.push(Row::Title(cells));
    }

    /// Adds a row. One with fewer cells than columns ends early.
    ///
    /// # Panics
    ///
    /// Panics if there are more cells than columns.
    #[track_caller]
    pub fn row<C: fmt::Display>(&mut self, cells: impl IntoIterator<Item = C>) {
        let cells = self.cells(cells);
        self.rows.push(Row::Cells(cells));
    }

    /// Adds a line below or above each column.
    pub fn rule(&mut self, stroke: char) {
        self.rows.push(Row::Rule(stroke));
    }

    /// The cells of each row, all of a column with the same width.
    pub fn padded(&self) -> Vec<Vec<String>> {
        let mut lines = vec![Vec::new(); self.rows.len()];
        for (at, &Column { align, width }) in self.columns.iter().enumerate() {
            // How many characters stand before the decimal point.
            let whole = |row: &Row| match row {
                Row::Cells(cells) if align == Align::Point => cells.get(at).map_or(0, |cell| whole_part(cell)),
                _ => 0,
            };
            let point = self.rows.iter().map(whole).max().unwrap_or(0);
            let cell = |row: &Row| match row {
                Row::Title(cells) => cells.get(at).cloned(),
                Row::Cells(cells) => cells.get(at).map(|cell| " ".repeat(point - whole(row)) + cell),
                Row::Rule(_) => Some(String::new()),
            };
            let cells: Vec<Option<String>> = self.rows.iter().map(cell).collect();
            let width = cells.iter().flatten().map(|cell| cell.chars().count()).fold(width, usize::max);
            for ((line, row), cell) in lines.iter_mut().zip(&self.rows).zip(cells) {
                line.extend(cell.map(|cell| match (row, align) {
                    (Row::Rule(stroke), _) => stroke.to_string().repeat(width),
                    (_, Align::Right) => format!("{cell:>width$}"),
                    (_, Align::Left | Align::Point) => format!("{cell:<width$}"),
                }));
            }
        }
        lines
    }

    #[track_caller]
    fn cells<C: fmt::Display>(&self, cells: impl IntoIterator<Item = C>) -> Vec<String> {
        let cells: Vec<String> = cells.into_iter().map(|cell| cell.to_string()).collect();
        let columns = self.columns.len();
        assert!(cells.len() <= columns, "a row of {} cells in a table of {columns} columns", cells.len());
        cells
    }
}

fn whole_part(number: &str) -> usize {
    number.chars().take_while(|&c| c != '.' && c != 'e').count()
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = " ".repeat(self.gap);
        let lines: Vec<String> = self.padded().iter().map(|cells| cells.join(&gap).trim_end().to_owned()).collect();
        f.write_str(&lines.join("\n"))
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
    fn decimal_points_stand_below_each_other_and_titles_at_the_left() {
        let mut table = Table::new([Align::Point, Align::Left]);
        table.title(["δ", "unit"]);
        for (number, unit) in [("12.5", "first"), ("−0.125", "ünd"), ("1e-7", ""), ("3", "x"), ("", "y")] {
            table.row([number, unit]);
        }
        let want = ["δ       unit", "12.5    first", "−0.125  ünd", " 1e-7", " 3      x", "        y"];
        assert_eq!(table.to_string(), want.join("\n"));
        assert_eq!(table.padded()[3], [" 1e-7 ", "     "]);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_as_they_are_told() {
        let mut table = Table::new([Align::Left, Align::Right, Align::Right]).at_least([3, 4]).gap(1);
        table.title(["a", "b", "c"]);
        table.row(["x", "12345", "1"]);
        assert_eq!(table.to_string(), "a       b c\nx   12345 1");
    }

    #[test]
    fn a_row_may_end_early_and_a_rule_spans_every_column() {
        let mut table = Table::new([Align::Left, Align::Right]);
        table.row(["total"]);
        table.rule('=');
        table.row(["n", "100"]);
        assert_eq!(table.to_string(), "total\n=====  ===\nn      100");
        assert_eq!(Table::new([Align::Left]).to_string(), "");
    }

    #[test]
    #[should_panic(expected = "a row of 2 cells in a table of 1 columns")]
    fn no_cell_stands_outside_the_columns() {
        Table::new([Align::Left]).row(["a", "b"]);
    }
}
