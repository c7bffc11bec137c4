//! Losses of one's own on an existing network: recorded on a tape, trained by the engine, right by dual numbers.

mod common;

use common::{random_targets, step};
use nn_autodiff::{Dual, Tape, Var};
use nn_core::{Activation, Loss, Matrix, Scalar, seeded};
use nn_layers::{ByHand, ByTape, Engine, Initialization, LayerVars, Network, gradients, record_ridge};
use nn_testing::{panic_message, random_matrix, relative_error};

const LAMBDA: f64 = 0.3;

fn network() -> Network<f64> {
    let layers = [(4, Activation::Tanh), (3, Activation::Softmax)];
    Network::random(2, &layers, Loss::CrossEntropy, Initialization::Normal, &mut seeded(41)).expect("layers that fit")
}

fn batch(examples: usize) -> [Matrix<f64>; 2] {
    let mut rng = seeded(42);
    [random_matrix(2, examples, &mut rng), random_targets(Loss::CrossEntropy, 3, examples, &mut rng)]
}

/// J + λ/2 Σ W², over all layers.
fn with_ridge<T: Scalar>(network: &Network<T>) -> ByTape<T> {
    ByTape::with_loss(network, |tape, layers, y| {
        let loss = network.record_loss(tape, layers, y);
        let ridge = record_ridge(tape, layers, T::from_f64(LAMBDA));
        tape.add(loss, ridge)
    })
}

/// By hand: the penalty adds λ W to ∂J/∂W and nothing to ∂J/∂b.
#[test]
fn a_ridge_penalty_adds_its_gradient_to_that_of_the_network() {
    let (network, [x, y]) = (network(), batch(5));
    let mut engine = with_ridge(&network);
    engine.set_batch(&x, &y);
    let j = engine.loss_and_gradients();
    let got: Vec<_> = engine.parameters_mut().map(|(_, gradient)| gradient.clone()).collect();
    let mut by_hand = ByHand::new(network.clone());
    let plain = gradients(&mut by_hand, &x, &y);
    let squares: f64 = network.layers().iter().flat_map(|dense| dense.weight.as_slice()).map(|w| w * w).sum();
    let want = by_hand.loss_and_gradients() + LAMBDA / 2.0 * squares;
    assert!((j - want).abs() < 1e-14 * want, "{j} {want}");
    for ((got, mut want), parameter) in got.iter().zip(plain).zip(network.parameters()) {
        if parameter.columns() > 1 {
            want.zip_in_place(parameter, |gradient, w| gradient + LAMBDA * w);
        }
        assert!(relative_error(got, &want) < 1e-15);
    }
    let j = engine.j();
    assert_eq!(engine.tape_mut().check_gradient(j), Ok(()));
}

/// The derivative of J along a direction of all parameters, by forward mode: J(θ + v ε) = J + (g · v) ε.
#[test]
fn a_ridge_penalty_agrees_with_dual_numbers() {
    let (network, [x, y]) = (network(), batch(5));
    let mut rng = seeded(43);
    let v: Vec<_> = network.parameters().map(|p| random_matrix(p.rows(), p.columns(), &mut rng)).collect();
    let gradient = gradients(&mut with_ridge(&network), &x, &y);
    let pairs = || gradient.iter().zip(&v).flat_map(|(g, v)| g.as_slice().iter().zip(v.as_slice()));
    let slope: f64 = pairs().map(|(g, v)| g * v).sum();

    let mut duals = with_ridge(&network.map(Dual::constant));
    duals.set_batch(&x.map(Dual::constant), &y.map(Dual::constant));
    for ((parameter, _), v) in duals.parameters_mut().zip(&v) {
        parameter.as_mut_slice().iter_mut().zip(v.as_slice()).for_each(|(theta, &v)| theta.derivative = v);
    }
    let j = duals.loss_and_gradients();
    let size: f64 = pairs().map(|(g, v)| (g * v).abs()).sum();
    assert!((j.derivative - slope).abs() < 1e-14 * size, "{} by dual numbers, {slope} by tape", j.derivative);
}

#[test]
fn a_network_with_a_penalty_is_trained_and_has_smaller_weights() {
    let (network, [x, y]) = (network(), batch(20));
    let trained = |mut engine: ByTape<f64>| {
        engine.set_batch(&x, &y);
        let losses: Vec<f64> = (0..300).map(|_| step(&mut engine, 0.2)).collect();
        assert!(losses[299] < losses[0]);
        let trained = engine.into_network();
        trained.layers().iter().flat_map(|dense| dense.weight.as_slice().to_vec()).map(|w| w * w).sum::<f64>()
    };
    let (plain, penalised) = (trained(ByTape::new(&network)), trained(with_ridge(&network)));
    assert!(penalised < 0.5 * plain, "{penalised} {plain}");
}

