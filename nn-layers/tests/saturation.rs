//! What the check of gradients says of networks in which rounding leaves σ′ no digits: that they are right, and how much can
//! be judged. And that a wrong gradient is found all the same, wherever one can be told from a right one.

mod common;

use common::{random_targets, single};
use nn_core::{Activation, Loss, Matrix, Scalar, below, seeded, uniform};
use nn_layers::{ByHand, Dense, GradientCheck, Network, check_gradients, compare_gradients, gradients};
use nn_testing::random_matrix;

/// A layer from its weights and biases: a row for each unit, the bias last.
fn layer<T: Scalar, const N: usize, const UNITS: usize>(activation: Activation, units: [[f64; N]; UNITS]) -> Dense<T> {
    Dense {
        weight: Matrix::from_fn(UNITS, N - 1, |i, k| T::from_f64(units[i][k])),
        bias: Matrix::from_fn(UNITS, 1, |i, _| T::from_f64(units[i][N - 1])),
        activation,
    }
}

fn least_squares<T: Scalar>(layers: impl Into<Vec<Dense<T>>>) -> Network<T> {
    Network::new(layers.into(), Loss::LeastSquares).expect("layers that fit")
}

/// Checks a network on two examples, with targets that are far from its outputs.
fn check<T: Scalar>(network: &Network<T>) -> GradientCheck {
    let (x, y) = batch(network);
    check_gradients(network, &x, &y, 1)
}

fn batch<T: Scalar>(network: &Network<T>) -> (Matrix<T>, Matrix<T>) {
    let x = Matrix::from_fn(network.inputs(), 2, |i, j| T::from_f64(0.5 - 0.75 * (i + j) as f64));
    let y = Matrix::from_fn(network.outputs(), 2, |i, j| T::from_f64(0.25 + 0.5 * (i + 2 * j) as f64));
    (x, y)
}

fn epsilon<T: Scalar>() -> f64 {
    if T::from_f64(1.0 + f64::EPSILON) > T::one() { f64::EPSILON } else { f64::from(f32::EPSILON) }
}

/// The z from which a sigmoid rounds to 1, and more.
fn saturating<T: Scalar>() -> [f64; 4] {
    if epsilon::<T>() == f64::EPSILON { [37.0, 40.0, 100.0, 800.0] } else { [17.0, 20.0, 60.0, 200.0] }
}

fn saturated_networks_agree<T: Scalar>() {
    for z in saturating::<T>() {
        for activation in [Activation::Sigmoid, Activation::Tanh] {
            // One layer; all units, some, and on either side of a sigmoid, which keeps its digits on the left.
            for biases in [[z, z], [z, 0.25], [z, -z]] {
                let [first, second] = biases.map(|bias| [0.5, -0.25, bias]);
                let one = least_squares::<T>([layer(activation, [first, second])]);
                let found = check(&one);
                assert!(found.agrees(), "{activation} {biases:?}: {found:#?}");
                let units = biases.iter().filter(|&&b| b == z || (b == -z && activation == Activation::Tanh)).count();
                assert_eq!((found.saturated_units, found.saturated_activations), (units, 2 * units), "{biases:?}");
                // Two layers, either of them saturated, or both.
                for (lower, upper) in [(biases, [0.25, -0.5]), ([0.25, -0.5], biases), (biases, [z, z])] {
                    for next in [Activation::Sigmoid, Activation::Tanh, Activation::Identity, Activation::Softmax] {
                        let [a, b] = lower.map(|bias| [0.5, -0.25, bias]);
                        let [c, d] = [[0.75, -1.25, upper[0]], [-0.5, 2.0, upper[1]]];
                        let two = least_squares::<T>([layer(activation, [a, b]), layer(next, [c, d])]);
                        let found = check(&two);
                        assert!(found.agrees(), "{activation} {lower:?}, {next} {upper:?}: {found:#?}");
                        assert!(
                            found.saturated_units > 0 || lower[0] != z,
                            "{activation}, {next} {upper:?}: {found:?}"
                        );
                    }
                }
            }
        }
        // Softmax under least squares, whose δ subtracts what is nearly equal.
        for biases in [[z, 0.0, 0.0], [0.0, z, -z], [z, z, 0.0]] {
            let units = biases.map(|bias| [0.5, -0.25, bias]);
            let softmax = least_squares::<T>([layer(Activation::Softmax, units)]);
            let found = check(&softmax);
            assert!(found.agrees(), "{biases:?}: {found:#?}");
            assert_eq!(found.saturated_units, usize::from(biases[1] != z || biases[0] != z), "{biases:?}: {found:?}");
        }
    }
}

