//! Standardisation: every input with mean 0 and standard deviation 1.

use nn_core::{Matrix, Scalar};
use serde::{Deserialize, Serialize};

/// The mean and the standard deviation of each input over the training examples, and the map that takes them away:
///
/// ```text
/// x ← (x − mean) / scale          0 where scale = 0
/// ```
///
/// Inputs on one common scale let one learning rate serve all weights of the first layer (LeCun, Bottou, Orr and Müller
/// 1998, "Efficient BackProp", section 4.3). Fit it on the training rows only, then apply it to all rows: nothing of the
/// held-out rows may leak into the training.
///
/// ```
/// use nn_core::Matrix;
/// use nn_train::Standardization;
///
/// let mut x = Matrix::from_rows(&[[1.0, 3.0], [5.0, 5.0]]); // two inputs, two examples
/// let standardization = Standardization::fit(&x);
/// assert_eq!((standardization.mean.as_slice(), standardization.scale.as_slice()), (&[2.0, 5.0][..], &[1.0, 0.0][..]));
/// standardization.apply(&mut x);
/// assert_eq!(x, Matrix::from_rows(&[[-1.0, 1.0], [0.0, 0.0]]));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standardization {
    /// The mean of each row, n₀ numbers.
    pub mean: Vec<f64>,
    /// The standard deviation of each row, n₀ numbers; 0 for a row that counts as constant.
    pub scale: Vec<f64>,
}

impl Standardization {
    /// Mean and population standard deviation (divided by N, not N − 1) of each row of x over its columns.
    ///
    /// ```text
    /// mean = 1/N Σ x          scale = √(1/N Σ (x − mean)²)
    /// ```
    ///
    /// A row whose deviation is at most 2⁻⁵² |mean| counts as **constant** and gets scale 0: in such a row the last digit
    /// varies at most, which is the noise of whatever computed it, and would be blown up to size 1.
    ///
    /// Two passes with a correction (Chan, Golub and LeVeque 1983) keep the digits of a small deviation around a large
    /// mean, and each row is measured in units of its largest entry, so that neither sums nor squares overflow or vanish:
    /// every row of finite numbers has a finite mean and a finite scale.
    ///
    /// # Shapes
    ///
    /// x: n₀ × N.
    ///
    /// # Panics
    ///
    /// Panics if x has no columns.
    #[track_caller]
    pub fn fit(x: &Matrix<f64>) -> Standardization {
        assert!(x.columns() > 0, "a standardisation from no examples");
        // BEGIN SOLUTION 12.3
        let (rows, n) = (x.rows(), x.columns() as f64);

        let mut least = vec![f64::INFINITY; rows];
        let mut most = vec![f64::NEG_INFINITY; rows];
        for column in x.columns_iter() {
            for ((&x, least), most) in column.iter().zip(&mut least).zip(&mut most) {
                *least = least.min(x);
                *most = most.max(x);
            }
        }
        let unit: Vec<f64> =
            least.iter().zip(&most).map(|(least, most)| power_of_two_below(least.abs().max(most.abs()))).collect();

        let mut mean = vec![0.0; rows];
        for column in x.columns_iter() {
            for ((&x, mean), unit) in column.iter().zip(&mut mean).zip(&unit) {
                *mean += x / unit;
            }
        }
        for i in 0..rows {
            // A mean lies between the extremes. Rounding may carry the sum of equal numbers past them.
            mean[i] = (mean[i] / n).max(least[i] / unit[i]).min(most[i] / unit[i]);
        }

        let (mut sum, mut squares) = (vec![0.0; rows], vec![0.0; rows]);
        for column in x.columns_iter() {
            for (((&x, sum), squares), (mean, unit)) in
                column.iter().zip(&mut sum).zip(&mut squares).zip(mean.iter().zip(&unit))
            {
                let off = x / unit - mean;
                *sum += off;
                *squares += off * off;
            }
        }
        let mut scale = vec![0.0; rows];
        for i in 0..rows {
            let correction = sum[i] / n; // what rounding left out of the mean
            mean[i] += correction;
            let variance = squares[i] / n - correction * correction;
            let noise = f64::EPSILON * mean[i];
            // The comparison is written so that NaN does not pass for a constant.
            scale[i] = if variance <= noise * noise { 0.0 } else { variance.sqrt() * unit[i] };
            mean[i] *= unit[i];
        }
        Standardization { mean, scale }
        // END SOLUTION 12.3
    }

