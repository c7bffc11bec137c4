//! Wrong gradients get their name, and no other; right ones and unknown ones get none. The counts of more networks are
//! printed by `cargo run --release -p nn-train --example wrong_gradients`.

#[path = "common/mistaken.rs"]
mod mistaken;
#[path = "../../nn-layers/tests/common/random_network.rs"]
mod random_network;

use mistaken::{Counts, Handed, SPOILT, every_mistake, network, spoil};
use nn_core::{Activation, Loss, Matrix, normal, seeded};
use nn_layers::{ByHand, Dense, Engine, Initialization, Network};
use nn_train::{
    Array, CATALOGUE, Diagnosis, EngineExplanation, Made, Mistake, Precision, Problem, Quantity, Yours, YoursError,
    diagnose, explain, explain_with_mistakes,
};

// ——— The recursion that mistakes are made in ———

/// Without a mistake it is the δ-recursion of nn-layers.
#[test]
fn the_recursion_without_a_mistake_is_right() {
    let rng = &mut seeded(1);
    for _ in 0..300 {
        let (case, network, x, y) = network(rng);
        let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
        let (ours, hand) =
            (explain_with_mistakes(problem, &[]), explain(&network, &x, &y, None, Precision::F64).by_hand);
        assert!((ours.loss - hand.loss).abs() <= 1e-14 * hand.loss.abs(), "{case}");
        for (ours, hand) in ours.layers.iter().zip(&hand.layers) {
            for (ours, hand) in ours.matrices().into_iter().zip(hand.matrices()) {
                let largest = hand.as_slice().iter().fold(1e-3_f64, |m, x| m.max(x.abs()));
                let pairs = ours.as_slice().iter().zip(hand.as_slice());
                assert!(pairs.into_iter().all(|(u, v)| (u - v).abs() <= 1e-13 * largest), "{case}");
            }
        }
    }
}

#[test]
fn ids_are_those_of_the_contract() {
    let ids = [
        "activation-missing",
        "activation-of-this-layer",
        "bias-gradient-first-example",
        "bias-gradient-mean",
        "bias-gradient-missing",
        "bias-missing",
        "cross-entropy-gradient-of-a",
        "gradient-transposed",
        "half-missing",
        "last-example-only",
        "mean-missing",
        "mean-over-outputs",
        "mean-twice",
        "other-activation",
        "output-slope-twice",
        "pre-activation-for-activation",
        "sigma-prime-missing",
        "sigma-prime-of-a",
        "sigma-prime-of-error",
        "sigma-prime-of-z",
        "sign-turned",
        "softmax-diagonal-only",
        "softmax-over-examples",
        "weight-already-updated",
        "weight-not-transposed",
        "weight-of-this-layer",
    ];
    let mut known: Vec<_> = CATALOGUE.iter().map(|mistake| mistake.id).collect();
    known.sort_unstable();
    assert_eq!(known, ids);
}

#[test]
fn every_equation_marks_its_wrong_part() {
    for mistake in CATALOGUE {
        for equation in [Some(mistake.equation), mistake.in_last_layer].into_iter().flatten() {
            for text in [equation.right, equation.wrong] {
                assert_eq!(text.matches('{').count(), text.matches('}').count(), "{}", mistake.id);
            }
            let marks = equation.right.contains('{') || equation.wrong.contains('{');
            assert!(marks && equation.right != equation.wrong, "{}", mistake.id);
        }
    }
}

// ——— Random networks ———

fn is_named(how: Handed, seed: u64, least: f64) {
    let (rows, failures) = every_mistake(20, how, seed);
    let mut sum = Counts::default();
    for (id, counts) in &rows {
        println!("{id:30} {counts}");
        sum.add(*counts);
    }
    println!("{:30} {sum}", "");
    assert!(failures.is_empty(), "{}", failures[0]);
    assert!(sum.share() >= least, "{:.3}", sum.share());
}

