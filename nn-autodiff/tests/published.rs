//! Numbers that others have published, computed on the tape.

use nn_autodiff::{Tape, Var};
use nn_core::{Activation, Matrix};
use nn_testing::assert_close;

fn number(x: f64) -> Matrix<f64> {
    Matrix::from_column(&[x])
}

/// A tape of 1 × 1 matrices for an expression of scalars: J and its gradients.
fn scalars<const N: usize>(x: [f64; N], expression: impl Fn(&mut Tape<f64>, [Var; N]) -> Var) -> (f64, [f64; N]) {
    let mut tape = Tape::new();
    let vars = x.map(|x| tape.parameter(x));
    let j = expression(&mut tape, vars);
    tape.backward(j);
    (tape.value(j)[(0, 0)], vars.map(|var| tape.gradient(var)[(0, 0)]))
}

/// micrograd, test/test_engine.py, `test_sanity_check`; worked out exactly: y = −20, dy/dx = 46.
#[test]
fn micrograd_sanity_check() {
    let result = scalars([-4.0], |tape, [x]| {
        let two = tape.input(2.0);
        let double = tape.scale(2.0, x);
        let plus_two = tape.add(double, two);
        let z = tape.add(plus_two, x);
        let relu = tape.activate(z, Activation::Relu);
        let product = tape.multiply(z, x);
        let q = tape.add(relu, product);
        let square = tape.multiply(z, z);
        let h = tape.activate(square, Activation::Relu);
        let h_and_q = tape.add(h, q);
        let last = tape.multiply(q, x);
        tape.add(h_and_q, last)
    });
    assert_eq!(result, (-20.0, [46.0]));
}

/// micrograd, test/test_engine.py, `test_more_ops`. Its README prints g = 24.7041 and the gradients 138.8338 and 645.5773.
#[test]
fn micrograd_more_operations() {
    let (g, [dg_da, dg_db]) = scalars([-4.0, 2.0], |tape, [a, b]| {
        let (one, two, ten) = (tape.input(1.0), tape.input(2.0), tape.input(10.0));
        let mut c = tape.add(a, b);
        // d = a b + b³
        let square = tape.multiply(b, b);
        let cube = tape.multiply(square, b);
        let product = tape.multiply(a, b);
        let mut d = tape.add(product, cube);
        // c += c + 1
        let doubled = tape.add(c, c);
        c = tape.add(doubled, one);
        // c += 1 + c − a
        let doubled = tape.add(c, c);
        let plus_one = tape.add(doubled, one);
        c = tape.subtract(plus_one, a);
        // d += 2 d + relu(b + a)
        let sum = tape.add(b, a);
        let relu = tape.activate(sum, Activation::Relu);
        let threefold = tape.scale(3.0, d);
        d = tape.add(threefold, relu);
        // d += 3 d + relu(b − a)
        let difference = tape.subtract(b, a);
        let relu = tape.activate(difference, Activation::Relu);
        let fourfold = tape.scale(4.0, d);
        d = tape.add(fourfold, relu);
        let e = tape.subtract(c, d);
        // g = e²/2 + 10/e²
        let f = tape.multiply(e, e);
        let half = tape.divide(f, two);
        let inverse = tape.divide(ten, f);
        tape.add(half, inverse)
    });
    // Recomputed exactly to 30 digits; the README's are the first of them.
    assert!((g - 24.704_081_632_653_06).abs() < 1e-14 * g, "{g}");
    assert!((dg_da - 138.833_819_241_982_5).abs() < 1e-14 * 138.8, "{dg_da}");
    assert!((dg_db - 645.577_259_475_218_7).abs() < 1e-14 * 645.6, "{dg_db}");
}

/// y = x x + x x x = 36 and dy/dx = 2x + 3x² = 33 at 3; and y = 24 x² by way of a diamond of four paths.
#[test]
fn values_on_many_paths() {
    let powers = scalars([3.0], |tape, [x]| {
        let square = tape.multiply(x, x);
        let other_square = tape.multiply(x, x);
        let cube = tape.multiply(other_square, x);
        tape.add(square, cube)
    });
    assert_eq!(powers, (36.0, [33.0]));
    let diamond = scalars([1.5], |tape, [x]| {
        let a = tape.add(x, x);
        let b = tape.add(a, a);
        let c = tape.multiply(b, b);
        let product = tape.multiply(a, b);
        tape.add(c, product)
    });
    assert_eq!(diamond, (54.0, [72.0]));
}

/// TensorFlow Playground, nn.spec.ts: a dense layer without bias, x = (1, 2, 3), and the adjoint (2, 3) of its output.
/// Its W is inputs × outputs, ours the transpose. All integers: exact.
#[test]
fn dense_layer_of_the_playground() {
    let mut tape = Tape::new();
    let w = tape.parameter(Matrix::from_rows(&[[1.0, 2.0, 0.0], [4.0, 3.0, 2.0]]));
    let x = tape.parameter(Matrix::from_column(&[1.0, 2.0, 3.0]));
    let adjoint = tape.input(Matrix::from_column(&[2.0, 3.0]));
    let z = tape.matmul(w, x);
    let product = tape.multiply(adjoint, z);
    let j = tape.sum(product);
    tape.backward(j);
    assert_eq!(*tape.value(z), Matrix::from_column(&[5.0, 16.0]));
    assert_eq!(*tape.gradient(x), Matrix::from_column(&[14.0, 13.0, 6.0]));
    assert_eq!(*tape.gradient(w), Matrix::from_rows(&[[2.0, 4.0, 6.0], [3.0, 6.0, 9.0]]));
}

