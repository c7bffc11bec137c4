//! Every number of a page, computed. One snapshot for each page, `docs/src/numbers/PAGE.snap`: the page includes pieces
//! of it by name, and the test fails where the code gives another number.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use nn_autodiff::{CustomOp, Dual, Operands, Tape, WrongRule};
use nn_core::{Activation, Loss, Matrix, affine, seeded, sigmoid, sigmoid_derivative, softmax_backward};
use nn_layers::{Bounds, ByHand, ByTape, Dense, Engine, Initialization, Network, check_gradients, hessian_vector};
use nn_train::{CATALOGUE, Examples, Optimizer, Plan, Precision, Standardization, Trainer, explain, sgd_update};

use crate::digits_run::{self, Digits, Run, untrained};
use crate::mazur::two_two_two;
use crate::{curves, loss_surface, mistakes, plane, where_is_my_error};

/// The numbers of one page, each piece between anchors.
struct Numbers(String);

impl Numbers {
    fn new() -> Self {
        Numbers(String::new())
    }

    fn put(&mut self, name: &str, text: impl std::fmt::Display) {
        let _ = writeln!(self.0, "ANCHOR: {name}\n{}\nANCHOR_END: {name}", text.to_string().trim_end());
    }

    /// Compares with what the page shows.
    fn check(self, page: &str) {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path("../src/numbers");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_description(format!("the numbers of docs/src/{page}.md"));
        settings.bind(|| insta::assert_snapshot!(page, self.0));
    }
}

/// A number with the 12 significant digits that every machine gives, without zeros at the end.
fn twelve(x: f64) -> String {
    digits(x, 12)
}

/// A number with so many significant digits, without zeros at the end.
fn digits(x: f64, n: usize) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{x:.*e}", n - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("the form of {:e}");
    let exponent: i32 = exponent.parse().expect("an exponent");
    let text = if (-6..12).contains(&exponent) {
        let rounded: f64 = scientific.parse().expect("a number"); // where fewer digits stand before the point than are kept
        format!("{rounded:.*}", usize::try_from(n as i32 - 1 - exponent).unwrap_or(0))
    } else {
        format!("{mantissa}e{exponent}")
    };
    let text = if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    text.replace('-', "−").replace("e−", "e-")
}

/// The same, and as a power of ten what is smaller than a thousandth.
fn small(x: f64, n: usize) -> String {
    if x.abs() < 1e-3 { format!("{x:.*e}", n - 1) } else { digits(x, n) }
}

/// A Markdown table.
fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&header.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>());
    text += &format!("|{}\n", "---:|".repeat(header.len()));
    rows.into_iter().for_each(|row| text += &line(&row));
    text
}

/// A matrix as LaTeX, its entries with so many digits.
fn matrix(matrix: &Matrix<f64>, n: usize) -> String {
    let row = |i| matrix.row_iter(i).map(|&x| digits(x, n)).collect::<Vec<_>>().join(" & ");
    format!(r"\begin{{bmatrix}} {} \end{{bmatrix}}", (0..matrix.rows()).map(row).collect::<Vec<_>>().join(r" \\ "))
}

#[test]
fn numbers_of_neuron_md() {
    let (network, x, _) = two_two_two();
    let first = &network.layers()[0];
    let mut numbers = Numbers::new();
    for unit in 0..2 {
        let z = first.weight[(unit, 0)] * x[(0, 0)] + first.weight[(unit, 1)] * x[(1, 0)] + first.bias[(unit, 0)];
        let a = sigmoid(z);
        numbers.put(&format!("z{}", unit + 1), twelve(z));
        numbers.put(&format!("a{}", unit + 1), twelve(a));
        numbers.put(&format!("slope{}", unit + 1), twelve(sigmoid_derivative(a)));
        if unit == 0 {
            numbers.put("by-w1", twelve(sigmoid_derivative(a) * x[(0, 0)]));
        }
    }
    let moved = sigmoid(0.3775 + 0.01);
    numbers.put("moved", twelve(moved));
    numbers.put("rise", digits((moved - sigmoid(0.3775)) / 0.01, 4));
    numbers.check("neuron");
}

#[test]
fn numbers_of_affine_md() {
    let (network, _, _) = two_two_two();
    let first = &network.layers()[0];
    let x = Matrix::from_columns(&[[0.05, 0.10], [1.0, -1.0], [0.0, 0.5]]);
    let mut z = Matrix::zeros(2, 3);
    affine(&first.weight, &x, &first.bias, &mut z);
    let mut numbers = Numbers::new();
    numbers.put("x", matrix(&x, 12));
    numbers.put("weight", matrix(&first.weight, 12));
    numbers.put("bias", matrix(&first.bias, 12));
    numbers.put("z", matrix(&z, 12));
    numbers.put("memory", x.as_slice().iter().map(|&x| digits(x, 12)).collect::<Vec<_>>().join(", "));
    numbers.check("affine");
}

