//! One recording, many sweeps: what a replay must give, and what it must not keep from the sweep before.

mod common;

use common::random;
use nn_autodiff::{Tape, Var};
use nn_core::{Activation, Matrix, seeded};

/// J = cross-entropy of a two-layer network, and its places: [x, y, W1, b1, W2, b2] and J.
fn network(leaves: [Matrix<f64>; 6]) -> (Tape<f64>, [Var; 6], Var) {
    let [x, y, parameters @ ..] = leaves;
    let mut tape = Tape::new();
    let (x, y) = (tape.input(x), tape.input(y));
    let [w1, b1, w2, b2] = parameters.map(|parameter| tape.parameter(parameter));
    let z1 = tape.affine(w1, x, b1);
    let a1 = tape.activate(z1, Activation::Tanh);
    let z2 = tape.affine(w2, a1, b2);
    let j = tape.cross_entropy(z2, y);
    (tape, [x, y, w1, b1, w2, b2], j)
}

/// Other numbers for every leaf, and this many examples.
fn leaves(seed: u64, examples: usize) -> [Matrix<f64>; 6] {
    let mut rng = seeded(seed);
    let y = Matrix::from_fn(2, examples, |i, j| f64::from(u8::from(i == j % 2)));
    let mut random = |rows, columns| random(&mut rng, rows, columns);
    [random(3, examples), y, random(4, 3), random(4, 1), random(2, 4), random(2, 1)]
}

/// A replay is the same computation as a fresh recording, so that even the last bit agrees.
#[test]
fn a_replay_gives_what_a_fresh_recording_gives() {
    let (mut tape, vars, j) = network(leaves(1, 5));
    tape.backward(j);
    for (seed, examples) in [(2, 5), (3, 1), (4, 9), (5, 2)] {
        for (var, value) in vars.into_iter().zip(&leaves(seed, examples)) {
            tape.set(var, value);
        }
        tape.forward();
        tape.backward(j);

        let (mut fresh, _, _) = network(leaves(seed, examples));
        fresh.backward(j_of(&fresh));
        for (old, new) in tape.vars().zip(fresh.vars()) {
            assert_eq!(tape.value(old), fresh.value(new), "value {} of {examples} examples", old.index());
            if !tape.op(old).operands().is_empty() || vars[2..].contains(&old) {
                assert_eq!(tape.gradient(old), fresh.gradient(new), "adjoint {} of {examples} examples", old.index());
            }
        }
    }
}

fn j_of(tape: &Tape<f64>) -> Var {
    tape.vars().last().expect("a recorded tape")
}

#[test]
fn set_alone_changes_no_result() {
    let mut tape = Tape::new();
    let x = tape.input(Matrix::from_column(&[2.0]));
    let double = tape.scale(2.0, x);
    tape.set(x, &Matrix::from_column(&[5.0]));
    assert_eq!((tape.value(x)[(0, 0)], tape.value(double)[(0, 0)]), (5.0, 4.0));
    tape.forward();
    assert_eq!(tape.value(double)[(0, 0)], 10.0);
    *tape.value_mut(x) = Matrix::from_column(&[7.0, 8.0]);
    tape.forward();
    assert_eq!(*tape.value(double), Matrix::from_column(&[14.0, 16.0]));
}

