//! `nn train`: from data to a trained model.

use std::time::{Duration, Instant};

use nn_core::text::grouped;
use nn_core::{Activation, Loss, Scalar, seeded};
use nn_layers::{ByHand, ByTape, Engine, Initialization, Network};
use nn_train::{Model, Optimizer, Plan, Precision, Report, Split, Stopped, Threads, Trainer};

use crate::args::{Cli, Command, TrainArgs};
use crate::data::{About, Purpose, Sets, Standardize, load};
use crate::evaluate::{check_classes, report};
use crate::failure::Failure;
use crate::history::{EpochRow, is_shown, write_history};
use crate::memory::{F64, Sizes, THREAD, ask_for};
use crate::model_file::read_model;
use crate::output::{Out, short, warn};
use crate::progress::{Progress, Signals};
use crate::run_folder::RunFolder;
use crate::target_scale::TargetScale;
use crate::values::{BatchSize, EngineName, OptimizerName};

/// `nn` without a command: the digits, and then what to try next.
pub(crate) fn first_run() -> Result<(), Failure> {
    use clap::Parser;
    let cli = Cli::parse_from(["nn", "train", "digits", "--until-accuracy", "0.97"]);
    let Some(Command::Train(args)) = cli.command else { unreachable!("the line above names the command") };
    run(&args)
}

/// The files of a run.
pub(crate) const HISTORY: &str = "history.csv";
pub(crate) const MODEL: &str = "model.json";

pub(crate) fn run(args: &TrainArgs) -> Result<(), Failure> {
    let start = args.model.as_deref().map(read_model).transpose()?;
    let precision = args.precision.or(start.as_ref().map(|model| model.precision)).unwrap_or(Precision::F32);
    match precision {
        Precision::F32 => run_in::<f32>(args, start, precision),
        Precision::F64 => run_in::<f64>(args, start, precision),
    }
}

fn run_in<T: Scalar>(args: &TrainArgs, start: Option<Model>, precision: Precision) -> Result<(), Failure> {
    let (job, sets) = Job::new::<T>(args, start, precision)?;
    match args.engine {
        EngineName::Delta => job.run(&sets, ByHand::new),
        EngineName::Tape => job.run(&sets, |network| ByTape::new(&network)),
    }
}

/// Everything that is decided before the first step.
pub(crate) struct Job<'a> {
    pub(crate) args: &'a TrainArgs,
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
struct Course {
    history: Vec<EpochRow>,
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
    /// What went wrong: as a rule the training diverged.
    Failed(String),
    /// Which, and where it came.
    Signal(usize, String),
    /// The reader of standard output has gone, and there is no folder to write to.
    NobodyListens,
}