#[test]
fn numbers_of_activations_md() {
    use Activation::{LeakyRelu, Relu, Sigmoid, Softplus, Step, Tanh};
    let mut numbers = Numbers::new();
    let activations = [Step, Relu, LeakyRelu, Sigmoid, Tanh, Softplus];
    let z = Matrix::from_column(&[-4.0, -1.0, 0.0, 1.0, 4.0]);
    for derivative in [false, true] {
        let rows = activations.map(|activation| {
            let (mut a, mut slope) = (Matrix::zeros(5, 1), z.map(|_| 1.0));
            activation.apply(&z, &mut a);
            activation.backward(&a, &mut slope);
            let values = if derivative { &slope } else { &a };
            std::iter::once(activation.name().to_owned())
                .chain(values.as_slice().iter().map(|&a| digits(a, 3)))
                .collect()
        });
        let header = ["", "z = −4", "−1", "0", "1", "4"];
        numbers.put(if derivative { "derivatives" } else { "values" }, table(&header, rows));
    }
    let softmax = |z: [f64; 3]| {
        let mut a = Matrix::zeros(3, 1);
        Activation::Softmax.apply(&Matrix::from_column(&z), &mut a);
        a.as_slice().iter().map(|&a| digits(a, 6)).collect::<Vec<_>>().join(", ")
    };
    numbers.put("softmax", softmax([1.0, 2.0, 3.0]));
    numbers.put("softmax-moved", softmax([1001.0, 1002.0, 1003.0]));
    let mut a = Matrix::zeros(3, 1);
    Activation::Softmax.apply(&Matrix::from_column(&[1.0, 2.0, 3.0]), &mut a);
    // With ∂J/∂a = 1 for one share and 0 for the others, ∂J/∂z is the row of that share.
    let rows = [0, 1, 2].map(|k| {
        let mut row = [0, 1, 2].map(|i| if i == k { 1.0 } else { 0.0 });
        softmax_backward(a.as_slice(), &mut row);
        row
    });
    numbers.put("jacobian", matrix(&Matrix::from_rows(&rows), 4));
    numbers.put("sigmoid-flat", digits(sigmoid_derivative(sigmoid(10.0)), 2));
    numbers.put("slope-at-37", digits(sigmoid_derivative(sigmoid(37.0)), 2));
    numbers.put("slope-at-minus-37", digits(sigmoid_derivative(sigmoid(-37.0)), 2));
    numbers.put("ten-layers", digits(0.25_f64.powi(10), 1));
    let (network, x, _) = two_two_two();
    let mut engine = ByHand::new(network);
    engine.set_batch(&x, &Matrix::zeros(2, 1));
    engine.loss_and_gradients();
    numbers.put("a1", matrix(engine.layer(0).a, 12));
    numbers.put("z2", matrix(engine.layer(1).z, 12));
    numbers.put("a2", matrix(engine.layer(1).a, 12));
    numbers.check("activations");
}

#[test]
fn numbers_of_losses_md() {
    let (network, x, y) = two_two_two();
    let mut numbers = Numbers::new();
    let (j, a) = network.loss_and_outputs(&x, &y);
    let halves: Vec<f64> = a.as_slice().iter().zip(y.as_slice()).map(|(a, y)| (a - y) * (a - y) / 2.0).collect();
    numbers.put("half1", twelve(halves[0]));
    numbers.put("half2", twelve(halves[1]));
    numbers.put("j", twelve(j));
    let mut gradient = Matrix::zeros(2, 1);
    Loss::LeastSquares.gradient(&a, &a, &y, &mut gradient); // which does not read z
    numbers.put("gradient", matrix(&gradient, 12));

    let z = Matrix::from_column(&[1.0, 2.0, 3.0]);
    let y = Matrix::from_column(&[0.0, 1.0, 0.0]);
    let (mut a, mut delta) = (Matrix::zeros(3, 1), Matrix::zeros(3, 1));
    Activation::Softmax.apply(&z, &mut a);
    Loss::CrossEntropy.gradient(&z, &a, &y, &mut delta);
    numbers.put("softmax", matrix(&a, 6));
    numbers.put("cross-entropy", digits(Loss::CrossEntropy.value(&z, &a, &y), 6));
    numbers.put("delta", matrix(&delta, 6));

    // The naive way: −ln of the softmax, without subtracting the largest.
    let naive = |z: [f64; 2]| -(z[1].exp() / (z[0].exp() + z[1].exp())).ln();
    let ours = |z: [f64; 2]| {
        let (z, y, mut a) = (Matrix::from_column(&z), Matrix::from_column(&[0.0, 1.0]), Matrix::zeros(2, 1));
        Activation::Softmax.apply(&z, &mut a);
        Loss::CrossEntropy.value(&z, &a, &y)
    };
    let rows = [[1.0, 3.0], [800.0, 0.0], [0.0, 800.0], [0.0, 40.0], [0.0, 100.0]].map(|z| {
        let show = |x: f64| match x {
            x if x.is_nan() => "NaN".to_owned(),
            x if x.is_infinite() => "∞".to_owned(),
            x if x != 0.0 && x.abs() < 1e-5 => format!("{x:.5e}"),
            x => digits(x, 6),
        };
        vec![format!("({}, {})", z[0], z[1]), show(naive(z).abs()), show(ours(z))]
    });
    numbers.put("extremes", table(&["logits (wrong, right)", "ln of softmax, naively", "from z, as here"], rows));
    numbers.check("losses");
}

