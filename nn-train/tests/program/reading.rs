//! What users give to be read: CSV, models, examples; and how messages quote it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

#[cfg(target_os = "linux")]
use crate::support::nn_under;
use crate::support::{
    data, failure_of, first_line, folder, json, nn, nn_with_input, output_of, refusal, refusal_of, start, stdout, text,
};

/// Two inputs, two classes; the first input decides.
const CLASSES: &str = r#"{"format": "nn-model", "version": 1, "loss": "cross-entropy", "classes": ["a", "b"],
 "layers": [{"activation": "softmax", "weight": [[1, 0], [-1, 0]], "bias": [0, 0]}]}"#;

/// One input, one output, which is the same.
const IDENTITY: &str = r#"{"format": "nn-model", "version": 1, "loss": "least-squares",
 "layers": [{"activation": "identity", "weight": [[1]], "bias": [0]}]}"#;

fn written(folder: &Path, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, contents).expect("written");
    path
}

/// What `nn predict` says of some rows, with a model of two inputs and two classes.
struct Predictor {
    _folder: tempfile::TempDir,
    model: PathBuf,
}

impl Predictor {
    fn new(model: &str) -> Self {
        let folder = folder();
        let model = written(folder.path(), "model.json", model);
        Predictor { _folder: folder, model }
    }

    fn run(&self, rows: impl AsRef<[u8]>, options: &[&str]) -> std::process::Output {
        nn_with_input(&[&["predict", text(&self.model)], options].concat(), rows.as_ref())
    }

    /// The classes, without their probabilities, and what was said on standard error.
    fn classes(&self, rows: impl AsRef<[u8]>, options: &[&str]) -> (String, String) {
        let output = self.run(rows, options);
        let printed = stdout(&output);
        let classes = printed.lines().skip(1).map(|line| line.split(',').next().expect("a class"));
        (classes.collect(), String::from_utf8(output.stderr).expect("UTF-8"))
    }

    /// The message about the input; nothing is printed.
    fn refusal(&self, rows: impl AsRef<[u8]>) -> String {
        let output = self.run(rows, &[]);
        assert!(output.stdout.is_empty(), "{output:?}");
        let line = refusal_of(&output);
        line.strip_prefix("error: standard input: ").expect("the name of the input").to_owned()
    }
}

#[test]
fn a_first_line_of_values_is_refused_as_it_is_on_the_second_line() {
    let nn = Predictor::new(CLASSES);
    for row in [
        "nan,nan",
        "NaN,1",
        "NAN,nan",
        "-nan,2",
        "nan(ind),nan(ind)",
        "1.#QNAN,1.#IND",
        "TRUE,FALSE",
        "true,1",
        "1.5f,2.0f",
        "1+2i,-0.5j",
        "inf,-inf",
        "Infinity,1",
        "NA,NA",
        "na,na",
        "N/A,N/A",
        "#N/A,#N/A",
        "<NA>,<NA>",
        "null,null",
        "NULL,NULL",
        "None,None",
        "NaT,NaT",
        "nil,nil",
        "\\N,\\N",
        "?,?",
        "-,-",
        "#DIV/0!,#DIV/0!",
        "1e400,1e400",
        "1e309,2",
        "-1e999,-1e999",
        "−1,−2",
        "–1,–2",
        "−nan,−inf",
        "0x1F,0x20",
        "0X10,1",
        "0b1,0b0",
        "1_000,2_000",
        "1_000e5,2",
        "5%,6%",
        "\"1,000\",\"2,000\"",
        "1 000,2 000",
        "1\u{a0}000,2",
        "\"nan\",\"nan\"",
        "\"1e400\",\"1e400\"",
        "\"−1\",\"−2\"",
        "\"NA\",\"NA\"",
        "1d5,2d5",
        "$5,$6",
    ] {
        for (text, line) in [(format!("{row}\n1,2\n"), 1), (format!("1,2\n{row}\n"), 2), (format!("\n\n{row}\n"), 3)] {
            let message = nn.refusal(&text);
            assert!(message.starts_with(&format!("line {line}, column 1: `")), "{row}: {message}");
        }
    }
    // The cell that is not a name, among names; an empty one.
    for (row, column) in [("a,NA", 2), ("a,1e400,c", 2), ("a,b,", 3), ("a,,c", 2), (",", 1), (",,", 1), ("a,\"\"", 2)] {
        let message = nn.refusal(format!("{row}\n1,2\n"));
        assert!(message.starts_with(&format!("line 1, column {column}: ")), "{row}: {message}");
        assert!(message.ends_with("(--header yes skips this line)"), "{row}: {message}");
    }
}

