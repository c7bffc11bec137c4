//! The worked example on paper: an [`Explanation`] as text or Markdown.
//!
//! Its sections follow the order of computation by hand: forward through the layers, the loss, backward through the layers,
//! the update. A large network keeps every section and every equation, but shows the norm of each matrix in place of its
//! entries.

use std::iter::once;

use nn_core::text::Align::{Left, Point};
use nn_core::text::{Align, of_layer, on_paper, subscript};
use nn_core::{Activation, Loss, Matrix, Write, matmul};
use nn_layers::Dense;

use super::equations;
use super::explanation::{Explanation, LayerExplanation, Updated, largest, largest_difference};
use super::expr::Expr::{self, Number};
use super::expr::{letter, total};
use super::page::{Cell, Form, Page, cell};

/// Entries are shown only if there are at most this many parameters.
const FULL_PARAMETERS: usize = 60;
/// Entries are shown only if there are at most this many examples.
const FULL_EXAMPLES: usize = 4;
/// Entries are shown only if no layer has more units than this, so that no sum has more terms.
const FULL_UNITS: usize = 8;

impl Explanation {
    /// The worked example for a terminal: every equation, and its numbers aligned below it.
    pub fn to_text(&self) -> String {
        self.page(Form::Text)
    }

    /// The worked example in Markdown, ready to paste. Its equations are plain Unicode, which reads the same raw and
    /// rendered.
    pub fn to_markdown(&self) -> String {
        self.page(Form::Markdown)
    }

    fn page(&self, form: Form) -> String {
        let (mut page, layers) = (Page::new(form), 1..=self.network.layers().len());
        self.introduction(&mut page);
        self.given(&mut page);
        layers.clone().for_each(|l| self.forward(&mut page, l));
        self.loss(&mut page);
        layers.clone().rev().for_each(|l| self.backward(&mut page, l));
        if let Some(updated) = &self.updated {
            layers.for_each(|l| self.update(&mut page, l, updated));
        }
        page.heading("Do the two agree?");
        let difference = on_paper(self.largest_difference, 3);
        page.paragraph(&format!(
            "The largest difference between a number by hand and the same number by tape is {difference}."
        ));
        page.finish()
    }

    fn is_abridged(&self) -> bool {
        let widest = self.network.layers().iter().map(Dense::outputs).fold(self.network.inputs(), usize::max);
        self.network.parameter_count() > FULL_PARAMETERS || self.m() > FULL_EXAMPLES || widest > FULL_UNITS
    }

    /// Examples in the batch.
    fn m(&self) -> usize {
        self.x.columns()
    }

    fn introduction(&self, page: &mut Page) {
        let widths: String = self.network.layers().iter().map(|dense| format!("-{}", dense.outputs())).collect();
        page.heading(&format!("A {}{widths} network, by hand and by tape", self.network.inputs()));
        page.paragraph(
            "Forward through the layers to the loss J, then back to its gradient. Every number is computed twice: by hand, \
             with the δ-recursion of backpropagation, and by tape, which records the forward pass and differentiates it \
             step by step.",
        );
        page.paragraph(if self.is_abridged() {
            "The network or its batch is too large to show every number. Each matrix is shown by its shape and its norm \
             ‖·‖, the square root of the sum of its squared entries."
        } else {
            "Results have 12 significant digits, the numbers in the computations 6: a calculator gives each result to \
             about 5 digits, fewer where nearly equal numbers are subtracted."
        });
    }

