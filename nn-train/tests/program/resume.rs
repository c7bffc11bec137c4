//! Runs that stop and go on: `--resume`, `--save-best`, `--patience`, signals, divergence, and kills at any moment.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use nn_core::{Matrix, seeded, uniform};
use nn_train::{Checkpoint, checkpoint_run};

use crate::support::{
    NN, data, failure, folder, json, names_in, nn, output_of, refusal, refusal_of, start, start_command, stdout, text,
    wait_for,
};

const CHECKPOINT: &str = "checkpoint.safetensors";

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The history without its seconds, the last column.
fn history(folder: &Path) -> Vec<String> {
    let text = String::from_utf8(read(folder, "history.csv")).expect("UTF-8");
    text.lines().map(|line| line.rsplit_once(',').expect("columns").0.to_owned()).collect()
}

/// The held-out losses of the epochs.
fn held_out_losses(folder: &Path) -> Vec<f64> {
    let cell = |line: &String| line.split(',').nth(3).and_then(|cell| cell.parse().ok()).expect("a loss");
    history(folder)[1..].iter().map(cell).collect()
}

#[track_caller]
fn assert_same_run(one: &Path, other: &Path, what: &str) {
    for name in [CHECKPOINT, "model.json"] {
        assert!(read(one, name) == read(other, name), "{what}: {name} differs");
    }
    assert_eq!(history(one), history(other), "{what}");
}

/// Runs that remember everything that there is to remember.
const RUNS: [&[&str]; 5] = [
    &["digits", "--momentum", "0.9", "--learning-rate", "0.05", "--save-best"],
    &["digits", "--optimizer", "adam", "--engine", "tape", "--weight-decay", "0.001"],
    &["iris", "--precision", "f64", "--optimizer", "adam", "--save-best", "--patience", "100"],
    &["moons", "--batch-size", "all", "--noise", "0.3", "--seed", "18446744073709551615", "--until-accuracy", "1"],
    &["xor", "--no-shuffle", "--no-standardize", "--loss", "least-squares", "--hidden", "3,2", "--init", "normal"],
];

#[test]
fn a_run_of_four_epochs_is_one_of_two_that_goes_on_for_two_more() {
    let folder = folder();
    for run in RUNS {
        let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
        let train = |more: &[&str]| stdout(&nn(&[&["train"], more].concat()));
        train(&[run, &["--epochs", "4", "--quiet", "--out", text(&whole)]].concat());
        train(&[run, &["--epochs", "2", "--quiet", "--out", text(&parts)]].concat());
        let said = train(&["--resume", "--out", text(&parts), "--epochs", "4", "--threads", "2"]);
        assert!(said.contains("resumed after epoch 2\n") && said.contains("\nepochs 3 to 4 in "), "{said}");
        assert_same_run(&whole, &parts, &run.join(" "));
        // Once more changes nothing, with all options or with none.
        let said = train(&[run, &["--resume", "--out", text(&parts)]].concat());
        assert!(said.contains("no epoch was left to train"), "{said}");
        assert_same_run(&whole, &parts, &run.join(" "));
    }
}

/// Sends a signal to a program.
#[cfg(unix)]
fn signal(child: &std::process::Child, name: &str) {
    let kill = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(kill.expect("kill runs").success());
}

