//! The judges of the exercises on this crate: docs/exercises. Small cases, which can be worked out with a pencil.

#[path = "../../nn-core/tests/support/judge.rs"]
mod judge;
#[path = "support/recorder.rs"]
mod recorder;
#[path = "../examples/strangers_gradient.rs"]
#[allow(dead_code)] // what only its main uses
mod strangers_gradient;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use judge::{answer, judge, quoted, record};
use nn_core::{Activation, Loss, Matrix, seeded};
use nn_layers::{ByHand, Dense, Initialization, Network};
use nn_train::{
    CATALOGUE, ConfusionMatrix, Diagnosis, Examples, Optimizer, Plan, Problem, Schedule, Standardization, Trainer,
    Yours, accuracy, diagnose, iris, moons, sgd_update, split,
};
use recorder::Recorder;

/// Tells `cargo learn gate` the mistakes of `nn diagnose`, so that no description repeats their words.
#[test]
fn the_catalogue() {
    let mistake = |id: &str, sentence: &str, page: &str| {
        format!("[[mistake]]\nid = {}\nsentence = {}\npage = {}\n", quoted(id), quoted(sentence), quoted(page))
    };
    let text: String =
        CATALOGUE.iter().map(|known| mistake(known.id, known.sentence, known.equation.chapter)).collect();
    assert!(text.contains("'''sigma-prime-missing'''"));
    record(&text);
}

// ---- Chapter 9, "Where is my error?" ----

/// What `nn diagnose` says, in a line.
fn says(diagnosis: &Diagnosis) -> String {
    let name = |finding: &nn_train::Finding| match finding.layer {
        Some(layer) => format!("{} in layer {layer}", finding.made.mistake.id),
        None => finding.made.mistake.id.to_owned(),
    };
    let names: Vec<String> = diagnosis.findings.iter().map(name).collect();
    match (diagnosis.agrees, diagnosis.first_off()) {
        (true, _) => "all numbers are right".to_owned(),
        (_, Some(off)) if names.is_empty() => {
            let name = off.array.quantity.name().replace('_', " ");
            format!("off by no known mistake: the {name} of layer {}", off.array.layer.unwrap_or(0))
        }
        _ => names.join(", and "),
    }
}

