//! The gate: that the exercises judge. Every wrong body is caught and gets its name, every right one passes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::answering::spaced;
use crate::exercise::{Chapter, Exercise, Id, read_all};
use crate::failure::Failure;
use crate::question::{self, Kind, Question, numbers};
use crate::record::{Case, FINGERPRINTS, Fingerprints, Print};
use crate::run::{ANSWER, BODY, Built, Judged, Message, PATIENCE, build, judge};
use crate::source::{Body, bodies, stub};
use crate::variants::{self, Programs};
use crate::workspace::{copy, make_folder, write};
use crate::{exercise, gate_grades, say};

/// Checks everything, and prints what is wrong; whether nothing is. `update` writes the fingerprints anew.
pub(crate) fn run(root: &Path, update: bool) -> Result<bool, Failure> {
    let exercises = read_all(root)?;
    let bodies = bodies(root)?;
    let mut problems = descriptions(&exercises, &bodies);
    if problems.is_empty() {
        let folder = root.join("target/learn");
        say(format_args!("compiling the stubs"));
        problems.extend(stubs(root, &folder, &exercises)?);
        say(format_args!("compiling all bodies"));
        match programs(root, &folder, &exercises)? {
            Err(errors) => problems.extend(errors.into_iter().map(|error| error.text)),
            Ok(programs) => {
                let gate = Gate { exercises: &exercises, bodies: &bodies, programs: &programs };
                problems.extend(gate.check(root, update, &exercise::chapters(root)?)?);
                say(format_args!("grading three workspaces"));
                problems.extend(gate_grades::problems(root, &folder.join("bodies"))?);
            }
        }
    }
    problems.iter().for_each(|problem| say(format_args!("✗ {problem}")));
    Ok(problems.is_empty())
}

/// What can be seen without compiling.
fn descriptions(exercises: &[Exercise], bodies: &BTreeMap<Id, Body>) -> Vec<String> {
    let mut problems = Vec::new();
    let described: BTreeSet<Id> = exercises.iter().map(|exercise| exercise.id).collect();
    for id in bodies.keys().filter(|id| !described.contains(id)) {
        problems.push(format!("{id}: there are markers, but no description"));
    }
    for exercise in exercises {
        let mut problem = |what: &str| problems.push(format!("{}: {what}", exercise.name));
        if !bodies.contains_key(&exercise.id) {
            problem("there is a description, but no markers");
        }
        if exercise.hints.len() < 2 || exercise.hints.iter().any(|hint| hint.trim().is_empty()) {
            problem("two hints at least, and none empty");
        }
        if exercise.asks.trim().is_empty() || exercise.tests.is_empty() || exercise.wrong.is_empty() {
            problem("what is asked, a test and a wrong body are needed");
        }
        let mistakes: BTreeSet<&str> = exercise.wrong.iter().map(|wrong| &wrong.mistake[..]).collect();
        if mistakes.len() < exercise.wrong.len() {
            problem("a mistake stands twice");
        }
        let shipped = bodies.get(&exercise.id).map_or("", |body| body.text.trim());
        if exercise.right.iter().any(|right| right.body.trim() == shipped) {
            problem("a right body is the shipped one");
        }
    }
    problems
}

/// That a learner's workspace with nothing done compiles without a warning.
fn stubs(root: &Path, folder: &Path, exercises: &[Exercise]) -> Result<Vec<String>, Failure> {
    let workspace = folder.join("stubs");
    let stub = |id: Id| exercises.iter().find(|exercise| exercise.id == id).map(stub);
    make_folder(&workspace)?;
    copy(root, &workspace, |id, _| stub(id), &[])?;
    let mut problems = Vec::new();
    for package in variants::judged(root) {
        match build(&workspace, package)? {
            Built::Program { warnings, .. } => problems.extend(warnings),
            Built::Errors(errors) => problems.extend(errors.into_iter().map(|error| error.text)),
        }
    }
    Ok(problems)
}

/// The body that is asked for, in the order in which they are compiled.
#[derive(Clone, Copy)]
enum Chosen {
    Shipped,
    Wrong(usize),
    Right(usize),
    Stub,
}