#[test]
fn saturated_networks_agree_in_double_precision() {
    saturated_networks_agree::<f64>();
}

#[test]
fn saturated_networks_agree_in_single_precision() {
    saturated_networks_agree::<f32>();
}

/// sigmoid′(37) = 8.5e-17, and 0 from a = 1: the gradient by hand is 0, dual numbers find 1e-17, and the check says that
/// this is rounding.
#[test]
fn a_gradient_of_exactly_zero_is_rounding() {
    let one = least_squares([layer(Activation::Sigmoid, [[0.0, 37.0]])]);
    let (x, y) = (Matrix::from_column(&[3.0]), Matrix::from_column(&[0.25]));
    let found = check_gradients(&one, &x, &y, 1);
    assert!(found.agrees() && found.length == 0.0, "{found:#?}");
    let dual = found.parameters[1].dual.expect("judged") * found.scale;
    assert!((dual / (0.75 * (-37.0_f64).exp()) - 1.0).abs() < 1e-12, "{dual}");
    // 4 ε |a − y| a √(x² + 1), and as much again for a − y, which is rounded too, times a σ′ of 0.
    assert!((found.rounding / (4.0 * f64::EPSILON * 0.75 * 10.0_f64.sqrt()) - 1.0).abs() < 1e-12, "{}", found.rounding);
    assert!((found.scale - found.rounding / found.bounds.dual).abs() < 1e-15);
    // A sigmoid keeps its digits on the other side: nothing is saturated, and the gradient is judged as closely as any.
    let left = least_squares([layer(Activation::Sigmoid, [[0.0, -37.0]])]);
    let found = check_gradients(&left, &x, &y, 1);
    assert!(found.agrees() && found.saturated_units == 0 && found.scale == found.length, "{found:#?}");
}

/// The cross-entropies take δ from z: a sure network is not saturated, and rounding takes no digits
/// from its gradient.
#[test]
fn cross_entropies_do_not_saturate() {
    for (last, loss, z) in
        [(Activation::Softmax, Loss::CrossEntropy, 40.0), (Activation::Sigmoid, Loss::BinaryCrossEntropy, 40.0)]
    {
        let sure = Network::new(vec![layer(last, [[0.5, 0.25, z], [0.25, 0.5, -z]])], loss).expect("a network");
        let (x, y) = (Matrix::from_column(&[1.0, -1.0]), Matrix::from_column(&[1.0, 0.0]));
        let found = check_gradients(&sure, &x, &y, 1);
        assert!(found.agrees() && found.saturated_units == 0, "{found:#?}");
        assert!(found.length < 1e-17 && found.rounding < 1e-12 * found.length, "{found:#?}");
    }
}

/// What `by_hand` is held against is right.
fn compared<T: Scalar>(network: &Network<T>, x: &Matrix<T>, y: &Matrix<T>, by_hand: &[Matrix<T>]) -> GradientCheck {
    compare_gradients(network, x, y, by_hand, by_hand, 1)
}

