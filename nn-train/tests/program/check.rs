//! `nn check`: the table, the grid, both formats, and how it fails.

use serde_json::Value;

use crate::support::{self, data, failure, nn, stdout, text};

fn json(output: &std::process::Output) -> Value {
    support::json(&String::from_utf8_lossy(&output.stdout))
}

/// A model that is written for the test.
fn model(folder: &tempfile::TempDir, json: &str) -> String {
    let path = folder.path().join("model.json");
    std::fs::write(&path, json).expect("written");
    text(&path).to_owned()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

#[test]
fn a_model_has_a_row_for_each_parameter_matrix() {
    let path = data("two-by-two.json");
    let table = stdout(&nn(&["check", text(&path)]));
    assert!(table.contains("2-2-2 network in f64, least-squares\n32 random examples, seed 1: J = "), "{table}");
    let rows: Vec<Vec<&str>> =
        table.lines().filter(|line| line.ends_with("  agree")).map(|line| line.split_whitespace().collect()).collect();
    let names: Vec<_> = rows.iter().map(|row| (row[0], row[1])).collect();
    assert_eq!(names, [("W1", "2×2"), ("b1", "2×1"), ("W2", "2×2"), ("b2", "2×1")]);
    assert!(rows.iter().all(|row| row.len() == 6 && row[2..5].iter().all(|cell| cell.parse::<f64>().is_ok())));
    assert!(table.contains("1e-13") && table.contains("1e-12") && table.contains("1e-8"), "{table}");
    // Seeded: twice the same, and another seed is another batch.
    assert_eq!(table, stdout(&nn(&["check", text(&path)])));
    assert_ne!(table, stdout(&nn(&["check", text(&path), "--seed", "2"])));
}

#[test]
fn json_has_the_same_figures() {
    let report = json(&nn(&["check", text(&data("xor-start.json")), "xor", "--format", "json"]));
    assert_eq!((&report["agree"], &report["precision"]), (&true.into(), &"f64".into()));
    assert_eq!((&report["examples"], &report["left_out"]), (&4.into(), &0.into()));
    // The loss of the published start: sums over the four examples there, means here.
    assert!((number(&report["loss"]) - 0.515_602_872_803_106_8 / 4.0).abs() < 1e-15);
    let bounds = ["tape", "dual", "stencil"].map(|way| number(&report["bounds"][way]));
    assert_eq!(bounds, [1e-13, 1e-12, 1e-8]);
    let rows = report["parameters"].as_array().expect("rows");
    assert_eq!(
        rows.iter().map(|row| row["name"].as_str().expect("a name")).collect::<Vec<_>>(),
        ["W1", "b1", "W2", "b2"]
    );
    for row in rows {
        assert_eq!(row["agree"], true);
        let entries = number(&row["shape"][0]) * number(&row["shape"][1]);
        assert_eq!(number(&row["directions"]), entries);
        for (way, bound) in ["tape", "dual", "stencil"].into_iter().zip(bounds) {
            assert!(number(&row[way]) <= bound, "{row}");
        }
    }
}

/// Trained models of every data set, in f32 by default; the matrices of the digits have 64 · 32 and fewer entries.
#[test]
fn trained_models_agree_on_their_data() {
    let folder = tempfile::tempdir().expect("a folder");
    for (data, precision) in [("digits", "f32"), ("iris", "f64"), ("moons", "f32"), ("spirals", "f64")] {
        let out = folder.path().join(data);
        let options = ["--hidden", "32", "--epochs", "2", "--precision", precision, "--quiet", "--out"];
        stdout(&nn(&[&["train", data], &options[..], &[text(&out)]].concat()));
        let model = out.join("model.json");
        let output = nn(&["check", text(&model), data, "--format", "json"]);
        assert!(output.status.success(), "{output:?}");
        let report = json(&output);
        assert_eq!(report["precision"], precision);
        assert_eq!(number(&report["examples"]) + number(&report["left_out"]), 32.0);
        let bound = if precision == "f32" { 1e-4 } else { 1e-12 };
        assert_eq!(number(&report["bounds"]["dual"]), bound);
        if data == "digits" {
            assert_eq!(report["parameters"][0]["directions"], 1); // 2,048 entries: one random direction
            assert_eq!(report["parameters"][1]["directions"], 32);
        }
        let table = stdout(&nn(&["check", text(&model), data]));
        assert!(table.contains(&format!("32 training rows of {data}")), "{table}");
    }
}

#[test]
fn the_grid_has_every_activation_and_loss() {
    let grid = stdout(&nn(&["check"]));
    assert!(grid.contains("80 of 80 agree."), "{grid}");
    for title in ["against tape, bound 1e-13", "against dual numbers, bound 1e-12", "against stencil, bound 1e-8"] {
        assert!(grid.contains(title), "{grid}");
    }
    let rows = |label: &str| grid.lines().filter(|line| line.trim_start().starts_with(label)).count();
    assert_eq!((rows("softmax, cross-entropy "), rows("sigmoid, binary-cross-entropy "), rows("step, ")), (3, 3, 3));

    let report = json(&nn(&["check", "--format", "json"]));
    let networks = report["networks"].as_array().expect("networks");
    assert!(report["agree"] == true && networks.len() == 80 && networks.iter().all(|network| network["agree"] == true));
    let of = |key: &str, name: &str| networks.iter().filter(|network| network[key] == name).count();
    assert_eq!((of("hidden", "tanh"), of("loss", "least-squares"), of("last", "softmax")), (10, 64, 16));
}

/// Models that are right, and whose gradients by hand are exactly 0 in places where dual numbers find 1e-17: one and two
/// layers, either precision, some units saturated or all.
#[test]
fn saturated_models_agree_and_say_how_many_units_are() {
    let folder = tempfile::tempdir().expect("a folder");
    for (precision, layers, units, activations, only_rounding) in [
        ("f64", r#"{"activation": "sigmoid", "weight": [[0, 0]], "bias": [40]}"#, 1, 32, true),
        ("f64", r#"{"activation": "tanh", "weight": [[0.1, 0], [0, 0.2]], "bias": [30, -30]}"#, 2, 64, true),
        ("f32", r#"{"activation": "sigmoid", "weight": [[0, 0.1], [1, 1]], "bias": [25, 0]}"#, 1, 32, false),
        (
            "f64",
            r#"{"activation": "sigmoid", "weight": [[1, 1], [1, -1]], "bias": [50, 0]},
               {"activation": "sigmoid", "weight": [[1, 1], [1, 2], [0, 1]], "bias": [60, -1, 0.5]}"#,
            2,
            64,
            false,
        ),
        (
            "f32",
            r#"{"activation": "tanh", "weight": [[1, 1], [1, -1]], "bias": [30, 20]},
               {"activation": "tanh", "weight": [[1, 1]], "bias": [40]}"#,
            3,
            96,
            true,
        ),
        (
            "f64",
            r#"{"activation": "tanh", "weight": [[1, 1]], "bias": [0]},
               {"activation": "softmax", "weight": [[1], [0], [0]], "bias": [60, 0, 1]}"#,
            1,
            32,
            true,
        ),
    ] {
        let path = model(
            &folder,
            &format!(
                r#"{{"format": "nn-model", "version": 1, "loss": "least-squares", "precision": "{precision}",
                    "layers": [{layers}]}}"#
            ),
        );
        let table = stdout(&nn(&["check", &path]));
        assert!(!table.contains("DISAGREE") && !table.contains("no number"), "{table}");
        let line = format!("Saturated units: {units}, in {activations} activations together.");
        assert!(table.contains(&line), "{table}");
        let report = json(&nn(&["check", &path, "--format", "json"]));
        assert_eq!(report["agree"], true, "{report:#}");
        assert_eq!(report["saturated"], serde_json::json!({ "units": units, "activations": activations }));
        assert!(!report.to_string().contains("null"), "{report}");
        // Where the gradient is nothing but rounding, that is said too.
        assert_eq!(number(&report["length"]) <= number(&report["rounding"]), only_rounding, "{report:#}");
        assert_eq!(
            table.contains("no more can be judged than that all ways find it this small."),
            only_rounding,
            "{table}"
        );
    }
    // Nothing is said of a model without a saturated unit.
    let table = stdout(&nn(&["check", text(&data("two-by-two.json"))]));
    assert!(!table.contains("aturated") && !table.contains("ounding"), "{table}");
}

/// Logits so nearly equal that e^z rounds to the same number.
#[test]
fn nearly_uniform_softmax_agrees() {
    let folder = tempfile::tempdir().expect("a folder");
    for (precision, bias) in [
        ("f64", "[1e-17, 2e-17]"),
        ("f64", "[2e-17, 1e-17]"),
        ("f64", "[0, 0]"),
        ("f32", "[1e-9, 2e-9]"),
        ("f64", "[1e-17, 3e-17, 2e-17]"),
        ("f64", "[1e-300, 2e-300, 0, -1e-300, 0, 0, 0, 0, 0, 1e-300]"),
    ] {
        let zeros = format!("[{}]", vec!["[0, 0]"; bias.split(',').count()].join(", "));
        let path = model(
            &folder,
            &format!(
                r#"{{"format": "nn-model", "version": 1, "loss": "cross-entropy", "precision": "{precision}",
                    "layers": [{{"activation": "softmax", "weight": {zeros}, "bias": {bias}}}]}}"#
            ),
        );
        for seed in ["1", "2", "3"] {
            let table = stdout(&nn(&["check", &path, "--seed", seed]));
            assert!(!table.contains("DISAGREE"), "{bias}: {table}");
        }
    }
}