impl Chosen {
    fn number(self, exercise: &Exercise) -> usize {
        match self {
            Chosen::Shipped => 0,
            Chosen::Wrong(i) => 1 + i,
            Chosen::Right(i) => 1 + exercise.wrong.len() + i,
            Chosen::Stub => 1 + exercise.wrong.len() + exercise.right.len(),
        }
    }
}

/// Compiles every body of every exercise; the test program of each crate, or what the compiler says.
fn programs(root: &Path, folder: &Path, exercises: &[Exercise]) -> Result<Result<Programs, Vec<Message>>, Failure> {
    let workspace = folder.join("bodies");
    let every = |id: Id| {
        let exercise = exercises.iter().find(|exercise| exercise.id == id)?;
        let wrong = exercise.wrong.iter().map(|wrong| wrong.body.clone());
        let right = exercise.right.iter().map(|right| right.body.clone());
        Some(((1..).zip(wrong.chain(right)).collect(), stub(exercise)))
    };
    variants::compose(root, &workspace, every)?;
    let mut programs = BTreeMap::new();
    for package in variants::judged(root) {
        match build(&workspace, package)? {
            Built::Program { path, .. } => _ = programs.insert(package, path),
            Built::Errors(messages) => return Ok(Err(messages)),
        }
    }
    Ok(Ok(programs))
}

struct Gate<'a> {
    exercises: &'a [Exercise],
    bodies: &'a BTreeMap<Id, Body>,
    programs: &'a Programs,
}

