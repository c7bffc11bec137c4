//! The judges of the exercises on this crate: docs/exercises. Small cases, which can be worked out with a pencil.

#[path = "../../nn-core/tests/support/judge.rs"]
mod judge;
#[path = "../examples/own_activation.rs"]
#[allow(dead_code)] // what only its main uses
mod own_activation;
#[path = "../examples/residual_block.rs"]
#[allow(dead_code)] // what only its main uses
mod residual_block;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use judge::{answer, judge};
use nn_autodiff::Tape;
use nn_core::{Activation, Loss, Matrix, seeded};
use nn_layers::{
    ByHand, Dense, Engine, Initialization, Network, hessian_vector, hidden_delta, output_delta, parameter_gradients,
    record_ridge,
};

/// A matrix of another shape, which holds something already.
fn unwritten() -> Matrix<f64> {
    Matrix::from_column(&[100.0, 101.0, 102.0, 103.0, 104.0, 105.0, 106.0])
}

#[test]
fn a_layer_computes_its_pre_activation() {
    judge("a_layer_computes_its_pre_activation", "z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾", |judge| {
        let layer = Dense {
            weight: Matrix::from_rows(&[[1.0, -1.0, 2.0], [0.0, 3.0, 1.0]]),
            bias: Matrix::from_column(&[0.5, -1.0]),
            activation: Activation::Relu,
        };
        let a = Matrix::from_rows(&[[1.0, 0.0, 2.0], [2.0, -1.0, 0.0], [0.0, 1.0, 0.5]]);
        let right = Matrix::from_rows(&[[-0.5, 3.5, 3.5], [5.0, -3.0, -0.5]]);
        let case = judge.case("two units on three inputs, three examples, into a z of another shape");
        case.given("W", &layer.weight).given("b", &layer.bias).given("a", &a).gives("z", right, || {
            let mut z = unwritten();
            layer.pre_activation(&a, &mut z);
            z
        });
    });
}

// ---- Chapter 6 ----

/// What becomes of the central formula (6.2) with a step: the slope of J for the first weight of the 2-2-2 network.
fn with_step(h: f64) -> String {
    if h.is_nan() || h <= 0.0 {
        return "no step".to_owned();
    }
    let layer = |weight: [[f64; 2]; 2], bias: f64| Dense {
        weight: Matrix::from_rows(&weight),
        bias: Matrix::from_column(&[bias, bias]),
        activation: Activation::Sigmoid,
    };
    let j = |weight: f64| {
        let layers = vec![layer([[weight, 0.20], [0.25, 0.30]], 0.35), layer([[0.40, 0.45], [0.50, 0.55]], 0.60)];
        let network = Network::new(layers, Loss::LeastSquares).expect("layers that fit");
        let a = network.predict(&Matrix::from_column(&[0.05, 0.10]));
        Loss::LeastSquares.value(&a, &a, &Matrix::from_column(&[0.01, 0.99]))
    };
    let slope = 0.000_438_567_734_474_346_73; // tests/reference.rs has 30 digits, by exact arithmetic
    let error = (((j(0.15 + h) - j(0.15 - h)) / (2.0 * h) - slope) / slope).abs();
    match () {
        () if error <= 1e-9 => "nine digits".to_owned(),
        () if h > 7e-4 => format!("truncation: the relative error is {error:.0e}"),
        () => format!("rounding: the relative error is {error:.0e}"),
    }
}

#[test]
fn a_step_between_truncation_and_rounding() {
    judge("a_step_between_truncation_and_rounding", "∂J/∂θ ≈ (J(θ + h) − J(θ − h)) / 2h", |judge| {
        let step = answer(&[7e-4]);
        let case = judge.case("the first weight of the 2-2-2 network, in f64").given("h", &step[..]);
        case.gives("outcome", "nine digits", || with_step(step[0]));
    });
}

#[test]
fn other_steps_lose_digits() {
    for h in [4e-4, 7e-4, 1e-3, 1.4e-3] {
        assert_eq!(with_step(h), "nine digits", "{h}");
    }
    assert!([1.0, 1e-2, 4e-3].into_iter().all(|h| with_step(h).starts_with("truncation")));
    assert!([1e-14, 1e-9, 1e-7].into_iter().all(|h| with_step(h).starts_with("rounding")));
    assert!([0.0, -1e-4, f64::NAN].into_iter().all(|h| with_step(h) == "no step"));
}

