//! The worked example on paper: an [`Explanation`] as text or Markdown.
//!
//! Text and Markdown are two renderings of the same sections, which follow the order in which a person computes: forward
//! through the layers, the cost, back through the layers, the update. A large network keeps every section and every
//! equation, but shows the norm of each matrix in place of its entries.

use nn_core::{Activation, Loss, Matrix, Write, leaky_relu_derivative, matmul, relu_derivative};
use nn_layers::Dense;

use crate::arithmetic::{
    activation_computation, activation_equation, cost_computation, difference, dot, factor, index, largest_difference,
    norm, operand, pairs, put, result, signed, significant, slope, slope_remark, sum_of_products, superscript,
};
use crate::document::{Part, Section, Table, equations, section, side_by_side, words};
use crate::{Explanation, LayerExplanation, Updated};

/// Entries are shown for at most this many parameters, …
const FULL_PARAMETERS: usize = 60;
/// … this many examples, …
const FULL_EXAMPLES: usize = 4;
/// … and this many units in any layer, so that no sum has more terms.
const FULL_UNITS: usize = 8;

impl Explanation {
    /// The worked example for a terminal: every equation, and its numbers aligned below it.
    pub fn to_text(&self) -> String {
        let heading = |level: usize, heading: &str| {
            format!("{heading}\n{}", ["=", "-"][level - 1].repeat(heading.chars().count()))
        };
        self.render(heading, Part::to_text)
    }

    /// The worked example in Markdown, ready to paste. Its equations are plain Unicode, which reads the same raw and
    /// rendered.
    pub fn to_markdown(&self) -> String {
        self.render(|level, heading| format!("{} {heading}", "#".repeat(level)), Part::to_markdown)
    }

    fn render(&self, heading: impl Fn(usize, &str) -> String, part: impl Fn(&Part) -> String) -> String {
        let mut blocks = Vec::new();
        for (index, section) in self.sections().iter().enumerate() {
            blocks.push(heading(if index == 0 { 1 } else { 2 }, &section.heading));
            blocks.extend(section.parts.iter().map(&part));
        }
        blocks.join("\n\n") + "\n"
    }
}

/// One layer with what its equations need.
struct Layer<'a> {
    dense: &'a Dense<f64>,
    hand: &'a LayerExplanation,
    tape: &'a LayerExplanation,
    /// a⁽ˡ⁻¹⁾
    a_below: &'a Matrix<f64>,
    /// ⁽ˡ⁾
    here: String,
    /// ⁽ˡ⁻¹⁾
    below: String,
    /// How one input of a unit is called.
    input: String,
}

/// The sections. Layers are counted from 0 here and from 1 on paper.
impl Explanation {
    fn sections(&self) -> Vec<Section> {
        let layers = 0..self.network.layers().len();
        let mut sections = vec![self.introduction(), self.given()];
        sections.extend(layers.clone().map(|l| self.forward(l)));
        sections.push(self.cost());
        sections.extend(layers.clone().rev().map(|l| self.backward(l)));
        if let Some(updated) = &self.updated {
            sections.extend(layers.map(|l| self.update(l, updated)));
        }
        sections.push(self.agreement());
        sections
    }

    fn is_abridged(&self) -> bool {
        let widest = self.network.layers().iter().map(Dense::outputs).fold(self.network.inputs(), usize::max);
        self.network.parameter_count() > FULL_PARAMETERS || self.m() > FULL_EXAMPLES || widest > FULL_UNITS
    }

    fn m(&self) -> usize {
        self.x.columns()
    }

