//! Demo 2: one step of backpropagation, a number at a time, by hand and by tape.

use nn_autodiff::Op;
use nn_core::Matrix;
use nn_core::text::on_paper;
use nn_layers::{ByTape, Engine, Network};
use nn_train::{Batch, Explanation, Model, Precision, Stage, Step, explain};
use serde::Serialize;

use crate::json;

// The largest network and batch that a picture and a table can show, and a person can follow.
const MOST_UNITS: usize = 5; // in a layer
const MOST_LAYERS: usize = 4;
const MOST_EXAMPLES: usize = 4;

/// All that the page shows of a step.
#[derive(Serialize)]
struct Shown {
    network: Graph,
    x: Vec<Vec<f64>>,
    y: Vec<Vec<f64>>,
    learning_rate: f64,
    steps: Vec<ShownStep>,
    tape: Vec<TapeRow>,
    difference: String,
}

/// A network as a picture shows it: its widths, and its parameters with a row for each unit.
#[derive(Serialize)]
pub(crate) struct Graph {
    widths: Vec<usize>,
    activations: Vec<&'static str>,
    loss: &'static str,
    weights: Vec<Vec<Vec<f64>>>,
    biases: Vec<Vec<f64>>,
}

#[derive(Serialize)]
struct ShownStep {
    stage: &'static str,
    layer: usize,
    symbol: &'static str,
    name: String,
    row: usize,
    column: usize,
    matrices: String,
    letters: String,
    numbers: String,
    hand: String,
    /// `None` for the update, which is no part of the tape.
    tape: Option<String>,
    /// With as many digits as there is room for in a picture.
    short: String,
}

#[derive(Serialize)]
struct TapeRow {
    name: String,
    operation: String,
    operands: Vec<String>,
    shape: String,
    /// A row for each row of the matrix, printed.
    value: Vec<Vec<String>>,
    /// `None` for data, which have no adjoint.
    adjoint: Option<Vec<Vec<String>>>,
}

/// Every number of one step of gradient descent, for a model and a batch in their JSON forms.
///
/// # Errors
///
/// One line that says what is wrong: with the model, the batch, the two together, the size, or numbers that overflow.
pub fn step(model: &str, batch: &str, learning_rate: f64) -> Result<String, String> {
    let (model, batch) = read(model, batch)?;
    if !learning_rate.is_finite() || learning_rate < 0.0 {
        return Err(format!("a learning rate of {learning_rate}: it is 0 or larger"));
    }
    let network = &model.network;
    let widest = network.layers().iter().map(|dense| dense.outputs()).fold(network.inputs(), usize::max);
    if widest > MOST_UNITS || network.layers().len() > MOST_LAYERS || batch.inputs.len() > MOST_EXAMPLES {
        return Err(format!(
            "the picture has room for {MOST_LAYERS} layers of {MOST_UNITS} units and {MOST_EXAMPLES} examples"
        ));
    }
    let input = Matrix::from_columns(&batch.inputs);
    let (x, y) = (model.prepare(&input), Matrix::from_columns(&batch.targets));
    if let Some(overflow) = model.overflow_of_gradients(&input, &y) {
        return Err(format!("example {}: {overflow}", overflow.example + 1));
    }
    let explanation = explain(network, &x, &y, Some(learning_rate), Precision::F64);
    Ok(json(&Shown {
        network: Graph::of(network),
        x: rows_of(&x, |x| x),
        y: rows_of(&y, |y| y),
        learning_rate,
        tape: tape_of(&explanation),
        difference: on_paper(explanation.largest_difference, 3),
        steps: explanation.steps().into_iter().map(ShownStep::of).collect(),
    }))
}

/// A model and a batch that fit.
pub(crate) fn read(model: &str, batch: &str) -> Result<(Model, Batch), String> {
    let model = Model::from_json(model).map_err(|error| format!("the model: {error}"))?;
    let batch = Batch::from_json(batch).map_err(|error| format!("the examples: {error}"))?;
    batch.check_fit(&model, Precision::F64).map_err(|error| format!("the examples: {error}"))?;
    Ok((model, batch))
}

impl Graph {
    pub(crate) fn of(network: &Network<f64>) -> Self {
        let layers = network.layers();
        Graph {
            widths: std::iter::once(network.inputs()).chain(layers.iter().map(|dense| dense.outputs())).collect(),
            activations: layers.iter().map(|dense| dense.activation.name()).collect(),
            loss: network.loss().name(),
            weights: layers.iter().map(|dense| rows_of(&dense.weight, |w| w)).collect(),
            biases: layers.iter().map(|dense| dense.bias.as_slice().to_vec()).collect(),
        }
    }
}