/// What `nn diagnose` says of four numbers as the gradient of W⁽¹⁾, row by row, of the 2-2-2 network with its one example.
fn said_of(numbers: &[f64]) -> String {
    let layer = |weight: [[f64; 2]; 2], bias: f64| Dense {
        weight: Matrix::from_rows(&weight),
        bias: Matrix::from_column(&[bias, bias]),
        activation: Activation::Sigmoid,
    };
    let layers = vec![layer([[0.15, 0.20], [0.25, 0.30]], 0.35), layer([[0.40, 0.45], [0.50, 0.55]], 0.60)];
    let network = Network::new(layers, Loss::LeastSquares).expect("layers that fit");
    let (x, y) = (Matrix::from_column(&[0.05, 0.10]), Matrix::from_column(&[0.01, 0.99]));
    let [a, b, c, d] = numbers[..] else { return format!("{} numbers in place of four", numbers.len()) };
    if !numbers.iter().all(|x| x.is_finite()) {
        return "no numbers".to_owned();
    }
    let json = format!(r#"{{"layers": [{{"weight_gradient": [[{a:?}, {b:?}], [{c:?}, {d:?}]]}}, null]}}"#);
    let yours = Yours::from_json(&json).expect("numbers in JSON");
    says(&diagnose(Problem { network: &network, x: &x, y: &y, learning_rate: None }, &yours).expect("arrays that fit"))
}

/// δ⁽¹⁾ xᵀ without the slope of layer 1: W⁽²⁾ᵀ δ⁽²⁾ times x, to five digits as a pocket calculator gives them.
const WITHOUT_THE_SLOPE: [f64; 4] = [0.001_817_5, 0.003_635, 0.002_068_5, 0.004_137];

#[test]
fn a_mistake_made_on_purpose() {
    judge("a_mistake_made_on_purpose", "∂J/∂W⁽¹⁾ = (W⁽²⁾ᵀ δ⁽²⁾) xᵀ", |judge| {
        let numbers = answer(&WITHOUT_THE_SLOPE);
        let case = judge.case("the 2-2-2 network and its one example").given("your ∂J/∂W⁽¹⁾, row by row", &numbers[..]);
        case.gives("diagnosis", "sigma-prime-missing in layer 1", || said_of(&numbers));
    });
}

#[test]
fn other_numbers_are_other_mistakes() {
    for (numbers, starts) in [
        ([0.000_438_568, 0.000_877_135, 0.000_497_713, 0.000_995_425], "all numbers are right"),
        ([0.000_461_551, 0.000_923_101, 0.000_581_024, 0.001_162_049], "weight-not-transposed in layer 1"),
        ([0.5, 0.5, 0.5, 0.5], "off by no known mistake: the weight gradient of layer 1"),
    ] {
        let said = said_of(&numbers);
        assert!(said.starts_with(starts), "{numbers:?}: {said}");
    }
    assert_eq!(said_of(&[1.0]), "1 numbers in place of four");
    assert_eq!(said_of(&[f64::NAN; 4]), "no numbers");
}

#[test]
fn a_strangers_gradient_is_mended() {
    judge("a_strangers_gradient_is_mended", "the gradients of a 2-3-2 network, four examples", |judge| {
        let case = judge.case("`nn diagnose` on what your function gives");
        case.gives("diagnosis", "all numbers are right", || says(&strangers_gradient::diagnosis()));
    });
}

// ---- Chapter 10 ----

#[test]
fn a_step_goes_against_the_gradient() {
    judge("a_step_goes_against_the_gradient", "W ← W − η ∂J/∂W", |judge| {
        let weight = Matrix::from_rows(&[[1.0, 2.0], [-3.0, 0.5]]);
        let gradient = Matrix::from_rows(&[[4.0, -2.0], [0.0, 1.0]]);
        let right = Matrix::from_rows(&[[0.0, 2.5], [-3.0, 0.25]]);
        judge.case("η = ¼").given("W", &weight).given("∂J/∂W", &gradient).gives("W", right, || {
            let mut weight = weight.clone();
            sgd_update(&mut weight, &gradient, 0.25);
            weight
        });
    });
}

/// Two updates of θ = (1, −2) with η = 0.1: θ after each.
fn two_updates(mut optimizer: Optimizer<f64>) -> [Matrix<f64>; 2] {
    let mut theta = Matrix::from_column(&[1.0, -2.0]);
    [[0.5, -1.0], [0.25, 2.0]].map(|gradient| {
        optimizer.update([(&mut theta, &Matrix::from_column(&gradient))].into_iter(), 0.1);
        theta.clone()
    })
}

/// What is asked, the optimiser, and θ after each of the two updates.
type Case<'a> = (&'a str, Optimizer<f64>, [[f64; 2]; 2]);

