//! Grades as a table, as JSON, as JUnit's XML, and as Gradescope reads them.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::grade::{Course, Graded, Mark};
use crate::item::Item;
use crate::layout::{self, BAD, BOLD, DIM, GOOD, NAME, styled, wrapped};

/// For whom grades are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table, and what each learner has not passed
    Text,
    /// Everything, for a program
    Json,
    /// The XML that test reporters read: a suite for each learner
    Junit,
    /// results.json of one learner
    Gradescope,
}

/// Whether these workspaces can be graded in this form.
pub(crate) fn check(format: Format, dirs: &[PathBuf]) -> Result<(), Failure> {
    if format == Format::Gradescope && dirs.len() != 1 {
        return Err(Failure::new("--format gradescope takes one workspace: Gradescope asks for one learner at a time"));
    }
    Ok(())
}

pub(crate) fn text(format: Format, course: &Course, graded: &[Graded]) -> String {
    match format {
        Format::Text => table(course, graded),
        Format::Json => pretty(&json(course, graded)),
        Format::Junit => junit(course, graded),
        Format::Gradescope => graded.first().map_or_else(String::new, |graded| pretty(&gradescope(course, graded))),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

impl Mark {
    /// One word, for a program.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Mark::Passed => "passed",
            Mark::Failed(_) => "failed",
            Mark::NotDone(_) => "not-done",
            Mark::DoesNotCompile(_) => "does-not-compile",
            Mark::Given(_) => "given",
        }
    }

    /// Why it is what it is.
    pub(crate) fn why(&self) -> String {
        match self {
            Mark::Passed => String::new(),
            Mark::Failed(why) => why.trim_end().to_owned(),
            Mark::NotDone(why) | Mark::Given(why) => (*why).to_owned(),
            Mark::DoesNotCompile(why) => format!("it does not compile: {why}"),
        }
    }
}

/// A row for each learner, a column for each chapter; then what each has not passed.
fn table(course: &Course, graded: &[Graded]) -> String {
    let items = course.items();
    let mut chapters: Vec<usize> = items.iter().map(|item| item.id().chapter).collect();
    chapters.dedup();
    let width =
        graded.iter().map(|graded| graded.submission.name.chars().count()).max().unwrap_or(0).max("learner".len());
    let mut text = format!("{:<width$}", "learner");
    for chapter in &chapters {
        let _ = write!(text, "  {:>5}", format!("ch {chapter}"));
    }
    let _ = writeln!(text, "  {:>9}", "all");
    for graded in graded {
        let name = styled(BOLD, format_args!("{:<width$}", graded.submission.name));
        text += &name;
        for chapter in &chapters {
            let of_chapter = || items.iter().zip(&graded.marks).filter(|(item, _)| item.id().chapter == *chapter);
            let passed = of_chapter().filter(|(_, mark)| **mark == Mark::Passed).count();
            let of = of_chapter().filter(|(_, mark)| !matches!(mark, Mark::Given(_))).count();
            let cell = if of == 0 { "given".to_owned() } else { format!("{passed}/{of}") };
            let style = if passed == of && of > 0 {
                GOOD
            } else if passed == 0 {
                DIM
            } else {
                NAME
            };
            let _ = write!(text, "  {}", styled(style, format_args!("{cell:>5}")));
        }
        let (passed, of) = (graded.passed(), graded.of());
        let percent = (100 * passed).checked_div(of).unwrap_or(0);
        let _ = writeln!(text, "  {:>5} {percent:>3} %", format!("{passed}/{of}"));
    }
    for graded in graded {
        let _ = write!(text, "\n{}", styled(BOLD, &graded.submission.name));
        if let Some(problem) = &graded.submission.problem {
            let _ = write!(text, "  {}", styled(BAD, problem));
        }
        text.push('\n');
        text += &not_passed(&items, graded);
    }
    text.trim_end().to_owned()
}

