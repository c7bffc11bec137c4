//! The command line.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use nn_core::{Activation, Loss};
use nn_layers::Initialization;
use nn_train::{Precision, Schedule};

use crate::defaults::Defaults;
use crate::values::{
    BatchSize, Builtin, Data, Delimiter, EngineName, Hidden, Numbers, OptimizerName, Task, TextMarkdownOrJson,
    TextOrJson, YesOrNo, activation, below_one, data, initialization, loss, not_negative, precision, probability,
    schedule,
};

#[derive(Debug, Parser)]
#[command(
    name = "nn",
    version,
    about = "Trains small neural networks and shows every number on the way",
    long_about = "Trains small neural networks and shows every number on the way.\n\n\
        Without a command: `nn train digits --until-accuracy 0.97`, and then what to try next.",
    after_help = "Examples:\n  \
        nn                                             learn to read handwritten digits\n  \
        nn train moons --hidden 16 --out runs/moons    train, and keep the model and its history\n  \
        nn train flowers.csv                           learn from a table of your own: numbers, the label last\n  \
        nn evaluate runs/moons/model.json moons        how good it is, class by class\n  \
        nn predict runs/moons/model.json < rows.csv    what it says about other rows\n  \
        nn explain model.json --input 0.05,0.10 --target 0.01,0.99 --learning-rate 0.5"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a network
    #[command(after_help = train_after_help())]
    Train(Box<TrainArgs>),
    /// Loss, accuracy and confusion matrix of a model on a data set
    #[command(after_help = "Examples:\n  \
        nn evaluate runs/digits/model.json digits\n  \
        nn evaluate runs/flowers/model.json flowers.csv --validation 0.2\n\n\
        Of a data set that comes with the program, and of a folder of IDX files, the held-out rows and all rows; of other \
        files all rows, and with --validation the rows that `train` holds out too.")]
    Evaluate(EvaluateArgs),
    /// What a model says about the rows of a CSV file
    #[command(after_help = "Example:\n  \
        nn predict runs/iris/model.json flowers.csv\n  \
        echo 5.1,3.5,1.4,0.2 | nn predict runs/iris/model.json\n\n\
        For each row one line under a header: the class and the probability of every class, or the values of a \
        regression. A row has as many columns as the model has inputs; targets after them are ignored.\n\n\
        The rows are UTF-8 text: plain decimal numbers between commas, none of them empty. A quoted cell ends on its \
        line; blank lines are skipped. The first line is a header if every cell of it is a name. A line has at most \
        16 MiB, a cell 64 KiB. A model is a regular file of at most 1 GiB.\n\n\
        Rows are answered in blocks: some answers may be printed before a row is refused. Exit code 1 where a row is \
        refused, or the model overflows on it.")]
    Predict(PredictArgs),
    /// The worked example: every number of a step, by both engines
    #[command(after_help = "Examples:\n  \
        nn explain model.json --input 0.05,0.10 --target 0.01,0.99 --learning-rate 0.5\n  \
        nn explain model.json --examples batch.json --format json")]
    Explain(ExplainArgs),
    /// Your own implementation's numbers beside ours, and the mistake that gives yours
    #[command(after_help = "Example:\n  \
        nn diagnose model.json --examples batch.json --yours mine.json\n\n\
        mine.json holds what your program computed for this model and batch, any part of it:\n  \
        {\"layers\": [{\"weight_gradient\": [[…], …], \"bias_gradient\": […]}, …]}\n\
        and, where you have them, \"loss\", in each layer \"z\", \"a\", \"delta\" (a row for each example), and\n\
        \"updated\": {\"layers\": [{\"weight\": …, \"bias\": …}, …]}. A layer may be {}. Weights may lie either way round.\n\
        docs/models/for_nn.py writes all three files from NumPy and PyTorch.\n\n\
        Exit code 0 where all numbers agree, 1 where they do not.")]
    Diagnose(DiagnoseArgs),
    /// Gradients by hand, by tape, by dual numbers and by differences, side by side
    #[command(after_help = "Examples:\n  \
        nn check                           random networks: every activation, every loss\n  \
        nn check model.json                a model, on random examples\n  \
        nn check runs/iris/model.json iris a model, on training rows\n\n\
        Bounds, on the scale of the whole gradient:\n  \
        f64   tape 1e-13   dual numbers 1e-12   stencil 1e-8\n  \
        f32   tape 5e-6    dual numbers 1e-4    stencil 1e-4 (itself computed in f64)\n\n\
        By hand and tape are compared in every entry; dual numbers and the five-point stencil in every entry of a matrix \
        of at most 1,000, otherwise along one random direction. Slopes across a kink of relu, leaky-relu or step are not \
        judged, nor those that overflow on the way: null in JSON. A unit whose a rounds to 1 is saturated: σ′, taken from a, \
        has no digit left there. How far rounding may move the gradient is allowed for, and said. Exit code 1 where a \
        difference is beyond its bound, and where a number of the model's own passes is not finite.")]
    Check(CheckArgs),
}

