//! Running the program from a test: its output, its exit code, and a limit on its time.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// No run of a test takes nearly this long: one that does hangs, is killed, and fails the test.
const LIMIT: Duration = Duration::from_secs(60);

/// A file of tests/data.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Runs the program to its end, with nothing on standard input.
pub(crate) fn nn(args: &[&str]) -> Output {
    nn_with_input(args, b"")
}

/// Runs the program to its end.
pub(crate) fn nn_with_input(args: &[&str], input: &[u8]) -> Output {
    let mut child = start(args);
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // A program that refuses its arguments closes its input without reading: the write fails, and that is fine.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = output_of(child);
    writer.join().expect("the writer ends");
    output
}

/// Starts the program with a pipe at each end.
pub(crate) fn start(args: &[&str]) -> Child {
    start_command(Command::new(NN).args(args), Stdio::piped())
}

/// Where the program is.
pub(crate) const NN: &str = env!("CARGO_BIN_EXE_nn");

/// Runs a shell script, in which `"$@"` is the program with its arguments: what it sets holds for the program too. The
/// script ends with `exec`, so that a run beyond its limit is killed itself.
#[cfg(target_os = "linux")]
pub(crate) fn nn_under(script: &str, args: &[&str]) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh", NN]).args(args);
    output_of(start_command(&mut shell, Stdio::piped()))
}

/// Starts something with another standard output than a pipe.
pub(crate) fn start_command(command: &mut Command, stdout: impl Into<Stdio>) -> Child {
    command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// Waits for a line of a program that goes on running. What it prints afterwards is read and forgotten.
pub(crate) fn wait_for(child: &mut Child, is_wanted: impl Fn(&str) -> bool + Send + 'static) {
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let (found, wanted) = mpsc::channel();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok).filter(|line| is_wanted(line)) {
            // Whoever was waiting for the first such line has it.
            let _ = found.send(line);
        }
    });
    if wanted.recv_timeout(LIMIT).is_err() {
        let _ = child.kill();
        panic!("the program ended, or {LIMIT:?} passed, without the line");
    }
}

/// The first line of a program's standard output, which is closed then.
pub(crate) fn first_line(child: &mut Child) -> String {
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let (sender, first) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = stdout.read_line(&mut line);
        drop(stdout);
        // Beyond the limit nobody waits any more.
        let _ = sender.send(read.map(|_| line));
    });
    first
        .recv_timeout(LIMIT)
        .unwrap_or_else(|_| {
            let _ = child.kill();
            panic!("no line after {LIMIT:?}");
        })
        .expect("a line")
}

/// The names in a folder, sorted.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = entries.map(|name| OsStr::to_string_lossy(&name).into_owned()).collect();
    names.sort();
    names
}

/// Waits for a program and collects what it prints. One that is still running at the limit is killed.
pub(crate) fn output_of(mut child: Child) -> Output {
    drop(child.stdin.take());
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a status") {
            break status;
        }
        if start.elapsed() > LIMIT {
            child.kill().expect("a program that can be killed");
            child.wait().expect("a killed program ends");
            panic!("still running after {LIMIT:?}");
        }
        thread::sleep(Duration::from_millis(2));
    };
    let [stdout, stderr] = [stdout, stderr].map(|reader| reader.join().expect("the reader ends"));
    Output { status, stdout, stderr }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).expect("a pipe that can be read");
        }
        bytes
    })
}

/// The standard output of a run that succeeds.
pub(crate) fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// The exit code and the message of a run that is to fail.
pub(crate) fn failure(args: &[&str]) -> (i32, String) {
    failure_of(&nn(args))
}

/// The exit code and the message of a run that is to fail.
pub(crate) fn failure_of(output: &Output) -> (i32, String) {
    let stderr = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert!(stderr.starts_with("error: "), "{output:?}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    (output.status.code().expect("no signal"), stderr.trim_end().to_owned())
}

/// A data or model error: exit 1 and one line.
pub(crate) fn refusal(args: &[&str]) -> String {
    refusal_of(&nn(args))
}

/// A data or model error: exit 1 and one line.
pub(crate) fn refusal_of(output: &Output) -> String {
    let (code, line) = failure_of(output);
    assert_eq!(code, 1, "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

/// A folder that is gone after the test.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder for the test")
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a UTF-8 path")
}

/// A text as JSON.
pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
