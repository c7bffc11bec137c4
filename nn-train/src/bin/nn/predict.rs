//! `nn predict`: what a model says about rows.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use nn_core::{Loss, Matrix};
use nn_train::{
    CsvError, CsvReader, Model, Precision, Row, check_features, counted, plain_number, predicted_class, quoted,
};

use crate::args::PredictArgs;
use crate::csv_file::{HEADER_HINT, csv_format, csv_hint};
use crate::failure::Failure;
use crate::memory::{Sizes, ask_for};
use crate::model_file::read_model;
use crate::output::{Out, short, warn};
use crate::values::TextOrJson;

pub(crate) fn run(args: &PredictArgs) -> Result<(), Failure> {
    let model = read_model(&args.model)?;
    let (name, source): (&Path, Box<dyn BufRead>) = match &args.csv {
        Some(path) => {
            let file = File::open(path).map_err(|error| Failure::file(path, error))?;
            (path, Box::new(BufReader::new(file)))
        }
        None => (Path::new("standard input"), Box::new(std::io::stdin().lock())),
    };
    predict(&model, source, args, name).map_err(|why| match why {
        Stopped::Input(why) => Failure::file(name, why),
        Stopped::Output(failure) => failure,
    })
}

/// Why not all rows are answered.
enum Stopped {
    Input(String),
    Output(Failure),
}

impl Stopped {
    /// Something is wrong with a cell or a line.
    fn input(error: &CsvError, args: &PredictArgs) -> Self {
        Stopped::Input(format!("{error}{}", csv_hint(error, csv_format(&args.csv_options, false))))
    }
}

/// Block after block, so that the rows may be many.
fn predict(model: &Model, source: impl BufRead, args: &PredictArgs, name: &Path) -> Result<(), Stopped> {
    let of_input = |error: CsvError| Stopped::input(&error, args);
    let mut reader = CsvReader::with_format(source, csv_format(&args.csv_options, false)).map_err(of_input)?;
    let is_told = args.csv_options.header.is_some();
    if let Some(warning) = reader.warning() {
        // What is doubtful is a header, or a row that is perhaps one.
        let hint = if reader.header().is_none() && !is_told { HEADER_HINT } else { "" };
        warn(format_args!("{}: {warning}{hint}", name.display()));
    }
    let columns = Columns::new(model);
    if let (Some(header), false) = (reader.header(), is_told) {
        // A header of another width means that the cells are not where they seem.
        columns.check(header)?;
        let features = model.features.as_ref().map_or(Ok(None), |features| check_features(header, features));
        if let Some(warning) = features.map_err(of_input)? {
            warn(format_args!("{}: {warning}", name.display()));
        }
    }
    let mut doubt = reader.header().and_then(|header| columns.doubt(header));
    let bytes =
        Sizes::of(&model.network, model.precision).prediction(columns.rows_of_a_block, args.format == TextOrJson::Json);
    ask_for(bytes, format_args!("predicting {}", counted(columns.rows_of_a_block, "row"))).map_err(Stopped::Output)?;
    let mut out = Out::new(false);
    let mut answers = Answers {
        classes: class_names(model),
        are_probabilities: model.gives_probabilities(),
        outputs: model.network.outputs(),
        is_empty: true,
    };
    loop {
        let block = columns.read_block(&mut reader, args)?;
        if block.lines.is_empty() {
            break;
        }
        if let (true, Some(doubt)) = (answers.is_empty, doubt.take().or(block.doubt)) {
            warn(format_args!("{}: {doubt}", name.display()));
        }
        let outputs = model.predict_finite(&block.x);
        let outputs = outputs
            .map_err(|overflow| Stopped::Input(format!("line {}: {overflow}", block.lines[overflow.example])))?;
        out.text(answers.block(&outputs, args.format)).map_err(Stopped::Output)?;
        if out.is_closed() {
            return Ok(());
        }
    }
    if answers.is_empty {
        let after = reader.header().map_or(String::new(), |row| format!(" after the header, line {}", row.line()));
        warn(format_args!("{}: there are no rows{after}", name.display()));
    }
    out.text(answers.end(args.format)).map_err(Stopped::Output)
}

