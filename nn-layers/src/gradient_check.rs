//! Four independent methods for a gradient, compared: by hand, by tape, by dual numbers, by finite differences.
//!
//! | method | what it knows of derivatives |
//! |---|---|
//! | by hand | the δ-recursion, and σ′ and ∂J/∂a from nn-core |
//! | by tape | the chain rule step by step, and the same σ′ and ∂J/∂a |
//! | dual numbers | the rules of +, −, ·, / and of exp, ln, tanh; it runs the forward pass alone |
//! | stencil | nothing: it subtracts losses |
//!
//! The first two give the whole gradient and are compared entry by entry. The other two give a slope, which is the
//! directional derivative of J along a direction v within one parameter matrix: each entry of a matrix with at most
//! [`SINGLE_ENTRIES`], one random direction of a larger one.
//!
//! # Scale
//!
//! A difference is divided by ‖g‖, the norm of the whole gradient vector (the larger of the two engines'), a difference of
//! slopes by ‖g‖ ‖v‖, where every v has norm 1; for the stencil |J| is added, because it subtracts numbers of that size. A
//! single entry or matrix may be zero by cancellation, so an error relative to it would be useless. Where the whole
//! gradient is rounding noise (at an optimum the examples cancel each other), 1/64 of the root mean square norm of
//! single-example gradients takes the place of ‖g‖.
//!
//! # Rounding
//!
//! σ′ is taken from a, and where a rounds to 1 it has no digit left: the gradient by hand may be exactly 0 where dual
//! numbers find 1e-17, and both are right. So a forward error analysis (one forward and one backward pass over absolute
//! values) bounds the rounding error of the gradient. The scale is at least that error divided by the tolerance for dual
//! numbers. The rounding error of the losses that the stencil subtracts, divided by h, is allowed for in the same way.

use nn_autodiff::Dual;
use nn_core::{Matrix, Scalar, Shape, Write, matmul, seeded};

use crate::rounding::{Rounding, relative_error, rounding};
use crate::slopes::{Direction, Forward, has_kink};
use crate::{ByHand, ByTape, Engine, Network};

/// A matrix with at most this many entries is checked in each of them, a larger one along one random direction.
pub const SINGLE_ENTRIES: usize = 1000;

/// How far two methods may be apart, on the scale of the gradient.
///
/// A bound is at least five times the worst that ten thousand random networks show
/// (`cargo run --release -p nn-layers --example ten_thousand_networks` prints it).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// By hand against by tape.
    pub tape: f64,
    /// By hand against dual numbers.
    pub dual: f64,
    /// By hand against the stencil.
    pub stencil: f64,
}

impl Bounds {
    /// For networks in f64.
    pub const F64: Bounds = Bounds { tape: 1e-13, dual: 1e-12, stencil: 1e-8 };

    /// For networks in f32. The stencil is computed in f64, so its bound reflects the rounding of the f32 gradient.
    pub const F32: Bounds = Bounds { tape: 5e-6, dual: 1e-4, stencil: 1e-4 };

    /// The bounds for networks of this number type, by the spacing of its numbers.
    ///
    /// ```
    /// use nn_layers::Bounds;
    /// assert_eq!(Bounds::of::<f64>(), Bounds::F64);
    /// assert_eq!(Bounds::of::<f32>(), Bounds::F32);
    /// ```
    pub fn of<T: Scalar>() -> Bounds {
        if epsilon::<T>() > f64::EPSILON { Bounds::F32 } else { Bounds::F64 }
    }
}

/// How the four methods agree on one parameter matrix. Differences are on the scale of the gradient; a NaN in a gradient by
/// hand or by tape is an infinite difference.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterCheck {
    /// W1, b1, W2, …, as the tape calls them.
    pub name: String,
    /// n_l × n_{l−1} or n_l × 1.
    pub shape: Shape,
    /// The largest |by hand − by tape| over all entries, / ‖g‖.
    pub tape: f64,
    /// The largest |by hand − dual numbers| over the directions, / ‖g‖ ‖v‖; `None` where an example is at a kink, or all
    /// of them overflow.
    pub dual: Option<f64>,
    /// The largest |by hand − stencil| over the directions, / (‖g‖ ‖v‖ + |J|); `None` where all of them are at a kink, or
    /// overflow.
    pub stencil: Option<f64>,
    /// The number of directions along which slopes were compared: the number of entries, or 1.
    pub directions: usize,
    /// In this many of them the stencil's step was shortened because a kink was near.
    pub shortened: usize,
    /// In this many of them it met a kink all the same, and was skipped.
    pub at_a_kink: usize,
    /// In this many of them the dual number or the stencil was skipped, because it overflows although the gradient by hand is
    /// finite. (The stencil multiplies losses by 8; dual numbers square a residual before they halve it.)
    pub overflowed: usize,
}

