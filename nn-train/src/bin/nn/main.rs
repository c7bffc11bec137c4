//! The program `nn`: trains small neural networks and shows every number on the way.
#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};
use nn_train::{escaped, one_line};

use args::{Cli, Command};
use failure::Failure;
use output::Out;

mod args;
mod check;
mod course;
mod csv_file;
mod data;
mod defaults;
mod diagnose;
mod evaluate;
mod explain;
mod failure;
mod history;
mod idx_files;
mod job;
mod memory;
mod model_file;
mod output;
mod predict;
mod progress;
mod purpose;
mod resume;
mod run_folder;
mod summary;
mod train;
mod values;

fn main() -> ExitCode {
    let parsed = Cli::command().try_get_matches().and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let result = parsed.map_or_else(refuse, |(cli, matches)| match cli.command {
        None => train::first_run(),
        Some(Command::Train(args)) => train::run(&args, &matches),
        Some(Command::Evaluate(args)) => evaluate::run(&args),
        Some(Command::Predict(args)) => predict::run(&args),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Diagnose(args)) => diagnose::run(&args),
        Some(Command::Check(args)) => check::run(&args),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

/// Says what the argument parser has to say instead of arguments: help, or what is wrong with them.
///
/// What is wrong quotes the arguments, as a terminal shows them: it is what the parser says of the escaped arguments.
fn refuse(error: clap::Error) -> Result<(), Failure> {
    if !error.use_stderr() {
        return Out::new(false).check(error.print());
    }
    let arguments = std::env::args_os().map(|argument| escaped(&argument.to_string_lossy()));
    let error = Cli::try_parse_from(arguments).err().unwrap_or(error);
    let message = error.to_string();
    let lines: Vec<String> = message.lines().map(one_line).collect();
    if lines.iter().ne(message.lines()) {
        // Where standard error is closed there is no one to tell.
        let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
        std::process::exit(error.exit_code());
    }
    error.exit()
}

fn report(failure: &Failure) -> ExitCode {
    if let Some(message) = failure.message() {
        // Where standard error is closed there is no one to tell.
        let _ = writeln!(std::io::stderr(), "error: {message}");
    }
    ExitCode::from(failure.exit_code())
}
