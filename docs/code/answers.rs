//! The answers of the questions in docs/exercises, computed by the crates: the right one, and the wrong ones where a mistake
//! gives them. (What becomes of an experiment is judged by a test of its crate.)

use std::path::Path;

use nn_autodiff::{Dual, Tape};
use nn_core::{Activation, Loss, Matrix, seeded, sigmoid, sigmoid_derivative, tanh_derivative};
use nn_layers::{ByHand, Dense, Engine, Initialization, Network, hidden_delta, output_delta};
use nn_train::{CATALOGUE, ConfusionMatrix, Optimizer, Problem, explain_with_mistakes};

#[path = "../learn/src/expression.rs"]
mod expression;

use expression::evaluate;

/// A question of docs/exercises.
struct Question {
    id: String,
    table: toml::Table,
}

impl Question {
    fn text(&self, key: &str) -> &str {
        self.table[key].as_str().unwrap_or_else(|| panic!("{}: {key}", self.id))
    }

    /// The right answer, and then the wrong ones.
    fn answers(&self) -> Vec<&str> {
        let wrong = self.table["wrong"].as_array().expect("wrong answers");
        let wrong = wrong.iter().map(|wrong| wrong["answer"].as_str().expect("an answer"));
        std::iter::once(self.text("answer")).chain(wrong).collect()
    }

    /// Holds the numbers of the answers to computed ones; what is `None` is a slip of arithmetic, which nothing computes.
    fn are(&self, computed: &[Option<Vec<f64>>]) {
        let answers = self.answers();
        assert_eq!(answers.len(), computed.len(), "{}", self.id);
        for (answer, computed) in answers.into_iter().zip(computed) {
            let Some(computed) = computed else { continue };
            let numbers: Vec<f64> = answer.split(',').map(|x| evaluate(x.trim(), &[]).expect("a number")).collect();
            close(&numbers, computed, &format!("{}: {answer}", self.id));
        }
    }

    /// The same for formulas, at each of the points.
    fn are_formulas(&self, computed: impl Fn(&[f64]) -> Vec<Option<f64>>) {
        let names = strings(&self.table["names"]);
        for point in self.table["points"].as_array().expect("points") {
            let point: Vec<f64> =
                point.as_array().expect("a point").iter().map(|x| x.as_float().expect("a number")).collect();
            let values: Vec<(&str, f64)> = names.iter().copied().zip(point.iter().copied()).collect();
            let (answers, computed) = (self.answers(), computed(&point));
            assert_eq!(answers.len(), computed.len(), "{}", self.id);
            for (answer, computed) in answers.into_iter().zip(computed) {
                if let Some(computed) = computed {
                    close(&[evaluate(answer, &values).expect("a formula")], &[computed], answer);
                }
            }
        }
    }
}

fn strings(value: &toml::Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text")).collect()
}

#[track_caller]
fn close(got: &[f64], want: &[f64], what: &str) {
    let largest = want.iter().fold(1e-9_f64, |max, x| max.max(x.abs()));
    let is_close = got.len() == want.len() && got.iter().zip(want).all(|(g, w)| (g - w).abs() <= 1e-6 * largest);
    assert!(is_close, "{what}: {got:?}, but the crates compute {want:?}");
}

fn questions() -> Vec<Question> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("exercises");
    let mut questions = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the exercises") {
        let path = entry.expect("a readable folder").path();
        let table: toml::Table = std::fs::read_to_string(&path).expect("a file").parse().expect("TOML");
        if table.contains_key("kind") {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            questions.push(Question { id: name.split('-').next().expect("an id").to_owned(), table });
        }
    }
    questions
}

fn find(id: &str) -> Question {
    questions().into_iter().find(|question| question.id == id).unwrap_or_else(|| panic!("no question {id}"))
}

fn one(x: f64) -> Matrix<f64> {
    Matrix::from_column(&[x])
}

