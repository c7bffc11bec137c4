//! Somebody's own numbers compared with ours, and the mistake that gives exactly theirs.
//!
//! A mistake is named where the recursion with this mistake reproduces their wrong numbers to rounding, and spoils none
//! that agrees. Where nothing does, nothing is named.

use std::fmt;

use nn_core::Matrix;
use nn_layers::ByHand;

use crate::explanation::run;
use crate::mistakes::Pass;
use crate::{CATALOGUE, EngineExplanation, Made, Mistake, Place, Task};

mod digits;
mod json;
mod search;
mod text;
mod yours;

pub use digits::Digits;
use digits::{DOUBLE, Printed};
use yours::Reading;
pub use yours::{Yours, YoursError};

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
    layers: usize,
    widths: String,
    examples: usize,
}

/// The kinds of arrays, in the order of computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// z
    Z,
    /// a
    A,
    /// J
    Loss,
    /// δ
    Delta,
    /// ∂J/∂W
    WeightGradient,
    /// ∂J/∂b
    BiasGradient,
    /// W − η ∂J/∂W
    UpdatedWeight,
    /// b − η ∂J/∂b
    UpdatedBias,
}

/// One array of the computation, or J.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array {
    /// Which kind.
    pub quantity: Quantity,
    /// l, from 1; `None` for J.
    pub layer: Option<usize>,
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

/// Why there is nothing to compare with.
#[derive(Debug, thiserror::Error)]
pub enum DiagnoseError {
    /// Their numbers do not fit the network.
    #[error("{0}")]
    Yours(#[from] YoursError),
    /// Our own numbers overflow.
    #[error("our own {array} is not finite for example {example}: there is nothing to compare with")]
    NotFinite {
        /// The first array where it shows.
        array: Array,
        /// From 1.
        example: usize,
    },
}

/// Compares somebody's numbers for this network and batch with ours, and looks for the mistake that gives theirs.
///
/// # Errors
///
/// Says which array does not fit, and how; or that our own numbers overflow.
///
/// # Panics
///
/// Panics if the batch does not fit the network.
///
/// ```
/// use nn_core::{Activation, Loss, Matrix, seeded};
/// use nn_layers::{Initialization, Network};
/// use nn_train::{CATALOGUE, Task, Yours, diagnose, explain_with_mistakes};
///
/// let layers = [(3, Activation::Tanh), (2, Activation::Sigmoid)];
/// let network = Network::random(2, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1))?;
/// let (x, y) = (Matrix::from_column(&[0.5, -1.0]), Matrix::from_column(&[1.0, 0.0]));
/// let task = Task { network: &network, x: &x, y: &y, learning_rate: None };
///
/// // Somebody whose hidden layer lacks σ′.
/// let mistake = CATALOGUE.iter().find(|mistake| mistake.id == "sigma-prime-missing").expect("a classic");
/// let theirs = explain_with_mistakes(task, &mistake.places(task)[..1]);
///
/// let diagnosis = diagnose(task, &Yours::from_gradients(&theirs)).expect("numbers that fit");
/// let finding = &diagnosis.findings[0];
/// assert_eq!((finding.made.mistake.id, finding.layer), ("sigma-prime-missing", Some(1)));
/// # Ok::<(), nn_layers::NetworkError>(())
/// ```
#[track_caller]
pub fn diagnose(task: Task<'_>, yours: &Yours) -> Result<Diagnosis, DiagnoseError> {
    let layers = task.network.layers().len();
    let mut engine = ByHand::new(task.network.clone());
    let right = run(&mut engine, layers, task.x, task.y);
    check_finite(&right)?;
    let mut readings = yours.readings(task)?;
    for reading in &mut readings {
        if task.learning_rate.is_none() && reading.arrays.iter().any(|(array, _)| array.quantity.is_updated()) {
            reading.arrays.retain(|(array, _)| !array.quantity.is_updated());
            reading.turned.retain(|array| !array.quantity.is_updated());
            reading.remarks.push("`updated` was not compared: give --learning-rate.".to_owned());
        }
        reading.arrays.sort_by_key(|(array, _)| array.order());
        reading.turned.sort_by_key(|array| array.order());
    }
    let numbers = readings[0].arrays.iter().flat_map(|(_, matrix)| matrix.as_slice());
    let own = digits::printed(numbers.chain(if readings[0].arrays.is_empty() { &yours.loss } else { &None }));
    // Numbers with few digits may be exact all the same: they are first taken at their word.
    let mut best: Option<(Diagnosis, Merit)> = None;
    for printed in [DOUBLE, own].into_iter().take(if own.digits == Digits::Double { 1 } else { 2 }) {
        for reading in &readings {
            let is_own = printed.digits == own.digits;
            let case = Case::new(task, &right, reading, printed);
            let (diagnosis, merit) = case.diagnose(is_own);
            if (is_own || merit >= Merit::Whole) && best.as_ref().is_none_or(|(_, known)| merit > *known) {
                best = Some((diagnosis, merit));
            }
        }
    }
    let (diagnosis, _) = best.expect("there is at least one reading");
    Ok(diagnosis)
}

/// How much a diagnosis says, from the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Merit {
    Nothing,
    Part,
    /// Two mistakes in another layout explain all that is wrong, …
    Three,
    /// … two mistakes, or one in another layout, …
    Pair,
    /// … one does, …
    Whole,
    /// … there is nothing but another layout, or …
    Layout,
    /// … nothing is wrong.
    Agreement,
}

