//! Drawings of networks and of the tape, with the numbers that the engines compute.

use nn_autodiff::{Op, Tape};
use nn_core::Matrix;
use nn_layers::{ByHand, ByTape, Engine};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::drawing::{
    Area, Axes, Drawn, HEADING, TEXT, Theme, WIDTH, axes, bold, centered, figure, label, legend, mix, plain,
};
use crate::letters::width;
use crate::mazur::two_two_two;

const RADIUS: i32 = 84;

fn circle(theme: &Theme, area: &Area, at: (i32, i32), color: RGBColor, lines: [&str; 2]) -> Drawn {
    area.draw(&Circle::new(at, RADIUS, mix(theme.paper, color, 0.12).filled()))?;
    area.draw(&Circle::new(at, RADIUS, color.stroke_width(4)))?;
    area.draw_text(lines[0], &centered(theme.text, TEXT - 2.0), (at.0, at.1 - 20))?;
    area.draw_text(lines[1], &centered(color, TEXT - 4.0), (at.0, at.1 + 20))?;
    Ok(())
}

/// A line with a text on it, at this share of its length, where the line has a gap.
fn labelled_line(
    theme: &Theme,
    area: &Area,
    [from, to]: [(i32, i32); 2],
    share: f64,
    (text, color): (&str, RGBColor),
) -> Drawn {
    let along = |share: f64| {
        let between = |a: i32, b: i32| a + (f64::from(b - a) * share).round() as i32;
        (between(from.0, to.0), between(from.1, to.1))
    };
    let (half_width, half_height) = (width(text, TEXT - 4.0, false) / 2.0 + 10.0, 24.0);
    let (dx, dy) = (f64::from(to.0 - from.0).abs(), f64::from(to.1 - from.1).abs());
    let gap = (half_width / dx).min(half_height / dy);
    for part in [[from, along(share - gap)], [along(share + gap), to]] {
        area.draw(&PathElement::new(part, theme.quiet_text.stroke_width(3)))?;
    }
    area.draw_text(text, &centered(color, TEXT - 4.0), along(share))?;
    Ok(())
}

/// The 2-2-2 network: units as circles, weights on the lines, written by `forward` or backward.
fn network(theme: &Theme, area: &Area, forward: bool) -> Drawn {
    let (network, x, y) = two_two_two();
    let mut engine = ByHand::new(network.clone());
    engine.set_batch(&x, &y);
    engine.loss_and_gradients();
    let (columns, rows) = ([150, 620, 1090], [170, 520]);
    let color = if forward { theme.training } else { theme.held_out };
    for l in 0..2 {
        let values = if forward { &network.layers()[l].weight } else { engine.layer(l).weight_gradient };
        for (i, k) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let (from, to) = ((columns[l] + RADIUS, rows[k]), (columns[l + 1] - RADIUS, rows[i]));
            let text = if forward { format!("{:.2}", values[(i, k)]) } else { short(values[(i, k)]) };
            // A third of the way, where the four lines are apart.
            labelled_line(theme, area, [from, to], 0.3, (&text, color))?;
        }
    }
    for (k, &row) in rows.iter().enumerate() {
        let name = ["₁", "₂"][k];
        circle(theme, area, (columns[0], row), theme.quiet_text, [&format!("x{name}"), &format!("{:.2}", x[(k, 0)])])?;
        for l in 0..2 {
            let values = engine.layer(l);
            let raised = ["⁽¹⁾", "⁽²⁾"][l];
            let (letter, number) = if forward { ("a", values.a[(k, 0)]) } else { ("δ", values.delta[(k, 0)]) };
            circle(theme, area, (columns[l + 1], row), color, [&format!("{letter}{name}{raised}"), &short(number)])?;
        }
        let text = if forward { format!("target {:.2}", y[(k, 0)]) } else { "from J".to_owned() };
        area.draw_text(&text, &centered(theme.quiet_text, TEXT - 4.0), (columns[2], row + RADIUS + 30))?;
    }
    for (column, text) in columns.into_iter().zip(["layer 0: input", "layer 1: hidden", "layer 2: output"]) {
        area.draw_text(text, &centered(theme.text, TEXT - 2.0), (column, 44))?;
    }
    Ok(())
}

/// Four decimals, or three digits where that says too little.
fn short(x: f64) -> String {
    let text = if x.abs() < 0.001 { format!("{x:.6}") } else { format!("{x:.4}") };
    text.replace('-', "−")
}

/// The worked network, forward.
pub(crate) fn network_forward(theme: &Theme) -> Drawn<String> {
    let description = "Two inputs, two hidden units, two outputs. On each line its weight, in each circle the activation \
                       that the forward pass gives it.";
    figure(theme, 740, "The 2-2-2 network, forward", description, |area| network(theme, area, true))
}

/// The worked network, backward.
pub(crate) fn network_backward(theme: &Theme) -> Drawn<String> {
    let description = "The same network. In each circle of layers 1 and 2 the error δ of the unit, on each line the \
                       gradient of its weight.";
    figure(theme, 740, "The 2-2-2 network, backward", description, |area| network(theme, area, false))
}

