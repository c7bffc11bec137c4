//! XOR, moons and spirals: what a network makes of every point of the plane, while it learns.

use std::ops::ControlFlow;

use nn_core::{Activation, Loss, Matrix, seeded};
use nn_layers::{ByHand, Initialization, Network};
use nn_train::{DataSet, Examples, Optimizer, Plan, Trainer, moons, spirals, xor};
use plotters::prelude::*;

use crate::drawing::{Axes, Drawn, HEADING, TEXT, Theme, WIDTH, axes, bold, figure, legend, mix, plain, raster};

/// A task of the plane: its data, its network, and the epochs after which it is looked at.
pub(crate) struct Task {
    data: DataSet,
    network: Network<f64>,
    plan: Plan,
    looks: [usize; 4],
    reach: [std::ops::Range<f64>; 2],
}

impl Task {
    /// All its points.
    pub(crate) fn examples(&self) -> Examples<f64> {
        Examples::new(&self.data, self.network.outputs())
    }
}

/// What one look shows.
pub(crate) struct Look {
    pub(crate) epoch: usize,
    pub(crate) network: Network<f64>,
    /// The share of all points that is right, in percent.
    pub(crate) percent: f64,
}

fn task(
    data: DataSet,
    layers: &[(usize, Activation)],
    loss: Loss,
    plan: Plan,
    looks: [usize; 4],
    reach: [std::ops::Range<f64>; 2],
) -> Task {
    let network = Network::random(2, layers, loss, Initialization::Glorot, &mut seeded(1)).expect("layers that fit");
    let plan = Plan { epochs: looks[3], ..plan };
    Task { data, network, plan, looks, reach }
}

/// Four points, four tanh units, one sigmoid output.
pub(crate) fn xor_task() -> Task {
    let layers = [(4, Activation::Tanh), (1, Activation::Sigmoid)];
    let plan = Plan { batch_size: 4, learning_rate: 0.5, shuffle: false, ..Plan::default() };
    let reach = [-0.6..1.6, -0.6..1.6];
    task(xor(), &layers, Loss::BinaryCrossEntropy, plan, [0, 40, 90, 300], reach)
}

/// Two half moons.
pub(crate) fn moons_task() -> Task {
    let layers = [(16, Activation::Tanh), (2, Activation::Softmax)];
    let plan = Plan { batch_size: 32, learning_rate: 0.3, ..Plan::default() };
    let reach = [-1.6..2.6, -1.2..1.7];
    task(moons(200, 0.1, &mut seeded(1)), &layers, Loss::CrossEntropy, plan, [0, 10, 80, 200], reach)
}

/// Three spiral arms.
pub(crate) fn spirals_task() -> Task {
    let layers = [(32, Activation::Tanh), (32, Activation::Tanh), (3, Activation::Softmax)];
    let plan = Plan { batch_size: 30, learning_rate: 0.1, ..Plan::default() };
    let reach = [-1.2..1.2, -1.2..1.2];
    task(spirals(300, 3, 0.2, &mut seeded(1)), &layers, Loss::CrossEntropy, plan, [0, 5, 20, 400], reach)
}

/// Trains a task, and keeps the network at each look.
pub(crate) fn course(task: &Task) -> Vec<Look> {
    let examples = task.examples();
    let optimizer = if task.data.name == "spirals" { Optimizer::momentum(0.9) } else { Optimizer::sgd() };
    let mut trainer = Trainer::new(ByHand::new(task.network.clone()), optimizer, task.plan);
    let mut looks = Vec::new();
    for epoch in 0..=task.plan.epochs {
        if epoch > 0 {
            trainer.epoch(&examples, epoch, |_| ControlFlow::Continue(())).expect("a loss that stays finite");
        }
        if task.looks.contains(&epoch) {
            let network = trainer.network().into_owned();
            let percent = 100.0 * examples.evaluate(&network).accuracy.expect("classes");
            looks.push(Look { epoch, network, percent });
        }
    }
    looks
}

/// The probabilities of the classes at a point.
fn probabilities(network: &Network<f64>, points: &Matrix<f64>) -> Vec<Vec<f64>> {
    let outputs = network.predict(points);
    let of = |column: &[f64]| match column {
        [second] => vec![1.0 - second, *second],
        column => column.to_vec(),
    };
    outputs.columns_iter().map(of).collect()
}

