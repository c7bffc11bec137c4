//! [`Diagnosis`]: the answer of `nn diagnose`, with its parts.

use super::array::Array;
use super::digits::Digits;
use crate::mistakes::Made;

/// What the comparison of a user's numbers with ours found.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// Whether every number agrees with ours, in our layout.
    pub agrees: bool,
    /// The largest relative difference, norm-wise, at which an array agrees with ours.
    pub tolerance: f64,
    /// The precision of the numbers, by their digits.
    pub digits: Digits,
    /// Every array in the file, in the order of computation.
    pub arrays: Vec<Compared>,
    /// The mistakes that give these numbers, the one that explains most first. Empty where nothing known does.
    pub findings: Vec<Finding>,
    /// How the file was read, if there was a choice, and further remarks.
    pub remarks: Vec<String>,
    pub(super) layers: usize,
    pub(super) widths: String,
    pub(super) examples: usize,
}

impl Diagnosis {
    /// The arrays that are off by more than the layout, in the order of computation.
    pub(super) fn off(&self) -> impl Iterator<Item = &Compared> {
        self.arrays.iter().filter(|compared| !compared.agrees && !compared.is_transposed && compared.tells)
    }

    /// The first array that is off, in the order of computation. If none is, the first that does not agree for another
    /// reason: too few digits, or the layout.
    pub fn first_off(&self) -> Option<&Compared> {
        let other =
            self.arrays.iter().filter(|compared| !compared.agrees).min_by_key(|compared| compared.is_transposed);
        self.off().next().or(other)
    }
}

/// A user's array beside ours.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Which array.
    pub array: Array,
    /// max |theirs − ours| / max |ours|
    pub difference: f64,
    /// Whether it agrees up to rounding, in our layout.
    pub agrees: bool,
    /// Whether it agrees up to rounding, but transposed.
    pub is_transposed: bool,
    /// Whether it has enough digits to decide: numbers that were rounded to 0 are close to any small ones.
    pub tells: bool,
}

/// A mistake that gives these numbers.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which mistake, in what form and where.
    pub made: Made,
    /// The layer, from 1, if there is only one candidate.
    pub layer: Option<usize>,
    /// The wrong arrays that it reproduces up to rounding.
    pub explains: Vec<Array>,
    /// The mistake and its effect, as a sentence, with the remark on its form.
    pub sentence: String,
    /// The ids of the mistakes that were made together with this one.
    pub with: Vec<&'static str>,
    /// If another finding gives the same numbers: how to find out which is right.
    pub tell_apart: Option<String>,
    /// The entry that shows it best.
    pub sample: Option<Sample>,
}

/// One entry: yours, ours, and ours with the mistake.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The array that it is in.
    pub array: Array,
    /// The row and the column in our layout, from 1: for z, a and δ the unit and the example.
    pub at: (usize, usize),
    /// Your number.
    pub yours: f64,
    /// The right number.
    pub ours: f64,
    /// The number that the mistake gives.
    pub with_mistake: f64,
}
