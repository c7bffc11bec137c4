//! The classic mistakes in a δ-recursion, made on purpose, and how far each is from the gradient.

use nn_core::{Activation, Loss, Matrix, Write, matmul, normal, seeded};
use nn_layers::{ByHand, ByTape, Engine, Initialization, Network};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::drawing::{Axes, Drawn, TEXT, Theme, axes, figure, label, power};

/// A mistake: what was done, and the gradient ∂J/∂W⁽¹⁾ that it gives.
pub(crate) type Slip = (&'static str, Matrix<f64>);

/// A 4-4-4 network with tanh, least squares, and a batch of five: square weights, so that a forgotten transpose fits.
fn setting() -> (Network<f64>, Matrix<f64>, Matrix<f64>) {
    let rng = &mut seeded(1);
    let layers = [(4, Activation::Tanh), (4, Activation::Tanh)];
    let network =
        Network::random(4, &layers, Loss::LeastSquares, Initialization::Glorot, rng).expect("layers that fit");
    let x = Matrix::from_fn(4, 5, |_, _| normal(rng));
    let y = Matrix::from_fn(4, 5, |_, _| normal(rng));
    (network, x, y)
}

fn gradient(engine: &mut impl Engine<f64>, x: &Matrix<f64>, y: &Matrix<f64>) -> Matrix<f64> {
    engine.set_batch(x, y);
    engine.loss_and_gradients();
    engine.layer(0).weight_gradient.clone()
}

/// Every mistake, in the order of the book, and how far the tape is from the gradient by hand.
pub(crate) fn slips() -> (Matrix<f64>, Vec<Slip>) {
    let (network, x, y) = setting();
    let mut by_hand = ByHand::new(network.clone());
    let right = gradient(&mut by_hand, &x, &y);
    let (first, second) = (by_hand.layer(0), by_hand.layer(1));
    let above = &network.layers()[1].weight;
    let slope = |a: &Matrix<f64>| a.map(|a| 1.0 - a * a); // tanh′
    let product = |weight, delta: &Matrix<f64>| {
        let mut back = Matrix::zeros(4, 5);
        let weight: nn_core::MatrixView<f64> = weight;
        matmul(weight, delta, Write::Replace, &mut back);
        back
    };
    let times = |mut u: Matrix<f64>, v: &Matrix<f64>| {
        u.zip_in_place(v, |u, v| u * v);
        u
    };
    let weight_gradient = |delta: &Matrix<f64>| {
        let mut gradient = Matrix::zeros(4, 4);
        matmul(delta, x.t(), Write::Replace, &mut gradient);
        gradient
    };
    let mut difference = second.a.clone();
    difference.zip_in_place(&y, |a, y| (a - y) / 5.0);
    let no_slope_above = times(product(above.t(), &difference), &slope(first.a));
    let no_slope_here = product(above.t(), second.delta);
    let not_transposed = times(product(above.view(), second.delta), &slope(first.a));
    let slope_of_z = times(product(above.t(), second.delta), &slope(first.z));
    let slips = vec![
        ("σ′ left out, output", weight_gradient(&no_slope_above)),
        ("σ′ left out, hidden", weight_gradient(&no_slope_here)),
        ("W not transposed", weight_gradient(&not_transposed)),
        ("σ′ taken at z for a", weight_gradient(&slope_of_z)),
        ("1/m forgotten", right.map(|g| 5.0 * g)),
        ("sign turned", right.map(|g| -g)),
        ("none: the tape", gradient(&mut ByTape::new(&network), &x, &y)),
    ];
    (right, slips)
}

/// max |got − want| / max |want|
pub(crate) fn norm_wise(got: &Matrix<f64>, want: &Matrix<f64>) -> f64 {
    let pairs = got.as_slice().iter().zip(want.as_slice());
    let largest = want.as_slice().iter().fold(0.0_f64, |largest, w| largest.max(w.abs()));
    pairs.fold(0.0_f64, |worst, (g, w)| worst.max((g - w).abs())) / largest
}

/// Each mistake's distance from the gradient as a bar.
pub(crate) fn distances(theme: &Theme) -> Drawn<String> {
    let (right, slips) = slips();
    let description = "Bars on a logarithmic scale from 1e-16 to 10. Six classic mistakes are between a tenth and four away \
                       from the gradient, norm-wise; the right gradient by the other engine is at 1e-15 or below, far under the bound of \
                       1e-13.";
    figure(theme, 800, "A mistake is never small", description, |area| {
        let look = Axes { x_name: "norm-wise difference from ∂J/∂W⁽¹⁾", y_name: "", ticks: [6, 1], right: 30 };
        let (names, bars) = area.split_horizontally(330);
        let blank = |_: &f64| String::new();
        let rows = slips.len() as f64;
        let mut chart = axes(theme, &bars, look, (1e-16..10.0).log_scale(), 0.0..rows, [&power, &blank])?;
        for (i, (name, got)) in slips.iter().enumerate() {
            // Rounding noise is a matter of the machine: it is drawn as the bound that the tests hold it to, at most.
            let is_right = i + 1 == slips.len();
            let distance = if is_right { 1e-15 } else { norm_wise(got, &right) };
            let (top, color) = (rows - i as f64, if is_right { theme.fourth } else { theme.mistake });
            chart.draw_series([Rectangle::new([(1e-16, top - 0.2), (distance, top - 0.8)], color.filled())])?;
            let (_, y) = chart.backend_coord(&(1.0, top - 0.5));
            let style = label(theme.text, TEXT - 4.0).pos(Pos::new(HPos::Right, VPos::Center));
            names.draw_text(name, &style, (410, y - names.get_base_pixel().1))?;
        }
        chart.draw_series(LineSeries::new([(1e-13, 0.0), (1e-13, rows)], theme.text.stroke_width(4)))?;
        let style = label(theme.text, TEXT - 4.0);
        chart.draw_series([EmptyElement::at((1e-13, 0.35)) + Text::new("bound 10⁻¹³", (12, -14), style)])?;
        Ok(())
    })
}
