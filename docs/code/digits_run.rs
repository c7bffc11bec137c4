//! The digits: one run, looked at from four sides.

use std::ops::ControlFlow;

use nn_core::{Activation, Loss, Matrix, seeded};
use nn_layers::{ByHand, Engine, Initialization, Network};
use nn_train::{
    ConfusionMatrix, DataSet, Examples, Optimizer, Plan, Standardization, Trainer, digits, predicted_class, split,
};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::drawing::{Area, Axes, Drawn, LEFT, TEXT, Theme, axes, bold, centered, figure, label, legend, mix, plain};

/// What one training of a network on the digits gave.
#[derive(Clone, Debug)]
pub struct Run {
    /// J on the training digits, epoch by epoch, as they were used.
    pub training_loss: Vec<f64>,
    /// J on the held-out digits after each epoch.
    pub held_out_loss: Vec<f64>,
    /// The share of held-out digits read right, in percent.
    pub held_out_percent: Vec<f64>,
    /// a⁽ᴸ⁾ of the held-out digits: a column of ten probabilities for each.
    pub outputs: Matrix<f64>,
    /// The network in the end.
    pub network: Network<f64>,
}

/// The digits, apart: to learn from, and held out; and the held-out ones as pictures.
#[derive(Clone, Debug)]
pub struct Digits {
    /// Standardised, to learn from.
    pub train: Examples<f64>,
    /// Standardised, held out.
    pub held_out: Examples<f64>,
    /// Held out, as pictures of 0 to 16.
    pub pictures: DataSet,
}

impl Digits {
    /// The digits of `nn train digits`.
    pub fn new() -> Self {
        let mut data = digits();
        let rows = split(&data, 0.2);
        let pictures = data.subset(&rows.validation);
        Standardization::fit(&data.subset(&rows.train).x).apply(&mut data.x);
        let examples = |rows: &[usize]| Examples::new(&data.subset(rows), 10);
        Digits { train: examples(&rows.train), held_out: examples(&rows.validation), pictures }
    }
}

impl Default for Digits {
    fn default() -> Self {
        Self::new()
    }
}

/// The network of `nn train digits`, 64-64-10 in f64, before it has learnt anything.
///
/// # Panics
///
/// Never: the layers fit.
pub fn untrained() -> Network<f64> {
    let layers = [(64, Activation::Relu), (10, Activation::Softmax)];
    Network::random(64, &layers, Loss::CrossEntropy, Initialization::He, &mut seeded(1)).expect("layers that fit")
}

impl Run {
    /// Trains a network by an engine for so many epochs, with the settings of `nn train digits`.
    ///
    /// # Panics
    ///
    /// Panics if the training diverges.
    pub fn new(engine: impl Engine<f64>, digits: &Digits, epochs: usize) -> Self {
        let plan = Plan { epochs, batch_size: 32, learning_rate: 0.2, ..Plan::default() };
        let mut trainer = Trainer::new(engine, Optimizer::sgd(), plan);
        let [mut training_loss, mut held_out_loss, mut held_out_percent] = [const { Vec::new() }; 3];
        for epoch in 1..=epochs {
            let report = trainer.epoch(&digits.train, epoch, |_| ControlFlow::Continue(())).expect("a finite loss");
            let evaluation = digits.held_out.evaluate(&trainer.network());
            training_loss.push(report.loss);
            held_out_loss.push(evaluation.loss);
            held_out_percent.extend(evaluation.accuracy.map(|share| 100.0 * share));
        }
        let network = trainer.into_network();
        let outputs = network.predict(&digits.held_out.x);
        Run { training_loss, held_out_loss, held_out_percent, outputs, network }
    }

    /// The run of the chapter on digits: by hand, 30 epochs.
    pub fn of_the_book(digits: &Digits) -> Self {
        Run::new(ByHand::new(untrained()), digits, 30)
    }

    /// Which of the held-out digits were read wrong.
    pub fn mistakes(&self, digits: &Digits) -> Vec<usize> {
        let labels = digits.held_out.labels.as_deref().unwrap_or_default();
        (0..labels.len()).filter(|&j| predicted_class(&self.outputs, j) != labels[j]).collect()
    }

    /// Rows are what the digits are, columns what the network says.
    pub fn confusion(&self, digits: &Digits) -> ConfusionMatrix {
        let names: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
        ConfusionMatrix::new(&self.outputs, digits.held_out.labels.as_deref().unwrap_or_default(), &names)
    }
}

