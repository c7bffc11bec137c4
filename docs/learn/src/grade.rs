//! Grades: the teacher's tests judge the learners' bodies, exercise by exercise.
//!
//! Only the bodies are taken, into one fresh copy of the teacher's workspace, in which the bodies of all learners stand beside
//! each other. An exercise is judged with the learner's own body in its place and the shipped ones in all others, so that one
//! that is wrong spoils no other. A body that does not compile is taken out, and all else is compiled again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::answering::spaced;
use crate::exercise::{Exercise, Id, read_all};
use crate::failure::Failure;
use crate::item::Item;
use crate::question::{self, Kind, Question, Verdict, numbers};
use crate::record::{Fingerprints, Print};
use crate::run::{ANSWER, BODY, Built, End, Judged, build, judge};
use crate::source::{Body, are_same, bodies, stub};
use crate::submission::{Submission, Written};
use crate::variants::{self, Programs};

/// A judge takes milliseconds, and an experiment a second.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What an exercise came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    Passed,
    /// Why not.
    Failed(String),
    /// `todo!()` is left, or there is no answer.
    NotDone(&'static str),
    /// What the compiler says.
    DoesNotCompile(String),
    /// It was not the learner's to do: a chapter before the first, or the shipped body stands in.
    Given(&'static str),
}

/// A learner with the marks of all exercises, in their order.
pub(crate) struct Graded {
    pub(crate) submission: Submission,
    pub(crate) marks: Vec<Mark>,
}

impl Graded {
    pub(crate) fn passed(&self) -> usize {
        self.marks.iter().filter(|mark| **mark == Mark::Passed).count()
    }

    /// The exercises that were the learner's to do.
    pub(crate) fn of(&self) -> usize {
        self.marks.iter().filter(|mark| !matches!(mark, Mark::Given(_))).count()
    }
}

/// What is graded: all exercises, or those of some chapters.
pub(crate) struct Course {
    root: PathBuf,
    pub(crate) exercises: Vec<Exercise>,
    pub(crate) questions: Vec<Question>,
    shipped: BTreeMap<Id, Body>,
    /// How long a judge may take.
    pub(crate) patience: Duration,
}

impl Course {
    /// Without chapters, all of them.
    pub(crate) fn read(root: &Path, chapters: &[usize]) -> Result<Course, Failure> {
        let is_asked = |id: Id| chapters.is_empty() || chapters.contains(&id.chapter);
        let (mut exercises, mut questions) = (read_all(root)?, question::read_all(root)?);
        exercises.retain(|exercise| is_asked(exercise.id));
        questions.retain(|question| is_asked(question.id));
        for chapter in chapters {
            let has_any = Item::all(&exercises, &questions).iter().any(|item| item.id().chapter == *chapter);
            if !has_any {
                return Err(Failure::new(format!("--chapter {chapter}: there is no exercise in that chapter")));
            }
        }
        Ok(Course { root: root.to_owned(), exercises, questions, shipped: bodies(root)?, patience: PATIENCE })
    }

    pub(crate) fn items(&self) -> Vec<Item<'_>> {
        Item::all(&self.exercises, &self.questions)
    }

    /// Grades what stands in some folders, by a copy of the workspace in another.
    pub(crate) fn grade(&self, folders: &[PathBuf], workspace: &Path) -> Result<Vec<Graded>, Failure> {
        let submissions: Vec<Submission> =
            folders.iter().map(|folder| Submission::read(folder, &self.exercises, &self.shipped)).collect();
        let (programs, broken) = self.compile(&submissions, workspace)?;
        let fingerprints = Fingerprints::read(&self.root)?;
        let judges = Judges { course: self, programs, broken, fingerprints };
        let mut graded = Vec::new();
        for (number, submission) in (1..).zip(submissions) {
            let marks = self.items().into_iter().map(|item| judges.mark(item, &submission, number));
            graded.push(Graded { marks: marks.collect::<Result<_, _>>()?, submission });
        }
        Ok(graded)
    }

    /// Compiles the bodies of all; the test programs, and for each body that does not compile what the compiler says.
    fn compile(&self, submissions: &[Submission], workspace: &Path) -> Result<(Programs, Broken), Failure> {
        let mut broken = Broken::new();
        loop {
            variants::compose(&self.root, workspace, |id| {
                let exercise = self.exercises.iter().find(|exercise| exercise.id == id)?;
                let of = |(number, submission): (usize, &Submission)| match submission.written.get(&id)? {
                    Written::Body(body) if !broken.contains_key(&(id, number)) => Some((number, body.clone())),
                    _ => None,
                };
                Some(((1..).zip(submissions).filter_map(of).collect(), stub(exercise)))
            })?;
            let before = broken.len();
            let mut programs = Programs::new();
            for package in variants::judged(&self.root) {
                match build(workspace, package)? {
                    Built::Program { path, .. } => _ = programs.insert(package, path),
                    Built::Errors(messages) => {
                        for message in &messages {
                            if let Some(whose) = variants::origin(workspace, message) {
                                broken.entry(whose).or_insert_with(|| message.line.clone());
                            }
                        }
                        if broken.len() == before {
                            let texts: Vec<&str> = messages.iter().map(|message| &message.text[..]).collect();
                            return Err(Failure::new(format!("{package} does not compile:\n{}", texts.join("\n"))));
                        }
                        break;
                    }
                }
            }
            if broken.len() == before {
                return Ok((programs, broken));
            }
        }
    }
}