#[test]
fn numbers_of_differences_md() {
    let truth = curves::derivative_by_hand();
    let mut numbers = Numbers::new();
    numbers.put("gradient", twelve(truth));
    let rows = [10.0, 1.0, 0.1, 0.01, 0.001].map(|h| {
        let cell = |stencil: &curves::Stencil| {
            let error = stencil.error(h);
            // ε J / (h g): what rounding alone may do. Where it takes part, the digits are not the formula's.
            let rounding = f64::EPSILON * curves::loss_moved(0.0) / (h * truth);
            if error < 10.0 * rounding { "rounding".to_owned() } else { format!("{error:.0e}") }
        };
        std::iter::once(format!("{h}")).chain(curves::STENCILS.iter().map(cell)).collect()
    });
    numbers.put("errors", table(&["step h", "one-sided", "central", "five-point"], rows));

    // The best steps: as the figure shows them, by the rule of thumb, and where the two errors meet.
    let (derivatives, x) = (derivatives(), 0.05_f64);
    let rows = curves::STENCILS.iter().zip([(1, 2.0), (2, 6.0), (4, 30.0)]).map(|(stencil, (p, factor))| {
        // The truncation error is hᵖ / factor times the derivative of order p + 1, here with respect to z₁ = w₁ x₁ + ….
        let root = |x: f64| x.powf(1.0 / f64::from(p + 1));
        let scale = root(factor * derivatives[0] / (derivatives[p as usize + 1].abs() / x.powi(p + 1)));
        let (thumb, best, (seen, _)) = (root(f64::EPSILON), root(f64::EPSILON) * scale / x, stencil.best());
        assert!(seen < 5.0 * best && best < 5.0 * seen, "{}: {best} is computed, {seen} seen", stencil.name);
        assert!(seen > 20.0 * thumb, "{}: the rule of thumb would do", stencil.name);
        let power = |x: f64, n: usize| format!("{x:.*e}", n - 1);
        let cells = [power(thumb, 2), digits(scale, 2), power(best, 2), power(seen, 1)];
        std::iter::once(stencil.name.to_owned()).chain(cells).collect()
    });
    let header = ["", "root of ε", "scale of z₁", "best h", "h of the dot"];
    numbers.put("best", table(&header, rows));
    let by_z = derivatives[2].abs() / (x * x);
    numbers.put("second-by-z", digits(by_z, 2));
    numbers.put("scale", digits((2.0 * derivatives[0] / by_z).sqrt(), 2));
    numbers.put("times", digits((2.0 * derivatives[0] / derivatives[2].abs()).sqrt(), 2));
    let (network, _, _) = two_two_two();
    numbers.put("parameters", network.parameter_count());
    numbers.put("parameters-of-digits", untrained().parameter_count());
    numbers.put("passes-of-digits", 2 * untrained().parameter_count());
    numbers.check("differences");
}

/// J and its first five derivatives with respect to W⁽¹⁾₁₁ of the 2-2-2 network: dual numbers of dual numbers, five deep.
fn derivatives() -> [f64; 6] {
    let t = Dual::variable(Dual::variable(Dual::variable(Dual::variable(Dual::variable(0.0)))));
    let j0 = curves::loss_at(t);
    let j1 = j0.derivative;
    let j2 = j1.derivative;
    let j3 = j2.derivative;
    let j4 = j3.derivative;
    [
        j0.value.value.value.value.value,
        j1.value.value.value.value,
        j2.value.value.value,
        j3.value.value,
        j4.value,
        j4.derivative,
    ]
}

#[test]
fn numbers_of_delta_recursion_md() {
    let (network, x, y) = two_two_two();
    let mut numbers = Numbers::new();
    let explanation = explain(&network, &x, &y, Some(0.5), Precision::F64);
    let text = explanation.to_markdown();
    let names =
        ["given", "forward-1", "forward-2", "loss", "backward-2", "backward-1", "update-1", "update-2", "agree"];
    let sections: Vec<&str> = text.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), names.len());
    for (name, section) in names.iter().zip(sections) {
        let (_, body) = section.split_once("\n\n").expect("a heading");
        numbers.put(name, body);
    }
    let loss = |network: &Network<f64>| network.loss_and_outputs(&x, &y).0;
    let updated = explanation.updated.expect("a learning rate").network;
    numbers.put("j", twelve(loss(&network)));
    numbers.put("j-after", twelve(loss(&updated)));

    // The figure that many texts quote: weights alone are updated, and δ is backpropagated through the new W⁽²⁾.
    let weights_only = |layers: &[Dense<f64>]| {
        let biases =
            layers.iter().zip(network.layers()).map(|(new, old)| Dense { bias: old.bias.clone(), ..new.clone() });
        Network::new(biases.collect(), Loss::LeastSquares).expect("the same shapes")
    };
    numbers.put("j-weights", twelve(loss(&weights_only(updated.layers()))));
    let mut engine = ByHand::new(network.clone());
    engine.set_batch(&x, &y);
    engine.loss_and_gradients();
    let (first, second) = (engine.layer(0), engine.layer(1));
    let delta = mistakes::delta_after_update(&network, &engine, 0.5);
    let [mut dw, mut db] = [Matrix::zeros(0, 0), Matrix::zeros(0, 0)];
    nn_layers::parameter_gradients(&delta, &x, &mut dw, &mut db);
    let mut late = updated.layers().to_vec();
    late[0].weight = network.layers()[0].weight.clone();
    sgd_update(&mut late[0].weight, &dw, 0.5);
    numbers.put("j-too-early", twelve(loss(&weights_only(&late))));
    numbers.put("delta-too-early", format!("({}, {})", digits(delta[(0, 0)], 6), digits(delta[(1, 0)], 6)));
    numbers.put("delta-right", format!("({}, {})", digits(first.delta[(0, 0)], 6), digits(first.delta[(1, 0)], 6)));
    let percent = |i: usize| digits(100.0 * (1.0 - delta[(i, 0)] / first.delta[(i, 0)]), 2);
    numbers.put("percent-1", percent(0));
    numbers.put("percent-2", percent(1));
    // What a step of the weights of each layer takes from J, to first order: η ‖∂J/∂W‖².
    let gain = |gradient: &Matrix<f64>| 0.5 * gradient.as_slice().iter().map(|g| g * g).sum::<f64>();
    numbers.put("gain-1", small(gain(first.weight_gradient), 2));
    numbers.put("gain-2", small(gain(second.weight_gradient), 2));
    numbers.put("j-difference", small(loss(&weights_only(&late)) - loss(&weights_only(updated.layers())), 2));
    let slope = |a: f64| digits(sigmoid_derivative(a), 6);
    numbers.put("slope-1", slope(first.a[(0, 0)]));
    let (above, delta) = (&network.layers()[1].weight, second.delta);
    let term = |k: usize| format!(r"{} \cdot {}", digits(above[(k, 0)], 6), in_brackets(delta[(k, 0)]));
    numbers.put("sum-1", format!("{} + {}", term(0), term(1)));
    numbers.put("sum-1-value", digits(above[(0, 0)] * delta[(0, 0)] + above[(1, 0)] * delta[(1, 0)], 6));
    numbers.put("delta-1", digits(first.delta[(0, 0)], 6));
    batch_of_two(&mut numbers);
    numbers.check("delta-recursion");
}