/// Losses and accuracy over the epochs.
pub(crate) fn curves(theme: &Theme, run: &Run) -> Drawn<String> {
    let epochs = run.training_loss.len();
    let description = "Two panels over 30 epochs. Upper: the training loss falls steadily on a logarithmic scale, the held-out \
                       loss falls and then levels off. Lower: held-out accuracy rises to 98 percent and stays about there.";
    figure(theme, 1150, "Learning to read: loss and accuracy", description, |area| {
        legend(theme, area, (150, 22), &[("training", theme.training), ("held-out", theme.held_out)])?;
        let (_, panels) = area.split_vertically(60);
        let panels = panels.split_evenly((2, 1));
        let x = 0.5..epochs as f64 + 0.5;
        let look = Axes { x_name: "", y_name: "loss J (nats)", ticks: [7, 4], left: LEFT, right: 30 };
        let mut losses = axes(theme, &panels[0], look, x.clone(), (0.001..2.0).log_scale(), [&plain, &plain])?;
        for (values, color) in [(&run.training_loss, theme.training), (&run.held_out_loss, theme.held_out)] {
            let curve = (1..).map(f64::from).zip(values.iter().copied());
            losses.draw_series(LineSeries::new(curve, color.stroke_width(5)))?;
        }
        let look = Axes {
            x_name: "epoch (rounds through the digits)",
            y_name: "accuracy (%)",
            ticks: [7, 5],
            left: LEFT,
            right: 30,
        };
        let mut accuracy = axes(theme, &panels[1], look, x, 90.0..100.0, [&plain, &plain])?;
        let curve = (1..).map(f64::from).zip(run.held_out_percent.iter().copied());
        accuracy.draw_series(LineSeries::new(curve, theme.held_out.stroke_width(5)))?;
        Ok(())
    })
}

/// How often each digit is read as each.
pub(crate) fn confusion(theme: &Theme, digits: &Digits, run: &Run) -> Drawn<String> {
    let counts = run.confusion(digits);
    let description = "A ten by ten table. The diagonal, digits read right, is dark with 32 to 36 each; five cells off the \
                       diagonal hold a 1, a 2 or a 3.";
    figure(theme, 1240, "What it says of each digit", description, |area| {
        let (left, top, cell) = (190, 130, 100);
        area.draw_text("what the network says", &centered(theme.text, TEXT), (left + 5 * cell, 30))?;
        let style = label(theme.text, TEXT).pos(Pos::new(HPos::Center, VPos::Center));
        area.draw_text("what the digit is", &style.transform(FontTransform::Rotate270), (50, top + 5 * cell))?;
        for truth in 0..10 {
            let along = |digit: usize, start: i32| start + digit as i32 * cell + cell / 2;
            area.draw_text(&truth.to_string(), &centered(theme.quiet_text, TEXT), (left - 40, along(truth, top)))?;
            area.draw_text(&truth.to_string(), &centered(theme.quiet_text, TEXT), (along(truth, left), top - 34))?;
            for said in 0..10 {
                let count = counts.count(truth, said);
                let color = if truth == said { theme.training } else { theme.mistake };
                let share = if truth == said { count as f64 / 40.0 } else { (count as f64 / 3.0).min(1.0) };
                let (x, y) = (left + said as i32 * cell, top + truth as i32 * cell);
                let corners = [(x + 3, y + 3), (x + cell - 3, y + cell - 3)];
                area.draw(&Rectangle::new(corners, mix(theme.paper, color, 0.95 * share).filled()))?;
                if count > 0 {
                    let ink = if share > 0.5 { theme.page } else { theme.text };
                    area.draw_text(&count.to_string(), &centered(ink, TEXT), (x + cell / 2, y + cell / 2))?;
                }
            }
        }
        Ok(())
    })
}

/// A picture of 8 × 8 pixels in these colours, or the paper; equal neighbours in a row are one rectangle.
///
/// # Errors
///
/// As plotters.
pub fn picture(area: &Area, (x, y): (i32, i32), pixel: i32, pixels: &[Option<RGBColor>]) -> Drawn {
    let size = 8 * pixel;
    for (row, pixels) in (0..).zip(pixels.chunks(8)) {
        let mut left = 0;
        for run in pixels.chunk_by(|a, b| a == b) {
            let right = left + run.len() as i32;
            // Each is one unit too large: then nothing shimmers through the seams when the drawing is scaled.
            let corner = (size.min(pixel * right + 1), size.min(pixel * (row + 1) + 1));
            let corners = [(x + pixel * left, y + pixel * row), (x + corner.0, y + corner.1)];
            if let Some(color) = run[0] {
                area.draw(&Rectangle::new(corners, color.filled()))?;
            }
            left = right;
        }
    }
    Ok(())
}