    /// As [`fit`](Standardization::fit), of numbers in any precision: the same, to the bit, as of the same numbers in f64.
    ///
    /// A few rows at a time are brought into f64, so that the copy is small.
    ///
    /// # Panics
    ///
    /// Panics if x has no columns.
    #[track_caller]
    pub fn fit_in<T: Scalar>(x: &Matrix<T>) -> Standardization {
        const ROWS: usize = 16; // a cache line of f32
        let mut all = Standardization { mean: Vec::new(), scale: Vec::new() };
        for first in (0..x.rows()).step_by(ROWS) {
            let rows = ROWS.min(x.rows() - first);
            let mut in_f64 = Matrix::zeros(rows, x.columns());
            for (j, column) in x.columns_iter().enumerate() {
                for (to, from) in in_f64.column_mut(j).iter_mut().zip(&column[first..first + rows]) {
                    *to = from.to_f64();
                }
            }
            let some = Standardization::fit(&in_f64);
            all.mean.extend(some.mean);
            all.scale.extend(some.scale);
        }
        all
    }

    /// x ← (x − mean) / scale, and 0 where scale is 0, whatever x is. It is computed in f64.
    ///
    /// # Shapes
    ///
    /// x: n₀ × any number of columns.
    ///
    /// # Panics
    ///
    /// Panics if x does not have a row for each mean.
    #[track_caller]
    pub fn apply<T: Scalar>(&self, x: &mut Matrix<T>) {
        assert!(
            x.rows() == self.mean.len(),
            "x with shape {}, a standardisation of {} rows",
            x.shape(),
            self.mean.len()
        );
        for j in 0..x.columns() {
            for ((x, &mean), &scale) in x.column_mut(j).iter_mut().zip(&self.mean).zip(&self.scale) {
                *x = T::from_f64(standardized(x.to_f64(), mean, scale));
            }
        }
    }
}

/// Without a branch, so that several are computed at once.
#[inline]
fn standardized(x: f64, mean: f64, scale: f64) -> f64 {
    let off = x - mean;
    let near = off / scale;
    let far = (x / 2.0 - mean / 2.0) / (scale / 2.0); // the same, where x − mean overflows
    let quotient = if off.is_finite() { near } else { far };
    if scale == 0.0 { 0.0 } else { quotient }
}

