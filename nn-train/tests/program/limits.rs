//! What the system does not give: memory, room on a disk, a standard output that takes what is printed.
//!
//! Linux alone has all of these in a form that needs no rights: `ulimit -v`, `ulimit -f`, and `/dev/full`.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

use crate::files::large;
use crate::support::{NN, data, folder, names_in, nn, nn_under, output_of, refusal_of, start_command, stdout, text};

/// Runs the program with so many megabytes to itself, its own size included.
fn nn_within(megabytes: u32, args: &[&str]) -> Output {
    nn_under(&format!("ulimit -v {}; exec \"$@\"", 1000 * megabytes), args)
}

/// A model file of two inputs, so many hidden units and two classes.
fn wide(folder: &Path, units: usize) -> String {
    let path = folder.join("wide.json");
    let rows = |rows: usize, columns: usize| {
        format!("[{}]", vec![format!("[{}]", vec!["0.5"; columns].join(",")); rows].join(","))
    };
    let (below, above, bias) = (rows(units, 2), rows(2, units), vec!["0"; units].join(","));
    let model = format!(
        "{{\"format\": \"nn-model\", \"version\": 1, \"loss\": \"cross-entropy\", \"layers\": [\
         {{\"activation\": \"tanh\", \"weight\": {below}, \"bias\": [{bias}]}},\
         {{\"activation\": \"softmax\", \"weight\": {above}, \"bias\": [0, 0]}}]}}"
    );
    fs::write(&path, model).expect("written");
    text(&path).to_owned()
}

