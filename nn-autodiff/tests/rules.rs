//! The backward rule of every operation: against numbers worked out by hand, and against differences.

mod common;

use common::{Power, random};
use nn_autodiff::{Tape, Var};
use nn_core::{Activation, Loss, Matrix, seeded};
use nn_testing::assert_close;

type Build<'a> = &'a dyn Fn(&mut Tape<f64>, &[Var]) -> Var;

/// Checks the gradients of J = Σ c ⊙ r against differences of J, where r is what `build` makes of the operands and c is
/// random: the adjoint that reaches the operation is then c, neither 1 nor the same everywhere.
///
/// Every choice of parameters among the operands is tried, the others being inputs. It is tried with r alone and with
/// other uses of each operand recorded after r, so that the operation finds terms in the adjoints and has to add its own.
fn check(name: &str, operands: &[Matrix<f64>], build: Build) {
    let mut rng = seeded(11);
    for choice in 1..1_usize << operands.len() {
        for used_elsewhere in [false, true] {
            let mut tape = Tape::new();
            let mut vars = Vec::new();
            for (k, operand) in operands.iter().enumerate() {
                let is_parameter = choice >> k & 1 == 1;
                vars.push(if is_parameter { tape.parameter(operand.clone()) } else { tape.input(operand.clone()) });
            }
            let r = build(&mut tape, &vars);
            let mut j = weighted_sum(&mut tape, r, &mut rng);
            for &var in vars.iter().filter(|_| used_elsewhere) {
                let term = weighted_sum(&mut tape, var, &mut rng);
                j = tape.add(j, term);
            }
            let what = format!("{name}, parameters {choice:b}, used elsewhere: {used_elsewhere}");
            tape.check_gradient(j).unwrap_or_else(|error| panic!("{what}: {error}"));
            for (k, &var) in vars.iter().enumerate().filter(|(k, _)| choice >> k & 1 == 1) {
                assert_eq!(tape.gradient(var).shape(), operands[k].shape(), "{what}");
                assert!(is_step(name) || tape.gradient(var).as_slice().iter().any(|&g| g != 0.0), "{what}");
            }
        }
    }
}

/// Whether the gradient is zero by right.
fn is_step(name: &str) -> bool {
    name == "step"
}

/// Σ c ⊙ u with a random c.
fn weighted_sum(tape: &mut Tape<f64>, u: Var, rng: &mut nn_core::Generator) -> Var {
    let shape = tape.value(u).shape();
    let c = tape.input(random(rng, shape.rows, shape.columns));
    let product = tape.multiply(c, u);
    tape.sum(product)
}

#[test]
fn affine_maps_agree_with_differences() {
    let mut rng = seeded(1);
    let operands = [random(&mut rng, 3, 2), random(&mut rng, 2, 4), random(&mut rng, 3, 1)];
    check("affine", &operands, &|tape, v| tape.affine(v[0], v[1], v[2]));
    // The product of matrixmultiply, which larger layers take.
    let operands = [random(&mut rng, 9, 8), random(&mut rng, 8, 7), random(&mut rng, 9, 1)];
    check("affine, larger", &operands, &|tape, v| tape.affine(v[0], v[1], v[2]));
}

#[test]
fn activations_agree_with_differences() {
    for activation in Activation::ALL {
        let z = random(&mut seeded(2), 4, 3);
        check(activation.name(), &[z], &|tape, v| tape.activate(v[0], activation));
    }
}

#[test]
fn sums_products_and_transposes_agree_with_differences() {
    let mut rng = seeded(3);
    let same = [random(&mut rng, 3, 4), random(&mut rng, 3, 4)];
    check("add", &same, &|tape, v| tape.add(v[0], v[1]));
    check("multiply", &same, &|tape, v| tape.multiply(v[0], v[1]));
    check("matmul", &[random(&mut rng, 3, 4), random(&mut rng, 4, 2)], &|tape, v| tape.matmul(v[0], v[1]));
    check("scale", &same[..1], &|tape, v| tape.scale(-2.5, v[0]));
    check("transpose", &same[..1], &|tape, v| tape.transpose(v[0]));
    check("sum", &same[..1], &|tape, v| tape.sum(v[0]));
    check("mean", &same[..1], &|tape, v| tape.mean(v[0]));
}

