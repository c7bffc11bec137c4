//! The backward rule of every operation: against numbers worked out by hand, and against differences.

mod common;

use common::{assert_close, random};
use nn_autodiff::{Tape, Var};
use nn_core::{Activation, Loss, Matrix, seeded};

type Build<'a> = &'a dyn Fn(&mut Tape<f64>, &[Var]) -> Var;

/// Holds the gradients of J = Σ c ⊙ r against differences of J, where r is what `build` makes of the operands and c is
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
            tape.backward(j);
            for (k, &var) in vars.iter().enumerate().filter(|(k, _)| choice >> k & 1 == 1) {
                let got = tape.gradient(var).clone();
                let want = differences(&mut tape, var, j);
                let what = format!("{name}, operand {k}, parameters {choice:b}, used elsewhere: {used_elsewhere}");
                assert_close(&what, &got, &want, 1e-10);
            }
        }
    }
}

/// Σ c ⊙ u with a random c.
fn weighted_sum(tape: &mut Tape<f64>, u: Var, rng: &mut nn_core::Generator) -> Var {
    let shape = tape.value(u).shape();
    let c = tape.input(random(rng, shape.rows, shape.columns));
    let product = tape.multiply(c, u);
    tape.sum(product)
}

/// ∂J/∂v entry by entry, from four replays: (J(−2h) − 8 J(−h) + 8 J(h) − J(2h)) / 12 h, whose error is of order h⁴.
fn differences(tape: &mut Tape<f64>, var: Var, j: Var) -> Matrix<f64> {
    const H: f64 = 1e-3;
    let at = tape.value(var).clone();
    let slope = Matrix::from_fn(at.rows(), at.columns(), |row, column| {
        let mut replay = |steps: f64| {
            tape.set(var, &at);
            tape.value_mut(var)[(row, column)] += steps * H;
            tape.forward();
            tape.value(j)[(0, 0)]
        };
        let (near, far) = (replay(1.0) - replay(-1.0), replay(2.0) - replay(-2.0));
        (8.0 * near - far) / (12.0 * H)
    });
    tape.set(var, &at);
    tape.forward();
    slope
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
}

/// Targets: a soft one that sums to 1 in each column, which the cross-entropies need.
fn targets() -> Matrix<f64> {
    Matrix::from_rows(&[[0.2, 1.0, 0.0, 0.25], [0.5, 0.0, 0.0, 0.25], [0.3, 0.0, 1.0, 0.5]])
}

#[test]
fn costs_agree_with_differences() {
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
        tape.cost(Loss::LeastSquares, v[0], a, y)
    });
    check("cross-entropy and another use of its softmax", &z, &|tape, v| {
        let y = tape.input(targets());
        let a = tape.activate(v[0], Activation::Softmax);
        let (j1, j2) = (tape.cost(Loss::CrossEntropy, v[0], a, y), tape.least_squares(a, y));
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
        let cost = tape.least_squares(decoded, x);
        let squares = tape.multiply(v[0], v[0]);
        let sum = tape.sum(squares);
        let ridge = tape.scale(0.1 / 2.0, sum);
        tape.add(cost, ridge)
    });
}

/// Two costs, weighted: the adjoint that reaches each is its weight.
#[test]
fn scaled_costs_hand_on_their_weight() {
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
fn costs_by_hand() {
    // Two examples of one output; the adjoint of J is 3.
    let y = Matrix::from_rows(&[[1.0, 0.0]]);
    let costs = |z: [f64; 2], cost: fn(&mut Tape<f64>, Var, Var) -> Var| {
        let c = Matrix::from_column(&[3.0]);
        let (j, [gradient]) = gradients([Matrix::from_rows(&[z])], c, |tape, [z]| {
            let y = tape.input(y.clone());
            cost(tape, z, y)
        });
        (j[(0, 0)], [gradient[(0, 0)], gradient[(0, 1)]])
    };
    // J = 1/4 [(3 − 1)² + (4 − 0)²]
    assert_eq!(costs([3.0, 4.0], Tape::least_squares), (5.0, [3.0, 6.0]));
    // ln 2 for each of two undecided outputs; δ = (1/2 − y) / 2.
    assert_eq!(costs([0.0, 0.0], Tape::binary_cross_entropy), (std::f64::consts::LN_2, [-0.75, 0.75]));

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
}
