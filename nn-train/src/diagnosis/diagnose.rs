//! From two sets of numbers to an answer: each reading of theirs is tried, and the one that explains most is taken.

use nn_core::Matrix;
use nn_layers::ByHand;

use super::answer::{Compared, Diagnosis};
use super::array::{Array, Quantity};
use super::case::{Case, Merit};
use super::digits::{self, DOUBLE, Digits};
use super::search::MORE_DIGITS;
use super::yours::{Yours, YoursError};
use crate::explain::{EngineExplanation, run};
use crate::mistakes::Problem;

/// Why there is nothing to compare with.
#[derive(Debug, thiserror::Error)]
pub enum DiagnoseError {
    /// Their numbers do not fit the network.
    #[error("{0}")]
    Yours(#[from] YoursError),
    /// Our own numbers overflow.
    #[error("our own {array} is not finite for example {example}: there is nothing to compare with")]
    NotFinite {
        /// The first array that is not finite.
        array: Array,
        /// The number of the example, from 1.
        example: usize,
    },
}

/// Compares a user's numbers for this network and batch with ours, and looks for the mistake that explains theirs.
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
/// use nn_train::{CATALOGUE, Problem, Yours, diagnose, explain_with_mistakes};
///
/// let layers = [(3, Activation::Tanh), (2, Activation::Sigmoid)];
/// let network = Network::random(2, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1))?;
/// let (x, y) = (Matrix::from_column(&[0.5, -1.0]), Matrix::from_column(&[1.0, 0.0]));
/// let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
///
/// // Somebody whose hidden layer lacks σ′.
/// let mistake = CATALOGUE.iter().find(|mistake| mistake.id == "sigma-prime-missing").expect("a classic");
/// let theirs = explain_with_mistakes(problem, &mistake.places(problem)[..1]);
///
/// let diagnosis = diagnose(problem, &Yours::from_gradients(&theirs)).expect("numbers that fit");
/// let finding = &diagnosis.findings[0];
/// assert_eq!((finding.made.mistake.id, finding.layer), ("sigma-prime-missing", Some(1)));
/// # Ok::<(), nn_layers::NetworkError>(())
/// ```
#[track_caller]
pub fn diagnose(problem: Problem<'_>, yours: &Yours) -> Result<Diagnosis, DiagnoseError> {
    let layers = problem.network.layers().len();
    let mut engine = ByHand::new(problem.network.clone());
    let right = run(&mut engine, layers, problem.x, problem.y);
    check_finite(&right)?;
    let mut readings = yours.readings(problem)?;
    for reading in &mut readings {
        if problem.learning_rate.is_none() && reading.arrays.iter().any(|(array, _)| array.quantity.is_updated()) {
            reading.arrays.retain(|(array, _)| !array.quantity.is_updated());
            reading.transposed.retain(|array| !array.quantity.is_updated());
            reading.remarks.push("`updated` was not compared: that needs the learning rate.".to_owned());
        }
        reading.arrays.sort_by_key(|(array, _)| array.order());
        reading.transposed.sort_by_key(|array| array.order());
    }
    let numbers = readings[0].arrays.iter().flat_map(|(_, matrix)| matrix.as_slice());
    let own = digits::printed(numbers.chain(if readings[0].arrays.is_empty() { &yours.loss } else { &None }));
    // Full precision is tried first: short decimals may be exact.
    let mut best: Option<(Diagnosis, Merit)> = None;
    for printed in [DOUBLE, own].into_iter().take(if own.digits == Digits::Double { 1 } else { 2 }) {
        for reading in &readings {
            let is_own = printed.digits == own.digits;
            let case = Case::new(problem, &right, reading, printed);
            let (diagnosis, merit) = case.diagnose(is_own);
            if (is_own || merit >= Merit::Whole) && best.as_ref().is_none_or(|(_, known)| merit > *known) {
                best = Some((diagnosis, merit));
            }
        }
    }
    let (diagnosis, _) = best.expect("there is at least one reading");
    Ok(diagnosis)
}

impl Case<'_> {
    /// `thorough`: if no single mistake explains everything, looks for two, and for mistakes that explain a part.
    fn diagnose(&self, thorough: bool) -> (Diagnosis, Merit) {
        let mut arrays: Vec<Compared> = self
            .arrays
            .iter()
            .map(|given| Compared {
                array: given.array,
                difference: given.difference,
                agrees: given.agrees() && given.tells() && !self.reading.transposed.contains(&given.array),
                is_transposed: given.agrees() && given.tells() && self.reading.transposed.contains(&given.array),
                tells: given.tells(),
            })
            .collect();
        if let Some((difference, tolerance)) = self.loss_misfit(self.right.loss) {
            let at = arrays.iter().position(|c| c.array.quantity > Quantity::Loss).unwrap_or(arrays.len());
            let agrees = difference <= tolerance;
            arrays.insert(at, Compared { array: Array::LOSS, difference, agrees, is_transposed: false, tells: true });
        }
        let (mut findings, mut merit, mut remarks) = self.findings(thorough);
        if !self.reading.transposed.is_empty() {
            merit = match merit {
                Merit::Agreement => Merit::Layout,
                Merit::Layout | Merit::Whole => Merit::Pair,
                Merit::Pair => Merit::Three,
                other => other,
            };
            // In a square layer only the numbers can say that it is transposed: then they have to fit.
            let is_sure = self.reading.transposed.iter().any(|array| {
                let (rows, columns) = array.shape(self.problem);
                rows != columns
            });
            if is_sure || merit >= Merit::Three {
                let known: Vec<Array> = findings.iter().flat_map(|finding| finding.explains.clone()).collect();
                let agrees = |array: &Array| {
                    known.contains(array) || self.arrays.iter().any(|given| given.array == *array && given.agrees())
                };
                let explains: Vec<Array> = self.reading.transposed.iter().copied().filter(agrees).collect();
                findings.extend(self.layout_finding(explains, &findings));
                if findings.iter().all(|finding| !finding.made.mistake.convention) {
                    remarks.push("∂J/∂W was read transposed, n_{l−1} × n_l: that by itself is no error.".to_owned());
                }
            } else {
                merit = Merit::Nothing;
            }
            // The sort is stable: of findings that explain as much, a mistake comes before a convention.
            findings.sort_by_key(|finding| std::cmp::Reverse(finding.explains.len()));
        }
        let widths: String =
            self.problem.network.layers().iter().map(|dense| format!("-{}", dense.outputs())).collect();
        let mut all = self.reading.remarks.clone();
        if self.printed.digits == Digits::Few || arrays.iter().any(|compared| !compared.tells) {
            all.push(MORE_DIGITS.to_owned());
        }
        if self.arrays.iter().all(|given| given.theirs.as_slice().iter().all(|&x| x == 0.0)) && !self.wrong().is_empty()
        {
            all.push("All your numbers are 0. Is the gradient ever written, or set to 0 after that?".to_owned());
        }
        all.extend(remarks);
        let diagnosis = Diagnosis {
            agrees: findings.is_empty() && arrays.iter().all(|compared| compared.agrees),
            tolerance: self.printed.tolerance,
            digits: self.printed.digits,
            arrays,
            findings,
            remarks: all,
            layers: self.problem.network.layers().len(),
            widths: format!("{}{widths}", self.problem.network.inputs()),
            examples: self.problem.x.columns(),
        };
        (diagnosis, merit)
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
        // J or a sum over the examples can overflow although no example does.
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
