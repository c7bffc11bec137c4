//! `nn train` and what is done with its files: evaluate, predict, explain.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{
    data, failure, folder, json, names_in, nn, nn_with_input, output_of, refusal, start, stdout, text,
};

/// The lines of the table: an epoch and four numbers.
fn table(stdout: &str) -> Vec<&str> {
    let is_row = |line: &&str| line.trim_start().starts_with(|c: char| c.is_ascii_digit()) && line.starts_with(' ');
    stdout.lines().filter(is_row).collect()
}

#[test]
fn digits_are_learnt_and_both_engines_print_the_same() {
    let by_hand = stdout(&nn(&[]));
    assert!(by_hand.contains("held-out rows: 359 examples"), "{by_hand}");
    assert!(by_hand.contains("Try next:"), "{by_hand}");
    let last = *table(&by_hand).last().expect("rows");
    let accuracy: f64 = last.split_whitespace().nth(5).and_then(|cell| cell.parse().ok()).expect("an accuracy");
    // Three of 60 seeds do not reach 97 % within the 30 epochs, and another processor is like another seed.
    assert!(accuracy >= 95.0, "{last}");

    let by_tape = stdout(&nn(&["train", "digits", "--until-accuracy", "0.97", "--engine", "tape"]));
    assert_eq!(table(&by_hand), table(&by_tape));
}

/// The accuracy of the closing summary, in per cent.
fn closing_accuracy(args: &[&str]) -> f64 {
    let printed = stdout(&nn(args));
    let line = printed.lines().find(|line| line.contains(" rows: ")).expect("a summary");
    let accuracy = line.split("accuracy ").nth(1).and_then(|rest| rest.split(' ').next());
    accuracy.and_then(|cell| cell.parse().ok()).expect("a percentage")
}

/// The commands of README, and what it says of them. Sums in another order, as on another processor, are like another seed
/// at worst. Of 30 seeds the worst had 98 of 100 held-out points right, 198 of 200 in the spirals, and 28 of 30 irises.
#[test]
fn every_data_set_is_learnt_by_its_documented_command() {
    assert_eq!(closing_accuracy(&["train", "xor"]), 100.0);
    for (data, at_least) in [("moons", 95.0), ("circles", 95.0), ("spirals", 95.0), ("iris", 90.0)] {
        let accuracy = closing_accuracy(&["train", data]);
        assert!(accuracy >= at_least, "{data}: {accuracy} %");
    }
}

/// Ten whole trainings, because a default that suits one seed is luck; about two seconds. The worst of 30 seeds had 346 of
/// 359 right, which is 96.4 %: there is room for four more mistakes.
#[test]
fn digits_are_learnt_from_every_seed() {
    for seed in 1..=10 {
        let accuracy = closing_accuracy(&["train", "digits", "--seed", &seed.to_string()]);
        assert!(accuracy >= 95.0, "seed {seed}: {accuracy} %");
    }
}

#[test]
fn the_same_seed_gives_the_same_file() {
    let folder = folder();
    let run = |name: &str, seed: &str| {
        let out = folder.path().join(name);
        stdout(&nn(&["train", "digits", "--epochs", "2", "--quiet", "--seed", seed, "--out", text(&out)]));
        std::fs::read(out.join("model.json")).expect("a model")
    };
    let first = run("a", "5");
    assert_eq!(first, run("b", "5"));
    assert_ne!(first, run("c", "6"));
}

/// Batches of all rows make products that are divided: 256 × 64 by 64 × 1,438 and its like.
#[test]
fn any_number_of_threads_gives_the_same_file() {
    let folder = folder();
    let run = |name: &str, options: &[&str]| {
        let out = folder.path().join(name);
        let args = ["train", "digits", "--hidden", "256", "--epochs", "3", "--batch-size", "all", "--out", text(&out)];
        let said = stdout(&nn(&[&args[..], options].concat()));
        (std::fs::read(out.join("model.json")).expect("a model"), said)
    };
    for engine in ["delta", "tape"] {
        let (one, said) = run("1", &["--engine", engine, "--threads", "1"]);
        assert!(!said.contains("threads"), "{said}");
        for threads in ["2", "3", "8"] {
            let (model, said) = run(threads, &["--engine", engine, "--threads", threads]);
            assert!(said.contains(&format!(", {threads} threads, seed 1")), "{said}");
            assert!(model == one, "{engine}, {threads} threads");
        }
        assert!(run("default", &["--engine", engine]).0 == one, "{engine}, as many threads as are worth having");
    }
}