/// The current batch is finished, which as a rule is in the middle of an epoch.
#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on_to_the_bytes_of_an_uninterrupted_one() {
    let folder = folder();
    let whole = folder.path().join("whole");
    for run in &RUNS[..2] {
        let run = [&["train"], *run, &["--hidden", "200,200", "--epochs", "12", "--out"]].concat();
        stdout(&nn(&[&run[..], &[text(&whole), "--quiet"]].concat()));
        let mut in_an_epoch = 0;
        for round in 0..20 {
            let out = folder.path().join(format!("{round} of {}", run[1..].join(" ")));
            let mut args = [&run[..], &[text(&out)]].concat();
            let mut parts = 0;
            // Interrupted twice, with each of the signals.
            for (name, code) in [("INT", 130), ("TERM", 143)] {
                let mut child = start(&args);
                wait_for(&mut child, |line| line.trim_start().starts_with(|c: char| c.is_ascii_digit()));
                signal(&child, name);
                let output = output_of(child);
                if output.status.success() {
                    parts = 0; // It was faster.
                    break;
                }
                assert_eq!(output.status.code(), Some(code));
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(said.starts_with("warning: stopped in epoch ") && said.lines().count() == 1, "{said}");
                assert!(said.contains(&format!("nn train --resume --out {}", text(&out))), "{said}");
                assert_eq!(names_in(&out), [CHECKPOINT, "history.csv"]);
                let checkpoint = Checkpoint::<f32>::from_bytes(&read(&out, CHECKPOINT)).expect("a checkpoint");
                parts += usize::from(checkpoint.state.so_far.examples > 0);
                args = vec!["train", "--resume", "--out", text(&out)];
            }
            if parts == 2 {
                stdout(&nn(&args));
                assert_same_run(&whole, &out, &run.join(" "));
                in_an_epoch += 1;
            }
            if in_an_epoch == 2 {
                break;
            }
        }
        assert!(in_an_epoch > 0, "no run was interrupted within an epoch twice");
    }
}

#[test]
fn options_that_would_change_a_run_are_refused_by_name() {
    let folder = folder();
    let out = folder.path().join("run");
    let run = ["train", "moons", "--hidden", "4", "--epochs", "2", "--learning-rate", "0.25", "--no-shuffle"];
    stdout(&nn(&[&run[..], &["--quiet", "--out", text(&out)]].concat()));
    let before = names_in(&out).into_iter().map(|name| read(&out, &name)).collect::<Vec<_>>();
    let resume = |more: &[&str]| nn(&[&["train", "--resume", "--out", text(&out)], more].concat());
    for (option, then) in [
        (&["--seed", "2"][..], "with --seed 1"),
        (&["--hidden", "5"], "with --hidden 4"),
        (&["--learning-rate", "0.250001"], "with --learning-rate 0.25"),
        (&["--batch-size", "8"], "with --batch-size 16"),
        (&["--batch-size", "all"], "with --batch-size 16"),
        (&["--momentum", "0.5"], "without it"),
        (&["--optimizer", "adam"], "with --optimizer sgd"),
        (&["--weight-decay", "0.1"], "with --weight-decay 0"),
        (&["--schedule", "step"], "with --schedule constant"),
        (&["--engine", "tape"], "with --engine delta"),
        (&["--precision", "f64"], "with --precision f32"),
        (&["--validation", "0.5"], "with --validation 0.2"),
        (&["--examples", "100"], "without it"),
        (&["--noise", "0.2"], "without it"),
        (&["--activation", "tanh"], "without it"),
        (&["--loss", "least-squares"], "without it"),
        (&["--init", "normal"], "without it"),
        (&["--until-accuracy", "0.9"], "without it"),
        (&["--patience", "3"], "without it"),
        (&["--save-best"], "without it"),
        (&["--no-standardize"], "without it"),
        (&["--model", "start.json"], "without it"),
        (&["--skip-missing"], "without it"),
        (&["--delimiter", ";"], "without it"),
    ] {
        let output = resume(option);
        let line = String::from_utf8_lossy(&output.stderr).into_owned();
        let says = format!(
            "error: {}: the run in {} was begun {then}; a resumed run may change --epochs and --threads alone\n",
            option.join(" "),
            out.display()
        );
        assert_eq!((output.status.code(), line), (Some(2), says));
    }
    let line = refusal_of(&nn(&["train", "circles", "--resume", "--out", text(&out)]));
    assert!(line.ends_with("checkpoint.safetensors: the run was begun with other data, or with another model file"));
    let line = refusal_of(&resume(&["--epochs", "1"]));
    assert!(line.ends_with("2 epochs of the run are over, more than --epochs 1"), "{line}");
    assert_eq!(names_in(&out).into_iter().map(|name| read(&out, &name)).collect::<Vec<_>>(), before);
    // The same again is no change, however it is written; and nothing but the arguments counts, not their order.
    for same in
        [&["--seed", "01"][..], &["--learning-rate", ".25"], &["--batch-size", "16", "--quiet"], &["--no-shuffle"]]
    {
        stdout(&resume(same));
    }
    stdout(&nn(&["train", "moons", "--resume", "--out", text(&out)]));
}

