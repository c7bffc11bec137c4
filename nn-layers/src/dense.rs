//! One layer: an affine map and an activation.

use nn_core::{Activation, Matrix, MatrixView, Scalar, affine};

/// A dense layer l: every unit sees every unit of the layer below.
///
/// ```
/// use nn_core::{Activation, Matrix};
/// use nn_layers::Dense;
///
/// let layer = Dense {
///     weight: Matrix::from_rows(&[[1.0, -1.0]]), // one unit, two inputs
///     bias: Matrix::from_column(&[0.5]),
///     activation: Activation::Relu,
/// };
/// let (mut z, mut a) = (Matrix::zeros(1, 1), Matrix::zeros(1, 1));
/// layer.pre_activation(&Matrix::from_column(&[3.0, 2.0]), &mut z);
/// layer.activation_of(&z, &mut a);
/// assert_eq!((z[(0, 0)], a[(0, 0)]), (1.5, 1.5));
/// ```
#[derive(Clone, Debug, PartialEq)]
// ANCHOR: dense
pub struct Dense<T> {
    /// W⁽ˡ⁾, n_l × n_{l−1}: a row for each unit of this layer, a column for each unit of the layer below.
    pub weight: Matrix<T>,
    /// b⁽ˡ⁾, n_l × 1.
    pub bias: Matrix<T>,
    /// σ
    pub activation: Activation,
}
// ANCHOR_END: dense

impl<T: Scalar> Dense<T> {
    /// z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾, the bias added to every column.
    ///
    /// # Shapes
    ///
    /// a⁽ˡ⁻¹⁾: n_{l−1} × m, z: n_l × m (z is given this shape).
    ///
    /// # Panics
    ///
    /// Panics if a⁽ˡ⁻¹⁾ does not have as many rows as this layer has inputs.
    #[track_caller]
    // ANCHOR: pre_activation
    pub fn pre_activation<'a>(&self, a_below: impl Into<MatrixView<'a, T>>, z: &mut Matrix<T>) {
        // BEGIN SOLUTION 3.5
        let a_below = a_below.into();
        z.resize(self.outputs(), a_below.columns());
        affine(&self.weight, a_below, &self.bias, z); // z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾
        // END SOLUTION 3.5
    }
    // ANCHOR_END: pre_activation

    /// a⁽ˡ⁾ = σ(z⁽ˡ⁾)
    ///
    /// # Shapes
    ///
    /// z, a: n_l × m (a is given this shape).
    // ANCHOR: activation_of
    pub fn activation_of(&self, z: &Matrix<T>, a: &mut Matrix<T>) {
        a.resize(z.rows(), z.columns());
        self.activation.apply(z, a); // a⁽ˡ⁾ = σ(z⁽ˡ⁾)
    }
    // ANCHOR_END: activation_of

    /// n_{l−1}, the units of the layer below.
    pub fn inputs(&self) -> usize {
        self.weight.columns()
    }

    /// n_l, the units of this layer.
    pub fn outputs(&self) -> usize {
        self.weight.rows()
    }
}
