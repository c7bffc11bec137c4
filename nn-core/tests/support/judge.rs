//! Judges an exercise: a few small cases, each of which says what was asked, on which numbers, what the function gave, and
//! what is right.
//!
//! `cargo test` shows the first case that fails. `cargo learn` reads all of them, from the file that the environment
//! variable `NN_LEARN_RECORD` names, and knows from their numbers which mistake was made.
#![allow(dead_code)] // Every test program uses a part of these.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use nn_core::Matrix;

/// Runs the cases of a judging test: `test` is its name, `equation` what it asks for.
///
/// # Panics
///
/// Panics if a case fails, and says which and on which numbers.
#[track_caller]
pub(crate) fn judge(test: &str, equation: &str, cases: impl FnOnce(&mut Judge)) {
    catch_panics();
    let mut judge = Judge { cases: Vec::new() };
    cases(&mut judge);
    assert!(!judge.cases.is_empty(), "{test} judges nothing");
    record(&judge.cases.iter().map(|case| case.record(test, equation)).collect::<String>());
    if let Some(case) = judge.cases.iter().find(|case| !case.passes()) {
        panic!("{}", case.describe(equation));
    }
}

/// What a learner has answered, for an experiment: numbers, which `cargo learn` passes on. Where nobody asks, a right answer.
pub(crate) fn answer(right: &[f64]) -> Vec<f64> {
    let Some(text) = std::env::var_os("NN_LEARN_ANSWER") else { return right.to_vec() };
    let numbers = text.to_str().and_then(|text| text.split_whitespace().map(|x| x.parse().ok()).collect());
    numbers.expect("numbers with spaces between them")
}

/// Appends to the file that `cargo learn` reads, if it does.
pub(crate) fn record(text: &str) {
    let Some(path) = std::env::var_os("NN_LEARN_RECORD") else { return };
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).expect("the record can be written");
}

/// A piece of text in TOML.
pub(crate) fn quoted(text: &str) -> String {
    format!("'''{}'''", text.replace("'''", "’’’").replace(|c: char| c.is_control() && c != '\n', " "))
}

/// The cases of one test.
pub(crate) struct Judge {
    cases: Vec<Case>,
}

impl Judge {
    /// Begins a case; `asked` says in a few words what is special about it.
    pub(crate) fn case(&mut self, asked: &str) -> Asking<'_> {
        Asking { judge: self, asked: asked.to_owned(), given: Vec::new() }
    }
}

/// A case that is being put together.
pub(crate) struct Asking<'a> {
    judge: &'a mut Judge,
    asked: String,
    given: Vec<(String, Value)>,
}

impl<'a> Asking<'a> {
    /// One of the things that the function is given.
    pub(crate) fn given(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.given.push((name.to_owned(), value.into()));
        self
    }

    /// Computes a result, and compares it with the right one: norm-wise, to 12 digits.
    pub(crate) fn gives<R: Into<Value>>(self, name: &str, right: impl Into<Value>, compute: impl FnOnce() -> R) {
        let computed = caught(|| compute().into());
        let Asking { judge, asked, given } = self;
        judge.cases.push(Case { asked, given, name: name.to_owned(), computed, right: right.into() });
    }

    /// The same for several results of one computation; each is a case of its own.
    pub(crate) fn gives_all<const N: usize>(
        self,
        names: [&str; N],
        right: [Matrix<f64>; N],
        compute: impl FnOnce() -> [Matrix<f64>; N],
    ) {
        let results = match caught(compute) {
            Ok(results) => results.map(|result| Ok(result.into())),
            Err(panic) => [(); N].map(|()| Err(panic.clone())),
        };
        let Asking { judge, asked, given } = self;
        for ((name, right), computed) in names.into_iter().zip(right).zip(results) {
            let (asked, given) = (asked.clone(), given.clone());
            judge.cases.push(Case { asked, given, name: name.to_owned(), computed, right: right.into() });
        }
    }
}

/// What is given, computed or expected: numbers, or a word.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Numbers(Matrix<f64>),
    Word(String),
}

impl From<Matrix<f64>> for Value {
    fn from(matrix: Matrix<f64>) -> Value {
        Value::Numbers(matrix)
    }
}

impl From<&Matrix<f64>> for Value {
    fn from(matrix: &Matrix<f64>) -> Value {
        matrix.clone().into()
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Matrix::from_column(&[number]).into()
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Value {
        (number as f64).into()
    }
}

/// A row of numbers.
impl From<&[f64]> for Value {
    fn from(numbers: &[f64]) -> Value {
        Matrix::from_rows(&[numbers]).into()
    }
}

impl From<Vec<f64>> for Value {
    fn from(numbers: Vec<f64>) -> Value {
        numbers.as_slice().into()
    }
}

impl From<String> for Value {
    fn from(word: String) -> Value {
        Value::Word(word)
    }
}

impl From<&str> for Value {
    fn from(word: &str) -> Value {
        Value::Word(word.to_owned())
    }
}

impl Value {
    /// Norm-wise, to 12 digits: |got − want| against the largest |want| that is finite. What is not finite is to be the same.
    fn is(&self, want: &Value) -> bool {
        match (self, want) {
            (Value::Word(got), Value::Word(want)) => got == want,
            (Value::Numbers(got), Value::Numbers(want)) if got.shape() == want.shape() => {
                let (got, want) = (got.as_slice(), want.as_slice());
                let largest = want.iter().filter(|x| x.is_finite()).fold(0.0_f64, |max, x| max.max(x.abs()));
                got.iter().zip(want).all(|(&g, &w)| {
                    g == w || g.is_nan() && w.is_nan() || w.is_finite() && (g - w).abs() <= 1e-12 * largest
                })
            }
            _ => false,
        }
    }