    fn layer(&self, l: usize) -> Layer<'_> {
        Layer {
            dense: &self.network.layers()[l],
            hand: &self.by_hand.layers[l],
            tape: &self.by_tape.layers[l],
            a_below: if l == 0 { &self.x } else { &self.by_hand.layers[l - 1].a },
            here: superscript(l + 1),
            below: superscript(l),
            input: if l == 0 { "xₖ".to_owned() } else { format!("aₖ{}", superscript(l)) },
        }
    }

    fn introduction(&self) -> Section {
        let widths: String = self.network.layers().iter().map(|dense| format!("-{}", dense.outputs())).collect();
        let numbers = if self.is_abridged() {
            "The network or its batch is too large to show every number. Each matrix is shown by its shape and its norm \
             ‖·‖, the square root of the sum of its squared entries."
        } else {
            "Results have 12 significant digits, the numbers in the computations 6: a calculator gives each result to \
             about 5 digits, fewer where nearly equal numbers are subtracted."
        };
        let course = "Forward through the layers to the cost J, then back to its gradient. Every number is computed twice: \
                      by hand, with the δ-recursion of backpropagation, and by tape, which records the forward pass and \
                      differentiates it step by step.";
        section(
            format!("A {}{widths} network, by hand and by tape", self.network.inputs()),
            vec![words(course), words(numbers)],
        )
    }

    fn given(&self) -> Section {
        let input = self.input.iter().map(|input| ("input".to_owned(), input));
        let batch = input.chain([("x = a⁽⁰⁾".to_owned(), &self.x), ("y".to_owned(), &self.y)]).collect();
        let layers = (1..).zip(self.network.layers()).map(|(l, dense)| {
            vec![(format!("W{}", superscript(l)), &dense.weight), (format!("b{}", superscript(l)), &dense.bias)]
        });
        let groups = std::iter::once(batch).chain(layers);
        let mut parts = Vec::new();
        if self.input.is_some() {
            parts.push(words("x is the input as the model file standardises it: x = (input − mean) / scale."));
        }
        if self.m() > 1 {
            parts.push(words(format!(
                "The columns of x and y are the m = {} examples; J is the mean over them.",
                self.m()
            )));
        }
        parts.push(if self.is_abridged() {
            let rows = groups.flatten().map(|(name, matrix)| vec![name, matrix.shape().to_string(), norm(matrix)]);
            Part::Table(Table { header: vec!["", "shape", "‖·‖"], rows: rows.collect() })
        } else {
            Part::Figure(groups.map(|group| side_by_side(&group)).collect::<Vec<_>>().join("\n\n"))
        });
        section("Given", parts)
    }

    fn forward(&self, l: usize) -> Section {
        let Layer { dense, hand, a_below, here, below, input, .. } = &self.layer(l);
        let equations = equations([
            (format!("z{here} = W{here} a{below} + b{here}"), format!("zᵢ = Σₖ wᵢₖ {input} + bᵢ")),
            (format!("a{here} = σ(z{here})"), activation_equation(dense.activation)),
        ]);
        let mut table = self.number_table();
        let z = |i, j| {
            let (inputs, bias) = (dense.weight.row_iter(i).zip(a_below.column(j)), dense.bias[(i, 0)]);
            format!("{} {}", sum_of_products(inputs), signed(bias))
        };
        self.push(&mut table, l, "z", |v| &v.z, z);
        self.push(&mut table, l, "a", |v| &v.a, |i, j| activation_computation(dense.activation, hand.z.column(j), i));
        let units = if dense.outputs() == 1 { "unit" } else { "units" };
        let heading = format!("Forward, layer {}: {} {units}, {}", l + 1, dense.outputs(), dense.activation);
        section(heading, vec![equations, Part::Table(table)])
    }

    fn cost(&self) -> Section {
        let Layer { hand, here, .. } = &self.layer(self.network.layers().len() - 1);
        let (mean, half, all) = if self.m() == 1 { ("", "1/2", "") } else { ("1/m ", "1/(2m)", ", over all examples") };
        let loss = self.network.loss();
        let equation = match loss {
            Loss::LeastSquares => (format!("J = {half} ‖a{here} − y‖²"), format!("J = {half} Σᵢ (aᵢ − yᵢ)²{all}")),
            Loss::CrossEntropy => (format!("J = −{mean}Σ y ⊙ ln a{here}"), format!("J = −{mean}Σᵢ yᵢ ln aᵢ{all}")),
            Loss::BinaryCrossEntropy => (
                format!("J = −{mean}Σ (y ⊙ ln a{here} + (1 − y) ⊙ ln(1 − a{here}))"),
                format!("J = −{mean}Σᵢ (yᵢ ln aᵢ + (1 − yᵢ) ln(1 − aᵢ)){all}"),
            ),
        };
        let mut parts = vec![equations([equation])];
        if loss != Loss::LeastSquares && !self.is_abridged() {
            parts.push(words("Terms with a factor of 0 are left out."));
        }
        let formula = if self.is_abridged() {
            "J".to_owned()
        } else {
            format!("J = {}", cost_computation(loss, &hand.a, &self.y))
        };
        let row = vec![formula, result(self.by_hand.loss), result(self.by_tape.loss)];
        parts.push(Part::Table(Table { header: vec!["", "by hand", "by tape"], rows: vec![row] }));
        section(format!("Cost: {loss}"), parts)
    }

    fn backward(&self, l: usize) -> Section {
        let Layer { dense, hand, a_below, here, below, input, .. } = &self.layer(l);
        let sum = if self.m() == 1 { "" } else { ", summed over the examples" };
        let mut rules = self.delta_equations(l);
        rules.push((format!("∂J/∂W{here} = δ{here} (a{below})ᵀ"), format!("∂J/∂wᵢₖ = δᵢ {input}{sum}")));
        rules.push((format!("∂J/∂b{here} = δ{here} 1"), format!("∂J/∂bᵢ = δᵢ{sum}")));
        let mut parts = vec![equations(rules)];
        if self.delta_is_a_minus_y(l) {
            parts.push(words(format!(
                "δ{here} is this short because the logarithm of the cost and the exponential of {} cancel.",
                dense.activation
            )));
        }
        parts.extend(slope_remark(dense.activation).map(words));
        let mut table = self.number_table();
        if self.is_softmax_in_steps(l) && !self.is_abridged() {
            parts.push(words("g and s are steps on the way to δ, shown by hand only."));
            self.push_softmax_steps(&mut table, l);
        }
        self.push(&mut table, l, "δ", |v| &v.delta, |i, j| self.delta_computation(l, i, j));
        let for_weight = |i, k| sum_of_products(hand.delta.row_iter(i).zip(a_below.row_iter(k)));
        self.push(&mut table, l, "∂J/∂w", |v| &v.weight_gradient, for_weight);
        let for_bias = |i, _| {
            let (first, rest) = (hand.delta[(i, 0)], hand.delta.row_iter(i).skip(1));
            rest.fold(operand(first), |sum, &delta| format!("{sum} {}", signed(delta)))
        };
        self.push(&mut table, l, "∂J/∂b", |v| &v.bias_gradient, for_bias);
        parts.push(Part::Table(table));
        section(format!("Backward, layer {}", l + 1), parts)
    }
}

