//! Single values that others have published, in their own tests or in worked examples, computed by this crate.
//!
//! A published value is compared with ours to half a unit of its last printed digit, or to one unit where its author cut
//! the digits off instead of rounding them. The same values with 20 digits, recomputed with 50, hold ours to rounding.
//! Gradients from the same sources are in `nn-autodiff/tests/published.rs`.

use nn_core::{Activation, Matrix, Write, affine, matmul, sigmoid, softmax, tanh};

/// What became of the digits that are not printed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Digits {
    Rounded,
    Cut,
}
use Digits::{Cut, Rounded};

/// Compares a value with its printed digits and with the recomputed ones.
#[track_caller]
fn assert_published(got: f64, printed: &str, digits: Digits, recomputed: f64) {
    let decimals = printed.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
    let unit = 10.0_f64.powi(-decimals);
    let printed: f64 = printed.parse().expect("digits");
    let off = got.abs() - printed.abs();
    let fits = match digits {
        Rounded => off.abs() <= 0.5 * unit,
        Cut => (0.0..unit).contains(&off),
    };
    assert!(fits, "{got} is not the printed {printed}, {digits:?}");
    assert!((got - recomputed).abs() <= 2.0 * f64::EPSILON * recomputed.abs(), "{got} is not {recomputed}");
}

/// TensorFlow Playground, nn.spec.ts: activations at 3 and −3.
#[test]
fn activations_of_the_playground() {
    assert_published(tanh(3.0), "0.99505475", Rounded, 0.995_054_753_686_730_5);
    assert_published(sigmoid(3.0), "0.9525741268", Rounded, 0.952_574_126_822_433_2);
    assert_published(sigmoid(-3.0), "0.0474258731", Cut, 0.047_425_873_177_566_78);
}

/// TensorFlow Playground, nn.spec.ts: softmax of moderate logits, and of logits whose exponentials overflow.
#[test]
fn softmax_of_the_playground() {
    let mut a = [0.0; 3];
    softmax(&[2.0, 1.0, 3.0], &mut a);
    assert_published(a[0], "0.24472847", Rounded, 0.244_728_471_054_797_65);
    assert_published(a[1], "0.09003057", Rounded, 0.090_030_573_170_380_46);
    assert_published(a[2], "0.66524095", Cut, 0.665_240_955_774_821_9);

    let mut a = [0.0; 2];
    softmax(&[10_000.0, 10_000.0], &mut a);
    assert_eq!(a, [0.5, 0.5]);
    softmax(&[-10_000.0, 10_000.0], &mut a);
    assert_eq!(a, [0.0, 1.0]);
}

/// dfdx, dfdx-core/src/tensor_ops/sigmoid: its test computes in single precision, and so do we: within a unit in the last
/// place of f32, where 0.26894143, its shortest digits, is 8.6e-9 from the truth.
#[test]
fn sigmoids_of_dfdx() {
    let z: [f64; 5] = [-2.0, -1.0, 0.0, 1.0, 2.0];
    let printed = [0.119_202_92, 0.268_941_43, 0.5, 0.731_058_6, 0.880_797_f32];
    let recomputed =
        [0.119_202_922_022_117_56, 0.268_941_421_369_995_1, 0.5, 0.731_058_578_630_004_9, 0.880_797_077_977_882_4];
    for ((z, printed), want) in z.into_iter().zip(printed).zip(recomputed) {
        let (single, double) = (sigmoid(z as f32), sigmoid(z));
        assert!(single.to_bits().abs_diff(printed.to_bits()) <= 1, "sigmoid({z}) = {single}, but {printed} is printed");
        assert!((double - want).abs() <= 2.0 * f64::EPSILON * want, "sigmoid({z}) = {double}, but it should be {want}");
    }
}

/// candle-core, tests/grad_tests.rs: products of matrices without entries, 2×0 by 0×3, 0×2 by 2×3 and 2×3 by 3×0, and
/// their gradients, with 1 for ∂J/∂C. All are zeros of the right shape.
#[test]
fn empty_products_of_candle() {
    let ones = |rows, columns| Matrix::from_fn(rows, columns, |_, _| 1.0);
    for (m, k, n) in [(2, 0, 3), (0, 2, 3), (2, 3, 0)] {
        let (a, b, c_gradient) = (ones(m, k), ones(k, n), ones(m, n));
        let unset = |rows, columns| Matrix::from_fn(rows, columns, |_, _| f64::NAN);
        let (mut c, mut a_gradient, mut b_gradient) = (unset(m, n), unset(m, k), unset(k, n));
        matmul(&a, &b, Write::Replace, &mut c);
        matmul(&c_gradient, b.t(), Write::Replace, &mut a_gradient);
        matmul(a.t(), &c_gradient, Write::Replace, &mut b_gradient);
        assert_eq!(c, Matrix::zeros(m, n));
        assert_eq!(a_gradient, Matrix::zeros(m, k));
        assert_eq!(b_gradient, Matrix::zeros(k, n));
    }
}

/// The hidden layer of the worked example of postnetwork.co, a 3-2-2 network with sigmoid and softmax, printed to three
/// digits.
#[test]
fn hidden_layer_of_postnetwork() {
    let weight = Matrix::from_rows(&[[0.2, -0.3, 0.4], [-0.5, 0.1, 0.2]]);
    let (mut z, mut a) = (Matrix::zeros(2, 1), Matrix::zeros(2, 1));
    affine(&weight, &Matrix::from_column(&[1.0, 2.0, -1.0]), &Matrix::from_column(&[0.5, 0.5]), &mut z);
    Activation::Sigmoid.apply(&z, &mut a);
    assert_published(z[(0, 0)], "-0.3", Rounded, -0.3);
    assert!(z[(1, 0)].abs() <= f64::EPSILON, "{z}"); // −0.5 + 0.2 − 0.2 + 0.5, in parts that are not exact
    assert_published(a[(0, 0)], "0.426", Rounded, 0.425_557_483_188_341);
    assert_published(a[(1, 0)], "0.5", Rounded, 0.5);
}
