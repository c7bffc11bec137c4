//! Data of one's own: CSV files with labels or targets, and IDX files.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::{failure, folder, json, nn, nn_with_input, refusal, stdout, text};

/// Fisher's irises with their names, as people have them.
fn irises() -> String {
    let file = include_str!("../../data/iris.csv");
    let names = ["setosa", "versicolor", "virginica"];
    let rows = file.lines().skip(1).map(|line| {
        let (lengths, class) = line.rsplit_once(',').expect("a class");
        format!("{lengths},{}\n", names[class.parse::<usize>().expect("its number")])
    });
    "sepal length,sepal width,petal length,petal width,species\n".to_owned() + &rows.collect::<String>()
}

fn written(folder: &Path, name: &str, contents: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
    std::fs::write(&path, contents).expect("written");
    text(&path).to_owned()
}

/// Trains on DATA with its options, and gives the bytes of the model.
fn trained(out: &Path, data: &[&str]) -> String {
    stdout(&nn(&[&["train"], data, &["--epochs", "2", "--quiet", "--out", text(out)]].concat()));
    std::fs::read_to_string(out.join("model.json")).expect("a model")
}

/// The message about a file, without its name.
fn said_of(path: &str, args: &[&str]) -> String {
    let line = refusal(args);
    let said = line.strip_prefix(&format!("error: {path}: ")).unwrap_or_else(|| panic!("{path} is not named: {line}"));
    said.to_owned()
}

#[test]
fn a_table_is_the_same_whatever_program_has_written_it() {
    let folder = folder();
    let (commas, out) = (irises(), folder.path().join("out"));
    let path = written(folder.path(), "1/irises.csv", &commas);
    let model = trained(&out, &[&path]);
    for part in [
        r#""classes": ["setosa", "versicolor", "virginica"]"#,
        r#""features": ["sepal length", "sepal width", "petal length", "petal width"]"#,
    ] {
        assert!(model.contains(part), "{model}");
    }
    let quoted = commas.replace("setosa", "\"setosa\"").replace(',', " , ");
    for (i, (contents, options)) in [
        (format!("\u{feff}{}", commas.replace('\n', "\r\n")), &[][..]),
        (format!("\u{feff}{}", commas.replace(',', ";").replace('\n', "\r\n")), &["--delimiter", ";"]),
        (commas.replace(',', "\t"), &["--delimiter", "tab"]),
        (commas.replace(',', "|").replace('\n', "\n\n"), &["--delimiter", "|"]),
        (quoted.clone(), &["--header", "yes"]),
        (quoted, &["--task", "classification"]),
    ]
    .into_iter()
    .enumerate()
    {
        let path = written(folder.path(), &format!("{}/irises.csv", i + 2), contents);
        assert!(trained(&out, &[&[path.as_str()], options].concat()) == model, "{options:?}");
        let report = nn(&[&["evaluate", text(&out.join("model.json")), &path, "--format", "json"], options].concat());
        assert_eq!(json(&stdout(&report))["all"]["examples"], 150);
        stdout(&nn(&[&["check", text(&out.join("model.json")), &path], options].concat()));
    }
    // Without a header the inputs have no names.
    let rows = commas.split_once('\n').expect("a header").1;
    let path = written(folder.path(), "rows/irises.csv", rows);
    assert!(!trained(&out, &[&path]).contains("features"));
    assert!(trained(&out, &[&path, "--header", "no"]).contains("setosa"));
}

#[test]
fn the_embedded_irises_are_learnt_as_those_of_a_file() {
    let folder = folder();
    let path = written(folder.path(), "iris", irises());
    let path = PathBuf::from(path);
    let of_a_file = ["--batch-size", "16", "--learning-rate", "0.2"];
    let of_a_file = trained(&folder.path().join("1"), &[&[text(&path)], &of_a_file[..]].concat());
    assert!(of_a_file == trained(&folder.path().join("2"), &["iris"]));
}

