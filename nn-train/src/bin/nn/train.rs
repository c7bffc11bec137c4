//! `nn train`: from data to a trained model.

use std::fs;
use std::time::{Duration, Instant};

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use nn_core::text::grouped;
use nn_core::{Activation, Loss, Scalar, seeded};
use nn_layers::{ByHand, ByTape, Engine, Initialization, Network};
use nn_train::{
    Checkpoint, EpochRow, EpochSoFar, FileNumber, Model, Optimizer, Plan, Precision, Report, Split, Stopped, Threads,
    Trainer, TrainerState, best_epoch,
};

use crate::args::{Cli, Command, TrainArgs};
use crate::data::{About, Purpose, Sets, Standardize, load};
use crate::evaluate::{check_classes, report};
use crate::failure::Failure;
use crate::history::{is_shown, line, message, take_seconds, write_history};
use crate::memory::{F64, Sizes, THREAD, ask_for};
use crate::model_file::read_model;
use crate::output::{Out, short, warn};
use crate::progress::{Progress, Signals};
use crate::resume::{CHECKPOINT, Resumed, Run};
use crate::run_folder::{Pace, RunFolder};
use crate::target_scale::TargetScale;
use crate::values::{BatchSize, EngineName, OptimizerName};

/// `nn` without a command: the digits, and then what to try next.
pub(crate) fn first_run() -> Result<(), Failure> {
    let matches = Cli::command().get_matches_from(["nn", "train", "digits", "--until-accuracy", "0.97"]);
    let cli = Cli::from_arg_matches(&matches).map(|cli| cli.command);
    let Ok(Some(Command::Train(args))) = cli else { unreachable!("the line above names the command") };
    run(&args, &matches)
}

/// The files of a run.
pub(crate) const HISTORY: &str = "history.csv";
pub(crate) const MODEL: &str = "model.json";

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

/// Everything that is decided before the first step.
pub(crate) struct Job<'a> {
    pub(crate) args: &'a TrainArgs,
    matches: &'a ArgMatches,
    /// The run that goes on, and the bytes of its checkpoint, until they are read.
    resumed: Option<&'a Resumed>,
    checkpoint: Vec<u8>,
    pub(crate) data: About,
    pub(crate) rows: Split,
    /// The starting point: after the training its network is replaced.
    pub(crate) model: Model,
    pub(crate) plan: Plan,
    pub(crate) threads: Threads,
    /// The unit in which the network learns the targets of a regression; that of the model are the targets themselves.
    pub(crate) target_scale: Option<TargetScale>,
    folder: Option<RunFolder>,
}

/// What happened in a training.
struct Course<T> {
    /// What is known of it, and the last state that can be gone on from.
    checkpoint: Checkpoint<T>,
    /// How the network does on the held-out rows after the last epoch, where there are any and every number is finite.
    held_out: Option<Report>,
    /// The time of the epochs, without that of the evaluations.
    trained_for: Duration,
    end: End,
    /// Why lines of the table were not printed.
    unprinted: Option<Failure>,
}

/// How a training ended.
#[derive(Debug)]
enum End {
    Epochs,
    AccuracyReached,
    /// So many epochs have not lowered the held-out loss.
    PatienceOver,
    /// What went wrong: as a rule the training diverged.
    Failed(String),
    /// Which, and where it came.
    Signal(usize, String),
    /// The reader of standard output has gone, and there is no folder to write to.
    NobodyListens,
}

/// What is said in the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome<'a> {
    /// Which rows the report is about.
    pub(crate) rows: &'static str,
    pub(crate) report: &'a Report,
    /// The epoch that the model comes from, where it need not be the last.
    pub(crate) best: Option<usize>,
    /// Epochs that were over before this run began, and examples of the next.
    pub(crate) before: (usize, usize),
    /// Epochs that are over now.
    pub(crate) after: usize,
    /// What the epochs of this run took, without their evaluations.
    pub(crate) trained_for: Duration,
    pub(crate) is_patience_over: bool,
}