/// A number as a factor: with six digits, and in brackets where it is negative.
fn in_brackets(x: f64) -> String {
    if x < 0.0 { format!("({})", digits(x, 6)) } else { digits(x, 6) }
}

/// A batch of two worked by hand, and what the slips give that only a batch shows.
fn batch_of_two(numbers: &mut Numbers) {
    let (x, y) = ([[0.05, 0.10], [1.0, -0.5]], [[0.01, 0.99], [0.9, 0.2]]);
    let of = |x: &[[f64; 2]], y: &[[f64; 2]]| {
        let mut engine = ByHand::new(two_two_two().0);
        engine.set_batch(&Matrix::from_columns(x), &Matrix::from_columns(y));
        (engine.loss_and_gradients(), engine)
    };
    let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-15, "{got}, but it should be {want}");
    let (j, batch) = of(&x, &y);
    let (alone, twice) = ([0, 1].map(|j| of(&x[j..=j], &y[j..=j])), of(&[x, x].concat(), &[y, y].concat()));
    near(j, (alone[0].0 + alone[1].0) / 2.0);
    near(twice.0, j);

    numbers.put("batch-x", matrix(&Matrix::from_columns(&x), 12));
    numbers.put("batch-y", matrix(&Matrix::from_columns(&y), 12));
    numbers.put("batch-j-1", digits(alone[0].0, 6));
    numbers.put("batch-j-2", digits(alone[1].0, 6));
    numbers.put("batch-j", digits(j, 6));
    for l in [0, 1] {
        let [one, two] = [alone[0].1.layer(l), alone[1].1.layer(l)];
        let (both, again) = (batch.layer(l), twice.1.layer(l));
        for i in [0, 1] {
            near(both.delta[(i, 0)], one.delta[(i, 0)] / 2.0);
            near(both.delta[(i, 1)], two.delta[(i, 0)] / 2.0);
            for k in [0, 1] {
                let mean = (one.weight_gradient[(i, k)] + two.weight_gradient[(i, k)]) / 2.0;
                near(both.weight_gradient[(i, k)], mean);
                near(again.weight_gradient[(i, k)], mean);
            }
            near(both.bias_gradient[(i, 0)], (one.bias_gradient[(i, 0)] + two.bias_gradient[(i, 0)]) / 2.0);
            near(again.bias_gradient[(i, 0)], both.bias_gradient[(i, 0)]);
        }
        let side_by_side = Matrix::from_fn(2, 2, |i, j| [&one, &two][j].delta[(i, 0)]);
        numbers.put(&format!("alone-delta-{}", l + 1), matrix(&side_by_side, 6));
        numbers.put(&format!("batch-delta-{}", l + 1), matrix(both.delta, 6));
        numbers.put(&format!("batch-dw-{}", l + 1), matrix(both.weight_gradient, 6));
        numbers.put(&format!("batch-db-{}", l + 1), matrix(both.bias_gradient, 6));
    }

    // One weight and one bias of layer 1, written out.
    let delta = batch.layer(0).delta;
    let (d, x) = ([delta[(0, 0)], delta[(0, 1)]], [x[0][0], x[1][0]]);
    let [weight, bias] = [d[0] * x[0] + d[1] * x[1], d[0] + d[1]];
    near(batch.layer(0).weight_gradient[(0, 0)], weight);
    near(batch.layer(0).bias_gradient[(0, 0)], bias);
    let six = |x: f64| digits(x, 6);
    let terms = format!(r"{} \cdot {} + {} \cdot {}", six(d[0]), six(x[0]), six(d[1]), six(x[1]));
    numbers.put("batch-w11-terms", terms);
    numbers.put("batch-w11", six(weight));
    numbers.put("batch-b1-terms", format!("{} + {}", six(d[0]), six(d[1])));
    numbers.put("batch-b1", six(bias));
    let of_each = [0, 1].map(|j: usize| six(alone[j].1.layer(0).weight_gradient[(0, 0)]));
    numbers.put("batch-w11-of-each", of_each.join(" + "));
    let rows = [
        ("none", weight, bias),
        ("1/m missing", 2.0 * weight, 2.0 * bias),
        ("1/m twice", weight / 2.0, bias / 2.0),
        ("first example only", d[0] * x[0], d[0]),
        ("wrong example", d[0] * x[1] + d[1] * x[0], bias),
    ];
    let rows = rows.map(|(slip, weight, bias)| vec![slip.to_owned(), six(weight), six(bias)]);
    numbers.put("batch-slips", table(&["slip", "∂J/∂w⁽¹⁾₁₁", "∂J/∂b⁽¹⁾₁"], rows));
}

