//! The check of gradients: wrong rules are named, with the value, the numbers and the operation; right ones pass.

mod common;

use common::random;
use nn_autodiff::{CustomOp, Dual, Operands, Tape, Var, WrongRule};
use nn_core::{Activation, Matrix, Scalar, seeded};

/// What may be wrong with the backward rule of r = u² ⊙ v.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mistake {
    None,
    FactorLeftOut,
    SignFlipped,
    AdjointIgnored,
    AdjointOfOneEntry,
    OperandsExchanged,
    SecondOperandForgotten,
    OneEntryWrong,
    SlightlyWrong,
    NotANumber,
}

const MISTAKES: [Mistake; 9] = [
    Mistake::FactorLeftOut,
    Mistake::SignFlipped,
    Mistake::AdjointIgnored,
    Mistake::AdjointOfOneEntry,
    Mistake::OperandsExchanged,
    Mistake::SecondOperandForgotten,
    Mistake::OneEntryWrong,
    Mistake::SlightlyWrong,
    Mistake::NotANumber,
];

/// r = u² ⊙ v
#[derive(Debug)]
struct SquareTimes(Mistake);

impl<T: Scalar> CustomOp<T> for SquareTimes {
    fn name(&self) -> &str {
        "square-times"
    }

    fn equation(&self) -> &str {
        "u² ⊙ v"
    }

    fn forward(&self, operands: Operands<'_, T>, r: &mut Matrix<T>) {
        r.copy_from(&operands[0]);
        r.zip_in_place(&operands[1], |u, v| u * u * v);
    }

    fn backward(&self, k: usize, operands: Operands<'_, T>, _: &Matrix<T>, r_bar: &Matrix<T>, term: &mut Matrix<T>) {
        let (u, v) = (&operands[0], &operands[1]);
        let two = T::from_f64(2.0);
        let mistake = self.0;
        for (i, term) in term.as_mut_slice().iter_mut().enumerate() {
            let (u, v, r_bar) = (u.as_slice()[i], v.as_slice()[i], r_bar.as_slice()[i]);
            let is_first = if mistake == Mistake::OperandsExchanged { k == 1 } else { k == 0 };
            let slope = if is_first { two * u * v } else { u * u };
            *term = slope * r_bar;
            match mistake {
                Mistake::FactorLeftOut if k == 0 => *term = u * v * r_bar,
                Mistake::SignFlipped => *term = -*term,
                Mistake::AdjointIgnored => *term = slope,
                Mistake::SecondOperandForgotten if k == 1 => *term = T::zero(),
                Mistake::OneEntryWrong if i == 1 => *term = *term + *term,
                Mistake::SlightlyWrong => *term *= T::from_f64(1.0 + 1e-4),
                Mistake::NotANumber if i == 0 => *term = T::zero() / T::zero(),
                _ => {}
            }
        }
        if mistake == Mistake::AdjointOfOneEntry {
            let first = r_bar.as_slice()[0];
            term.map_in_place(|term| if term == T::zero() { term } else { first });
        }
    }
}

/// J = least squares of tanh(r), r = u² ⊙ v of two affine maps of parameters with `units` units and `examples` examples.
fn record(units: usize, examples: usize, mistake: Mistake) -> (Tape<f64>, Var) {
    let mut rng = seeded(1);
    let mut tape = Tape::new();
    let x = tape.input(random(&mut rng, 2, examples));
    let [w, w2] = [0; 2].map(|_| tape.parameter(random(&mut rng, units, 2)));
    let [b, b2] = [0; 2].map(|_| tape.parameter(random(&mut rng, units, 1)));
    let u = tape.affine(w, x, b);
    let v = tape.affine(w2, x, b2);
    tape.label(u, "u");
    tape.label(v, "v");
    let r = tape.apply(SquareTimes(mistake), &[u, v]);
    tape.label(r, "r");
    let small = tape.scale(0.1, r);
    let a = tape.activate(small, Activation::Tanh);
    let y = tape.input(random(&mut rng, units, examples));
    let j = tape.least_squares(a, y);
    (tape, j)
}