/// Each of these is one line that names the file, the line, the column and what stands there.
#[test]
fn a_table_that_is_none_is_refused_at_its_place() {
    let folder = folder();
    let good = "a,b,kind\n1,2,x\n3,4,y\n";
    let many: String = (0..=1000).map(|label| format!("1,2,{label}\n")).collect();
    for (contents, options, said) in [
        // Cells.
        (
            "1,2,x\n1,,y\n".to_owned(),
            &[][..],
            "line 2, column 2: the cell is empty (--skip-missing leaves such rows out)",
        ),
        ("1,2,x\n1,2,\n".into(), &[], "line 2, column 3: the cell is empty (--skip-missing leaves such rows out)"),
        ("1,2,x\n1,NA,y\n".into(), &[], "line 2, column 2: `NA` is not a number (--skip-missing leaves such rows out)"),
        (
            "1,2,x\n1,nan,y\n".into(),
            &[],
            "line 2, column 2: `nan` is not a number (--skip-missing leaves such rows out)",
        ),
        (
            "1,2,x\n1,inf,y\n".into(),
            &[],
            "line 2, column 2: `inf` is not a number (all columns but the last, the label, hold numbers)",
        ),
        (
            "1,2,x\n\n1,0x1F,y\n".into(),
            &[],
            "line 3, column 2: `0x1F` is not a number (all columns but the last, the label, hold numbers)",
        ),
        ("1,2,x\n1_000,2,y\n".into(), &[], "line 2, column 1: `1_000` is not a number"),
        ("1,2,x\n5%,2,y\n".into(), &[], "line 2, column 1: `5%` is not a number"),
        ("1,2,x\n−1,2,y\n".into(), &[], "line 2, column 1: `−1` is not a number: its minus sign is not the plain -"),
        ("1,2,x\n1,1e39,y\n".into(), &[], "line 2, column 2: `1e39` overflows f32"),
        ("1,2,x\n1,1e400,y\n".into(), &["--precision", "f64"], "line 2, column 2: `1e400` overflows f64"),
        (
            "1,2,x\nAdelie,2,y\n".into(),
            &[],
            "line 2, column 1: `Adelie` is not a number (all columns but the last, the label, hold numbers)",
        ),
        (
            "1;2;x\n\"1,5\";2;y\n".into(),
            &["--delimiter", ";"],
            "line 2, column 1: `1,5` is not a number (if its comma is a decimal one, write a point)",
        ),
        ("1,2,x\n1,\"2,y\n".into(), &[], "line 2, column 2: the quote is not closed on its line"),
        ("1,2,x\n1,\"2\"3,y\n".into(), &[], "line 2, column 2: text after the closing quote"),
        ("1,2,x\n1,2,y\0\n".into(), &[], "line 2, column 3: the cell has a NUL byte"),
        (
            "1,2,x\n1,\u{1b}[31m,y\n".into(),
            &[],
            "line 2, column 2: `\\u{1b}[31m` is not a number (all columns but the last, the label, hold numbers)",
        ),
        // First lines.
        ("a,,kind\n1,2,x\n".into(), &[], "line 1, column 2: the cell is empty (--header yes skips this line)"),
        ("a,NA,kind\n1,2,x\n".into(), &[], "line 1, column 2: `NA` is not a number (--header yes skips this line)"),
        (
            good.into(),
            &["--header", "no"],
            "line 1, column 1: `a` is not a number (all columns but the last, the label, hold numbers)",
        ),
        (
            ",a,b,kind\n0,1,2,x\n".into(),
            &[],
            "line 1, column 1: the cell is empty: is this an index column? Leave it out (pandas: index=False)",
        ),
        // Widths.
        ("a,b,kind\n1,2,3,x\n".into(), &[], "line 2: 4 columns, but line 1 has 3"),
        ("1,2,x\n3,4,y\n5,x\n".into(), &[], "line 3: 2 columns, but line 1 has 3"),
        (
            "x\ny\n".into(),
            &["--header", "no"],
            "line 1: 1 column, but a row has at least one input and then a label (--delimiter if its cells do not lie between commas)",
        ),
        (
            "1\t2\tx\n".into(),
            &[],
            "line 1: 1 column, but a row has at least one input and then a label (--delimiter tab if its cells lie between tabs)",
        ),
        (
            "1,5;2;x\n".into(),
            &[],
            "the only label is `5;2;x`: there is nothing to tell apart (--delimiter ';' if its cells lie between semicolons)",
        ),
        ("1,2,x\n2,3,x\n".into(), &[], "the only label is `x`: there is nothing to tell apart"),
        // Labels and targets.
        (
            "1,2,0.5\n".into(),
            &[],
            "line 1, column 3: the label `0.5` is a number, but not an integer (--task regression if it is a quantity)",
        ),
        (
            "1,2,1\n1,2,-1e-3\n".into(),
            &[],
            "line 2, column 3: the label `-1e-3` is a number, but not an integer (--task regression if it is a quantity)",
        ),
        (
            many,
            &[],
            "line 1001, column 3: the label `1000` is the 1001st: at most 1000 classes can be told apart (--task regression if it is a quantity)",
        ),
        (
            "1,2,3\n1,2,x\n".into(),
            &["--task", "regression"],
            "line 2, column 3: `x` is not a number (inputs and targets are numbers)",
        ),
        (
            "1,2\n".into(),
            &["--task", "regression", "--targets", "2"],
            "line 1: 2 columns, but a row has at least one input and then 2 targets",
        ),
        // Files.
        (String::new(), &[], "there are no rows"),
        ("\n \r\n".into(), &[], "there are no rows"),
        ("a,b,kind\n".into(), &[], "there are no rows after the header, line 1"),
        ("1,2,x\n".into(), &["--header", "yes"], "there are no rows after the header, line 1"),
        (
            "\0\0\u{8}\u{3}".into(),
            &[],
            "it is an IDX file (of IDX files DATA is the folder; a pair is given by --images and --labels)",
        ),
    ] {
        let path = written(folder.path(), "my table.csv", contents);
        let found = said_of(&path, &[&["train", &path], options].concat());
        assert_eq!(found, said);
    }
    for (bytes, said) in [
        (&b"1,2,caf\xe9\n"[..], "line 1, column 3: the text is not UTF-8"),
        (b"\xff\xfe1\0,\0", "the text is UTF-16: save it as UTF-8"),
        (b"PK\x03\x04", "it is a zip archive, as spreadsheets are: save it as text"),
    ] {
        let path = written(folder.path(), "my table.csv", bytes);
        assert_eq!(said_of(&path, &["train", &path]), said);
    }
    assert!(refusal(&["train", "no-such-file.csv"]).starts_with("error: no-such-file.csv: No such file"));
}

