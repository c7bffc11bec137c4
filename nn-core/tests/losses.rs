//! Every loss and its gradient: closed forms, sure networks, extreme logits, and differences.

#[path = "support/check.rs"]
mod check;

use check::{differences, table, ulps, ulps32};
use nn_core::{
    Activation, Loss, Matrix, Scalar, binary_cross_entropy, binary_cross_entropy_gradient, cross_entropy,
    cross_entropy_gradient, least_squares, least_squares_gradient, seeded, uniform,
};
use nn_testing::{assert_close, assert_computes, panic_message, random_matrix, relative_error};

/// The last activation that goes with a loss; sigmoid, as one of many, with least squares.
fn activation(loss: Loss) -> Activation {
    loss.activation().unwrap_or(Activation::Sigmoid)
}

fn activate<T: Scalar>(loss: Loss, z: &Matrix<T>) -> Matrix<T> {
    let mut a = Matrix::zeros(z.rows(), z.columns());
    activation(loss).apply(z, &mut a);
    a
}

/// J as a function of z alone.
fn value<T: Scalar>(loss: Loss, z: &Matrix<T>, y: &Matrix<T>) -> T {
    loss.value(z, &activate(loss, z), y)
}

/// ∂J/∂z, for every loss.
fn delta<T: Scalar>(loss: Loss, z: &Matrix<T>, y: &Matrix<T>) -> Matrix<T> {
    let a = activate(loss, z);
    let mut delta = Matrix::from_fn(z.rows(), z.columns(), |_, _| T::from_f64(f64::NAN));
    loss.gradient(z, &a, y, &mut delta);
    if loss.activation().is_none() {
        activation(loss).backward(&a, &mut delta);
    }
    delta
}

fn one(z: &[f64]) -> Matrix<f64> {
    Matrix::from_column(z)
}

#[track_caller]
fn assert_number(got: f64, want: f64, what: &str) {
    assert!((got - want).abs() <= 1e-14 * want.abs(), "{what} is {got:e}, but it should be {want:e}");
}

// ---- Closed forms ----

#[test]
fn least_squares_by_hand() {
    // 1/(2·2) (1² + 2² + 0² + 3² + 0² + 1²) = 15/4: the mean is over the two examples, not over the six numbers.
    let a = Matrix::from_columns(&[[1.0, 0.0, 2.0], [5.0, -1.0, 1.0]]);
    let y = Matrix::from_columns(&[[0.0, 2.0, 2.0], [2.0, -1.0, 0.0]]);
    let z = Matrix::from_fn(3, 2, |_, _| f64::NAN); // not read
    assert_eq!(Loss::LeastSquares.value(&z, &a, &y), 3.75);
    let mut gradient = z.clone();
    Loss::LeastSquares.gradient(&z, &a, &y, &mut gradient);
    let want = Matrix::from_columns(&[[0.5, -1.0, 0.0], [1.5, 0.0, 0.5]]);
    assert_computes("∂J/∂a = (a − y)/m", &gradient, &want);
}

#[test]
fn cross_entropy_by_hand() {
    // softmax = (0.1, 0.2, 0.7) and (0.5, 0.25, 0.25).
    let z = Matrix::from_columns(&[[1.0_f64, 2.0, 7.0], [2.0, 1.0, 1.0]]).map(f64::ln);
    let y = Matrix::from_columns(&[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]);
    assert_number(value(Loss::CrossEntropy, &z, &y), 10.0_f64.ln() / 2.0, "(−ln 0.2 − ln 0.5) / 2");
    let want = Matrix::from_columns(&[[0.05, -0.4, 0.35], [-0.25, 0.125, 0.125]]);
    assert_close("δ = (a − y)/m", &delta(Loss::CrossEntropy, &z, &y), &want, 1e-15);

    // The same with soft targets: J = −Σ y ln a, δ = a − y.
    let y = Matrix::from_columns(&[[0.25, 0.5, 0.25], [0.0, 0.25, 0.75]]);
    let j = -(0.25 * 0.1_f64.ln() + 0.5 * 0.2_f64.ln() + 0.25 * 0.7_f64.ln() + 0.25_f64.ln()) / 2.0;
    assert_number(value(Loss::CrossEntropy, &z, &y), j, "cross-entropy of soft targets");
    let want = Matrix::from_columns(&[[-0.075, -0.15, 0.225], [0.25, 0.0, -0.25]]);
    assert_close("δ = (a − y)/m", &delta(Loss::CrossEntropy, &z, &y), &want, 1e-15);
}

