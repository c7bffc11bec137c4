//! How good a network's outputs are, in numbers that people read: accuracy, the confusion matrix, R².

use std::fmt;
use std::iter::{once, repeat_n};

use nn_core::text::{Align, Table};
use nn_core::{Matrix, Scalar};
use nn_layers::predicted_class;

use crate::data::power_of_two_below;

/// The share of examples whose [`predicted_class`] is their label.
///
/// # Shapes
///
/// `outputs` = a⁽ᴸ⁾: n_L × m; m labels.
///
/// # Panics
///
/// Panics if there are more or fewer labels than examples, or no examples.
///
/// ```
/// use nn_core::Matrix;
///
/// let a = Matrix::from_columns(&[[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]]);
/// assert_eq!(nn_train::accuracy(&a, &[0, 1, 1, 0]), 0.75);
/// ```
#[track_caller]
// ANCHOR: accuracy
pub fn accuracy<T: Scalar>(outputs: &Matrix<T>, labels: &[usize]) -> f64 {
    check_labels("accuracy", outputs, labels);
    assert!(!labels.is_empty(), "accuracy needs at least one example");
    // BEGIN SOLUTION 12.1
    let right = labels.iter().enumerate().filter(|&(j, &label)| predicted_class(outputs, j) == label).count();
    right as f64 / labels.len() as f64
    // END SOLUTION 12.1
}
// ANCHOR_END: accuracy

/// How often each class was taken for each: rows are the true classes, columns the predicted ones.
///
/// It prints as a table, with the recall of each class at the end of its row and the precision below its column.
///
/// ```
/// use nn_core::Matrix;
/// use nn_train::ConfusionMatrix;
///
/// let a = Matrix::from_columns(&[[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]]);
/// let names = ["cat".to_owned(), "dog".to_owned()];
/// let confusion = ConfusionMatrix::new(&a, &[0, 1, 1, 0], &names);
/// assert_eq!(confusion.count(1, 0), 1); // one dog was taken for a cat
/// assert_eq!(
///     confusion.to_string(),
///     "true \\ predicted    cat    dog  recall\n\
///      cat                   2      0   1.000\n\
///      dog                   1      1   0.500\n\
///      precision         0.667  1.000"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    names: Vec<String>,
    /// Row by row.
    counts: Vec<usize>,
}

impl ConfusionMatrix {
    /// Counts the predictions of a network, as [`predicted_class`] reads them.
    ///
    /// # Shapes
    ///
    /// `outputs` = a⁽ᴸ⁾: n_L × m; m labels; a name for each class.
    ///
    /// # Panics
    ///
    /// Panics if there are more or fewer labels than examples, or if a label or a predicted class has no name.
    #[track_caller]
    pub fn new<T: Scalar>(outputs: &Matrix<T>, labels: &[usize], names: &[String]) -> Self {
        check_labels("confusion matrix", outputs, labels);
        let classes = names.len();
        let mut counts = vec![0; classes * classes];
        for (j, &label) in labels.iter().enumerate() {
            let predicted = predicted_class(outputs, j);
            assert!(
                label < classes && predicted < classes,
                "confusion matrix of {classes} classes: class {label} was taken for class {predicted}"
            );
            // BEGIN SOLUTION 12.2
            counts[label * classes + predicted] += 1;
            // END SOLUTION 12.2
        }
        ConfusionMatrix { names: names.to_vec(), counts }
    }

    /// The names of the classes.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many examples of class `truth` were taken for class `predicted`.
    ///
    /// # Panics
    ///
    /// Panics if there is no such class.
    #[track_caller]
    pub fn count(&self, truth: usize, predicted: usize) -> usize {
        let classes = self.names.len();
        assert!(truth < classes && predicted < classes, "entry ({truth}, {predicted}) of {classes} classes");
        self.counts[truth * classes + predicted]
    }