impl ParameterCheck {
    /// Whether each difference is within its bound; what was skipped counts as within.
    pub fn agrees(&self, bounds: &Bounds) -> bool {
        let within = |difference: Option<f64>, bound| difference.is_none_or(|difference| difference <= bound);
        self.tape <= bounds.tape && within(self.dual, bounds.dual) && within(self.stencil, bounds.stencil)
    }
}

/// The result of a check of a network on a batch: a row for each parameter matrix, W1, b1, W2, b2, …
#[derive(Clone, Debug, PartialEq)]
pub struct GradientCheck {
    /// J
    pub loss: f64,
    /// The scale of all differences: ‖g‖, or more where ‖g‖ is of the size of the [rounding error](GradientCheck::rounding).
    pub scale: f64,
    /// A bound on the rounding error of the gradient, most of which comes from a, from which σ′ is taken. If the norm of the
    /// gradient is below it, the check can only say that all methods find it that small. If it is infinite, dual numbers and
    /// the stencil are skipped.
    pub rounding: f64,
    /// The norm of the gradient by hand.
    pub length: f64,
    /// The number of units that are saturated on some example: their a (sigmoid, tanh or softmax) is within 4 ε of ±1, so
    /// that σ′ taken from it has no digit left. The last layer does not count under a cross-entropy, whose δ takes no σ′.
    pub saturated_units: usize,
    /// The number of saturated activations, over all units and examples.
    pub saturated_activations: usize,
    /// The examples of the batch that were used.
    pub examples: usize,
    /// The examples that were left out, because they are at a kink.
    pub left_out: usize,
    /// The bounds of the differences.
    pub bounds: Bounds,
    /// One for each parameter matrix.
    pub parameters: Vec<ParameterCheck>,
}

impl GradientCheck {
    /// Whether every parameter matrix [agrees](ParameterCheck::agrees), on a scale that is finite.
    pub fn agrees(&self) -> bool {
        self.scale.is_finite() && self.parameters.iter().all(|parameter| parameter.agrees(&self.bounds))
    }

    /// The largest difference of all matrices: by hand against tape, dual numbers, stencil. What was skipped counts as 0.
    pub fn worst(&self) -> [f64; 3] {
        self.parameters.iter().fold([0.0; 3], |[tape, dual, stencil], row| {
            [tape.max(row.tape), dual.max(row.dual.unwrap_or(0.0)), stencil.max(row.stencil.unwrap_or(0.0))]
        })
    }
}

/// Checks the gradients of [`ByHand`] and [`ByTape`] for a network and a batch against each other, dual numbers and
/// differences. `seed` gives the random directions.
///
/// Examples [at a kink](examples_at_a_kink) are left out, unless all of them are.
///
/// ```
/// use nn_core::{Activation, Loss, Matrix, seeded};
/// use nn_layers::{Initialization, Network, check_gradients};
///
/// let layers = [(3, Activation::Tanh), (2, Activation::Softmax)];
/// let network = Network::<f64>::random(4, &layers, Loss::CrossEntropy, Initialization::Glorot, &mut seeded(1))?;
/// let x = Matrix::from_columns(&[[0.5, -1.0, 0.0, 2.0], [1.5, 0.5, -0.5, 0.0]]);
/// let y = Matrix::from_columns(&[[1.0, 0.0], [0.0, 1.0]]);
/// let check = check_gradients(&network, &x, &y, 1);
/// assert!(check.agrees());
/// assert_eq!(check.parameters[2].name, "W2");
/// # Ok::<(), nn_layers::NetworkError>(())
/// ```
///
/// # Shapes
///
/// x: n₀ × m, y: n_L × m.
///
/// # Panics
///
/// Panics if the batch does not fit the network or is empty.
#[track_caller]
pub fn check_gradients<T: Scalar>(network: &Network<T>, x: &Matrix<T>, y: &Matrix<T>, seed: u64) -> GradientCheck {
    network.check_batch(x, y);
    let at_a_kink = examples_at_a_kink(network, x);
    let (mut clear_x, mut clear_y) = (x.clone(), y.clone());
    let clear: Vec<usize> = (0..x.columns()).filter(|j| !at_a_kink.contains(j)).collect();
    if !clear.is_empty() {
        clear_x.gather_columns(x, &clear);
        clear_y.gather_columns(y, &clear);
    }
    let by_hand = gradients(&mut ByHand::new(network.clone()), &clear_x, &clear_y);
    let by_tape = gradients(&mut ByTape::new(network), &clear_x, &clear_y);
    let check = compare_gradients(network, &clear_x, &clear_y, &by_hand, &by_tape, seed);
    GradientCheck { left_out: x.columns() - clear_x.columns(), ..check }
}

