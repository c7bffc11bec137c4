//! What a learner does: makes a workspace, checks, asks for hints, looks at a solution, begins anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::exercise::{Chapter, Exercise, Id, chapters, read_all};
use crate::failure::Failure;
use crate::record::{Fingerprints, Print};
use crate::run::{Built, build, judge};
use crate::source::{self, Body, bodies, is_stub, stub};
use crate::workspace::{self, State};
use crate::{report, say};

/// Makes a learner's workspace in a new folder; `dir` is its name as it was given.
pub(crate) fn new(root: &Path, to: &Path, dir: &Path, from: usize) -> Result<(), Failure> {
    let exercises = read_all(root)?;
    let (first, last) = (exercises.first(), exercises.last());
    let (Some(first), Some(last)) = (first, last) else { return Err(Failure::new("there are no exercises")) };
    if from > last.id.chapter {
        return Err(Failure::new(format!("--from {from}: the last chapter with an exercise is {}", last.id.chapter)));
    }
    if to.read_dir().is_ok_and(|mut entries| entries.next().is_some()) || to.is_file() {
        return Err(Failure::new(format!("{} exists already; give a new folder", dir.display())));
    }
    workspace::make_folder(to)?;
    let inside = |path: &Path| Some(path.canonicalize().ok()?.starts_with(root.canonicalize().ok()?));
    if inside(to) == Some(true) {
        let _ = std::fs::remove_dir(to);
        return Err(Failure::new("your workspace is to stand outside of the project: cargo learn new ../mine"));
    }
    let begins = |id: Id| exercises.iter().find(|exercise| exercise.id == id && id.chapter >= from);
    workspace::copy(root, to, |id, _| begins(id).map(stub))?;
    workspace::write(&to.join(".gitignore"), format!("/target\n/{}\n/runs\n", workspace::STATE))?;
    workspace::write(&to.join("README.md"), report::readme(from.max(first.id.chapter)))?;
    let state = State::new(to)?;
    let shipped = bodies(root)?;
    for (id, body) in &shipped {
        state.keep_solution(*id, &body.text)?;
    }
    for (id, body) in bodies(to)?.iter().filter(|(id, _)| id.chapter < from) {
        state.keep_passed(*id, &body.text)?;
    }
    workspace::lock(to);
    report::made(dir, &exercises, from, workspace::commit(to));
    Ok(())
}

/// A learner's workspace, as it is now.
pub(crate) struct Learner {
    root: PathBuf,
    exercises: Vec<Exercise>,
    chapters: Vec<Chapter>,
    bodies: BTreeMap<Id, Body>,
    state: State,
}

/// How far an exercise is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// This very body has passed.
    Done,
    /// Something stands there that has not passed.
    Begun,
    Untouched,
}

impl Learner {
    pub(crate) fn read(root: PathBuf) -> Result<Learner, Failure> {
        let (exercises, chapters, bodies, state) =
            (read_all(&root)?, chapters(&root)?, bodies(&root)?, State::read(&root)?);
        if let Some(exercise) = exercises.iter().find(|exercise| !bodies.contains_key(&exercise.id)) {
            let (id, function) = (exercise.id, &exercise.function);
            return Err(Failure::new(format!(
                "the markers of exercise {id} are gone: put `// BEGIN SOLUTION {id}` and `// END SOLUTION {id}` around the \
                 body of {function} again"
            )));
        }
        Ok(Learner { root, exercises, chapters, bodies, state })
    }

    fn progress_of(&self, exercise: &Exercise) -> Progress {
        let body = &self.bodies[&exercise.id].text;
        match () {
            () if self.state.has_passed(exercise.id, body) => Progress::Done,
            () if is_stub(exercise, body) => Progress::Untouched,
            () => Progress::Begun,
        }
    }

    /// The first exercise that is not done.
    fn next(&self) -> Option<&Exercise> {
        self.exercises.iter().find(|exercise| self.progress_of(exercise) != Progress::Done)
    }

    fn find(&self, id: Id) -> Result<&Exercise, Failure> {
        let unknown = || Failure::new(format!("there is no exercise {id}; `cargo learn` lists them"));
        self.exercises.iter().find(|exercise| exercise.id == id).ok_or_else(unknown)
    }

    fn find_or_next(&self, id: Option<Id>) -> Result<&Exercise, Failure> {
        match id {
            Some(id) => self.find(id),
            None => self.next().ok_or_else(|| Failure::new("all exercises are done; name one, such as 7.2")),
        }
    }

    /// Where the learner stands, and what comes next.
    pub(crate) fn progress(&self) {
        let progress: Vec<(&Exercise, Progress)> =
            self.exercises.iter().map(|exercise| (exercise, self.progress_of(exercise))).collect();
        report::progress(&progress, &self.chapters);
        match self.next() {
            Some(exercise) => report::asks(exercise, &self.bodies[&exercise.id], self.progress_of(exercise)),
            None => report::all_done(),
        }
    }