// ---- Chapter 7 ----

#[test]
fn output_delta_of_least_squares_goes_through_the_activation() {
    let test = "output_delta_of_least_squares_goes_through_the_activation";
    judge(test, "δ⁽ᴸ⁾ = ∂J/∂a⁽ᴸ⁾ ⊙ σ′(z⁽ᴸ⁾)", |judge| {
        // z = ln(a / (1 − a)) for a sigmoid.
        let a = Matrix::from_rows(&[[0.5, 0.25], [0.75, 0.5]]);
        let z = a.map(|a: f64| (a / (1.0 - a)).ln());
        let y = Matrix::from_rows(&[[1.0, 0.0], [0.25, 1.0]]);
        let of = |activation, z: &Matrix<f64>, a: &Matrix<f64>| {
            let mut delta = unwritten();
            output_delta(Loss::LeastSquares, activation, z, a, &y, &mut delta);
            delta
        };
        // (a − y)/2 times a (1 − a)
        let right = Matrix::from_rows(&[[-0.25 * 0.25, 0.125 * 0.1875], [0.25 * 0.1875, -0.25 * 0.25]]);
        let case =
            judge.case("least squares after a sigmoid, two examples").given("z", &z).given("a", &a).given("y", &y);
        case.gives("δ", right, || of(Activation::Sigmoid, &z, &a));
        // Through the Jacobian: ∂J/∂a = (−0.25, 0.125) and (0.25, −0.5)/2, less their means with weights a.
        let a = Matrix::from_rows(&[[0.5, 0.25], [0.5, 0.75]]);
        let z = a.map(f64::ln);
        let right = Matrix::from_rows(&[[-0.09375, 0.046875], [0.09375, -0.046875]]);
        let case = judge.case("least squares after softmax").given("z", &z).given("a", &a).given("y", &y);
        case.gives("δ", right, || of(Activation::Softmax, &z, &a));
    });
}

#[test]
fn output_delta_of_a_cross_entropy_does_not() {
    judge("output_delta_of_a_cross_entropy_does_not", "δ⁽ᴸ⁾ = (a⁽ᴸ⁾ − y)/m", |judge| {
        let a = Matrix::from_rows(&[[0.25, 0.5], [0.75, 0.5]]);
        let z = a.map(f64::ln);
        let y = Matrix::from_rows(&[[1.0, 0.25], [0.0, 0.75]]);
        let right = Matrix::from_rows(&[[-0.375, 0.125], [0.375, -0.125]]);
        let case = judge.case("cross-entropy after softmax, two examples").given("a", &a).given("y", &y);
        case.gives("δ", right, || {
            let mut delta = unwritten();
            output_delta(Loss::CrossEntropy, Activation::Softmax, &z, &a, &y, &mut delta);
            delta
        });
    });
}

