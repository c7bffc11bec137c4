//! The JSON form of a model.

use std::io::{self, Write};
use std::str::FromStr;

use nn_core::{Activation, Matrix};
use nn_layers::{Dense, Network};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::{FORMAT, ModelError, VERSION};
use super::model::Model;
use crate::data::{Precision, Standardization};
use crate::text::json::{self, Layout};
use crate::text::parse_json;

/// What is read first, whatever else there is: a newer version may have keys that this program does not know.
#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) format: String,
    pub(super) version: u64,
}

/// The whole file, its keys in the order in which they are written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<L> {
    format: String,
    version: u64,
    loss: String,
    precision: Option<Precision>,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standardize: Option<Standardization>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Box<RawValue>>,
    layers: Vec<L>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadLayer {
    activation: String,
    weight: Vec<Vec<f64>>,
    bias: Vec<f64>,
}

#[derive(Serialize)]
struct WrittenLayer<'a> {
    activation: String,
    #[serde(serialize_with = "json::rows")]
    weight: &'a Matrix<f64>,
    #[serde(serialize_with = "json::entries")]
    bias: &'a Matrix<f64>,
}

impl Model {
    /// Reads a model from its JSON form.
    ///
    /// # Errors
    ///
    /// Says what is wrong and where: line and column for what is not the right JSON, the layer for what is not a network.
    ///
    /// ```
    /// use nn_train::Model;
    ///
    /// let text = r#"{"format": "nn-model", "version": 1, "loss": "least-squares",
    ///     "layers": [{"activation": "tanh", "weight": [[1, -1]], "bias": [0.5]}]}"#;
    /// let model = Model::from_json(text)?;
    /// assert_eq!(model.network.inputs(), 2);
    /// assert_eq!(Model::from_json(&model.to_json())?.network, model.network);
    /// # Ok::<(), nn_train::ModelError>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, ModelError> {
        let header: Header = parse_json(text)?;
        if header.format != FORMAT {
            return Err(ModelError::Format(header.format));
        }
        if header.version != VERSION {
            return Err(ModelError::Version { found: header.version });
        }
        let file: File<ReadLayer> = parse_json(text)?;
        let precision = file.precision.unwrap_or_default();
        let layers = (1..).zip(&file.layers).map(|(l, layer)| dense(l, layer, precision)).collect::<Result<_, _>>()?;
        let loss = parse_name(&file.loss, || "loss".to_owned())?;
        let network = Network::new(layers, loss)?;
        let File { classes, features, standardize, metadata, .. } = file;
        let model = Model { network, precision, classes, features, standardize, metadata };
        model.check()?;
        Ok(model)
    }

    /// The JSON form as a text; [`write_json`](Model::write_json) says what it looks like.
    pub fn to_json(&self) -> String {
        json::to_string(|out| self.write_json(out))
    }

    /// Writes the JSON form: a line for each layer, numbers that read back to the same bits.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let layers = self.network.layers().iter().map(|dense| WrittenLayer {
            activation: dense.activation.to_string(),
            weight: &dense.weight,
            bias: &dense.bias,
        });
        let file = File {
            format: FORMAT.to_owned(),
            version: VERSION,
            loss: self.network.loss().to_string(),
            precision: Some(self.precision),
            classes: self.classes.clone(),
            features: self.features.clone(),
            standardize: self.standardize.clone(),
            metadata: self.metadata.clone(),
            layers: layers.collect(),
        };
        json::write(out, &file, Layout { first_line: 4, line_for_each_matrix: false })
    }

    fn check(&self) -> Result<(), ModelError> {
        let inputs = self.network.inputs();
        if let Some(classes) = &self.classes {
            self.check_classes(classes.len())?;
            if let Some((_, class)) = classes.iter().enumerate().find(|&(i, class)| classes[..i].contains(class)) {
                return Err(ModelError::SameClass { class: class.clone() });
            }
        }
        if let Some(found) = self.features.as_ref().map(Vec::len).filter(|&found| found != inputs) {
            return Err(ModelError::Features { found, inputs });
        }
        if let Some(Standardization { mean, scale }) = &self.standardize {
            if mean.len() != inputs || scale.len() != inputs {
                return Err(ModelError::Standardize { mean: mean.len(), scale: scale.len(), inputs });
            }
            if let Some((index, &value)) = (1..).zip(scale).find(|&(_, &value)| value < 0.0) {
                return Err(ModelError::Scale { index, value });
            }
        }
        Ok(())
    }
}

fn dense(l: usize, layer: &ReadLayer, precision: Precision) -> Result<Dense<f64>, ModelError> {
    let expected = layer.weight.first().map_or(0, Vec::len);
    if let Some((row, numbers)) = (1..).zip(&layer.weight).find(|(_, numbers)| numbers.len() != expected) {
        return Err(ModelError::Ragged { layer: l, row, expected, found: numbers.len() });
    }
    let mut numbers = layer.weight.iter().flatten().chain(&layer.bias);
    if let Some(&value) = numbers.find(|&&x| !precision.holds(x)) {
        return Err(ModelError::Overflow { layer: l, value });
    }
    let activation: Activation = parse_name(&layer.activation, || format!("layer {l}"))?;
    Ok(Dense { weight: Matrix::from_rows(&layer.weight), bias: Matrix::from_column(&layer.bias), activation })
}

fn parse_name<N: FromStr<Err = nn_core::UnknownName>>(
    name: &str,
    place: impl FnOnce() -> String,
) -> Result<N, ModelError> {
    name.parse().map_err(|error| ModelError::Name { place: place(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"format": "nn-model", "version": 1, "loss": "cross-entropy", "precision": "f32",
 "classes": ["se\"to,sa", "ü\\"],
 "features": ["größe", "\t"],
 "standardize": {"mean": [0.1, -2.0], "scale": [0.0, 1e-300]},
 "metadata": {"seed":  1, "layers": [{"a": 1},{"b": 2}]},
 "layers": [{"activation": "tanh", "weight": [[0.15000000596046448, -0.0]], "bias": [1.0]},
  {"activation": "softmax", "weight": [[1e+30], [-3.5]], "bias": [0.0, 2.0]}]}
"#;

    #[test]
    fn a_layer_stands_on_a_line_and_other_keys_too() {
        assert_eq!(Model::from_json(WHOLE).unwrap().to_json(), WHOLE);
    }

    #[test]
    fn keys_without_a_value_are_left_out() {
        let mut model = Model::from_json(WHOLE).unwrap();
        (model.classes, model.features, model.standardize, model.metadata) = (None, None, None, None);
        let lines: Vec<&str> = WHOLE.lines().collect();
        assert_eq!(model.to_json(), [lines[0], lines[5], lines[6], ""].join("\n"));
    }
}
