//! `nn train`: from data to a trained model.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use nn_core::{Activation, Loss, Scalar, seeded};
use nn_layers::{ByHand, ByTape, Engine, Initialization, Network};
use nn_train::{DataSet, Examples, Model, Optimizer, Plan, Precision, Split, Standardization, Stopped, Trainer};

use crate::args::{BatchSize, Cli, Command, EngineName, OptimizerName, TrainArgs};
use crate::evaluate::{Report, check_fit, report};
use crate::failure::Failure;
use crate::model_file::read_model;
use crate::output::{Out, try_folder, warn, write_file};
use crate::progress::{Progress, Signals, grouped};

/// `nn` without a command: the digits, and then what to try next.
pub(crate) fn first_run() -> Result<(), Failure> {
    use clap::Parser;
    let cli = Cli::parse_from(["nn", "train", "digits", "--until-accuracy", "0.97"]);
    let Some(Command::Train(args)) = cli.command else { unreachable!("the line above names the command") };
    run(&args)
}

pub(crate) fn run(args: &TrainArgs) -> Result<(), Failure> {
    let job = Job::new(args)?;
    if let Some(folder) = &args.out {
        try_folder(folder)?;
    }
    match (job.model.precision, args.engine) {
        (Precision::F32, EngineName::Delta) => job.run::<f32, _>(ByHand::new),
        (Precision::F32, EngineName::Tape) => job.run::<f32, _>(|network| ByTape::new(&network)),
        (Precision::F64, EngineName::Delta) => job.run::<f64, _>(ByHand::new),
        (Precision::F64, EngineName::Tape) => job.run::<f64, _>(|network| ByTape::new(&network)),
    }
}

/// Everything that is decided before the first step.
struct Job<'a> {
    args: &'a TrainArgs,
    data: DataSet,
    rows: Split,
    /// The starting point: after the training its network is replaced.
    model: Model,
    plan: Plan,
}

/// One row of history.csv.
#[derive(Clone, Copy, Debug)]
struct EpochRow {
    epoch: usize,
    train_loss: f64,
    train_accuracy: Option<f64>,
    validation_loss: Option<f64>,
    validation_accuracy: Option<f64>,
    /// What the epoch took, training and validation together.
    seconds: f64,
}

/// How a training ended.
#[derive(Debug)]
enum End {
    Epochs,
    AccuracyReached,
    Diverged(String),
    /// Which, and where it came.
    Signal(usize, String),
    /// The reader of standard output has gone, and there is no folder to write to.
    NobodyListens,
}

impl<'a> Job<'a> {
    fn new(args: &'a TrainArgs) -> Result<Self, Failure> {
        let data = args.data.load(&args.data_options)?;
        let rows = args.data.split(&data, &args.data_options);
        if rows.train.is_empty() {
            return Err(Failure::usage(format_args!("--validation leaves no rows of {} to train on", data.name)));
        }
        if rows.validation.is_empty() && args.until_accuracy.is_some() {
            return Err(Failure::usage(
                "--until-accuracy needs rows that are held out: --validation is 0 here, so there is no held-out accuracy",
            ));
        }
        if args.optimizer == OptimizerName::Adam && args.momentum.is_some() {
            return Err(Failure::usage("--momentum is an option of --optimizer sgd; adam has its own"));
        }
        let mut model = match &args.model {
            Some(path) => {
                let model = read_model(path)?;
                check_fit(&model, &data).map_err(|why| Failure::file(path, why))?;
                model
            }
            None => new_model(args, &data)?,
        };
        model.precision = args.precision.unwrap_or(model.precision);
        model.classes = data.class_names().map(<[String]>::to_vec);
        model.standardize = match model.standardize.take() {
            _ if args.no_standardize => None,
            // A model that goes on learning sees its inputs as before.
            Some(from_file) => Some(from_file),
            None => Some(Standardization::fit(&data.subset(&rows.train).x)),
        };
        let defaults = args.data.defaults();
        let batch_size = match args.batch_size.unwrap_or(defaults.batch_size) {
            BatchSize::All => rows.train.len(),
            BatchSize::Examples(n) => n.min(rows.train.len()),
        };
        let plan = Plan {
            epochs: args.epochs.map_or(defaults.epochs, |epochs| epochs as usize),
            batch_size,
            learning_rate: args.learning_rate.unwrap_or(defaults.learning_rate(args.optimizer)),
            schedule: args.schedule,
            shuffle: !args.no_shuffle,
            seed: args.seed,
        };
        Ok(Job { args, data, rows, model, plan })
    }

