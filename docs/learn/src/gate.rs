//! The gate: that the exercises judge. Every wrong body is caught and gets its name, every right one passes.
//!
//! All bodies of all exercises are compiled at once, into a copy of the workspace in which an environment variable chooses
//! one: a judge then takes milliseconds for each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::exercise::{Chapter, Exercise, Id, read_all};
use crate::failure::Failure;
use crate::record::{Case, FINGERPRINTS, Fingerprints, Print};
use crate::run::{Built, Judged, build, judge};
use crate::source::{Body, CRATES, bodies, stub};
use crate::workspace::{copy, make_folder, write};
use crate::{exercise, say};

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
            Err(errors) => problems.extend(errors),
            Ok(programs) => {
                let gate = Gate { exercises: &exercises, bodies: &bodies, programs: &programs };
                problems.extend(gate.check(root, update, &exercise::chapters(root)?)?);
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
    copy(root, &workspace, |id, _| stub(id))?;
    let mut problems = Vec::new();
    for package in CRATES.iter().filter(|package| root.join(package).join("tests/exercises.rs").exists()) {
        match build(&workspace, package)? {
            Built::Program { warnings, .. } => problems.extend(warnings),
            Built::Errors(errors) => problems.extend(errors),
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

/// In nn-core, of the copy alone.
const CHOICE: &str = r#"
extern crate self as nn_core; // so that it has the same path in every crate

/// The body of an exercise that `NN_LEARN_BODY` chooses, as in `7.2=3`; 0 is the shipped one.
#[doc(hidden)]
pub fn learn_body(exercise: &str) -> usize {
    static CHOSEN: std::sync::OnceLock<Option<(String, usize)>> = std::sync::OnceLock::new();
    let read = || {
        let text = std::env::var("NN_LEARN_BODY").ok()?;
        let (exercise, number) = text.split_once('=')?;
        Some((exercise.to_owned(), number.parse().ok()?))
    };
    CHOSEN.get_or_init(read).as_ref().filter(|chosen| chosen.0 == exercise).map_or(0, |chosen| chosen.1)
}
"#;

/// Compiles every body of every exercise; the test program of each crate, or what the compiler says.
fn programs(
    root: &Path,
    folder: &Path,
    exercises: &[Exercise],
) -> Result<Result<BTreeMap<&'static str, PathBuf>, Vec<String>>, Failure> {
    let workspace = folder.join("bodies");
    make_folder(&workspace)?;
    let every = |id: Id, shipped: &str| {
        let exercise = exercises.iter().find(|exercise| exercise.id == id)?;
        let mut text = format!("match nn_core::learn_body(\"{id}\") {{\n");
        let wrong = exercise.wrong.iter().map(|wrong| &wrong.body[..]);
        let right = exercise.right.iter().map(|right| &right.body[..]);
        for (number, body) in std::iter::once(shipped).chain(wrong).chain(right).enumerate() {
            text += &format!("{number} => {{\n{body}\n}}\n");
        }
        Some(format!("{text}_ => {{\n{}\n}}\n}}", stub(exercise)))
    };
    copy(root, &workspace, every)?;
    let lib = workspace.join("nn-core/src/lib.rs");
    let text = std::fs::read_to_string(&lib).map_err(|e| Failure::of(&lib, e))?;
    write(&lib, text + CHOICE)?;
    let (mut programs, mut errors) = (BTreeMap::new(), Vec::new());
    for package in CRATES.into_iter().filter(|package| root.join(package).join("tests/exercises.rs").exists()) {
        match build(&workspace, package)? {
            Built::Program { path, .. } => _ = programs.insert(package, path),
            Built::Errors(messages) => {
                errors.extend(messages);
                break;
            }
        }
    }
    Ok(if errors.is_empty() { Ok(programs) } else { Err(errors) })
}

struct Gate<'a> {
    exercises: &'a [Exercise],
    bodies: &'a BTreeMap<Id, Body>,
    programs: &'a BTreeMap<&'static str, PathBuf>,
}

impl Gate<'_> {
    /// Judges every body, and prints the closing line.
    fn check(&self, root: &Path, update: bool, chapters: &[Chapter]) -> Result<Vec<String>, Failure> {
        let mut problems = Vec::new();
        let mut now = Fingerprints::default();
        if let Some(program) = self.programs.get("nn-train") {
            now.known = judge(program, &["the_catalogue".to_owned()], None)?.record.mistake;
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
                if !judged.passes(exercise) {
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
                if judged.passes(exercise) {
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
            if self.judge(exercise, Chosen::Stub)?.passes(exercise) {
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
        Ok(problems)
    }

    fn judge(&self, exercise: &Exercise, chosen: Chosen) -> Result<Judged, Failure> {
        let program = &self.programs[self.bodies[&exercise.id].package];
        judge(program, &exercise.tests, Some(&format!("{}={}", exercise.id, chosen.number(exercise))))
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
            let judged = judge(program, &tests, Some(&body))?;
            let wrong = |exercise: &&&Exercise| judged.first_wrong(exercise).is_some();
            failing.extend(earlier.iter().filter(wrong).map(|earlier| (earlier.id, earlier.tests.join(", "))));
        }
        Ok(failing)
    }
}

/// Why a body does not pass.
fn why(judged: &Judged, exercise: &Exercise) -> String {
    let silent = exercise.tests.iter().find(|test| !judged.record.case.iter().any(|case| case.test == **test));
    match (judged.first_wrong(exercise), silent) {
        (Some(Case { test, asked, panic, computed, right, .. }), _) => {
            let gave = panic.as_ref().or(computed.as_ref()).map_or("", |text| &text[..]);
            format!("{test}, {asked}: it gives\n{gave}\nbut right is\n{right}")
        }
        (None, Some(test)) => format!("there is no judging test {test}"),
        (None, None) => format!("{:?}", judged.end),
    }
}
