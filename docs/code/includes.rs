//! Listings and numbers come into the pages by `{{#include file:anchor}}`, and only so: mdBook leaves out an anchor
//! that does not exist, without a word.

use crate::book::{Block, Book, Page, blocks};

pub(crate) fn problems(book: &Book, page: &Page) -> Vec<String> {
    let mut problems = Vec::new();
    for (at, _) in page.text.match_indices("{{#") {
        let rest = &page.text[at..];
        if rest.starts_with("{{#exercise ") {
            continue; // of which exercises.rs knows more
        }
        if let Some((name, _)) = rest.strip_prefix("{{#demo ").and_then(|rest| rest.split_once("}}")) {
            let page = book.root.join(format!("docs/playground/web/{name}.html"));
            problems.extend((!page.is_file()).then(|| format!("there is no demo {name}")));
            continue;
        }
        match rest.strip_prefix("{{#include ").and_then(|rest| rest.split_once("}}")) {
            Some((target, _)) => problems.extend(include(book, target)),
            None => problems.push(format!("`{}` is no include", rest.lines().next().unwrap_or_default())),
        }
    }
    let (blocks, _) = blocks(&page.text);
    for block in &blocks {
        if block.language == "rs" && !block.lines.iter().all(|line| line.is_empty() || line.starts_with("{{#include "))
        {
            problems.push(format!("a listing that is not included: `{}`", block.lines.join(" ").trim()));
        }
    }
    problems.extend(copies(book, &blocks));
    problems
}

/// What is wrong with one include, if anything.
fn include(book: &Book, target: &str) -> Option<String> {
    let Some((path, anchor)) = target.split_once(':') else {
        if target.ends_with(".json") && book.file(target).is_file() {
            return None; // JSON has no comments, and so no anchors.
        }
        return Some(format!("`{target}` includes a whole file: name an anchor"));
    };
    let Some(text) = book.text(path) else {
        return Some(format!("`{target}`: there is no file {path}"));
    };
    match anchored(&text, anchor) {
        Err(why) => Some(format!("`{target}`: {why}")),
        Ok(lines) if lines.iter().all(|line| line.trim().is_empty()) => Some(format!("`{target}` is empty")),
        Ok(lines) if path.ends_with(".rs") && !is_whole(&lines) => Some(format!("`{target}` is not a whole item")),
        Ok(_) => None,
    }
}

/// What the includes of a page put in from sources of Rust: the place of each in the text, and the lines.
pub(crate) fn included(book: &Book, page: &Page) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for (at, mark) in page.text.match_indices("{{#include ") {
        let Some((target, _)) = page.text[at + mark.len()..].split_once("}}") else { continue };
        let Some((path, anchor)) = target.split_once(':').filter(|(path, _)| path.ends_with(".rs")) else { continue };
        let text = book.text(path).unwrap_or_default();
        let lines = anchored(&text, anchor).unwrap_or_default();
        found.push((at, lines.into_iter().map(str::to_owned).collect()));
    }
    found
}

/// The lines between `ANCHOR: name` and `ANCHOR_END: name`.
fn anchored<'a>(text: &'a str, name: &str) -> Result<Vec<&'a str>, String> {
    let marks = |mark: &str| -> Vec<usize> {
        let is_mark = |line: &str| line.split_once(mark).is_some_and(|(_, found)| found.trim() == name);
        text.lines().enumerate().filter(|(_, line)| is_mark(line)).map(|(i, _)| i).collect()
    };
    match (marks("ANCHOR:")[..].to_vec(), marks("ANCHOR_END:")[..].to_vec()) {
        (starts, _) if starts.is_empty() => Err(format!("there is no anchor {name}")),
        (starts, ends) if starts.len() == 1 && ends.len() == 1 && starts[0] < ends[0] => {
            let inside = text.lines().skip(starts[0] + 1).take(ends[0] - starts[0] - 1);
            Ok(inside.filter(|line| !line.contains("ANCHOR")).collect())
        }
        _ => Err(format!("the anchor {name} does not begin and end once")),
    }
}

/// Whether what a piece of Rust opens, it closes.
fn is_whole(lines: &[&str]) -> bool {
    let mut open = 0_i32;
    for c in lines.iter().flat_map(|line| line.split("//").next().unwrap_or_default().chars()) {
        open += i32::from(c == '{') - i32::from(c == '}');
        if open < 0 {
            return false;
        }
    }
    open == 0
}

/// So many lines in a row that are also in a source are no coincidence.
const COPY: usize = 3;

