//! A model: a trained network with what is needed to use it on raw data, and its JSON format.
//!
//! ```json
//! {"format": "nn-model", "version": 1, "loss": "least-squares",
//!  "layers": [{"activation": "sigmoid", "weight": [[0.15, 0.20], [0.25, 0.30]], "bias": [0.35, 0.35]},
//!             {"activation": "sigmoid", "weight": [[0.40, 0.45], [0.50, 0.55]], "bias": [0.60, 0.60]}]}
//! ```
//!
//! `weight` has a row for each unit of its layer and a column for each unit of the layer below. Optional keys are
//! `precision`, `classes`, `standardize` and `metadata`; any other key is an error.

use nn_core::{Activation, Matrix};
use nn_layers::Network;
use serde_json::value::RawValue;

use super::error::ModelError;
use crate::data::{Precision, Standardization};

/// A network and what belongs to it. The parameters are kept in f64, which holds every f32 exactly.
#[derive(Clone, Debug)]
pub struct Model {
    /// The layers and the loss.
    pub network: Network<f64>,
    /// The precision that it was trained in and is to be used in.
    pub precision: Precision,
    /// The name of each class, where the outputs are classes.
    pub classes: Option<Vec<String>>,
    /// The standardisation of raw inputs, which comes before the network.
    pub standardize: Option<Standardization>,
    /// Any JSON that the writer of the model added; it is kept unchanged.
    pub metadata: Option<Box<RawValue>>,
}

impl Model {
    /// Checks that the outputs suit `classes` classes: there is one for each; or there is one for two classes, and it is the
    /// probability of the second.
    ///
    /// # Errors
    ///
    /// Says how many outputs there are, or the activation of the only one: after tanh or identity there is no threshold
    /// between two classes, and after softmax a single output is always 1.
    pub fn check_classes(&self, classes: usize) -> Result<(), ModelError> {
        let (outputs, activation) = (self.network.outputs(), self.last_activation());
        match (outputs, classes) {
            _ if outputs == classes => Ok(()),
            (1, 2) if matches!(activation, Activation::Sigmoid | Activation::Step) => Ok(()),
            (1, 2) => Err(ModelError::OneOutput { activation }),
            _ => Err(ModelError::Classes { found: classes, outputs }),
        }
    }

    /// Whether every output is a number from 0 to 1, which can be read as the probability of a class.
    pub fn gives_probabilities(&self) -> bool {
        matches!(self.last_activation(), Activation::Softmax | Activation::Sigmoid | Activation::Step)
    }

    fn last_activation(&self) -> Activation {
        self.network.layers()[self.network.layers().len() - 1].activation
    }

    /// The first parameter that is too large for the model's [`precision`](Model::precision), which is a public field and
    /// may have been changed.
    pub fn overflowing_parameter(&self) -> Option<f64> {
        let parameters = self.network.parameters().flat_map(|parameter| parameter.as_slice());
        parameters.copied().find(|&x| !self.precision.holds(x))
    }

    /// Raw inputs, a column for each example, standardised as the network needs them.
    ///
    /// # Panics
    ///
    /// Panics if x does not have n₀ rows.
    pub fn prepare(&self, x: &Matrix<f64>) -> Matrix<f64> {
        let mut x = x.clone();
        if let Some(standardize) = &self.standardize {
            standardize.apply(&mut x);
        }
        x
    }

    /// The outputs for raw inputs, in the model's precision.
    ///
    /// # Shapes
    ///
    /// x: n₀ × m → a⁽ᴸ⁾: n_L × m.
    ///
    /// # Panics
    ///
    /// Panics if x does not have n₀ rows.
    pub fn predict(&self, x: &Matrix<f64>) -> Matrix<f64> {
        let x = self.prepare(x);
        match self.precision {
            Precision::F64 => self.network.predict(&x),
            Precision::F32 => self.network.map(|w| w as f32).predict(&x.map(|x| x as f32)).map(f64::from),
        }
    }
}
