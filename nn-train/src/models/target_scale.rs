//! The targets of a regression in a unit of their own.
//!
//! A network that starts with outputs of about 1 cannot learn prices of 200,000 at a learning rate that suits anything else: the
//! first step diverges. So it learns y′ = (y − mean) / unit, and with W⁽ᴸ⁾ ← unit · W⁽ᴸ⁾, b⁽ᴸ⁾ ← unit · b⁽ᴸ⁾ + mean it then
//! answers y. The unit is one power of two for all targets: J is unit² times that of the scaled targets, to the bit, and what is
//! minimised is the same.

use nn_core::{Activation, Loss, Matrix, Scalar};
use nn_layers::Network;

use crate::data::{Precision, Standardization};

/// y = unit · y′ + mean, with a mean for each target.
///
/// ```
/// use nn_core::{Activation, Loss, Matrix, seeded};
/// use nn_layers::{Initialization, Network};
/// use nn_train::{Precision, TargetScale};
///
/// let mut y = Matrix::from_rows(&[[200_000.0, 350_000.0, 275_000.0]]); // prices of three houses
/// let layers = [(1, Activation::Identity)];
/// let network = Network::<f64>::random(2, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1))?;
/// assert!(TargetScale::suits(&network));
///
/// let scale = TargetScale::fit(&y);
/// scale.apply(&mut y);
/// assert_eq!(y[(0, 1)], 75_000.0 / 32_768.0); // what the network learns
/// let answers_prices = scale.restored(network, Precision::F64);
/// # let _ = answers_prices;
/// # Ok::<(), nn_layers::NetworkError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TargetScale {
    mean: Vec<f64>,
    unit: f64,
}

impl TargetScale {
    /// Whether the outputs of a network may have any unit: they are not squashed, and the loss is their distance.
    pub fn suits(network: &Network<f64>) -> bool {
        let last = network.layers().last().map(|dense| dense.activation);
        network.loss() == Loss::LeastSquares && last == Some(Activation::Identity)
    }

    /// The scale of the targets to learn from, one column an example. The unit is at most the largest standard deviation, and
    /// more than half of it.
    pub fn fit<S: Scalar>(y: &Matrix<S>) -> Self {
        let Standardization { mean, scale } = Standardization::fit_in(y);
        let largest = scale.into_iter().fold(0.0, f64::max);
        // Squares of units beyond these are no numbers.
        let exponent = if largest > 0.0 { largest.log2().floor().clamp(-500.0, 500.0) } else { 0.0 };
        TargetScale { mean, unit: exponent.exp2() }
    }

    /// y′ ← (y − mean) / unit
    pub fn apply<S: Scalar>(&self, y: &mut Matrix<S>) {
        for j in 0..y.columns() {
            for (y, mean) in y.column_mut(j).iter_mut().zip(&self.mean) {
                *y = S::from_f64((y.to_f64() - mean) / self.unit);
            }
        }
    }

    /// J of the targets, from J of the scaled targets.
    pub fn loss(&self, scaled: f64) -> f64 {
        scaled * self.unit * self.unit
    }

    /// The network that answers y′ where this one answers y.
    pub fn scaled(&self, network: Network<f64>) -> Network<f64> {
        self.with_last_layer(network, |weight| weight / self.unit, |bias, mean| (bias - mean) / self.unit)
    }

    /// The network that answers y where this one answers y′, its numbers in a precision.
    pub fn restored(&self, network: Network<f64>, precision: Precision) -> Network<f64> {
        let round = |x: f64| if precision == Precision::F32 { f64::from(x as f32) } else { x };
        self.with_last_layer(network, |weight| round(weight * self.unit), |bias, mean| round(bias * self.unit + mean))
    }

    fn with_last_layer(
        &self,
        mut network: Network<f64>,
        of_weight: impl Fn(f64) -> f64,
        of_bias: impl Fn(f64, f64) -> f64,
    ) -> Network<f64> {
        let mut last = network.parameters_mut().collect::<Vec<_>>().into_iter().rev();
        // The last two are W⁽ᴸ⁾ and b⁽ᴸ⁾.
        if let (Some(bias), Some(weight)) = (last.next(), last.next()) {
            weight.map_in_place(of_weight);
            for (bias, &mean) in bias.as_mut_slice().iter_mut().zip(&self.mean) {
                *bias = of_bias(*bias, mean);
            }
        }
        network
    }
}

#[cfg(test)]
mod tests {
    use nn_core::seeded;
    use nn_layers::Initialization;

    use super::*;

    #[test]
    fn a_network_that_learns_scaled_targets_answers_the_targets() {
        let x = Matrix::from_rows(&[[0.5, -1.0, 2.0], [1.0, 0.0, -0.25]]);
        let y = Matrix::from_rows(&[[200_000.0, 350_000.0, 275_000.0], [3.0, 4.0, 8.0]]);
        let scale = TargetScale::fit(&y);
        assert_eq!(scale, TargetScale { mean: vec![275_000.0, 5.0], unit: 32_768.0 }); // deviation 61,237
        let mut scaled = y.clone();
        scale.apply(&mut scaled);
        assert_eq!(scaled[(0, 1)], 75_000.0 / 32_768.0);

        let layers = [(4, Activation::Tanh), (2, Activation::Identity)];
        let network = Network::random(2, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1)).unwrap();
        assert!(TargetScale::suits(&network));
        let restored = scale.restored(network.clone(), Precision::F64);
        let (small, _) = network.loss_and_outputs(&x, &scaled);
        let (large, _) = restored.loss_and_outputs(&x, &y);
        assert!((large / scale.loss(small) - 1.0).abs() < 1e-12, "{large}, {small}");
        // The way back is exact but for the bias.
        let again = scale.scaled(restored);
        assert_eq!(again.layers()[1].weight, network.layers()[1].weight);
        assert!((again.layers()[1].bias[(0, 0)] - network.layers()[1].bias[(0, 0)]).abs() < 1e-11);
    }

    #[test]
    fn equal_targets_and_very_large_or_small_ones_have_a_unit_whose_square_is_a_number() {
        for (targets, unit) in
            [([7.0, 7.0], 1.0), ([-1e300, 1e300], 500_f64.exp2()), ([0.0, 1e-300], (-500_f64).exp2())]
        {
            assert_eq!(TargetScale::fit(&Matrix::from_rows(&[targets])).unit, unit);
        }
    }

    #[test]
    fn outputs_that_are_squashed_keep_their_unit() {
        let network = |activation, loss| {
            Network::random(1, &[(1, activation)], loss, Initialization::Glorot, &mut seeded(1)).unwrap()
        };
        assert!(!TargetScale::suits(&network(Activation::Sigmoid, Loss::LeastSquares)));
        assert!(!TargetScale::suits(&network(Activation::Sigmoid, Loss::BinaryCrossEntropy)));
    }
}
