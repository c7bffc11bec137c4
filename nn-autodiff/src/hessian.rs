//! Second derivatives: the product of the Hessian of J with a vector, on a tape over dual numbers.

use nn_core::{Matrix, Scalar};

use crate::dual::Dual;
use crate::op::Var;
use crate::tape::Tape;

impl<T: Scalar> Tape<Dual<T>> {
    /// H v, the product of the Hessian of J with a vector: how the gradient changes as the parameters move along v.
    ///
    /// v and H v have a matrix for each parameter, in the order of recording. No entry of H is computed: the parameters
    /// become θ + v ε, and one forward and one backward sweep give the gradient and, as its factor of ε, H v (Pearlmutter
    /// 1994). The cost is that of a few gradients, whatever the number of parameters.
    ///
    /// For J = Σ w³ the gradient is 3 w², and H is diagonal with the entries 6 w:
    ///
    /// ```
    /// use nn_autodiff::{Dual, Tape};
    /// use nn_core::Matrix;
    ///
    /// let mut tape = Tape::new();
    /// let w = tape.parameter(Matrix::from_column(&[2.0, 5.0]).map(Dual::constant));
    /// let square = tape.multiply(w, w);
    /// let cube = tape.multiply(square, w);
    /// let j = tape.sum(cube);
    /// let product = tape.hessian_vector(j, &[Matrix::from_column(&[1.0, -1.0])]);
    /// assert_eq!(product, [Matrix::from_column(&[12.0, -30.0])]);
    /// assert_eq!(tape.gradient(w).map(|g| g.value), Matrix::from_column(&[12.0, 75.0])); // beside it
    /// ```
    ///
    /// The parameters keep v as their factors of ε, so that values and gradients on the tape are those of θ + v ε.
    ///
    /// # Panics
    ///
    /// Panics if v does not have the shapes of the parameters, or if J is not a 1 × 1 matrix.
    #[track_caller]
    pub fn hessian_vector(&mut self, j: Var, v: &[Matrix<T>]) -> Vec<Matrix<T>> {
        let parameters = self.parameters_mut().count();
        assert!(v.len() == parameters, "H v: v has {} matrices for {parameters} parameters", v.len());
        for ((parameter, _), v) in self.parameters_mut().zip(v) {
            let (shape, found) = (parameter.shape(), v.shape());
            assert!(found == shape, "H v: v is {found} where the parameter is {shape}");
            parameter.as_mut_slice().iter_mut().zip(v.as_slice()).for_each(|(x, &v)| x.derivative = v);
        }
        self.forward();
        self.backward(j);
        self.parameters_mut().map(|(_, gradient)| gradient.map(|g| g.derivative)).collect()
    }
}