/// Judges a rule of the optimiser by two updates, without weight decay or with it.
fn updates(test: &str, equation: &str, cases: &[Case<'_>]) {
    judge(test, equation, |judge| {
        for (asked, optimizer, right) in cases {
            let right = right.map(|theta| Matrix::from_column(&theta));
            let case = judge.case(asked).given("θ", Matrix::from_column(&[1.0, -2.0]));
            let case = case.given("∂J/∂θ in update 1", Matrix::from_column(&[0.5, -1.0]));
            let case = case.given("∂J/∂θ in update 2", Matrix::from_column(&[0.25, 2.0]));
            case.gives_all(["θ after update 1", "θ after update 2"], right, || two_updates(optimizer.clone()));
        }
    });
}

// The numbers of these rules were worked out from the definitions of torch.optim.SGD and torch.optim.Adam in decimal arithmetic
// with 50 digits: see the tests of the optimiser.

#[test]
fn momentum_keeps_a_velocity() {
    let plain = Optimizer::momentum(0.9);
    let decay = plain.clone().with_weight_decay(0.01);
    updates(
        "momentum_keeps_a_velocity",
        "v ← μ v + g, θ ← θ − η v",
        &[
            ("μ = 0.9, η = 0.1, no weight decay", plain, [[0.95, -1.9], [0.88, -2.01]]),
            ("μ = 0.9, η = 0.1, weight decay λ = 0.01", decay, [[0.949, -1.898], [0.877_151, -2.004_302]]),
        ],
    );
}

#[test]
fn weight_decay_pulls_towards_zero() {
    let optimizer = Optimizer::sgd().with_weight_decay(0.01);
    let right = [[0.949, -1.898], [0.923_051, -2.096_102]];
    updates(
        "weight_decay_pulls_towards_zero",
        "θ ← θ − η (∂J/∂θ + λθ)",
        &[("η = 0.1, weight decay λ = 0.01", optimizer, right)],
    );
}

#[test]
fn adam_corrects_its_moments() {
    let plain = [[0.900_000_002, -1.900_000_001], [0.806_782_040_477_461_7, -1.936_610_353_472_075]];
    let decayed =
        [[0.900_000_001_960_784_2, -1.900_000_000_980_392_1], [0.806_555_041_049_931_3, -1.935_504_418_656_904_6]];
    updates(
        "adam_corrects_its_moments",
        "θ ← θ − η m̂ / (√v̂ + ε)",
        &[
            ("η = 0.1, no weight decay", Optimizer::adam(), plain),
            ("η = 0.1, weight decay λ = 0.01", Optimizer::adam().with_weight_decay(0.01), decayed),
        ],
    );
}

#[test]
fn the_rate_falls_in_steps() {
    judge("the_rate_falls_in_steps", "η = base / 10^⌊epoch / s⌋, s = ⌈epochs / 3⌉", |judge| {
        let epochs = [0, 1, 2, 3, 5, 6];
        let right = vec![0.5, 0.5, 0.5, 0.05, 0.05, 0.005];
        let case = judge.case("base ½, a run of 7 epochs: s = 3");
        let case = case.given("epoch", epochs.map(|epoch| epoch as f64).to_vec());
        case.gives("η", right, || epochs.map(|epoch| Schedule::Step.rate(0.5, epoch, 7)).to_vec());
    });
}

#[test]
fn the_rate_follows_half_a_cosine() {
    judge("the_rate_follows_half_a_cosine", "η = base/2 (1 + cos(π epoch / epochs))", |judge| {
        // cos 0, cos π/3, cos π/2 and cos 2π/3 are 1, ½, 0 and −½.
        let epochs = [0, 2, 3, 4];
        let case = judge.case("base ½, a run of 6 epochs");
        let case = case.given("epoch", epochs.map(|epoch| epoch as f64).to_vec());
        let right = vec![0.5, 0.375, 0.25, 0.125];
        case.gives("η", right, || epochs.map(|epoch| Schedule::Cosine.rate(0.5, epoch, 6)).to_vec());
    });
}

// ---- Chapter 11 ----

#[test]
fn moons_are_two_half_circles() {
    judge("moons_are_two_half_circles", "(cos t, sin t) and (1 − cos t, ½ − sin t)", |judge| {
        let right = Matrix::from_columns(&[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, 0.5], [1.0, -0.5], [2.0, 0.5]]);
        let case = judge.case("6 points without noise: t = 0, π/2 and π in each class");
        case.gives("x", right, || moons(6, 0.0, &mut seeded(1)).x.map(|x| (x * 1e12).round() / 1e12));
    });
}

/// w begins with 16, and its gradient in batch k is k.
fn trainer(plan: Plan) -> Trainer<f64, Recorder> {
    Trainer::new(Recorder::new(16.0, |batch| batch as f64), Optimizer::sgd(), plan)
}

/// x = 0, 1, 2, … with the targets 0, 10, 20, …
fn examples(n: usize, labels: Option<Vec<usize>>) -> Examples<f64> {
    let row = |step: f64| Matrix::from_fn(1, n, |_, j| step * j as f64);
    Examples { x: row(1.0), y: row(10.0), labels }
}

#[test]
fn an_epoch_goes_through_all_batches() {
    judge("an_epoch_goes_through_all_batches", "for each batch: J, its gradients, one update, the books", |judge| {
        let asked = "5 examples in batches of 2, in order; the third of three epochs, with η = 100 in steps, so η = 1 here. \
                     J is the mean of x, the gradient of batch k is k, and w begins with 16";
        let examples = examples(5, Some(vec![0, 1, 0, 1, 1]));
        let case = judge.case(asked).given("x", &examples.x).given("labels", vec![0.0, 1.0, 0.0, 1.0, 1.0]);
        let names = [
            "x, as the engine was given them",
            "w before each batch, and at the end",
            "J of the epoch, J so far after each batch",
            "accuracy",
        ];
        // Classes 0, 1, 1, 1, 1 are answered. J is 0.5, 2.5 and 4: so far 0.5, 1.5 and (1 + 5 + 4)/5.
        let right = [&[0.0, 1.0, 2.0, 3.0, 4.0][..], &[16.0, 15.0, 13.0, 10.0], &[2.0, 0.5, 1.5, 2.0], &[0.8]];
        case.gives_all(names, right.map(|row| Matrix::from_rows(&[row])), || {
            let schedule = Schedule::Step;
            let plan = Plan { epochs: 3, batch_size: 2, learning_rate: 100.0, schedule, shuffle: false, seed: 1 };
            let (mut trainer, mut so_far) = (trainer(plan), Vec::new());
            let report = trainer.epoch(&examples, 3, |batch| {
                so_far.push(batch.loss);
                ControlFlow::Continue(())
            });
            let report = report.expect("a finite loss");
            let engine = trainer.into_engine();
            let inputs = engine.batches.iter().flat_map(|(x, _, _)| x.clone()).collect();
            let weights = engine.batches.iter().map(|&(_, _, w)| w).chain([engine.weight()]).collect();
            let losses = [vec![report.loss], so_far].concat();
            [inputs, weights, losses, vec![report.accuracy.unwrap_or(f64::NAN)]].map(|row| Matrix::from_rows(&[row]))
        });
    });
}

