//! Slopes of a network's loss, which are directional derivatives of J, without a rule of backpropagation: by dual numbers and
//! by finite differences.

use nn_autodiff::Dual;
use nn_core::{Activation, Generator, Loss, Matrix, Scalar, normal};

use crate::{Dense, Network};

/// A unit is clear of a kink if |z| is at least this many times the largest change of z.
const MARGIN: f64 = 1.5;

/// The stencil's step is divided by this where a kink is near: fewer kinks lie within it, at a cost of two digits.
const STEP_REDUCTION: f64 = 64.0;

/// Whether there is a z at which this activation has no derivative.
pub(crate) fn has_kink(activation: Activation) -> bool {
    match activation {
        Activation::Relu | Activation::LeakyRelu | Activation::Step => true,
        Activation::Identity | Activation::Sigmoid | Activation::Tanh | Activation::Softplus | Activation::Softmax => {
            false
        }
    }
}

/// A direction v within one parameter matrix: entries, counted column by column, each with a number that `T` holds.
pub(crate) struct Direction(Vec<(usize, f64)>);

impl Direction {
    /// One entry alone.
    pub(crate) fn entry(entry: usize) -> Self {
        Direction(vec![(entry, 1.0)])
    }

    /// Normal numbers, scaled to ‖v‖ = 1 and rounded to `T`.
    pub(crate) fn random<T: Scalar>(entries: usize, rng: &mut Generator) -> Self {
        let mut v = Direction((0..entries).map(|entry| (entry, normal(rng))).collect());
        let norm = v.norm();
        v.0.iter_mut().for_each(|(_, v)| *v = T::from_f64(*v / norm).to_f64());
        v
    }

    /// g · v
    pub(crate) fn dot<T: Scalar>(&self, gradient: &Matrix<T>) -> f64 {
        self.0.iter().map(|&(entry, v)| gradient.as_slice()[entry].to_f64() * v).sum()
    }

    /// ‖v‖
    fn norm(&self) -> f64 {
        self.0.iter().map(|(_, v)| v * v).sum::<f64>().sqrt()
    }
}

/// A slope by differences.
pub(crate) struct Stencil {
    pub(crate) slope: f64,
    /// The step that was used.
    pub(crate) h: f64,
    /// The largest |J| that was subtracted.
    pub(crate) largest: f64,
    /// Whether the step was shortened, to avoid a kink.
    pub(crate) is_shortened: bool,
}

/// A forward pass and its loss, kept so that after a change in layer l only the layers from l on are computed again.
pub(crate) struct Forward<T> {
    layers: Vec<Dense<T>>,
    function: Loss,
    y: Matrix<T>,
    /// a⁽⁰⁾, a⁽¹⁾, … of the unperturbed network.
    a: Vec<Matrix<T>>,
    /// z⁽¹⁾, z⁽²⁾, … of the unperturbed network.
    z: Vec<Matrix<T>>,
    /// J of the unperturbed network.
    pub(crate) loss: T,
}

impl<T: Scalar> Forward<T> {
    pub(crate) fn new(network: &Network<T>, x: Matrix<T>, y: Matrix<T>) -> Self {
        let (layers, function) = (network.layers().to_vec(), network.loss());
        let mut forward = Forward { layers, function, y, a: vec![x], z: Vec::new(), loss: T::zero() };
        let (mut z, mut a) = (Vec::new(), forward.a.clone());
        forward.loss = forward.loss_from(0, |_, z_here, a_here| {
            z.push(z_here.clone());
            a.push(a_here.clone());
        });
        (forward.z, forward.a) = (z, a);
        forward
    }

    /// J, if nothing below layer index `l` has changed. Calls `visit(index, z, a)` for each layer from `l` on.
    fn loss_from(&self, l: usize, mut visit: impl FnMut(usize, &Matrix<T>, &Matrix<T>)) -> T {
        let (mut z, mut a) = (Matrix::zeros(0, 0), Matrix::zeros(0, 0));
        for (k, dense) in self.layers.iter().enumerate().skip(l) {
            dense.pre_activation(if k == l { &self.a[l] } else { &a }, &mut z);
            dense.activation_of(&z, &mut a);
            visit(k, &z, &a);
        }
        self.function.value(&z, &a, &self.y)
    }

    /// The entries of parameter `p`, in the order W⁽¹⁾, b⁽¹⁾, W⁽²⁾, …
    fn entries_mut(&mut self, p: usize) -> &mut [T] {
        let dense = &mut self.layers[p / 2];
        if p.is_multiple_of(2) { dense.weight.as_mut_slice() } else { dense.bias.as_mut_slice() }
    }
}