/// The largest power of two that is not above x: x in units of it is exact and less than 2. At least the smallest normal
/// number, so that one can divide by it.
pub(crate) fn power_of_two_below(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & f64::INFINITY.to_bits()).max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use nn_core::{normal, seeded};

    use super::*;

    fn fit_row(row: &[f64]) -> (f64, f64) {
        let Standardization { mean, scale } = Standardization::fit(&Matrix::from_rows(&[row]));
        (mean[0], scale[0])
    }

    fn applied(row: &[f64]) -> Vec<f64> {
        let mut x = Matrix::from_rows(&[row]);
        Standardization::fit(&x).apply(&mut x);
        x.as_slice().to_vec()
    }

    /// By hand: 2, 4, 4, 4, 5, 5, 7, 9 have mean 5 and squares that sum to 32 = 8 · 2².
    #[test]
    fn population_deviation() {
        assert_eq!(fit_row(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]), (5.0, 2.0));
        assert_eq!(applied(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]), [-1.5, -0.5, -0.5, -0.5, 0.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn each_row_has_its_own() {
        let x = Matrix::from_rows(&[[1.0, 3.0], [-40.0, 0.0], [7.0, 7.0]]);
        let fitted = Standardization::fit(&x);
        assert_eq!(fitted, Standardization { mean: vec![2.0, -20.0, 7.0], scale: vec![1.0, 20.0, 0.0] });
        let mut other = Matrix::from_columns(&[[4.0, 20.0, 8.0]]); // an example that was not fitted
        fitted.apply(&mut other);
        assert_eq!(other, Matrix::from_columns(&[[2.0, 2.0, 0.0]]));
    }

    #[test]
    fn afterwards_means_are_zero_and_deviations_one() {
        let mut rng = seeded(1);
        let mut x = Matrix::from_fn(3, 1000, |i, _| 10_f64.powi(3 * i as i32) * (normal(&mut rng) + 3.0));
        Standardization::fit(&x).apply(&mut x);
        let again = Standardization::fit(&x);
        for (mean, scale) in again.mean.iter().zip(&again.scale) {
            assert!(mean.abs() < 1e-14 && (scale - 1.0).abs() < 1e-14, "{mean} {scale}");
        }
    }

    /// 35 rows are two pieces and a part of a third.
    #[test]
    fn any_precision_is_fitted_and_standardised_as_in_f64() {
        let mut rng = seeded(4);
        let single = Matrix::from_fn(35, 20, |i, _| (i as f64 + normal(&mut rng)) as f32);
        let double = single.map(f64::from);
        let fitted = Standardization::fit_in(&single);
        assert_eq!(fitted, Standardization::fit(&double));
        assert_eq!(Standardization::fit_in(&double), fitted);
        let (mut single, mut double) = (single, double);
        fitted.apply(&mut single);
        fitted.apply(&mut double);
        assert_eq!(single, double.map(|x| x as f32));
    }

    /// 0.1 has no finite binary expansion: the sum of a thousand of them, divided by a thousand, is not 0.1.
    #[test]
    fn constant_rows_become_zero() {
        for value in [0.0, 0.1, -0.1, 1e300, f64::MAX, f64::MIN_POSITIVE, 5e-324] {
            assert_eq!(fit_row(&[value; 1000]), (value, 0.0));
            assert_eq!(applied(&[value; 1000]), [0.0; 1000]);
        }
        assert_eq!(fit_row(&[3.0]), (3.0, 0.0)); // a single example
    }

    /// While a sum of equal numbers grows to twice its size, every addition is rounded the same way, and the errors add
    /// up: without the bounds on the mean, this row has a deviation of 1.9 units of noise.
    #[test]
    fn long_constant_rows_do_too() {
        let (value, n) = (1.0 + 5.37 / 41.3, 3_000_000);
        let fitted = Standardization::fit(&Matrix::from_slice(1, n, &vec![value; n]));
        assert_eq!(fitted, Standardization { mean: vec![value], scale: vec![0.0] });
    }

    #[test]
    fn rounding_noise_is_constant() {
        let noisy = 0.1 + 0.2; // one unit in the last place above 0.3
        assert_ne!(noisy, 0.3);
        assert_eq!(fit_row(&[0.3, noisy, 0.3]).1, 0.0);
        assert_eq!(applied(&[-0.3, -noisy, -0.3]), [0.0; 3]);
        assert_eq!(fit_row(&[1.0 - f64::EPSILON, 1.0 + f64::EPSILON]).1, 0.0); // a deviation of exactly 2⁻⁵²
    }

    #[test]
    fn small_deviations_are_kept() {
        assert_eq!(fit_row(&[1.0, 1.0 + 4.0 * f64::EPSILON]), (1.0 + 2.0 * f64::EPSILON, 2.0 * f64::EPSILON));
        assert_eq!(fit_row(&[1e15 - 1.0, 1e15 + 1.0]), (1e15, 1.0));
        let (mean, scale) = fit_row(&[-1e-300, 1e-300]); // its squares are zero
        assert_eq!(mean, 0.0);
        assert!((scale / 1e-300 - 1.0).abs() < 1e-15);
        assert_eq!(applied(&[-1e-300, 1e-300]), [-1.0, 1.0]);
    }

    /// The naive formula mean(x²) − mean(x)² has no digit left here.
    #[test]
    fn a_large_mean_hides_no_deviation() {
        let row: Vec<f64> = (0..10_001).map(|i| 1e9 + f64::from(i - 5000) / 1024.0).collect();
        let (mean, scale) = fit_row(&row);
        let exact = ((10_001_f64.powi(2) - 1.0) / 12.0).sqrt() / 1024.0; // of evenly spaced numbers
        assert_eq!(mean, 1e9);
        assert!((scale / exact - 1.0).abs() < 1e-13, "{scale} {exact}");
    }

    #[test]
    fn large_numbers_do_not_overflow() {
        assert_eq!(fit_row(&[f64::MAX, -f64::MAX]), (0.0, f64::MAX));
        assert_eq!(applied(&[f64::MAX, -f64::MAX]), [1.0, -1.0]);
        let half = f64::MAX / 2.0;
        assert_eq!(fit_row(&[f64::MAX, half, f64::MAX, half]), (0.75 * f64::MAX, 0.25 * f64::MAX));
        // The mean is −MAX/3 and MAX minus it overflows; the deviation is MAX √8/3.
        for (got, want) in applied(&[-f64::MAX, f64::MAX, -f64::MAX]).into_iter().zip([-1.0, 2.0, -1.0]) {
            assert!((got - want / 2_f64.sqrt()).abs() < 1e-15, "{got}");
        }
    }

    #[test]
    fn nan_stays_nan() {
        let (mean, scale) = fit_row(&[1.0, f64::NAN, 2.0]);
        assert!(mean.is_nan() && scale.is_nan());
        assert!(standardized(f64::NAN, 0.0, 1.0).is_nan());
        assert_eq!(standardized(f64::INFINITY, 0.0, 1.0), f64::INFINITY);
    }

    #[test]
    fn units_are_powers_of_two() {
        for (x, unit) in [(1.0, 1.0), (1.99, 1.0), (2.0, 2.0), (0.3, 0.25), (0.0, f64::MIN_POSITIVE)] {
            assert_eq!(power_of_two_below(x), unit);
        }
        assert_eq!(power_of_two_below(f64::MAX), 2_f64.powi(1023));
    }

    #[test]
    #[should_panic(expected = "a standardisation from no examples")]
    fn no_examples_have_no_mean() {
        Standardization::fit(&Matrix::zeros(2, 0));
    }

    #[test]
    #[should_panic(expected = "x with shape 3×1, a standardisation of 2 rows")]
    fn rows_have_to_fit() {
        Standardization { mean: vec![0.0; 2], scale: vec![1.0; 2] }.apply(&mut Matrix::<f64>::zeros(3, 1));
    }
}
