//! The check of gradients can fail: engines with one line wrong are found out, each by the ways that can see it. And what
//! it does at kinks, with NaN, with large matrices, at an optimum.

mod common;

use common::{random_targets, single};
use nn_core::{Activation, Loss, Matrix, Scalar, Write, matmul, seeded};
use nn_layers::{
    Bounds, ByHand, ByTape, Dense, GradientCheck, Initialization, Network, SINGLE_ENTRIES, check_gradients,
    compare_gradients, examples_at_a_kink, gradients, parameter_gradients,
};
use nn_testing::random_matrix;

// ——— Engines with one line wrong ———

/// What may be wrong with a δ-recursion.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mistake {
    None,
    OutputDerivativeLeftOut,
    HiddenDerivativeLeftOut,
    DerivativeOfTheLayerAbove,
    WeightNotTransposed,
    MeanLeftOut,
    MeanTakenTwice,
    SignFlipped,
    BiasGradientMissing,
    BiasGradientOfOneExample,
    WeightGradientMissing,
    ActivationOfTheWrongLayer,
    PreActivationForActivation,
    WeightGradientTransposed,
    OneEntryWrong,
}

use Mistake as M;

const MISTAKES: [Mistake; 14] = [
    M::OutputDerivativeLeftOut,
    M::HiddenDerivativeLeftOut,
    M::DerivativeOfTheLayerAbove,
    M::WeightNotTransposed,
    M::MeanLeftOut,
    M::MeanTakenTwice,
    M::SignFlipped,
    M::BiasGradientMissing,
    M::BiasGradientOfOneExample,
    M::WeightGradientMissing,
    M::ActivationOfTheWrongLayer,
    M::PreActivationForActivation,
    M::WeightGradientTransposed,
    M::OneEntryWrong,
];

/// The δ-recursion, written out again, with a mistake.
fn wrong_gradients<T: Scalar>(network: &Network<T>, x: &Matrix<T>, y: &Matrix<T>, mistake: Mistake) -> Vec<Matrix<T>> {
    let layers = network.layers();
    let (mut z, mut a) = (Vec::new(), vec![x.clone()]);
    for dense in layers {
        let (mut z_here, mut a_here) = (Matrix::zeros(0, 0), Matrix::zeros(0, 0));
        dense.pre_activation(&a[a.len() - 1], &mut z_here);
        dense.activation_of(&z_here, &mut a_here);
        z.push(z_here);
        a.push(a_here);
    }
    let m = T::from_f64(x.columns() as f64);
    let last = layers.len() - 1;
    let mut result = Vec::new();
    let mut delta = Matrix::zeros(y.rows(), y.columns());
    for l in (0..=last).rev() {
        let activation = layers[l].activation;
        if l == last {
            network.loss().gradient(&z[l], &a[l + 1], y, &mut delta); // ∂J/∂a⁽ᴸ⁾
            if network.loss().activation().is_none() && mistake != M::OutputDerivativeLeftOut {
                activation.backward(&a[l + 1], &mut delta); // δ⁽ᴸ⁾ = ∂J/∂a⁽ᴸ⁾ ⊙ σ′(z⁽ᴸ⁾)
            }
            let factor = match mistake {
                M::MeanLeftOut => m,
                M::MeanTakenTwice => T::one() / m,
                M::SignFlipped => -T::one(),
                _ => T::one(),
            };
            delta.map_in_place(|delta| factor * delta);
        } else {
            let above = std::mem::replace(&mut delta, Matrix::zeros(layers[l].outputs(), x.columns()));
            let weight = &layers[l + 1].weight;
            let weight = if mistake == M::WeightNotTransposed { weight.view() } else { weight.t() };
            matmul(weight, &above, Write::Replace, &mut delta); // W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾
            match mistake {
                M::HiddenDerivativeLeftOut => {}
                M::DerivativeOfTheLayerAbove => activation.backward(&a[l + 2], &mut delta),
                _ => activation.backward(&a[l + 1], &mut delta), // ⊙ σ′(z⁽ˡ⁾)
            }
        }
        let below = match mistake {
            M::ActivationOfTheWrongLayer => &a[l + 1],
            M::PreActivationForActivation if l > 0 => &z[l - 1],
            _ => &a[l],
        };
        let (mut weight, mut bias) = (Matrix::zeros(0, 0), Matrix::zeros(0, 0));
        parameter_gradients(&delta, below, &mut weight, &mut bias); // δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ and δ⁽ˡ⁾ 1
        match mistake {
            M::BiasGradientMissing => bias.fill(T::zero()),
            M::BiasGradientOfOneExample => bias = Matrix::from_column(delta.column(0)),
            M::WeightGradientMissing => weight.fill(T::zero()),
            M::WeightGradientTransposed => {
                weight = Matrix::from_fn(weight.rows(), weight.columns(), |i, j| weight[(j, i)]);
            }
            M::OneEntryWrong if l == 0 => weight[(0, 1)] = T::from_f64(1.5) * weight[(0, 1)],
            _ => {}
        }
        result.insert(0, bias);
        result.insert(0, weight);
    }
    result
}

