//! A gradient written by hand, not of a neural network, compared with dual numbers: the fit of a forgetting curve.
//!
//! Somebody reviews a card after t days and remembers it or not. The probability of remembering is a power of t,
//!
//! ```text
//! p(t) = (1 + t/(9 s))^(−d),     s the stability in days, d > 0 the decay,
//! ```
//!
//! and s and d are to make the reviews as likely as possible: J(s, d) = −Σ (r ln p + (1 − r) ln(1 − p)). Programs that do
//! this on telephones write its gradient by hand. This is how such a gradient is tested.
//!
//! `cargo run -p nn-autodiff --example forgetting_curve`

use nn_autodiff::{Dual, check_gradient, check_gradient_by_differences};
use nn_core::Scalar;

/// Days since the last review, and whether the card was remembered.
const REVIEWS: [(f64, bool); 8] =
    [(1.0, true), (2.0, true), (3.0, false), (5.0, true), (8.0, true), (13.0, false), (21.0, true), (34.0, false)];

/// J(s, d), once, for any number. ln p = −d ln(1 + t/(9 s)), and ln(1 − p) = ln1p(−p).
fn negative_log_likelihood<T: Scalar>(parameters: &[T]) -> T {
    let (s, d) = (parameters[0], parameters[1]);
    REVIEWS.iter().fold(T::zero(), |sum, &(t, remembered)| {
        let ln_p = -d * (T::from_f64(t) / (T::from_f64(9.0) * s)).ln_1p();
        let ln_of_it = if remembered { ln_p } else { (-ln_p.exp()).ln_1p() };
        sum - ln_of_it
    })
}

/// ∂J/∂s and ∂J/∂d, by hand.
///
/// With u = ln(1 + t/(9 s)): ∂ ln p/∂d = −u and ∂ ln p/∂s = d t/(s (9 s + t)); and for a card that was forgotten,
/// ∂ ln(1 − p)/∂ ln p = −p/(1 − p).
fn gradient(parameters: &[f64]) -> Vec<f64> {
    let (s, d) = (parameters[0], parameters[1]);
    let mut gradient = vec![0.0, 0.0];
    for (t, remembered) in REVIEWS {
        let u = (t / (9.0 * s)).ln_1p();
        let p = (-d * u).exp();
        let weight = if remembered { 1.0 } else { -p / (1.0 - p) };
        gradient[0] -= weight * d * t / (s * (9.0 * s + t));
        gradient[1] -= weight * -u;
    }
    gradient
}

fn main() {
    for point in [[2.0, 0.5], [10.0, 1.0], [0.3, 2.5]] {
        check_gradient(negative_log_likelihood, gradient, &point).unwrap();
        check_gradient_by_differences(negative_log_likelihood, gradient, &point).unwrap();
        println!("at {point:?}: ∇J = {:?}, right by dual numbers and by differences", gradient(&point));
    }
    // What a test says where the gradient is wrong.
    let forgets_the_chain_rule = |x: &[f64]| vec![gradient(x)[0] * x[0], gradient(x)[1]];
    let mean = |x: &[Dual<f64>]| negative_log_likelihood(x) * Dual::constant(1.0 / REVIEWS.len() as f64);
    println!("\n{}", check_gradient(negative_log_likelihood, forgets_the_chain_rule, &[2.0, 0.5]).unwrap_err());
    println!("{}", check_gradient(mean, gradient, &[2.0, 0.5]).unwrap_err());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pattern to copy: some points, and one line.
    #[test]
    fn the_gradient_by_hand_is_right() {
        for point in [[2.0, 0.5], [10.0, 1.0], [0.3, 2.5], [100.0, 0.1]] {
            check_gradient(negative_log_likelihood, gradient, &point).unwrap();
        }
    }
}