/// Logits so nearly equal that their exponentials are.
#[test]
fn nearly_uniform_softmax_agrees() {
    fn check_biases<T: Scalar>() {
        let e = epsilon::<T>();
        for biases in [[0.05, 0.1, 0.0], [0.1, 0.05, 0.0], [0.1, 0.1, 0.1], [-0.1, 0.2, 0.2], [0.0, -0.05, 0.0]] {
            let units = biases.map(|bias| [0.0, 0.0, bias * e]);
            for loss in [Loss::CrossEntropy, Loss::LeastSquares] {
                let softmax: Dense<T> = layer(Activation::Softmax, units);
                let uniform = Network::new(vec![softmax.clone()], loss).expect("a network");
                let x = Matrix::from_rows(&[[1.0, -0.5, 0.25], [0.5, 2.0, 1.0]]).map(T::from_f64);
                let y = Matrix::from_fn(3, 3, |i, j| if i == j { T::one() } else { T::zero() });
                let found = check_gradients(&uniform, &x, &y, 1);
                assert!(found.agrees() && found.scale == found.length, "{biases:?} {loss}: {found:#?}");
                // And behind a hidden layer of dead units.
                let dead = layer(Activation::Relu, [[0.0, 0.0, -1.0], [0.0, 0.0, -2.0]]);
                let found = check_gradients(&Network::new(vec![dead, softmax], loss).expect("a network"), &x, &y, 1);
                assert!(found.agrees(), "{biases:?} {loss}: {found:#?}");
            }
        }
    }
    check_biases::<f64>();
    check_biases::<f32>();
}

/// Large terms that cancel in z leave it few digits, and all that follows.
#[test]
fn cancelling_terms_are_rounding_too() {
    fn check_sizes<T: Scalar>() {
        for size in [1.0, 1e2, 1e4, 1e6] {
            let size = size * (1e-7 / epsilon::<T>()).sqrt().max(1.0);
            let units = [[size, -size, 0.25], [-size, size, 0.1]];
            for activation in [Activation::Sigmoid, Activation::Tanh, Activation::Softplus] {
                let network =
                    least_squares([layer(activation, units), layer(Activation::Identity, [[0.5, -1.5, 0.0]])]);
                let x = Matrix::from_fn(2, 6, |i, j| T::from_f64(0.3 + 0.1 * j as f64 + i as f64 / (3.0 * size)));
                let y = Matrix::from_fn(1, 6, |_, j| T::from_f64(0.3 * j as f64));
                let found = check_gradients(&network, &x, &y, 1);
                assert!(found.agrees(), "{size:e} {activation}: {found:#?}");
            }
        }
    }
    check_sizes::<f64>();
    check_sizes::<f32>();
}

/// Below the smallest normal number a gradient has fewer digits, down to none.
#[test]
fn a_gradient_that_underflows_agrees() {
    for size in [1e-155, 1e-160, 1e-162, 1e-200] {
        let small = least_squares([layer(Activation::Identity, [[size, 0.7 * size]])]);
        let (x, y) = (Matrix::from_rows(&[[3.1 * size, -size]]), Matrix::from_rows(&[[-1.3 * size, size]]));
        let found = check_gradients(&small, &x, &y, 1);
        assert!(found.agrees() && found.scale > 0.0, "{size:e}: {found:#?}");
    }
    for size in [1e-19, 1e-21, 1e-22, 1e-30] {
        let small = least_squares([layer(Activation::Tanh, [[size, 0.7 * size]])]);
        let (x, y) = (Matrix::from_rows(&[[3.1 * size, -size]]), Matrix::from_rows(&[[-1.3 * size, size]]));
        let found = check_gradients(&small, &x.map(f32::from_f64), &y.map(f32::from_f64), 1);
        assert!(found.agrees() && found.scale > 0.0, "{size:e}: {found:#?}");
    }
    // e^−100 is subnormal in f32, and a large input makes that large.
    let faint = least_squares([layer(Activation::Sigmoid, [[0.0, -100.0]])]);
    let found = check_gradients(&faint, &Matrix::from_column(&[1e12_f32]), &Matrix::from_column(&[1.0]), 1);
    assert!(found.agrees(), "{found:#?}");
}