    /// One row a line, with `digits` significant digits.
    fn text(&self, digits: usize) -> String {
        match self {
            Value::Word(word) => word.clone(),
            Value::Numbers(matrix) if matrix.as_slice().is_empty() => format!("a {} matrix", matrix.shape()),
            Value::Numbers(matrix) if matrix.as_slice().len() == 1 => significant(matrix[(0, 0)], digits),
            Value::Numbers(matrix) => {
                let cells: Vec<Vec<String>> =
                    (0..matrix.rows()).map(|i| matrix.row_iter(i).map(|&x| significant(x, digits)).collect()).collect();
                let widest = |j: usize| cells.iter().map(|row| row[j].chars().count()).max().unwrap_or(0);
                let widths: Vec<usize> = (0..matrix.columns()).map(widest).collect();
                let line = |row: &Vec<String>| {
                    let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
                    format!("[ {} ]", cells.collect::<Vec<_>>().join("  "))
                };
                cells.iter().map(line).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// A number with at most `digits` significant digits, without trailing zeros.
fn significant(x: f64, digits: usize) -> String {
    if x == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    let rounded: f64 = format!("{x:.*e}", digits - 1).parse().expect("a number that was just printed");
    if (1e-5..1e9).contains(&rounded.abs()) { format!("{rounded}") } else { format!("{rounded:e}") }
}

/// A panic: what it said, and where.
#[derive(Clone, Debug, Default)]
struct Panic {
    message: String,
    place: String,
}

/// One case, with its result.
struct Case {
    asked: String,
    given: Vec<(String, Value)>,
    name: String,
    computed: Result<Value, Panic>,
    right: Value,
}

impl Case {
    fn passes(&self) -> bool {
        self.computed.as_ref().is_ok_and(|computed| computed.is(&self.right))
    }

    /// What was computed and what is right, with as many digits as it takes to tell them apart.
    fn texts(&self) -> (String, String) {
        let Ok(computed) = &self.computed else { return (String::new(), self.right.text(6)) };
        let digits =
            [6, 10].into_iter().find(|&digits| self.passes() || computed.text(digits) != self.right.text(digits));
        let digits = digits.unwrap_or(17);
        (computed.text(digits), self.right.text(digits))
    }

    /// For the one who runs `cargo test`.
    fn describe(&self, equation: &str) -> String {
        let mut text = format!("{}: {equation}\n", self.asked);
        for (name, value) in &self.given {
            let _ = writeln!(text, "{name}\n{}", value.text(6));
        }
        let (computed, right) = self.texts();
        match &self.computed {
            Ok(_) => _ = writeln!(text, "computed {}\n{computed}", self.name),
            Err(panic) => _ = writeln!(text, "{} was not computed: {} ({})", self.name, panic.message, panic.place),
        }
        let _ = write!(text, "expected {}\n{right}", self.name);
        text
    }

    /// For `cargo learn`.
    fn record(&self, test: &str, equation: &str) -> String {
        let mut text = format!("[[case]]\ntest = {}\nequation = {}\n", quoted(test), quoted(equation));
        let (computed, right) = self.texts();
        let _ = writeln!(
            text,
            "asked = {}\nname = {}\nright = {}",
            quoted(&self.asked),
            quoted(&self.name),
            quoted(&right)
        );
        let given = self.given.iter().map(|(name, value)| format!("[{}, {}]", quoted(name), quoted(&value.text(6))));
        let _ = writeln!(text, "given = [{}]\npassed = {}", given.collect::<Vec<_>>().join(", "), self.passes());
        match &self.computed {
            Ok(value) => {
                let _ = writeln!(text, "computed = {}", quoted(&computed));
                if let Value::Numbers(matrix) = value {
                    let numbers = matrix.as_slice().iter().map(|x| format!("{x:?}").to_lowercase());
                    let _ = writeln!(text, "shape = [{}, {}]", matrix.rows(), matrix.columns());
                    let _ = writeln!(text, "numbers = [{}]", numbers.collect::<Vec<_>>().join(", "));
                }
            }
            Err(panic) => {
                let _ = writeln!(text, "panic = {}\nplace = {}", quoted(&panic.message), quoted(&panic.place));
            }
        }
        text
    }
}

thread_local! {
    /// In a case: the panic that it ended in, if it did.
    static CAUGHT: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// From here on, a panic within a case is kept with its place, and not printed.
fn catch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let in_a_case = CAUGHT.with_borrow_mut(|caught| match caught {
                Some(panic) => {
                    let message = message_of(info.payload());
                    let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
                    *panic = Panic { message, place: place.unwrap_or_default() };
                    true
                }
                None => false,
            });
            if !in_a_case {
                before(info);
            }
        }));
    });
}

fn message_of(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

/// The result of a computation, or its panic.
fn caught<R>(compute: impl FnOnce() -> R) -> Result<R, Panic> {
    CAUGHT.set(Some(Panic::default()));
    let result = catch_unwind(AssertUnwindSafe(compute));
    let panic = CAUGHT.take().unwrap_or_default();
    result.map_err(|_| panic)
}