impl<'a> Job<'a> {
    fn new<T: FileNumber>(
        args: &'a TrainArgs,
        matches: &'a ArgMatches,
        start: Option<Model>,
    ) -> Result<(Self, Sets<T>), Failure> {
        let precision = T::PRECISION;
        let purpose = Purpose { model: start.as_ref(), precision, is_training: true, holds_out: true };
        let data = load::<T>(args.data.as_ref(), &args.data_options, purpose)?;
        let (about, rows) = (&data.about, &data.rows);
        if rows.train.is_empty() {
            return Err(Failure::usage(format_args!("--validation leaves no rows of {} to train on", about.name)));
        }
        let judged_by_held_out = [
            ("--until-accuracy", args.until_accuracy.is_some(), "accuracy"),
            ("--save-best", args.save_best, "loss"),
            ("--patience", args.patience.is_some(), "loss"),
        ];
        if let Some((option, _, what)) = judged_by_held_out.iter().find(|(_, is_given, _)| *is_given)
            && rows.validation.is_empty()
        {
            return Err(Failure::usage(format_args!(
                "{option} needs rows that are held out: --validation is 0 here, so there is no held-out {what}"
            )));
        }
        if args.optimizer == OptimizerName::Adam && args.momentum.is_some() {
            return Err(Failure::usage("--momentum is an option of --optimizer sgd; adam has its own"));
        }
        if about.class_names().is_none() && args.until_accuracy.is_some() {
            return Err(Failure::usage("--until-accuracy is for classes; a regression has no accuracy"));
        }
        let plan = plan(args, about, rows);
        let mut model = match (start, &args.model) {
            (Some(model), Some(path)) => {
                data.check_fit(&model).map_err(|why| Failure::file(path, why))?;
                check_classes(&model, about.class_names()).map_err(|why| Failure::file(path, why))?;
                model
            }
            _ => {
                let model = new_model(args, about, rows, &plan)?;
                data.check_fit(&model).map_err(Failure::data)?;
                model
            }
        };
        model.precision = precision;
        if let Some(x) = model.overflowing_parameter() {
            return Err(Failure::usage(format_args!("--precision {precision}: the model has a parameter {x:e}")));
        }
        model.classes = about.class_names().map(<[String]>::to_vec);
        model.features = model.features.or_else(|| about.features.clone());
        let threads = args.threads.map_or_else(|| Threads::worth_having(&model.network, plan.batch_size), usize::from);
        if threads > 1 {
            ask_for(threads as f64 * THREAD, format_args!("{threads} threads"))?;
        }
        let threads = Threads::new(threads).map_err(Failure::data)?;
        let bytes = Sizes::of(&model.network, model.precision).training(args, rows, &plan);
        let (examples, batch) = (rows.train.len(), plan.batch_size);
        threads.ask_each(|| ask_for(bytes, format_args!("training on {examples} examples in batches of {batch}")))?;
        let folder =
            args.out.as_ref().map(|folder| RunFolder::open(folder, &[HISTORY, CHECKPOINT, MODEL])).transpose()?;
        let how = match model.standardize.take() {
            _ if args.no_standardize => Standardize::Leave,
            // A model that goes on learning sees its inputs as before.
            Some(from_file) => Standardize::As(from_file),
            None => Standardize::Fit,
        };
        let (data, rows, sets, scales) = data.sets(how, &model.network);
        model.standardize = scales.inputs;
        let target_scale = scales.targets;
        // What is drawn is of a size that suits scaled targets; what comes from a file answers the targets.
        if let (Some(scale), Some(_)) = (&target_scale, &args.model) {
            model.network = scale.scaled(model.network);
        }
        let (resumed, checkpoint) = (None, Vec::new());
        let job = Job { args, matches, resumed, checkpoint, data, rows, model, plan, threads, target_scale, folder };
        Ok((job, sets))
    }