#[test]
fn differences_quotients_exponentials_and_logarithms_agree_with_differences() {
    let mut rng = seeded(8);
    let same = [random(&mut rng, 3, 4), random(&mut rng, 3, 4)];
    check("subtract", &same, &|tape, v| tape.subtract(v[0], v[1]));
    check("divide", &same, &|tape, v| tape.divide(v[0], v[1]));
    check("exp", &same[..1], &|tape, v| tape.exp(v[0]));
    check("ln", &[same[0].map(f64::abs)], &|tape, v| tape.ln(v[0]));
}

/// A column along the columns of a matrix, a number along all entries, and both where they are the same.
#[test]
fn broadcasts_agree_with_differences() {
    let mut rng = seeded(9);
    for ([rows, columns], [n, m]) in
        [([3, 1], [3, 4]), ([1, 1], [3, 4]), ([1, 1], [1, 4]), ([3, 1], [3, 1]), ([1, 1], [1, 1])]
    {
        let (u, v) = (random(&mut rng, rows, columns), random(&mut rng, n, m));
        check(&format!("broadcast of {rows}×{columns} to {n}×{m}"), std::slice::from_ref(&u), &|tape, vars| {
            let like = tape.input(v.clone());
            tape.broadcast(vars[0], like)
        });
        // The shape alone is read: nothing reaches v.
        let mut tape = Tape::new();
        let (u, v) = (tape.parameter(u), tape.parameter(v.clone()));
        let r = tape.broadcast(u, v);
        let j = weighted_sum(&mut tape, r, &mut rng);
        tape.check_gradient(j).expect("a right gradient");
        assert_eq!(*tape.gradient(v), Matrix::zeros(n, m));
    }
}

#[test]
fn operations_of_ones_own_agree_with_differences() {
    let u = random(&mut seeded(10), 3, 4).map(f64::abs);
    check("u^2.5", std::slice::from_ref(&u), &|tape, v| tape.apply(Power(2.5), &[v[0]]));
    check("u^−1", std::slice::from_ref(&u), &|tape, v| tape.apply(Power(-1.0), &[v[0]]));
}

/// Targets: a soft one that sums to 1 in each column, which the cross-entropies need.
fn targets() -> Matrix<f64> {
    Matrix::from_rows(&[[0.2, 1.0, 0.0, 0.25], [0.5, 0.0, 0.0, 0.25], [0.3, 0.0, 1.0, 0.5]])
}

#[test]
fn losses_agree_with_differences() {
    let z = [random(&mut seeded(4), 3, 4)];
    check("least squares", &z, &|tape, v| {
        let y = tape.input(targets());
        tape.least_squares(v[0], y)
    });
    check("cross-entropy", &z, &|tape, v| {
        let y = tape.input(targets());
        tape.cross_entropy(v[0], y)
    });
    check("binary cross-entropy", &z, &|tape, v| {
        let y = tape.input(targets());
        tape.binary_cross_entropy(v[0], y)
    });
    check("least squares after softmax, through its Jacobian", &z, &|tape, v| {
        let y = tape.input(targets());
        let a = tape.activate(v[0], Activation::Softmax);
        tape.loss(Loss::LeastSquares, v[0], a, y)
    });
    check("cross-entropy and another use of its softmax", &z, &|tape, v| {
        let y = tape.input(targets());
        let a = tape.activate(v[0], Activation::Softmax);
        let (j1, j2) = (tape.loss(Loss::CrossEntropy, v[0], a, y), tape.least_squares(a, y));
        let (j1, j2) = (tape.scale(0.3, j1), tape.scale(2.0, j2));
        tape.add(j1, j2)
    });
}

