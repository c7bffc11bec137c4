//! Every activation and its derivative: published digits, special values, and the chain rule.

#[path = "support/check.rs"]
mod check;

use check::{differences, table, ulps, ulps32};
use nn_core::{
    Activation, LEAKY_SLOPE, Matrix, Scalar, leaky_relu, leaky_relu_derivative, normal, relu, relu_derivative, seeded,
    sigmoid, sigmoid_derivative, softmax, softmax_backward, softplus, softplus_derivative, step, step_derivative, tanh,
    tanh_derivative,
};
use nn_testing::{assert_close, panic_message, random_matrix, relative_error};

/// Those that work on each entry alone, with their functions.
type Function = fn(f64) -> f64;
const ELEMENTWISE: [(Activation, Function, Function); 6] = [
    (Activation::Step, step, step_derivative),
    (Activation::Relu, relu, relu_derivative),
    (Activation::LeakyRelu, leaky_relu, leaky_relu_derivative),
    (Activation::Sigmoid, sigmoid, sigmoid_derivative),
    (Activation::Tanh, tanh, tanh_derivative),
    (Activation::Softplus, softplus, softplus_derivative),
];

fn softmax_of(z: &[f64]) -> Vec<f64> {
    let mut a = vec![f64::NAN; z.len()];
    softmax(z, &mut a);
    a
}

// ---- Digits ----

#[test]
fn values_in_f64_are_within_two_units_in_the_last_place() {
    let close = |name: &str, x: f64, got: f64, want: f64| {
        let allowed = if want.is_subnormal() { 1 } else { 2 };
        assert!(ulps(got, want) <= allowed, "{name}({x:e}) = {got:e}, but it should be {want:e}");
    };
    let mut rows = 0;
    for row in table(include_str!("data/activations_f64.csv")) {
        let numbers: Vec<f64> = row.iter().map(|bits| f64::from_bits(u64::from_str_radix(bits, 16).unwrap())).collect();
        let [x, s, s_prime, t, t_prime, plus, _] = numbers[..] else { panic!("seven columns") };
        close("sigmoid", x, sigmoid(x), s);
        close("tanh", x, tanh(x), t);
        close("softplus", x, softplus(x), plus);
        for (name, got, want) in [
            ("sigmoid′", sigmoid_derivative(s), s_prime),
            ("tanh′", tanh_derivative(t), t_prime),
            ("softplus′", softplus_derivative(plus), s),
        ] {
            assert!((got - want).abs() <= 2.2e-16, "{name} at {x:e} is {got:e}, but it should be {want:e}");
        }
        rows += 1;
    }
    assert_eq!(rows, 273);
}

#[test]
fn values_in_f32_are_within_the_published_bounds() {
    let mut rows = 0;
    for row in table(include_str!("data/activations_f32.csv")) {
        let numbers: Vec<f32> = row.iter().map(|bits| f32::from_bits(u32::from_str_radix(bits, 16).unwrap())).collect();
        let [x, s, s_prime, t, t_prime, plus, _] = numbers[..] else { panic!("seven columns") };
        for (name, got, want, allowed) in
            [("sigmoid", sigmoid(x), s, 2), ("tanh", tanh(x), t, 5), ("softplus", softplus(x), plus, 2)]
        {
            assert!(ulps32(got, want) <= allowed, "{name}({x:e}) = {got:e}, but it should be {want:e}");
        }
        for (name, got, want) in [
            ("sigmoid′", sigmoid_derivative(s), s_prime),
            ("tanh′", tanh_derivative(t), t_prime),
            ("softplus′", softplus_derivative(plus), s),
        ] {
            assert!((got - want).abs() <= 1.2e-7, "{name} at {x:e} is {got:e}, but it should be {want:e}");
        }
        rows += 1;
    }
    assert_eq!(rows, 87);
}

/// Where a formula that looks as good loses them: 1 − a² near a = 1, and 1 − e^−a near a = 0.
#[test]
fn derivatives_keep_their_digits() {
    let small = 2.0_f64.powi(-30);
    assert_eq!(tanh_derivative(1.0 - small), small * (2.0 - small), "1 − a² near a = 1");
    assert_eq!(tanh_derivative(small - 1.0), small * (2.0 - small), "1 − a² near a = −1");
    assert_eq!(sigmoid_derivative(1e-300), 1e-300, "a (1 − a) near a = 0");
    assert_eq!(sigmoid_derivative(1.0 - small), (1.0 - small) * small, "a (1 − a) near a = 1");
    assert_eq!(softplus_derivative(1e-300), 1e-300, "1 − e^−a near a = 0");
    // 1e-8 − 1e-16/2 + 1e-24/6
    assert!(ulps(softplus_derivative(1e-8), 9.999_999_950_000_001e-9) <= 1, "1 − e^−a for small a");
}