#[test]
fn hidden_delta_comes_back_through_the_weights() {
    let test = "hidden_delta_comes_back_through_the_weights";
    judge(test, "δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾)", |judge| {
        let cases = [
            (
                "two sigmoid units below two",
                Matrix::from_rows(&[[1.0, 2.0], [3.0, -1.0]]),
                Matrix::from_rows(&[[1.0, 0.5], [2.0, 1.0]]),
                // Wᵀ δ = (7, 3.5; 0, 0), and a (1 − a) = (¼, 3/16; 3/16, ¼)
                Matrix::from_rows(&[[1.75, 0.65625], [0.0, 0.0]]),
            ),
            (
                "two sigmoid units below three",
                Matrix::from_rows(&[[1.0, 2.0], [3.0, -1.0], [0.0, 4.0]]),
                Matrix::from_rows(&[[1.0, 0.0], [2.0, 1.0], [-1.0, 3.0]]),
                // Wᵀ δ = (7, 3; −4, 11)
                Matrix::from_rows(&[[1.75, 0.5625], [-0.75, 2.75]]),
            ),
        ];
        let a = Matrix::from_rows(&[[0.5, 0.25], [0.75, 0.5]]);
        let layer =
            |weight: Matrix<f64>| Dense { bias: Matrix::zeros(weight.rows(), 1), weight, activation: Activation::Tanh };
        let of = |above: &Dense<f64>, delta_above: &Matrix<f64>, activation, a: &Matrix<f64>| {
            let mut delta = unwritten();
            hidden_delta(above, delta_above, activation, a, &mut delta);
            delta
        };
        for (asked, weight, delta_above, right) in cases {
            let above = layer(weight);
            let case = judge.case(asked).given("W⁽ˡ⁺¹⁾", &above.weight).given("δ⁽ˡ⁺¹⁾", &delta_above).given("a⁽ˡ⁾", &a);
            case.gives("δ⁽ˡ⁾", right, || of(&above, &delta_above, Activation::Sigmoid, &a));
        }
        // Wᵀ δ = (7; 1)
        let (above, delta_above) =
            (layer(Matrix::from_rows(&[[1.0, 2.0], [3.0, -0.5]])), Matrix::from_column(&[1.0, 2.0]));
        let a = Matrix::from_column(&[0.0, 4.0]);
        let case = judge.case("two relu units below two, the first of them off").given("W⁽ˡ⁺¹⁾", &above.weight);
        let case = case.given("δ⁽ˡ⁺¹⁾", &delta_above).given("a⁽ˡ⁾", &a);
        case.gives("δ⁽ˡ⁾", Matrix::from_column(&[0.0, 1.0]), || of(&above, &delta_above, Activation::Relu, &a));
    });
}

#[test]
fn parameter_gradients_add_up_over_the_examples() {
    let test = "parameter_gradients_add_up_over_the_examples";
    judge(test, "∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ and ∂J/∂b⁽ˡ⁾ = δ⁽ˡ⁾ 1", |judge| {
        let delta = Matrix::from_rows(&[[1.0, 2.0], [-3.0, 5.0]]);
        let cases = [
            ("two units on two, two examples", vec![[1.0, 0.5], [2.0, 1.0]], vec![[2.0, 4.0], [-0.5, -1.0]]),
            ("the same on one more unit", vec![[1.0, 0.0], [2.0, 1.0], [-1.0, 4.0]], vec![]),
        ];
        for (asked, a_below, weight_gradient) in cases {
            let a_below = Matrix::from_rows(&a_below);
            let weight_gradient = match weight_gradient.is_empty() {
                true => Matrix::from_rows(&[[1.0, 4.0, 7.0], [-3.0, -1.0, 23.0]]),
                false => Matrix::from_rows(&weight_gradient),
            };
            let right = [weight_gradient, Matrix::from_column(&[3.0, 2.0])];
            let case = judge.case(asked).given("δ⁽ˡ⁾", &delta).given("a⁽ˡ⁻¹⁾", &a_below);
            case.gives_all(["∂J/∂W", "∂J/∂b"], right, || {
                // They hold something already, in the right shape or in another.
                let mut weight_gradient = Matrix::from_fn(2, 2, |i, j| 100.0 + (i + j) as f64);
                let mut bias_gradient = Matrix::from_column(&[50.0, 60.0]);
                parameter_gradients(&delta, &a_below, &mut weight_gradient, &mut bias_gradient);
                [weight_gradient, bias_gradient]
            });
        }
    });
}

/// Three layers of two units each, so that nothing is caught by its shape alone; piecewise linear, so that all can be worked
/// out with a pencil; two examples.
fn network() -> (Network<f64>, [Matrix<f64>; 2]) {
    let layer = |weight: [[f64; 2]; 2], bias: [f64; 2], activation| Dense {
        weight: Matrix::from_rows(&weight),
        bias: Matrix::from_column(&bias),
        activation,
    };
    let layers = vec![
        layer([[1.0, -1.0], [2.0, 1.0]], [0.5, -1.0], Activation::Relu),
        layer([[1.0, 1.0], [-1.0, 2.0]], [-1.0, 1.0], Activation::LeakyRelu),
        layer([[2.0, -1.0], [1.0, 1.0]], [0.0, 0.5], Activation::Identity),
    ];
    let x = Matrix::from_rows(&[[1.0, 0.0], [2.0, 1.0]]);
    let y = Matrix::from_rows(&[[0.0, 1.0], [10.0, 2.0]]);
    (Network::new(layers, Loss::LeastSquares).expect("layers that fit"), [x, y])
}