#[test]
fn quiet_is_quiet() {
    let output = nn(&["train", "iris", "--epochs", "1", "--quiet"]);
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}

/// Figures of the published first pass: M. Mazur, "A Step by Step Backpropagation Example" (2015), recomputed with 60 digits.
#[test]
fn explain_reproduces_the_published_example() {
    let model = data("two-by-two.json");
    let args = ["explain", text(&model), "--input", "0.05,0.10", "--target", "0.01,0.99", "--learning-rate", "0.5"];
    let explanation = json(&stdout(&nn(&[&args[..], &["--format", "json"]].concat())));
    let close = |value: &Value, want: f64| {
        let got = value.as_f64().expect("a number");
        assert!((got - want).abs() <= 1e-15, "{got} for {want}");
    };
    close(&explanation["loss"], 0.298_371_108_760_002_69);
    assert_eq!(explanation["examples"], 1);
    for engine in ["by_hand", "by_tape"] {
        let engine = &explanation[engine];
        close(&engine["loss"], 0.298_371_108_760_002_69);
        let (hidden, output) = (&engine["layers"][0], &engine["layers"][1]);
        close(&hidden["z"][0][1], 0.3925);
        close(&hidden["a"][0][0], 0.593_269_992_107_187_3);
        close(&output["z"][0][0], 1.105_905_967_059_770_1);
        close(&output["a"][0][1], 0.772_928_465_321_462_6);
        close(&output["delta"][0][1], -0.038_098_236_516_556_217);
        close(&hidden["delta"][0][0], 0.008_771_354_689_486_935);
        close(&output["weight_gradient"][0][1], 0.082_667_627_847_533_26);
        close(&output["weight_gradient"][1][0], -0.022_602_540_477_475_06);
        close(&hidden["bias_gradient"][1], 0.009_954_254_705_217_201);
    }
    assert!(explanation["largest_difference"].as_f64().expect("a number") <= 1e-15);
    close(&explanation["updated"]["layers"][0]["weight"][1][0], 0.249_751_143_632_369_57);
    close(&explanation["updated"]["layers"][1]["bias"][0], 0.530_750_719_185_721_5);

    let without_rate = json(&stdout(&nn(&[&args[..6], &["--format", "json"]].concat())));
    assert!(without_rate.get("updated").is_none());
    for format in ["text", "markdown"] {
        assert!(stdout(&nn(&[&args[..], &["--format", format]].concat())).contains("0.29837110876"));
    }
}

