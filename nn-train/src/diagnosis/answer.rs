//! What a comparison found.

use super::array::Array;
use super::digits::Digits;
use crate::mistakes::Made;

/// What a comparison found.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// Whether every number is ours, in our layout.
    pub agrees: bool,
    /// How far an array may be from ours, norm-wise, to be the same.
    pub tolerance: f64,
    /// The digits that were found in the numbers.
    pub digits: Digits,
    /// Every array that was given, in the order of computation.
    pub arrays: Vec<Compared>,
    /// The mistakes that give these numbers, the one that explains most first. Empty where nothing known does.
    pub findings: Vec<Finding>,
    /// How the file was read, where that was not plain, and what else there is to say.
    pub remarks: Vec<String>,
    pub(super) layers: usize,
    pub(super) widths: String,
    pub(super) examples: usize,
}

/// An array of theirs beside ours.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Which.
    pub array: Array,
    /// max |theirs − ours| / max |ours|
    pub difference: f64,
    /// Whether it is ours to rounding, in our layout.
    pub agrees: bool,
}

/// A mistake that gives these numbers.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which mistake, in what form and where.
    pub made: Made,
    /// The layer, from 1, where it was made in one, or only one can show it.
    pub layer: Option<usize>,
    /// The wrong arrays that it reproduces to rounding.
    pub explains: Vec<Array>,
    /// What was done, and what it does, with what is particular here.
    pub sentence: String,
    /// The mistakes that were made together with this one.
    pub with: Vec<&'static str>,
    /// Where another finding gives the same numbers: what would tell them apart.
    pub tell_apart: Option<String>,
    /// The entry that shows it best.
    pub sample: Option<Sample>,
}

/// One number, three times.
#[derive(Clone, Debug)]
pub struct Sample {
    /// In which array.
    pub array: Array,
    /// The row and the column in our layout, from 1: for z, a and δ the unit and the example.
    pub at: (usize, usize),
    /// What they have.
    pub yours: f64,
    /// What is right.
    pub ours: f64,
    /// What the mistake gives.
    pub with_mistake: f64,
}
