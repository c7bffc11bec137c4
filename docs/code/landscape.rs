//! A cost over two weights, as a surface and as a map, and the ways down.
//!
//! The network is the smallest with a hidden layer: a = w₂ tanh(w₁ x), without biases. Its targets are its own outputs for
//! w₁ = w₂ = 1, so that (1, 1) and, because tanh is odd, (−1, −1) cost nothing; at (0, 0) there is a saddle.

use nn_core::{Activation, Loss, Matrix};
use nn_layers::{ByHand, Dense, Engine, Network};
use nn_train::Optimizer;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::drawing::{
    Area, Axes, Drawn, Plane, TEXT, Theme, axes, centered, figure, label, legend, mix, plain, raster,
};

/// The weights shown: −REACH to REACH.
const REACH: f64 = 2.2;

fn network(w1: f64, w2: f64) -> Network<f64> {
    let dense =
        |w: f64, activation| Dense { weight: Matrix::from_rows(&[[w]]), bias: Matrix::from_column(&[0.0]), activation };
    Network::new(vec![dense(w1, Activation::Tanh), dense(w2, Activation::Identity)], Loss::LeastSquares)
        .expect("two layers")
}

/// Nine points from −2 to 2, and the targets.
fn batch() -> [Matrix<f64>; 2] {
    let x = Matrix::from_fn(1, 9, |_, j| -2.0 + 0.5 * j as f64);
    let y = network(1.0, 1.0).predict(&x);
    [x, y]
}

/// J(w₁, w₂)
pub(crate) fn cost(w1: f64, w2: f64) -> f64 {
    let [x, y] = batch();
    network(w1, w2).loss_and_outputs(&x, &y).0
}

/// The weights of a descent, step by step. The biases are left at 0.
pub(crate) fn descent([w1, w2]: [f64; 2], mut optimizer: Optimizer<f64>, rate: f64, steps: usize) -> Vec<[f64; 2]> {
    let [x, y] = batch();
    let mut engine = ByHand::new(network(w1, w2));
    engine.set_batch(&x, &y);
    let mut way = vec![[w1, w2]];
    for _ in 0..steps {
        engine.loss_and_gradients();
        optimizer.update(engine.parameters_mut().step_by(2), rate); // W⁽¹⁾, b⁽¹⁾, W⁽²⁾, b⁽²⁾: every second one is a weight
        let weight = |l: usize| engine.network().layers()[l].weight[(0, 0)];
        way.push([weight(0), weight(1)]);
    }
    way
}

