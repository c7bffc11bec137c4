//! The worked example as data: one number after the other, in the order in which a person computes.

use nn_core::text::of_layer;

use super::explanation::{Explanation, LayerExplanation, Updated};
use super::expr::Expr;
use super::worked_example::{Of, update_in_numbers, update_rules};

/// The part of a step of gradient descent that a number belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// z and a, from the first layer to the last.
    Forward,
    /// J
    Loss,
    /// δ, ∂J/∂W and ∂J/∂b, from the last layer to the first.
    Backward,
    /// The new weights and biases.
    Update,
}

/// One number: what it is, how it is computed, and what it is by either engine.
///
/// Equations and names are those of [`Explanation::to_text`].
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which part it belongs to.
    pub stage: Stage,
    /// l, from 1; for J it is L.
    pub layer: usize,
    /// What it is an entry of: `z`, `a`, `J`, `δ`, `∂J/∂w`, `∂J/∂b`, `w` or `b`.
    pub symbol: &'static str,
    /// Its name with its indices and its layer: `∂J/∂w₁₂⁽²⁾`.
    pub name: String,
    /// The unit, from 0.
    pub row: usize,
    /// For a weight or its gradient the unit of the layer below, for z, a and δ the example; from 0.
    pub column: usize,
    /// The equation of the matrix that it is an entry of.
    pub in_matrices: String,
    /// The equation of one entry, after those of what it takes where there are any.
    pub in_letters: String,
    /// The same with the numbers in place of the letters, which have six significant digits.
    pub in_numbers: String,
    /// Its value by the δ-recursion.
    pub by_hand: f64,
    /// Its value by the tape. The update is no part of the tape.
    pub by_tape: Option<f64>,
}

impl Explanation {
    /// Every number of the worked example, in the order of computation.
    ///
    /// There are as many as z, a, δ, gradients and new parameters have entries, and the text of each is as long as its
    /// sum has terms: this is for networks that a person can follow.
    ///
    /// ```
    /// use nn_core::{Activation, Loss, Matrix};
    /// use nn_layers::{Dense, Network};
    /// use nn_train::{Precision, explain};
    ///
    /// let neuron = Dense {
    ///     weight: Matrix::from_rows(&[[2.0, -1.0]]),
    ///     bias: Matrix::from_column(&[0.5]),
    ///     activation: Activation::Identity,
    /// };
    /// let network = Network::new(vec![neuron], Loss::LeastSquares)?;
    /// let (x, y) = (Matrix::from_column(&[1.0, 3.0]), Matrix::from_column(&[1.0]));
    /// let steps = explain(&network, &x, &y, None, Precision::F64).steps();
    /// assert_eq!((steps.len(), &steps[0].name[..], steps[0].by_hand), (7, "z₁⁽¹⁾", -0.5));
    /// assert_eq!(steps[0].in_numbers, "2 · 1 − 1 · 3 + 0.5");
    /// # Ok::<(), nn_layers::NetworkError>(())
    /// ```
    pub fn steps(&self) -> Vec<Step> {
        let last = self.network.layers().len();
        let mut steps = Vec::new();
        for l in 1..=last {
            let [z, a] = self.forward_rules(l).map(|rule| Rule::of(&[rule]));
            steps.extend(self.entries(l, z, "z", Of::Unit, |of| &of.z, |i, j| self.z_in_numbers(l, i, j)));
            steps.extend(self.entries(l, a, "a", Of::Unit, |of| &of.a, |i, j| self.a_in_numbers(l, i, j)));
        }
        let rule = Rule::of(&[self.loss_rule()]);
        steps.push(Step {
            stage: Stage::Loss,
            layer: last,
            symbol: "J",
            name: "J".to_owned(),
            row: 0,
            column: 0,
            in_matrices: rule.in_matrices,
            in_letters: rule.in_letters,
            in_numbers: text(&self.loss_in_numbers()),
            by_hand: self.by_hand.loss,
            by_tape: Some(self.by_tape.loss),
        });
        for l in (1..=last).rev() {
            let [delta, weight, bias] = self.backward_rules(l).map(|rules| Rule::of(&rules));
            steps.extend(self.entries(l, delta, "δ", Of::Unit, |of| &of.delta, |i, j| self.delta_in_numbers(l, i, j)));
            let of_weight = |i, k| self.weight_gradient_in_numbers(l, i, k);
            steps.extend(self.entries(l, weight, "∂J/∂w", Of::Weight, |of| &of.weight_gradient, of_weight));
            let of_bias = |i, _| self.bias_gradient_in_numbers(l, i);
            steps.extend(self.entries(l, bias, "∂J/∂b", Of::Bias, |of| &of.bias_gradient, of_bias));
        }
        if let Some(updated) = &self.updated {
            (1..=last).for_each(|l| steps.extend(self.updates(l, updated)));
        }
        steps
    }

