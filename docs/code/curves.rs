//! Figures of functions of one variable: activations, losses, the error of finite differences, arithmetic intensity, the
//! roofline.

use nn_autodiff::Dual;
use nn_core::{Activation, Loss, Matrix, Scalar, sigmoid, sigmoid_derivative};
use nn_layers::{ByHand, Engine, Network};
use plotters::prelude::*;

use crate::drawing::{
    Area, Axes, Drawn, LEFT, LEFT_OF_NUMBERS, TEXT, Theme, axes, bold, centered, figure, label, legend, name_at_end,
    plain, power, room_for,
};
use crate::mazur::two_two_two;

/// An activation and its derivative at z, as the crate computes them.
fn value_and_slope(activation: Activation, z: f64) -> [f64; 2] {
    let z = Matrix::from_column(&[z]);
    let (mut a, mut slope) = (Matrix::zeros(1, 1), Matrix::from_column(&[1.0]));
    activation.apply(&z, &mut a);
    activation.backward(&a, &mut slope);
    [a[(0, 0)], slope[(0, 0)]]
}

/// Six activations, each with its derivative.
pub(crate) fn activations(theme: &Theme) -> Drawn<String> {
    use Activation::{LeakyRelu, Relu, Sigmoid, Softplus, Step, Tanh};
    let description = "Six panels, z from −4 to 4. Each shows an activation and its derivative: step, ReLU, leaky ReLU, \
                       sigmoid, tanh, softplus.";
    figure(theme, 1514, "Six activations and their derivatives", description, |area| {
        legend(theme, area, (40, 22), &[("a = σ(z)", theme.training), ("σ′(z)", theme.held_out)])?;
        let (_, panels) = area.split_vertically(64);
        for (panel, activation) in
            panels.split_evenly((3, 2)).iter().zip([Step, Relu, LeakyRelu, Sigmoid, Tanh, Softplus])
        {
            panel.draw_text(activation.name(), &bold(theme.text, TEXT), (100, 4))?;
            let (_, below) = panel.split_vertically(40);
            let look = Axes { x_name: "z", y_name: "", ticks: [5, 5], left: LEFT_OF_NUMBERS, right: 20 };
            let mut chart = axes(theme, &below, look, -4.0..4.0, -1.2..2.2, [&plain, &plain])?;
            // A jump is two strokes, not a steep one.
            let sides = [(-4.0, -1e-9), (1e-9, 4.0)];
            for (which, color) in [(1, theme.held_out), (0, theme.training)] {
                for (from, to) in sides {
                    let points = (0..=60).map(|i| from + (to - from) * f64::from(i) / 60.0);
                    let curve = points.map(|z| (z, value_and_slope(activation, z)[which])).filter(|(_, y)| *y <= 2.2);
                    chart.draw_series(LineSeries::new(curve, color.stroke_width(5)))?;
                }
            }
        }
        Ok(())
    })
}

/// How the derivatives die away from zero.
pub(crate) fn saturation(theme: &Theme) -> Drawn<String> {
    let description = "Derivatives over |z| from 0 to 12 on a logarithmic scale. ReLU stays at 1 for z > 0; sigmoid falls \
                       from 0.25 to 6e-6, tanh from 1 to 1.5e-10.";
    figure(theme, 760, "Far from zero, sigmoid and tanh go flat", description, |area| {
        let curves = [
            (Activation::Relu, theme.mistake),
            (Activation::Sigmoid, theme.training),
            (Activation::Tanh, theme.held_out),
        ];
        let right = room_for(curves.map(|(activation, _)| activation.name()));
        let look =
            Axes { x_name: "z (pre-activation)", y_name: "σ′(z), logarithmic", ticks: [7, 6], left: LEFT, right };
        let mut chart = axes(theme, area, look, 0.0..12.0, (1e-10..10.0).log_scale(), [&plain, &power])?;
        for (activation, color) in curves {
            let curve = (1..=120).map(|i| f64::from(i) / 10.0).map(|z| (z, value_and_slope(activation, z)[1]));
            chart.draw_series(LineSeries::new(curve.clone(), color.stroke_width(5)))?;
            name_at_end(&mut chart, curve.clone().next_back(), activation.name(), color)?;
        }
        Ok(())
    })
}

