//! Commands that run tests name tests that exist: an exercise whose judge is missing would always be passed.

use crate::book::{Book, Page};

pub(crate) fn problems(book: &Book, page: &Page) -> Vec<String> {
    let mut problems = Vec::new();
    let mut under_exercise: Option<&str> = None;
    let mut judged = true;
    for line in page.text.lines().chain(["#"]) {
        if line.starts_with('#') {
            if let (Some(exercise), false) = (under_exercise, judged) {
                problems.push(format!("`{exercise}` names no `cargo test` that judges it"));
            }
            under_exercise = line.starts_with("### Exercise ").then_some(line);
            judged = false;
        }
        for command in commands(line) {
            judged = true;
            problems.extend(command_problem(book, command));
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
    use crate::book::problems_of;

    fn of(text: &str) -> String {
        problems_of(problems, text)
    }

    #[test]
    fn tests_that_exist_pass() {
        assert_eq!(of("`cargo test -p nn-layers --test delta output_delta`"), "");
        assert_eq!(of("$ cargo test -p nn-layers\n`cargo test -p nn-train --lib sgd`"), "");
        assert_eq!(of("`cargo test -p nn-train --lib data::split::`"), "");
        assert_eq!(of("### Exercise 1.1\nJudged by `cargo test -p nn-core --test product`.\n## Next"), "");
    }

    #[test]
    fn tests_that_do_not_exist_are_named() {
        assert!(of("`cargo test -p nn-layers --test delta no_such_test`").contains("is called no_such_test"));
        assert!(of("`cargo test -p nn-layers --test no_such_file`").contains("there are no tests"));
        assert!(of("`cargo test -p nn-train --lib no_such_module::`").contains("there are no tests"));
        assert!(of("`cargo test -p no-such-crate`").contains("there are no tests"));
    }

    #[test]
    fn an_exercise_without_a_judge_is_found() {
        assert!(of("### Exercise 1.1\nDo it.\n### Exercise 1.2\n`cargo test -p nn-core`").contains("Exercise 1.1"));
    }
}
