//! A data set: examples, and what is to be learnt from them.

use nn_core::{Matrix, Scalar};

/// Examples with what is to be learnt from them. Numbers are f64, and training rounds them to its precision; what every
/// precision holds, such as the bytes of a picture, may be in that of the training from the start.
///
/// ```
/// use nn_core::Matrix;
/// use nn_train::{DataSet, Targets};
///
/// let x = Matrix::from_columns(&[[5.1, 3.5], [6.3, 2.5], [4.9, 3.0]]); // three examples, one a column
/// let names = vec!["setosa".to_owned(), "virginica".to_owned()];
/// let data = DataSet::new("flowers", x, Targets::Classes { labels: vec![0, 1, 0], names })?;
/// assert_eq!((data.examples(), data.inputs(), data.outputs()), (3, 2, 2));
/// assert_eq!(data.target_matrix(), Matrix::from_columns(&[[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]));
/// assert_eq!(data.target_matrix_for(1), Matrix::from_rows(&[[0.0, 1.0, 0.0]]));
/// # Ok::<(), nn_train::DataSetError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DataSet<T = f64> {
    /// What it is called in reports.
    pub name: String,
    /// n₀ × N: a column for each example.
    pub x: Matrix<T>,
    /// What each example is to be mapped to.
    pub targets: Targets<T>,
    /// The name of each input, where they have names.
    pub features: Option<Vec<String>>,
    /// (width, height) in pixels, where an example is a picture, row by row.
    pub image: Option<(usize, usize)>,
}

/// What the examples are to be mapped to.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets<T = f64> {
    /// One class for each example.
    Classes {
        /// The class of each example, as its place in `names`.
        labels: Vec<usize>,
        /// The names of the classes.
        names: Vec<String>,
    },
    /// n_L × N: a column of values for each example (regression).
    Values(Matrix<T>),
}

/// Why examples and targets do not make a data set. Examples are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataSetError {
    /// There are more or fewer targets than examples.
    #[error("{examples} examples, but {targets} targets")]
    Targets {
        /// The columns of x.
        examples: usize,
        /// The labels, or the columns of the values.
        targets: usize,
    },
    /// A label that no class has.
    #[error("example {example} has class {label}, but there are {classes} classes, counted from 0")]
    Label {
        /// The first such example.
        example: usize,
        /// Its label.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
    /// There are more or fewer names than inputs.
    #[error("{names} names for examples of {inputs} values")]
    Features {
        /// The names.
        names: usize,
        /// n₀
        inputs: usize,
    },
    /// A picture of another size than the examples.
    #[error("a picture of {width}×{height} pixels, but examples of {inputs} values")]
    Image {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// n₀
        inputs: usize,
    },
}

impl<T: Scalar> DataSet<T> {
    /// A data set without pictures or names of inputs. There may be no examples at all.
    ///
    /// # Shapes
    ///
    /// x: n₀ × N; N labels, or n_L × N values.
    ///
    /// # Errors
    ///
    /// Says which counts differ, or which example has a label that no class has.
    pub fn new(name: impl Into<String>, x: Matrix<T>, targets: Targets<T>) -> Result<Self, DataSetError> {
        let count = match &targets {
            Targets::Classes { labels, .. } => labels.len(),
            Targets::Values(values) => values.columns(),
        };
        if count != x.columns() {
            return Err(DataSetError::Targets { examples: x.columns(), targets: count });
        }
        if let Targets::Classes { labels, names } = &targets {
            let classes = names.len();
            if let Some((example, &label)) = labels.iter().enumerate().find(|&(_, &label)| label >= classes) {
                return Err(DataSetError::Label { example, label, classes });
            }
        }
        Ok(DataSet { name: name.into(), x, targets, features: None, image: None })
    }

    /// The same data, with a name for each input.
    ///
    /// # Errors
    ///
    /// Refuses more or fewer names than n₀.
    pub fn with_features(self, names: Vec<String>) -> Result<Self, DataSetError> {
        let inputs = self.inputs();
        if names.len() != inputs {
            return Err(DataSetError::Features { names: names.len(), inputs });
        }
        Ok(DataSet { features: Some(names), ..self })
    }