impl<T: Scalar> Forward<Dual<T>> {
    /// The derivative of J along v: J(θ + v ε) = J(θ) + (∂J/∂θ · v) ε.
    // ANCHOR: slope
    pub(crate) fn slope(&mut self, p: usize, v: &Direction) -> f64 {
        let set = |forward: &mut Self, size: f64| {
            let entries = forward.entries_mut(p);
            v.0.iter().for_each(|&(entry, v)| entries[entry].derivative = T::from_f64(size * v));
        };
        set(self, 1.0);
        let j = self.loss_from(p / 2, |_, _, _| {});
        set(self, 0.0);
        j.derivative.to_f64()
    }
    // ANCHOR_END: slope
}

impl Forward<f64> {
    /// The derivative of J along v by the stencil; `None` at a kink.
    pub(crate) fn stencil(&mut self, p: usize, v: &Direction) -> Option<Stencil> {
        let theta: Vec<f64> = v.0.iter().map(|&(entry, _)| self.entries_mut(p)[entry]).collect();
        let found = self.step(p, v, &theta).and_then(|h| {
            let short = |forward: &mut Self| {
                let found = forward.five_points(p, v, &theta, h / STEP_REDUCTION)?;
                Some(Stencil { is_shortened: true, ..found })
            };
            self.five_points(p, v, &theta, h).or_else(|| short(self))
        });
        self.perturb(p, v, &theta, 0.0);
        found
    }

    /// h = ε^(1/5) / (the largest rate at which a z changes along v), and at most ε^(1/5) max(1, |θ|).
    fn step(&mut self, p: usize, v: &Direction, theta: &[f64]) -> Option<f64> {
        // A step of √ε estimates the rate to several digits, unless θ is so large that the step would be lost beside it.
        let largest = theta.iter().fold(1.0_f64, |largest, theta| largest.max(theta.abs()));
        let trial = f64::EPSILON.sqrt().max(4096.0 * f64::EPSILON * largest);
        let (_, largest_change) = self.at(p, v, theta, trial);
        largest_change.map(|largest_change| f64::EPSILON.powf(0.2) * largest.min(trial / largest_change))
    }

    /// (J(−2h) − 8 J(−h) + 8 J(h) − J(2h)) / 12h
    // ANCHOR: five_points
    fn five_points(&mut self, p: usize, v: &Direction, theta: &[f64], h: f64) -> Option<Stencil> {
        let (mut sum, mut largest) = (0.0, 0.0_f64);
        for (steps, factor) in [(-2.0, 1.0), (2.0, -1.0), (-1.0, -8.0), (1.0, 8.0)] {
            let (j, largest_change) = self.at(p, v, theta, steps * h);
            largest_change?;
            sum += factor * j;
            largest = largest.max(j.abs());
        }
        Some(Stencil { slope: sum / (12.0 * h), h, largest, is_shortened: false })
    }
    // ANCHOR_END: five_points

    /// J at θ + t v, and the largest change of any z; `None` in its place if a kink lies within that change.
    fn at(&mut self, p: usize, v: &Direction, theta: &[f64], t: f64) -> (f64, Option<f64>) {
        self.perturb(p, v, theta, t);
        let (mut is_clear, mut largest_change) = (true, 0.0_f64);
        let j = self.loss_from(p / 2, |k, z, _| {
            let has_kink = has_kink(self.layers[k].activation);
            for (there, here) in z.as_slice().iter().zip(self.z[k].as_slice()) {
                let change = (there - here).abs();
                largest_change = largest_change.max(change);
                // A NaN counts as clear, so that it reaches the result.
                is_clear &= !(has_kink && change > 0.0 && here.abs() <= MARGIN * change);
            }
        });
        (j, is_clear.then_some(largest_change))
    }

    fn perturb(&mut self, p: usize, v: &Direction, theta: &[f64], t: f64) {
        let entries = self.entries_mut(p);
        for (&(entry, v), theta) in v.0.iter().zip(theta) {
            entries[entry] = theta + t * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_directions_have_norm_1() {
        assert_eq!(Direction(vec![(0, 3.0), (5, -4.0)]).norm(), 5.0);
        assert_eq!(Direction::entry(2).norm(), 1.0);
        let mut rng = nn_core::seeded(1);
        assert!((Direction::random::<f64>(1500, &mut rng).norm() - 1.0).abs() < 1e-14);
        assert!((Direction::random::<f32>(1500, &mut rng).norm() - 1.0).abs() < 1e-6);
    }
}