/// r = u ⊙ sigmoid(u), with a backward rule that leaves the factor sigmoid(u) out.
#[derive(Debug)]
struct WrongSwish;

impl CustomOp<f64> for WrongSwish {
    fn name(&self) -> &str {
        "swish"
    }

    fn equation(&self) -> &str {
        "u ⊙ sigmoid(u)"
    }

    fn forward(&self, operands: Operands<'_, f64>, r: &mut Matrix<f64>) {
        r.copy_from(&operands[0]);
        r.map_in_place(|u| u * nn_core::sigmoid(u));
    }

    fn backward(&self, _: usize, u: Operands<'_, f64>, _: &Matrix<f64>, r_bar: &Matrix<f64>, u_bar: &mut Matrix<f64>) {
        u_bar.copy_from(r_bar);
        u_bar.zip_in_place(&u[0], |r_bar, u| r_bar * (1.0 + u * (1.0 - nn_core::sigmoid(u))));
    }
}

/// A number with six decimals, which every machine gives.
fn six(x: f64) -> f64 {
    (1e6 * x).round() / 1e6
}

#[test]
fn numbers_of_tape_md() {
    let (network, x, y) = two_two_two();
    let mut numbers = Numbers::new();
    let mut engine = ByTape::new(&network);
    engine.set_batch(&x, &y);
    engine.loss_and_gradients();
    numbers.put("table", engine.tape());
    numbers.put("steps", engine.tape().vars().count());

    // Forward mode: ε on one weight.
    let mut duals = network.map(Dual::constant);
    let mut layers = duals.layers().to_vec();
    layers[0].weight[(0, 0)].derivative = 1.0;
    duals = Network::new(layers, Loss::LeastSquares).expect("the same shapes");
    let (j, _) = duals.loss_and_outputs(&x.map(Dual::constant), &y.map(Dual::constant));
    numbers.put("dual", format!("{} + {} ε", twelve(j.value), twelve(j.derivative)));

    // The gradient, and its change along that weight.
    let mut v: Vec<_> = network.parameters().map(|parameter| parameter.map(|_| 0.0)).collect();
    v[0][(0, 0)] = 1.0;
    numbers.put("first", twelve(engine.layer(0).weight_gradient[(0, 0)]));
    numbers.put("second", twelve(hessian_vector(&network, &x, &y, &v)[0][(0, 0)]));

    // J = w²: a value that is used twice.
    let mut tape = Tape::<f64>::new();
    let w = tape.parameter(Matrix::from_column(&[3.0]));
    let square = tape.multiply(w, w);
    tape.label(w, "w");
    tape.label(square, "w²");
    tape.backward(square);
    numbers.put("twice", &tape);

    // Swish, with a factor of its backward rule left out, on the tape of the example `own_operation`.
    let mut tape = Tape::<f64>::new();
    let x = tape.input(Matrix::from_column(&[1.0, -0.5]));
    let w = tape.parameter(Matrix::from_rows(&[[0.5, -1.0], [2.0, 0.1]]));
    let z = tape.matmul(w, x);
    tape.label(z, "z");
    let a = tape.apply(WrongSwish, &[z]);
    tape.label(a, "a");
    let y = tape.input(Matrix::from_column(&[0.0, 1.0]));
    let j = tape.least_squares(a, y);
    let error = tape.check_gradient(j).expect_err("a wrong rule");
    let rounded = WrongRule { by_tape: six(error.by_tape), by_differences: six(error.by_differences), ..error };
    numbers.put("wrong-rule", rounded);
    numbers.check("tape");
}

#[test]
fn numbers_of_agreement_md() {
    let mut numbers = Numbers::new();
    let ([right, _], all) = mistakes::mistakes();
    let ((_, [tape, _]), mistakes) = all.split_last().expect("the tape comes last");
    assert!(mistakes::norm_wise(tape, &right) < 1e-15, "the two agree");
    let distances: Vec<f64> = mistakes.iter().map(|(_, [got, _])| mistakes::norm_wise(got, &right)).collect();
    let rows =
        mistakes.iter().zip(&distances).map(|((name, _), &distance)| vec![(*name).to_owned(), digits(distance, 2)]);
    numbers.put("mistakes", table(&["mistake", "norm-wise difference"], rows));
    let smallest = distances.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(smallest / Bounds::F64.tape > 1e12, "a million million times the bound: {smallest}");
    numbers.put("smallest", digits(smallest, 2));
    for (name, rate) in [("early-thousandth", 1e-3), ("early-millionth", 1e-6)] {
        numbers.put(name, small(mistakes::distance_of_updating_early(rate), 1));
    }
    let power = |bound: f64| format!("{bound:e}");
    let rows = [("f64", Bounds::F64), ("f32", Bounds::F32)]
        .map(|(name, bounds)| vec![name.to_owned(), power(bounds.tape), power(bounds.dual), power(bounds.stencil)]);
    numbers.put("bounds", table(&["by hand against", "tape", "dual numbers", "stencil"], rows));
    let (network, x, y) = two_two_two();
    let check = check_gradients(&network, &x, &y, 1);
    assert!(check.agrees());
    let rows =
        check.parameters.iter().map(|row| vec![row.name.clone(), row.shape.to_string(), row.directions.to_string()]);
    numbers.put("directions", table(&["matrix", "shape", "slopes checked"], rows));
    numbers.put("scale", twelve(check.scale));
    numbers.check("agreement");
}

