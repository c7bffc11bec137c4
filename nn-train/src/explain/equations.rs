//! The equations of activations, their derivatives and losses: with letters they are equations, with numbers computations.

use nn_core::{Activation, Loss, Matrix, leaky_relu_derivative, relu_derivative};

use super::expr::Expr::{self, Around, Letter, Number};
use super::expr::{letter, total};

const ONE: Expr = Number(1.0);

/// σ(z); `sum` is the sum of e^z over all units, for softmax.
pub(crate) fn activation(activation: Activation, z: Expr, sum: Expr) -> Expr {
    match activation {
        Activation::Identity => z,
        Activation::Step => z.call("step("),
        Activation::Relu => Number(0.0).binary(',', z).call("max("),
        Activation::LeakyRelu => (Number(0.01) * z.clone()).binary(',', z).call("max("),
        Activation::Sigmoid => z.call("sigmoid("),
        Activation::Tanh => z.call("tanh("),
        Activation::Softplus => (ONE + z.exp()).call("ln("),
        Activation::Softmax => z.exp() / sum,
    }
}

/// aᵢ = σ(zᵢ), with the definition of step and of sigmoid.
pub(crate) fn activation_in_letters(of: Activation) -> Expr {
    let a = letter("aᵢ").is(activation(of, letter("zᵢ"), letter("zₖ").exp().sum("Σₖ ")));
    match of {
        Activation::Step => a.is(letter("0 for zᵢ < 0, else 1")),
        Activation::Sigmoid => a.is(ONE / (ONE + letter("zᵢ").minus().exp())),
        _ => a,
    }
}

/// The slope σ′(z), as a function of a where that is possible.
pub(crate) fn slope(activation: Activation, a: Expr) -> Expr {
    match (activation, a) {
        (Activation::Identity | Activation::Softmax, _) => ONE,
        (Activation::Step, Number(_)) => Number(0.0),
        (Activation::Step, _) => letter("step′(zᵢ)"),
        (Activation::Relu, Number(a)) => Number(relu_derivative(a)),
        (Activation::Relu, _) => letter("relu′(zᵢ)"),
        (Activation::LeakyRelu, Number(a)) => Number(leaky_relu_derivative(a)),
        (Activation::LeakyRelu, _) => letter("leaky-relu′(zᵢ)"),
        (Activation::Sigmoid, a) => a.clone().binary('·', ONE - a),
        (Activation::Tanh, a) => ONE - a.squared(),
        (Activation::Softplus, a) => ONE - a.minus().exp(),
    }
}

/// A remark that defines σ′, where the equation only names it.
pub(crate) fn slope_remark(activation: Activation) -> Option<&'static str> {
    match activation {
        Activation::Step => Some("step′(z) is 0 for every z: nothing in this layer or below it learns."),
        Activation::Relu => Some("relu′(z) is 1 for z > 0, else 0."),
        Activation::LeakyRelu => Some("leaky-relu′(z) is 1 for z > 0, else 0.01."),
        _ => None,
    }
}

/// J of a batch of m examples, in matrices and in entries.
pub(crate) fn loss_in_letters(loss: Loss, a: Expr, m: usize) -> [Expr; 2] {
    let ln = |of: Expr| if let Letter(_) = of { Around("ln ", Box::new(of), "", '^') } else { of.call("ln(") };
    let terms = |a: Expr, y: Expr, times: char| match loss {
        Loss::LeastSquares => (a - y).squared(),
        Loss::CrossEntropy => y.binary(times, ln(a)),
        Loss::BinaryCrossEntropy => y.clone().binary(times, ln(a.clone())) + (ONE - y).binary(times, ln(ONE - a)),
    };
    let whole = match loss {
        Loss::LeastSquares => Around("‖", Box::new(a - letter("y")), "‖", '(').squared(),
        Loss::CrossEntropy | Loss::BinaryCrossEntropy => terms(a, letter("y"), '⊙').sum("Σ "),
    };
    [whole, terms(letter("aᵢ"), letter("yᵢ"), ' ').sum("Σᵢ ")].map(|sum| match loss {
        Loss::LeastSquares => letter(if m == 1 { "1/2" } else { "1/(2m)" }) * sum,
        Loss::CrossEntropy | Loss::BinaryCrossEntropy if m == 1 => sum.minus(),
        Loss::CrossEntropy | Loss::BinaryCrossEntropy => (letter("1/m") * sum).minus(),
    })
}

/// J in numbers, without the terms whose factor is 0.
pub(crate) fn loss(loss: Loss, a: &Matrix<f64>, y: &Matrix<f64>) -> Expr {
    let ln = |weight: f64, of: Expr| match weight {
        0.0 => None,
        1.0 => Some(of.call("ln(")),
        _ => Some(Number(weight) * of.call("ln(")),
    };
    let terms = a.as_slice().iter().zip(y.as_slice()).flat_map(|(&a, &y)| match loss {
        Loss::LeastSquares => [Some((Number(a) - Number(y)).squared()), None],
        Loss::CrossEntropy => [ln(y, Number(a)), None],
        Loss::BinaryCrossEntropy => [ln(y, Number(a)), ln(1.0 - y, ONE - Number(a))],
    });
    let (sum, m) = (total(terms.flatten()), y.columns());
    match loss {
        Loss::LeastSquares if m == 1 => sum / Number(2.0),
        Loss::LeastSquares => sum / (Number(2.0) * Number(m as f64)),
        Loss::CrossEntropy | Loss::BinaryCrossEntropy if m == 1 => sum.minus(),
        Loss::CrossEntropy | Loss::BinaryCrossEntropy => (sum / Number(m as f64)).minus(),
    }
}
