//! User text for messages on a terminal, with control characters escaped.

/// User text between backticks. Control and invisible characters are escaped, and a long text is shortened.
///
/// ```
/// use nn_train::quoted;
///
/// assert_eq!(quoted("5.1 cm"), "`5.1 cm`");
/// assert_eq!(quoted("a\u{1b}[31m\u{a0}"), "`a\\u{1b}[31m\\u{a0}`");
/// assert_eq!(quoted(&"x".repeat(1_000_000)), format!("`{}…`", "x".repeat(60)));
/// ```
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", escaped(&text[..end])),
        None => format!("`{}`", escaped(text)),
    }
}

/// A message as one line: control characters, line ends among them, are escaped, and the middle of a very long one is
/// left out. For messages that quote what others wrote: names of files, or texts that a library quotes.
///
/// ```
/// use nn_train::one_line;
///
/// assert_eq!(one_line("a\nfile: “no” such\u{7}"), "a\\nfile: “no” such\\u{7}");
/// assert!(one_line(&"x".repeat(1_000_000)).chars().count() < 1_000);
/// ```
pub fn one_line(message: &str) -> String {
    const HEAD: usize = 300;
    const TAIL: usize = 200; // Libraries name the place at the end.
    let at = |characters: usize| message.char_indices().nth(characters).map(|(at, _)| at);
    match (at(HEAD), message.char_indices().rev().nth(TAIL - 1)) {
        (Some(head), Some((tail, _))) if head < tail => {
            format!("{} … {}", escaped(&message[..head]), escaped(&message[tail..]))
        }
        _ => escaped(message),
    }
}

/// The text with control, invisible and bidirectional-control characters escaped: `\u{1b}`, `\n`, `\u{202e}`.
/// Quotation marks and backslashes, which [`str::escape_debug`] escapes too, stay as they are.
///
/// ```
/// assert_eq!(nn_train::escaped("C:\\it's\n\u{1b}[31m"), "C:\\it's\\n\\u{1b}[31m");
/// ```
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for piece in text.split_inclusive(['\'', '"', '\\']) {
        let body = piece.trim_end_matches(['\'', '"', '\\']);
        escaped.extend(body.escape_debug());
        escaped.push_str(&piece[body.len()..]);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_or_hides_is_escaped_and_the_rest_is_not() {
        for (text, shown) in [
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\r\n\tb\0", "a\\r\\n\\tb\\0"),
            ("\u{202e}abc", "\\u{202e}abc"),
            ("5\u{200b}", "5\\u{200b}"),
            ("\u{feff}5", "\\u{feff}5"),
            ("1\u{a0}000", "1\\u{a0}000"),
            (r#"C:\new "x" it's"#, r#"C:\new "x" it's"#),
            ("größe 長さ z⁽²⁾ e\u{301}", "größe 長さ z⁽²⁾ e\u{301}"),
        ] {
            assert_eq!(quoted(text), format!("`{shown}`"));
            assert_eq!(one_line(text), shown);
            assert_eq!(one_line(shown), shown, "escaped once is enough");
        }
    }

    #[test]
    fn long_texts_are_shortened_between_characters() {
        assert_eq!(quoted(&"é".repeat(60)), format!("`{}`", "é".repeat(60)));
        assert_eq!(quoted(&"é".repeat(61)), format!("`{}…`", "é".repeat(60)));
        let whole = "é".repeat(500);
        assert_eq!(one_line(&whole), whole);
        assert_eq!(one_line(&format!("{whole}e")), format!("{} … {}e", "é".repeat(300), "é".repeat(199)));
    }
}
