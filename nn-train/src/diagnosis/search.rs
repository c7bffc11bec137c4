//! The search for mistakes that, made in the right recursion, give a user's numbers.

use std::cmp::Reverse;

use nn_core::Matrix;

use super::answer::{Finding, Sample};
use super::array::{Array, Quantity};
use super::case::{Case, Given, Merit, largest, misfit};
use super::digits::{CONCLUSIVE, Digits};
use crate::explain::EngineExplanation;
use crate::mistakes::{CATALOGUE, GRADIENT_TRANSPOSED, Made, Mistake, Pass, Place, Problem, explain_with_mistakes};

/// A mistake whose misfit is more than this many times the best one is dropped.
const CLEARLY_WORSE: f64 = 10.0;

/// A mistake that explains fewer numbers than this must not change other numbers to wrong ones.
const MIN_NUMBERS: usize = 3;

/// Distances below this are rounding of f64, and count as equal.
const ROUNDING: f64 = 1e-11;

/// The search for two mistakes in the forward pass takes at most this many multiplications.
const MAX_MULTIPLICATIONS: f64 = 3e8;

/// One mistake, or several together, and what they explain.
#[derive(Clone, Debug)]
struct Hypothesis {
    made: Vec<Made>,
    /// The wrong arrays that they reproduce.
    explains: Vec<Array>,
    /// The worst misfit among these.
    misfit: f64,
    /// The number of decimal digits that agree, in all entries: a measure of how unlikely a coincidence is.
    evidence: f64,
}

/// A pass with mistakes, compared with their numbers.
struct Trial {
    hypothesis: Hypothesis,
    /// Whether it changes an array of theirs that is right.
    spoils: bool,
    /// Whether z, a or J does not fit theirs.
    misses_forward: bool,
    /// The first layer, from the last one down and counted from 0, where something does not fit.
    misses: Option<usize>,
    /// The number of entries other than zero that it explains.
    numbers: usize,
    /// Whether it changes an array that is off, but not to theirs.
    misses_what_it_changes: bool,
}

impl Trial {
    fn is_whole(&self) -> bool {
        !self.misses_forward && self.misses.is_none()
    }
}