#[test]
fn binary_cross_entropy_by_hand() {
    // sigmoid = 3/4 and 1/4 for z = ± ln 3.
    let z = Matrix::from_columns(&[[3.0_f64.ln(), -3.0_f64.ln()], [3.0_f64.ln(), 0.0]]);
    let y = Matrix::from_columns(&[[1.0, 1.0], [0.0, 0.25]]);
    // −[ln 3/4 + ln 1/4 + ln 1/4 + ln 1/2] / 2 = ln(128/3) / 2: a sum over outputs, a mean over examples.
    assert_number(value(Loss::BinaryCrossEntropy, &z, &y), (128.0_f64 / 3.0).ln() / 2.0, "J");
    let want = Matrix::from_columns(&[[-0.125, -0.375], [0.375, 0.125]]);
    assert_close("δ = (a − y)/m", &delta(Loss::BinaryCrossEntropy, &z, &y), &want, 1e-15);
}

#[test]
fn one_class_costs_nothing() {
    for z in [0.0, 5.0, -1e308, 1e308] {
        assert_eq!(value(Loss::CrossEntropy, &one(&[z]), &one(&[1.0])), 0.0);
        assert_eq!(delta(Loss::CrossEntropy, &one(&[z]), &one(&[1.0])), one(&[0.0]));
    }
}

/// Two classes with logits (z, 0) are one output with logit z.
#[test]
fn two_classes_are_one_output() {
    let mut rng = seeded(1);
    let z = random_matrix(1, 50, &mut rng).map(|z| 10.0 * z);
    let y = Matrix::from_fn(1, 50, |_, _| uniform(&mut rng));
    let two = |m: &Matrix<f64>, other: fn(f64) -> f64| {
        Matrix::from_fn(2, 50, |i, j| if i == 0 { m[(0, j)] } else { other(m[(0, j)]) })
    };
    let (z2, y2) = (two(&z, |_| 0.0), two(&y, |y| 1.0 - y));
    assert_number(value(Loss::CrossEntropy, &z2, &y2), value(Loss::BinaryCrossEntropy, &z, &y), "J");
    let first = delta(Loss::CrossEntropy, &z2, &y2);
    let first = Matrix::from_fn(1, 50, |_, j| first[(0, j)]);
    assert!(relative_error(&first, &delta(Loss::BinaryCrossEntropy, &z, &y)) < 1e-14);
}

// ---- Digits where the network is sure ----

#[test]
fn binary_cross_entropy_has_the_digits_of_softplus() {
    for row in table(include_str!("data/activations_f64.csv")) {
        let numbers: Vec<f64> = row.iter().map(|bits| f64::from_bits(u64::from_str_radix(bits, 16).unwrap())).collect();
        let [z, a, _, _, _, softplus, log_sigmoid] = numbers[..] else { panic!("seven columns") };
        for (y, want) in [(0.0, softplus), (1.0, -log_sigmoid)] {
            let got = binary_cross_entropy(&one(&[z]), &one(&[y]));
            let allowed = if want.is_subnormal() { 1 } else { 2 };
            assert!(ulps(got, want) <= allowed, "J({z:e}, target {y}) = {got:e}, but it should be {want:e}");
        }
        let got = delta(Loss::BinaryCrossEntropy, &one(&[z]), &one(&[0.0]))[(0, 0)];
        assert!(ulps(got, a) <= 2, "δ({z:e}, target 0) = {got:e}, but it should be {a:e}");
        let mirrored = delta(Loss::BinaryCrossEntropy, &one(&[-z]), &one(&[1.0]))[(0, 0)];
        assert_eq!(mirrored, -got, "δ(−z, target 1) = −δ(z, target 0) at {z:e}");
    }
    for row in table(include_str!("data/activations_f32.csv")) {
        let numbers: Vec<f32> = row.iter().map(|bits| f32::from_bits(u32::from_str_radix(bits, 16).unwrap())).collect();
        let [z, _, _, _, _, softplus, log_sigmoid] = numbers[..] else { panic!("seven columns") };
        for (y, want) in [(0.0, softplus), (1.0, -log_sigmoid)] {
            let got = binary_cross_entropy(&Matrix::from_column(&[z]), &Matrix::from_column(&[y]));
            assert!(ulps32(got, want) <= 2, "J({z:e}, target {y}) = {got:e} in f32, but it should be {want:e}");
        }
    }
}

