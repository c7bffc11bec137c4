//! `nn train`: from data to a trained model.

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use nn_layers::{ByHand, ByTape};
use nn_train::{FileNumber, Model, Precision};

use crate::args::{Cli, Command, TrainArgs};
use crate::failure::Failure;
use crate::job::Job;
use crate::model_file::read_model;
use crate::resume::Resumed;
use crate::values::EngineName;

/// `nn` without a command: the digits, and then what to try next.
pub(crate) fn first_run() -> Result<(), Failure> {
    let matches = Cli::command().get_matches_from(["nn", "train", "digits", "--until-accuracy", "0.97"]);
    let cli = Cli::from_arg_matches(&matches).map(|cli| cli.command);
    let Ok(Some(Command::Train(args))) = cli else { unreachable!("the line above names the command") };
    run(&args, &matches)
}

pub(crate) fn run(args: &TrainArgs, matches: &ArgMatches) -> Result<(), Failure> {
    let resumed = match args.out.as_ref().filter(|_| args.resume) {
        Some(folder) => Some(Resumed::read(folder, matches)?),
        None => None,
    };
    let (resumed, bytes) = resumed.unzip();
    let (args, matches) = resumed.as_ref().map_or((args, matches), |resumed| (&resumed.args, &resumed.matches));
    let start = args.model.as_deref().map(read_model).transpose()?;
    let precision = args.precision.or(start.as_ref().map(|model| model.precision)).unwrap_or(Precision::F32);
    match precision {
        Precision::F32 => run_in::<f32>(args, matches, resumed.as_ref().zip(bytes), start),
        Precision::F64 => run_in::<f64>(args, matches, resumed.as_ref().zip(bytes), start),
    }
}

fn run_in<T: FileNumber>(
    args: &TrainArgs,
    matches: &ArgMatches,
    resumed: Option<(&Resumed, Vec<u8>)>,
    start: Option<Model>,
) -> Result<(), Failure> {
    let (job, sets) = Job::new::<T>(args, matches, start)?;
    let (resumed, bytes) = resumed.unzip();
    let job = Job { resumed, checkpoint: bytes.unwrap_or_default(), ..job };
    match args.engine {
        EngineName::Delta => job.run(&sets, ByHand::new),
        EngineName::Tape => job.run(&sets, |network| ByTape::new(&network)),
    }
}