// The numbers of both tests, worked out layer by layer in whole and decimal numbers:
//
// z1 = (−0.5, −0.5; 3, 0), a1 = relu = (0, 0; 3, 0).
// z2 = W2 a1 + b2 = (2, −1; 7, 1), a2 = leaky = (2, −0.01; 7, 1).
// z3 = W3 a2 + b3 = (−3, −1.02; 9.5, 1.49) = a3.
// δ3 = (a3 − y)/2 = (−1.5, −1.01; −0.25, −0.255).
// W3ᵀ δ3 = (−3.25, −2.275; 1.25, 0.755), δ2 = (−3.25, −0.02275; 1.25, 0.755).
// W2ᵀ δ2 = (−4.5, −0.77775; −0.75, 1.48725), relu′ = (0, 0; 1, 0), δ1 = (0, 0; −0.75, 0).

#[test]
fn forward_goes_through_every_layer() {
    judge(
        "forward_goes_through_every_layer",
        "z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾, a⁽ˡ⁾ = σ(z⁽ˡ⁾), for l = 1 … L",
        |judge| {
            let (network, [x, y]) = network();
            let right = [
                ("one layer, relu; two examples", "a⁽¹⁾", Matrix::from_rows(&[[0.0, 0.0], [3.0, 0.0]])),
                ("two layers, relu and leaky-relu", "a⁽²⁾", Matrix::from_rows(&[[2.0, -0.01], [7.0, 1.0]])),
                (
                    "three layers, relu, leaky-relu and identity",
                    "a⁽³⁾",
                    Matrix::from_rows(&[[-3.0, -1.02], [9.5, 1.49]]),
                ),
            ];
            for (depth, (asked, name, right)) in (1..).zip(right) {
                let layers = network.layers()[..depth].to_vec();
                let mut case = judge.case(asked).given("x", &x);
                for (l, dense) in ["⁽¹⁾", "⁽²⁾", "⁽³⁾"].iter().zip(&layers) {
                    case = case.given(&format!("W{l}"), &dense.weight).given(&format!("b{l}"), &dense.bias);
                }
                case.gives(name, right, || {
                    outputs(Network::new(layers, Loss::LeastSquares).expect("layers that fit"), [&x, &y])
                });
            }
        },
    );
}

/// a⁽ᴸ⁾, whether or not the backward pass, which comes next, is written yet.
fn outputs(network: Network<f64>, [x, y]: [&Matrix<f64>; 2]) -> Matrix<f64> {
    let mut engine = ByHand::new(network);
    engine.set_batch(x, y);
    let result = catch_unwind(AssertUnwindSafe(|| engine.loss_and_gradients()));
    match result {
        Err(panic) if engine.output().as_slice().is_empty() => resume_unwind(panic),
        _ => engine.output().clone(),
    }
}

