//! Paragraphs, figures and tables, rendered as text or Markdown.

use nn_core::Matrix;

use crate::arithmetic::operand;

/// Longer lines of the text are broken: enough for the numbers of a 2-2-2 network.
pub(crate) const LINE_WIDTH: usize = 112;

const PARAGRAPH_WIDTH: usize = 100;

pub(crate) struct Section {
    pub(crate) heading: String,
    pub(crate) parts: Vec<Part>,
}

pub(crate) enum Part {
    Words(String),
    /// Lines that stay as they are.
    Figure(String),
    Table(Table),
}

/// Columns of numbers are aligned on the decimal point, others to the left.
pub(crate) struct Table {
    pub(crate) header: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

pub(crate) fn section(heading: impl Into<String>, parts: Vec<Part>) -> Section {
    Section { heading: heading.into(), parts }
}

pub(crate) fn words(text: impl Into<String>) -> Part {
    Part::Words(text.into())
}

pub(crate) fn equations(rows: impl IntoIterator<Item = (String, String)>) -> Part {
    let rows = rows.into_iter().map(|(whole, one)| vec![whole, one]).collect();
    Part::Table(Table { header: vec!["in matrices", "in numbers"], rows })
}

impl Part {
    pub(crate) fn to_text(&self) -> String {
        match self {
            Part::Words(text) => wrap(text, PARAGRAPH_WIDTH).join("\n"),
            Part::Figure(figure) => indented(figure.lines().map(str::to_owned)),
            Part::Table(Table { header, rows }) => {
                let lines = columns(header, &broken_rows(header, rows));
                indented(lines.iter().map(|cells| cells.join("  ")))
            }
        }
    }

    pub(crate) fn to_markdown(&self) -> String {
        match self {
            Part::Words(text) => text.clone(),
            Part::Figure(figure) => format!("```text\n{figure}\n```"),
            Part::Table(Table { header, rows }) => {
                let mut lines = columns(header, rows);
                let rule = lines[0].iter().map(|cell| "-".repeat(cell.chars().count())).collect();
                lines.insert(1, rule);
                lines.iter().map(|cells| format!("| {} |", cells.join(" | "))).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// Named matrices on the same lines.
pub(crate) fn side_by_side(matrices: &[(String, &Matrix<f64>)]) -> String {
    let height = matrices.iter().map(|(_, matrix)| matrix.rows()).max().unwrap_or(0);
    let mut lines = vec![String::new(); height];
    for (name, matrix) in matrices {
        let columns: Vec<_> = matrix.columns_iter().map(|column| align(column.iter().map(|&x| operand(x)))).collect();
        let rows = (0..matrix.rows()).map(|i| columns.iter().map(|c| c[i].as_str()).collect::<Vec<_>>().join("  "));
        let rows: Vec<_> = rows.map(|row| format!("[ {row} ]")).collect();
        let gap = if lines[0].is_empty() { "" } else { "    " };
        let block = (0..height).map(|i| {
            let name =
                if i == 0 { format!("{gap}{name} = ") } else { " ".repeat(gap.len() + name.chars().count() + 3) };
            name + rows.get(i).map_or("", String::as_str)
        });
        for (line, cell) in lines.iter_mut().zip(pad(&block.collect::<Vec<_>>())) {
            *line += &cell;
        }
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// Cells of one width, numbers with their decimal points below each other.
fn align(cells: impl Iterator<Item = String>) -> Vec<String> {
    let cells: Vec<String> = cells.collect();
    let whole = |cell: &String| cell.chars().take_while(|&c| c != '.' && c != 'e').count();
    let widest = cells.iter().map(whole).max().unwrap_or(0);
    pad(&cells.iter().map(|cell| " ".repeat(widest - whole(cell)) + cell).collect::<Vec<_>>())
}

/// Cells of one width, counted in characters.
fn pad(cells: &[String]) -> Vec<String> {
    let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
    cells.iter().map(|cell| format!("{cell:width$}")).collect()
}

/// Lines of at most `width` characters where spaces allow it; a computation is broken only before a term of its sum.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let is_computation = text.contains(" = ");
    let (mut lines, mut start) = (Vec::<String>::new(), 0);
    let breaks = text.match_indices(' ').map(|(at, _)| at).filter(|&at| {
        let mut tokens = text[at..].split_whitespace();
        let is_term = tokens.next() == Some("+") || (text[at..].starts_with(" − ") && tokens.nth(1) == Some("·"));
        !is_computation || is_term
    });
    for end in breaks.chain([text.len()]) {
        let piece = &text[start..end];
        match lines.last_mut() {
            Some(line) if line.chars().count() + piece.chars().count() <= width => line.push_str(piece),
            Some(_) if is_computation => lines.push(format!("    {piece}")),
            _ => lines.push(piece.trim_start().to_owned()),
        }
        start = end;
    }
    lines
}

fn indented(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| format!("  {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Rows whose computations are broken into several, where the line would be too long. The numbers stay on the first.
fn broken_rows(header: &[&str], rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let lines = columns(header, rows);
    let is_computation = |cell: &String| cell.contains(" = ");
    let Some(at) = rows[0].iter().position(is_computation) else { return rows.to_vec() };
    let others: usize =
        lines[0].iter().map(|cell| cell.chars().count() + 2).sum::<usize>() - lines[0][at].chars().count();
    let broken = rows.iter().flat_map(|row| {
        let pieces = wrap(&row[at], LINE_WIDTH.saturating_sub(others)).into_iter().enumerate();
        pieces.map(|(index, piece)| {
            let mut line = if index == 0 { row.clone() } else { vec![String::new(); row.len()] };
            line[at] = piece;
            line
        })
    });
    broken.collect()
}

/// Header and rows, padded.
fn columns(header: &[&str], rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut lines = vec![Vec::new(); rows.len() + 1];
    for (at, name) in header.iter().enumerate() {
        let cells = rows.iter().map(|row| row[at].clone());
        let is_number =
            |cell: String| cell.is_empty() || cell.starts_with(|c: char| c.is_ascii_digit() || "−N∞".contains(c));
        let cells = if cells.clone().all(is_number) { align(cells) } else { cells.collect() };
        let padded = pad(&std::iter::once((*name).to_owned()).chain(cells).collect::<Vec<_>>());
        for (line, cell) in lines.iter_mut().zip(padded) {
            line.push(cell);
        }
    }
    lines
}
