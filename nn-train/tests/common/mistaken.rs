//! Random networks, mistakes made in them on purpose, and what the diagnosis says: for the tests, and for the example that
//! prints the counts of many.

use std::fmt;

use nn_core::{Activation, Generator, Loss, Matrix, below, normal, seeded, shuffle};
use nn_layers::Network;
use nn_testing::relative_error;
use nn_train::{
    CATALOGUE, Diagnosis, EngineExplanation, Made, Mistake, Problem, Yours, diagnose, explain_with_mistakes,
};

use crate::random_network::{Case, ends};

/// The learning rate where one is needed.
const RATE: f64 = 0.5;

/// In what digits somebody hands over their numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Handed {
    Double,
    /// f32, with the rounding of a computation in f32.
    Single,
    /// Six significant digits.
    Six,
}

impl Handed {
    fn number(self, x: f64, rng: &mut Generator) -> f64 {
        match self {
            Handed::Double => x,
            Handed::Single => f64::from((x * (1.0 + 2e-7 * normal(rng))) as f32),
            Handed::Six => format!("{x:.5e}").parse().expect("a number"),
        }
    }
}

/// What became of wrong gradients.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Named first, alone.
    pub(crate) named: usize,
    /// Named with others that give the same numbers here.
    pub(crate) with_others: usize,
    /// The numbers are the right ones here, and the diagnosis says so.
    pub(crate) none: usize,
    /// Not named, and nothing else either.
    pub(crate) unnamed: usize,
    /// Another was named.
    pub(crate) wrong: usize,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Counts) {
        self.named += other.named;
        self.with_others += other.with_others;
        self.none += other.none;
        self.unnamed += other.unnamed;
        self.wrong += other.wrong;
    }

    /// The share of real mistakes that are named.
    pub(crate) fn share(&self) -> f64 {
        let named = (self.named + self.with_others) as f64;
        named / (named + (self.unnamed + self.wrong) as f64)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { named, with_others, none, unnamed, wrong } = self;
        write!(f, "{named:>6} {with_others:>12} {none:>6} {unnamed:>8} {wrong:>6}")
    }
}

/// 1 to 4 layers, half of the networks square, batches of 1 to 8.
pub(crate) fn network(rng: &mut Generator) -> (Case, Network<f64>, Matrix<f64>, Matrix<f64>) {
    let side = 2 + below(rng, 4);
    let is_square = below(rng, 2) == 0;
    let width = |rng: &mut Generator| if is_square { side } else { 1 + below(rng, 6) };
    let inputs = width(rng);
    let mut layers: Vec<_> = (0..below(rng, 4)).map(|_| (width(rng), Activation::ALL[below(rng, 8)])).collect();
    let ends = ends();
    // Both cross-entropies as often as least squares.
    let (last, loss) = match below(rng, 3) {
        0 => (Activation::Softmax, Loss::CrossEntropy),
        1 => (Activation::Sigmoid, Loss::BinaryCrossEntropy),
        _ => ends[below(rng, 8)],
    };
    layers.push((width(rng), last));
    let case = Case { inputs, layers, loss, examples: 1 + below(rng, 8), seed: below(rng, 1 << 32) as u64 };
    let (network, x, y) = case.draw();
    (case, network, x, y)
}

/// All numbers, or the gradients alone.
fn handed(numbers: &EngineExplanation, all: bool, how: Handed, rng: &mut Generator) -> Yours {
    let yours = if all { Yours::from_numbers(numbers) } else { Yours::from_gradients(numbers) };
    let rng = std::cell::RefCell::new(rng);
    yours.map(|x| how.number(x, &mut rng.borrow_mut()))
}

fn is_finite(numbers: &EngineExplanation, all: bool) -> bool {
    let finite = |matrix: &Matrix<f64>| matrix.as_slice().iter().all(|x| x.is_finite());
    let matrices =
        |layer: &nn_train::LayerExplanation| layer.matrices().into_iter().skip(if all { 0 } else { 3 }).all(finite);
    numbers.layers.iter().all(matrices) && (!all || numbers.loss.is_finite())
}

/// max |u − v| / max |v| over the gradients.
fn distance(u: &EngineExplanation, v: &EngineExplanation, all: bool) -> f64 {
    let mut worst: f64 = 0.0;
    for (u, v) in u.layers.iter().zip(&v.layers) {
        for (u, v) in u.matrices().into_iter().zip(v.matrices()).skip(if all { 0 } else { 3 }) {
            if u.shape() != v.shape() {
                return f64::INFINITY;
            }
            worst = worst.max(relative_error(u, v));
        }
    }
    if all && u.loss != v.loss { worst.max((u.loss - v.loss).abs() / v.loss.abs()) } else { worst }
}

