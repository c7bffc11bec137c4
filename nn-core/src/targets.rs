//! Which targets are valid for a loss.

use crate::{Loss, Matrix, Scalar};

/// How far the targets of an example may be from a sum of 1: probabilities that were rounded to seven decimals are closer.
const TOLERANCE: f64 = 1e-6;

/// Why a matrix is not valid as the targets of a loss: the first example that is wrong, and what is wrong with it.
///
/// Examples and outputs are counted from 1, as on paper.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum TargetError {
    /// The probabilities of an example do not sum to 1.
    #[error("the targets of example {example} sum to {sum}: those of {loss} are probabilities that sum to 1")]
    Sum {
        /// The loss that was given these targets.
        loss: Loss,
        /// The number of the example, from 1.
        example: usize,
        /// The sum of the targets of this example.
        sum: f64,
    },
    /// A target is below 0, above 1, or NaN.
    #[error("target {output} of example {example} is {value}: those of {loss} lie between 0 and 1")]
    Range {
        /// The loss that was given these targets.
        loss: Loss,
        /// The number of the example, from 1.
        example: usize,
        /// The number of the output, from 1.
        output: usize,
        /// The target that is out of range.
        value: f64,
    },
}

impl Loss {
    /// Checks that y is valid as the targets of this loss.
    ///
    /// The targets of an example are a column of y. Cross-entropy needs probabilities: none is negative, and they sum to 1
    /// (within 10⁻⁶). Binary cross-entropy needs numbers in [0, 1]. Least squares takes any.
    ///
    /// The derivative (a − y)/m of cross-entropy holds only for targets that sum to 1. With others, training would run
    /// without an error and the loss would be meaningless. So whatever computes gradients checks the targets here first.
    ///
    /// ```
    /// use nn_core::{Loss, Matrix};
    ///
    /// let y = Matrix::from_columns(&[[0.0, 1.0], [0.5, 0.4]]);
    /// let error = Loss::CrossEntropy.check_targets(&y).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the targets of example 2 sum to 0.9: those of cross-entropy are probabilities that sum to 1"
    /// );
    /// assert!(Loss::BinaryCrossEntropy.check_targets(&y).is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// Names the first example that does not fit.
    pub fn check_targets<T: Scalar>(self, y: &Matrix<T>) -> Result<(), TargetError> {
        let largest = match self {
            Loss::LeastSquares => return Ok(()),
            Loss::CrossEntropy => f64::INFINITY, // Their sum is checked below.
            Loss::BinaryCrossEntropy => 1.0,
        };
        for (example, targets) in (1..).zip(y.columns_iter()) {
            let targets = || targets.iter().map(|y| y.to_f64()); // In f32 the sum of many would be off by rounding.
            let fits = |y: &f64| (0.0..=largest).contains(y);
            let (all_fit, sum) = targets().fold((true, 0.0), |(all_fit, sum), y| (all_fit & fits(&y), sum + y));
            if !all_fit && let Some((output, value)) = (1..).zip(targets()).find(|(_, y)| !fits(y)) {
                return Err(TargetError::Range { loss: self, example, output, value });
            }
            if self == Loss::CrossEntropy && (sum - 1.0).abs() > TOLERANCE {
                return Err(TargetError::Sum { loss: self, example, sum });
            }
        }
        Ok(())
    }
}
