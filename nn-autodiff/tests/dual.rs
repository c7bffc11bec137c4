//! Dual numbers: every rule against calculus, and all of nn-core and the tape run on them.

mod common;

use std::cmp::Ordering;

use common::random;
use nn_autodiff::{Dual, Tape, Var};
use nn_core::{Activation, Loss, Matrix, Scalar, normal, seeded};
use nn_testing::assert_close;
use num_traits::{One, Zero};

/// u = 3 with u′ = 2, and v = 4 with v′ = −5.
const U: Dual<f64> = Dual { value: 3.0, derivative: 2.0 };
const V: Dual<f64> = Dual { value: 4.0, derivative: -5.0 };

#[test]
fn the_four_operations_follow_their_rules() {
    assert_eq!(-U, Dual::new(-3.0, -2.0));
    assert_eq!(U + V, Dual::new(7.0, -3.0));
    assert_eq!(U - V, Dual::new(-1.0, 7.0));
    assert_eq!(U * V, Dual::new(12.0, -7.0)); // 2 · 4 + 3 · (−5)
    assert_eq!(U / V, Dual::new(0.75, 1.4375)); // (2 · 4 − 3 · (−5)) / 4²
    let mut changing = U;
    changing += V;
    assert_eq!(changing, Dual::new(7.0, -3.0));
    changing -= U;
    assert_eq!(changing, V);
    changing *= U;
    assert_eq!(changing, Dual::new(12.0, -7.0));
}

#[test]
fn constants_have_the_derivative_zero_and_variables_one() {
    assert_eq!(Dual::constant(3.0), Dual::new(3.0, 0.0));
    assert_eq!(Dual::variable(3.0), Dual::new(3.0, 1.0));
    assert_eq!(Dual::<f64>::from_f64(0.1), Dual::new(0.1, 0.0));
    assert_eq!(Dual::<f64>::zero(), Dual::new(0.0, 0.0));
    assert_eq!(Dual::<f64>::one(), Dual::new(1.0, 0.0));
    assert_eq!(U.to_f64(), 3.0);
    // ε is not zero: a number that is left out because it is zero has no derivative either.
    assert!(Dual::<f64>::zero().is_zero() && !Dual::new(0.0, 1.0).is_zero() && !Dual::new(1.0, 0.0).is_zero());
}