/// One reading of somebody's numbers beside ours.
struct Case<'a> {
    task: Task<'a>,
    right: &'a EngineExplanation,
    reading: &'a Reading,
    printed: Printed,
    arrays: Vec<Given<'a>>,
}

/// One array of theirs.
struct Given<'a> {
    array: Array,
    theirs: &'a Matrix<f64>,
    right: Matrix<f64>,
    /// The least scale of a difference.
    floor: f64,
    tolerance: f64,
    /// What its digits resolve, on the same scale.
    resolution: f64,
    difference: f64,
}

impl Given<'_> {
    fn agrees(&self) -> bool {
        self.difference <= self.tolerance
    }
}

impl<'a> Case<'a> {
    fn new(task: Task<'a>, right: &'a EngineExplanation, reading: &'a Reading, printed: Printed) -> Self {
        let sizes = Sizes::of(task, right);
        let given = reading.arrays.iter().map(|(array, theirs)| {
            let ours = array.of(right, task);
            let floor = printed.digits.floor() * sizes.of_terms(*array);
            let scale = largest(&ours).max(floor);
            let resolution = DOUBLE.tolerance.max(if scale > 0.0 { printed.half_unit / scale } else { 0.0 });
            let tolerance = printed.tolerance.max(resolution);
            let difference = misfit(theirs, &ours, floor);
            Given { array: *array, theirs, right: ours, floor, tolerance, resolution, difference }
        });
        Case { task, right, reading, printed, arrays: given.collect() }
    }

    /// What the digits of their J resolve: it is often copied with fewer of them than the arrays.
    fn loss_resolution(&self) -> f64 {
        match digits::count(self.reading.loss.unwrap_or(0.0)) {
            (digits @ 3..=9, _) => DOUBLE.tolerance.max(5.1 * 0.1_f64.powi(digits as i32)),
            _ => DOUBLE.tolerance,
        }
    }

    /// How far their J is from a J of ours, and how far it may be.
    fn loss_misfit(&self, predicted: f64) -> Option<(f64, f64)> {
        let loss = self.reading.loss?;
        let scale = predicted.abs().max(self.printed.digits.floor() * 1e-8 * self.right.loss.abs());
        let difference = if loss == predicted { 0.0 } else { (loss - predicted).abs() / scale };
        Some((
            if difference.is_nan() { f64::INFINITY } else { difference },
            self.printed.tolerance.max(self.loss_resolution()),
        ))
    }