/// Those that the tests below compute.
const COMPUTED: [&str; 16] = [
    "2.4", "3.6", "4.10", "4.11", "5.7", "5.8", "6.1", "7.6", "7.7", "8.10", "8.11", "9.2", "10.8", "12.5", "13.1",
    "13.2",
];

#[test]
fn every_answer_is_computed_or_tried() {
    for question in questions() {
        match question.text("kind") {
            "experiment" => {
                let (package, test) = (question.text("package"), question.text("test"));
                let judges = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../{package}/tests/exercises.rs"));
                let judges = std::fs::read_to_string(judges).expect("judges");
                assert!(judges.contains(&format!("#[test]\nfn {test}()")), "{}: no judge {test}", question.id);
            }
            _ => assert!(COMPUTED.contains(&&question.id[..]), "{}: no test computes it", question.id),
        }
    }
}

#[test]
fn the_steepest_place() {
    let largest = |slope: fn(f64) -> f64| (-800..=800).map(|z| slope(f64::from(z) / 100.0)).fold(0.0, f64::max);
    let [steepest, of_tanh] =
        [largest(|z| sigmoid_derivative(sigmoid(z))), largest(|z| tanh_derivative(z.tanh()))].map(|x| Some(vec![x]));
    find("2.4").are(&[steepest, Some(vec![sigmoid(0.0)]), of_tanh, Some(vec![sigmoid_derivative(sigmoid(-800.0))])]);
}

#[test]
fn the_parameters_of_a_layer() {
    let layers = [(10, Activation::Identity)];
    let network = Network::<f64>::random(64, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1))
        .expect("a layer");
    let sizes: Vec<f64> = network.parameters().map(|matrix| matrix.as_slice().len() as f64).collect();
    let [weights, biases] = sizes[..] else { panic!("{sizes:?}") };
    find("3.6").are(&[weights + biases, weights, weights + 64.0, 2.0 * weights].map(|n| Some(vec![n])));
}

/// What arrives of an error of 1 below so many units of one layer each, whose a is ½.
fn arrives(activation: Activation, layers: usize) -> f64 {
    let above = Dense { weight: one(1.0), bias: one(0.0), activation };
    (0..layers).fold(one(1.0), |error, _| {
        let mut below = Matrix::zeros(0, 0);
        hidden_delta(&above, &error, activation, &one(sigmoid(0.0)), &mut below);
        below
    })[(0, 0)]
}

#[test]
fn five_layers_of_sigmoids() {
    let (five, slope) = (arrives(Activation::Sigmoid, 5), arrives(Activation::Sigmoid, 1));
    let numbers = [five, sigmoid(0.0_f64).powi(5), 5.0 * slope, arrives(Activation::Identity, 5)];
    find("4.10").are(&numbers.map(|x| Some(vec![x])));
}

#[test]
fn a_dead_unit_does_not_move() {
    let hidden = Dense {
        weight: Matrix::from_rows(&[[-1.0, -2.0], [1.0, 1.0]]),
        bias: Matrix::from_column(&[-0.5, 0.5]),
        activation: Activation::Relu,
    };
    let output = Dense { weight: Matrix::from_rows(&[[1.0, 2.0]]), bias: one(0.0), activation: Activation::Identity };
    let mut engine = ByHand::new(Network::new(vec![hidden, output], Loss::LeastSquares).expect("layers that fit"));
    engine.set_batch(&Matrix::from_columns(&[[1.0, 0.5], [0.2, 2.0]]), &Matrix::from_columns(&[[5.0], [-1.0]]));
    engine.loss_and_gradients();
    let gradient = engine.layer(0).weight_gradient;
    assert!(gradient.row_iter(0).all(|g| *g == 0.0) && gradient.row_iter(1).all(|g| *g != 0.0));
    assert_eq!(find("4.11").text("answer"), "b");
}