    fn run<T: FileNumber, E: Engine<T> + Send>(
        mut self,
        sets: &Sets<T>,
        engine: impl FnOnce(Network<T>) -> E,
    ) -> Result<(), Failure> {
        let mut out = Out::new(self.args.quiet);
        let network = self.model.network.map(T::from_f64);
        let mut trainer = Trainer::new(engine(network), self.optimizer(), self.plan);
        let checkpoint = self.start(&mut trainer, sets)?;
        let before = (checkpoint.history.len(), checkpoint.state.so_far.examples);
        out.text(self.introduction(before))?;
        let course = self.train(&mut trainer, sets, checkpoint, &mut out)?;
        let Course { checkpoint, mut held_out, trained_for, end, unprinted } = course;
        let mut network = trainer.into_network();
        let best = best_epoch(&checkpoint.history).filter(|_| self.args.save_best);
        if let Some(parameters) = &checkpoint.best {
            network.parameters_mut().zip(parameters).for_each(|(parameter, best)| parameter.clone_from(best));
            held_out = held_out.filter(|_| best == Some(checkpoint.history.len()));
        }
        self.model.network = network.map(T::to_f64);

        if let Some(folder) = &self.folder {
            save(folder, &checkpoint)?;
        }
        let is_patience_over = matches!(end, End::PatienceOver);
        match end {
            End::Signal(signal, place) => {
                warn(place);
                return Err(Failure::Signal(signal));
            }
            End::Failed(why) => return Err(Failure::data(why)),
            End::NobodyListens | End::AccuracyReached => {}
            End::Epochs | End::PatienceOver => self.warn_unless_reached(checkpoint.history.len()),
        }
        let (title, examples, rows) = match self.rows.validation.is_empty() {
            true => ("training rows", &sets.train, &self.rows.train),
            false => ("held-out rows", &sets.held_out, &self.rows.validation),
        };
        let mut report = match held_out {
            Some(report) => report,
            None => report(&self.model, examples, &self.data, |example| rows[example]).map_err(Failure::data)?,
        };
        if let Some(scale) = &self.target_scale {
            report.loss = scale.loss(report.loss);
            self.model.network = scale.restored(self.model.network, self.model.precision);
        }
        if let Some(folder) = &self.folder {
            if self.model.metadata.is_none() {
                self.model.metadata = Some(self.metadata(best.unwrap_or(checkpoint.history.len())));
            }
            folder.write(MODEL, |file| self.model.write_json(file))?;
        }
        if out.prints() {
            let after = checkpoint.history.len();
            let outcome = Outcome { rows: title, report: &report, best, before, after, trained_for, is_patience_over };
            out.text(self.summary(&outcome))?;
        }
        unprinted.map_or(Ok(()), Err)
    }

    /// The state before the first step, or that of the run that goes on, which the trainer takes over.
    fn start<T: FileNumber, E: Engine<T>>(
        &mut self,
        trainer: &mut Trainer<T, E>,
        sets: &Sets<T>,
    ) -> Result<Checkpoint<T>, Failure> {
        let scale = self.target_scale.as_ref();
        let run = Run::new(self.matches, &self.plan, self.data.share, &self.model, scale, sets);
        let to_value = |run: &Run| serde_json::to_value(run).expect("options are JSON");
        let Some((resumed, folder)) = self.resumed.zip(self.folder.as_ref()) else {
            self.folder.iter().for_each(warn_of_unfinished);
            let state = self.folder.as_ref().map_or_else(TrainerState::empty, |_| trainer.state());
            return Ok(Checkpoint { run: to_value(&run), state, history: Vec::new(), best: None });
        };
        let path = folder.file(CHECKPOINT);
        let failed = |error: &dyn std::fmt::Display| Failure::file(&path, error);
        let mut checkpoint = Checkpoint::<T>::from_bytes(&self.checkpoint).map_err(|error| failed(&error))?;
        self.checkpoint = Vec::new();
        resumed.check(&run, &self.plan, &checkpoint.history).map_err(|why| failed(&why))?;
        let (so_far, done) = (checkpoint.state.so_far, checkpoint.history.len());
        let is_next = so_far == EpochSoFar::default() || so_far.epoch == done + 1;
        let has_best = checkpoint.best.is_some() == (self.args.save_best && done > 0);
        if !is_next || !has_best || so_far.examples > sets.train.len() {
            return Err(failed(&"its epochs, its history and its options do not go together"));
        }
        trainer.restore(checkpoint.state.clone()).map_err(|error| failed(&error))?;
        checkpoint.run = to_value(&run);
        take_seconds(&mut checkpoint.history, &folder.file(HISTORY));
        Ok(checkpoint)
    }

