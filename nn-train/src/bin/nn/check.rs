//! `nn check`: four independent ways to a gradient, and how closely they agree.

use std::fmt::Write as _;
use std::path::Path;

use nn_core::text::{Align, Table};
use nn_core::{Activation, Generator, Loss, Matrix, Scalar, normal, seeded, uniform};
use nn_layers::{Bounds, GradientCheck, Initialization, Network, ParameterCheck, SINGLE_ENTRIES, check_gradients};
use nn_train::{Model, Precision, escaped};
use serde_json::{Value, json};

use crate::args::{CheckArgs, DataOptions};
use crate::data::{is_named, load};
use crate::failure::Failure;
use crate::memory::{Sizes, ask_for};
use crate::model_file::read_model;
use crate::output::{Out, readable};
use crate::purpose::Purpose;
use crate::values::TextOrJson;

/// A batch of more examples tells no more about a gradient.
const EXAMPLES: usize = 32;

/// Slopes times parameters times examples, at most: the check of a large network takes fewer examples, and seconds.
const WORK: usize = 1 << 30;

pub(crate) fn run(args: &CheckArgs) -> Result<(), Failure> {
    let options = &args.data_options;
    if !is_named(args.data.as_ref(), options) && has_any(options) {
        return Err(Failure::usage(
            "--examples, --noise, --validation and the options of CSV are for `nn check MODEL DATA`",
        ));
    }
    match &args.model {
        Some(path) => check_model(path, args),
        None => check_grid(args),
    }
}

fn has_any(options: &DataOptions) -> bool {
    let csv = options.csv.header.is_some() || options.csv.delimiter.is_some() || options.skip_missing;
    let generated = options.examples.is_some() || options.noise.is_some();
    csv || generated || options.validation.is_some() || options.task.is_some() || options.targets.is_some()
}

/// x, as the model is given it, y, and where they come from.
struct Batch {
    input: Matrix<f64>,
    y: Matrix<f64>,
    origin: String,
    /// What an example is called in a message.
    names: Vec<String>,
}

fn check_model(path: &Path, args: &CheckArgs) -> Result<(), Failure> {
    let mut model = read_model(path)?;
    let examples = examples_for(&model.network);
    ask_for(Sizes::of(&model.network, model.precision).check(examples), format_args!("checking {examples} examples"))?;
    let batch = match is_named(args.data.as_ref(), &args.data_options) {
        true => rows_of(args, &model, examples, path)?,
        false => {
            model.standardize = None; // Normal numbers are what standardised inputs look like.
            let (input, y) = random_batch(&model.network, examples, &mut seeded(args.seed));
            let names = (1..=examples).map(|example| format!("random example {example}")).collect();
            Batch { input, y, origin: format!("{examples} random examples, seed {}", args.seed), names }
        }
    };
    if let Some(overflow) = model.overflow_of_gradients(&batch.input, &batch.y) {
        return Err(Failure::file(path, format_args!("{}: {overflow}", batch.names[overflow.example])));
    }
    let x = model.prepare(&batch.input);
    let check = match model.precision {
        Precision::F32 => check_in::<f32>(&model.network, &x, &batch.y, args.seed),
        Precision::F64 => check_in::<f64>(&model.network, &x, &batch.y, args.seed),
    };
    if !check.scale.is_finite() {
        return Err(Failure::file(path, "the gradient is finite, but its length overflows: nothing can be compared"));
    }
    let mut out = Out::new(false);
    match args.format {
        TextOrJson::Json => {
            out.line(serde_json::to_string_pretty(&model_json(&model, &check)).expect("numbers and names are JSON"))?;
        }
        TextOrJson::Text => out.text(model_text(path, &model, &batch.origin, &check))?,
    }
    verdict(&check).map_err(|why| Failure::file(path, why))
}

fn examples_for(network: &Network<f64>) -> usize {
    let entries = network.parameters().map(|parameter| parameter.as_slice().len());
    let slopes: usize = entries.map(|entries| if entries > SINGLE_ENTRIES { 1 } else { entries }).sum();
    (WORK / slopes / network.parameter_count()).clamp(1, EXAMPLES)
}