    fn given(&self, page: &mut Page) {
        page.heading("Given");
        if self.input.is_some() {
            page.paragraph("x is the input as the model file standardises it: x = (input − mean) / scale.");
        }
        if self.m() > 1 {
            let m = self.m();
            page.paragraph(&format!("The columns of x and y are the m = {m} examples; J is the mean over them."));
        }
        let input = self.input.iter().map(|input| ("input".to_owned(), input));
        let batch = input.chain([("x = a⁽⁰⁾".to_owned(), &self.x), ("y".to_owned(), &self.y)]).collect();
        let layers = (1..).zip(self.network.layers());
        let layers = layers.map(|(l, dense)| {
            vec![(format!("W{}", of_layer(l)), &dense.weight), (format!("b{}", of_layer(l)), &dense.bias)]
        });
        let groups: Vec<Vec<_>> = once(batch).chain(layers).collect();
        if self.is_abridged() {
            let row = |(name, matrix): &(String, &Matrix<f64>)| {
                vec![cell(name.as_str()), cell(matrix.shape().to_string()), norm(matrix)]
            };
            let columns = [("", Left), ("shape", Point), ("‖·‖", Point)];
            page.table(&columns, &groups.iter().flatten().map(row).collect::<Vec<_>>());
        } else {
            page.matrices(&groups);
        }
    }

    fn forward(&self, page: &mut Page, l: usize) {
        let dense = &self.network.layers()[l - 1];
        let units = if dense.outputs() == 1 { "unit" } else { "units" };
        page.heading(&format!("Forward, layer {l}: {} {units}, {}", dense.outputs(), dense.activation));
        page.equations(printed(&self.forward_rules(l)));
        let mut rows = self.rows(l, Of::Unit, ["z", "z"], |of| &of.z, |i, j| self.z_in_numbers(l, i, j));
        rows.extend(self.rows(l, Of::Unit, ["a", "a"], |of| &of.a, |i, j| self.a_in_numbers(l, i, j)));
        self.numbers(page, rows);
    }

    /// The equations of z⁽ˡ⁾ and a⁽ˡ⁾, of matrices and of entries.
    pub(crate) fn forward_rules(&self, l: usize) -> [[Expr; 2]; 2] {
        let [below, here] = [l - 1, l].map(of_layer);
        let z = [format!("z{here} = W{here} a{below} + b{here}"), format!("zᵢ = Σₖ wᵢₖ {} + bᵢ", input(l))];
        let a = equations::activation_in_letters(self.network.layers()[l - 1].activation);
        [z.map(letter), [letter(format!("a{here} = σ(z{here})")), a]]
    }

    pub(crate) fn z_in_numbers(&self, l: usize, i: usize, j: usize) -> Expr {
        let dense = &self.network.layers()[l - 1];
        products(dense.weight.row_iter(i), self.a_below(l).column(j)) + Number(dense.bias[(i, 0)])
    }

    pub(crate) fn a_in_numbers(&self, l: usize, i: usize, j: usize) -> Expr {
        let z = &self.by_hand.layers[l - 1].z;
        let sum = total(z.column(j).iter().map(|&z| Number(z).exp()));
        equations::activation(self.network.layers()[l - 1].activation, Number(z[(i, j)]), sum)
    }

    fn loss(&self, page: &mut Page) {
        let loss = self.network.loss();
        page.heading(&format!("Loss: {loss}"));
        let mut j = letter("J");
        let [whole, mut entry] = self.loss_rule().map(|rule| rule.print());
        if self.m() > 1 {
            entry.push(", over all examples".to_owned());
        }
        page.equations([[whole, entry]]);
        if !self.is_abridged() {
            if loss != Loss::LeastSquares {
                page.paragraph("Terms with a factor of 0 are left out.");
            }
            j = j.is(self.loss_in_numbers());
        }
        let row = vec![j.print(), result(self.by_hand.loss), result(self.by_tape.loss)];
        page.table(&NUMBERS[1..], &[row]);
    }

    /// The equation of J, of matrices and of entries.
    pub(crate) fn loss_rule(&self) -> [Expr; 2] {
        let a = letter("a".to_owned() + &of_layer(self.network.layers().len()));
        equations::loss_in_letters(self.network.loss(), a, self.m()).map(|right| letter("J").is(right))
    }