    fn run<T: Scalar, E: Engine<T>>(mut self, engine: impl FnOnce(Network<T>) -> E) -> Result<(), Failure> {
        let mut out = Out::new(self.args.quiet);
        out.text(self.introduction())?;
        let mut prepared = self.data.clone();
        prepared.x = self.model.prepare(&self.data.x);
        let outputs = self.model.network.outputs();
        let train = Examples::<T>::new(&prepared.subset(&self.rows.train), outputs);
        let held_out = Examples::<T>::new(&prepared.subset(&self.rows.validation), outputs);
        let mut network = self.model.network.map(T::from_f64);
        let mut trainer = Trainer::new(engine(network.clone()), self.optimizer(), self.plan);

        let signals = Signals::catch()?;
        let mut progress = Progress::new(!self.args.quiet, (self.plan.epochs * train.len()) as u64);
        let mut history: Vec<EpochRow> = Vec::new();
        let mut trained_for = Duration::ZERO;
        let mut end = End::Epochs;
        for epoch in 1..=self.plan.epochs {
            let start = Instant::now();
            let result = trainer.epoch(&train, epoch, |batch| {
                progress.batch(batch);
                signals.flow()
            });
            trained_for += start.elapsed();
            let epoch_report = match (result, signals.caught()) {
                (Ok(report), _) => report,
                (Err(stopped), signal) => {
                    end = match (&stopped, signal) {
                        (Stopped::Asked { .. }, Some(signal)) => End::Signal(signal, stopped.to_string()),
                        _ => End::Diverged(stopped.to_string()),
                    };
                    break;
                }
            };
            trainer.store(&mut network);
            let evaluation = (!held_out.is_empty()).then(|| held_out.evaluate(&network));
            let row = EpochRow {
                epoch,
                train_loss: epoch_report.loss,
                train_accuracy: epoch_report.accuracy,
                validation_loss: evaluation.as_ref().map(|evaluation| evaluation.loss),
                validation_accuracy: evaluation.as_ref().and_then(|evaluation| evaluation.accuracy),
                seconds: start.elapsed().as_secs_f64(),
            };
            if !network.parameters().flat_map(|p| p.as_slice()).all(|x| x.to_f64().is_finite()) {
                let batch = train.len().div_ceil(self.plan.batch_size);
                end = End::Diverged(format!(
                    "a parameter is not finite after epoch {epoch}, batch {batch}: the training diverged; try a smaller --learning-rate"
                ));
                break;
            }
            history.push(row);
            progress.epoch(train.len() as u64, || row.message());
            let reached = self.args.until_accuracy.zip(row.validation_accuracy).is_some_and(|(goal, now)| now >= goal);
            if reached || is_shown(epoch, self.plan.epochs) {
                progress.suspend(|| out.line(row.line()))?;
            }
            if reached {
                end = End::AccuracyReached;
                break;
            }
            if out.is_closed() && self.args.out.is_none() {
                end = End::NobodyListens;
                break;
            }
        }
        progress.clear();

        self.model.network = network.map(T::to_f64);
        if let Some(folder) = &self.args.out {
            write_file(&folder.join("history.csv"), history_csv(&history).as_bytes())?;
        }
        match end {
            End::Signal(signal, place) => {
                warn(place);
                return Err(Failure::Signal(signal));
            }
            End::Diverged(why) => return Err(Failure::data(why)),
            End::NobodyListens => return Ok(()),
            End::Epochs | End::AccuracyReached => {}
        }
        if let Some(folder) = &self.args.out {
            self.model.metadata = Some(self.metadata(history.len()));
            write_file(&folder.join("model.json"), self.model.to_json().as_bytes())?;
        }
        if let (Some(goal), End::Epochs) = (self.args.until_accuracy, &end) {
            warn(format_args!(
                "the held-out accuracy did not reach {goal} within {} epochs; --epochs allows more",
                self.plan.epochs
            ));
        }
        out.text(self.summary(&history, trained_for, train.len()))
    }

