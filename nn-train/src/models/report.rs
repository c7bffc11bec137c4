//! The evaluation of a model on the rows of a data set.

use nn_core::{Scalar, TargetError};

use super::model::Model;
use super::overflow::Overflow;
use crate::data::{DataSet, Precision};
use crate::training::{ConfusionMatrix, Evaluation, Examples};

/// The evaluation of a model on some rows.
#[derive(Clone, Debug)]
pub struct Report {
    /// The number of rows.
    pub examples: usize,
    /// J
    pub loss: f64,
    /// The fraction of rows that are classified correctly, if the rows have classes.
    pub accuracy: Option<f64>,
    /// R², if the targets are numbers.
    pub r_squared: Option<f64>,
    /// The confusion matrix, if the classes have names.
    pub confusion: Option<ConfusionMatrix>,
}

impl Report {
    /// The report of an evaluation of these examples, with the names of their classes if they have some.
    pub fn new<T: Scalar>(evaluation: &Evaluation<T>, of: &Examples<T>, names: Option<&[String]>) -> Self {
        let classes = of.labels.as_ref().zip(names);
        let confusion = classes.map(|(labels, names)| ConfusionMatrix::new(&evaluation.outputs, labels, names));
        let Evaluation { loss, accuracy, r_squared, .. } = *evaluation;
        Report { examples: of.len(), loss, accuracy, r_squared, confusion }
    }
}

/// Why a model and a data set do not belong together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Mismatch {
    /// The network has another number of inputs than the data have columns.
    #[error("the model has {inputs} inputs, but {data} has {columns} columns")]
    Inputs {
        /// n₀, the number of inputs of the model.
        inputs: usize,
        /// The name of the data set.
        data: String,
        /// The number of its columns that are inputs.
        columns: usize,
    },
    /// The network has neither an output for each class or target, nor one for two classes.
    #[error("the model has {outputs} outputs, but {data} has {classes} classes")]
    Outputs {
        /// n_L, the number of outputs of the model.
        outputs: usize,
        /// The name of the data set.
        data: String,
        /// The number of its classes or targets.
        classes: usize,
    },
    /// The targets of the data set are not valid for the loss.
    #[error("{0}")]
    Targets(#[from] TargetError),
    /// The classes have other names.
    #[error("the classes of the model are {}, those of {data} are {}", .model.join(", "), .names.join(", "))]
    Classes {
        /// The class names of the model.
        model: Vec<String>,
        /// The name of the data set.
        data: String,
        /// The class names of the data set.
        names: Vec<String>,
    },
}

/// Why there is no report: a number is not finite.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotFinite {
    /// The model overflows on a row of the data set.
    #[error("row {row} of {data}: {overflow}")]
    Row {
        /// The number of the row, from 1.
        row: usize,
        /// The name of the data set.
        data: String,
        /// The number that overflows.
        overflow: Overflow,
    },
    /// The outputs are finite, but their R² is not.
    #[error("R² is {value} on the rows of {data}")]
    RSquared {
        /// R².
        value: f64,
        /// The name of the data set.
        data: String,
    },
}

impl Model {
    /// Whether the model can be evaluated on this data set.
    ///
    /// # Errors
    ///
    /// Says what does not fit: inputs, outputs, targets, or the names of the classes.
    pub fn check_fit(&self, data: &DataSet) -> Result<(), Mismatch> {
        let (inputs, outputs) = (self.network.inputs(), self.network.outputs());
        let name = || data.name.clone();
        if inputs != data.inputs() {
            return Err(Mismatch::Inputs { inputs, data: name(), columns: data.inputs() });
        }
        let names = data.class_names();
        if outputs != data.outputs() && !(outputs == 1 && names.is_some_and(|names| names.len() == 2)) {
            return Err(Mismatch::Outputs { outputs, data: name(), classes: data.outputs() });
        }
        self.network.loss().check_targets(&data.target_matrix_for(outputs))?;
        match (&self.classes, names) {
            (Some(model), Some(names)) if model != names => {
                Err(Mismatch::Classes { model: model.clone(), data: name(), names: names.to_vec() })
            }
            _ => Ok(()),
        }
    }

    /// Evaluates the model, in its precision, on these rows of raw data, counted from 0.
    ///
    /// ```
    /// use nn_core::{Activation, Loss, seeded};
    /// use nn_layers::{Initialization, Network};
    /// use nn_train::{Model, Precision, iris};
    ///
    /// let (data, layers) = (iris(), [(3, Activation::Softmax)]);
    /// let network = Network::random(4, &layers, Loss::CrossEntropy, Initialization::Glorot, &mut seeded(1))?;
    /// let model = Model { network, precision: Precision::F32, classes: None, standardize: None, metadata: None };
    /// model.check_fit(&data)?;
    /// let report = model.evaluate(&data, &[0, 50, 100])?;
    /// assert_eq!((report.examples, report.confusion.unwrap().examples()), (3, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Names the first row on which the model overflows.
    ///
    /// # Panics
    ///
    /// Panics if the data set does not [fit](Model::check_fit), has no such row, or there are no rows.
    pub fn evaluate(&self, data: &DataSet, rows: &[usize]) -> Result<Report, NotFinite> {
        let mut of_these = data.subset(rows);
        let targets = of_these.target_matrix_for(self.network.outputs());
        if let Some(overflow) = self.overflow_of_loss(&of_these.x, &targets) {
            let (row, data) = (rows[overflow.example] + 1, data.name.clone());
            return Err(NotFinite::Row { row, data, overflow });
        }
        of_these.x = self.prepare(&of_these.x);
        let report = match self.precision {
            Precision::F32 => self.report_in::<f32>(&of_these),
            Precision::F64 => self.report_in::<f64>(&of_these),
        };
        match report.r_squared {
            Some(value) if !value.is_finite() => Err(NotFinite::RSquared { value, data: data.name.clone() }),
            _ => Ok(report),
        }
    }

    fn report_in<T: Scalar>(&self, data: &DataSet) -> Report {
        let examples = Examples::<T>::new(data, self.network.outputs());
        Report::new(&examples.evaluate(&self.network.map(T::from_f64)), &examples, data.class_names())
    }
}