#[test]
fn values_used_twice_agree_with_differences() {
    let mut rng = seeded(5);
    let square = [random(&mut rng, 3, 3)];
    check("x ⊙ x", &square, &|tape, v| tape.multiply(v[0], v[0]));
    check("u + u", &square, &|tape, v| tape.add(v[0], v[0]));
    check("u u", &square, &|tape, v| tape.matmul(v[0], v[0]));
    check("W W + b 1ᵀ", &[square[0].clone(), random(&mut rng, 3, 1)], &|tape, v| tape.affine(v[0], v[0], v[1]));
    check("W b + b 1ᵀ", &[square[0].clone(), random(&mut rng, 3, 1)], &|tape, v| tape.affine(v[0], v[1], v[1]));
    check("u uᵀ", &[random(&mut rng, 2, 3)], &|tape, v| {
        let t = tape.transpose(v[0]);
        tape.matmul(v[0], t)
    });
    check("sums of one value", &square, &|tape, v| {
        let (once, again) = (tape.sum(v[0]), tape.sum(v[0]));
        tape.multiply(once, again)
    });
    check("a pre-activation with three activations", &square, &|tape, v| {
        let z = tape.scale(0.7, v[0]);
        let a =
            [Activation::Sigmoid, Activation::Tanh, Activation::Softmax].map(|activation| tape.activate(z, activation));
        let sum = tape.add(a[0], a[1]);
        tape.multiply(sum, a[2])
    });
}

/// x + W₂ tanh(W₁ x + b₁) + b₂: x goes through the block and past it.
#[test]
fn a_residual_block_agrees_with_differences() {
    let mut rng = seeded(6);
    let operands = [
        random(&mut rng, 3, 4),
        random(&mut rng, 2, 3),
        random(&mut rng, 2, 1),
        random(&mut rng, 3, 2),
        random(&mut rng, 3, 1),
    ];
    check("residual block", &operands, &|tape, v| {
        let z1 = tape.affine(v[1], v[0], v[2]);
        let a1 = tape.activate(z1, Activation::Tanh);
        let z2 = tape.affine(v[3], a1, v[4]);
        tape.add(v[0], z2)
    });
}

/// An autoencoder whose decoder is the transpose of its encoder, with the ridge penalty λ/2 Σ W².
#[test]
fn tied_weights_with_a_ridge_agree_with_differences() {
    let mut rng = seeded(7);
    let operands = [random(&mut rng, 2, 3), random(&mut rng, 2, 1), random(&mut rng, 3, 1)];
    let x = random(&mut rng, 3, 5);
    check("autoencoder", &operands, &|tape, v| {
        let x = tape.input(x.clone());
        let encoded = tape.affine(v[0], x, v[1]);
        let a = tape.activate(encoded, Activation::Sigmoid);
        let decoder = tape.transpose(v[0]);
        let decoded = tape.affine(decoder, a, v[2]);
        let loss = tape.least_squares(decoded, x);
        let squares = tape.multiply(v[0], v[0]);
        let sum = tape.sum(squares);
        let ridge = tape.scale(0.1 / 2.0, sum);
        tape.add(loss, ridge)
    });
}

/// Two losses, weighted: the adjoint that reaches each is its weight.
#[test]
fn scaled_losses_pass_their_weight_on() {
    let z = Matrix::from_rows(&[[0.5, -1.0], [-0.25, 2.0]]);
    let y = Matrix::from_rows(&[[1.0, 0.0], [0.0, 1.0]]);
    let mut tape = Tape::<f64>::new();
    let (z, y) = (tape.parameter(z), tape.input(y));
    let (j1, j2) = (tape.least_squares(z, y), tape.binary_cross_entropy(z, y));
    tape.backward(j1);
    let first = tape.gradient(z).clone();
    tape.backward(j2);
    let second = tape.gradient(z).clone();
    let (scaled1, scaled2) = (tape.scale(0.3, j1), tape.scale(2.0, j2));
    let j = tape.add(scaled1, scaled2);
    tape.backward(j);
    let want = Matrix::from_fn(2, 2, |i, k| 0.3 * first[(i, k)] + 2.0 * second[(i, k)]);
    assert_close("0.3 J₁ + 2 J₂", tape.gradient(z), &want, 1e-15);
    assert_eq!([tape.gradient(j1)[(0, 0)], tape.gradient(j2)[(0, 0)]], [0.3, 2.0]);
}

