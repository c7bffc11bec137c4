//! Demo 4: a network learns to read digits, and reads one that was drawn.

use nn_autodiff::Tape;
use nn_core::{Activation, Loss, Matrix, seeded};
use nn_layers::Network;
use nn_train::{Examples, Standardization, digits, split};
use serde::Serialize;

use crate::json;
use crate::training::{Training, initialization};

/// A training on the digits of nn-train, as the program does it: a fifth is held out, pixels are standardised.
pub struct Digits {
    training: Training,
    held_out: Examples<f32>,
    standardization: Standardization,
}

#[derive(Serialize)]
struct Held {
    accuracy: f64,
    loss: f64,
    examples: usize,
}

/// What the network makes of a picture.
#[derive(Serialize)]
struct Reading {
    /// Of each digit from 0 to 9.
    probabilities: Vec<f32>,
    /// The digit.
    digit: usize,
    /// What the hidden units give.
    hidden: Vec<f32>,
    /// ∂J/∂x of each pixel as the network sees it, standardised, by the tape, for J of the digit that it reads: where ink
    /// makes it less sure it is positive.
    saliency: Vec<f32>,
}

impl Digits {
    /// 64 inputs, one hidden layer of ReLU, softmax over ten digits.
    ///
    /// # Errors
    ///
    /// Says which setting is wrong.
    pub fn new(hidden: usize, engine: &str, batch: usize, learning_rate: f64, seed: u64) -> Result<Self, String> {
        if !(1..=256).contains(&hidden) {
            return Err(format!("{hidden} hidden units: there are from 1 to 256"));
        }
        let mut data = digits();
        let rows = split(&data, 0.2);
        let standardization = Standardization::fit(&data.subset(&rows.train).x);
        standardization.apply(&mut data.x);
        let [train, held_out] = [&rows.train, &rows.validation].map(|rows| Examples::new(&data.subset(rows), 10));
        let layers = [(hidden, Activation::Relu), (10, Activation::Softmax)];
        let start = initialization(Activation::Relu);
        let network = Network::random(64, &layers, Loss::CrossEntropy, start, &mut seeded(seed));
        let network = network.map_err(|error| error.to_string())?;
        let training = Training::new(network, train, engine, batch, learning_rate, seed)?;
        Ok(Digits { training, held_out, standardization })
    }

    /// So many epochs more. Gives `epoch`, `loss` and `accuracy` over the training digits, and `stopped`.
    pub fn train(&mut self, epochs: usize) -> String {
        self.training.train(epochs)
    }

    /// The number of digits of an epoch.
    pub fn examples(&self) -> usize {
        self.training.examples.len()
    }

    /// How it does on the digits that it never learnt from.
    pub fn held_out(&self) -> String {
        let evaluation = self.held_out.evaluate(&self.training.network());
        let accuracy = evaluation.accuracy.unwrap_or(f64::NAN);
        json(&Held { accuracy, loss: evaluation.loss, examples: self.held_out.len() })
    }

    /// What the network makes of a picture of 64 pixels from 0 to 16.
    ///
    /// # Errors
    ///
    /// There are more or fewer pixels.
    pub fn read(&self, pixels: &[f64]) -> Result<String, String> {
        if pixels.len() != 64 {
            return Err(format!("{} pixels: a picture has 64", pixels.len()));
        }
        let mut x = Matrix::from_column(pixels);
        self.standardization.apply(&mut x);
        let (network, x) = (self.training.network(), x.map(|x| x as f32));
        let mut hidden = Vec::new();
        let [_, outputs] = network.forward(&x, |l, _, a| {
            if l == 1 {
                hidden = a.as_slice().to_vec();
            }
        });
        let digit = outputs.argmax(0);
        // x stands on the tape as a parameter: its gradient is wanted.
        let mut tape = Tape::new();
        let x = tape.parameter(x);
        let y = tape.input(Matrix::from_fn(10, 1, |i, _| if i == digit { 1.0 } else { 0.0 }));
        let layers = network.record(&mut tape, x);
        let j = network.record_loss(&mut tape, &layers, y);
        tape.backward(j);
        let saliency = tape.gradient(x).as_slice().to_vec();
        Ok(json(&Reading { probabilities: outputs.as_slice().to_vec(), digit, hidden, saliency }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::strokes::picture;

    fn trained() -> Digits {
        let mut digits = Digits::new(32, "hand", 32, 0.2, 1).unwrap();
        digits.train(8);
        digits
    }

    fn parsed(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn ring(width: f64) -> Vec<f64> {
        let turn = |i: i32| f64::from(i) / 40.0 * std::f64::consts::TAU;
        (0..=40).flat_map(|i| [width * turn(i).cos(), turn(i).sin()]).collect()
    }

    #[test]
    fn digits_that_are_drawn_are_read() {
        let digits = trained();
        assert!(parsed(&digits.held_out())["accuracy"].as_f64().unwrap() > 0.95);
        let one = vec![0.3, 0.25, 0.55, 0.0, 0.55, 1.0];
        let seven = vec![0.2, 0.0, 0.8, 0.0, 0.4, 1.0, f64::NAN, f64::NAN, 0.3, 0.5, 0.75, 0.5]; // with a bar, as those writers do
        for (digit, strokes) in [(0, ring(0.6)), (1, one), (7, seven)] {
            let reading = parsed(&digits.read(&picture(&strokes).unwrap()).unwrap());
            assert_eq!(reading["digit"], digit, "{reading}");
        }
    }

    /// The gradient with respect to a pixel is what a little more ink does to J.
    #[test]
    fn saliency_is_the_slope_of_the_loss() {
        // Hardly trained, it is not sure: J is large enough for the digits of f32.
        let mut digits = Digits::new(32, "hand", 32, 0.02, 1).unwrap();
        digits.train(1);
        let pixels = picture(&ring(0.7)).unwrap();
        let numbers = |pixels: &[f64], key: &str| {
            let reading = parsed(&digits.read(pixels).unwrap());
            reading[key].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>()
        };
        let digit = parsed(&digits.read(&pixels).unwrap())["digit"].as_u64().unwrap() as usize;
        let (saliency, scale) = (numbers(&pixels, "saliency"), &digits.standardization.scale);
        let is_used = |i: &usize| scale[*i] > 1.0; // corners are blank in nearly every picture
        let at = (0..64).filter(is_used).max_by(|&i, &j| saliency[i].abs().total_cmp(&saliency[j].abs())).unwrap();
        let loss = |step: f64| {
            let mut pixels = pixels;
            pixels[at] += step * scale[at];
            -numbers(&pixels, "probabilities")[digit].ln()
        };
        let difference = (loss(0.05) - loss(-0.05)) / 0.1;
        assert!((difference - saliency[at]).abs() < 0.05 * saliency[at].abs(), "{difference} and {}", saliency[at]);
    }

    #[test]
    fn settings_that_do_not_work_are_refused() {
        assert!(Digits::new(0, "hand", 32, 0.2, 1).err().unwrap().contains("hidden"));
        assert!(Digits::new(32, "hand", 32, f64::NAN, 1).err().unwrap().contains("learning rate"));
        assert!(trained().read(&[0.0]).unwrap_err().contains("64"));
    }
}