    fn optimizer<T: Scalar>(&self) -> Optimizer<T> {
        let optimizer = match self.args.optimizer {
            OptimizerName::Sgd => Optimizer::momentum(self.args.momentum.unwrap_or(0.0)),
            OptimizerName::Adam => Optimizer::adam(),
        };
        optimizer.with_weight_decay(self.args.weight_decay)
    }

    /// What is about to happen, and the head of the table.
    fn introduction(&self) -> String {
        let (data, network, plan, args) = (&self.data, &self.model.network, &self.plan, self.args);
        let classes = data.class_names().map_or(String::new(), |names| format!(", {} classes", names.len()));
        let mut text = format!(
            "{}: {} examples to train on, {} held out; {} inputs{classes}\n",
            data.name,
            self.rows.train.len(),
            self.rows.validation.len(),
            data.inputs()
        );
        let widths: Vec<String> = std::iter::once(network.inputs())
            .chain(network.layers().iter().map(|dense| dense.outputs()))
            .map(|n| n.to_string())
            .collect();
        let activations: Vec<&str> = network.layers().iter().map(|dense| dense.activation.name()).collect();
        let _ = writeln!(
            text,
            "network {} ({}), {} parameters, {}",
            widths.join("-"),
            activations.join(", "),
            grouped(network.parameter_count() as f64),
            network.loss()
        );
        let optimizer = match args.optimizer {
            OptimizerName::Sgd => match args.momentum.unwrap_or(0.0) {
                0.0 => "sgd".to_owned(),
                momentum => format!("sgd, momentum {momentum}"),
            },
            OptimizerName::Adam => "adam".to_owned(),
        };
        let engine = match args.engine {
            EngineName::Delta => "δ-recursion",
            EngineName::Tape => "tape",
        };
        let _ = writeln!(
            text,
            "{optimizer}, learning rate {}, batches of {}, {}, gradients by {engine}, seed {}\n",
            plan.learning_rate, plan.batch_size, self.model.precision, args.seed
        );
        let _ = writeln!(
            text,
            "{:>5}  {:>10}  {:>8}  {:>13}  {:>17}",
            "epoch", "loss", "accuracy", "held-out loss", "held-out accuracy"
        );
        text
    }

    /// What was learnt, how fast, and what to try next.
    fn summary(&self, history: &[EpochRow], trained_for: Duration, examples: usize) -> String {
        let epochs = history.len();
        let speed = (epochs * examples) as f64 / trained_for.as_secs_f64().max(1e-9);
        let (what, rows) = match self.rows.validation.is_empty() {
            true => ("training rows", &self.rows.train),
            false => ("held-out rows", &self.rows.validation),
        };
        let report = report(&self.model, &self.data.subset(rows));
        let mut text = format!("\n{what}: {}\n", report.line());
        if let Some(mistakes) = mistakes(&report) {
            let _ = writeln!(text, "{mistakes}");
        }
        let _ = writeln!(
            text,
            "{epochs} {} in {:.2} s: {} examples/s, {:.1} µs a step",
            if epochs == 1 { "epoch" } else { "epochs" },
            trained_for.as_secs_f64(),
            grouped(speed),
            1e6 * trained_for.as_secs_f64() / (epochs * examples.div_ceil(self.plan.batch_size)) as f64
        );
        if let Some(folder) = &self.args.out {
            let file = |name: &str| folder.join(name).display().to_string();
            let _ = writeln!(text, "written: {}, {}", file("model.json"), file("history.csv"));
        }
        text + "\n" + &self.next()
    }