/// A line for each exercise that is not passed; those that are only not done are named together.
fn not_passed(items: &[Item<'_>], graded: &Graded) -> String {
    let mut text = String::new();
    let mut not_done: Vec<(&str, Vec<String>)> = Vec::new();
    for (item, mark) in items.iter().zip(&graded.marks) {
        match mark {
            Mark::Passed => {}
            Mark::NotDone(why) | Mark::Given(why) => match not_done.iter_mut().find(|(known, _)| known == why) {
                Some((_, ids)) => ids.push(item.id().to_string()),
                None => not_done.push((why, vec![item.id().to_string()])),
            },
            Mark::Failed(_) | Mark::DoesNotCompile(_) => {
                let line = format!("{}: {}", item.title(), mark.why());
                for (i, line) in wrapped(&line, layout::width() - 9).into_iter().enumerate() {
                    let id = if i == 0 { format!("{} {:>5}", styled(BAD, "✗"), item.id()) } else { " ".repeat(7) };
                    let _ = writeln!(text, "  {id}  {line}");
                }
            }
        }
    }
    for (why, ids) in not_done {
        for (i, line) in wrapped(&format!("{why}: {}", ids.join(", ")), layout::width() - 5).into_iter().enumerate() {
            let _ = writeln!(text, "  {}  {}", if i == 0 { "·" } else { " " }, styled(DIM, line));
        }
    }
    if text.is_empty() { format!("  {} everything\n", styled(GOOD, "✓")) } else { text }
}

fn json(course: &Course, graded: &[Graded]) -> Value {
    let items = course.items();
    let of = |graded: &Graded| {
        let exercises = items.iter().zip(&graded.marks).map(|(item, mark)| {
            json!({"id": item.id().to_string(), "title": item.title(), "result": mark.word(), "why": mark.why()})
        });
        json!({
            "learner": graded.submission.name,
            "folder": graded.submission.folder.display().to_string(),
            "problem": graded.submission.problem,
            "passed": graded.passed(),
            "of": graded.of(),
            "exercises": exercises.collect::<Vec<_>>(),
        })
    };
    json!({"learners": graded.iter().map(of).collect::<Vec<_>>()})
}

fn gradescope(course: &Course, graded: &Graded) -> Value {
    let asked = course.items().into_iter().zip(&graded.marks).filter(|(_, mark)| !matches!(mark, Mark::Given(_)));
    let test = |(item, mark): (Item<'_>, &Mark)| {
        let passed = *mark == Mark::Passed;
        json!({
            "name": item.title(),
            "number": item.id().to_string(),
            "score": u8::from(passed),
            "max_score": 1,
            "status": if passed { "passed" } else { "failed" },
            "output": mark.why(),
        })
    };
    let tests: Vec<Value> = asked.map(test).collect();
    json!({
        "score": graded.passed(),
        "output": graded.submission.problem.clone().unwrap_or_default(),
        "output_format": "text",
        "tests": tests,
    })
}

fn junit(course: &Course, graded: &[Graded]) -> String {
    let items = course.items();
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for graded in graded {
        let (all, of) = (graded.marks.len(), graded.of());
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{all}\" failures=\"{}\" skipped=\"{}\">",
            escaped(&graded.submission.name),
            of - graded.passed(),
            all - of
        );
        for (item, mark) in items.iter().zip(&graded.marks) {
            let (id, title) = (item.id(), escaped(item.title()));
            let _ = write!(text, "    <testcase classname=\"chapter {}\" name=\"{id} {title}\"", id.chapter);
            let why = escaped(&mark.why());
            let _ = match mark {
                Mark::Passed => writeln!(text, "/>"),
                Mark::Given(_) => writeln!(text, "><skipped message=\"{why}\"/></testcase>"),
                _ => writeln!(text, "><failure type=\"{}\" message=\"{why}\"/></testcase>", mark.word()),
            };
        }
        text += "  </testsuite>\n";
    }
    text + "</testsuites>"
}

/// Text within an attribute of XML, which has no control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' | '\t' => escaped.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('�'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_xml_is_escaped() {
        assert_eq!(escaped("a < b && \"c\"\u{1b}[1m\nd"), "a &lt; b &amp;&amp; &quot;c&quot;�[1m d");
    }

    #[test]
    fn gradescope_asks_for_one_learner() {
        let dirs = |n| vec![PathBuf::from("x"); n];
        assert!(check(Format::Gradescope, &dirs(1)).is_ok() && check(Format::Text, &dirs(2)).is_ok());
        assert!(check(Format::Gradescope, &dirs(2)).unwrap_err().to_string().contains("one workspace"));
    }
}