#[test]
fn a_first_line_of_names_is_a_header() {
    let nn = Predictor::new(CLASSES);
    for header in [
        "x,y",
        "x,y,class",
        "\"x\",\"y\"",
        " x , y ",
        "x,x",
        "\u{feff}x,y",
        "\u{feff}\"x\",\"y\"",
        "\n\n\u{a0}\nx,y",
        "x,y\r",
        "1stFlrSF,2ndFlrSF",
        "größe,長さ",
        "x (cm),y (%)",
        "\"x, left\",y",
        "\u{1b}[31mx,y",
    ] {
        assert_eq!(nn.classes(format!("{header}\n5,1\n-5,1\n"), &[]), ("ab".to_owned(), String::new()), "{header}");
        assert_eq!(nn.classes(format!("{header}\n5,1\n-5,1\n"), &["--header", "yes"]).0, "ab", "{header}");
    }
    // Another width means that the cells are not where they seem.
    let message = nn.refusal("x;y;class\n5,1\n");
    assert_eq!(message, "line 1: 1 column, but the model has 2 inputs (with targets: 3 columns)");
}

#[test]
fn index_columns_of_data_frames_are_refused() {
    let nn = Predictor::new(CLASSES);
    for table in [
        ",x,y\n0,5,1\n",
        "\"\",\"x\",\"y\"\n\"1\",5,1\n",
        " ,x,y\n0,5,1\n",
        "\u{feff},x,y\n0,5,1\n",
        ",0,1\n0,5,1\n",
        ",x,y,class\n0,5,1,a\n",
        "Unnamed: 0,x,y\n0,5,1\n",
    ] {
        let message = nn.refusal(table);
        assert!(message.starts_with("line 1, column 1: ") && message.contains("index column"), "{table}: {message}");
    }
    let (_, warning) = nn.classes(",x,y\n0,5,1\n", &["--header", "yes"]);
    assert!(warning.starts_with("warning: standard input: line 1, column 1: "), "{warning}");
}