#[test]
fn numbers_of_where_is_my_error_md() {
    let mut numbers = Numbers::new();
    let setting = where_is_my_error::Setting::new();
    let place = |layer: Option<usize>| layer.map_or("everywhere".to_owned(), |layer| format!("layer {layer}"));
    let row = |name: String, numbers: &nn_train::EngineExplanation| {
        let [first, second] = [&numbers.layers[0], &numbers.layers[1]];
        let entries = [
            first.weight_gradient[(0, 0)],
            first.bias_gradient[(0, 0)],
            second.weight_gradient[(0, 0)],
            second.bias_gradient[(0, 0)],
        ];
        std::iter::once(name).chain(entries.map(|entry| digits(entry, 6))).collect::<Vec<_>>()
    };
    let mut rows = vec![row("none".to_owned(), &setting.with(&[]))];
    for (id, layer) in where_is_my_error::CASES {
        let wrong = setting.with(&[(id, layer)]);
        let diagnosis = setting.diagnosis(&wrong);
        assert_eq!((diagnosis.findings[0].made.mistake.id, diagnosis.findings[0].layer), (id, layer));
        rows.push(row(format!("`{id}`, {}", place(layer)), &wrong));
    }
    let header = ["what was done", "∂J/∂w⁽¹⁾₁₁", "∂J/∂b⁽¹⁾₁", "∂J/∂w⁽²⁾₁₁", "∂J/∂b⁽²⁾₁"];
    numbers.put("cases", table(&header, rows));
    numbers.put("answer", setting.diagnosis(&setting.with(&[where_is_my_error::CASES[1]])).to_text());
    numbers.put("same", where_is_my_error::same_numbers().findings[0].tell_apart.as_deref().expect("two fit"));
    let mut unknown = setting.with(&[]);
    unknown.layers[0].weight_gradient[(1, 0)] += 0.01;
    numbers.put("unknown", setting.diagnosis(&unknown).to_text());
    let entries = CATALOGUE.iter().map(|mistake| {
        let (id, number, numpy) = (mistake.id, mistake.equation.number, mistake.numpy.wrong);
        format!("- `{id}` ({number}): {}<br>NumPy: `{numpy}`\n", mistake.sentence)
    });
    numbers.put("count", CATALOGUE.len());
    numbers.put("catalogue", entries.collect::<String>());
    numbers.check("where-is-my-error");
}

#[test]
fn numbers_of_descent_md() {
    let mut numbers = Numbers::new();
    let (network, x, y) = two_two_two();
    let mut engine = ByHand::new(network.clone());
    engine.set_batch(&x, &y);
    let mut rows = Vec::new();
    for step in 0..=10_000 {
        let j = engine.loss_and_gradients();
        if [0, 1, 10, 100, 1000, 10_000].contains(&step) {
            let a = engine.output();
            rows.push(vec![step.to_string(), digits(j, 3), digits(a[(0, 0)], 3), digits(a[(1, 0)], 3)]);
        }
        for (parameter, gradient) in engine.parameters_mut() {
            sgd_update(parameter, gradient, 0.5);
        }
    }
    numbers.put("steps", table(&["steps", "J", "first output (target 0.01)", "second output (target 0.99)"], rows));

    let ways = loss_surface::ways();
    let rows = [0, 1, 5, 20, 100, 200].map(|step: usize| {
        let after = ways.each_ref().map(|way| loss_surface::loss(way.steps[step][0], way.steps[step][1]));
        let cell = |j: f64| if j < 1e6 { small(j, 2) } else { "diverged".to_owned() }; // NaN is not below 1e6 either
        std::iter::once(step.to_string()).chain(after.map(cell)).collect()
    });
    let header: Vec<&str> = std::iter::once("steps").chain(ways.each_ref().map(|way| way.name)).collect();
    numbers.put("ways", table(&header, rows));
    let [at_minimum, at_start] = [[-1.0, -1.0], loss_surface::START].map(curvatures);
    numbers.put("steep", digits(at_minimum[0], 2));
    numbers.put("flat", digits(at_minimum[1], 3));
    numbers.put("times-flatter", digits(at_minimum[0] / at_minimum[1], 2));
    numbers.put("steep-at-start", digits(at_start[0], 2));
    numbers.put("limit", digits(2.0 / at_start[0], 2));
    numbers.put("swing", digits(1.0 - 3.0 * at_start[0], 2));
    numbers.put("creep", digits((1.0 - 0.1 * at_minimum[1]).powi(100), 2));
    numbers.put("arrive", digits((1.0 - at_minimum[1]).powi(100), 2));

    let digits_data = Digits::new();
    let rows = [0.001, 0.01, 0.1, 0.5, 2.0].map(|rate| {
        let plan = Plan { epochs: 3, batch_size: 32, learning_rate: rate, ..Plan::default() };
        let (loss, right) = three_epochs(&untrained(), &digits_data, plan, Optimizer::sgd());
        vec![rate.to_string(), digits(loss, 2), right]
    });
    numbers.put("rates", table(&["learning rate η", "training loss in epoch 3", "held-out digits right"], rows));

    let rows = [1, 32, 256, 1438].map(|batch_size| {
        let plan = Plan { epochs: 3, batch_size, learning_rate: 0.05, ..Plan::default() };
        let (loss, right) = three_epochs(&untrained(), &digits_data, plan, Optimizer::sgd());
        vec![batch_size.to_string(), 1438_usize.div_ceil(batch_size).to_string(), digits(loss, 2), right]
    });
    numbers.put(
        "batches",
        table(&["batch size m", "updates an epoch", "training loss in epoch 3", "held-out digits right"], rows),
    );

    // Equal units stay equal; random ones do not.
    let layers = [(8, Activation::Tanh), (10, Activation::Softmax)];
    let random =
        Network::random(64, &layers, Loss::CrossEntropy, Initialization::Glorot, &mut seeded(1)).expect("a network");
    let rows = [("all weights 0.1", random.map(|_| 0.1)), ("Glorot", random)].map(|(name, network)| {
        let plan = Plan { epochs: 3, batch_size: 32, learning_rate: 0.1, ..Plan::default() };
        let (loss, right) = three_epochs(&network, &digits_data, plan, Optimizer::sgd());
        vec![name.to_owned(), digits(loss, 2), right]
    });
    numbers.put("start", table(&["start", "training loss in epoch 3", "held-out digits right"], rows));
    numbers.check("descent");
}

