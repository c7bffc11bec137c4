//! Every gradient twice: the δ-recursion against the tape, for every activation and loss that a network can have, and
//! both against differences of J.

mod common;

use std::fmt;

use common::{random_targets, single};
use nn_core::{Activation, Generator, Loss, Matrix, Scalar, below, seeded};
use nn_layers::{ByHand, ByTape, Dense, Engine, Network};
use nn_testing::{largest, largest_difference, random_matrix, ratio};

/// What a network is made of. Its display names the case in messages.
#[derive(Clone, Debug)]
struct Case {
    inputs: usize,
    layers: Vec<(usize, Activation)>,
    loss: Loss,
    examples: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.inputs)?;
        for (units, activation) in &self.layers {
            write!(f, " → {units} {activation}")?;
        }
        write!(f, ", {}, {} examples", self.loss, self.examples)
    }
}

impl Case {
    /// Normal weights, biases and data: nothing is zero, one, or of unit length.
    fn draw(&self, rng: &mut Generator) -> (Network<f64>, Matrix<f64>, Matrix<f64>) {
        let mut below = self.inputs;
        let mut layers = Vec::new();
        for &(units, activation) in &self.layers {
            layers.push(Dense {
                weight: random_matrix(units, below, rng),
                bias: random_matrix(units, 1, rng),
                activation,
            });
            below = units;
        }
        let network = Network::new(layers, self.loss).expect("layers that fit");
        let x = random_matrix(self.inputs, self.examples, rng);
        let y = random_targets(self.loss, below, self.examples, rng);
        (network, x, y)
    }
}

/// The last activations that a model file allows, each with its loss.
fn ends() -> Vec<(Activation, Loss)> {
    let mut ends: Vec<_> = Activation::ALL.iter().map(|&activation| (activation, Loss::LeastSquares)).collect();
    ends.push((Activation::Softmax, Loss::CrossEntropy));
    ends.push((Activation::Sigmoid, Loss::BinaryCrossEntropy));
    ends
}

/// Every hidden activation × every end × depths × batches, with widths from 1 to 9 that the generator draws. At depth 1
/// there is no hidden layer, so that one hidden activation stands for all.
fn cases(hidden: &[Activation], depths: &[usize], batches: &[usize], rng: &mut Generator) -> Vec<Case> {
    let mut cases = Vec::new();
    for &depth in depths {
        for &activation in if depth == 1 { &hidden[..1] } else { hidden } {
            for (last, loss) in ends() {
                for &examples in batches {
                    let mut width = || 1 + below(rng, 9);
                    let inputs = width();
                    let mut layers: Vec<_> = (1..depth).map(|_| (width(), activation)).collect();
                    layers.push((width(), last));
                    cases.push(Case { inputs, layers, loss, examples });
                }
            }
        }
    }
    cases
}

/// The worst that was found of each quantity.
#[derive(Debug, Default)]
struct Worst {
    loss: f64,
    z_and_a: f64,
    delta: f64,
    gradient: f64,
}