impl Case<'_> {
    /// The findings, how good they are, and remarks.
    pub(super) fn findings(&self, thorough: bool) -> (Vec<Finding>, Merit, Vec<String>) {
        let wrong = self.wrong();
        if wrong.is_empty() {
            return (Vec::new(), Merit::Agreement, Vec::new());
        }
        let is_few = self.printed.digits == Digits::Few;
        if self.printed.tolerance > CONCLUSIVE {
            return (Vec::new(), Merit::Nothing, Vec::new());
        }
        let places: Vec<Made> = CATALOGUE.iter().flat_map(|mistake| mistake.places(self.problem)).collect();
        let trials: Vec<(usize, Trial)> = (0..places.len()).map(|i| (i, self.attempt(&places[i..=i], false))).collect();
        let singles = || trials.iter().filter(|(_, trial)| !trial.spoils && !trial.hypothesis.explains.is_empty());
        let enough = |hypothesis: &Hypothesis| hypothesis.evidence >= self.evidence_needed();

        let whole = singles().filter(|(_, trial)| trial.is_whole()).map(|(_, trial)| trial.hypothesis.clone());
        let whole = distinct(best(whole.filter(enough).collect()));
        if is_few {
            let mut ids: Vec<_> = whole.iter().map(|hypothesis| hypothesis.made[0].mistake.id).collect();
            ids.dedup();
            return match ids.len() {
                1 => (self.singles(&whole), Merit::Whole, Vec::new()),
                _ => (Vec::new(), Merit::Nothing, Vec::new()),
            };
        }
        if !whole.is_empty() {
            return (self.singles(&whole), Merit::Whole, Vec::new());
        }
        if !thorough {
            return (Vec::new(), Merit::Nothing, Vec::new());
        }
        let pairs = best(self.pairs(&places, &trials).into_iter().filter(enough).collect());
        if !pairs.is_empty() {
            return (self.together(&pairs), Merit::Pair, Vec::new());
        }
        // Mistakes that explain a part each, beginning with the largest part.
        let parts = singles().filter(|(_, trial)| !trial.is_by_chance()).map(|(_, trial)| trial.hypothesis.clone());
        let mut parts: Vec<Hypothesis> = parts.filter(enough).collect();
        parts.sort_by_key(|hypothesis| Reverse(hypothesis.explains.len()));
        let mut kept: Vec<Hypothesis> = Vec::new();
        for part in parts {
            let is_new = |known: &Hypothesis| !part.explains.iter().any(|array| known.explains.contains(array));
            let is_same = |known: &Hypothesis| part.explains == known.explains;
            if kept.iter().all(|known| is_new(known) || is_same(known)) {
                kept.push(part);
            }
        }
        let mut groups: Vec<Hypothesis> = Vec::new();
        while let Some(first) = kept.first().cloned() {
            let (group, rest): (Vec<_>, Vec<_>) = kept.into_iter().partition(|other| other.explains == first.explains);
            groups.extend(distinct(best(group)));
            kept = rest;
        }
        let merit = if groups.is_empty() { Merit::Nothing } else { Merit::Part };
        let remarks = if groups.is_empty() { self.relations() } else { Vec::new() };
        (self.singles(&groups), merit, remarks)
    }

    /// The finding that the weights are transposed.
    pub(super) fn layout_finding(&self, explains: Vec<Array>, others: &[Finding]) -> Option<Finding> {
        let mistake: &'static Mistake = CATALOGUE.iter().find(|mistake| mistake.id == GRADIENT_TRANSPOSED)?;
        let gradients: Vec<_> = explains.iter().filter(|array| array.quantity == Quantity::WeightGradient).collect();
        let layer = match gradients[..] {
            [] => return None,
            [one] => one.layer,
            _ => None,
        };
        Some(Finding {
            made: Made { mistake, form: 0, layer },
            layer,
            explains,
            sentence: mistake.sentence.to_owned(),
            with: others.iter().map(|other| other.made.mistake.id).filter(|id| *id != GRADIENT_TRANSPOSED).collect(),
            tell_apart: None,
            sample: None,
        })
    }

    pub(super) fn wrong(&self) -> Vec<Array> {
        let arrays = self.arrays.iter().filter(|given| !given.agrees()).map(|given| given.array);
        let loss = self.loss_misfit(self.right.loss).filter(|(difference, tolerance)| difference > tolerance);
        arrays.chain(loss.map(|_| Array::LOSS)).collect()
    }

    /// In f64 a single number is enough: nine digits do not agree by chance.
    fn evidence_needed(&self) -> f64 {
        match self.printed.digits {
            Digits::Double => 8.0,
            Digits::Single => 6.0,
            Digits::Few => 6.0,
        }
    }

    /// Computes a pass with these mistakes and compares it; `whole`: stops at the first array that does not fit.
    fn attempt(&self, made: &[Made], whole: bool) -> Trial {
        let layers = self.problem.network.layers().len();
        let mut pass = Pass::new(self.problem);
        for made in made {
            made.apply(self.problem, &mut pass);
        }
        let forward = made.iter().filter(|made| made.mistake.forward);
        let from = forward.map(|made| made.layer.map_or(0, |layer| layer - 1)).min().unwrap_or(layers);
        let hypothesis = Hypothesis { made: made.to_vec(), explains: Vec::new(), misfit: 0.0, evidence: 0.0 };
        let mut trial = Trial {
            hypothesis,
            spoils: false,
            misses_forward: false,
            misses: None,
            numbers: 0,
            misses_what_it_changes: false,
        };
        pass.forward(from, self.right);
        for given in self.arrays.iter().filter(|given| given.array.quantity.is_forward()) {
            trial.misses_forward |= !self.compare(given, &pass.numbers, &mut trial);
        }
        if let Some((difference, tolerance)) = self.loss_misfit(pass.numbers.loss) {
            let was_right =
                self.loss_misfit(self.right.loss).is_some_and(|(difference, tolerance)| difference <= tolerance);
            match difference <= tolerance {
                true if !was_right => {
                    trial.numbers += MIN_NUMBERS; // J alone is enough
                    trial.take(Array::LOSS, difference, -difference.max(self.loss_resolution()).log10());
                }
                true => {}
                false => {
                    trial.spoils |= was_right;
                    trial.misses_forward = true;
                }
            }
        }
        for l in (0..layers).rev() {
            if whole && !trial.is_whole() || trial.spoils {
                break;
            }
            pass.backward(l);
            for given in self.arrays.iter().filter(|given| given.array.layer == Some(l + 1)) {
                if !given.array.quantity.is_forward() && !self.compare(given, &pass.numbers, &mut trial) {
                    trial.misses = trial.misses.or(Some(l));
                }
            }
        }
        trial.hypothesis.explains.sort_by_key(|array| array.order());
        trial
    }

    /// Whether a predicted array fits theirs.
    fn compare(&self, given: &Given<'_>, numbers: &EngineExplanation, trial: &mut Trial) -> bool {
        let predicted = given.array.of(numbers, self.problem);
        let difference = misfit(given.theirs, &predicted, given.floor);
        // A term that is left out gives exact zeros; cancellation does not.
        let is_zero = largest(&predicted) == 0.0;
        let fits = difference <= given.tolerance && (given.agrees() || !is_zero || largest(given.theirs) == 0.0);
        trial.misses_what_it_changes |= !fits && misfit(&predicted, &given.right, given.floor) > given.tolerance;
        match fits {
            true if !given.agrees() => {
                trial.numbers += if is_zero { 0 } else { given.theirs.as_slice().len() };
                trial.take(given.array, difference, evidence(given, &predicted, difference));
                true
            }
            fits => {
                trial.spoils |= !fits && given.agrees();
                fits
            }
        }
    }

    /// Two mistakes: one that scales everything and another, or one in each of two layers.
    fn pairs(&self, places: &[Made], trials: &[(usize, Trial)]) -> Vec<Hypothesis> {
        let mut found = Vec::new();
        let mut attempt = |made: [&Made; 2]| {
            let trial = self.attempt(&[made[0].clone(), made[1].clone()], true);
            if trial.is_whole() && !trial.spoils {
                found.push(trial.hypothesis);
            }
        };
        let scales = |made: &Made| made.mistake.scales();
        let has_effect = |made: &Made| {
            let mut pass = Pass::new(self.problem);
            made.apply(self.problem, &mut pass);
            let steps = pass.steps_mut(self.problem.network.layers().len() - 1);
            steps.factor != 1.0 || steps.loss_factor != 1.0
        };
        // Without their J, scaling the loss as well would look the same.
        let is_open = |made: &Made| !made.form().convention || self.reading.loss.is_some();
        for scale in places.iter().filter(|made| scales(made) && is_open(made) && has_effect(made)) {
            for other in places.iter().filter(|made| !scales(made)) {
                attempt([scale, other]);
            }
            if scale.mistake.id != SIGN {
                places.iter().filter(|made| made.mistake.id == SIGN).for_each(|sign| attempt([sign, scale]));
            }
        }
        // From the last layer down, the upper of two mistakes alone explains everything until the lower one, which is in the
        // first layer with a mismatch.
        for (i, trial) in trials {
            let (upper, Some(layer)) = (&places[*i], trial.misses) else { continue };
            let is_above = upper.mistake.forward || upper.layer.is_some_and(|upper| upper > layer + 1);
            if trial.misses_forward || !is_above || upper.mistake.scales() {
                continue;
            }
            let is_lower = |made: &&Made| made.layer == Some(layer + 1) && !made.mistake.forward;
            for lower in places.iter().filter(is_lower).filter(|lower| lower.layer != upper.layer) {
                attempt([upper, lower]);
            }
        }
        // In the forward pass the layers cannot be told apart beforehand: the same mistake twice, or a missing bias as
        // well, is tried.
        let forward: Vec<_> = places.iter().filter(|made| made.mistake.forward && made.layer.is_some()).collect();
        let products = 3.0 * (self.problem.network.parameter_count() * self.problem.x.columns()) as f64;
        let same = |u: &Made, v: &Made| (u.mistake.id, u.form) == (v.mistake.id, v.form);
        for (i, first) in forward.iter().enumerate() {
            for second in forward[i + 1..].iter().filter(|second| second.layer != first.layer) {
                let is_likely = same(first, second) || [first, second].iter().any(|made| made.mistake.id == BIAS);
                if is_likely && products * (forward.len() as f64) * 4.0 <= MAX_MULTIPLICATIONS {
                    attempt([first, second]);
                }
            }
        }
        found
    }

    // ——— From hypotheses to findings ———

    fn singles(&self, hypotheses: &[Hypothesis]) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for (i, hypothesis) in hypotheses.iter().enumerate() {
            let is_rival = |(k, other): &(usize, &Hypothesis)| *k != i && other.explains == hypothesis.explains;
            let rival = hypotheses.iter().enumerate().find(is_rival);
            let tell_apart = rival.map(|(_, rival)| self.tell_apart(&hypothesis.made, &rival.made));
            findings.push(self.finding(&hypothesis.made[0], &hypothesis.made, hypothesis.explains.clone(), tell_apart));
        }
        findings.sort_by_key(|finding| Reverse(finding.explains.len()));
        findings
    }

    /// Of two mistakes, the one that explains an array by itself is its explanation; other arrays need both.
    fn together(&self, pairs: &[Hypothesis]) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        let tell_apart = match pairs {
            [one, other, ..] => Some(self.tell_apart(&one.made, &other.made)),
            _ => None,
        };
        for pair in pairs {
            let alone: Vec<Vec<Array>> = pair
                .made
                .iter()
                .map(|made| self.attempt(std::slice::from_ref(made), false).hypothesis.explains)
                .collect();
            for (i, made) in pair.made.iter().enumerate() {
                let by_other = |array: &&Array| !alone[1 - i].contains(array) || alone[i].contains(array);
                let explains: Vec<Array> = pair.explains.iter().filter(by_other).copied().collect();
                let mut finding = self.finding(made, &pair.made, explains, tell_apart.clone());
                finding.with = vec![pair.made[1 - i].mistake.id];
                let known = |known: &Finding| {
                    (known.made.mistake.id, known.layer, &known.with) == (made.mistake.id, finding.layer, &finding.with)
                };
                if !finding.explains.is_empty() && !findings.iter().any(known) {
                    findings.push(finding);
                }
            }
        }
        findings.sort_by_key(|finding| Reverse(finding.explains.len()));
        findings
    }

    fn finding(&self, made: &Made, all: &[Made], explains: Vec<Array>, tell_apart: Option<String>) -> Finding {
        let mut sentence = made.mistake.sentence.to_owned();
        if !made.remark().is_empty() {
            sentence = format!("{sentence} {}", made.remark());
        }
        if made.form().convention {
            sentence += " That is a convention, and no error: only the learning rate means something else.";
        }
        Finding {
            made: made.clone(),
            layer: made.layer.or_else(|| self.only_layer(made)),
            sentence,
            with: Vec::new(),
            tell_apart,
            sample: self.sample(all, &explains),
            explains,
        }
    }

    /// The layer, from 1, if the mistake changes the numbers of only one.
    fn only_layer(&self, made: &Made) -> Option<usize> {
        let wrong = explain_with_mistakes(self.problem, std::slice::from_ref(made));
        let differs = |l: &usize| {
            let pairs = wrong.layers[*l].matrices().into_iter().zip(self.right.layers[*l].matrices());
            pairs.into_iter().any(|(wrong, right)| misfit(wrong, right, 0.0) > 1e-12)
        };
        let layers: Vec<usize> = (0..wrong.layers.len()).filter(differs).collect();
        if let [only] = layers[..] { Some(only + 1) } else { None }
    }

    /// The entry of the first explained array in which right and wrong differ most.
    fn sample(&self, made: &[Made], explains: &[Array]) -> Option<Sample> {
        let given = self.arrays.iter().find(|given| explains.contains(&given.array))?;
        let wrong = given.array.of(&explain_with_mistakes(self.problem, made), self.problem);
        let (rows, columns) = given.array.shape(self.problem);
        if (wrong.rows(), wrong.columns()) != (rows, columns) {
            return None;
        }
        let entries = (0..rows).flat_map(|i| (0..columns).map(move |k| (i, k)));
        let apart = |&at: &(usize, usize)| (wrong[at] - given.right[at]).abs();
        // The first one in a tie.
        let at = entries.reduce(|best, at| if apart(&at) > apart(&best) { at } else { best })?;
        Some(Sample {
            array: given.array,
            at: (at.0 + 1, at.1 + 1),
            yours: given.theirs[at],
            ours: given.right[at],
            with_mistake: wrong[at],
        })
    }

    /// What to add to the file, or to try, so that two explanations no longer give the same numbers.
    fn tell_apart(&self, one: &[Made], other: &[Made]) -> String {
        let numbers = |problem: Problem<'_>, made| explain_with_mistakes(problem, made);
        let (u, v) = (numbers(self.problem, one), numbers(self.problem, other));
        let layers = self.problem.network.layers().len();
        if let Some(array) = first_difference(self.problem, &u, &v, layers) {
            return format!(
                "Add `{}` of layer {} to your file: the two explanations differ there.",
                array.quantity.name(),
                array.layer.unwrap_or(1)
            );
        }
        if misfit(&Matrix::from_column(&[u.loss]), &Matrix::from_column(&[v.loss]), 0.0) > 1e-6
            && self.reading.loss.is_none()
        {
            return "Add `loss` to your file: the two explanations differ there.".to_owned();
        }
        // The same batch with another number of examples.
        let (x, y) = (self.problem.x, self.problem.y);
        let m = x.columns();
        let indices: Vec<usize> = if m > 1 { (0..m - 1).collect() } else { vec![0, 0] };
        let (mut fewer_x, mut fewer_y) = (Matrix::zeros(0, 0), Matrix::zeros(0, 0));
        fewer_x.gather_columns(x, &indices);
        fewer_y.gather_columns(y, &indices);
        if m == 1 {
            fewer_x.column_mut(1).iter_mut().for_each(|x| *x *= 0.5);
        }
        let problem = Problem { x: &fewer_x, y: &fewer_y, ..self.problem };
        if first_difference(problem, &numbers(problem, one), &numbers(problem, other), layers).is_some() {
            return format!("Another batch size tells them apart: try {} examples.", if m > 2 { m - 1 } else { m + 1 });
        }
        "Try layers of different widths, or other random weights.".to_owned()
    }

    /// Simple relations between their wrong arrays and ours, for when no known mistake explains them.
    fn relations(&self) -> Vec<String> {
        let wrong = self.arrays.iter().filter(|given| !given.agrees());
        let factors = wrong.filter_map(|given| {
            let (theirs, ours) = (given.theirs.as_slice(), given.right.as_slice());
            let dot = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(u, v)| u * v).sum::<f64>();
            let factor = dot(theirs, ours) / dot(ours, ours);
            let scaled = given.right.map(|x| factor * x);
            let fits = factor != 0.0 && misfit(given.theirs, &scaled, 0.0) <= given.tolerance;
            (fits && ours.len() > 1).then(|| format!("Every entry of {} is {factor:.6} times ours.", given.array))
        });
        factors.collect()
    }
}