#[derive(Args, Debug)]
pub(crate) struct DataOptions {
    /// One pair of IDX files in the place of DATA: the images
    #[arg(long, value_name = "FILE", requires = "labels", conflicts_with = "data")]
    pub(crate) images: Option<PathBuf>,
    /// One pair of IDX files in the place of DATA: the labels
    #[arg(long, value_name = "FILE", requires = "images")]
    pub(crate) labels: Option<PathBuf>,
    /// Number of points of moons, circles and spirals [default: 500; spirals 1000]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) examples: Option<u32>,
    /// Standard deviation of the noise on moons and circles (0.1 by default), spirals (0.2, on the angle)
    #[arg(long, value_name = "F", allow_hyphen_values = true, value_parser = not_negative)]
    pub(crate) noise: Option<f64>,
    /// Share of the rows that is held out and never trained on [default: 0.2; 0 for xor]
    #[arg(long, value_name = "F", allow_hyphen_values = true, value_parser = below_one)]
    pub(crate) validation: Option<f64>,
    #[command(flatten)]
    pub(crate) csv: CsvOptions,
    /// CSV: what the last columns are [default: classification; with a model what it was trained for]
    #[arg(long, value_name = "NAME", value_enum)]
    pub(crate) task: Option<Task>,
    /// CSV: how many last columns are targets of a regression [default: 1; with a model its outputs]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) targets: Option<u16>,
    /// CSV: leave out the rows in which a value is missing: an empty cell, ?, NA, NaN, null or the like
    #[arg(long)]
    pub(crate) skip_missing: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CsvOptions {
    /// CSV: whether the first line is a header, which is skipped [default: if every cell is a name]
    #[arg(long, value_name = "yes|no", value_enum, hide_possible_values = true)]
    pub(crate) header: Option<YesOrNo>,
    /// CSV: what stands between two cells, such as `;` or `tab` [default: a comma]
    #[arg(long, value_name = "C", allow_hyphen_values = true)]
    pub(crate) delimiter: Option<Delimiter>,
}

#[derive(Args, Debug)]
pub(crate) struct TrainArgs {
    /// What to learn: digits (the default), iris, xor, moons, circles or spirals; or the path of a CSV file, or of a folder
    /// with the IDX files of MNIST or Fashion-MNIST
    #[arg(value_parser = data())]
    pub(crate) data: Option<Data>,
    #[command(flatten)]
    pub(crate) data_options: DataOptions,
    /// Units of the hidden layers, from the first to the last; `none` for no hidden layer [default: see below]
    #[arg(long, value_name = "N,N…|none", allow_hyphen_values = true)]
    pub(crate) hidden: Option<Hidden>,
    /// Activation of the hidden layers [default: see below]
    #[arg(long, value_name = "NAME", value_parser = activation())]
    pub(crate) activation: Option<Activation>,
    /// What is minimised; it also decides the last activation: softmax, sigmoid, or for least squares sigmoid, in a
    /// regression identity [default: cross-entropy; in a regression least-squares]
    #[arg(long, value_name = "NAME", value_parser = loss())]
    pub(crate) loss: Option<Loss>,
    /// How the parameters are drawn [default: he after relu and leaky-relu, otherwise glorot]
    #[arg(long, value_name = "NAME", value_parser = initialization())]
    pub(crate) init: Option<Initialization>,
    /// Start from this model file: layers, activations and loss come from it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["hidden", "activation", "loss", "init"])]
    pub(crate) model: Option<PathBuf>,
    /// Rounds through the training rows, at most [default: see below]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) epochs: Option<u32>,
    /// Stop as soon as the accuracy on the held-out rows reaches this
    #[arg(long, value_name = "F", allow_hyphen_values = true, value_parser = probability)]
    pub(crate) until_accuracy: Option<f64>,
    /// Examples per update, or `all` [default: see below]
    #[arg(long, value_name = "N|all", allow_hyphen_values = true)]
    pub(crate) batch_size: Option<BatchSize>,
    /// η, the size of a step [default: sgd see below, adam 0.01]
    #[arg(long, value_name = "F", allow_hyphen_values = true, value_parser = not_negative)]
    pub(crate) learning_rate: Option<f64>,
    /// How the learning rate changes: step divides it by 10 after each third of the epochs
    #[arg(long, value_name = "NAME", default_value = "constant", value_parser = schedule())]
    pub(crate) schedule: Schedule,
    /// Share of the last step that the next one keeps, sgd only [default: 0]
    #[arg(long, value_name = "F", allow_hyphen_values = true, value_parser = below_one)]
    pub(crate) momentum: Option<f64>,
    /// Pull towards zero: λθ is added to each gradient
    #[arg(long, value_name = "F", allow_hyphen_values = true, default_value = "0", value_parser = not_negative)]
    pub(crate) weight_decay: f64,
    /// The rule of the update
    #[arg(long, value_name = "NAME", default_value = "sgd", value_enum)]
    pub(crate) optimizer: OptimizerName,
    /// Where all random numbers come from
    #[arg(long, value_name = "N", allow_hyphen_values = true, default_value = "1")]
    pub(crate) seed: u64,
    /// Who computes the gradients: the δ-recursion by hand, or the tape
    #[arg(long, value_name = "NAME", default_value = "delta", value_enum)]
    pub(crate) engine: EngineName,
    /// Floating-point numbers of the training [default: f32; with --model that of the file]
    #[arg(long, value_name = "NAME", value_parser = precision())]
    pub(crate) precision: Option<Precision>,
    /// Threads for large products; the results do not depend on it [default: one for each processor, or one alone where
    /// no product of a step is large enough to be divided]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Take the rows in their order in every epoch
    #[arg(long)]
    pub(crate) no_shuffle: bool,
    /// Leave the inputs as they are, instead of giving each column mean 0 and deviation 1, and learn the targets of a
    /// regression in their own unit
    #[arg(long)]
    pub(crate) no_standardize: bool,
    /// Take the model of the epoch with the lowest held-out loss instead of that of the last one
    #[arg(long)]
    pub(crate) save_best: bool,
    /// Stop after N epochs without a lower held-out loss
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) patience: Option<u32>,
    /// Write model.json, history.csv and checkpoint.safetensors into this folder, which no other run may use meanwhile
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Go on with the run of that folder where it was interrupted: its options are kept, and only --epochs and --threads
    /// may change
    #[arg(long, requires = "out")]
    pub(crate) resume: bool,
    /// Print nothing but warnings and errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Args, Debug)]
pub(crate) struct EvaluateArgs {
    /// The model file
    pub(crate) model: PathBuf,
    /// The data set: a name, a CSV file or a folder, as for `train`
    #[arg(value_parser = data(), required_unless_present = "images")]
    pub(crate) data: Option<Data>,
    #[command(flatten)]
    pub(crate) data_options: DataOptions,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: TextOrJson,
}

#[derive(Args, Debug)]
pub(crate) struct PredictArgs {
    /// The model file
    pub(crate) model: PathBuf,
    /// The rows; standard input where there is no file
    pub(crate) csv: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) csv_options: CsvOptions,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: TextOrJson,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The model file
    pub(crate) model: PathBuf,
    /// One example: its inputs
    #[arg(long, value_name = "X,X…", requires = "target", allow_hyphen_values = true)]
    pub(crate) input: Option<Numbers>,
    /// One example: its targets
    #[arg(long, value_name = "Y,Y…", requires = "input", allow_hyphen_values = true)]
    pub(crate) target: Option<Numbers>,
    /// Several examples: {"inputs": [[…], …], "targets": [[…], …]}
    #[arg(long, value_name = "FILE", conflicts_with_all = ["input", "target"], required_unless_present = "input")]
    pub(crate) examples: Option<PathBuf>,
    /// η: also show the parameters after one step of gradient descent
    #[arg(long, value_name = "F", allow_hyphen_values = true, value_parser = not_negative)]
    pub(crate) learning_rate: Option<f64>,
    /// Floating-point numbers of the computation
    #[arg(long, value_name = "NAME", default_value = "f64", value_parser = precision())]
    pub(crate) precision: Precision,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: TextMarkdownOrJson,
}

