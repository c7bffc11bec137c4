//! The classic mistakes in a δ-recursion, made on purpose, and how far each is from the gradient.

use nn_core::{Activation, Loss, Matrix, Write, matmul, normal, seeded};
use nn_layers::{ByHand, ByTape, Engine, Initialization, Network, hidden_delta, parameter_gradients};
use nn_train::sgd_update;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::drawing::{Axes, Drawn, LEFT_OF_NUMBERS, TEXT, Theme, axes, figure, label, power};

/// A mistake: what was done, and the gradients ∂J/∂W⁽¹⁾ and ∂J/∂b⁽¹⁾ that it gives.
pub(crate) type Mistake = (&'static str, [Matrix<f64>; 2]);

/// The learning rate of the parameters that are updated too early, as in the chapter on the δ-recursion.
const LEARNING_RATE: f64 = 0.5;

/// A 4-4-4 network with tanh, least squares, and a batch of so many: square weights, so that a forgotten transpose fits.
fn setting(examples: usize) -> (Network<f64>, Matrix<f64>, Matrix<f64>) {
    let rng = &mut seeded(1);
    let layers = [(4, Activation::Tanh), (4, Activation::Tanh)];
    let network =
        Network::random(4, &layers, Loss::LeastSquares, Initialization::Glorot, rng).expect("layers that fit");
    let x = Matrix::from_fn(4, examples, |_, _| normal(rng));
    let y = Matrix::from_fn(4, examples, |_, _| normal(rng));
    (network, x, y)
}

/// The same with a batch of five.
fn batch_of_five() -> (Network<f64>, Matrix<f64>, Matrix<f64>) {
    setting(5)
}

/// ∂J/∂W⁽¹⁾ and ∂J/∂b⁽¹⁾ by an engine.
fn gradients(engine: &mut impl Engine<f64>, x: &Matrix<f64>, y: &Matrix<f64>) -> [Matrix<f64>; 2] {
    engine.set_batch(x, y);
    engine.loss_and_gradients();
    [engine.layer(0).weight_gradient.clone(), engine.layer(0).bias_gradient.clone()]
}

/// The gradients by hand, every mistake in the order of the book, and last the gradients by tape.
pub(crate) fn mistakes() -> ([Matrix<f64>; 2], Vec<Mistake>) {
    mistakes_in(batch_of_five())
}

fn mistakes_in((network, x, y): (Network<f64>, Matrix<f64>, Matrix<f64>)) -> ([Matrix<f64>; 2], Vec<Mistake>) {
    let m = x.columns();
    let mut by_hand = ByHand::new(network.clone());
    let right = gradients(&mut by_hand, &x, &y);
    let (first, second) = (by_hand.layer(0), by_hand.layer(1));
    let above = &network.layers()[1].weight;
    let slope = |a: &Matrix<f64>| a.map(|a| 1.0 - a * a); // tanh′
    let product = |weight, delta: &Matrix<f64>| {
        let mut back = Matrix::zeros(4, m);
        let weight: nn_core::MatrixView<f64> = weight;
        matmul(weight, delta, Write::Replace, &mut back);
        back
    };
    let times = |mut u: Matrix<f64>, v: &Matrix<f64>| {
        u.zip_in_place(v, |u, v| u * v);
        u
    };
    let from = |delta: &Matrix<f64>| {
        let [mut weight, mut bias] = [Matrix::zeros(0, 0), Matrix::zeros(0, 0)];
        parameter_gradients(delta, &x, &mut weight, &mut bias);
        [weight, bias]
    };
    let mut difference = second.a.clone();
    difference.zip_in_place(&y, |a, y| (a - y) / m as f64);
    let no_slope_above = times(product(above.t(), &difference), &slope(first.a));
    let no_slope_here = product(above.t(), second.delta);
    let not_transposed = times(product(above.view(), second.delta), &slope(first.a));
    let slope_of_z = times(product(above.t(), second.delta), &slope(first.z));
    let next_example = Matrix::from_fn(4, m, |i, j| first.delta[(i, (j + 1) % m)]);
    let of = |f: &dyn Fn(f64) -> f64| right.clone().map(|gradient| gradient.map(f));
    let mistakes = vec![
        ("σ′ left out, output", from(&no_slope_above)),
        ("σ′ left out, hidden", from(&no_slope_here)),
        ("W not transposed", from(&not_transposed)),
        ("σ′ taken at z for a", from(&slope_of_z)),
        ("1/m missing", of(&|g| m as f64 * g)),
        ("sign turned", of(&|g| -g)),
        ("updated too early", from(&delta_after_update(&network, &by_hand, LEARNING_RATE))),
        ("wrong example", from(&next_example)),
        ("none: the tape", gradients(&mut ByTape::new(&network), &x, &y)),
    ];
    (right, mistakes)
}

/// δ⁽¹⁾ as it comes out when W⁽²⁾ has taken its step before δ⁽²⁾ is passed back through it.
pub(crate) fn delta_after_update(network: &Network<f64>, engine: &ByHand<f64>, learning_rate: f64) -> Matrix<f64> {
    let (first, second) = (engine.layer(0), engine.layer(1));
    let mut above = network.layers()[1].clone();
    sgd_update(&mut above.weight, second.weight_gradient, learning_rate);
    let mut delta = Matrix::zeros(0, 0);
    hidden_delta(&above, second.delta, network.layers()[0].activation, first.a, &mut delta);
    delta
}

#[cfg(test)] // a number of the pages
/// How far ∂J/∂W⁽¹⁾ is off when W⁽²⁾ takes a step of this learning rate too early.
pub(crate) fn distance_of_updating_early(learning_rate: f64) -> f64 {
    let (network, x, y) = batch_of_five();
    let mut engine = ByHand::new(network.clone());
    let [right, _] = gradients(&mut engine, &x, &y);
    let [mut weight, mut bias] = [Matrix::zeros(0, 0), Matrix::zeros(0, 0)];
    parameter_gradients(&delta_after_update(&network, &engine, learning_rate), &x, &mut weight, &mut bias);
    norm_wise(&weight, &right)
}

/// max |got − want| / max |want|
pub(crate) fn norm_wise(got: &Matrix<f64>, want: &Matrix<f64>) -> f64 {
    let pairs = got.as_slice().iter().zip(want.as_slice());
    let largest = want.as_slice().iter().fold(0.0_f64, |largest, w| largest.max(w.abs()));
    pairs.fold(0.0_f64, |worst, (g, w)| worst.max((g - w).abs())) / largest
}

/// Each mistake's distance from the gradient as a bar.
pub(crate) fn distances(theme: &Theme) -> Drawn<String> {
    let ([right, _], mistakes) = mistakes();
    let description = "Bars on a logarithmic scale from 1e-16 to 10. Eight classic mistakes are between 0.3 and 4 away \
                       from the gradient, norm-wise; the right gradient by the other engine is at 1e-15 or below, far under the bound of \
                       1e-13.";
    figure(theme, 960, "Right to rounding, or far off", description, |area| {
        let look = Axes {
            x_name: "norm-wise difference from ∂J/∂W⁽¹⁾",
            y_name: "",
            ticks: [6, 1],
            left: LEFT_OF_NUMBERS,
            right: 30,
        };
        let (names, bars) = area.split_horizontally(290);
        let blank = |_: &f64| String::new();
        let rows = mistakes.len() as f64;
        let mut chart = axes(theme, &bars, look, (1e-16..10.0).log_scale(), 0.0..rows, [&power, &blank])?;
        for (i, (name, [got, _])) in mistakes.iter().enumerate() {
            // Rounding noise is a matter of the machine: what is drawn is the bound that the tests hold it to.
            let is_right = i + 1 == mistakes.len();
            let distance = if is_right { 1e-15 } else { norm_wise(got, &right) };
            let (top, color) = (rows - i as f64, if is_right { theme.fourth } else { theme.mistake });
            chart.draw_series([Rectangle::new([(1e-16, top - 0.2), (distance, top - 0.8)], color.filled())])?;
            let (_, y) = chart.backend_coord(&(1.0, top - 0.5));
            let style = label(theme.text, TEXT - 4.0).pos(Pos::new(HPos::Right, VPos::Center));
            let name = if is_right { format!("{name}, at most") } else { (*name).to_owned() };
            names.draw_text(&name, &style, (370, y - names.get_base_pixel().1))?;
        }
        chart.draw_series(LineSeries::new([(1e-13, 0.0), (1e-13, rows)], theme.text.stroke_width(4)))?;
        let style = label(theme.text, TEXT - 4.0).pos(Pos::new(HPos::Left, VPos::Center));
        chart.draw_series([EmptyElement::at((1e-13, 0.5)) + Text::new("bound 10⁻¹³", (12, 0), style)])?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Book;

    /// How far each mistake is from the right gradients of W⁽¹⁾ and b⁽¹⁾ with so many examples.
    fn distances_of(examples: usize) -> Vec<(&'static str, [f64; 2])> {
        let (right, mistakes) = mistakes_in(setting(examples));
        mistakes.into_iter().map(|(name, got)| (name, [0, 1].map(|i| norm_wise(&got[i], &right[i])))).collect()
    }

    fn distance(of: &[(&'static str, [f64; 2])], name: &str) -> [f64; 2] {
        of.iter().find(|(known, _)| *known == name).expect("a mistake of this name").1
    }

    /// What the book says that gives each mistake away.
    #[test]
    fn mistakes_show_where_the_book_says() {
        let (one, five) = (distances_of(1), distances_of(5));
        for (name, [weight, _]) in &five {
            assert_eq!(*weight < 1e-13, *name == "none: the tape", "{name}: {weight}");
        }
        for name in ["1/m missing", "wrong example"] {
            assert_eq!(distance(&one, name), [0.0; 2], "{name}: right for a batch of one");
        }
        let [_, bias] = distance(&five, "wrong example");
        assert!(bias < 1e-15, "all errors are added, whichever example they are taken for: {bias}");
        for (distance, factor) in [(distance(&five, "1/m missing"), 4.0), (distance(&five, "sign turned"), 2.0)] {
            assert!(distance.iter().all(|d| (d - factor).abs() < 1e-14), "{distance:?}");
        }
        let [early, tenth] = [0.5, 0.05].map(distance_of_updating_early);
        assert!((early / tenth - 10.0).abs() < 1e-9, "proportional to the learning rate: {early}, {tenth}");
    }

    /// The first cells of a table of mistakes, without their mathematics.
    fn mistakes_of(page: &str, header: &str) -> Vec<String> {
        let book = Book::read();
        let page = book.pages.iter().find(|of| of.name == page).expect("a page").text.clone();
        let (_, table) = page.split_once(header).expect("a table");
        let plain =
            |cell: &str| cell.replace("\\sigma'", "σ′").replace("\\d{l}", "δ").replace('$', "").trim().to_owned();
        table
            .lines()
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .map(|line| plain(line.split('|').nth(1).unwrap_or_default()))
            .collect()
    }

    /// The chapter on the δ-recursion promises it.
    #[test]
    fn each_slip_of_the_pages_is_made_and_measured() {
        let (_, made) = mistakes();
        let promised = mistakes_of("delta-recursion.md", "| slip | how it shows |");
        let explained = mistakes_of("agreement.md", "| mistake | what gives it away |");
        assert!(promised.len() >= 6 && explained.len() >= 7, "{promised:?} {explained:?}");
        for (what, slips) in [("promised", &promised), ("explained", &explained)] {
            for slip in slips {
                assert!(made.iter().any(|(name, _)| name.starts_with(&slip[..])), "{slip} is {what}, but not measured");
            }
        }
        let (_, mistakes) = made.split_last().expect("the tape comes last");
        for (name, _) in mistakes {
            assert!(explained.iter().any(|slip| name.starts_with(&slip[..])), "{name} is measured, but not explained");
        }
    }
}