    /// The same data, where each example is a picture of `width` × `height` pixels, row by row.
    ///
    /// # Errors
    ///
    /// Refuses a picture that does not have n₀ pixels.
    pub fn with_image(self, width: usize, height: usize) -> Result<Self, DataSetError> {
        let inputs = self.inputs();
        if width.checked_mul(height) != Some(inputs) {
            return Err(DataSetError::Image { width, height, inputs });
        }
        Ok(DataSet { image: Some((width, height)), ..self })
    }

    /// N, the number of examples.
    pub fn examples(&self) -> usize {
        self.x.columns()
    }

    /// n₀, the number of values of an example.
    pub fn inputs(&self) -> usize {
        self.x.rows()
    }

    /// n_L: the number of classes, or of values to be predicted.
    pub fn outputs(&self) -> usize {
        match &self.targets {
            Targets::Classes { names, .. } => names.len(),
            Targets::Values(values) => values.rows(),
        }
    }

    /// The names of the classes; `None` in a regression.
    pub fn class_names(&self) -> Option<&[String]> {
        match &self.targets {
            Targets::Classes { names, .. } => Some(names),
            Targets::Values(_) => None,
        }
    }

    /// The class of each example, as its place in [`class_names`](DataSet::class_names); `None` in a regression.
    pub fn labels(&self) -> Option<&[usize]> {
        match &self.targets {
            Targets::Classes { labels, .. } => Some(labels),
            Targets::Values(_) => None,
        }
    }

    /// The examples that `indices` lists, in that order. All classes keep their places, even those left without an
    /// example.
    ///
    /// # Panics
    ///
    /// Panics if there is no such example.
    #[track_caller]
    pub fn subset(&self, indices: &[usize]) -> Self {
        let targets = match &self.targets {
            Targets::Classes { labels, names } => {
                Targets::Classes { labels: indices.iter().map(|&i| labels[i]).collect(), names: names.clone() }
            }
            Targets::Values(values) => Targets::Values(gather(values, indices)),
        };
        let (name, features) = (self.name.clone(), self.features.clone());
        DataSet { name, x: gather(&self.x, indices), targets, features, image: self.image }
    }

    /// Takes the examples that `indices` lists, in ascending order, out of this data set and returns them. The others stay,
    /// in their order. Two [subsets](DataSet::subset) are the same, but need room for all examples once more.
    ///
    /// ```
    /// use nn_train::{iris, split};
    ///
    /// let mut data = iris();
    /// let rows = split(&data, 0.2);
    /// let held_out = data.take_out(&rows.validation);
    /// assert_eq!((data.examples(), held_out.examples()), (120, 30));
    /// assert_eq!(data, iris().subset(&rows.train));
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if there is no such example, or the order is another.
    #[track_caller]
    pub fn take_out(&mut self, indices: &[usize]) -> Self {
        assert!(indices.is_sorted_by(|a, b| a < b), "the examples to be taken out are not in ascending order");
        let taken = self.subset(indices);
        let stay: Vec<usize> = (0..self.examples()).filter(|i| indices.binary_search(i).is_err()).collect();
        self.x.keep_columns(&stay);
        match &mut self.targets {
            Targets::Classes { labels, .. } => *labels = stay.iter().map(|&i| labels[i]).collect(),
            Targets::Values(values) => values.keep_columns(&stay),
        }
        taken
    }

    /// The same data in other numbers.
    pub fn map<U: Scalar>(&self, f: impl Fn(T) -> U) -> DataSet<U> {
        let targets = match &self.targets {
            Targets::Classes { labels, names } => Targets::Classes { labels: labels.clone(), names: names.clone() },
            Targets::Values(values) => Targets::Values(values.map(&f)),
        };
        let (name, features) = (self.name.clone(), self.features.clone());
        DataSet { name, x: self.x.map(f), targets, features, image: self.image }
    }

    /// y, n_L × N: for classes one-hot (1 in the row of the example's class, 0 elsewhere), for a regression the values.
    pub fn target_matrix(&self) -> Matrix<T> {
        match &self.targets {
            Targets::Classes { labels, names } => {
                Matrix::from_fn(names.len(), labels.len(), |class, j| one_or_zero(class == labels[j]))
            }
            Targets::Values(values) => values.clone(),
        }
    }

