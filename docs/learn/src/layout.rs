//! How text is laid out on a terminal: colours, paragraphs, code.

use anstyle::{AnsiColor, Style};

use crate::say;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const NAME: Style = AnsiColor::Yellow.on_default().bold();

/// Text in a style.
pub(crate) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

pub(crate) fn blank() {
    say(format_args!(""));
}

/// Lines are no longer than this, and than the terminal is wide.
pub(crate) fn width() -> usize {
    terminal_size::terminal_size().map_or(WIDEST, |(width, _)| usize::from(width.0).clamp(NARROWEST, WIDEST))
}

const WIDEST: usize = 112;
const NARROWEST: usize = 40;

/// Paragraphs, moved to the right.
pub(crate) fn paragraph(text: &str) {
    for line in flowing(text).iter().flat_map(|line| wrapped(line, width() - 2)) {
        say(format_args!("{}", format!("  {line}").trim_end()));
    }
}

/// The lines of a text, where those of a paragraph are one. Each point of a list is a line, and a table keeps its lines: they
/// have more than one space in a row.
fn flowing(text: &str) -> Vec<String> {
    let stands_alone = |line: &str| line.trim().is_empty() || line.trim().contains("  ");
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim().lines() {
        match lines.last_mut() {
            Some(last) if !stands_alone(last) && !stands_alone(line) && !line.starts_with("- ") => {
                *last += " ";
                *last += line.trim();
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// A line as several, each with at most `width` characters unless a word alone has more. What is short stays as it is.
pub(crate) fn wrapped(line: &str, width: usize) -> Vec<String> {
    if line.chars().count() <= width {
        return vec![line.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let last = lines.len() - 1;
        let length = lines[last].chars().count();
        match length {
            0 => lines[last].push_str(word),
            _ if length + 1 + word.chars().count() > width => lines.push(word.to_owned()),
            _ => lines[last] += &format!(" {word}"),
        }
    }
    lines
}

/// Lines of code, moved to the left.
pub(crate) fn code(text: &str) {
    let has = |line: &str| line.len() - line.trim_start().len();
    let least = text.lines().filter(|line| !line.trim().is_empty()).map(has).min().unwrap_or(0);
    text.lines().for_each(|line| say(format_args!("    {}", line.get(least..).unwrap_or(""))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_flow_and_lists_and_tables_keep_their_lines() {
        let text = "One\nparagraph.\n\n- a point\n  of a list\n- another\n\nm ← a   b\nv ← c   d\nEnd\nof it.";
        let lines =
            ["One paragraph.", "", "- a point of a list", "- another", "", "m ← a   b", "v ← c   d", "End of it."];
        assert_eq!(flowing(text), lines);
    }

    #[test]
    fn long_lines_are_wrapped_and_short_ones_stay() {
        assert_eq!(wrapped("  as  it is", 20), ["  as  it is"]);
        assert_eq!(wrapped("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrapped("ā ⊙ σ′(z) unbreakable", 9), ["ā ⊙ σ′(z)", "unbreakable"]);
    }
}
