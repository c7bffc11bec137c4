//! Which layers make a network, what is said of those that do not, and what a network computes.

mod common;

use common::random_targets;
use nn_core::{Activation, Loss, Matrix, seeded};
use nn_layers::{ByHand, Dense, Engine, Initialization, Network, NetworkError};
use nn_testing::{panic_message, random_matrix};
use rand::TryRng;

fn layer(inputs: usize, units: usize) -> Dense<f64> {
    Dense { weight: Matrix::zeros(units, inputs), bias: Matrix::zeros(units, 1), activation: Activation::Sigmoid }
}

fn refused(layers: Vec<Dense<f64>>, loss: Loss) -> NetworkError {
    Network::new(layers, loss).expect_err("layers that do not fit")
}

#[test]
fn a_network_needs_a_layer() {
    let error = refused(Vec::new(), Loss::LeastSquares);
    assert_eq!(error, NetworkError::NoLayers);
    assert_eq!(error.to_string(), "a network needs at least one layer");
    let random =
        Network::<f64>::random(5, &[], Loss::LeastSquares, Initialization::He, &mut NoNumbers).expect_err("no layer");
    assert_eq!(random, NetworkError::NoLayers);
}

#[test]
fn a_layer_needs_units_and_inputs() {
    let error = refused(vec![layer(3, 2), layer(2, 0)], Loss::LeastSquares);
    assert_eq!(error, NetworkError::EmptyLayer { layer: 2, units: 0, inputs: 2 });
    assert_eq!(error.to_string(), "layer 2 has 0 units and 2 inputs: it needs at least one of each");
    let error = refused(vec![layer(0, 4)], Loss::LeastSquares);
    assert_eq!(error, NetworkError::EmptyLayer { layer: 1, units: 4, inputs: 0 });
    assert_eq!(error.to_string(), "layer 1 has 4 units and 0 inputs: it needs at least one of each");
}

#[test]
fn a_unit_has_one_bias() {
    let with_bias = |rows, columns| Dense { bias: Matrix::zeros(rows, columns), ..layer(3, 2) };
    let error = refused(vec![with_bias(3, 1)], Loss::LeastSquares);
    assert_eq!(error, NetworkError::Bias { layer: 1, units: 2, bias: "3×1".to_owned() });
    assert_eq!(error.to_string(), "layer 1 has 2 units, but its bias is 3×1: b⁽¹⁾ is 2×1");
    let error = refused(vec![layer(5, 3), with_bias(2, 2)], Loss::LeastSquares);
    assert_eq!(error.to_string(), "layer 2 has 2 units, but its bias is 2×2: b⁽²⁾ is 2×1");
}

#[test]
fn neighbours_that_do_not_fit_are_named_with_their_equation() {
    let error = refused(vec![layer(784, 30), layer(32, 10)], Loss::LeastSquares);
    assert_eq!(error, NetworkError::Widths { layer: 2, units: 10, expected: 32, found: 30 });
    assert_eq!(
        error.to_string(),
        "layer 2 (10 units) expects a⁽¹⁾ with 32 rows, but layer 1 has 30 units: z⁽²⁾ = W⁽²⁾ a⁽¹⁾ + b⁽²⁾"
    );
    // The first of two misfits is named.
    let error = refused(vec![layer(2, 3), layer(3, 4), layer(5, 6), layer(7, 8)], Loss::LeastSquares);
    assert_eq!(
        error.to_string(),
        "layer 3 (6 units) expects a⁽²⁾ with 5 rows, but layer 2 has 4 units: z⁽³⁾ = W⁽³⁾ a⁽²⁾ + b⁽³⁾"
    );
}

#[test]
fn layer_numbers_are_raised_in_all_their_digits() {
    let deep = |misfit: usize| {
        let mut layers: Vec<_> = (1..=1024).map(|_| layer(1, 1)).collect();
        layers[misfit - 1] = layer(2, 1);
        refused(layers, Loss::LeastSquares).to_string()
    };
    assert_eq!(
        deep(10),
        "layer 10 (1 unit) expects a⁽⁹⁾ with 2 rows, but layer 9 has 1 unit: z⁽¹⁰⁾ = W⁽¹⁰⁾ a⁽⁹⁾ + b⁽¹⁰⁾"
    );
    assert_eq!(
        deep(357),
        "layer 357 (1 unit) expects a⁽³⁵⁶⁾ with 2 rows, but layer 356 has 1 unit: z⁽³⁵⁷⁾ = W⁽³⁵⁷⁾ a⁽³⁵⁶⁾ + b⁽³⁵⁷⁾"
    );
    assert_eq!(
        deep(849),
        "layer 849 (1 unit) expects a⁽⁸⁴⁸⁾ with 2 rows, but layer 848 has 1 unit: z⁽⁸⁴⁹⁾ = W⁽⁸⁴⁹⁾ a⁽⁸⁴⁸⁾ + b⁽⁸⁴⁹⁾"
    );
    assert!(deep(1024).ends_with("z⁽¹⁰²⁴⁾ = W⁽¹⁰²⁴⁾ a⁽¹⁰²³⁾ + b⁽¹⁰²⁴⁾"));
}