    /// `thorough`: looks for two mistakes, and for what explains a part, where no single one explains all.
    fn diagnose(&self, thorough: bool) -> (Diagnosis, Merit) {
        let mut arrays: Vec<Compared> = self
            .arrays
            .iter()
            .map(|given| Compared {
                array: given.array,
                difference: given.difference,
                agrees: given.agrees() && !self.reading.turned.contains(&given.array),
            })
            .collect();
        if let Some((difference, tolerance)) = self.loss_misfit(self.right.loss) {
            let at = arrays.iter().position(|c| c.array.quantity > Quantity::Loss).unwrap_or(arrays.len());
            arrays.insert(at, Compared { array: Array::LOSS, difference, agrees: difference <= tolerance });
        }
        let (mut findings, mut merit, mut remarks) = self.findings(thorough);
        if !self.reading.turned.is_empty() {
            merit = match merit {
                Merit::Agreement => Merit::Layout,
                Merit::Layout | Merit::Whole => Merit::Pair,
                Merit::Pair => Merit::Three,
                other => other,
            };
            // In a square layer nothing but the numbers says that it is transposed: then they have to fit.
            let is_sure = self.reading.turned.iter().any(|array| {
                let (rows, columns) = array.shape(self.task);
                rows != columns
            });
            if is_sure || merit >= Merit::Three {
                let known: Vec<Array> = findings.iter().flat_map(|finding| finding.explains.clone()).collect();
                let agrees = |array: &Array| {
                    known.contains(array) || self.arrays.iter().any(|given| given.array == *array && given.agrees())
                };
                let explains: Vec<Array> = self.reading.turned.iter().copied().filter(agrees).collect();
                findings.extend(self.layout_finding(explains, &findings));
                if findings.iter().all(|finding| !finding.made.mistake.convention) {
                    remarks.push("∂J/∂W was read transposed, n_{l−1} × n_l: that alone is no error.".to_owned());
                }
            } else {
                merit = Merit::Nothing;
            }
            // The sort is stable: of findings that explain as much, a mistake comes before a convention.
            findings.sort_by_key(|finding| std::cmp::Reverse(finding.explains.len()));
        }
        let widths: String = self.task.network.layers().iter().map(|dense| format!("-{}", dense.outputs())).collect();
        let mut all = self.reading.remarks.clone();
        all.extend(remarks);
        let diagnosis = Diagnosis {
            agrees: findings.is_empty() && arrays.iter().all(|compared| compared.agrees),
            tolerance: self.printed.tolerance,
            digits: self.printed.digits,
            arrays,
            findings,
            remarks: all,
            layers: self.task.network.layers().len(),
            widths: format!("{}{widths}", self.task.network.inputs()),
            examples: self.task.x.columns(),
        };
        (diagnosis, merit)
    }
}

impl Array {
    const LOSS: Array = Array { quantity: Quantity::Loss, layer: None };

    /// Our shape: for z, a and δ a column for each example.
    pub(crate) fn shape(self, task: Task<'_>) -> (usize, usize) {
        let Some(layer) = self.layer else { return (1, 1) };
        let dense = &task.network.layers()[layer - 1];
        match self.quantity {
            Quantity::Z | Quantity::A | Quantity::Delta => (dense.outputs(), task.x.columns()),
            Quantity::WeightGradient | Quantity::UpdatedWeight => (dense.outputs(), dense.inputs()),
            Quantity::Loss | Quantity::BiasGradient | Quantity::UpdatedBias => (dense.outputs(), 1),
        }
    }

    /// Forward from the first layer up, then J, then each kind from the last layer down, then the updates.
    fn order(self) -> (u8, isize, Quantity) {
        let layer = self.layer.unwrap_or(0) as isize;
        match self.quantity {
            Quantity::Z | Quantity::A => (0, layer, self.quantity),
            Quantity::Loss => (1, 0, self.quantity),
            Quantity::Delta => (2, -layer, self.quantity),
            Quantity::WeightGradient => (3, -layer, self.quantity),
            Quantity::BiasGradient => (4, -layer, self.quantity),
            Quantity::UpdatedWeight | Quantity::UpdatedBias => (5, layer, self.quantity),
        }
    }

    /// The numbers of a pass.
    fn of(self, numbers: &EngineExplanation, task: Task<'_>) -> Matrix<f64> {
        let Some(layer) = self.layer else { return Matrix::from_column(&[numbers.loss]) };
        let (dense, own) = (&task.network.layers()[layer - 1], &numbers.layers[layer - 1]);
        let update = |parameter: &Matrix<f64>, gradient: &Matrix<f64>| {
            let rate = task.learning_rate.unwrap_or(0.0);
            let mut updated = parameter.clone();
            if gradient.shape() == parameter.shape() {
                updated.zip_in_place(gradient, |w, g| w - rate * g);
            }
            updated
        };
        match self.quantity {
            Quantity::Z => own.z.clone(),
            Quantity::A => own.a.clone(),
            Quantity::Delta => own.delta.clone(),
            Quantity::WeightGradient => own.weight_gradient.clone(),
            Quantity::BiasGradient => own.bias_gradient.clone(),
            Quantity::UpdatedWeight => update(&dense.weight, &own.weight_gradient),
            Quantity::UpdatedBias => update(&dense.bias, &own.bias_gradient),
            Quantity::Loss => unreachable!("J has no layer"),
        }
    }
}