/// The computations: equations with numbers put in.
impl Explanation {
    fn update(&self, l: usize, updated: &Updated) -> Section {
        let Layer { dense: old, hand, here, .. } = &self.layer(l);
        let (new, eta) = (&updated.network.layers()[l], updated.learning_rate);
        let rule = |matrix: &str, entry: &str| {
            let names = [format!("{matrix}{here}"), entry.to_owned()];
            let [whole, one] = names.map(|w| format!("{w} ← {w} − η ∂J/∂{w}"));
            (whole, one)
        };
        let mut parts = vec![equations([rule("W", "wᵢₖ"), rule("b", "bᵢ")])];
        if l == 0 {
            parts.push(words("Every gradient was computed with the old parameters, before any of them changes."));
        }
        let parameters = [
            ("W", "w", &old.weight, &hand.weight_gradient, &new.weight),
            ("b", "b", &old.bias, &hand.bias_gradient, &new.bias),
        ];
        let abridged = self.is_abridged();
        let rows = parameters.into_iter().flat_map(|(matrix, entry, old, gradient, new)| {
            if abridged {
                return vec![vec![format!("{matrix}{here}"), old.shape().to_string(), norm(old), norm(new)]];
            }
            let formula = |at| format!("{} − {} · {}", operand(old[at]), factor(eta), factor(gradient[at]));
            let row =
                |(i, k)| vec![format!("{entry}{} ← {}", index(entry, i, k), formula((i, k))), result(new[(i, k)])];
            pairs(old.rows(), old.columns()).map(row).collect()
        });
        let header =
            if abridged { vec!["", "shape", "‖·‖ before", "‖·‖ after"] } else { vec!["", "new value"] };
        parts.push(Part::Table(Table { header, rows: rows.collect() }));
        section(format!("Update, layer {}: η = {}", l + 1, operand(eta)), parts)
    }