#[test]
fn labels_are_text_or_integers_in_their_order() {
    let folder = folder();
    let classes = |labels: &[&str], options: &[&str]| {
        let rows: String = labels.iter().enumerate().map(|(i, label)| format!("{i},{i},{label}\n")).collect();
        let path = written(folder.path(), "t.csv", rows);
        let model = trained(&folder.path().join("out"), &[&[path.as_str(), "--validation", "0"], options].concat());
        json(&model)["classes"].clone()
    };
    assert_eq!(classes(&["10", "9", "-1", "10", "2"], &[]), serde_json::json!(["-1", "2", "9", "10"]));
    assert_eq!(classes(&["1.0", "0.0", "1", "01", "+1"], &[]), serde_json::json!(["0", "1"]));
    assert_eq!(classes(&["10", "9", "b", "a b", "é"], &[]), serde_json::json!(["10", "9", "a b", "b", "é"]));
    assert_eq!(classes(&["\"x,\"\"y\"\"\"", " x ", "x"], &[]), serde_json::json!(["x", "x,\"y\""]));
    let many: Vec<String> = (0..1000).map(|label| label.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(classes(&many, &["--hidden", "none"]).as_array().map(Vec::len), Some(1000));
}

#[test]
fn columns_in_another_order_than_those_of_the_model_are_refused_by_name() {
    let folder = folder();
    let path = written(folder.path(), "irises.csv", irises());
    let out = folder.path().join("out");
    trained(&out, &[&path]);
    let model = out.join("model.json");
    let model = text(&model);
    let header = "sepal length,sepal width,petal length,petal width";
    for (other, column, found, expected) in [
        ("sepal width,sepal length,petal length,petal width", 1, "sepal width", "sepal length"),
        ("sepal length,sepal width,petal width,petal length", 3, "petal width", "petal length"),
        ("petal_width,Sepal.Length,sepal width,PETAL LENGTH", 1, "petal_width", "sepal length"),
        ("id,sepal length,petal length,petal width", 2, "sepal length", "sepal width"),
    ] {
        let path = written(folder.path(), "other.csv", irises().replacen(header, other, 1));
        let said = format!(
            "line 1, column {column}: `{found}` stands where the model has `{expected}`: bring the columns into the order \
             `sepal length`, `sepal width`, `petal length`, `petal width`"
        );
        for args in [
            &["train", &path, "--model", model][..],
            &["evaluate", model, &path],
            &["predict", model, &path],
            &["check", model, &path],
        ] {
            assert_eq!(said_of(&path, args), said, "{args:?}");
        }
    }
    // The same names in other letters are the same, and other names are said, but read.
    for (other, is_said) in [
        (header, false),
        ("Sepal.Length,sepal_width,PETAL LENGTH,petal-width", false),
        ("sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)", true),
        ("a,b,c,d", true),
    ] {
        let path = written(folder.path(), "other.csv", irises().replacen(header, other, 1));
        for args in [&["evaluate", model, &path][..], &["predict", model, &path]] {
            let output = nn(args);
            let warning = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && warning.contains("they are read in this order") == is_said, "{warning}");
        }
    }
}