/// What the columns of a row are to a model.
struct Columns {
    inputs: usize,
    /// Behind the inputs there may be what a data file has there: a label, or the values of a regression.
    with_targets: usize,
    /// Whether what stands after the inputs is the label of a class.
    has_label: bool,
    precision: Precision,
    /// The rows of a block: a compromise between speed and memory.
    rows_of_a_block: usize,
}

impl Columns {
    fn new(model: &Model) -> Self {
        const ROWS: usize = 1 << 10;
        const NUMBERS: usize = 1 << 20;
        let (inputs, outputs) = (model.network.inputs(), model.network.outputs());
        let has_label = class_names(model).is_some();
        let widest = model.network.layers().iter().map(|dense| dense.outputs()).fold(inputs, usize::max);
        Columns {
            inputs,
            with_targets: inputs + if has_label { 1 } else { outputs },
            has_label,
            precision: model.precision,
            rows_of_a_block: (NUMBERS / widest).clamp(1, ROWS),
        }
    }

    fn check(&self, row: &Row) -> Result<(), Stopped> {
        let Columns { inputs, with_targets, .. } = *self;
        if row.width() == inputs || row.width() == with_targets {
            return Ok(());
        }
        let (line, found, inputs) = (row.line(), counted(row.width(), "column"), counted(inputs, "input"));
        Err(Stopped::Input(format!(
            "line {line}: {found}, but the model has {inputs} (with targets: {with_targets} columns)"
        )))
    }

    /// A sentence about a header or a row whose first cell is perhaps that of an index: a last column that is ignored hides
    /// that there is one too many. No label of a class is a fraction.
    fn doubt(&self, row: &Row) -> Option<String> {
        const INDEX: [&str; 6] = ["index", "id", "row", "rowname", "rownames", "row_names"];
        let (first, last) = (row.get(0)?, row.get(self.with_targets - 1)?);
        let is_fraction = plain_number(last, Precision::F64).is_ok_and(|x| x.fract() != 0.0);
        let is_doubtful = INDEX.contains(&first.to_lowercase().as_str()) || (self.has_label && is_fraction);
        is_doubtful.then(|| {
            let (line, first, last) = (row.line(), quoted(first), quoted(last));
            format!("line {line}: {first} is read as the first input, and {last} is ignored as a target: is column 1 an index?")
        })
    }

    /// The next rows; none at the end.
    fn read_block(&self, reader: &mut CsvReader<impl BufRead>, args: &PredictArgs) -> Result<Block, Stopped> {
        let of_input = |error: CsvError| Stopped::input(&error, args);
        let (mut lines, mut numbers, mut doubt) = (Vec::new(), Vec::new(), None);
        for row in reader.take(self.rows_of_a_block) {
            let row = row.map_err(of_input)?;
            self.check(&row)?;
            if lines.is_empty() {
                doubt = self.doubt(&row);
            }
            lines.push(row.line());
            for column in 0..self.inputs {
                numbers.push(row.number(column, self.precision).map_err(of_input)?);
            }
        }
        Ok(Block { x: Matrix::from_slice(self.inputs, lines.len(), &numbers), lines, doubt })
    }
}

/// Rows that are computed together.
struct Block {
    /// The line of each.
    lines: Vec<u64>,
    /// Their inputs, n₀ × rows.
    x: Matrix<f64>,
    /// What is doubtful about the first of them.
    doubt: Option<String>,
}

