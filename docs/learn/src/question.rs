//! Exercises that ask for an answer in place of a body: a number to predict, a choice, a formula to derive, an experiment.
//!
//! What is right, and which wrong answers learners give, stands in the description. The crates compute the same in a test of
//! the book (docs/code/answers.rs), so that no answer is only believed.

use std::path::Path;

use serde::Deserialize;

use crate::exercise::{Id, descriptions};
use crate::expression::evaluate;
use crate::failure::Failure;

/// A question.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) id: Id,
    pub(crate) title: String,
    pub(crate) asks: String,
    pub(crate) hints: Vec<String>,
    pub(crate) kind: Kind,
    /// An answer that is right.
    pub(crate) answer: String,
    /// Why it is.
    pub(crate) because: String,
    pub(crate) wrong: Vec<WrongAnswer>,
}

/// What kind of answer is asked for.
#[derive(Debug)]
pub(crate) enum Kind {
    /// One number or several, right to this many significant digits of the largest.
    Number { digits: i32 },
    /// One of these, by its letter.
    Choice { choices: Vec<String> },
    /// A formula in these names; it is compared at these points, each with a number for each name.
    Formula { names: Vec<String>, points: Vec<Vec<f64>> },
    /// A number that is tried: a test of a crate runs what it is about, and says what happens.
    Experiment { package: String, test: String },
}

/// An answer that learners give.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrongAnswer {
    pub(crate) answer: String,
    /// How what happens begins, in an experiment.
    outcome: Option<String>,
    /// What has been overlooked.
    pub(crate) sentence: String,
}

/// What is to be said about an answer.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict<'a> {
    Right,
    /// Wrong, and where it is known what has been overlooked, this is said.
    Wrong(Option<&'a str>),
}

/// As a file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kind: String,
    title: String,
    asks: String,
    hints: Vec<String>,
    answer: String,
    because: String,
    wrong: Vec<WrongAnswer>,
    digits: Option<i32>,
    choices: Option<Vec<String>>,
    names: Option<Vec<String>>,
    points: Option<Vec<Vec<f64>>>,
    package: Option<String>,
    test: Option<String>,
}

/// All questions of a workspace, in order.
pub(crate) fn read_all(root: &Path) -> Result<Vec<Question>, Failure> {
    let mut questions = Vec::new();
    for description in descriptions(root)? {
        if description.is_question()? {
            let question = description.read::<File>()?.question(description.id);
            questions.push(question.map_err(|e| Failure::of(&description.path, e))?);
        }
    }
    Ok(questions)
}

impl File {
    fn question(self, id: Id) -> Result<Question, String> {
        let File { kind, title, asks, hints, answer, because, wrong, .. } = self;
        let kind = match (&kind[..], self.digits, self.choices, self.names, self.points, self.package, self.test) {
            ("number", digits, None, None, None, None, None) => Kind::Number { digits: digits.unwrap_or(3) },
            ("choice", None, Some(choices), None, None, None, None) => Kind::Choice { choices },
            ("formula", None, None, Some(names), Some(points), None, None) => Kind::Formula { names, points },
            ("experiment", None, None, None, None, Some(package), Some(test)) => Kind::Experiment { package, test },
            (kind, ..) => return Err(format!("`{kind}` is no kind of question, or has other keys")),
        };
        let question = Question { id, title, asks, hints, kind, answer, because, wrong };
        if !matches!(question.kind, Kind::Experiment { .. }) {
            let right = question.judge(&question.answer)?;
            if right != Verdict::Right {
                return Err("its own answer is not right".to_owned());
            }
        }
        Ok(question)
    }
}