#[derive(Args, Debug)]
pub(crate) struct DiagnoseArgs {
    /// The model file
    pub(crate) model: PathBuf,
    /// The batch: {"inputs": [[…], …], "targets": [[…], …]}
    #[arg(long, value_name = "FILE")]
    pub(crate) examples: PathBuf,
    /// What your program computed
    #[arg(long, value_name = "FILE")]
    pub(crate) yours: PathBuf,
    /// η of your step: for `updated`, and for weights that were changed too early
    #[arg(long, value_name = "F", allow_hyphen_values = true, value_parser = not_negative)]
    pub(crate) learning_rate: Option<f64>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: TextMarkdownOrJson,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// The model file; without one, random networks with every activation and loss
    pub(crate) model: Option<PathBuf>,
    /// The data set, as for `train`, of which up to 32 training rows are taken; without one, random examples
    #[arg(value_parser = data())]
    pub(crate) data: Option<Data>,
    #[command(flatten)]
    pub(crate) data_options: DataOptions,
    /// Where random networks, examples and directions come from
    #[arg(long, value_name = "N", allow_hyphen_values = true, default_value = "1")]
    pub(crate) seed: u64,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: TextOrJson,
}

/// Examples, and the defaults that depend on the data set.
fn train_after_help() -> String {
    let mut help = String::from(
        "Examples:\n  \
        nn train\n  \
        nn train digits --hidden 64,32 --activation tanh --epochs 20\n  \
        nn train spirals --optimizer adam --out runs/spirals\n  \
        nn train --resume --out runs/spirals                     after Ctrl-C, or with a larger --epochs\n  \
        nn train xor --model start.json --batch-size all --no-shuffle --no-standardize --learning-rate 2\n  \
        nn train flowers.csv --out runs/flowers\n  \
        nn train prices.csv --delimiter ';' --task regression\n  \
        nn train /usr/share/datasets/fashion-mnist\n\n\
        A CSV file has a row for each example: plain decimal numbers, and last the label (any text, or an integer) or the \
        targets of a regression. The first line is a header if every cell of it is a name. A folder has the files \
        train-images-idx3-ubyte, train-labels-idx1-ubyte and, as held-out rows, those of t10k, compressed by gzip or not.\n\n\
        Defaults:\n  \
        DATA      --hidden  --activation  --epochs  --batch-size  --learning-rate\n",
    );
    let builtins = Builtin::value_variants().iter().map(|builtin| (builtin.name(), builtin.defaults()));
    let own = [("CSV".to_owned(), Defaults::CSV), ("IDX".to_owned(), Defaults::IDX)];
    for (name, defaults) in builtins.chain(own) {
        let Defaults { hidden, activation, epochs, batch_size, learning_rate, .. } = defaults;
        let hidden = hidden.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        // Writing to a String does not fail.
        let _ = writeln!(
            help,
            "  {name:8}  {hidden:8}  {activation:12}  {epochs:<8}  {:12}  {learning_rate}",
            batch_size.to_string()
        );
    }
    help
}