/// What the compiler says of a body: the exercise, and the number of the learner.
type Broken = BTreeMap<(Id, usize), String>;

struct Judges<'a> {
    course: &'a Course,
    programs: Programs,
    broken: Broken,
    fingerprints: Fingerprints,
}

impl Judges<'_> {
    fn mark(&self, item: Item<'_>, submission: &Submission, number: usize) -> Result<Mark, Failure> {
        if item.id().chapter < submission.from {
            return Ok(Mark::Given("given: it comes before the first chapter"));
        }
        match item {
            Item::Question(question) => self.mark_answer(question, submission),
            Item::Body(exercise) => self.mark_body(exercise, submission, number),
        }
    }

    fn mark_body(&self, exercise: &Exercise, submission: &Submission, number: usize) -> Result<Mark, Failure> {
        let id = exercise.id;
        let is_shipped =
            matches!(&submission.written[&id], Written::Body(body) if are_same(body, &self.course.shipped[&id].text));
        if is_shipped && submission.references.contains(&id.to_string()) {
            return Ok(Mark::Given("given: the shipped body stands in"));
        }
        if let Some(message) = self.broken.get(&(id, number)) {
            return Ok(Mark::DoesNotCompile(message.clone()));
        }
        match &submission.written[&id] {
            Written::Body(_) => {}
            Written::Nothing if exercise.begins.is_some() => return Ok(Mark::NotDone("untouched")),
            Written::Nothing => return Ok(Mark::NotDone("`todo!()` is left")),
            Written::Gone => return Ok(Mark::NotDone("the markers of its body are gone")),
            Written::NoRust(why) => return Ok(Mark::DoesNotCompile(why.clone())),
        }
        let program = &self.programs[self.course.shipped[&id].package];
        let judged = judge(program, &exercise.tests, &[(BODY, &format!("{id}={number}"))], self.course.patience)?;
        if judged.passes(&exercise.tests) {
            return Ok(Mark::Passed);
        }
        let first = judged.first_wrong(&exercise.tests).and_then(|case| case.panic.as_ref());
        if first.is_some_and(|panic| panic.starts_with("not yet implemented")) {
            return Ok(Mark::NotDone("`todo!()` is left"));
        }
        let names = self.fingerprints.name(id, &Print::of(exercise, &judged.record.case));
        Ok(Mark::Failed(why(&judged, &exercise.tests, &names)))
    }

    fn mark_answer(&self, question: &Question, submission: &Submission) -> Result<Mark, Failure> {
        let Some(answer) = submission.answers.get(question.id) else { return Ok(Mark::NotDone("not answered")) };
        let wrong = |sentence: Option<&str>| Mark::Failed(format!("answered `{answer}`. {}", sentence.unwrap_or("")));
        let Kind::Experiment { package, test } = &question.kind else {
            return Ok(match question.judge(answer) {
                Ok(Verdict::Right) => Mark::Passed,
                Ok(Verdict::Wrong(sentence)) => wrong(sentence),
                Err(why) => Mark::Failed(why),
            });
        };
        let numbers = match numbers(answer) {
            Ok(numbers) => numbers,
            Err(why) => return Ok(Mark::Failed(why)),
        };
        let (program, tests) = (&self.programs[&package[..]], [test.clone()]);
        let judged = judge(program, &tests, &[(ANSWER, &spaced(&numbers))], self.course.patience)?;
        if judged.passes(&tests) {
            return Ok(Mark::Passed);
        }
        let outcome = judged.first_wrong(&tests).and_then(|case| case.computed.as_ref());
        Ok(wrong(outcome.and_then(|outcome| question.outcome(outcome))))
    }
}

/// Why a body does not pass, in a line.
fn why(judged: &Judged, tests: &[String], names: &[&str]) -> String {
    let Some(case) = judged.first_wrong(tests) else {
        return match &judged.end {
            End::Endless => "it does not end, and was stopped".to_owned(),
            End::Broken(status) => format!("it ended the whole test program ({status})"),
            End::Passed => "it ended the test program before its tests were done".to_owned(),
            End::Failed => "it could not be judged".to_owned(),
        };
    };
    match (&case.panic, names) {
        (_, [_, ..]) => format!("the numbers of a known mistake: {}", names.join(", ")),
        (Some(panic), []) => format!("it panics: {}", panic.lines().next().unwrap_or_default()),
        (None, []) => format!("other numbers than it should give: {}", case.asked),
    }
}
