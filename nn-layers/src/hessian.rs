//! Second derivatives of a network's loss, by the δ-recursion in dual numbers.

use nn_autodiff::Dual;
use nn_core::{Matrix, Scalar};

use crate::{ByHand, Engine, Network};

/// H v, the product of the Hessian of the network's loss with a vector: how the gradient changes as the parameters move
/// along v.
///
/// v and H v have a matrix for each parameter, in the order W⁽¹⁾, b⁽¹⁾, W⁽²⁾, b⁽²⁾, … H itself, which has as many rows and
/// columns as there are parameters, is never computed. The forward pass and the δ-recursion run once on θ + v ε, in
/// [dual numbers](Dual), and the factor of ε in the gradient is H v:
///
/// ```text
/// ∂J/∂θ (θ + v ε) = ∂J/∂θ (θ) + H v ε
/// ```
///
/// That costs a few gradients. Source: Pearlmutter, *Fast exact multiplication by the Hessian* (1994). For your own losses
/// there is [`Tape::hessian_vector`](nn_autodiff::Tape::hessian_vector).
///
/// ```
/// use nn_core::{Activation, Loss, Matrix};
/// use nn_layers::{Dense, Network, hessian_vector};
///
/// let weight = Matrix::from_rows(&[[0.5, -1.0]]);
/// let line = Dense { weight, bias: Matrix::from_column(&[0.0]), activation: Activation::Identity };
/// let network = Network::new(vec![line], Loss::LeastSquares)?;
///
/// // One example: J = (w · x + b − y)²/2, whose Hessian is (x, 1)ᵀ (x, 1).
/// let (x, y) = (Matrix::from_column(&[3.0, 2.0]), Matrix::from_column(&[1.0]));
/// let v = [Matrix::from_rows(&[[1.0, 0.0]]), Matrix::from_column(&[1.0])];
/// let product = hessian_vector(&network, &x, &y, &v);
/// assert_eq!(product, [Matrix::from_rows(&[[12.0, 8.0]]), Matrix::from_column(&[4.0])]); // (3 + 1) (x, 1)
/// # Ok::<(), nn_layers::NetworkError>(())
/// ```
///
/// # Shapes
///
/// x: n₀ × m, y: n_L × m; v and H v: n_l × n_{l−1} and n_l × 1 for each layer.
///
/// # Panics
///
/// Panics if v does not have the shapes of the parameters, or if the batch does not fit the network.
#[track_caller]
pub fn hessian_vector<T: Scalar>(
    network: &Network<T>,
    x: &Matrix<T>,
    y: &Matrix<T>,
    v: &[Matrix<T>],
) -> Vec<Matrix<T>> {
    let shapes = network.parameters().map(Matrix::shape);
    assert!(shapes.eq(v.iter().map(Matrix::shape)), "H v: v does not have the shapes of the parameters");
    // BEGIN SOLUTION 14.1
    let mut engine = ByHand::new(network.map(Dual::constant));
    for ((parameter, _), v) in engine.parameters_mut().zip(v) {
        parameter.as_mut_slice().iter_mut().zip(v.as_slice()).for_each(|(x, &v)| x.derivative = v); // θ + v ε
    }
    engine.set_batch(&x.map(Dual::constant), &y.map(Dual::constant));
    engine.loss_and_gradients();
    engine.parameters_mut().map(|(_, gradient)| gradient.map(|g| g.derivative)).collect() // H v
    // END SOLUTION 14.1
}
