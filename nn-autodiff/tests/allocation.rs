//! A tape allocates while it is recorded and swept for the first time, and no more afterwards.

mod common;

use common::{Power, random};
use nn_autodiff::{Tape, Var};
use nn_core::{Activation, Matrix, seeded};
use nn_testing::{CountingAllocator, allocations};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(10)))), 1);
}

/// A network of n units in each layer with every operation, one of its own among them, and every loss.
fn network(n: usize, examples: usize) -> (Tape<f64>, [Var; 2], Var) {
    let mut rng = seeded(1);
    let mut tape = Tape::new();
    let x = tape.input(random(&mut rng, n, examples));
    let y = tape.input(Matrix::from_fn(n, examples, |i, j| f64::from(u8::from(i == j % n))));
    let w = tape.parameter(random(&mut rng, n, n));
    let b = tape.parameter(random(&mut rng, n, 1));
    let unused = tape.parameter(random(&mut rng, n, n));
    tape.sum(unused);

    let mut a = x;
    for activation in Activation::ALL {
        // z also goes past its activation: the step alone would end the way back.
        let z = tape.affine(w, a, b);
        let activated = tape.activate(z, activation);
        let sum = tape.add(activated, z);
        a = tape.scale(0.1, sum);
    }
    let decoder = tape.transpose(w);
    let decoded = tape.matmul(decoder, a);
    let losses =
        [tape.least_squares(decoded, y), tape.cross_entropy(decoded, y), tape.binary_cross_entropy(decoded, y)];
    let squares = tape.multiply(w, w);
    let powers = tape.apply(Power(0.5), &[squares]);
    let exponentials = tape.exp(powers);
    let sums = tape.add(squares, exponentials);
    let logarithms = tape.ln(sums);
    let columns = tape.broadcast(b, w);
    let differences = tape.subtract(logarithms, columns);
    let quotients = tape.divide(differences, exponentials);
    let again = tape.apply(Power(2.0), &[differences]); // the second term of an adjoint, by way of the scratch matrix
    let mut j = tape.sum(squares);
    for term in [tape.mean(quotients), tape.mean(again)].into_iter().chain(losses) {
        j = tape.add(j, term);
    }
    (tape, [x, y], j)
}

/// Small products need no memory of their own.
#[test]
fn a_small_network_allocates_nothing_after_two_sweeps() {
    let (mut tape, [x, y], j) = network(3, 4);
    let mut sweep = |examples: usize| {
        let fill = |matrix: &mut Matrix<f64>, x: f64| {
            matrix.resize(3, examples);
            matrix.fill(x);
        };
        allocations(|| {
            let [x, y] = tape.values_mut([x, y]);
            fill(x, 0.5);
            fill(y, 1.0 / 3.0);
            tape.forward();
            tape.backward(j);
            let norm = tape.parameters_mut().map(|(_, gradient)| gradient[(0, 0)]).sum::<f64>();
            assert!(norm.is_finite());
        })
    };
    assert!(sweep(4) > 0);
    sweep(4);
    assert_eq!([sweep(4), sweep(4), sweep(2), sweep(4)], [0; 4]);
}

/// Here Wᵀ δ, backward through the decoder and the affine maps, transposes W first, into memory that is kept.
#[test]
fn a_larger_network_allocates_nothing_after_two_sweeps() {
    let (mut tape, _, j) = network(16, 8);
    let mut sweep = || {
        allocations(|| {
            tape.forward();
            tape.backward(j);
        })
    };
    sweep();
    sweep();
    assert_eq!([sweep(), sweep(), sweep()], [0; 3]);
}
