//! Tables of text, whose columns line up.

use std::fmt;

/// How the cells of a column are aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Left-aligned.
    Left,
    /// Right-aligned.
    Right,
    /// Aligned at the decimal point; a title is left-aligned.
    Point,
}

/// Rows of cells in columns that line up, for monospaced text. Widths are counted in characters.
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
    /// The minimum width.
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

    /// Sets minimum widths: for rows that are printed before the next ones are known.
    #[must_use]
    pub fn at_least(mut self, widths: impl IntoIterator<Item = usize>) -> Self {
        self.columns.iter_mut().zip(widths).for_each(|(column, width)| column.width = width);
        self
    }

    /// Sets the number of spaces between the columns; 2 by default.
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
            // How many characters there are before the decimal point.
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
