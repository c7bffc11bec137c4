//! `nn evaluate`: how good a model is on data.

use std::collections::BTreeMap;
use std::fmt::Display;

use nn_core::Scalar;
use nn_train::{Examples, Model, ModelError, NotFinite, Precision, Report, escaped};

use crate::args::EvaluateArgs;
use crate::data::{About, load};
use crate::failure::Failure;
use crate::memory::{Sizes, ask_for};
use crate::model_file::read_model;
use crate::output::{Out, readable};
use crate::purpose::Purpose;
use crate::values::TextOrJson;

pub(crate) fn run(args: &EvaluateArgs) -> Result<(), Failure> {
    let model = read_model(&args.model)?;
    match model.precision {
        Precision::F32 => run_in::<f32>(args, &model),
        Precision::F64 => run_in::<f64>(args, &model),
    }
}

fn run_in<T: Scalar>(args: &EvaluateArgs, model: &Model) -> Result<(), Failure> {
    let of_the_model = |why: &dyn Display| Failure::file(&args.model, why);
    let purpose = Purpose { model: Some(model), precision: model.precision, is_training: false, holds_out: false };
    let data = load::<T>(args.data.as_ref(), &args.data_options, purpose)?;
    data.check_fit(model).map_err(|why| of_the_model(&why))?;
    check_classes(model, data.about.class_names()).map_err(|why| of_the_model(&why))?;
    let examples = data.rows.train.len() + data.rows.validation.len();
    let sizes = Sizes::of(&model.network, model.precision);
    let bytes = sizes.parameters(1) + sizes.examples(examples) + sizes.outputs(examples);
    ask_for(bytes, format_args!("evaluating {examples} examples"))?;
    let (about, rows, all) = data.examples(model.standardize.as_ref(), model.network.outputs());
    let mut parts = Vec::new();
    if !rows.validation.is_empty() {
        let held_out = report(model, &all.subset(&rows.validation), &about, |example| rows.validation[example]);
        parts.push(("held-out rows", "held_out", held_out.map_err(|why| of_the_model(&why))?));
    }
    parts.push(("all rows", "all", report(model, &all, &about, |row| row).map_err(|why| of_the_model(&why))?));

    let mut out = Out::new(false);
    match args.format {
        TextOrJson::Json => {
            let json: BTreeMap<_, _> = parts.iter().map(|(_, key, report)| (key, json(report))).collect();
            out.line(serde_json::to_string_pretty(&json).expect("names and numbers are JSON"))
        }
        TextOrJson::Text => {
            for (i, (title, _, report)) in parts.iter().enumerate() {
                let name = escaped(&about.name);
                out.line(format_args!("{}{title} of {name}: {}", if i == 0 { "" } else { "\n" }, line(report)))?;
                if let Some(confusion) = &report.confusion {
                    out.line(format_args!("\n{confusion}"))?;
                }
            }
            Ok(())
        }
    }
}

/// A report on examples that the network may see; or which row overflows.
pub(crate) fn report<T: Scalar>(
    model: &Model,
    examples: &Examples<T>,
    about: &About,
    row: impl Fn(usize) -> usize,
) -> Result<Report, String> {
    model.report_on(examples, about.class_names()).map_err(|why| match why {
        NotFinite::Example(overflow) => format!("{}: {overflow}", about.place(row(overflow.example))),
        NotFinite::RSquared(value) => format!("R² is {value} on the rows of {}", about.name),
    })
}

/// Examples, loss, accuracy on one line.
pub(crate) fn line(report: &Report) -> String {
    let quality = match (report.accuracy, report.r_squared, &report.confusion) {
        (Some(accuracy), _, Some(confusion)) => {
            let (right, examples) = (confusion.right(), report.examples);
            let balanced =
                confusion.balanced_accuracy().map_or(String::new(), |mean| format!(", balanced {}", percent(mean)));
            format!("accuracy {} ({right} of {examples} right){balanced}", percent(accuracy))
        }
        (_, Some(r_squared), _) => format!("R² {}", readable(r_squared, 4)),
        _ => String::new(),
    };
    format!("{} examples, loss {}, {quality}", report.examples, readable(report.loss, 6))
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn json(report: &Report) -> serde_json::Value {
    let mut json = serde_json::json!({ "examples": report.examples, "loss": report.loss });
    if let Some(accuracy) = report.accuracy {
        json["accuracy"] = accuracy.into();
    }
    if let Some(r_squared) = report.r_squared {
        json["r_squared"] = r_squared.into();
    }
    if let Some(confusion) = &report.confusion {
        let classes = 0..confusion.names().len();
        json["balanced_accuracy"] = confusion.balanced_accuracy().into();
        json["classes"] = confusion.names().into();
        json["recall"] = classes.clone().map(|class| confusion.recall(class)).collect();
        let row = |truth| classes.clone().map(|predicted| confusion.count(truth, predicted)).collect::<Vec<_>>();
        json["confusion_matrix"] = classes.clone().map(row).collect();
    }
    json
}

/// Whether the outputs of a model that fits a data set tell its classes apart.
pub(crate) fn check_classes(model: &Model, names: Option<&[String]>) -> Result<(), ModelError> {
    names.map_or(Ok(()), |names| model.check_classes(names.len()))
}
