//! Linear regressions with certified solutions, of the National Institute of Standards and Technology: Norris, Longley and
//! Wampler 1. A network without a hidden layer, with identity output and least squares, is a linear regression.
//!
//! Longley and Wampler 1 are certified because they are hard: their inputs are nearly dependent, so that rounding which
//! no one sees in the loss is seen in the parameters. Gradient descent feels it as a long, flat valley.

use nn_core::{Activation, Loss, Matrix, normal, seeded};
use nn_layers::{ByHand, ByTape, Dense, Engine, Network};
use nn_train::{DataSet, Examples, Optimizer, Plan, Standardization, Targets, Trainer};
use serde_json::Value;

/// A regression with its certified solution.
struct Regression {
    name: String,
    x: Matrix<f64>,
    y: Matrix<f64>,
    /// The weights, and then the bias.
    certified: Vec<f64>,
    residual_sum_of_squares: f64,
    loss_tolerance: f64,
}

/// The three, from `data/nist.json`, whose field `provenance` says where they come from.
fn file() -> Value {
    serde_json::from_str(include_str!("data/nist.json")).expect("JSON")
}

fn regression(name: &str) -> Regression {
    let file = file();
    let cases = file["cases"].as_array().expect("a list");
    let case = cases.iter().find(|case| case["name"] == name).expect("a regression of this name");
    let rows: Vec<Vec<f64>> = case["x"].as_array().expect("a list").iter().map(numbers).collect();
    let mut certified = numbers(&case["certified_parameters"]);
    certified.rotate_left(1);
    Regression {
        name: name.to_owned(),
        x: Matrix::from_columns(&rows),
        y: Matrix::from_rows(&[numbers(&case["y"])]),
        certified,
        residual_sum_of_squares: number(&case["certified_residual_sum_of_squares"]),
        loss_tolerance: number(&file["loss_tolerance_relative"][name]),
    }
}

