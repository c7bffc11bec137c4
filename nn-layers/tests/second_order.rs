//! Hessian-vector products of networks: by the δ-recursion, by the tape, by dual numbers twice; and what they are good for.

mod common;

use common::random_targets;
use nn_autodiff::{Dual, Tape};
use nn_core::{Activation, Loss, Matrix, Scalar, seeded};
use nn_layers::{ByHand, Dense, Initialization, Network, gradients, hessian_vector};
use nn_testing::{largest, largest_difference, panic_message, random_matrix};

fn dot(u: &[Matrix<f64>], v: &[Matrix<f64>]) -> f64 {
    let pairs = u.iter().zip(v).flat_map(|(u, v)| u.as_slice().iter().zip(v.as_slice()));
    pairs.map(|(u, v)| u * v).sum()
}

/// u ← u + t v
fn add(u: &mut [Matrix<f64>], t: f64, v: &[Matrix<f64>]) {
    u.iter_mut().zip(v).for_each(|(u, v)| u.zip_in_place(v, |u, v| u + t * v));
}

/// The network with the parameters θ.
fn with_parameters<T: Scalar>(network: &Network<f64>, theta: &[Matrix<T>]) -> Network<T> {
    let layers = network.layers().iter().zip(theta.chunks(2)).map(|(dense, theta)| Dense {
        weight: theta[0].clone(),
        bias: theta[1].clone(),
        activation: dense.activation,
    });
    Network::new(layers.collect(), network.loss()).expect("layers that fit")
}

fn parameters(network: &Network<f64>) -> Vec<Matrix<f64>> {
    network.parameters().cloned().collect()
}

#[test]
fn by_hand_by_tape_and_by_dual_numbers_agree() {
    for (last, loss) in [
        (Activation::Softmax, Loss::CrossEntropy),
        (Activation::Sigmoid, Loss::BinaryCrossEntropy),
        (Activation::Softmax, Loss::LeastSquares),
    ] {
        let mut rng = seeded(51);
        let layers = [(5, Activation::Tanh), (4, Activation::Softplus), (3, last)];
        let network = Network::<f64>::random(4, &layers, loss, Initialization::Glorot, &mut rng).expect("layers");
        let (x, y) = (random_matrix(4, 6, &mut rng), random_targets(loss, 3, 6, &mut rng));
        let mut direction =
            || -> Vec<_> { network.parameters().map(|p| random_matrix(p.rows(), p.columns(), &mut rng)).collect() };
        let (v, w) = (direction(), direction());
        let by_hand = hessian_vector(&network, &x, &y, &v);

        let mut tape = Tape::new();
        let duals = network.map(Dual::constant);
        let x_var = tape.input(x.map(Dual::constant));
        let y_var = tape.input(y.map(Dual::constant));
        let layers = duals.record(&mut tape, x_var);
        let j = duals.record_loss(&mut tape, &layers, y_var);
        let by_tape = tape.hessian_vector(j, &v);
        let scale = by_tape.iter().map(largest).fold(0.0, f64::max);
        for (hand, tape) in by_hand.iter().zip(&by_tape) {
            assert!(largest_difference(hand, tape) <= 1e-14 * scale, "{loss}\n{hand}\n\n{tape}");
        }

        // J(θ + v ε₁ + w ε₂) has the term wᵀ H v ε₁ ε₂: the forward pass alone, without a rule of backpropagation.
        let theta: Vec<_> = (0..v.len())
            .map(|p| {
                let theta = network.parameters().nth(p).expect("a parameter");
                Matrix::from_fn(theta.rows(), theta.columns(), |i, j| {
                    Dual::new(Dual::new(theta[(i, j)], v[p][(i, j)]), Dual::constant(w[p][(i, j)]))
                })
            })
            .collect();
        let twice = |matrix: &Matrix<f64>| matrix.map(|x| Dual::constant(Dual::constant(x)));
        let (j, _) = with_parameters(&network, &theta).loss_and_outputs(&twice(&x), &twice(&y));
        let (got, want) = (dot(&by_hand, &w), j.derivative.derivative);
        assert!((got - want).abs() <= 1e-13 * dot(&by_hand, &by_hand).sqrt() * dot(&w, &w).sqrt(), "{got} {want}");
    }
}