/// All layers have four units, so that no mistake is found out by its shape alone.
fn square<T: Scalar>() -> (Network<T>, Matrix<T>, Matrix<T>) {
    let mut rng = seeded(31);
    let layers = [(4, Activation::Tanh), (4, Activation::Sigmoid), (4, Activation::Softmax)];
    let network = Network::random(4, &layers, Loss::LeastSquares, Initialization::Normal, &mut rng);
    let (x, y) = (random_matrix(4, 5, &mut rng), random_matrix(4, 5, &mut rng));
    (network.expect("layers that fit"), x.map(T::from_f64), y.map(T::from_f64))
}

/// What `by_hand` is held against is right.
fn compared<T: Scalar>(network: &Network<T>, x: &Matrix<T>, y: &Matrix<T>, by_hand: &[Matrix<T>]) -> GradientCheck {
    let by_tape = gradients(&mut ByTape::new(network), x, y);
    compare_gradients(network, x, y, by_hand, &by_tape, 1)
}

fn every_mistake_is_found<T: Scalar>() {
    let (network, x, y) = square::<T>();
    let right = compared(&network, &x, &y, &wrong_gradients(&network, &x, &y, M::None));
    assert!(right.agrees(), "{right:#?}");
    assert_eq!(right, check_gradients(&network, &x, &y, 1));
    for mistake in MISTAKES {
        let wrong = wrong_gradients(&network, &x, &y, mistake);
        let check = compared(&network, &x, &y, &wrong);
        assert!(!check.agrees(), "{mistake:?}");
        // Each of the three finds it alone.
        let [tape, dual, stencil] = check.worst();
        let bounds = Bounds::of::<T>();
        assert!(tape > bounds.tape && dual > bounds.dual && stencil > bounds.stencil, "{mistake:?}: {check:#?}");
        // And so they do where the tape is wrong in the same way.
        let both = compare_gradients(&network, &x, &y, &wrong, &wrong, 1);
        assert!(!both.agrees() && both.worst()[0] == 0.0, "{mistake:?}");
        // A wrong tape is found by the comparison with it, and by no other.
        let hand = gradients(&mut ByHand::new(network.clone()), &x, &y);
        let tape = compare_gradients(&network, &x, &y, &hand, &wrong, 1);
        let [by_tape, dual, stencil] = tape.worst();
        assert!(by_tape > bounds.tape && dual <= bounds.dual && stencil <= bounds.stencil, "{mistake:?}");
    }
}

#[test]
fn every_mistake_is_found_in_double_precision() {
    every_mistake_is_found::<f64>();
}

#[test]
fn every_mistake_is_found_in_single_precision() {
    every_mistake_is_found::<f32>();
}

/// A unit of either hidden layer is saturated, so that σ′ has no digit there. All mistakes are found at the others.
#[test]
fn every_mistake_is_found_beside_saturated_units() {
    fn check<T: Scalar>(z: f64) {
        let (network, x, y) = square::<T>();
        let mut layers = network.layers().to_vec();
        layers[..2].iter_mut().for_each(|dense| dense.bias[(3, 0)] = T::from_f64(z));
        let network = Network::new(layers, network.loss()).expect("layers that fit");
        let right = compared(&network, &x, &y, &wrong_gradients(&network, &x, &y, M::None));
        assert!(right.agrees() && right.saturated_units == 2 && right.saturated_activations == 10, "{right:#?}");
        for mistake in MISTAKES {
            let wrong = wrong_gradients(&network, &x, &y, mistake);
            let both = compare_gradients(&network, &x, &y, &wrong, &wrong, 1);
            let ([_, dual, stencil], bounds) = (both.worst(), Bounds::of::<T>());
            assert!(dual > bounds.dual && stencil > bounds.stencil, "{mistake:?}: {both:#?}");
            assert!(!compared(&network, &x, &y, &wrong).agrees(), "{mistake:?}");
        }
    }
    check::<f64>(50.0);
    check::<f32>(25.0);
}