#[test]
fn every_mistake_is_named_in_double_precision() {
    is_named(Handed::Double, 1, 1.0);
}

#[test]
fn every_mistake_is_named_in_single_precision() {
    is_named(Handed::Single, 2, 0.95);
}

#[test]
fn every_mistake_is_named_with_six_printed_digits() {
    is_named(Handed::Six, 3, 0.95);
}

#[test]
fn gradients_that_are_wrong_in_no_known_way_get_no_name() {
    for (index, kind) in SPOILT.into_iter().enumerate() {
        let rng = &mut seeded(10 + index as u64);
        let (mut unnamed, mut happens_to_be) = (0, 0);
        for _ in 0..170 {
            let (spoilt, text) = spoil(kind, rng);
            assert_eq!(spoilt.named, 0, "{text}");
            unnamed += spoilt.unnamed;
            happens_to_be += spoilt.happens_to_be;
        }
        println!("{kind:30} {unnamed} unnamed, {happens_to_be} happen to be right or a known mistake");
        assert!(unnamed > 150, "{kind}: {unnamed}");
    }
}

#[test]
fn right_numbers_agree_in_all_digits_and_layouts() {
    let rng = &mut seeded(4);
    for _ in 0..200 {
        let (case, network, x, y) = network(rng);
        let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
        let right = explain_with_mistakes(problem, &[]);
        for yours in [Yours::from_numbers(&right), Yours::from_gradients(&right)] {
            for round in [|x: f64| x, |x: f64| f64::from(x as f32), |x: f64| format!("{x:.5e}").parse().unwrap()] {
                let diagnosis = diagnose(problem, &yours.map(round)).expect("numbers that fit");
                assert!(diagnosis.agrees && diagnosis.findings.is_empty(), "{case}\n{}", diagnosis.to_text());
            }
        }
        // Computed in f32, not only rounded to it.
        let mut engine = ByHand::new(network.map(|w| w as f32));
        engine.set_batch(&x.map(|x| x as f32), &y.map(|y| y as f32));
        engine.loss_and_gradients();
        let mut single = right.clone();
        for (l, layer) in single.layers.iter_mut().enumerate() {
            layer.weight_gradient = engine.layer(l).weight_gradient.map(f64::from);
            layer.bias_gradient = engine.layer(l).bias_gradient.map(f64::from);
        }
        let diagnosis = diagnose(problem, &Yours::from_gradients(&single)).expect("numbers that fit");
        assert!(diagnosis.agrees, "{case}\n{}", diagnosis.to_text());
    }
}

// ——— One network ———

/// The 3-4-4-2 network that the cases below are made in, with a batch of five.
fn setting() -> (Network<f64>, Matrix<f64>, Matrix<f64>) {
    let rng = &mut seeded(5);
    let layers = [(4, Activation::Tanh), (4, Activation::Sigmoid), (2, Activation::Sigmoid)];
    let network =
        Network::random(3, &layers, Loss::LeastSquares, Initialization::Normal, rng).expect("layers that fit");
    (network, Matrix::from_fn(3, 5, |_, _| normal(rng)), Matrix::from_fn(2, 5, |_, _| normal(rng)))
}

fn mistake(id: &str) -> &'static Mistake {
    CATALOGUE.iter().find(|mistake| mistake.id == id).expect("it is in the catalogue")
}

fn made(problem: Problem<'_>, id: &str, layer: Option<usize>) -> Made {
    mistake(id).places(problem).into_iter().find(|made| made.layer == layer).expect("it can be made there")
}

/// Ids and layers.
fn names(diagnosis: &Diagnosis) -> Vec<(&'static str, Option<usize>)> {
    diagnosis.findings.iter().map(|finding| (finding.made.mistake.id, finding.layer)).collect()
}