#[test]
fn every_wrong_rule_is_named() {
    // Each entry by itself, and along random directions.
    for (units, examples) in [(3, 2), (20, 20)] {
        let (mut tape, j) = record(units, examples, Mistake::None);
        assert_eq!(tape.check_gradient(j), Ok(()));
        for mistake in MISTAKES {
            let (mut tape, j) = record(units, examples, mistake);
            let error = tape.check_gradient(j).expect_err("a wrong rule");
            assert_eq!(error.operations, ["square-times (r)"], "{mistake:?}: {error}");
            let wrong_in_u_alone = mistake == Mistake::FactorLeftOut;
            assert_eq!(error.value, if wrong_in_u_alone { "u" } else { "v" }, "{mistake:?}: {error}");
            assert_eq!(error.entry.is_none(), units * examples > 64, "{mistake:?}: {error}");
        }
    }
}

/// The numbers of the error are those of J: by the tape, what `gradient` says; by differences, what would be right.
#[test]
fn the_error_has_both_numbers_and_the_place() {
    let (mut right, j) = record(3, 2, Mistake::None);
    right.backward(j);
    let (mut wrong, j) = record(3, 2, Mistake::OneEntryWrong);
    let error = wrong.check_gradient(j).expect_err("a wrong entry");
    assert_eq!(error.entry, Some((1, 0)));
    let of_v = |tape: &Tape<f64>| tape.gradient(tape.vars().nth(6).expect("v"))[(1, 0)];
    let (want, got) = (of_v(&right), of_v(&wrong));
    assert!((error.by_tape - got).abs() < 1e-15 && (error.by_differences - want).abs() < 1e-9, "{error:?}");
    assert_eq!(got, 2.0 * want);

    let error = WrongRule {
        value: "W1".to_owned(),
        entry: Some((2, 0)),
        by_tape: 0.5,
        by_differences: 0.25,
        operations: vec!["swish (v7)".to_owned()],
    };
    assert_eq!(
        error.to_string(),
        "the gradient of W1 in row 2, column 0 is 0.5 by the tape, but 0.25 by differences: \
         the backward rule of swish (v7) does not fit its forward rule"
    );
    let operations = vec!["add (v8)".to_owned(), "swish (v7)".to_owned()];
    assert_eq!(
        WrongRule { entry: None, operations, ..error }.to_string(),
        "the gradient of W1 along a random direction is 0.5 by the tape, but 0.25 by differences: \
         the backward rule of add (v8) or swish (v7) does not fit its forward rule"
    );
}

/// J̄ = 1 alone would let a rule through that ignores the adjoint of its result.
#[test]
fn a_rule_that_ignores_its_adjoint_is_found_below_a_sum_too() {
    let mut tape = Tape::<f64>::new();
    let u = tape.parameter(Matrix::from_column(&[0.5, 2.0]));
    let r = tape.apply(SquareTimes(Mistake::AdjointIgnored), &[u, u]);
    let j = tape.sum(r);
    let error = tape.check_gradient(j).expect_err("a wrong rule");
    assert_eq!((error.value.as_str(), error.entry), ("v0", Some((0, 0))));
}

/// What the check leaves on the tape is what it finds after `forward` and `backward`.
#[test]
fn the_tape_is_as_after_a_replay_and_a_sweep() {
    for mistake in [Mistake::None, Mistake::OneEntryWrong, Mistake::FactorLeftOut] {
        let (mut checked, j) = record(3, 2, mistake);
        let (mut swept, _) = record(3, 2, mistake);
        let w = checked.vars().nth(1).expect("W");
        for tape in [&mut checked, &mut swept] {
            tape.value_mut(tape.vars().nth(1).expect("W")).fill(0.7); // set, and not yet replayed
        }
        assert_eq!(checked.check_gradient(j).is_ok(), mistake == Mistake::None);
        swept.forward();
        swept.backward(swept.vars().last().expect("J"));
        for (checked_var, swept_var) in checked.vars().zip(swept.vars()) {
            assert_eq!(checked.value(checked_var), swept.value(swept_var));
        }
        let swept_w = swept.vars().nth(1).expect("W");
        assert_eq!(checked.gradient(w), swept.gradient(swept_w));
    }
}

/// Values that J does not depend on, steps that come after J, and constants are no reason to fail.
#[test]
fn what_j_does_not_depend_on_passes() {
    let (mut tape, j) = record(3, 2, Mistake::None);
    let unused = tape.parameter(Matrix::from_column(&[1.0, 2.0]));
    let later = tape.apply(SquareTimes(Mistake::SignFlipped), &[unused, unused]);
    tape.sum(later);
    assert_eq!(tape.check_gradient(j), Ok(()));
    let constant = tape.input(3.0);
    assert_eq!(tape.check_gradient(constant), Ok(()));
    let parameter = tape.parameter(3.0);
    assert_eq!(tape.check_gradient(parameter), Ok(()));
}