#[test]
fn a_label_that_the_model_does_not_know_is_refused_with_its_line() {
    let folder = folder();
    let path = written(folder.path(), "irises.csv", irises());
    let out = folder.path().join("out");
    trained(&out, &[&path]);
    let model = out.join("model.json");
    let other = written(folder.path(), "other.csv", irises().replacen("virginica", "virginca", 3));
    let said =
        "line 102, column 5: the model has no class `virginca`; its classes are `setosa`, `versicolor`, `virginica`";
    for args in [
        &["evaluate", text(&model), &other][..],
        &["check", text(&model), &other],
        &["train", &other, "--model", text(&model)],
    ] {
        assert_eq!(said_of(&other, args), said);
    }
    // A file without one of the classes is read all the same, and in the order of the model.
    let some: String =
        irises().lines().filter(|line| !line.ends_with("setosa")).map(|line| format!("{line}\n")).collect();
    let some = written(folder.path(), "some.csv", some);
    let report = json(&stdout(&nn(&["evaluate", text(&model), &some, "--format", "json"])));
    assert_eq!(report["all"]["recall"][0], Value::Null);
    assert_eq!(report["all"]["confusion_matrix"][0], serde_json::json!([0, 0, 0]));
    stdout(&nn(&["train", &some, "--model", text(&model), "--epochs", "1"]));
    let narrow = written(folder.path(), "narrow.csv", "1,2,setosa\n");
    let said = "line 1: 3 columns, but the model has 4 inputs and then a label";
    assert_eq!(said_of(&narrow, &["evaluate", text(&model), &narrow]), said);
}

#[test]
fn a_regression_learns_targets_of_any_unit() {
    let folder = folder();
    let (out, model) = (folder.path().join("out"), folder.path().join("out/model.json"));
    // A plane, in the unit of a house or of an atom.
    let table = |size: f64| -> String {
        let row = |i: u32| {
            let (a, b) = (f64::from(i % 17), f64::from(i % 23));
            format!("{a},{b},{:e},{:e}\n", size * (3.0 * a - 2.0 * b + 200.0), size * (a + 1.0))
        };
        "a,b,price,rent\n".to_owned() + &(0..300).map(row).collect::<String>()
    };
    for size in [1.0, 1e6, 1e-9] {
        let path = written(folder.path(), "plane.csv", table(size));
        let args = [path.as_str(), "--task", "regression", "--targets", "2"];
        let said = stdout(&nn(&[&["train"], &args[..], &["--out", text(&out)]].concat()));
        assert!(said.contains("2-64-2 (relu, identity)") && said.contains("least-squares"), "{said}");
        let report = nn(&["evaluate", text(&model), &path, "--validation", "0.2", "--format", "json"]);
        let report = json(&stdout(&report));
        assert!(report["held_out"]["r_squared"].as_f64() > Some(0.99), "{size}: {report}");
        // What the training says of the held-out rows is what the evaluation says, in the unit of the targets.
        let history = std::fs::read_to_string(out.join("history.csv")).expect("a history");
        let last: Vec<&str> = history.lines().last().expect("a row").split(',').collect();
        let (trained, evaluated) = (last[3].parse::<f64>().expect("a loss"), report["held_out"]["loss"].as_f64());
        assert!((trained / evaluated.expect("a loss") - 1.0).abs() < 1e-3, "{trained}, {evaluated:?}");
        assert_eq!((last[2], last[4]), ("", ""));
        let rows = stdout(&nn_with_input(&["predict", text(&model)], b"a,b\n10,10\n"));
        let answer: Vec<f64> = rows.lines().nth(1).expect("a row").split(',').map(|y| y.parse().expect("y")).collect();
        assert!((answer[0] / (210.0 * size) - 1.0).abs() < 0.05, "{rows}");
        // It goes on learning from there.
        let again = stdout(&nn(&[&["train"], &args[..], &["--model", text(&model), "--epochs", "1"]].concat()));
        assert!(again.contains("R² 0.99") || again.contains("R² 1.0"), "{again}");
    }
}