#[test]
fn how_the_loss_bends() {
    find("5.7").are_formulas(|point| {
        let [a, y] = point[..] else { panic!("{point:?}") };
        let z = (a / (1.0 - a)).ln();
        // The derivative of ∂J/∂z with respect to z, by dual numbers.
        let dual = |x: f64| Matrix::from_column(&[Dual::constant(x)]);
        let (z_dual, mut error) = (Matrix::from_column(&[Dual::variable(z)]), dual(0.0));
        let mut a_dual = dual(0.0);
        Activation::Sigmoid.apply(&z_dual, &mut a_dual);
        Loss::BinaryCrossEntropy.gradient(&z_dual, &a_dual, &dual(y), &mut error);
        let mut of_least_squares = one(0.0);
        output_delta(Loss::LeastSquares, Activation::Sigmoid, &one(z), &one(a), &one(y), &mut of_least_squares);
        vec![Some(error[(0, 0)].derivative), None, Some(of_least_squares[(0, 0)]), None]
    });
}

#[test]
fn one_certain_mistake() {
    let of = |right: &[f64]| {
        // Two classes, of which the first is right: logits whose softmax are these probabilities.
        let z = Matrix::from_fn(2, right.len(), |i, j| if i == 0 { right[j].ln() } else { (1.0 - right[j]).ln() });
        let y = Matrix::from_fn(2, right.len(), |i, _| if i == 0 { 1.0 } else { 0.0 });
        let mut a = Matrix::zeros(2, right.len());
        Activation::Softmax.apply(&z, &mut a);
        Loss::CrossEntropy.value(&z, &a, &y)
    };
    let mut batch = vec![0.5; 9];
    batch.push(1e-6);
    let mean = batch.iter().sum::<f64>() / 10.0;
    let numbers = [of(&batch), 10.0 * of(&batch), of(&[mean]), of(&batch) / 10.0_f64.ln(), of(&batch[..9])];
    find("5.8").are(&numbers.map(|x| Some(vec![x])));
}

/// A combination of three values that is the slope of 1, θ and θ² has no term with J″ left; and only one such combination is.
#[test]
fn three_points_on_one_side() {
    let question = find("6.1");
    let (theta, h) = (0.7, 0.1);
    let slope = |formula: &str, power: i32| {
        let at = |steps: f64| (theta + steps * h).powi(power);
        evaluate(formula, &[("J0", at(0.0)), ("J1", at(1.0)), ("J2", at(2.0)), ("h", h)]).expect("a formula")
    };
    let is_exact = |formula: &&str| {
        [0.0, 1.0, 2.0 * theta].into_iter().zip(0..).all(|(right, power)| (slope(formula, power) - right).abs() < 1e-12)
    };
    let exact: Vec<bool> = question.answers().iter().map(is_exact).collect();
    assert_eq!(exact, [true, false, false, false, false]);
}

#[test]
fn the_error_of_a_tanh() {
    find("7.6").are_formulas(|point| {
        let [a, y] = point[..] else { panic!("{point:?}") };
        let (z, mut delta, mut of_loss) = (one(a.atanh()), one(0.0), one(0.0));
        output_delta(Loss::LeastSquares, Activation::Tanh, &z, &one(a), &one(y), &mut delta);
        Loss::LeastSquares.gradient(&z, &one(a), &one(y), &mut of_loss);
        let times_slope = |activation: Activation, at: f64| {
            let mut delta = of_loss.clone();
            activation.backward(&one(at), &mut delta);
            delta[(0, 0)]
        };
        let wrong = [
            of_loss[(0, 0)],
            times_slope(Activation::Sigmoid, a),
            -delta[(0, 0)],
            times_slope(Activation::Tanh, a.tanh()),
        ];
        std::iter::once(delta[(0, 0)]).chain(wrong).map(Some).collect()
    });
}