const SIGN: &str = "sign-turned";
const BIAS: &str = "bias-missing";

pub(super) const MORE_DIGITS: &str = "Your numbers have few digits. Print more of them: x.tolist() in NumPy and PyTorch, \
                                      {:.17e} in C, {:?} in Rust.";

impl Mistake {
    /// Whether it multiplies the whole gradient.
    fn scales(&self) -> bool {
        let factors = ["mean-missing", "mean-twice", "half-missing", "mean-over-outputs", SIGN];
        self.place == Place::All && factors.contains(&self.id)
    }
}

impl Trial {
    fn take(&mut self, array: Array, misfit: f64, evidence: f64) {
        self.hypothesis.explains.push(array);
        self.hypothesis.misfit = self.hypothesis.misfit.max(misfit);
        self.hypothesis.evidence += evidence;
    }

    /// Many mistakes make an array zero, flip the sign of a number or double it. One that explains no more than that, and has
    /// other effects that do not fit, explains nothing.
    fn is_by_chance(&self) -> bool {
        self.numbers < MIN_NUMBERS && self.misses_what_it_changes
    }
}

/// The number of decimal digits that agree, summed over the entries; entries far below the largest add nothing.
fn evidence(given: &Given<'_>, predicted: &Matrix<f64>, misfit: f64) -> f64 {
    let digits = -misfit.max(given.resolution).log10();
    let largest = largest(predicted);
    let (theirs, right) = (given.theirs.as_slice(), given.right.as_slice());
    // If all zeros are predicted, the entries that count are those that should not be zero.
    let entries = theirs.iter().zip(right).filter(|(theirs, right)| match largest {
        0.0 => **right != 0.0,
        _ => theirs.abs() > 0.01 * largest,
    });
    digits.max(0.0) * entries.count() as f64
}