impl Gate<'_> {
    /// Judges every body, and prints the closing line.
    fn check(&self, root: &Path, update: bool, chapters: &[Chapter]) -> Result<Vec<String>, Failure> {
        let mut problems = Vec::new();
        let mut now = Fingerprints::default();
        if let Some(program) = self.programs.get("nn-train") {
            now.known = judge(program, &["the_catalogue".to_owned()], &[], PATIENCE)?.record.mistake;
            let pages = now.known.iter().map(|known| &known.page);
            let unknown = pages.filter(|page| !chapters.iter().any(|chapter| chapter.page == **page));
            problems.extend(unknown.map(|page| format!("a mistake of the catalogue is in no chapter: {page}")));
        }
        let (mut caught, mut wrong_bodies) = (0, 0);
        for (place, exercise) in self.exercises.iter().enumerate() {
            let mut problem = |what: String| problems.push(format!("{}: {what}", exercise.name));
            for (chosen, note) in std::iter::once((Chosen::Shipped, "the shipped body"))
                .chain(exercise.right.iter().enumerate().map(|(i, right)| (Chosen::Right(i), &right.note[..])))
            {
                let judged = self.judge(exercise, chosen)?;
                if !judged.passes(&exercise.tests) {
                    problem(format!("a right body does not pass ({note}): {}", why(&judged, exercise)));
                }
            }
            let mut catching: BTreeSet<&str> = BTreeSet::new();
            for (i, wrong) in exercise.wrong.iter().enumerate() {
                wrong_bodies += 1;
                let known = now.known.iter().any(|known| known.id == wrong.mistake);
                if self.programs.contains_key("nn-train") && known == wrong.sentence.is_some() {
                    problem(format!("{}: it needs a sentence, unless the catalogue has it", wrong.mistake));
                }
                let judged = self.judge(exercise, Chosen::Wrong(i))?;
                if judged.passes(&exercise.tests) {
                    problem(format!("{} passes", wrong.mistake));
                    continue;
                }
                caught += 1;
                let is_wrong =
                    |test: &&String| judged.record.case.iter().any(|case| case.test == **test && !case.passed);
                catching.extend(exercise.tests.iter().filter(is_wrong).map(|test| &test[..]));
                now.prints.push((exercise.id, wrong.mistake.clone(), Print::of(exercise, &judged.record.case)));
            }
            for test in exercise.tests.iter().filter(|test| !catching.contains(&test[..])) {
                problem(format!("the test {test} catches no wrong body"));
            }
            if self.judge(exercise, Chosen::Stub)?.passes(&exercise.tests) {
                problem("it passes with nothing written".to_owned());
            }
            for (earlier, test) in self.needs(place)? {
                problem(format!("exercise {earlier} needs it, which comes before it (test {test})"));
            }
        }
        let mut named = 0;
        for (id, mistake, print) in &now.prints {
            match &now.name(*id, print)[..] {
                [name] if name == mistake => named += 1,
                names => problems.push(format!("{id}: {mistake} gives the numbers of {}", names.join(", "))),
            }
        }
        if update {
            write(&root.join(FINGERPRINTS), now.text())?;
        } else if !Fingerprints::read(root)?.agrees_with(&now) {
            problems.push(format!("{FINGERPRINTS} is not what the bodies give now: cargo learn gate --update"));
        }
        let n = self.exercises.len();
        say(format_args!("exercises: {n}, wrong bodies: {wrong_bodies}, caught: {caught}, named: {named}"));
        let questions = question::read_all(root)?;
        for question in &questions {
            problems.extend(self.experiment(question)?);
        }
        let answers: usize = questions.iter().map(|question| question.wrong.len()).sum();
        say(format_args!("questions: {}, wrong answers: {answers}", questions.len()));
        Ok(problems)
    }

    /// That the answer to an experiment passes when it is tried, and that what becomes of each wrong one is the one that is
    /// explained. Other questions are judged without running anything, and a test of their own holds them.
    fn experiment(&self, question: &Question) -> Result<Vec<String>, Failure> {
        let Kind::Experiment { package, test } = &question.kind else { return Ok(Vec::new()) };
        let Some(program) = self.programs.get(&package[..]) else {
            return Ok(vec![format!("{}: {package} has no judges", question.id)]);
        };
        let tests = [test.clone()];
        let tried = |answer: &str| {
            let numbers = numbers(answer).map_err(Failure::new)?;
            judge(program, &tests, &[(ANSWER, &spaced(&numbers))], PATIENCE)
        };
        let mut problems = Vec::new();
        if !tried(&question.answer)?.passes(&tests) {
            problems.push(format!("{}: its answer, {}, does not pass", question.id, question.answer));
        }
        for wrong in &question.wrong {
            let judged = tried(&wrong.answer)?;
            let outcome = judged.first_wrong(&tests).and_then(|case| case.computed.as_ref());
            if outcome.and_then(|outcome| question.outcome(outcome)) != Some(&wrong.sentence) {
                problems.push(format!("{}: {} comes to {outcome:?}", question.id, wrong.answer));
            }
        }
        Ok(problems)
    }

    fn judge(&self, exercise: &Exercise, chosen: Chosen) -> Result<Judged, Failure> {
        let program = &self.programs[self.bodies[&exercise.id].package];
        let body = format!("{}={}", exercise.id, chosen.number(exercise));
        judge(program, &exercise.tests, &[(BODY, &body)], PATIENCE)
    }

    /// The earlier exercises, with a test of each, that fail while nothing is written for this one.
    fn needs(&self, place: usize) -> Result<Vec<(Id, String)>, Failure> {
        let exercise = &self.exercises[place];
        let body = format!("{}={}", exercise.id, Chosen::Stub.number(exercise));
        let mut failing = Vec::new();
        for (package, program) in self.programs {
            let of_package = |earlier: &&Exercise| self.bodies[&earlier.id].package == *package;
            let earlier: Vec<&Exercise> = self.exercises[..place].iter().filter(of_package).collect();
            let tests: Vec<String> = earlier.iter().flat_map(|earlier| earlier.tests.clone()).collect();
            if tests.is_empty() {
                continue;
            }
            let judged = judge(program, &tests, &[(BODY, &body)], PATIENCE)?;
            let wrong = |exercise: &&&Exercise| judged.first_wrong(&exercise.tests).is_some();
            failing.extend(earlier.iter().filter(wrong).map(|earlier| (earlier.id, earlier.tests.join(", "))));
        }
        Ok(failing)
    }
}

/// Why a body does not pass.
fn why(judged: &Judged, exercise: &Exercise) -> String {
    let silent = exercise.tests.iter().find(|test| !judged.record.case.iter().any(|case| case.test == **test));
    match (judged.first_wrong(&exercise.tests), silent) {
        (Some(Case { test, asked, panic, computed, right, .. }), _) => {
            let gave = panic.as_ref().or(computed.as_ref()).map_or("", |text| &text[..]);
            format!("{test}, {asked}: it gives\n{gave}\nbut right is\n{right}")
        }
        (None, Some(test)) => format!("there is no judging test {test}"),
        (None, None) => format!("{:?}", judged.end),
    }
}