#[test]
fn what_is_no_checkpoint_is_refused_in_one_line() {
    let folder = folder();
    let out = folder.path().join("run");
    let (code, line) = failure(&["train", "--resume"]);
    assert!(code == 2 && line.contains("--out <DIR>"), "{line}");
    // There is none, and no folder is made for it.
    refusal(&["train", "--resume", "--out", text(&out)]);
    assert!(!out.exists());
    stdout(&nn(&["train", "iris", "--epochs", "2", "--quiet", "--out", text(&out)]));
    let (path, good) = (out.join(CHECKPOINT), read(&out, CHECKPOINT));
    let resume = || refusal(&["train", "--resume", "--out", text(&out)]);
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    // Another safetensors file: the header is empty.
    let foreign = [&8_u64.to_le_bytes()[..], b"{}      "].concat();
    let mut long_header = good.clone();
    long_header[..8].copy_from_slice(&(1_u64 << 62).to_le_bytes());
    for (bytes, message) in [
        (&good[..good.len() - 1], "the file is damaged or cut short"),
        (&good[..100], "the file is damaged or cut short"),
        (&good[..1], "it is not a safetensors file that nn has written"),
        (&[], "it is not a safetensors file that nn has written"),
        (&foreign, "it is not a safetensors file that nn has written"),
        (b"{\"format\": \"nn-model\"}", "it is not a safetensors file that nn has written"),
        (&long_header, "the file is damaged or cut short"),
        (&flipped, "the file is damaged or cut short"),
    ] {
        fs::write(&path, bytes).expect("written");
        let line = resume();
        assert!(line.contains(&format!("{CHECKPOINT}: {message}")), "{line}");
    }
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("a folder");
    assert!(resume().ends_with("it is a directory, not a file"));
    // A file that is longer than any memory, and takes no room on the disk.
    fs::remove_dir(&path).expect("removed");
    fs::File::create(&path).and_then(|file| file.set_len(1 << 42)).expect("a large file");
    assert!(resume().ends_with("it is not a safetensors file that nn has written"));
}