/// The row of the matrix whose gradient is wrong is the one that says so.
#[test]
fn the_wrong_matrix_is_named() {
    let (network, x, y) = square::<f64>();
    for p in 0..6 {
        let mut wrong = gradients(&mut ByHand::new(network.clone()), &x, &y);
        wrong[p].map_in_place(|g| 1.001 * g);
        let check = compared(&network, &x, &y, &wrong);
        let names: Vec<_> = check.parameters.iter().filter(|row| !row.agrees(&check.bounds)).collect();
        assert_eq!(
            names.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(),
            [["W1", "b1", "W2", "b2", "W3", "b3"][p]]
        );
        assert_eq!(check.parameters[p].shape, wrong[p].shape());
        assert_eq!(check.parameters[p].directions, wrong[p].as_slice().len());
    }
}

// ——— The figures ———

/// J = (w x + b − y)²/2 with w = 2, x = 3, b = 1, y = 5: ∂J/∂w = 6, ∂J/∂b = 2, ‖g‖ = √40.
#[test]
fn differences_are_on_the_scale_of_the_gradient() {
    let dense = Dense {
        weight: Matrix::from_column(&[2.0]),
        bias: Matrix::from_column(&[1.0]),
        activation: Activation::Identity,
    };
    let network = Network::new(vec![dense], Loss::LeastSquares).expect("a layer");
    let (x, y) = (Matrix::from_column(&[3.0]), Matrix::from_column(&[5.0]));
    let by_hand = [Matrix::from_column(&[6.0]), Matrix::from_column(&[2.125])];
    let check = compared(&network, &x, &y, &by_hand);
    let scale = (36.0 + 2.125_f64.powi(2)).sqrt(); // the longer of the two
    assert_eq!((check.loss, check.examples, check.left_out), (2.0, 1, 0));
    assert!((check.scale / scale - 1.0).abs() < 1e-15);
    let [w, b] = &check.parameters[..] else { panic!("two rows") };
    assert_eq!((w.tape, w.dual), (0.0, Some(0.0)));
    assert!(w.stencil.is_some_and(|difference| difference < 1e-12));
    assert!((b.tape * scale - 0.125).abs() < 1e-12);
    assert!((b.dual.expect("judged") * scale - 0.125).abs() < 1e-12);
    assert!((b.stencil.expect("judged") * (scale + 2.0) - 0.125).abs() < 1e-11);
}

/// A matrix of more than 1,000 entries has one slope; an error all over it is seen there, and every error by the tape.
#[test]
fn large_matrices_are_checked_along_one_direction() {
    let mut rng = seeded(32);
    let layers = [(40, Activation::Tanh), (3, Activation::Softmax)];
    let network = Network::random(30, &layers, Loss::CrossEntropy, Initialization::Glorot, &mut rng).expect("layers");
    let (x, y) = (random_matrix(30, 7, &mut rng), random_targets(Loss::CrossEntropy, 3, 7, &mut rng));
    let check = check_gradients(&network, &x, &y, 1);
    assert!(check.agrees() && 30 * 40 > SINGLE_ENTRIES);
    let directions: Vec<_> = check.parameters.iter().map(|row| row.directions).collect();
    assert_eq!(directions, [1, 40, 120, 3]);
    assert_ne!(check_gradients(&network, &x, &y, 2).parameters[0], check.parameters[0]); // another direction
    let in_single = check_gradients(&single(&network), &x.map(f32::from_f64), &y.map(f32::from_f64), 1);
    assert!(in_single.agrees() && in_single.bounds == Bounds::F32);

    let mut wrong = gradients(&mut ByHand::new(network.clone()), &x, &y);
    wrong[0].map_in_place(|g| -g);
    let check = compared(&network, &x, &y, &wrong);
    assert!(check.parameters[0].dual.expect("judged") > 1e-3 && check.parameters[0].stencil.expect("judged") > 1e-4);
    assert!(check.parameters[1].agrees(&check.bounds));
}

/// f32 against dual numbers and a stencil in f64 shows the rounding of f32, and no more.
#[test]
fn single_precision_has_its_own_bounds() {
    let (network, x, y) = square::<f32>();
    let check = check_gradients(&network, &x, &y, 1);
    let [_, dual, stencil] = check.worst();
    assert!(check.agrees() && dual > 1e-10 && dual < 1e-5 && stencil > 1e-10 && stencil < 1e-5, "{check:#?}");
}

// ——— Kinks ———

/// One input, one unit, z = w x + b.
fn one_unit(weight: f64, bias: f64, activation: Activation) -> Network<f64> {
    let dense = Dense { weight: Matrix::from_column(&[weight]), bias: Matrix::from_column(&[bias]), activation };
    Network::new(vec![dense], Loss::LeastSquares).expect("a layer")
}