    /// The number of examples.
    pub fn examples(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The number of examples that were taken for what they are.
    pub fn right(&self) -> usize {
        (0..self.names.len()).map(|class| self.count(class, class)).sum()
    }

    /// The share of examples that were taken for what they are; `None` if there are no examples.
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.right(), self.examples())
    }

    /// The mean of the [recalls](ConfusionMatrix::recall) of the classes that have examples; `None` if there are none.
    ///
    /// Every class counts the same, however rare it is. Always answering one of k classes is 1/k, where the accuracy may be
    /// 95 %. This is `balanced_accuracy_score` of scikit-learn.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        let recalls: Vec<f64> = (0..self.names.len()).filter_map(|class| self.recall(class)).collect();
        (!recalls.is_empty()).then(|| recalls.iter().sum::<f64>() / recalls.len() as f64)
    }

    /// Of the examples that were taken for this class, the share that is of this class; `None` if none was.
    ///
    /// # Panics
    ///
    /// Panics if there is no such class.
    #[track_caller]
    pub fn precision(&self, class: usize) -> Option<f64> {
        let predicted = (0..self.names.len()).map(|truth| self.count(truth, class)).sum();
        ratio(self.count(class, class), predicted)
    }

    /// Of the examples of this class, the share that was taken for this class; `None` if there are none.
    ///
    /// # Panics
    ///
    /// Panics if there is no such class.
    #[track_caller]
    pub fn recall(&self, class: usize) -> Option<f64> {
        let there = (0..self.names.len()).map(|predicted| self.count(class, predicted)).sum();
        ratio(self.count(class, class), there)
    }
}

/// A table whose columns line up. Names come from files: a control character in one is shown as a space.
impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes = || 0..self.names.len();
        let names: Vec<String> =
            self.names.iter().map(|name| name.replace(|letter: char| letter.is_control(), " ")).collect();
        let share = |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{share:.3}"));

        let mut table = Table::new(once(Align::Left).chain(repeat_n(Align::Right, names.len() + 1)));
        table.title(once("true \\ predicted").chain(names.iter().map(String::as_str)).chain(["recall"]));
        for truth in classes() {
            let counts = classes().map(|predicted| self.count(truth, predicted).to_string());
            table.row(once(names[truth].clone()).chain(counts).chain([share(self.recall(truth))]));
        }
        table.row(once("precision".to_owned()).chain(classes().map(|class| share(self.precision(class)))));
        table.fmt(f)
    }
}

/// The coefficient of determination R², the mean over the outputs of
///
/// ```text
/// R² = 1 − Σ (y − a)² / Σ (y − ȳ)²          ȳ: the mean of this output's targets
/// ```
///
/// 1 is perfect; 0 is as good as answering ȳ every time; it may be negative. Where all targets of an output are equal the
/// quotient has no meaning: it counts 1 if the outputs are right to the bit and 0 if not. This is `r2_score` of
/// scikit-learn with its defaults, except that scikit-learn gives NaN for a single example, which here is the case of
/// equal targets. The sums are taken in f64.
///
/// # Shapes
///
/// `outputs` = a⁽ᴸ⁾, `targets` = y: n_L × m.
///
/// # Panics
///
/// Panics if the shapes differ or there is no entry.
///
/// ```
/// use nn_core::Matrix;
///
/// let a = Matrix::from_rows(&[[2.5, 0.0, 2.0, 8.0]]);
/// let y = Matrix::from_rows(&[[3.0, -0.5, 2.0, 7.0]]);
/// assert!((nn_train::r_squared(&a, &y) - (1.0 - 1.5 / 29.1875)).abs() < 1e-15); // 0.949, as scikit-learn documents
/// ```
#[track_caller]
pub fn r_squared<T: Scalar>(outputs: &Matrix<T>, targets: &Matrix<T>) -> f64 {
    let (a, y) = (outputs.shape(), targets.shape());
    assert!(a == y && !targets.as_slice().is_empty(), "R² of outputs of shape {a} and targets of shape {y}");
    let sum: f64 = (0..targets.rows()).map(|i| r_squared_of_row(outputs, targets, i)).sum();
    sum / targets.rows() as f64
}

fn r_squared_of_row<T: Scalar>(outputs: &Matrix<T>, targets: &Matrix<T>, i: usize) -> f64 {
    let y = || targets.row_iter(i).map(|y| y.to_f64());
    let a = outputs.row_iter(i).map(|a| a.to_f64());
    let residuals: Vec<f64> = y().zip(a).map(|(y, a)| y - a).collect();
    // Equality, not a deviation of 0: the rounded mean of equal numbers may differ from them.
    if y().all(|target| target == targets[(i, 0)].to_f64()) {
        return if residuals.iter().all(|&residual| residual == 0.0) { 1.0 } else { 0.0 };
    }
    let n = targets.columns() as f64;
    let sum: f64 = y().sum();
    let mean = if sum.is_finite() { sum / n } else { y().map(|y| y / n).sum() };
    let deviations: Vec<f64> = y().map(|y| y - mean).collect();
    let ((residual, small), (total, large)) = (sum_of_squares(&residuals), sum_of_squares(&deviations));
    1.0 - residual / total * (small / large).powi(2)
}

/// Σ x² in units of the second number squared: no square overflows or vanishes.
fn sum_of_squares(numbers: &[f64]) -> (f64, f64) {
    let unit = power_of_two_below(numbers.iter().fold(0.0, |largest, x| largest.max(x.abs())));
    (numbers.iter().map(|x| (x / unit).powi(2)).sum(), unit)
}