/// A finite loss of 4e307, of which the stencil takes eight times: null in JSON, and said.
#[test]
fn what_overflows_on_the_way_is_not_judged() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = model(
        &folder,
        r#"{"format": "nn-model", "version": 1, "loss": "cross-entropy",
            "layers": [{"activation": "softmax", "weight": [[0, 0], [0, 0]], "bias": [8e307, 0]}]}"#,
    );
    let table = stdout(&nn(&["check", &path, "xor"]));
    assert!(table.contains("not judged  agree"), "{table}");
    assert!(table.contains("6 of 6 slopes overflow on the way to them and are not judged."), "{table}");
    let report = json(&nn(&["check", &path, "xor", "--format", "json"]));
    let row = &report["parameters"][1];
    assert_eq!((&row["stencil"], &row["overflowed"], &report["agree"]), (&Value::Null, &2.into(), &true.into()));
    assert!(number(&row["dual"]) < 1e-12 && number(&report["loss"]) == 4e307);
}

/// ReLU units that start at z = 0: the bias of the only unit has no slope to be measured by differences.
#[test]
fn kinks_are_said_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = model(
        &folder,
        r#"{"format": "nn-model", "version": 1, "loss": "least-squares",
            "layers": [{"activation": "relu", "weight": [[0, 0]], "bias": [0]}]}"#,
    );
    let table = stdout(&nn(&["check", &path, "xor"]));
    assert!(table.contains("at a kink  agree"), "{table}");
    assert!(table.contains("Stencil: 3 of 3 slopes are at a kink and not judged."), "{table}");
    let report = json(&nn(&["check", &path, "xor", "--format", "json"]));
    assert_eq!((&report["parameters"][1]["stencil"], &report["parameters"][1]["at_a_kink"]), (&Value::Null, &1.into()));
}