fn train<'a>(out: &'a Path, args: &[&'a str]) -> Vec<&'a str> {
    [&["train"], args, &["--out", text(out)]].concat()
}

#[test]
fn what_memory_does_not_hold_is_refused_before_anything_is_printed_or_written() {
    let folder = folder();
    let out = folder.path().join("run");
    let model = wide(folder.path(), 20_000);
    let batch = folder.path().join("batch.json");
    let examples = |example: &str| vec![example; 500].join(",");
    let json = format!("{{\"inputs\": [{}], \"targets\": [{}]}}", examples("[1, 2]"), examples("[1, 0]"));
    fs::write(&batch, json).expect("written");
    for (megabytes, args) in [
        // Parameters; those of double precision, the tape's, the optimizer's.
        (400, train(&out, &["moons", "--hidden", "20000000"])),
        (400, train(&out, &["moons", "--hidden", "400000000"])),
        (400, train(&out, &["digits", "--hidden", "4000,4000", "--precision", "f64"])),
        (400, train(&out, &["digits", "--hidden", "1000000", "--engine", "tape"])),
        (200, train(&out, &["xor", "--hidden", "1000000", "--optimizer", "adam"])),
        // Data.
        (200, train(&out, &["moons", "--examples", "3000000"])),
        (200, train(&out, &["circles", "--examples", "4294967295"])),
        (100, train(&out, &["spirals", "--examples", "1000000", "--hidden", "none"])),
        // Batches, and the evaluation of all held-out rows at once.
        (100, train(&out, &["digits", "--hidden", "20000", "--batch-size", "all", "--validation", "0.01"])),
        (200, train(&out, &["digits", "--hidden", "20000", "--batch-size", "1", "--validation", "0.99"])),
        (200, train(&out, &["moons", "--hidden", "300000", "--batch-size", "1"])),
        (200, train(&out, &["moons", "--model", &model, "--batch-size", "all"])),
        (100, vec!["evaluate", &model, "moons"]),
        (100, vec!["evaluate", &model, "moons", "--examples", "1000000"]),
        (60, vec!["check", &model]),
        (60, vec!["check", &model, "moons"]),
        (100, vec!["explain", &model, "--examples", text(&batch)]),
        (100, vec!["explain", &model, "--examples", text(&batch), "--format", "json"]),
    ] {
        let output = nn_within(megabytes, &args);
        let line = refusal_of(&output);
        assert!(output.stdout.is_empty() && line.contains(": there is not enough memory for "), "{args:?}: {line}");
        assert!(!out.exists());
    }
    // A network that no machine is asked to train: the wrong value of an option, whatever the memory.
    for hidden in ["4000000000", "50000,50000", "99999999999999999999999"] {
        assert_eq!(nn_within(400, &["train", "moons", "--hidden", hidden]).status.code(), Some(2));
    }
}

/// Wherever the limit lies: the result, or one line. An estimate that is too small shows as an abort.
#[test]
fn any_limit_gives_the_result_or_a_refusal() {
    let folder = folder();
    let out = folder.path().join("run");
    let (out, small) = (text(&out), folder.path().join("small"));
    stdout(&nn(&["train", "moons", "--hidden", "200", "--epochs", "1", "--quiet", "--out", text(&small)]));
    let small = small.join("model.json");
    let small = text(&small);
    for args in [
        &["train", "digits", "--epochs", "1"][..],
        &["train", "xor", "--hidden", "200000", "--epochs", "2", "--out", out],
        &["train", "digits", "--hidden", "500", "--epochs", "1", "--batch-size", "all", "--engine", "tape"],
        &["train", "digits", "--hidden", "500", "--epochs", "1", "--batch-size", "all", "--threads", "3"],
        &["train", "moons", "--examples", "200000", "--epochs", "1", "--hidden", "none", "--batch-size", "all"],
        &["evaluate", small, "moons", "--examples", "10000"],
        &["explain", small, "--input", "1,2", "--target", "0,1", "--format", "json"],
    ] {
        let mut succeeded = false;
        for megabytes in [16, 28, 48, 80, 130, 1000] {
            let output = nn_within(megabytes, args);
            succeeded = output.status.success();
            if !succeeded {
                let line = refusal_of(&output);
                let says_why = line.contains("memory") || line.contains("cannot start 3 threads");
                assert!(output.stdout.is_empty() && says_why, "{megabytes} MB, {args:?}: {line}");
            }
        }
        assert!(succeeded, "{args:?}: a gigabyte is enough");
    }
}

/// A file of a user is the only thing that asks for memory: whatever the limit, nothing ends in an abort.
#[test]
fn any_limit_gives_the_result_or_a_refusal_of_a_file() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, contents: String| fs::write(path(name), contents).expect("written");
    let wide = wide(folder.path(), 20_000);
    // Small layers, whose memory is not that of their numbers.
    let layers = vec![r#"{"activation": "tanh", "weight": [[1]], "bias": [1]}"#; 10_000].join(",");
    let head = r#"{"format": "nn-model", "version": 1, "loss": "least-squares""#;
    write("deep.json", format!("{head}, \"layers\": [{layers}]}}"));
    let names: Vec<String> = (0..100_000).map(|i| format!("[{i}, {{}}]")).collect();
    let small = r#"{"activation": "tanh", "weight": [[1, 1]], "bias": [1]}"#;
    write("metadata.json", format!("{head}, \"metadata\": [{}], \"layers\": [{small}]}}", names.join(",")));
    write("one.csv", "0.5\n".to_owned());
    write("rows.csv", "0.5,1\n".repeat(2000));
    write("line.csv", format!("{}1\n", "1,".repeat(2_000_000)));
    let examples = |example: &str, n: usize| vec![example; n].join(",");
    for (name, n) in [("few.json", 3), ("batch.json", 300)] {
        let (inputs, targets) = (examples("[1, 2]", n), examples("[1, 0]", n));
        write(name, format!("{{\"inputs\": [{inputs}], \"targets\": [{targets}]}}"));
    }
    write("yours.json", format!("{{\"layers\": [{{\"bias_gradient\": [{}]}}, {{}}]}}", examples("0.5", 20_000)));
    let file = |name: &str| text(&path(name)).to_owned();
    let (deep, metadata, rows, yours) =
        (file("deep.json"), file("metadata.json"), file("rows.csv"), file("yours.json"));
    for args in [
        &["predict", &deep, &file("one.csv")][..],
        &["explain", &deep, "--input", "1", "--target", "1", "--format", "json"],
        &["predict", &metadata, &rows],
        &["check", &metadata],
        &["predict", &wide, &rows],
        &["predict", &wide, &rows, "--format", "json"],
        &["predict", &wide, &file("line.csv")],
        &["evaluate", &wide, "moons"],
        &["check", &wide],
        &["explain", &wide, "--examples", &file("few.json")],
        &["diagnose", &wide, "--examples", &file("few.json"), "--yours", &yours],
        &["diagnose", &wide, "--examples", &file("batch.json"), "--yours", &yours],
    ] {
        for megabytes in [14, 28, 56] {
            let output = nn_within(megabytes, args);
            if !output.status.success() {
                refusal_of(&output);
            }
        }
    }
}

/// The shell's limit on the size of a file is as good as a full disk, once its signal is ignored.
#[test]
fn a_full_disk_leaves_the_old_files_and_is_one_line() {
    const FULL: &str = "trap '' XFSZ; ulimit -f 16; exec \"$@\"";
    let folder = folder();
    let out = folder.path();
    stdout(&nn(&["train", "xor", "--hidden", "1", "--epochs", "1", "--quiet", "--out", text(out)]));
    let read = |name: &str| fs::read(out.join(name)).expect("a file");
    let (checkpoint, model) = (read("checkpoint.safetensors"), read("model.json"));
    // The checkpoint of a large network is found too long after the first epoch.
    let line = refusal_of(&nn_under(FULL, &large(out, "1")));
    assert!(line.contains("checkpoint.safetensors: "), "{line}");
    assert!(read("checkpoint.safetensors") == checkpoint && read("model.json") == model);
    // The history becomes too long in the course of the run: what was written of it stays, whole.
    let line = refusal_of(&nn_under(FULL, &["train", "xor", "--epochs", "1000", "--quiet", "--out", text(out)]));
    assert!(line.contains("history.csv: ") || line.contains("checkpoint.safetensors: "), "{line}");
    assert!(read("model.json") == model);
    let history = fs::read_to_string(out.join("history.csv")).expect("a history");
    assert!(history.ends_with('\n') && history.lines().all(|line| line.split(',').count() == 6), "{history}");
    // With room again the run goes on.
    stdout(&nn(&["train", "--resume", "--out", text(out)]));
    assert_eq!(fs::read_to_string(out.join("history.csv")).expect("a history").lines().count(), 1001);
    assert_eq!(names_in(out), ["checkpoint.safetensors", "history.csv", "model.json"]);
}

/// `/dev/full` is a disk without room.
#[test]
fn a_standard_output_that_fails_is_one_line() {
    let folder = folder();
    let (model, out) = (data("xor-start.json"), folder.path().join("run"));
    let [rows, examples, yours] = [
        ("rows.csv", "0.5,1\n"),
        ("examples.json", r#"{"inputs": [[0, 1]], "targets": [[1]]}"#),
        ("yours.json", r#"{"loss": 1}"#),
    ]
    .map(|(name, contents)| {
        let path = folder.path().join(name);
        fs::write(&path, contents).expect("written");
        path
    });
    let (model, step) = (text(&model), ["--input", "0,1", "--target", "1"]);
    let with = |args: &[&'static str]| [&["explain", model], &step[..], args].concat();
    let mut runs = vec![
        vec![],
        vec!["--help"],
        vec!["-h"],
        vec!["help"],
        vec!["--version"],
        vec!["train", "xor"],
        vec!["train", "xor", "--out", text(&out)],
        vec!["check"],
        vec!["check", "--format", "json"],
        vec!["check", model, "xor"],
        vec!["evaluate", model, "xor"],
        vec!["evaluate", model, "xor", "--format", "json"],
        vec!["predict", model, text(&rows)],
        vec!["predict", model, text(&rows), "--format", "json"],
        with(&[]),
        with(&["--format", "markdown"]),
        with(&["--format", "json"]),
        vec!["diagnose", model, "--examples", text(&examples), "--yours", text(&yours)],
    ];
    runs.extend(
        ["train", "evaluate", "predict", "explain", "diagnose", "check"].map(|command| vec![command, "--help"]),
    );
    for args in runs {
        let full = File::options().write(true).open("/dev/full").expect("a device");
        let line = refusal_of(&output_of(start_command(Command::new(NN).args(&args), full)));
        assert!(line.starts_with("error: standard output: No space left"), "{args:?}: {line}");
    }
    // Nothing is printed, so nothing fails.
    let full = File::options().write(true).open("/dev/full").expect("a device");
    stdout(&output_of(start_command(Command::new(NN).args(["train", "xor", "--quiet"]), full)));
    assert!(names_in(&out).is_empty());
}

/// Standard output that fails in the middle of a run, like a log on a disk that is full.
#[test]
fn a_run_whose_table_cannot_be_printed_goes_on_to_its_files() {
    let folder = folder();
    let (out, log) = (folder.path().join("run"), folder.path().join("log"));
    let args = ["train", "xor", "--hidden", "none", "--epochs", "30", "--out", text(&out)];
    let printed = stdout(&nn(&args)).find("training rows:"); // behind the table
    let files = names_in(&out).into_iter().map(|name| fs::metadata(out.join(name)).expect("a file").len());
    let longest = files.max().unwrap_or(0);
    assert!(printed > Some(2048) && longest < 2048, "{printed:?}, {longest}");
    fs::remove_dir_all(&out).expect("removed");
    // Shells count in blocks of 512 bytes or of 1024.
    let limit = "trap '' XFSZ; ulimit -f 4; grep -q 'Max file size *2048 ' /proc/self/limits || ulimit -f 2";
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{limit}; exec \"$@\""), "sh", NN]).args(args);
    let line = refusal_of(&output_of(start_command(&mut shell, File::create(&log).expect("a file"))));
    assert!(line.starts_with("error: standard output: File too large"), "{line}");
    assert_eq!(names_in(&out), ["checkpoint.safetensors", "history.csv", "model.json"]);
    assert_eq!(fs::read_to_string(out.join("history.csv")).expect("a history").lines().count(), 31);
}
