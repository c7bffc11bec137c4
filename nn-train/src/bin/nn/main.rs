//! The program `nn`: trains small neural networks and shows every number on the way.
#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use failure::Failure;
use output::Out;

mod args;
mod check;
mod data;
mod evaluate;
mod explain;
mod failure;
mod history;
mod memory;
mod model_file;
mod output;
mod predict;
mod progress;
mod run_folder;
mod summary;
mod table;
mod train;

fn main() -> ExitCode {
    let result = Cli::try_parse().map_or_else(
        |message| print(&message),
        |cli| match cli.command {
            None => train::first_run(),
            Some(Command::Train(args)) => train::run(&args),
            Some(Command::Evaluate(args)) => evaluate::run(&args),
            Some(Command::Predict(args)) => predict::run(&args),
            Some(Command::Explain(args)) => explain::run(&args),
            Some(Command::Check(args)) => check::run(&args),
        },
    );
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

/// Prints what the argument parser has to say instead of arguments: help, or what is wrong with them.
fn print(message: &clap::Error) -> Result<(), Failure> {
    if message.use_stderr() {
        message.exit();
    }
    Out::new(false).check(message.print())
}

fn report(failure: &Failure) -> ExitCode {
    if let Some(message) = failure.message() {
        // Where standard error is closed there is no one to tell.
        let _ = writeln!(std::io::stderr(), "error: {message}");
    }
    ExitCode::from(failure.exit_code())
}