/// Least squares and cross-entropy after a sigmoid, and their slopes.
pub(crate) fn losses(theme: &Theme) -> Drawn<String> {
    let of = |loss: Loss, z: f64| {
        let (z, y) = (Matrix::from_column(&[z]), Matrix::from_column(&[1.0]));
        let (mut a, mut delta) = (Matrix::zeros(1, 1), Matrix::zeros(1, 1));
        Activation::Sigmoid.apply(&z, &mut a);
        nn_layers::output_delta(loss, Activation::Sigmoid, &z, &a, &y, &mut delta);
        [loss.value(&z, &a, &y), -delta[(0, 0)]]
    };
    let description = "Two panels over the logit z from −8 to 8 for the target 1. Upper: the loss; least squares levels off \
                       at one half where the answer is wrong, cross-entropy goes on rising. Lower: the size of the error \
                       signal; for least squares it vanishes where the answer is badly wrong, for cross-entropy it is 1 there.";
    figure(theme, 1150, "Two losses of one sigmoid output, target 1", description, |area| {
        let names = [("least squares", theme.held_out), ("binary cross-entropy", theme.training)];
        legend(theme, area, (40, 22), &names)?;
        let (_, panels) = area.split_vertically(64);
        let [above, below] = [0, 1].map(|i| panels.split_evenly((2, 1))[i].clone());
        for (which, area, y_name, top, x_name) in
            [(0, above, "loss J", 8.0, ""), (1, below, "−δ = −∂J/∂z", 1.05, "z (logit)")]
        {
            let look = Axes { x_name, y_name, ticks: [9, 5], left: LEFT, right: 30 };
            let mut chart = axes(theme, &area, look, -8.0..8.0, 0.0..top, [&plain, &plain])?;
            for (loss, color) in [(Loss::LeastSquares, theme.held_out), (Loss::BinaryCrossEntropy, theme.training)] {
                let points = (0..=120).map(|i| -8.0 + 16.0 * f64::from(i) / 120.0);
                let curve = points.map(|z| (z, of(loss, z)[which])).filter(|(_, y)| *y <= top);
                chart.draw_series(LineSeries::new(curve, color.stroke_width(5)))?;
            }
        }
        Ok(())
    })
}

/// J of the 2-2-2 network when its weight W⁽¹⁾₁₁ moves by t.
pub(crate) fn loss_at<T: Scalar>(t: T) -> T {
    let (network, x, y) = two_two_two();
    let mut layers = network.map(T::from_f64).layers().to_vec();
    layers[0].weight[(0, 0)] += t;
    let moved = Network::new(layers, network.loss()).expect("the same shapes");
    moved.loss_and_outputs(&x.map(T::from_f64), &y.map(T::from_f64)).0
}

/// The same, as the differences below take it.
///
/// Computed in dual numbers, whose ε part is not looked at: their loops have no vectors, and so the same rounding on
/// every machine. The figure below shows rounding.
pub(crate) fn loss_moved(t: f64) -> f64 {
    loss_at(Dual::constant(t)).value
}

/// ∂J/∂W⁽¹⁾₁₁ of the 2-2-2 network, by hand.
pub(crate) fn derivative_by_hand() -> f64 {
    let (network, x, y) = two_two_two();
    let mut engine = ByHand::new(network);
    engine.set_batch(&x, &y);
    engine.loss_and_gradients();
    engine.layer(0).weight_gradient[(0, 0)]
}

/// A formula of differences.
pub(crate) struct Stencil {
    pub(crate) name: &'static str,
    /// The slope, from a step h.
    pub(crate) slope: fn(f64) -> f64,
}

/// The three differences.
pub(crate) const STENCILS: [Stencil; 3] = [
    Stencil { name: "one-sided", slope: |h| (loss_moved(h) - loss_moved(0.0)) / h },
    Stencil { name: "central", slope: |h| (loss_moved(h) - loss_moved(-h)) / (2.0 * h) },
    Stencil {
        name: "five-point",
        slope: |h| {
            (loss_moved(-2.0 * h) - 8.0 * loss_moved(-h) + 8.0 * loss_moved(h) - loss_moved(2.0 * h)) / (12.0 * h)
        },
    },
];

