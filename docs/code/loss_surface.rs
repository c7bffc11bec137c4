//! A loss over two weights, as a surface and as a map, and the ways down.
//!
//! The network is the smallest with a hidden layer: a = w₂ tanh(w₁ x), without biases. Its targets are its own outputs for
//! w₁ = w₂ = 1, so that (1, 1) and, because tanh is odd, (−1, −1) cost nothing; at (0, 0) there is a saddle.

use std::ops::Range;

use nn_core::{Activation, Loss, Matrix};
use nn_layers::{ByHand, Dense, Engine, Network};
use nn_train::Optimizer;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::drawing::{
    Area, Axes, Drawn, HEADING, Plane, TEXT, Theme, WIDTH, axes, bold, centered, figure, label, mix, plain,
};

/// The weights shown: −REACH to REACH.
const REACH: f64 = 2.2;

pub(crate) fn network(w1: f64, w2: f64) -> Network<f64> {
    let dense =
        |w: f64, activation| Dense { weight: Matrix::from_rows(&[[w]]), bias: Matrix::from_column(&[0.0]), activation };
    Network::new(vec![dense(w1, Activation::Tanh), dense(w2, Activation::Identity)], Loss::LeastSquares)
        .expect("two layers")
}

/// Nine points from −2 to 2, and the targets.
pub(crate) fn batch() -> [Matrix<f64>; 2] {
    let x = Matrix::from_fn(1, 9, |_, j| -2.0 + 0.5 * j as f64);
    let y = network(1.0, 1.0).predict(&x);
    [x, y]
}

/// J(w₁, w₂)
pub(crate) fn loss(w1: f64, w2: f64) -> f64 {
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

/// A way down that the map shows.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// What happens, in a word.
    what: &'static str,
    /// The weights, from the start on and after each of [`STEPS`] steps.
    pub(crate) steps: Vec<[f64; 2]>,
}

/// Where all ways start, and how long they are.
pub(crate) const START: [f64; 2] = [-2.0, -0.5];
const STEPS: usize = 200;

/// The ways down: a learning rate that is too small, one that is about right, one that is too large, and the small one
/// with momentum.
pub(crate) fn ways() -> [Way; 4] {
    let way = |name, what, optimizer, rate| Way { name, what, steps: descent(START, optimizer, rate, STEPS) };
    [
        way("η = 0.1", "creeps", Optimizer::sgd(), 0.1),
        way("η = 1", "arrives", Optimizer::sgd(), 1.0),
        way("η = 3", "swings out", Optimizer::sgd(), 3.0),
        way("η = 0.1, μ = 0.9", "arrives", Optimizer::momentum(0.9), 0.1),
    ]
}

/// The heights of the lines of the map: between two of them the colour is one.
const LEVELS: [f64; 7] = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0];

/// The colour between two levels: below the first, …, above the last.
fn shade(theme: &Theme, band: usize) -> RGBColor {
    mix(theme.training, theme.paper, band as f64 / LEVELS.len() as f64)
}

/// The band of a height.
fn band(j: f64) -> usize {
    LEVELS.iter().filter(|&&level| j > level).count()
}

/// The surface, seen from above the corner.
pub(crate) fn surface(theme: &Theme) -> Drawn<String> {
    const CELLS: i32 = 26;
    let description = "The loss as a surface over the weights w₁ and w₂: two valleys, around (1, 1) and (−1, −1), a saddle \
                       between them at (0, 0), and walls that rise where the weights have opposite signs.";
    figure(theme, 1020, "A loss over two weights, as a landscape", description, |area| {
        let at = |i: i32| REACH * (2.0 * f64::from(i) / f64::from(CELLS) - 1.0);
        // Turned by 30°, then seen from above at a slant; heights point up.
        let project = |w1: f64, w2: f64, j: f64| {
            let (u, v) = (0.866 * w1 - 0.5 * w2, 0.5 * w1 + 0.866 * w2);
            ((620.0 + 172.0 * u) as i32, (560.0 - 105.0 * v - 88.0 * j) as i32)
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
                .map(|(i, k)| project(at(i), at(k), loss(at(i), at(k))));
            let middle = loss(at(i) + REACH / f64::from(CELLS), at(k) + REACH / f64::from(CELLS));
            area.draw(&Polygon::new(corners, shade(theme, band(middle)).filled()))?;
            area.draw(&PathElement::new(corners, theme.quiet_text.mix(0.35).stroke_width(1)))?;
        }
        // Numbers along the two near edges of the floor, and along a pole at its left corner.
        let tick = |from: (i32, i32), to: (i32, i32), text: &str, pos: Pos| -> Drawn {
            area.draw(&PathElement::new([from, to], theme.quiet_text.stroke_width(3)))?;
            let at = (to.0 + (to.0 - from.0) / 2, to.1 + (to.1 - from.1) / 2);
            area.draw_text(text, &label(theme.quiet_text, TEXT - 4.0).pos(pos), at)?;
            Ok(())
        };
        let (edge, out) = (-REACH, -REACH - 0.12);
        for i in -2..=2 {
            let w = f64::from(i);
            let text = plain(&w);
            tick(project(w, edge, 0.0), project(w, out, 0.0), &text, Pos::new(HPos::Center, VPos::Top))?;
            tick(project(edge, w, 0.0), project(out, w, 0.0), &text, Pos::new(HPos::Right, VPos::Center))?;
        }
        let pole = |j: f64| project(-REACH, REACH, j);
        for i in 1..=4 {
            let at = pole(f64::from(i));
            tick(at, (at.0 - 14, at.1), &i.to_string(), Pos::new(HPos::Right, VPos::Center))?;
        }
        area.draw(&PathElement::new([pole(0.0), pole(4.4)], theme.quiet_text.stroke_width(3)))?;
        area.draw_text("J", &centered(theme.text, TEXT - 2.0), (pole(4.4).0, pole(4.4).1 - 26))?;
        area.draw_text("w₁ (layer 1)", &centered(theme.text, TEXT - 2.0), project(0.5, -3.2, 0.0))?;
        area.draw_text("w₂ (layer 2)", &centered(theme.text, TEXT - 2.0), project(-3.3, -0.2, 0.0))?;
        Ok(())
    })
}

