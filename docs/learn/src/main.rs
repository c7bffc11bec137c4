//! `cargo learn`: the exercises of the book.
//!
//! The shipped code, sources and examples, is the solution of every exercise: its body stands between
//! `// BEGIN SOLUTION 7.2` and `// END SOLUTION 7.2`. A learner's workspace is a copy without these bodies. An exercise is
//! described by one file in `docs/exercises`, and judged by tests of the crate that its function is in.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exercise::Id;
use failure::Failure;

mod answering;
mod answers;
mod detour;
mod exercise;
mod expression;
mod failure;
mod gate;
mod gate_grades;
mod grade;
mod grade_report;
mod item;
mod layout;
mod learner;
mod question;
mod record;
mod report;
mod run;
mod snippet;
mod source;
mod submission;
mod variants;
mod watch;
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
    /// Judge at every save, until you end it: the next exercise, or another
    Watch {
        /// The exercise
        id: Option<Id>,
    },
    /// Answer a question: a number, a letter, a formula, or several numbers with commas between them
    Answer {
        /// The exercise, such as 7.6
        id: Id,
        /// The answer, such as 1/4, or b, or 'a * (1 - a)'
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        answer: Vec<String>,
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
    /// Leave an exercise for later
    Skip {
        /// The exercise
        id: Id,
    },
    /// Let the shipped body stand in for an exercise, so that later ones can be done
    Use {
        #[command(subcommand)]
        what: Use,
    },
    /// Write a program of your own with the snippet of an exercise's chapter, to run and to change
    Try {
        /// The exercise
        id: Id,
    },
    /// Take back what you have written for an exercise
    Reset {
        /// The exercise
        id: Id,
    },
    /// For teachers: judge what stands in learners' workspaces by this project's own tests
    Grade {
        /// The learners' workspaces
        #[arg(required = true, value_name = "DIR")]
        dirs: Vec<PathBuf>,
        /// As a table, or for another program
        #[arg(long, value_enum, default_value_t = grade_report::Format::Text)]
        format: grade_report::Format,
        /// Only the exercises of this chapter; may be given several times
        #[arg(long = "chapter", value_name = "CHAPTER")]
        chapters: Vec<usize>,
    },
    /// For those who write exercises: that every wrong body is caught and named, and every right one passes
    Gate {
        /// Write the file of fingerprints anew
        #[arg(long)]
        update: bool,
    },
}

#[derive(Subcommand)]
enum Use {
    /// The shipped body
    Reference {
        /// The exercise
        id: Id,
    },
}

thread_local! {
    /// What is said, where it is not to be printed yet.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Prints a line; a reader who has gone is no failure.
fn say(line: fmt::Arguments<'_>) {
    use std::fmt::Write as _;
    use std::io::Write;
    let is_kept = SAID.with_borrow_mut(|said| said.as_mut().map(|said| writeln!(said, "{line}")).is_some());
    if is_kept {
        return;
    }
    let _ = writeln!(anstream::stdout(), "{line}");
}

/// Runs something, and keeps what it says instead of printing it.
fn captured<R>(run: impl FnOnce() -> R) -> (R, String) {
    SAID.set(Some(String::new()));
    let result = run();
    (result, SAID.take().unwrap_or_default())
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
        Some(Command::Grade { dirs, format, chapters }) if !is_learners => {
            let course = grade::Course::read(&root, &chapters)?;
            grade_report::check(format, &dirs)?;
            let folders: Vec<PathBuf> = dirs.iter().map(|dir| here.join(dir)).collect();
            // On standard error: the grades alone are what is written into a file.
            let what = "compiling the bodies of all, and judging them: minutes the first time";
            let _ = std::io::Write::write_all(&mut anstream::stderr(), format!("{what}\n").as_bytes());
            let graded = course.grade(&folders, &root.join("target/learn/grade"))?;
            say(format_args!("{}", grade_report::text(format, &course, &graded)));
            Ok(graded.iter().all(|graded| graded.submission.problem.is_none()))
        }
        Some(Command::New { .. } | Command::Gate { .. } | Command::Grade { .. }) => {
            Err(Failure::new("this is a learner's workspace; run that in the project itself"))
        }
        None if !is_learners => {
            report::welcome(&exercise::read_all(&root)?, &question::read_all(&root)?);
            Ok(true)
        }
        _ if !is_learners => {
            Err(Failure::new("this is the project itself; `cargo learn new ../mine` makes a workspace of your own"))
        }
        command => {
            if let Some(Command::Watch { id }) = command {
                return watch::run(&root, id);
            }
            let mut learner = learner::Learner::read(root)?;
            match command {
                Some(Command::Check { all: true, .. }) => learner.check_all(),
                Some(Command::Check { id, .. }) => learner.check(id),
                Some(Command::Answer { id, answer }) => learner.answer(id, &answer.join(" ")),
                Some(Command::Skip { id }) => learner.skip(id).map(|()| true),
                Some(Command::Use { what: Use::Reference { id } }) => learner.use_reference(id).map(|()| true),
                Some(Command::Try { id }) => learner.try_out(id).map(|()| true),
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