/// Somebody's JSON file, from gradients that are written as they please.
fn file(
    numbers: &EngineExplanation,
    weight: impl Fn(&Matrix<f64>) -> String,
    bias: impl Fn(&Matrix<f64>) -> String,
) -> Yours {
    let layers = numbers.layers.iter().map(|layer| {
        let (weight, bias) = (weight(&layer.weight_gradient), bias(&layer.bias_gradient));
        format!("{{\"weight_gradient\": {weight}, \"bias_gradient\": {bias}}}")
    });
    Yours::from_json(&format!("{{\"layers\": [{}]}}", layers.collect::<Vec<_>>().join(", "))).expect("JSON")
}

fn rows(matrix: &Matrix<f64>) -> String {
    format!("{:?}", (0..matrix.rows()).map(|i| matrix.row_iter(i).copied().collect::<Vec<_>>()).collect::<Vec<_>>())
}

fn columns(matrix: &Matrix<f64>) -> String {
    format!("{:?}", matrix.columns_iter().map(<[f64]>::to_vec).collect::<Vec<_>>())
}

fn flat(matrix: &Matrix<f64>) -> String {
    format!("{:?}", matrix.as_slice())
}

#[test]
fn weights_may_lie_the_other_way_round() {
    let (network, x, y) = setting();
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let right = explain_with_mistakes(problem, &[]);
    let straight = diagnose(problem, &file(&right, rows, flat)).expect("numbers that fit");
    assert!(straight.agrees && straight.arrays.len() == 6);
    // A bias as a row, as a column, or flat.
    assert!(diagnose(problem, &file(&right, rows, rows)).expect("it fits").agrees);
    assert!(diagnose(problem, &file(&right, rows, columns)).expect("it fits").agrees);

    let turned = diagnose(problem, &file(&right, columns, flat)).expect("numbers that fit");
    assert_eq!(names(&turned), [("gradient-transposed", None)]);
    assert!(!turned.agrees);
    let wrong: Vec<_> = turned.arrays.iter().filter(|compared| !compared.agrees).map(|c| c.array.to_string()).collect();
    assert_eq!(wrong, ["weight_gradient 3", "weight_gradient 2", "weight_gradient 1"]);
    let explains: Vec<_> = turned.findings[0].explains.iter().map(Array::to_string).collect();
    assert_eq!(explains, wrong);

    // And with a mistake.
    let wrong = explain_with_mistakes(problem, &[made(problem, "sigma-prime-missing", Some(2))]);
    let both = diagnose(problem, &file(&wrong, columns, flat)).expect("numbers that fit");
    assert_eq!(names(&both), [("sigma-prime-missing", Some(2)), ("gradient-transposed", None)]);
}

#[test]
fn a_network_of_square_layers_may_be_transposed_in_one_of_them() {
    let dense = |seed: f64| Dense {
        weight: Matrix::from_fn(3, 3, |i, k| (seed + i as f64 * 1.7 + k as f64 * 0.9).sin()),
        bias: Matrix::from_column(&[0.1, -0.2, 0.3]),
        activation: Activation::Tanh,
    };
    let network = Network::new(vec![dense(1.0), dense(2.0)], Loss::LeastSquares).expect("layers that fit");
    let (x, y) =
        (Matrix::from_fn(3, 4, |i, j| (i as f64 - j as f64).cos()), Matrix::from_fn(3, 4, |i, j| (i * j) as f64));
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    for (places, expected) in
        [(vec![Some(1)], Some(1)), (vec![Some(2)], Some(2)), (vec![None], None), (vec![Some(1), Some(2)], None)]
    {
        let made: Vec<_> = places.into_iter().map(|layer| made(problem, "gradient-transposed", layer)).collect();
        let diagnosis =
            diagnose(problem, &Yours::from_gradients(&explain_with_mistakes(problem, &made))).expect("it fits");
        assert_eq!(names(&diagnosis), [("gradient-transposed", expected)]);
    }
    let three = [
        made(problem, "gradient-transposed", None),
        made(problem, "mean-missing", None),
        made(problem, "sigma-prime-missing", Some(2)),
    ];
    let diagnosis =
        diagnose(problem, &Yours::from_gradients(&explain_with_mistakes(problem, &three))).expect("it fits");
    let mut found = names(&diagnosis);
    found.sort_unstable();
    assert_eq!(found, [("gradient-transposed", None), ("mean-missing", None), ("sigma-prime-missing", Some(2))]);
}

