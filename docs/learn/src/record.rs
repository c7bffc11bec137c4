//! What a judge wrote down, and how the mistake is known by its numbers.

use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

use crate::exercise::{Exercise, Id};
use crate::failure::Failure;

/// What the judging tests wrote: see nn-core/tests/support/judge.rs.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    #[serde(default)]
    pub(crate) case: Vec<Case>,
    /// The catalogue of `nn diagnose`, which nn-train tells the gate.
    #[serde(default)]
    pub(crate) mistake: Vec<Known>,
}

/// One case: what was asked, what came out, what is right.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) test: String,
    pub(crate) equation: String,
    pub(crate) asked: String,
    /// What is computed.
    pub(crate) name: String,
    /// Names and values.
    pub(crate) given: Vec<[String; 2]>,
    pub(crate) right: String,
    pub(crate) passed: bool,
    pub(crate) computed: Option<String>,
    shape: Option<[usize; 2]>,
    numbers: Option<Vec<f64>>,
    pub(crate) panic: Option<String>,
    pub(crate) place: Option<String>,
}

/// A mistake that `nn diagnose` knows.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) sentence: String,
    /// The page of the chapter that explains it.
    pub(crate) page: String,
}

/// The outcome of each case of an exercise, in order: what a wrong body is known by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Print(Vec<Outcome>);

#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Right,
    /// Rows, columns, and the numbers column by column; a word has no shape.
    Numbers([usize; 2], Vec<f64>),
    Word(String),
    Panic(String),
}

/// Numbers that are so close, norm-wise, are the same: another machine rounds otherwise, and ten digits are kept.
const SAME: f64 = 1e-8;

impl Print {
    /// Of the cases that the tests of an exercise recorded.
    pub(crate) fn of(exercise: &Exercise, cases: &[Case]) -> Print {
        let ordered = exercise.tests.iter().flat_map(|test| cases.iter().filter(move |case| case.test == *test));
        Print(ordered.map(Outcome::of).collect())
    }

    /// Whether two bodies made the same mistake: the same cases are right, and the others have the same numbers. Where both
    /// panic, the words may differ if there are numbers that are the same.
    pub(crate) fn is_that_of(&self, other: &Print) -> bool {
        let pairs = || self.0.iter().zip(&other.0);
        self.0.len() == other.0.len()
            && pairs().all(|(one, other)| one.is_like(other))
            && pairs().any(|(one, other)| *one != Outcome::Right && (!matches!(one, Outcome::Panic(_)) || one == other))
    }

    /// For a file.
    fn lines(&self) -> Vec<String> {
        self.0.iter().map(Outcome::line).collect()
    }

    fn parse(lines: &[String]) -> Option<Print> {
        lines.iter().map(|line| Outcome::parse(line)).collect::<Option<_>>().map(Print)
    }
}

impl Outcome {
    fn of(case: &Case) -> Outcome {
        match (&case.panic, case.shape, &case.numbers) {
            (Some(message), ..) => Outcome::Panic(message.replace('\n', " ")),
            _ if case.passed => Outcome::Right,
            (_, Some(shape), Some(numbers)) => Outcome::Numbers(shape, numbers.clone()),
            _ => Outcome::Word(case.computed.clone().unwrap_or_default().replace('\n', " ")),
        }
    }

    fn is_like(&self, other: &Outcome) -> bool {
        match (self, other) {
            (Outcome::Numbers(shape, one), Outcome::Numbers(other_shape, other)) => {
                let largest = other.iter().filter(|x| x.is_finite()).fold(f64::MIN_POSITIVE, |max, x| max.max(x.abs()));
                let same = |(x, y): (&f64, &f64)| x == y || x.is_nan() && y.is_nan() || (x - y).abs() <= SAME * largest;
                shape == other_shape && one.iter().zip(other).all(same)
            }
            (Outcome::Panic(_), Outcome::Panic(_)) => true,
            _ => self == other,
        }
    }

    fn line(&self) -> String {
        match self {
            Outcome::Right => "right".to_owned(),
            Outcome::Panic(message) => format!("panic {message}"),
            Outcome::Word(word) => format!("word {word}"),
            Outcome::Numbers([rows, columns], numbers) => {
                let mut line = format!("{rows}×{columns}");
                for x in numbers {
                    let rounded: f64 = format!("{x:.9e}").parse().unwrap_or(*x);
                    let _ = write!(line, " {rounded:?}");
                }
                line
            }
        }
    }

    fn parse(line: &str) -> Option<Outcome> {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        Some(match first {
            "right" => Outcome::Right,
            "panic" => Outcome::Panic(rest.to_owned()),
            "word" => Outcome::Word(rest.to_owned()),
            shape => {
                let (rows, columns) = shape.split_once('×')?;
                let numbers = rest.split_whitespace().map(|x| x.parse().ok()).collect::<Option<_>>()?;
                Outcome::Numbers([rows.parse().ok()?, columns.parse().ok()?], numbers)
            }
        })
    }
}

/// What the gate found out, for those who check one body: docs/learn/fingerprints.toml.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Fingerprints {
    pub(crate) known: Vec<Known>,
    /// Exercise, mistake, and the numbers that it gives.
    pub(crate) prints: Vec<(Id, String, Print)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    mistake: Vec<Known>,
    #[serde(default)]
    print: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    exercise: String,
    mistake: String,
    cases: Vec<String>,
}