#[test]
fn what_does_not_fit_is_refused() {
    let path = data("xor-start.json");
    let (code, line) = failure(&["check", text(&path), "iris"]);
    assert!(code == 1 && line.contains("the model has 2 inputs, but iris has 4 columns"), "{line}");
    assert_eq!(failure(&["check", "no-such-file.json"]).0, 1);
    for args in [
        &["check", "--examples", "5"][..],
        &["check", text(&path), "--noise", "0.1"],
        &["check", text(&path), "xor", "--noise", "1"],
    ] {
        assert_eq!(failure(args).0, 2, "{args:?}");
    }
    assert_eq!(nn(&["check", text(&path), "nothing"]).status.code(), Some(2));
}

/// One softmax output for two classes: its targets are 0 and 1, where cross-entropy needs probabilities. Every command that has
/// data for it says so, in one line.
#[test]
fn targets_that_the_loss_does_not_take_are_refused_everywhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = model(
        &folder,
        r#"{"format": "nn-model", "version": 1, "loss": "cross-entropy",
            "layers": [{"activation": "softmax", "weight": [[1, 2]], "bias": [0]}]}"#,
    );
    let out = folder.path().join("out");
    for args in [
        &["check", &path, "xor"][..],
        &["evaluate", &path, "xor"],
        &["train", "xor", "--model", &path, "--out", text(&out)],
        &["explain", &path, "--input", "1,2", "--target", "0"],
    ] {
        let (code, line) = failure(args);
        assert!(code == if args[0] == "explain" { 2 } else { 1 }, "{args:?}: {code}");
        let says = "the targets of example 1 sum to 0: those of cross-entropy are probabilities that sum to 1";
        assert!(line.ends_with(says), "{args:?}: {line}");
    }
    let (_, line) = failure(&["explain", &path, "--input", "1,2", "--target", "-1"]);
    assert!(line.ends_with("target 1 of example 1 is -1: those of cross-entropy lie between 0 and 1"), "{line}");
}

#[test]
fn help_has_an_example_and_the_bounds() {
    let help = stdout(&nn(&["check", "--help"]));
    for part in ["nn check model.json", "tape 1e-13", "dual numbers 1e-12", "stencil 1e-8", "tape 5e-6", "[default: 1]"]
    {
        assert!(help.contains(part), "{part}: {help}");
    }
}
