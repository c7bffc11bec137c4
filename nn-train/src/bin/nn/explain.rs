//! `nn explain`: the worked example.

use std::path::Path;

use nn_core::Matrix;
use nn_train::{Model, Precision, Updated, counted, explain, parse_json, read_json_text};
use serde::Deserialize;

use crate::args::ExplainArgs;
use crate::failure::Failure;
use crate::memory::{Sizes, ask_for};
use crate::model_file::read_model;
use crate::output::Out;
use crate::values::{Numbers, TextMarkdownOrJson};

/// The file of --examples.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch {
    pub(crate) inputs: Vec<Vec<f64>>,
    pub(crate) targets: Vec<Vec<f64>>,
}

pub(crate) fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let mut model = read_model(&args.model)?;
    model.precision = args.precision;
    if let Some(parameter) = model.overflowing_parameter() {
        return Err(Failure::usage(format_args!(
            "--precision {}: the model has a parameter {parameter:e}",
            args.precision
        )));
    }
    let batch = match (&args.examples, &args.input, &args.target) {
        (Some(path), _, _) => read_batch(path, &model, args.precision).map_err(|why| Failure::file(path, why))?,
        (None, Some(Numbers(input)), Some(Numbers(target))) => {
            let batch = Batch { inputs: vec![input.clone()], targets: vec![target.clone()] };
            check(&batch, &model, args.precision).map_err(Failure::usage)?;
            batch
        }
        // The argument parser asks for one or the other.
        (None, _, _) => return Err(Failure::usage("explain needs --input and --target, or --examples")),
    };
    let (sizes, examples) = (Sizes::of(&model.network, args.precision), batch.inputs.len());
    let bytes = sizes.explanation(examples, args.format == TextMarkdownOrJson::Json);
    ask_for(bytes, format_args!("explaining {examples} examples"))?;
    let input = Matrix::from_columns(&batch.inputs);
    let (x, y) = (model.prepare(&input), Matrix::from_columns(&batch.targets));
    if let Some(overflow) = model.overflow_of_gradients(&input, &y) {
        return Err(Failure::file(&args.model, format_args!("example {}: {overflow}", overflow.example + 1)));
    }
    let mut explanation = explain(&model.network, &x, &y, args.learning_rate, args.precision);
    if let Some(updated) = &explanation.updated {
        check_update(updated)?;
    }
    explanation.input = model.standardize.is_some().then_some(input);
    Out::new(false).text(match args.format {
        TextMarkdownOrJson::Text => explanation.to_text(),
        TextMarkdownOrJson::Markdown => explanation.to_markdown(),
        TextMarkdownOrJson::Json => explanation.to_json(),
    })
}

/// The gradients are finite; what is left to overflow is η times one of them.
fn check_update(Updated { learning_rate, network }: &Updated) -> Result<(), Failure> {
    for (layer, dense) in (1..).zip(network.layers()) {
        for (name, parameter) in [("weight", &dense.weight), ("bias", &dense.bias)] {
            if let Some(value) = parameter.as_slice().iter().find(|x| !x.is_finite()) {
                return Err(Failure::data(format_args!(
                    "--learning-rate {learning_rate:e}: an updated {name} of layer {layer} is {value}"
                )));
            }
        }
    }
    Ok(())
}

pub(crate) fn read_batch(path: &Path, model: &Model, precision: Precision) -> Result<Batch, String> {
    let text = read_json_text(path).map_err(|error| error.to_string())?;
    let batch: Batch = parse_json(&text).map_err(|error| error.to_string())?;
    if batch.inputs.is_empty() {
        return Err("there are no examples".to_owned());
    }
    if batch.inputs.len() != batch.targets.len() {
        let (inputs, targets) = (counted(batch.inputs.len(), "input"), counted(batch.targets.len(), "target"));
        return Err(format!("{inputs}, but {targets}"));
    }
    check(&batch, model, precision)?;
    Ok(batch)
}

/// Whether the rows fit the network, its loss and the precision.
fn check(batch: &Batch, model: &Model, precision: Precision) -> Result<(), String> {
    let (inputs, outputs) = (model.network.inputs(), model.network.outputs());
    for (row, (x, y)) in (1..).zip(batch.inputs.iter().zip(&batch.targets)) {
        if x.len() != inputs {
            return Err(format!("example {row} has {}, but the network has {inputs}", counted(x.len(), "input")));
        }
        if y.len() != outputs {
            let (found, outputs) = (counted(y.len(), "target"), counted(outputs, "output"));
            return Err(format!("example {row} has {found}, but the network has {outputs}"));
        }
        if let Some(value) = x.iter().chain(y).find(|&&value| !precision.holds(value)) {
            return Err(format!("example {row}: {value:?} overflows {precision}"));
        }
    }
    let y = Matrix::from_columns(&batch.targets);
    model.network.loss().check_targets(&y).map_err(|error| error.to_string())
}