/// TensorFlow Playground, nn.spec.ts: softmax with cross-entropy and a soft target; recomputed with 50 digits.
#[test]
fn cross_entropy_with_soft_targets_of_the_playground() {
    let mut tape = Tape::new();
    let z = tape.parameter(Matrix::from_column(&[1.0, 2.0, 3.0]));
    let y = tape.input(Matrix::from_column(&[0.3, 0.6, 0.1]));
    let j = tape.cross_entropy(z, y);
    tape.backward(j);
    let want = [-0.209_969_426_829_619_54, -0.355_271_528_945_202_35, 0.565_240_955_774_821_9];
    assert_close("δ", tape.gradient(z), &Matrix::from_column(&want), 1e-15);
}

/// The derivative of the sigmoid at 0.8762 (burn-autodiff, tests/sigmoid.rs) and the gradient of the mean of five
/// sigmoids (dfdx-core, tensor_ops/sigmoid); recomputed with 50 digits.
#[test]
fn sigmoids_of_burn_and_dfdx() {
    let mean_of_sigmoids = |z: &[f64]| {
        let mut tape = Tape::new();
        let z_var = tape.parameter(Matrix::from_column(z));
        let a = tape.activate(z_var, Activation::Sigmoid);
        let mean = tape.mean(a);
        tape.backward(mean);
        tape.gradient(z_var).clone()
    };
    assert_close("burn", &mean_of_sigmoids(&[0.8762]), &number(0.207_549_929_315_906_67), 1e-15);
    let want = [
        0.020_998_717_080_701_303,
        0.039_322_386_648_296_37,
        0.05,
        0.039_322_386_648_296_37,
        0.020_998_717_080_701_303,
    ];
    assert_close("dfdx", &mean_of_sigmoids(&[-2.0, -1.0, 0.0, 1.0, 2.0]), &Matrix::from_column(&want), 1e-15);
}

/// The derivative of ln sigmoid(z) (burn-autodiff, tests/log_sigmoid.rs): binary cross-entropy with the target 1 is
/// its negative. Recomputed with 50 digits; at 200 the derivative is 1.4e-87, not 0.
#[test]
fn log_sigmoids_of_burn() {
    let cases = [
        (0.8762, 0.293_965_850_684_666),
        (-0.1423, 0.535_515_090_601_708_4),
        (-300.0, 1.0),
        (200.0, 1.383_896_526_736_737_5e-87),
    ];
    for (z, want) in cases {
        let (_, [slope]) = scalars([z], |tape, [z]| {
            let y = tape.input(1.0);
            tape.binary_cross_entropy(z, y)
        });
        assert!((-slope - want).abs() <= 1e-15 * want, "{slope:e} at {z}");
    }
}

/// candle-core, tests/grad_tests.rs: matrix products of integers, x = 0 … 11 as two 2 × 3 matrices by y = 0 … 11 as
/// two 3 × 2 matrices, all four row by row; J is the sum of the product. Exact.
#[test]
fn matrix_products_of_candle() {
    let x_gradients = [[1.0, 5.0, 9.0], [13.0, 17.0, 21.0]];
    let y_gradients = [[3.0, 5.0, 7.0], [15.0, 17.0, 19.0]];
    for half in 0..2 {
        let mut tape = Tape::<f64>::new();
        let x = tape.parameter(Matrix::from_fn(2, 3, |i, j| (6 * half + 3 * i + j) as f64));
        let y = tape.parameter(Matrix::from_fn(3, 2, |i, j| (6 * half + 2 * i + j) as f64));
        let product = tape.matmul(x, y);
        let j = tape.sum(product);
        tape.backward(j);
        assert_eq!(*tape.gradient(x), Matrix::from_rows(&[x_gradients[half]; 2]));
        assert_eq!(*tape.gradient(y), Matrix::from_columns(&[y_gradients[half]; 2]));
    }
}

/// candle, tests/grad_tests.rs: 100 steps of gradient descent on (x − 4.2)² from 0 with the rate 0.1, by replays of one
/// recording. They end at 4.2 (1 − 0.8¹⁰⁰).
#[test]
fn gradient_descent_of_candle() {
    let mut tape = Tape::new();
    let x = tape.parameter(0.0);
    let target = tape.input(4.2);
    let distance = tape.subtract(x, target);
    let j = tape.multiply(distance, distance);
    for _ in 0..100 {
        tape.forward();
        tape.backward(j);
        for (value, gradient) in tape.parameters_mut() {
            value.zip_in_place(gradient, |x, gradient| x - 0.1 * gradient);
        }
    }
    assert_close("x", tape.value(x), &number(4.199_999_999_144_444_9), 1e-14);
}
