//! Compiles a crate's judging tests, and runs those of an exercise.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::failure::Failure;
use crate::record::{Case, Record};

/// A judge takes milliseconds, and an experiment a second. Whatever takes so long will not end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Where a test program finds the file to write what it did into: see nn-core/tests/support/judge.rs.
const RECORD: &str = "NN_LEARN_RECORD";

/// The environment variable by which a body is chosen, in a copy in which several are compiled.
pub(crate) const BODY: &str = "NN_LEARN_BODY";

/// The one by which an experiment is given the learner's answer.
pub(crate) const ANSWER: &str = "NN_LEARN_ANSWER";

/// What became of compiling.
#[derive(Debug)]
pub(crate) enum Built {
    /// The test program, and the compiler's warnings as it prints them.
    Program {
        path: PathBuf,
        warnings: Vec<String>,
    },
    Errors(Vec<Message>),
}

/// An error of the compiler.
#[derive(Debug)]
pub(crate) struct Message {
    /// As it is printed.
    pub(crate) text: String,
    /// Its first line, without a place.
    pub(crate) line: String,
    /// The lines that it is about, the first first; files from the workspace's folder.
    pub(crate) places: Vec<(String, usize)>,
}

impl Message {
    /// From cargo's `compiler-message`.
    fn of(message: &Value, text: String) -> Message {
        let spans = message["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
        let place = |span: &Value| {
            Some((span["file_name"].as_str()?.to_owned(), usize::try_from(span["line_start"].as_u64()?).ok()?))
        };
        let primary = spans.iter().filter(|span| span["is_primary"] == true);
        let others = spans.iter().filter(|span| span["is_primary"] != true);
        let line = message["message"].as_str().unwrap_or_default().lines().next().unwrap_or_default().to_owned();
        Message { text, line, places: primary.chain(others).filter_map(place).collect() }
    }
}

/// Compiles the judging tests of a crate, with the definitions alone.
///
/// Always into the workspace's own folder, whatever the environment says: in a folder that is shared, cargo takes the crates of
/// one copy of the project for those of another.
pub(crate) fn build(root: &Path, package: &str) -> Result<Built, Failure> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["test", "--quiet", "--no-run", "--no-default-features", "--test", "exercises"]);
    cargo.args(["--message-format=json-diagnostic-rendered-ansi", "--package", package]);
    cargo.arg("--target-dir").arg(root.join("target"));
    let spoken = tempfile::NamedTempFile::new().map_err(|e| Failure::new(format!("a temporary file: {e}")))?;
    let stderr = spoken.reopen().map_err(|e| Failure::of(spoken.path(), e))?;
    let mut child =
        cargo.stdout(Stdio::piped()).stderr(stderr).spawn().map_err(|e| Failure::new(format!("cargo: {e}")))?;
    let (mut program, mut warnings, mut errors) = (None, Vec::new(), Vec::new());
    for line in BufReader::new(child.stdout.take().expect("it is piped")).lines() {
        let line = line.map_err(|e| Failure::new(format!("cargo: {e}")))?;
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        match message["reason"].as_str() {
            Some("compiler-message") => {
                let rendered = message["message"]["rendered"].as_str().unwrap_or_default().to_owned();
                match message["message"]["level"].as_str() {
                    Some("warning") => warnings.push(rendered),
                    Some(level) if level.starts_with("error") => {
                        errors.push(Message::of(&message["message"], rendered));
                    }
                    _ => {}
                }
            }
            Some("compiler-artifact") if message["target"]["name"] == "exercises" => {
                program = message["executable"].as_str().map(PathBuf::from);
            }
            _ => {}
        }
    }
    let status = child.wait().map_err(|e| Failure::new(format!("cargo: {e}")))?;
    match program {
        Some(path) if status.success() => Ok(Built::Program { path, warnings }),
        _ if !errors.is_empty() => Ok(Built::Errors(errors)),
        _ => {
            let spoken = std::fs::read_to_string(spoken.path()).unwrap_or_default();
            Err(Failure::new(format!("cargo cannot build the tests of {package}:\n{}", spoken.trim_end())))
        }
    }
}

/// What judging tests did.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) record: Record,
    pub(crate) end: End,
}

/// How the test program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// All tests passed.
    Passed,
    /// A test failed.
    Failed,
    /// It was stopped when it had taken too long.
    Endless,
    /// It ended itself before its tests were done.
    Broken(String),
}

impl Judged {
    /// Whether each of these tests ran its cases, and all are right.
    pub(crate) fn passes(&self, tests: &[String]) -> bool {
        let has_run = |test: &String| self.record.case.iter().any(|case| case.test == *test);
        self.end == End::Passed && tests.iter().all(has_run) && self.first_wrong(tests).is_none()
    }

    /// The first case that is wrong, in the order of these tests.
    pub(crate) fn first_wrong(&self, tests: &[String]) -> Option<&Case> {
        let of_test = |test: &String| self.record.case.iter().find(|case| case.test == *test && !case.passed);
        tests.iter().find_map(of_test)
    }
}

/// Runs some tests of a test program, for so long at most, with these environment variables.
pub(crate) fn judge(
    program: &Path,
    tests: &[String],
    variables: &[(&str, &str)],
    patience: Duration,
) -> Result<Judged, Failure> {
    let folder = tempfile::tempdir().map_err(|e| Failure::new(format!("a temporary folder: {e}")))?;
    let record = folder.path().join("record.toml");
    let mut command = Command::new(program);
    command.args(["--quiet", "--exact"]).args(tests).env(RECORD, &record);
    command.env_remove(BODY).env_remove(ANSWER).envs(variables.iter().copied());
    command.env_remove("RUST_BACKTRACE").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let failed = |e| Failure::of(program, e);
    let mut child = command.spawn().map_err(failed)?;
    let start = Instant::now();
    let status = loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => break Some(status),
            None if start.elapsed() > patience => {
                child.kill().and_then(|()| child.wait()).map_err(failed)?;
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let end = match status {
        None => End::Endless,
        Some(status) if status.success() => End::Passed,
        Some(status) if status.code() == Some(101) => End::Failed,
        Some(status) => End::Broken(status.to_string()),
    };
    let text = if record.exists() {
        std::fs::read_to_string(&record).map_err(|e| Failure::of(&record, e))?
    } else {
        String::new()
    };
    let record = toml::from_str(&text).map_err(|e| Failure::of(&record, e))?;
    Ok(Judged { record, end })
}