/// Makes a mistake in one of its places in a random network and asks for its name.
pub(crate) fn make(mistake: &'static Mistake, how: Handed, rng: &mut Generator) -> (Counts, String) {
    loop {
        let (case, network, x, y) = network(rng);
        let problem = Problem { network: &network, x: &x, y: &y, learning_rate: Some(RATE) };
        let places = mistake.places(problem);
        if places.is_empty() {
            continue;
        }
        let made = places[below(rng, places.len())].clone();
        let all = below(rng, 2) == 0;
        let (right, wrong) =
            (explain_with_mistakes(problem, &[]), explain_with_mistakes(problem, std::slice::from_ref(&made)));
        if !is_finite(&wrong, all) {
            continue;
        }
        let diagnosis = diagnose(problem, &handed(&wrong, all, how, rng)).expect("numbers that fit");
        let counts = judge(&diagnosis, problem, &made, &right, &wrong, all);
        let numbers = if all { "all numbers" } else { "gradients" };
        return (counts, format!("{made:?}: {case}, {numbers}, {how:?}\n{}", diagnosis.to_text()));
    }
}

fn judge(
    diagnosis: &Diagnosis,
    problem: Problem<'_>,
    made: &Made,
    right: &EngineExplanation,
    wrong: &EngineExplanation,
    all: bool,
) -> Counts {
    let mut counts = Counts::default();
    let apart = distance(wrong, right, all);
    if diagnosis.agrees {
        // An array that nearly cancels to nothing may differ in what is left of it.
        *(if apart <= 100.0 * diagnosis.tolerance { &mut counts.none } else { &mut counts.unnamed }) += 1;
        return counts;
    }
    let layer = made.layer.or_else(|| only_layer(right, wrong));
    // The first, and those that explain as much.
    let first =
        diagnosis.findings.iter().filter(|finding| finding.explains.len() == diagnosis.findings[0].explains.len());
    let is_it = |finding: &&nn_train::Finding| finding.made.mistake.id == made.mistake.id && finding.layer == layer;
    let gives_the_same = |finding: &nn_train::Finding| {
        let same = explain_with_mistakes(problem, std::slice::from_ref(&finding.made));
        distance(&same, wrong, all) <= 100.0 * diagnosis.tolerance
    };
    let count = match diagnosis.findings.len() {
        0 => &mut counts.unnamed,
        1 if first.clone().any(|finding| is_it(&finding)) => &mut counts.named,
        _ if first.clone().any(|finding| is_it(&finding)) => &mut counts.with_others,
        // In fewer numbers, one layer and all of them may be the same.
        _ if first.clone().all(gives_the_same) => &mut counts.with_others,
        _ => &mut counts.wrong,
    };
    *count += 1;
    counts
}

/// The only layer whose numbers show it.
fn only_layer(right: &EngineExplanation, wrong: &EngineExplanation) -> Option<usize> {
    let shows = |l: &usize| {
        let pairs = wrong.layers[*l].matrices().into_iter().zip(right.layers[*l].matrices());
        pairs.into_iter().any(|(u, v)| {
            u.shape() != v.shape()
                || u.as_slice().iter().zip(v.as_slice()).any(|(u, v)| (u - v).abs() > 1e-12 * v.abs())
        })
    };
    let layers: Vec<usize> = (0..right.layers.len()).filter(shows).collect();
    if let [only] = layers[..] { Some(only + 1) } else { None }
}

/// Ways to be wrong that are in no catalogue.
pub(crate) const SPOILT: [&str; 8] = [
    "noise",
    "noise in one array",
    "entries dropped",
    "rows permuted",
    "a factor per layer",
    "columns exchanged",
    "absolute values",
    "clipped at a third",
];

/// What came of gradients that are wrong in a way that is in no catalogue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spoilt {
    /// No name was given.
    pub(crate) unnamed: usize,
    /// They happen to be right, or a catalogued mistake.
    pub(crate) happens_to_be: usize,
    /// A name was given.
    pub(crate) named: usize,
}

