//! What the learner reads.

use std::path::Path;

use anstyle::Style;

use crate::exercise::{Chapter, Exercise, Id};
use crate::item::{Item, Progress};
use crate::layout::{self, BAD, BOLD, DIM, GOOD, NAME, blank, paragraph, styled, wrapped};
use crate::question::{Kind, Question, letter_of};
use crate::record::Case;
use crate::run::{End, Judged, Message};
use crate::say;
use crate::source::Body;

/// In the project itself.
pub(crate) fn welcome(exercises: &[Exercise], questions: &[Question]) {
    say(format_args!(
        "{} exercises: write backpropagation yourself, function by function, and answer {} questions about it.",
        exercises.len() + questions.len(),
        questions.len()
    ));
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
         | `cargo learn watch` | judges at every save |\n\
         | `cargo learn answer 2.4 1/4` | answers a question; the answers are in answers.toml |\n\
         | `cargo learn hint` | a hint; each time one more |\n\
         | `cargo learn try 7.2` | a program of my own with the chapter's snippet, to run and to change |\n\
         | `cargo learn solution 7.2` | the shipped body, once mine passes |\n\
         | `cargo learn reset 7.2` | begins an exercise anew |\n\
         | `cargo learn skip 7.2` | leaves an exercise for later |\n\
         | `cargo learn use reference 7.2` | lets the shipped body stand in, so that later ones can be done |\n\
         | `scripts/playground open` | the demos of the book, with my own code in the browser |\n\
         | `cargo run --release -- train digits` | when all is done: trains on handwritten digits, with my own code |\n"
    )
}

/// answers.toml at first.
pub(crate) const ANSWERS_FILE: &str = "# My answers: `cargo learn answer 2.4 1/4` writes here, and so may I.\n";

pub(crate) fn made(to: &Path, [bodies, questions]: [usize; 2], committed: bool) {
    say(format_args!(
        "{} is yours: {bodies} functions to write, and {questions} questions to answer.",
        styled(BOLD, to.display())
    ));
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
        Progress::Reference => styled(DIM, "="),
        Progress::Skipped => styled(DIM, "»"),
        Progress::Begun => styled(NAME, "~"),
        Progress::Untouched => styled(DIM, "·"),
    }
}

/// A line for each chapter, with a mark for each exercise.
pub(crate) fn progress(exercises: &[(Id, Progress)], chapters: &[Chapter]) {
    share(exercises.iter().filter(|(_, progress)| *progress == Progress::Done).count(), exercises.len());
    blank();
    let widest = chapters.iter().map(|chapter| chapter.title.chars().count()).max().unwrap_or(0);
    for (number, chapter) in (1..).zip(chapters) {
        let of_chapter = exercises.iter().filter(|(id, _)| id.chapter == number);
        let marks: Vec<String> = of_chapter.map(|(_, progress)| mark(*progress)).collect();
        if !marks.is_empty() {
            say(format_args!("  {number:>2}  {:<widest$}  {}", chapter.title, marks.join(" ")));
        }
    }
    blank();
    let is_there = |wanted: Progress| exercises.iter().any(|(_, progress)| *progress == wanted);
    if is_there(Progress::Reference) || is_there(Progress::Skipped) {
        say(format_args!("{}", styled(DIM, "= the shipped body stands in   » left for later")));
        blank();
    }
}

pub(crate) fn share(done: usize, all: usize) {
    let percent = (100 * done).checked_div(all).unwrap_or(0);
    say(format_args!("{} of {all} exercises done, {percent} %", styled(BOLD, done)));
}

/// `Exercise 7.2 · The error of a hidden layer`, and where.
pub(crate) fn heading(item: Item<'_>, place: &str) {
    let title = styled(BOLD, format_args!("Exercise {} · {}", item.id(), item.title()));
    say(format_args!("{title}  {}", styled(DIM, place)));
    blank();
}

/// What is asked.
pub(crate) fn asks(item: Item<'_>, place: &str, progress: Progress) {
    heading(item, place);
    paragraph(item.asks());
    blank();
    if progress == Progress::Begun {
        say(format_args!("  It is begun, and has not passed yet."));
    }
    let commands = match item {
        Item::Body(_) => [("cargo learn check".to_owned(), "judges what you have written"), hint()],
        Item::Question(question) => {
            choices(question);
            [(format!("cargo learn answer {} {}", question.id, question.form()), "answers it"), hint()]
        }
    };
    let widest = commands.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    for (command, what) in commands {
        say(format_args!("  {}  {what}", styled(BOLD, format_args!("{command:<widest$}"))));
    }
}

fn hint() -> (String, &'static str) {
    ("cargo learn hint".to_owned(), "gives a hint")
}

fn choices(question: &Question) {
    if let Kind::Choice { choices } = &question.kind {
        for (place, choice) in choices.iter().enumerate() {
            for (i, line) in wrapped(choice, layout::width() - 5).into_iter().enumerate() {
                let letter = if i == 0 { letter_of(place) } else { ' ' };
                say(format_args!("  {}  {line}", styled(BOLD, letter)));
            }
        }
        blank();
    }
}

