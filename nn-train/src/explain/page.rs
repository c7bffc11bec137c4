//! A page of headings, paragraphs, matrices and tables, as text or as Markdown.

use std::iter::repeat_n;

use nn_core::Matrix;
use nn_core::text::{Align, Table, on_paper};

/// Longer rows of a table are broken. The numbers of a 2-2-2 network fit.
pub(crate) const LINE_WIDTH: usize = 112;
const PARAGRAPH_WIDTH: usize = 100;

/// The output format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    /// A terminal.
    Text,
    /// A page to paste into. Equations are plain Unicode here too: it reads the same raw and rendered.
    Markdown,
}

pub(crate) struct Page {
    form: Form,
    blocks: Vec<String>,
}

/// A cell of a table, in pieces: a line may be broken between two of them.
pub(crate) type Cell = Vec<String>;

pub(crate) fn cell(text: impl Into<String>) -> Cell {
    vec![text.into()]
}

impl Page {
    pub(crate) fn new(form: Form) -> Page {
        Page { form, blocks: Vec::new() }
    }

    pub(crate) fn finish(self) -> String {
        self.blocks.join("\n\n") + "\n"
    }

    /// The first heading is the title.
    pub(crate) fn heading(&mut self, heading: &str) {
        let is_title = self.blocks.is_empty();
        self.blocks.push(match self.form {
            Form::Text => format!("{heading}\n{}", if is_title { "=" } else { "-" }.repeat(heading.chars().count())),
            Form::Markdown => format!("{} {heading}", if is_title { "#" } else { "##" }),
        });
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        self.blocks.push(match self.form {
            Form::Text => filled(text.split_inclusive(' '), PARAGRAPH_WIDTH, "").join("\n"),
            Form::Markdown => text.to_owned(),
        });
    }

    /// Groups of named matrices, those of a group side by side.
    pub(crate) fn matrices(&mut self, groups: &[Vec<(String, &Matrix<f64>)>]) {
        let text = groups.iter().map(|group| side_by_side(group)).collect::<Vec<_>>().join("\n\n");
        self.blocks.push(match self.form {
            Form::Text => indented(&text),
            Form::Markdown => format!("```text\n{text}\n```"),
        });
    }

    /// Equations of matrices, and beside them those of their entries.
    pub(crate) fn equations(&mut self, rows: impl IntoIterator<Item = [Cell; 2]>) {
        let columns = [("in matrices", Align::Left), ("in numbers", Align::Left)];
        self.table(&columns, &rows.into_iter().map(Vec::from).collect::<Vec<_>>());
    }

    /// A table. In text the first column of equations is broken where a row would be too long.
    pub(crate) fn table(&mut self, columns: &[(&str, Align)], rows: &[Vec<Cell>]) {
        let table = |rows: &[Vec<String>]| {
            let mut table = Table::new(columns.iter().map(|&(_, align)| align));
            table.title(columns.iter().map(|&(title, _)| title));
            if self.form == Form::Markdown {
                table.rule('-');
            }
            rows.iter().for_each(|row| table.row(row));
            table
        };
        let whole: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| cell.concat()).collect()).collect();
        let padded = table(&whole).padded();
        if self.form == Form::Markdown {
            let lines: Vec<String> = padded.iter().map(|cells| format!("| {} |", cells.join(" | "))).collect();
            return self.blocks.push(lines.join("\n"));
        }
        let at = (0..columns.len()).find(|&at| rows.iter().any(|row| row[at].len() > 1)).unwrap_or(0);
        let others: usize = padded[0].iter().map(|cell| cell.chars().count() + 2).sum();
        let room = (LINE_WIDTH + padded[0][at].chars().count()).saturating_sub(others);
        let broken = rows.iter().zip(whole).flat_map(|(row, whole)| {
            let lines = filled(row[at].iter().map(String::as_str), room, "    ");
            lines.into_iter().enumerate().map(move |(n, line)| {
                let mut cells = if n == 0 { whole.clone() } else { vec![String::new(); whole.len()] };
                cells[at] = line;
                cells
            })
        });
        self.blocks.push(indented(&table(&broken.collect::<Vec<_>>()).to_string()));
    }
}

/// Pieces in lines of at most `width` characters, where they allow it.
fn filled<'a>(pieces: impl Iterator<Item = &'a str>, width: usize, indent: &str) -> Vec<String> {
    let mut lines = Vec::<String>::new();
    for piece in pieces {
        match lines.last_mut() {
            Some(line) if line.chars().count() + piece.trim_end().chars().count() <= width => line.push_str(piece),
            Some(_) => lines.push(format!("{indent}{piece}")),
            None => lines.push(piece.to_owned()),
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Named matrices on the same lines.
fn side_by_side(matrices: &[(String, &Matrix<f64>)]) -> String {
    let mut table = Table::new(repeat_n(Align::Left, 2 * matrices.len())).gap(1);
    let height = matrices.iter().map(|(_, matrix)| matrix.rows()).max().unwrap_or(0);
    let blocks: Vec<Vec<String>> = matrices.iter().map(|(_, matrix)| brackets(matrix)).collect();
    for i in 0..height {
        table.row(matrices.iter().zip(&blocks).enumerate().flat_map(|(at, ((name, _), block))| {
            let name = if i == 0 { format!("{}{name} =", if at == 0 { "" } else { "   " }) } else { String::new() };
            [name, block.get(i).cloned().unwrap_or_default()]
        }));
    }
    table.to_string()
}

fn brackets(matrix: &Matrix<f64>) -> Vec<String> {
    let mut table = Table::new(repeat_n(Align::Point, matrix.columns()));
    (0..matrix.rows()).for_each(|i| table.row(matrix.row_iter(i).map(|&x| on_paper(x, 6))));
    table.padded().iter().map(|cells| format!("[ {} ]", cells.join("  "))).collect()
}