/// The names of the classes, where the outputs stand for classes.
fn class_names(model: &Model) -> Option<Vec<String>> {
    match (&model.classes, model.network.loss()) {
        (Some(classes), _) => Some(classes.clone()),
        (None, Loss::CrossEntropy) => Some((0..model.network.outputs()).map(|i| i.to_string()).collect()),
        (None, Loss::LeastSquares | Loss::BinaryCrossEntropy) => None,
    }
}

/// The output of each class; a single one for two classes is the probability of the second.
fn of_classes(outputs: &Matrix<f64>, j: usize, names: &[String]) -> Vec<f64> {
    match outputs.column(j) {
        &[a] if names.len() == 2 => vec![1.0 - a, a],
        column => column.to_vec(),
    }
}

/// The name of the class that an example is given. A model of one class has no choice.
fn class<'a>(outputs: &Matrix<f64>, j: usize, names: &'a [String]) -> &'a str {
    if names.len() == 1 { &names[0] } else { &names[predicted_class(outputs, j)] }
}

/// What is printed: a CSV file or a JSON list, which goes on from block to block.
struct Answers {
    classes: Option<Vec<String>>,
    /// Whether outputs are probabilities: those after tanh or identity are not called so.
    are_probabilities: bool,
    /// n_L
    outputs: usize,
    /// Whether nothing has been printed yet.
    is_empty: bool,
}

impl Answers {
    /// The answers to a block of rows; the first begins with what stands above all of them.
    fn block(&mut self, outputs: &Matrix<f64>, format: TextOrJson) -> String {
        let is_first = std::mem::replace(&mut self.is_empty, false);
        match format {
            TextOrJson::Text => {
                let header = is_first.then(|| self.header());
                csv(header.into_iter().chain((0..outputs.columns()).map(|j| self.record(outputs, j))))
            }
            TextOrJson::Json => {
                let rows: Vec<String> = (0..outputs.columns()).map(|j| self.json(outputs, j).to_string()).collect();
                format!("{}{}", if is_first { "[" } else { ",\n " }, rows.join(",\n "))
            }
        }
    }

    /// What stands below all answers; where there are none, what stands above them too.
    fn end(&self, format: TextOrJson) -> String {
        match format {
            TextOrJson::Text if self.is_empty => csv([self.header()]),
            TextOrJson::Text => String::new(),
            TextOrJson::Json if self.is_empty => "[]\n".to_owned(),
            TextOrJson::Json => "]\n".to_owned(),
        }
    }

    fn header(&self) -> Vec<String> {
        match &self.classes {
            Some(names) => {
                let letter = if self.are_probabilities { 'p' } else { 'y' };
                std::iter::once("class".to_owned()).chain(names.iter().map(|name| format!("{letter}_{name}"))).collect()
            }
            None => (1..=self.outputs).map(|i| format!("y_{i}")).collect(),
        }
    }

    fn record(&self, outputs: &Matrix<f64>, j: usize) -> Vec<String> {
        match &self.classes {
            Some(names) => {
                let class = class(outputs, j, names).to_owned();
                let numbers = of_classes(outputs, j, names);
                std::iter::once(class).chain(numbers.iter().map(|&y| short(y))).collect()
            }
            None => outputs.column(j).iter().map(|&y| short(y)).collect(),
        }
    }

    fn json(&self, outputs: &Matrix<f64>, j: usize) -> serde_json::Value {
        match &self.classes {
            Some(names) => {
                let numbers = of_classes(outputs, j, names).into_iter().map(serde_json::Value::from);
                let numbers: serde_json::Map<_, _> = names.iter().cloned().zip(numbers).collect();
                let key = if self.are_probabilities { "probabilities" } else { "y" };
                serde_json::json!({ "class": class(outputs, j, names), key: numbers })
            }
            None => serde_json::json!({ "y": outputs.column(j) }),
        }
    }
}

fn csv(records: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        writer.write_record(record).expect("memory does not fail");
    }
    let bytes = writer.into_inner().expect("memory does not fail");
    String::from_utf8(bytes).expect("names and numbers are UTF-8")
}