    /// Commands that lead on from here.
    fn next(&self) -> String {
        let name = self.args.data.name();
        let mut commands = Vec::new();
        match &self.args.out {
            Some(folder) => {
                let model = folder.join("model.json").display().to_string();
                commands.push((format!("nn evaluate {model} {name}"), "which classes it confuses"));
                commands.push((format!("nn predict {model} rows.csv"), "what it says about other rows"));
            }
            None => commands.push((format!("nn train {name} --out runs/{name}"), "keep the model and its history")),
        }
        if self.args.engine == EngineName::Delta {
            commands.push((format!("nn train {name} --engine tape"), "the same losses, by the other engine"));
        }
        match self.args.data {
            crate::args::Data::Spirals => {
                commands
                    .push(("nn train spirals --hidden none".to_owned(), "what a network without hidden layer can do"));
            }
            _ => commands.push(("nn train spirals".to_owned(), "something harder")),
        }
        commands.push(("nn train --help".to_owned(), "every knob"));
        let width = commands.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
        let lines = commands.iter().map(|(command, what)| format!("  {command:<width$}   {what}\n"));
        format!("Try next:\n{}", lines.collect::<String>())
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

/// A network of the size that the arguments or the data set ask for.
fn new_model(args: &TrainArgs, data: &DataSet) -> Result<Model, Failure> {
    let defaults = args.data.defaults();
    let hidden = args.hidden.as_ref().map_or(defaults.hidden, |hidden| &hidden.0);
    let activation = args.activation.unwrap_or(defaults.activation);
    let loss = args.loss.unwrap_or(Loss::CrossEntropy);
    // Least squares is taken with sigmoid outputs, one for each class, as in Nielsen's book.
    let last = loss.activation().unwrap_or(Activation::Sigmoid);
    // Two classes need only one probability, where the outputs are probabilities of their own.
    let outputs = if last == Activation::Sigmoid && data.outputs() == 2 { 1 } else { data.outputs() };
    let initialization = args.init.unwrap_or(match activation {
        Activation::Relu | Activation::LeakyRelu => Initialization::He,
        _ => Initialization::Glorot,
    });
    let layers: Vec<_> = hidden.iter().map(|&units| (units, activation)).chain([(outputs, last)]).collect();
    let network = Network::random(data.inputs(), &layers, loss, initialization, &mut seeded(args.seed));
    let precision = args.precision.unwrap_or(Precision::F32);
    // What is drawn is rounded to the precision of the training, as it will be in the file.
    let network = network.map_err(Failure::usage)?;
    Ok(Model { network, precision, classes: None, standardize: None, metadata: None })
}

/// The two classes that are confused most often.
fn mistakes(report: &Report) -> Option<String> {
    let confusion = report.confusion.as_ref()?;
    let names = confusion.names();
    let pairs = (0..names.len()).flat_map(|t| (0..names.len()).map(move |p| (t, p))).filter(|(t, p)| t != p);
    let (t, p) = pairs.rev().max_by_key(|&(t, p)| confusion.count(t, p))?;
    let count = confusion.count(t, p);
    let times = match count {
        1 => "once",
        2 => "twice",
        _ => &format!("{count} times"),
    };
    (count > 0).then(|| format!("most often confused: {} taken for {}, {times}", names[t], names[p]))
}

/// Of a long training about 25 lines are shown.
fn is_shown(epoch: usize, epochs: usize) -> bool {
    let stride = if epochs <= 30 { 1 } else { epochs.div_ceil(25) };
    epoch == 1 || epoch == epochs || epoch % stride == 0
}

impl EpochRow {
    fn line(&self) -> String {
        let percent = |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{:.2} %", 100.0 * share));
        let loss = |loss: Option<f64>| loss.map_or("–".to_owned(), |loss| format!("{loss:.6}"));
        format!(
            "{:>5}  {:>10}  {:>8}  {:>13}  {:>17}",
            self.epoch,
            loss(Some(self.train_loss)),
            percent(self.train_accuracy),
            loss(self.validation_loss),
            percent(self.validation_accuracy)
        )
    }

    fn message(&self) -> String {
        let accuracy = self.validation_accuracy.or(self.train_accuracy);
        let accuracy = accuracy.map_or(String::new(), |accuracy| format!("  {:.1} % right", 100.0 * accuracy));
        format!("epoch {}  loss {:.4}{accuracy}", self.epoch, self.train_loss)
    }
}

/// The history as CSV: numbers that read back to the same bits, empty cells where there is no value.
fn history_csv(history: &[EpochRow]) -> String {
    let mut csv = String::from("epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds\n");
    let cell = |x: Option<f64>| x.map_or(String::new(), |x| x.to_string());
    for row in history {
        let _ = writeln!(
            csv,
            "{},{},{},{},{},{}",
            row.epoch,
            row.train_loss,
            cell(row.train_accuracy),
            cell(row.validation_loss),
            cell(row.validation_accuracy),
            row.seconds
        );
    }
    csv
}
