//! An exercise of either kind: a body to write, or a question.

use crate::exercise::{Exercise, Id};
use crate::question::Question;

/// One of all exercises.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item<'a> {
    Body(&'a Exercise),
    Question(&'a Question),
}

impl<'a> Item<'a> {
    /// All of both kinds, in the order of their ids.
    pub(crate) fn all(exercises: &'a [Exercise], questions: &'a [Question]) -> Vec<Item<'a>> {
        let bodies = exercises.iter().map(Item::Body);
        let mut items: Vec<Item<'_>> = bodies.chain(questions.iter().map(Item::Question)).collect();
        items.sort_by_key(Item::id);
        items
    }

    pub(crate) fn id(&self) -> Id {
        match self {
            Item::Body(exercise) => exercise.id,
            Item::Question(question) => question.id,
        }
    }

    pub(crate) fn title(&self) -> &'a str {
        match self {
            Item::Body(exercise) => &exercise.title,
            Item::Question(question) => &question.title,
        }
    }

    pub(crate) fn asks(&self) -> &'a str {
        match self {
            Item::Body(exercise) => &exercise.asks,
            Item::Question(question) => &question.asks,
        }
    }

    pub(crate) fn hints(&self) -> &'a [String] {
        match self {
            Item::Body(exercise) => &exercise.hints,
            Item::Question(question) => &question.hints,
        }
    }
}

/// How far an exercise is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// This very body, or this answer, has passed.
    Done,
    /// The shipped body stands in for it.
    Reference,
    /// It is left for later.
    Skipped,
    /// Something stands there that has not passed.
    Begun,
    Untouched,
}

impl Progress {
    /// Whether the next exercise is another one.
    pub(crate) fn is_behind(self) -> bool {
        matches!(self, Progress::Done | Progress::Reference | Progress::Skipped)
    }
}