impl Question {
    /// What is to be said about an answer; what is no answer is an error. An experiment is not judged but run.
    pub(crate) fn judge(&self, answer: &str) -> Result<Verdict<'_>, String> {
        let is = |other: &str| match &self.kind {
            Kind::Number { digits } => Ok(agree(&numbers(answer)?, &numbers(other)?, *digits)),
            Kind::Choice { choices } => Ok(letter(answer, choices)? == letter(other, choices)?),
            Kind::Formula { names, points } => {
                let at = |text| points.iter().map(|point| at(text, names, point)).collect::<Result<Vec<_>, _>>();
                Ok(agree(&at(answer)?, &at(other)?, 9))
            }
            Kind::Experiment { .. } => Err("an experiment is run".to_owned()),
        };
        if let Kind::Number { .. } = self.kind {
            let (given, asked) = (numbers(answer)?.len(), numbers(&self.answer)?.len());
            if given != asked {
                let asked = if asked == 1 { "one number is".to_owned() } else { format!("{asked} numbers are") };
                return Err(format!("{asked} asked for, and {given} given; a comma stands between two"));
            }
        }
        if is(&self.answer)? {
            return Ok(Verdict::Right);
        }
        for wrong in &self.wrong {
            if is(&wrong.answer)? {
                return Ok(Verdict::Wrong(Some(&wrong.sentence)));
            }
        }
        Ok(Verdict::Wrong(None))
    }

    /// What an experiment's outcome means, if it is one that learners come to.
    pub(crate) fn outcome(&self, outcome: &str) -> Option<&str> {
        let begins = |wrong: &&WrongAnswer| wrong.outcome.as_ref().is_some_and(|begin| outcome.starts_with(&begin[..]));
        self.wrong.iter().find(begins).map(|wrong| &wrong.sentence[..])
    }

    /// What the learner is to type.
    pub(crate) fn form(&self) -> String {
        match &self.kind {
            Kind::Number { .. } | Kind::Experiment { .. } => {
                match numbers(&self.answer).map_or(1, |numbers| numbers.len()) {
                    1 => "NUMBER".to_owned(),
                    n => vec!["NUMBER"; n].join(", "),
                }
            }
            Kind::Choice { .. } => "LETTER".to_owned(),
            Kind::Formula { .. } => "'FORMULA'".to_owned(),
        }
    }
}

/// The numbers of an answer, between commas; each may be a formula such as 1/4.
pub(crate) fn numbers(answer: &str) -> Result<Vec<f64>, String> {
    answer.split([',', ';']).map(|number| evaluate(number.trim(), &[])).collect()
}

/// The place of a choice.
fn letter(answer: &str, choices: &[String]) -> Result<usize, String> {
    let text = answer.trim().trim_matches(['(', ')', '.']).to_lowercase();
    let last = letter_of(choices.len().saturating_sub(1));
    let mut letters = text.chars();
    let place = letters.next().and_then(|letter| (letter as usize).checked_sub('a' as usize));
    match (place, letters.next()) {
        (Some(place), None) if place < choices.len() => Ok(place),
        _ => Err(format!("`{answer}` is none of the choices: answer with a letter from a to {last}")),
    }
}

/// The letter of a choice.
pub(crate) fn letter_of(place: usize) -> char {
    u8::try_from(place).map_or('?', |place| char::from(b'a' + place.min(25)))
}

/// A formula at a point.
fn at(formula: &str, names: &[String], point: &[f64]) -> Result<f64, String> {
    let values: Vec<(&str, f64)> = names.iter().map(String::as_str).zip(point.iter().copied()).collect();
    evaluate(formula, &values)
}