#[test]
fn backward_goes_through_every_layer() {
    let test = "backward_goes_through_every_layer";
    judge(test, "δ⁽ˡ⁾, ∂J/∂W⁽ˡ⁾ and ∂J/∂b⁽ˡ⁾ for l = 3, 2, 1", |judge| {
        let (network, [x, y]) = network();
        let right = [
            Matrix::from_rows(&[[-1.5, -1.01], [-0.25, -0.255]]),
            Matrix::from_rows(&[[-2.9899, -11.51], [-0.49745, -2.005]]),
            Matrix::from_column(&[-2.51, -0.505]),
            Matrix::from_rows(&[[-3.25, -0.02275], [1.25, 0.755]]),
            Matrix::from_rows(&[[0.0, -9.75], [0.0, 3.75]]),
            Matrix::from_column(&[-3.27275, 2.005]),
            Matrix::from_rows(&[[0.0, 0.0], [-0.75, 0.0]]),
            Matrix::from_rows(&[[0.0, 0.0], [-0.75, -1.5]]),
            Matrix::from_column(&[0.0, -0.75]),
        ];
        let names = ["δ⁽³⁾", "∂J/∂W⁽³⁾", "∂J/∂b⁽³⁾", "δ⁽²⁾", "∂J/∂W⁽²⁾", "∂J/∂b⁽²⁾", "δ⁽¹⁾", "∂J/∂W⁽¹⁾", "∂J/∂b⁽¹⁾"];
        let mut case = judge.case("three layers of two units: relu, leaky-relu, identity; two examples");
        case = case.given("x", &x).given("y", &y);
        for (l, dense) in ["⁽¹⁾", "⁽²⁾", "⁽³⁾"].iter().zip(network.layers()) {
            case = case.given(&format!("W{l}"), &dense.weight).given(&format!("b{l}"), &dense.bias);
        }
        case.gives_all(names, right, || {
            let mut engine = ByHand::new(network);
            engine.set_batch(&x, &y);
            engine.loss_and_gradients();
            let [one, two, three] = [0, 1, 2].map(|l| engine.layer(l));
            let of = |layer: nn_layers::LayerValues<'_, f64>| {
                [layer.delta, layer.weight_gradient, layer.bias_gradient].map(Matrix::clone)
            };
            let ([d1, w1, b1], [d2, w2, b2], [d3, w3, b3]) = (of(one), of(two), of(three));
            [d3, w3, b3, d2, w2, b2, d1, w1, b1]
        });
    });
}

// ---- Chapter 10 ----

/// To one decimal: draws differ, and so do their moments.
fn about(x: f64) -> f64 {
    (10.0 * x).round() / 10.0
}