/// A part of the same from straight above, once for each way down.
pub(crate) fn contours(theme: &Theme) -> Drawn<String> {
    let description = "Four maps of the valley around (−1, −1) with a descent from (−2, −0.5) each. With the learning rate 0.1 \
                       the way runs down to the floor of the valley and then hardly moves; with 1 it arrives; with 3 it swings \
                       from side to side, wider and wider, and leaves the map; with 0.1 and momentum it swings at first and \
                       then arrives.";
    let look = Axes { x_name: "w₁", y_name: "w₂", ticks: [4, 4], left: 120, right: 20 };
    let panel_height = PANEL_HEADING + look.height(WIDTH / 2, 1.0);
    figure(theme, HEADING + KEY + 2 * panel_height, "Four ways down", description, |area| {
        key(theme, area)?;
        let (_, panels) = area.split_vertically(KEY);
        for (panel, way) in panels.split_evenly((2, 2)).iter().zip(ways()) {
            let heading = format!("{}: {}", way.name, way.what);
            panel.draw_text(&heading, &bold(theme.text, TEXT - 4.0), (14 + look.left as i32, 4))?;
            let (_, below) = panel.split_vertically(PANEL_HEADING);
            let mut chart = axes(theme, &below, look, PART, PART, [&plain, &plain])?;
            map(theme, &mut chart)?;
            let [mut inside, line] = on_map(&way.steps);
            inside.dedup_by(|next, last| (next.0 - last.0).hypot(next.1 - last.1) < 0.01); // dots on dots
            for (color, extra) in [(theme.page, 4), (theme.mistake, 0)] {
                chart.draw_series(LineSeries::new(line.iter().copied(), color.stroke_width(4 + extra)))?;
                let dot = 5 + extra as i32 / 2;
                chart.draw_series(inside.iter().map(|&point| Circle::new(point, dot, color.filled())))?;
            }
        }
        Ok(())
    })
}

/// The part of both axes that the maps show.
const PART: Range<f64> = -REACH..0.3;

/// The height of the line that says what the colours mean, and of the heading of a map.
const KEY: u32 = 110;
const PANEL_HEADING: u32 = 40;

/// The steps that the map shows: those before the way first leaves it, and the line through them up to the edge.
fn on_map(steps: &[[f64; 2]]) -> [Vec<(f64, f64)>; 2] {
    let is_on = |way: &&[f64; 2]| way.iter().all(|w| PART.contains(w));
    let inside: Vec<(f64, f64)> = steps.iter().take_while(is_on).map(|&[w1, w2]| (w1, w2)).collect();
    let mut line = inside.clone();
    if let (Some(&(w1, w2)), Some(&[next1, next2])) = (inside.last(), steps.get(inside.len())) {
        let edge = |from: f64, to: f64| if to > from { PART.end } else { PART.start };
        let share = |from: f64, to: f64| if to == from { f64::INFINITY } else { (edge(from, to) - from) / (to - from) };
        let share = share(w1, next1).min(share(w2, next2));
        line.push((w1 + share * (next1 - w1), w2 + share * (next2 - w2)));
    }
    [inside, line]
}

/// The bands of height, from the highest level down, and the minimum.
fn map(theme: &Theme, chart: &mut Plane) -> Drawn {
    let Range { start, end } = PART;
    let all = [(start, start), (end, start), (end, end), (start, end)];
    chart.draw_series([Polygon::new(all, shade(theme, LEVELS.len()).filled())])?;
    for (i, &level) in LEVELS.iter().enumerate().rev() {
        for outline in below(level) {
            chart.draw_series([Polygon::new(outline, shade(theme, i).filled())])?;
        }
    }
    chart.draw_series([Cross::new((-1.0, -1.0), 14, theme.page.stroke_width(6))])?;
    Ok(())
}

