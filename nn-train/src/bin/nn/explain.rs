//! `nn explain`: the worked example.

use std::fs;
use std::path::Path;

use nn_core::Matrix;
use nn_train::{Model, Precision, explain};
use serde::Deserialize;

use crate::args::{ExplainArgs, Numbers, TextMarkdownOrJson};
use crate::failure::Failure;
use crate::model_file::read_model;
use crate::output::Out;

/// The file of --examples.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    inputs: Vec<Vec<f64>>,
    targets: Vec<Vec<f64>>,
}

pub(crate) fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let model = read_model(&args.model)?;
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
    let input = Matrix::from_columns(&batch.inputs);
    let (x, y) = (model.prepare(&input), Matrix::from_columns(&batch.targets));
    let mut explanation = explain(&model.network, &x, &y, args.learning_rate, args.precision);
    explanation.input = model.standardize.is_some().then_some(input);
    Out::new(false).text(match args.format {
        TextMarkdownOrJson::Text => explanation.to_text(),
        TextMarkdownOrJson::Markdown => explanation.to_markdown(),
        TextMarkdownOrJson::Json => explanation.to_json(),
    })
}

fn read_batch(path: &Path, model: &Model, precision: Precision) -> Result<Batch, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let batch: Batch = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if batch.inputs.is_empty() {
        return Err("there are no examples".to_owned());
    }
    if batch.inputs.len() != batch.targets.len() {
        return Err(format!("{} inputs, but {} targets", batch.inputs.len(), batch.targets.len()));
    }
    check(&batch, model, precision)?;
    Ok(batch)
}

/// Whether the rows fit the network, its cost and the precision.
fn check(batch: &Batch, model: &Model, precision: Precision) -> Result<(), String> {
    let (inputs, outputs) = (model.network.inputs(), model.network.outputs());
    for (row, (x, y)) in (1..).zip(batch.inputs.iter().zip(&batch.targets)) {
        if x.len() != inputs {
            return Err(format!("example {row} has {} inputs, but the network has {inputs}", x.len()));
        }
        if y.len() != outputs {
            return Err(format!("example {row} has {} targets, but the network has {outputs} outputs", y.len()));
        }
        if let Some(value) = x.iter().chain(y).find(|&&value| !precision.holds(value)) {
            return Err(format!("example {row}: {value:e} overflows {precision}"));
        }
    }
    let y = Matrix::from_columns(&batch.targets);
    model.network.loss().check_targets(&y).map_err(|error| error.to_string())
}