impl Quantity {
    /// The key in a file.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Z => "z",
            Quantity::A => "a",
            Quantity::Loss => "loss",
            Quantity::Delta => "delta",
            Quantity::WeightGradient => "weight_gradient",
            Quantity::BiasGradient => "bias_gradient",
            Quantity::UpdatedWeight => "updated_weight",
            Quantity::UpdatedBias => "updated_bias",
        }
    }

    fn is_for_examples(self) -> bool {
        matches!(self, Quantity::Z | Quantity::A | Quantity::Delta)
    }

    fn is_weight(self) -> bool {
        matches!(self, Quantity::WeightGradient | Quantity::UpdatedWeight)
    }

    fn is_updated(self) -> bool {
        matches!(self, Quantity::UpdatedWeight | Quantity::UpdatedBias)
    }

    /// Whether it belongs to the forward pass of its layer.
    fn is_forward(self) -> bool {
        self <= Quantity::Loss
    }
}

/// `weight_gradient 1`, or `loss`.
impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layer {
            Some(layer) => write!(f, "{} {layer}", self.quantity.name()),
            None => f.write_str(self.quantity.name()),
        }
    }
}

/// max |theirs − predicted| / max |predicted|, with a least scale; infinite where the shapes differ or one is NaN.
fn misfit(theirs: &Matrix<f64>, predicted: &Matrix<f64>, floor: f64) -> f64 {
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

fn largest(matrix: &Matrix<f64>) -> f64 {
    matrix.as_slice().iter().fold(0.0, |largest: f64, x| largest.max(x.abs()))
}

/// How large the terms are that each array is the sum of: what rounding is measured by.
struct Sizes {
    layers: Vec<[f64; 4]>,
    parameters: Vec<[f64; 2]>,
    learning_rate: f64,
}

impl Sizes {
    fn of(task: Task<'_>, right: &EngineExplanation) -> Self {
        let dense = task.network.layers();
        let mut layers = Vec::new();
        for (l, own) in right.layers.iter().enumerate() {
            let a_below = if l == 0 { task.x } else { &right.layers[l - 1].a };
            let z = dense[l].inputs() as f64 * largest(&dense[l].weight) * largest(a_below) + largest(&dense[l].bias);
            let delta = match right.layers.get(l + 1) {
                Some(above) => dense[l + 1].outputs() as f64 * largest(&dense[l + 1].weight) * largest(&above.delta),
                None => (largest(&own.a) + largest(task.y)) / task.y.columns() as f64,
            };
            let columns = || own.delta.columns_iter().map(|column| column.iter().fold(0.0, |m: f64, x| m.max(x.abs())));
            let below = a_below.columns_iter().map(|column| column.iter().fold(0.0, |m: f64, x| m.max(x.abs())));
            layers.push([z, delta, columns().zip(below).map(|(d, a)| d * a).sum(), columns().sum()]);
        }
        let parameters = dense.iter().map(|dense| [largest(&dense.weight), largest(&dense.bias)]).collect();
        Sizes { layers, parameters, learning_rate: task.learning_rate.unwrap_or(0.0) }
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

/// A network that overflows has no numbers to compare with.
fn check_finite(right: &EngineExplanation) -> Result<(), DiagnoseError> {
    let mut found = None;
    for (layer, own) in (1..).zip(&right.layers) {
        for (quantity, matrix) in [(Quantity::Z, &own.z), (Quantity::A, &own.a), (Quantity::Delta, &own.delta)] {
            let example = matrix.columns_iter().position(|column| column.iter().any(|x| !x.is_finite()));
            let array = Array { quantity, layer: Some(layer) };
            if let Some(example) = example
                && found.is_none_or(|(known, _): (Array, usize)| array.order() < known.order())
            {
                found = Some((array, example + 1));
            }
        }
    }
    match found {
        Some((array, example)) => Err(DiagnoseError::NotFinite { array, example }),
        // J or a sum over the examples can overflow where no example does.
        None => {
            let finite = |matrix: &Matrix<f64>| matrix.as_slice().iter().all(|x| x.is_finite());
            let layer =
                right.layers.iter().position(|own| !finite(&own.weight_gradient) || !finite(&own.bias_gradient));
            match layer {
                _ if !right.loss.is_finite() => Err(DiagnoseError::NotFinite { array: Array::LOSS, example: 1 }),
                Some(l) => Err(DiagnoseError::NotFinite {
                    array: Array { quantity: Quantity::WeightGradient, layer: Some(l + 1) },
                    example: 1,
                }),
                None => Ok(()),
            }
        }
    }
}