#[test]
fn tanh_is_odd_and_sigmoid_is_symmetric() {
    let mut rng = seeded(1);
    for _ in 0..1000 {
        let z = 5.0 * normal(&mut rng);
        assert_eq!(tanh(-z).to_bits(), (-tanh(z)).to_bits(), "tanh(−z) = −tanh z at {z}");
        assert!((sigmoid(z) + sigmoid(-z) - 1.0).abs() <= f64::EPSILON, "sigmoid(z) + sigmoid(−z) = 1 at {z}");
    }
}

// ---- Special values ----

#[test]
fn special_values() {
    const INF: f64 = f64::INFINITY;
    // Rows: value at −∞, −1, −0, 0, ∞. At −1: 1 / (1 + e), (1 − e²) / (1 + e²) and ln(1 + 1/e), from 60-digit arithmetic.
    let table: [(Activation, Function, [f64; 5]); 6] = [
        (Activation::Step, step, [0.0, 0.0, 1.0, 1.0, 1.0]),
        (Activation::Relu, relu, [0.0, 0.0, 0.0, 0.0, INF]),
        (Activation::LeakyRelu, leaky_relu, [-INF, -0.01, -0.0, 0.0, INF]),
        (Activation::Sigmoid, sigmoid, [0.0, 0.268_941_421_369_995_1, 0.5, 0.5, 1.0]),
        (Activation::Tanh, tanh, [-1.0, -0.761_594_155_955_764_9, -0.0, 0.0, 1.0]),
        (
            Activation::Softplus,
            softplus,
            [0.0, 0.313_261_687_518_222_8, std::f64::consts::LN_2, std::f64::consts::LN_2, INF],
        ),
    ];
    for (activation, f, wants) in table {
        for (z, want) in [-INF, -1.0, -0.0, 0.0, INF].into_iter().zip(wants) {
            let got = f(z);
            assert!(ulps(got, want) <= 2, "{activation}({z}) = {got}, but it should be {want}");
            assert_eq!(got.is_sign_negative(), want.is_sign_negative(), "sign of {activation}({z})");
        }
    }
}

/// Derivatives take the activation: those at a kink are conventions that the book and the tape share.
#[test]
fn derivatives_at_kinks_and_ends() {
    type Row = (&'static str, Function, &'static [(f64, f64)]);
    let table: [Row; 6] = [
        ("step", step_derivative, &[(0.0, 0.0), (1.0, 0.0)]),
        ("relu", relu_derivative, &[(0.0, 0.0), (1e-300, 1.0), (3.0, 1.0), (f64::INFINITY, 1.0)]),
        ("leaky-relu", leaky_relu_derivative, &[(-3.0, 0.01), (-0.0, 0.01), (0.0, 0.01), (1e-300, 1.0), (3.0, 1.0)]),
        ("sigmoid", sigmoid_derivative, &[(0.0, 0.0), (0.25, 0.1875), (0.5, 0.25), (0.75, 0.1875), (1.0, 0.0)]),
        ("tanh", tanh_derivative, &[(-1.0, 0.0), (-0.5, 0.75), (0.0, 1.0), (0.5, 0.75), (1.0, 0.0)]),
        ("softplus", softplus_derivative, &[(0.0, 0.0), (std::f64::consts::LN_2, 0.5), (f64::INFINITY, 1.0)]),
    ];
    for (name, derivative, points) in table {
        for &(a, want) in points {
            let got = derivative(a);
            assert!((got - want).abs() <= 1e-16, "derivative of {name} at a = {a} is {got}, but it should be {want}");
        }
    }
    assert_eq!(LEAKY_SLOPE, 0.01);
}