#[test]
fn a_cross_entropy_needs_its_own_last_activation() {
    let error = refused(vec![layer(2, 3), layer(3, 2)], Loss::CrossEntropy);
    let (needed, found) = (Activation::Softmax, Activation::Sigmoid);
    assert_eq!(error, NetworkError::LastActivation { loss: Loss::CrossEntropy, needed, layer: 2, found });
    assert_eq!(error.to_string(), "the loss cross-entropy needs softmax as last activation, but layer 2 has sigmoid");
    let softmax = Dense { activation: Activation::Softmax, ..layer(2, 3) };
    assert_eq!(
        refused(vec![softmax.clone()], Loss::BinaryCrossEntropy).to_string(),
        "the loss binary-cross-entropy needs sigmoid as last activation, but layer 1 has softmax"
    );
    // Only the last layer matters.
    assert!(Network::new(vec![softmax.clone(), layer(3, 1)], Loss::BinaryCrossEntropy).is_ok());
    assert!(Network::new(vec![layer(2, 2), softmax], Loss::CrossEntropy).is_ok());
}

/// A generator that nobody may ask: it shows whether numbers, and with them memory, were about to be used.
struct NoNumbers;

impl TryRng for NoNumbers {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        panic!("a number was drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        panic!("a number was drawn")
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
        panic!("a number was drawn")
    }
}

fn random_without_numbers(inputs: usize, widths: &[usize]) -> NetworkError {
    let layers: Vec<_> = widths.iter().map(|&units| (units, Activation::Tanh)).collect();
    Network::<f32>::random(inputs, &layers, Loss::LeastSquares, Initialization::Normal, &mut NoNumbers)
        .expect_err("a network that is too large")
}

/// 2 + 2 · 65535 + 65536 · 32766 = 2³¹: the first layer is tiny and is drawn first, so that the draw gives away that
/// the network was let through, long before the large layers are allocated.
#[test]
fn exactly_the_largest_size_is_let_through() {
    assert_eq!(panic_message(|| random_without_numbers(1, &[1, 65_535, 32_766])), "a number was drawn");
}

#[test]
fn one_parameter_more_is_refused_before_anything_is_drawn() {
    let error = random_without_numbers(2, &[1, 65_535, 32_766]);
    assert_eq!(error, NetworkError::TooLarge { parameters: (1 << 31) + 1 });
    assert_eq!(error.to_string(), "the network would have 2147483649 parameters: at most 2³¹ = 2147483648 are allowed");
}

/// Biases count: 46340 · 46341 weights alone are below 2³¹.
#[test]
fn sizes_beyond_every_counter_are_refused() {
    assert_eq!(
        random_without_numbers(46_340, &[46_341, 1]),
        NetworkError::TooLarge { parameters: 46_341 * 46_341 + 46_342 }
    );
    let largest = usize::MAX as u128;
    assert_eq!(random_without_numbers(usize::MAX, &[1, 1]), NetworkError::TooLarge { parameters: largest + 1 + 2 });
    for widths in [vec![usize::MAX], vec![usize::MAX; 2], vec![usize::MAX; 5]] {
        let NetworkError::TooLarge { parameters } = random_without_numbers(usize::MAX, &widths) else {
            panic!("{} layers of the largest size passed", widths.len());
        };
        assert!(parameters >= (largest + 1) * largest);
    }
}

/// Numbers that seeded runs depend on. Normals come through the platform's ln and cos: 12 digits of those.
#[test]
fn random_networks_do_not_change() {
    let layers = [(2, Activation::Tanh), (1, Activation::Identity)];
    let random = |initialization| {
        Network::<f64>::random(2, &layers, Loss::LeastSquares, initialization, &mut seeded(1)).expect("layers that fit")
    };
    let glorot = random(Initialization::Glorot);
    assert_eq!(glorot.layers()[0].weight.as_slice(), GLOROT_OF_SEED_1[..4].to_vec());
    assert_eq!(glorot.layers()[1].weight.as_slice(), GLOROT_OF_SEED_1[4..].to_vec());
    for (initialization, want) in [(Initialization::He, HE_OF_SEED_1), (Initialization::Normal, NORMAL_OF_SEED_1)] {
        let network = random(initialization);
        let got: Vec<f64> = network.parameters().flat_map(|p| p.as_slice()).copied().collect();
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-12, "{initialization}: {got}, not {want}");
        }
    }
    assert_eq!(glorot.layers()[0].activation, Activation::Tanh);
    assert_eq!(glorot.layers()[1].activation, Activation::Identity);
}
const GLOROT_OF_SEED_1: [f64; 6] = [
    0.7632907869076987,
    0.6052804676229053,
    -0.9794262604551182,
    0.6031056990760499,
    -0.891863679631841,
    0.2559129317929968,
];
const HE_OF_SEED_1: [f64; 9] = [
    -0.03323709594059198,
    -0.01091916499162517,
    -0.538509160456856,
    -2.91205664605425,
    0.0,
    0.0,
    0.2995897291150333,
    -1.2469192702217349,
    0.0,
];
const NORMAL_OF_SEED_1: [f64; 9] = [
    -0.03323709594059198,
    -0.01091916499162517,
    -0.538509160456856,
    -2.91205664605425,
    0.2995897291150333,
    -1.2469192702217349,
    -0.30578330622267835,
    0.24035984842511923,
    -1.2578589886032359,
];