/// What the program has not written itself, with a checksum that fits.
#[test]
fn a_checkpoint_that_does_not_go_with_its_run_is_refused() {
    let folder = folder();
    let out = folder.path().join("run");
    stdout(&nn(&["train", "iris", "--epochs", "2", "--save-best", "--quiet", "--out", text(&out)]));
    let good = Checkpoint::<f32>::from_bytes(&read(&out, CHECKPOINT)).expect("a checkpoint");
    let changed = |change: &dyn Fn(&mut Checkpoint<f32>)| {
        let mut checkpoint = good.clone();
        change(&mut checkpoint);
        fs::write(out.join(CHECKPOINT), checkpoint.to_bytes().expect("few layers")).expect("written");
        refusal(&["train", "--resume", "--out", text(&out), "--epochs", "9"])
    };
    let set = |checkpoint: &mut Checkpoint<f32>, name: &str, value: &str| {
        checkpoint.run["options"][name] = value.into();
    };
    for (change, message) in [
        (&(|c: &mut Checkpoint<f32>| c.best = None) as &dyn Fn(&mut Checkpoint<f32>), "do not go together"),
        (&|c| c.history.clear(), "do not go together"),
        (&|c| c.state.so_far.epoch = 2, "do not go together"),
        (&|c| (c.state.so_far.epoch, c.state.so_far.examples) = (3, 121), "do not go together"),
        (&|c| drop(c.state.parameters.pop()), "the parameters of the best epoch have other shapes"),
        (&|c| c.state.parameters[0] = Matrix::zeros(1, 1), "the parameters of the best epoch have other shapes"),
        (&|c| c.state.buffers = c.state.parameters.clone(), "4 optimizer buffers after 16 steps"),
        (&|c| c.state.parameters[1].fill(f32::NAN), "parameter.2 has an entry that is not finite"),
        (&|c| c.run = serde_json::json!({}), "missing field `options`"),
        (&|c| c.run["setup"] = "00000000".into(), "the run was begun with other data"),
        (&|c| set(c, "precision", "f64"), "parameter.1 holds F32 in 2 dimensions, where a matrix of f64 is expected"),
        (&|c| set(c, "seed", "-1"), "invalid value '-1' for '--seed <N>'"),
        (&|c| set(c, "hidden", "--help"), "invalid value '--help' for '--hidden"),
        (&|c| set(c, "data", "--help"), "invalid value '--help' for"),
        (&|c| set(c, "telepathy", "true"), "this program has no option --telepathy, with which the run was begun"),
    ] {
        let line = changed(change);
        assert!(line.contains(message), "{message}: {line}");
    }
    fs::write(out.join(CHECKPOINT), good.to_bytes().expect("few layers")).expect("written");
    stdout(&nn(&["train", "--resume", "--out", text(&out), "--epochs", "9"]));
}

/// Targets of a regression are learnt in a unit of their own, and a table may be moved, but not changed.
#[test]
fn a_run_on_a_table_goes_on_with_the_same_table() {
    let folder = folder();
    let table = |seed: u64| {
        let mut rng = seeded(seed);
        let row = |_| {
            let [a, b] = [0; 2].map(|_| uniform(&mut rng));
            format!("{a};{b};{}\n", 200_000.0 + 50_000.0 * a * b)
        };
        (0..40).map(row).collect::<String>()
    };
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    let path = folder.path().join("prices.csv");
    fs::write(&path, table(1)).expect("written");
    let run = ["train", text(&path), "--delimiter", ";", "--task", "regression", "--save-best", "--quiet", "--epochs"];
    stdout(&nn(&[&run[..], &["6", "--out", text(&whole)]].concat()));
    stdout(&nn(&[&run[..], &["3", "--out", text(&parts)]].concat()));
    stdout(&nn(&["train", "--resume", "--out", text(&parts), "--epochs", "6"]));
    assert_same_run(&whole, &parts, "a regression");

    let moved = folder.path().join("moved.csv");
    fs::rename(&path, &moved).expect("moved");
    let resume = ["train", "--resume", "--out", text(&parts), "--epochs", "7", "--quiet"];
    assert!(refusal(&resume).starts_with(&format!("error: {}: ", path.display())));
    stdout(&nn(&[&resume[..], &[text(&moved)]].concat()));
    fs::write(&moved, table(2)).expect("written");
    let line = refusal(&resume);
    assert!(line.ends_with("the run was begun with other data, or with another model file"), "{line}");
}

/// The model file of a run is read again: what it says besides its parameters has to be the same.
#[test]
fn a_run_from_a_model_file_goes_on_with_the_same_file() {
    let folder = folder();
    let (out, start) = (folder.path().join("run"), folder.path().join("start.json"));
    fs::copy(data("xor-start.json"), &start).expect("copied");
    let run = ["train", "xor", "--model", text(&start), "--epochs", "2", "--quiet", "--out", text(&out)];
    stdout(&nn(&run));
    stdout(&nn(&["train", "--resume", "--out", text(&out), "--epochs", "3"]));
    let before = read(&out, CHECKPOINT);
    let model = fs::read_to_string(&start).expect("a model");
    fs::write(&start, model.replacen("sigmoid", "tanh", 1)).expect("written");
    let line = refusal(&["train", "--resume", "--out", text(&out), "--epochs", "4"]);
    assert!(line.ends_with("the run was begun with other data, or with another model file"), "{line}");
    fs::remove_file(&start).expect("removed");
    let line = refusal(&["train", "--resume", "--out", text(&out), "--epochs", "4"]);
    assert!(line.starts_with(&format!("error: {}: ", start.display())), "{line}");
    assert!(read(&out, CHECKPOINT) == before);
}

