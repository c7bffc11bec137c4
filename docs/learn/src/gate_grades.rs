//! The gate of `grade`: three workspaces, of which it is known what they are to get.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::answers::{ANSWERS, Answers};
use crate::exercise::{Exercise, Id};
use crate::failure::Failure;
use crate::grade::{Course, Graded, Mark};
use crate::grade_report::{self, Format};
use crate::item::Item;
use crate::source::stub;
use crate::workspace::{copy, make_folder, write};

/// A judge takes milliseconds; the one that never ends is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// A body of a learner who did not write the shipped one, and how its mark begins: `passed`, or a word and a reason.
type Case = (&'static str, &'static str, &'static str);

/// Bodies that do harm, or none.
const HARM: [Case; 7] = [
    ("2.1", "let x = undefined_name;", "does-not-compile it does not compile: cannot find value `undefined_name`"),
    ("2.2", "if a > T::zero() { a", "does-not-compile it does not compile: a brace"),
    ("2.3", "} fn other<T>(a: T) -> T { a", "does-not-compile it does not compile: a brace"),
    ("7.1", "loop {}", "failed it does not end"),
    ("7.2", "std::process::exit(0)", "failed it ended the test program"),
    ("7.3", "std::process::abort()", "failed it ended the whole test program"),
    ("10.1", "todo!()", "not-done `todo!()` is left"),
];

/// What is wrong with the grades of three learners: one has all, one has edited the tests, one has written [`HARM`].
pub(crate) fn problems(root: &Path, workspace: &Path) -> Result<Vec<String>, Failure> {
    let folder = tempfile::tempdir().map_err(|e| Failure::new(format!("a temporary folder: {e}")))?;
    let mut course = Course::read(root, &[])?;
    course.patience = PATIENCE;
    let names = ["all", "edited", "harm"].map(|name| folder.path().join(name));
    let [all, edited, harm] = &names;
    let of = |id: Id| course.exercises.iter().find(|exercise| exercise.id == id);
    // Right, and none of it is the shipped body where there is another one.
    learner(root, all, |exercise| exercise.right.first().map(|right| right.body.clone()), of)?;
    let mut answers = Answers::read(all)?;
    for question in &course.questions {
        answers.set(question.id, &question.answer)?;
    }
    // Nothing but one wrong body; the tests are gone, and the answers are wrong.
    let wrong = |exercise: &Exercise| match exercise.id.to_string() == "7.2" {
        true => {
            exercise.wrong.iter().find(|wrong| wrong.mistake == "sigma-prime-missing").map(|wrong| wrong.body.clone())
        }
        false => Some(stub(exercise)),
    };
    learner(root, edited, wrong, of)?;
    for package in crate::variants::judged(root) {
        write(&edited.join(package).join("tests/exercises.rs"), "#[test] fn everything_is_right() {}\n")?;
    }
    write(&edited.join("nn-core/tests/support/judge.rs"), "")?;
    let mut answers = Answers::read(edited)?;
    for question in &course.questions {
        answers.set(question.id, &question.wrong[0].answer)?;
    }
    let harmful = |exercise: &Exercise| {
        let case = HARM.iter().find(|(id, ..)| exercise.id.to_string() == *id);
        case.map(|(_, body, _)| (*body).to_owned())
    };
    learner(root, harm, harmful, of)?;
    let graded = course.grade(&names, workspace)?;
    Ok(wrong_marks(&course, &graded))
}

/// A learner's folder with these bodies, and the shipped ones where there are none.
fn learner<'a>(
    root: &Path,
    folder: &Path,
    body: impl Fn(&Exercise) -> Option<String>,
    of: impl Fn(Id) -> Option<&'a Exercise>,
) -> Result<(), Failure> {
    make_folder(folder)?;
    copy(root, folder, |id, _| of(id).and_then(&body), &[])?;
    write(&folder.join(ANSWERS), "")
}

fn wrong_marks(course: &Course, graded: &[Graded]) -> Vec<String> {
    let mut problems = Vec::new();
    let [all, edited, harm] = graded else { return vec!["three folders, and other grades".to_owned()] };
    let harmful: BTreeMap<&str, &str> = HARM.iter().map(|(id, _, mark)| (*id, *mark)).collect();
    for (place, item) in course.items().into_iter().enumerate() {
        let id = item.id().to_string();
        let mut expect = |graded: &Graded, wanted: &str| {
            let mark = &graded.marks[place];
            let got = format!("{} {}", mark.word(), mark.why());
            if !got.starts_with(wanted) {
                problems.push(format!(
                    "grade, {} {id}: `{}` in place of `{wanted}`",
                    graded.submission.name,
                    got.trim_end()
                ));
            }
        };
        expect(all, "passed");
        expect(
            harm,
            match item {
                Item::Question(_) => "not-done not answered",
                Item::Body(_) => harmful.get(&id[..]).copied().unwrap_or("passed"),
            },
        );
        expect(
            edited,
            match item {
                Item::Question(_) => "failed answered",
                Item::Body(_) if id == "7.2" => "failed the numbers of a known mistake: sigma-prime-missing",
                Item::Body(exercise) if exercise.begins.is_some() => "not-done untouched",
                Item::Body(_) => "not-done `todo!()` is left",
            },
        );
    }
    for format in [Format::Text, Format::Json, Format::Junit] {
        let text = grade_report::text(format, course, graded);
        let named =
            ["all", "edited", "harm", "sigma-prime-missing"].iter().filter(|word| !text.contains(**word)).count();
        if named > 0 || text.contains('\u{0}') {
            problems.push(format!("grade --format {format:?} leaves something out"));
        }
    }
    let passed = |graded: &Graded| graded.marks.iter().filter(|mark| **mark == Mark::Passed).count();
    let gradescope = grade_report::text(Format::Gradescope, course, &graded[1..2]);
    if passed(edited) > 0 || !gradescope.contains("\"score\": 0,") {
        problems.push("grade: edited tests get a point".to_owned());
    }
    problems
}
