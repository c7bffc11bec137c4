//! The engine stays small enough to be read in one sitting, and what is said of its length is true.

/// Lines of code: not blank, not a comment.
fn lines_of_code(source: &str) -> usize {
    source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// Recording, both sweeps, both rules of every operation, names, equations and messages: nothing that the engine needs
/// stands elsewhere.
const ENGINE: [&str; 3] =
    [include_str!("../src/op.rs"), include_str!("../src/rules.rs"), include_str!("../src/tape.rs")];

#[test]
fn the_engine_is_under_700_lines() {
    let lines: usize = ENGINE.into_iter().map(lines_of_code).sum();
    println!("{lines} lines of code");
    assert!((600..700).contains(&lines), "{lines} lines");
}

/// The files that say how long it is say so.
#[test]
fn the_length_is_what_the_pages_say() {
    let pages =
        [include_str!("../src/lib.rs"), include_str!("../../ARCHITECTURE.md"), include_str!("../../docs/src/tape.md")];
    assert!(pages.iter().all(|page| page.contains("under 700 lines of code")));
}

/// What the engine uses of this crate is the engine: its printer, its check and the dual numbers could be taken away.
#[test]
fn the_engine_needs_no_other_file() {
    let imports = ENGINE.into_iter().flat_map(str::lines).filter(|line| line.starts_with("use crate::"));
    let files = ["use crate::op::", "use crate::rules::"];
    assert!(imports.clone().count() > 0);
    for import in imports {
        assert!(files.iter().any(|file| import.starts_with(file)), "{import}");
    }
    let [op, rules, _] = ENGINE;
    assert!(!op.contains("use crate::") && !rules.contains("use crate::tape"));
}