/// J = ln(1 + e^−d) and δ = ∓ e^−d / (1 + e^−d) where the right logit leads by d: 1e-44 is not 0.
#[test]
fn cross_entropy_keeps_its_digits() {
    // e^−d for d = 30, 100 and 700, from 50-digit arithmetic.
    for (d, e) in
        [(30.0, 9.357_622_968_840_175e-14), (100.0, 3.720_075_976_020_836e-44), (700.0, 9.859_676_543_759_77e-305)]
    {
        let (j, far) = (e - e * e / 2.0, e - e * e);
        for (right, wrong) in [(d, 0.0), (0.0, -d), (d / 2.0, -d / 2.0)] {
            let (z, y) = (one(&[wrong, right]), one(&[0.0, 1.0]));
            assert_number(value(Loss::CrossEntropy, &z, &y), j, "J");
            let got = delta(Loss::CrossEntropy, &z, &y);
            assert_number(got[(0, 0)], far, "δ of the wrong class");
            assert_number(got[(1, 0)], -far, "δ of the right class");
            assert_number(value(Loss::CrossEntropy, &z, &one(&[1.0, 0.0])), d + j, "J where the network is wrong");
        }
        // Three wrong classes at once, the right one first, second, third and last.
        for right in 0..4 {
            let mut z = [0.0; 4];
            z[right] = d;
            let mut y = [0.0; 4];
            y[right] = 1.0;
            let j = 3.0 * e - 4.5 * e * e;
            assert_number(value(Loss::CrossEntropy, &one(&z), &one(&y)), j, "J of four classes");
            let got = delta(Loss::CrossEntropy, &one(&z), &one(&y));
            let far = e - 3.0 * e * e;
            for i in 0..4 {
                let want = if i == right { -3.0 * far } else { far };
                assert_number(got[(i, 0)], want, "δ of four classes");
            }
        }
        let got = delta(Loss::BinaryCrossEntropy, &one(&[d, -d]), &one(&[1.0, 0.0]));
        assert_number(got[(0, 0)], -far, "δ of a sure yes");
        assert_number(got[(1, 0)], far, "δ of a sure no");
    }
}

#[test]
fn extreme_logits() {
    let z = one(&[1e308, -1e308, 0.0]);
    assert_eq!(value(Loss::CrossEntropy, &z, &one(&[1.0, 0.0, 0.0])), 0.0);
    assert_eq!(value(Loss::CrossEntropy, &z, &one(&[0.0, 0.0, 1.0])), 1e308);
    assert_eq!(value(Loss::CrossEntropy, &z, &one(&[0.0, 1.0, 0.0])), f64::INFINITY, "2e308 has no f64");
    assert_eq!(delta(Loss::CrossEntropy, &z, &one(&[0.0, 1.0, 0.0])), one(&[1.0, -1.0, 0.0]));
    assert_number(value(Loss::CrossEntropy, &one(&[-1e308; 3]), &one(&[0.0, 1.0, 0.0])), 3.0_f64.ln(), "J of a tie");
    for (z, y, j, d) in [
        (1e308, 1.0, 0.0, 0.0),
        (1e308, 0.0, 1e308, 1.0),
        (-1e308, 0.0, 0.0, 0.0),
        (-1e308, 1.0, 1e308, -1.0),
        (-1e308, 0.25, 0.25e308, -0.25),
        (1e308, 0.25, 0.75e308, 0.75),
    ] {
        assert_eq!(value(Loss::BinaryCrossEntropy, &one(&[z]), &one(&[y])), j, "J({z:e}, target {y})");
        assert_eq!(delta(Loss::BinaryCrossEntropy, &one(&[z]), &one(&[y])), one(&[d]), "δ({z:e}, target {y})");
    }
}

#[test]
fn nan_is_not_hidden() {
    let z = Matrix::from_columns(&[[1.0, 2.0], [0.5, -0.5]]);
    let y = Matrix::from_columns(&[[0.0, 1.0], [1.0, 0.0]]);
    for loss in Loss::ALL {
        for i in 0..2 {
            let (mut bad, mut bad_y) = (z.clone(), y.clone());
            bad[(i, 0)] = f64::NAN;
            assert!(value(loss, &bad, &y).is_nan(), "{loss} for a NaN in row {i} of z");
            let got = delta(loss, &bad, &y);
            assert!(got[(i, 0)].is_nan(), "δ of {loss} for a NaN in row {i} of z");
            assert!(got.column(1).iter().all(|x| x.is_finite()), "δ of {loss}: NaN stays in its example");
            bad_y[(i, 1)] = f64::NAN;
            assert!(value(loss, &z, &bad_y).is_nan(), "{loss} for a NaN in row {i} of y");
            assert!(delta(loss, &z, &bad_y)[(i, 1)].is_nan(), "δ of {loss} for a NaN in row {i} of y");
        }
    }
}

