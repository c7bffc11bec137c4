//! `nn predict`: what a model says about rows.

use std::fs::File;
use std::path::Path;

use nn_core::{Loss, Matrix};
use nn_train::{Model, predicted_class};

use crate::args::{PredictArgs, TextOrJson};
use crate::failure::Failure;
use crate::model_file::read_model;
use crate::output::Out;
use crate::table::{Row, Table};

pub(crate) fn run(args: &PredictArgs) -> Result<(), Failure> {
    let model = read_model(&args.model)?;
    let (name, table) = match &args.csv {
        Some(path) => (path.as_path(), File::open(path).map_err(|error| error.to_string()).and_then(Table::read)),
        None => (Path::new("standard input"), Table::read(std::io::stdin().lock())),
    };
    let x = table.and_then(|table| inputs(&table, &model)).map_err(|why| Failure::file(name, why))?;
    let outputs = model.predict(&x);
    let classes = class_names(&model);
    let mut out = Out::new(false);
    out.text(match (args.format, classes) {
        (TextOrJson::Text, classes) => csv(&outputs, classes.as_deref()),
        (TextOrJson::Json, classes) => json(&outputs, classes.as_deref()),
    })
}

/// The first n₀ columns of the table, as n₀ × rows.
fn inputs(table: &Table, model: &Model) -> Result<Matrix<f64>, String> {
    let n = model.network.inputs();
    // Behind the inputs there may be what a data file has there: a label, or the values of a regression.
    let targets = if class_names(model).is_some() { 1 } else { model.network.outputs() };
    // A header of another width means that the cells are not where they seem: another delimiter, an open quote.
    for Row { line, cells } in table.header.iter().chain(&table.rows) {
        let found = cells.len();
        if found != n && found != n + targets {
            let both = n + targets;
            return Err(format!(
                "line {line}: {found} columns, but the model has {n} inputs (with targets: {both} columns)"
            ));
        }
    }
    let columns: Vec<Vec<f64>> = table
        .rows
        .iter()
        .map(|row| (0..n).map(|column| row.number(column, model.precision)).collect())
        .collect::<Result<_, _>>()?;
    Ok(if columns.is_empty() { Matrix::zeros(n, 0) } else { Matrix::from_columns(&columns) })
}

/// The names of the classes, where the outputs are probabilities of classes.
fn class_names(model: &Model) -> Option<Vec<String>> {
    match (&model.classes, model.network.loss()) {
        (Some(classes), _) => Some(classes.clone()),
        (None, Loss::CrossEntropy) => Some((0..model.network.outputs()).map(|i| i.to_string()).collect()),
        (None, Loss::LeastSquares | Loss::BinaryCrossEntropy) => None,
    }
}

/// The probability of each class; a single output for two classes is that of the second.
fn probabilities(outputs: &Matrix<f64>, j: usize, names: &[String]) -> Vec<f64> {
    match outputs.column(j) {
        &[a] if names.len() == 2 => vec![1.0 - a, a],
        column => column.to_vec(),
    }
}

/// The name of the class that an example is given. A model of one class has no choice.
fn class<'a>(outputs: &Matrix<f64>, j: usize, names: &'a [String]) -> &'a str {
    if names.len() == 1 { &names[0] } else { &names[predicted_class(outputs, j)] }
}

fn csv(outputs: &Matrix<f64>, classes: Option<&[String]>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut record = |cells: Vec<String>| writer.write_record(cells).expect("memory does not fail");
    match classes {
        Some(names) => {
            record(std::iter::once("class".to_owned()).chain(names.iter().map(|name| format!("p_{name}"))).collect());
            for j in 0..outputs.columns() {
                let class = class(outputs, j, names).to_owned();
                let shares = probabilities(outputs, j, names);
                record(std::iter::once(class).chain(shares.iter().map(f64::to_string)).collect());
            }
        }
        None => {
            record((1..=outputs.rows()).map(|i| format!("y_{i}")).collect());
            outputs.columns_iter().for_each(|column| record(column.iter().map(f64::to_string).collect()));
        }
    }
    let bytes = writer.into_inner().expect("memory does not fail");
    String::from_utf8(bytes).expect("names and numbers are UTF-8")
}

fn json(outputs: &Matrix<f64>, classes: Option<&[String]>) -> String {
    let row = |j: usize| match classes {
        Some(names) => {
            let shares = probabilities(outputs, j, names);
            let shares: serde_json::Map<_, _> = names.iter().cloned().zip(shares.iter().map(|&p| p.into())).collect();
            serde_json::json!({ "class": class(outputs, j, names), "probabilities": shares })
        }
        None => serde_json::json!({ "y": outputs.column(j) }),
    };
    let rows: Vec<String> = (0..outputs.columns()).map(|j| row(j).to_string()).collect();
    format!("[{}]\n", rows.join(",\n "))
}
