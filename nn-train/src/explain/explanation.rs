//! The numbers of a forward pass, a δ-recursion and one update, by both engines.

use nn_core::{Matrix, Scalar};
use nn_layers::{ByHand, ByTape, Engine, LayerValues, Network};
use serde::Serialize;

use crate::data::Precision;
use crate::text::json;
use crate::training::sgd_update;

/// Everything that the two engines compute for one batch, as f64, which holds the numbers of either precision exactly.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The network that was explained.
    pub network: Network<f64>,
    /// What x was before the model standardised it; [`explain`] leaves it at `None`.
    pub input: Option<Matrix<f64>>,
    /// a⁽⁰⁾ = x, n₀ × m.
    pub x: Matrix<f64>,
    /// y, n_L × m.
    pub y: Matrix<f64>,
    /// J and the layers, by the δ-recursion.
    pub by_hand: EngineExplanation,
    /// J and the layers, by the tape.
    pub by_tape: EngineExplanation,
    /// The largest absolute difference between any two numbers that should be the same; not finite if one of
    /// them is not.
    pub largest_difference: f64,
    /// W and b of each layer after one step of gradient descent, where a learning rate was given.
    pub updated: Option<Updated>,
}

/// What one engine computed.
#[derive(Clone, Debug, Serialize)]
pub struct EngineExplanation {
    /// J
    pub loss: f64,
    /// The layers, from the first to the last.
    pub layers: Vec<LayerExplanation>,
}

/// The numbers of one layer; their shapes are those of [`LayerValues`].
#[derive(Clone, Debug, Serialize)]
pub struct LayerExplanation {
    /// z⁽ˡ⁾
    #[serde(serialize_with = "json::columns")]
    pub z: Matrix<f64>,
    /// a⁽ˡ⁾
    #[serde(serialize_with = "json::columns")]
    pub a: Matrix<f64>,
    /// δ⁽ˡ⁾
    #[serde(serialize_with = "json::columns")]
    pub delta: Matrix<f64>,
    /// ∂J/∂W⁽ˡ⁾
    #[serde(serialize_with = "json::rows")]
    pub weight_gradient: Matrix<f64>,
    /// ∂J/∂b⁽ˡ⁾
    #[serde(serialize_with = "json::entries")]
    pub bias_gradient: Matrix<f64>,
}

/// One step of gradient descent.
#[derive(Clone, Debug)]
pub struct Updated {
    /// η
    pub learning_rate: f64,
    /// The network with W ← W − η ∂J/∂W and b ← b − η ∂J/∂b.
    pub network: Network<f64>,
}

/// Runs both engines on a batch in this precision.
///
/// # Panics
///
/// Panics if the batch does not fit the network, is empty, or has targets that the loss
/// [does not accept](nn_core::Loss::check_targets).
pub fn explain(
    network: &Network<f64>,
    x: &Matrix<f64>,
    y: &Matrix<f64>,
    learning_rate: Option<f64>,
    precision: Precision,
) -> Explanation {
    match precision {
        Precision::F64 => explain_in::<f64>(network, x, y, learning_rate),
        Precision::F32 => explain_in::<f32>(network, x, y, learning_rate),
    }
}

fn explain_in<T: Scalar>(
    network: &Network<f64>,
    x: &Matrix<f64>,
    y: &Matrix<f64>,
    learning_rate: Option<f64>,
) -> Explanation {
    let (network, x, y) = (network.map(T::from_f64), x.map(T::from_f64), y.map(T::from_f64));
    let layers = network.layers().len();
    let (mut hand, mut tape) = (ByHand::new(network.clone()), ByTape::new(&network));
    let by_hand = run(&mut hand, layers, &x, &y);
    let by_tape = run(&mut tape, layers, &x, &y);
    let updated = learning_rate.map(|learning_rate| {
        for (parameter, gradient) in hand.parameters_mut() {
            sgd_update(parameter, gradient, T::from_f64(learning_rate));
        }
        Updated { learning_rate, network: hand.network().map(T::to_f64) }
    });
    Explanation {
        network: network.map(T::to_f64),
        input: None,
        x: x.map(T::to_f64),
        y: y.map(T::to_f64),
        largest_difference: difference_of_engines(&by_hand, &by_tape),
        by_hand,
        by_tape,
        updated,
    }
}

/// What an engine computes for a batch.
pub(crate) fn run<T: Scalar>(
    engine: &mut impl Engine<T>,
    layers: usize,
    x: &Matrix<T>,
    y: &Matrix<T>,
) -> EngineExplanation {
    engine.set_batch(x, y);
    let loss = engine.loss_and_gradients().to_f64();
    let layers = (0..layers).map(|l| LayerExplanation::new(engine.layer(l))).collect();
    EngineExplanation { loss, layers }
}

impl LayerExplanation {
    fn new<T: Scalar>(layer: LayerValues<'_, T>) -> Self {
        LayerExplanation {
            z: layer.z.map(T::to_f64),
            a: layer.a.map(T::to_f64),
            delta: layer.delta.map(T::to_f64),
            weight_gradient: layer.weight_gradient.map(T::to_f64),
            bias_gradient: layer.bias_gradient.map(T::to_f64),
        }
    }

    /// z, a, δ, ∂J/∂W and ∂J/∂b, in the order in which they are computed.
    pub fn matrices(&self) -> [&Matrix<f64>; 5] {
        [&self.z, &self.a, &self.delta, &self.weight_gradient, &self.bias_gradient]
    }
}

/// max |by hand − by tape| over J and all entries of all layers; not finite where one of these numbers is not.
fn difference_of_engines(hand: &EngineExplanation, tape: &EngineExplanation) -> f64 {
    let layers = hand.layers.iter().zip(&tape.layers);
    let matrices = layers.flat_map(|(hand, tape)| hand.matrices().into_iter().zip(tape.matrices()));
    let of_matrices = matrices.map(|(hand, tape)| largest_difference(hand, tape));
    largest(of_matrices.chain([(hand.loss - tape.loss).abs()]))
}

/// max |u − v|; not finite where an entry of either is not.
pub(crate) fn largest_difference(u: &Matrix<f64>, v: &Matrix<f64>) -> f64 {
    largest(u.as_slice().iter().zip(v.as_slice()).map(|(u, v)| (u - v).abs()))
}

/// The largest of some numbers that are not negative; NaN if one of them is NaN, and 0 if there are none.
pub(crate) fn largest(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, |largest: f64, x| if x <= largest || largest.is_nan() { largest } else { x })
}