impl<'a> Job<'a> {
    fn new<T: Scalar>(
        args: &'a TrainArgs,
        start: Option<Model>,
        precision: Precision,
    ) -> Result<(Self, Sets<T>), Failure> {
        let purpose = Purpose { model: start.as_ref(), precision, is_training: true, holds_out: true };
        let data = load::<T>(args.data.as_ref(), &args.data_options, purpose)?;
        let (about, rows) = (&data.about, &data.rows);
        if rows.train.is_empty() {
            return Err(Failure::usage(format_args!("--validation leaves no rows of {} to train on", about.name)));
        }
        if rows.validation.is_empty() && args.until_accuracy.is_some() {
            return Err(Failure::usage(
                "--until-accuracy needs rows that are held out: --validation is 0 here, so there is no held-out accuracy",
            ));
        }
        if about.class_names().is_none() && args.until_accuracy.is_some() {
            return Err(Failure::usage("--until-accuracy is for classes; a regression has no accuracy"));
        }
        if args.optimizer == OptimizerName::Adam && args.momentum.is_some() {
            return Err(Failure::usage("--momentum is an option of --optimizer sgd; adam has its own"));
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
        let folder = args.out.as_ref().map(|folder| RunFolder::open(folder, &[HISTORY, MODEL])).transpose()?;
        let how = match model.standardize.take() {
            _ if args.no_standardize => Standardize::Leave,
            // A model that goes on learning sees its inputs as before.
            Some(from_file) => Standardize::As(from_file),
            None => Standardize::Fit,
        };
        let (data, rows, sets, scales) = data.sets(how, &model.network);
        model.standardize = scales.inputs;
        // What is drawn is of a size that suits scaled targets; what comes from a file answers the targets.
        if let (Some(scale), Some(_)) = (&scales.targets, &args.model) {
            model.network = scale.scaled(model.network);
        }
        Ok((Job { args, data, rows, model, plan, threads, target_scale: scales.targets, folder }, sets))
    }

    fn run<T: Scalar, E: Engine<T> + Send>(
        mut self,
        sets: &Sets<T>,
        engine: impl FnOnce(Network<T>) -> E,
    ) -> Result<(), Failure> {
        let mut out = Out::new(self.args.quiet);
        out.text(self.introduction())?;
        let network = self.model.network.map(T::from_f64);
        let mut trainer = Trainer::new(engine(network), self.optimizer(), self.plan);
        let Course { history, held_out, trained_for, end, unprinted } = self.train(sets, &mut trainer, &mut out)?;
        self.model.network = trainer.into_network().map(T::to_f64);

        if let Some(folder) = &self.folder {
            folder.write(HISTORY, |file| write_history(file, &history))?;
        }
        match end {
            End::Signal(signal, place) => {
                warn(place);
                return Err(Failure::Signal(signal));
            }
            End::Failed(why) => return Err(Failure::data(why)),
            End::NobodyListens => {}
            End::Epochs => self.warn_unless_reached(),
            End::AccuracyReached => {}
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
                self.model.metadata = Some(self.metadata(history.len()));
            }
            folder.write(MODEL, |file| self.model.write_json(file))?;
        }
        if out.prints() {
            out.text(self.summary(title, &report, history.len(), trained_for))?;
        }
        unprinted.map_or(Ok(()), Err)
    }

    /// Epoch after epoch, until one of the reasons of [`End`].
    fn train<T: Scalar, E: Engine<T> + Send>(
        &self,
        Sets { train, held_out }: &Sets<T>,
        trainer: &mut Trainer<T, E>,
        out: &mut Out,
    ) -> Result<Course, Failure> {
        let mut evaluation = None;

        let signals = Signals::catch()?;
        let mut progress = Progress::new(!self.args.quiet, (self.plan.epochs * train.len()) as u64);
        let (history, trained_for) = (Vec::new(), Duration::ZERO);
        let mut course = Course { history, held_out: None, trained_for, end: End::Epochs, unprinted: None };
        for epoch in 1..=self.plan.epochs {
            if course.history.try_reserve(1).is_err() {
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
                    course.end = match (stopped, signals.caught()) {
                        (Stopped::Asked { .. }, Some(signal)) => End::Signal(signal, stopped.to_string()),
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
                seconds: start.elapsed().as_secs_f64(),
            };
            course.history.push(row);
            progress.epoch(train.len() as u64, || row.message());
            let reached = self.args.until_accuracy.zip(row.validation_accuracy).is_some_and(|(goal, now)| now >= goal);
            if reached || is_shown(epoch, self.plan.epochs) {
                let printed = progress.suspend(|| out.line(row.line()));
                course.unprinted = course.unprinted.or(printed.err());
            }
            if reached {
                course.end = End::AccuracyReached;
                break;
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

    /// J in the unit of the targets.
    fn loss(&self, of_the_network: f64) -> f64 {
        self.target_scale.as_ref().map_or(of_the_network, |scale| scale.loss(of_the_network))
    }

    /// All epochs are over: a goal that was set was not reached.
    fn warn_unless_reached(&self) {
        if let Some(goal) = self.args.until_accuracy {
            let epochs = self.plan.epochs;
            warn(format_args!(
                "the held-out accuracy did not reach {} within {epochs} epochs; --epochs allows more",
                short(goal)
            ));
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