    fn agreement(&self) -> Section {
        let difference = significant(self.largest_difference, 3);
        let text =
            format!("The largest difference between a number by hand and the same number by tape is {difference}.");
        section("Do the two agree?", vec![words(text)])
    }

    fn is_softmax_in_steps(&self, l: usize) -> bool {
        self.network.layers()[l].activation == Activation::Softmax && !self.delta_is_a_minus_y(l)
    }

    /// g = ∂J/∂a and s = Σₖ aₖ gₖ of each example. The tape's own are not in the explanation: their cells stay empty.
    fn push_softmax_steps(&self, table: &mut Table, l: usize) {
        let (a, g) = (&self.by_hand.layers[l].a, self.upstream(l));
        for j in 0..self.m() {
            let (a, g) = (a.column(j), g.column(j));
            let mut rows: Vec<_> = (0..g.len())
                .map(|i| (format!("g{} = {}", index("g", i, j), self.upstream_computation(l, i, j, false)), g[i]))
                .collect();
            rows.push((format!("s = {}", sum_of_products(a.iter().zip(g))), dot(a, g)));
            for (formula, value) in rows {
                self.push_row(table, &(j + 1).to_string(), vec![formula, result(value), String::new()]);
            }
        }
    }

    /// Whether layer l is the last, under a cost that is made for its activation.
    fn delta_is_a_minus_y(&self, l: usize) -> bool {
        l + 1 == self.network.layers().len() && self.network.loss() != Loss::LeastSquares
    }