/// By hand: one output, identity, learning rate 0.5, batch of both rows, from W = 0 and b = 0. δ = a − y = (−2, −4), so
/// ∂J/∂W = (−2 · 1 − 4 · 3)/2 = −7 and ∂J/∂b = −3.
#[test]
fn plain_gradient_descent_is_that_of_the_rows_in_order() {
    let folder = folder();
    let start = r#"{"format": "nn-model", "version": 1, "loss": "least-squares",
        "layers": [{"activation": "identity", "weight": [[0]], "bias": [0]}]}"#;
    let (start, out) = (written(folder.path(), "start.json", start), folder.path().join("out"));
    let path = written(folder.path(), "two.csv", "1,2\n3,4\n");
    let plain = ["--no-shuffle", "--validation", "0", "--batch-size", "all", "--no-standardize", "--epochs", "1"];
    stdout(&nn(
        &[&["train", &path, "--model", &start, "--learning-rate", "0.5", "--out", text(&out)], &plain[..]].concat()
    ));
    let model = json(&std::fs::read_to_string(out.join("model.json")).expect("a model"));
    assert_eq!(model["layers"][0]["weight"][0][0], 3.5);
    assert_eq!(model["layers"][0]["bias"][0], 1.5);
}

#[test]
fn rows_with_missing_values_are_left_out_if_that_is_asked_for() {
    let folder = folder();
    let rows = "bill,flipper,species\n39.1,181,Adelie\n,186,Adelie\n40.3,NA,Adelie\n50,220,Gentoo\n46.1,211,\n?,null,Gentoo\n\
                36.7,193,Adelie\n";
    let path = written(folder.path(), "penguins.csv", rows);
    let said = said_of(&path, &["train", &path]);
    assert_eq!(said, "line 3, column 1: the cell is empty (--skip-missing leaves such rows out)");
    let out = folder.path().join("out");
    let output = nn(&["train", &path, "--skip-missing", "--epochs", "1", "--out", text(&out)]);
    assert!(stdout(&output).contains("Adelie: 2, Gentoo: 1"), "{output:?}");
    let warning = format!("warning: {path}: 4 rows are left out, in which a value is missing\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), warning);
    let model = out.join("model.json");
    let report = nn(&["evaluate", text(&model), &path, "--skip-missing", "--format", "json"]);
    assert_eq!(json(&stdout(&report))["all"]["examples"], 3);
    // What is asked for each row has an answer for each row.
    assert_eq!(said_of(&path, &["predict", text(&model), &path]), "line 3, column 1: the cell is empty");
    assert_eq!(failure(&["predict", text(&model), &path, "--skip-missing"]).0, 2);
}

/// Always answering the larger class is right for 95 %, and no more than a coin in balance.
#[test]
fn a_large_class_does_not_pass_for_a_good_network() {
    let folder = folder();
    let rows: String =
        (0..200).map(|i| format!("{},{},{}\n", i % 7, i % 11, if i % 20 == 0 { "rare" } else { "common" })).collect();
    let path = written(folder.path(), "lopsided.csv", rows);
    let out = folder.path().join("out");
    let said = stdout(&nn(&[
        "train",
        &path,
        "--learning-rate",
        "1e-6",
        "--epochs",
        "1",
        "--no-standardize",
        "--out",
        text(&out),
    ]));
    assert!(said.contains("common: 190, rare: 10; always answering common is right for 95.00 %"), "{said}");
    assert!(said.contains("balanced ") && said.contains("recall common: "), "{said}");
    let report = json(&stdout(&nn(&["evaluate", text(&out.join("model.json")), &path, "--format", "json"])));
    let (all, recall) = (&report["all"], &report["all"]["recall"]);
    let mean = (recall[0].as_f64().expect("a share") + recall[1].as_f64().expect("a share")) / 2.0;
    assert_eq!(all["balanced_accuracy"].as_f64(), Some(mean));
    assert_eq!(all["classes"], serde_json::json!(["common", "rare"]));
    assert!(report.get("held_out").is_none(), "no rows of one's own file are held out unasked");
}

/// With a learning rate of 0 the held-out loss is that of the same rows, whatever the seed is.
#[test]
fn the_held_out_rows_do_not_depend_on_the_seed() {
    let folder = folder();
    let path = written(folder.path(), "irises.csv", irises());
    let out = folder.path().join("out");
    trained(&out, &[&path]);
    let model = out.join("model.json");
    let closing = |seed: &str| {
        let args = ["train", &path, "--model", text(&model), "--learning-rate", "0", "--epochs", "1", "--seed", seed];
        let said = stdout(&nn(&args));
        said.lines().find(|line| line.starts_with("held-out rows: 30 ")).expect("a summary").to_owned()
    };
    assert_eq!(closing("1"), closing("2"));
    let evaluated = stdout(&nn(&["evaluate", text(&model), &path, "--validation", "0.2"]));
    assert!(evaluated.contains(closing("3").strip_prefix("held-out rows: ").expect("its start")), "{evaluated}");
}

/// An answer has the same bits whatever rows are computed together with it.
#[test]
fn predictions_do_not_depend_on_the_batch() {
    let folder = folder();
    let path = written(folder.path(), "irises.csv", irises());
    let rows = irises();
    let rows: Vec<&str> = rows.lines().skip(1).collect();
    for options in [&["--hidden", "33,7"][..], &["--hidden", "40", "--activation", "tanh", "--precision", "f64"]] {
        let out = folder.path().join("out");
        trained(&out, &[&[path.as_str()], options].concat());
        let model = out.join("model.json");
        let answers = |rows: &[&str]| -> Vec<String> {
            let answers = stdout(&nn_with_input(&["predict", text(&model)], rows.join("\n").as_bytes()));
            answers.lines().skip(1).map(str::to_owned).collect()
        };
        let all = answers(&rows);
        assert_eq!(all.len(), 150);
        for size in [1, 2, 3, 17, 149] {
            for (i, some) in rows.chunks(size).enumerate().step_by(37) {
                assert_eq!(answers(some), all[i * size..i * size + some.len()], "{size} rows");
            }
        }
    }
}

/// A run of two epochs that goes on to four, and one of four: the same model, in the unit of the targets too.
#[test]
fn a_run_on_data_of_ones_own_goes_on_to_the_same_bytes() {
    let folder = folder();
    let rows: String = (0..60).map(|i| format!("{};{};{}\n", i % 7, i % 11, 1000 * (i % 7) + 5_000_000)).collect();
    let prices = written(folder.path(), "prices.csv", rows);
    let pictures = Folder::new(folder.path().join("pictures"), true);
    let (images, labels) = (format!("{}.gz", pictures.file(FILES[0])), pictures.file(FILES[1]));
    for data in [
        &[prices.as_str(), "--delimiter", ";", "--task", "regression", "--save-best"][..],
        &[prices.as_str(), "--delimiter", ";", "--task", "regression", "--targets", "2", "--precision", "f64"],
        &[text(&pictures.path), "--engine", "tape"],
        &["--images", &images, "--labels", &labels, "--validation", "0.3"],
    ] {
        let run = |out: &str, args: &[&str]| {
            let out = folder.path().join(out);
            stdout(&nn(&[&["train", "--quiet", "--out", text(&out)], args].concat()));
            std::fs::read_to_string(out.join("model.json")).expect("a model")
        };
        let whole = run("whole", &[data, &["--epochs", "4"]].concat());
        run("parts", &[data, &["--epochs", "2"]].concat());
        assert!(run("parts", &["--resume", "--epochs", "4"]) == whole, "{data:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn paths_need_not_be_utf_8() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder();
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"irises \xff.csv"));
    std::fs::write(&path, irises()).expect("written");
    let run = |args: &[&std::ffi::OsStr]| {
        std::process::Command::new(crate::support::NN).args(args).output().expect("the program runs")
    };
    let out = folder.path().join(std::ffi::OsStr::from_bytes(b"out \xfe"));
    let said = stdout(&run(&["train".as_ref(), path.as_ref(), "--out".as_ref(), out.as_ref()]));
    assert!(said.starts_with("irises \u{fffd}.csv: 120 examples"), "{said}");
    stdout(&run(&["evaluate".as_ref(), out.join("model.json").as_ref(), path.as_ref()]));
    std::fs::write(&path, "1,2,3,4,x\n1,2,y\n").expect("written");
    let output = run(&["train".as_ref(), path.as_ref()]);
    let line = crate::support::refusal_of(&output);
    assert!(line.ends_with("irises \u{fffd}.csv: line 2: 3 columns, but line 1 has 5"), "{line}");
}

#[test]
fn options_for_other_data_are_exit_2() {
    let folder = folder();
    let path = written(folder.path(), "irises.csv", irises());
    let numbers = written(folder.path(), "numbers.csv", "1,2\n3,4\n5,6\n7,8\n");
    let pictures = Folder::new(folder.path().join("pictures"), false);
    for args in [
        &["train", "iris", "--delimiter", ";"][..],
        &["train", "iris", "--header", "no"],
        &["train", "digits", "--task", "regression"],
        &["train", "--skip-missing"],
        &["evaluate", "no-model.json", "iris", "--delimiter", "ab"],
        &["train", &path, "--delimiter", "1"],
        &["train", &path, "--delimiter", "\""],
        &["train", &path, "--delimiter", "é"],
        &["train", &path, "--examples", "10"],
        &["train", &path, "--targets", "2"],
        &["train", &path, "--targets", "0", "--task", "regression"],
        &["train", &numbers, "--task", "regression", "--until-accuracy", "0.9"],
        &["train", text(&pictures.path), "--header", "yes"],
        &["train", text(&pictures.path), "--validation", "0.5"],
        &["train", "iris", "--images", "a", "--labels", "b"],
        &["train", "--images", "a"],
        &["train", "--labels", "b"],
        &["evaluate", "no-model.json"],
        &["check", "--delimiter", ";"],
    ] {
        let (code, line) = failure(args);
        assert_eq!(code, 2, "{args:?}: {line}");
    }
}

fn idx(shape: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, shape.len() as u8];
    file.extend(shape.iter().flat_map(|dimension| dimension.to_be_bytes()));
    file.extend(bytes);
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}