#[test]
fn an_epoch_pairs_inputs_and_targets() {
    judge("an_epoch_pairs_inputs_and_targets", "input and target of an example stay together", |judge| {
        let case = judge.case("10 examples x = 0 … 9 in random order, whose targets are 10 x, in batches of 3");
        let right = [Matrix::from_rows(&[[0.0; 10]]), Matrix::from_fn(1, 10, |_, j| j as f64)];
        case.gives_all(["y − 10 x, as the engine was given them", "x, sorted"], right, || {
            let mut trainer = trainer(Plan { batch_size: 3, ..Plan::default() });
            trainer.epoch(&examples(10, None), 1, |_| ControlFlow::Continue(())).expect("a finite loss");
            let batches = trainer.into_engine().batches;
            let mut inputs: Vec<f64> = batches.iter().flat_map(|(x, _, _)| x.clone()).collect();
            let targets = batches.iter().flat_map(|(_, y, _)| y.clone());
            let off = targets.zip(&inputs).map(|(y, x)| y - 10.0 * x).collect();
            inputs.sort_by(f64::total_cmp);
            [off, inputs].map(|row| Matrix::from_rows(&[row]))
        });
    });
}

// ---- Chapter 12 ----

/// Probabilities of three classes for five examples, which say the classes 0, 1, 2, 1 and 1.
fn answers() -> Matrix<f64> {
    Matrix::from_columns(&[
        [0.75, 0.125, 0.125],
        [0.25, 0.5, 0.25],
        [0.0, 0.25, 0.75],
        [0.25, 0.5, 0.25],
        [0.0, 1.0, 0.0],
    ])
}

/// J of each of 60 epochs of learning the two half moons with a learning rate, unless it stops.
fn losses(rate: f64) -> Option<Vec<f64>> {
    let data = moons(200, 0.1, &mut seeded(1));
    let layers = [(16, Activation::Tanh), (2, Activation::Softmax)];
    let network =
        Network::<f64>::random(2, &layers, Loss::CrossEntropy, Initialization::Glorot, &mut seeded(1)).expect("layers");
    let plan = Plan { epochs: 60, learning_rate: rate, ..Plan::default() };
    let mut trainer = Trainer::new(ByHand::new(network), Optimizer::sgd(), plan);
    let (examples, all) = (Examples::<f64>::new(&data, 2), |_| ControlFlow::Continue(()));
    (1..=60).map(|epoch| Some(trainer.epoch(&examples, epoch, all).ok()?.loss)).collect()
}

/// Whether they can still be learnt: J of the last 20 epochs, on the average, is at most what saying ½ gives.
fn goes_well(rate: f64) -> bool {
    losses(rate).is_some_and(|losses| losses[40..].iter().sum::<f64>() / 20.0 <= std::f64::consts::LN_2)
}

/// What becomes of the moons.
fn with_rate(rate: f64) -> &'static str {
    match () {
        () if rate.is_nan() || rate <= 0.0 => "no rate",
        () if goes_well(rate) => "it goes well",
        () if !goes_well(rate / 10.0) => "a tenth of it goes wrong, too",
        () => "it goes wrong, and a tenth of it goes well",
    }
}

#[test]
fn a_rate_at_which_the_moons_diverge() {
    judge("a_rate_at_which_the_moons_diverge", "W ← W − η ∂J/∂W", |judge| {
        let rate = answer(&[30.0]);
        let case = judge.case("200 points, 16 tanh units, 60 epochs").given("η", &rate[..]);
        case.gives("outcome", "it goes wrong, and a tenth of it goes well", || with_rate(rate[0]));
    });
}

