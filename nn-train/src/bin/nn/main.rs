//! The program `nn`: trains small neural networks and shows every number on the way.
#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use failure::Failure;

mod args;
mod check;
mod data;
mod diagnose;
mod evaluate;
mod explain;
mod failure;
mod history;
mod model_file;
mod output;
mod predict;
mod progress;
mod summary;
mod table;
mod train;

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        None => train::first_run(),
        Some(Command::Train(args)) => train::run(&args),
        Some(Command::Evaluate(args)) => evaluate::run(&args),
        Some(Command::Predict(args)) => predict::run(&args),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Diagnose(args)) => diagnose::run(&args),
        Some(Command::Check(args)) => check::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

fn report(failure: &Failure) -> ExitCode {
    if let Some(message) = failure.message() {
        // Where standard error is closed there is no one to tell.
        let _ = writeln!(std::io::stderr(), "error: {message}");
    }
    ExitCode::from(failure.exit_code())
}