/// Snippets that repeat the source of a crate.
fn copies(book: &Book, blocks: &[Block]) -> Vec<String> {
    let snippets = || blocks.iter().filter(|block| block.language.starts_with("rust"));
    if snippets().next().is_none() {
        return Vec::new();
    }
    let code = |line: &&str| line.len() > 12 && !line.starts_with("//") && !line.starts_with("use ");
    let sources: Vec<(String, String)> = sources(book);
    let sources: Vec<(&str, Vec<&str>)> =
        sources.iter().map(|(path, text)| (&path[..], text.lines().map(str::trim).filter(code).collect())).collect();
    let mut problems = Vec::new();
    for snippet in snippets() {
        let lines: Vec<&str> = snippet.lines.iter().map(|line| line.trim()).filter(code).collect();
        for window in lines.windows(COPY) {
            if let Some((path, _)) = sources.iter().find(|(_, source)| source.windows(COPY).any(|w| w == window)) {
                problems.push(format!("a snippet repeats {path}: `{}` …", window[0]));
            }
        }
    }
    problems
}

/// The sources of the crates: path and text.
pub(crate) fn sources(book: &Book) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    for folder in ["nn-core", "nn-autodiff", "nn-layers", "nn-train"].map(|name| format!("{name}/src")) {
        let files = std::fs::read_dir(book.root.join(&folder)).expect("the sources of a crate");
        for path in files.map(|file| file.expect("a readable folder").path()) {
            if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                sources.push((format!("{folder}/{name}"), std::fs::read_to_string(&path).expect("a readable source")));
            }
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::problems_of;

    fn of(text: &str) -> String {
        problems_of(problems, text)
    }

    #[test]
    fn a_sound_listing_passes() {
        assert_eq!(of("```rs\n{{#include ../../nn-layers/src/delta.rs:hidden_delta}}\n```"), "");
    }

    #[test]
    fn a_missing_file_is_named() {
        let text = "```rs\n{{#include ../../nn-layers/src/nothing.rs:x}}\n```";
        assert!(of(text).contains("there is no file ../../nn-layers/src/nothing.rs"), "{}", of(text));
    }

    #[test]
    fn a_demo_that_there_is_not_is_named() {
        assert_eq!(of("{{#demo plane}}"), "");
        assert_eq!(of("{{#demo plain}}"), "there is no demo plain");
    }

    #[test]
    fn a_misspelt_anchor_is_named() {
        let text = "{{#include ../../nn-layers/src/delta.rs:hiden_delta}}";
        assert!(of(text).contains("there is no anchor hiden_delta"), "{}", of(text));
    }

    #[test]
    fn a_whole_file_and_other_commands_are_refused() {
        assert!(of("{{#include ../../nn-layers/src/delta.rs}}").contains("name an anchor"));
        assert!(of("{{#inlcude a.rs:b}}").contains("is no include"));
        assert!(of("{{#rustdoc_include a.rs:b}}").contains("is no include"));
    }

    #[test]
    fn listings_that_are_typed_are_refused() {
        assert!(of("```rs\nfn f() {}\n```").contains("a listing that is not included"));
        let body = "```rust\ndelta.resize(a.rows(), a.columns());\n\
             matmul(above.weight.t(), delta_above, Write::Replace, delta); // ∂J/∂a⁽ˡ⁾ = W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾\n\
             activation.backward(a, delta); // δ⁽ˡ⁾ = ∂J/∂a⁽ˡ⁾ ⊙ σ′(z⁽ˡ⁾)\n```";
        assert!(of(body).contains("a snippet repeats nn-layers/src/delta.rs"), "{}", of(body));
    }

    #[test]
    fn anchors_begin_and_end_once_and_hold_something() {
        assert_eq!(anchored("// ANCHOR: a\nx\n// ANCHOR_END: a", "a"), Ok(vec!["x"]));
        assert_eq!(anchored("ANCHOR: a\nANCHOR: b\nx\nANCHOR_END: b\nANCHOR_END: a", "a"), Ok(vec!["x"]));
        assert!(anchored("// ANCHOR: ab\nx\n// ANCHOR_END: ab", "a").is_err());
        assert!(anchored("// ANCHOR: a\nx", "a").is_err());
        assert!(anchored("// ANCHOR: a\n// ANCHOR_END: a\n// ANCHOR: a\n// ANCHOR_END: a", "a").is_err());
    }

    #[test]
    fn half_an_item_is_found() {
        assert!(is_whole(&["fn f() {", "}"]) && !is_whole(&["fn f() {"]) && !is_whole(&["}", "fn f() {"]));
        assert!(is_whole(&["let x = 1; // {"]));
    }
}
