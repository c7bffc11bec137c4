//! Two small networks with every number of both engines side by side, as the book prints them.

mod common;

use common::{column, dense, matrix, reference};
use nn_core::{Activation, Loss, Matrix};
use nn_layers::{ByHand, ByTape, Engine, Network};

/// The worked example of Mazur (2015).
#[test]
fn two_two_two_with_sigmoid_and_least_squares() {
    let mazur = &reference("mazur")["network"];
    let layers = vec![
        dense(matrix(&mazur["W_hidden_rows_are_neurons"]), column(&mazur["b_hidden"]), "sigmoid"),
        dense(matrix(&mazur["W_output_rows_are_neurons"]), column(&mazur["b_output"]), "sigmoid"),
    ];
    let network = Network::new(layers, Loss::LeastSquares).expect("layers that fit");
    let text = side_by_side(&network, &column(&mazur["input"]), &column(&mazur["target"]));
    insta::assert_snapshot!("sigmoid_least_squares", text);
}

#[test]
fn two_two_two_with_tanh_softmax_and_cross_entropy() {
    let layers = vec![
        dense(Matrix::from_rows(&[[0.2, -0.4], [0.7, 0.1]]), Matrix::from_column(&[0.1, -0.2]), "tanh"),
        dense(Matrix::from_rows(&[[0.6, -0.3], [-0.5, 0.8]]), Matrix::from_column(&[0.05, -0.1]), "softmax"),
    ];
    let network = Network::new(layers, Loss::CrossEntropy).expect("layers that fit");
    let x = Matrix::from_columns(&[[0.5, -1.0], [1.5, 2.0]]);
    let y = Matrix::from_columns(&[[1.0, 0.0], [0.0, 1.0]]);
    let text = side_by_side(&network, &x, &y);
    insta::assert_snapshot!("tanh_cross_entropy", text);
}

/// The forward pass from the first layer up, J, and the backward pass from the last layer down.
fn side_by_side(network: &Network<f64>, x: &Matrix<f64>, y: &Matrix<f64>) -> String {
    let (mut by_hand, mut by_tape) = (ByHand::new(network.clone()), ByTape::new(network));
    by_hand.set_batch(x, y);
    by_tape.set_batch(x, y);
    let (j, j_tape) = (by_hand.loss_and_gradients(), by_tape.loss_and_gradients());
    let (hand, tape) = (|l| by_hand.layer(l), |l| by_tape.layer(l));
    let [sigma1, sigma2] = [0, 1].map(|l| network.layers()[l].activation);

    let mut page = Page(given(network, x, y));
    page.line(&format!("{:<WIDTH$}by tape", "by hand"));
    for (l, equation_z, sigma, name) in
        [(0, "z⁽¹⁾ = W⁽¹⁾ x + b⁽¹⁾", sigma1, "¹"), (1, "z⁽²⁾ = W⁽²⁾ a⁽¹⁾ + b⁽²⁾", sigma2, "²")]
    {
        page.block(equation_z, hand(l).z, tape(l).z);
        page.block(&format!("a⁽{name}⁾ = {sigma}(z⁽{name}⁾)"), hand(l).a, tape(l).a);
    }

    let (equation_j, equation_delta2) = match network.loss() {
        Loss::LeastSquares => ("J = 1/(2m) Σ (a⁽²⁾ − y)²", "δ⁽²⁾ = (a⁽²⁾ − y)/m ⊙ σ′(z⁽²⁾)"),
        _ => ("J = −1/m Σ y ln a⁽²⁾", "δ⁽²⁾ = (a⁽²⁾ − y)/m"),
    };
    let [j, j_tape] = [j, j_tape].map(|j| format!("  {}", digits(j)));
    page.line(&format!("\n{equation_j}\n{j:<WIDTH$}{j_tape}"));

    page.block(equation_delta2, hand(1).delta, tape(1).delta);
    page.block("∂J/∂W⁽²⁾ = δ⁽²⁾ (a⁽¹⁾)ᵀ", hand(1).weight_gradient, tape(1).weight_gradient);
    page.block("∂J/∂b⁽²⁾ = δ⁽²⁾ 1", hand(1).bias_gradient, tape(1).bias_gradient);
    let derivative = match sigma1 {
        Activation::Sigmoid => "a⁽¹⁾ ⊙ (1 − a⁽¹⁾)",
        _ => "1 − a⁽¹⁾ ⊙ a⁽¹⁾",
    };
    let equation_delta1 = format!("δ⁽¹⁾ = (W⁽²⁾ᵀ δ⁽²⁾) ⊙ σ′(z⁽¹⁾), where σ′(z⁽¹⁾) = {derivative}");
    page.block(&equation_delta1, hand(0).delta, tape(0).delta);
    page.block("∂J/∂W⁽¹⁾ = δ⁽¹⁾ xᵀ", hand(0).weight_gradient, tape(0).weight_gradient);
    page.block("∂J/∂b⁽¹⁾ = δ⁽¹⁾ 1", hand(0).bias_gradient, tape(0).bias_gradient);
    page.0
}