#[test]
fn kinks_are_avoided_and_said_so() {
    let batch = |x: f64| (Matrix::from_column(&[x]), Matrix::from_column(&[3.0]));
    for activation in [Activation::Relu, Activation::LeakyRelu, Activation::Step] {
        // The long step moves z by 2 ε^(1/5) = 1.5e-3, the short one by 2.3e-5; the margin is half as much again.
        for (z, shortened, at_a_kink) in
            [(1e-2, 0, 0), (2.5e-3, 0, 0), (2e-3, 1, 0), (4e-5, 1, 0), (3e-5, 0, 1), (0.0, 0, 1)]
        {
            for z in [z, -z] {
                let (x, y) = batch(1.0);
                let network = one_unit(0.5, z - 0.5, activation);
                let check = check_gradients(&network, &x, &y, 1);
                assert!(check.agrees(), "{activation} {z}: {check:#?}");
                for row in &check.parameters {
                    assert_eq!((row.shortened, row.at_a_kink), (shortened, at_a_kink), "{activation} {z}: {row:?}");
                    assert_eq!(row.stencil.is_none(), at_a_kink == 1);
                }
            }
        }
    }
    // Without a kink there is nothing to avoid.
    let (x, y) = batch(1.0);
    let check = check_gradients(&one_unit(0.5, -0.5, Activation::Softplus), &x, &y, 1);
    assert!(check.parameters.iter().all(|row| row.stencil.is_some() && row.shortened == 0));
}

/// The stencil's step is as long as the pre-activations allow: a weight under a large input moves less, under a small one
/// more, so that z moves by the same. A step that did not follow would leap from one end of tanh to the other.
#[test]
fn the_step_follows_the_size_of_the_inputs() {
    for x in [1e-4, 1.0, 1e4] {
        let (x, y) = (Matrix::from_column(&[x]), Matrix::from_column(&[-0.5]));
        let check = check_gradients(&one_unit(0.5 / x[(0, 0)], 0.25, Activation::Tanh), &x, &y, 1);
        assert!(check.worst()[2] < 1e-11, "{x}: {check:#?}");
    }
}

/// Where rounding decides the side of a kink, the example is left out; and nothing is judged where that is all of them.
#[test]
fn examples_at_a_kink_are_left_out() {
    let network = one_unit(0.1, -0.3, Activation::Relu); // z = 0.1 · 3 − 0.3 is 5.6e-17, or 0
    let (x, y) = (Matrix::from_rows(&[[3.0, 1.0, -4.0]]), Matrix::from_rows(&[[1.0, 2.0, 3.0]]));
    assert_eq!(examples_at_a_kink(&network, &x), [0]);
    assert_eq!(examples_at_a_kink(&single(&network), &x.map(f32::from_f64)), [0]);
    assert_eq!(examples_at_a_kink(&one_unit(0.1, -0.3, Activation::Tanh), &x), [0; 0]);
    let check = check_gradients(&network, &x, &y, 1);
    assert_eq!((check.examples, check.left_out, check.agrees()), (2, 1, true));

    let (x, y) = (Matrix::from_column(&[3.0]), Matrix::from_column(&[1.0]));
    let check = check_gradients(&network, &x, &y, 1);
    assert_eq!((check.examples, check.left_out, check.agrees()), (1, 0, true));
    assert!(check.parameters.iter().all(|row| row.dual.is_none() && row.stencil.is_none() && row.at_a_kink == 1));

    // A zero of zeros is the same in every way of summing: dual numbers judge it. The bias alone moves z.
    let (x, y) = (Matrix::from_column(&[0.0]), Matrix::from_column(&[1.0]));
    let check = check_gradients(&one_unit(0.1, 0.0, Activation::Relu), &x, &y, 1);
    let [w, b] = &check.parameters[..] else { panic!("two rows") };
    assert!(check.left_out == 0 && w.dual == Some(0.0) && w.stencil == Some(0.0) && b.dual == Some(0.0));
    assert_eq!((b.stencil, b.at_a_kink), (None, 1));
}

// ——— The odd ones ———