/// How the error of the first hidden unit comes from those of the output units.
pub(crate) fn hidden_error(theme: &Theme) -> Drawn<String> {
    let (network, x, y) = two_two_two();
    let mut engine = ByHand::new(network.clone());
    engine.set_batch(&x, &y);
    engine.loss_and_gradients();
    let (hidden, output) = (engine.layer(0), engine.layer(1));
    let weights = [0, 1].map(|k| network.layers()[1].weight[(k, 0)]);
    let terms = [0, 1].map(|k| weights[k] * output.delta[(k, 0)]);
    let slope = nn_core::sigmoid_derivative(hidden.a[(0, 0)]);
    let description = "From right to left: the errors of two output units, each multiplied by the weight of its line; their \
                       sum; the slope of the activation; and the product, which is the error of the hidden unit.";
    figure(theme, 690, "The error of a hidden unit, from right to left", description, |area| {
        let (columns, rows, middle) = ([150, 620, 1090], [170, 520], 345);
        for k in [0, 1] {
            let name = ["δ₁⁽²⁾", "δ₂⁽²⁾"][k];
            circle(theme, area, (columns[2], rows[k]), theme.held_out, [name, &short(output.delta[(k, 0)])])?;
            let (from, to) = ((columns[2] - RADIUS, rows[k]), (columns[1] + RADIUS, middle));
            labelled_line(theme, area, [from, to], 0.4, (&format!("× {:.2}", weights[k]), theme.training))?;
        }
        circle(theme, area, (columns[1], middle), theme.held_out, ["sum", &short(terms[0] + terms[1])])?;
        let quiet = centered(theme.quiet_text, TEXT - 4.0);
        area.draw_text(
            &format!("{} − {}", short(terms[0]), short(-terms[1])),
            &quiet,
            (columns[1], middle + RADIUS + 30),
        )?;
        let (from, to) = ((columns[1] - RADIUS, middle), (columns[0] + RADIUS, middle));
        labelled_line(theme, area, [from, to], 0.5, (&format!("× {}", short(slope)), theme.training))?;
        circle(theme, area, (columns[0], middle), theme.held_out, ["δ₁⁽¹⁾", &short(hidden.delta[(0, 0)])])?;
        area.draw_text("slope σ′(z₁)", &quiet, ((from.0 + to.0) / 2, middle + 50))?;
        for (column, text) in columns.into_iter().zip(["layer 1: error", "layer 1: ∂J/∂a₁", "layer 2: errors"]) {
            area.draw_text(text, &centered(theme.text, TEXT - 2.0), (column, 44))?;
        }
        Ok(())
    })
}

/// The tape of the worked network: steps as boxes, in the order of the list from top to bottom.
pub(crate) fn tape(theme: &Theme) -> Drawn<String> {
    let (network, x, y) = two_two_two();
    let mut engine = ByTape::new(&network);
    engine.set_batch(&x, &y);
    engine.loss_and_gradients();
    let tape: &Tape<f64> = engine.tape();
    let description = "A graph from top to bottom. Inputs x and y and the parameters W1, b1, W2, b2 are on the sides; in the \
                       middle z1, a1, z2, a2 and J, each with its value and its adjoint. Arrows run from operands to results.";
    figure(theme, 1460, "The tape of the 2-2-2 network", description, |area| {
        legend(theme, area, (12, 22), &[("value", theme.text), ("adjoint", theme.held_out)])?;
        let (_, area) = area.split_vertically(50);
        let text = tape.to_string();
        let names: Vec<&str> =
            text.lines().skip(2).map(|line| line.split_whitespace().next().unwrap_or_default()).collect();
        // Leaves left and right of the step that reads them, results down the middle.
        let place = |name: &str| -> (i32, i32) {
            match name {
                "x" => (MIDDLE, 80),
                "W1" => (LEFT, 310),
                "b1" => (RIGHT, 310),
                "z1" => (MIDDLE, 310),
                "a1" => (MIDDLE, 540),
                "W2" => (LEFT, 770),
                "b2" => (RIGHT, 770),
                "z2" => (MIDDLE, 770),
                "a2" => (MIDDLE, 1000),
                "y" => (LEFT, 1230),
                _ => (MIDDLE, 1230),
            }
        };
        // Name, value and adjoint stand in a box below each other; a matrix takes a line for each of its rows.
        let half = |name: &str| if name.starts_with('W') { 114 } else { 76 };
        for var in tape.vars() {
            let to = place(names[var.index()]);
            for operand in tape.op(var).operands() {
                let name = names[operand.index()];
                let from = place(name);
                let ends = match (to.0 - from.0).signum() {
                    0 => [(from.0, from.1 + half(name)), (to.0, to.1 - half("z") - 4)],
                    side => [(from.0 + side * HALF, from.1), (to.0 - side * (HALF + 4), to.1)],
                };
                arrow(theme, &area, ends)?;
            }
        }
        for var in tape.vars() {
            let name = names[var.index()];
            let (x, y) = place(name);
            let (color, is) = match tape.op(var) {
                Op::Input => (theme.quiet_text, ","),
                Op::Parameter => (theme.fourth, ","),
                _ => (theme.training, " ="),
            };
            let corners = [(x - HALF, y - half(name)), (x + HALF, y + half(name))];
            area.draw(&Rectangle::new(corners, mix(theme.paper, color, 0.08).filled()))?;
            area.draw(&Rectangle::new(corners, color.stroke_width(4)))?;
            let style = bold(theme.text, TEXT - 4.0).pos(Pos::new(HPos::Center, VPos::Center));
            let heading = format!("{}: {name}{is} {}", var.index(), tape.op(var).name());
            let mut lines = vec![(heading, style)];
            lines.extend(rows(tape.value(var)).into_iter().map(|row| (row, centered(theme.text, TEXT - 4.0))));
            if !matches!(tape.op(var), Op::Input) {
                let adjoint = rows(tape.gradient(var)).into_iter();
                lines.extend(adjoint.map(|row| (row, centered(theme.held_out, TEXT - 4.0))));
            }
            for (place, (line, style)) in (0..).zip(&lines) {
                area.draw_text(line, style, (x, y - half(name) + 34 + 42 * place))?;
            }
        }
        Ok(())
    })
}

