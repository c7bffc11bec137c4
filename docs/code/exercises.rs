//! Every exercise of docs/exercises stands in its chapter, before the listing that answers it. Commands that run tests name
//! tests that exist: an exercise whose judge is missing would always be passed.

use crate::book::{Book, Page};
use crate::includes::included;

pub(crate) fn problems(book: &Book, page: &Page) -> Vec<String> {
    let mut problems = asked(book, page);
    problems.extend(answered_before_asked(book, page));
    for line in page.text.lines() {
        if line.starts_with("### Exercise ") {
            problems
                .push(format!("`{line}` is typed: docs/exercises describes it, and {{{{#exercise …}}}} puts it here"));
        }
        problems.extend(commands(line).into_iter().filter_map(|command| command_problem(book, command)));
    }
    problems
}

/// The ids of docs/exercises, whose descriptions are files called `<id>-<name>.toml`.
fn ids(book: &Book) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(book.root.join("docs/exercises")) else { return Vec::new() };
    let id = |path: std::path::PathBuf| Some(path.file_name()?.to_str()?.split_once('-')?.0.to_owned());
    let mut ids: Vec<String> = entries.filter_map(|entry| id(entry.ok()?.path())).collect();
    ids.sort();
    ids
}

/// The exercises that a page asks, `{{#exercise 7.2}}` on a line of its own, each with its place in the text.
pub(crate) fn directives(text: &str) -> Vec<(usize, &str)> {
    let places = text.match_indices("{{#exercise ").filter(|(at, _)| *at == 0 || text[..*at].ends_with('\n'));
    let directive = |(at, mark): (usize, &str)| Some((at, text[at + mark.len()..].lines().next()?.strip_suffix("}}")?));
    places.filter_map(directive).collect()
}

/// The chapter of a page, from 1: that of a page below a chapter is the chapter's.
fn chapter(book: &Book, page: &Page) -> Option<usize> {
    let entries: Vec<&str> = book.summary.lines().filter(|line| line.trim_start().starts_with("- [")).collect();
    let place = entries.iter().position(|entry| entry.ends_with(&format!("]({})", page.name)))?;
    Some(entries[..=place].iter().filter(|entry| entry.starts_with('-')).count())
}

/// The exercises of a chapter stand in its pages, each once, and no others do.
fn asked(book: &Book, page: &Page) -> Vec<String> {
    let (ids, chapter_here) = (ids(book), chapter(book, page));
    let of_chapter =
        |id: &str, chapter: Option<usize>| id.split_once('.').and_then(|(number, _)| number.parse().ok()) == chapter;
    let mut problems = Vec::new();
    if directives(&page.text).len() < page.text.matches("{{#exercise ").count() {
        problems.push("{{#exercise 7.2}} stands on a line of its own".to_owned());
    }
    for (_, id) in directives(&page.text) {
        if !ids.iter().any(|known| known == id) {
            problems.push(format!("there is no exercise {id} in docs/exercises"));
        } else if !of_chapter(id, chapter_here) {
            problems.push(format!("exercise {id} stands outside of its chapter"));
        }
    }
    let entry = format!("]({})", page.name);
    let begins_chapter = book.summary.lines().any(|line| line.starts_with("- [") && line.ends_with(&entry));
    if begins_chapter && page.text.contains("\n## Exercises\n") {
        let pages: Vec<&Page> = book.pages.iter().filter(|other| chapter(book, other) == chapter_here).collect();
        for id in ids.iter().filter(|id| of_chapter(id, chapter_here)) {
            let of_page = |page: &&Page| directives(&page.text).iter().filter(|(_, asked)| asked == id).count();
            let times: usize = pages.iter().map(of_page).sum();
            if times != 1 {
                problems.push(format!("exercise {id} stands {times} times in its chapter"));
            }
        }
    }
    problems
}

/// The listings of a page that hold the body of an exercise which has not been asked yet: further up, or on an earlier page.
fn answered_before_asked(book: &Book, page: &Page) -> Vec<String> {
    let place = |page: &Page| book.summary.find(&format!("]({})", page.name));
    let earlier = book.pages.iter().filter(|other| place(other).is_some_and(|there| Some(there) < place(page)));
    let earlier: Vec<&str> = earlier.flat_map(|other| directives(&other.text)).map(|(_, id)| id).collect();
    let here = directives(&page.text);
    let mut problems = Vec::new();
    for (at, lines) in included(book, page) {
        let answers = lines.iter().filter_map(|line| line.trim_start().strip_prefix("// BEGIN SOLUTION "));
        for id in answers.map(str::trim) {
            if !earlier.contains(&id) && !here.iter().any(|(asked_at, asked)| *asked == id && *asked_at < at) {
                problems.push(format!("a listing answers exercise {id} before it is asked"));
            }
        }
    }
    problems
}

/// The `cargo test` commands with a crate that a line shows.
fn commands(line: &str) -> Vec<&str> {
    let parts = line.split("cargo test -p ").skip(1);
    parts.map(|rest| rest.split(['`', '#', '&', '|']).next().unwrap_or_default().trim()).collect()
}