/// A tape whose J is Σ c ⊙ r, swept backward, and the gradients of the parameters.
fn gradients<const N: usize>(
    parameters: [Matrix<f64>; N],
    c: Matrix<f64>,
    build: impl Fn(&mut Tape<f64>, [Var; N]) -> Var,
) -> (Matrix<f64>, [Matrix<f64>; N]) {
    let mut tape = Tape::new();
    let vars = parameters.map(|parameter| tape.parameter(parameter));
    let r = build(&mut tape, vars);
    let c = tape.input(c);
    let product = tape.multiply(r, c);
    let j = tape.sum(product);
    tape.backward(j);
    (tape.value(r).clone(), vars.map(|var| tape.gradient(var).clone()))
}

#[test]
fn affine_by_hand() {
    let weight = Matrix::from_rows(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let a = Matrix::from_rows(&[[1.0, 0.0], [-1.0, 2.0]]);
    let bias = Matrix::from_column(&[10.0, 20.0, 30.0]);
    let c = Matrix::from_rows(&[[1.0, 2.0], [3.0, 5.0], [7.0, 11.0]]);
    let (z, [weight, a, bias]) = gradients([weight, a, bias], c, |tape, [w, a, b]| tape.affine(w, a, b));
    assert_eq!(z, Matrix::from_rows(&[[9.0, 14.0], [19.0, 28.0], [29.0, 42.0]]));
    assert_eq!(weight, Matrix::from_rows(&[[1.0, 3.0], [3.0, 7.0], [7.0, 15.0]])); // c aᵀ
    assert_eq!(a, Matrix::from_rows(&[[45.0, 72.0], [56.0, 90.0]])); // Wᵀ c
    assert_eq!(bias, Matrix::from_column(&[3.0, 8.0, 18.0])); // c 1
}

#[test]
fn sums_products_and_transposes_by_hand() {
    let u = || Matrix::from_rows(&[[1.0, 2.0], [3.0, 4.0]]);
    let v = || Matrix::from_rows(&[[5.0, 6.0], [7.0, 8.0]]);
    let c = || Matrix::from_rows(&[[1.0, -1.0], [2.0, 3.0]]);

    let (r, [du, dv]) = gradients([u(), v()], c(), |tape, [u, v]| tape.add(u, v));
    assert_eq!((r, du, dv), (Matrix::from_rows(&[[6.0, 8.0], [10.0, 12.0]]), c(), c()));

    let (r, [du, dv]) = gradients([u(), v()], c(), |tape, [u, v]| tape.multiply(u, v));
    assert_eq!(r, Matrix::from_rows(&[[5.0, 12.0], [21.0, 32.0]]));
    assert_eq!(du, Matrix::from_rows(&[[5.0, -6.0], [14.0, 24.0]]));
    assert_eq!(dv, Matrix::from_rows(&[[1.0, -2.0], [6.0, 12.0]]));

    let (r, [du, dv]) = gradients([u(), v()], c(), |tape, [u, v]| tape.matmul(u, v));
    assert_eq!(r, Matrix::from_rows(&[[19.0, 22.0], [43.0, 50.0]]));
    assert_eq!(du, Matrix::from_rows(&[[-1.0, -1.0], [28.0, 38.0]])); // c vᵀ
    assert_eq!(dv, Matrix::from_rows(&[[7.0, 8.0], [10.0, 10.0]])); // uᵀ c

    let (r, [du]) = gradients([u()], c(), |tape, [u]| tape.scale(-3.0, u));
    assert_eq!(r, Matrix::from_rows(&[[-3.0, -6.0], [-9.0, -12.0]]));
    assert_eq!(du, Matrix::from_rows(&[[-3.0, 3.0], [-6.0, -9.0]]));

    let row = || Matrix::from_rows(&[[1.0, 2.0, 3.0]]);
    let (r, [du]) = gradients([row()], Matrix::from_column(&[4.0, 5.0, 6.0]), |tape, [u]| tape.transpose(u));
    assert_eq!((r, du), (Matrix::from_column(&[1.0, 2.0, 3.0]), Matrix::from_rows(&[[4.0, 5.0, 6.0]])));

    let (r, [du]) = gradients([row()], Matrix::from_column(&[7.0]), |tape, [u]| tape.sum(u));
    assert_eq!((r, du), (Matrix::from_column(&[6.0]), Matrix::from_rows(&[[7.0, 7.0, 7.0]])));

    let (r, [du]) = gradients([row()], Matrix::from_column(&[6.0]), |tape, [u]| tape.mean(u));
    assert_eq!((r, du), (Matrix::from_column(&[2.0]), Matrix::from_rows(&[[2.0, 2.0, 2.0]])));
}

#[test]
fn differences_quotients_exponentials_and_logarithms_by_hand() {
    let u = || Matrix::from_rows(&[[1.0, 2.0], [3.0, 4.0]]);
    let v = || Matrix::from_rows(&[[2.0, 4.0], [-1.0, 0.5]]);
    let c = || Matrix::from_rows(&[[1.0, -1.0], [2.0, 3.0]]);

    let (r, [du, dv]) = gradients([u(), v()], c(), |tape, [u, v]| tape.subtract(u, v));
    assert_eq!((r, du, dv), (Matrix::from_rows(&[[-1.0, -2.0], [4.0, 3.5]]), c(), c().map(|c| -c)));

    let (r, [du, dv]) = gradients([u(), v()], c(), |tape, [u, v]| tape.divide(u, v));
    assert_eq!(r, Matrix::from_rows(&[[0.5, 0.5], [-3.0, 8.0]]));
    assert_eq!(du, Matrix::from_rows(&[[0.5, -0.25], [-2.0, 6.0]])); // c / v
    assert_eq!(dv, Matrix::from_rows(&[[-0.25, 0.125], [-6.0, -48.0]])); // −c u / v²

    let zeros = || Matrix::<f64>::zeros(2, 2);
    let (r, [du]) = gradients([zeros()], c(), |tape, [u]| tape.exp(u));
    assert_eq!((r, du), (zeros().map(|_| 1.0), c()));
    let (r, [du]) = gradients([v().map(f64::abs)], c(), |tape, [u]| tape.ln(u));
    assert_eq!((r[(0, 1)], r[(1, 0)]), (4.0_f64.ln(), 0.0));
    assert_eq!(du, Matrix::from_rows(&[[0.5, -0.25], [2.0, 6.0]])); // c / u

    let column = || Matrix::from_column(&[5.0, 7.0]);
    let like = |tape: &mut Tape<f64>| tape.input(Matrix::zeros(2, 2));
    let (r, [du]) = gradients([column()], c(), |tape, [u]| {
        let v = like(tape);
        tape.broadcast(u, v)
    });
    assert_eq!((r, du), (Matrix::from_rows(&[[5.0, 5.0], [7.0, 7.0]]), Matrix::from_column(&[0.0, 5.0]))); // c 1
    let (r, [du]) = gradients([Matrix::from_column(&[5.0])], c(), |tape, [u]| {
        let v = like(tape);
        tape.broadcast(u, v)
    });
    assert_eq!((r, du), (Matrix::from_rows(&[[5.0, 5.0], [5.0, 5.0]]), Matrix::from_column(&[5.0]))); // Σ c
}

#[test]
fn activations_by_hand() {
    let slopes = |activation, z: f64| {
        let z = Matrix::from_column(&[z]);
        let (a, [slope]) = gradients([z], Matrix::from_column(&[3.0]), |tape, [z]| tape.activate(z, activation));
        (a[(0, 0)], slope[(0, 0)])
    };
    assert_eq!(slopes(Activation::Identity, 2.0), (2.0, 3.0));
    assert_eq!(slopes(Activation::Step, 2.0), (1.0, 0.0));
    assert_eq!(slopes(Activation::Relu, 2.0), (2.0, 3.0));
    assert_eq!(slopes(Activation::Relu, -2.0), (0.0, 0.0));
    assert_eq!(slopes(Activation::Relu, 0.0), (0.0, 0.0));
    assert_eq!(slopes(Activation::LeakyRelu, -2.0), (-0.02, 0.03));
    assert_eq!(slopes(Activation::Sigmoid, 0.0), (0.5, 0.75));
    assert_eq!(slopes(Activation::Tanh, 0.0), (0.0, 3.0));
    assert_eq!(slopes(Activation::Softplus, 0.0), (std::f64::consts::LN_2, 1.5));
    // Two equal entries have the probabilities 1/2, 1/2 and the Jacobian ¼ [1 −1; −1 1].
    let (z, c) = (Matrix::from_column(&[7.0, 7.0]), Matrix::from_column(&[3.0, 1.0]));
    let (a, [slope]) = gradients([z], c, |tape, [z]| tape.activate(z, Activation::Softmax));
    assert_eq!((a, slope), (Matrix::from_column(&[0.5, 0.5]), Matrix::from_column(&[0.5, -0.5])));
}

#[test]
fn losses_by_hand() {
    // Two examples of one output; the adjoint of J is 3.
    let y = Matrix::from_rows(&[[1.0, 0.0]]);
    let losses = |z: [f64; 2], loss: fn(&mut Tape<f64>, Var, Var) -> Var| {
        let c = Matrix::from_column(&[3.0]);
        let (j, [gradient]) = gradients([Matrix::from_rows(&[z])], c, |tape, [z]| {
            let y = tape.input(y.clone());
            loss(tape, z, y)
        });
        (j[(0, 0)], [gradient[(0, 0)], gradient[(0, 1)]])
    };
    // J = 1/4 [(3 − 1)² + (4 − 0)²]
    assert_eq!(losses([3.0, 4.0], Tape::least_squares), (5.0, [3.0, 6.0]));
    // ln 2 for each of two undecided outputs; δ = (1/2 − y) / 2.
    assert_eq!(losses([0.0, 0.0], Tape::binary_cross_entropy), (std::f64::consts::LN_2, [-0.75, 0.75]));

    let (y, c) = (Matrix::from_column(&[0.0, 1.0]), Matrix::from_column(&[3.0]));
    let (j, [gradient]) = gradients([Matrix::from_column(&[5.0, 5.0])], c, |tape, [z]| {
        let y = tape.input(y.clone());
        tape.cross_entropy(z, y)
    });
    assert_eq!(j, Matrix::from_column(&[std::f64::consts::LN_2]));
    assert_eq!(gradient, Matrix::from_column(&[1.5, -1.5]));
}

/// A sum over nothing is zero, and so are its gradients, in the shapes of what they belong to.
#[test]
fn empty_products_are_zero() {
    for [m, k, n] in [[2, 0, 3], [0, 2, 3], [2, 3, 0]] {
        let (u, v) = (Matrix::zeros(m, k), Matrix::zeros(k, n));
        let mut c = Matrix::zeros(m, n);
        c.fill(5.0);
        let (r, [du, dv]) = gradients([u.clone(), v.clone()], c, |tape, [u, v]| tape.matmul(u, v));
        assert_eq!((r, du, dv), (Matrix::zeros(m, n), u, v));
    }
    let (r, [du]) = gradients([Matrix::from_column(&[5.0, 7.0])], Matrix::zeros(2, 0), |tape, [u]| {
        let nothing = tape.input(Matrix::zeros(2, 0));
        tape.broadcast(u, nothing)
    });
    assert_eq!((r, du), (Matrix::zeros(2, 0), Matrix::zeros(2, 1)));
}