// ---- Gradients ----

/// Hard and soft targets, batches of one and of several, and every place for the largest logit.
#[test]
fn gradients_are_the_slopes_of_the_values() {
    let mut rng = seeded(2);
    for m in [1, 7] {
        for soft in [false, true] {
            let z = random_matrix(4, m, &mut rng).map(|z| 2.0 * z);
            let mut y =
                Matrix::from_fn(4, m, |i, j| if soft { uniform(&mut rng) } else { f64::from(u8::from(i == j % 4)) });
            for j in 0..m {
                let sum: f64 = y.column(j).iter().sum();
                y.column_mut(j).iter_mut().for_each(|y| *y /= sum);
            }
            for loss in Loss::ALL {
                let got = delta(loss, &z, &y);
                let want = differences(&z, |z| value(loss, z, &y));
                assert_close(&format!("δ of {loss}, against differences of J"), &got, &want, 1e-8);
            }
        }
    }
}

/// The mean is over examples: the same example twice has the same loss, and each copy gets half of the gradient.
#[test]
fn losses_are_means_over_examples_and_sums_over_outputs() {
    let (z, y) = (one(&[0.5, -1.0, 2.0]), one(&[0.0, 1.0, 0.0]));
    let twice = |m: &Matrix<f64>| Matrix::from_fn(3, 2, |i, _| m[(i, 0)]);
    for loss in Loss::ALL {
        assert_number(value(loss, &twice(&z), &twice(&y)), value(loss, &z, &y), loss.name());
        let want = twice(&delta(loss, &z, &y)).map(|d| d / 2.0);
        assert!(relative_error(&delta(loss, &twice(&z), &twice(&y)), &want) < 1e-15, "{loss}");
    }
}

/// However many examples are computed side by side.
#[test]
fn a_batch_of_any_size_costs_the_mean_of_its_examples() {
    let mut rng = seeded(7);
    for m in [1, 2, 15, 16, 17, 31, 32, 33, 70] {
        let z = random_matrix(3, m, &mut rng).map(|z| 4.0 * z);
        let y = Matrix::from_fn(3, m, |i, j| f64::from(u8::from(i == j % 3)));
        for loss in Loss::ALL {
            let of_one = |j: usize| value(loss, &one(z.column(j)), &one(y.column(j)));
            let mean = (0..m).map(of_one).sum::<f64>() / m as f64;
            assert_number(value(loss, &z, &y), mean, &format!("{loss} of {m} examples"));
        }
    }
}

/// A million equal examples have the loss of one, also in f32, where one running sum is a percent off.
#[test]
fn a_million_examples_cost_their_mean_in_f32() {
    const M: usize = 1_000_003;
    let many = |column: [f32; 2]| Matrix::from_fn(2, M, |i, _| column[i]);
    for loss in Loss::ALL {
        let (z, y) = ([0.3, -1.1], [1.0, 0.0]);
        let want = value(loss, &one(&z.map(f64::from)), &one(&y.map(f64::from)));
        let got = f64::from(value(loss, &many(z), &many(y)));
        assert!((got / want - 1.0).abs() < 1e-6, "{loss} of a million examples is {got}, but it should be {want}");
    }
}

#[test]
fn single_precision_agrees() {
    let z = Matrix::from_columns(&[[0.5, -1.0, 2.0], [1.0, 1.5, -0.25]]);
    let y = Matrix::from_columns(&[[0.0, 1.0, 0.0], [0.25, 0.25, 0.5]]);
    for loss in Loss::ALL {
        let (z32, y32) = (z.map(|x| x as f32), y.map(|x| x as f32));
        assert!((f64::from(value(loss, &z32, &y32)) / value(loss, &z, &y) - 1.0).abs() < 1e-6, "{loss}");
        assert!(relative_error(&delta(loss, &z32, &y32).map(f64::from), &delta(loss, &z, &y)) < 1e-6, "{loss}");
    }
}

