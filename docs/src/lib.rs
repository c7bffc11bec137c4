//! The book is the folder `docs/src`. This crate holds its pages to the code: every Rust snippet of a page is a
//! doctest, run by `cargo test`.
#![forbid(unsafe_code)]

#[cfg(doctest)]
#[doc = include_str!("introduction.md")]
mod introduction {}

#[cfg(doctest)]
#[doc = include_str!("two-by-two.md")]
mod two_by_two {}

#[cfg(test)]
mod tests {
    /// A page that is not listed above would have snippets that no one runs.
    #[test]
    fn every_page_is_tested() {
        let listed = include_str!("lib.rs");
        for page in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).expect("the folder of the pages") {
            let name = page.expect("a readable folder").file_name().into_string().expect("a UTF-8 name");
            if name.ends_with(".md") && name != "SUMMARY.md" {
                assert!(listed.contains(&format!("include_str!(\"{name}\")")), "{name} is not tested");
                let summary = include_str!("SUMMARY.md");
                assert!(summary.contains(&format!("({name})")), "{name} is not in SUMMARY.md");
            }
        }
    }
}
