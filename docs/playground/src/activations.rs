//! Demo 1: an activation and its derivative.

use nn_core::text::on_paper;
use nn_core::{Activation, Matrix};
use serde::Serialize;

use crate::json;

/// The activations of one number, in the order of the book: all but softmax.
pub fn names() -> String {
    let alone = Activation::ALL.into_iter().filter(|&activation| activation != Activation::Softmax);
    json(&alone.map(Activation::name).collect::<Vec<_>>())
}

/// σ(z) and σ′(z) for each z, one after the other: a, σ′, a, σ′, …
///
/// # Errors
///
/// There is no activation of this name.
///
/// ```
/// assert_eq!(nn_playground::activations::values("relu", &[-1.0, 2.0]), Ok(vec![0.0, 0.0, 2.0, 1.0]));
/// ```
pub fn values(name: &str, z: &[f64]) -> Result<Vec<f64>, String> {
    let activation: Activation = name.parse().map_err(|error: nn_core::UnknownName| error.to_string())?;
    let z = Matrix::from_slice(1, z.len(), z);
    let (mut a, mut slope) = (Matrix::zeros(1, z.columns()), Matrix::from_fn(1, z.columns(), |_, _| 1.0));
    activation.apply(&z, &mut a);
    activation.backward(&a, &mut slope); // from ∂J/∂a = 1
    Ok(a.as_slice().iter().zip(slope.as_slice()).flat_map(|(&a, &slope)| [a, slope]).collect())
}

/// One point of the curves, with its numbers as they are printed.
#[derive(Serialize)]
struct Point {
    a: f64,
    slope: f64,
    z_text: String,
    a_text: String,
    slope_text: String,
}

/// σ(z) and σ′(z) of one z, to be shown.
///
/// # Errors
///
/// There is no activation of this name.
pub fn point(name: &str, z: f64) -> Result<String, String> {
    let [a, slope] = values(name, &[z])?[..] else { unreachable!("two numbers for one") };
    let [z_text, a_text, slope_text] = [z, a, slope].map(|x| on_paper(x, 6));
    Ok(json(&Point { a, slope, z_text, a_text, slope_text }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slope that is shown is that of the curve that is drawn.
    #[test]
    fn slopes_are_those_of_the_curves() {
        let names: Vec<String> = serde_json::from_str(&names()).unwrap();
        assert_eq!(names.len(), 7);
        for name in names {
            for z in [-2.3, -0.4, 0.7, 3.1] {
                let got = values(&name, &[z - 1e-5, z, z + 1e-5]).unwrap();
                let difference = (got[4] - got[0]) / 2e-5;
                assert!((got[3] - difference).abs() < 1e-9, "{name} at {z}: {} and {difference}", got[3]);
            }
        }
    }

    #[test]
    fn a_name_that_there_is_not_is_refused() {
        assert!(values("sinus", &[0.0]).unwrap_err().contains("sinus"));
    }
}
