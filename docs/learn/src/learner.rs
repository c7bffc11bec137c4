//! What a learner does: makes a workspace, checks, asks for hints, looks at a solution, begins anew. Questions are answered in
//! answering.rs; detour.rs has the ways around an exercise.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::answers::{ANSWERS, Answers};
use crate::exercise::{Chapter, Exercise, Id, chapters, read_all};
use crate::failure::Failure;
use crate::item::{Item, Progress};
use crate::question::{self, Question};
use crate::record::{Fingerprints, Print};
use crate::run::{Built, Judged, PATIENCE, build, judge};
use crate::source::{self, Body, bodies, is_stub, stub};
use crate::workspace::{self, State};
use crate::{layout, report, say};

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
    workspace::copy(root, to, |id, _| begins(id).map(stub), &[])?;
    workspace::scratch(to)?;
    workspace::write(&to.join(ANSWERS), report::ANSWERS_FILE)?;
    workspace::write(&to.join(".gitignore"), format!("/target\n/{}\n/runs\n", workspace::STATE))?;
    workspace::write(&to.join("README.md"), report::readme(from.max(first.id.chapter)))?;
    let state = State::new(to, from)?;
    let shipped = bodies(root)?;
    for (id, body) in &shipped {
        state.keep_solution(*id, &body.text)?;
    }
    for (id, body) in bodies(to)?.iter().filter(|(id, _)| id.chapter < from) {
        state.keep_passed(*id, &body.text)?;
    }
    workspace::lock(to);
    let questions = question::read_all(root)?;
    let open = [
        exercises.iter().filter(|e| e.id.chapter >= from).count(),
        questions.iter().filter(|q| q.id.chapter >= from).count(),
    ];
    report::made(dir, open, workspace::commit(to));
    Ok(())
}