/// Against the central difference (g(θ + hv) − g(θ − hv)) / 2h of the gradient, which knows nothing of dual numbers.
#[test]
fn hessian_vector_products_are_differences_of_gradients() {
    for (last, loss) in [
        (Activation::Softmax, Loss::CrossEntropy),
        (Activation::Sigmoid, Loss::BinaryCrossEntropy),
        (Activation::Tanh, Loss::LeastSquares),
    ] {
        let mut rng = seeded(34);
        let layers = [(5, Activation::Tanh), (4, Activation::Softplus), (3, Activation::Sigmoid), (3, last)];
        let network = Network::<f64>::random(4, &layers, loss, Initialization::Glorot, &mut rng).expect("layers");
        let (x, y) = (random_matrix(4, 6, &mut rng), random_targets(loss, 3, 6, &mut rng));
        let v: Vec<_> = network.parameters().map(|p| random_matrix(p.rows(), p.columns(), &mut rng)).collect();
        let gradient_at = |h: f64| {
            let mut theta = parameters(&network);
            add(&mut theta, h, &v);
            gradients(&mut ByHand::new(with_parameters(&network, &theta)), &x, &y)
        };
        const H: f64 = 1e-5;
        let (mut want, down) = (gradient_at(H), gradient_at(-H));
        add(&mut want, -1.0, &down);
        want.iter_mut().for_each(|want| want.map_in_place(|change| change / (2.0 * H)));
        let got = hessian_vector(&network, &x, &y, &v);
        // On the scale of the whole product, as for gradients, and far from zero in every matrix.
        let scale = want.iter().map(largest).fold(0.0, f64::max);
        for (got, want) in got.iter().zip(&want) {
            let error = largest_difference(got, want);
            assert!(error <= 1e-7 * scale && largest(got) > 1e-4 * scale, "{loss}: {:e}", error / scale);
        }
    }
}

/// H is symmetric and linear: wᵀ H v = vᵀ H w, and H (2 v) = 2 H v.
#[test]
fn the_hessian_is_symmetric_and_linear() {
    let mut rng = seeded(52);
    let layers = [(6, Activation::Sigmoid), (2, Activation::Identity)];
    let network =
        Network::<f64>::random(3, &layers, Loss::LeastSquares, Initialization::Normal, &mut rng).expect("layers");
    let (x, y) = (random_matrix(3, 8, &mut rng), random_matrix(2, 8, &mut rng));
    let mut direction =
        || -> Vec<_> { network.parameters().map(|p| random_matrix(p.rows(), p.columns(), &mut rng)).collect() };
    let (v, w) = (direction(), direction());
    let [hv, hw] = [&v, &w].map(|v| hessian_vector(&network, &x, &y, v));
    let (left, right) = (dot(&w, &hv), dot(&v, &hw));
    assert!((left - right).abs() <= 1e-13 * dot(&w, &w).sqrt() * dot(&hv, &hv).sqrt() && left != 0.0);
    let doubled: Vec<_> = v.iter().map(|v| v.map(|v| 2.0 * v)).collect();
    assert_eq!(hessian_vector(&network, &x, &y, &doubled), hv.iter().map(|h| h.map(|h| 2.0 * h)).collect::<Vec<_>>());
}

/// The direction d with H d = −g, by conjugate gradients, which meet the Hessian as H v alone. They stop where J does not
/// bend upward, so that d always leads downhill (Steihaug 1983).
fn newton_direction(network: &Network<f64>, x: &Matrix<f64>, y: &Matrix<f64>) -> Vec<Matrix<f64>> {
    let gradient = gradients(&mut ByHand::new(network.clone()), x, y);
    let mut residual: Vec<_> = gradient.iter().map(|g| g.map(|g| -g)).collect();
    let mut d: Vec<_> = gradient.iter().map(|g| g.map(|_| 0.0)).collect();
    let mut p = residual.clone();
    let first = dot(&residual, &residual);
    let mut square = first;
    for _ in 0..10 * network.parameter_count() {
        if square <= 1e-28 * first {
            break;
        }
        let product = hessian_vector(network, x, y, &p);
        let bend = dot(&p, &product);
        if bend <= 1e-12 * dot(&p, &p) {
            return if square == first { p } else { d };
        }
        add(&mut d, square / bend, &p);
        add(&mut residual, -square / bend, &product);
        let next = dot(&residual, &residual);
        p.iter_mut().zip(&residual).for_each(|(p, r)| p.zip_in_place(r, |p, r| r + next / square * p));
        square = next;
    }
    d
}