/// One column too many, and the last one ignored: what cannot be known is said.
#[test]
fn a_column_that_is_perhaps_an_index_is_warned_of() {
    let nn = Predictor::new(CLASSES);
    for table in ["id,x,y\n0,5,1\n", "Index,x,y\n0,5,1\n", "0,5,1.5\n1,5,2.5\n", "n,x,y\n7,5,-1e-3\n"] {
        let (_, warning) = nn.classes(table, &[]);
        assert!(warning.starts_with("warning: standard input: line ") && warning.lines().count() == 1, "{warning}");
        assert!(warning.contains(" is ignored as a target: is column 1 an index?"), "{warning}");
    }
    for table in ["id,x\n0,5\n", "x,y,class\n0,5,1\n", "5,1.5\n", "5,1.5,a\n", "5,1.5,7\n5,1,0.5\n", "5,1,1e300\n"] {
        assert_eq!(nn.classes(table, &[]).1, "", "{table}");
    }
    let regression = data("two-by-two.json");
    let output = nn_with_input(&["predict", text(&regression)], b"1,2,0.5,0.5\n");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn the_header_option_overrides_what_the_first_line_looks_like() {
    let nn = Predictor::new(CLASSES);
    for first in ["0,1", "0,1,2", "nan,nan", "NA,NA", "1e400,1", "x,y", ",", "7", "\"open", "a\"b,c", "\"a\"b"] {
        let skipped = nn.classes(format!("{first}\n5,1\n-5,1\n"), &["--header", "yes"]);
        assert_eq!(skipped, ("ab".to_owned(), String::new()), "{first}");
    }
    assert_eq!(nn.classes("0,1\n5,1\n", &["--header", "no"]), ("aa".to_owned(), String::new()));
    let refused = refusal_of(&nn.run("x,y\n5,1\n", &["--header", "no"]));
    assert_eq!(refused, "error: standard input: line 1, column 1: `x` is not a number");
    assert_eq!(failure_of(&nn.run("5,1\n", &["--header", "maybe"])).0, 2);

    // Columns that a program has numbered.
    for first in ["0,1", "0,1,2", "0,1,class", "\"0\",\"1\"", " 0 , 1 "] {
        let (classes, warning) = nn.classes(format!("{first}\n5,1\n"), &[]);
        assert_eq!(classes, "aa", "read as a row: {first}");
        assert!(warning.starts_with("warning: standard input: line 1 is 0, 1, 2, … "), "{first}: {warning}");
        assert!(warning.contains("--header yes") && warning.lines().count() == 1, "{warning}");
    }
    for first in ["0,0", "1,2", "0,1,0", "0.0,1.0", "5,1"] {
        assert_eq!(nn.classes(format!("{first}\n5,1\n"), &[]).1, "", "{first}");
    }
}

#[test]
fn without_rows_there_is_a_warning() {
    let nn = Predictor::new(CLASSES);
    for (table, options, said) in [
        ("", &[][..], "there are no rows"),
        ("\n \r\n", &[], "there are no rows"),
        ("\u{feff}", &[], "there are no rows"),
        ("\nx,y\n", &[], "there are no rows after the header, line 2"),
        ("1,2\n", &["--header", "yes"], "there are no rows after the header, line 1"),
    ] {
        let (classes, warning) = nn.classes(table, options);
        assert_eq!((classes.as_str(), warning), ("", format!("warning: standard input: {said}\n")), "{table:?}");
        assert_eq!(stdout(&nn.run(table, &[options, &["--format", "json"]].concat())), "[]\n");
    }
}

#[test]
fn a_row_on_which_the_model_overflows_is_named() {
    let layers = |layers: &str| {
        format!(r#"{{"format": "nn-model", "version": 1, "loss": "least-squares", "layers": [{layers}]}}"#)
    };
    let linear = layers(r#"{"activation": "identity", "weight": [[1e200], [-1e200]], "bias": [0, 0]}"#);
    // What saturates looks well; that z is finite cannot be seen from outside.
    let inside = layers(
        r#"{"activation": "tanh", "weight": [[1e200]], "bias": [0]},
           {"activation": "sigmoid", "weight": [[1]], "bias": [0]}"#,
    );
    let not_a_number = layers(
        r#"{"activation": "identity", "weight": [[1e200], [1e200]], "bias": [0, 0]},
           {"activation": "sigmoid", "weight": [[1, -1]], "bias": [0]}"#,
    );
    let softmax = r#"{"format": "nn-model", "version": 1, "loss": "cross-entropy",
        "layers": [{"activation": "softmax", "weight": [[1e200], [-1e200]], "bias": [0, 0]}]}"#;
    let scale =
        IDENTITY.replace("\"version\": 1", "\"version\": 1, \"standardize\": {\"mean\": [0], \"scale\": [1e-320]}");
    let single =
        IDENTITY.replace("\"version\": 1", "\"version\": 1, \"precision\": \"f32\"").replace("[[1]]", "[[1e30]]");
    for (model, row, what) in [
        (linear.as_str(), "1e200", "z⁽¹⁾ of unit 1 is inf"),
        (&inside, "-1e200", "z⁽¹⁾ of unit 1 is -inf"),
        (&not_a_number, "1e200", "z⁽¹⁾ of unit 1 is inf"),
        (softmax, "1e200", "z⁽¹⁾ of unit 1 is inf"),
        (&scale, "1e10", "input 1, standardised, is inf"),
        (&single, "1e20", "z⁽¹⁾ of unit 1 is inf"),
    ] {
        let nn = Predictor::new(model);
        // Behind a header and a blank line, and in a later block.
        for (before, line) in [("x\n0\n\n".to_owned(), 4), ("0\n".repeat(3000), 3001)] {
            for format in ["text", "json"] {
                let output = nn.run(format!("{before}{row}\n0\n"), &["--format", format]);
                assert_eq!(refusal_of(&output), format!("error: standard input: line {line}: {what}"));
                assert!(!String::from_utf8_lossy(&output.stdout).to_lowercase().contains("nan"), "{output:?}");
            }
        }
        assert_eq!(stdout(&nn.run("0\n0\n", &[])).lines().count(), 3);
    }
}

#[test]
fn every_kind_of_line_end_is_read_and_counted() {
    let nn = Predictor::new(CLASSES);
    for end in ["\n", "\r\n", "\r", "\r\r\n", "\r\r\r\n"] {
        let rows = ["1,2", "-3,4", "5,6"].map(|row| format!("{row}{end}")).concat();
        assert_eq!(nn.classes(&rows, &[]).0, "aba", "{end:?}");
        assert_eq!(nn.classes(rows.trim_end(), &[]).0, "aba", "{end:?}");
        assert_eq!(nn.classes(format!("x,y{end}{rows}"), &[]).0, "aba", "{end:?}");
        let refused = nn.refusal(format!("1,2{end}3,4{end}{end}5,x{end}"));
        assert_eq!(refused, "line 4, column 2: `x` is not a number", "{end:?}");
    }
    assert_eq!(nn.refusal("1,2\r3,4\r5,x\r"), "line 3, column 2: `x` is not a number");
}

#[test]
fn a_byte_order_mark_is_read_over_and_other_encodings_are_refused_by_name() {
    let folder = folder();
    let batch = r#"{"inputs": [[0.05, 0.1]], "targets": [[0.01, 0.99]]}"#;
    let model = std::fs::read_to_string(data("two-by-two.json")).expect("a model");
    let good = written(folder.path(), "good.json", format!("\u{feff}{model}"));
    let examples = written(folder.path(), "examples.json", format!("\u{feff}{batch}"));
    stdout(&nn(&["explain", text(&good), "--examples", text(&examples)]));
    stdout(&nn(&["check", text(&good)]));
    assert_eq!(stdout(&nn_with_input(&["predict", text(&good)], "\u{feff}1,2\n".as_bytes())).lines().count(), 2);

    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let foreign = |text: &str| {
        let marked = format!("\u{feff}{text}");
        [
            (utf16(&marked, u16::to_le_bytes), "UTF-16"),
            (utf16(&marked, u16::to_be_bytes), "UTF-16"),
            (utf16(text, u16::to_le_bytes), "UTF-16"),
            (utf16(text, u16::to_be_bytes), "UTF-16"),
            (marked.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(), "UTF-32"),
            (b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(), "gzip"),
            (b"PK\x03\x04".to_vec(), "zip"),
        ]
    };
    let bad = folder.path().join("bad");
    for (bytes, name) in foreign(&model) {
        std::fs::write(&bad, bytes).expect("written");
        let line = refusal(&["predict", text(&bad)]);
        assert!(line.contains(name) && !line.contains("expected value"), "{line}");
        let line = refusal(&["train", "xor", "--model", text(&bad)]);
        assert!(line.contains(name), "{line}");
    }
    for (bytes, name) in foreign(batch) {
        std::fs::write(&bad, bytes).expect("written");
        let line = refusal(&["explain", text(&good), "--examples", text(&bad)]);
        assert!(line.contains(name), "{line}");
    }
    for (bytes, name) in foreign("1,2\n3,4\n") {
        std::fs::write(&bad, bytes).expect("written");
        let line = refusal(&["predict", text(&good), text(&bad)]);
        assert!(line.contains(name), "{line}");
    }
    // A place counts the mark.
    std::fs::write(&bad, b"\xef\xbb\xbf{\"inputs\": \"\xff\"}").expect("written");
    let line = refusal(&["explain", text(&good), "--examples", text(&bad)]);
    assert!(line.ends_with("byte 15: the text is not UTF-8"), "{line}");
    std::fs::write(&bad, "\u{feff}{\"inputs\": nan}").expect("written");
    let line = refusal(&["explain", text(&good), "--examples", text(&bad)]);
    assert!(line.contains("line 1 column 13"), "{line}");
}

/// The line of a refusal: what a terminal would obey is not in it, and it is short.
fn is_harmless(line: &str) -> bool {
    line.chars().all(|c| !c.is_control() && !"\u{202e}\u{200b}\u{feff}\u{2028}".contains(c)) && line.len() < 2_000
}

#[test]
fn messages_show_texts_of_users_and_do_not_obey_them() {
    let predictor = Predictor::new(CLASSES);
    for cell in [
        "\u{1b}[31mred",
        "\u{1b}]0;title\u{7}",
        "\u{9b}2J",
        "a\u{8}\u{8}b",
        "\u{202e}5",
        "5\u{200b}",
        "5\u{b}5",
        "5\u{85}5",
    ] {
        for rows in [format!("1,{cell}5\n"), format!("1,2\n1,\"{cell}5\"\n"), format!("x,?{cell}\n1{cell},2\n")] {
            let line = predictor.refusal(&rows);
            assert!(is_harmless(&line) && line.contains("\\u{"), "{line}");
        }
    }
    let long = "x".repeat(60_000);
    for rows in [
        format!("1,{long}\n"),
        format!("1,2\n{long},2\n"),
        format!("1,{}\n", "x".repeat(1_000_000)),
        "5".repeat(1 << 20),
    ] {
        assert!(predictor.refusal(&rows).len() < 200);
    }

    // Texts of JSON, which libraries quote too.
    let folder = folder();
    let path = folder.path().join("model.json");
    let nasty = r"\u001b[31m\u0007\u202e";
    for (from, to) in [
        ("nn-model", nasty),
        ("cross-entropy", nasty),
        ("softmax", nasty),
        ("\"classes\"", "\"\\u001b[31m\""),
        ("[0, 0]", "\"\\u001b[31m\\n\""),
        ("\"a\", \"b\"", "\"\\u001b[31m\", \"\\u001b[31m\""),
        ("nn-model", &long),
        ("softmax", &long),
        ("\"classes\"", &format!("\"{long}\"")),
        ("[0, 0]", &format!("\"{long}\"")),
        ("\"a\", \"b\"", &format!("\"{long}\", \"{long}\"")),
    ] {
        assert!(CLASSES.contains(from), "{from}");
        std::fs::write(&path, CLASSES.replacen(from, to, 1)).expect("written");
        let line = refusal(&["predict", text(&path)]);
        assert!(is_harmless(&line), "{from} → {to}: {line}");
    }
    let iris = CLASSES.replace("[1, 0], [-1, 0]", "[0, 0]").replace("[0, 0]}", "[0]}").replace("softmax", "sigmoid");
    let iris = iris.replace("cross-entropy", "binary-cross-entropy").replace("\"a\"", "\"\\u001b[31m\"");
    std::fs::write(&path, iris).expect("written");
    let line = refusal(&["evaluate", text(&path), "moons"]);
    assert!(is_harmless(&line) && line.contains("\\u{1b}[31m"), "{line}");

    // Arguments, which the parser quotes.
    for (args, quoted) in [
        (&["train", "\u{1b}[31m"][..], "'\\u{1b}[31m'"),
        (&["predict", "m", "--format", "\u{1b}]0;title\u{7}"], "'\\u{1b}]0;title\\u{7}'"),
        (&["two\nlines"], "'two\\nlines'"),
        (&["train", &long], "xxx … xxx"),
    ] {
        let (code, message) = failure_of(&nn(args));
        assert!(code == 2 && message.contains(quoted), "{message}");
        assert!(message.lines().all(is_harmless), "{message}");
    }
}

/// Names of files may hold anything but NUL.
#[cfg(unix)]
#[test]
fn messages_show_names_of_files_and_do_not_obey_them() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder();
    for name in [&b"\x1b[31m.json"[..], b"two\nlines", b"two  spaces", b"\xff\x07", b"\xe2\x80\xae", &[b'x'; 255]] {
        let path = folder.path().join(std::ffi::OsStr::from_bytes(name));
        let predict = |model: &Path, csv: Option<&Path>| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_nn"));
            refusal_of(&command.arg("predict").arg(model).args(csv).output().expect("the program runs"))
        };
        for line in [predict(&path, None), predict(&data("two-by-two.json"), Some(&path))] {
            assert!(is_harmless(&line) && line.contains(": No such file"), "{line}");
        }
        std::fs::write(&path, "5\n").expect("written");
        for line in [predict(&path, None), predict(&data("two-by-two.json"), Some(&path))] {
            assert!(is_harmless(&line) && line.contains("line 1") || line.contains("invalid type"), "{line}");
        }
        if name.contains(&b' ') {
            assert!(predict(&path, None).contains("two  spaces: "));
        }
    }
}

