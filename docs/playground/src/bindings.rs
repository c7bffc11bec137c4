//! The same functions as the browser calls them: texts and lists of numbers go in and out, an error is thrown.

use wasm_bindgen::prelude::*;

use crate::{activations, backpropagation, csv, digits, error, plane, strokes};

#[wasm_bindgen]
extern "C" {
    /// What the page does with the message of a panic; web/crates.js defines it.
    #[wasm_bindgen(js_name = nnPlaygroundPanicked)]
    fn panicked(message: &str);
}

/// A panic ends the program. Its message reaches the page, which says what it means.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("no message");
        let place = info.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
        panicked(&format!("{message}\n{place}"));
    }));
}

fn thrown<T>(result: Result<T, String>) -> Result<T, JsError> {
    result.map_err(|message| JsError::new(&message))
}

/// [`activations::names`]
#[wasm_bindgen(js_name = activationNames)]
pub fn activation_names() -> String {
    activations::names()
}

/// [`activations::values`]
#[wasm_bindgen(js_name = activationValues)]
pub fn activation_values(name: &str, z: &[f64]) -> Result<Vec<f64>, JsError> {
    thrown(activations::values(name, z))
}

/// [`activations::point`]
#[wasm_bindgen(js_name = activationPoint)]
pub fn activation_point(name: &str, z: f64) -> Result<String, JsError> {
    thrown(activations::point(name, z))
}

/// [`backpropagation::step`]
#[wasm_bindgen]
pub fn backpropagation(model: &str, batch: &str, learning_rate: f64) -> Result<String, JsError> {
    thrown(backpropagation::step(model, batch, learning_rate))
}

/// [`csv::points`]
#[wasm_bindgen(js_name = pointsFromTable)]
pub fn points_from_table(text: &str) -> Result<String, JsError> {
    thrown(csv::points(text))
}

/// [`error::answer`]
#[wasm_bindgen]
pub fn diagnose(model: &str, batch: &str, yours: &str) -> Result<String, JsError> {
    thrown(error::answer(model, batch, yours))
}

/// [`error::mistakes`]
#[wasm_bindgen]
pub fn mistakes(model: &str, batch: &str) -> Result<String, JsError> {
    thrown(error::mistakes(model, batch))
}

/// [`error::example`]
#[wasm_bindgen(js_name = wrongGradients)]
pub fn wrong_gradients(model: &str, batch: &str, id: Option<String>, layer: Option<usize>) -> Result<String, JsError> {
    thrown(error::example(model, batch, id.as_deref(), layer))
}

/// [`strokes::picture`]
#[wasm_bindgen(js_name = pictureOfStrokes)]
pub fn picture_of_strokes(strokes: &[f64]) -> Option<Vec<f64>> {
    strokes::picture(strokes).map(Vec::from)
}

/// [`plane::Plane`]
#[wasm_bindgen]
pub struct Plane(plane::Plane);

#[wasm_bindgen]
impl Plane {
    /// [`plane::Plane::new`]
    #[wasm_bindgen(constructor)]
    pub fn new(settings: &str) -> Result<Plane, JsError> {
        thrown(plane::Plane::new(settings)).map(Plane)
    }

    /// [`plane::Plane::train`]
    pub fn train(&mut self, epochs: usize) -> String {
        self.0.train(epochs)
    }

    /// [`plane::Plane::report`]
    pub fn report(&self) -> String {
        self.0.report()
    }

    /// [`plane::Plane::points`]
    pub fn points(&self) -> Vec<f32> {
        self.0.points().to_vec()
    }

    /// [`plane::Plane::reach`]
    pub fn reach(&self) -> Vec<f64> {
        self.0.reach().to_vec()
    }

    /// [`plane::Plane::widths`]
    pub fn widths(&self) -> Vec<usize> {
        self.0.widths()
    }

    /// [`plane::Plane::weights`]
    pub fn weights(&self) -> Vec<f32> {
        self.0.weights()
    }

    /// [`plane::Plane::pictures`]
    pub fn pictures(&self, cells: usize) -> Vec<f32> {
        self.0.pictures(cells)
    }
}

/// [`digits::Digits`]
#[wasm_bindgen]
pub struct Digits(digits::Digits);

#[wasm_bindgen]
impl Digits {
    /// [`digits::Digits::new`]
    #[wasm_bindgen(constructor)]
    pub fn new(hidden: usize, engine: &str, batch: usize, learning_rate: f64, seed: u32) -> Result<Digits, JsError> {
        thrown(digits::Digits::new(hidden, engine, batch, learning_rate, seed.into())).map(Digits)
    }

    /// [`digits::Digits::train`]
    pub fn train(&mut self, epochs: usize) -> String {
        self.0.train(epochs)
    }

    /// [`digits::Digits::examples`]
    pub fn examples(&self) -> usize {
        self.0.examples()
    }

    /// [`digits::Digits::held_out`]
    #[wasm_bindgen(js_name = heldOut)]
    pub fn held_out(&self) -> String {
        self.0.held_out()
    }

    /// [`digits::Digits::read`]
    pub fn read(&self, pixels: &[f64]) -> Result<String, JsError> {
        thrown(self.0.read(pixels))
    }
}
