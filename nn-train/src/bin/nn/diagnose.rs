//! `nn diagnose`: somebody's own numbers beside ours, and the mistake that gives theirs.

use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use nn_core::Matrix;
use nn_train::{Diagnosis, Finding, Precision, Problem, Yours, counted, diagnose, read_json_text};

use crate::args::DiagnoseArgs;
use crate::explain::read_batch;
use crate::failure::Failure;
use crate::memory::{Sizes, ask_for};
use crate::model_file::read_model;
use crate::output::Out;
use crate::values::TextMarkdownOrJson;

pub(crate) fn run(args: &DiagnoseArgs) -> Result<(), Failure> {
    let model = read_model(&args.model)?;
    let batch = read_batch(&args.examples, &model, Precision::F64).map_err(|why| Failure::file(&args.examples, why))?;
    let yours = read_yours(&args.yours).map_err(|why| Failure::file(&args.yours, why))?;
    let examples = batch.inputs.len();
    let bytes = Sizes::of(&model.network, Precision::F64).diagnosis(examples);
    ask_for(bytes, format_args!("the search on {}", counted(examples, "example")))?;
    let x = model.prepare(&Matrix::from_columns(&batch.inputs));
    let y = Matrix::from_columns(&batch.targets);
    let problem = Problem { network: &model.network, x: &x, y: &y, learning_rate: args.learning_rate };
    let diagnosis = diagnose(problem, &yours).map_err(|why| Failure::file(&args.yours, why))?;
    Out::new(false).text(match args.format {
        // A terminal that shows colours, and nobody who has set NO_COLOR.
        TextMarkdownOrJson::Text if AutoStream::choice(&std::io::stdout()) != ColorChoice::Never => {
            diagnosis.to_colored_text()
        }
        TextMarkdownOrJson::Text => diagnosis.to_text(),
        TextMarkdownOrJson::Markdown => diagnosis.to_markdown(),
        TextMarkdownOrJson::Json => diagnosis.to_json(),
    })?;
    verdict(&diagnosis).map_err(|why| Failure::file(&args.yours, why))
}

/// The answer in one line, where they are not the same.
fn verdict(diagnosis: &Diagnosis) -> Result<(), String> {
    let Some(first) = diagnosis.first_off() else { return Ok(()) };
    if !first.tells {
        return Err(format!("{} has too few digits to tell whether it is ours", first.array));
    }
    let place = |finding: &Finding| match finding.layer {
        Some(layer) => format!("{} in layer {layer}", finding.made.mistake.id),
        None => finding.made.mistake.id.to_owned(),
    };
    let what = match diagnosis.findings.first() {
        None => "no known mistake gives these numbers".to_owned(),
        Some(finding) if finding.with.is_empty() => place(finding),
        Some(_) => diagnosis.findings.iter().map(place).collect::<Vec<_>>().join(", "),
    };
    Err(format!("{} is not ours: {what}", first.array))
}

fn read_yours(path: &Path) -> Result<Yours, String> {
    let text = read_json_text(path).map_err(|error| error.to_string())?;
    Yours::from_json(&text).map_err(|error| error.to_string())
}