fn check_in<T: Scalar>(network: &Network<f64>, x: &Matrix<f64>, y: &Matrix<f64>, seed: u64) -> GradientCheck {
    check_gradients(&network.map(T::from_f64), &x.map(T::from_f64), &y.map(T::from_f64), seed)
}

/// Training rows, evenly spread, so that all classes are among them; as the network sees them.
fn rows_of(args: &CheckArgs, model: &Model, examples: usize, path: &Path) -> Result<Batch, Failure> {
    let purpose = Purpose { model: Some(model), precision: model.precision, is_training: false, holds_out: true };
    // Pixels are as exact in f32 as in f64, and text is f64 in any case.
    let data = load::<f32>(args.data.as_ref(), &args.data_options, purpose)?;
    data.check_fit(model).map_err(|why| Failure::file(path, why))?;
    let rows = &data.rows.train;
    let examples = examples.min(rows.len());
    let picked: Vec<usize> = (0..examples).map(|i| rows[i * rows.len() / examples]).collect();
    let batch = data.subset(&picked);
    let y = batch.target_matrix_for(model.network.outputs());
    let origin = format!("{examples} training rows of {}", escaped(&data.about.name));
    let names = picked.iter().map(|&row| data.about.place(row)).collect();
    Ok(Batch { input: batch.x, y, origin, names })
}

/// Normal inputs, and targets that suit the loss: shares that sum to 1, numbers in [0, 1], or normal ones.
fn random_batch(network: &Network<f64>, examples: usize, rng: &mut Generator) -> (Matrix<f64>, Matrix<f64>) {
    let x = Matrix::from_fn(network.inputs(), examples, |_, _| normal(rng));
    let y = Matrix::from_fn(network.outputs(), examples, |_, _| match network.loss() {
        Loss::LeastSquares => normal(rng),
        Loss::CrossEntropy | Loss::BinaryCrossEntropy => uniform(rng),
    });
    if network.loss() != Loss::CrossEntropy {
        return (x, y);
    }
    let sums: Vec<f64> = y.columns_iter().map(|column| column.iter().sum()).collect();
    (x, Matrix::from_fn(y.rows(), y.columns(), |i, j| y[(i, j)] / sums[j]))
}

/// The largest difference that is beyond its bound.
fn verdict(check: &GradientCheck) -> Result<(), String> {
    let Some(row) = check.parameters.iter().find(|row| !row.agrees(&check.bounds)) else { return Ok(()) };
    let Bounds { tape, dual, stencil } = check.bounds;
    let ways = [("tape", Some(row.tape), tape), ("dual numbers", row.dual, dual), ("stencil", row.stencil, stencil)];
    let beyond = ways.into_iter().find_map(|(name, difference, bound)| {
        let difference = difference.filter(|&difference| difference > bound)?;
        Some(format!("by hand and by {name} differ by {}, the bound is {bound:.0e}", figure(difference)))
    });
    Err(format!("the gradients disagree: {} {}", row.name, beyond.unwrap_or_default()))
}

fn model_text(path: &Path, model: &Model, origin: &str, check: &GradientCheck) -> String {
    let widths: String = model.network.layers().iter().map(|dense| format!("-{}", dense.outputs())).collect();
    let network =
        format!("{}{widths} network in {}, {}", model.network.inputs(), model.precision, model.network.loss());
    let columns = [Align::Left, Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left];
    let mut table = Table::new(columns).at_least([0, 6, 10, 9, 12, 9, 0]);
    table.title(["", "", "by hand", "against:"]);
    table.title(["", "", "shape", "tape", "dual numbers", "stencil", "verdict"]);
    for row in &check.parameters {
        let why_not = if row.at_a_kink > 0 { "at a kink" } else { "not judged" };
        let judged = |difference: Option<f64>| difference.map_or(why_not.to_owned(), figure);
        let verdict = if row.agrees(&check.bounds) { "agree" } else { "DISAGREE" };
        let (tape, dual, stencil) = (figure(row.tape), judged(row.dual), judged(row.stencil));
        table.row(["", &row.name, &row.shape.to_string(), &tape, &dual, &stencil, verdict]);
    }
    let [tape, dual, stencil] = bound_figures(&check.bounds);
    table.row(["", "bound", "", &tape, &dual, &stencil]);
    format!("{}: {network}\n{origin}: J = {}\n\n{table}\n\n{SCALE}", path.display(), readable(check.loss, 6))
        + &kinks(check)
        + &rounding(check)
}