#[test]
fn nan_is_a_disagreement() {
    let (network, x, y) = square::<f64>();
    let right = gradients(&mut ByHand::new(network.clone()), &x, &y);
    let mut wrong = right.clone();
    wrong[2].as_mut_slice()[3] = f64::NAN;
    for check in [
        compared(&network, &x, &y, &wrong),
        compare_gradients(&network, &x, &y, &right, &wrong, 1),
        compare_gradients(&network, &x, &y, &wrong, &wrong, 1),
    ] {
        let disagree: Vec<_> = check.parameters.iter().filter(|row| !row.agrees(&check.bounds)).collect();
        assert!(disagree.len() == 1 && disagree[0].name == "W2" && disagree[0].tape == f64::INFINITY, "{check:#?}");
    }
    for infinite in [f64::INFINITY, f64::NEG_INFINITY] {
        wrong[2].as_mut_slice()[3] = infinite;
        assert!(!compared(&network, &x, &y, &wrong).agrees());
        assert!(!compare_gradients(&network, &x, &y, &wrong, &wrong, 1).agrees());
    }
    // A weight that makes everything NaN, and a loss that overflows.
    assert!(!check_gradients(&network.map(|w| w * f64::NAN), &x, &y, 1).agrees());
    let (x, y) = (Matrix::from_column(&[1e200]), Matrix::from_column(&[0.0]));
    assert!(!check_gradients(&one_unit(1.0, 0.0, Activation::Identity), &x, &y, 1).agrees());
}

/// At an optimum the gradient is rounding noise, in which no two ways agree: it is measured against the gradients of
/// single examples.
#[test]
fn a_gradient_of_noise_is_no_disagreement() {
    let mut rng = seeded(33);
    // Zero weights and balanced classes: every bias gradient is Σ (1/3 − y) = 0, apart from rounding.
    let layers = [(4, Activation::Tanh), (3, Activation::Softmax)];
    let network = Network::random(2, &layers, Loss::CrossEntropy, Initialization::Glorot, &mut rng).expect("layers");
    let y = Matrix::from_fn(3, 21, |i, j| f64::from(i == j % 3));
    let check = check_gradients(&network.map(|_: f64| 0.0), &random_matrix(2, 21, &mut rng), &y, 1);
    assert!(check.agrees(), "{check:#?}");

    // A line through its points.
    let layers = [(1, Activation::Identity)];
    let network = Network::random(3, &layers, Loss::LeastSquares, Initialization::Normal, &mut rng).expect("layers");
    let x = random_matrix(3, 9, &mut rng);
    let y = network.predict(&x).map(|y| y * (1.0 + f64::EPSILON));
    let check = check_gradients(&network, &x, &y, 1);
    assert!(check.loss < 1e-30 && check.agrees(), "{check:#?}");
}

#[test]
#[should_panic(expected = "gradients of other shapes than the parameters")]
fn gradients_of_another_network_are_refused() {
    let (network, x, y) = square::<f64>();
    let hand = gradients(&mut ByHand::new(network.clone()), &x, &y);
    compare_gradients(&network, &x, &y, &hand, &hand[..4], 1);
}

/// |z| is held against 8 ε (Σ|w a| + |b|): one ulp is at the kink, a millionth of a millionth of a thousandth is not.
#[test]
fn what_is_at_a_kink_is_measured_by_the_terms_of_z() {
    let layer = |bias: f64| Dense {
        weight: Matrix::from_rows(&[[1.0]]),
        bias: Matrix::from_column(&[bias]),
        activation: Activation::Relu,
    };
    let at_a_kink = |x: f64| {
        let network = Network::new(vec![layer(-1e-3)], Loss::LeastSquares).expect("a network");
        !examples_at_a_kink(&network, &Matrix::from_column(&[x])).is_empty()
    };
    assert!(at_a_kink(1e-3) && at_a_kink(f64::from_bits(1e-3_f64.to_bits() + 1)));
    assert!(!at_a_kink(1e-3 + 1e-13) && !at_a_kink(0.0));
    // The terms are small, and so is their rounding: a z of 1e-15 is clear of the kink.
    assert!(!at_a_kink(1e-3 + 1e-15));
}

/// Small matrices are checked in every entry, large ones along one direction.
#[test]
fn every_entry_of_a_small_matrix_is_checked() {
    let layers = [(1001, Activation::Tanh), (2, Activation::Identity)];
    let network = Network::<f64>::random(1, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1))
        .expect("a network");
    let check = check_gradients(&network, &Matrix::from_column(&[0.5]), &Matrix::from_column(&[1.0, 0.0]), 1);
    assert_eq!(check.parameters.iter().map(|row| row.directions).collect::<Vec<_>>(), [1, 1, 1, 2]);
    let layers = [(3, Activation::Tanh), (2, Activation::Identity)];
    let network = Network::<f64>::random(4, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1))
        .expect("a network");
    let x = Matrix::from_column(&[0.5, -1.0, 2.0, 0.25]);
    let check = check_gradients(&network, &x, &Matrix::from_column(&[1.0, 0.0]), 1);
    assert_eq!(check.parameters.iter().map(|row| row.directions).collect::<Vec<_>>(), [12, 3, 6, 2]);
}
