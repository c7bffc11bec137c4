//! The worked example of the book: the 2-2-2 network of Matt Mazur's *A Step by Step Backpropagation Example* (2015).

use nn_core::{Activation, Loss, Matrix};
use nn_layers::{Dense, Network};

/// The network, its one example x, and the target y.
pub fn two_two_two() -> (Network<f64>, Matrix<f64>, Matrix<f64>) {
    let layer = |weight: [[f64; 2]; 2], bias: f64| Dense {
        weight: Matrix::from_rows(&weight),
        bias: Matrix::from_column(&[bias, bias]),
        activation: Activation::Sigmoid,
    };
    let layers = vec![layer([[0.15, 0.20], [0.25, 0.30]], 0.35), layer([[0.40, 0.45], [0.50, 0.55]], 0.60)];
    let network = Network::new(layers, Loss::LeastSquares).expect("layers that fit");
    (network, Matrix::from_column(&[0.05, 0.10]), Matrix::from_column(&[0.01, 0.99]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_file_of_the_pages_is_this_network() {
        let model = nn_train::Model::from_json(include_str!("../models/two-two-two.json")).expect("a model file");
        assert_eq!(model.network, two_two_two().0);
    }
}