#[test]
fn the_error_of_a_dead_unit() {
    let weight = Matrix::from_rows(&[[1.0, 2.0], [3.0, 1.0]]);
    let delta_above = Matrix::from_column(&[1.0, 2.0]);
    let a = Matrix::from_column(&[0.5, 0.0]); // relu(0.5), relu(−0.3)
    let of = |weight: &Matrix<f64>, activation| {
        let above = Dense { weight: weight.clone(), bias: Matrix::zeros(2, 1), activation: Activation::Identity };
        let mut delta = Matrix::zeros(0, 0);
        hidden_delta(&above, &delta_above, activation, &a, &mut delta);
        delta.as_slice().to_vec()
    };
    let turned = Matrix::from_fn(2, 2, |i, j| weight[(j, i)]);
    let times_a = of(&weight, Activation::Identity).iter().zip(a.as_slice()).map(|(delta, a)| delta * a).collect();
    find("7.7").are(&[
        Some(of(&weight, Activation::Relu)),
        Some(of(&weight, Activation::Identity)),
        Some(of(&turned, Activation::Relu)),
        Some(of(&turned, Activation::Identity)),
        Some(times_a),
    ]);
}

#[test]
fn a_parameter_that_is_used_three_times() {
    let adjoint = |record: fn(&mut Tape<f64>, nn_autodiff::Var) -> nn_autodiff::Var| {
        let mut tape = Tape::new();
        let w = tape.parameter(2.0);
        let j = record(&mut tape, w);
        tape.backward(j);
        Some(vec![tape.gradient(w)[(0, 0)]])
    };
    let all = adjoint(|tape, w| {
        let (square, three) = (tape.multiply(w, w), tape.scale(3.0, w));
        tape.add(square, three)
    });
    let (square, three) = (adjoint(|tape, w| tape.multiply(w, w)), adjoint(|tape, w| tape.scale(3.0, w)));
    find("8.10").are(&[all, None, square, three, None]);
}

/// Three passes of dual numbers give all derivatives of a function of three numbers, however many outputs it has.
#[test]
fn forward_mode_takes_a_pass_for_each_input() {
    let f = |x: [Dual<f64>; 3]| -> Vec<Dual<f64>> {
        (0..1000).map(|i| Dual::constant(f64::from(i)) * x[0] * x[1] + x[2]).collect()
    };
    let x = [2.0, 3.0, 5.0];
    let mut passes = 0;
    let columns: Vec<Vec<f64>> = (0..3)
        .map(|along| {
            passes += 1;
            let seeded = std::array::from_fn(|i| if i == along { Dual::variable(x[i]) } else { Dual::constant(x[i]) });
            f(seeded).iter().map(|output| output.derivative).collect()
        })
        .collect();
    assert!((0..1000).all(|i| [columns[0][i], columns[1][i], columns[2][i]] == [3.0 * i as f64, 2.0 * i as f64, 1.0]));
    let question = find("8.11");
    assert_eq!(question.text("answer"), "a");
    assert!(strings(&question.table["choices"])[0].ends_with(&format!("{passes} passes.")));
}

#[test]
fn what_a_check_sees_of_a_missing_slope() {
    let layers = [(3, Activation::Tanh), (4, Activation::Sigmoid), (2, Activation::Tanh)];
    let network =
        Network::<f64>::random(2, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1)).expect("layers");
    let (x, y) = (Matrix::from_columns(&[[0.5, -1.0], [2.0, 0.3]]), Matrix::from_columns(&[[0.2, 0.4], [-0.5, 0.1]]));
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let mistake = CATALOGUE.iter().find(|mistake| mistake.id == "sigma-prime-missing").expect("it is known");
    // `hidden_delta` makes the errors of layers 1 and 2.
    let made: Vec<_> = mistake.places(problem).into_iter().filter(|made| matches!(made.layer, Some(1 | 2))).collect();
    let (wrong, right) = (explain_with_mistakes(problem, &made), explain_with_mistakes(problem, &[]));
    let differ: Vec<bool> = wrong
        .layers
        .iter()
        .zip(&right.layers)
        .flat_map(|(wrong, right)| {
            [wrong.weight_gradient != right.weight_gradient, wrong.bias_gradient != right.bias_gradient]
        })
        .collect();
    assert_eq!(differ, [true, true, true, true, false, false]);
    assert_eq!(find("9.2").text("answer"), "c");
}