/// The gradient and J are finite; the dual number of (a − y)², and eight times J, are not.
#[test]
fn what_overflows_on_the_way_is_not_judged() {
    let wide = least_squares([layer(Activation::Identity, [[0.0, 1e154]])]);
    let (x, y) = (Matrix::from_column(&[1.2e154]), Matrix::from_column(&[0.0]));
    let found = check_gradients(&wide, &x, &y, 1);
    assert!(found.agrees() && found.loss.is_finite() && found.scale.is_finite(), "{found:#?}");
    assert_eq!(found.parameters.iter().map(|row| row.overflowed).collect::<Vec<_>>(), [1, 1]);
    assert_eq!((found.parameters[0].dual, found.parameters[0].stencil), (None, None));
    assert!(found.parameters[1].dual.is_some() && found.parameters[1].stencil.is_none());
    // A length that overflows is no scale.
    let long = least_squares([layer(Activation::Identity, [[0.0, 0.0, 1e150]])]);
    let (x, y) = (Matrix::from_column(&[1.5e158, 1.5e158]), Matrix::from_column(&[0.0]));
    let found = check_gradients(&long, &x, &y, 1);
    assert!(!found.agrees() && found.scale.is_infinite() && found.loss.is_finite(), "{found:#?}");
    // What rounding may do overflows, though nothing else does: there is nothing to hold a difference against.
    let steep = least_squares([1; 3].map(|_| layer(Activation::Sigmoid, [[1e300, 800.0]])));
    let found = check_gradients(&steep, &Matrix::from_column(&[1e-200]), &Matrix::from_column(&[0.0]), 1);
    assert!(found.agrees() && found.rounding.is_infinite(), "{found:#?}");
    assert!(found.parameters.iter().all(|row| row.dual.is_none() && row.stencil.is_none()));
}

/// Weights, biases, inputs and targets of any size from a hundredth to a thousand: saturated, cancelling, all but dead.
#[test]
fn networks_of_any_scale_agree() {
    let mut rng = seeded(77);
    let size = |rng: &mut _| 10_f64.powf(5.0 * uniform(rng) - 2.0);
    let (mut saturated, mut only_rounding) = (0, 0);
    for seed in 0..300 {
        let [depth, n_0, m] = [4, 5, 4].map(|most| 1 + below(&mut rng, most));
        let ends = [(Activation::Softmax, Loss::CrossEntropy), (Activation::Sigmoid, Loss::BinaryCrossEntropy)];
        let end = below(&mut rng, 10);
        let (last, loss) = if end < 2 { ends[end] } else { (Activation::ALL[end - 2], Loss::LeastSquares) };
        let (mut layers, mut inputs) = (Vec::new(), n_0);
        for l in 1..=depth {
            let units = 1 + below(&mut rng, 5);
            let activation = if l == depth { last } else { Activation::ALL[below(&mut rng, 8)] };
            let [w, b] = [(); 2].map(|()| size(&mut rng));
            let weight = random_matrix(units, inputs, &mut rng).map(|x| w * x);
            layers.push(Dense { weight, bias: random_matrix(units, 1, &mut rng).map(|x| b * x), activation });
            inputs = units;
        }
        let [x, y] = [n_0, inputs].map(|rows| {
            let size = size(&mut rng);
            random_matrix(rows, m, &mut rng).map(|x| size * x)
        });
        let y = if loss == Loss::LeastSquares { y } else { random_targets(loss, inputs, m, &mut rng) };
        let network = Network::new(layers, loss).expect("layers that fit");
        let double = check_gradients(&network, &x, &y, seed);
        let single = check_gradients(&single(&network), &x.map(f32::from_f64), &y.map(f32::from_f64), seed);
        for check in [double, single] {
            assert!(check.agrees(), "{network:?}\n{x:?}\n{y:?}\n{check:#?}");
            saturated += usize::from(check.saturated_units > 0);
            only_rounding += usize::from(check.length <= check.rounding && check.rounding > 0.0);
        }
    }
    assert!(saturated > 100 && (20..200).contains(&only_rounding), "{saturated} {only_rounding}");
}