    /// y for a network with `outputs` outputs: [`target_matrix`](DataSet::target_matrix), or for two classes and one
    /// output (one sigmoid, binary cross-entropy) a row with 1 for the examples of the second class and 0 for others.
    ///
    /// # Panics
    ///
    /// Panics unless the data set [`fits_outputs`](DataSet::fits_outputs).
    #[track_caller]
    pub fn target_matrix_for(&self, outputs: usize) -> Matrix<T> {
        assert!(self.fits_outputs(outputs), "targets of {} rows for a network with {outputs} outputs", self.outputs());
        match &self.targets {
            Targets::Classes { labels, names } if outputs < names.len() => {
                Matrix::from_fn(1, labels.len(), |_, j| one_or_zero(labels[j] == 1))
            }
            _ => self.target_matrix(),
        }
    }

    /// Whether a network with `outputs` outputs can learn this: it needs n_L of them, and for two classes one will do.
    pub fn fits_outputs(&self, outputs: usize) -> bool {
        outputs == self.outputs() || (outputs == 1 && self.class_names().is_some_and(|names| names.len() == 2))
    }
}

#[track_caller]
fn gather<T: Scalar>(source: &Matrix<T>, indices: &[usize]) -> Matrix<T> {
    let mut picked = Matrix::zeros(0, 0);
    picked.gather_columns(source, indices);
    picked
}