/// The descents that the map shows: name, start, optimiser, learning rate, steps.
pub(crate) fn descents() -> [(&'static str, Vec<[f64; 2]>); 3] {
    let start = [-1.9, 1.1];
    [
        ("η = 0.1", descent(start, Optimizer::sgd(), 0.1, 150)),
        ("η = 1.6", descent(start, Optimizer::sgd(), 1.6, 40)),
        ("η = 0.1, μ = 0.9", descent(start, Optimizer::momentum(0.9), 0.1, 150)),
    ]
}

/// A colour for a height: bands, so that they read like the lines of a map.
fn shade(theme: &Theme, j: f64) -> RGBColor {
    let height = (j / 4.5).clamp(0.0, 1.0).sqrt();
    mix(theme.training, theme.paper, (height * 12.0).floor() / 12.0)
}

/// The surface, seen from above the corner.
pub(crate) fn surface(theme: &Theme) -> Drawn<String> {
    const CELLS: i32 = 26;
    let description = "The cost as a surface over the weights w₁ and w₂: two valleys, around (1, 1) and (−1, −1), a saddle \
                       between them at (0, 0), and walls that rise where the weights have opposite signs.";
    figure(theme, 940, "A cost over two weights, as a landscape", description, |area| {
        let at = |i: i32| REACH * (2.0 * f64::from(i) / f64::from(CELLS) - 1.0);
        // Turned by 30°, then seen from above at a slant; heights point up.
        let project = |w1: f64, w2: f64, j: f64| {
            let (u, v) = (0.866 * w1 - 0.5 * w2, 0.5 * w1 + 0.866 * w2);
            ((640.0 + 195.0 * u) as i32, (560.0 - 105.0 * v - 88.0 * j.min(5.0)) as i32)
        };
        let frame = [(-REACH, -REACH), (REACH, -REACH), (REACH, REACH), (-REACH, REACH), (-REACH, -REACH)];
        let floor = frame.map(|(w1, w2)| project(w1, w2, 0.0));
        area.draw(&PathElement::new(floor, theme.quiet_text.stroke_width(3)))?;
        // From the far corner to the near one, so that what is in front hides what is behind.
        let mut cells: Vec<(i32, i32)> = (0..CELLS).flat_map(|i| (0..CELLS).map(move |k| (i, k))).collect();
        cells.sort_by(|a, b| {
            (0.5 * f64::from(b.0) + 0.866 * f64::from(b.1)).total_cmp(&(0.5 * f64::from(a.0) + 0.866 * f64::from(a.1)))
        });
        for (i, k) in cells {
            let corners = [(i, k), (i + 1, k), (i + 1, k + 1), (i, k + 1)]
                .map(|(i, k)| project(at(i), at(k), cost(at(i), at(k))));
            let middle = cost(at(i) + REACH / f64::from(CELLS), at(k) + REACH / f64::from(CELLS));
            area.draw(&Polygon::new(corners, shade(theme, middle).filled()))?;
            area.draw(&PathElement::new(corners, theme.quiet_text.mix(0.35).stroke_width(1)))?;
        }
        for (text, (w1, w2)) in [("w₁ (layer 1)", (0.3, -3.0)), ("w₂ (layer 2)", (2.75, -1.0))] {
            area.draw_text(text, &centered(theme.text, TEXT - 2.0), project(w1, w2, 0.0))?;
        }
        for (w1, w2) in [(-REACH, -REACH), (REACH, -REACH)] {
            let (x, y) = project(1.25 * w1, 1.25 * w2, 0.0);
            let text = format!("({w1}, {w2})").replace('-', "−");
            area.draw_text(&text, &centered(theme.quiet_text, TEXT - 6.0), (x.clamp(110, 1170), y))?;
        }
        let up = [project(-REACH, REACH, 0.0), project(-REACH, REACH, 5.0)];
        area.draw(&PathElement::new(up, theme.quiet_text.stroke_width(3)))?;
        let style = label(theme.text, TEXT - 2.0).pos(Pos::new(HPos::Right, VPos::Center));
        area.draw_text("J", &style, (up[1].0 - 10, up[1].1 + 10))?;
        Ok(())
    })
}

/// The same from straight above, with three ways down.
pub(crate) fn contours(theme: &Theme) -> Drawn<String> {
    let description = "A map of the same cost with three descents from (−1.9, 1.1). With a small learning rate the way \
                       runs smoothly down into a valley and then creeps; with a large one it jumps across the valley at first; with \
                       momentum it overshoots, turns, and closes in on the minimum.";
    figure(theme, 1180, "Three ways down", description, |area| {
        let ways = descents();
        let colors = [theme.text, theme.mistake, theme.held_out];
        let names: Vec<_> = ways.iter().zip(colors).map(|((name, _), color)| (*name, color)).collect();
        legend(theme, area, (150, 22), &names)?;
        let (_, below) = area.split_vertically(50);
        map(theme, &below, |chart| {
            for ((_, way), color) in ways.iter().zip(colors) {
                let points = || way.iter().map(|&[w1, w2]| (w1, w2));
                chart.draw_series(LineSeries::new(points(), color.stroke_width(4)))?;
                chart.draw_series(points().take(40).map(|point| Circle::new(point, 6, color.filled())))?;
            }
            Ok(())
        })
    })
}

fn map(theme: &Theme, area: &Area, draw: impl FnOnce(&mut Plane) -> Drawn) -> Drawn {
    const CELLS: usize = 88;
    let look =
        Axes { x_name: "w₁ (weight of layer 1)", y_name: "w₂ (weight of layer 2)", ticks: [5, 5], right: 30 };
    let mut chart = axes(theme, area, look, -REACH..REACH, -REACH..REACH, [&plain, &plain])?;
    let middle = |i: usize| REACH * ((2 * i + 1) as f64 / CELLS as f64 - 1.0);
    let colors: Vec<RGBColor> =
        (0..CELLS * CELLS).map(|cell| shade(theme, cost(middle(cell % CELLS), middle(cell / CELLS)))).collect();
    raster(&mut chart, [&(-REACH..REACH), &(-REACH..REACH)], CELLS, &colors)?;
    for minimum in [(1.0, 1.0), (-1.0, -1.0)] {
        chart.draw_series([Cross::new(minimum, 14, theme.page.stroke_width(5))])?;
    }
    draw(&mut chart)
}