#[test]
fn nan_is_not_hidden() {
    for (activation, f, derivative) in ELEMENTWISE {
        assert!(f(f64::NAN).is_nan(), "{activation} of NaN");
        assert!(derivative(f64::NAN).is_nan(), "derivative of {activation} at NaN");
    }
    let z = Matrix::from_columns(&[[1.0, f64::NAN, 2.0], [3.0, 2.0, 1.0]]);
    for activation in Activation::ALL {
        let mut a = Matrix::zeros(3, 2);
        activation.apply(&z, &mut a);
        assert!(a[(1, 0)].is_nan(), "{activation} of NaN");
        assert!(a.column(1).iter().all(|a| !a.is_nan()), "{activation}: NaN stays in its example");

        let mut gradient = Matrix::from_fn(3, 2, |_, _| 1.0);
        activation.backward(&a, &mut gradient);
        assert_eq!(gradient[(1, 0)].is_nan(), activation != Activation::Identity, "∂J/∂z of {activation} for a = NaN");
        let mut gradient = Matrix::from_fn(3, 2, |_, _| f64::NAN);
        activation.backward(&a, &mut gradient);
        assert!(gradient.as_slice().iter().all(|g| g.is_nan()), "∂J/∂z of {activation} for ∂J/∂a = NaN");
    }
}

// ---- Softmax ----

#[test]
fn softmax_of_known_ratios() {
    // e^ln k = k, so that probabilities are k / Σ k.
    let z: Vec<f64> = [1.0_f64, 2.0, 3.0, 4.0].iter().map(|k| k.ln()).collect();
    let want = Matrix::from_column(&[0.1, 0.2, 0.3, 0.4]);
    assert_close("a_i = e^{z_i} / Σ e^{z_k}", &Matrix::from_column(&softmax_of(&z)), &want, 1e-15);
    assert_eq!(softmax_of(&[7.0]), [1.0], "one class is certain");
    assert_eq!(softmax_of(&[3.0; 4]), [0.25; 4], "equals share");
    assert_eq!(softmax_of(&[0.0, f64::NEG_INFINITY]), [1.0, 0.0], "a logit of −∞ is impossible");
    assert_eq!(softmax_of(&[]), [0.0; 0]);
}

