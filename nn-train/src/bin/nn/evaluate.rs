//! `nn evaluate`: how good a model is on data.

use std::collections::BTreeMap;

use nn_core::Scalar;
use nn_train::{ConfusionMatrix, DataSet, Evaluation, Examples, Model, Overflow, Precision};

use crate::args::EvaluateArgs;
use crate::failure::Failure;
use crate::memory::{Sizes, ask_for};
use crate::model_file::read_model;
use crate::output::{Out, readable};
use crate::values::TextOrJson;

/// How a model does on some rows.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) examples: usize,
    pub(crate) loss: f64,
    pub(crate) accuracy: Option<f64>,
    pub(crate) r_squared: Option<f64>,
    pub(crate) confusion: Option<ConfusionMatrix>,
}

pub(crate) fn run(args: &EvaluateArgs) -> Result<(), Failure> {
    let model = read_model(&args.model)?;
    let data = args.data.load(&args.data_options)?;
    check_fit(&model, &data)
        .and_then(|()| check_classes(&model, &data))
        .map_err(|why| Failure::file(&args.model, why))?;
    let examples = data.examples();
    let sizes = Sizes::of(&model.network, model.precision);
    let bytes = sizes.parameters(1) + sizes.examples(examples) + sizes.outputs(examples);
    ask_for(bytes, format_args!("evaluating {examples} examples"))?;
    let rows = args.data.split(&data, &args.data_options);
    let all: Vec<usize> = (0..data.x.columns()).collect();
    let mut parts = Vec::new();
    for (title, key, rows) in [("held-out rows", "held_out", &rows.validation), ("all rows", "all", &all)] {
        if !rows.is_empty() {
            let report = report(&model, &data, rows).map_err(|why| Failure::file(&args.model, why))?;
            parts.push((title, key, report));
        }
    }

    let mut out = Out::new(false);
    match args.format {
        TextOrJson::Json => {
            let json: BTreeMap<_, _> = parts.iter().map(|(_, key, report)| (key, report.to_json())).collect();
            out.line(serde_json::to_string_pretty(&json).expect("names and numbers are JSON"))
        }
        TextOrJson::Text => {
            for (i, (title, _, report)) in parts.iter().enumerate() {
                out.line(format_args!(
                    "{}{title} of {}: {}",
                    if i == 0 { "" } else { "\n" },
                    data.name,
                    report.line()
                ))?;
                if let Some(confusion) = &report.confusion {
                    out.line(format_args!("\n{confusion}"))?;
                }
            }
            Ok(())
        }
    }
}

impl Report {
    /// What an evaluation of these examples says, with the names of their classes where they have some.
    pub(crate) fn new<T: Scalar>(evaluation: &Evaluation<T>, of: &Examples<T>, names: Option<&[String]>) -> Self {
        let classes = of.labels.as_ref().zip(names);
        let confusion = classes.map(|(labels, names)| ConfusionMatrix::new(&evaluation.outputs, labels, names));
        let Evaluation { loss, accuracy, r_squared, .. } = *evaluation;
        Report { examples: of.len(), loss, accuracy, r_squared, confusion }
    }

    /// Examples, loss, accuracy on one line.
    pub(crate) fn line(&self) -> String {
        let quality = match (self.accuracy, self.r_squared, &self.confusion) {
            (Some(accuracy), _, Some(confusion)) => {
                format!("accuracy {:.2} % ({} of {} right)", 100.0 * accuracy, right(confusion), self.examples)
            }
            (_, Some(r_squared), _) => format!("R² {}", readable(r_squared, 4)),
            _ => String::new(),
        };
        format!("{} examples, loss {}, {quality}", self.examples, readable(self.loss, 6))
    }

    fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::json!({ "examples": self.examples, "loss": self.loss });
        if let Some(accuracy) = self.accuracy {
            json["accuracy"] = accuracy.into();
        }
        if let Some(r_squared) = self.r_squared {
            json["r_squared"] = r_squared.into();
        }
        if let Some(confusion) = &self.confusion {
            json["classes"] = confusion.names().into();
            let classes = 0..confusion.names().len();
            let row = |truth| classes.clone().map(|predicted| confusion.count(truth, predicted)).collect::<Vec<_>>();
            json["confusion_matrix"] = classes.clone().map(row).collect();
        }
        json
    }
}

/// Whether a model and a data set belong together: a message where they do not.
pub(crate) fn check_fit(model: &Model, data: &DataSet) -> Result<(), String> {
    let (inputs, outputs) = (model.network.inputs(), model.network.outputs());
    if inputs != data.inputs() {
        return Err(format!("the model has {inputs} inputs, but {} has {} columns", data.name, data.inputs()));
    }
    let fits = outputs == data.outputs() || (outputs == 1 && data.class_names().is_some_and(|names| names.len() == 2));
    if !fits {
        return Err(format!("the model has {outputs} outputs, but {} has {} classes", data.name, data.outputs()));
    }
    model.network.loss().check_targets(&data.target_matrix_for(outputs)).map_err(|error| error.to_string())?;
    match (&model.classes, data.class_names()) {
        (Some(model_classes), Some(names)) if model_classes != names => Err(format!(
            "the classes of the model are {}, those of {} are {}",
            model_classes.join(", "),
            data.name,
            names.join(", ")
        )),
        _ => Ok(()),
    }
}

/// Whether the outputs of a model that fits a data set tell its classes apart.
pub(crate) fn check_classes(model: &Model, data: &DataSet) -> Result<(), String> {
    data.class_names().map_or(Ok(()), |names| model.check_classes(names.len())).map_err(|error| error.to_string())
}

/// Evaluates a model, in its precision, on some rows of raw data that fit it. Where a number is not finite, a message
/// says of which row.
pub(crate) fn report(model: &Model, data: &DataSet, rows: &[usize]) -> Result<Report, String> {
    let mut of_these = data.subset(rows);
    let targets = of_these.target_matrix_for(model.network.outputs());
    if let Some(overflow) = model.overflow_of_loss(&of_these.x, &targets) {
        return Err(overflow_in_row(data, rows, &overflow));
    }
    of_these.x = model.prepare(&of_these.x);
    let report = match model.precision {
        Precision::F32 => report_in::<f32>(model, &of_these),
        Precision::F64 => report_in::<f64>(model, &of_these),
    };
    match report.r_squared {
        Some(r_squared) if !r_squared.is_finite() => Err(format!("R² is {r_squared} on the rows of {}", data.name)),
        _ => Ok(report),
    }
}

/// Where a model overflows on one of these rows of a data set: the row, counted from 1, and what it is.
pub(crate) fn overflow_in_row(data: &DataSet, rows: &[usize], overflow: &Overflow) -> String {
    format!("row {} of {}: {overflow}", rows[overflow.example] + 1, data.name)
}

fn report_in<T: Scalar>(model: &Model, data: &DataSet) -> Report {
    let examples = Examples::<T>::new(data, model.network.outputs());
    Report::new(&examples.evaluate(&model.network.map(T::from_f64)), &examples, data.class_names())
}

/// How many examples were taken for what they are.
fn right(confusion: &ConfusionMatrix) -> usize {
    (0..confusion.names().len()).map(|class| confusion.count(class, class)).sum()
}
