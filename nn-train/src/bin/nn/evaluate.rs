//! `nn evaluate`: how good a model is on data.

use std::collections::BTreeMap;

use nn_train::{DataSet, Model, ModelError, Report};

use crate::args::EvaluateArgs;
use crate::failure::Failure;
use crate::memory::{Sizes, ask_for};
use crate::model_file::read_model;
use crate::output::{Out, readable};
use crate::values::TextOrJson;

pub(crate) fn run(args: &EvaluateArgs) -> Result<(), Failure> {
    let model = read_model(&args.model)?;
    let data = args.data.load(&args.data_options)?;
    model.check_fit(&data).map_err(|why| Failure::file(&args.model, why))?;
    check_classes(&model, &data).map_err(|why| Failure::file(&args.model, why))?;
    let examples = data.examples();
    let sizes = Sizes::of(&model.network, model.precision);
    let bytes = sizes.parameters(1) + sizes.examples(examples) + sizes.outputs(examples);
    ask_for(bytes, format_args!("evaluating {examples} examples"))?;
    let rows = args.data.split(&data, &args.data_options);
    let all: Vec<usize> = (0..data.x.columns()).collect();
    let mut parts = Vec::new();
    for (title, key, rows) in [("held-out rows", "held_out", &rows.validation), ("all rows", "all", &all)] {
        if !rows.is_empty() {
            let report = model.evaluate(&data, rows).map_err(|why| Failure::file(&args.model, why))?;
            parts.push((title, key, report));
        }
    }

    let mut out = Out::new(false);
    match args.format {
        TextOrJson::Json => {
            let json: BTreeMap<_, _> = parts.iter().map(|(_, key, report)| (key, json(report))).collect();
            out.line(serde_json::to_string_pretty(&json).expect("names and numbers are JSON"))
        }
        TextOrJson::Text => {
            for (i, (title, _, report)) in parts.iter().enumerate() {
                out.line(format_args!("{}{title} of {}: {}", if i == 0 { "" } else { "\n" }, data.name, line(report)))?;
                if let Some(confusion) = &report.confusion {
                    out.line(format_args!("\n{confusion}"))?;
                }
            }
            Ok(())
        }
    }
}

/// Examples, loss, accuracy on one line.
pub(crate) fn line(report: &Report) -> String {
    let quality = match (report.accuracy, report.r_squared, &report.confusion) {
        (Some(accuracy), _, Some(confusion)) => {
            format!("accuracy {:.2} % ({} of {} right)", 100.0 * accuracy, confusion.right(), report.examples)
        }
        (_, Some(r_squared), _) => format!("R² {}", readable(r_squared, 4)),
        _ => String::new(),
    };
    format!("{} examples, loss {}, {quality}", report.examples, readable(report.loss, 6))
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
        json["classes"] = confusion.names().into();
        let classes = 0..confusion.names().len();
        let row = |truth| classes.clone().map(|predicted| confusion.count(truth, predicted)).collect::<Vec<_>>();
        json["confusion_matrix"] = classes.clone().map(row).collect();
    }
    json
}

/// Whether the outputs of a model that fits a data set tell its classes apart.
pub(crate) fn check_classes(model: &Model, data: &DataSet) -> Result<(), ModelError> {
    data.class_names().map_or(Ok(()), |names| model.check_classes(names.len()))
}