impl Stencil {
    /// |slope − truth| / |truth|
    pub(crate) fn error(&self, h: f64) -> f64 {
        let truth = derivative_by_hand();
        (((self.slope)(h) - truth) / truth).abs()
    }

    /// What the figure shows: the error over h, three steps a decade, and at each the largest error of three neighbours,
    /// since single ones are lucky.
    fn curve(&self) -> Vec<(f64, f64)> {
        let error = |k: i32| self.error(10_f64.powf(f64::from(k) / 9.0));
        let largest = |k: i32| (3 * k - 1..=3 * k + 1).map(error).fold(1e-13, f64::max);
        (-42..=3).map(|k| (10_f64.powf(f64::from(k) / 3.0), largest(k))).collect()
    }

    /// The lowest point of the curve: the best step, and its error.
    pub(crate) fn best(&self) -> (f64, f64) {
        self.curve().into_iter().min_by(|(_, a), (_, b)| a.total_cmp(b)).expect("a curve")
    }
}

/// The error of finite differences over their step.
pub(crate) fn differences(theme: &Theme) -> Drawn<String> {
    let description = "Relative error of three difference formulas against the step h, both axes logarithmic. From right to \
                       left each error first falls, by 1, 2 and 4 powers of ten for each power of ten of h, and then rises \
                       again along one common line, because rounding is divided by h. Dots mark the best steps: 1e-5, \
                       2e-4 and 2e-2.";
    figure(theme, 1000, "Finite differences: truncation against rounding", description, |area| {
        let colors = [theme.mistake, theme.held_out, theme.training];
        let names: Vec<_> = STENCILS.iter().zip(colors).map(|(stencil, color)| (stencil.name, color)).collect();
        legend(theme, area, (40, 22), &names)?;
        let (_, below) = area.split_vertically(64);
        let look =
            Axes { x_name: "step h (logarithmic)", y_name: "relative error", ticks: [9, 8], left: LEFT, right: 40 };
        let (x, y) = ((1e-14..10.0).log_scale(), (1e-13..100.0).log_scale());
        let mut chart = axes(theme, &below, look, x, y, [&power, &power])?;
        for (stencil, color) in STENCILS.iter().zip(colors) {
            chart.draw_series(LineSeries::new(stencil.curve(), color.stroke_width(5)))?;
        }
        for (stencil, color) in STENCILS.iter().zip(colors) {
            chart.draw_series([Circle::new(stencil.best(), 11, color.filled())])?;
        }
        Ok(())
    })
}

/// Operations for each byte that a layer's product must touch, over the size of the batch.
pub(crate) fn intensity(theme: &Theme) -> Drawn<String> {
    let description = "Floating-point operations per byte of the product Z = W A over the number of examples in a batch, \
                       from 1 to 1024, for layers of 784 by 128, 64 by 64 and 64 by 10. For one example all are near one half; \
                       for many, the large layer reaches 50.";
    figure(theme, 820, "What a larger batch is good for: work per byte", description, |area| {
        let layers = [(128, 784, theme.training), (64, 64, theme.held_out), (10, 64, theme.mistake)]
            .map(|(n, n_below, color)| (n, n_below, format!("{n_below} → {n}"), color));
        let right = room_for(layers.iter().map(|(_, _, name, _)| &name[..]));
        let look =
            Axes { x_name: "m (examples in a batch)", y_name: "FLOP per byte", ticks: [8, 6], left: LEFT, right };
        let (x, y) = ((1.0..1024.0).log_scale(), (0.1..100.0).log_scale());
        let mut chart = axes(theme, area, look, x, y, [&plain, &plain])?;
        for (n, n_below, name, color) in &layers {
            let curve = (0..=40)
                .map(|i| 2_f64.powf(f64::from(i) / 4.0))
                .map(|m| (m, flop_per_byte(f64::from(*n), f64::from(*n_below), m)));
            chart.draw_series(LineSeries::new(curve.clone(), color.stroke_width(5)))?;
            name_at_end(&mut chart, curve.clone().next_back(), name, *color)?;
        }
        Ok(())
    })
}