/// The gradients that an engine computes for a batch, in the order W⁽¹⁾, b⁽¹⁾, W⁽²⁾, …
///
/// # Panics
///
/// Panics if the batch does not fit the engine's network or is empty.
#[track_caller]
pub fn gradients<T: Scalar>(engine: &mut impl Engine<T>, x: &Matrix<T>, y: &Matrix<T>) -> Vec<Matrix<T>> {
    engine.set_batch(x, y);
    engine.loss_and_gradients();
    engine.parameters_mut().map(|(_, gradient)| gradient.clone()).collect()
}

/// [`check_gradients`] for gradients from anywhere, in the order W⁽¹⁾, b⁽¹⁾, W⁽²⁾, …: the three other methods are compared
/// with `by_hand`.
///
/// # Dual numbers and stencil
///
/// The dual numbers carry the network's own precision, and run its forward pass and its loss.
///
/// The stencil is the five-point one, whose error is of the order h⁴:
///
/// ```text
/// ∂J/∂θ · v ≈ (J(θ − 2hv) − 8 J(θ − hv) + 8 J(θ + hv) − J(θ + 2hv)) / 12h
/// ```
///
/// It is computed in **f64 even for a network in f32**, whose numbers f64 holds exactly: a difference of losses in f32
/// keeps ε^(4/5), five digits at best, and its longer step meets more kinks. So it tells how good the f32 gradient is, not
/// how good the stencil is.
///
/// h = ε^(1/5) / (the largest rate at which a pre-activation of any layer changes along v), and at most ε^(1/5) times the
/// largest parameter perturbed, or 1: then no z changes by more than 2 ε^(1/5) = 0.0015, whatever the sizes of the inputs,
/// of the weights above and of v.
///
/// # Kinks
///
/// At the kink of ReLU and leaky ReLU and at the jump of the step there is no derivative, and a stencil across one gives
/// nonsense. A unit is clear of the kink if |z| is at least 1.5 times the largest change of z. If some unit is not, h is
/// divided by 64, once; if that does not help, the direction is skipped. Dual numbers take the same side of the kink as the
/// engines, unless rounding decides it: where an example is [at a kink](examples_at_a_kink), both are skipped.
///
/// # Panics
///
/// Panics if the gradients do not have the shapes of the parameters, or the batch does not fit the network or is empty.
#[track_caller]
pub fn compare_gradients<T: Scalar>(
    network: &Network<T>,
    x: &Matrix<T>,
    y: &Matrix<T>,
    by_hand: &[Matrix<T>],
    by_tape: &[Matrix<T>],
    seed: u64,
) -> GradientCheck {
    network.check_batch(x, y);
    let shapes = |matrices: &[Matrix<T>]| matrices.iter().map(Matrix::shape).collect::<Vec<_>>();
    let wanted: Vec<_> = network.parameters().map(Matrix::shape).collect();
    assert!(shapes(by_hand) == wanted && shapes(by_tape) == wanted, "gradients of other shapes than the parameters");

    let bounds = Bounds::of::<T>();
    let Rounding { norm: rounding, loss: loss_error, saturated_units, saturated_activations } = rounding(network, x, y);
    let is_clear = examples_at_a_kink(network, x).is_empty();
    let compares_slopes = is_clear && rounding.is_finite();
    let mut duals = Forward::new(&network.map(Dual::constant), x.map(Dual::constant), y.map(Dual::constant));
    let mut doubles = Forward::new(&network.map(T::to_f64), x.map(T::to_f64), y.map(T::to_f64));
    let loss = duals.loss.to_f64();
    let floors = [usual_norm(network, x, y) / 64.0, rounding / bounds.dual, smallest_normal::<T>()];
    let scale = floors.into_iter().filter(|floor| floor.is_finite()).fold(norm(by_hand).max(norm(by_tape)), f64::max);
    let mut rng = seeded(seed);

    let parameters = wanted.iter().enumerate().map(|(p, &shape)| {
        let mut row = ParameterCheck {
            name: format!("{}{}", ["W", "b"][p % 2], p / 2 + 1),
            shape,
            tape: 0.0,
            dual: None,
            stencil: None,
            directions: 0,
            shortened: 0,
            at_a_kink: 0,
            overflowed: 0,
        };
        for (hand, tape) in by_hand[p].as_slice().iter().zip(by_tape[p].as_slice()) {
            row.tape = row.tape.max(ratio(hand.to_f64() - tape.to_f64(), scale));
        }
        let entries = shape.rows * shape.columns;
        let directions = match entries {
            0..=SINGLE_ENTRIES => (0..entries).map(Direction::entry).collect(),
            _ => vec![Direction::random::<T>(entries, &mut rng)],
        };
        row.directions = directions.len();
        for v in &directions {
            let slope = v.dot(&by_hand[p]);
            let by_stencil = doubles.stencil(p, v).filter(|_| is_clear);
            row.at_a_kink += usize::from(by_stencil.is_none());
            if !compares_slopes {
                continue;
            }
            // ‖v‖ = 1
            let compared = [
                keep_largest(&mut row.dual, slope, duals.slope(p, v), scale),
                by_stencil.as_ref().is_none_or(|by_stencil| {
                    // The stencil runs in f64: the error of J is smaller by the ratio of the two machine epsilons.
                    let own = relative_error::<f64>() * (by_stencil.largest + loss_error / relative_error::<T>());
                    let scale = (scale + loss.abs()).max(2.0 * own / by_stencil.h / bounds.stencil);
                    keep_largest(&mut row.stencil, slope, by_stencil.slope, scale)
                }),
            ];
            row.overflowed += usize::from(compared != [true, true]);
            row.shortened += usize::from(by_stencil.is_some_and(|by_stencil| by_stencil.is_shortened));
        }
        row
    });
    let parameters = parameters.collect();
    GradientCheck {
        loss,
        scale,
        rounding,
        length: norm(by_hand),
        saturated_units,
        saturated_activations,
        examples: x.columns(),
        left_out: 0,
        bounds,
        parameters,
    }
}