pub(crate) fn your_answer(answer: &str) {
    say(format_args!("  {}  {answer}", styled(DIM, "your answer")));
    blank();
}

/// The right answer with its reason, to somebody who has found it.
pub(crate) fn right_answer(question: &Question) {
    say(format_args!("{} That is right.", styled(GOOD, "✓")));
    blank();
    paragraph(&question.because);
    blank();
}

/// The right answer with its reason, to somebody who asks for it.
pub(crate) fn answer(question: &Question) {
    choices(question);
    say(format_args!("  {}  {}", styled(DIM, "answer"), question.answer));
    blank();
    paragraph(&question.because);
}

/// What has been overlooked, where that is known.
pub(crate) fn wrong_answer(question: &Question, happened: Option<&str>, sentence: Option<&str>) {
    say(format_args!("{} That is not right.", styled(BAD, "✗")));
    blank();
    if let Some(happened) = happened {
        say(format_args!("  {}  {}", styled(DIM, "what happened"), styled(BAD, happened)));
        blank();
    }
    match sentence {
        Some(sentence) => paragraph(sentence),
        None => paragraph(&format!("`cargo learn hint {}` helps.", question.id)),
    }
}

/// Why an answer is none, or cannot be tried.
pub(crate) fn no_answer(question: &Question, why: &str) {
    say(format_args!("{} {why}.", styled(BAD, "✗")));
    blank();
    say(format_args!("  {}", styled(BOLD, format_args!("cargo learn answer {} {}", question.id, question.form()))));
}

pub(crate) fn all_done() {
    say(format_args!(
        "{} Every function is yours, and every question answered. It trains on handwritten digits:",
        styled(GOOD, "All done.")
    ));
    blank();
    say(format_args!("  cargo run --release -- train digits"));
}

pub(crate) fn not_begun(exercise: &Exercise, body: &Body) {
    match exercise.begins {
        None => say(format_args!("Nothing is written yet: {} has its `todo!()`.", body.file.display())),
        Some(_) => say(format_args!("Nothing is changed yet in {}.", body.file.display())),
    }
    blank();
    say(format_args!("  {} shows what is asked", styled(BOLD, "cargo learn")));
}

pub(crate) fn does_not_compile(errors: &[Message]) {
    say(format_args!("{} It does not compile:", styled(BAD, "✗")));
    blank();
    errors.iter().for_each(|error| say(format_args!("{}", error.text.trim_end())));
}

pub(crate) fn passes(exercise: &Exercise, before: bool) {
    say(format_args!("{} {} is right{}.", styled(GOOD, "✓"), exercise.function, if before { ", again" } else { "" }));
    say(format_args!(
        "  {} shows the shipped body, to compare",
        styled(BOLD, format_args!("cargo learn solution {}", exercise.id))
    ));
    blank();
}

pub(crate) fn next(item: Item<'_>) {
    say(format_args!("Next: {} {}", item.id(), item.title()));
    say(format_args!("  {} shows what is asked", styled(BOLD, "cargo learn")));
}

pub(crate) fn line(item: Item<'_>, progress: Progress) {
    say(format_args!("{} {:>5}  {}", mark(progress), item.id(), item.title()));
}

/// A mistake with exactly these numbers.
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) sentence: String,
    pub(crate) chapter: usize,
    pub(crate) title: String,
}

/// What was asked, on which numbers, what came out, what is right, and the mistake's name.
pub(crate) fn fails(exercise: &Exercise, body: &Body, judged: &Judged, mistakes: &[Named]) {
    let Some(case) = judged.first_wrong(&exercise.tests) else {
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
pub(crate) fn undone(case: &Case) -> Option<&str> {
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
    let room = layout::width().saturating_sub(width + 4).max(20);
    for (name, value, style) in rows {
        let lines = value
            .lines()
            .flat_map(|line| if line.starts_with('[') { vec![line.to_owned()] } else { wrapped(line, room) });
        for (i, line) in lines.enumerate() {
            let name = if i == 0 { &name[..] } else { "" };
            say(format_args!("  {}  {}", styled(DIM, format_args!("{name:<width$}")), styled(style, line)));
        }
    }
}

pub(crate) fn hints(item: Item<'_>, shown: usize) {
    let all = item.hints().len();
    for (number, hint) in (1..).zip(item.hints()).take(shown) {
        say(format_args!("{}", styled(BOLD, format_args!("Hint {number} of {all}"))));
        paragraph(hint);
        blank();
    }
    if shown == all {
        say(format_args!("That was the last hint. `cargo learn solution {} --anyway` shows the answer.", item.id()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_an_example_is_the_same_from_its_judge_and_from_the_folder() {
        let file = "nn-layers/examples/residual_block.rs";
        for path in ["nn-layers/tests/../examples/residual_block.rs", r"nn-layers\tests\../examples/residual_block.rs"]
        {
            assert_eq!(plain(path), file);
        }
        assert_eq!(plain(r"nn-layers\src\delta.rs:40"), "nn-layers/src/delta.rs:40");
    }
}