/// The middles of the tape's three columns of boxes, and half the width of a box.
const LEFT: i32 = 194;
const MIDDLE: i32 = WIDTH as i32 / 2;
const RIGHT: i32 = WIDTH as i32 - LEFT;
const HALF: i32 = 182;

/// A number, a column on one line, or the rows of a matrix.
fn rows(matrix: &Matrix<f64>) -> Vec<String> {
    match matrix.as_slice() {
        [one] => vec![short(*one)],
        [one, other] => vec![format!("[{}; {}]", short(*one), short(*other))],
        _ => (0..matrix.rows()).map(|i| matrix.row_iter(i).map(|&x| short(x)).collect::<Vec<_>>().join("  ")).collect(),
    }
}

fn arrow(theme: &Theme, area: &Area, [from, to]: [(i32, i32); 2]) -> Drawn {
    area.draw(&PathElement::new([from, to], theme.quiet_text.stroke_width(4)))?;
    let (dx, dy) = ((to.0 - from.0).signum() * 14, (to.1 - from.1).signum() * 14);
    let wings = [(to.0 - dx - dy, to.1 - dy - dx), to, (to.0 - dx + dy, to.1 - dy + dx)];
    area.draw(&PathElement::new(wings, theme.quiet_text.stroke_width(4)))?;
    Ok(())
}

/// What an affine map does to the plane: a grid, and where it goes.
pub(crate) fn affine_map(theme: &Theme) -> Drawn<String> {
    let weight = Matrix::from_rows(&[[1.2, -0.5], [0.4, 0.8]]);
    let bias = Matrix::from_column(&[0.5, -0.3]);
    let map = |x: f64, y: f64| {
        let mut z = Matrix::zeros(2, 1);
        nn_core::affine(&weight, &Matrix::from_column(&[x, y]), &bias, &mut z);
        (z[(0, 0)], z[(1, 0)])
    };
    let description = "Two panels. Left: a square grid around the origin with a shaded square. Right: its image under the \
                       affine map: lines stay lines and stay parallel, the square becomes a parallelogram, and the origin moves to b.";
    let look = |[x_name, y_name]: [&'static str; 2]| Axes { x_name, y_name, ticks: [7, 7], left: 120, right: 20 };
    let height = HEADING + look(["x₁", "x₂"]).height(WIDTH / 2, 1.0);
    figure(theme, height, "An affine map: stretched, turned, moved", description, |area| {
        let panels = area.split_evenly((1, 2));
        type Map<'a> = &'a dyn Fn(f64, f64) -> (f64, f64);
        let identity = |x: f64, y: f64| (x, y);
        let sides: [(&Area, Map, [&'static str; 2], &str); 2] =
            [(&panels[0], &identity, ["x₁", "x₂"], "0"), (&panels[1], &map, ["z₁", "z₂"], "b")];
        for (panel, map, names, origin) in sides {
            let mut chart = axes(theme, panel, look(names), -3.3..3.3, -3.3..3.3, [&plain, &plain])?;
            let cell = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map(|(x, y)| map(x, y));
            chart.draw_series([Polygon::new(cell, theme.held_out.mix(0.35))])?;
            for i in -3..=3 {
                let t = f64::from(i) * 0.5;
                for line in [[map(t, -1.5), map(t, 1.5)], [map(-1.5, t), map(1.5, t)]] {
                    chart.draw_series(LineSeries::new(line, theme.training.stroke_width(3)))?;
                }
            }
            chart.draw_series([Circle::new(map(0.0, 0.0), 9, theme.mistake.filled())])?;
            let text = Text::new(origin.to_owned(), (-30, 8), label(theme.mistake, TEXT));
            chart.draw_series([EmptyElement::at(map(0.0, 0.0)) + text])?;
        }
        Ok(())
    })
}