#[test]
fn gradients_of_single_examples_are_summed_or_averaged() {
    let (network, x, y) = setting();
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    // ∂J/∂W of each example alone is that of a batch of one.
    let one = |j: usize| {
        let (x, y) = (Matrix::from_column(x.column(j)), Matrix::from_column(y.column(j)));
        explain_with_mistakes(Problem { x: &x, y: &y, ..problem }, &[])
    };
    for (factor, word) in [(1.0, "the mean"), (0.2, "the sum")] {
        let examples: Vec<_> = (0..5).map(one).collect();
        let layers: Vec<String> = (0..3)
            .map(|l| {
                let weights: Vec<_> =
                    examples.iter().map(|e| rows(&e.layers[l].weight_gradient.map(|g| factor * g))).collect();
                let biases: Vec<_> =
                    examples.iter().map(|e| flat(&e.layers[l].bias_gradient.map(|g| factor * g))).collect();
                format!("{{\"weight_gradient\": [{}], \"bias_gradient\": [{}]}}", weights.join(","), biases.join(","))
            })
            .collect();
        let yours = Yours::from_json(&format!("{{\"layers\": [{}]}}", layers.join(","))).expect("JSON");
        let diagnosis = diagnose(problem, &yours).expect("numbers that fit");
        assert!(diagnosis.agrees, "{}", diagnosis.to_text());
        assert!(diagnosis.remarks.iter().any(|remark| remark.contains(word)), "{:?}", diagnosis.remarks);
    }
}

#[test]
fn a_sum_in_place_of_the_mean_is_a_convention_where_the_loss_is_a_sum_too() {
    let (network, x, y) = setting();
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let mut sum = explain_with_mistakes(problem, &[made(problem, "mean-missing", None)]);
    let mistake = diagnose(problem, &Yours::from_numbers(&sum)).expect("it fits");
    assert_eq!(names(&mistake), [("mean-missing", None)]);
    assert!(!mistake.findings[0].made.is_convention());
    sum.loss *= 5.0;
    let convention = diagnose(problem, &Yours::from_numbers(&sum)).expect("it fits");
    assert_eq!(names(&convention), [("mean-missing", None)]);
    assert!(convention.findings[0].made.is_convention() && !convention.agrees);
    assert!(convention.findings[0].explains.contains(&Array { quantity: Quantity::Loss, layer: None }));
}

#[test]
fn two_mistakes_are_both_found() {
    let (network, x, y) = setting();
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    for (one, other) in [
        (("mean-missing", None), ("sigma-prime-missing", Some(1))),
        (("sign-turned", None), ("weight-not-transposed", Some(1))),
        (("sigma-prime-of-z", Some(3)), ("sigma-prime-of-a", Some(1))),
        (("bias-gradient-mean", Some(3)), ("pre-activation-for-activation", Some(2))),
        (("bias-missing", Some(1)), ("bias-missing", Some(2))),
        (("activation-missing", Some(2)), ("bias-gradient-missing", Some(1))),
        (("half-missing", None), ("bias-missing", Some(2))),
        (("mean-missing", None), ("sign-turned", None)),
    ] {
        let wrong = explain_with_mistakes(problem, &[made(problem, one.0, one.1), made(problem, other.0, other.1)]);
        let diagnosis = diagnose(problem, &Yours::from_gradients(&wrong)).expect("it fits");
        let mut found = names(&diagnosis);
        let mut expected = vec![one, other];
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{}", diagnosis.to_text());
        let explained: std::collections::BTreeSet<_> =
            diagnosis.findings.iter().flat_map(|finding| finding.explains.iter().map(Array::to_string)).collect();
        let wrong = diagnosis.arrays.iter().filter(|compared| !compared.agrees);
        assert_eq!(explained, wrong.map(|compared| compared.array.to_string()).collect());
    }
}

