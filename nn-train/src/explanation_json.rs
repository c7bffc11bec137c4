//! The JSON form of an [`Explanation`].

use nn_core::Matrix;

use crate::{EngineExplanation, Explanation, Updated};

impl Explanation {
    /// The numbers in JSON, a matrix a line, with the digits that it takes to read back the same bits.
    ///
    /// z, a and δ have a row for each example; gradients and weights have a row for each unit; biases are flat. JSON
    /// has no infinity and no NaN: they become `null`, here and in `largest_difference`. The program `nn` asks
    /// [`Model::overflow_of_gradients`](crate::Model::overflow_of_gradients) first, and prints neither.
    pub fn to_json(&self) -> String {
        let updated = self.updated.as_ref().map_or(String::new(), |Updated { network, .. }| {
            let layers = network.layers().iter().map(|dense| {
                json_layer(&[("weight", json_rows(&dense.weight)), ("bias", json_list(dense.bias.as_slice()))])
            });
            format!(",\n \"updated\": {{\"layers\": [\n  {}]}}", layers.collect::<Vec<_>>().join(",\n  "))
        });
        format!(
            "{{\"loss\": {}, \"examples\": {},\n \"by_hand\": {},\n \"by_tape\": {},\n \"largest_difference\": {}{updated}}}\n",
            json_number(&self.by_hand.loss),
            self.x.columns(),
            json_engine(&self.by_hand),
            json_engine(&self.by_tape),
            json_number(&self.largest_difference),
        )
    }
}

fn json_engine(engine: &EngineExplanation) -> String {
    let layers = engine.layers.iter().map(|layer| {
        json_layer(&[
            ("z", json_columns(&layer.z)),
            ("a", json_columns(&layer.a)),
            ("delta", json_columns(&layer.delta)),
            ("weight_gradient", json_rows(&layer.weight_gradient)),
            ("bias_gradient", json_list(layer.bias_gradient.as_slice())),
        ])
    });
    let layers = layers.collect::<Vec<_>>().join(",\n  ");
    format!("{{\"loss\": {}, \"layers\": [\n  {layers}]}}", json_number(&engine.loss))
}

fn json_layer(entries: &[(&str, String)]) -> String {
    let entries: Vec<_> = entries.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}}}", entries.join(",\n   "))
}

fn json_columns(matrix: &Matrix<f64>) -> String {
    format!("[{}]", matrix.columns_iter().map(json_list).collect::<Vec<_>>().join(", "))
}

fn json_rows(matrix: &Matrix<f64>) -> String {
    format!("[{}]", (0..matrix.rows()).map(|i| json_list(matrix.row_iter(i))).collect::<Vec<_>>().join(", "))
}

fn json_list<'a>(numbers: impl IntoIterator<Item = &'a f64>) -> String {
    format!("[{}]", numbers.into_iter().map(json_number).collect::<Vec<_>>().join(", "))
}

fn json_number(x: &f64) -> String {
    serde_json::to_string(x).expect("a number is JSON")
}
