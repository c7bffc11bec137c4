//! Commands that run tests name tests that exist: an exercise whose judge is missing would always be passed. The bodies to
//! write are those of docs/exercises, each in the page of its chapter.

use crate::book::{Book, Page};

pub(crate) fn problems(book: &Book, page: &Page) -> Vec<String> {
    let mut problems = bodies(book, page);
    let mut under_exercise: Option<&str> = None;
    let mut judged = true;
    for line in page.text.lines().chain(["#"]) {
        if line.starts_with('#') {
            if let (Some(exercise), false) = (under_exercise, judged) {
                problems.push(format!("`{exercise}` names neither `cargo test` nor `cargo learn` to judge it"));
            }
            under_exercise = line.starts_with("### Exercise ").then_some(line);
            judged = false;
        }
        for command in commands(line) {
            judged = true;
            problems.extend(command_problem(book, command));
        }
        judged |= line.contains("`cargo learn check ");
    }
    problems
}

/// The exercises of docs/exercises, whose descriptions are files called `<id>-<name>.toml`: id and title.
fn descriptions(book: &Book) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(book.root.join("docs/exercises")) else { return Vec::new() };
    let description = |path: std::path::PathBuf| {
        let id = path.file_name()?.to_str()?.split_once('-')?.0.to_owned();
        let text = std::fs::read_to_string(&path).ok()?;
        let title = text.lines().find_map(|line| line.strip_prefix("title = \"")?.strip_suffix('"'))?;
        Some((id, title.to_owned()))
    };
    entries.filter_map(|entry| description(entry.ok()?.path())).collect()
}

/// The bodies to write stand in the page of their chapter, by their titles, and no others.
fn bodies(book: &Book, page: &Page) -> Vec<String> {
    let descriptions = descriptions(book);
    let chapters =
        book.summary.lines().filter_map(|line| line.strip_prefix("- [")?.split_once("](")?.1.strip_suffix(')'));
    let number = (1..).zip(chapters).find(|(_, name)| *name == page.name).map(|(number, _)| number.to_string());
    let (mut problems, mut shown) = (Vec::new(), Vec::new());
    for section in page.text.split("### Exercise ").skip(1) {
        let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
        let text = text.split("\n#").next().unwrap_or_default();
        let Some((_, after)) = text.split_once("`cargo learn check ") else { continue };
        let id = after.split('`').next().unwrap_or_default();
        match descriptions.iter().find(|(known, _)| known == id) {
            Some((_, title)) if heading == id && text.contains(&format!("**{title}.**")) => shown.push(id),
            Some((_, title)) => problems.push(format!("exercise {id} is called `{title}`; it stands under {heading}")),
            None => problems.push(format!("there is no exercise {id} in docs/exercises")),
        }
    }
    for (id, title) in descriptions.iter().filter(|_| page.text.contains("\n## Exercises")) {
        let is_here = id.split_once('.').map(|(chapter, _)| chapter) == number.as_deref();
        if is_here && !shown.contains(&&id[..]) {
            problems.push(format!("exercise {id}, `{title}`, does not stand in its chapter"));
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
    fn a_body_to_write_is_one_of_the_exercises_by_its_title() {
        let section = |heading: &str, rest: &str| of(&format!("### Exercise {heading}\n\n{rest}\n## Next"));
        assert_eq!(section("7.2", "**The error of a hidden layer.** `hidden_delta`. `cargo learn check 7.2`"), "");
        assert!(
            section("7.2", "**Another.** `cargo learn check 7.2`").contains("is called `The error of a hidden layer`")
        );
        assert!(
            section("7.1", "**The error of a hidden layer.** `cargo learn check 7.2`").contains("it stands under 7.1")
        );
        assert!(section("7.99", "**None.** `cargo learn check 7.99`").contains("there is no exercise 7.99"));
    }

    #[test]
    fn a_body_to_write_that_is_left_out_of_its_chapter_is_found() {
        let book = Book::read();
        let mut page = book.pages.iter().find(|page| page.name == "delta-recursion.md").expect("a page").clone();
        assert_eq!(bodies(&book, &page), [""; 0]);
        page.text = page.text.replace("### Exercise 7.2", "### Something");
        let found = bodies(&book, &page);
        assert_eq!(found, ["exercise 7.2, `The error of a hidden layer`, does not stand in its chapter"]);
    }

    #[test]
    fn an_exercise_without_a_judge_is_found() {
        assert!(of("### Exercise 1.1\nDo it.\n### Exercise 1.2\n`cargo test -p nn-core`").contains("Exercise 1.1"));
    }
}