#[test]
fn a_quoted_empty_cell_is_empty() {
    let one = Predictor::new(IDENTITY);
    for (rows, line) in
        [("\"\"\n", 1), ("5\n\"\"\n", 2), ("5\n \"\" \n", 2), ("5\n\" \"\n", 2), ("\n5\n\n\"\t\"\r\n6\n", 4)]
    {
        let message = one.refusal(rows);
        assert!(message.starts_with(&format!("line {line}, column 1: the cell is empty")), "{rows:?}: {message}");
    }
    // Not of a cell: a line on which there is nothing.
    assert_eq!(stdout(&one.run("5\n\n \t\r\n\u{a0}\n6\n", &[])), "y_1\n5\n6\n");
    let two = Predictor::new(CLASSES);
    for rows in ["1,\"\"\n", "1,\n", "1,2,\n", "1, \n", "1,2,\"\"\n"] {
        assert!(two.refusal(rows).contains(": the cell is empty"), "{rows:?}");
    }
}

#[test]
fn a_quote_that_is_not_closed_on_its_line_is_refused_where_it_opens() {
    let nn = Predictor::new(CLASSES);
    for (rows, line, column) in [
        ("1,2,\"unclosed\n3,4\n5,6\n", 1, 3),
        ("1,2\n3,\"4\n5,6\"\n", 2, 2),
        ("1,2\n\"3,4\n", 2, 1),
        ("1,2\n 3 , \"4", 2, 2),
        ("\"x,y\n1,2\n", 1, 1),
        ("1,2\r\n3,\"4\r\n", 2, 2),
        ("1,2\r3,\"4\r", 2, 2),
        ("1,2,\"a\"\"\n", 1, 3),
        ("\"", 1, 1),
        ("1,\"2\n", 1, 2),
    ] {
        let message = nn.refusal(rows);
        assert_eq!(message, format!("line {line}, column {column}: the quote is not closed on its line"), "{rows:?}");
    }
    // A quoted cell is a whole cell: no number is made of two pieces.
    for rows in ["\"1\"2,3\n", "1,\"2\" 3\n", "1,\"2\"\"3\"4\n", "\"1\"\"2\"\"\"x,3\n"] {
        assert!(nn.refusal(rows).ends_with("text after the closing quote"), "{rows:?}");
    }
    for rows in
        ["\"5\",1\n\"-5\" , \"1\" \n", "5,1,\"a,b\"\n-5,1,\"he said \"\"no\"\"\"\n", "5,1,5\" pipe\n-5,1,\"\"\"\"\n"]
    {
        assert_eq!(nn.classes(rows, &[]).0, "ab", "{rows:?}");
    }
}