fn mean_and_deviation(numbers: &[f64]) -> [f64; 2] {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    [mean, (numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt()]
}

#[test]
fn glorot_is_uniform() {
    judge("glorot_is_uniform", "weights uniform in ±√(6 / (inputs + outputs)), biases 0", |judge| {
        let case = judge
            .case("100 inputs, 50 units: the bound is 0.2. Mean, deviation times √3 and largest |w|, each in bounds");
        case.gives("mean, deviation · √3, largest", vec![0.0, 1.0, 1.0], || {
            let layer = Initialization::Glorot.dense::<f64>(100, 50, Activation::Tanh, &mut seeded(1));
            let [mean, deviation] = mean_and_deviation(layer.weight.as_slice());
            let largest = layer.weight.as_slice().iter().fold(0.0_f64, |max, w| max.max(w.abs()));
            [mean, deviation * 3.0_f64.sqrt(), largest].map(|x| about(x / 0.2)).to_vec()
        });
        judge.case("the same layer").gives("largest |b|", 0.0, || {
            let layer = Initialization::Glorot.dense::<f64>(100, 50, Activation::Tanh, &mut seeded(1));
            layer.bias.as_slice().iter().fold(0.0_f64, |max, b| max.max(b.abs()))
        });
    });
}

#[test]
fn he_and_nielsen_are_normal() {
    judge("he_and_nielsen_are_normal", "variance 2 / inputs and biases 0; variance 1 of both", |judge| {
        // √(2/200) = 0.1
        let case = judge
            .case("He, 200 inputs, 100 units: the deviation is 0.1. Mean and deviation in 0.1, and that of the biases");
        case.gives("mean, deviation, deviation of b", vec![0.0, 1.0, 0.0], || {
            let layer = Initialization::He.dense::<f64>(200, 100, Activation::Relu, &mut seeded(2));
            let [mean, deviation] = mean_and_deviation(layer.weight.as_slice());
            [mean / 0.1, deviation / 0.1, mean_and_deviation(layer.bias.as_slice())[1]].map(about).to_vec()
        });
        let case = judge.case("Normal, 10 inputs, 2000 units");
        case.gives("mean, deviation, mean of b, deviation of b", vec![0.0, 1.0, 0.0, 1.0], || {
            let layer = Initialization::Normal.dense::<f64>(10, 2000, Activation::Sigmoid, &mut seeded(3));
            [mean_and_deviation(layer.weight.as_slice()), mean_and_deviation(layer.bias.as_slice())]
                .concat()
                .into_iter()
                .map(about)
                .collect::<Vec<f64>>()
        });
    });
}

// ---- Chapters 9 and 14 ----

#[test]
fn a_network_on_a_tape_gives_its_values_and_gradients() {
    judge(
        "a_network_on_a_tape_gives_its_values_and_gradients",
        "z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾, a⁽ˡ⁾ = σ(z⁽ˡ⁾), recorded",
        |judge| {
            let (network, [x, y]) = network();
            let mut case = judge.case("three layers of two units: relu, leaky-relu, identity; two examples");
            case = case.given("x", &x).given("y", &y);
            for (l, dense) in ["⁽¹⁾", "⁽²⁾", "⁽³⁾"].iter().zip(network.layers()) {
                case = case.given(&format!("W{l}"), &dense.weight).given(&format!("b{l}"), &dense.bias);
            }
            // The numbers of the two tests of chapter 7.
            let right = [
                Matrix::from_rows(&[[2.0, -0.01], [7.0, 1.0]]),
                Matrix::from_rows(&[[-3.0, -1.02], [9.5, 1.49]]),
                Matrix::from_rows(&[[-2.9899, -11.51], [-0.49745, -2.005]]),
                Matrix::from_column(&[-3.27275, 2.005]),
                Matrix::from_rows(&[[0.0, 0.0], [-0.75, -1.5]]),
            ];
            case.gives_all(
                ["a⁽²⁾", "a⁽³⁾", "∂J/∂W⁽³⁾", "∂J/∂b⁽²⁾", "∂J/∂W⁽¹⁾"],
                right,
                || {
                    let mut tape = Tape::new();
                    let (x, y) = (tape.input(x), tape.input(y));
                    let layers = network.record(&mut tape, x);
                    let j = network.record_loss(&mut tape, &layers, y);
                    tape.backward(j);
                    let [one, two, three] = [0, 1, 2].map(|l| &layers[l]);
                    let gradients = [three.weight, two.bias, one.weight].map(|var| tape.gradient(var).clone());
                    let [w3, b2, w1] = gradients;
                    [tape.value(two.a).clone(), tape.value(three.a).clone(), w3, b2, w1]
                },
            );
        },
    );
}

#[test]
fn the_hessian_times_a_vector() {
    judge("the_hessian_times_a_vector", "∂J/∂θ (θ + v ε) = ∂J/∂θ + H v ε", |judge| {
        let (weight, bias) = (Matrix::from_rows(&[[0.5, -1.0]]), Matrix::from_column(&[0.25]));
        let (x, y) = (Matrix::from_column(&[3.0, 2.0]), Matrix::from_column(&[1.0]));
        let v = [Matrix::from_rows(&[[1.0, 0.0]]), Matrix::from_column(&[1.0])];
        let case = judge.case("one linear unit, one example: J = (w x + b − y)²/2, whose Hessian is (x, 1)ᵀ (x, 1)");
        let case = case.given("w", &weight).given("b", &bias).given("x", &x).given("y", &y);
        let case = case.given("v for w", &v[0]).given("v for b", &v[1]);
        // (3 + 1) (x, 1)
        let right = [Matrix::from_rows(&[[12.0, 8.0]]), Matrix::from_column(&[4.0])];
        case.gives_all(["H v for w", "H v for b"], right, || {
            let dense = Dense { weight, bias, activation: Activation::Identity };
            let network = Network::new(vec![dense], Loss::LeastSquares).expect("a network");
            hessian_vector(&network, &x, &y, &v).try_into().expect("a matrix for each parameter")
        });
    });
}

#[test]
fn a_ridge_penalty_on_a_tape() {
    judge(
        "a_ridge_penalty_on_a_tape",
        "R = λ/2 Σ W⁽ˡ⁾ᵢⱼ², and so ∂R/∂W⁽ˡ⁾ = λ W⁽ˡ⁾ and ∂R/∂b⁽ˡ⁾ = 0",
        |judge| {
            let weights = [Matrix::from_rows(&[[1.0, -2.0], [0.0, 3.0]]), Matrix::from_rows(&[[2.0, -1.0]])];
            let biases = [Matrix::from_column(&[4.0, -1.0]), Matrix::from_column(&[5.0])];
            let case = judge.case("λ = 0.5, two layers").given("W⁽¹⁾", &weights[0]).given("b⁽¹⁾", &biases[0]);
            let case = case.given("W⁽²⁾", &weights[1]).given("b⁽²⁾", &biases[1]);
            // Σ W² = 14 + 5
            let right = [
                Matrix::from_column(&[4.75]),
                Matrix::from_rows(&[[0.5, -1.0], [0.0, 1.5]]),
                Matrix::from_rows(&[[1.0, -0.5]]),
                Matrix::from_column(&[0.0, 0.0]),
            ];
            case.gives_all(["R", "∂R/∂W⁽¹⁾", "∂R/∂W⁽²⁾", "∂R/∂b⁽¹⁾"], right, || {
                let layer = |(weight, bias)| Dense { weight, bias, activation: Activation::Identity };
                let layers = weights.into_iter().zip(biases).map(layer).collect();
                let network = Network::new(layers, Loss::LeastSquares).expect("layers that fit");
                let mut tape = Tape::new();
                let x = tape.input(Matrix::zeros(2, 1));
                let layers = network.record(&mut tape, x);
                let ridge = record_ridge(&mut tape, &layers, 0.5);
                tape.backward(ridge);
                let [w1, w2, b1] =
                    [layers[0].weight, layers[1].weight, layers[0].bias].map(|var| tape.gradient(var).clone());
                [tape.value(ridge).clone(), w1, w2, b1]
            });
        },
    );
}

#[test]
fn the_slope_of_gelu() {
    let equation = "gelu′(z) = ½ (1 + t) + ½ z (1 − t²) u′, t = tanh u, u′ = √(2/π) (1 + 3 · 0.044715 z²)";
    judge("the_slope_of_gelu", equation, |judge| {
        let slopes = |z: &[f64]| z.iter().map(|&z| own_activation::gelu_derivative(z)).collect::<Vec<f64>>();
        let z = [0.0, 10.0, -10.0];
        let case = judge.case("at 0, and where t is ±1").given("z", &z[..]);
        case.gives("gelu′(z)", vec![0.5, 1.0, 0.0], || slopes(&z));
        let z = [0.5, 1.0, -2.0];
        let case = judge.case("between").given("z", &z[..]);
        // In 30 digits by mpmath.
        let right = vec![0.867_369_903_534_642_3, 1.082_964_083_845_782_6, -0.086_099_256_623_618_38];
        case.gives("gelu′(z)", right, || slopes(&z));
    });
}

// Where z is 0, 10 or −10, gelu(z) is 0, 10 or 0, and its slope is ½, 1 or 0, all to the last digit.

#[test]
fn gelu_on_a_tape() {
    judge("gelu_on_a_tape", "ū = r̄ ⊙ gelu′(u)", |judge| {
        let u = Matrix::from_rows(&[[0.0, 10.0], [-10.0, 0.0]]);
        // r = (0, 10; 0, 0), and r̄ = (r − y)/2.
        let y = Matrix::from_rows(&[[-4.0, 4.0], [-2.0, 8.0]]);
        let r_bar = Matrix::from_rows(&[[2.0, 3.0], [1.0, -4.0]]);
        let case = judge.case("r = gelu(u), whose slope is ½ at 0, 1 at 10 and 0 at −10").given("u", &u);
        case.given("r̄", &r_bar).gives("ū", Matrix::from_rows(&[[1.0, 3.0], [0.0, -2.0]]), || {
            let mut tape = Tape::new();
            let (u, y) = (tape.parameter(u), tape.input(y));
            let r = tape.apply(own_activation::Gelu, &[u]);
            let j = tape.least_squares(r, y);
            tape.backward(j);
            tape.gradient(u).clone()
        });
    });
}

#[test]
fn a_network_with_gelu_by_hand() {
    let equation =
        "δ⁽²⁾ = (a⁽²⁾ − y)/m, δ⁽¹⁾ = (W⁽²⁾ᵀ δ⁽²⁾) ⊙ gelu′(z⁽¹⁾), ∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ, ∂J/∂b⁽ˡ⁾ = δ⁽ˡ⁾ 1";
    judge("a_network_with_gelu_by_hand", equation, |judge| {
        let layer = |weight: [[f64; 2]; 2], bias: [f64; 2]| Dense {
            weight: Matrix::from_rows(&weight),
            bias: Matrix::from_column(&bias),
            activation: Activation::Identity,
        };
        let layers = [layer([[6.0, -2.0], [-8.0, 6.0]], [2.0, 4.0]), layer([[1.0, 2.0], [3.0, -1.0]], [0.0, 1.0])];
        let (x, y) = (Matrix::from_rows(&[[1.0, 0.0], [-1.0, 1.0]]), Matrix::from_rows(&[[8.0, 16.0], [33.0, -15.0]]));
        // z1 = (10, 0; −10, 10), a1 = (10, 0; 0, 10), a2 = (10, 20; 31, −9).
        // δ2 = (a2 − y)/2 = (1, 2; −1, 3), W2ᵀ δ2 = (−2, 11; 3, 1), δ1 = (−2, 5.5; 0, 1).
        let right = [
            Matrix::from_rows(&[[-2.0, 7.5], [0.0, 1.0]]),
            Matrix::from_column(&[3.5, 1.0]),
            Matrix::from_rows(&[[10.0, 20.0], [-10.0, 30.0]]),
            Matrix::from_column(&[3.0, 2.0]),
        ];
        let mut case = judge.case("two units on two inputs, all z⁽¹⁾ being 0 or ±10; two examples");
        case = case.given("x", &x).given("y", &y);
        for (l, layer) in ["⁽¹⁾", "⁽²⁾"].iter().zip(&layers) {
            case = case.given(&format!("W{l}"), &layer.weight).given(&format!("b{l}"), &layer.bias);
        }
        let names = ["∂J/∂W⁽¹⁾", "∂J/∂b⁽¹⁾", "∂J/∂W⁽²⁾", "∂J/∂b⁽²⁾"];
        case.gives_all(names, right, || own_activation::by_hand(&layers, &x, &y));
    });
}

#[test]
fn the_way_back_through_a_residual_block() {
    let equation = "δ = (W⁽²⁾ᵀ ∂J/∂r) ⊙ σ′(z), ∂J/∂x = ∂J/∂r + W⁽¹⁾ᵀ δ";
    judge("the_way_back_through_a_residual_block", equation, |judge| {
        let layer = |weight: [[f64; 2]; 2], bias: [f64; 2], activation| Dense {
            weight: Matrix::from_rows(&weight),
            bias: Matrix::from_column(&bias),
            activation,
        };
        let block = [
            layer([[1.0, -1.0], [2.0, 1.0]], [0.0, -1.0], Activation::Relu),
            layer([[1.0, 2.0], [-1.0, 1.0]], [0.0, 0.0], Activation::Identity),
        ];
        let x = Matrix::from_rows(&[[1.0, 2.0], [2.0, 0.0]]);
        let a = Matrix::from_rows(&[[0.0, 2.0], [3.0, 3.0]]); // relu of z = (−1, 2; 3, 3)
        let r_gradient = Matrix::from_rows(&[[1.0, -2.0], [2.0, 3.0]]);
        // W2ᵀ ∂J/∂r = (−1, −5; 4, −1), δ = (0, −5; 4, −1), W1ᵀ δ = (8, −7; 4, 4).
        let right = [
            Matrix::from_rows(&[[9.0, -9.0], [6.0, 7.0]]),
            Matrix::from_rows(&[[-10.0, 0.0], [2.0, 8.0]]),
            Matrix::from_column(&[-5.0, 3.0]),
            Matrix::from_rows(&[[-4.0, -3.0], [6.0, 15.0]]),
            Matrix::from_column(&[-1.0, 5.0]),
        ];
        let case = judge.case("two units on two, relu; two examples").given("x", &x).given("a", &a);
        let case = case.given("W⁽¹⁾", &block[0].weight).given("W⁽²⁾", &block[1].weight).given("∂J/∂r", &r_gradient);
        case.gives_all(
            ["∂J/∂x", "∂J/∂W⁽¹⁾", "∂J/∂b⁽¹⁾", "∂J/∂W⁽²⁾", "∂J/∂b⁽²⁾"],
            right,
            || {
                let (x_gradient, [w1, b1, w2, b2]) = residual_block::backward(&block, &x, &a, &r_gradient);
                [x_gradient, w1, b1, w2, b2]
            },
        );
    });
}
