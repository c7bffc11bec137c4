//! Demo 3: a network learns to tell points of the plane apart.

use nn_core::{Activation, Loss, Matrix, seeded};
use nn_layers::Network;
use nn_train::{DataSet, Examples, Standardization, Targets, circles, moons, spirals, xor};
use serde::Deserialize;

use crate::training::{Training, initialization};

/// What there is room for in the page, and what a frame has time for: hidden layers, …
const MOST_LAYERS: usize = 4;
/// … units in each, …
const MOST_UNITS: usize = 32;
/// … and points.
const MOST_POINTS: usize = 2000;
/// The colours that can be told apart.
pub(crate) const MOST_CLASSES: usize = 6;

/// Everything that decides a training: the page keeps it in its address.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `xor`, `moons`, `circles`, `spirals` or `own`.
    pub data: String,
    /// The number of points of a data set that is drawn.
    pub points: usize,
    /// Its noise.
    pub noise: f64,
    /// The points of `own`: x₁, x₂ and the class, from 0.
    pub own: Vec<(f64, f64, usize)>,
    /// The units of each hidden layer.
    pub hidden: Vec<usize>,
    /// The activation of the hidden layers.
    pub activation: String,
    /// The loss, which decides the last layer: softmax for cross-entropy, one sigmoid for binary cross-entropy, sigmoids
    /// for least squares.
    pub loss: String,
    /// η
    pub learning_rate: f64,
    /// Examples per batch.
    pub batch: usize,
    /// `hand` or `tape`.
    pub engine: String,
    /// Of the points, of the first parameters, and of the order of the examples.
    pub seed: u64,
}

/// A training on points of the plane.
pub struct Plane {
    training: Training,
    points: Vec<f32>,
    reach: [f64; 4],
    standardization: Option<Standardization>,
}

impl Plane {
    /// Draws the points and the first parameters.
    ///
    /// # Errors
    ///
    /// One line that says which setting is wrong, and why.
    pub fn new(settings: &str) -> Result<Self, String> {
        let settings: Settings = serde_json::from_str(settings).map_err(|error| error.to_string())?;
        let mut data = data_set(&settings)?;
        let labels = data.labels().unwrap_or_default();
        let points = data.x.columns_iter().zip(labels);
        let points = points.flat_map(|(point, &label)| [point[0] as f32, point[1] as f32, label as f32]).collect();
        let reach = reach(&settings.data, &data.x);
        // Points of one's own may lie anywhere. Those that are drawn are of size 1, as in the book.
        let standardization = (settings.data == "own").then(|| Standardization::fit(&data.x));
        if let Some(standardization) = &standardization {
            standardization.apply(&mut data.x);
        }
        let network = network(&settings, data.outputs())?;
        let examples = Examples::new(&data, network.outputs());
        let Settings { engine, batch, learning_rate, seed, .. } = &settings;
        let training = Training::new(network, examples, engine, *batch, *learning_rate, *seed)?;
        Ok(Plane { training, points, reach, standardization })
    }

    /// So many epochs more. Gives [`report`](Plane::report).
    pub fn train(&mut self, epochs: usize) -> String {
        self.training.train(epochs)
    }

    /// How far it is, in JSON: `epoch`, `loss` and `accuracy` over all points, and `stopped`, which says why it cannot go on.
    pub fn report(&self) -> String {
        self.training.report()
    }

    /// x₁, x₂ and the class of each point.
    pub fn points(&self) -> &[f32] {
        &self.points
    }

    /// The part of the plane that is shown: from and to x₁, from and to x₂.
    pub fn reach(&self) -> &[f64] {
        &self.reach
    }

    /// The units of every layer, from the input to the outputs.
    pub fn widths(&self) -> Vec<usize> {
        let network = self.training.network();
        std::iter::once(network.inputs()).chain(network.layers().iter().map(|dense| dense.outputs())).collect()
    }

