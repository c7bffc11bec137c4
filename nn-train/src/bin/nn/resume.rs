//! `--resume`: the options of a run by name, which its checkpoint keeps, and what may change in them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches};
use nn_train::{EpochRow, FileNumber, Model, Plan, TargetScale, checkpoint_run, read_checkpoint};
use serde::{Deserialize, Serialize};

use crate::args::{Cli, Command, TrainArgs};
use crate::data::Sets;
use crate::failure::Failure;
use crate::memory::ask_for;
use crate::output::{short, warn};

/// What a checkpoint says of its run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    /// The value of each option that was given or has a default, as it is written after its name; `true` for one without
    /// a value.
    options: BTreeMap<String, String>,
    /// A checksum of the network and the examples, apart from the parameters: data and model files may have changed since.
    setup: String,
}

/// A run that goes on.
#[derive(Debug)]
pub(crate) struct Resumed {
    /// The arguments of the run, with those that are new.
    pub(crate) args: Box<TrainArgs>,
    pub(crate) matches: ArgMatches,
    run: Run,
}

/// The file that `--resume` reads, in the folder of the run.
pub(crate) const CHECKPOINT: &str = "checkpoint.safetensors";

/// Options that no number of a run depends on: they are not kept.
const FREE: [&str; 4] = ["out", "quiet", "resume", "threads"];
/// The option that is kept and may change.
const EPOCHS: &str = "epochs";
/// What says where the data are. They are compared by what they hold: a file may have been moved.
const PLACES: [&str; 3] = ["data", "images", "labels"];

impl Resumed {
    /// Reads the checkpoint of the run, and takes from it what the arguments do not say. Its bytes have the rest.
    pub(crate) fn read(folder: &Path, matches: &ArgMatches) -> Result<(Self, Vec<u8>), Failure> {
        let path = folder.join(CHECKPOINT);
        let failed = |error: &dyn std::fmt::Display| Failure::file(&path, error);
        let bytes = read_checkpoint(&path).map_err(|error| failed(&error))?;
        // What is read stands beside the bytes, and its text beside it in a few copies.
        ask_for(2.0 * bytes.len() as f64, format_args!("{}", path.display()))?;
        let (_, run) = checkpoint_run(&bytes).map_err(|error| failed(&error))?;
        let run: Run = serde_json::from_value(run).map_err(|error| failed(&error))?;
        let arguments = arguments();
        let Some(matches) = matches.subcommand_matches("train") else {
            return Err(failed(&"`nn` alone resumes nothing"));
        };
        if let Some(unknown) = run.options.keys().find(|name| arguments.iter().all(|arg| name_of(arg) != name.as_str()))
        {
            return Err(failed(&format_args!("this program has no option --{unknown}, with which the run was begun")));
        }
        let mut line: Vec<OsString> = vec!["nn".into(), "train".into()];
        let mut last = Vec::new();
        for arg in &arguments {
            let name = name_of(arg);
            let now = given(arg, matches);
            let then = run.options.get(name);
            if let Some(now) = now.as_ref().filter(|_| ![&FREE[..], &PLACES, &[EPOCHS]].concat().contains(&name)) {
                check_same(name, &now.to_string_lossy(), then.map(String::as_str), folder)?;
            }
            let is_default = |value: &&String| arg.get_default_values().iter().any(|default| default == value.as_str());
            let then = then.filter(|value| !is_default(value)).map(OsString::from);
            match now.or(then) {
                Some(value) if arg.is_positional() => last = vec!["--".into(), value],
                Some(value) => line.push(option(name, arg, value)),
                None => {}
            }
        }
        let parsed = Cli::command().try_get_matches_from(line.into_iter().chain(last));
        match parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?.command, matches))) {
            Ok((Some(Command::Train(args)), matches)) => Ok((Resumed { args, matches, run }, bytes)),
            Ok(_) => Err(failed(&"it holds no options of a training")),
            Err(error) => Err(failed(&error.to_string().lines().next().unwrap_or_default())),
        }
    }

    /// Whether the run can go on like this after these epochs.
    pub(crate) fn check(&self, run: &Run, plan: &Plan, history: &[EpochRow]) -> Result<(), String> {
        if run.setup != self.run.setup {
            return Err("the run was begun with other data, or with another model file".to_owned());
        }
        let done = history.len();
        if plan.epochs < done {
            return Err(format!("{done} epochs of the run are over, more than --epochs {}", plan.epochs));
        }
        let before = self.run.options.get(EPOCHS).map_or("", String::as_str);
        if plan.schedule != nn_train::Schedule::Constant && before != plan.epochs.to_string() {
            warn(format_args!(
                "from here on the {} schedule is that of {} epochs; before it was that of {before}",
                plan.schedule, plan.epochs
            ));
        }
        Ok(())
    }
}

