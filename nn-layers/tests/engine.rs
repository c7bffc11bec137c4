//! What both engines promise to those who train with them.

mod common;

use common::{random_targets, single, step};
use nn_core::{Activation, Loss, Matrix, MatrixView, Scalar, seeded};
use nn_layers::{ByHand, ByTape, Engine, Initialization, LayerValues, Network};
use nn_testing::{panic_message, random_matrix};

/// Three inputs, four hidden units, two outputs.
fn network() -> Network<f64> {
    let layers = [(4, Activation::Tanh), (2, Activation::Softmax)];
    Network::random(3, &layers, Loss::CrossEntropy, Initialization::Normal, &mut seeded(21)).expect("layers that fit")
}

fn some_batch(examples: usize) -> [Matrix<f64>; 2] {
    let mut rng = seeded(examples as u64);
    [random_matrix(3, examples, &mut rng), random_targets(Loss::CrossEntropy, 2, examples, &mut rng)]
}

/// Runs a test of any engine on both: `check` is called with each constructor in turn.
macro_rules! on_both {
    ($check:ident) => {
        $check(ByHand::new);
        $check(|network| ByTape::new(&network));
    };
}

/// J and a copy of every array.
fn everything<E: Engine<f64>>(engine: &mut E) -> (f64, Vec<Matrix<f64>>) {
    let j = engine.loss_and_gradients();
    let mut arrays = Vec::new();
    for l in 0..2 {
        let LayerValues { z, a, delta, weight_gradient, bias_gradient } = engine.layer(l);
        arrays.extend([z, a, delta, weight_gradient, bias_gradient].map(Matrix::clone));
    }
    assert_eq!(engine.output(), engine.layer(1).a);
    (j, arrays)
}

#[test]
fn a_used_engine_gives_the_numbers_of_a_new_one_whatever_the_batch() {
    fn check<E: Engine<f64>>(new: impl Fn(Network<f64>) -> E) {
        let mut used = new(network());
        for examples in [3, 1, 17, 2, 40, 17, 1] {
            let [x, y] = some_batch(examples);
            used.set_batch(&x, &y);
            let mut fresh = new(network());
            fresh.set_batch(&x, &y);
            let (j, arrays) = everything(&mut used);
            assert_eq!((j, &arrays), (everything(&mut fresh).0, &everything(&mut fresh).1), "{examples} examples");
            let shapes: Vec<String> = arrays.iter().map(|array| array.shape().to_string()).collect();
            let [hidden, output] = [4, 2].map(|units| format!("{units}×{examples}"));
            assert_eq!(shapes[..5], [&hidden, &hidden, &hidden, "4×3", "4×1"]);
            assert_eq!(shapes[5..], [&output, &output, &output, "2×4", "2×1"]);
        }
    }
    on_both!(check);
}

#[test]
fn a_batch_may_be_set_filled_in_place_or_exchanged() {
    fn check<E: Engine<f64>>(new: impl Fn(Network<f64>) -> E) {
        let [x, y] = some_batch(5);
        let mut set = new(network());
        set.set_batch(MatrixView::from(&x), &y);
        let want = everything(&mut set);

        let mut filled = new(network());
        let [x_buffer, y_buffer] = filled.batch_mut();
        x_buffer.resize(3, 5);
        x_buffer.as_mut_slice().copy_from_slice(x.as_slice());
        y_buffer.resize(2, 5);
        y_buffer.as_mut_slice().copy_from_slice(y.as_slice());
        assert_eq!(everything(&mut filled), want);

        let mut exchanged = new(network());
        let (mut mine_x, mut mine_y) = (x.clone(), y.clone());
        let [x_buffer, y_buffer] = exchanged.batch_mut();
        std::mem::swap(x_buffer, &mut mine_x);
        std::mem::swap(y_buffer, &mut mine_y);
        assert_eq!(everything(&mut exchanged), want);
        let [x_buffer, y_buffer] = exchanged.batch_mut();
        std::mem::swap(x_buffer, &mut mine_x);
        std::mem::swap(y_buffer, &mut mine_y);
        assert_eq!((mine_x, mine_y), (x, y)); // a sweep leaves the batch as it is
    }
    on_both!(check);
}