/// How fast a product can be at most, over its operations per byte: the example of the text.
pub(crate) fn roofline(theme: &Theme) -> Drawn<String> {
    const PEAK: f64 = 50.0; // GFLOP/s
    let description = "The highest possible speed of a product over its operations per byte, both axes logarithmic. From memory \
                       it rises to 50 GFLOP/s at 5 operations per byte, and then stays level. From the cache it rises ten \
                       times higher and meets the same roof at one half. Dots are products of a layer 784 to 128: one example \
                       lies far down the slope, eight lie near the edge, 32 and 256 lie on the level part.";
    figure(theme, 820, "The roofline: memory on the left, arithmetic on the right", description, |area| {
        let look = Axes {
            x_name: "intensity I (FLOP per byte)",
            y_name: "highest speed (GFLOP/s)",
            ticks: [8, 6],
            left: LEFT,
            right: 40,
        };
        let (x, y) = ((0.1..100.0).log_scale(), (1.0..100.0).log_scale());
        let mut chart = axes(theme, area, look, x, y, [&plain, &plain])?;
        let roofs = [("cache: 100 GB/s", 100.0, theme.held_out, 0.3), ("memory: 10 GB/s", 10.0, theme.training, 1.0)];
        for (name, bandwidth, color, at) in roofs {
            let roof = [0.1, PEAK / bandwidth, 100.0].map(|i| (i, PEAK.min(i * bandwidth)));
            chart.draw_series(LineSeries::new(roof, color.stroke_width(5)))?;
            let text = Text::new(name, (18, 6), label(color, TEXT - 2.0));
            chart.draw_series([EmptyElement::at((at, at * bandwidth)) + text])?;
        }
        let above = centered(theme.text, TEXT - 2.0);
        chart.draw_series([EmptyElement::at((10.0, PEAK)) + Text::new("arithmetic: 50 GFLOP/s", (0, -30), above)])?;
        for (m, to) in [(1.0, (64, 14)), (8.0, (64, 14)), (32.0, (0, 36)), (256.0, (0, 36))] {
            let intensity = flop_per_byte(128.0, 784.0, m);
            let text = Text::new(format!("m = {m}"), to, centered(theme.mistake, TEXT - 2.0));
            let dot = Circle::new((0, 0), 11, theme.mistake.filled());
            chart.draw_series([EmptyElement::at((intensity, PEAK.min(10.0 * intensity))) + dot + text])?;
        }
        Ok(())
    })
}

/// 2 n k m operations on n k + k m + n m numbers of four bytes.
pub(crate) fn flop_per_byte(n: f64, k: f64, m: f64) -> f64 {
    2.0 * n * k * m / (4.0 * (n * k + k * m + n * m))
}

/// One neuron's activation over its pre-activation, with the neuron of the text and its slope there.
pub(crate) fn neuron(theme: &Theme) -> Drawn<String> {
    let description = "The output of one sigmoid neuron over its pre-activation z from −6 to 6: an S from 0 to 1 through one \
                       half. A dot marks the neuron of the text, and a short stroke its slope there.";
    let (network, x, _) = two_two_two();
    let first = &network.layers()[0];
    let z = first.weight[(0, 0)] * x[(0, 0)] + first.weight[(0, 1)] * x[(1, 0)] + first.bias[(0, 0)];
    let (a, slope) = (sigmoid(z), sigmoid_derivative(sigmoid(z)));
    figure(theme, 720, "One neuron: what it makes of z", description, |area: &Area| {
        let look =
            Axes { x_name: "z = w₁x₁ + w₂x₂ + b", y_name: "a = σ(z)", ticks: [7, 5], left: LEFT, right: 40 };
        let mut chart = axes(theme, area, look, -6.0..6.0, -0.05..1.05, [&plain, &plain])?;
        let curve = (0..=120).map(|i| -6.0 + f64::from(i) / 10.0).map(|z| (z, sigmoid(z)));
        chart.draw_series(LineSeries::new(curve, theme.training.stroke_width(5)))?;
        let tangent = [-1.6, 1.6].map(|d| (z + d, a + slope * d));
        chart.draw_series(LineSeries::new(tangent, theme.held_out.stroke_width(4)))?;
        chart.draw_series([Circle::new((z, a), 11, theme.held_out.filled())])?;
        let text = format!("z = {z:.4}, a = {a:.4}");
        chart.draw_series([EmptyElement::at((z, a)) + Text::new(text, (30, 16), label(theme.held_out, TEXT))])?;
        Ok(())
    })
}