type Function<T> = fn(T) -> T;
/// Name, function on dual numbers, function on values, derivative.
type Rule = (&'static str, Function<Dual<f64>>, Function<f64>, Function<f64>);

/// Each function of [`Scalar`] with its derivative by the book, taken in another form than that of the code.
const FUNCTIONS: [Rule; 9] = [
    ("exp", Scalar::exp, f64::exp, |x| x.exp_m1() + 1.0),
    ("exp_m1", Scalar::exp_m1, f64::exp_m1, f64::exp),
    ("ln_1p", Scalar::ln_1p, f64::ln_1p, |x| (1.0 + x).recip()),
    ("ln", Scalar::ln, f64::ln, f64::recip),
    ("x^2.5", |x| x.powf(Dual::constant(2.5)), |x| x.powf(2.5), |x| 2.5 * x * x.sqrt()),
    ("2.5^x", |x| Dual::constant(2.5).powf(x), |x| 2.5_f64.powf(x), |x| (x * 2.5_f64.ln()).exp() * 2.5_f64.ln()),
    ("tanh", Scalar::tanh, f64::tanh, |x| x.cosh().powi(-2)),
    ("sqrt", Scalar::sqrt, f64::sqrt, |x| 0.5 / x.sqrt()),
    ("abs", Scalar::abs, f64::abs, f64::signum),
];

#[test]
fn functions_follow_the_chain_rule() {
    for (name, on_duals, on_values, slope) in FUNCTIONS {
        for x in [-0.9, -0.5, -1e-3, 1e-9, 0.3, 1.0, 2.5, 10.0] {
            if ["sqrt", "ln", "x^2.5"].contains(&name) && x < 0.0 {
                continue;
            }
            let got = on_duals(Dual::new(x, -3.0));
            // nn-core's own exponential and the standard library's may differ in the last digit.
            assert!((got.value - on_values(x)).abs() <= 1e-15 * on_values(x).abs(), "{name}({x}): {}", got.value);
            let want = -3.0 * slope(x);
            assert!((got.derivative - want).abs() <= 3e-15 * want.abs(), "{name}′({x}): {} {want}", got.derivative);
            // The five-point stencil; near 0 the root bends too much for it, and |x| has its kink.
            if x.abs() > 0.1 {
                const H: f64 = 1e-3;
                let difference = |h: f64| on_values(x + h) - on_values(x - h);
                let stencil = -3.0 * (8.0 * difference(H) - difference(2.0 * H)) / (12.0 * H);
                assert!((got.derivative - stencil).abs() <= 1e-8 * (1.0 + want.abs()), "{name}′({x}): {stencil}");
            }
        }
    }
}

#[test]
fn functions_keep_their_digits_at_the_ends() {
    let at = |function: Function<Dual<f64>>, x: f64| function(Dual::variable(x));
    assert_eq!(at(Scalar::exp_m1, 1e-20), Dual::new(1e-20, 1.0));
    assert_eq!(at(Scalar::exp_m1, -50.0), Dual::new(-1.0, (-50.0_f64).exp()));
    assert_eq!(at(Scalar::ln_1p, 1e-20), Dual::new(1e-20, 1.0));
    assert_eq!(at(Scalar::tanh, 1e-20), Dual::new(1e-20, 1.0));
    // 4 e^−100: 1 − tanh² would be 0 there. And no overflow further out.
    let far = at(Scalar::tanh, -50.0);
    assert!(far.value == -1.0 && (far.derivative / (4.0 * (-100.0_f64).exp()) - 1.0).abs() < 1e-15, "{far:?}");
    assert_eq!(at(Scalar::tanh, 1e300), Dual::new(1.0, 0.0));
    // The slope of the root at 0 is infinite.
    assert_eq!(at(Scalar::sqrt, 0.0), Dual::new(0.0, f64::INFINITY));
    assert_eq!(Dual::new(0.0, -1.0).sqrt().derivative, f64::NEG_INFINITY);
}

/// x^p where its general rule p x^(p−1) x′ + x^p ln(x) p′ has infinities and NaN in it.
#[test]
fn powers_of_zero_and_of_negative_numbers_have_their_derivatives() {
    let power = |x: f64, p: f64| Dual::variable(x).powf(Dual::constant(p));
    assert_eq!(power(-2.0, 3.0), Dual::new(-8.0, 12.0));
    assert_eq!(power(0.0, 2.0), Dual::new(0.0, 0.0));
    assert_eq!(power(0.0, 1.0), Dual::new(0.0, 1.0));
    assert_eq!(power(0.0, 0.0), Dual::new(1.0, 0.0));
    assert_eq!(power(0.0, 0.5), Dual::new(0.0, f64::INFINITY));
    assert_eq!(Dual::constant(0.0).powf(Dual::variable(2.0)), Dual::new(0.0, 0.0));
    // Base and exponent at once: x^x, whose derivative at 2 is 4 (1 + ln 2).
    let twice = Dual::variable(2.0).powf(Dual::variable(2.0));
    assert!(twice.value == 4.0 && (twice.derivative - 4.0 * (1.0 + std::f64::consts::LN_2)).abs() < 1e-14, "{twice}");
}

/// Every function and operation where its slope is infinite or NaN: a constant stays one.
#[test]
fn constants_stay_constants_where_slopes_are_infinite() {
    let constant = Dual::<f64>::constant;
    let cases = [
        ("√0", constant(0.0).sqrt(), 0.0),
        ("ln 0", constant(0.0).ln(), f64::NEG_INFINITY),
        ("ln(1 − 1)", constant(-1.0).ln_1p(), f64::NEG_INFINITY),
        ("e^800", constant(800.0).exp(), f64::INFINITY),
        ("e^800 − 1", constant(800.0).exp_m1(), f64::INFINITY),
        ("1/0", constant(1.0) / constant(0.0), f64::INFINITY),
        ("1/∞", constant(1.0) / constant(f64::INFINITY), 0.0),
        ("∞ · 2", constant(f64::INFINITY) * constant(2.0), f64::INFINITY),
        ("2 · ∞", constant(2.0) * constant(f64::INFINITY), f64::INFINITY),
        ("0^−1", constant(0.0).powf(constant(-1.0)), f64::INFINITY),
        ("0^0", constant(0.0).powf(constant(0.0)), 1.0),
    ];
    for (what, got, want) in cases {
        assert_eq!(got, constant(want), "{what}");
    }
    // The value may be no number: the derivative of a constant is 0 all the same.
    for got in [constant(0.0) / constant(0.0), constant(0.0) * constant(f64::INFINITY), constant(-1.0).ln()] {
        assert!(got.value.is_nan() && got.derivative == 0.0, "{got:?}");
    }
    // What is not constant is not made one.
    assert_eq!(Dual::variable(800.0).exp().derivative, f64::INFINITY);
    assert_eq!((Dual::variable(1.0) / constant(0.0)).derivative, f64::INFINITY);
    assert_eq!((constant(f64::INFINITY) * Dual::variable(1.0)).derivative, f64::INFINITY);
}

/// A constant in the middle of an expression that depends on x leaves the derivative of the rest alone.
#[test]
fn a_constant_with_an_infinite_slope_does_not_spoil_the_rest() {
    let x = Dual::variable(3.0);
    assert_eq!(x * x + Dual::constant(0.0).sqrt(), Dual::new(9.0, 6.0));
    // And in second derivatives: (x²)″ = 2, and the root of a constant dual number has none of any order.
    let twice = Dual::variable(Dual::variable(3.0));
    let root = Dual::constant(Dual::constant(0.0)).sqrt();
    assert_eq!((twice * twice + root).derivative.derivative, 2.0);
    // The inner derivative of √(0 + ε) is infinite; that the outer one is 0 keeps the mixed one 0.
    let inner = Dual::constant(Dual::variable(0.0)).sqrt();
    assert_eq!((inner.value.derivative, inner.derivative), (f64::INFINITY, Dual::constant(0.0)));
}

/// u < v, u <= v, u > v, u >= v
fn comparisons(u: Dual<f64>, v: Dual<f64>) -> [bool; 4] {
    [u < v, u <= v, u > v, u >= v]
}

#[test]
fn branches_follow_the_value() {
    let (below, zero, above) = (Dual::new(0.0, -1.0), Dual::new(0.0, 0.0), Dual::new(0.0, 1.0));
    for (u, v) in [(below, zero), (zero, above), (above, below), (zero, zero)] {
        assert_eq!(comparisons(u, v), [false, true, false, true], "{u} and {v}");
    }
    let (small, large) = (Dual::new(1.0, 9.0), Dual::new(2.0, -9.0));
    assert_eq!(comparisons(small, large), [true, true, false, false]);
    assert_eq!(comparisons(large, small), [false, false, true, true]);
    assert_eq!(small.partial_cmp(&large), Some(Ordering::Less));
    assert_eq!(large.partial_cmp(&small), Some(Ordering::Greater));

    // At the kinks: relu′(0) = 0, |0|′ = 1, step(0) = 1, whichever way the derivative points.
    for slope in [-2.0, 2.0] {
        let z = Dual::new(0.0, slope);
        assert_eq!(nn_core::relu(z), zero);
        assert_eq!(nn_core::step(z), Dual::constant(1.0));
        assert_eq!(z.abs(), z);
        assert_eq!(nn_core::leaky_relu(z), Dual::new(0.0, 0.01 * slope));
    }
}

#[test]
fn equality_sees_both_parts() {
    let [zero, epsilon, nan, nan_slope] = [(0.0, 0.0), (0.0, 1.0), (f64::NAN, 0.0), (0.0, f64::NAN)]
        .map(|(value, derivative)| Dual::new(value, derivative));
    assert_eq!(epsilon, Dual::new(0.0, 1.0));
    assert_ne!(epsilon, Dual::new(1.0, 1.0));
    assert_ne!(epsilon, zero);
    assert_eq!(epsilon.partial_cmp(&epsilon), Some(Ordering::Equal));
    assert_eq!(epsilon.partial_cmp(&zero), None);
    for number in [nan, nan_slope] {
        let same = number;
        assert_ne!(number, same);
        assert_eq!(number.partial_cmp(&same), None);
    }
    assert_eq!(comparisons(nan, zero), [false; 4]);
    assert_eq!(comparisons(zero, nan), [false; 4]);
    assert_eq!(comparisons(nan_slope, zero), [false, true, false, true]);
}

#[test]
fn nan_stays_nan() {
    for (name, function, ..) in FUNCTIONS {
        let got = function(Dual::variable(f64::NAN));
        assert!(got.value.is_nan(), "{name}: {got:?}");
    }
    for activation in Activation::ALL {
        let mut a = Matrix::zeros(1, 1);
        activation.apply(&Matrix::from_column(&[Dual::variable(f64::NAN)]), &mut a);
        assert!(a[(0, 0)].value.is_nan(), "{activation}: {a}");
    }
}

#[test]
fn both_parts_are_printed() {
    assert_eq!(Dual::new(1.5, 0.25).to_string(), "1.5+0.25ε");
    assert_eq!(Dual::new(-1.5, -0.25).to_string(), "-1.5-0.25ε");
    assert_eq!(Dual::new(0.0, f64::NAN).to_string(), "0+NaNε");
    assert_eq!(format!("{:.1}", Dual::new(0.0, f64::INFINITY)), "0.0+infε");
    assert_eq!(format!("{:.3}", Dual::new(1.5, 0.0)), "1.500+0.000ε");
    assert_eq!(Matrix::from_rows(&[[Dual::constant(1.0), U]]).to_string(), "[ 1+0ε  3+2ε ]");
}

/// x + v ε, entry by entry.
fn dual(x: &Matrix<f64>, v: &Matrix<f64>) -> Matrix<Dual<f64>> {
    Matrix::from_fn(x.rows(), x.columns(), |i, j| Dual::new(x[(i, j)], v[(i, j)]))
}

fn values(x: &Matrix<Dual<f64>>) -> Matrix<f64> {
    x.map(|x| x.value)
}

fn derivatives(x: &Matrix<Dual<f64>>) -> Matrix<f64> {
    x.map(|x| x.derivative)
}

/// Forward mode through `apply` is J v, the hand-written `backward` is Jᵀ v. The Jacobians of the activations are
/// diagonal or, for softmax, symmetric: both give the same.
#[test]
fn activations_agree_with_their_hand_written_derivatives() {
    for activation in Activation::ALL {
        for size in [0.1, 1.0, 10.0] {
            let mut rng = seeded(1);
            let (mut z, v) = (random(&mut rng, 5, 4), random(&mut rng, 5, 4));
            z.map_in_place(|z| size * z);
            let mut on_duals = Matrix::zeros(5, 4);
            activation.apply(&dual(&z, &v), &mut on_duals);

            let (mut a, mut by_hand) = (Matrix::zeros(5, 4), v);
            activation.apply(&z, &mut a);
            activation.backward(&a, &mut by_hand);
            assert_eq!(values(&on_duals), a, "{activation}");
            // A derivative taken from a is good to 2⁻⁵² absolute: a (1 − a) loses digits where a is close to 1.
            let error = derivatives(&on_duals);
            let error = error.as_slice().iter().zip(by_hand.as_slice()).map(|(got, want)| (got - want).abs());
            assert!(error.clone().all(|error| error <= 1e-15), "{activation}: {:e}", error.fold(0.0, f64::max));
        }
    }
}

#[test]
fn losses_agree_with_their_hand_written_derivatives() {
    // Each column sums to 1, as the cross-entropy asks; the target of an output may be soft.
    let y = Matrix::from_rows(&[[1.0, 0.0, 0.2], [0.0, 0.0, 0.3], [0.0, 1.0, 0.5]]);
    for loss in Loss::ALL {
        let mut rng = seeded(2);
        let (z, v) = (random(&mut rng, 3, 3), random(&mut rng, 3, 3));
        let (z_dual, y_dual) = (dual(&z, &v), y.map(Dual::constant));
        let last = loss.activation().unwrap_or(Activation::Identity);
        let (mut a, mut a_dual, mut gradient) = (Matrix::zeros(3, 3), Matrix::zeros(3, 3), Matrix::zeros(3, 3));
        last.apply(&z, &mut a);
        last.apply(&z_dual, &mut a_dual);
        loss.gradient(&z, &a, &y, &mut gradient);

        let j = loss.value(&z_dual, &a_dual, &y_dual);
        let products: Vec<f64> = gradient.as_slice().iter().zip(v.as_slice()).map(|(g, v)| g * v).collect();
        let (along_v, size) = (products.iter().sum::<f64>(), products.iter().map(|x| x.abs()).sum::<f64>());
        assert_eq!(j.value, loss.value(&z, &a, &y), "{loss}");
        assert!((j.derivative - along_v).abs() <= 1e-15 * size, "{loss}: {} {along_v}", j.derivative);
    }
}

/// A target of 0 is left out of the cross-entropy, but its derivative is not: ∂J/∂y = −ln softmax(z).
/// Where several logits are equal, or so nearly that their exponentials are, each of them may count as the largest; but it
/// is to be the same one throughout. ∂J/∂z along v is (a − y) · v whichever it is.
#[test]
fn ties_and_near_ties_of_the_largest_logit_have_one_derivative() {
    fn check<T: Scalar>(epsilon: f64) {
        let mut rng = seeded(6);
        let mut checked = 0;
        for n in [1, 2, 3, 7, 8, 9, 16, 17, 30] {
            let mut columns = vec![vec![0.0; n], vec![-3.0; n], (1..=n).map(|i| i as f64 * 0.01 * epsilon).collect()];
            columns.push((1..=n).rev().map(|i| i as f64 * 0.01 * epsilon).collect());
            columns.push((0..n).map(|i| if i % 3 == 0 { 2.0 } else { -1.0 }).collect()); // some share the largest
            columns.push((0..n).map(|i| if i + 2 >= n { 0.04 * epsilon * i as f64 } else { -7.0 }).collect());
            columns.push((0..n).map(|i| if i == n / 2 { -0.0 } else { 0.0 }).collect());
            for (column, target) in columns.iter().flat_map(|column| (0..n).map(move |target| (column, target))) {
                let z = Matrix::from_column(&column.iter().map(|&z| T::from_f64(z)).collect::<Vec<_>>());
                let v: Vec<T> = (0..n).map(|_| T::from_f64(normal(&mut rng))).collect();
                let duals = Matrix::from_fn(n, 1, |i, _| Dual::new(z[(i, 0)], v[i]));
                let y = Matrix::from_fn(n, 1, |i, _| Dual::constant(if i == target { T::one() } else { T::zero() }));
                let mut a = duals.clone();
                Activation::Softmax.apply(&duals, &mut a);
                let j = Loss::CrossEntropy.value(&duals, &a, &y);
                let terms = (0..n).map(|i| (a[(i, 0)].value - y[(i, 0)].value).to_f64() * v[i].to_f64());
                let want: f64 = terms.sum();
                let off = (j.derivative.to_f64() - want).abs();
                assert!(off <= 40.0 * epsilon, "{column:?}, target {target}: {} for {want}", j.derivative);

                // The gradient, its own derivative, and the class that is read off.
                let mut gradient = a.clone();
                Loss::CrossEntropy.gradient(&duals, &a, &y, &mut gradient);
                for i in 0..n {
                    let off = (gradient[(i, 0)].derivative - a[(i, 0)].derivative).to_f64().abs();
                    assert!(off <= 40.0 * epsilon, "{column:?}, target {target}, entry {i}");
                }
                assert_eq!(duals.argmax(0), z.argmax(0), "{column:?}");
                checked += 1;
            }
        }
        assert!(checked > 600, "{checked}");
    }
    check::<f64>(f64::EPSILON);
    check::<f32>(f64::from(f32::EPSILON));
}

#[test]
fn a_target_of_zero_keeps_its_derivative() {
    let z = Matrix::from_column(&[1.0_f64, 2.0]).map(Dual::constant);
    let y = Matrix::from_column(&[Dual::variable(0.0), Dual::constant(1.0)]);
    let mut a = Matrix::zeros(2, 1);
    Activation::Softmax.apply(&z, &mut a);
    let j = Loss::CrossEntropy.value(&z, &a, &y);
    assert!((j.derivative + a[(0, 0)].value.ln()).abs() < 1e-15, "{j}");
}

/// Parameters x on a tape, J of which `record` makes; the gradient and H v are the parts of the adjoints.
fn hessian_vector(
    x: &[Matrix<f64>],
    v: &[Matrix<f64>],
    record: impl Fn(&mut Tape<Dual<f64>>, &[Var]) -> Var,
) -> Vec<Matrix<Dual<f64>>> {
    let mut tape = Tape::new();
    let vars: Vec<Var> = x.iter().map(|x| tape.parameter(x.map(Dual::constant))).collect();
    let j = record(&mut tape, &vars);
    let product = tape.hessian_vector(j, v);
    let adjoints: Vec<_> = vars.iter().map(|&var| tape.gradient(var).clone()).collect();
    assert_eq!(adjoints.iter().map(derivatives).collect::<Vec<_>>(), product);
    adjoints
}

/// J = 1/(2m) ‖W x − y‖² has the Hessian-vector product H V = 1/m V x xᵀ.
#[test]
fn hessian_of_least_squares_on_a_linear_layer() {
    let mut rng = seeded(3);
    let [w, v] = [random(&mut rng, 2, 3), random(&mut rng, 2, 3)];
    let (x, y) = (random(&mut rng, 3, 5), random(&mut rng, 2, 5));
    let adjoints = hessian_vector(&[w], std::slice::from_ref(&v), |tape, vars| {
        let (x, y) = (tape.input(x.map(Dual::constant)), tape.input(y.map(Dual::constant)));
        let a = tape.matmul(vars[0], x);
        tape.least_squares(a, y)
    });
    let gram = nn_core::matmul_reference(&x, x.t());
    let want = nn_core::matmul_reference(&v, &gram).map(|x| x / 5.0);
    assert_close("H V", &derivatives(&adjoints[0]), &want, 1e-14);
}

/// The loss of a deep tanh network with layers 3-4-4-2, on numbers of any kind.
fn deep_network<T: Scalar>(tape: &mut Tape<T>, vars: &[Var], x: &Matrix<f64>, y: &Matrix<f64>) -> Var {
    let y = tape.input(y.map(T::from_f64));
    let mut a = tape.input(x.map(T::from_f64));
    for layer in vars.chunks_exact(2) {
        let z = tape.affine(layer[0], a, layer[1]);
        a = tape.activate(z, Activation::Tanh);
    }
    tape.cross_entropy(a, y)
}

#[test]
fn hessian_of_a_deep_network_agrees_with_differences_of_gradients() {
    let mut rng = seeded(4);
    let mut layers = |_: usize| -> Vec<Matrix<f64>> {
        let shapes = [(4, 3), (4, 1), (4, 4), (4, 1), (2, 4), (2, 1)];
        shapes.into_iter().map(|(rows, columns)| random(&mut rng, rows, columns).map(|x| 0.5 * x)).collect()
    };
    let [parameters, v] = [0, 1].map(&mut layers);
    let x = random(&mut rng, 3, 6);
    let y = Matrix::from_fn(2, 6, |i, j| f64::from(u8::from(i == j % 2)));
    let adjoints = hessian_vector(&parameters, &v, |tape, vars| deep_network(tape, vars, &x, &y));

    let mut tape = Tape::new();
    let vars: Vec<Var> = parameters.iter().map(|parameter| tape.parameter(parameter.clone())).collect();
    let j = deep_network(&mut tape, &vars, &x, &y);
    let mut gradients_at = |h: f64| -> Vec<Matrix<f64>> {
        for ((&var, parameter), v) in vars.iter().zip(&parameters).zip(&v) {
            tape.set(var, parameter);
            tape.value_mut(var).zip_in_place(v, |x, v| x + h * v);
        }
        tape.forward();
        tape.backward(j);
        vars.iter().map(|&var| tape.gradient(var).clone()).collect()
    };
    const H: f64 = 1e-3;
    let at = gradients_at(0.0);
    let [near_up, near_down, far_up, far_down] = [H, -H, 2.0 * H, -2.0 * H].map(&mut gradients_at);
    for (k, adjoint) in adjoints.iter().enumerate() {
        assert_close("gradient", &values(adjoint), &at[k], 1e-13);
        let want = Matrix::from_fn(adjoint.rows(), adjoint.columns(), |i, j| {
            let difference = |up: &[Matrix<f64>], down: &[Matrix<f64>]| up[k][(i, j)] - down[k][(i, j)];
            (8.0 * difference(&near_up, &near_down) - difference(&far_up, &far_down)) / (12.0 * H)
        });
        assert_close("H v", &derivatives(adjoint), &want, 1e-9);
    }
}

/// Dual numbers of dual numbers give second derivatives: sigmoid″(z) = a (1 − a) (1 − 2a), tanh″ = −2 a (1 − a²).
#[test]
fn duals_of_duals_differentiate_twice() {
    for z in [-1.5_f64, -0.2, 0.0, 0.7] {
        let twice = Dual::variable(Dual::variable(z));
        let a = nn_core::sigmoid(z);
        let got = nn_core::sigmoid(twice).derivative.derivative;
        assert!((got - a * (1.0 - a) * (1.0 - 2.0 * a)).abs() < 1e-15, "sigmoid″({z}): {got}");
        let a = z.tanh();
        let got = Scalar::tanh(twice).derivative.derivative;
        assert!((got + 2.0 * a * (1.0 - a * a)).abs() < 1e-15, "tanh″({z}): {got}");
    }
}