#[test]
fn mistakes_that_give_the_same_numbers_are_all_listed() {
    // With two examples a missing mean and a missing half are the same factor.
    let (network, x, y) = setting();
    let (x, y) = (Matrix::from_fn(3, 2, |i, j| x[(i, j)]), Matrix::from_fn(2, 2, |i, j| y[(i, j)]));
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let wrong = explain_with_mistakes(problem, &[made(problem, "mean-missing", None)]);
    let diagnosis = diagnose(problem, &Yours::from_gradients(&wrong)).expect("it fits");
    assert_eq!(names(&diagnosis), [("mean-missing", None), ("half-missing", None)]);
    let tell_apart = diagnosis.findings[0].tell_apart.as_deref().expect("something tells them apart");
    assert!(tell_apart.contains("Another batch size"), "{tell_apart}");
    // A bias gradient that is zero says nothing about why δ would be.
    let all = [made(problem, "sigma-prime-missing", Some(3)), made(problem, "half-missing", None)];
    let diagnosis = diagnose(problem, &Yours::from_gradients(&explain_with_mistakes(problem, &all))).expect("it fits");
    let ids: Vec<_> = diagnosis.findings.iter().map(|finding| finding.made.mistake.id).collect();
    assert!(ids.contains(&"half-missing") && ids.contains(&"mean-missing") && ids.contains(&"sigma-prime-missing"));
}

#[test]
fn a_mistake_that_gives_the_right_numbers_is_none() {
    let (_, x, y) = setting();
    let layers = [(4, Activation::Identity), (2, Activation::Identity)];
    let network =
        Network::random(3, &layers, Loss::LeastSquares, Initialization::Normal, &mut seeded(6)).expect("a network");
    let (x, y) = (Matrix::from_column(x.column(0)), Matrix::from_column(y.column(0)));
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    for id in ["mean-missing", "mean-twice", "bias-gradient-mean", "last-example-only", "bias-gradient-first-example"] {
        let wrong = explain_with_mistakes(problem, &mistake(id).places(problem)[..1]);
        assert!(diagnose(problem, &Yours::from_numbers(&wrong)).expect("it fits").agrees, "{id}");
    }
}

#[test]
fn a_part_is_explained_and_the_rest_is_said_to_remain() {
    let (network, x, y) = setting();
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let mut wrong = explain_with_mistakes(problem, &[made(problem, "bias-gradient-mean", Some(3))]);
    wrong.layers[0].weight_gradient[(1, 1)] += 0.1;
    let diagnosis = diagnose(problem, &Yours::from_gradients(&wrong)).expect("it fits");
    assert_eq!(names(&diagnosis), [("bias-gradient-mean", Some(3))]);
    assert_eq!(diagnosis.findings[0].explains.iter().map(Array::to_string).collect::<Vec<_>>(), ["bias_gradient 3"]);
    assert!(diagnosis.to_text().contains("No known mistake gives your ∂J/∂W⁽¹⁾"), "{}", diagnosis.to_text());
}

#[test]
fn four_decimals_are_enough_where_one_mistake_alone_fits() {
    let (network, x, y) = setting();
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let four = |x: f64| (x * 1e4).round() / 1e4;
    let wrong = explain_with_mistakes(problem, &[made(problem, "sigma-prime-missing", Some(2))]);
    let diagnosis = diagnose(problem, &Yours::from_gradients(&wrong).map(four)).expect("it fits");
    assert_eq!(names(&diagnosis), [("sigma-prime-missing", Some(2))]);
    assert!(diagnosis.remarks.iter().any(|remark| remark.contains("Print more")));
    // The right numbers agree, and a step that is changed by its last digits alone is not named.
    let right = explain_with_mistakes(problem, &[]);
    assert!(diagnose(problem, &Yours::from_gradients(&right).map(four)).expect("it fits").agrees);
    let one = |x: f64| format!("{x:.0e}").parse().expect("a number");
    assert!(diagnose(problem, &Yours::from_gradients(&wrong).map(one)).expect("it fits").findings.len() <= 1);
}