/// How strongly J is curved at these weights along its steepest and its flattest direction: the eigenvalues of its
/// Hessian, whose columns are the ε parts of gradients in dual numbers.
fn curvatures([w1, w2]: [f64; 2]) -> [f64; 2] {
    let [x, y] = loss_surface::batch().map(|matrix| matrix.map(Dual::constant));
    let column = |along: [f64; 2]| {
        let mut layers = loss_surface::network(w1, w2).map(Dual::constant).layers().to_vec();
        for (layer, along) in layers.iter_mut().zip(along) {
            layer.weight[(0, 0)].derivative = along;
        }
        let mut engine = ByHand::new(Network::new(layers, Loss::LeastSquares).expect("two layers"));
        engine.set_batch(&x, &y);
        engine.loss_and_gradients();
        [0, 1].map(|l| engine.layer(l).weight_gradient[(0, 0)].derivative)
    };
    let ([a, b], [_, d]) = (column([1.0, 0.0]), column([0.0, 1.0]));
    let (middle, distance) = ((a + d) / 2.0, ((a - d) / 2.0).hypot(b));
    [middle + distance, middle - distance]
}

/// The training loss of the third epoch, and how many held-out digits are then right.
fn three_epochs(network: &Network<f64>, digits: &Digits, plan: Plan, optimizer: Optimizer<f64>) -> (f64, String) {
    let mut trainer = Trainer::new(ByHand::new(network.clone()), optimizer, plan);
    let train = |epoch| trainer.epoch(&digits.train, epoch, |_| ControlFlow::Continue(())).expect("a finite loss").loss;
    let loss = (1..=3).map(train).last().expect("three epochs");
    (loss, right_of(&digits.held_out, &trainer.into_network()))
}

fn right_of(examples: &Examples<f64>, network: &Network<f64>) -> String {
    let accuracy = examples.evaluate(network).accuracy.expect("classes");
    format!("{:.0} of {}", accuracy * examples.len() as f64, examples.len())
}

#[test]
fn numbers_of_plane_md() {
    let mut numbers = Numbers::new();
    for (name, task) in [("xor", plane::xor_task()), ("moons", plane::moons_task()), ("spirals", plane::spirals_task())]
    {
        let looks = plane::course(&task);
        let rows = looks
            .iter()
            .map(|look| (look, task.examples().evaluate(&look.network).loss))
            .map(|(look, loss)| vec![look.epoch.to_string(), digits(loss, 2), format!("{:.0} %", look.percent)]);
        numbers.put(name, table(&["epoch", "J", "right"], rows));
        numbers.put(&format!("{name}-parameters"), looks[0].network.parameter_count());
    }
    // The settings of `nn train xor`, in f64.
    let mut corners = nn_train::xor();
    Standardization::fit(&corners.x).apply(&mut corners.x);
    let examples = Examples::new(&corners, 2);
    for units in [2, 4] {
        let layers = [(units, Activation::Tanh), (2, Activation::Softmax)];
        let is_learnt = |&seed: &u64| {
            let rng = &mut seeded(seed);
            let start = Network::<f64>::random(2, &layers, Loss::CrossEntropy, Initialization::Glorot, rng);
            let start = start.expect("layers that fit");
            let plan = Plan { epochs: 200, batch_size: 4, learning_rate: 0.5, seed, ..Plan::default() };
            let mut trainer = Trainer::new(ByHand::new(start), Optimizer::sgd(), plan);
            trainer.train(&examples).expect("a finite loss");
            examples.evaluate(&trainer.network()).accuracy == Some(1.0)
        };
        numbers.put(&format!("xor-starts-{units}"), (1..=20).filter(is_learnt).count());
    }
    numbers.check("plane");
}