#[test]
fn other_rates_are_far_from_the_edge() {
    assert_eq!([0.5, 2.0].map(with_rate), ["it goes well"; 2]);
    assert_eq!([300.0, 1000.0].map(with_rate), ["a tenth of it goes wrong, too"; 2]);
    assert_eq!([0.0, -1.0, f64::NAN].map(with_rate), ["no rate"; 3]);
}

#[test]
fn accuracy_is_a_share() {
    judge("accuracy_is_a_share", "the share of examples whose class is right", |judge| {
        let (outputs, labels) = (answers(), [0, 1, 1, 1, 2]);
        let case = judge.case("five examples, of which three are right").given("a", &outputs);
        let case = case.given("labels", labels.map(|label| label as f64).to_vec());
        case.gives("accuracy", 0.6, || accuracy(&outputs, &labels));
    });
}

#[test]
fn rows_are_true_classes_and_columns_predicted_ones() {
    judge(
        "rows_are_true_classes_and_columns_predicted_ones",
        "rows are true classes, columns predicted ones",
        |judge| {
            let (outputs, labels) = (answers(), [0, 1, 1, 1, 0]);
            let right = Matrix::from_rows(&[[1.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 0.0]]);
            let case = judge.case("five examples").given("predicted", vec![0.0, 1.0, 2.0, 1.0, 1.0]);
            case.given("labels", labels.map(|label| label as f64).to_vec()).gives("counts", right, || {
                let confusion = ConfusionMatrix::new(&outputs, &labels, &["a", "b", "c"].map(str::to_owned));
                Matrix::from_fn(3, 3, |truth, predicted| confusion.count(truth, predicted) as f64)
            });
        },
    );
}

#[test]
fn rows_have_their_own_mean_and_deviation() {
    judge("rows_have_their_own_mean_and_deviation", "mean = 1/N Σ x, scale = √(1/N Σ (x − mean)²)", |judge| {
        let x = Matrix::from_rows(&[[1.0, 5.0, 5.0, 5.0], [-2.0, 2.0, -2.0, 2.0]]);
        // Off the mean 4 are −3, 1, 1, 1: the squares sum to 12.
        let right = [Matrix::from_rows(&[[4.0, 0.0]]), Matrix::from_rows(&[[3.0_f64.sqrt(), 2.0]])];
        judge.case("two inputs, four examples").given("x", &x).gives_all(["mean", "scale"], right, || {
            let Standardization { mean, scale } = Standardization::fit(&x);
            [Matrix::from_rows(&[mean]), Matrix::from_rows(&[scale])]
        });
    });
}

#[test]
fn a_constant_row_has_the_scale_0() {
    judge("a_constant_row_has_the_scale_0", "scale = √(1/N Σ (x − mean)²)", |judge| {
        let x = Matrix::from_rows(&[[3.0, 3.0], [0.0, 2.0]]);
        judge
            .case("a row of equal numbers, and another")
            .given("x", &x)
            .gives("scale", vec![0.0, 1.0], || Standardization::fit(&x).scale);
    });
}

#[test]
fn held_out_rows_are_drawn_and_not_learned_from() {
    let test = "held_out_rows_are_drawn_and_not_learned_from";
    judge(test, "each row is on one side, and a fifth of each class is held out", |judge| {
        // iris has 50 rows of each of three classes, one class after the other.
        let names = ["rows learned from, rows held out", "rows on both sides", "held out of each class"];
        let right = [&[120.0, 30.0][..], &[0.0], &[10.0, 10.0, 10.0]].map(|row| Matrix::from_rows(&[row]));
        judge.case("the 150 rows of iris, a fifth held out").gives_all(names, right, || {
            let rows = split(&iris(), 0.2);
            let both = rows.train.iter().filter(|row| rows.validation.contains(row)).count();
            let of_class = |class| rows.validation.iter().filter(|&&row| row / 50 == class).count() as f64;
            let sizes = vec![rows.train.len() as f64, rows.validation.len() as f64];
            [sizes, vec![both as f64], [0, 1, 2].map(of_class).to_vec()].map(|row| Matrix::from_rows(&[row]))
        });
        judge.case("the same").gives("the held-out rows of the first class are evenly spaced", "no", || {
            let rows = split(&iris(), 0.2);
            let of_first: Vec<usize> = rows.validation.iter().copied().filter(|&row| row < 50).collect();
            let gaps: BTreeSet<usize> = of_first.windows(2).map(|pair| pair[1] - pair[0]).collect();
            if gaps.len() > 2 { "no" } else { "yes" }
        });
    });
}
