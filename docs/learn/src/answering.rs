//! Answers to questions: written down, judged, and said what has been overlooked.

use crate::exercise::Id;
use crate::failure::Failure;
use crate::item::Item;
use crate::learner::Learner;
use crate::question::{Kind, Question, Verdict, numbers};
use crate::report;
use crate::run::{ANSWER, Built, End, Judged, Message, PATIENCE, build, judge};

/// What came of an answer.
enum Outcome<'a> {
    Right,
    /// Wrong; what happened in an experiment, and what has been overlooked where that is known.
    Wrong {
        happened: Option<String>,
        sentence: Option<&'a str>,
    },
    /// It was no answer, or could not be tried.
    None(String),
    /// The experiment needs code that does not compile.
    Errors(Vec<Message>),
}

impl Learner {
    /// Writes an answer down, and judges it.
    pub(crate) fn answer(&mut self, id: Id, answer: &str) -> Result<bool, Failure> {
        if let Item::Body(exercise) = self.find(id)? {
            let body = &self.bodies[&id];
            let place = format!("{}:{}", body.file.display(), body.line + 1);
            return Err(Failure::new(format!(
                "exercise {id} asks for the body of {}: write it in {place}, then `cargo learn check {id}`",
                exercise.function
            )));
        }
        self.answers.set(id, &answer.split_whitespace().collect::<Vec<_>>().join(" "))?;
        self.check(Some(id))
    }

    /// Judges the answer to a question, and says what has been overlooked; whether nothing has.
    pub(crate) fn check_answer(&self, question: &Question) -> Result<bool, Failure> {
        let item = Item::Question(question);
        let Some(answer) = self.answers.get(question.id) else {
            report::asks(item, &self.place(item), self.progress_of(item));
            return Ok(false);
        };
        report::heading(item, &self.place(item));
        report::your_answer(answer);
        match self.outcome(question, answer)? {
            Outcome::Right => {
                self.state.keep_passed(question.id, answer)?;
                report::right_answer(question);
                return Ok(true);
            }
            Outcome::Wrong { happened, sentence } => report::wrong_answer(question, happened.as_deref(), sentence),
            Outcome::None(why) => report::no_answer(question, &why),
            Outcome::Errors(errors) => report::does_not_compile(&errors),
        }
        Ok(false)
    }

    /// Whether the answer to a question is right.
    pub(crate) fn is_right(&self, question: &Question) -> Result<bool, Failure> {
        let Some(answer) = self.answers.get(question.id) else { return Ok(false) };
        let is_right = matches!(self.outcome(question, answer)?, Outcome::Right);
        if is_right {
            self.state.keep_passed(question.id, answer)?;
        }
        Ok(is_right)
    }

    fn outcome<'a>(&self, question: &'a Question, answer: &str) -> Result<Outcome<'a>, Failure> {
        let Kind::Experiment { package, test } = &question.kind else {
            return Ok(match question.judge(answer) {
                Ok(Verdict::Right) => Outcome::Right,
                Ok(Verdict::Wrong(sentence)) => Outcome::Wrong { happened: None, sentence },
                Err(why) => Outcome::None(why),
            });
        };
        let numbers = match numbers(answer) {
            Ok(numbers) => numbers,
            Err(why) => return Ok(Outcome::None(why)),
        };
        let program = match build(&self.root, package)? {
            Built::Program { path, .. } => path,
            Built::Errors(errors) => return Ok(Outcome::Errors(errors)),
        };
        let tests = [test.clone()];
        let judged = judge(&program, &tests, &[(ANSWER, &spaced(&numbers))], PATIENCE)?;
        Ok(if judged.passes(&tests) { Outcome::Right } else { happened(question, &judged, &tests) })
    }
}

/// Numbers as an experiment is given them.
pub(crate) fn spaced(numbers: &[f64]) -> String {
    numbers.iter().map(|x| format!("{x:?}")).collect::<Vec<_>>().join(" ")
}

/// What an experiment that did not go as it should shows.
fn happened<'a>(question: &'a Question, judged: &Judged, tests: &[String]) -> Outcome<'a> {
    let Some(case) = judged.first_wrong(tests) else {
        return Outcome::None(match &judged.end {
            End::Endless => "the experiment did not end, and was stopped".to_owned(),
            _ => "the experiment ended before it was done".to_owned(),
        });
    };
    match (report::undone(case), &case.panic, &case.computed) {
        (Some(id), ..) => Outcome::None(format!("the experiment runs your code, and exercise {id} is not written yet")),
        (None, Some(panic), _) => Outcome::None(format!("the experiment runs your code, which panics: {panic}")),
        (None, None, Some(outcome)) => {
            Outcome::Wrong { happened: Some(outcome.clone()), sentence: question.outcome(outcome) }
        }
        (None, None, None) => Outcome::None("the experiment has no outcome".to_owned()),
    }
}
