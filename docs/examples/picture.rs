//! Draws the picture of README.md: one network trained by both engines, and what it then says of digits that it was not
//! shown.
//!
//! ```text
//! cargo run --release -p nn-docs --example picture
//! ```
//!
//! writes `docs/picture.svg`, for light pages, and `docs/picture-dark.svg`. The training is that of `nn train digits`,
//! in f64, and what
//! is drawn of it is rounded coarsely, so that another machine, which rounds its sums differently, draws the same.

use std::error::Error;

use nn_core::Matrix;
use nn_docs::digits_run::{self, Digits, Run, untrained};
use nn_docs::drawing::{Area, DARK, LIGHT, Theme, bold, label, mix, svg};
use nn_layers::{ByHand, ByTape};
use nn_train::{DataSet, accuracy, predicted_class};
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const EPOCHS: usize = 12;

/// The drawing's size. plotters rounds to whole units, so there are two to a pixel of the picture's nominal size.
const SIZE: (u32, u32) = (2000, 890);

fn main() -> Result<(), Box<dyn Error>> {
    let digits = Digits::new();
    let network = untrained();
    let by_hand = Run::new(ByHand::new(network.clone()), &digits, EPOCHS);
    let by_tape = Run::new(ByTape::new(&network), &digits, EPOCHS);
    let difference = difference(&by_hand, &by_tape);
    println!("largest difference between the two engines' curves: {difference:.0e}");
    assert!(difference < 1e-9, "the picture says that the curves are the same");

    for theme in [LIGHT, DARK] {
        let path = format!("{}/picture{}.svg", env!("CARGO_MANIFEST_DIR"), theme.suffix);
        std::fs::write(&path, picture(&theme, &by_hand, &by_tape, &digits.pictures)?)?;
        println!("{path}");
    }
    Ok(())
}