/// Where J is at most this high: the outlines of the pieces. The network is linear in w₂, so that J over w₂ alone is a
/// parabola, and for each w₁ the piece reaches from one of its roots to the other.
fn below(level: f64) -> Vec<Vec<(f64, f64)>> {
    const COLUMNS: i32 = 125;
    let interval = |w1: f64| -> Option<[f64; 2]> {
        let [low, middle, high] = [-1.0, 0.0, 1.0].map(|w2| loss(w1, w2) - level); // a w₂² + b w₂ + c at three places
        let (a, b, c) = ((low + high) / 2.0 - middle, (high - low) / 2.0, middle);
        let root = (b * b - 4.0 * a * c).sqrt();
        let ends = if a > 1e-12 { [(-b - root) / (2.0 * a), (-b + root) / (2.0 * a)] } else { [PART.start, PART.end] };
        let is_below = if a > 1e-12 { root >= 0.0 } else { c <= 0.0 };
        let ends = ends.map(|w2| w2.clamp(PART.start, PART.end));
        (is_below && ends[0] < ends[1]).then_some(ends)
    };
    let columns: Vec<(f64, Option<[f64; 2]>)> = (0..=COLUMNS)
        .map(|i| PART.start + (PART.end - PART.start) * f64::from(i) / f64::from(COLUMNS))
        .map(|w1| (w1, interval(w1)))
        .collect();
    let pieces = columns.chunk_by(|a, b| a.1.is_some() == b.1.is_some()).filter(|piece| piece[0].1.is_some());
    let outline = |piece: &[(f64, Option<[f64; 2]>)]| {
        let side = |end: usize| piece.iter().filter_map(move |&(w1, ends)| Some((w1, ends?[end])));
        side(0).chain(side(1).rev()).collect()
    };
    pieces.map(outline).collect()
}

/// What the colours of the maps mean: a swatch for each band, and the level between two.
fn key(theme: &Theme, area: &Area) -> Drawn {
    let (left, top, width) = (260, 8, 115);
    area.draw_text("loss J", &label(theme.text, TEXT - 2.0), (134, top + 4))?;
    for i in 0..=LEVELS.len() {
        let x = left + width * i as i32;
        area.draw(&Rectangle::new([(x, top), (x + width, top + 40)], shade(theme, i).filled()))?;
        if let Some(level) = LEVELS.get(i) {
            let style = label(theme.quiet_text, TEXT - 4.0).pos(Pos::new(HPos::Center, VPos::Top));
            area.draw_text(&plain(level), &style, (x + width, top + 48))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the chapter says of each way.
    #[test]
    fn ways_down_do_what_the_book_says() {
        let [small, right, large, momentum] = ways().map(|way| way.steps);
        let j = |way: &[[f64; 2]], step: usize| loss(way[step][0], way[step][1]);
        for step in [1, 5, 20, 100, 200] {
            assert!(j(&right, step) < j(&small, step), "after {step}");
        }
        assert!(j(&small, 200) > 0.5 * j(&small, 20), "creeps");
        assert!(j(&large, 0) < j(&large, 1) && j(&large, 1) < j(&large, 5) && j(&large, 5) < j(&large, 20), "grows");
        let floor = large[..7].iter().map(|[_, w2]| w2 + 0.84).collect::<Vec<_>>();
        assert!(floor.windows(2).all(|pair| pair[0] * pair[1] < 0.0), "swings from side to side: {floor:?}");
        assert!(j(&momentum, 20) < 1.5 * j(&small, 20) && j(&momentum, 100) < 0.25 * j(&small, 100), "catches up");
        assert!(j(&momentum, 200) < 0.01 * j(&small, 200) && j(&momentum, 200) < j(&right, 200), "wins");
    }

    #[test]
    fn outlines_are_at_their_level() {
        for level in LEVELS {
            for (w1, w2) in below(level).concat().into_iter().filter(|(_, w2)| (-2.199..0.299).contains(w2)) {
                assert!((loss(w1, w2) - level).abs() < 1e-9, "({w1}, {w2}) at {level}");
            }
        }
    }

    #[test]
    fn a_way_ends_at_the_edge_of_the_map() {
        let [inside, line] = on_map(&[[-2.0, -1.0], [-1.7, -1.7], [-0.7, -2.7], [-1.0, -1.0]]);
        assert_eq!(inside, [(-2.0, -1.0), (-1.7, -1.7)]);
        assert_eq!(line.len(), 3);
        assert!((line[2].0 + 1.2).abs() < 1e-12 && (line[2].1 - PART.start).abs() < 1e-12, "{line:?}");
    }
}