/// Networks of three layers in which at least one unit of each is saturated and one is not. Every gradient that is wrong in
/// a unit that is not saturated is found, by dual numbers as well as by the stencil, and both engines wrong alike.
fn a_wrong_gradient_is_found<T: Scalar>(smallest_mistake: f64) {
    let mut rng = seeded(8);
    let z = saturating::<T>()[1];
    let mut found_out = 0;
    for round in 0..8 {
        let [first, second] = [0, 1].map(|_| [Activation::Sigmoid, Activation::Tanh][below(&mut rng, 2)]);
        let last = [Activation::Identity, Activation::Sigmoid, Activation::Tanh, Activation::Softmax][round % 4];
        let mut layers = Vec::new();
        let mut inputs = 3;
        for activation in [first, second, last] {
            let mut bias = random_matrix(4, 1, &mut rng);
            bias[(3, 0)] = z; // unit 4 of each layer
            layers.push(Dense { weight: random_matrix(4, inputs, &mut rng), bias, activation });
            inputs = 4;
        }
        if last == Activation::Softmax {
            layers[2].bias[(3, 0)] = 0.5; // It would leave no other unit a share.
        }
        let network = Network::new(layers, Loss::LeastSquares).expect("layers that fit").map(T::from_f64);
        let [x, y] = [3, 4].map(|rows| random_matrix(rows, 5, &mut rng).map(T::from_f64));
        let right = gradients(&mut ByHand::new(network.clone()), &x, &y);
        let check = compared(&network, &x, &y, &right);
        assert!(check.agrees() && check.saturated_units >= 2, "{check:#?}");
        let length = T::from_f64(check.length);
        for p in 0..6 {
            let rows = right[p].rows();
            for (i, k) in [(0, 0), (1, right[p].columns() - 1), (2, right[p].columns() / 2)] {
                let g = right[p][(i, k)];
                let small = T::from_f64(smallest_mistake) * length;
                // A small mistake on the scale of the gradient; the entry left out, flipped, or that of a saturated unit.
                for wrong in [g + small, g - small, T::zero(), -g, right[p][(rows - 1, k)]] {
                    if (wrong - g).abs() < small.abs() * T::from_f64(0.99) {
                        continue; // no mistake on this scale
                    }
                    let mut gradients = right.clone();
                    gradients[p].column_mut(k)[i] = wrong;
                    let check = compare_gradients(&network, &x, &y, &gradients, &gradients, 1);
                    let row = &check.parameters[p];
                    let by_dual = row.dual.expect("judged") > check.bounds.dual;
                    let by_stencil = row.stencil.expect("judged") > check.bounds.stencil;
                    assert!(by_dual && !check.agrees(), "{p} {i} {k}: {wrong} for {g}: {check:#?}");
                    let visible = (wrong - g).to_f64().abs() / (check.scale + check.loss);
                    assert!(by_stencil || visible < 2.0 * check.bounds.stencil, "{p} {i} {k}: {wrong} for {g}");
                    found_out += 1;
                }
            }
        }
        // The whole gradient of a layer scaled by a bit more than 1, or all of it.
        for p in 0..7 {
            let factor = T::from_f64(1.0 + 1e3 * smallest_mistake);
            let mut gradients = right.clone();
            gradients.iter_mut().enumerate().filter(|&(q, _)| q == p || p == 6).for_each(|(_, gradient)| {
                gradient.map_in_place(|g| factor * g);
            });
            assert!(!compare_gradients(&network, &x, &y, &gradients, &gradients, 1).agrees(), "{p} {network:?}");
            let tape = compare_gradients(&network, &x, &y, &right, &gradients, 1);
            assert!(!tape.agrees());
        }
    }
    assert!(found_out > 400, "{found_out}");
}

#[test]
fn a_wrong_gradient_of_a_partly_saturated_network_is_found_in_double_precision() {
    a_wrong_gradient_is_found::<f64>(1e-10);
}

#[test]
fn a_wrong_gradient_of_a_partly_saturated_network_is_found_in_single_precision() {
    a_wrong_gradient_is_found::<f32>(1e-3);
}
