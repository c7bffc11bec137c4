//! The engine stays small enough to be read in one sitting.

/// Lines of code: not blank, not a comment.
fn lines_of_code(source: &str) -> usize {
    source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[test]
fn the_engine_is_under_400_lines() {
    let engine = [include_str!("../src/op.rs"), include_str!("../src/tape.rs")];
    let lines: usize = engine.into_iter().map(lines_of_code).sum();
    assert!(lines < 400, "{lines} lines");
}
