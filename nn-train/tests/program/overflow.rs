//! Finite models on finite data whose numbers overflow inside: every command refuses the row by its name, and prints no
//! number that is not finite.

use std::fs;
use std::path::Path;

use crate::support::{failure, folder, json, nn, refusal, refusal_of, stdout, text};

/// A model file in `folder`: layers as activation, weight and bias, and any other keys.
fn model(folder: &Path, loss: &str, layers: &[(&str, &str, &str)], other: &str) -> String {
    let layers = layers.iter().map(|(activation, weight, bias)| {
        format!(r#"{{"activation": "{activation}", "weight": {weight}, "bias": {bias}}}"#)
    });
    let layers = layers.collect::<Vec<_>>().join(", ");
    let path = folder.join("model.json");
    let json = format!(r#"{{"format": "nn-model", "version": 1, "loss": "{loss}"{other}, "layers": [{layers}]}}"#);
    fs::write(&path, json).expect("written");
    text(&path).to_owned()
}

/// Activation, weight and bias of each layer.
type Layers = &'static [(&'static str, &'static str, &'static str)];

/// What is refused on XOR, whose rows are (0, 0), (0, 1), (1, 0) and (1, 1): layers, other keys, and the message.
const ON_XOR: [(Layers, &str, &str); 8] = [
    // z overflows in layer 2 where a⁽¹⁾ is not 0.
    (
        &[("identity", "[[0, 1e200]]", "[0]"), ("identity", "[[1e200]]", "[0]")],
        "",
        "row 2 of xor: z⁽²⁾ of unit 1 is inf",
    ),
    // An activation that hides the infinity: the outputs are 0 and 1.
    (
        &[("identity", "[[1e200, 1e200]]", "[0]"), ("sigmoid", "[[-1e200]]", "[0]")],
        "",
        "row 2 of xor: z⁽²⁾ of unit 1 is -inf",
    ),
    // ∞ − ∞.
    (
        &[("identity", "[[1e200, 0], [1e200, 0]]", "[0, 0]"), ("identity", "[[1e200, -1e200]]", "[0]")],
        "",
        "row 3 of xor: z⁽²⁾ of unit 1 is NaN",
    ),
    // Only the loss overflows.
    (&[("identity", "[[0, 1e200]]", "[0]")], "", "row 2 of xor: the loss is inf"),
    (&[("identity", "[[9e153, 9e153]]", "[0]")], "", "row 4 of xor: the loss is inf"),
    (&[("identity", "[[1.3e154, 1.3e154]]", "[0]")], "", "row 3 of xor: the sum of the losses up to this one is inf"),
    // In f32, whose largest number is 3.4e38.
    (
        &[("identity", "[[1e30, 0]]", "[0]"), ("sigmoid", "[[1e30]]", "[0]")],
        r#", "precision": "f32""#,
        "row 3 of xor: z⁽²⁾ of unit 1 is inf",
    ),
    // A scale so small that the standardisation overflows.
    (
        &[("sigmoid", "[[1, 1]]", "[0]")],
        r#", "standardize": {"mean": [0, 0], "scale": [1e-320, 1]}"#,
        "row 3 of xor: input 1, standardised, is inf",
    ),
];

/// The same with two outputs, where there were none after sigmoid: one output that is no probability is not evaluated.
const WITH_TWO_OUTPUTS: [(Layers, &str, &str); 4] = [
    (
        &[("identity", "[[0, 1e200]]", "[0]"), ("identity", "[[1e200], [0]]", "[0, 0]")],
        "",
        "row 2 of xor: z⁽²⁾ of unit 1 is inf",
    ),
    (&[("identity", "[[0, 1e200], [0, 0]]", "[0, 0]")], "", "row 2 of xor: the loss is inf"),
    (&[("identity", "[[9e153, 9e153], [0, 0]]", "[0, 0]")], "", "row 4 of xor: the loss is inf"),
    (
        &[("identity", "[[1.3e154, 1.3e154], [0, 0]]", "[0, 0]")],
        "",
        "row 3 of xor: the sum of the losses up to this one is inf",
    ),
];

#[test]
fn evaluate_refuses_the_row_that_overflows() {
    let folder = folder();
    let probabilities = ON_XOR.into_iter().filter(|(layers, ..)| layers[layers.len() - 1].0 == "sigmoid");
    for (layers, other, message) in probabilities.chain(WITH_TWO_OUTPUTS) {
        let path = model(folder.path(), "least-squares", layers, other);
        for format in ["text", "json"] {
            let output = nn(&["evaluate", &path, "xor", "--format", format]);
            assert_eq!(refusal_of(&output), format!("error: {path}: {message}"));
            assert!(output.stdout.is_empty(), "{output:?}");
        }
    }
}