/// A number, or a number in quotes, which keep digits as they were printed.
fn number(value: &Value) -> f64 {
    match value {
        Value::String(digits) => digits.parse().expect("digits"),
        _ => value.as_f64().unwrap_or_else(|| panic!("{value} is not a number")),
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(number).collect()
}

/// The network of a regression: one layer of one unit. The bias is the last of the parameters.
fn network(parameters: &[f64]) -> Network<f64> {
    let (bias, weight) = parameters.split_last().expect("a bias");
    let layer = Dense {
        weight: Matrix::from_rows(&[weight]),
        bias: Matrix::from_column(&[*bias]),
        activation: Activation::Identity,
    };
    Network::new(vec![layer], Loss::LeastSquares).expect("a layer")
}

// ---- At the certified parameters ----

/// J = RSS / (2m), and there is nothing left to learn: each component of the gradient, the sum of r x / m over the examples,
/// is at most 1e-9 of the sum of its terms' sizes. It is not 0, because the certified parameters are rounded to 15 digits.
/// For Wampler 1, whose parameters, inputs and targets are integers, both are 0 exactly.
#[test]
fn certified_parameters_are_a_minimum_for_both_engines() {
    for name in ["Norris", "Longley", "Wampler 1"] {
        let regression = regression(name);
        let network = network(&regression.certified);
        assert_minimum(&regression, ByHand::new(network.clone()));
        assert_minimum(&regression, ByTape::new(&network));
    }
}

fn assert_minimum(regression: &Regression, mut engine: impl Engine<f64>) {
    let Regression { name, x, y, residual_sum_of_squares, loss_tolerance, .. } = regression;
    let m = y.columns() as f64;
    engine.set_batch(x, y);
    let (j, want) = (engine.loss_and_gradients(), residual_sum_of_squares / (2.0 * m));
    assert!((j - want).abs() <= loss_tolerance * want, "{name}: J = {j}, but RSS/(2m) = {want}");

    let residuals: Vec<f64> = engine.output().as_slice().iter().zip(y.as_slice()).map(|(a, y)| (a - y).abs()).collect();
    // Σ|r||x|/m, where x is 1 for the bias.
    let scale = |x: &mut dyn Iterator<Item = f64>| residuals.iter().zip(x).map(|(r, x)| r * x.abs()).sum::<f64>() / m;
    let values = engine.layer(0);
    let gradients = values.weight_gradient.as_slice().iter().chain(values.bias_gradient.as_slice());
    let mut worst = 0.0_f64;
    for (i, &gradient) in gradients.enumerate() {
        let scale = if i < x.rows() { scale(&mut x.row_iter(i).copied()) } else { scale(&mut std::iter::repeat(1.0)) };
        assert!(gradient.abs() <= 1e-9 * scale, "{name}: component {i} of the gradient is {gradient:e} of {scale:e}");
        worst = worst.max(if gradient == 0.0 { 0.0 } else { gradient.abs() / scale });
    }
    println!("{name}: J is {j:e}, off by {:.1e}; |gradient| at most {worst:.1e} of Σ|r||x|/m", (j - want).abs());
}

/// The loss has its smallest value there: a step to either side, in any parameter, makes it larger.
#[test]
fn certified_parameters_are_the_lowest_point() {
    for name in ["Norris", "Longley", "Wampler 1"] {
        let Regression { x, y, certified, .. } = regression(name);
        let loss = |parameters: &[f64]| network(parameters).loss_and_outputs(&x, &y).0;
        let lowest = loss(&certified);
        for i in 0..certified.len() {
            for factor in [0.999, 1.001] {
                let mut moved = certified.clone();
                moved[i] *= factor;
                assert!(loss(&moved) > lowest, "{name}: parameter {i} times {factor}");
            }
        }
    }
}

// ---- Trained ----

/// What a training is to do: full-batch descent on the standardised inputs.
struct Descent {
    optimizer: Optimizer<f64>,
    learning_rate: f64,
    epochs: usize,
}

impl Descent {
    /// Momentum as Polyak (1964) chooses it for a quadratic loss whose curvatures lie between λ_min and λ_max:
    ///
    /// ```text
    /// η = (2 / (√λ_max + √λ_min))²        μ = ((√λ_max − √λ_min) / (√λ_max + √λ_min))²
    /// ```
    ///
    /// An error shrinks by √μ in each step: in about √(λ_max / λ_min) steps, where plain descent needs λ_max / λ_min.
    fn polyak(smallest: f64, largest: f64, epochs: usize) -> Self {
        let (low, high) = (smallest.sqrt(), largest.sqrt());
        let momentum = ((high - low) / (high + low)).powi(2);
        Descent { optimizer: Optimizer::momentum(momentum), learning_rate: (2.0 / (high + low)).powi(2), epochs }
    }

    /// Trains a random network by hand and by tape, and says how far its parameters, mapped back to the inputs as they
    /// are, are from the certified ones: the largest relative difference.
    fn distance_from_certified(&self, regression: &Regression) -> f64 {
        let mut rng = seeded(1);
        let start: Vec<f64> = regression.certified.iter().map(|_| normal(&mut rng)).collect();
        let start = network(&start);
        let standardization = Standardization::fit(&regression.x);
        let off = |trained: &[f64]| relative(&on_raw_inputs(trained, &standardization), &regression.certified);
        let by_hand = off(&self.train(regression, ByHand::new(start.clone())));
        let by_tape = off(&self.train(regression, ByTape::new(&start)));
        println!("{}: off by {by_hand:.1e} by hand, {by_tape:.1e} by tape", regression.name);
        by_hand.max(by_tape)
    }

    /// The parameters after the training, for standardised inputs.
    fn train(&self, regression: &Regression, engine: impl Engine<f64>) -> Vec<f64> {
        let mut x = regression.x.clone();
        Standardization::fit(&x).apply(&mut x);
        let data = DataSet::new(&regression.name, x, Targets::Values(regression.y.clone())).expect("a target each");
        let plan = Plan {
            epochs: self.epochs,
            batch_size: data.examples(),
            learning_rate: self.learning_rate,
            shuffle: false,
            ..Plan::default()
        };
        let mut trainer = Trainer::new(engine, self.optimizer.clone(), plan);
        let examples = Examples::new(&data, 1);
        trainer.train(&examples).expect("a loss that stays finite");
        trainer.network().parameters().flat_map(Matrix::as_slice).copied().collect()
    }
}

/// max |got − want| / |want|, parameter by parameter: in these regressions no parameter is 0, and each has digits of its own.
fn relative(got: &[f64], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let off = got.iter().zip(want).map(|(got, want)| (got - want).abs() / want.abs());
    off.map(|off| if off.is_nan() { f64::INFINITY } else { off }).fold(0.0, f64::max)
}

/// w (x − mean)/scale + b = (w/scale) x + (b − w mean/scale)
fn on_raw_inputs(parameters: &[f64], standardization: &Standardization) -> Vec<f64> {
    let (bias, weights) = parameters.split_last().expect("a bias");
    let mut raw: Vec<f64> = weights.iter().zip(&standardization.scale).map(|(w, scale)| w / scale).collect();
    raw.push(bias - raw.iter().zip(&standardization.mean).map(|(w, mean)| w * mean).sum::<f64>());
    raw
}

/// With one standardised input the Hessian of J is the identity: one step of gradient descent with η = 1 ends at the
/// minimum, from wherever it starts.
///
/// On the inputs as they are, the bias is −0.26, the difference of two numbers of 420: each rounding of those is 2e-13 of
/// it.
#[test]
fn norris_is_learnt_in_one_step() {
    let norris = regression("Norris");
    let descent = Descent { optimizer: Optimizer::sgd(), learning_rate: 1.0, epochs: 1 };
    let off = descent.distance_from_certified(&norris);
    assert!(off <= 5e-12, "{off:e}");

    let file = file();
    let published = &file["cases"][0]["standardised"];
    let want = ["weight", "bias", "mean", "population_deviation"].map(|name| number(&published[name]));
    let start = network(&[-3.0, 100.0]);
    let Standardization { mean, scale } = Standardization::fit(&norris.x);
    let got = [descent.train(&norris, ByHand::new(start.clone())), mean, scale].concat();
    let off = relative(&got, &want);
    assert!(off <= 5e-15, "{off:e}: {got:?}");
}

/// The smallest and the largest curvature of J: eigenvalues of the correlation matrix of the inputs, computed in 60 digits
/// from the data of the file. (The curvature along the bias, 1, lies between them.)
const LONGLEY: [f64; 2] = [0.000_376_708_132_678, 4.603_377_095_77];
const WAMPLER_1: [f64; 2] = [1.785_633_240_37e-6, 4.757_797_429_46];

/// Plain gradient descent with the best learning rate, 2 / (λ_min + λ_max), shrinks the error by 1.6e-4 of itself in each
/// step: to e⁻³² in 200,000.
#[test]
fn longley_is_learnt_by_plain_descent() {
    let [smallest, largest] = LONGLEY;
    let learning_rate = 2.0 / (smallest + largest);
    let descent = Descent { optimizer: Optimizer::sgd(), learning_rate, epochs: 200_000 };
    let off = descent.distance_from_certified(&regression("Longley"));
    assert!(off <= 1e-10, "{off:e}");
}

#[test]
fn longley_is_learnt_with_momentum() {
    let [smallest, largest] = LONGLEY;
    let off = Descent::polyak(smallest, largest, 2500).distance_from_certified(&regression("Longley"));
    assert!(off <= 1e-10, "{off:e}");
}

/// Plain descent would need fifty million steps: momentum needs 40,000.
///
/// How near it comes is decided by rounding. Outputs of up to 3.4e6 are rounded by 2e-10, and so is the gradient; the flat
/// direction makes that 2e-10 / λ_min = 1e-4 in a weight, and the deviation of x, 6, makes it 2e-5 in the parameter of x,
/// which is 1. (From six random starts, 1e-7 to 3e-6 was measured.)
#[test]
fn wampler_1_is_learnt_with_momentum() {
    let [smallest, largest] = WAMPLER_1;
    let off = Descent::polyak(smallest, largest, 40_000).distance_from_certified(&regression("Wampler 1"));
    assert!(off <= 2e-5, "{off:e}");
}