fn one_or_zero<T: Scalar>(is_one: bool) -> T {
    if is_one { T::one() } else { T::zero() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("class {i}")).collect()
    }

    fn classes(labels: &[usize], n: usize) -> DataSet {
        let x = Matrix::from_fn(2, labels.len(), |i, j| (10 * j + i) as f64);
        DataSet::new("test", x, Targets::Classes { labels: labels.to_vec(), names: names(n) }).unwrap()
    }

    fn values() -> DataSet {
        let x = Matrix::from_rows(&[[1.0, 2.0, 3.0]]);
        let y = Matrix::from_rows(&[[4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]);
        DataSet::new("values", x, Targets::Values(y)).unwrap()
    }

    #[test]
    fn counts_and_names() {
        let data = classes(&[2, 0, 2, 1], 3);
        assert_eq!((data.examples(), data.inputs(), data.outputs()), (4, 2, 3));
        assert_eq!(data.labels(), Some(&[2, 0, 2, 1][..]));
        assert_eq!(data.class_names(), Some(&names(3)[..]));
        assert_eq!((data.name.as_str(), data.image), ("test", None));
        let data = values();
        assert_eq!((data.examples(), data.inputs(), data.outputs()), (3, 1, 2));
        assert_eq!((data.labels(), data.class_names()), (None, None));
    }

    #[test]
    fn counts_that_differ_are_refused() {
        let x = || Matrix::<f64>::zeros(2, 3);
        let error = |targets| DataSet::new("test", x(), targets).unwrap_err();
        let short = error(Targets::Classes { labels: vec![0, 1], names: names(2) });
        assert_eq!(short, DataSetError::Targets { examples: 3, targets: 2 });
        assert_eq!(short.to_string(), "3 examples, but 2 targets");
        let long = error(Targets::Values(Matrix::zeros(3, 4)));
        assert_eq!(long, DataSetError::Targets { examples: 3, targets: 4 });
        let label = error(Targets::Classes { labels: vec![1, 2, 3], names: names(2) });
        assert_eq!(label, DataSetError::Label { example: 1, label: 2, classes: 2 });
        assert_eq!(label.to_string(), "example 1 has class 2, but there are 2 classes, counted from 0");
    }

    #[test]
    fn pictures_have_as_many_pixels_as_inputs() {
        assert_eq!(classes(&[0], 1).with_image(2, 1).unwrap().image, Some((2, 1)));
        let error = classes(&[0], 1).with_image(2, 2).unwrap_err();
        assert_eq!(error, DataSetError::Image { width: 2, height: 2, inputs: 2 });
        assert_eq!(error.to_string(), "a picture of 2×2 pixels, but examples of 2 values");
        // 2 · 2^63 wraps to 0, and an example may have no values.
        let empty = DataSet { x: Matrix::zeros(0, 1), ..classes(&[0], 1) };
        assert!(empty.with_image(usize::MAX / 2 + 1, 2).is_err());
    }

    #[test]
    fn no_examples_are_a_data_set() {
        let data = classes(&[], 2);
        assert_eq!((data.examples(), data.outputs()), (0, 2));
        assert_eq!(data.target_matrix().shape().to_string(), "2×0");
    }

    #[test]
    fn subsets_keep_the_order_asked_for_and_all_classes() {
        let data = classes(&[2, 0, 2, 1], 3).with_image(1, 2).unwrap();
        let part = data.subset(&[3, 0, 3]);
        assert_eq!(part.x, Matrix::from_columns(&[[30.0, 31.0], [0.0, 1.0], [30.0, 31.0]]));
        assert_eq!(part.labels(), Some(&[1, 2, 1][..]));
        assert_eq!((part.outputs(), part.image, part.name.as_str()), (3, Some((1, 2)), "test"));
        let part = values().subset(&[2, 1]);
        assert_eq!(part.x, Matrix::from_rows(&[[3.0, 2.0]]));
        assert_eq!(part.targets, Targets::Values(Matrix::from_rows(&[[6.0, 5.0], [9.0, 8.0]])));
    }

    #[test]
    fn what_is_taken_out_and_what_stays_are_two_subsets() {
        for data in [classes(&[2, 0, 2, 1], 3).with_image(1, 2).unwrap(), values()] {
            for (taken, staying) in [(&[0, 2][..], &[1][..]), (&[], &[0, 1, 2]), (&[0, 1, 2], &[]), (&[1], &[0, 2])] {
                let staying: Vec<usize> = staying.iter().copied().chain(3..data.examples()).collect();
                let mut rest = data.clone();
                assert_eq!(rest.take_out(taken), data.subset(taken));
                assert_eq!(rest, data.subset(&staying));
            }
        }
    }

    #[test]
    #[should_panic(expected = "the examples to be taken out are not in ascending order")]
    fn examples_are_taken_out_in_their_order() {
        values().take_out(&[1, 1]);
    }

    #[test]
    fn every_input_has_a_name_or_none_has() {
        let named = |n| values().with_features(names(n));
        assert_eq!(named(1).unwrap().subset(&[0]).features, Some(names(1)));
        assert_eq!(named(2).unwrap_err().to_string(), "2 names for examples of 1 values");
    }

    #[test]
    fn classes_become_one_hot_columns() {
        let data = classes(&[2, 0], 3);
        let one_hot = Matrix::from_columns(&[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
        assert_eq!(data.target_matrix(), one_hot);
        assert_eq!(data.target_matrix_for(3), one_hot);
    }

    #[test]
    fn two_classes_fit_one_output_too() {
        let data = classes(&[1, 0, 1], 2);
        assert_eq!(data.target_matrix_for(1), Matrix::from_rows(&[[1.0, 0.0, 1.0]]));
        assert_eq!(data.target_matrix_for(2), Matrix::from_rows(&[[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]));
        assert!(data.fits_outputs(1) && data.fits_outputs(2) && !data.fits_outputs(3) && !data.fits_outputs(0));
    }

    #[test]
    fn only_two_classes_do() {
        let data = classes(&[0, 0], 1);
        assert_eq!(data.target_matrix_for(1), Matrix::from_rows(&[[1.0, 1.0]])); // one-hot of the only class
        assert!(!classes(&[0, 1], 3).fits_outputs(1) && !classes(&[0, 1], 3).fits_outputs(2));
        assert!(!values().fits_outputs(1) && values().fits_outputs(2));
        assert_eq!(values().target_matrix_for(2), values().target_matrix());
    }

    #[test]
    #[should_panic(expected = "targets of 2 rows for a network with 1 outputs")]
    fn two_values_do_not_fit_one_output() {
        values().target_matrix_for(1);
    }
}