#[test]
fn check_refuses_the_row_that_overflows() {
    let folder = folder();
    for (layers, other, message) in ON_XOR {
        let path = model(folder.path(), "least-squares", layers, other);
        for format in ["text", "json"] {
            let output = nn(&["check", &path, "xor", "--format", format]);
            assert_eq!(refusal_of(&output), format!("error: {path}: {message}"));
            assert!(output.stdout.is_empty(), "{output:?}");
        }
    }
    // Rows of a subset are named by their number in the whole.
    let weights = format!("[[{}], [{}]]", vec!["0"; 64].join(", "), vec!["1e200"; 64].join(", "));
    let ten = format!("[{}]", (0..10).map(|i| format!("[0, {i}e199]")).collect::<Vec<_>>().join(", "));
    let layers = [("identity", &weights[..], "[0, 0]"), ("softmax", &ten, "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0]")];
    let line = refusal(&["check", &model(folder.path(), "cross-entropy", &layers, ""), "digits"]);
    assert!(line.contains("row ") && line.contains(" of digits: z⁽²⁾ of unit 2 is inf"), "{line}");
    // Random examples have a number.
    let path = model(folder.path(), "least-squares", &[("identity", "[[1e200]]", "[0]")], "");
    assert_eq!(refusal(&["check", &path]), format!("error: {path}: random example 1: the loss is inf"));
}

/// A backward pass that overflows after a forward pass that does not.
const BACKWARD: [(Layers, &str, &str, &str); 4] = [
    (&[("identity", "[[0]]", "[1e150]")], "1e200", "0", "∂J/∂W⁽¹⁾ of unit 1, input 1 is inf"),
    (&[("tanh", "[[0]]", "[0]"), ("identity", "[[1e200]]", "[1e150]")], "1", "0", "δ⁽¹⁾ of unit 1 is inf"),
    (&[("identity", "[[0]]", "[0]")], "-1e200", "1e150", "∂J/∂W⁽¹⁾ of unit 1, input 1 is inf"),
    (
        &[("tanh", "[[1], [1]]", "[0, 0]"), ("identity", "[[1e200, -1e200]]", "[1e150]")],
        "0",
        "0",
        "δ⁽¹⁾ of unit 1 is inf",
    ),
];