/// The hypotheses that fit about as well as the best one.
fn best(hypotheses: Vec<Hypothesis>) -> Vec<Hypothesis> {
    let least = hypotheses.iter().map(|hypothesis| hypothesis.misfit).fold(f64::INFINITY, f64::min);
    let bound = CLEARLY_WORSE * least.max(ROUNDING);
    hypotheses.into_iter().filter(|hypothesis| hypothesis.misfit <= bound).collect()
}

/// One hypothesis for each id and layer, and the mistake in one layer rather than the same one in all layers.
fn distinct(hypotheses: Vec<Hypothesis>) -> Vec<Hypothesis> {
    let mut kept: Vec<Hypothesis> = Vec::new();
    for hypothesis in hypotheses {
        let made = &hypothesis.made[0];
        let same = |known: &&mut Hypothesis| {
            let known = &known.made[0];
            known.mistake.id == made.mistake.id && (known.layer == made.layer || made.layer.is_none())
        };
        match kept.iter_mut().find(same) {
            // The form that explains more.
            Some(known) if hypothesis.explains.len() > known.explains.len() => *known = hypothesis,
            Some(_) => {}
            None => kept.push(hypothesis),
        }
    }
    kept
}

/// The first array, in the order of computation, where two passes differ.
fn first_difference(
    problem: Problem<'_>,
    u: &EngineExplanation,
    v: &EngineExplanation,
    layers: usize,
) -> Option<Array> {
    let kinds = [Quantity::Z, Quantity::A, Quantity::Delta, Quantity::WeightGradient, Quantity::BiasGradient];
    let arrays = kinds.into_iter().flat_map(|quantity| (1..=layers).map(move |l| Array { quantity, layer: Some(l) }));
    let mut arrays: Vec<Array> = arrays.collect();
    arrays.sort_by_key(|array| array.order());
    arrays.into_iter().find(|array| {
        let (u, v) = (array.of(u, problem), array.of(v, problem));
        misfit(&u, &v, 0.0) > 1e-6
    })
}