const FILES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

/// The four files of 60 and 20 pictures of 3 × 2 pixels, of which one is white.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(path: PathBuf, compressed: bool) -> Self {
        let pictures = |count: u32| -> (Vec<u8>, Vec<u8>) {
            let white = |i: u32| (0..6).map(move |pixel| if pixel == i % 6 { 255 } else { (i % 7) as u8 });
            ((0..count).flat_map(white).collect(), (0..count).map(|i| 3 + (i % 6) as u8).collect())
        };
        let ((images, labels), (held_out, their_labels)) = (pictures(60), pictures(20));
        let folder = Folder { path };
        let files =
            [idx(&[60, 3, 2], &images), idx(&[60], &labels), idx(&[20, 3, 2], &held_out), idx(&[20], &their_labels)];
        for (name, file) in FILES.iter().zip(files) {
            // A file is known by its first bytes, whatever it is called.
            let file = if compressed { gzip(&file) } else { file };
            written(
                &folder.path,
                &format!("{name}{}", if compressed && name.contains('3') { ".gz" } else { "" }),
                file,
            );
        }
        folder
    }

    fn file(&self, name: &str) -> String {
        text(&self.path.join(name)).to_owned()
    }
}

#[test]
fn a_folder_of_idx_files_is_learnt_and_its_t10k_pair_is_held_out() {
    let folder = folder();
    let [raw, compressed] = [false, true].map(|compressed| {
        Folder::new(folder.path().join(if compressed { "2/pictures" } else { "1/pictures" }), compressed)
    });
    let out = folder.path().join("out");
    let model = trained(&out, &[text(&raw.path)]);
    assert!(model == trained(&out, &[text(&compressed.path)]));
    assert_eq!(json(&model)["classes"], serde_json::json!(["3", "4", "5", "6", "7", "8"]));
    let said = stdout(&nn(&["train", text(&raw.path), "--epochs", "30", "--out", text(&out)]));
    assert!(said.contains("pictures: 60 examples to train on, 20 held out; 6 inputs, 6 classes"), "{said}");
    let model = out.join("model.json");
    let report = json(&stdout(&nn(&["evaluate", text(&model), text(&raw.path), "--format", "json"])));
    assert_eq!((&report["held_out"]["examples"], &report["all"]["examples"]), (&20.into(), &80.into()));
    assert_eq!(report["held_out"]["accuracy"], 1.0);
    stdout(&nn(&["check", text(&model), text(&raw.path)]));

    // One pair, of which rows are drawn; in f64 too.
    let pair = ["--images", &raw.file(FILES[0]), "--labels", &raw.file(FILES[1])];
    let said = stdout(&nn(&[&["train", "--precision", "f64"], &pair[..]].concat()));
    assert!(said.contains(": 48 examples to train on, 12 held out"), "{said}");
    let report = json(&stdout(&nn(&[&["evaluate", text(&model), "--format", "json"], &pair[..]].concat())));
    assert!(report["all"]["examples"] == 60 && report.get("held_out").is_none());
    stdout(&nn(&[&["check", text(&model)], &pair[..]].concat()));
    // Without the second pair a folder is such a pair.
    FILES[2..].iter().for_each(|name| std::fs::remove_file(raw.path.join(name)).expect("removed"));
    let said = stdout(&nn(&["train", text(&raw.path), "--epochs", "1", "--validation", "0.5"]));
    assert!(said.contains(": 30 examples to train on, 30 held out"), "{said}");
}