#[test]
fn explain_takes_a_batch_and_single_precision() {
    let folder = folder();
    let batch = folder.path().join("batch.json");
    std::fs::write(&batch, r#"{"inputs": [[0.05, 0.1], [1, -1]], "targets": [[0.01, 0.99], [1, 0]]}"#)
        .expect("written");
    let model = data("two-by-two.json");
    let args = ["explain", text(&model), "--examples", text(&batch), "--format", "json"];
    let double = json(&stdout(&nn(&args)));
    assert_eq!(double["examples"], 2);
    assert_eq!(double["by_hand"]["layers"][0]["z"].as_array().map(Vec::len), Some(2));
    let single = json(&stdout(&nn(&[&args[..], &["--precision", "f32"]].concat())));
    let (double, single) = (double["loss"].as_f64().expect("a number"), single["loss"].as_f64().expect("a number"));
    assert!(double != single && (double - single).abs() < 1e-6);
    assert_eq!(f64::from(single as f32), single);
}

/// A model that standardises its inputs is explained from what it is given to what it sees.
#[test]
fn explain_shows_the_standardised_input() {
    let folder = folder();
    let path = folder.path().join("model.json");
    let standardize = "\"version\": 1, \"standardize\": {\"mean\": [1, 2], \"scale\": [2, 0]}";
    let good = std::fs::read_to_string(data("two-by-two.json")).expect("a model");
    std::fs::write(&path, good.replace("\"version\": 1", standardize)).expect("written");
    let args = ["explain", text(&path), "--input", "5,7", "--target", "0,1"];
    let explained = stdout(&nn(&args));
    assert!(
        explained.contains("input = [ 5 ]    x = a⁽⁰⁾ = [ 2 ]") && explained.contains("(input − mean)"),
        "{explained}"
    );
    // A scale of 0 is that of a constant column, which is left at 0.
    let z = json(&stdout(&nn(&[&args[..], &["--format", "json"]].concat())))["by_hand"]["layers"][0]["z"][0][0].clone();
    assert!((z.as_f64().expect("a number") - (0.15 * 2.0 + 0.35)).abs() < 1e-15, "{z}");
}

/// Sums over the four examples there, means here: the learning rate 0.5 becomes 2. mpmath with 60 digits, from dyadic
/// starting weights.
#[test]
fn full_batch_descent_follows_the_reference_for_2000_steps() {
    let folder = folder();
    let (start, out) = (data("xor-start.json"), folder.path().join("run"));
    for engine in ["delta", "tape"] {
        stdout(&nn(&[
            "train",
            "xor",
            "--model",
            text(&start),
            "--out",
            text(&out),
            "--engine",
            engine,
            "--epochs",
            "2000",
            "--learning-rate",
            "2",
            "--no-shuffle",
            "--validation",
            "0",
            "--batch-size",
            "all",
            "--no-standardize",
        ]));
        let model = json(&std::fs::read_to_string(out.join("model.json")).expect("a model"));
        let close = |value: &Value, want: f64| {
            let got = value.as_f64().expect("a number");
            assert!((got - want).abs() <= 1e-10 * want.abs(), "{got} for {want}");
        };
        close(&model["layers"][0]["weight"][0][0], 4.971_718_092_564_109);
        close(&model["layers"][0]["weight"][1][1], 3.028_406_584_091_551);
        close(&model["layers"][0]["bias"][1], -4.613_947_435_036_593);
        close(&model["layers"][1]["weight"][0][1], -6.295_078_374_726_816);
        close(&model["layers"][1]["bias"][0], -2.670_235_226_971_967_3);
        let history = std::fs::read_to_string(out.join("history.csv")).expect("a history");
        let cell = |line: usize| history.lines().nth(line).and_then(|row| row.split(',').nth(1)?.parse::<f64>().ok());
        close(&cell(1).into(), 0.515_602_872_803_106_8 / 4.0); // before the first update
        assert_eq!(history.lines().count(), 2001);
    }
}

#[test]
fn history_has_a_row_for_each_epoch() {
    let folder = folder();
    let out = folder.path().join("run");
    stdout(&nn(&["train", "iris", "--epochs", "4", "--out", text(&out)]));
    let history = std::fs::read_to_string(out.join("history.csv")).expect("a history");
    let rows: Vec<Vec<&str>> = history.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0].join(","), "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds");
    assert_eq!(rows[1..].iter().map(|row| row[0]).collect::<Vec<_>>(), ["1", "2", "3", "4"]);
    assert!(rows[1..].iter().all(|row| row.len() == 6 && row.iter().all(|cell| cell.parse::<f64>().is_ok())));

    // Without held-out rows their cells are empty.
    stdout(&nn(&["train", "iris", "--epochs", "1", "--validation", "0", "--out", text(&out)]));
    let history = std::fs::read_to_string(out.join("history.csv")).expect("a history");
    let row: Vec<&str> = history.lines().nth(1).expect("a row").split(',').collect();
    assert_eq!(&row[3..5], ["", ""]);
    assert_eq!(names_in(&out), ["history.csv", "model.json"]);
}