/// `CRATE [--no-default-features] [--test FILE | --lib] [FILTER]`: whether there is such a test.
fn command_problem(book: &Book, command: &str) -> Option<String> {
    let words: Vec<&str> =
        command.split_whitespace().filter(|word| !["--", "--no-default-features"].contains(word)).collect();
    let (name, rest) = words.split_first()?;
    let (folder, filter): (String, Option<&&str>) = match rest {
        ["--lib", module] if module.ends_with("::") => {
            (format!("{name}/src/{}.rs", module.trim_end_matches(':').replace("::", "/")), None)
        }
        // A test of several files is a folder.
        ["--test", folder, filter @ ..] if book.root.join(format!("{name}/tests/{folder}/main.rs")).is_file() => {
            (format!("{name}/tests/{folder}"), filter.first())
        }
        ["--test", file, filter @ ..] => (format!("{name}/tests/{file}.rs"), filter.first()),
        ["--lib", filter @ ..] => (format!("{name}/src"), filter.first()),
        filter => ((*name).to_owned(), filter.first()),
    };
    let path = book.root.join(&folder);
    let tests = if path.is_file() { tests_of(&std::fs::read_to_string(path).ok()?) } else { tests_below(&path) };
    // `module::tests::name` is the name of a unit test: its last part is the function.
    let wanted = filter.map(|filter| filter.rsplit("::").next().unwrap_or_default());
    match wanted {
        _ if tests.is_empty() => Some(format!("`cargo test -p {command}`: there are no tests in {folder}")),
        Some(wanted) if !tests.iter().any(|test| test.contains(wanted)) => {
            Some(format!("`cargo test -p {command}`: no test of {folder} is called {wanted}"))
        }
        _ => None,
    }
}

fn tests_below(folder: &std::path::Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut tests = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            tests.extend(tests_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            tests.extend(tests_of(&std::fs::read_to_string(path).unwrap_or_default()));
        }
    }
    tests
}

/// The names of the test functions in a source.
pub(crate) fn tests_of(source: &str) -> Vec<String> {
    let mut tests = Vec::new();
    for after in source.split("#[test]").skip(1) {
        let name = after.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
        tests.extend(name.map(|(name, _)| name.to_owned()));
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::{book, problems_of};

    fn of(text: &str) -> String {
        problems_of(problems, text)
    }

    #[test]
    fn tests_that_exist_pass() {
        assert_eq!(of("`cargo test -p nn-layers --test delta output_delta`"), "");
        assert_eq!(of("$ cargo test -p nn-layers\n`cargo test -p nn-train --lib sgd`"), "");
        assert_eq!(of("`cargo test -p nn-train --lib data::split::`"), "");
        assert_eq!(of("Judged by `cargo test -p nn-core --test product`."), "");
    }

    #[test]
    fn tests_that_do_not_exist_are_named() {
        assert!(of("`cargo test -p nn-layers --test delta no_such_test`").contains("is called no_such_test"));
        assert!(of("`cargo test -p nn-layers --test no_such_file`").contains("there are no tests"));
        assert!(of("`cargo test -p nn-train --lib no_such_module::`").contains("there are no tests"));
        assert!(of("`cargo test -p no-such-crate`").contains("there are no tests"));
    }

    /// A page that is chapter 7 of a book.
    fn in_chapter_7(text: &str) -> String {
        let mut book = book(&[("page.md", text), ("below.md", "# Below")]);
        let chapters: String = (1..7).map(|number| format!("- [Chapter](chapter-{number}.md)\n")).collect();
        book.summary = format!("{chapters}- [Seven](page.md)\n  - [Below](below.md)\n");
        problems(&book, &book.pages[0]).join("\n")
    }

    #[test]
    fn an_exercise_stands_in_its_chapter_and_exists() {
        assert_eq!(in_chapter_7("# Seven\n\n{{#exercise 7.2}}\n"), "");
        assert_eq!(in_chapter_7("{{#exercise 8.1}}"), "exercise 8.1 stands outside of its chapter");
        assert_eq!(in_chapter_7("See {{#exercise 7.2}}."), "{{#exercise 7.2}} stands on a line of its own");
        assert_eq!(in_chapter_7("{{#exercise 7.99}}"), "there is no exercise 7.99 in docs/exercises");
        let twice = in_chapter_7("\n## Exercises\n\n{{#exercise 7.2}}\n\n{{#exercise 7.2}}");
        assert!(twice.contains("exercise 7.2 stands 2 times in its chapter"), "{twice}");
    }

    #[test]
    fn an_exercise_that_is_left_out_of_its_chapter_is_found() {
        let mut book = Book::read();
        let page = book.pages.iter().position(|page| page.name == "delta-recursion.md").expect("a page");
        assert_eq!(asked(&book, &book.pages[page]), [""; 0]);
        book.pages[page].text = book.pages[page].text.replace("{{#exercise 7.2}}", "");
        assert_eq!(asked(&book, &book.pages[page]), ["exercise 7.2 stands 0 times in its chapter"]);
    }

    #[test]
    fn a_listing_that_answers_an_exercise_before_it_is_asked_is_found() {
        let listing = "```rs\n{{#include ../../nn-layers/src/delta.rs:hidden_delta}}\n```";
        let problem = "a listing answers exercise 7.2 before it is asked";
        assert_eq!(in_chapter_7(listing), problem);
        assert_eq!(in_chapter_7(&format!("{listing}\n\n{{{{#exercise 7.2}}}}")), problem);
        assert_eq!(in_chapter_7(&format!("{{{{#exercise 7.2}}}}\n\n{listing}")), "");
        // On another page it counts if that is an earlier one.
        let with_order = |summary: &str| {
            let mut book = book(&[("asks.md", "{{#exercise 7.2}}"), ("shows.md", listing)]);
            book.summary = summary.to_owned();
            answered_before_asked(&book, &book.pages[1])
        };
        assert_eq!(with_order("- [A](asks.md)\n- [B](shows.md)"), [""; 0]);
        assert_eq!(with_order("- [B](shows.md)\n- [A](asks.md)"), [problem]);
    }

    #[test]
    fn an_exercise_that_is_typed_is_found() {
        assert!(of("### Exercise 1.1\nDo it.").starts_with("`### Exercise 1.1` is typed"));
    }
}