/// From the workspace's folder.
pub(crate) const FINGERPRINTS: &str = "docs/learn/fingerprints.toml";

impl Fingerprints {
    pub(crate) fn read(root: &Path) -> Result<Fingerprints, Failure> {
        let path = root.join(FINGERPRINTS);
        if !path.exists() {
            return Ok(Fingerprints::default());
        }
        let text = std::fs::read_to_string(&path).map_err(|e| Failure::of(&path, e))?;
        Fingerprints::parse(&text).map_err(|e| Failure::of(&path, e))
    }

    fn parse(text: &str) -> Result<Fingerprints, String> {
        let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
        let print = |line: Line| {
            let print =
                Print::parse(&line.cases).ok_or_else(|| format!("the cases of {}: {}", line.exercise, line.mistake))?;
            Ok::<_, String>((line.exercise.parse()?, line.mistake, print))
        };
        Ok(Fingerprints { known: file.mistake, prints: file.print.into_iter().map(print).collect::<Result<_, _>>()? })
    }

    pub(crate) fn text(&self) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut text = "# What each wrong body of docs/exercises gives in the cases of its judges, and the mistakes of `nn diagnose`.\n\
            # Written by `cargo learn gate --update`; the gate computes it again and compares.\n"
            .to_owned();
        for Known { id, sentence, page } in &self.known {
            let [id, sentence, page] = [id, sentence, page].map(|text| quoted(text));
            let _ = write!(text, "\n[[mistake]]\nid = {id}\nsentence = {sentence}\npage = {page}\n");
        }
        for (id, mistake, print) in &self.prints {
            let _ = write!(text, "\n[[print]]\nexercise = \"{id}\"\nmistake = {}\ncases = [\n", quoted(mistake));
            for line in print.lines() {
                let _ = writeln!(text, "  {},", quoted(&line));
            }
            text.push_str("]\n");
        }
        text
    }

    /// Whether the file says the same, to the digits that it keeps.
    pub(crate) fn agrees_with(&self, other: &Fingerprints) -> bool {
        self.known == other.known
            && self.prints.len() == other.prints.len()
            && self.prints.iter().zip(&other.prints).all(|(one, other)| {
                (one.0, &one.1) == (other.0, &other.1)
                    && one.2.0.len() == other.2.0.len()
                    && one.2.0.iter().zip(&other.2.0).all(|(one, other)| one.is_like(other))
            })
    }

    /// The mistakes of an exercise that give exactly these outcomes.
    pub(crate) fn name(&self, id: Id, print: &Print) -> Vec<&str> {
        let same = |entry: &&(Id, String, Print)| entry.0 == id && print.is_that_of(&entry.2);
        self.prints.iter().filter(same).map(|(_, mistake, _)| &mistake[..]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(numbers: &[f64]) -> Outcome {
        Outcome::Numbers([numbers.len(), 1], numbers.to_vec())
    }

    fn panic(message: &str) -> Outcome {
        Outcome::Panic(message.to_owned())
    }

    #[test]
    fn the_same_numbers_are_the_same_mistake_whatever_the_last_digits() {
        let one = Print(vec![Outcome::Right, numbers(&[1.0, f64::NAN, -2.0])]);
        assert!(one.is_that_of(&Print(vec![Outcome::Right, numbers(&[1.0, f64::NAN, -2.000_000_000_1])])));
        assert!(!one.is_that_of(&Print(vec![Outcome::Right, numbers(&[1.0, f64::NAN, -2.000_1])])));
        assert!(!one.is_that_of(&Print(vec![numbers(&[1.0]), numbers(&[1.0, f64::NAN, -2.0])])));
        assert!(!one.is_that_of(&Print(vec![Outcome::Right])));
    }

    #[test]
    fn panics_are_the_same_mistake_where_they_say_the_same_or_other_numbers_agree() {
        let two = |first: Outcome, second: Outcome| Print(vec![first, second]);
        assert!(two(Outcome::Right, panic("a")).is_that_of(&two(Outcome::Right, panic("a"))));
        assert!(!two(Outcome::Right, panic("a")).is_that_of(&two(Outcome::Right, panic("b"))));
        assert!(two(numbers(&[1.0]), panic("a")).is_that_of(&two(numbers(&[1.0]), panic("b"))));
        assert!(
            !two(Outcome::Right, Outcome::Right).is_that_of(&two(Outcome::Right, Outcome::Right)),
            "nothing is wrong"
        );
    }

    #[test]
    fn fingerprints_are_read_as_they_were_written() {
        let id = "7.2".parse().unwrap();
        let outcomes = vec![
            Outcome::Right,
            numbers(&[0.1, f64::INFINITY, -3e-300]),
            panic("A is 2×3, \"b\""),
            Outcome::Word("x".into()),
        ];
        let known = Known { id: "a".into(), sentence: "It's \"so\".".into(), page: "losses".into() };
        let prints = Fingerprints { known: vec![known], prints: vec![(id, "a".to_owned(), Print(outcomes))] };
        let read = Fingerprints::parse(&prints.text()).unwrap();
        assert_eq!(read, prints);
        assert!(read.agrees_with(&prints) && !read.agrees_with(&Fingerprints::default()));
        assert_eq!(read.name(id, &prints.prints[0].2), ["a"]);
        assert_eq!(read.name("7.1".parse().unwrap(), &prints.prints[0].2), [""; 0]);
    }
}