#[test]
fn gradients_of_zero_are_not_called_right() {
    let (network, x, y) = setting();
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let zero = Yours::from_gradients(&explain_with_mistakes(problem, &[])).map(|_| 0.0);
    let diagnosis = diagnose(problem, &zero).expect("it fits");
    assert!(!diagnosis.agrees && diagnosis.arrays.iter().all(|compared| !compared.agrees));
    assert!(diagnosis.remarks[0].starts_with("All your numbers are 0."), "{:?}", diagnosis.remarks);
}

/// Many mistakes give a zero somewhere: it names one that gives nothing else, and only where it is no rounding error.
#[test]
fn a_bias_gradient_of_zero_is_no_evidence_for_what_changes_the_rest() {
    let (network, x, y) = setting();
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let rng = &mut seeded(3);
    let mut wrong = explain_with_mistakes(problem, &[]);
    for layer in &mut wrong.layers {
        for gradient in [&mut layer.weight_gradient, &mut layer.bias_gradient] {
            gradient.as_mut_slice().iter_mut().for_each(|g| *g *= 1.0 + 0.1 * normal(rng));
        }
    }
    wrong.layers[0].bias_gradient.as_mut_slice().fill(0.0);
    let diagnosis = diagnose(problem, &Yours::from_gradients(&wrong)).expect("it fits");
    assert_eq!(names(&diagnosis), [("bias-gradient-missing", Some(1))]);
    // That of softmax over the examples cancels to nothing.
    wrong.layers[0].bias_gradient.as_mut_slice().copy_from_slice(&[1e-17, -2e-17, 1.5e-17, -0.5e-17]);
    let diagnosis = diagnose(problem, &Yours::from_gradients(&wrong)).expect("it fits");
    assert_eq!(names(&diagnosis), []);
}

#[test]
fn too_few_digits_call_nothing_right_and_name_nothing() {
    let (network, x, y) = setting();
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let right = explain_with_mistakes(problem, &[]);
    let largest = |layer: usize| {
        right.layers[layer].weight_gradient.as_slice().iter().fold(0.0_f64, |largest, g| largest.max(g.abs()))
    };
    let print = |factor: f64, digits: f64| {
        let yours = Yours::from_gradients(&right).map(|g| (factor * g * digits).round() / digits);
        diagnose(problem, &yours).expect("it fits")
    };
    // A unit in the last digit is half of the largest entry.
    let few = (2.0 / largest(2)).ceil();
    for diagnosis in [print(1.0, few), print(1.49, few)] {
        assert!(!diagnosis.agrees && diagnosis.findings.is_empty(), "{}", diagnosis.to_text());
        assert!(diagnosis.remarks.iter().any(|remark| remark.contains("Print more")));
    }
    // Enough digits for the last layer, and not for the first.
    assert!(largest(0) < 0.5 * largest(2));
    let enough = print(1.0, 10.0_f64.powf((4.0 / largest(0)).log10().floor()));
    let first_off = enough.first_off().expect("one is not called right");
    assert!(!first_off.tells && !first_off.agrees, "{}", enough.to_text());
    assert!(enough.to_text().contains("? ∂J/∂W⁽¹⁾   has too few digits to tell"), "{}", enough.to_text());
}