/// Spoils right gradients, or those of a mistake.
pub(crate) fn spoil(kind: &str, rng: &mut Generator) -> (Spoilt, String) {
    loop {
        let (case, network, x, y) = network(rng);
        let problem = Problem { network: &network, x: &x, y: &y, learning_rate: Some(RATE) };
        let right = explain_with_mistakes(problem, &[]);
        let mut wrong = right.clone();
        let layers = wrong.layers.len();
        let (chosen, is_weight) = (below(rng, layers), below(rng, 2) == 0);
        let size = 10.0_f64.powi(-(below(rng, 7) as i32)); // from 1 to 1e-6
        for (l, layer) in wrong.layers.iter_mut().enumerate() {
            let factor = 1.0 + size * normal(rng);
            for (which, gradient) in [&mut layer.weight_gradient, &mut layer.bias_gradient].into_iter().enumerate() {
                let is_chosen = l == chosen && (which == 0) == is_weight;
                let largest = gradient.as_slice().iter().fold(0.0_f64, |m, x| m.max(x.abs()));
                match kind {
                    "noise" => gradient.as_mut_slice().iter_mut().for_each(|g| *g += size * largest * normal(rng)),
                    "noise in one array" if is_chosen => {
                        gradient.as_mut_slice().iter_mut().for_each(|g| *g += size * largest * normal(rng));
                    }
                    "entries dropped" if is_chosen => {
                        let i = below(rng, gradient.as_slice().len());
                        gradient.as_mut_slice()[i] = 0.0;
                    }
                    "rows permuted" if is_chosen => {
                        let mut order: Vec<usize> = (0..gradient.rows()).collect();
                        shuffle(rng, &mut order);
                        *gradient =
                            Matrix::from_fn(gradient.rows(), gradient.columns(), |i, k| gradient[(order[i], k)]);
                    }
                    "columns exchanged" if is_chosen && gradient.columns() > 1 => {
                        let last = gradient.columns() - 1;
                        *gradient =
                            Matrix::from_fn(gradient.rows(), gradient.columns(), |i, k| gradient[(i, last - k)]);
                    }
                    "absolute values" => gradient.map_in_place(f64::abs),
                    "clipped at a third" => gradient.map_in_place(|g| g.clamp(-largest / 3.0, largest / 3.0)),
                    "a factor per layer" => gradient.map_in_place(|g| factor * g),
                    _ => {}
                }
            }
        }
        // At least a hundred times the tolerance of 1e-9.
        let apart = distance(&wrong, &right, false);
        if apart < 1e-7 {
            continue;
        }
        let diagnosis = diagnose(problem, &handed(&wrong, false, Handed::Double, rng)).expect("numbers that fit");
        let mut spoilt = Spoilt::default();
        let really = |finding: &nn_train::Finding| {
            finding.explains.iter().all(|array| is_really(problem, finding, &wrong, array))
        };
        *(match diagnosis.findings.as_slice() {
            [] if diagnosis.agrees => &mut spoilt.happens_to_be,
            [] => &mut spoilt.unnamed,
            findings if findings.iter().all(really) => &mut spoilt.happens_to_be,
            _ => &mut spoilt.named,
        }) += 1;
        return (spoilt, format!("{kind}: {case}\n{}", diagnosis.to_text()));
    }
}

/// Whether a single mistake gives this array to the last digits but two.
fn is_really(
    problem: Problem<'_>,
    finding: &nn_train::Finding,
    wrong: &EngineExplanation,
    array: &nn_train::Array,
) -> bool {
    let same = explain_with_mistakes(problem, std::slice::from_ref(&finding.made));
    let l = array.layer.expect("gradients have a layer") - 1;
    let of = |numbers: &EngineExplanation| match array.quantity {
        nn_train::Quantity::WeightGradient => numbers.layers[l].weight_gradient.clone(),
        _ => numbers.layers[l].bias_gradient.clone(),
    };
    let (u, v) = (of(&same), of(wrong));
    let largest = v.as_slice().iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    u.shape() == v.shape() && u.as_slice().iter().zip(v.as_slice()).all(|(u, v)| (u - v).abs() <= 1e-14 * largest)
}

/// Every mistake on random networks: the counts of each, and the first cases that went wrong.
pub(crate) fn every_mistake(networks: usize, how: Handed, seed: u64) -> (Vec<(&'static str, Counts)>, Vec<String>) {
    let mut failures = Vec::new();
    let mut all = Vec::new();
    for (index, mistake) in CATALOGUE.iter().enumerate() {
        let rng = &mut seeded(seed + index as u64);
        let mut sum = Counts::default();
        while sum.named + sum.with_others + sum.unnamed + sum.wrong < networks {
            let (counts, text) = make(mistake, how, rng);
            let is_failure = if how == Handed::Double { counts.unnamed + counts.wrong > 0 } else { counts.wrong > 0 };
            if is_failure {
                failures.push(text);
            }
            sum.add(counts);
        }
        all.push((mistake.id, sum));
    }
    (all, failures)
}