/// Each of these is one line that names the file and the byte.
#[test]
fn idx_files_that_do_not_fit_are_refused_at_their_byte() {
    let folder = folder();
    let pixels = [7; 360];
    for (name, contents, said) in [
        (
            FILES[0],
            idx(&[60, 3, 2], &pixels[..359]),
            "byte 375: the file ends, but its header asks for 376 bytes in all",
        ),
        (FILES[0], idx(&[60, 3, 2], &[7; 361]), "byte 376: the file goes on, but its header asks for 376 bytes in all"),
        (
            FILES[0],
            idx(&[u32::MAX, 3, 2], &pixels),
            "byte 376: the file ends, but its header asks for 25769803786 bytes in all",
        ),
        (
            FILES[0],
            idx(&[u32::MAX; 3], &pixels),
            "byte 4: a header of 4294967295×4294967295×4294967295 bytes, more than can be addressed",
        ),
        (
            FILES[0],
            gzip(&idx(&[u32::MAX, 3, 2], &pixels)),
            "byte 376: the file ends, but its header asks for 25769803786 bytes in all",
        ),
        (FILES[0], idx(&[360], &pixels), "byte 3: 1 dimension, but images have 3"),
        (FILES[1], idx(&[60, 1, 1], &pixels[..60]), "byte 3: 3 dimensions, but labels have 1"),
        (FILES[1], idx(&[59], &pixels[..59]), "byte 4: 59 labels, but 60 images"),
        (FILES[1], vec![], "byte 0: the file ends, but its header asks for 8 bytes in all"),
        (FILES[1], b"5\n3\n".to_vec(), "byte 0: an IDX file begins with two zero bytes, and this one with 0x35 0x0a"),
        (FILES[2], idx(&[20, 2, 2], &pixels[..80]), "byte 8: pictures of 2×2 pixels, but the training has 3×2"),
        (FILES[2], idx(&[0, 3, 2], &[]), "byte 4: a dimension is 0, so there is nothing in it"),
        (FILES[3], idx(&[21], &pixels[..21]), "byte 4: 21 labels, but 20 images"),
    ] {
        let good = Folder::new(folder.path().join("pictures"), false);
        std::fs::write(good.path.join(name), contents).expect("written");
        assert_eq!(said_of(&good.file(name), &["train", text(&good.path)]), said);
    }
    for (name, said) in [
        (FILES[0], "train-images-idx3-ubyte is not in this folder, neither as it is nor with .gz"),
        (FILES[1], "train-labels-idx1-ubyte is not in this folder, neither as it is nor with .gz"),
        (FILES[2], "t10k-images-idx3-ubyte is not in this folder, neither as it is nor with .gz"),
        (FILES[3], "t10k-labels-idx1-ubyte is not in this folder, neither as it is nor with .gz"),
    ] {
        let good = Folder::new(folder.path().join("pictures"), false);
        std::fs::remove_file(good.path.join(name)).expect("removed");
        assert_eq!(said_of(text(&good.path), &["train", text(&good.path)]), said);
    }
    // A cut gzip file, and one that goes on.
    let good = Folder::new(folder.path().join("compressed"), true);
    let path = good.file(&format!("{}.gz", FILES[0]));
    let whole = std::fs::read(&path).expect("a file");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    let said = said_of(&path, &["train", text(&good.path)]);
    assert!(said.starts_with("the gzip file is damaged after "), "{said}");
    // A label that a model does not know, and a folder that is none.
    let out = folder.path().join("out");
    let good = Folder::new(folder.path().join("good"), false);
    trained(&out, &[text(&good.path)]);
    let mut labels = std::fs::read(good.path.join(FILES[1])).expect("a file");
    labels[8 + 7] = 9;
    std::fs::write(good.path.join(FILES[1]), labels).expect("written");
    let said = said_of(&good.file(FILES[1]), &["evaluate", text(&out.join("model.json")), text(&good.path)]);
    assert_eq!(said, "byte 15: the model has no class 9; its classes are 3, 4, 5, 6, 7, 8");
    assert!(refusal(&["train", text(folder.path())]).contains("train-images-idx3-ubyte is not in this folder"));
    let images = good.file(FILES[0]);
    assert!(
        said_of(text(&good.path), &["train", "--images", &images, "--labels", text(&good.path)]).contains("directory")
    );
}
