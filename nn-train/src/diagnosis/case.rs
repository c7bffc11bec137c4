//! One reading of a user's numbers beside ours: their differences, and the differences that rounding allows.

use nn_core::Matrix;

use super::array::{Array, Quantity};
use super::digits::{self, CONCLUSIVE, DOUBLE, Printed};
use super::yours::Reading;
use crate::explain::EngineExplanation;
use crate::mistakes::Problem;

/// How good a diagnosis is, from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Merit {
    /// Nothing is explained.
    Nothing,
    /// A part of what is wrong is explained.
    Part,
    /// Two mistakes in another layout explain everything.
    Three,
    /// Two mistakes, or one in another layout, explain everything.
    Pair,
    /// One mistake explains everything.
    Whole,
    /// Only the layout differs.
    Layout,
    /// Nothing is wrong.
    Agreement,
}

/// One reading of a user's numbers beside ours.
pub(super) struct Case<'a> {
    pub(super) problem: Problem<'a>,
    pub(super) right: &'a EngineExplanation,
    pub(super) reading: &'a Reading,
    pub(super) printed: Printed,
    pub(super) arrays: Vec<Given<'a>>,
}

/// One array of theirs.
pub(super) struct Given<'a> {
    pub(super) array: Array,
    pub(super) theirs: &'a Matrix<f64>,
    pub(super) right: Matrix<f64>,
    /// A lower bound of the scale of a difference.
    pub(super) floor: f64,
    pub(super) tolerance: f64,
    /// The unit of its rounding, on the same scale.
    pub(super) resolution: f64,
    pub(super) difference: f64,
}

impl Given<'_> {
    pub(super) fn agrees(&self) -> bool {
        self.difference <= self.tolerance
    }

    /// Whether it has enough digits to call it right or wrong.
    pub(super) fn tells(&self) -> bool {
        !self.agrees() || self.difference == 0.0 || self.tolerance <= CONCLUSIVE
    }
}

impl<'a> Case<'a> {
    pub(super) fn new(
        problem: Problem<'a>,
        right: &'a EngineExplanation,
        reading: &'a Reading,
        printed: Printed,
    ) -> Self {
        let sizes = Sizes::of(problem, right);
        let given = reading.arrays.iter().map(|(array, theirs)| {
            let ours = array.of(right, problem);
            let floor = printed.digits.floor() * sizes.of_terms(*array);
            let scale = largest(&ours).max(floor);
            let resolution = DOUBLE.tolerance.max(if scale > 0.0 { printed.half_unit / scale } else { 0.0 });
            let tolerance = printed.tolerance.max(resolution);
            let difference = misfit(theirs, &ours, floor);
            Given { array: *array, theirs, right: ours, floor, tolerance, resolution, difference }
        });
        Case { problem, right, reading, printed, arrays: given.collect() }
    }

    /// The relative rounding unit of their J, which is often copied with fewer digits than the arrays.
    pub(super) fn loss_resolution(&self) -> f64 {
        match digits::count(self.reading.loss.unwrap_or(0.0)) {
            (digits @ 3..=9, _) => DOUBLE.tolerance.max(5.1 * 0.1_f64.powi(digits as i32)),
            _ => DOUBLE.tolerance,
        }
    }

    /// The relative difference between their J and a J of ours, and its tolerance.
    pub(super) fn loss_misfit(&self, predicted: f64) -> Option<(f64, f64)> {
        let loss = self.reading.loss?;
        let scale = predicted.abs().max(self.printed.digits.floor() * 1e-8 * self.right.loss.abs());
        let difference = if loss == predicted { 0.0 } else { (loss - predicted).abs() / scale };
        Some((
            if difference.is_nan() { f64::INFINITY } else { difference },
            self.printed.tolerance.max(self.loss_resolution()),
        ))
    }
}

/// max |theirs − predicted| / max |predicted|, with a lower bound of the scale; infinite if the shapes differ or one is NaN.
pub(super) fn misfit(theirs: &Matrix<f64>, predicted: &Matrix<f64>, floor: f64) -> f64 {
    if theirs.shape() != predicted.shape() {
        return f64::INFINITY;
    }
    let pairs = theirs.as_slice().iter().zip(predicted.as_slice());
    let difference = pairs.fold(0.0, |worst: f64, (t, p)| {
        let d = (t - p).abs();
        if d.is_nan() || worst.is_nan() { f64::NAN } else { worst.max(d) }
    });
    match difference / largest(predicted).max(floor) {
        _ if difference == 0.0 => 0.0,
        quotient if quotient.is_nan() => f64::INFINITY,
        quotient => quotient,
    }
}

pub(super) fn largest(matrix: &Matrix<f64>) -> f64 {
    matrix.as_slice().iter().fold(0.0, |largest: f64, x| largest.max(x.abs()))
}

/// The size of the terms of which each array is a sum: the scale of its rounding error.
struct Sizes {
    layers: Vec<[f64; 4]>,
    parameters: Vec<[f64; 2]>,
    learning_rate: f64,
}

impl Sizes {
    fn of(problem: Problem<'_>, right: &EngineExplanation) -> Self {
        let dense = problem.network.layers();
        let mut layers = Vec::new();
        for (l, own) in right.layers.iter().enumerate() {
            let a_below = if l == 0 { problem.x } else { &right.layers[l - 1].a };
            let z = dense[l].inputs() as f64 * largest(&dense[l].weight) * largest(a_below) + largest(&dense[l].bias);
            let delta = match right.layers.get(l + 1) {
                Some(above) => dense[l + 1].outputs() as f64 * largest(&dense[l + 1].weight) * largest(&above.delta),
                None => (largest(&own.a) + largest(problem.y)) / problem.y.columns() as f64,
            };
            let columns = || own.delta.columns_iter().map(|column| column.iter().fold(0.0, |m: f64, x| m.max(x.abs())));
            let below = a_below.columns_iter().map(|column| column.iter().fold(0.0, |m: f64, x| m.max(x.abs())));
            layers.push([z, delta, columns().zip(below).map(|(d, a)| d * a).sum(), columns().sum()]);
        }
        let parameters = dense.iter().map(|dense| [largest(&dense.weight), largest(&dense.bias)]).collect();
        Sizes { layers, parameters, learning_rate: problem.learning_rate.unwrap_or(0.0) }
    }

    fn of_terms(&self, array: Array) -> f64 {
        let Some(layer) = array.layer else { return 0.0 };
        let ([z, delta, weight, bias], [w, b]) = (self.layers[layer - 1], self.parameters[layer - 1]);
        match array.quantity {
            Quantity::Z | Quantity::A => z,
            Quantity::Delta => delta,
            Quantity::WeightGradient => weight,
            Quantity::BiasGradient => bias,
            Quantity::UpdatedWeight => w + self.learning_rate * weight,
            Quantity::UpdatedBias => b + self.learning_rate * bias,
            Quantity::Loss => 0.0,
        }
    }
}
