//! Demo 5: "Where is my error?"

use nn_core::Matrix;
use nn_train::{CATALOGUE, Diagnosis, Mistake, Model, Problem, Yours, diagnose, explain_with_mistakes};
use serde::Serialize;

use crate::backpropagation::{Graph, read};
use crate::json;

/// The search tries every mistake in every layer, and then pairs: larger networks are for the program.
const MOST_PARAMETERS: usize = 400;
/// Likewise.
const MOST_EXAMPLES: usize = 32;

/// The answer, and what a picture of the network marks.
#[derive(Serialize)]
struct Answer {
    text: String,
    agrees: bool,
    network: Graph,
    arrays: Vec<Mark>,
    findings: Vec<Named>,
}

/// How one array compares.
#[derive(Serialize)]
struct Mark {
    array: &'static str,
    layer: Option<usize>,
    /// `right`, `off`, `transposed` or `unclear`.
    verdict: &'static str,
}

#[derive(Serialize)]
struct Named {
    id: &'static str,
    layer: Option<usize>,
    sentence: String,
    /// The page of the book that the equation is on, and its number.
    chapter: &'static str,
    equation: &'static str,
}

/// Compares somebody's numbers with ours, as `nn diagnose` does, from the three files in their JSON forms.
///
/// # Errors
///
/// One line that says which of the three is wrong, and what is wrong with it.
pub fn answer(model: &str, batch: &str, yours: &str) -> Result<String, String> {
    let (model, x, y) = ready(model, batch)?;
    let yours = Yours::from_json(yours).map_err(|error| format!("your numbers: {error}"))?;
    let problem = Problem { network: &model.network, x: &x, y: &y, learning_rate: None };
    let diagnosis = diagnose(problem, &yours).map_err(|error| format!("your numbers: {error}"))?;
    Ok(json(&Answer::of(&model, &diagnosis)))
}

impl Answer {
    fn of(model: &Model, diagnosis: &Diagnosis) -> Self {
        let layers = model.network.layers().len();
        let arrays = diagnosis.arrays.iter().map(|compared| Mark {
            array: compared.array.quantity.name(),
            layer: compared.array.layer,
            verdict: match () {
                () if compared.agrees => "right",
                () if compared.is_transposed => "transposed",
                () if compared.tells => "off",
                () => "unclear",
            },
        });
        let findings = diagnosis.findings.iter().map(|finding| {
            let equation = finding.made.mistake.equation_in(finding.layer, layers);
            Named {
                id: finding.made.mistake.id,
                layer: finding.layer,
                sentence: finding.sentence.clone(),
                chapter: equation.chapter,
                equation: equation.number,
            }
        });
        Answer {
            text: diagnosis.to_text(),
            agrees: diagnosis.agrees,
            network: Graph::of(&model.network),
            arrays: arrays.collect(),
            findings: findings.collect(),
        }
    }
}

/// A mistake that can be made in a network: which, and in which layer.
#[derive(Serialize)]
struct Choice {
    id: &'static str,
    layer: Option<usize>,
    sentence: &'static str,
}

/// The mistakes that can be made in a network, each in its plain form, in one layer or in all.
///
/// # Errors
///
/// One line that says what is wrong with the model or the examples.
pub fn mistakes(model: &str, batch: &str) -> Result<String, String> {
    let (model, x, y) = ready(model, batch)?;
    let problem = Problem { network: &model.network, x: &x, y: &y, learning_rate: None };
    let mut choices: Vec<Choice> = Vec::new();
    for mistake in CATALOGUE.iter().filter(|mistake| !mistake.convention) {
        for made in mistake.places(problem) {
            let is_new = !choices.iter().any(|choice| choice.id == mistake.id && choice.layer == made.layer);
            if is_new && spoils(problem, mistake, made.layer) {
                choices.push(Choice { id: mistake.id, layer: made.layer, sentence: mistake.sentence });
            }
        }
    }
    Ok(json(&choices))
}

/// The numbers of somebody who makes a mistake, in the form in which [`answer`] takes them; without one, the right numbers.
///
/// # Errors
///
/// There is no such mistake, or it cannot be made there; or what is wrong with the model or the examples.
pub fn example(model: &str, batch: &str, id: Option<&str>, layer: Option<usize>) -> Result<String, String> {
    let (model, x, y) = ready(model, batch)?;
    let problem = Problem { network: &model.network, x: &x, y: &y, learning_rate: None };
    let Some(id) = id else { return Ok(gradients(problem, None)) };
    let mistake = CATALOGUE.iter().find(|mistake| mistake.id == id);
    let mistake = mistake.ok_or_else(|| format!("there is no mistake \"{id}\""))?;
    if !mistake.places(problem).iter().any(|made| made.layer == layer) {
        return Err(format!("{id} cannot be made there"));
    }
    Ok(gradients(problem, Some((mistake, layer))))
}

/// Whether a mistake changes anything in this network.
fn spoils(problem: Problem<'_>, mistake: &'static Mistake, layer: Option<usize>) -> bool {
    gradients(problem, Some((mistake, layer))) != gradients(problem, None)
}