/// Updates the largest difference of slopes. Returns false, and skips it, if the other slope or the scale overflows and the
/// gradient by hand does not.
fn keep_largest(largest: &mut Option<f64>, by_hand: f64, other: f64, scale: f64) -> bool {
    let comparable = (other.is_finite() && scale.is_finite()) || !by_hand.is_finite();
    if comparable {
        *largest = Some(largest.unwrap_or(0.0).max(ratio(by_hand - other, scale)));
    }
    comparable
}

/// The examples, counted from 0, with a unit so close to a kink that rounding may decide its side: |z| is at most
/// 8 ε (Σ|w a| + |b|). Two orders of summation may then disagree, and both be right.
///
/// A z that is 0 because all its terms are 0 does not count: it is 0 in every order of summation.
///
/// # Panics
///
/// Panics if x does not have n₀ rows.
#[track_caller]
pub fn examples_at_a_kink<T: Scalar>(network: &Network<T>, x: &Matrix<T>) -> Vec<usize> {
    let rounding = 8.0 * epsilon::<T>();
    let mut is_at_a_kink = vec![false; x.columns()];
    let (mut z, mut a, mut terms) = (Matrix::zeros(0, 0), x.map(T::to_f64), Matrix::zeros(0, 0));
    for dense in network.map(T::to_f64).layers() {
        dense.pre_activation(&a, &mut z);
        if has_kink(dense.activation) {
            terms.resize(z.rows(), z.columns());
            matmul(&dense.weight.map(f64::abs), &a.map(f64::abs), Write::Replace, &mut terms);
            for (j, is_at_a_kink) in is_at_a_kink.iter_mut().enumerate() {
                let units = z.column(j).iter().zip(terms.column(j)).zip(dense.bias.column(0));
                *is_at_a_kink |= units
                    .map(|((z, terms), b)| (z.abs(), terms + b.abs()))
                    .any(|(z, terms)| terms > 0.0 && z <= rounding * terms);
            }
        }
        dense.activation_of(&z, &mut a);
    }
    (0..x.columns()).filter(|&j| is_at_a_kink[j]).collect()
}

