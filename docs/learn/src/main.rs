//! `cargo learn`: the exercises of the book.
//!
//! The shipped code, sources and examples, is the solution of every exercise: its body stands between
//! `// BEGIN SOLUTION 7.2` and `// END SOLUTION 7.2`. A learner's workspace is a copy without these bodies. An exercise is
//! described by one file in `docs/exercises`, and judged by tests of the crate that its function is in.
#![forbid(unsafe_code)]

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exercise::Id;
use failure::Failure;

mod exercise;
mod failure;
mod gate;
mod learner;
mod record;
mod report;
mod run;
mod source;
mod workspace;

/// The exercises: write backpropagation yourself, and be told when it is right and which mistake you made.
#[derive(Parser)]
#[command(name = "cargo learn", bin_name = "cargo learn", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Make a workspace of your own, in a new folder, in which the bodies are yours to write
    New {
        /// The new folder, such as ../mine
        dir: PathBuf,
        /// Begin with this chapter; what comes before it is solved
        #[arg(long, value_name = "CHAPTER", default_value_t = 2)]
        from: usize,
    },
    /// Judge what you have written: the next exercise, or another
    Check {
        /// The exercise, such as 7.2
        id: Option<Id>,
        /// All exercises that are begun, a line for each
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
    /// Show a hint; each time one more
    Hint {
        /// The exercise; without it, the next
        id: Option<Id>,
    },
    /// Show the shipped body of an exercise that you have solved
    Solution {
        /// The exercise
        id: Id,
        /// Show it although it is not solved yet
        #[arg(long)]
        anyway: bool,
    },
    /// Take back what you have written for an exercise
    Reset {
        /// The exercise
        id: Id,
    },
    /// For those who write exercises: that every wrong body is caught and named, and every right one passes
    Gate {
        /// Write the file of fingerprints anew
        #[arg(long)]
        update: bool,
    },
}

/// Prints a line; a reader who has gone is no failure.
fn say(line: fmt::Arguments<'_>) {
    use std::io::Write;
    let _ = writeln!(anstream::stdout(), "{line}");
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            use std::io::Write;
            let _ = writeln!(anstream::stderr(), "cargo learn: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Whether what was judged is right.
fn run(command: Option<Command>) -> Result<bool, Failure> {
    let here = std::env::current_dir().map_err(|e| Failure::new(format!("this folder: {e}")))?;
    let (root, is_learners) = workspace::find(&here)?;
    match command {
        Some(Command::New { dir, from }) if !is_learners => {
            learner::new(&root, &here.join(&dir), &dir, from).map(|()| true)
        }
        Some(Command::Gate { update }) if !is_learners => gate::run(&root, update),
        Some(Command::New { .. } | Command::Gate { .. }) => {
            Err(Failure::new("this is a learner's workspace; run that in the project itself"))
        }
        None if !is_learners => {
            report::welcome(&exercise::read_all(&root)?);
            Ok(true)
        }
        _ if !is_learners => {
            Err(Failure::new("this is the project itself; `cargo learn new ../mine` makes a workspace of your own"))
        }
        command => {
            let mut learner = learner::Learner::read(root)?;
            match command {
                Some(Command::Check { all: true, .. }) => learner.check_all(),
                Some(Command::Check { id, .. }) => learner.check(id),
                Some(Command::Hint { id }) => learner.hint(id).map(|()| true),
                Some(Command::Solution { id, anyway }) => learner.solution(id, anyway).map(|()| true),
                Some(Command::Reset { id }) => learner.reset(id).map(|()| true),
                _ => {
                    learner.progress();
                    Ok(true)
                }
            }
        }
    }
}