impl ShownStep {
    fn of(step: Step) -> Self {
        let stage = match step.stage {
            Stage::Forward => "forward",
            Stage::Loss => "loss",
            Stage::Backward => "backward",
            Stage::Update => "update",
        };
        ShownStep {
            stage,
            layer: step.layer,
            symbol: step.symbol,
            name: step.name,
            row: step.row,
            column: step.column,
            matrices: step.in_matrices,
            letters: step.in_letters,
            numbers: step.in_numbers,
            hand: on_paper(step.by_hand, 12),
            tape: step.by_tape.map(|x| on_paper(x, 12)),
            short: on_paper(step.by_hand, 4),
        }
    }
}

/// The rows of the tape itself, with its values and adjoints after both sweeps.
fn tape_of(explanation: &Explanation) -> Vec<TapeRow> {
    let mut engine = ByTape::new(&explanation.network);
    engine.set_batch(&explanation.x, &explanation.y);
    engine.loss_and_gradients();
    let tape = engine.tape();
    let printed = |matrix: &Matrix<f64>| rows_of(matrix, |x| on_paper(x, 6));
    let row = |var| {
        let (op, value) = (tape.op(var), tape.value(var));
        TapeRow {
            name: tape.name(var),
            operation: op.name().to_owned(),
            operands: op.operands().into_iter().map(|operand| tape.name(operand)).collect(),
            shape: value.shape().to_string(),
            value: printed(value),
            adjoint: (!matches!(op, Op::Input)).then(|| printed(tape.gradient(var))),
        }
    };
    tape.vars().map(row).collect()
}

fn rows_of<T>(matrix: &Matrix<f64>, entry: impl Fn(f64) -> T) -> Vec<Vec<T>> {
    (0..matrix.rows()).map(|i| matrix.row_iter(i).map(|&x| entry(x)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const MODEL: &str = include_str!("../../models/two-two-two.json");
    const BATCH: &str = r#"{"inputs": [[0.05, 0.1]], "targets": [[0.01, 0.99]]}"#;

    fn shown() -> Value {
        serde_json::from_str(&step(MODEL, BATCH, 0.5).unwrap()).unwrap()
    }

    /// The numbers of the page are those of the chapter, digit for digit.
    #[test]
    fn every_step_stands_in_the_snapshot_of_the_chapter() {
        let snapshot = include_str!("../../src/numbers/delta-recursion.snap");
        let snapshot: String = snapshot.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = shown();
        let steps = shown["steps"].as_array().unwrap();
        assert_eq!(steps.len(), 37);
        for step in steps {
            let text = |key: &str| step[key].as_str().unwrap_or_default();
            let entry = text("name").split('⁽').next().unwrap();
            let row = match text("stage") {
                "update" => format!("{entry} ← {} | {}", text("numbers"), text("hand")),
                _ => format!("{entry} = {} | {} | {}", text("numbers"), text("hand"), text("tape")),
            };
            assert!(snapshot.contains(&row), "no {row}");
        }
    }

    #[test]
    fn the_tape_is_that_of_the_chapter() {
        let shown = shown();
        let names: Vec<&str> =
            shown["tape"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["x", "y", "W1", "b1", "z1", "a1", "W2", "b2", "z2", "a2", "J"]);
        assert_eq!(shown["tape"][0]["adjoint"], Value::Null);
        assert_eq!(shown["tape"][10]["adjoint"][0][0], "1");
        assert_eq!(shown["tape"][8]["adjoint"][1][0], "−0.0380982"); // δ₂⁽²⁾
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        let error = |model: &str, batch: &str, rate: f64| step(model, batch, rate).unwrap_err();
        assert!(error("{", BATCH, 0.5).starts_with("the model: "));
        assert!(error(MODEL, "{}", 0.5).starts_with("the examples: "));
        let short = r#"{"inputs": [[1]], "targets": [[0, 1]]}"#;
        assert_eq!(error(MODEL, short, 0.5), "the examples: example 1 has 1 input, but the network has 2");
        assert!(error(MODEL, BATCH, -1.0).contains("learning rate"));
        let wide = r#"{"format": "nn-model", "version": 1, "loss": "least-squares",
            "layers": [{"activation": "identity", "weight": [[1, 1, 1, 1, 1, 1]], "bias": [0]}]}"#;
        assert!(error(wide, r#"{"inputs": [[0, 0, 0, 0, 0, 0]], "targets": [[0]]}"#, 0.5).contains("room for"));
        let steep = MODEL.replace("0.15", "1e308").replace("\"sigmoid\"", "\"identity\"");
        assert!(error(&steep, r#"{"inputs": [[10, 1]], "targets": [[0, 1]]}"#, 0.5).contains("inf"));
    }
}