fn network() -> Network<f64> {
    let layers = [(4, Activation::Relu), (3, Activation::Tanh), (2, Activation::Softmax)];
    Network::random(5, &layers, Loss::CrossEntropy, Initialization::Normal, &mut seeded(31)).expect("layers that fit")
}

#[test]
fn a_network_tells_its_shape() {
    let network = network();
    assert_eq!((network.inputs(), network.outputs(), network.loss()), (5, 2, Loss::CrossEntropy));
    let widths: Vec<_> = network.layers().iter().map(|dense| (dense.inputs(), dense.outputs())).collect();
    assert_eq!(widths, [(5, 4), (4, 3), (3, 2)]);
    assert_eq!(network.parameter_count(), 5 * 4 + 4 + 4 * 3 + 3 + 3 * 2 + 2);
    let shapes: Vec<_> = network.parameters().map(|parameter| parameter.shape().to_string()).collect();
    assert_eq!(shapes, ["4×5", "4×1", "3×4", "3×1", "2×3", "2×1"]);
    let [first, ..] = network.layers() else { panic!("no layer") };
    assert!(network.parameters().next() == Some(&first.weight) && network.parameters().nth(1) == Some(&first.bias));
}

#[test]
fn predictions_are_those_of_the_forward_pass() {
    let network = network();
    let x = random_matrix(5, 7, &mut seeded(32));
    let predicted = network.predict(&x);
    assert_eq!(predicted.shape().to_string(), "2×7");
    let mut engine = ByHand::new(network.clone());
    engine.set_batch(&x, &random_targets(network.loss(), 2, 7, &mut seeded(35)));
    engine.loss_and_gradients();
    assert_eq!(predicted, *engine.layer(2).a);
    // Some of the examples, as a view, and none.
    let some = network.predict(x.columns_range(2..5));
    assert_eq!(
        some.as_slice(),
        network.predict(&Matrix::from_columns(&[x.column(2), x.column(3), x.column(4)])).as_slice()
    );
    assert_eq!(network.predict(x.columns_range(3..3)).shape().to_string(), "2×0");
}

#[test]
fn loss_and_outputs_are_those_of_the_forward_pass() {
    for (last, loss) in [(Activation::Softmax, Loss::CrossEntropy), (Activation::Tanh, Loss::LeastSquares)] {
        let layers = [(4, Activation::Relu), (2, last)];
        let network = Network::<f64>::random(5, &layers, loss, Initialization::Normal, &mut seeded(33));
        let network = network.expect("layers that fit");
        let mut rng = seeded(34);
        let (x, y) = (random_matrix(5, 7, &mut rng), random_targets(loss, 2, 7, &mut rng));
        let mut engine = ByHand::new(network.clone());
        engine.set_batch(&x, &y);
        let j = engine.loss_and_gradients();
        assert_eq!(network.loss_and_outputs(&x, &y), (j, engine.output().clone()));
    }
    assert_eq!(
        panic_message(|| network().loss_and_outputs(&Matrix::zeros(4, 3), &Matrix::zeros(2, 3))),
        "a network with 5 inputs was given x with shape 4×3"
    );
    assert_eq!(
        panic_message(|| network().loss_and_outputs(&Matrix::zeros(5, 3), &Matrix::zeros(2, 4))),
        "loss cross-entropy: z is 2×3, a is 2×3, y is 2×4"
    );
    assert_eq!(
        panic_message(|| network().loss_and_outputs(&Matrix::zeros(5, 3), &Matrix::zeros(2, 3))),
        "the targets of example 1 sum to 0: those of cross-entropy are probabilities that sum to 1"
    );
}

#[test]
fn predictions_for_other_inputs_are_refused() {
    for rows in [0, 4, 6] {
        assert_eq!(
            panic_message(|| network().predict(&Matrix::zeros(rows, 3))),
            format!("a network with 5 inputs was given x with shape {rows}×3")
        );
    }
}

#[test]
fn map_changes_the_numbers_and_nothing_else() {
    let network = network();
    let doubled = network.map(|x| 2.0 * x);
    for (double, original) in doubled.parameters().zip(network.parameters()) {
        assert_eq!(*double, original.map(|x| 2.0 * x));
    }
    assert_eq!(doubled.parameters().count(), 6);
    let single: Network<f32> = network.map(|x| x as f32);
    assert_eq!(single.loss(), network.loss());
    for (single, double) in single.layers().iter().zip(network.layers()) {
        assert_eq!(single.activation, double.activation);
        assert_eq!(single.weight, double.weight.map(|x| x as f32));
        assert_eq!(single.bias, double.bias.map(|x| x as f32));
    }
}
