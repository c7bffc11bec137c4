//! Ways around an exercise: the shipped body stands in for it, it is left for later, or the chapter's snippet is tried first.

use crate::exercise::Id;
use crate::failure::Failure;
use crate::item::{Item, Progress};
use crate::learner::Learner;
use crate::{say, snippet, source, workspace};

impl Learner {
    /// Lets the shipped body stand in for what is to be written, so that later exercises can be done.
    pub(crate) fn use_reference(&mut self, id: Id) -> Result<(), Failure> {
        let exercise = self.find_body(id)?;
        let (item, body) = (Item::Body(exercise), &self.bodies[&id]);
        if self.progress_of(item) == Progress::Done {
            return Err(Failure::new(format!("exercise {id} is done: {} is yours", exercise.function)));
        }
        if self.progress_of(item) == Progress::Reference {
            return Err(Failure::new(format!("the shipped body stands in for exercise {id} already")));
        }
        if !source::is_stub(exercise, &body.text) {
            let path = self.state.keep_aside(id, &body.text)?;
            say(format_args!("What stood there is in {}", path.display()));
        }
        let function = exercise.function.clone();
        source::write(&self.root, id, body, &self.state.solution(id)?)?;
        self.state.keep_reference(id)?;
        say(format_args!("The shipped body stands in for {function}; `cargo learn reset {id}` takes it out again."));
        Ok(())
    }

    /// Leaves an exercise for later.
    pub(crate) fn skip(&mut self, id: Id) -> Result<(), Failure> {
        let item = self.find(id)?;
        if self.progress_of(item) == Progress::Done {
            return Err(Failure::new(format!("exercise {id} is done")));
        }
        self.state.keep_skipped(id)?;
        say(format_args!("{id} is left for later: `cargo learn check {id}` judges it at any time."));
        let bodies = source::bodies(&self.root)?;
        if bodies.contains_key(&id) {
            say(format_args!(
                "What needs it will say so; `cargo learn use reference {id}` lets the shipped body stand in."
            ));
        }
        self.say_next();
        Ok(())
    }

    /// Writes a scratch program with the snippet of an exercise's chapter.
    pub(crate) fn try_out(&self, id: Id) -> Result<(), Failure> {
        self.find(id)?;
        let chapter = &self.chapters[id.chapter - 1];
        let page = self.root.join(format!("docs/src/{}.md", chapter.page));
        let text = std::fs::read_to_string(&page).map_err(|e| Failure::of(&page, e))?;
        let Some(program) = snippet::program(&text) else {
            return Err(Failure::new(format!(
                "chapter {}, {}, has no snippet in Rust; what it has to try are commands",
                id.chapter, chapter.title
            )));
        };
        let name = format!("chapter_{}", id.chapter);
        let file = format!("{}/examples/{name}.rs", workspace::SCRATCH);
        let path = self.root.join(&file);
        if path.exists() {
            say(format_args!("{file} is there already, and stays as it is."));
        } else {
            workspace::make_folder(path.parent().expect("a file has a folder"))?;
            workspace::write(&path, program)?;
            say(format_args!(
                "{file} is yours: the snippet of chapter {}, {}. Change it as you like.",
                id.chapter, chapter.title
            ));
        }
        say(format_args!(""));
        say(format_args!("  cargo run --package {} --example {name}", workspace::SCRATCH));
        Ok(())
    }
}