#[test]
fn parameters_come_in_order_each_with_its_gradient() {
    fn check<E: Engine<f64>>(new: impl Fn(Network<f64>) -> E) {
        let network = network();
        let mut engine = new(network.clone());
        let [x, y] = some_batch(6);
        engine.set_batch(&x, &y);
        engine.loss_and_gradients();
        let pairs: Vec<_> = engine.parameters_mut().map(|(p, g)| (p.clone(), g.clone())).collect();
        assert_eq!(pairs.len(), 4);
        let wanted = [
            &network.layers()[0].weight,
            &network.layers()[0].bias,
            &network.layers()[1].weight,
            &network.layers()[1].bias,
        ];
        let (first, second) = (engine.layer(0), engine.layer(1));
        let gradients = [first.weight_gradient, first.bias_gradient, second.weight_gradient, second.bias_gradient];
        for ((parameter, gradient), (want, want_gradient)) in pairs.iter().zip(wanted.into_iter().zip(gradients)) {
            assert_eq!((parameter, gradient), (want, want_gradient));
            assert_eq!(parameter.shape(), gradient.shape());
            assert!(gradient.as_slice().iter().all(|&g| g != 0.0));
        }
    }
    on_both!(check);
}

#[test]
fn an_update_is_seen_by_the_next_sweep_and_by_the_network() {
    fn check<E: Engine<f64>>(new: impl Fn(Network<f64>) -> E) {
        let mut engine = new(network());
        assert_eq!(*engine.network(), network());
        let [x, y] = some_batch(6);
        engine.set_batch(&x, &y);
        let before = step(&mut engine, 0.1);
        let updated = engine.network().into_owned();
        for (own, (parameter, _)) in updated.parameters().zip(engine.parameters_mut()) {
            assert_eq!(own, parameter);
        }
        let mut from_updated = new(updated.clone());
        from_updated.set_batch(&x, &y);
        let after = engine.loss_and_gradients();
        assert_eq!(from_updated.loss_and_gradients(), after);
        assert!(after < before, "{after}, {before} before the step");
        assert_ne!(updated, network());
        assert_eq!(updated.predict(&x), *engine.layer(1).a);
        assert_eq!(engine.into_network(), updated);
    }
    on_both!(check);
}

/// The labels are those of the paper, layers counted from 1.
#[test]
fn the_engine_by_tape_shows_its_tape() {
    let engine = ByTape::new(&network());
    let table = engine.tape().to_string();
    let names: Vec<&str> = table.lines().skip(2).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["x", "y", "W1", "b1", "z1", "a1", "W2", "b2", "z2", "a2", "J"]);
    let operations: Vec<&str> = table.lines().skip(2).filter_map(|line| line.split_whitespace().nth(1)).collect();
    let layer = |activation| ["parameter", "parameter", "affine", activation];
    assert_eq!(operations[..6], [["input", "input"].as_slice(), &layer("tanh")].concat());
    assert_eq!(operations[6..], [layer("softmax").as_slice(), &["cross-entropy"]].concat());
}

#[test]
fn layers_have_no_values_before_the_first_sweep() {
    let (mut by_hand, mut by_tape) = (ByHand::new(network()), ByTape::new(&network()));
    let [x, y] = some_batch(2);
    by_hand.set_batch(&x, &y);
    by_tape.set_batch(&x, &y);
    for l in 0..2 {
        assert_eq!(panic_message(|| by_hand.layer(l).z.clone()), "layer values before loss_and_gradients");
        let message = panic_message(|| by_tape.layer(l).z.clone());
        assert_eq!(message, format!("gradient of z{}: there was no backward sweep since it was recorded", l + 1));
    }
    by_hand.loss_and_gradients();
    by_tape.loss_and_gradients();
    for message in [panic_message(|| by_hand.layer(2).z.clone()), panic_message(|| by_tape.layer(2).z.clone())] {
        assert_eq!(message, "index out of bounds: the len is 2 but the index is 2");
    }
}

#[test]
fn a_batch_that_does_not_fit_is_refused_with_both_shapes() {
    fn check<E: Engine<f64>>(new: impl Fn(Network<f64>) -> E) {
        let mut engine = new(network());
        for ([x_rows, x_columns], [y_rows, y_columns]) in
            [([4, 5], [2, 5]), ([3, 5], [3, 5]), ([3, 5], [2, 6]), ([3, 0], [2, 0]), ([2, 5], [3, 5])]
        {
            engine.set_batch(&Matrix::zeros(x_rows, x_columns), &Matrix::zeros(y_rows, y_columns));
            assert_eq!(
                panic_message(|| engine.loss_and_gradients()),
                format!(
                    "a network with 3 inputs and 2 outputs was given a batch with \
                     x {x_rows}×{x_columns} and y {y_rows}×{y_columns}"
                )
            );
        }
        // Who catches the panic finds an engine that works.
        let [x, y] = some_batch(1);
        engine.set_batch(&x, &y);
        let mut fresh = new(network());
        fresh.set_batch(&x, &y);
        assert_eq!(everything(&mut engine), everything(&mut fresh));
    }
    on_both!(check);
}