#[test]
fn another_layout_is_said_to_be_right_and_is_not_what_is_off_first() {
    let (network, x, y) = setting();
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let both = [made(problem, "sigma-prime-missing", Some(2)), made(problem, "gradient-transposed", None)];
    let diagnosis = diagnose(problem, &Yours::from_gradients(&explain_with_mistakes(problem, &both))).expect("it fits");
    let first = diagnosis.first_off().expect("one is off");
    assert_eq!(first.array.to_string(), "weight_gradient 2");
    let text = diagnosis.to_text();
    assert!(text.contains("✓ ∂J/∂W⁽³⁾, in the other layout"), "{text}");
    assert!(text.contains("The gradients of the last layer contain all"), "{text}");
    // Where there is nothing else, it is still not ours.
    let alone = explain_with_mistakes(problem, &both[1..]);
    let diagnosis = diagnose(problem, &Yours::from_gradients(&alone)).expect("it fits");
    assert!(diagnosis.first_off().expect("the layout").is_transposed && !diagnosis.to_text().contains("What is off"));
}

#[test]
fn every_answer_fits_a_terminal_of_80_columns() {
    let (network, x, y) = setting();
    let layers = [(4, Activation::Tanh), (4, Activation::Tanh), (3, Activation::Softmax)];
    let soft =
        |loss| Network::random(3, &layers, loss, Initialization::Normal, &mut seeded(6)).expect("layers that fit");
    let shares = Matrix::from_fn(3, 5, |i, j| if i == j % 3 { 1.0 } else { 0.0 });
    for (network, y) in [(network, &y), (soft(Loss::LeastSquares), &shares), (soft(Loss::CrossEntropy), &shares)] {
        let problem = Problem { network: &network, x: &x, y, learning_rate: Some(0.1) };
        for made in CATALOGUE.iter().flat_map(|mistake| mistake.places(problem)) {
            let wrong = explain_with_mistakes(problem, std::slice::from_ref(&made));
            let text = diagnose(problem, &Yours::from_numbers(&wrong)).expect("it fits").to_text();
            let long = text.lines().find(|line| line.chars().count() > 80);
            assert_eq!(long, None, "{made:?}");
        }
    }
}

#[test]
fn layers_and_arrays_may_be_missing() {
    let (network, x, y) = setting();
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let wrong = explain_with_mistakes(problem, &[made(problem, "sigma-prime-missing", Some(2))]);
    let one = format!(
        "{{\"layers\": [{{}}, {{\"bias_gradient\": {}, \"z\": null}}, null]}}",
        flat(&wrong.layers[1].bias_gradient)
    );
    let diagnosis = diagnose(problem, &Yours::from_json(&one).expect("JSON")).expect("it fits");
    // Nothing but the layer above could tell its σ′ from that of all layers.
    assert_eq!(names(&diagnosis), [("sigma-prime-missing", Some(2))]);
    let loss = format!("{{\"loss\": {}}}", wrong.loss);
    assert!(diagnose(problem, &Yours::from_json(&loss).expect("JSON")).expect("it fits").agrees);
}

#[test]
fn updated_parameters_are_compared_where_the_learning_rate_is_known() {
    let (network, x, y) = setting();
    let explanation = explain(&network, &x, &y, Some(0.25), Precision::F64);
    let updated = explanation.updated.expect("a learning rate");
    let layers = updated.network.layers().iter();
    let layers: Vec<_> =
        layers.map(|d| format!("{{\"weight\": {}, \"bias\": {}}}", rows(&d.weight), flat(&d.bias))).collect();
    let yours = Yours::from_json(&format!("{{\"updated\": {{\"layers\": [{}]}}}}", layers.join(","))).expect("JSON");
    let problem = |rate| Problem { network: &network, x: &x, y: &y, learning_rate: rate };
    let with = |rate| diagnose(problem(rate), &yours).expect("it fits");
    assert!(with(Some(0.25)).agrees && with(Some(0.25)).arrays.len() == 6);
    assert!(!with(Some(0.5)).agrees);
    let without = with(None);
    assert!(without.arrays.is_empty() && without.remarks[0].contains("learning rate"), "{:?}", without.remarks);
}