#[test]
fn the_checkpoint_says_what_the_run_was_begun_with() {
    let folder = folder();
    let out = folder.path().join("run");
    let run = [&["train"], RUNS[2], &["--epochs", "2", "--no-shuffle", "--out", text(&out)]].concat();
    stdout(&nn(&run));
    let (precision, run) = checkpoint_run(&read(&out, CHECKPOINT)).expect("a checkpoint");
    assert_eq!(precision, nn_train::Precision::F64);
    let options = serde_json::json!({
        "batch-size": "16", "data": "iris", "engine": "delta", "epochs": "2", "learning-rate": "0.01",
        "no-shuffle": "true", "optimizer": "adam", "patience": "100", "precision": "f64", "save-best": "true",
        "schedule": "constant", "seed": "1", "validation": "0.2", "weight-decay": "0",
    });
    assert_eq!(run["options"], options);
}

#[test]
fn a_schedule_that_is_stretched_is_warned_of() {
    let folder = folder();
    let out = folder.path().join("run");
    stdout(&nn(&["train", "iris", "--epochs", "2", "--schedule", "cosine", "--quiet", "--out", text(&out)]));
    let output = nn(&["train", "--resume", "--out", text(&out), "--epochs", "4", "--quiet"]);
    let warning = "warning: from here on the cosine schedule is that of 4 epochs; before it was that of 2\n";
    assert!(output.status.success() && String::from_utf8_lossy(&output.stderr) == warning, "{output:?}");
    assert!(nn(&["train", "--resume", "--out", text(&out), "--quiet"]).stderr.is_empty());
}

#[test]
fn a_run_that_diverges_leaves_its_last_finite_parameters() {
    let folder = folder();
    let good = folder.path().join("good");
    stdout(&nn(&["train", "digits", "--epochs", "1", "--quiet", "--out", text(&good)]));
    let model = read(&good, "model.json");
    // With 1e6 the loss is not finite while the parameters are; with 1e38 no parameter is finite after the first update.
    for (rate, steps) in [("1e6", 1..), ("1e38", 0..)] {
        for engine in ["delta", "tape"] {
            let out = folder.path().join(format!("{rate} {engine}"));
            fs::create_dir(&out).expect("a folder");
            fs::write(out.join("model.json"), &model).expect("written");
            let args = ["train", "digits", "--learning-rate", rate, "--engine", engine, "--out", text(&out)];
            let line = refusal(&args);
            assert!(line.contains(" in epoch 1, batch ") && line.contains("diverged"), "{line}");
            assert_eq!(names_in(&out), [CHECKPOINT, "history.csv", "model.json"]);
            assert!(read(&out, "model.json") == model);
            assert_eq!(history(&out).len(), 1, "no epoch has ended");
            let before = read(&out, CHECKPOINT);
            let checkpoint = Checkpoint::<f32>::from_bytes(&before).expect("finite parameters");
            assert!(steps.contains(&checkpoint.state.steps) && checkpoint.state.steps < 45, "{rate}: {line}");
            // It goes on to where it ended, and no further.
            assert_eq!(refusal(&["train", "--resume", "--out", text(&out)]), line);
            assert!(read(&out, CHECKPOINT) == before);
        }
    }
}