#[track_caller]
fn check_labels<T>(what: &str, outputs: &Matrix<T>, labels: &[usize]) {
    let examples = outputs.columns();
    assert!(labels.len() == examples, "{what}: outputs for {examples} examples, but {} labels", labels.len());
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outputs that say these classes.
    fn saying(predicted: &[usize], classes: usize) -> Matrix<f64> {
        Matrix::from_fn(classes, predicted.len(), |i, j| if i == predicted[j] { 0.6 } else { 0.3 })
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn the_largest_output_is_the_class() {
        let a = Matrix::from_columns(&[[-3.0_f32, -1.0, -2.0], [0.2, 0.2, 0.2], [0.0, 0.1, 0.3]]);
        assert_eq!([0, 1, 2].map(|j| predicted_class(&a, j)), [1, 0, 2]);
        // 0.6 is no majority of three, and 0.4 is the largest: a threshold has no say here.
        assert_eq!(predicted_class(&Matrix::from_column(&[0.4, 0.3, 0.3]), 0), 0);
    }

    #[test]
    fn one_output_is_compared_with_a_half() {
        let a = Matrix::from_rows(&[[0.0, 0.499_999, 0.5, 1.0, -2.0]]);
        assert_eq!([0, 1, 2, 3, 4].map(|j| predicted_class(&a, j)), [0, 0, 1, 1, 0]);
        assert_eq!(accuracy(&a, &[0, 1, 1, 1, 1]), 0.6);
    }

    #[test]
    fn accuracy_is_the_share_that_is_right() {
        let a = saying(&[0, 1, 2, 0], 3);
        assert_eq!(accuracy(&a, &[0, 1, 2, 0]), 1.0);
        assert_eq!(accuracy(&a, &[0, 2, 2, 1]), 0.5);
        assert_eq!(accuracy(&a, &[1, 2, 0, 1]), 0.0);
    }

    #[test]
    #[should_panic(expected = "accuracy: outputs for 2 examples, but 3 labels")]
    fn labels_and_examples_have_to_fit() {
        accuracy(&saying(&[0, 1], 2), &[0, 1, 1]);
    }

    #[test]
    #[should_panic(expected = "accuracy needs at least one example")]
    fn no_examples_have_no_accuracy() {
        accuracy(&saying(&[], 2), &[]);
    }

    /// True classes 0 0 0 1 1 2, predicted 0 1 1 1 0 1: nothing is taken for class 2, and class 3 never comes.
    fn confusion() -> ConfusionMatrix {
        let names = names(&["a", "long name", "ü", "dd"]);
        ConfusionMatrix::new(&saying(&[0, 1, 1, 1, 0, 1], 4), &[0, 0, 0, 1, 1, 2], &names)
    }

    #[test]
    fn rows_are_true_and_columns_predicted() {
        let confusion = confusion();
        let counts = |truth: usize| [0, 1, 2, 3].map(|predicted| confusion.count(truth, predicted));
        assert_eq!([0, 1, 2, 3].map(counts), [[1, 2, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]);
        assert_eq!((confusion.examples(), confusion.accuracy()), (6, Some(2.0 / 6.0)));
        assert_eq!(confusion.names()[1], "long name");
    }

    #[test]
    fn precision_is_of_a_column_and_recall_of_a_row() {
        let confusion = confusion();
        assert_eq!([0, 1, 2, 3].map(|class| confusion.precision(class)), [Some(0.5), Some(0.25), None, None]);
        assert_eq!([0, 1, 2, 3].map(|class| confusion.recall(class)), [Some(1.0 / 3.0), Some(0.5), Some(0.0), None]);
    }

    /// The fourth class has no example and does not count.
    #[test]
    fn balanced_accuracy_is_the_mean_of_the_recalls() {
        let expected = (1.0 / 3.0 + 0.5 + 0.0) / 3.0;
        assert!((confusion().balanced_accuracy().unwrap() - expected).abs() < 1e-15);
        // 95 of one class and 5 of another, all taken for the first.
        let labels: Vec<usize> = (0..100).map(|j| usize::from(j >= 95)).collect();
        let lopsided = ConfusionMatrix::new(&saying(&[0; 100], 2), &labels, &names(&["a", "b"]));
        assert_eq!((lopsided.accuracy(), lopsided.balanced_accuracy()), (Some(0.95), Some(0.5)));
    }

    #[test]
    fn tables_line_up() {
        let want = [
            "true \\ predicted      a  long name  ü  dd  recall",
            "a                     1          2  0   0   0.333",
            "long name             1          1  0   0   0.500",
            "ü                     0          1  0   0   0.000",
            "dd                    0          0  0   0       –",
            "precision         0.500      0.250  –   –",
        ];
        assert_eq!(confusion().to_string(), want.join("\n"));
    }

    #[test]
    fn names_wider_than_the_heading_widen_the_first_column_and_stay_on_their_line() {
        let names = names(&["a name of more\tthan 16", "b\n"]);
        let table = ConfusionMatrix::new(&saying(&[0], 2), &[0], &names).to_string();
        let widths: Vec<usize> = table.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths, [58, 58, 58, 50]);
        assert!(table.contains("\na name of more than 16  "));
    }

    #[test]
    fn no_examples_make_an_empty_table() {
        let confusion = ConfusionMatrix::new(&saying(&[], 2), &[], &names(&["a", "b"]));
        assert_eq!((confusion.examples(), confusion.accuracy(), confusion.recall(0)), (0, None, None));
        assert_eq!(confusion.balanced_accuracy(), None);
    }

    #[test]
    #[should_panic(expected = "confusion matrix of 2 classes: class 1 was taken for class 2")]
    fn every_class_has_a_name() {
        ConfusionMatrix::new(&saying(&[2], 3), &[1], &names(&["a", "b"]));
    }

    #[test]
    #[should_panic(expected = "entry (0, 4) of 4 classes")]
    fn no_class_has_another_number() {
        confusion().count(0, 4);
    }

    /// By hand. Row 0: targets 1, 2, 3, mean 2, total 2, residual 0.5. Row 1: total 2, residual 8.
    #[test]
    fn r_squared_is_averaged_over_the_outputs() {
        let y = Matrix::from_rows(&[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]);
        let a = Matrix::from_rows(&[[1.5, 2.0, 2.5], [3.0, 2.0, 1.0]]);
        assert_eq!(r_squared(&a, &y), (0.75 - 3.0) / 2.0);
        assert_eq!(r_squared(&y, &y), 1.0);
        let means = Matrix::from_rows(&[[2.0; 3]; 2]);
        assert_eq!(r_squared(&means, &y), 0.0);
        // The targets' spread counts, not the outputs'.
        assert_eq!(
            r_squared(&Matrix::from_rows(&[[2.0_f32, 2.0, 5.0]]), &Matrix::from_rows(&[[1.0_f32, 2.0, 3.0]])),
            -1.5
        );
    }

    /// A thousand times 0.1 has a rounded mean that is not 0.1.
    #[test]
    fn equal_targets_count_one_or_zero() {
        let y = Matrix::from_rows(&[[0.1; 1000]]);
        assert_eq!(r_squared(&y, &y), 1.0);
        assert_eq!(r_squared(&y.map(|y: f64| y + 1e-9), &y), 0.0);
        assert_eq!(r_squared(&Matrix::from_column(&[2.0, 3.0]), &Matrix::from_column(&[2.0, 4.0])), 0.5); // one example
    }

    /// R² has no unit: the size of the numbers is no matter.
    #[test]
    fn squares_of_large_and_small_targets_neither_overflow_nor_vanish() {
        let (y, a) = ([1.0, 2.0, 3.0], [1.5, 2.0, 2.5]); // R² = 0.75
        for size in [1e-300, 1e-170, 1e100, 1e200, f64::MAX / 4.0] {
            let [y, a] = [y, a].map(|row| Matrix::from_rows(&[row.map(|x| x * size)]));
            assert!((r_squared(&a, &y) - 0.75).abs() < 1e-14, "{size}: {}", r_squared(&a, &y));
        }
        // Outputs that are off by 1e100 deviations; by 1e200, R² itself is below every number.
        let y = Matrix::from_rows(&[[-1.0, 1.0]]);
        assert!((r_squared(&Matrix::from_rows(&[[1e100, 1e100]]), &y) / -1e200 - 1.0).abs() < 1e-14);
        assert_eq!(r_squared(&Matrix::from_rows(&[[1e200, 1e200]]), &y), f64::NEG_INFINITY);
    }

    #[test]
    #[should_panic(expected = "R² of outputs of shape 1×3 and targets of shape 3×1")]
    fn outputs_and_targets_have_one_shape() {
        r_squared(&Matrix::<f64>::zeros(1, 3), &Matrix::zeros(3, 1));
    }

    #[test]
    #[should_panic(expected = "R² of outputs of shape 2×0 and targets of shape 2×0")]
    fn no_outputs_have_no_r_squared() {
        r_squared(&Matrix::<f64>::zeros(2, 0), &Matrix::zeros(2, 0));
    }
}