/// The methods of [`Loss`] are these functions.
#[test]
fn functions_and_methods_agree() {
    let mut rng = seeded(3);
    let z = random_matrix(3, 2, &mut rng);
    let y = Matrix::from_columns(&[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]);
    let mut gradient = Matrix::zeros(3, 2);
    for loss in Loss::ALL {
        let a = activate(loss, &z);
        let got = match loss {
            Loss::LeastSquares => {
                least_squares_gradient(&a, &y, &mut gradient);
                least_squares(&a, &y)
            }
            Loss::CrossEntropy => {
                cross_entropy_gradient(&a, &y, &mut gradient);
                cross_entropy(&z, &a, &y)
            }
            Loss::BinaryCrossEntropy => {
                binary_cross_entropy_gradient(&z, &y, &mut gradient);
                binary_cross_entropy(&z, &y)
            }
        };
        assert_eq!(got, loss.value(&z, &a, &y));
        let mut by_method = Matrix::zeros(3, 2);
        loss.gradient(&z, &a, &y, &mut by_method);
        assert_eq!(gradient, by_method);
    }
}

// ---- Names and messages ----

#[test]
fn names_are_read_and_written() {
    let names = ["least-squares", "cross-entropy", "binary-cross-entropy"];
    assert_eq!(Loss::ALL.map(Loss::name), names);
    assert_eq!(names.map(|name| name.parse::<Loss>().unwrap()), Loss::ALL);
    assert_eq!(format!("{}|{:>15}|", Loss::LeastSquares, Loss::CrossEntropy), "least-squares|  cross-entropy|");
    assert_eq!(
        "mse".parse::<Loss>().unwrap_err().to_string(),
        "unknown loss `mse`; there are least-squares, cross-entropy, binary-cross-entropy"
    );
    let made_for = [None, Some(Activation::Softmax), Some(Activation::Sigmoid)];
    assert_eq!(Loss::ALL.map(Loss::activation), made_for);
}

#[test]
fn shapes_that_differ_are_named() {
    let (good, bad) = (Matrix::<f64>::zeros(2, 3), Matrix::<f64>::zeros(3, 2));
    for loss in Loss::ALL {
        for (z, a, y, shapes) in [
            (&bad, &good, &good, "z is 3×2, a is 2×3, y is 2×3"),
            (&good, &bad, &good, "z is 2×3, a is 3×2, y is 2×3"),
            (&good, &good, &bad, "z is 2×3, a is 2×3, y is 3×2"),
        ] {
            assert_eq!(panic_message(|| loss.value(z, a, y)), format!("loss {loss}: {shapes}"));
            assert_eq!(panic_message(|| loss.gradient(z, a, y, &mut y.clone())), format!("loss {loss}: {shapes}"));
        }
        let empty = Matrix::<f64>::zeros(2, 0);
        let refusal = format!("loss {loss}: the batch has no examples");
        assert_eq!(panic_message(|| loss.value(&empty, &empty, &empty)), refusal);
        assert_eq!(panic_message(|| loss.gradient(&empty, &empty, &empty, &mut empty.clone())), refusal);
        let got = panic_message(|| loss.gradient(&good, &good, &good, &mut bad.clone()));
        assert!(got.ends_with(" is 3×2, y is 2×3") && got.contains('∂') != got.contains('δ'), "{got}");
    }
    assert_eq!(panic_message(|| least_squares(&bad, &good)), "least squares: a is 3×2, y is 2×3");
    assert_eq!(
        panic_message(|| least_squares_gradient(&bad, &good, &mut good.clone())),
        "least squares: a is 3×2, y is 2×3"
    );
    assert_eq!(panic_message(|| cross_entropy(&bad, &good, &good)), "cross-entropy: z is 3×2, y is 2×3");
    assert_eq!(panic_message(|| cross_entropy(&good, &bad, &good)), "cross-entropy: a is 3×2, y is 2×3");
    assert_eq!(
        panic_message(|| cross_entropy_gradient(&bad, &good, &mut good.clone())),
        "cross-entropy: a is 3×2, y is 2×3"
    );
    assert_eq!(panic_message(|| binary_cross_entropy(&bad, &good)), "binary cross-entropy: z is 3×2, y is 2×3");
    assert_eq!(
        panic_message(|| binary_cross_entropy_gradient(&bad, &good, &mut good.clone())),
        "binary cross-entropy: z is 3×2, y is 2×3"
    );
}