#[test]
fn the_best_epoch_is_the_model() {
    let folder = folder();
    let out = folder.path().join("run");
    // It learns its 40 rows by heart.
    let run = ["train", "moons", "--examples", "80", "--noise", "0.6", "--validation", "0.5", "--seed", "3"];
    let said = stdout(&nn(&[&run[..], &["--epochs", "300", "--save-best", "--out", text(&out)]].concat()));
    let losses = held_out_losses(&out);
    let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let best = losses.iter().position(|&loss| loss == lowest).expect("a lowest") + 1;
    assert!(losses.len() == 300 && best < 250, "{best}");
    assert!(said.contains(&format!("the model is that of epoch {best} of 300, which has the lowest held-out loss\n")));
    let model = out.join("model.json");
    let evaluate = ["evaluate", text(&model), "moons", "--examples", "80", "--noise", "0.6", "--validation", "0.5"];
    let report = json(&stdout(&nn(&[&evaluate[..], &["--format", "json"]].concat())));
    assert_eq!(report["held_out"]["loss"], lowest);
    assert_eq!(json(&String::from_utf8(read(&out, "model.json")).expect("UTF-8"))["metadata"]["epochs"], best);
    // What the summary says is said of that model.
    assert!(said.contains(&format!("held-out rows: 40 examples, loss {lowest:.6}")), "{said}");
    // The run that was planned to end there has the same parameters.
    let short = folder.path().join("short");
    stdout(&nn(&[&run[..], &["--epochs", &best.to_string(), "--out", text(&short)]].concat()));
    assert!(read(&short, "model.json") == read(&out, "model.json"));

    // With patience: so many epochs after the best so far.
    let patient = folder.path().join("patient");
    let said = stdout(&nn(&[&run[..], &["--epochs", "300", "--patience", "7", "--out", text(&patient)]].concat()));
    let stopped = held_out_losses(&patient);
    let best_of = |losses: &[f64]| (0..losses.len()).rev().min_by(|&a, &b| losses[a].total_cmp(&losses[b]));
    assert!(stopped.len() < 300 && stopped[..] == losses[..stopped.len()]);
    assert_eq!(best_of(&stopped), Some(stopped.len() - 1 - 7));
    assert!((1..stopped.len()).all(|end| end - 1 - best_of(&stopped[..end]).expect("epochs") < 7), "and not later");
    assert!(said.contains("\nstopped after 7 epochs without a lower held-out loss\n"), "{said}");
    let said = stdout(&nn(&["train", "--resume", "--out", text(&patient)]));
    assert!(said.contains("no epoch was left to train"), "{said}");
}

#[test]
fn without_held_out_rows_no_epoch_is_the_best() {
    for option in [&["--save-best"][..], &["--patience", "3"]] {
        let (code, line) = failure(&[&["train", "iris", "--validation", "0"], option].concat());
        assert!(code == 2 && line.contains(&format!("{} needs rows that are held out", option[0])), "{line}");
    }
}