/// Another loss in place of the network's: least squares after a softmax that cross-entropy was meant for, against a network
/// that has it.
#[test]
fn another_loss_takes_the_place_of_the_networks() {
    let (network, [x, y]) = (network(), batch(4));
    let mut replaced = ByTape::with_loss(&network, |tape, layers, y| tape.least_squares(layers[1].a, y));
    let other = Network::new(network.layers().to_vec(), Loss::LeastSquares).expect("layers that fit");
    let mut by_hand = ByHand::new(other);
    assert_eq!(gradients(&mut replaced, &x, &y), gradients(&mut by_hand, &x, &y));
    // Its targets are not asked to be shares: that is what cross-entropy asks.
    replaced.set_batch(&x, &y.map(|y| 3.0 * y));
    replaced.loss_and_gradients();
}

/// A temperature that divides the logits is learned with the weights, and comes after them.
#[test]
fn a_parameter_of_the_loss_is_trained_with_the_network() {
    let (network, [x, y]) = (network(), batch(20));
    let mut temperature = None;
    let mut engine = ByTape::with_loss(&network, |tape, layers, y| {
        let t = tape.parameter(2.0);
        temperature = Some(t);
        let ts = tape.broadcast(t, layers[1].z);
        let cooled = tape.divide(layers[1].z, ts);
        tape.cross_entropy(cooled, y)
    });
    engine.set_batch(&x, &y);
    engine.loss_and_gradients();
    let shapes: Vec<_> = engine.parameters_mut().map(|(parameter, _)| parameter.shape().to_string()).collect();
    assert_eq!(shapes, ["4×2", "4×1", "3×4", "3×1", "1×1"]);
    let before = step(&mut engine, 0.1);
    let after = (0..50).map(|_| step(&mut engine, 0.1)).last().expect("fifty steps");
    assert!(after < before);
    let temperature = temperature.expect("a temperature");
    assert_ne!(engine.tape().value(temperature)[(0, 0)], 2.0);
    // The network that comes back has its own parameters alone; an input or parameter of the loss can be set.
    assert_eq!(engine.network().parameters().count(), 4);
    engine.tape_mut().value_mut(temperature).fill(5.0);
    engine.loss_and_gradients();
    assert_eq!(engine.tape().value(temperature)[(0, 0)], 5.0);
}

/// A network on a tape of one's own, twice: its values are those of `predict`, and a second network stands beside the first.
#[test]
fn two_networks_can_be_recorded_on_one_tape() {
    let first = network();
    let layers = [(2, Activation::Identity)];
    let second =
        Network::random(3, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(44)).expect("a layer");
    let [x, _] = batch(6);
    let mut tape = Tape::<f64>::new();
    let x_var = tape.input(x.clone());
    let below: Vec<LayerVars> = first.record(&mut tape, x_var);
    let above = second.record(&mut tape, below[1].a);
    assert_eq!((below.len(), above.len()), (2, 1));
    assert_eq!(*tape.value(below[1].a), first.predict(&x));
    assert_eq!(*tape.value(above[0].a), second.predict(&first.predict(&x)));
    for (var, want) in [(below[0].weight, &first.layers()[0].weight), (above[0].bias, &second.layers()[0].bias)] {
        assert_eq!(tape.value(var), want);
    }
    // Together an autoencoder of x: the loss reads both.
    let j = second.record_loss(&mut tape, &above, x_var);
    tape.label(j, "J");
    assert_eq!(tape.check_gradient(j), Ok(()));
    let names: Vec<String> = tape.vars().map(|var: Var| tape.name(var)).collect();
    assert_eq!(names, ["v0", "W1", "b1", "z1", "a1", "W2", "b2", "z2", "a2", "W1", "b1", "z1", "a1", "J"]);
}

#[test]
fn a_loss_that_is_no_number_is_refused() {
    let message = panic_message(|| ByTape::with_loss(&network(), |_, layers, _| layers[0].a));
    assert_eq!(message, "J of a network is 4×1: it must be 1×1");
    let x_of_other_rows = panic_message(|| {
        let mut tape = Tape::new();
        let x = tape.input(Matrix::zeros(3, 1));
        network().record(&mut tape, x)
    });
    assert_eq!(x_of_other_rows, "affine: the shapes do not fit z = W a + b 1ᵀ: v1 is 4×2, v0 is 3×1, v2 is 4×1");
}

/// The engine gives its tape, to be looked at.
#[test]
fn layers_and_j_stand_on_the_tape() {
    let mut engine = with_ridge(&network());
    let [x, y] = batch(3);
    engine.set_batch(&x, &y);
    let j = engine.loss_and_gradients();
    assert_eq!(engine.tape().value(engine.j())[(0, 0)], j);
    for (l, layer) in engine.layers().iter().enumerate() {
        assert_eq!(engine.tape().value(layer.z), engine.layer(l).z);
        assert_eq!(engine.tape().gradient(layer.weight), engine.layer(l).weight_gradient);
    }
    assert!(engine.tape().to_string().contains("multiply"));
}