#[test]
fn the_weights_that_were_changed_too_early_are_found_by_the_learning_rate() {
    let (network, x, y) = setting();
    let with = |rate| Problem { network: &network, x: &x, y: &y, learning_rate: rate };
    let wrong = explain_with_mistakes(with(Some(1e-4)), &mistake("weight-already-updated").places(with(Some(1e-4))));
    let find = |rate| names(&diagnose(with(rate), &Yours::from_gradients(&wrong)).expect("it fits"));
    assert_eq!(find(Some(1e-4)), [("weight-already-updated", None)]);
    assert_eq!(find(Some(2e-4)), []);
    assert_eq!(find(None), []);
}

// ——— Files that do not fit ———

#[test]
fn a_file_that_is_not_what_it_should_be_is_refused_with_its_place() {
    let (network, x, y) = setting();
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    for (text, message) in [
        ("{\"layers\": [{\"z\": [[1, NaN]]}]}", "line 1 column"),
        ("{\"layers\": [{\"z\": [[1, 1e999]]}]}", "number out of range at line 1 column"),
        ("{\"layers\": [{\"z\": [[1, 2], [3]]}]}", "a list of 1, where the one before has 2"),
        ("{\"layers\": [{\"z\": [[1, 2], 3]}]}", "a list of both numbers and lists"),
        ("{\"layers\": [{\"z\": [1, [2]]}]}", "a list of both numbers and lists"),
        ("{\"layers\": [{\"z\": [[[[1]]]]}]}", "more than three deep"),
        ("{\"layers\": [{\"z\": 1}]}", "a list of numbers is expected"),
        ("{\"layers\": [{\"z\": [\"1\"]}]}", "invalid type"),
        ("{\"layers\": [{\"z\": [null]}]}", "invalid type"),
        ("{\"layers\": [{\"z\": []}]}", "an empty list"),
        ("{\"layers\": [{\"dW\": []}]}", "unknown field `dW`"),
        ("{\"gradients\": []}", "unknown field `gradients`"),
        ("{\"loss\": 1", "EOF"),
    ] {
        let message_of = Yours::from_json(text).expect_err(text).to_string();
        assert!(message_of.contains(message) && message_of.contains("line 1 column"), "{text}: {message_of}");
    }
    for (text, message) in [
        ("{}", "there is nothing to compare: no loss, and no array in any layer"),
        (
            "{\"layers\": [{}, {}]}",
            "layers has 2 entries, but the network has 3 layers: write {} for a layer whose numbers you lack",
        ),
        (
            "{\"layers\": [{}, {\"weight_gradient\": [[1, 2], [3, 4]]}, {}]}",
            "weight_gradient 2 is 2×2, but ours is 4×4: neither it nor its transpose fits",
        ),
        (
            "{\"layers\": [{\"z\": [[1, 2, 3], [1, 2, 3]]}, {}, {}]}",
            "z 1 is 2×3, but ours is 5×4 (a row for each example): neither it nor its transpose fits",
        ),
        ("{\"layers\": [{\"bias_gradient\": [1, 2, 3]}, {}, {}]}", "bias_gradient 1 is 3, but ours is 4 numbers"),
    ] {
        let error: YoursError = match diagnose(problem, &Yours::from_json(text).expect("JSON")) {
            Err(nn_train::DiagnoseError::Yours(error)) => error,
            other => panic!("{text}: {other:?}"),
        };
        assert!(error.to_string().starts_with(message), "{text}: {error}");
    }
}

#[test]
fn a_network_that_overflows_is_refused() {
    let dense = |w| Dense {
        weight: Matrix::from_column(&[w]),
        bias: Matrix::from_column(&[0.0]),
        activation: Activation::Identity,
    };
    let network = Network::new(vec![dense(1e300), dense(1e300)], Loss::LeastSquares).expect("a network");
    let (x, y) = (Matrix::from_rows(&[[0.0, 1.0]]), Matrix::from_rows(&[[0.0, 1.0]]));
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let error = diagnose(problem, &Yours::from_json("{\"loss\": 1}").expect("JSON")).expect_err("it overflows");
    assert_eq!(error.to_string(), "our own z 2 is not finite for example 2: there is nothing to compare with");
}