/// ‖g‖, scaled by the largest entry, so that squares neither overflow nor underflow.
pub(crate) fn norm<T: Scalar>(gradient: &[Matrix<T>]) -> f64 {
    let entries = || gradient.iter().flat_map(|matrix| matrix.as_slice()).map(|g| g.to_f64());
    let largest = entries().fold(0.0, |largest: f64, g| largest.max(g.abs()));
    if largest == 0.0 || largest.is_infinite() {
        return largest;
    }
    largest * entries().map(|g| (g / largest).powi(2)).sum::<f64>().sqrt()
}

/// The root mean square of ‖g‖ over single examples, each with its own target and with a target of 0: the norm of a gradient
/// where neither the examples nor output and target cancel each other.
fn usual_norm<T: Scalar>(network: &Network<T>, x: &Matrix<T>, y: &Matrix<T>) -> f64 {
    let mut engine = ByHand::new(network.clone());
    let mut norms = Vec::with_capacity(2 * x.columns());
    for j in 0..x.columns() {
        for target in [y.column(j), &vec![T::zero(); y.rows()]] {
            engine.set_batch(&Matrix::from_column(x.column(j)), &Matrix::from_column(target));
            engine.sweep(); // It does not check targets: all zeros are not valid for cross-entropy.
            let gradient: Vec<_> = engine.parameters_mut().map(|(_, gradient)| gradient.clone()).collect();
            norms.push(norm(&gradient));
        }
    }
    norm(&[Matrix::from_column(&norms)]) / (norms.len() as f64).sqrt()
}

/// |difference| / scale, and ∞ for NaN.
fn ratio(difference: f64, scale: f64) -> f64 {
    let ratio = difference.abs() / scale;
    if ratio.is_nan() { f64::INFINITY } else { ratio }
}

/// The smallest normal number of this type. Below it (subnormal numbers) precision is lost.
pub(crate) fn smallest_normal<T: Scalar>() -> f64 {
    if epsilon::<T>() > f64::EPSILON { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE }
}

/// ε: the distance from 1 to the next number of this type.
pub(crate) fn epsilon<T: Scalar>() -> f64 {
    let is_seen = |step: &f64| T::one() + T::from_f64(*step) > T::one();
    (1..).map(|k| 0.5_f64.powi(k)).take_while(is_seen).last().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_of_zero_and_of_the_largest_numbers_are_right() {
        let one = |x: f64| norm(&[Matrix::from_column(&[x, 0.0])]);
        assert_eq!(one(0.0), 0.0);
        assert_eq!(one(f64::INFINITY), f64::INFINITY);
        // Its square would overflow.
        assert!((norm(&[Matrix::from_column(&[3e200, -4e200])]) / 5e200 - 1.0).abs() < 1e-15);
    }

    /// z = 2x: at x = 3 the gradient is (a − y)(x, 1), so 5 (3, 1) for the target 1 and 6 (3, 1) for the target 0.
    #[test]
    fn the_usual_norm_is_that_of_single_examples() {
        let dense = crate::Dense {
            weight: Matrix::from_rows(&[[2.0]]),
            bias: Matrix::from_column(&[0.0]),
            activation: nn_core::Activation::Identity,
        };
        let network = Network::new(vec![dense], nn_core::Loss::LeastSquares).expect("a network");
        let usual = usual_norm(&network, &Matrix::from_column(&[3.0]), &Matrix::from_column(&[1.0]));
        assert!((usual - 305.0_f64.sqrt()).abs() < 1e-13, "{usual}"); // √((250 + 360) / 2)
    }

    #[test]
    fn every_precision_has_its_bounds() {
        assert_eq!(Bounds::of::<f64>(), Bounds::F64);
        assert_eq!(Bounds::of::<f32>(), Bounds::F32);
        assert_eq!((epsilon::<f64>(), epsilon::<f32>()), (f64::EPSILON, f64::from(f32::EPSILON)));
    }
}