#[test]
fn a_run_that_replaces_an_unfinished_one_says_so() {
    let folder = folder();
    let out = folder.path().join("run");
    let warning = || {
        let output = nn(&["train", "xor", "--epochs", "2", "--quiet", "--out", text(&out)]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert_eq!([warning(), warning()], ["", ""]);
    fs::remove_file(out.join("model.json")).expect("a model");
    let says = format!(
        "warning: {} is that of a run that was not finished, and is replaced after the first epoch: --resume goes on with it\n",
        out.join(CHECKPOINT).display()
    );
    assert_eq!([warning(), warning()], [&says, ""]);
}

/// How a run goes on whose reader has gone: to its files.
#[test]
fn a_closed_pipe_ends_no_run_that_writes_files() {
    let folder = folder();
    let (out, whole) = (folder.path().join("run"), folder.path().join("whole"));
    let run = ["train", "iris", "--epochs", "40", "--out"];
    stdout(&nn(&[&run[..], &[text(&whole)]].concat()));
    let mut child = start(&[&run[..], &[text(&out)]].concat());
    drop(child.stdout.take());
    let output = output_of(child);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_same_run(&whole, &out, "iris");
}

/// A folder whose name is no UTF-8 is one like any other.
#[cfg(target_os = "linux")]
#[test]
fn a_path_need_not_be_utf8() {
    use std::os::unix::ffi::OsStrExt;

    let folder = folder();
    let out = folder.path().join(std::ffi::OsStr::from_bytes(b"run-\xff"));
    let run = |args: &[&str]| {
        let mut command = Command::new(NN);
        command.arg("train").args(args).arg("--out").arg(&out);
        stdout(&output_of(start_command(&mut command, std::process::Stdio::piped())))
    };
    run(&["iris", "--epochs", "2"]);
    let said = run(&["--resume", "--epochs", "3"]);
    assert!(said.contains("resumed after epoch 2") && said.contains("run-\u{fffd}/model.json"), "{said}");
    assert_eq!(names_in(&out), [CHECKPOINT, "history.csv", "model.json"]);
}

/// Neither the table nor warnings have a colour that NO_COLOR would have to take away, nor has help with it.
#[test]
fn no_color_is_honoured() {
    for args in [&["train", "--help"][..], &["train", "xor", "--epochs", "2"], &["train", "--epochs", "x"]] {
        let run = |name: &str| -> Output {
            let mut command = Command::new(NN);
            command.args(args).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env(name, "1");
            output_of(start_command(&mut command, std::process::Stdio::piped()))
        };
        let Output { stdout, stderr, .. } = run("NO_COLOR");
        assert!(!stdout.contains(&b'\x1b') && !stderr.contains(&b'\x1b'), "{args:?}");
    }
}

/// So many random moments; `NN_KILLS` asks for more.
fn kills() -> usize {
    std::env::var("NN_KILLS").map_or(50, |number| number.parse().expect("NN_KILLS is a number"))
}

/// A run is killed at random moments, again and again, while another model, history and checkpoint are there: each file is
/// the old one or the new one, whole.
#[test]
fn a_kill_at_a_random_moment_leaves_whole_files() {
    let folder = folder();
    let out = folder.path().join("run");
    let run = |out: &Path, seed: usize| {
        let seed = (seed % 2).to_string();
        let args =
            ["train", "iris", "--hidden", "2000", "--epochs", "3", "--seed", &seed, "--quiet", "--out", text(out)];
        start(&args)
    };
    let models = [0, 1].map(|seed| {
        stdout(&output_of(run(&out, seed)));
        read(&out, "model.json")
    });
    let beginning = Instant::now();
    stdout(&output_of(run(&out, 1)));
    let whole = beginning.elapsed();

    let mut rng = seeded(21);
    let (mut changed, mut within) = (0, 0);
    let mut before = read(&out, CHECKPOINT);
    for seed in 0..kills() {
        let mut child = run(&out, seed);
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * uniform(&mut rng)));
        child.kill().expect("a run that can be killed, or has ended");
        output_of(child);
        assert!(models.contains(&read(&out, "model.json")), "kill {seed}: half a model");
        let bytes = read(&out, CHECKPOINT);
        let checkpoint = Checkpoint::<f32>::from_bytes(&bytes).unwrap_or_else(|error| panic!("kill {seed}: {error}"));
        let history = history(&out);
        assert!(history.len() > checkpoint.history.len() || bytes == before, "kill {seed}: {history:?}");
        changed += usize::from(bytes != before);
        within += usize::from(names_in(&out).iter().any(|name| name.starts_with(".nn-unfinished-")));
        before = bytes;
    }
    assert!(changed > 0 && changed < kills(), "of {} kills, {changed} came after a checkpoint was written", kills());
    println!("{} kills: {changed} left a new checkpoint, {within} came while a file was written", kills());
    // Whatever was killed last goes on to the end.
    stdout(&nn(&["train", "--resume", "--out", text(&out)]));
    assert!(models.contains(&read(&out, "model.json")));
    assert_eq!(names_in(&out), [CHECKPOINT, "history.csv", "model.json"]);
}