/// A learner's workspace, as it is now.
pub(crate) struct Learner {
    pub(crate) root: PathBuf,
    pub(crate) exercises: Vec<Exercise>,
    pub(crate) questions: Vec<Question>,
    pub(crate) chapters: Vec<Chapter>,
    pub(crate) bodies: BTreeMap<Id, Body>,
    pub(crate) answers: Answers,
    pub(crate) state: State,
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
        let (questions, answers) = (question::read_all(&root)?, Answers::read(&root)?);
        Ok(Learner { root, exercises, questions, chapters, bodies, answers, state })
    }

    /// All exercises of both kinds, in order.
    pub(crate) fn items(&self) -> Vec<Item<'_>> {
        Item::all(&self.exercises, &self.questions)
    }

    pub(crate) fn progress_of(&self, item: Item<'_>) -> Progress {
        let id = item.id();
        let (mine, is_untouched) = match item {
            Item::Body(exercise) => {
                let body = &self.bodies[&id].text;
                if self.state.is_by_reference(id, body) {
                    return Progress::Reference;
                }
                (Some(&body[..]), is_stub(exercise, body))
            }
            Item::Question(_) if id.chapter < self.state.from() => return Progress::Done,
            Item::Question(_) => (self.answers.get(id), self.answers.get(id).is_none()),
        };
        match () {
            () if mine.is_some_and(|mine| self.state.has_passed(id, mine)) => Progress::Done,
            () if self.state.is_skipped(id) => Progress::Skipped,
            () if is_untouched => Progress::Untouched,
            () => Progress::Begun,
        }
    }

    /// The first exercise that is neither done nor passed over; then the first that was.
    pub(crate) fn next(&self) -> Option<Item<'_>> {
        let items = self.items();
        let first = items.iter().find(|item| !self.progress_of(**item).is_behind());
        first.or_else(|| items.iter().find(|item| self.progress_of(**item) != Progress::Done)).copied()
    }

    pub(crate) fn find(&self, id: Id) -> Result<Item<'_>, Failure> {
        let unknown = || Failure::new(format!("there is no exercise {id}; `cargo learn` lists them"));
        self.items().into_iter().find(|item| item.id() == id).ok_or_else(unknown)
    }

    /// One whose body is to be written.
    pub(crate) fn find_body(&self, id: Id) -> Result<&Exercise, Failure> {
        match self.find(id)? {
            Item::Body(exercise) => Ok(exercise),
            Item::Question(_) => Err(Failure::new(format!("exercise {id} is a question, and has no body"))),
        }
    }

    pub(crate) fn find_or_next(&self, id: Option<Id>) -> Result<Item<'_>, Failure> {
        match id {
            Some(id) => self.find(id),
            None => self.next().ok_or_else(|| Failure::new("all exercises are done; name one, such as 7.2")),
        }
    }

    /// Where an exercise is worked at.
    pub(crate) fn place(&self, item: Item<'_>) -> String {
        match item {
            Item::Body(exercise) => {
                let body = &self.bodies[&exercise.id];
                format!("{}:{}", body.file.display(), body.line + 1)
            }
            Item::Question(_) => ANSWERS.to_owned(),
        }
    }

    /// Where the learner stands, and what comes next.
    pub(crate) fn progress(&self) {
        let progress: Vec<(Id, Progress)> =
            self.items().into_iter().map(|item| (item.id(), self.progress_of(item))).collect();
        report::progress(&progress, &self.chapters);
        match self.next() {
            Some(item) => report::asks(item, &self.place(item), self.progress_of(item)),
            None => report::all_done(),
        }
    }

    /// Judges one exercise, and says what is wrong, or else what comes next; whether nothing is wrong.
    pub(crate) fn check(&self, id: Option<Id>) -> Result<bool, Failure> {
        let passes = self.judge(self.find_or_next(id)?)?;
        if passes {
            self.say_next();
        }
        Ok(passes)
    }

    /// Judges one exercise, and says what is wrong; whether nothing is.
    pub(crate) fn judge(&self, item: Item<'_>) -> Result<bool, Failure> {
        match item {
            Item::Body(exercise) => self.check_body(exercise),
            Item::Question(question) => self.check_answer(question),
        }
    }

    fn check_body(&self, exercise: &Exercise) -> Result<bool, Failure> {
        let body = &self.bodies[&exercise.id];
        report::heading(Item::Body(exercise), &self.place(Item::Body(exercise)));
        if is_stub(exercise, &body.text) {
            report::not_begun(exercise, body);
            return Ok(false);
        }
        let program = match build(&self.root, body.package)? {
            Built::Errors(errors) => {
                report::does_not_compile(&errors);
                return Ok(false);
            }
            Built::Program { path, .. } => path,
        };
        let judged = judge(&program, &exercise.tests, &[], PATIENCE)?;
        if judged.passes(&exercise.tests) {
            let before = self.state.has_ever_passed(exercise.id);
            self.state.keep_passed(exercise.id, &body.text)?;
            report::passes(exercise, before);
            return Ok(true);
        }
        report::fails(exercise, body, &judged, &self.mistakes(exercise, &judged)?);
        Ok(false)
    }

    pub(crate) fn say_next(&self) {
        match self.next() {
            Some(next) => report::next(next),
            None => report::all_done(),
        }
    }

    /// The mistakes that give exactly these numbers.
    fn mistakes(&self, exercise: &Exercise, judged: &Judged) -> Result<Vec<report::Named>, Failure> {
        let fingerprints = Fingerprints::read(&self.root)?;
        let names = fingerprints.name(exercise.id, &Print::of(exercise, &judged.record.case));
        let named = names.into_iter().map(|name| {
            let known = fingerprints.known.iter().find(|known| known.id == name);
            let wrong = exercise.wrong.iter().find(|wrong| wrong.mistake == name);
            let sentence = known.map(|known| &known.sentence).or(wrong.and_then(|wrong| wrong.sentence.as_ref()));
            let place = known.and_then(|known| self.chapters.iter().position(|chapter| chapter.page == known.page));
            let chapter = place.map_or(exercise.id.chapter, |place| place + 1);
            let title = self.chapters.get(chapter - 1).map_or("", |chapter| &chapter.title).to_owned();
            report::Named { id: name.to_owned(), sentence: sentence.cloned().unwrap_or_default(), chapter, title }
        });
        Ok(named.collect())
    }

    /// Judges every exercise that is begun or done, a line for each; whether all exercises are done.
    pub(crate) fn check_all(&self) -> Result<bool, Failure> {
        let mut programs = BTreeMap::new();
        let (mut done, mut broken) = (0, Vec::new());
        for item in self.items() {
            let progress = match (item, self.progress_of(item)) {
                (_, progress @ (Progress::Untouched | Progress::Skipped | Progress::Reference)) => progress,
                (Item::Body(exercise), _) => {
                    let body = &self.bodies[&exercise.id];
                    if !programs.contains_key(body.package) {
                        programs.insert(body.package, build(&self.root, body.package)?);
                    }
                    match &programs[body.package] {
                        Built::Program { path, .. } => {
                            let passes = judge(path, &exercise.tests, &[], PATIENCE)?.passes(&exercise.tests);
                            if passes {
                                self.state.keep_passed(exercise.id, &body.text)?;
                            }
                            if passes { Progress::Done } else { Progress::Begun }
                        }
                        Built::Errors(_) => {
                            broken.push(body.package);
                            Progress::Begun
                        }
                    }
                }
                (Item::Question(question), _) => match self.is_right(question)? {
                    true => Progress::Done,
                    false => Progress::Begun,
                },
            };
            done += usize::from(progress == Progress::Done);
            report::line(item, progress);
        }
        broken.dedup();
        broken.iter().for_each(|package| say(format_args!("{package} does not compile")));
        let all = self.items().len();
        report::share(done, all);
        Ok(done == all)
    }

    /// Shows the hints that have been shown, and one more.
    pub(crate) fn hint(&mut self, id: Option<Id>) -> Result<(), Failure> {
        let item = self.find_or_next(id)?;
        let id = item.id();
        let shown = (self.state.hints(id) + 1).min(item.hints().len());
        report::heading(item, &self.place(item));
        report::hints(item, shown);
        self.state.keep_hints(id, shown)
    }

    /// Shows the shipped body, or the right answer, after the exercise is solved or on insistence.
    pub(crate) fn solution(&self, id: Id, anyway: bool) -> Result<(), Failure> {
        let item = self.find(id)?;
        if !anyway && !self.state.has_ever_passed(id) {
            return Err(Failure::new(format!(
                "exercise {id} is not solved yet: `cargo learn hint {id}` helps, `cargo learn solution {id} --anyway` insists"
            )));
        }
        report::heading(item, &self.place(item));
        match item {
            Item::Body(_) => layout::code(&self.state.solution(id)?),
            Item::Question(question) => report::answer(question),
        }
        Ok(())
    }

    /// Puts `todo!()` in place of what was written.
    pub(crate) fn reset(&self, id: Id) -> Result<(), Failure> {
        let exercise = self.find_body(id)?;
        let body = &self.bodies[&id];
        if self.state.is_by_reference(id, &body.text) {
            source::write(&self.root, id, body, &stub(exercise))?;
            say(format_args!("{} is to be written again", exercise.function));
        } else if !is_stub(exercise, &body.text) {
            let path = self.state.keep_aside(id, &body.text)?;
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