/// Whether numbers are the same to `digits` digits of the largest.
fn agree(got: &[f64], right: &[f64], digits: i32) -> bool {
    let largest = right.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
    let bound = largest * 5.0 * 10_f64.powi(-digits);
    got.len() == right.len() && got.iter().zip(right).all(|(got, right)| (got - right).abs() <= bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn questions() -> Vec<Question> {
        read_all(Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()).unwrap()
    }

    fn question(text: &str) -> Result<Question, String> {
        let common = "title = 't'\nasks = 'a'\nhints = ['h']\nbecause = 'b'\n";
        let file: File = toml::from_str(&format!("{common}{text}")).map_err(|e| e.to_string())?;
        file.question("7.6".parse().unwrap())
    }

    /// A right answer passes; each wrong one does not, and has an explanation of its own.
    #[test]
    fn every_wrong_answer_of_every_question_is_told_from_the_right_one_and_from_the_others() {
        let questions = questions();
        assert!(questions.len() >= 10);
        for question in &questions {
            let name = question.id;
            assert!(question.wrong.len() >= 2, "{name}: two wrong answers at least");
            let mut sentences: Vec<&str> = question.wrong.iter().map(|wrong| &wrong.sentence[..]).collect();
            sentences.sort_unstable();
            sentences.dedup();
            assert_eq!(sentences.len(), question.wrong.len(), "{name}: each with a sentence of its own");
            assert!(sentences.iter().chain([&&question.because[..]]).all(|text| text.trim().len() > 20), "{name}");
            assert!(!question.hints.is_empty() && !question.asks.trim().is_empty(), "{name}");
            for wrong in &question.wrong {
                match &question.kind {
                    Kind::Experiment { .. } => {
                        let outcome = wrong.outcome.as_ref().unwrap_or_else(|| panic!("{name}: what happens?"));
                        assert_eq!(question.outcome(outcome), Some(&wrong.sentence[..]), "{name}");
                    }
                    _ => {
                        let verdict = question.judge(&wrong.answer).unwrap_or_else(|e| panic!("{name}: {e}"));
                        assert_eq!(verdict, Verdict::Wrong(Some(&wrong.sentence)), "{name}: {}", wrong.answer);
                    }
                }
            }
            if let Kind::Choice { choices } = &question.kind {
                assert_eq!(choices.len(), question.wrong.len() + 1, "{name}: every other choice is explained");
            }
        }
    }

    #[test]
    fn numbers_are_right_to_the_digits_that_are_asked_for() {
        let question = question(
            "kind = 'number'\ndigits = 3\nanswer = '7, 0'\n[[wrong]]\nanswer = '7, 4'\nsentence = 'the slope'",
        );
        let question = question.unwrap();
        let judge = |answer: &str| question.judge(answer);
        assert_eq!(judge("7, 0"), Ok(Verdict::Right));
        assert_eq!(judge("14/2; 0.01"), Ok(Verdict::Right));
        assert_eq!(judge("7.01, 0"), Ok(Verdict::Right));
        assert_eq!(judge("7, 4"), Ok(Verdict::Wrong(Some("the slope"))));
        assert_eq!(judge("7.1, 0"), Ok(Verdict::Wrong(None)));
        assert_eq!(judge("7").unwrap_err(), "2 numbers are asked for, and 1 given; a comma stands between two");
        assert_eq!(judge("7, x").unwrap_err(), "`x`: `x` is no number");
        assert_eq!(judge("nan, 0").unwrap_err(), "`nan`: `nan` is no number");
        assert_eq!(judge("0/0, 0"), Ok(Verdict::Wrong(None)));
        assert_eq!(question.form(), "NUMBER, NUMBER");
    }

    #[test]
    fn a_choice_is_a_letter() {
        let question =
            question("kind = 'choice'\nchoices = ['x', 'y']\nanswer = 'b'\n[[wrong]]\nanswer = 'a'\nsentence = 's'");
        let question = question.unwrap();
        assert_eq!(question.judge(" (B) "), Ok(Verdict::Right));
        assert_eq!(question.judge("a."), Ok(Verdict::Wrong(Some("s"))));
        for answer in ["c", "", "ab", "1", "é"] {
            let problem = format!("`{answer}` is none of the choices: answer with a letter from a to b");
            assert_eq!(question.judge(answer), Err(problem));
        }
    }

    #[test]
    fn a_formula_is_right_in_whatever_form_it_is_written() {
        let question = question(
            "kind = 'formula'\nnames = ['a', 'y']\npoints = [[0.3, 1.0], [-0.5, 0.2]]\nanswer = '(a - y) * (1 - a^2)'\n\
             [[wrong]]\nanswer = 'a - y'\nsentence = 's'",
        );
        let question = question.unwrap();
        assert_eq!(question.judge("a - y - a²·a + y*a^2"), Ok(Verdict::Right));
        assert_eq!(question.judge("-(y - a)"), Ok(Verdict::Wrong(Some("s"))));
        assert_eq!(question.judge("a"), Ok(Verdict::Wrong(None)));
        assert!(question.judge("z").is_err());
    }

    #[test]
    fn a_description_that_contradicts_itself_is_refused() {
        assert!(question("kind = 'number'\nanswer = 'x'\nwrong = []").unwrap_err().contains("no number"));
        assert!(question("kind = 'essay'\nanswer = 'x'\nwrong = []").unwrap_err().contains("`essay` is no kind"));
        assert!(question("kind = 'choice'\nanswer = 'a'\nwrong = []").unwrap_err().contains("has other keys"));
    }
}
