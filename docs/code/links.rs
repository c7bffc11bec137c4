//! No link within the book leads nowhere, and every picture can be read aloud.

use crate::book::{Book, Page, blocks};

/// A picture described in fewer letters is not described.
const SHORTEST_DESCRIPTION: usize = 30;

pub(crate) fn problems(book: &Book, page: &Page) -> Vec<String> {
    let (_, prose) = blocks(&page.text);
    let mut problems = Vec::new();
    for line in &prose {
        let line = without_code(line);
        for (words, target, is_picture) in links(&line) {
            if is_picture {
                problems.extend(picture(book, &line, words, target));
            } else {
                problems.extend(link(book, page, target));
            }
        }
        if line.contains("<img") {
            problems.push("a picture as HTML: write ![description](figures/name.svg)".to_owned());
        }
    }
    let ids = ids(&page.text);
    let twice = ids.iter().enumerate().filter(|(i, id)| id.starts_with("eq-") && ids[..*i].contains(id));
    problems.extend(twice.map(|(_, id)| format!("the number of the equation {id} is used twice")));
    problems
}

fn picture(book: &Book, line: &str, words: &str, target: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if words.trim().chars().count() < SHORTEST_DESCRIPTION {
        problems.push(format!("the picture {target} has no description: `{words}`"));
    }
    let twin = target.replace(".svg", "-dark.svg");
    let missing = [target, &twin].into_iter().filter(|path| !book.file(path).is_file());
    problems.extend(missing.map(|path| format!("there is no picture {path}")));
    if !(line.starts_with("![") && line.ends_with(".svg)")) {
        problems.push(format!("the picture {target} does not stand on a line of its own"));
    }
    problems
}

fn link(book: &Book, page: &Page, target: &str) -> Option<String> {
    if target.starts_with("https://") || target.starts_with("http://") {
        return None;
    }
    let (path, fragment) = target.split_once('#').map_or((target, None), |(path, fragment)| (path, Some(fragment)));
    let nowhere = || Some(format!("the link {target} leads nowhere"));
    if path.starts_with("../") {
        return if book.file(path).is_file() && fragment.is_none() { None } else { nowhere() };
    }
    let there = if path.is_empty() { Some(page) } else { book.pages.iter().find(|page| page.name == path) };
    match (there, fragment) {
        (None, _) => nowhere(),
        (Some(there), Some(fragment)) if !ids(&there.text).iter().any(|id| id == fragment) => nowhere(),
        _ => None,
    }
}

/// The places of a page that a link can lead to: headings, exercises, numbered equations, and elements with an id.
pub(crate) fn ids(text: &str) -> Vec<String> {
    let (_, prose) = blocks(text);
    let exercises = crate::exercises::directives(text).into_iter();
    let mut ids: Vec<String> = exercises.map(|(_, id)| format!("exercise-{}", id.replace('.', ""))).collect();
    for line in prose {
        if let Some(heading) = line.strip_prefix('#') {
            ids.push(heading_id(heading.trim_start_matches('#').trim()));
        }
        let between = |open: &str, close: char| {
            let ends = line.split(open).skip(1).filter_map(move |rest| rest.split_once(close));
            ends.map(|(id, _)| id.to_owned()).collect::<Vec<_>>()
        };
        ids.extend(between("\\tag{", '}').into_iter().map(|number| format!("eq-{number}")));
        ids.extend(between("id=\"", '"'));
    }
    ids
}

/// The id that mdBook gives a heading.
fn heading_id(heading: &str) -> String {
    let letter = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c.to_ascii_lowercase()),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    };
    heading.chars().filter_map(letter).collect()
}

/// `[words](target)` and `![words](target)` of a line.
pub(crate) fn links(line: &str) -> Vec<(&str, &str, bool)> {
    let mut links = Vec::new();
    for (middle, _) in line.match_indices("](") {
        let Some((target, _)) = line[middle + 2..].split_once(')') else { continue };
        let Some(open) = opening(&line[..middle]) else { continue };
        links.push((&line[open + 1..middle], target, line[..open].ends_with('!')));
    }
    links
}