/// The width of the column `by hand`.
const WIDTH: usize = 44;

struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0 += line.trim_end();
        self.0 += "\n";
    }

    /// A matrix from either engine, below its equation.
    fn block(&mut self, equation: &str, hand: &Matrix<f64>, tape: &Matrix<f64>) {
        self.line(&format!("\n{equation}"));
        for (hand, tape) in rows(hand).into_iter().zip(rows(tape)) {
            self.line(&format!("{hand:<WIDTH$}{tape}"));
        }
    }
}

/// The rows of a matrix, its columns aligned.
fn rows(matrix: &Matrix<f64>) -> Vec<String> {
    let columns: Vec<Vec<String>> =
        matrix.columns_iter().map(|column| column.iter().map(|&entry| digits(entry)).collect()).collect();
    let width = |column: &[String]| column.iter().map(String::len).max().unwrap_or(0);
    let row = |i: usize| {
        let cells: Vec<String> = columns.iter().map(|column| format!("{:<w$}", column[i], w = width(column))).collect();
        format!("[ {} ]", cells.join("  "))
    };
    (0..matrix.rows()).map(row).collect()
}

/// A number with the 12 significant digits that every machine gives, and room for a sign.
fn digits(x: f64) -> String {
    let scientific = format!("{x:.11e}");
    let (_, exponent) = scientific.split_once('e').expect("the form of {:e}");
    let decimals = 11 - exponent.parse::<i32>().expect("an exponent");
    format!("{x:+.*}", usize::try_from(decimals).expect("a number below 10¹²")).replace('+', " ")
}

/// What the computation starts from.
fn given(network: &Network<f64>, x: &Matrix<f64>, y: &Matrix<f64>) -> String {
    let [first, second] = network.layers() else { panic!("two layers") };
    let examples = if x.columns() == 1 { "one example" } else { "one example in each column" };
    let mut text =
        format!("{}, {}, {}; m = {}, {examples}\n\n", first.activation, second.activation, network.loss(), x.columns());
    for [(left, left_name), (right, right_name)] in [
        [(x, "x"), (y, "y")],
        [(&first.weight, "W⁽¹⁾"), (&first.bias, "b⁽¹⁾")],
        [(&second.weight, "W⁽²⁾"), (&second.bias, "b⁽²⁾")],
    ] {
        let (left, right) = (format!("{left:.2}"), format!("{right:.2}"));
        for (i, (left, right)) in left.lines().zip(right.lines()).enumerate() {
            let name = |name: &str| if i == 0 { format!("{name:<4} =") } else { " ".repeat(6) };
            text += &format!("{} {left:<22}{} {right}\n", name(left_name), name(right_name));
        }
    }
    text + "\n"
}