#[test]
fn the_edge_of_divergence() {
    let grows = |rate: f64| {
        let (mut optimizer, mut theta) = (Optimizer::<f64>::sgd(), one(1.0));
        for _ in 0..100 {
            let gradient = theta.map(|theta| 4.0 * theta); // of 2 θ²
            optimizer.update([(&mut theta, &gradient)].into_iter(), rate);
        }
        theta[(0, 0)].abs() > 1.0
    };
    let (mut low, mut high) = (0.01, 3.0);
    while high - low > 1e-9 {
        let middle = f64::midpoint(low, high);
        if grows(middle) { high = middle } else { low = middle }
    }
    find("10.8").are(&[Some(vec![low]), None, None, None]);
}

#[test]
fn accuracy_on_a_lopsided_set() {
    let cases = [(0, 0, 90), (0, 1, 10), (1, 0, 5), (1, 1, 5)];
    let pairs: Vec<(usize, usize)> =
        cases.iter().flat_map(|&(truth, answer, n)| std::iter::repeat_n((truth, answer), n)).collect();
    let labels: Vec<usize> = pairs.iter().map(|(truth, _)| *truth).collect();
    let matrix = |answers: &dyn Fn(usize) -> usize| {
        let outputs = Matrix::from_fn(2, pairs.len(), |i, j| if i == answers(j) { 1.0 } else { 0.0 });
        ConfusionMatrix::new(&outputs, &labels, &["0".to_owned(), "1".to_owned()])
    };
    let (of_network, always_0) = (matrix(&|j| pairs[j].1), matrix(&|_| 0));
    let recall = |class| of_network.recall(class).expect("examples");
    let accuracy = of_network.accuracy().expect("examples");
    let mean = f64::midpoint(recall(0), recall(1));
    let numbers = [accuracy, mean, recall(0), always_0.accuracy().expect("examples"), 1.0 - accuracy];
    find("12.5").are(&numbers.map(|x| Some(vec![x])));
}

/// The order of the loops whose innermost steps are all of 0 or 1 in memory.
#[test]
fn the_order_of_the_loops() {
    let (c, a, b) = (Matrix::<f64>::zeros(5, 7), Matrix::<f64>::zeros(5, 6), Matrix::<f64>::zeros(6, 7));
    let place = |matrix: &Matrix<f64>, i: usize, j: usize| i + j * matrix.rows();
    let question = find("13.1");
    let choices = strings(&question.table["choices"]);
    let runs_along: Vec<bool> = choices
        .iter()
        .map(|choice| {
            let innermost = choice.split(':').next().and_then(|order| order.split(", ").last()).expect("an order");
            let [i, j, p] = ["i", "j", "p"].map(|name| usize::from(name == innermost));
            [place(&c, i, j), place(&a, i, p), place(&b, p, j)].into_iter().all(|step| step <= 1)
        })
        .collect();
    assert_eq!(runs_along, [false, false, true, false]);
    assert_eq!(question.text("answer"), "c");
}

#[test]
fn the_operations_of_a_step() {
    // FLOP = 2 n k m, equation (13.1), in millions.
    let flop = |(rows, inner, columns): (usize, usize, usize)| 2.0 * (rows * inner * columns) as f64 / 1e6;
    let (units, inputs, examples) = (1000, 1000, 100);
    let forward = flop((units, inputs, examples));
    let (back, gradient) = (flop((inputs, units, examples)), flop((units, examples, inputs)));
    let all = forward + back + gradient;
    find("13.2").are(&[all, forward, all / 2.0, forward + gradient].map(|x| Some(vec![x])));
}
