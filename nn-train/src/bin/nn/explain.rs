//! `nn explain`: the worked example.

use std::path::Path;

use nn_core::Matrix;
use nn_train::{Batch, Model, Precision, Updated, explain, read_json_text};

use crate::args::ExplainArgs;
use crate::failure::Failure;
use crate::memory::{Sizes, ask_for};
use crate::model_file::read_model;
use crate::output::Out;
use crate::values::{Numbers, TextMarkdownOrJson};

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
            batch.check_fit(&model, args.precision).map_err(Failure::usage)?;
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

/// The file of --examples.
pub(crate) fn read_batch(path: &Path, model: &Model, precision: Precision) -> Result<Batch, String> {
    let text = read_json_text(path).map_err(|error| error.to_string())?;
    let batch = Batch::from_json(&text).map_err(|error| error.to_string())?;
    batch.check_fit(model, precision).map_err(|error| error.to_string())?;
    Ok(batch)
}