/// A training with such targets would go on for ever, with a loss that means nothing.
#[test]
fn targets_that_the_loss_does_not_take_are_refused_with_the_example() {
    fn check<E: Engine<f64>>(new: impl Fn(Network<f64>) -> E, at: &str) {
        let refusal = |loss, last, y: &Matrix<f64>| {
            let layers = [(4, Activation::Tanh), (2, last)];
            let network = Network::random(3, &layers, loss, Initialization::Normal, &mut seeded(21));
            let mut engine = new(network.expect("layers that fit"));
            let [x, right] = some_batch(3);
            engine.set_batch(&x, y);
            let message = panic_message(|| engine.loss_and_gradients());
            // Who catches the panic finds an engine that works, with a batch that is filled in place.
            engine.batch_mut()[1].copy_from(&right);
            assert!(engine.loss_and_gradients().is_finite());
            engine.batch_mut()[1].copy_from(y);
            assert_eq!(panic_message(|| engine.loss_and_gradients()), message);
            message
        };
        let y = Matrix::from_columns(&[[1.0, 0.0], [0.25, 0.25], [0.0, 2.0]]);
        assert_eq!(
            refusal(Loss::CrossEntropy, Activation::Softmax, &y),
            format!("{at}the targets of example 2 sum to 0.5: those of cross-entropy are probabilities that sum to 1")
        );
        assert_eq!(
            refusal(Loss::BinaryCrossEntropy, Activation::Sigmoid, &y),
            format!("{at}target 2 of example 3 is 2: those of binary-cross-entropy lie between 0 and 1")
        );
    }
    check(ByHand::new, "");
    check(|network| ByTape::new(&network), "y: ");
}

/// Three classes, told apart by which of the three inputs is the largest.
fn classes<T: Scalar>() -> [Matrix<T>; 2] {
    let x = random_matrix(3, 24, &mut seeded(22));
    let y = Matrix::from_fn(3, 24, |i, j| if i == x.argmax(j) { 1.0 } else { 0.0 });
    [x, y].map(|matrix| matrix.map(T::from_f64))
}

/// The engines share the product and the derivatives, and do them in the same order: their losses have the same bits, so
/// that a run may change engines without changing its history.
#[test]
fn fifty_steps_have_the_same_bits_by_hand_and_by_tape() {
    fn check<T: Scalar>(convert: impl Fn(&Network<f64>) -> Network<T>) {
        let layers = [(8, Activation::Relu), (5, Activation::Tanh), (3, Activation::Softmax)];
        let network = Network::random(3, &layers, Loss::CrossEntropy, Initialization::Glorot, &mut seeded(23));
        let network = convert(&network.expect("layers that fit"));
        let (mut by_hand, mut by_tape) = (ByHand::new(network.clone()), ByTape::new(&network));
        let [x, y] = classes();
        let mut losses = Vec::new();
        for n in 0..50 {
            let batch = n % 3 * 8..n % 3 * 8 + 8;
            by_hand.set_batch(x.columns_range(batch.clone()), y.columns_range(batch.clone()));
            by_tape.set_batch(x.columns_range(batch.clone()), y.columns_range(batch));
            let (j, j_tape) = (step(&mut by_hand, 0.5), step(&mut by_tape, 0.5));
            assert_eq!(j.to_f64().to_bits(), j_tape.to_f64().to_bits(), "step {n}: {j} by hand, {j_tape} by tape");
            losses.push(j.to_f64());
        }
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        assert!(mean(&losses[47..]) < 0.5 * mean(&losses[..3]), "{losses:?}");
    }
    check::<f64>(Clone::clone);
    check::<f32>(single);
}

/// Who forgets the batch is told so by either engine.
#[test]
fn an_engine_without_a_batch_computes_nothing() {
    let misfit = |message: String| assert!(message.starts_with("a network with 3 inputs and 2 outputs"), "{message}");
    misfit(panic_message(|| ByHand::new(network()).loss_and_gradients()));
    misfit(panic_message(|| ByTape::new(&network()).loss_and_gradients()));
}
