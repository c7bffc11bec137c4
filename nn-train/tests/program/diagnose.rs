//! `nn diagnose`: the three forms of the answer, colours, exit codes, and files that are not what they should be.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{self, data, failure, failure_of, folder, nn, refusal, stdout, text};

/// The 2-2-2 network of the book and a batch of three, with what `nn explain` says of them, in a folder.
fn setting(folder: &Path) -> Value {
    let batch =
        json!({"inputs": [[0.05, 0.1], [0.4, -0.3], [1.0, 0.5]], "targets": [[0.01, 0.99], [0.5, 0.2], [0.9, 0.1]]});
    fs::write(folder.join("batch.json"), batch.to_string()).expect("written");
    let batch = folder.join("batch.json");
    let explain =
        ["explain", text(&data("two-by-two.json")), "--examples", text(&batch), "--format", "json"].map(str::to_owned);
    let mut args: Vec<&str> = explain.iter().map(String::as_str).collect();
    args.extend(["--learning-rate", "0.5"]);
    support::json(&stdout(&nn(&args)))
}

/// Writes somebody's numbers and asks.
fn ask(folder: &Path, yours: &Value, more: &[&str]) -> std::process::Output {
    fs::write(folder.join("mine.json"), yours.to_string()).expect("written");
    nn(&arguments(folder, more).iter().map(String::as_str).collect::<Vec<_>>())
}

fn arguments(folder: &Path, more: &[&str]) -> Vec<String> {
    let [batch, mine] = ["batch.json", "mine.json"].map(|name| text(&folder.join(name)).to_owned());
    let model = text(&data("two-by-two.json")).to_owned();
    let mut args = vec!["diagnose".to_owned(), model, "--examples".to_owned(), batch, "--yours".to_owned(), mine];
    args.extend(more.iter().map(|&arg| arg.to_owned()));
    args
}

/// σ′ left out in layer 2: what somebody has who has written it without.
fn without_slope(folder: &Path) -> Value {
    let right = &setting(folder)["by_hand"];
    let floats = |value: &Value| -> Vec<Vec<f64>> { serde_json::from_value(value.clone()).expect("rows of numbers") };
    let batch: Value = support::json(&fs::read_to_string(folder.join("batch.json")).expect("read"));
    let (x, y) = (floats(&batch["inputs"]), floats(&batch["targets"]));
    let [a1, a2] = [0, 1].map(|l| floats(&right["layers"][l]["a"]));
    let weight = [[0.40, 0.45], [0.50, 0.55]];
    let (mut w, mut b) = ([[[0.0; 2]; 2]; 2], [[0.0; 2]; 2]);
    for j in 0..3 {
        let d2: Vec<f64> = (0..2).map(|i| (a2[j][i] - y[j][i]) / 3.0).collect();
        let d1: Vec<f64> =
            (0..2).map(|i| (0..2).map(|k| weight[k][i] * d2[k]).sum::<f64>() * a1[j][i] * (1.0 - a1[j][i])).collect();
        for i in 0..2 {
            for k in 0..2 {
                w[0][i][k] += d1[i] * x[j][k];
                w[1][i][k] += d2[i] * a1[j][k];
            }
            b[0][i] += d1[i];
            b[1][i] += d2[i];
        }
    }
    json!({"layers": [{"weight_gradient": w[0], "bias_gradient": b[0]}, {"weight_gradient": w[1], "bias_gradient": b[1]}]})
}

#[test]
fn our_own_numbers_agree() {
    let folder = folder();
    let right = setting(folder.path());
    let mut yours = right["by_hand"].clone();
    yours["updated"] = right["updated"].clone();
    let output = ask(folder.path(), &yours, &["--format", "json", "--learning-rate", "0.5"]);
    let answer = support::json(&stdout(&output));
    assert_eq!(
        (&answer["agrees"], &answer["tolerance"], &answer["findings"]),
        (&json!(true), &json!(1e-9), &json!([]))
    );
    let arrays = answer["arrays"].as_array().expect("a list");
    let names: Vec<_> = arrays.iter().map(|array| format!("{} {}", array["array"], array["layer"])).collect();
    let order = ["z", "a", "z", "a", "loss", "delta", "delta", "weight_gradient", "weight_gradient"];
    assert_eq!(names.len(), 15);
    assert!(names.iter().zip(order).all(|(name, kind)| name.starts_with(&format!("\"{kind}\""))), "{names:?}");
    assert!(stdout(&ask(folder.path(), &yours, &[])).contains("Everything agrees."));
}