#[test]
fn a_view_can_be_set() {
    let data = Matrix::from_rows(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let mut tape = Tape::new();
    let x = tape.input(Matrix::zeros(2, 1));
    tape.set(x, data.columns_range(1..3));
    assert_eq!(*tape.value(x), Matrix::from_rows(&[[2.0, 3.0], [5.0, 6.0]]));
}

#[test]
fn a_second_backward_sweep_does_not_add_to_the_first() {
    let (mut tape, vars, j) = network(leaves(1, 5));
    tape.backward(j);
    let first = tape.gradient(vars[2]).clone();
    tape.backward(j);
    assert_eq!(*tape.gradient(vars[2]), first);
}

/// Two losses of two parameters: J₁ = Σ u reads one of them, J₂ = Σ v the other.
fn two_losses(columns: usize) -> (Tape<f64>, [Var; 2], [Var; 2]) {
    let mut tape = Tape::new();
    let mut ones = Matrix::zeros(2, columns);
    ones.fill(1.0);
    let (u, v) = (tape.parameter(ones.clone()), tape.parameter(ones));
    let (j1, j2) = (tape.sum(u), tape.sum(v));
    (tape, [u, v], [j1, j2])
}

#[test]
fn gradients_are_zero_where_j_does_not_depend_on_a_value() {
    let (mut tape, [u, v], [j1, j2]) = two_losses(1);
    let (zeros, ones) = (Matrix::zeros(2, 1), Matrix::from_column(&[1.0, 1.0]));
    // From each loss in turn: what was written in one sweep is zero in the next, and the other way round.
    for _ in 0..2 {
        tape.backward(j1);
        assert_eq!([tape.gradient(u), tape.gradient(v)], [&ones, &zeros]);
        assert_eq!(*tape.gradient(j2), Matrix::zeros(1, 1));
        tape.backward(j2);
        assert_eq!([tape.gradient(u), tape.gradient(v)], [&zeros, &ones]);
        assert_eq!(*tape.gradient(j1), Matrix::zeros(1, 1));
    }
}

#[test]
fn zero_gradients_follow_the_shape() {
    let (mut tape, [u, v], [j1, _]) = two_losses(2);
    for columns in [2, 5, 1, 3] {
        tape.set(u, &Matrix::zeros(2, columns));
        tape.set(v, &Matrix::zeros(2, columns));
        tape.forward();
        tape.backward(j1);
        assert_eq!(*tape.gradient(v), Matrix::zeros(2, columns));
        assert_eq!(tape.gradient(u).as_slice(), vec![1.0; 2 * columns]);
    }
}

#[test]
fn backward_from_a_constant_gives_zeros() {
    let (mut tape, [u, _], [j1, _]) = two_losses(1);
    let x = tape.input(Matrix::from_column(&[4.0]));
    tape.backward(j1);
    tape.backward(x);
    assert_eq!(*tape.gradient(u), Matrix::zeros(2, 1));
    assert_eq!(*tape.gradient(j1), Matrix::zeros(1, 1));
}

/// J may itself be a parameter: ∂J/∂J = 1.
#[test]
fn backward_from_a_parameter_gives_one() {
    let mut tape = Tape::new();
    let w = tape.parameter(Matrix::from_column(&[4.0]));
    tape.backward(w);
    assert_eq!(tape.gradient(w)[(0, 0)], 1.0);
}

#[test]
fn steps_recorded_after_a_sweep_take_part_in_the_next() {
    let (mut tape, [u, _], [j1, _]) = two_losses(1);
    tape.backward(j1);
    let w = tape.parameter(Matrix::from_column(&[3.0, 4.0]));
    assert_eq!(tape.parameters_mut().last().expect("three parameters").1.shape().to_string(), "0×0");
    tape.backward(j1);
    assert_eq!(*tape.gradient(w), Matrix::zeros(2, 1));

    let product = tape.multiply(u, w);
    let j = tape.sum(product);
    tape.backward(j);
    assert_eq!(*tape.gradient(u), Matrix::from_column(&[3.0, 4.0]));
    assert_eq!(*tape.gradient(w), Matrix::from_column(&[1.0, 1.0]));
}

/// The table shows what a sweep has written: of constants, nothing.
#[test]
fn no_adjoint_is_computed_for_constants() {
    let mut tape = Tape::new();
    let x = tape.input(Matrix::from_column(&[2.0]));
    let c = tape.scale(5.0, x);
    let w = tape.parameter(Matrix::from_column(&[3.0]));
    let product = tape.multiply(c, w);
    let j = tape.sum(product);
    tape.backward(j);
    assert_eq!(tape.gradient(w)[(0, 0)], 10.0);
    let table = tape.to_string();
    let adjoints: Vec<&str> = table.lines().skip(2).filter_map(|line| line.split_whitespace().last()).collect();
    assert_eq!(adjoints, ["–", "–", "10", "1", "1"]);
}

#[test]
fn parameters_come_in_the_order_of_recording_each_with_its_gradient() {
    let (mut tape, [_, _, parameters @ ..], j) = network(leaves(1, 5));
    tape.backward(j);
    let expected = parameters.map(|var| (tape.value(var).clone(), tape.gradient(var).clone()));
    let mut pairs = tape.parameters_mut();
    for (value, gradient) in &expected {
        let (got_value, got_gradient) = pairs.next().expect("four parameters");
        assert_eq!((&*got_value, got_gradient), (value, gradient));
        got_value.fill(0.25);
    }
    assert!(pairs.next().is_none());
    drop(pairs);
    assert!(parameters.iter().all(|&var| tape.value(var).as_slice().iter().all(|&x| x == 0.25)));
}

#[test]
fn two_values_can_be_filled_at_once_in_either_order() {
    let mut tape = Tape::new();
    let x = tape.input(Matrix::from_column(&[1.0]));
    let w = tape.parameter(Matrix::from_column(&[2.0]));
    let y = tape.input(Matrix::from_column(&[3.0]));
    let read = |[u, v]: [&mut Matrix<f64>; 2]| (u[(0, 0)], v[(0, 0)]);
    assert_eq!(read(tape.values_mut([x, y])), (1.0, 3.0));
    assert_eq!(read(tape.values_mut([y, x])), (3.0, 1.0));
    assert_eq!(read(tape.values_mut([w, x])), (2.0, 1.0));
    assert_eq!(read(tape.values_mut([w, y])), (2.0, 3.0));
    let [u, v] = tape.values_mut([y, x]);
    (u[(0, 0)], v[(0, 0)]) = (30.0, 10.0);
    assert_eq!((tape.value(x)[(0, 0)], tape.value(y)[(0, 0)]), (10.0, 30.0));
}

#[test]
fn places_count_from_zero() {
    let (tape, vars, j) = network(leaves(1, 2));
    assert_eq!(vars.map(Var::index), [0, 1, 2, 3, 4, 5]);
    assert_eq!(j.index(), 10); // z1, a1, z2 and the softmax stand between.
    assert_eq!(tape.vars().map(Var::index).collect::<Vec<_>>(), (0..11).collect::<Vec<_>>());
    assert_eq!(tape.vars().nth(10), Some(j));
    assert_eq!(Tape::<f64>::default().vars().count(), 0);
}
