//! After the first step, training allocates no memory: the engines own every buffer, and large products keep theirs. Only
//! matrixmultiply, which multiplies where the feature `fast` is off, takes new ones.
//!
//! This file is a test program of its own, because a program has one allocator.

mod common;

use common::{random_targets, step};
use nn_autodiff::{CustomOp, Operands};
use nn_core::{Activation, Loss, Matrix, seeded};
use nn_layers::{ByHand, ByTape, Engine, Initialization, Network};
use nn_testing::random_matrix;
use nn_testing::{CountingAllocator, allocations};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn network(widths: [usize; 4]) -> Network<f64> {
    let [inputs, first, second, outputs] = widths;
    let layers = [(first, Activation::Tanh), (second, Activation::Relu), (outputs, Activation::Softmax)];
    Network::random(inputs, &layers, Loss::CrossEntropy, Initialization::Glorot, &mut seeded(1))
        .expect("layers that fit")
}

fn batch(network: &Network<f64>, examples: usize) -> [Matrix<f64>; 2] {
    let mut rng = seeded(2);
    let x = random_matrix(network.inputs(), examples, &mut rng);
    [x, random_targets(Loss::CrossEntropy, network.outputs(), examples, &mut rng)]
}

/// What one step allocates for batches of these sizes, one after the other; the first is done once before and not counted.
fn steady_state(engine: &mut impl Engine<f64>, network: &Network<f64>, sizes: [usize; 5]) -> [usize; 5] {
    let batches = sizes.map(|examples| batch(network, examples));
    let [x, y] = &batches[0];
    engine.set_batch(x, y);
    step(engine, 0.1);
    batches.map(|[x, y]| {
        allocations(|| {
            engine.set_batch(&x, &y);
            step(engine, 0.1);
        })
    })
}

/// Every product is small enough for tiles that pack nothing. A smaller batch, such as the last of an epoch, shrinks the buffers
/// within their memory, and the next large one fits again.
#[test]
fn a_step_of_a_small_network_allocates_nothing() {
    let network = network([4, 5, 3, 2]);
    let sizes = [6, 6, 2, 6, 1];
    assert_eq!(steady_state(&mut ByHand::new(network.clone()), &network, sizes), [0; 5]);
    assert_eq!(steady_state(&mut ByTape::new(&network), &network, sizes), [0; 5]);
}

/// Three layers make eight products: three z, three ∂J/∂W, and two Wᵀ δ. Each packs its factors into memory that is kept,
/// or, by matrixmultiply, into memory that is allocated each time.
#[test]
fn a_step_of_a_large_network_allocates_nothing_with_the_kernels() {
    let large = network([512, 512, 256, 256]);
    let sizes = [80, 80, 64, 80, 72];
    let want = if cfg!(feature = "fast") { 0 } else { 8 };
    assert_eq!(steady_state(&mut ByHand::new(large.clone()), &large, sizes), [want; 5]);
    assert_eq!(steady_state(&mut ByTape::new(&large), &large, sizes), [want; 5]);
    if cfg!(feature = "fast") {
        // Ten outputs make products of every kind: thin, packed, with W transposed.
        let digits = network([784, 128, 64, 10]);
        assert_eq!(steady_state(&mut ByHand::new(digits.clone()), &digits, [128; 5]), [0; 5]);
    }
}

/// r = u², by rules of one's own.
#[derive(Debug)]
struct Square;

impl CustomOp<f64> for Square {
    fn name(&self) -> &str {
        "square"
    }

    fn equation(&self) -> &str {
        "u²"
    }

    fn forward(&self, operands: Operands<'_, f64>, r: &mut Matrix<f64>) {
        r.copy_from(&operands[0]);
        r.map_in_place(|u| u * u);
    }

    fn backward(
        &self,
        _: usize,
        operands: Operands<'_, f64>,
        _: &Matrix<f64>,
        r_bar: &Matrix<f64>,
        u_bar: &mut Matrix<f64>,
    ) {
        u_bar.copy_from(r_bar);
        u_bar.zip_in_place(&operands[0], |r_bar, u| 2.0 * u * r_bar);
    }
}

/// A loss of one's own, with an operation of one's own in it, is replayed into the same buffers.
#[test]
fn a_step_with_a_penalty_of_ones_own_allocates_nothing() {
    let network = network([4, 5, 3, 2]);
    let mut engine = ByTape::with_loss(&network, |tape, layers, y| {
        let loss = network.record_loss(tape, layers, y);
        let squares = tape.apply(Square, &[layers[0].weight]);
        let mean = tape.mean(squares);
        let activity = tape.apply(Square, &[layers[1].a]);
        let sum = tape.sum(activity);
        let terms = tape.add(mean, sum);
        tape.add(loss, terms)
    });
    assert_eq!(steady_state(&mut engine, &network, [6, 6, 2, 6, 1]), [0; 5]);
}

/// A larger batch needs larger buffers, once.
#[test]
fn a_larger_batch_allocates_once() {
    let network = network([4, 5, 3, 2]);
    let (mut by_hand, mut by_tape) = (ByHand::new(network.clone()), ByTape::new(&network));
    for counts in
        [steady_state(&mut by_hand, &network, [3, 6, 6, 3, 6]), steady_state(&mut by_tape, &network, [3, 6, 6, 3, 6])]
    {
        assert!(counts[1] > 0, "the counter counts");
        assert_eq!([counts[0], counts[2], counts[3], counts[4]], [0; 4]);
    }
}