/// Each of these ends by itself; the harness would end it after its limit.
#[cfg(unix)]
#[test]
fn input_without_end_is_refused() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let model = data("two-by-two.json");
    for path in ["/dev/zero", "/dev/null", text(&pipe)] {
        let message = format!("error: {path}: it is not a regular file");
        assert_eq!(refusal(&["predict", path]), message);
        assert_eq!(refusal(&["train", "xor", "--model", path]), message);
        assert_eq!(refusal(&["explain", text(&model), "--examples", path]), message);
    }
    assert_eq!(refusal(&["predict", text(&model), "/dev/zero"]), "error: /dev/zero: line 1 is longer than 16 MiB");
    for options in [&["--header", "yes"][..], &["--header", "no"], &["--format", "json"]] {
        let line = refusal(&[&["predict", text(&model), "/dev/zero"], options].concat());
        assert_eq!(line, "error: /dev/zero: line 1 is longer than 16 MiB");
    }
    // A pipe is as good as a file.
    let writer = thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, "1,2\n")
    });
    assert_eq!(stdout(&nn(&["predict", text(&model), text(&pipe)])).lines().count(), 2);
    writer.join().expect("the writer ends").expect("written");
}

#[test]
fn files_that_are_too_large_or_empty_or_folders_are_refused() {
    let folder = folder();
    let model = data("two-by-two.json");
    let large = folder.path().join("large");
    let sparse = std::fs::File::create(&large).and_then(|file| file.set_len((1 << 30) + 1));
    sparse.expect("a file that takes no room");
    let empty = written(folder.path(), "empty", "");
    for (path, message) in [
        (text(&large), "the file is larger than 1 GiB"),
        (text(&empty), "EOF while parsing a value at line 1 column 0"),
        (text(folder.path()), "it is a directory, not a file"),
    ] {
        for args in [&["predict", path][..], &["check", path], &["explain", text(&model), "--examples", path]] {
            assert_eq!(refusal(args), format!("error: {path}: {message}"));
        }
    }
    assert!(refusal(&["predict", text(&model), text(folder.path())]).starts_with("error: "));
    assert!(refusal(&["predict", text(&model), text(&large)]).ends_with("line 1 is longer than 16 MiB"));
}