    pub(crate) fn loss_in_numbers(&self) -> Expr {
        equations::loss(self.network.loss(), &self.by_hand.layers[self.network.layers().len() - 1].a, &self.y)
    }

    fn backward(&self, page: &mut Page, l: usize) {
        let (dense, hand) = (&self.network.layers()[l - 1], &self.by_hand.layers[l - 1]);
        page.heading(&format!("Backward, layer {l}"));
        page.equations(printed(&self.backward_rules(l).concat()));
        if self.cancels(l) {
            let reason = "because the logarithm of the loss and the exponential of";
            page.paragraph(&format!("δ{} is this short {reason} {} cancel.", of_layer(l), dense.activation));
        }
        if let Some(remark) = equations::slope_remark(dense.activation) {
            page.paragraph(remark);
        }

        let mut rows = Vec::new();
        if self.takes_steps(l) && !self.is_abridged() {
            page.paragraph("g and s are steps on the way to δ, shown by hand only.");
            let g = self.upstream(l);
            for j in 0..self.m() {
                let of_g = |i| (letter("g".to_owned() + &index(i)).is(self.upstream_in_numbers(l, i, j)), g[(i, j)]);
                let of_s = (letter("s").is(products(hand.a.column(j), g.column(j))), self.s(l, &g, j));
                let steps = (0..dense.outputs()).map(of_g).chain([of_s]);
                rows.extend(
                    steps.map(|(equation, x)| vec![cell((j + 1).to_string()), equation.print(), result(x), cell("")]),
                );
            }
        }
        rows.extend(self.rows(l, Of::Unit, ["δ", "δ"], |of| &of.delta, |i, j| self.delta_in_numbers(l, i, j)));
        let weight = |i, k| self.weight_gradient_in_numbers(l, i, k);
        rows.extend(self.rows(l, Of::Weight, ["∂J/∂W", "∂J/∂w"], |of| &of.weight_gradient, weight));
        let bias = |i, _| self.bias_gradient_in_numbers(l, i);
        rows.extend(self.rows(l, Of::Bias, ["∂J/∂b", "∂J/∂b"], |of| &of.bias_gradient, bias));
        self.numbers(page, rows);
    }

    /// The equations of δ⁽ˡ⁾, with the steps on the way to it, of ∂J/∂W⁽ˡ⁾ and of ∂J/∂b⁽ˡ⁾, of matrices and of entries.
    pub(crate) fn backward_rules(&self, l: usize) -> [Vec<[Expr; 2]>; 3] {
        let [below, here] = [l - 1, l].map(of_layer);
        let summed = if self.m() == 1 { "" } else { ", summed over the examples" };
        let [whole, entry] = self.upstream_in_letters(l);
        let mut delta = Vec::new();
        if self.takes_steps(l) {
            let g = letter("g").is(letter(format!("∂J/∂a{here}"))).is(whole.clone());
            delta.push([g, letter("gᵢ").is(entry.clone())]);
            delta.push([format!("s = 1ᵀ (a{here} ⊙ g)"), "s = Σₖ aₖ gₖ".to_owned()].map(letter));
        }
        let steps = [format!("a{here}"), "g".to_owned(), "1 s".to_owned()].map(letter);
        let whole = self.delta(l, '⊙', whole, steps, letter(format!("σ′(z{here})")));
        let slope = equations::slope(self.network.layers()[l - 1].activation, letter("aᵢ"));
        let entry = self.delta(l, '·', entry, ["aᵢ", "gᵢ", "s"].map(letter), slope);
        delta.push([letter(format!("δ{here}")).is(whole), letter("δᵢ").is(entry)]);
        let weight = [format!("∂J/∂W{here} = δ{here} (a{below})ᵀ"), format!("∂J/∂wᵢₖ = δᵢ {}{summed}", input(l))];
        let bias = [format!("∂J/∂b{here} = δ{here} 1"), format!("∂J/∂bᵢ = δᵢ{summed}")];
        [delta, vec![weight.map(letter)], vec![bias.map(letter)]]
    }

