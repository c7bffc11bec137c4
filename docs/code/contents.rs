//! Every page is in the table of contents, its snippets are tested, and a chapter has the parts that chapters have.

use crate::book::{Book, Page};

/// What a chapter has besides its own sections.
const PARTS: [&str; 4] = ["## Try it", "## Exercises", "## Self-test", "## What usually goes wrong"];

pub(crate) fn problems(book: &Book, page: &Page) -> Vec<String> {
    let name = &page.name;
    let mut problems = Vec::new();
    let entry = book.summary.lines().find(|line| line.contains(&format!("]({name})")));
    match entry {
        None => problems.push("the page is not in SUMMARY.md".to_owned()),
        Some(entry) if entry.contains("[") && is_chapter(book, entry) => {
            let missing = PARTS.iter().filter(|part| !page.text.lines().any(|line| line == **part));
            problems.extend(missing.map(|part| format!("the chapter has no section `{part}`")));
        }
        Some(_) => {}
    }
    if !book.front.contains(&format!("include_str!(\"../src/{name}\")")) {
        problems.push("its snippets are not tested: docs/code/lib.rs does not include it".to_owned());
    }
    problems
}

/// Whether an entry of SUMMARY.md is a chapter that teaches: a numbered one, between the first and the last of them.
fn is_chapter(book: &Book, entry: &str) -> bool {
    let numbered: Vec<&str> = book.summary.lines().filter(|line| line.starts_with("- [")).collect();
    let place = numbered.iter().position(|line| *line == entry);
    place.is_some_and(|place| place > 0 && place + 1 < numbered.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::book;

    fn of(book: &Book) -> Vec<String> {
        problems(book, &book.pages[0])
    }

    #[test]
    fn a_page_outside_the_contents_is_found() {
        let mut book = book(&[("page.md", "# A page")]);
        assert!(of(&book).is_empty());
        book.summary = "- [Another](another.md)".to_owned();
        assert_eq!(of(&book), ["the page is not in SUMMARY.md"]);
    }

    #[test]
    fn a_page_whose_snippets_are_not_tested_is_found() {
        let mut book = book(&[("page.md", "# A page")]);
        book.front = "include_str!(\"../src/other-page.md\")".to_owned();
        assert_eq!(of(&book), ["its snippets are not tested: docs/code/lib.rs does not include it"]);
    }

    #[test]
    fn a_chapter_without_a_self_test_is_found() {
        let text = "# A\n## Try it\n## Exercises\n## What usually goes wrong\n";
        let mut book = book(&[("page.md", text)]);
        book.summary = "- [First](first.md)\n- [A](page.md)\n- [Last](last.md)\n".to_owned();
        assert_eq!(of(&book), ["the chapter has no section `## Self-test`"]);
        book.summary = "- [A](page.md)\n- [Last](last.md)\n".to_owned();
        assert!(of(&book).is_empty(), "the first chapter is how to use the book");
    }
}