/// The middles of the cells of a task's plane, row by row from the bottom.
fn grid(task: &Task) -> Matrix<f64> {
    Matrix::from_fn(2, CELLS * CELLS, |axis, j| {
        let (range, cell) = (&task.reach[axis], if axis == 0 { j % CELLS } else { j / CELLS });
        range.start + (range.end - range.start) * (cell as f64 + 0.5) / CELLS as f64
    })
}

/// The cells of a panel, along each side.
const CELLS: usize = 56;

/// Four panels: the plane in the colour of the most probable class, the paler the less sure the network is.
pub(crate) fn boundaries(theme: &Theme, task: &Task, looks: &[Look], title: &str, description: &str) -> Drawn<String> {
    let classes = [theme.training, theme.held_out, theme.mistake];
    let labels = task.data.labels().ok_or("points without classes")?;
    let [x_range, y_range] = task.reach.clone();
    let points = grid(task);
    let look = Axes { x_name: "x₁", y_name: "x₂", ticks: [4, 4], left: 120, right: 20 };
    let aspect = (y_range.end - y_range.start) / (x_range.end - x_range.start);
    let panel_height = PANEL_HEADING + look.height(WIDTH / 2, aspect);
    figure(theme, HEADING + LEGEND + 2 * panel_height, title, description, |area| {
        let names = ["class 0", "class 1", "class 2"].into_iter().zip(classes).take(task.data.outputs());
        legend(theme, area, (14 + look.left as i32, 22), &names.collect::<Vec<_>>())?;
        let (_, panels) = area.split_vertically(LEGEND);
        for (panel, Look { epoch, network, percent, .. }) in panels.split_evenly((2, 2)).iter().zip(looks) {
            let heading = format!("epoch {epoch}: {percent:.0} % right");
            panel.draw_text(&heading, &bold(theme.text, TEXT - 2.0), (14 + look.left as i32, 4))?;
            let (_, below) = panel.split_vertically(PANEL_HEADING);
            let mut chart = axes(theme, &below, look, x_range.clone(), y_range.clone(), [&plain, &plain])?;
            let colors: Vec<RGBColor> = probabilities(network, &points)
                .iter()
                .map(|shares| {
                    let best = (1..shares.len()).fold(0, |best, k| if shares[k] > shares[best] { k } else { best });
                    let chance = 1.0 / shares.len() as f64;
                    let sure = ((shares[best] - chance) / (1.0 - chance) * 5.0).round() / 5.0;
                    mix(theme.paper, classes[best], 0.12 + 0.4 * sure)
                })
                .collect();
            raster(&mut chart, [&x_range, &y_range], CELLS, &colors)?;
            let radius = if labels.len() < 10 { 14 } else { 5 };
            for (class, color) in classes.into_iter().enumerate() {
                let of_class = task.data.x.columns_iter().zip(labels).filter(|&(_, &label)| label == class);
                chart.draw_series(
                    of_class.map(|(point, _)| Circle::new((point[0], point[1]), radius, color.filled())),
                )?;
            }
        }
        Ok(())
    })
}

/// The height of the line of names above the panels, and of the heading of a panel.
const LEGEND: u32 = 64;
const PANEL_HEADING: u32 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of the plane where the probability of some class differs by more than 0.2.
    fn change(task: &Task, one: &Look, other: &Look) -> f64 {
        let points = grid(task);
        let (one, other) = (probabilities(&one.network, &points), probabilities(&other.network, &points));
        let differs = |(a, b): &(&Vec<f64>, &Vec<f64>)| a.iter().zip(*b).any(|(a, b)| (a - b).abs() > 0.2);
        one.iter().zip(&other).filter(differs).count() as f64 / one.len() as f64
    }

    #[test]
    fn neighbouring_panels_can_be_told_apart() {
        for task in [xor_task(), moons_task(), spirals_task()] {
            for pair in course(&task).windows(2) {
                let change = change(&task, &pair[0], &pair[1]);
                let [from, to] = [0, 1].map(|i| pair[i].epoch);
                assert!(change > 0.1, "{}, epochs {from} and {to}: {change}", task.data.name);
            }
        }
    }
}
