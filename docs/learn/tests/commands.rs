//! The commands of a learner that need no compiler, in a workspace of their own.

use std::path::Path;
use std::process::Command;

/// Whether it succeeded, and what it said on both streams.
fn learn(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nn-learn"));
    let output = command.current_dir(folder).args(arguments).output().expect("the program runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("UTF-8"))
}

#[track_caller]
fn says(folder: &Path, command: &str, success: bool, words: &[&str]) {
    let arguments: Vec<&str> = command.split(' ').collect();
    let (succeeded, text) = learn(folder, &arguments);
    assert_eq!(succeeded, success, "{command}: {text}");
    words.iter().for_each(|word| assert!(text.contains(word), "{command}: no `{word}` in\n{text}"));
}

#[test]
fn a_learner_answers_passes_over_tries_and_takes_back() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the project");
    let folder = tempfile::tempdir().expect("a folder");
    let mine = folder.path().join("mine");
    says(project, &format!("new {}", mine.display()), true, &["58 functions to write, and 19 questions"]);

    // Answers are written down, whether they are right or not, and judged again by `check`.
    says(&mine, "answer 2.4 1/2", false, &["your answer", "That is not right", "the activation there"]);
    says(&mine, "check 2.4", false, &["1/2", "the activation there"]);
    says(&mine, "answer 2.4 0.25", true, &["That is right", "Next: 2.1"]);
    says(&mine, "answer 5.7 -(a - 1) * a", true, &["That is right"]);
    says(&mine, "answer 5.7 -1", false, &["cargo learn hint 5.7"]);
    says(&mine, "answer 4.11 B.", true, &["The unit is dead"]);
    says(&mine, "answer 7.7 7", false, &["2 numbers are asked for, and 1 given"]);
    says(&mine, "answer 7.2 1", false, &["exercise 7.2 asks for the body of hidden_delta"]);
    let answers = std::fs::read_to_string(mine.join("answers.toml")).expect("the answers");
    assert!(
        answers.contains("\"2.4\" = \"0.25\"\n\"5.7\" = \"-1\"\n\"4.11\" = \"B.\"\n\"7.7\" = \"7\"\n"),
        "{answers}"
    );

    // Around an exercise.
    says(&mine, "skip 2.1", true, &["Next: 2.2"]);
    says(&mine, "use reference 2.2", true, &["cargo learn reset 2.2"]);
    says(&mine, "use reference 2.4", false, &["is a question"]);
    let (_, progress) = learn(&mine, &[]);
    assert!(
        progress.contains("One neuron by hand          » = · ✓") && progress.contains("Exercise 2.3"),
        "{progress}"
    );
    says(&mine, "reset 2.2", true, &["is to be written again"]);
    let source = std::fs::read_to_string(mine.join("nn-core/src/activation.rs")).expect("a source");
    assert!(source.contains("todo!(\"exercise 2.2: sigmoid_derivative\")"));

    // A program to run and to change, which is not written over.
    says(&mine, "try 7.2", true, &["--package scratch --example chapter_7"]);
    let program = mine.join("scratch/examples/chapter_7.rs");
    std::fs::write(&program, "fn main() {}").expect("it can be changed");
    says(&mine, "try 7.1", true, &["is there already"]);
    assert_eq!(std::fs::read_to_string(&program).expect("the program"), "fn main() {}");
    says(&mine, "try 13.1", false, &["has no snippet in Rust"]);

    // What belongs to the project, and what does not.
    says(&mine, "grade .", false, &["run that in the project itself"]);
    says(project, "answer 2.4 1", false, &["cargo learn new ../mine"]);
    says(project, "grade --format gradescope a b", false, &["takes one workspace"]);
    says(project, "grade --chapter 1 a", false, &["no exercise in that chapter"]);
}