/// W⁽¹⁾ as it was drawn at random, as the training left it, and what the training changed.
pub(crate) fn weights_before_and_after(run: &Run) -> [Matrix<f64>; 3] {
    let [before, after] = [&untrained(), &run.network].map(|network| network.layers()[0].weight.clone());
    let mut change = after.clone();
    change.zip_in_place(&before, |after, before| after - before);
    [before, after, change]
}

/// The length of these weights as a vector.
pub(crate) fn length<'a>(weights: impl IntoIterator<Item = &'a f64>) -> f64 {
    weights.into_iter().map(|w| w * w).sum::<f64>().sqrt()
}

/// The weights of the eight hidden units that the training changed most, as pictures.
pub(crate) fn weights(theme: &Theme, run: &Run) -> Drawn<String> {
    const PIXEL: i32 = 17;
    let all = weights_before_and_after(run);
    let mut units: Vec<usize> = (0..all[0].rows()).collect();
    let change = |unit: usize| length(all[2].row_iter(unit));
    units.sort_by(|&a, &b| change(b).total_cmp(&change(a)));
    units.truncate(8);
    let shown = || all.iter().flat_map(|weights| units.iter().flat_map(|&unit| weights.row_iter(unit)));
    let largest = shown().fold(0.0_f64, |largest, w| largest.max(w.abs()));
    let description = "Three rows of eight pictures of eight by eight pixels, the weights of eight hidden units: blue where ink \
                       excites the unit, orange where it inhibits it. The first row, the random start, is noise; the second, \
                       after the training, looks much the same; in the third, the change, neighbouring pixels form patches.";
    figure(theme, 790, "What hidden units look for", description, |area| {
        let names = [("ink excites", theme.training), ("ink inhibits", theme.held_out)];
        legend(theme, area, (12, 22), &names)?;
        let headings = ["at the start: drawn at random", "after 30 epochs", "what the training changed: after − start"];
        for (row, (weights, heading)) in (0..).zip(all.iter().zip(headings)) {
            let top = 66 + row * 208;
            area.draw_text(heading, &label(theme.text, TEXT - 3.0), (12, top))?;
            for (column, &unit) in (0..).zip(&units) {
                let pixels: Vec<_> = (weights.row_iter(unit))
                    .map(|w| {
                        let color = if *w > 0.0 { theme.training } else { theme.held_out };
                        Some(mix(theme.paper, color, (1.3 * w.abs() / largest * 8.0).round().min(8.0) / 8.0))
                    })
                    .collect();
                let x = 12 + column * 158;
                picture(area, (x, top + 44), PIXEL, &pixels)?;
                if row == 2 {
                    let name = format!("unit {}", unit + 1);
                    area.draw_text(&name, &label(theme.quiet_text, TEXT - 4.0), (x, top + 44 + 8 * PIXEL + 10))?;
                }
            }
        }
        Ok(())
    })
}

/// The mistakes, with what the network said and what is right.
pub(crate) fn mistakes(theme: &Theme, digits: &Digits, run: &Run) -> Drawn<String> {
    const PIXEL: i32 = 22;
    let labels = digits.held_out.labels.as_deref().ok_or("digits without labels")?;
    let wrong = run.mistakes(digits);
    let description = "Held-out digits that the network reads wrong, each with the network's answer, its probability, and \
                       the right answer. Several are hard for people too.";
    let rows = wrong.len().min(10).div_ceil(5) as u32;
    let title = format!("{} of {} held-out digits are read wrong", wrong.len(), labels.len());
    figure(theme, 80 + rows * 310, &title, description, |area| {
        for (place, &j) in wrong.iter().take(10).enumerate() {
            let at = (20 + place as i32 % 5 * 256, 20 + place as i32 / 5 * 310);
            let pixels: Vec<_> = (digits.pictures.x.column(j).iter())
                .map(|ink| Some(mix(theme.paper, theme.text, ink / 16.0)))
                .collect();
            picture(area, at, PIXEL, &pixels)?;
            let said = predicted_class(&run.outputs, j);
            let share = 100.0 * run.outputs[(said, j)];
            let below = at.1 + 8 * PIXEL + 12;
            area.draw_text(&format!("says {said}: {share:.0} %"), &bold(theme.mistake, TEXT - 6.0), (at.0, below))?;
            area.draw_text(&format!("it is a {}", labels[j]), &label(theme.text, TEXT - 6.0), (at.0, below + 38))?;
        }
        Ok(())
    })
}