    /// Epoch after epoch, until one of the reasons of [`End`].
    fn train<T: FileNumber, E: Engine<T> + Send>(
        &self,
        trainer: &mut Trainer<T, E>,
        Sets { train, held_out }: &Sets<T>,
        checkpoint: Checkpoint<T>,
        out: &mut Out,
    ) -> Result<Course<T>, Failure> {
        let mut evaluation = None;
        let mut pace = Pace::new();
        let signals = Signals::catch()?;
        let [all, done] = [self.plan.epochs, checkpoint.history.len()].map(|epochs| (epochs * train.len()) as u64);
        let mut progress = Progress::new(!self.args.quiet, all, done);
        let trained_for = Duration::ZERO;
        let mut course = Course { checkpoint, held_out: None, trained_for, end: End::Epochs, unprinted: None };
        // Kept here, because to look for it in the history after every epoch would take longer and longer.
        let mut best = best_epoch(&course.checkpoint.history);
        loop {
            let history = &mut course.checkpoint.history;
            if let Some(end) = self.end_after(history, best) {
                course.end = end;
                break;
            }
            let epoch = history.len() + 1;
            if history.try_reserve(1).is_err() {
                course.end = End::Failed(format!("there is not enough memory for the history of {epoch} epochs"));
                break;
            }
            let start = Instant::now();
            let result = self.threads.run(|| {
                trainer.epoch(train, epoch, |batch| {
                    progress.batch(batch);
                    signals.flow()
                })
            });
            course.trained_for += start.elapsed();
            let report = match result {
                Ok(report) => report,
                Err(stopped) => {
                    // Where the parameters have overflowed too, those of the epoch's start are the last finite ones.
                    if let Some(state) = self.folder.as_ref().map(|_| trainer.state()).filter(is_finite) {
                        course.checkpoint.state = state;
                    }
                    course.end = match (stopped, signals.caught()) {
                        (Stopped::Asked { .. }, Some(signal)) => End::Signal(signal, self.interrupted(stopped)),
                        _ => End::Failed(stopped.to_string()),
                    };
                    break;
                }
            };
            let network = trainer.network();
            evaluation = (!held_out.is_empty()).then(|| self.threads.run(|| held_out.evaluate(&network)));
            if let Some(loss) = evaluation.as_ref().map(|evaluation| evaluation.loss).filter(|loss| !loss.is_finite()) {
                let batch = train.len().div_ceil(self.plan.batch_size);
                course.end = End::Failed(format!(
                    "the held-out loss is {loss} after epoch {epoch}, batch {batch}: the training diverged; try a smaller learning rate"
                ));
                break;
            }
            let row = EpochRow {
                epoch,
                train_loss: self.loss(report.loss),
                train_accuracy: report.accuracy,
                validation_loss: evaluation.as_ref().map(|evaluation| self.loss(evaluation.loss)),
                validation_accuracy: evaluation.as_ref().and_then(|evaluation| evaluation.accuracy),
                seconds: Some(start.elapsed().as_secs_f64()),
            };
            if row.validation_loss.is_some()
                && best.is_none_or(|best| row.validation_loss < history[best - 1].validation_loss)
            {
                best = Some(epoch);
                if self.args.save_best {
                    course.checkpoint.best = Some(network.parameters().cloned().collect());
                }
            }
            history.push(row);
            drop(network);
            if let Some(folder) = &self.folder {
                course.checkpoint.state = trainer.state();
                if let Err(failure) = pace.now_and_then(|| save(folder, &course.checkpoint)) {
                    progress.clear();
                    return Err(failure);
                }
            }
            progress.epoch(train.len() as u64, || message(&row));
            if self.end_after(&course.checkpoint.history, best).is_some() || is_shown(epoch, self.plan.epochs) {
                let printed = progress.suspend(|| out.line(line(&row)));
                course.unprinted = course.unprinted.or(printed.err());
            }
            if out.is_closed() && self.args.out.is_none() {
                course.end = End::NobodyListens;
                break;
            }
        }
        progress.clear();
        let of_the_last = evaluation.filter(|evaluation| evaluation.is_finite);
        course.held_out = of_the_last.map(|evaluation| Report::new(&evaluation, held_out, self.data.class_names()));
        Ok(course)
    }