    /// Whether δ of layer l goes through a softmax that does not cancel.
    fn takes_steps(&self, l: usize) -> bool {
        self.network.layers()[l - 1].activation == Activation::Softmax && !self.cancels(l)
    }

    /// s = Σₖ aₖ gₖ of an example.
    fn s(&self, l: usize, g: &Matrix<f64>, j: usize) -> f64 {
        self.by_hand.layers[l - 1].a.column(j).iter().zip(g.column(j)).map(|(a, g)| a * g).sum()
    }

    pub(crate) fn delta_in_numbers(&self, l: usize, i: usize, j: usize) -> Expr {
        let (a, g) = (Number(self.by_hand.layers[l - 1].a[(i, j)]), self.upstream(l));
        let slope = equations::slope(self.network.layers()[l - 1].activation, a.clone());
        let steps = [a, Number(g[(i, j)]), Number(self.s(l, &g, j))];
        self.delta(l, '·', self.upstream_in_numbers(l, i, j), steps, slope)
    }

    pub(crate) fn weight_gradient_in_numbers(&self, l: usize, i: usize, k: usize) -> Expr {
        products(self.by_hand.layers[l - 1].delta.row_iter(i), self.a_below(l).row_iter(k))
    }

    pub(crate) fn bias_gradient_in_numbers(&self, l: usize, i: usize) -> Expr {
        total(self.by_hand.layers[l - 1].delta.row_iter(i).map(|&delta| Number(delta)))
    }

    fn update(&self, page: &mut Page, l: usize, Updated { learning_rate, network }: &Updated) {
        let (old, hand, new) = (&self.network.layers()[l - 1], &self.by_hand.layers[l - 1], &network.layers()[l - 1]);
        page.heading(&format!("Update, layer {l}: η = {}", on_paper(*learning_rate, 6)));
        page.equations(printed(&update_rules(l)));
        if l == 1 {
            page.paragraph("Every gradient was computed with the old parameters, before any of them changes.");
        }
        let parameters = [
            (Of::Weight, ["W", "w"], &old.weight, &hand.weight_gradient, &new.weight),
            (Of::Bias, ["b", "b"], &old.bias, &hand.bias_gradient, &new.bias),
        ];
        if self.is_abridged() {
            let name = |matrix: &str| cell(matrix.to_owned() + &of_layer(l));
            let rows = parameters.map(|(_, [matrix, _], old, _, new)| {
                vec![name(matrix), cell(old.shape().to_string()), norm(old), norm(new)]
            });
            return page.table(&[("", Left), ("shape", Point), ("‖·‖ before", Point), ("‖·‖ after", Point)], &rows);
        }
        let mut rows = Vec::new();
        for (of, [_, entry], old, gradient, new) in parameters {
            for (_, at, indices) in of.entries(old) {
                let update = update_in_numbers(old[at], *learning_rate, gradient[at]);
                let update = letter(entry.to_owned() + &indices).binary('←', update);
                rows.push(vec![update.print(), result(new[at])]);
            }
        }
        page.table(&[("", Left), ("new value", Point)], &rows);
    }

    /// a⁽ˡ⁻¹⁾
    fn a_below(&self, l: usize) -> &Matrix<f64> {
        if l == 1 { &self.x } else { &self.by_hand.layers[l - 2].a }
    }

    /// Whether l is the last layer and the loss is made for its activation: then δ is a − y, over m.
    fn cancels(&self, l: usize) -> bool {
        l == self.network.layers().len() && self.network.loss() != Loss::LeastSquares
    }

    /// δ, from ∂J/∂a, or ∂J/∂z where the loss is made for the activation. A softmax takes a, g = ∂J/∂a and s.
    fn delta(&self, l: usize, times: char, upstream: Expr, [a, g, s]: [Expr; 3], slope: Expr) -> Expr {
        match self.network.layers()[l - 1].activation {
            activation if self.cancels(l) || activation == Activation::Identity => upstream,
            Activation::Softmax => a.binary(times, g - s),
            _ => upstream.binary(times, slope),
        }
    }

