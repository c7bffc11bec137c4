//! The table of the page seed.md: each section of the seed document with its equation, code, test, figure and exercise,
//! all of which exist.

use crate::book::{Book, Page};
use crate::exercises::tests_of;
use crate::links::links;

const PAGE: &str = "seed.md";
const SECTIONS: [&str; 6] = ["3.7.0", "3.7.1", "3.7.2", "3.7.3", "3.7.4", "3.7.5"];
const COLUMNS: [&str; 6] = ["section", "equation", "code", "test", "figure", "exercise"];

pub(crate) fn problems(book: &Book, page: &Page) -> Vec<String> {
    if page.name != PAGE {
        return Vec::new();
    }
    let rows: Vec<Vec<&str>> = page.text.lines().filter(|line| line.starts_with('|')).map(cells).collect();
    let mut problems = Vec::new();
    for section in SECTIONS {
        if !rows.iter().any(|row| row[0].starts_with(section)) {
            problems.push(format!("no row for section {section}"));
        }
    }
    for row in rows.iter().filter(|row| row[0].starts_with("3.7.")) {
        problems.extend(row_problems(book, row).into_iter().map(|problem| format!("row {}: {problem}", row[0])));
    }
    problems
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

fn row_problems(book: &Book, row: &[&str]) -> Vec<String> {
    if row.len() != COLUMNS.len() {
        return vec![format!("{} cells, not {}", row.len(), COLUMNS.len())];
    }
    let mut problems = Vec::new();
    for (name, cell) in COLUMNS.into_iter().zip(row) {
        let links = links(cell);
        if links.is_empty() && name != "section" {
            problems.push(format!("no {name}"));
        }
        for (words, target, _) in links {
            let words = words.trim_matches('`');
            let alive = match name {
                "code" => book.text(target).is_some_and(|text| defines(&text, words)),
                "test" => book.text(target).is_some_and(|text| tests_of(&text).iter().any(|test| test == words)),
                "figure" => is_figure(book, words, target),
                _ => true, // The check of links looks after pages and their fragments.
            };
            if !alive {
                problems.push(format!("the {name} `{words}` is not in {target}"));
            }
        }
    }
    problems
}

/// Whether a source defines `name`, `Type` or `Type::name`.
fn defines(text: &str, path: &str) -> bool {
    path.split("::").all(|name| {
        let starts = ["fn ", "struct ", "enum ", "trait ", "impl<T: Scalar> ", "impl "];
        starts.iter().any(|start| {
            text.match_indices(&format!("{start}{name}")).any(|(at, found)| {
                let next = text[at + found.len()..].chars().next();
                next.is_some_and(|next| !next.is_alphanumeric() && next != '_')
            })
        })
    })
}

/// A figure is named by its file, and the page that is linked shows it.
fn is_figure(book: &Book, name: &str, target: &str) -> bool {
    let page = target.split('#').next().unwrap_or_default();
    let shown = format!("](figures/{name}.svg)");
    book.pages.iter().any(|other| other.name == page && other.text.contains(&shown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::book;

    const HEAD: &str = "| section | equation | code | test | figure | exercise |\n|---|---|---|---|---|---|\n";
    const ROW: &str = "[(7.1)](delta.md#x) | [`hidden_delta`](../../nn-layers/src/delta.rs) | \
        [`shapes_that_do_not_fit_are_named`](../../nn-layers/tests/delta.rs) | [`curve`](delta.md) | [7.1](delta.md) |";

    fn of(change: impl Fn(String) -> String) -> Vec<String> {
        let rows: String = SECTIONS.iter().map(|section| format!("| {section} a | {ROW}\n")).collect();
        let text = change(format!("{HEAD}{rows}"));
        let book = book(&[("seed.md", &text), ("delta.md", "![a curve](figures/curve.svg)")]);
        problems(&book, &book.pages[0])
    }

    #[test]
    fn a_table_of_living_rows_passes() {
        assert_eq!(of(|text| text), Vec::<String>::new());
    }

    #[test]
    fn a_missing_section_is_found() {
        assert_eq!(of(|text| text.replace("3.7.3", "3.8.3")), ["no row for section 3.7.3"]);
    }

    #[test]
    fn dead_cells_are_found() {
        for (living, dead, problem) in [
            ("`hidden_delta`", "`hiden_delta`", "the code `hiden_delta` is not in ../../nn-layers/src/delta.rs"),
            ("src/delta.rs", "src/nothing.rs", "the code `hidden_delta` is not in ../../nn-layers/src/nothing.rs"),
            (
                "_are_named",
                "_is_named",
                "the test `shapes_that_do_not_fit_is_named` is not in ../../nn-layers/tests/delta.rs",
            ),
            ("`curve`", "`curves`", "the figure `curves` is not in delta.md"),
            ("[7.1](delta.md)", "", "no exercise"),
        ] {
            let found = of(|text| text.replace(living, dead));
            assert_eq!(found.len(), SECTIONS.len(), "{found:?}");
            assert!(found[0].ends_with(problem), "{found:?}");
        }
    }

    #[test]
    fn names_are_whole() {
        assert!(defines("pub fn sigmoid(z", "sigmoid") && !defines("pub fn sigmoid_derivative(a", "sigmoid"));
        assert!(defines("impl<T: Scalar> Tape<T> { pub fn backward(", "Tape::backward"));
    }
}