#[test]
fn a_trained_model_is_evaluated_and_predicts() {
    let folder = folder();
    let out = folder.path().join("run");
    let model = out.join("model.json");
    let trained = stdout(&nn(&["train", "iris", "--out", text(&out)]));
    let closing = trained.lines().find(|line| line.starts_with("held-out rows: ")).expect("a summary");

    let evaluated = stdout(&nn(&["evaluate", text(&model), "iris"]));
    assert!(evaluated.contains(closing.strip_prefix("held-out rows: ").expect("its start")), "{closing}\n{evaluated}");
    let report = json(&stdout(&nn(&["evaluate", text(&model), "iris", "--format", "json"])));
    assert_eq!(report["all"]["examples"], 150);
    assert_eq!(report["held_out"]["examples"], 30);
    let counts = report["all"]["confusion_matrix"].as_array().expect("rows");
    let sum: u64 = counts.iter().flat_map(|row| row.as_array().expect("cells")).filter_map(Value::as_u64).sum();
    assert_eq!((counts.len(), sum), (3, 150));

    // With a header, with a label behind, and with neither.
    let rows = "\u{feff}sepal,width,petal,width\r\n5.1,3.5,1.4,0.2\r\n\r\n6.7, 3.0, 5.2, 2.3\r\n";
    let predicted = stdout(&nn_with_input(&["predict", text(&model)], rows.as_bytes()));
    let lines: Vec<&str> = predicted.lines().collect();
    assert_eq!(lines[0], "class,p_setosa,p_versicolor,p_virginica");
    assert!(lines[1].starts_with("setosa,") && lines[2].starts_with("virginica,"), "{predicted}");
    let shares: f64 = lines[1].split(',').skip(1).map(|cell| cell.parse::<f64>().expect("a number")).sum();
    assert!((shares - 1.0).abs() < 1e-6);
    let labelled = stdout(&nn_with_input(&["predict", text(&model)], b"5.1,3.5,1.4,0.2,virginica\n"));
    assert_eq!(labelled.lines().nth(1), Some(lines[1]));
    let as_json = nn_with_input(&["predict", text(&model), "--format", "json"], b"5.1,3.5,1.4,0.2\n");
    assert_eq!(json(&stdout(&as_json))[0]["class"], "setosa");

    for (rows, message) in [
        ("5.1,3.5,1.4,0.2\n5.1,3.5,x,0.2\n", "line 2, column 3: `x` is not a number"),
        ("5.1,3.5,1.4,0.2\n\n5.1,3.5\n", "line 3: 2 columns, but the model has 4 inputs (with targets: 5 columns)"),
        ("5.1;3.5;1.4;0.2\n", "line 1: 1 column, but the model has 4 inputs (with targets: 5 columns)"),
        ("5.1,3.5,,0.2\n", "line 1, column 3: the cell is empty"),
        ("5.1,3.5,1.4,1e39\n", "line 1, column 4: `1e39` overflows f32"),
    ] {
        let refused = nn_with_input(&["predict", text(&model)], rows.as_bytes());
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(String::from_utf8_lossy(&refused.stderr), format!("error: standard input: {message}\n"));
    }
}

#[test]
fn a_regression_model_predicts_values() {
    let model = data("two-by-two.json");
    let predicted = stdout(&nn_with_input(&["predict", text(&model)], b"0.05,0.10\n0.05,0.10,7,7\n"));
    let lines: Vec<&str> = predicted.lines().collect();
    assert_eq!(lines[0], "y_1,y_2");
    assert!(lines[1].starts_with("0.7513650695523") && lines[1] == lines[2], "{predicted}");
    assert_eq!(stdout(&nn_with_input(&["predict", text(&model)], b"")), "y_1,y_2\n");
}