impl Run {
    /// The run with these arguments.
    pub(crate) fn new<T: FileNumber>(
        matches: &ArgMatches,
        plan: &Plan,
        validation: Option<f64>,
        model: &Model,
        target_scale: Option<&TargetScale>,
        sets: &Sets<T>,
    ) -> Self {
        let mut options = BTreeMap::new();
        let matches = matches.subcommand_matches("train");
        for arg in arguments().iter().filter(|arg| !FREE.contains(&name_of(arg))) {
            let value =
                matches.and_then(|matches| value(arg, matches)).map(|value| value.to_string_lossy().into_owned());
            options.extend(value.map(|value| (name_of(arg).to_owned(), value)));
        }
        // Defaults that depend on the data: another release may have others.
        for (name, value) in [
            ("batch-size", Some(plan.batch_size.to_string())),
            ("learning-rate", Some(short(plan.learning_rate))),
            ("precision", Some(model.precision.to_string())),
            ("validation", validation.map(short)),
        ] {
            if let Some(value) = value {
                options.entry(name.to_owned()).or_insert(value);
            }
        }
        options.insert(EPOCHS.to_owned(), plan.epochs.to_string());
        Run { options, setup: setup(model, target_scale, sets) }
    }
}

/// The arguments of `nn train`.
fn arguments() -> Vec<Arg> {
    TrainArgs::augment_args(clap::Command::new("train")).get_arguments().cloned().collect()
}

/// `learning-rate`, or `data` for what has no name.
fn name_of(arg: &Arg) -> &str {
    arg.get_long().unwrap_or(arg.get_id().as_str())
}

/// What stands on the command line, or the default.
fn value(arg: &Arg, matches: &ArgMatches) -> Option<OsString> {
    let id = arg.get_id().as_str();
    match arg.get_action().takes_values() {
        true => matches.get_raw(id).and_then(|mut values| values.next()).map(OsString::from),
        false => matches.get_flag(id).then(|| "true".into()),
    }
}

/// What stands on the command line.
fn given(arg: &Arg, matches: &ArgMatches) -> Option<OsString> {
    value(arg, matches).filter(|_| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine))
}

/// The option as one word.
fn option(name: &str, arg: &Arg, value: OsString) -> OsString {
    let mut word = OsString::from(format!("--{name}"));
    if arg.get_action().takes_values() {
        word.push("=");
        word.push(value);
    }
    word
}

fn check_same(name: &str, now: &str, then: Option<&str>, folder: &Path) -> Result<(), Failure> {
    let is_same = |then: &str| match (now.parse::<u64>(), then.parse::<u64>()) {
        (Ok(now), Ok(then)) => now == then,
        _ => now == then || now.parse::<f64>().is_ok_and(|now| then.parse() == Ok(now)),
    };
    if then.is_some_and(is_same) {
        return Ok(());
    }
    let option = |value: &str| if value == "true" { format!("--{name}") } else { format!("--{name} {value}") };
    let then = then.map_or_else(|| "without it".to_owned(), |then| format!("with {}", option(then)));
    Err(Failure::usage(format_args!(
        "{}: the run in {} was begun {then}; a resumed run may change --epochs and --threads alone",
        option(now),
        folder.display()
    )))
}

/// CRC-32 of the network without its parameters, of how inputs and targets are standardised, and of all examples.
fn setup<T: FileNumber>(model: &Model, target_scale: Option<&TargetScale>, sets: &Sets<T>) -> String {
    let mut crc = crc32fast::Hasher::new();
    let Model { network, precision, classes, features, standardize, .. } = model;
    for dense in network.layers() {
        crc.update(format!("{}-{} {};", dense.inputs(), dense.outputs(), dense.activation).as_bytes());
    }
    crc.update(format!("{} {precision} {classes:?} {features:?} {target_scale:?};", network.loss()).as_bytes());
    let mut numbers = |numbers: &[T]| {
        // In pieces, so that no second copy of the data is made.
        let mut bytes = Vec::new();
        for piece in numbers.chunks(1024) {
            bytes.clear();
            piece.iter().for_each(|x| x.write(&mut bytes));
            crc.update(&bytes);
        }
    };
    for examples in [&sets.train, &sets.held_out] {
        numbers(examples.x.as_slice());
        numbers(examples.y.as_slice());
    }
    if let Some(standardize) = standardize {
        for x in standardize.mean.iter().chain(&standardize.scale) {
            crc.update(&x.to_le_bytes());
        }
    }
    format!("{:08x}", crc.finalize())
}