#[test]
fn a_mistake_is_named_with_what_it_explains() {
    let folder = folder();
    let yours = without_slope(folder.path());
    let output = ask(folder.path(), &yours, &["--format", "json"]);
    let (code, line) = failure_of(&output);
    assert_eq!(code, 1);
    assert!(line.ends_with("mine.json: weight_gradient 2 is not ours: sigma-prime-missing in layer 2"), "{line}");
    let answer = support::json(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(answer["agrees"], false);
    let finding = &answer["findings"][0];
    assert_eq!(finding["id"], "sigma-prime-missing");
    assert_eq!(finding["layer"], 2);
    assert_eq!(finding["equation"], "7.3");
    assert_eq!(finding["chapter"], "delta-recursion");
    assert_eq!(
        finding["explains"],
        json!(["weight_gradient 2", "weight_gradient 1", "bias_gradient 2", "bias_gradient 1"])
    );
    assert!(finding["sentence"].as_str().expect("a text").starts_with("σ′ is left out"));
    assert!(answer["arrays"].as_array().expect("a list").iter().all(|array| array["agrees"] == false));
}

#[test]
fn the_answer_for_people_is_the_same_in_text_and_markdown() {
    let folder = folder();
    let yours = without_slope(folder.path());
    for (format, name) in [("text", "diagnosis"), ("markdown", "diagnosis_markdown")] {
        let output = ask(folder.path(), &yours, &["--format", format]);
        insta::assert_snapshot!(name, String::from_utf8(output.stdout).expect("UTF-8"));
    }
}

/// Colours are for terminals, and for those who ask for them; NO_COLOR takes them away again.
#[test]
fn colours_are_switched_by_the_environment() {
    let folder = folder();
    let yours = without_slope(folder.path());
    let plain = ask(folder.path(), &yours, &[]).stdout;
    let run = |variables: &[(&str, &str)], more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nn"));
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").args(arguments(folder.path(), more));
        let output = command.envs(variables.iter().copied()).output().expect("it runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let colored = run(&[("CLICOLOR_FORCE", "1")], &[]);
    assert!(colored.contains("\x1b[1;31m"), "{colored}");
    let mut stripped = colored.clone();
    while let Some(start) = stripped.find('\x1b') {
        let end = start + stripped[start..].find('m').expect("an escape ends");
        stripped.replace_range(start..=end, "");
    }
    assert_eq!(
        stripped.lines().map(str::trim_end).collect::<Vec<_>>(),
        String::from_utf8_lossy(&plain).lines().collect::<Vec<_>>()
    );
    assert!(!run(&[("NO_COLOR", "1")], &[]).contains('\x1b'));
    assert!(!run(&[("CLICOLOR_FORCE", "1")], &["--format", "markdown"]).contains('\x1b'));
}

#[test]
fn files_that_do_not_fit_are_refused_in_one_line() {
    let folder = folder();
    setting(folder.path());
    let refuse = |yours: &str| {
        fs::write(folder.path().join("mine.json"), yours).expect("written");
        refusal(&arguments(folder.path(), &[]).iter().map(String::as_str).collect::<Vec<_>>())
    };
    for (yours, message) in [
        (
            "{\"layers\": [{}, {\"weight_gradient\": [[1, 2],\n [3, NaN]]}]}",
            "mine.json: expected value at line 2 column 6",
        ),
        (
            "{\"layers\": [{}, {\"weight_gradient\": [[1, 2, 3]]}]}",
            "mine.json: weight_gradient 2 is 1×3, but ours is 2×2",
        ),
        ("{\"layers\": [{}]}", "mine.json: layers has 1 entries"),
        ("", "mine.json: EOF while parsing a value at line 1 column 0"),
        ("{\"layers\": [{\"weights\": 1}]}", "mine.json: unknown field `weights`"),
    ] {
        let line = refuse(yours);
        assert!(line.contains(message), "{yours}: {line}");
    }
    fs::remove_file(folder.path().join("mine.json")).expect("removed");
    assert!(
        refusal(&arguments(folder.path(), &[]).iter().map(String::as_str).collect::<Vec<_>>()).contains("mine.json: ")
    );
    fs::write(folder.path().join("mine.json"), "{\"loss\": 1}").expect("written");
    fs::write(folder.path().join("batch.json"), "{\"inputs\": [[1]], \"targets\": [[1, 2]]}").expect("written");
    let line = refusal(&arguments(folder.path(), &[]).iter().map(String::as_str).collect::<Vec<_>>());
    assert!(line.contains("batch.json: example 1 has 1 input, but the network has 2"), "{line}");
}

#[test]
fn options_are_checked() {
    assert_eq!(failure(&["diagnose", "model.json", "--yours", "mine.json"]).0, 2);
    let rate = ["diagnose", "m", "--examples", "b", "--yours", "y", "--learning-rate", "-1"];
    assert_eq!(failure(&rate).0, 2);
    let (code, message) = failure(&["diagnose", "m", "--examples", "b", "--yours", "y", "--format", "html"]);
    assert!(code == 2 && message.contains("markdown"), "{message}");
}