fn length(v: &[Matrix<f64>]) -> f64 {
    dot(v, v).sqrt()
}

/// Newton's method on a network of one layer, logistic regression, whose loss is convex: from a start at zero each step
/// about squares the error, and a handful of steps bring the gradient down to rounding.
#[test]
fn newtons_method_doubles_the_digits_with_every_step() {
    let mut rng = seeded(53);
    let x = random_matrix(3, 40, &mut rng);
    // Labels that no plane tells apart, so that the minimum is at a finite place.
    let noise = random_matrix(1, 40, &mut rng);
    let y = Matrix::from_fn(1, 40, |_, j| f64::from(u8::from(x[(0, j)] - x[(1, j)] + 2.0 * noise[(0, j)] > 0.0)));
    let layer = Dense { weight: Matrix::zeros(1, 3), bias: Matrix::zeros(1, 1), activation: Activation::Sigmoid };
    let mut network = Network::new(vec![layer], Loss::BinaryCrossEntropy).expect("a layer");
    let mut lengths = Vec::new();
    for _ in 0..7 {
        lengths.push(length(&gradients(&mut ByHand::new(network.clone()), &x, &y)));
        let d = newton_direction(&network, &x, &y);
        let mut theta = parameters(&network);
        add(&mut theta, 1.0, &d);
        network = with_parameters(&network, &theta);
    }
    lengths.push(length(&gradients(&mut ByHand::new(network.clone()), &x, &y)));
    assert!(lengths[7] < 1e-15, "{lengths:?}");
    // The last steps before rounding takes over: the exponent of the next is about twice that of the last.
    let digits: Vec<f64> = lengths.iter().filter(|&&g| g > 1e-14).map(|g| -g.log10()).collect();
    let [.., before, last] = digits[..] else { panic!("{lengths:?}") };
    assert!(last > 1.7 * before, "{lengths:?}");
}

/// Exclusive or, by a network with a hidden layer. Its loss has saddles; steps are halved until it falls.
#[test]
fn newtons_method_trains_a_network_with_a_hidden_layer() {
    let x = Matrix::from_rows(&[[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]]);
    let y = Matrix::from_rows(&[[0.0, 1.0, 1.0, 0.0]]);
    let layers = [(3, Activation::Tanh), (1, Activation::Identity)];
    let start = Network::<f64>::random(2, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(54));
    let mut network = start.expect("layers that fit");
    let loss = |network: &Network<f64>| network.loss_and_outputs(&x, &y).0;
    let mut steps = 0;
    while loss(&network) > 1e-20 {
        steps += 1;
        assert!(steps <= 50, "J is still {:e}", loss(&network));
        let d = newton_direction(&network, &x, &y);
        let moved = |halvings| {
            let mut theta = parameters(&network);
            add(&mut theta, 0.5_f64.powi(halvings), &d);
            with_parameters(&network, &theta)
        };
        network = (0..40).map(moved).find(|moved| loss(moved) < loss(&network)).expect("a step downhill");
    }
}

#[test]
fn directions_of_other_shapes_are_refused() {
    let network = Network::<f64>::random(
        2,
        &[(1, Activation::Identity)],
        Loss::LeastSquares,
        Initialization::Glorot,
        &mut seeded(1),
    )
    .expect("a layer");
    let (x, y) = (Matrix::zeros(2, 1), Matrix::zeros(1, 1));
    let says = "H v: v does not have the shapes of the parameters";
    for v in [vec![], vec![Matrix::zeros(1, 2)], vec![Matrix::zeros(2, 1), Matrix::zeros(1, 1)]] {
        assert_eq!(panic_message(|| hessian_vector(&network, &x, &y, &v)), says);
    }
}