const SCALE: &str = "Differences are divided by the length of the gradient; for the stencil, by that and J.\n";

/// What was avoided, where anything was.
fn kinks(check: &GradientCheck) -> String {
    let sum = |count: fn(&ParameterCheck) -> usize| check.parameters.iter().map(count).sum::<usize>();
    let (slopes, shortened, at_a_kink) =
        (sum(|row| row.directions), sum(|row| row.shortened), sum(|row| row.at_a_kink));
    let mut text = String::new();
    if check.left_out > 0 {
        let all = check.examples + check.left_out;
        let _ = writeln!(text, "{} of the {all} examples are left out: a unit of theirs is at a kink.", check.left_out);
    }
    if shortened > 0 {
        let _ = writeln!(text, "Stencil: for {shortened} of {slopes} slopes the step was shortened, to avoid a kink.");
    }
    if at_a_kink > 0 {
        let _ = writeln!(text, "Stencil: {at_a_kink} of {slopes} slopes are at a kink and not judged.");
    }
    text
}

/// What rounding leaves unjudged, where it is more than the bounds allow for by themselves.
fn rounding(check: &GradientCheck) -> String {
    let mut text = String::new();
    let overflowed: usize = check.parameters.iter().map(|row| row.overflowed).sum();
    if overflowed > 0 {
        let slopes: usize = check.parameters.iter().map(|row| row.directions).sum();
        let _ = writeln!(text, "{overflowed} of {slopes} slopes overflow on the way to them and are not judged.");
    }
    if check.saturated_units > 0 {
        let _ = writeln!(
            text,
            "Saturated units: {}, in {} activations together. There a is 1 or −1 but for rounding, and σ′, taken from a, has \
             no digit left.",
            check.saturated_units, check.saturated_activations
        );
    }
    let [rounding, length] = [check.rounding, check.length].map(figure);
    if check.rounding.is_infinite() {
        text += "Rounding may move the gradient by more than the largest number: dual numbers and stencil are not judged.\n";
    } else if check.length <= check.rounding && check.rounding > 0.0 {
        let _ = writeln!(
            text,
            "Rounding may move the gradient by {rounding}, and its length is {length}: no more can be judged than that all ways \
             find it this small."
        );
    } else if check.rounding > check.bounds.dual * check.length {
        let _ = writeln!(
            text,
            "Rounding may move the gradient by {rounding}, of a length of {length}: that is allowed for."
        );
    }
    text
}

/// `null` is what was not judged: a difference at a kink or after an overflow; `rounding`, where it overflows.
fn model_json(model: &Model, check: &GradientCheck) -> Value {
    let row = |row: &ParameterCheck| {
        json!({
            "name": row.name,
            "shape": [row.shape.rows, row.shape.columns],
            "tape": row.tape,
            "dual": row.dual,
            "stencil": row.stencil,
            "directions": row.directions,
            "shortened": row.shortened,
            "at_a_kink": row.at_a_kink,
            "overflowed": row.overflowed,
            "agree": row.agrees(&check.bounds),
        })
    };
    json!({
        "agree": check.agrees(),
        "precision": model.precision.name(),
        "examples": check.examples,
        "left_out": check.left_out,
        "loss": check.loss,
        "length": check.length,
        "scale": check.scale,
        "rounding": check.rounding,
        "saturated": { "units": check.saturated_units, "activations": check.saturated_activations },
        "bounds": bounds_json(&check.bounds),
        "parameters": check.parameters.iter().map(row).collect::<Vec<_>>(),
    })
}

fn bounds_json(bounds: &Bounds) -> Value {
    json!({ "tape": bounds.tape, "dual": bounds.dual, "stencil": bounds.stencil })
}