#[test]
fn explain_refuses_the_example_that_overflows() {
    let folder = folder();
    let batch = folder.path().join("batch.json");
    fs::write(&batch, r#"{"inputs": [[0, 0], [0, 1], [1, 0], [1, 1]], "targets": [[0], [1], [1], [0]]}"#)
        .expect("written");
    for format in ["text", "markdown", "json"] {
        for (layers, other, message) in ON_XOR {
            let path = model(folder.path(), "least-squares", layers, other);
            let precision = if other.contains("f32") { "f32" } else { "f64" };
            let args = ["explain", &path, "--examples", text(&batch), "--precision", precision, "--format", format];
            let output = nn(&args);
            let message = message.replace("row", "example").replace(" of xor", "");
            assert_eq!(refusal_of(&output), format!("error: {path}: {message}"));
            assert!(output.stdout.is_empty(), "{output:?}");
        }
        for (layers, input, target, message) in BACKWARD {
            let path = model(folder.path(), "least-squares", layers, "");
            let args =
                ["explain", &path, &format!("--input={input}"), &format!("--target={target}"), "--format", format];
            assert_eq!(refusal(&args), format!("error: {path}: example 1: {message}"));
        }
    }
    // The precision is that of the command: a model in f32 is explained in f64.
    let (layers, other, _) = ON_XOR[6];
    let path = model(folder.path(), "least-squares", layers, other);
    stdout(&nn(&["explain", &path, "--examples", text(&batch)]));
}

/// The last thing to overflow is the update.
#[test]
fn explain_refuses_an_update_that_overflows() {
    let folder = folder();
    for (layers, learning_rate, precision, message) in [
        (&[("identity", "[[2]]", "[0]")][..], "1e308", "f64", "an updated weight of layer 1 is -inf"),
        (&[("identity", "[[2]]", "[0]")], "1e38", "f32", "an updated weight of layer 1 is -inf"),
        (&[("identity", "[[2]]", "[0]")], "1e39", "f32", "an updated weight of layer 1 is -inf"), // η itself
        (
            &[("relu", "[[0]]", "[2]"), ("identity", "[[-1e10]]", "[0]")],
            "1e300",
            "f64",
            "an updated bias of layer 1 is -inf",
        ),
    ] {
        let path = model(folder.path(), "least-squares", layers, "");
        let input = if layers.len() == 1 { "10" } else { "0" };
        let args = ["explain", &path, "--input", input, "--target", "1", "--learning-rate", learning_rate];
        for format in ["text", "markdown", "json"] {
            let line = refusal(&[&args[..], &["--precision", precision, "--format", format]].concat());
            assert_eq!(line, format!("error: --learning-rate {learning_rate}: {message}"));
        }
    }
}

#[test]
fn explain_refuses_a_precision_that_does_not_hold_the_model() {
    let folder = folder();
    for (layers, parameter) in [
        (&[("sigmoid", "[[1e200]]", "[0]")][..], "1e200"),
        (&[("sigmoid", "[[1]]", "[-1e39]")], "-1e39"),
        (&[("sigmoid", "[[1]]", "[0]"), ("sigmoid", "[[3.5e38]]", "[0]")], "3.5e38"),
    ] {
        let path = model(folder.path(), "least-squares", layers, "");
        let (code, line) = failure(&["explain", &path, "--input", "0", "--target", "0", "--precision", "f32"]);
        assert_eq!((code, line), (2, format!("error: --precision f32: the model has a parameter {parameter}")));
        stdout(&nn(&["explain", &path, "--input", "0", "--target", "0"]));
    }
}

/// Large numbers that do not overflow are shown, and so is the norm of a matrix whose squares do.
#[test]
fn large_finite_numbers_are_results() {
    let folder = folder();
    let large: Vec<&str> = vec!["1e200"; 70];
    let path =
        model(folder.path(), "least-squares", &[("sigmoid", &format!("[[{}]]", large.join(", ")), "[-1e200]")], "");
    let input = vec!["1e-10"; 70].join(",");
    for format in ["text", "markdown"] {
        let text = stdout(&nn(&["explain", &path, "--input", &input, "--target", "0.5", "--format", format]));
        assert!(text.contains("8.36660026534e200") && !text.contains('∞') && !text.contains("NaN"), "{text}"); // √70 · 1e200
    }
    let numbers = json(&stdout(&nn(&["explain", &path, "--input", &input, "--target", "0.5", "--format", "json"])));
    assert!(!numbers.to_string().contains("null"), "{numbers}");
}

/// A training whose loss stays finite while z does not, because sigmoid hides it.
#[test]
fn training_reports_no_overflow_as_success() {
    let folder = folder();
    let out = folder.path().join("run");
    let layers = [("identity", "[[1e200, 1e200]]", "[1e200]"), ("sigmoid", "[[1e200]]", "[0]")];
    let path = model(folder.path(), "least-squares", &layers, r#", "precision": "f64""#);
    let args = ["train", "xor", "--model", &path, "--epochs", "2", "--quiet", "--out", text(&out)];
    let line = refusal(&args);
    assert!(line.contains("row 1 of xor: z⁽²⁾ of unit 1 is -inf"), "{line}");
    assert!(!out.join("model.json").exists(), "an old model is replaced by success only");
    let history = fs::read_to_string(out.join("history.csv")).expect("a history");
    assert_eq!(history.lines().count(), 3);
    assert!(!history.contains("inf") && !history.contains("NaN"), "{history}");
}

/// A unit that is 0 on all rows but some that are held out, and enormous there.
#[test]
fn a_held_out_loss_that_overflows_ends_the_training() {
    let (iris, folder) = (nn_train::iris(), folder());
    let rows = nn_train::split(&iris, 0.2);
    let largest = |rows: &[usize], v: &[f64; 4]| {
        let along = rows.iter().map(|&row| v.iter().zip(iris.x.column(row)).map(|(v, x)| v * x).sum());
        along.fold(f64::NEG_INFINITY, f64::max)
    };
    let directions = (0..625).map(|i| [i % 5, i / 5 % 5, i / 25 % 5, i / 125].map(|digit| f64::from(digit) - 2.0));
    let mut beyond = directions.map(|v| (v, largest(&rows.train, &v), largest(&rows.validation, &v)));
    let (v, train, held_out) =
        beyond.find(|(_, train, held_out)| held_out - train > 0.1).expect("an extreme row that is held out");
    let weight = format!("[{:?}, [0, 0, 0, 0], [0, 0, 0, 0]]", v.map(|v| v * 1e200));
    let bias = format!("[{:?}, 0, 0]", (train + held_out) / -2.0 * 1e200);
    let layers = [("relu", &weight[..], &bias[..])];
    let path = model(folder.path(), "least-squares", &layers, "");
    let out = folder.path().join("run");
    let args = [
        "train",
        "iris",
        "--model",
        &path,
        "--no-standardize",
        "--learning-rate",
        "1e-300",
        "--quiet",
        "--out",
        text(&out),
    ];
    let line = refusal(&args);
    assert!(line.contains("the held-out loss is inf after epoch 1, batch 8: the training diverged"), "{line}");
    let history = fs::read_to_string(out.join("history.csv")).expect("a history");
    assert_eq!(history.lines().count(), 1, "{history}");
    assert!(!out.join("model.json").exists());
}