/// Answers come before the input ends, and the program ends when nobody reads them.
#[test]
fn rows_are_answered_as_they_come() {
    let model = data("two-by-two.json");
    for (format, begins) in [("text", "y_1,y_2"), ("json", "[{\"y\":[")] {
        let mut child = start(&["predict", text(&model), "--format", format]);
        let mut input = child.stdin.take().expect("a pipe");
        let rows = "0.5,0.25\n".repeat(2_000);
        input.write_all(rows.as_bytes()).expect("the program reads");
        let line = first_line(&mut child);
        assert!(line.starts_with(begins), "{line}");
        // The next block finds that nobody reads.
        let writer = thread::spawn(move || while input.write_all(rows.as_bytes()).is_ok() {});
        let output = output_of(child);
        writer.join().expect("the writer ends");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn blocks_of_rows_make_one_table_and_one_list() {
    let nn = Predictor::new(IDENTITY);
    for rows in [1, 1023, 1024, 1025, 2048, 5000] {
        let input: String = (0..rows).map(|i| format!("{i}.5\n")).collect();
        assert_eq!(stdout(&nn.run(&input, &[])), format!("y_1\n{input}"));
        let list = json(&stdout(&nn.run(&input, &["--format", "json"])));
        let list = list.as_array().expect("a list");
        assert!(list.len() == rows && list.iter().zip(0..).all(|(row, i)| row["y"][0] == f64::from(i) + 0.5));
    }
}

/// 8 MB of rows, and the numbers of a model, within less address space than would hold them.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_rows_and_may_run_out() {
    let folder = folder();
    let rows = written(folder.path(), "rows.csv", "0.5,0.25\n".repeat(900_000));
    let limited = |kilobytes, args: &[&str]| nn_under(&format!("ulimit -v {kilobytes} && exec \"$@\""), args);
    for format in ["text", "json"] {
        let output = limited(100_000, &["predict", text(&data("two-by-two.json")), text(&rows), "--format", format]);
        let lines = stdout(&output).lines().count();
        assert_eq!(lines, 900_000 + usize::from(format == "text"));
    }
    let row = vec!["0.125"; 1_000].join(",");
    let weight = vec![format!("[{row}]"); 1_000].join(",");
    let zeros = vec!["0"; 1_000].join(",");
    let model = format!(
        r#"{{"format": "nn-model", "version": 1, "loss": "least-squares",
            "layers": [{{"activation": "identity", "weight": [{weight}], "bias": [{zeros}]}}]}}"#
    );
    let path = written(folder.path(), "large.json", model);
    let line = refusal_of(&limited(30_000, &["predict", text(&path), text(&rows)]));
    assert!(line.contains("large.json: ") && line.contains("memory"), "{line}");
}

#[test]
fn large_numbers_in_messages_are_short() {
    let folder = folder();
    let path = folder.path().join("file.json");
    for (from, to) in [
        ("\"version\": 1", "\"version\": 1, \"standardize\": {\"mean\": [0], \"scale\": [-1e308]}"),
        ("\"version\": 1", "\"version\": 1, \"precision\": \"f32\", \"metadata\": [[1e308]]"),
    ] {
        std::fs::write(&path, IDENTITY.replace(from, to).replace("[[1]]", "[[1e308]]")).expect("written");
        let line = refusal(&["check", text(&path)]);
        assert!(line.contains("1e308") && !line.contains("00000"), "{line}");
    }
    std::fs::write(&path, r#"{"inputs": [[1e308, 1]], "targets": [[1, 1]]}"#).expect("written");
    let line = refusal(&["explain", text(&data("two-by-two.json")), "--examples", text(&path), "--precision", "f32"]);
    assert!(line.ends_with("example 1: 1e308 overflows f32"), "{line}");
}