/// Large and small numbers: the step follows the size of a value, and the bound the size of J.
#[test]
fn numbers_of_every_size_are_checked() {
    for scale in [1e-6, 1e-2, 1e2, 1e6] {
        for mistake in [Mistake::None, Mistake::FactorLeftOut] {
            let mut rng = seeded(2);
            let mut tape = Tape::new();
            let u = tape.parameter(random(&mut rng, 3, 2).map(|u| scale * u));
            let v = tape.parameter(random(&mut rng, 3, 2));
            let r = tape.apply(SquareTimes(mistake), &[u, v]);
            let mean = tape.mean(r);
            let offset = tape.input(scale);
            let j = tape.add(mean, offset);
            assert_eq!(tape.check_gradient(j).is_ok(), mistake == Mistake::None, "{scale}, {mistake:?}");
        }
    }
}

/// Near a kink the step is shortened; at a kink there is nothing to check, and the doc says so.
#[test]
fn a_kink_that_is_near_is_stepped_around() {
    for (z, passes) in [(1e-2, true), (1e-4, true), (-1e-4, true), (3e-5, true), (0.0, false)] {
        let mut tape = Tape::<f64>::new();
        let z = tape.parameter(Matrix::from_column(&[z, 0.5]));
        let a = tape.activate(z, Activation::Relu);
        let y = tape.input(Matrix::from_column(&[1.0, -1.0]));
        let j = tape.least_squares(a, y);
        assert_eq!(tape.check_gradient(j).is_ok(), passes, "{:?}", tape.value(z));
    }
}

/// The loss and every built-in activation, in f32 and over dual numbers.
#[test]
fn networks_pass_in_every_precision() {
    fn network<T: Scalar>(activation: Activation) -> (Tape<T>, Var) {
        let mut rng = seeded(3);
        let mut random = |rows, columns| random(&mut rng, rows, columns).map(T::from_f64);
        let mut tape = Tape::new();
        let x = tape.input(random(3, 10));
        let y = tape.input(Matrix::from_fn(2, 10, |i, j| T::from_f64(f64::from(u8::from(i == j % 2)))));
        let (w1, b1) = (tape.parameter(random(9, 3)), tape.parameter(random(9, 1)));
        let (w2, b2) = (tape.parameter(random(2, 9)), tape.parameter(random(2, 1)));
        let z1 = tape.affine(w1, x, b1);
        let a1 = tape.activate(z1, activation);
        let z2 = tape.affine(w2, a1, b2);
        let j = tape.cross_entropy(z2, y);
        (tape, j)
    }
    for activation in Activation::ALL {
        let (mut tape, j) = network::<f64>(activation);
        assert_eq!(tape.check_gradient(j), Ok(()), "{activation}");
        let (mut tape, j) = network::<Dual<f64>>(activation);
        assert_eq!(tape.check_gradient(j), Ok(()), "{activation} over dual numbers");
    }
    for activation in [Activation::Tanh, Activation::Softplus, Activation::Softmax] {
        let (mut tape, j) = network::<f32>(activation);
        assert_eq!(tape.check_gradient(j), Ok(()), "{activation} in f32");
    }
}

/// In f32 a difference has fewer digits, and a rule that is wrong is found all the same.
#[test]
fn wrong_rules_are_found_in_single_precision() {
    for mistake in [Mistake::None, Mistake::FactorLeftOut, Mistake::SignFlipped, Mistake::OneEntryWrong] {
        let mut tape = Tape::<f32>::new();
        let [u, v] = [1, 2].map(|seed| tape.parameter(random(&mut seeded(seed), 3, 2).map(|x| x as f32)));
        let r = tape.apply(SquareTimes(mistake), &[u, v]);
        let j = tape.mean(r);
        assert_eq!(tape.check_gradient(j).is_ok(), mistake == Mistake::None, "{mistake:?}");
    }
}

#[test]
#[should_panic(expected = "backward from v0, which is 2×1: J must be 1×1")]
fn j_is_one_number() {
    let mut tape = Tape::<f64>::new();
    let w = tape.parameter(Matrix::zeros(2, 1));
    let _ = tape.check_gradient(w);
}