    /// Every weight, layer by layer, unit by unit.
    pub fn weights(&self) -> Vec<f32> {
        let network = self.training.network();
        let of_layer = |weight: &Matrix<f32>| {
            (0..weight.rows()).flat_map(|i| weight.row_iter(i).copied().collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        network.layers().iter().flat_map(|dense| of_layer(&dense.weight)).collect()
    }

    /// What every unit gives for each point of a grid of `cells` × `cells`, which begins at the top left: layer by layer, unit by
    /// unit, row by row.
    pub fn pictures(&self, cells: usize) -> Vec<f32> {
        let [left, right, bottom, top] = self.reach;
        let middle = |cell: usize, from: f64, to: f64| from + (to - from) * (cell as f64 + 0.5) / cells as f64;
        let mut grid = Matrix::from_fn(2, cells * cells, |i, j| match i {
            0 => middle(j % cells, left, right),
            _ => middle(j / cells, top, bottom),
        });
        if let Some(standardization) = &self.standardization {
            standardization.apply(&mut grid);
        }
        let mut pictures = Vec::new();
        self.training.network().forward(&grid.map(|x| x as f32), |_, _, a| {
            (0..a.rows()).for_each(|i| pictures.extend(a.row_iter(i)));
        });
        pictures
    }
}

fn data_set(settings: &Settings) -> Result<DataSet, String> {
    let Settings { points, noise, .. } = *settings;
    if !(0.0..=1.0).contains(&noise) {
        return Err(format!("a noise of {noise}: it is from 0 to 1"));
    }
    if settings.data != "own" && !(10..=MOST_POINTS).contains(&points) {
        return Err(format!("{points} points: there are from 10 to {MOST_POINTS}"));
    }
    let rng = &mut seeded(settings.seed);
    match &settings.data[..] {
        "xor" => Ok(xor()),
        "moons" => Ok(moons(points, noise, rng)),
        "circles" => Ok(circles(points, noise, rng)),
        "spirals" => Ok(spirals(points, 3, noise, rng)),
        "own" => own(&settings.own),
        other => Err(format!("a data set \"{other}\": there are xor, moons, circles, spirals and own")),
    }
}

fn own(points: &[(f64, f64, usize)]) -> Result<DataSet, String> {
    if points.len() > MOST_POINTS {
        return Err(format!("{} points: there is room for {MOST_POINTS}", points.len()));
    }
    if let Some((x, y, _)) = points.iter().find(|(x, y, _)| !(x.abs() <= 1e30 && y.abs() <= 1e30)) {
        return Err(format!("the point ({x}, {y}) is too far away"));
    }
    let labels: Vec<usize> = points.iter().map(|point| point.2).collect();
    let classes = labels.iter().max().map_or(0, |most| most + 1);
    let filled = (0..classes).filter(|class| labels.contains(class)).count();
    if filled < 2 {
        return Err("points of at least two classes are needed".to_owned());
    }
    if classes > MOST_CLASSES {
        return Err(format!("{classes} classes: there are colours for {MOST_CLASSES}"));
    }
    let x = Matrix::from_fn(2, points.len(), |i, j| if i == 0 { points[j].0 } else { points[j].1 });
    let names = (0..classes).map(|class| class.to_string()).collect();
    DataSet::new("own", x, Targets::Classes { labels, names }).map_err(|error| error.to_string())
}

fn network(settings: &Settings, classes: usize) -> Result<Network<f32>, String> {
    let named = |error: nn_core::UnknownName| error.to_string();
    let activation: Activation = settings.activation.parse().map_err(named)?;
    if activation == Activation::Softmax {
        return Err("softmax is for a last layer".to_owned());
    }
    let loss: Loss = settings.loss.parse().map_err(named)?;
    if settings.hidden.len() > MOST_LAYERS || settings.hidden.iter().any(|&units| units == 0 || units > MOST_UNITS) {
        return Err(format!("there is room for {MOST_LAYERS} hidden layers of 1 to {MOST_UNITS} units"));
    }
    let last = match loss {
        Loss::CrossEntropy => (classes, Activation::Softmax),
        Loss::BinaryCrossEntropy if classes > 2 => {
            return Err(format!("binary cross-entropy tells two classes apart, and here are {classes}"));
        }
        Loss::BinaryCrossEntropy => (1, Activation::Sigmoid),
        Loss::LeastSquares => (if classes == 2 { 1 } else { classes }, Activation::Sigmoid),
    };
    let layers: Vec<(usize, Activation)> =
        settings.hidden.iter().map(|&units| (units, activation)).chain([last]).collect();
    Network::random(2, &layers, loss, initialization(activation), &mut seeded(settings.seed))
        .map_err(|error| error.to_string())
}

/// The part of the plane that shows a data set.
fn reach(data: &str, x: &Matrix<f64>) -> [f64; 4] {
    match data {
        "xor" => [-0.6, 1.6, -0.6, 1.6],
        "moons" => [-1.6, 2.6, -1.85, 2.35],
        "circles" => [-1.4, 1.4, -1.4, 1.4],
        "spirals" => [-1.2, 1.2, -1.2, 1.2],
        _ => {
            let within = x.as_slice().iter().all(|x| x.abs() <= 1.0);
            let range = |i: usize| {
                let (least, most) =
                    x.row_iter(i).fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
                let margin = if most > least { 0.12 * (most - least) } else { 1.0 };
                [least - margin, most + margin]
            };
            let ([left, right], [bottom, top]) = if within { ([-1.0, 1.0], [-1.0, 1.0]) } else { (range(0), range(1)) };
            [left, right, bottom, top]
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn settings(change: &[(&str, Value)]) -> String {
        let mut settings = serde_json::json!({
            "data": "spirals", "points": 300, "noise": 0.2, "own": [], "hidden": [16, 16], "activation": "tanh",
            "loss": "cross-entropy", "learning_rate": 0.1, "batch": 10, "engine": "hand", "seed": 1
        });
        change.iter().for_each(|(key, value)| settings[key] = value.clone());
        settings.to_string()
    }

    fn of(change: &[(&str, Value)]) -> Plane {
        Plane::new(&settings(change)).unwrap()
    }

    fn number(report: &str, key: &str) -> f64 {
        serde_json::from_str::<Value>(report).unwrap()[key].as_f64().unwrap()
    }

    #[test]
    fn both_engines_learn_the_spirals_alike() {
        let mut reports = ["hand", "tape"].map(|engine| of(&[("engine", engine.into())]).train(40));
        assert!(number(&reports[0], "accuracy") > 0.7, "{reports:?}");
        reports.sort();
        let [one, other] = [0, 1].map(|i| number(&reports[i], "loss"));
        assert!((one - other).abs() < 1e-4 * one, "{reports:?}");
    }

    /// An address of the page stands for one training: epoch by epoch, or in one go.
    #[test]
    fn a_training_depends_on_its_settings_alone() {
        let (mut one, mut other) = (of(&[]), of(&[]));
        (0..5).for_each(|_| _ = one.train(1));
        assert_eq!(one.report(), other.train(5));
        assert_eq!(one.weights(), other.weights());
        assert_ne!(of(&[("seed", 2.into())]).weights(), of(&[]).weights());
    }

    #[test]
    fn pictures_have_a_number_for_each_unit_and_cell() {
        let plane = of(&[("hidden", vec![3, 2].into())]);
        assert_eq!(plane.widths(), [2, 3, 2, 3]);
        assert_eq!(plane.pictures(5).len(), (3 + 2 + 3) * 25);
        assert_eq!(plane.weights().len(), 6 + 6 + 6);
        let shares = &plane.pictures(5)[5 * 25..];
        assert!((shares[7] + shares[32] + shares[57] - 1.0).abs() < 1e-6);
    }

    /// The first row of a picture is the top of the plane, the first column its left.
    #[test]
    fn pictures_lie_as_the_plane_does() {
        let own = serde_json::json!([[-0.9, -0.8, 0], [0.9, 0.8, 1], [-0.7, -0.9, 0], [0.8, 0.7, 1]]);
        let mut plane = of(&[
            ("data", "own".into()),
            ("own", own),
            ("hidden", Value::Array(vec![])),
            ("learning_rate", 0.5.into()),
        ]);
        plane.train(200);
        let second = &plane.pictures(10)[100..];
        assert!(second[9] > 0.9 && second[90] < 0.1, "{} {}", second[9], second[90]);
        assert_eq!(plane.reach(), [-1.0, 1.0, -1.0, 1.0]);
    }

    #[test]
    fn a_training_that_diverges_says_so_and_stays_where_it_is() {
        let change = [("activation", "relu".into()), ("loss", "least-squares".into()), ("learning_rate", 1e30.into())];
        let mut plane = of(&change);
        let first = plane.train(5);
        assert!(first.contains("diverged"), "{first}");
        assert_eq!(number(&plane.train(5), "epoch"), number(&first, "epoch"));
    }

    #[test]
    fn settings_that_do_not_work_are_refused_in_one_line() {
        let error = |change: &[(&str, Value)]| Plane::new(&settings(change)).err().unwrap();
        assert!(error(&[("data", "rings".into())]).contains("rings"));
        assert!(error(&[("loss", "binary-cross-entropy".into())]).contains("two classes apart, and here are 3"));
        assert!(error(&[("activation", "softmax".into())]).contains("last layer"));
        assert!(error(&[("hidden", vec![0].into())]).contains("room for"));
        assert!(error(&[("noise", 2.into())]).contains("noise"));
        assert!(error(&[("points", 1_000_000.into())]).contains("points"));
        assert!(error(&[("batch", 0.into())]).contains("batch"));
        assert!(error(&[("engine", "steam".into())]).contains("steam"));
        assert!(error(&[("data", "own".into())]).contains("two classes"));
        assert!(
            error(&[("data", "own".into()), ("own", serde_json::json!([[0, 0, 0], [1, 1, 99]]))]).contains("colours")
        );
        assert!(error(&[("shoe", 42.into())]).contains("shoe"));
    }
}