fn difference(one: &Run, other: &Run) -> f64 {
    let curves = |run: &Run| [&run.training_loss[..], &run.held_out_loss, &run.held_out_percent].concat();
    curves(one).iter().zip(curves(other)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// A drawing in the colours of one theme.
fn picture(theme: &Theme, by_hand: &Run, by_tape: &Run, pictures: &DataSet) -> Result<String, Box<dyn Error>> {
    let right = 100.0 * accuracy(&by_hand.outputs, pictures.labels().ok_or("digits without labels")?);
    let title = "One network, trained by both engines, reads handwritten digits";
    let description = format!(
        "Left: training loss, held-out loss and held-out accuracy over {EPOCHS} epochs. The gradients taken by hand draw the lines, those taken by the tape draw the circles, and every circle lies on its line; the accuracy ends at {right:.1} %. Right: held-out digits with the network's answer and its probability, and below them mistakes with the right answer."
    );
    svg(SIZE, title, &description, |area| {
        area.fill(&theme.page)?;
        let (left, right) = area.split_horizontally(1110);
        curves(theme, &left, by_hand, by_tape)?;
        answers(theme, &right, &by_hand.outputs, pictures)
    })
}

/// The left half: the losses over the epochs, and below them the accuracy.
fn curves(theme: &Theme, area: &Area, by_hand: &Run, by_tape: &Run) -> Result<(), Box<dyn Error>> {
    area.draw_text("Every gradient twice: the same curves", &heading(theme), (30, 26))?;
    let legend = label(theme.quiet_text, 25.0).pos(Pos::new(HPos::Left, VPos::Center));
    area.draw(&PathElement::new([(30, 84), (86, 84)], theme.quiet_text.stroke_width(4)))?;
    area.draw_text("by hand", &legend, (100, 84))?;
    area.draw(&Circle::new((246, 84), 9, theme.quiet_text.stroke_width(3)))?;
    area.draw_text("by tape", &legend, (268, 84))?;

    let (_, below) = area.split_vertically(110);
    let (upper, lower) = below.split_vertically(430);

    let losses = [
        ("training", theme.training, [&by_hand.training_loss[..], &by_tape.training_loss]),
        ("held-out", theme.held_out, [&by_hand.held_out_loss, &by_tape.held_out_loss]),
    ];
    panel(theme, &upper, ["", "loss J (nats)"], (0.009..1.0).log_scale(), &losses)?;
    let accuracy = [("held-out", theme.held_out, [&by_hand.held_out_percent[..], &by_tape.held_out_percent])];
    panel(theme, &lower, ["epoch (rounds through the training digits)", "accuracy (%)"], 90.0..100.0, &accuracy)
}

/// A curve's name, its colour, and its values, one for each epoch, as the engines found them: by hand and by tape.
type Curve<'a> = (&'static str, RGBColor, [&'a [f64]; 2]);

/// Curves over the epochs, each named at its end.
fn panel<Y>(
    theme: &Theme,
    area: &Area,
    [x_name, y_name]: [&str; 2],
    y: Y,
    curves: &[Curve],
) -> Result<(), Box<dyn Error>>
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .margin_right(130)
        .x_label_area_size(if x_name.is_empty() { 44 } else { 74 })
        .y_label_area_size(120)
        .build_cartesian_2d(0.5..EPOCHS as f64 + 0.5, y)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(theme.grid.stroke_width(2))
        .axis_style(theme.quiet_text.stroke_width(2))
        .label_style(label(theme.quiet_text, 24.0))
        .axis_desc_style(label(theme.text, 25.0))
        .x_labels(EPOCHS + 1)
        .x_label_formatter(&|epoch| format!("{epoch:.0}"))
        .x_desc(x_name)
        .y_labels(3)
        .y_label_formatter(&|y| y.to_string())
        .y_desc(y_name)
        .draw()?;
    for &(name, color, engines) in curves {
        let [by_hand, by_tape] = engines.map(|values| (1..).map(f64::from).zip(values.iter().copied()));
        chart.draw_series(LineSeries::new(by_hand.clone(), color.stroke_width(4)))?;
        chart.draw_series(by_tape.map(|point| Circle::new(point, 9, color.stroke_width(3))))?;
        let style = label(color, 25.0).pos(Pos::new(HPos::Left, VPos::Center));
        chart.draw_series(by_hand.last().map(|end| EmptyElement::at(end) + Text::new(name, (22, 0), style)))?;
    }
    Ok(())
}

const COLUMNS: usize = 6;
const PIXEL: i32 = 14;
const PICTURE: i32 = 8 * PIXEL;

/// The right half: three rows from all over the held-out digits that it got right, and a row of mistakes.
fn answers(theme: &Theme, area: &Area, outputs: &Matrix<f64>, pictures: &DataSet) -> Result<(), Box<dyn Error>> {
    let labels = pictures.labels().ok_or("digits without labels")?;
    let (right, mistakes): (Vec<usize>, Vec<usize>) =
        (0..labels.len()).partition(|&j| predicted_class(outputs, j) == labels[j]);
    let shown = mistakes.len().min(COLUMNS);
    let title = format!("Held-out digits: {} of {} right", right.len(), labels.len());
    area.draw_text(&title, &heading(theme), (20, 26))?;
    let what = label(theme.quiet_text, 25.0).pos(Pos::new(HPos::Left, VPos::Center));
    area.draw_text("what the network says, and how sure it is", &what, (20, 84))?;
    let title = format!("{shown} of its {} mistakes", mistakes.len());
    area.draw_text(&title, &heading(theme).color(&theme.mistake), (20, 638))?;

    let rows = (0..3 * COLUMNS)
        .map(|place| (right[place * right.len() / (3 * COLUMNS)], 116 + 170 * (place / COLUMNS) as i32));
    let places = rows.chain(mistakes.into_iter().take(COLUMNS).map(|j| (j, 694)));
    for (place, (j, y)) in places.enumerate() {
        let x = 20 + 142 * (place % COLUMNS) as i32;
        let (said, truth) = (predicted_class(outputs, j), labels[j]);
        let below = y + PICTURE + 14;
        let mut color = theme.text;
        if said != truth {
            color = theme.mistake;
            area.draw(&Rectangle::new([(x - 5, y - 5), (x + PICTURE + 5, y + PICTURE + 5)], color.filled()))?;
            area.draw_text(&format!("truth: {truth}"), &label(theme.text, 25.0), (x, below + 30))?;
        }
        digit(theme, area, pictures.x.column(j), (x, y))?;
        area.draw_text(&said.to_string(), &bold(color, 25.0), (x, below))?;
        let sure = label(theme.quiet_text, 25.0).pos(Pos::new(HPos::Right, VPos::Top));
        area.draw_text(&percent(outputs.column(j)[said]), &sure, (x + PICTURE, below))?;
    }
    Ok(())
}

/// A picture of 8 × 8 pixels, 0 (paper) to 16 (ink).
fn digit(theme: &Theme, area: &Area, pixels: &[f64], at: (i32, i32)) -> Result<(), Box<dyn Error>> {
    let (x, y) = at;
    area.draw(&Rectangle::new([at, (x + PICTURE, y + PICTURE)], theme.paper.filled()))?;
    let colors: Vec<Option<RGBColor>> =
        pixels.iter().map(|&ink| (ink > 0.0).then(|| mix(theme.paper, theme.text, ink / 16.0))).collect();
    digits_run::picture(area, at, PIXEL, &colors)
}

/// A probability; "100 %" would claim more than a softmax ever says.
fn percent(probability: f64) -> String {
    if probability >= 0.995 { ">99 %".to_owned() } else { format!("{:.0} %", 100.0 * probability) }
}

fn heading(theme: &Theme) -> TextStyle<'static> {
    bold(theme.text, 31.0)
}
