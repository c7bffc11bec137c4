//! The snippet of a chapter as a program.

/// The first snippet in Rust below "Try it", with a `main` around it; else the first of the page. One that is to panic is none.
pub(crate) fn program(page: &str) -> Option<String> {
    let start = page.find("\n## Try it").unwrap_or(0);
    let lines = snippet(&page[start..]).or_else(|| snippet(page))?;
    // A line that the book hides begins with `# `; the last of these names the error of a snippet with `?`.
    let lines: Vec<&str> = lines.iter().map(|line| line.strip_prefix("# ").unwrap_or(line)).collect();
    let error = lines.iter().find_map(|line| line.strip_prefix("Ok::<(), ")?.strip_suffix(">(())"));
    let mut text = String::new();
    for line in lines.iter().filter(|line| !line.starts_with("Ok::<(), ")) {
        text += format!("    {line}").trim_end();
        text.push('\n');
    }
    Some(match error {
        Some(error) => format!("fn main() -> Result<(), {error}> {{\n{text}    Ok(())\n}}\n"),
        None => format!("fn main() {{\n{text}}}\n"),
    })
}

/// The lines of the first block that is plain Rust.
fn snippet(text: &str) -> Option<Vec<&str>> {
    let mut lines = text.lines();
    lines.find(|line| *line == "```rust")?;
    Some(lines.take_while(|line| *line != "```").collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_becomes_a_program() {
        let page = "```rust\nlet before = 1;\n```\n\n## Try it\n\n```rust,should_panic\npanic!()\n```\n```rust\nlet x = 1;\n\nassert!(x == 1);\n```\n";
        assert_eq!(program(page).unwrap(), "fn main() {\n    let x = 1;\n\n    assert!(x == 1);\n}\n");
        assert_eq!(program("```rust\nf();\n```\n## Try it\n").unwrap(), "fn main() {\n    f();\n}\n");
        assert_eq!(program("## Try it\n```console\n$ nn\n```"), None);
    }

    #[test]
    fn a_snippet_that_may_fail_says_how() {
        let page = "## Try it\n```rust\nf()?;\n# hidden();\n# Ok::<(), E>(())\n```";
        assert_eq!(program(page).unwrap(), "fn main() -> Result<(), E> {\n    f()?;\n    hidden();\n    Ok(())\n}\n");
    }
}
