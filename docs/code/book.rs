//! The book as files: its pages, its table of contents, and what the checks of pages have in common.

use std::path::{Path, PathBuf};

/// One page of `docs/src`.
#[derive(Clone, Debug)]
pub struct Page {
    /// The name of its file.
    pub name: String,
    /// Its Markdown, before anything is included.
    pub text: String,
}

/// All pages, and the folder of the workspace that they speak of.
#[derive(Clone, Debug)]
pub struct Book {
    /// The folder of the workspace.
    pub root: PathBuf,
    /// The pages, without SUMMARY.md, by name.
    pub pages: Vec<Page>,
    /// SUMMARY.md
    pub summary: String,
    /// The source of this crate's front page, which runs the snippets of each page.
    pub front: String,
}

impl Book {
    /// Reads the book of this workspace.
    ///
    /// # Panics
    ///
    /// Panics if a page cannot be read.
    pub fn read() -> Self {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = |path: PathBuf| std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut pages = Vec::new();
        for entry in std::fs::read_dir(docs.join("src")).expect("the folder of the pages") {
            let path = entry.expect("a readable folder").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a UTF-8 name").to_owned();
            if name.ends_with(".md") && name != "SUMMARY.md" {
                pages.push(Page { name, text: text(path) });
            }
        }
        pages.sort_by(|a, b| a.name.cmp(&b.name));
        Book {
            root: docs.parent().expect("the folder of the workspace").to_owned(),
            pages,
            summary: text(docs.join("src/SUMMARY.md")),
            front: text(docs.join("code/lib.rs")),
        }
    }

    /// The file that a page means by a path.
    pub fn file(&self, path: &str) -> PathBuf {
        let mut file = self.root.join("docs/src");
        for part in path.split('/') {
            if part == ".." {
                file.pop();
            } else {
                file.push(part);
            }
        }
        file
    }

    /// The text of the file that a page means by a path, if there is one.
    pub fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.file(path)).ok()
    }

    /// Every problem of every page; none in a sound book.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for page in &self.pages {
            let found = [
                crate::contents::problems(self, page),
                crate::includes::problems(self, page),
                crate::links::problems(self, page),
                crate::exercises::problems(self, page),
                crate::seed_table::problems(self, page),
            ];
            problems.extend(found.concat().into_iter().map(|problem| format!("docs/src/{}: {problem}", page.name)));
        }
        problems
    }
}

/// A fenced block of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Block<'a> {
    /// What stands behind the opening fence: `rust`, `rs`, `console`, …
    pub language: &'a str,
    /// The lines between the fences.
    pub lines: Vec<&'a str>,
}

/// The fenced blocks of a page, and its other lines.
pub fn blocks(text: &str) -> (Vec<Block<'_>>, Vec<&str>) {
    let (mut blocks, mut prose) = (Vec::new(), Vec::new());
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some(Block { language: language.trim(), lines: Vec::new() }),
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => block.lines.push(line),
            (None, None) => prose.push(line),
        }
    }
    blocks.extend(open);
    (blocks, prose)
}

/// A book of these pages for the tests of the checks, in the folder of this workspace.
#[cfg(test)]
pub(crate) fn book(pages: &[(&str, &str)]) -> Book {
    let pages: Vec<Page> =
        pages.iter().map(|&(name, text)| Page { name: name.to_owned(), text: text.to_owned() }).collect();
    Book {
        root: Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned(),
        summary: pages.iter().map(|page| format!("- [A page]({})\n", page.name)).collect(),
        front: pages.iter().map(|page| format!("#[doc = include_str!(\"../src/{}\")]\n", page.name)).collect(),
        pages,
    }
}

/// The problems that a check finds on the only page of a book.
#[cfg(test)]
pub(crate) fn problems_of(check: fn(&Book, &Page) -> Vec<String>, text: &str) -> String {
    let book = book(&[("page.md", text)]);
    check(&book, &book.pages[0]).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_book_is_sound() {
        let problems = Book::read().problems();
        assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    }

    /// A comment of this crate that names a file names one that is there.
    #[test]
    fn files_that_the_sources_name_exist() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut missing = Vec::new();
        for file in std::fs::read_dir(docs.join("code")).expect("the sources") {
            let path = file.expect("a readable folder").path();
            let text = std::fs::read_to_string(&path).expect("a readable source");
            for line in text.lines().filter_map(|line| line.trim().strip_prefix("//")) {
                let names =
                    line.split('`').skip(1).step_by(2).filter(|name| name.ends_with(".rs") || name.ends_with(".md"));
                let folders = [docs.join("code"), docs.to_owned(), docs.join("src"), docs.join("..")];
                let gone = names.filter(|name| !folders.iter().any(|folder| folder.join(name).is_file()));
                missing.extend(gone.map(|name| format!("{} names {name}", path.display())));
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn problems_name_their_page() {
        let found = book(&[("a.md", "# A"), ("b.md", "# B\n\n[nowhere](c.md)")]).problems();
        assert_eq!(found, ["docs/src/b.md: the link c.md leads nowhere"]);
    }

    #[test]
    fn blocks_are_told_from_prose() {
        let (blocks, prose) = blocks("one\n```rust\nlet x = 1;\n```\ntwo\n```\n# no heading\n```\n");
        assert_eq!(blocks[0], Block { language: "rust", lines: vec!["let x = 1;"] });
        assert_eq!(blocks[1], Block { language: "", lines: vec!["# no heading"] });
        assert_eq!(prose, ["one", "two"]);
    }
}