    /// A step for each entry of a matrix that both engines have computed.
    fn entries(
        &self,
        l: usize,
        rule: Rule,
        symbol: &'static str,
        of: Of,
        numbers: fn(&LayerExplanation) -> &nn_core::Matrix<f64>,
        in_numbers: impl Fn(usize, usize) -> Expr,
    ) -> impl Iterator<Item = Step> {
        let [hand, tape] = [&self.by_hand, &self.by_tape].map(|engine| numbers(&engine.layers[l - 1]));
        of.entries(hand).map(move |(_, at, indices)| Step {
            stage: if matches!(symbol, "z" | "a") { Stage::Forward } else { Stage::Backward },
            layer: l,
            symbol,
            name: format!("{symbol}{indices}{}", of_layer(l)),
            row: at.0,
            column: at.1,
            in_matrices: rule.in_matrices.clone(),
            in_letters: rule.in_letters.clone(),
            in_numbers: text(&in_numbers(at.0, at.1)),
            by_hand: hand[at],
            by_tape: Some(tape[at]),
        })
    }

    fn updates(&self, l: usize, Updated { learning_rate, network }: &Updated) -> Vec<Step> {
        let (old, hand, new) = (&self.network.layers()[l - 1], &self.by_hand.layers[l - 1], &network.layers()[l - 1]);
        let [weight, bias] = update_rules(l).map(|rule| Rule::of(&[rule]));
        let parameters = [
            (Of::Weight, "w", weight, &old.weight, &hand.weight_gradient, &new.weight),
            (Of::Bias, "b", bias, &old.bias, &hand.bias_gradient, &new.bias),
        ];
        let mut steps = Vec::new();
        for (of, symbol, rule, old, gradient, new) in parameters {
            steps.extend(of.entries(old).map(|(_, at, indices)| Step {
                stage: Stage::Update,
                layer: l,
                symbol,
                name: format!("{symbol}{indices}{}", of_layer(l)),
                row: at.0,
                column: at.1,
                in_matrices: rule.in_matrices.clone(),
                in_letters: rule.in_letters.clone(),
                in_numbers: text(&update_in_numbers(old[at], *learning_rate, gradient[at])),
                by_hand: new[at],
                by_tape: None,
            }));
        }
        steps
    }
}

/// The equations of a matrix and of its entries, printed.
struct Rule {
    in_matrices: String,
    in_letters: String,
}

impl Rule {
    fn of(rules: &[[Expr; 2]]) -> Rule {
        let joined = |column: usize| rules.iter().map(|rule| text(&rule[column])).collect::<Vec<_>>().join("; ");
        Rule { in_matrices: joined(0), in_letters: joined(1) }
    }
}

fn text(expr: &Expr) -> String {
    expr.print().concat()
}

#[cfg(test)]
mod tests {
    use nn_core::text::on_paper;
    use nn_core::{Activation, Loss};

    use super::super::samples::{mazur, two_layers};
    use super::*;

    /// The page and the steps are two views of one computation.
    #[track_caller]
    fn assert_on_paper(explanation: &Explanation) {
        let page: String = explanation.to_markdown().split_whitespace().collect::<Vec<_>>().join(" ");
        for step in explanation.steps() {
            let symbol = if step.stage == Stage::Update { " ← " } else { " = " };
            let entry = step.name.split('⁽').next().unwrap_or_default();
            let number = on_paper(step.by_hand, 12);
            let row = format!("{entry}{symbol}{} | {number}", step.in_numbers);
            assert!(page.contains(&row), "no {row}");
            assert!(page.contains(step.in_letters.rsplit("; ").next().unwrap_or_default()), "no {}", step.in_letters);
        }
    }

    #[test]
    fn each_step_is_a_row_of_the_page() {
        assert_on_paper(&mazur());
        for loss in Loss::ALL {
            let output = loss.activation().unwrap_or(Activation::Softmax);
            assert_on_paper(&two_layers(Activation::Relu, output, loss));
        }
    }

    #[test]
    fn the_page_has_no_row_that_is_no_step() {
        let page = mazur().to_markdown();
        let is_row = |line: &&str| line.starts_with('|') && (line.contains(" = ") || line.contains(" ← "));
        let rows = page.lines().filter(is_row).filter(|line| !line.contains('ᵢ')); // without those in letters
        assert_eq!(mazur().steps().len(), rows.count());
    }

    #[test]
    fn steps_come_forward_then_backward_then_as_updates() {
        let names: Vec<String> = mazur().steps().iter().map(|step| step.name.clone()).collect();
        assert_eq!(names[..5], ["z₁⁽¹⁾", "z₂⁽¹⁾", "a₁⁽¹⁾", "a₂⁽¹⁾", "z₁⁽²⁾"]);
        assert_eq!(names[8..12], ["J", "δ₁⁽²⁾", "δ₂⁽²⁾", "∂J/∂w₁₁⁽²⁾"]);
        assert_eq!((names.len(), &names[36][..]), (37, "b₂⁽²⁾"));
    }
}