    fn upstream_in_letters(&self, l: usize) -> [Expr; 2] {
        let above = of_layer(l + 1);
        if l < self.network.layers().len() {
            let [w, delta] = ["wₖᵢ", "δₖ"].map(|name| letter(format!("{name}{above}")));
            return [letter(format!("W{above}ᵀ")) * letter(format!("δ{above}")), (w * delta).sum("Σₖ ")];
        }
        let errors = [letter(format!("a{}", of_layer(l))) - letter("y"), letter("aᵢ") - letter("yᵢ")];
        errors.map(|error| if self.m() == 1 { error } else { error / letter("m") })
    }

    fn upstream_in_numbers(&self, l: usize, i: usize, j: usize) -> Expr {
        if let Some(above) = self.by_hand.layers.get(l) {
            return products(self.network.layers()[l].weight.column(i), above.delta.column(j));
        }
        let error = Number(self.by_hand.layers[l - 1].a[(i, j)]) - Number(self.y[(i, j)]);
        if self.m() == 1 { error } else { error / Number(self.m() as f64) }
    }

    /// ∂J/∂a, from the numbers by hand.
    fn upstream(&self, l: usize) -> Matrix<f64> {
        let hand = &self.by_hand.layers[l - 1];
        let mut g = hand.a.clone();
        match self.by_hand.layers.get(l) {
            None => self.network.loss().gradient(&hand.z, &hand.a, &self.y, &mut g),
            Some(above) => matmul(self.network.layers()[l].weight.t(), &above.delta, Write::Replace, &mut g),
        }
        g
    }

    /// A row for each entry of one of the matrices of a layer, or one for all of it.
    fn rows(
        &self,
        l: usize,
        of: Of,
        [matrix, entry]: [&str; 2],
        numbers: fn(&LayerExplanation) -> &Matrix<f64>,
        computation: impl Fn(usize, usize) -> Expr,
    ) -> Vec<Vec<Cell>> {
        let [hand, tape] = [&self.by_hand, &self.by_tape].map(|engine| numbers(&engine.layers[l - 1]));
        if self.is_abridged() {
            let difference = cell(on_paper(largest_difference(hand, tape), 3));
            let name = cell(format!("{matrix}{}", of_layer(l)));
            return vec![vec![name, cell(hand.shape().to_string()), norm(hand), norm(tape), difference]];
        }
        let row = |(example, at, indices): (String, (usize, usize), String)| {
            let equation = letter(format!("{entry}{indices}")).is(computation(at.0, at.1));
            vec![cell(example), equation.print(), result(hand[at]), result(tape[at])]
        };
        of.entries(hand).map(row).collect()
    }

    /// A table of numbers; the column of examples is left out if there is only one.
    fn numbers(&self, page: &mut Page, mut rows: Vec<Vec<Cell>>) {
        if self.is_abridged() {
            return page.table(&ABRIDGED, &rows);
        }
        let first = usize::from(self.m() == 1);
        rows.iter_mut().for_each(|row| drop(row.drain(..first)));
        page.table(&NUMBERS[first..], &rows);
    }
}

const NUMBERS: [(&str, Align); 4] = [("example", Left), ("", Left), ("by hand", Point), ("by tape", Point)];
const ABRIDGED: [(&str, Align); 5] =
    [("", Left), ("shape", Point), ("‖·‖ by hand", Point), ("‖·‖ by tape", Point), ("largest difference", Point)];

fn printed(rules: &[[Expr; 2]]) -> Vec<[Cell; 2]> {
    rules.iter().map(|[whole, entry]| [whole.print(), entry.print()]).collect()
}