    fn delta_equations(&self, l: usize) -> Vec<(String, String)> {
        let (here, above) = (superscript(l + 1), superscript(l + 2));
        let activation = self.network.layers()[l].activation;
        let mean = if self.m() == 1 { "" } else { " / m" };
        let (whole, one) = if l + 1 == self.network.layers().len() {
            (format!("(a{here} − y){mean}"), format!("(aᵢ − yᵢ){mean}"))
        } else {
            (format!("(W{above}ᵀ δ{above})"), format!("(Σₖ wₖᵢ{above} δₖ{above})"))
        };
        let bare = |formula: &str| match formula.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(inside) => inside.to_owned(),
            None => formula.to_owned(),
        };
        if self.delta_is_a_minus_y(l) || activation == Activation::Identity {
            return vec![(format!("δ{here} = {}", bare(&whole)), format!("δᵢ = {}", bare(&one)))];
        }
        if activation == Activation::Softmax {
            return vec![
                (format!("g = ∂J/∂a{here} = {}", bare(&whole)), format!("gᵢ = {}", bare(&one))),
                (format!("s = 1ᵀ (a{here} ⊙ g)"), "s = Σₖ aₖ gₖ".to_owned()),
                (format!("δ{here} = a{here} ⊙ (g − 1 s)"), "δᵢ = aᵢ · (gᵢ − s)".to_owned()),
            ];
        }
        vec![(format!("δ{here} = {whole} ⊙ σ′(z{here})"), format!("δᵢ = {one} · {}", slope(activation)))]
    }

    /// ∂J/∂a of a layer, from the numbers by hand.
    fn upstream(&self, l: usize) -> Matrix<f64> {
        let layer = &self.by_hand.layers[l];
        let mut g = Matrix::zeros(layer.a.rows(), layer.a.columns());
        match self.by_hand.layers.get(l + 1) {
            None => self.network.loss().gradient(&layer.z, &layer.a, &self.y, &mut g),
            Some(above) => matmul(self.network.layers()[l + 1].weight.t(), &above.delta, Write::Replace, &mut g),
        }
        g
    }

    /// ∂J/∂aᵢ of example j, or aᵢ − yᵢ; in parentheses where a factor may follow.
    fn upstream_computation(&self, l: usize, i: usize, j: usize, is_factor: bool) -> String {
        let layer = &self.by_hand.layers[l];
        let (sum, divisor) = match self.by_hand.layers.get(l + 1) {
            None if self.m() == 1 => (difference(layer.a[(i, j)], self.y[(i, j)]), String::new()),
            None => (difference(layer.a[(i, j)], self.y[(i, j)]), format!(" / {}", self.m())),
            Some(above) => {
                let weights = (0..above.delta.rows()).map(|k| &self.network.layers()[l + 1].weight[(k, i)]);
                (sum_of_products(weights.zip(above.delta.column(j))), String::new())
            }
        };
        let is_sum = sum.contains(" + ") || sum.contains(" − ");
        if is_sum && (is_factor || !divisor.is_empty()) { format!("({sum}){divisor}") } else { sum + &divisor }
    }

    fn delta_computation(&self, l: usize, i: usize, j: usize) -> String {
        let (activation, a) = (self.network.layers()[l].activation, self.by_hand.layers[l].a.column(j));
        if self.delta_is_a_minus_y(l) || activation == Activation::Identity {
            return self.upstream_computation(l, i, j, false);
        }
        if activation == Activation::Softmax {
            let g = self.upstream(l);
            return format!("{} · ({})", operand(a[i]), difference(g[(i, j)], dot(a, g.column(j))));
        }
        let slope = match activation {
            Activation::Relu => operand(relu_derivative(a[i])),
            Activation::LeakyRelu => operand(leaky_relu_derivative(a[i])),
            Activation::Step => "0".to_owned(),
            _ => put(slope(activation), "aᵢ", a[i]),
        };
        format!("{} · {slope}", self.upstream_computation(l, i, j, true))
    }

    fn number_table(&self) -> Table {
        let mut header = vec!["", "by hand", "by tape"];
        if self.is_abridged() {
            header = vec!["", "shape", "‖·‖ by hand", "‖·‖ by tape", "largest difference"];
        } else if self.m() > 1 {
            header.insert(0, "example");
        }
        Table { header, rows: Vec::new() }
    }

    /// Adds a row for each entry of one of the five matrices of a layer, or one row for all of it.
    fn push(
        &self,
        table: &mut Table,
        l: usize,
        symbol: &str,
        of: impl Fn(&LayerExplanation) -> &Matrix<f64>,
        computation: impl Fn(usize, usize) -> String,
    ) {
        let Layer { hand, tape, here, .. } = &self.layer(l);
        let (hand, tape) = (of(hand), of(tape));
        if self.is_abridged() {
            let name = format!("{}{here}", symbol.replace('w', "W"));
            let largest = largest_difference(hand, tape);
            table.rows.push(vec![name, hand.shape().to_string(), norm(hand), norm(tape), significant(largest, 3)]);
            return;
        }
        let per_example = !symbol.starts_with('∂');
        let (outer, inner) = if per_example { (hand.columns(), hand.rows()) } else { (hand.rows(), hand.columns()) };
        for (outer, inner) in pairs(outer, inner) {
            let (i, k) = if per_example { (inner, outer) } else { (outer, inner) };
            let formula = format!("{symbol}{} = {}", index(symbol, i, k), computation(i, k));
            let example = if per_example { (k + 1).to_string() } else { "all".to_owned() };
            self.push_row(table, &example, vec![formula, result(hand[(i, k)]), result(tape[(i, k)])]);
        }
    }

    /// Only a batch of several examples has a column that tells them apart.
    fn push_row(&self, table: &mut Table, example: &str, mut row: Vec<String>) {
        if self.m() > 1 {
            row.insert(0, example.to_owned());
        }
        table.rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use nn_core::{seeded, sigmoid};
    use nn_layers::{Initialization, Network};
    use serde_json::Value;

    use super::*;
    use crate::document::LINE_WIDTH;
    use crate::{Precision, explain};

    type Rows<'a> = &'a [&'a [f64]];

    fn network(layers: &[(Activation, Rows<'_>, &[f64])], loss: Loss) -> Network<f64> {
        let layers = layers.iter().map(|&(activation, weight, bias)| Dense {
            weight: Matrix::from_rows(weight),
            bias: Matrix::from_column(bias),
            activation,
        });
        Network::new(layers.collect(), loss).expect("layers that fit")
    }

    fn explanation(network: &Network<f64>, x: Rows<'_>, y: Rows<'_>, learning_rate: Option<f64>) -> Explanation {
        let (x, y) = (Matrix::from_columns(x), Matrix::from_columns(y));
        explain(network, &x, &y, learning_rate, Precision::F64)
    }

    /// M. Mazur, "A Step by Step Backpropagation Example" (2015), with the biases updated too.
    fn mazur() -> Explanation {
        let hidden: (_, Rows<'_>, &[f64]) = (Activation::Sigmoid, &[&[0.15, 0.20], &[0.25, 0.30]], &[0.35, 0.35]);
        let output: (_, Rows<'_>, &[f64]) = (Activation::Sigmoid, &[&[0.40, 0.45], &[0.50, 0.55]], &[0.60, 0.60]);
        let network = network(&[hidden, output], Loss::LeastSquares);
        explanation(&network, &[&[0.05, 0.10]], &[&[0.01, 0.99]], Some(0.5))
    }

    fn two_layers(hidden: Activation, output: Activation, loss: Loss) -> Explanation {
        let below: (_, Rows<'_>, &[f64]) = (hidden, &[&[0.3, -0.7], &[-0.45, 0.2]], &[0.1, -0.25]);
        let above: (_, Rows<'_>, &[f64]) = (output, &[&[0.6, -0.35], &[-0.8, 0.15]], &[0.05, -0.15]);
        let network = network(&[below, above], loss);
        explanation(&network, &[&[0.7, -1.1], &[-0.4, 1.3]], &[&[1.0, 0.0], &[0.25, 0.75]], Some(0.1))
    }

    /// What the last bits of a machine decide is not for a snapshot.
    fn without_rounding(mut explanation: Explanation) -> Explanation {
        explanation.by_tape = explanation.by_hand.clone();
        explanation.largest_difference = 0.0;
        explanation
    }

    #[test]
    fn mazur_on_paper() {
        let mazur = without_rounding(mazur());
        insta::assert_snapshot!("mazur_text", mazur.to_text());
        insta::assert_snapshot!("mazur_markdown", mazur.to_markdown());
        assert!(mazur.to_text().lines().all(|line| line.chars().count() <= LINE_WIDTH && line.trim_end() == line));
    }

    #[test]
    fn a_batch_after_softmax_on_paper() {
        let cross_entropy = two_layers(Activation::Tanh, Activation::Softmax, Loss::CrossEntropy);
        insta::assert_snapshot!("cross_entropy", without_rounding(cross_entropy).to_text());
        let least_squares = two_layers(Activation::Tanh, Activation::Softmax, Loss::LeastSquares);
        insta::assert_snapshot!("softmax_least_squares", without_rounding(least_squares).to_text());
    }

    #[test]
    fn one_unit_on_paper() {
        let network = network(&[(Activation::Relu, &[&[2.0, -0.5]], &[0.25])], Loss::LeastSquares);
        let relu = explanation(&network, &[&[1.0, 3.0]], &[&[-1.0]], None);
        insta::assert_snapshot!("relu", without_rounding(relu).to_text());
    }

    #[test]
    fn a_large_network_is_abridged() {
        let layers = [(32, Activation::Relu), (10, Activation::Softmax)];
        let network = Network::random(64, &layers, Loss::CrossEntropy, Initialization::He, &mut seeded(1)).unwrap();
        let x: Vec<f64> = (0..64).map(|i| f64::from(i % 17) / 16.0).collect();
        let y: Vec<f64> = (0..10).map(|i| if i == 3 { 1.0 } else { 0.0 }).collect();
        let mut large = without_rounding(explanation(&network, &[&x], &[&y], Some(0.1)));
        large.by_tape.layers[0].z[(5, 0)] += 0.5;
        large.largest_difference = 0.5;
        insta::assert_snapshot!("abridged", large.to_text());
    }

    #[test]
    fn json_reads_back_to_the_same_bits() {
        let explanation = two_layers(Activation::Sigmoid, Activation::Softmax, Loss::CrossEntropy);
        let json: Value = serde_json::from_str(&explanation.to_json()).unwrap();
        let number = |value: &Value| value.as_f64().unwrap().to_bits();
        let flat = |value: &Value| match value[0].as_array() {
            Some(_) => {
                value.as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap().iter().map(number)).collect()
            }
            None => value.as_array().unwrap().iter().map(number).collect::<Vec<_>>(),
        };
        let columns = |m: &Matrix<f64>| m.as_slice().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let rows = |m: &Matrix<f64>| pairs(m.rows(), m.columns()).map(|at| m[at].to_bits()).collect::<Vec<_>>();

        assert_eq!(number(&json["loss"]), explanation.by_hand.loss.to_bits());
        assert_eq!(json["examples"], 2);
        assert_eq!(number(&json["largest_difference"]), explanation.largest_difference.to_bits());
        for (key, engine) in [("by_hand", &explanation.by_hand), ("by_tape", &explanation.by_tape)] {
            assert_eq!(number(&json[key]["loss"]), engine.loss.to_bits());
            for (l, layer) in engine.layers.iter().enumerate() {
                let json = &json[key]["layers"][l];
                assert_eq!(json["z"].as_array().unwrap().len(), 2, "a row for each example");
                for (key, matrix) in [("z", &layer.z), ("a", &layer.a), ("delta", &layer.delta)] {
                    assert_eq!(flat(&json[key]), columns(matrix));
                }
                assert_eq!(flat(&json["weight_gradient"]), rows(&layer.weight_gradient));
                assert_eq!(flat(&json["bias_gradient"]), rows(&layer.bias_gradient));
            }
        }
        for (l, dense) in explanation.updated.unwrap().network.layers().iter().enumerate() {
            assert_eq!(flat(&json["updated"]["layers"][l]["weight"]), rows(&dense.weight));
            assert_eq!(flat(&json["updated"]["layers"][l]["bias"]), rows(&dense.bias));
        }
    }

    #[test]
    fn json_has_a_matrix_a_line() {
        let json = mazur().to_json();
        let mut layout = String::new();
        for c in json.chars() {
            let is_number = c.is_ascii_digit() || (layout.ends_with('#') && "-+.e".contains(c));
            match (is_number, layout.ends_with('#')) {
                (true, true) => {}
                (true, false) => layout.push('#'),
                _ => layout.push(c),
            }
        }
        insta::assert_snapshot!("mazur_json_layout", layout.replace('-', ""));
    }

    #[test]
    fn json_has_null_for_what_is_no_number_and_no_update_without_a_learning_rate() {
        let network = network(&[(Activation::Identity, &[&[1e200]], &[0.0])], Loss::LeastSquares);
        let json: Value = serde_json::from_str(&explanation(&network, &[&[1e200]], &[&[0.0]], None).to_json()).unwrap();
        assert_eq!(json["by_hand"]["layers"][0]["z"][0][0], Value::Null);
        assert_eq!(json["largest_difference"], Value::Null); // ∞ by hand and ∞ by tape do not agree: nothing is known
        assert!(json.get("updated").is_none());
    }

    #[test]
    fn each_computation_gives_the_number_beside_it() {
        let last_of = |loss| match loss {
            Loss::LeastSquares => Activation::ALL.to_vec(),
            Loss::CrossEntropy => vec![Activation::Softmax],
            Loss::BinaryCrossEntropy => vec![Activation::Sigmoid],
        };
        let mut checked = 0;
        for loss in Loss::ALL {
            for (hidden, output) in
                Activation::ALL.into_iter().flat_map(|h| last_of(loss).into_iter().map(move |o| (h, o)))
            {
                for section in two_layers(hidden, output, loss).sections() {
                    let tables = section.parts.iter().filter_map(|part| match part {
                        Part::Table(table) if table.header.len() > 2 || table.header[1] == "new value" => Some(table),
                        _ => None,
                    });
                    for row in tables.flat_map(|table| &table.rows) {
                        let at = row.iter().position(|cell| cell.contains(" = ") || cell.contains(" ← ")).unwrap();
                        let formula = row[at].split_once(" = ").or_else(|| row[at].split_once(" ← ")).unwrap().1;
                        let (got, want) = (Calculator(formula).sum(), Calculator(&row[at + 1]).sum());
                        assert!((got - want).abs() < 1e-5, "{hidden}, {output}, {loss}: {row:?} gives {got}");
                        checked += 1;
                    }
                }
            }
        }
        assert!(checked > 2000, "{checked}");
    }

    type Function = fn(f64) -> f64;

    /// Evaluates what a computation says, from left to right.
    struct Calculator<'a>(&'a str);

    impl Calculator<'_> {
        fn takes(&mut self, token: &str) -> bool {
            let rest = self.0.trim_start().strip_prefix(token);
            self.0 = rest.unwrap_or(self.0);
            rest.is_some()
        }

        fn sum(&mut self) -> f64 {
            let mut sum = self.product();
            loop {
                if self.takes("+") {
                    sum += self.product();
                } else if self.takes("−") {
                    sum -= self.product();
                } else {
                    return sum;
                }
            }
        }

        fn product(&mut self) -> f64 {
            let mut product = self.factor();
            loop {
                if self.takes("·") {
                    product *= self.factor();
                } else if self.takes("/") {
                    product /= self.factor();
                } else {
                    return product;
                }
            }
        }

        fn factor(&mut self) -> f64 {
            let functions: [(&str, Function); 5] =
                [("sigmoid(", sigmoid), ("tanh(", f64::tanh), ("ln(", f64::ln), ("step(", nn_core::step), ("(", |x| x)];
            if self.takes("−") {
                return -self.factor();
            }
            if self.takes("e^") {
                return self.factor().exp();
            }
            if self.takes("max(") {
                let first = self.sum();
                assert!(self.takes(","));
                let second = self.sum();
                assert!(self.takes(")"));
                return first.max(second);
            }
            let value = match functions.into_iter().find(|(name, _)| self.takes(name)) {
                Some((_, function)) => {
                    let value = function(self.sum());
                    assert!(self.takes(")"), "a parenthesis stays open before {:?}", self.0);
                    value
                }
                None => {
                    let text = self.0.trim_start();
                    let exponent = |at: usize| text[..at].ends_with('e') && text[at..].starts_with('-');
                    let end = text
                        .char_indices()
                        .find(|&(at, c)| !(c.is_ascii_digit() || c == '.' || c == 'e' || exponent(at)));
                    let (number, rest) = text.split_at(end.map_or(text.len(), |(at, _)| at));
                    self.0 = rest;
                    number.parse().unwrap_or_else(|_| panic!("no number: {text:?}"))
                }
            };
            if self.takes("²") { value * value } else { value }
        }
    }

    #[test]
    fn numbers_have_significant_digits_only() {
        let cases = [(0.1 + 0.2, "0.3"), (-0.0, "0"), (-1.0 / 3.0, "−0.333333"), (123_456_789.0, "1.23457e8")];
        for (x, text) in cases.into_iter().chain([(9.999_999_9, "10"), (1.5e-7, "1.5e-7"), (f64::NAN, "NaN")]) {
            assert_eq!(operand(x), text);
        }
        assert_eq!((operand(f64::NEG_INFINITY), factor(-2.0)), ("−∞".to_owned(), "(−2)".to_owned()));
    }
}
