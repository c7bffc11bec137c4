//! Explanations of small networks, for the tests.

use nn_core::{Activation, Loss, Matrix};
use nn_layers::{Dense, Network};

use super::explanation::{Explanation, explain};
use crate::data::Precision;

pub(crate) type Rows<'a> = &'a [&'a [f64]];

pub(crate) fn network(layers: &[(Activation, Rows<'_>, &[f64])], loss: Loss) -> Network<f64> {
    let layers = layers.iter().map(|&(activation, weight, bias)| Dense {
        weight: Matrix::from_rows(weight),
        bias: Matrix::from_column(bias),
        activation,
    });
    Network::new(layers.collect(), loss).expect("layers that fit")
}

pub(crate) fn explanation(network: &Network<f64>, x: Rows<'_>, y: Rows<'_>, learning_rate: Option<f64>) -> Explanation {
    let (x, y) = (Matrix::from_columns(x), Matrix::from_columns(y));
    explain(network, &x, &y, learning_rate, Precision::F64)
}

/// M. Mazur, "A Step by Step Backpropagation Example" (2015), with the biases updated too.
pub(crate) fn mazur() -> Explanation {
    let hidden: (_, Rows<'_>, &[f64]) = (Activation::Sigmoid, &[&[0.15, 0.20], &[0.25, 0.30]], &[0.35, 0.35]);
    let output: (_, Rows<'_>, &[f64]) = (Activation::Sigmoid, &[&[0.40, 0.45], &[0.50, 0.55]], &[0.60, 0.60]);
    let network = network(&[hidden, output], Loss::LeastSquares);
    explanation(&network, &[&[0.05, 0.10]], &[&[0.01, 0.99]], Some(0.5))
}

pub(crate) fn two_layers(hidden: Activation, output: Activation, loss: Loss) -> Explanation {
    let below: (_, Rows<'_>, &[f64]) = (hidden, &[&[0.3, -0.7], &[-0.45, 0.2]], &[0.1, -0.25]);
    let above: (_, Rows<'_>, &[f64]) = (output, &[&[0.6, -0.35], &[-0.8, 0.15]], &[0.05, -0.15]);
    let network = network(&[below, above], loss);
    explanation(&network, &[&[0.7, -1.1], &[-0.4, 1.3]], &[&[1.0, 0.0], &[0.25, 0.75]], Some(0.1))
}

/// Without the numbers that the last bits of a processor decide: they do not belong into a snapshot.
pub(crate) fn without_rounding(mut explanation: Explanation) -> Explanation {
    explanation.by_tape = explanation.by_hand.clone();
    explanation.largest_difference = 0.0;
    explanation
}
