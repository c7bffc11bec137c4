//! The JSON form of an [`Explanation`].

use std::collections::BTreeMap;

use nn_core::Matrix;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::explanation::{Explanation, Updated};
use crate::text::json::{self, Layout};

impl Explanation {
    /// The numbers in JSON, a matrix a line, with the digits that it takes to read back the same bits.
    ///
    /// z, a and δ have a row for each example; gradients and weights have a row for each unit; biases are flat. JSON
    /// has no infinity and no NaN: they become `null`, here and in `largest_difference`. The program `nn` asks
    /// [`Model::overflow_of_gradients`](crate::Model::overflow_of_gradients) first, and prints neither.
    pub fn to_json(&self) -> String {
        json::to_string(|out| json::write(out, self, Layout { first_line: 2, line_for_each_matrix: true }))
    }
}

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("loss", &self.by_hand.loss)?;
        map.serialize_entry("examples", &self.x.columns())?;
        map.serialize_entry("by_hand", &self.by_hand)?;
        map.serialize_entry("by_tape", &self.by_tape)?;
        map.serialize_entry("largest_difference", &self.largest_difference)?;
        if let Some(Updated { network, .. }) = &self.updated {
            let layers = network.layers().iter();
            let layers = layers.map(|dense| Parameters { weight: &dense.weight, bias: &dense.bias });
            map.serialize_entry("updated", &BTreeMap::from([("layers", layers.collect::<Vec<_>>())]))?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Parameters<'a> {
    #[serde(serialize_with = "json::rows")]
    weight: &'a Matrix<f64>,
    #[serde(serialize_with = "json::entries")]
    bias: &'a Matrix<f64>,
}

#[cfg(test)]
mod tests {
    use nn_core::{Activation, Loss};
    use serde_json::Value;

    use super::super::samples::{explanation, mazur, network, two_layers};
    use super::*;

    #[test]
    fn json_reads_back_to_the_same_bits() {
        let explanation = two_layers(Activation::Sigmoid, Activation::Softmax, Loss::CrossEntropy);
        let json: Value = serde_json::from_str(&explanation.to_json()).unwrap();
        let number = |value: &Value| value.as_f64().unwrap().to_bits();
        let flat = |value: &Value| match value[0].as_array() {
            Some(_) => {
                value.as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap().iter().map(number)).collect()
            }
            None => value.as_array().unwrap().iter().map(number).collect::<Vec<_>>(),
        };
        let columns = |m: &Matrix<f64>| m.as_slice().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let rows = |m: &Matrix<f64>| (0..m.rows()).flat_map(|i| m.row_iter(i).map(|x| x.to_bits())).collect::<Vec<_>>();

        assert_eq!(number(&json["loss"]), explanation.by_hand.loss.to_bits());
        assert_eq!(json["examples"], 2);
        assert_eq!(number(&json["largest_difference"]), explanation.largest_difference.to_bits());
        for (key, engine) in [("by_hand", &explanation.by_hand), ("by_tape", &explanation.by_tape)] {
            assert_eq!(number(&json[key]["loss"]), engine.loss.to_bits());
            for (l, layer) in engine.layers.iter().enumerate() {
                let json = &json[key]["layers"][l];
                assert_eq!(json["z"].as_array().unwrap().len(), 2, "a row for each example");
                for (key, matrix) in [("z", &layer.z), ("a", &layer.a), ("delta", &layer.delta)] {
                    assert_eq!(flat(&json[key]), columns(matrix));
                }
                assert_eq!(flat(&json["weight_gradient"]), rows(&layer.weight_gradient));
                assert_eq!(flat(&json["bias_gradient"]), rows(&layer.bias_gradient));
            }
        }
        for (l, dense) in explanation.updated.unwrap().network.layers().iter().enumerate() {
            assert_eq!(flat(&json["updated"]["layers"][l]["weight"]), rows(&dense.weight));
            assert_eq!(flat(&json["updated"]["layers"][l]["bias"]), rows(&dense.bias));
        }
    }

    #[test]
    fn json_has_a_matrix_a_line() {
        let json = mazur().to_json();
        let mut layout = String::new();
        for c in json.chars() {
            let is_number = c.is_ascii_digit() || (layout.ends_with('#') && "-+.e".contains(c));
            match (is_number, layout.ends_with('#')) {
                (true, true) => {}
                (true, false) => layout.push('#'),
                _ => layout.push(c),
            }
        }
        insta::assert_snapshot!("mazur_json_layout", layout.replace('-', ""));
    }

    #[test]
    fn json_has_null_for_what_is_no_number_and_no_update_without_a_learning_rate() {
        let network = network(&[(Activation::Identity, &[&[1e200]], &[0.0])], Loss::LeastSquares);
        let json: Value = serde_json::from_str(&explanation(&network, &[&[1e200]], &[&[0.0]], None).to_json()).unwrap();
        assert_eq!(json["by_hand"]["layers"][0]["z"][0][0], Value::Null);
        assert_eq!(json["largest_difference"], Value::Null); // ∞ by hand and ∞ by tape do not agree: nothing is known
        assert!(json.get("updated").is_none());
    }
}
