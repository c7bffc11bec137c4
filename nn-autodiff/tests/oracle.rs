//! The oracle for gradients written by hand: right ones pass, wrong ones are told with the relation that holds.

use nn_autodiff::{Dual, WrongGradient, check_gradient, check_gradient_by_differences};
use nn_core::{Scalar, normal, seeded};

/// f(x) = Σᵢ wᵢ tanh(xᵢ) + e^(x₀ x₁), with all entries of the gradient different.
fn function<T: Scalar>(x: &[T]) -> T {
    let sum = x.iter().zip(1..).fold(T::zero(), |sum, (&x, w)| sum + T::from_f64(f64::from(w)) * x.tanh());
    sum + (x[0] * x[1]).exp()
}

fn gradient(x: &[f64]) -> Vec<f64> {
    let mut g: Vec<f64> = x.iter().zip(1..).map(|(x, w)| f64::from(w) / x.cosh().powi(2)).collect();
    let e = (x[0] * x[1]).exp();
    g[0] += x[1] * e;
    g[1] += x[0] * e;
    g
}

const X: [f64; 6] = [0.3, -0.7, 1.1, 0.2, -1.3, 0.5];

/// What both ways say of a gradient that is changed.
fn told(change: impl Fn(&mut Vec<f64>, &[f64])) -> [WrongGradient; 2] {
    let wrong = |x: &[f64]| {
        let mut g = gradient(x);
        change(&mut g, x);
        g
    };
    [
        check_gradient(function, wrong, &X).expect_err("it is wrong"),
        check_gradient_by_differences(function, wrong, &X).expect_err("it is wrong"),
    ]
}

#[test]
fn right_gradients_pass() {
    let rng = &mut seeded(1);
    for n in 2..20 {
        let x: Vec<f64> = (0..n).map(|_| normal(rng)).collect();
        check_gradient(function, gradient, &x).unwrap();
        check_gradient_by_differences(function, gradient, &x).unwrap();
    }
}

/// At a minimum nothing is left of the gradient but rounding.
#[test]
fn a_gradient_of_rounding_is_no_error() {
    fn squares<T: Scalar>(x: &[T]) -> T {
        let terms = [0.1, 0.2, 0.6].map(|t| x[0] - T::from_f64(t));
        terms.into_iter().fold(T::zero(), |sum, term| sum + term * term)
    }
    let by_hand = |x: &[f64]| vec![2.0 * (3.0 * x[0] - 0.9)];
    let x = [(0.1 + 0.2 + 0.6) / 3.0];
    check_gradient(squares, by_hand, &x).unwrap();
    check_gradient_by_differences(squares, by_hand, &x).unwrap();
}

#[test]
fn the_message_names_the_worst_entry_and_both_values() {
    for wrong in told(|g, _| g[4] *= 1.5) {
        let message = wrong.to_string();
        assert_eq!((wrong.entry, wrong.off.as_slice()), (4, &[4][..]));
        assert_eq!(wrong.yours, 1.5 * gradient(&X)[4]);
        assert!((wrong.oracle - gradient(&X)[4]).abs() < 1e-8);
        assert!(message.starts_with("the gradient is off in 1 of 6 entries, by up to "), "{message}");
        assert!(message.contains(&format!("entry 4 is {:?}, but ", wrong.yours)), "{message}");
        assert!(message.ends_with("only entry 4 is wrong"), "{message}");
        assert_eq!(format!("{wrong:?}"), message);
    }
}

type Change = fn(&mut Vec<f64>, &[f64]);

#[test]
fn the_message_says_what_relation_holds() {
    let cases: [(Change, &str); 16] = [
        (|g, _| g.iter_mut().for_each(|g| *g *= -1.0), "every entry has the other sign"),
        (
            |g, _| g.iter_mut().for_each(|g| *g *= 2.0),
            "every entry is 2 times the oracle's: a square was differentiated without",
        ),
        (
            |g, _| g.iter_mut().for_each(|g| *g *= 0.5),
            "every entry is 0.5 times the oracle's: a factor ½ is applied twice",
        ),
        (|g, _| g.iter_mut().for_each(|g| *g /= 6.0), "times the oracle's: 1/6: a mean over the 6 entries"),
        (
            |g, _| g.iter_mut().for_each(|g| *g /= 32.0),
            "every entry is 0.03125 times the oracle's: 1/32: the mean over 32",
        ),
        (|g, _| g.iter_mut().for_each(|g| *g *= 32.0), "every entry is 32 times the oracle's: a sum over 32 examples"),
        (|g, _| g.iter_mut().for_each(|g| *g *= 1.25), "every entry is 1.25 times the oracle's"),
        (|g, _| g.swap(1, 4), "entries 1 and 4 are exchanged"),
        (|g, _| g.reverse(), "yours is the oracle's in reverse order"),
        (|g, _| g.rotate_left(1), "entries 0, 1, 2, 3, 4 and 5 are the oracle's in another order"),
        (|g, _| *g = vec![g[0], g[3], g[1], g[4], g[2], g[5]], "yours is the oracle's as a 2×3 matrix transposed"),
        (|g, _| (g[2], g[5]) = (0.0, 0.0), "entries 2 and 5 are zero in yours: is it ever written?"),
        (|g, _| g[3] = -g[3], "entry 3 has the other sign"),
        (|g, _| g[3..].iter_mut().for_each(|g| *g *= 3.0), "entries 3, 4 and 5 are 3 times the oracle's"),
        (
            |g, x| g.iter_mut().zip(x).for_each(|(g, x)| *g += 0.25 * x),
            "yours − the oracle's = 0.25 x: one of the two has a penalty",
        ),
        (|g, _| g.iter_mut().for_each(|g| *g += 0.125), "every entry is off by the same 0.125"),
    ];
    for (change, relation) in cases {
        let [dual, _] = told(change);
        assert!(dual.to_string().contains(relation), "{relation}: {dual}");
    }
    let [zero, _] = told(|g, _| g.fill(0.0));
    assert_eq!(zero.relations, ["yours is zero throughout"]);
    let [nan, _] = told(|g, _| g[2] = f64::NAN);
    assert_eq!((nan.entry, nan.relations), (2, vec!["entry 2 of yours is not finite".to_owned()]));
    let [noise, _] = told(|g, x| g.iter_mut().zip(x).for_each(|(g, x)| *g += (5.0 * x).sin()));
    assert!(noise.relations.is_empty(), "{noise}");
}

#[test]
fn a_small_error_is_an_error() {
    let wrong = |x: &[f64]| gradient(x).iter().map(|g| g * (1.0 + 1e-8)).collect();
    assert!(check_gradient(function, wrong, &X).is_err());
    let wrong = |x: &[f64]| gradient(x).iter().map(|g| g * (1.0 + 1e-5)).collect();
    assert!(check_gradient_by_differences(function, wrong, &X).is_err());
}

#[test]
fn a_function_of_nothing_has_a_gradient_of_nothing() {
    check_gradient(|_: &[Dual<f64>]| Dual::constant(1.0), |_| Vec::new(), &[]).unwrap();
    check_gradient_by_differences(|_| 1.0, |_| Vec::new(), &[]).unwrap();
}

#[test]
#[should_panic(expected = "the gradient has 5 entries, but the point has 6")]
fn a_gradient_of_another_length_is_a_bug() {
    let _ = check_gradient(function, |x| gradient(x)[1..].to_vec(), &X);
}