#[test]
fn numbers_of_digits_md() {
    let mut numbers = Numbers::new();
    let data = Digits::new();
    let run = Run::of_the_book(&data);
    let held_out = data.held_out.len();
    numbers.put("train", data.train.len());
    numbers.put("held-out", held_out);
    numbers.put("parameters", run.network.parameter_count());
    let rows = [1, 2, 3, 5, 10, 20, 30].map(|epoch| {
        let right = run.held_out_percent[epoch - 1] / 100.0 * held_out as f64;
        let [training, held_out_loss] =
            [&run.training_loss, &run.held_out_loss].map(|losses| digits(losses[epoch - 1], 2));
        vec![epoch.to_string(), training, held_out_loss, format!("{right:.0} of {held_out}")]
    });
    numbers.put("epochs", table(&["epoch", "training loss", "held-out loss", "held-out digits right"], rows));
    numbers.put("wrong", run.mistakes(&data).len());
    numbers.put("chance", digits((10.0_f64).ln(), 3));
    // `nn train digits --hidden none`
    let layers = [(10, Activation::Softmax)];
    let linear = Network::random(64, &layers, Loss::CrossEntropy, Initialization::He, &mut seeded(1));
    let linear = linear.expect("layers that fit");
    let without_hidden_layer = Run::new(ByHand::new(linear), &data, 30);
    numbers.put("linear", right_of(&data.held_out, &without_hidden_layer.network));
    let [before, after, change] = digits_run::weights_before_and_after(&run);
    let length = |weights: &Matrix<f64>| digits_run::length(weights.as_slice());
    numbers.put("moved", digits(100.0 * length(&change) / length(&before), 2));
    for (name, weights) in [("before", &before), ("after", &after), ("change", &change)] {
        numbers.put(&format!("likeness-{name}"), digits(likeness_of_neighbours(weights), 1));
    }
    let is_blank = |&pixel: &usize| data.train.x.row_iter(pixel).all(|x| *x == data.train.x[(pixel, 0)]);
    let is_unchanged = |&pixel: &usize| change.column(pixel).iter().all(|&w| w == 0.0);
    assert!((0..64).all(|pixel| is_blank(&pixel) == is_unchanged(&pixel)), "what never has ink changes no weight");
    numbers.put("blank", (0..64).filter(is_blank).count());
    let confusion = run.confusion(&data);
    let pairs = (0..10).flat_map(|truth| (0..10).map(move |said| (truth, said))).filter(|(truth, said)| truth != said);
    let mut pairs: Vec<_> = pairs.map(|(truth, said)| (confusion.count(truth, said), truth, said)).collect();
    pairs.sort_by_key(|&(count, truth, said)| (std::cmp::Reverse(count), truth, said));
    let rows = pairs
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, truth, said)| vec![truth.to_string(), said.to_string(), count.to_string()]);
    numbers.put("confused", table(&["the digit is", "the network says", "times"], rows));
    numbers.check("digits");
}

/// How alike the weights of pixels are that lie side by side or above each other: their correlation, over all units.
fn likeness_of_neighbours(weights: &Matrix<f64>) -> f64 {
    let mut pairs = Vec::new();
    for unit in 0..weights.rows() {
        let w = |row: usize, column: usize| weights[(unit, 8 * row + column)];
        for (i, k) in (0..8).flat_map(|i| (0..7).map(move |k| (i, k))) {
            pairs.extend([(w(i, k), w(i, k + 1)), (w(k, i), w(k + 1, i))]);
        }
    }
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
    let (a, b) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
    let product = |pair: &(f64, f64)| (pair.0 - a) * (pair.1 - b);
    let squares = [mean(&|pair| (pair.0 - a).powi(2)), mean(&|pair| (pair.1 - b).powi(2))];
    mean(&product) / (squares[0] * squares[1]).sqrt()
}

#[test]
fn numbers_of_speed_md() {
    let mut numbers = Numbers::new();
    let count = |flop: f64| format!("{:.2}", flop / 1e6);
    let m = 32.0;
    for (name, widths) in [("digits", [64.0, 64.0, 10.0]), ("mnist", [784.0, 128.0, 10.0])] {
        let mut total = 0.0;
        let rows = [1, 2].map(|l| {
            let (below, here) = (widths[l - 1], widths[l]);
            let product = 2.0 * below * here * m;
            let back = if l == 1 { 0.0 } else { product };
            total += 2.0 * product + back;
            let back = if l == 1 { "not needed".to_owned() } else { count(back) };
            vec![format!("{l}: {below} → {here}"), count(product), count(product), back]
        });
        // Spaces that do not break keep each product on one line.
        let header = ["layer", "Z\u{a0}=\u{a0}W\u{a0}A", "∂J/∂W\u{a0}=\u{a0}δ\u{a0}Aᵀ", "Wᵀ\u{a0}δ"];
        numbers.put(&format!("flop-{name}"), table(&header, rows));
        numbers.put(&format!("flop-{name}-total"), count(total));
    }
    let rows = [1.0, 8.0, 32.0, 256.0].map(|m| {
        let cell = |here, below| format!("{:.1}", curves::flop_per_byte(here, below, m));
        vec![m.to_string(), cell(64.0, 64.0), cell(128.0, 784.0)]
    });
    numbers.put("intensity", table(&["m", "64 → 64", "784 → 128"], rows));
    // The networks of the measured table: benches/peers and the example `speed` take them from the same list.
    let list = include_str!("../../benches/peers/workloads.tsv");
    let rows = list.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [name, widths, hidden, output, loss, batch, ..] = cells[..] else { panic!("a workload: {line}") };
        [name, widths, hidden, output, loss, batch].map(str::to_owned).to_vec()
    });
    let header = ["workload", "units in each layer", "hidden layers", "output", "loss", "m"];
    numbers.put("workloads", table(&header, rows));
    numbers.check("speed");
}
