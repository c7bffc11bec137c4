//! What is decided before the first step of a training run: the data, the model to start from, the plan, the threads, the folder.

use clap::ArgMatches;
use nn_core::text::grouped;
use nn_core::{Activation, Loss, Scalar, seeded};
use nn_layers::{Initialization, Network};
use nn_train::{FileNumber, Model, Optimizer, Plan, Precision, Split, TargetScale, Threads};

use crate::args::TrainArgs;
use crate::data::{About, Sets, Standardize, load};
use crate::evaluate::check_classes;
use crate::failure::Failure;
use crate::memory::{F64, Sizes, THREAD, ask_for};
use crate::purpose::Purpose;
use crate::resume::{CHECKPOINT, Resumed};
use crate::run_folder::RunFolder;
use crate::values::{BatchSize, OptimizerName};

/// The files of a run.
pub(crate) const HISTORY: &str = "history.csv";
pub(crate) const MODEL: &str = "model.json";

/// Everything that is decided before the first step.
pub(crate) struct Job<'a> {
    pub(crate) args: &'a TrainArgs,
    pub(crate) matches: &'a ArgMatches,
    /// The run that goes on, and the bytes of its checkpoint, until they are read.
    pub(crate) resumed: Option<&'a Resumed>,
    pub(crate) checkpoint: Vec<u8>,
    pub(crate) data: About,
    pub(crate) rows: Split,
    /// The starting point: after the training its network is replaced.
    pub(crate) model: Model,
    pub(crate) plan: Plan,
    pub(crate) threads: Threads,
    /// The unit in which the network learns the targets of a regression; that of the model are the targets themselves.
    pub(crate) target_scale: Option<TargetScale>,
    pub(crate) folder: Option<RunFolder>,
}

impl<'a> Job<'a> {
    pub(crate) fn new<T: FileNumber>(
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

    pub(crate) fn optimizer<T: Scalar>(&self) -> Optimizer<T> {
        let optimizer = match self.args.optimizer {
            OptimizerName::Sgd => Optimizer::momentum(self.args.momentum.unwrap_or(0.0)),
            OptimizerName::Adam => Optimizer::adam(),
        };
        optimizer.with_weight_decay(self.args.weight_decay)
    }

    /// Where the model comes from, for whoever finds the file.
    pub(crate) fn metadata(&self, epochs: usize) -> Box<serde_json::value::RawValue> {
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