/// Where the bracket opens that is closed right behind this text.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (i, c) in text.char_indices().rev() {
        match c {
            ']' => depth += 1,
            '[' if depth == 0 => return Some(i),
            '[' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A line with its code spans blanked.
fn without_code(line: &str) -> String {
    line.split('`').enumerate().map(|(i, part)| if i % 2 == 1 { "`" } else { part }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::{book, problems_of};

    fn of(text: &str) -> String {
        problems_of(problems, text)
    }

    #[test]
    fn dead_links_are_found() {
        assert_eq!(of("[a](b.md)"), "the link b.md leads nowhere");
        assert_eq!(of("# A\n[a](#b)"), "the link #b leads nowhere");
        assert_eq!(of("[a](../../nn-core/src/nothing.rs)"), "the link ../../nn-core/src/nothing.rs leads nowhere");
        assert_eq!(of("[a](figures/x.png)"), "the link figures/x.png leads nowhere");
    }

    #[test]
    fn living_links_pass() {
        let text = "# The δ, at last\n$$ x \\tag{7.1} $$\n<a id=\"here\"></a>\n[a](#the-δ-at-last) [b](#eq-7.1) [c](#here)\n\
                    [d](../../nn-core/src/lib.rs) [e](https://www.rust-lang.org) [f](page.md#here) `[g](nowhere.md)`";
        assert_eq!(of(text), "");
    }

    #[test]
    fn fragments_of_other_pages_are_looked_up_there() {
        let two = book(&[("page.md", "[a](other.md#b) [c](other.md#d)"), ("other.md", "## B")]);
        assert_eq!(problems(&two, &two.pages[0]), ["the link other.md#d leads nowhere"]);
    }

    #[test]
    fn pictures_need_words_files_and_a_line() {
        let found = of("![short](figures/nothing.svg)");
        assert!(
            found.contains("has no description") && found.contains("no picture figures/nothing-dark.svg"),
            "{found}"
        );
        assert!(of("text ![a](figures/b.svg)").contains("a line of its own"));
        assert!(of("<img src=\"x.svg\">").contains("a picture as HTML"));
    }

    #[test]
    fn an_equation_number_is_used_once() {
        assert!(of("$$ a \\tag{1.1} $$\n$$ b \\tag{1.1} $$").contains("eq-1.1 is used twice"));
    }

    /// What is heavy loads slowly on a phone, what has no title cannot be found by ear.
    #[test]
    fn figures_are_shown_small_and_titled() {
        let book = crate::book::Book::read();
        for file in std::fs::read_dir(book.file("figures")).expect("the figures") {
            let path = file.expect("a readable folder").path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let shown = format!("](figures/{}.svg)", name.trim_end_matches("-dark"));
            assert!(book.pages.iter().any(|page| page.text.contains(&shown)), "no page shows {name}");
            let svg = std::fs::read_to_string(&path).expect("a readable figure");
            assert!(svg.len() < 150_000, "{name} has {} bytes", svg.len());
            assert!(svg.contains("<title") && svg.contains("<desc"), "{name} has no title or description");
        }
    }

    /// The documentation of the crates sends its readers to pages of the book by their files.
    #[test]
    fn sources_name_pages_that_exist() {
        let book = crate::book::Book::read();
        let mut named = 0;
        for (path, text) in crate::includes::sources(&book) {
            for rest in text.split("docs/src/").skip(1) {
                let Some((name, _)) = rest.split_once(".md") else { continue };
                let page = format!("{name}.md");
                assert!(book.pages.iter().any(|there| there.name == page), "{path} names docs/src/{page}");
                named += 1;
            }
        }
        assert!(named > 8, "the crates name their chapters");
    }

    #[test]
    fn words_of_links_may_hold_brackets() {
        assert_eq!(links("![a [b] c](d) [e](f)"), [("a [b] c", "d", true), ("e", "f", false)]);
    }
}