    /// Whether the training is over after these epochs, of which one is the best where rows are held out.
    fn end_after(&self, history: &[EpochRow], best: Option<usize>) -> Option<End> {
        let reached = history.last().and_then(|row| row.validation_accuracy).zip(self.args.until_accuracy);
        if reached.is_some_and(|(accuracy, goal)| accuracy >= goal) {
            return Some(End::AccuracyReached);
        }
        if history.len() >= self.plan.epochs {
            return Some(End::Epochs);
        }
        let patience = best.zip(self.args.patience);
        patience.is_some_and(|(best, n)| history.len() - best >= n as usize).then_some(End::PatienceOver)
    }

    /// What is said after a signal.
    fn interrupted(&self, stopped: Stopped) -> String {
        match &self.args.out {
            Some(folder) => format!("{stopped}; `nn train --resume --out {}` goes on from there", folder.display()),
            None => stopped.to_string(),
        }
    }

    /// J in the unit of the targets.
    fn loss(&self, of_the_network: f64) -> f64 {
        self.target_scale.as_ref().map_or(of_the_network, |scale| scale.loss(of_the_network))
    }

    /// All epochs are over: a goal that was set was not reached.
    fn warn_unless_reached(&self, epochs: usize) {
        if let Some(goal) = self.args.until_accuracy {
            let more = if epochs < self.plan.epochs { "a larger --patience" } else { "--epochs" };
            let goal = short(goal);
            warn(format_args!("the held-out accuracy did not reach {goal} within {epochs} epochs; {more} allows more"));
        }
    }

    fn optimizer<T: Scalar>(&self) -> Optimizer<T> {
        let optimizer = match self.args.optimizer {
            OptimizerName::Sgd => Optimizer::momentum(self.args.momentum.unwrap_or(0.0)),
            OptimizerName::Adam => Optimizer::adam(),
        };
        optimizer.with_weight_decay(self.args.weight_decay)
    }

    /// Where the model comes from, for whoever finds the file.
    fn metadata(&self, epochs: usize) -> Box<serde_json::value::RawValue> {
        let json = serde_json::json!({
            "program": concat!("nn ", env!("CARGO_PKG_VERSION")),
            "data": self.data.name,
            "epochs": epochs,
            "seed": self.args.seed,
        });
        serde_json::value::to_raw_value(&json).expect("names and numbers are JSON")
    }
}