    /// Judges one exercise, and says what is wrong; whether nothing is.
    pub(crate) fn check(&self, id: Option<Id>) -> Result<bool, Failure> {
        let exercise = self.find_or_next(id)?;
        let body = &self.bodies[&exercise.id];
        report::heading(exercise, body);
        if is_stub(exercise, &body.text) {
            report::not_begun(body);
            return Ok(false);
        }
        let program = match build(&self.root, body.package)? {
            Built::Errors(errors) => {
                report::does_not_compile(&errors);
                return Ok(false);
            }
            Built::Program { path, .. } => path,
        };
        let judged = judge(&program, &exercise.tests, None)?;
        if judged.passes(exercise) {
            let before = self.state.has_ever_passed(exercise.id);
            self.state.keep_passed(exercise.id, &body.text)?;
            report::passes(exercise, before);
            match self.next() {
                Some(next) => report::next(next),
                None => report::all_done(),
            }
            return Ok(true);
        }
        let fingerprints = Fingerprints::read(&self.root)?;
        let names = fingerprints.name(exercise.id, &Print::of(exercise, &judged.record.case));
        let mistakes: Vec<report::Named<'_>> = names
            .into_iter()
            .map(|name| {
                let known = fingerprints.known.iter().find(|known| known.id == name);
                let wrong = exercise.wrong.iter().find(|wrong| wrong.mistake == name);
                let sentence =
                    known.map(|known| &known.sentence[..]).or(wrong.and_then(|wrong| wrong.sentence.as_deref()));
                let page = known.map(|known| &known.page);
                let number =
                    page.and_then(|page| Some(1 + self.chapters.iter().position(|chapter| chapter.page == *page)?));
                let number = number.unwrap_or(exercise.id.chapter);
                let title = self.chapters.get(number - 1).map_or("", |chapter| &chapter.title);
                report::Named { id: name, sentence: sentence.unwrap_or(""), chapter: number, title }
            })
            .collect();
        report::fails(exercise, body, &judged, &mistakes);
        Ok(false)
    }

    /// Judges every exercise that is begun or done, a line for each; whether all exercises are done.
    pub(crate) fn check_all(&self) -> Result<bool, Failure> {
        let mut programs = BTreeMap::new();
        let (mut done, mut broken) = (0, Vec::new());
        for exercise in &self.exercises {
            let body = &self.bodies[&exercise.id];
            if is_stub(exercise, &body.text) {
                report::line(exercise, Progress::Untouched);
                continue;
            }
            if !programs.contains_key(body.package) {
                programs.insert(body.package, build(&self.root, body.package)?);
            }
            let passes = match &programs[body.package] {
                Built::Program { path, .. } => judge(path, &exercise.tests, None)?.passes(exercise),
                Built::Errors(_) => {
                    broken.push(body.package);
                    false
                }
            };
            if passes {
                self.state.keep_passed(exercise.id, &body.text)?;
                done += 1;
            }
            report::line(exercise, if passes { Progress::Done } else { Progress::Begun });
        }
        broken.dedup();
        broken.iter().for_each(|package| say(format_args!("{package} does not compile")));
        report::share(done, self.exercises.len());
        Ok(done == self.exercises.len())
    }

    /// Shows the hints that have been shown, and one more.
    pub(crate) fn hint(&mut self, id: Option<Id>) -> Result<(), Failure> {
        let exercise = self.find_or_next(id)?;
        let id = exercise.id;
        let shown = (self.state.hints(id) + 1).min(exercise.hints.len());
        report::heading(exercise, &self.bodies[&id]);
        report::hints(exercise, shown);
        self.state.keep_hints(id, shown)
    }

    /// Shows the shipped body, after the exercise is solved or on insistence.
    pub(crate) fn solution(&self, id: Id, anyway: bool) -> Result<(), Failure> {
        let exercise = self.find(id)?;
        if !anyway && !self.state.has_ever_passed(id) {
            return Err(Failure::new(format!(
                "exercise {id} is not solved yet: `cargo learn hint {id}` helps, `cargo learn solution {id} --anyway` insists"
            )));
        }
        report::heading(exercise, &self.bodies[&id]);
        report::code(&self.state.solution(id)?);
        Ok(())
    }

    /// Puts `todo!()` in place of what was written.
    pub(crate) fn reset(&self, id: Id) -> Result<(), Failure> {
        let exercise = self.find(id)?;
        let body = &self.bodies[&id];
        if !is_stub(exercise, &body.text) {
            let path = self.root.join(workspace::STATE).join(format!("before-reset-{id}.rs"));
            workspace::write(&path, &body.text)?;
            source::write(&self.root, id, body, &stub(exercise))?;
            say(format_args!(
                "{} is to be written again; what stood there is in {}",
                exercise.function,
                path.display()
            ));
        } else {
            say(format_args!("{} has not been written yet", exercise.function));
        }
        Ok(())
    }
}