/// The equations of the updates of W⁽ˡ⁾ and b⁽ˡ⁾, of matrices and of entries.
pub(crate) fn update_rules(l: usize) -> [[Expr; 2]; 2] {
    let rule = |name: String| letter(format!("{name} ← {name} − η ∂J/∂{name}"));
    [("W", "wᵢₖ"), ("b", "bᵢ")].map(|(matrix, entry)| [rule(matrix.to_owned() + &of_layer(l)), rule(entry.to_owned())])
}

pub(crate) fn update_in_numbers(old: f64, learning_rate: f64, gradient: f64) -> Expr {
    Number(old) - Number(learning_rate) * Number(gradient)
}

/// What the entries of a matrix belong to. An entry has an index i, and a weight k too.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Of {
    /// A unit and an example.
    Unit,
    /// A weight, for all examples.
    Weight,
    /// A bias, for all examples.
    Bias,
}

impl Of {
    /// The example, the position and the indices of each entry, in reading order.
    pub(crate) fn entries(self, matrix: &Matrix<f64>) -> impl Iterator<Item = (String, (usize, usize), String)> {
        let (rows, columns) = (matrix.rows(), matrix.columns());
        let (outer, inner) = if self == Of::Unit { (columns, rows) } else { (rows, columns) };
        (0..outer).flat_map(move |u| (0..inner).map(move |v| (u, v))).map(move |(u, v)| match self {
            Of::Unit => ((u + 1).to_string(), (v, u), index(v)),
            Of::Weight => ("all".to_owned(), (u, v), index(u) + &index(v)),
            Of::Bias => ("all".to_owned(), (u, v), index(u)),
        })
    }
}

/// `0.15 · 0.05 + 0.2 · 0.1`
fn products<'a>(u: impl IntoIterator<Item = &'a f64>, v: impl IntoIterator<Item = &'a f64>) -> Expr {
    total(u.into_iter().zip(v).map(|(&u, &v)| Number(u) * Number(v)))
}

/// The name of an input of a unit of layer l.
fn input(l: usize) -> String {
    if l == 1 { "xₖ".to_owned() } else { "aₖ".to_owned() + &of_layer(l - 1) }
}

/// The subscript of an index: counted from 0 here, from 1 on the page.
fn index(i: usize) -> String {
    subscript(&(i + 1).to_string())
}

/// The norm √(Σ x²), scaled by the largest entry, so that no square overflows.
fn norm(matrix: &Matrix<f64>) -> Cell {
    let unit = largest(matrix.as_slice().iter().map(|x| x.abs())).max(f64::MIN_POSITIVE);
    result(unit * matrix.as_slice().iter().map(|x| (x / unit).powi(2)).sum::<f64>().sqrt())
}

fn result(x: f64) -> Cell {
    cell(on_paper(x, 12))
}

#[cfg(test)]
mod tests {
    use nn_core::{seeded, sigmoid};
    use nn_layers::{Initialization, Network};

    use super::super::page::LINE_WIDTH;
    use super::super::samples::{explanation, mazur, network, two_layers, without_rounding};
    use super::*;

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
                let markdown = two_layers(hidden, output, loss).to_markdown();
                let lines: Vec<Vec<&str>> =
                    markdown.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
                let mut titles = &lines[0];
                for (line, next) in lines.iter().zip(&lines[1..]) {
                    if next.len() > 2 && next[1].starts_with("--") {
                        titles = line;
                    } else if line.len() > 2 && (titles.contains(&"by hand") || titles.contains(&"new value")) {
                        let Some((at, formula)) = line.iter().enumerate().find_map(|(at, cell)| {
                            let (_, formula) = cell.split_once(" = ").or_else(|| cell.split_once(" ← "))?;
                            Some((at, formula))
                        }) else {
                            continue;
                        };
                        let (got, want) = (Calculator(formula).sum(), Calculator(line[at + 1]).sum());
                        assert!((got - want).abs() < 1e-5, "{hidden}, {output}, {loss}: {line:?} gives {got}");
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
}
