//! What the learner reads.

use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::exercise::{Chapter, Exercise};
use crate::learner::Progress;
use crate::record::Case;
use crate::run::{End, Judged};
use crate::say;
use crate::source::Body;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const NAME: Style = AnsiColor::Yellow.on_default().bold();

/// Text in a style.
fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

fn blank() {
    say(format_args!(""));
}

/// Lines are no longer than this.
const WIDTH: usize = 110;

/// Paragraphs, moved to the right.
fn paragraph(text: &str) {
    for line in flowing(text).iter().flat_map(|line| wrapped(line, WIDTH)) {
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

/// A line as several, each with at most so many characters unless a word alone has more. What is short stays as it is.
fn wrapped(line: &str, width: usize) -> Vec<String> {
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

/// In the project itself.
pub(crate) fn welcome(exercises: &[Exercise]) {
    say(format_args!("{} exercises: write backpropagation yourself, function by function.", exercises.len()));
    blank();
    say(format_args!("  cargo learn new ../mine && cd ../mine && cargo learn"));
    blank();
    say(format_args!(
        "makes a workspace of your own, in which the bodies are yours to write, and shows the first one."
    ));
}

/// The README.md of a learner's workspace.
pub(crate) fn readme(from: usize) -> String {
    format!(
        "# My neural network\n\n\
         The bodies of some functions are mine to write: from chapter {from} of the book on, in its order.\n\n\
         | command | what it does |\n|---|---|\n\
         | `cargo learn` | where I stand, and what comes next |\n\
         | `cargo learn check` | judges the next exercise; `cargo learn check 7.2` another |\n\
         | `cargo learn check --all` | judges all that are begun |\n\
         | `cargo learn hint` | a hint; each time one more |\n\
         | `cargo learn solution 7.2` | the shipped body, once mine passes |\n\
         | `cargo learn reset 7.2` | begins an exercise anew |\n\
         | `scripts/playground open` | the demos of the book, with my own code in the browser |\n\
         | `cargo run --release -- train digits` | when all is done: trains on handwritten digits, with my own code |\n"
    )
}

pub(crate) fn made(to: &Path, exercises: &[Exercise], from: usize, committed: bool) {
    let open = exercises.iter().filter(|exercise| exercise.id.chapter >= from).count();
    say(format_args!("{} is yours: {open} functions to write.", styled(BOLD, to.display())));
    if !committed {
        say(format_args!("(It is not a git repository: git is not there, or refused.)"));
    }
    blank();
    say(format_args!("  cd {} && cargo learn", to.display()));
    blank();
    say(format_args!("(The first time, it compiles this tool for your workspace: a minute.)"));
}

fn mark(progress: Progress) -> String {
    match progress {
        Progress::Done => styled(GOOD, "✓"),
        Progress::Begun => styled(NAME, "~"),
        Progress::Untouched => styled(DIM, "·"),
    }
}

/// A line for each chapter, with a mark for each exercise.
pub(crate) fn progress(exercises: &[(&Exercise, Progress)], chapters: &[Chapter]) {
    share(exercises.iter().filter(|(_, progress)| *progress == Progress::Done).count(), exercises.len());
    blank();
    let widest = chapters.iter().map(|chapter| chapter.title.chars().count()).max().unwrap_or(0);
    for (number, chapter) in (1..).zip(chapters) {
        let of_chapter = exercises.iter().filter(|(exercise, _)| exercise.id.chapter == number);
        let marks: Vec<String> = of_chapter.map(|(_, progress)| mark(*progress)).collect();
        if !marks.is_empty() {
            say(format_args!("  {number:>2}  {:<widest$}  {}", chapter.title, marks.join(" ")));
        }
    }
    blank();
}

pub(crate) fn share(done: usize, all: usize) {
    let percent = (100 * done).checked_div(all).unwrap_or(0);
    say(format_args!("{} of {all} exercises done, {percent} %", styled(BOLD, done)));
}

/// `Exercise 7.2 · The error of a hidden layer`, and where.
pub(crate) fn heading(exercise: &Exercise, body: &Body) {
    let title = styled(BOLD, format_args!("Exercise {} · {}", exercise.id, exercise.title));
    let place = format_args!("{}:{}", body.file.display(), body.line + 1);
    say(format_args!("{title}  {}", styled(DIM, place)));
    blank();
}

/// What is asked.
pub(crate) fn asks(exercise: &Exercise, body: &Body, progress: Progress) {
    heading(exercise, body);
    paragraph(&exercise.asks);
    blank();
    if progress == Progress::Begun {
        say(format_args!("  It is begun, and has not passed yet."));
    }
    say(format_args!("  {}  judges what you have written", styled(BOLD, "cargo learn check")));
    say(format_args!("  {}   gives a hint", styled(BOLD, "cargo learn hint")));
}

pub(crate) fn all_done() {
    say(format_args!("{} Every function is yours. It trains on handwritten digits:", styled(GOOD, "All done.")));
    blank();
    say(format_args!("  cargo run --release -- train digits"));
}

pub(crate) fn not_begun(body: &Body) {
    say(format_args!("Nothing is written yet: {} has its `todo!()`.", body.file.display()));
    blank();
    say(format_args!("  {} shows what is asked", styled(BOLD, "cargo learn")));
}

pub(crate) fn does_not_compile(errors: &[String]) {
    say(format_args!("{} It does not compile:", styled(BAD, "✗")));
    blank();
    errors.iter().for_each(|error| say(format_args!("{}", error.trim_end())));
}

pub(crate) fn passes(exercise: &Exercise, before: bool) {
    say(format_args!("{} {} is right{}.", styled(GOOD, "✓"), exercise.function, if before { ", again" } else { "" }));
    say(format_args!(
        "  {} shows the shipped body, to compare",
        styled(BOLD, format_args!("cargo learn solution {}", exercise.id))
    ));
    blank();
}

pub(crate) fn next(exercise: &Exercise) {
    say(format_args!("Next: {} {}", exercise.id, exercise.title));
    say(format_args!("  {} shows what is asked", styled(BOLD, "cargo learn")));
}

pub(crate) fn line(exercise: &Exercise, progress: Progress) {
    say(format_args!("{} {:>5}  {}", mark(progress), exercise.id, exercise.title));
}

/// A mistake with exactly these numbers.
pub(crate) struct Named<'a> {
    pub(crate) id: &'a str,
    pub(crate) sentence: &'a str,
    pub(crate) chapter: usize,
    pub(crate) title: &'a str,
}

/// What was asked, on which numbers, what came out, what is right, and the mistake's name.
pub(crate) fn fails(exercise: &Exercise, body: &Body, judged: &Judged, mistakes: &[Named<'_>]) {
    let Some(case) = judged.first_wrong(exercise) else {
        let what = match &judged.end {
            End::Endless => {
                "does not end: the judge has stopped it after 20 seconds. Is there a loop that never does?".to_owned()
            }
            End::Broken(status) => format!("ended the whole test program ({status}), and not only its test."),
            End::Passed | End::Failed => format!("could not be judged: {} did not run.", exercise.tests.join(", ")),
        };
        say(format_args!("{} {} {what}", styled(BAD, "✗"), exercise.function));
        return;
    };
    match (&case.panic, undone(case)) {
        (_, Some(other)) if other != exercise.id.to_string() => {
            say(format_args!("{} {} calls a function that is not written yet.", styled(BAD, "✗"), exercise.function));
            say(format_args!(
                "  Exercise {other} comes first: {}",
                styled(BOLD, format_args!("cargo learn check {other}"))
            ));
            return;
        }
        (Some(_), _) => say(format_args!("{} {} panics.", styled(BAD, "✗"), exercise.function)),
        (None, _) => {
            say(format_args!("{} {} gives other numbers than it should.", styled(BAD, "✗"), exercise.function));
        }
    }
    blank();
    numbers(case, body);
    blank();
    for mistake in mistakes {
        let Named { id, sentence, chapter, title } = mistake;
        say(format_args!("{} {}", styled(NAME, "These are exactly the numbers of a known mistake:"), styled(NAME, id)));
        paragraph(sentence);
        say(format_args!("  Chapter {chapter}, {title}, explains it."));
        blank();
    }
    let cases: Vec<&Case> = judged.record.case.iter().filter(|case| exercise.tests.contains(&case.test)).collect();
    let wrong = cases.iter().filter(|case| !case.passed).count();
    if cases.len() > 1 {
        say(format_args!(
            "{}",
            styled(DIM, format_args!("{wrong} of {} cases are wrong; this is the first.", cases.len()))
        ));
    }
    let command = format!("cargo test -p {} --no-default-features --test exercises {}", body.package, case.test);
    say(format_args!("{}", styled(DIM, "The test itself:")));
    say(format_args!("{}", styled(DIM, command)));
}

/// The exercise whose `todo!()` was reached.
fn undone(case: &Case) -> Option<&str> {
    case.panic.as_ref()?.strip_prefix("not yet implemented: exercise ")?.split(':').next()
}

/// The path of a source from the workspace's folder, as it is written everywhere. A judge has an example as `../examples/…`.
fn plain(path: &str) -> String {
    path.replace('\\', "/").replace("tests/../", "")
}

/// The numbers of a case, names on the left.
fn numbers(case: &Case, body: &Body) {
    let computed = case.computed.as_deref().unwrap_or("");
    let yours = match (&case.panic, &case.place) {
        (Some(panic), Some(place)) => {
            let (place, file) = (plain(place), plain(&body.file.to_string_lossy()));
            let here = if place.contains(&file) { "" } else { ", called from your body" };
            format!("panics: {panic}\nat {place}{here}")
        }
        _ => computed.to_owned(),
    };
    let mut rows: Vec<(String, &str, Style)> = vec![("asked".to_owned(), &case.equation, Style::new())];
    rows.push(("on".to_owned(), &case.asked, Style::new()));
    rows.extend(case.given.iter().map(|[name, value]| (name.clone(), &value[..], Style::new())));
    rows.push((format!("your {}", case.name), &yours, BAD));
    rows.push((format!("right {}", case.name), &case.right, GOOD));
    let width = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
    for (name, value, style) in rows {
        let lines = value
            .lines()
            .flat_map(|line| if line.starts_with('[') { vec![line.to_owned()] } else { wrapped(line, 90) });
        for (i, line) in lines.enumerate() {
            let name = if i == 0 { &name[..] } else { "" };
            say(format_args!("  {}  {}", styled(DIM, format_args!("{name:<width$}")), styled(style, line)));
        }
    }
}

pub(crate) fn hints(exercise: &Exercise, shown: usize) {
    let all = exercise.hints.len();
    for (number, hint) in (1..).zip(&exercise.hints).take(shown) {
        say(format_args!("{}", styled(BOLD, format_args!("Hint {number} of {all}"))));
        paragraph(hint);
        blank();
    }
    if shown == all {
        say(format_args!("That was the last hint. `cargo learn solution {} --anyway` shows the body.", exercise.id));
    }
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
    fn the_path_of_an_example_is_the_same_from_its_judge_and_from_the_folder() {
        let file = "nn-layers/examples/residual_block.rs";
        for path in ["nn-layers/tests/../examples/residual_block.rs", r"nn-layers\tests\../examples/residual_block.rs"]
        {
            assert_eq!(plain(path), file);
        }
        assert_eq!(plain(r"nn-layers\src\delta.rs:40"), "nn-layers/src/delta.rs:40");
    }

    #[test]
    fn long_lines_are_wrapped_and_short_ones_stay() {
        assert_eq!(wrapped("  as  it is", 20), ["  as  it is"]);
        assert_eq!(wrapped("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrapped("ā ⊙ σ′(z) unbreakable", 9), ["ā ⊙ σ′(z)", "unbreakable"]);
    }
}