/// One class, by softmax or by sigmoid, named or not: there is nothing to choose, and nothing to fall over.
/// One output tells two classes apart where it is the probability of the second. After tanh or identity nothing says where
/// one class ends, and after softmax it is always 1.
#[test]
fn two_classes_on_one_output_that_is_no_probability_are_refused() {
    let folder = folder();
    let path = folder.path().join("model.json");
    let write = |activation: &str, other: &str| {
        let layers = format!(r#"[{{"activation": "{activation}", "weight": [[1, -1]], "bias": [0]}}]"#);
        let json =
            format!(r#"{{"format": "nn-model", "version": 1, "loss": "least-squares"{other}, "layers": {layers}}}"#);
        std::fs::write(&path, json).expect("written");
    };
    let two = r#", "classes": ["no", "yes"]"#;
    let out = folder.path().join("out");
    for activation in ["tanh", "identity", "relu", "softmax"] {
        let says = format!(
            "error: {}: a single output for two classes needs sigmoid or step as last activation, not {activation}",
            path.display()
        );
        // Whether the model names the classes or the data have them.
        write(activation, two);
        assert_eq!(refusal(&["predict", text(&path)]), says);
        write(activation, "");
        for args in
            [&["evaluate", text(&path), "xor"][..], &["train", "xor", "--model", text(&path), "--out", text(&out)]]
        {
            assert_eq!(refusal(args), says);
        }
        assert!(!out.exists());
        // Values may be any, and gradients are checked of any network.
        assert_eq!(stdout(&nn_with_input(&["predict", text(&path)], b"0,0\n")).lines().next(), Some("y_1"));
        stdout(&nn(&["check", text(&path), "xor"]));
    }
    for (activation, line) in [("sigmoid", "yes,0.5,0.5"), ("step", "yes,0,1")] {
        write(activation, two);
        let answer = stdout(&nn_with_input(&["predict", text(&path)], b"0,0\n"));
        assert_eq!(answer, format!("class,p_no,p_yes\n{line}\n"));
    }
}

/// Classes are told apart by the largest of any outputs; but those after tanh and identity are no probabilities.
#[test]
fn outputs_that_are_no_probabilities_are_not_called_so() {
    let folder = folder();
    let path = folder.path().join("model.json");
    let layers = r#"[{"activation": "identity", "weight": [[1], [-1]], "bias": [0, 0]}]"#;
    let model = format!(
        r#"{{"format": "nn-model", "version": 1, "loss": "least-squares", "classes": ["no", "yes"], "layers": {layers}}}"#
    );
    std::fs::write(&path, model).expect("written");
    let answer = |format| stdout(&nn_with_input(&["predict", text(&path), "--format", format], b"-1.995\n"));
    assert_eq!(answer("text"), "class,y_no,y_yes\nyes,-1.995,1.995\n");
    assert_eq!(json(&answer("json")), serde_json::json!([{ "class": "yes", "y": { "no": -1.995, "yes": 1.995 } }]));
}

#[test]
fn a_model_of_one_class_predicts_it() {
    let folder = folder();
    let path = folder.path().join("model.json");
    for (loss, activation, classes) in [
        ("cross-entropy", "softmax", ""),
        ("cross-entropy", "softmax", "\"classes\": [\"0\"], "),
        ("binary-cross-entropy", "sigmoid", "\"classes\": [\"0\"], "),
    ] {
        let model = format!(
            "{{\"format\": \"nn-model\", \"version\": 1, \"loss\": \"{loss}\", {classes}\
             \"layers\": [{{\"activation\": \"{activation}\", \"weight\": [[1]], \"bias\": [1000]}}]}}"
        );
        std::fs::write(&path, model).expect("written");
        assert_eq!(stdout(&nn_with_input(&["predict", text(&path)], b"3\n")), "class,p_0\n0,1\n");
        let rows = json(&stdout(&nn_with_input(&["predict", text(&path), "--format", "json"], b"3\n")));
        assert_eq!(rows[0]["probabilities"]["0"], 1.0);
    }
}

#[test]
fn wrong_options_are_exit_2() {
    let model = data("xor-start.json");
    for args in [
        &["train", "digits", "--epochs", "0"][..],
        &["train", "digits", "--batch-size", "0"],
        &["train", "digits", "--batch-size", "some"],
        &["train", "digits", "--hidden", "32,0"],
        &["train", "digits", "--hidden", "4000000000"],
        &["train", "digits", "--threads", "0"],
        &["train", "digits", "--threads", "1000000"],
        &["train", "digits", "--learning-rate", "nan"],
        &["train", "digits", "--learning-rate", "-0.1"],
        &["train", "digits", "--validation", "1"],
        &["train", "digits", "--until-accuracy", "0.9", "--validation", "0"],
        &["train", "xor", "--until-accuracy", "0.9"],
        &["train", "digits", "--activation", "swish"],
        &["train", "digits", "--noise", "0.1"],
        &["train", "digits", "--optimizer", "adam", "--momentum", "0.5"],
        &["train", "nothing"],
        &["train", "xor", "--model", text(&model), "--hidden", "3"],
        &["train", "xor", "--model", text(&model), "--loss", "cross-entropy"],
        &["train", "xor", "--model", text(&model), "--activation", "relu"],
        &["explain", text(&model)],
        &["explain", text(&model), "--input", "1"],
        &["explain", text(&model), "--input", "1", "--target", "1"],
        &["explain", text(&model), "--input", "1,nan", "--target", "1"],
    ] {
        let (code, line) = failure(args);
        assert_eq!(code, 2, "{args:?}: {line}");
    }
}

/// What is wrong with a value is said as a rule for it.
#[test]
fn values_out_of_range_are_told_the_range() {
    let below_one = "must be at least 0 and below 1";
    for (option, values, rule) in [
        ("--momentum", ["2", "1", "-0.1"], below_one),
        ("--validation", ["1", "1.5", "-1"], below_one),
        ("--until-accuracy", ["1.01", "-1e-9", "97"], "must be between 0 and 1"),
        ("--learning-rate", ["-1", "-1e-300", "-5"], "must be at least 0"),
        ("--weight-decay", ["-1", "-0.5", "-1e9"], "must be at least 0"),
        ("--noise", ["-1", "-2", "-0.1"], "must be at least 0"),
        ("--batch-size", ["0", "00", "+0"], "must be at least 1"),
        ("--batch-size", ["some", "1.5", "-1"], "must be a number of examples, or `all`"),
        ("--hidden", ["0", "3,0", "0,3"], "must have at least one unit"),
    ] {
        for value in values {
            for arguments in [&[option, value][..], &[&format!("{option}={value}")]] {
                let (code, message) = failure(&[&["train", "moons"], arguments].concat());
                assert!(code == 2 && message.contains(rule), "{option} {value}: {message}");
            }
        }
    }
}

#[test]
fn model_files_that_are_none_are_refused_with_their_place() {
    let folder = folder();
    let path = folder.path().join("model.json");
    let good = std::fs::read_to_string(data("two-by-two.json")).expect("a model");
    for (from, to, message) in [
        ("\"version\": 1", "\"version\": 2", "version 2 is newer than 1"),
        ("\"version\": 1", "\"version\": 0", "version 0 is not 1"),
        ("nn-model", "onnx", "format is \"onnx\""),
        ("\"loss\"", "\"cost\"", "unknown field `cost`"),
        (
            "least-squares",
            "hinge",
            "unknown loss `hinge`; there are least-squares, cross-entropy, binary-cross-entropy",
        ),
        ("least-squares", "cross-entropy", "the loss cross-entropy needs softmax as last activation"),
        (
            "\"activation\": \"sigmoid\", \"weight\": [[0.40",
            "\"activation\": \"swish\", \"weight\": [[0.40",
            "layer 2: unknown activation `swish`",
        ),
        ("[0.15, 0.20]", "[0.15]", "layer 1, row 2 of weight has 2 numbers, but row 1 has 1"),
        ("[0.35, 0.35]", "[0.35]", "layer 1 has 2 units, but its bias is 1×1"),
        (
            "[[0.40, 0.45], [0.50, 0.55]]",
            "[[0.40], [0.50]]",
            "layer 2 (2 units) expects a⁽¹⁾ with 1 row, but layer 1 has 2 units",
        ),
        ("0.30", "1e999", "number out of range at line 2"),
        ("0.30", "NaN", "line 2 column"),
        ("0.30", "null", "line 2 column"),
        ("]}]}", "]}]", "line 4 column"),
        ("\"version\": 1", "\"version\": 1, \"classes\": [\"a\"]", "1 class for a network with 2 outputs"),
        ("\"version\": 1", "\"version\": 1, \"classes\": [\"a\", \"a\"]", "two classes are called \"a\""),
        ("\"version\": 1", "\"version\": 1, \"precision\": \"f16\"", "unknown variant `f16`"),
        (
            "\"version\": 1",
            "\"version\": 1, \"standardize\": {\"mean\": [0], \"scale\": [1]}",
            "standardize has 1 mean and 1 scale for a network with 2 inputs",
        ),
        ("\"version\": 1", "\"version\": 1, \"standardize\": {\"mean\": [0, 0], \"scale\": [1, -1]}", "scale 2 is -1"),
    ] {
        assert!(good.contains(from), "{from}");
        std::fs::write(&path, good.replacen(from, to, 1)).expect("written");
        let line = refusal(&["predict", text(&path)]);
        assert!(line.contains("model.json: ") && line.contains(message), "{from} → {to}: {line}");
    }
    std::fs::write(&path, b"{\"format\xff").expect("written");
    assert!(refusal(&["predict", text(&path)]).contains("byte 8: the text is not UTF-8"));
    assert!(refusal(&["predict", "no-such-file"]).starts_with("error: no-such-file: "));
    assert!(refusal(&["predict", text(folder.path())]).contains("directory"));
    let misfit = refusal(&["evaluate", text(&data("two-by-two.json")), "digits"]);
    assert!(misfit.contains("the model has 2 inputs, but digits has 64 columns"), "{misfit}");
}

#[test]
fn a_run_that_diverges_says_where_and_writes_no_model() {
    let folder = folder();
    let out = folder.path().join("run");
    let args = [
        "train",
        "digits",
        "--loss",
        "least-squares",
        "--hidden",
        "8,8",
        "--learning-rate",
        "1e30",
        "--out",
        text(&out),
    ];
    let line = refusal(
        &[&args[..], &["--model", text(&unbounded(folder.path()))]].concat()[..]
            .iter()
            .copied()
            .filter(|arg| {
                // Layers and loss come from the model.
                !["--loss", "least-squares", "--hidden", "8,8"].contains(arg)
            })
            .collect::<Vec<_>>(),
    );
    assert!(line.contains("epoch 1, batch ") && line.contains("diverged"), "{line}");
    assert!(!out.join("model.json").exists() && out.join("history.csv").exists());
}

/// A linear network on the digits: gradient descent with a huge rate overflows within a few steps.
fn unbounded(folder: &Path) -> PathBuf {
    let path = folder.join("linear.json");
    let rows = vec![vec![0.01; 64]; 10];
    let model = serde_json::json!({"format": "nn-model", "version": 1, "loss": "least-squares",
        "layers": [{"activation": "identity", "weight": rows, "bias": vec![0.0; 10]}]});
    std::fs::write(&path, model.to_string()).expect("written");
    path
}

#[test]
fn files_of_an_earlier_run_are_kept_by_a_run_that_does_not_start() {
    let folder = folder();
    let out = folder.path().join("run");
    stdout(&nn(&["train", "iris", "--epochs", "1", "--quiet", "--out", text(&out)]));
    let before = std::fs::read(out.join("model.json")).expect("a model");
    failure(&["train", "iris", "--hidden", "0", "--out", text(&out)]);
    refusal(&["train", "iris", "--model", "no-such-file", "--out", text(&out)]);
    assert_eq!(std::fs::read(out.join("model.json")).expect("a model"), before);

    // A folder that cannot be written is found out before the training, not after it.
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("written");
    let line = refusal(&["train", "digits", "--epochs", "1000000", "--out", text(&file)]);
    assert!(line.contains("file: "), "{line}");
}

#[test]
fn a_model_goes_on_learning_from_its_file() {
    let folder = folder();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    stdout(&nn(&["train", "moons", "--epochs", "3", "--quiet", "--out", text(&first)]));
    let model = first.join("model.json");
    stdout(&nn(&[
        "train",
        "moons",
        "--epochs",
        "1",
        "--learning-rate",
        "0",
        "--quiet",
        "--model",
        text(&model),
        "--out",
        text(&second),
    ]));
    let layers = |path: &Path| json(&std::fs::read_to_string(path).expect("a model"))["layers"].clone();
    assert_eq!(layers(&model), layers(&second.join("model.json")));
    let foreign = refusal(&["train", "iris", "--model", text(&model)]);
    assert!(foreign.contains("the model has 2 inputs, but iris has 4 columns"), "{foreign}");
}

/// With a learning rate of 0 a training changes nothing: what comes in at `--model` goes out at `--out`, to the last bit.
#[test]
fn metadata_and_unusual_numbers_survive_a_training() {
    let folder = folder();
    let (path, out) = (folder.path().join("start.json"), folder.path().join("out"));
    let metadata =
        r#"{"written by": "hand",   "π": [3.14159265358979323846, 1e-400, null], "nested": {"a": [], "b": {}}}"#;
    // No unit is above 0, so that relu keeps what is large from the last layer.
    let weight = "[[5e-324, -0.0], [-1.7976931348623157e308, 0.1], [123456789.123456789, 2.2250738585072014e-308]]";
    let model = format!(
        r#"{{"format": "nn-model", "version": 1, "loss": "cross-entropy", "metadata": {metadata},
            "standardize": {{"mean": [-1e-300, 0.30000000000000004], "scale": [1.0000000000000002, 0]}}, "layers": [
            {{"activation": "relu", "weight": {weight}, "bias": [-1e-310, -0.0, -1e300]}},
            {{"activation": "softmax", "weight": [[1e-323, 2, -3e100], [0.1, -0.2, 0.3]], "bias": [0.1, 1e-9]}}]}}"#
    );
    std::fs::write(&path, &model).expect("written");
    let mut from = text(&path).to_owned();
    for engine in ["delta", "tape"] {
        let options = ["--epochs", "2", "--learning-rate", "0", "--quiet", "--engine", engine, "--model", &from];
        stdout(&nn(&[&["train", "xor"], &options[..], &["--out", text(&out)]].concat()));
        let written = std::fs::read_to_string(out.join("model.json")).expect("a model");
        assert!(written.contains(&format!("\"metadata\": {metadata}")), "{written}");
        let numbers = |value: &Value| -> Vec<u64> {
            let layers =
                value["layers"].as_array().expect("layers").iter().map(|layer| [&layer["weight"], &layer["bias"]]);
            let values = layers.flatten().chain([&value["standardize"]["mean"], &value["standardize"]["scale"]]);
            values.flat_map(flattened).map(f64::to_bits).collect()
        };
        let (before, after) = (json(&model), json(&written));
        assert_eq!(numbers(&before).len(), 9 + 8 + 4);
        assert_eq!(numbers(&before), numbers(&after));
        from = text(&out.join("model.json")).to_owned();
    }
}