/// The gradients of a pass as a file of one's own numbers.
fn gradients(problem: Problem<'_>, made: Option<(&'static Mistake, Option<usize>)>) -> String {
    let made = made.and_then(|(mistake, layer)| mistake.places(problem).into_iter().find(|made| made.layer == layer));
    let numbers = explain_with_mistakes(problem, made.as_slice());
    let rows = |matrix: &Matrix<f64>| {
        let row = |i| format!("[{}]", matrix.row_iter(i).map(|x| format!("{x:?}")).collect::<Vec<_>>().join(", "));
        format!("[{}]", (0..matrix.rows()).map(row).collect::<Vec<_>>().join(", "))
    };
    let layers = numbers.layers.iter().map(|layer| {
        let bias: Vec<String> = layer.bias_gradient.as_slice().iter().map(|x| format!("{x:?}")).collect();
        format!(
            "{{\"weight_gradient\": {},\n   \"bias_gradient\": [{}]}}",
            rows(&layer.weight_gradient),
            bias.join(", ")
        )
    });
    format!("{{\"layers\": [\n  {}]}}\n", layers.collect::<Vec<_>>().join(",\n  "))
}

/// A model with its prepared inputs and its targets, of a size that a page can search in.
fn ready(model: &str, batch: &str) -> Result<(Model, Matrix<f64>, Matrix<f64>), String> {
    let (model, batch) = read(model, batch)?;
    if model.network.parameter_count() > MOST_PARAMETERS || batch.inputs.len() > MOST_EXAMPLES {
        return Err(format!(
            "this page searches networks of up to {MOST_PARAMETERS} parameters and {MOST_EXAMPLES} examples: ask nn diagnose"
        ));
    }
    let x = model.prepare(&Matrix::from_columns(&batch.inputs));
    let y = Matrix::from_columns(&batch.targets);
    Ok((model, x, y))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const MODEL: &str = include_str!("../../models/two-two-two.json");
    const BATCH: &str = include_str!("../../models/three-examples.json");
    const WITHOUT_SLOPE: &str = include_str!("../../models/without-slope.json");

    fn parsed(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    /// The page says what the chapter says that the program says.
    #[test]
    fn the_answer_is_that_of_the_chapter() {
        let answer = parsed(&answer(MODEL, BATCH, WITHOUT_SLOPE).unwrap());
        let chapter = include_str!("../../src/numbers/where-is-my-error.snap");
        assert!(chapter.contains(answer["text"].as_str().unwrap().trim_end()));
        assert_eq!(
            (&answer["findings"][0]["id"], answer["agrees"].as_bool()),
            (&"sigma-prime-missing".into(), Some(false))
        );
    }

    #[test]
    fn what_is_off_is_marked_and_what_is_right_too() {
        let wrong = example(MODEL, BATCH, Some("sigma-prime-missing"), Some(1)).unwrap();
        let answer = parsed(&answer(MODEL, BATCH, &wrong).unwrap());
        let verdicts = answer["arrays"].as_array().unwrap().iter();
        let verdicts: Vec<(&str, u64, &str)> = verdicts
            .map(|mark| {
                (mark["array"].as_str().unwrap(), mark["layer"].as_u64().unwrap(), mark["verdict"].as_str().unwrap())
            })
            .collect();
        let want = [
            ("weight_gradient", 2, "right"),
            ("weight_gradient", 1, "off"),
            ("bias_gradient", 2, "right"),
            ("bias_gradient", 1, "off"),
        ];
        assert_eq!(verdicts, want);
    }

    #[test]
    fn every_choice_is_an_example_that_gets_a_name() {
        let choices = parsed(&mistakes(MODEL, BATCH).unwrap());
        let choices = choices.as_array().unwrap();
        assert!(choices.len() > 20, "{}", choices.len());
        for choice in choices {
            let layer = choice["layer"].as_u64().map(|layer| layer as usize);
            let numbers = example(MODEL, BATCH, choice["id"].as_str(), layer).unwrap();
            let answer = parsed(&answer(MODEL, BATCH, &numbers).unwrap());
            assert_eq!(answer["agrees"], false, "{choice}");
            assert!(!answer["findings"].as_array().unwrap().is_empty(), "{choice}");
        }
        let right = example(MODEL, BATCH, None, None).unwrap();
        assert_eq!(parsed(&answer(MODEL, BATCH, &right).unwrap())["agrees"], true);
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        assert!(answer(MODEL, BATCH, "{").unwrap_err().starts_with("your numbers: "));
        assert!(answer("[]", BATCH, "{}").unwrap_err().starts_with("the model: "));
        assert!(example(MODEL, BATCH, Some("typo"), None).unwrap_err().contains("typo"));
        let many = format!("{{\"inputs\": [{0}], \"targets\": [{0}]}}", vec!["[0, 0]"; 33].join(", "));
        assert!(answer(MODEL, &many, "{}").unwrap_err().contains("nn diagnose"));
    }
}
