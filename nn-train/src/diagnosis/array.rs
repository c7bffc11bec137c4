//! The arrays of a computation, their order, and their numbers in a pass.

use std::fmt;

use nn_core::Matrix;

use crate::explain::EngineExplanation;
use crate::mistakes::Problem;

/// The kinds of arrays, in the order of computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// z
    Z,
    /// a
    A,
    /// J
    Loss,
    /// δ
    Delta,
    /// ∂J/∂W
    WeightGradient,
    /// ∂J/∂b
    BiasGradient,
    /// W − η ∂J/∂W
    UpdatedWeight,
    /// b − η ∂J/∂b
    UpdatedBias,
}

/// One array of the computation, or J.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array {
    /// The kind of array.
    pub quantity: Quantity,
    /// l, from 1; `None` for J.
    pub layer: Option<usize>,
}

impl Array {
    pub(super) const LOSS: Array = Array { quantity: Quantity::Loss, layer: None };

    /// The shape in our layout: z, a and δ have a column for each example.
    pub(crate) fn shape(self, problem: Problem<'_>) -> (usize, usize) {
        let Some(layer) = self.layer else { return (1, 1) };
        let dense = &problem.network.layers()[layer - 1];
        match self.quantity {
            Quantity::Z | Quantity::A | Quantity::Delta => (dense.outputs(), problem.x.columns()),
            Quantity::WeightGradient | Quantity::UpdatedWeight => (dense.outputs(), dense.inputs()),
            Quantity::Loss | Quantity::BiasGradient | Quantity::UpdatedBias => (dense.outputs(), 1),
        }
    }

    /// Forward from the first layer up, then J, then each kind from the last layer down, then the updates.
    pub(super) fn order(self) -> (u8, isize, Quantity) {
        let layer = self.layer.unwrap_or(0) as isize;
        match self.quantity {
            Quantity::Z | Quantity::A => (0, layer, self.quantity),
            Quantity::Loss => (1, 0, self.quantity),
            Quantity::Delta => (2, -layer, self.quantity),
            Quantity::WeightGradient => (3, -layer, self.quantity),
            Quantity::BiasGradient => (4, -layer, self.quantity),
            Quantity::UpdatedWeight | Quantity::UpdatedBias => (5, layer, self.quantity),
        }
    }

    /// The numbers of a pass.
    pub(super) fn of(self, numbers: &EngineExplanation, problem: Problem<'_>) -> Matrix<f64> {
        let Some(layer) = self.layer else { return Matrix::from_column(&[numbers.loss]) };
        let (dense, own) = (&problem.network.layers()[layer - 1], &numbers.layers[layer - 1]);
        let update = |parameter: &Matrix<f64>, gradient: &Matrix<f64>| {
            let rate = problem.learning_rate.unwrap_or(0.0);
            let mut updated = parameter.clone();
            if gradient.shape() == parameter.shape() {
                updated.zip_in_place(gradient, |w, g| w - rate * g);
            }
            updated
        };
        match self.quantity {
            Quantity::Z => own.z.clone(),
            Quantity::A => own.a.clone(),
            Quantity::Delta => own.delta.clone(),
            Quantity::WeightGradient => own.weight_gradient.clone(),
            Quantity::BiasGradient => own.bias_gradient.clone(),
            Quantity::UpdatedWeight => update(&dense.weight, &own.weight_gradient),
            Quantity::UpdatedBias => update(&dense.bias, &own.bias_gradient),
            Quantity::Loss => unreachable!("J has no layer"),
        }
    }
}

impl Quantity {
    /// The key in a file.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Z => "z",
            Quantity::A => "a",
            Quantity::Loss => "loss",
            Quantity::Delta => "delta",
            Quantity::WeightGradient => "weight_gradient",
            Quantity::BiasGradient => "bias_gradient",
            Quantity::UpdatedWeight => "updated_weight",
            Quantity::UpdatedBias => "updated_bias",
        }
    }

    pub(super) fn is_for_examples(self) -> bool {
        matches!(self, Quantity::Z | Quantity::A | Quantity::Delta)
    }

    pub(super) fn is_weight(self) -> bool {
        matches!(self, Quantity::WeightGradient | Quantity::UpdatedWeight)
    }

    pub(super) fn is_updated(self) -> bool {
        matches!(self, Quantity::UpdatedWeight | Quantity::UpdatedBias)
    }

    /// Whether it belongs to the forward pass of its layer.
    pub(super) fn is_forward(self) -> bool {
        self <= Quantity::Loss
    }
}

/// `weight_gradient 1`, or `loss`.
impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layer {
            Some(layer) => write!(f, "{} {layer}", self.quantity.name()),
            None => f.write_str(self.quantity.name()),
        }
    }
}