/// The numbers of nested lists.
fn flattened(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(flattened).collect(),
        value => vec![value.as_f64().expect("a number")],
    }
}

/// The longest row of digits in a text.
fn longest_digits(text: &str) -> usize {
    text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0)
}

#[test]
fn large_and_small_numbers_are_shown_in_a_few_digits() {
    let folder = folder();
    for args in [
        &["train", "digits", "--learning-rate", "1e308"][..],
        &["train", "xor", "--learning-rate", "1e300"],
        &["train", "xor", "--learning-rate", "1e-320", "--epochs", "1"],
        &["train", "xor", "--learning-rate", "1e22", "--weight-decay", "1e30", "--engine", "tape"],
        &["train", "xor", "--momentum", "1e-200", "--epochs", "1"],
        &["train", "iris", "--until-accuracy", "0.99999999999999", "--epochs", "1", "--learning-rate", "1e-9"],
        &["train", "moons", "--noise", "1e200", "--epochs", "1"],
    ] {
        let output = nn(args);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(longest_digits(&printed) <= 20, "{args:?}: {printed}");
    }
    // A loss that grows by the square of the learning rate in every epoch, until it overflows.
    let model = unbounded(folder.path());
    let options = ["--batch-size", "all", "--no-standardize", "--precision", "f64", "--learning-rate", "1000"];
    let output = nn(&[&["train", "digits", "--model", text(&model)], &options[..]].concat());
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(printed.contains("e2") && printed.contains("diverged") && longest_digits(&printed) <= 20, "{printed}");
    // What is evaluated and predicted: in f64, up to its largest numbers.
    let path = folder.path().join("large.json");
    let weight = |w: f64| format!("[{}]", vec![format!("{w:e}"); 2].join(","));
    for w in [1e3, -1e80, 1e150] {
        let json = format!(
            "{{\"format\": \"nn-model\", \"version\": 1, \"loss\": \"least-squares\", \"layers\": [\
             {{\"activation\": \"identity\", \"weight\": [{0}, {0}], \"bias\": [{w:e}, 0]}}]}}",
            weight(w)
        );
        std::fs::write(&path, json).expect("written");
        for args in [&["evaluate", text(&path), "moons"][..], &["check", text(&path), "moons"], &["check", text(&path)]]
        {
            let printed = stdout(&nn(args));
            assert!(printed.contains('e') && longest_digits(&printed) <= 20, "{args:?}: {printed}");
        }
        let printed = stdout(&nn_with_input(&["predict", text(&path)], b"1,2\n0.1,0\n"));
        assert!(longest_digits(&printed) <= 20, "{printed}");
    }
    // Columns stay below their heads.
    let widths: Vec<_> = table(&printed).iter().map(|row| row.chars().count()).collect();
    assert!(widths.len() > 10 && widths.iter().all(|&width| width == widths[0]), "{printed}");
}

#[test]
fn help_names_only_what_works() {
    let help = stdout(&nn(&["train", "--help"]));
    for option in ["--resume", "--targets", "--task"] {
        assert!(!help.contains(option), "{option} comes later");
    }
    assert!(stdout(&nn(&["--help"])).contains("explain"));
    assert!(stdout(&nn(&["--version"])).starts_with("nn "));
}

/// Ctrl-C: the current batch is finished, the history written, and the exit code says why.
#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_its_history() {
    use crate::support::wait_for;

    let folder = folder();
    let out = folder.path().join("run");
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut child = start(&["train", "digits", "--epochs", "100000000", "--out", text(&out)]);
        // After the first epoch signals are caught for sure.
        wait_for(&mut child, |line| line.trim_start().starts_with("1 "));
        let kill = std::process::Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(kill.expect("kill runs").success());
        assert_eq!(output_of(child).status.code(), Some(code));
        assert!(out.join("history.csv").exists() && !out.join("model.json").exists());
    }
}

/// `nn … | head -1`: the reader goes, the program ends quietly.
#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child = start(&["train", "digits", "--epochs", "100000000"]);
    drop(child.stdout.take());
    let output = output_of(child);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