/// Against e^z with z = −n, built from the digits of 1/e (60-digit arithmetic) by products, smallest first.
#[test]
fn softmax_is_within_1e_14() {
    const INVERSE_E: f64 = 0.367_879_441_171_442_33;
    let powers: Vec<f64> = (0..60).map(|n| INVERSE_E.powi(n)).collect();
    let sum: f64 = powers.iter().rev().sum();
    let want = Matrix::from_column(&powers.iter().map(|p| p / sum).collect::<Vec<_>>());
    for shift in [0.0, 1000.0, -1000.0, 1e15] {
        let z: Vec<f64> = (0..60).map(|n| shift - f64::from(n)).collect();
        let got = softmax_of(&z);
        assert!(relative_error(&Matrix::from_column(&got), &want) < 1e-14, "shift {shift}");
        assert_eq!(got, softmax_of(&z.iter().map(|z| z - shift).collect::<Vec<_>>()), "shift {shift}");
        assert!((got.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        let backwards: Vec<f64> = z.iter().rev().copied().collect();
        let got = Matrix::from_column(&softmax_of(&backwards));
        let want = Matrix::from_fn(60, 1, |i, _| want[(59 - i, 0)]);
        assert!(relative_error(&got, &want) < 1e-14, "the largest logit last, shift {shift}");
    }
}

#[test]
fn softmax_never_overflows() {
    assert_eq!(softmax_of(&[1e308, -1e308]), [1.0, 0.0]);
    assert_eq!(softmax_of(&[-1e308, 1e308, 0.0]), [0.0, 1.0, 0.0]);
    assert_eq!(softmax_of(&[-1e308, -1e308]), [0.5, 0.5]);
    assert_eq!(softmax_of(&[1e308; 5]), [0.2; 5]);
}

#[test]
fn softmax_makes_all_of_an_example_nan() {
    for place in 0..3 {
        let mut z = [1.0, 2.0, 3.0];
        z[place] = f64::NAN;
        assert!(softmax_of(&z).iter().all(|a| a.is_nan()), "NaN at {place}");
    }
    assert!(softmax_of(&[f64::INFINITY, 0.0]).iter().all(|a| a.is_nan()), "∞ − ∞ has no value");
}

/// Each column by itself, against the Jacobian ∂a_k/∂z_i = a_k ([i = k] − a_i) written out.
#[test]
fn softmax_backward_is_the_transposed_jacobian_times_the_gradient() {
    let mut rng = seeded(2);
    let z = random_matrix(5, 3, &mut rng);
    let upstream = random_matrix(5, 3, &mut rng);
    let mut a = Matrix::zeros(5, 3);
    Activation::Softmax.apply(&z, &mut a);
    let want = Matrix::from_fn(5, 3, |i, j| {
        (0..5).map(|k| upstream[(k, j)] * a[(k, j)] * (f64::from(u8::from(i == k)) - a[(i, j)])).sum()
    });
    let mut got = upstream.clone();
    Activation::Softmax.backward(&a, &mut got);
    assert_close("∂J/∂z = a ⊙ (∂J/∂a − (∂J/∂a · a))", &got, &want, 1e-15);
    for column in got.columns_iter() {
        assert!(column.iter().sum::<f64>().abs() < 1e-15, "a shift of all logits changes nothing");
    }
}

// ---- Matrices ----

#[test]
fn apply_and_backward_use_the_function_of_their_name() {
    let mut rng = seeded(3);
    let z = random_matrix(4, 5, &mut rng);
    let upstream = random_matrix(4, 5, &mut rng);
    for (activation, f, derivative) in ELEMENTWISE {
        let mut a = Matrix::from_fn(4, 5, |_, _| f64::NAN);
        activation.apply(&z, &mut a);
        assert_eq!(a, z.map(f), "{activation}");
        let mut gradient = upstream.clone();
        activation.backward(&a, &mut gradient);
        let mut want = upstream.clone();
        want.zip_in_place(&a, |g, a| g * derivative(a));
        assert_eq!(gradient, want, "derivative of {activation}");
    }
    let mut a = Matrix::zeros(4, 5);
    Activation::Identity.apply(&z, &mut a);
    assert_eq!(a, z);
    let mut gradient = upstream.clone();
    Activation::Identity.backward(&a, &mut gradient);
    assert_eq!(gradient, upstream);
    Activation::Softmax.apply(&z, &mut a);
    for j in 0..5 {
        assert_eq!(a.column(j), softmax_of(z.column(j)), "softmax of example {j}");
    }
}

/// J = Σ g ⊙ σ(z) for a random g has ∂J/∂a = g; `backward` must find ∂J/∂z.
#[test]
fn backward_is_the_slope_of_apply() {
    let mut rng = seeded(4);
    // Away from the kinks at 0, where a difference quotient means nothing.
    let z = random_matrix(6, 4, &mut rng).map(|z| z + 0.1_f64.copysign(z));
    let upstream = random_matrix(6, 4, &mut rng);
    for activation in Activation::ALL {
        let mut a = Matrix::zeros(6, 4);
        activation.apply(&z, &mut a);
        let mut got = upstream.clone();
        activation.backward(&a, &mut got);
        let want = differences(&z, |z| {
            let mut a = Matrix::zeros(6, 4);
            activation.apply(z, &mut a);
            a.as_slice().iter().zip(upstream.as_slice()).map(|(a, g)| a * g).sum()
        });
        if activation == Activation::Step {
            assert!(got == want && want == Matrix::zeros(6, 4), "the step has slope 0");
        } else {
            assert_close(&format!("∂J/∂z = ∂J/∂a ⊙ σ′(z), {activation}, against differences"), &got, &want, 1e-8);
        }
    }
}

#[test]
fn backward_into_another_matrix_is_backward() {
    let mut rng = seeded(5);
    for (rows, columns) in [(1, 1), (7, 1), (5, 8), (67, 3)] {
        let (z, upstream) = (random_matrix(rows, columns, &mut rng), random_matrix(rows, columns, &mut rng));
        for activation in Activation::ALL {
            let mut a = Matrix::zeros(rows, columns);
            activation.apply(&z, &mut a);
            let (mut want, mut got) = (upstream.clone(), upstream.map(|_| f64::NAN));
            activation.backward(&a, &mut want);
            activation.backward_into(&a, &upstream, &mut got);
            assert_eq!(got, want, "{activation}, {rows}×{columns}");
        }
    }
}

#[test]
fn empty_batches_and_empty_layers_pass() {
    for (rows, columns) in [(3, 0), (0, 3), (0, 0)] {
        for activation in Activation::ALL {
            let (z, mut a) = (Matrix::<f64>::zeros(rows, columns), Matrix::zeros(rows, columns));
            activation.apply(&z, &mut a);
            activation.backward(&z, &mut a);
            activation.backward_into(&z, &z, &mut a);
        }
    }
}

// ---- Names and messages ----

#[test]
fn names_are_read_and_written() {
    let names = ["identity", "step", "relu", "leaky-relu", "sigmoid", "tanh", "softplus", "softmax"];
    assert_eq!(Activation::ALL.map(Activation::name), names);
    assert_eq!(names.map(|name| name.parse::<Activation>().unwrap()), Activation::ALL);
    assert_eq!(
        format!("{}|{:>6}|{:<5}|", Activation::LeakyRelu, Activation::Tanh, Activation::Relu),
        "leaky-relu|  tanh|relu |"
    );
    assert_eq!(
        "Relu".parse::<Activation>().unwrap_err().to_string(),
        "unknown activation `Relu`; there are identity, step, relu, leaky-relu, sigmoid, tanh, softplus, softmax"
    );
}

#[test]
fn shapes_that_differ_are_named() {
    let (z, mut a) = (Matrix::<f64>::zeros(2, 3), Matrix::zeros(3, 2));
    for activation in Activation::ALL {
        assert_eq!(
            panic_message(|| activation.apply(&z, &mut a)),
            format!("activation {activation}: z is 2×3, a is 3×2")
        );
        assert_eq!(
            panic_message(|| activation.backward(&z, &mut a)),
            format!("derivative of {activation}: a is 2×3, ∂J/∂a is 3×2")
        );
        assert_eq!(
            panic_message(|| activation.backward_into(&z, &z, &mut a)),
            format!("derivative of {activation}: a is 2×3, ∂J/∂a is 2×3, ∂J/∂z is 3×2")
        );
        assert_eq!(
            panic_message(|| activation.backward_into(&z, &a, &mut z.clone())),
            format!("derivative of {activation}: a is 2×3, ∂J/∂a is 3×2, ∂J/∂z is 2×3")
        );
    }
    assert_eq!(panic_message(|| softmax(&[1.0, 2.0], &mut [0.0; 3])), "softmax: z has 2 entries, a has 3");
    assert_eq!(
        panic_message(|| softmax_backward(&[1.0, 2.0], &mut [0.0; 3])),
        "derivative of softmax: a has 2 entries, ∂J/∂a has 3"
    );
}

/// σ′ is taken from a, which is rounded: right to ε absolutely (tanh: to 3 ε), whatever is left of its digits. It is held
/// against σ′ computed from z in f64, for f32 too.
#[test]
fn derivatives_taken_from_a_are_right_absolutely() {
    fn worst<T: Scalar>(activation: Activation, slope: fn(f64) -> f64) -> f64 {
        let z = Matrix::from_fn(1, 160_001, |_, j| T::from_f64((j as f64 - 80_000.0) / 2000.0));
        let (mut a, mut derivative) = (z.clone(), z.map(|_| T::one()));
        activation.apply(&z, &mut a);
        activation.backward(&a, &mut derivative);
        let errors =
            z.as_slice().iter().zip(derivative.as_slice()).map(|(z, d)| (d.to_f64() - slope(z.to_f64())).abs());
        errors.fold(0.0, f64::max)
    }
    let logistic = |z: f64| {
        let e = (-z.abs()).exp();
        e / (1.0 + e) / (1.0 + e)
    };
    let tanh_slope = |z: f64| {
        let e = (-2.0 * z.abs()).exp();
        4.0 * e / (1.0 + e) / (1.0 + e)
    };
    type Slope = fn(f64) -> f64;
    let slopes: [(Activation, f64, Slope); 3] = [
        (Activation::Sigmoid, 1.0, logistic),
        (Activation::Tanh, 3.0, tanh_slope),
        (Activation::Softplus, 1.0, |z| 1.0 / (1.0 + (-z).exp())),
    ];
    for (activation, units, slope) in slopes {
        let [double, single] = [worst::<f64>(activation, slope), worst::<f32>(activation, slope)];
        assert!(double <= units * f64::EPSILON, "{activation}: {double:e}");
        assert!(single <= units * f64::from(f32::EPSILON), "{activation}: {single:e}");
    }
    // Where a rounds to 1 no digit is left. On the other side of a sigmoid all are.
    assert_eq!(sigmoid_derivative(sigmoid(37.0_f64)), 0.0);
    assert_eq!(tanh_derivative(tanh(19.5_f64)), 0.0);
    let left = sigmoid_derivative(sigmoid(-37.0_f64));
    assert!((left / (-37.0_f64).exp() - 1.0).abs() < 1e-15);
}