/// z and a are compared each on its own scale, δ and gradients on the scale of all δ and of the whole gradient vector: one
/// array of a network may cancel to nothing. A scale of zero forgives nothing.
fn compare<T: Scalar>(by_hand: &mut ByHand<T>, by_tape: &mut ByTape<T>, depth: usize) -> Worst {
    let (j, j_tape) = (by_hand.loss_and_gradients().to_f64(), by_tape.loss_and_gradients().to_f64());
    assert!(j.is_finite() && j_tape.is_finite());
    let mut worst = Worst { loss: ratio((j - j_tape).abs(), j.abs()), ..Worst::default() };
    let (mut delta, mut delta_scale, mut gradient, mut gradient_scale) = (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
    for l in 0..depth {
        let (hand, tape) = (by_hand.layer(l), by_tape.layer(l));
        for (hand, tape) in [(hand.z, tape.z), (hand.a, tape.a)] {
            worst.z_and_a = worst.z_and_a.max(ratio(largest_difference(hand, tape), largest(tape)));
        }
        delta = delta.max(largest_difference(hand.delta, tape.delta));
        delta_scale = delta_scale.max(largest(tape.delta));
        for (hand, tape) in [(hand.weight_gradient, tape.weight_gradient), (hand.bias_gradient, tape.bias_gradient)] {
            gradient = gradient.max(largest_difference(hand, tape));
            gradient_scale = gradient_scale.max(largest(tape));
        }
    }
    (worst.delta, worst.gradient) = (ratio(delta, delta_scale), ratio(gradient, gradient_scale));
    worst
}

/// Compares the engines in every case; `tolerance` holds for each quantity.
fn engines_agree<T: Scalar>(tolerance: f64, convert: impl Fn(&Network<f64>) -> Network<T>) {
    let mut rng = seeded(11);
    let cases = cases(&Activation::ALL, &[1, 2, 3, 5], &[1, 3, 17], &mut rng);
    let mut overall = Worst::default();
    for case in &cases {
        let (network, x, y) = case.draw(&mut rng);
        let network = convert(&network);
        let (mut by_hand, mut by_tape) = (ByHand::new(network.clone()), ByTape::new(&network));
        let (x, y) = (x.map(T::from_f64), y.map(T::from_f64));
        by_hand.set_batch(&x, &y);
        by_tape.set_batch(&x, &y);
        let worst = compare(&mut by_hand, &mut by_tape, case.layers.len());
        for (overall, found) in [
            (&mut overall.loss, worst.loss),
            (&mut overall.z_and_a, worst.z_and_a),
            (&mut overall.delta, worst.delta),
            (&mut overall.gradient, worst.gradient),
        ] {
            *overall = overall.max(found);
            assert!(found <= tolerance, "{case}: {worst:?}");
        }
    }
    println!("{} networks, worst relative differences: {overall:?}", cases.len());

    // The widths are drawn: that the small ones are among them is to be seen, not hoped for.
    assert_eq!(cases.len(), 10 * 3 + 8 * 10 * 3 * 3);
    assert!(cases.iter().any(|case| case.inputs == 1));
    assert!(cases.iter().any(|case| case.layers.last().is_some_and(|&(units, _)| units == 1)));
    assert!(cases.iter().any(|case| case.layers.len() > 2 && case.layers[1].0 == 1));
}

#[test]
fn engines_agree_in_double_precision() {
    engines_agree::<f64>(1e-13, Clone::clone);
}

#[test]
fn engines_agree_in_single_precision() {
    engines_agree::<f32>(5e-6, single);
}

// ——— Against differences of J ———

/// All parameters of a network in one list, and back.
fn moved(network: &Network<f64>, direction: &[Matrix<f64>], distance: f64) -> Network<f64> {
    let layers = network.layers().iter().zip(direction.chunks(2)).map(|(dense, direction)| {
        let mut dense = dense.clone();
        dense.weight.zip_in_place(&direction[0], |w, v| w + distance * v);
        dense.bias.zip_in_place(&direction[1], |b, v| b + distance * v);
        dense
    });
    Network::new(layers.collect(), network.loss()).expect("layers that fit")
}

/// J, and whether each entry of z is positive, in every layer: computed layer by layer, with no engine.
fn loss_and_signs(network: &Network<f64>, x: &Matrix<f64>, y: &Matrix<f64>) -> (f64, Vec<bool>) {
    let (mut z, mut a, mut signs) = (Matrix::zeros(0, 0), x.clone(), Vec::new());
    for dense in network.layers() {
        dense.pre_activation(&a, &mut z);
        dense.activation_of(&z, &mut a);
        signs.extend(z.as_slice().iter().map(|&z| z > 0.0));
    }
    (network.loss().value(&z, &a, y), signs)
}

/// The derivative of J along `direction` by five points, (J(−2h) − 8 J(−h) + 8 J(h) − J(2h)) / 12h, whose error is of the
/// order h⁴; `None` where an entry of z changes sign on the way, which for ReLU is a kink.
fn stencil(network: &Network<f64>, x: &Matrix<f64>, y: &Matrix<f64>, direction: &[Matrix<f64>]) -> Option<f64> {
    const H: f64 = 1e-3;
    let (_, signs) = loss_and_signs(network, x, y);
    let mut sum = 0.0;
    for (steps, factor) in [(-2.0, 1.0), (-1.0, -8.0), (1.0, 8.0), (2.0, -1.0)] {
        let (j, there) = loss_and_signs(&moved(network, direction, steps * H), x, y);
        if there != signs {
            return None;
        }
        sum += factor * j;
    }
    Some(sum / (12.0 * H))
}

/// A random direction of length 1 over all parameters.
fn direction(network: &Network<f64>, rng: &mut Generator) -> Vec<Matrix<f64>> {
    let mut direction: Vec<_> = network.parameters().map(|p| random_matrix(p.rows(), p.columns(), rng)).collect();
    let length = length(&direction);
    direction.iter_mut().for_each(|matrix| matrix.map_in_place(|v| v / length));
    direction
}

fn length(matrices: &[Matrix<f64>]) -> f64 {
    matrices.iter().flat_map(Matrix::as_slice).map(|v| v * v).sum::<f64>().sqrt()
}

/// ∂J/∂θ · direction, and ‖∂J/∂θ‖
fn slope(engine: &mut impl Engine<f64>, direction: &[Matrix<f64>]) -> (f64, f64) {
    engine.loss_and_gradients();
    let gradient: Vec<_> = engine.parameters_mut().map(|(_, gradient)| gradient.clone()).collect();
    assert_eq!(gradient.len(), direction.len());
    let products = gradient.iter().zip(direction).flat_map(|(g, v)| g.as_slice().iter().zip(v.as_slice()));
    (products.map(|(g, v)| g * v).sum(), length(&gradient))
}

/// Both engines against the stencil, on the scale ‖∂J/∂θ‖ ‖v‖ + |J|, in every case of these hidden activations.
fn gradients_are_slopes(hidden: &[Activation], tolerance: f64) {
    let mut rng = seeded(12);
    let mut worst = (0.0, String::new());
    for case in cases(hidden, &[1, 2, 3], &[1, 4], &mut rng) {
        let last = case.layers[case.layers.len() - 1].1;
        if last == Activation::Step {
            continue; // J has jumps and no slope.
        }
        // Where the way meets a kink of ReLU, other numbers are drawn. Smooth networks take the first.
        let (network, x, y, v, want) = (0..1000)
            .find_map(|_| {
                let (network, x, y) = case.draw(&mut rng);
                // Weights of size 1/√n keep the fifth derivative, and with it the error of the stencil, small.
                let scale = 1.0 / (case.inputs as f64).sqrt().max(2.0);
                let network = network.map(|w| scale * w);
                let v = direction(&network, &mut rng);
                stencil(&network, &x, &y, &v).map(|want| (network, x, y, v, want))
            })
            .expect("a way without a kink");
        let (j, _) = loss_and_signs(&network, &x, &y);
        let (mut by_hand, mut by_tape) = (ByHand::new(network.clone()), ByTape::new(&network));
        by_hand.set_batch(&x, &y);
        by_tape.set_batch(&x, &y);
        for (name, (got, length)) in [("by hand", slope(&mut by_hand, &v)), ("by tape", slope(&mut by_tape, &v))] {
            let error = ratio((got - want).abs(), length + j.abs());
            assert!(error <= tolerance, "{case}, {name}: slope {got}, differences give {want}, off by {error:.1e}");
            if error > worst.0 {
                worst = (error, format!("{case}, {name}"));
            }
        }
    }
    println!("worst slope: off by {:.1e} in {}", worst.0, worst.1);
}

#[test]
fn gradients_are_slopes_of_smooth_networks() {
    let smooth =
        [Activation::Identity, Activation::Sigmoid, Activation::Tanh, Activation::Softplus, Activation::Softmax];
    gradients_are_slopes(&smooth, 1e-11);
}

#[test]
fn gradients_are_slopes_away_from_the_kinks_of_relu() {
    gradients_are_slopes(&[Activation::Relu, Activation::LeakyRelu], 1e-11);
}

// ——— The step activation ———

/// step′ = 0: below a step every gradient is exactly zero in both engines, above it they are not.
#[test]
fn nothing_is_learned_through_a_step() {
    let mut rng = seeded(13);
    let layers =
        vec![(4, Activation::Tanh), (5, Activation::Step), (3, Activation::Sigmoid), (2, Activation::Identity)];
    let case = Case { inputs: 3, layers, loss: Loss::LeastSquares, examples: 6 };
    let (network, x, y) = case.draw(&mut rng);
    let (mut by_hand, mut by_tape) = (ByHand::new(network.clone()), ByTape::new(&network));
    by_hand.set_batch(&x, &y);
    by_tape.set_batch(&x, &y);
    by_hand.loss_and_gradients();
    by_tape.loss_and_gradients();
    for l in 0..4 {
        for values in [by_hand.layer(l), by_tape.layer(l)] {
            for gradient in [values.delta, values.weight_gradient, values.bias_gradient] {
                assert_eq!(largest(gradient) == 0.0, l < 2, "layer {}: {gradient}", l + 1);
            }
        }
    }
}