/// Writes what is known of a training that is not over, or has failed. The history has the seconds too, and comes first:
/// so it never has fewer epochs than the checkpoint.
fn save<T: FileNumber>(folder: &RunFolder, checkpoint: &Checkpoint<T>) -> Result<(), Failure> {
    folder.write(HISTORY, |file| write_history(file, &checkpoint.history))?;
    let bytes = checkpoint.to_bytes().map_err(|error| Failure::file(&folder.file(CHECKPOINT), error))?;
    folder.write(CHECKPOINT, |file| file.write_all(&bytes))
}

fn is_finite<T: Scalar>(state: &TrainerState<T>) -> bool {
    state.parameters.iter().all(|parameter| parameter.as_slice().iter().all(|x| x.to_f64().is_finite()))
}

/// A run that was not resumed begins anew: whoever forgot `--resume` can still stop it. The model is written last, so that
/// one older than the checkpoint is of another run.
fn warn_of_unfinished(folder: &RunFolder) {
    let written = |name| fs::metadata(folder.file(name)).and_then(|file| file.modified()).ok();
    if let Some(checkpoint) = written(CHECKPOINT)
        && written(MODEL).is_none_or(|model| model < checkpoint)
    {
        warn(format_args!(
            "{} is that of a run that was not finished, and is replaced after the first epoch: --resume goes on with it",
            folder.file(CHECKPOINT).display()
        ));
    }
}

/// What stays fixed during the training.
fn plan(args: &TrainArgs, data: &About, rows: &Split) -> Plan {
    let defaults = data.defaults;
    Plan {
        epochs: args.epochs.map_or(defaults.epochs, |epochs| epochs as usize),
        batch_size: match args.batch_size.unwrap_or(defaults.batch_size) {
            BatchSize::All => rows.train.len(),
            BatchSize::Examples(n) => n.min(rows.train.len()),
        },
        learning_rate: args.learning_rate.unwrap_or(defaults.learning_rate(args.optimizer)),
        schedule: args.schedule,
        shuffle: !args.no_shuffle,
        seed: args.seed,
    }
}

/// A network of the size that the arguments or the data set ask for, if there is memory to train it.
fn new_model(args: &TrainArgs, data: &About, rows: &Split, plan: &Plan) -> Result<Model, Failure> {
    let (defaults, is_regression) = (data.defaults, data.class_names().is_none());
    let hidden = args.hidden.as_ref().map_or(defaults.hidden, |hidden| &hidden.0);
    let activation = args.activation.unwrap_or(defaults.activation);
    let loss = args.loss.unwrap_or(if is_regression { Loss::LeastSquares } else { Loss::CrossEntropy });
    // Least squares of classes is taken with sigmoid outputs, one for each class, as in Nielsen's book.
    let of_least_squares = if is_regression { Activation::Identity } else { Activation::Sigmoid };
    let last = loss.activation().unwrap_or(of_least_squares);
    // Two classes need only one probability, where the outputs are probabilities of their own.
    let one_will_do = last == Activation::Sigmoid && data.outputs == 2 && !is_regression;
    let outputs = if one_will_do { 1 } else { data.outputs };
    let initialization = args.init.unwrap_or(match activation {
        Activation::Relu | Activation::LeakyRelu => Initialization::He,
        _ => Initialization::Glorot,
    });
    let layers: Vec<_> = hidden.iter().map(|&units| (units, activation)).chain([(outputs, last)]).collect();
    let precision = args.precision.unwrap_or(Precision::F32);
    let parameters = Network::<f64>::count_parameters(data.inputs, &layers).map_err(Failure::usage)?;
    let sizes = Sizes::new(data.inputs, parameters, layers.iter().map(|&(units, _)| units), precision);
    let what = format_args!("training a network of {} parameters", grouped(parameters as f64));
    ask_for(F64 * parameters as f64 + sizes.training(args, rows, plan), what)?;
    let network = Network::random(data.inputs, &layers, loss, initialization, &mut seeded(args.seed));
    // What is drawn is rounded to the precision of the training, as it will be in the file.
    let network = network.map_err(Failure::usage)?;
    Ok(Model { precision, ..Model::new(network) })
}