/// One of the networks of the grid.
struct Cell {
    hidden: Activation,
    last: Activation,
    loss: Loss,
    check: GradientCheck,
}

/// A random network for every hidden activation and every end that a model file allows.
fn check_grid(args: &CheckArgs) -> Result<(), Failure> {
    let mut rng = seeded(args.seed);
    let mut cells = Vec::new();
    for (last, loss) in ends() {
        for hidden in Activation::ALL {
            let layers = [(4, hidden), (3, hidden), (3, last)];
            let network = Network::random(5, &layers, loss, Initialization::Normal, &mut rng);
            let network = network.map_err(|error| Failure::data(error.to_string()))?;
            let (x, y) = random_batch(&network, 6, &mut rng);
            let check = check_gradients(&network, &x, &y, args.seed);
            cells.push(Cell { hidden, last, loss, check });
        }
    }
    let mut out = Out::new(false);
    match args.format {
        TextOrJson::Json => {
            out.line(serde_json::to_string_pretty(&grid_json(&cells)).expect("numbers and names are JSON"))?;
        }
        TextOrJson::Text => out.text(grid_text(&cells, args.seed))?,
    }
    for Cell { hidden, last, loss, check } in &cells {
        verdict(check).map_err(|why| Failure::data(format_args!("hidden {hidden}, last {last}, {loss}: {why}")))?;
    }
    Ok(())
}

fn ends() -> impl Iterator<Item = (Activation, Loss)> {
    let belongs = |last, loss: Loss| loss.activation().is_none_or(|its_own| its_own == last);
    let pairs = Loss::ALL.into_iter().flat_map(|loss| Activation::ALL.map(|last| (last, loss)));
    pairs.filter(move |&(last, loss)| belongs(last, loss))
}

fn grid_text(cells: &[Cell], seed: u64) -> String {
    let mut text = format!("{} random 5-4-3-3 networks in f64, 6 examples each, seed {seed}\n", cells.len());
    let titles = ["tape", "dual numbers", "stencil"];
    for (way, (title, bound)) in titles.into_iter().zip(bound_figures(&Bounds::F64)).enumerate() {
        let columns = [Align::Left; 2].into_iter().chain(Activation::ALL.map(|_| Align::Right));
        let mut table = Table::new(columns).at_least([0, 30].into_iter().chain(Activation::ALL.map(|_| 9)));
        let row = |name: String, cells: Vec<String>| [String::new(), name].into_iter().chain(cells);
        table.title(row(String::new(), Activation::ALL.map(|hidden| hidden.to_string()).into()));
        for cells in cells.chunks(Activation::ALL.len()) {
            let name = format!("{}, {}", cells[0].last, cells[0].loss);
            table.row(row(name, cells.iter().map(|cell| figure(cell.check.worst()[way])).collect()));
        }
        // Writing to a String does not fail.
        let _ = writeln!(text, "\nby hand against {title}, bound {bound}; hidden activations:\n{table}");
    }
    let agreeing = cells.iter().filter(|cell| cell.check.agrees()).count();
    let _ = writeln!(text, "\nIn each row the last activation and the loss. {agreeing} of {} agree.", cells.len());
    text + SCALE
}

fn grid_json(cells: &[Cell]) -> Value {
    let cell = |Cell { hidden, last, loss, check }: &Cell| {
        let [tape, dual, stencil] = check.worst();
        json!({
            "hidden": hidden.name(), "last": last.name(), "loss": loss.name(),
            "tape": tape, "dual": dual, "stencil": stencil, "agree": check.agrees(),
        })
    };
    json!({
        "agree": cells.iter().all(|cell| cell.check.agrees()),
        "precision": "f64",
        "bounds": bounds_json(&Bounds::F64),
        "networks": cells.iter().map(cell).collect::<Vec<_>>(),
    })
}

fn bound_figures(bounds: &Bounds) -> [String; 3] {
    [bounds.tape, bounds.dual, bounds.stencil].map(|bound| format!("{bound:.0e}"))
}

/// With two digits.
fn figure(number: f64) -> String {
    if number == 0.0 { "0".to_owned() } else { format!("{number:.1e}") }
}
