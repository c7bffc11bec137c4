//! The δ-recursion in steps that can be replaced one by one: a mistake is the right recursion with a step replaced.

use nn_core::{Activation, Loss, Matrix, MatrixView, Write, matmul, sum_columns};
use nn_layers::{Dense, Network};

use crate::explain::{EngineExplanation, LayerExplanation};

/// What is to be computed: the pass of a network over a batch, and a step of gradient descent if there is a learning rate.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// The layers and the loss.
    pub network: &'a Network<f64>,
    /// x = a⁽⁰⁾, n₀ × m.
    pub x: &'a Matrix<f64>,
    /// The targets y, n_L × m.
    pub y: &'a Matrix<f64>,
    /// η, if there is a step of gradient descent.
    pub learning_rate: Option<f64>,
}

/// The steps of one layer. Each reads what has been computed so far; `Steps::right` are the equations of the book.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    pub(crate) activation: Activation,
    pub(crate) pre_activation: fn(&LayerContext<'_>) -> Matrix<f64>,
    pub(crate) activate: fn(&LayerContext<'_>) -> Matrix<f64>,
    /// J, in the last layer.
    pub(crate) loss: fn(&LayerContext<'_>) -> f64,
    /// A factor of J, which should be 1.
    pub(crate) loss_factor: f64,
    /// A factor of the gradient of J, which should be 1.
    pub(crate) factor: f64,
    /// In the last layer: ∂J/∂a⁽ᴸ⁾; where σ′ has cancelled, ∂J/∂z⁽ᴸ⁾.
    pub(crate) loss_gradient: fn(&LayerContext<'_>) -> Matrix<f64>,
    /// Whether σ′ cancels against the loss in the last layer: true for a cross-entropy after its own activation.
    pub(crate) cancelled: bool,
    /// In a hidden layer: ∂J/∂a⁽ˡ⁾.
    pub(crate) backpropagate: fn(&LayerContext<'_>) -> Matrix<f64>,
    /// From ∂J/∂a⁽ˡ⁾ to δ⁽ˡ⁾.
    pub(crate) slope: fn(&LayerContext<'_>, Matrix<f64>) -> Matrix<f64>,
    pub(crate) weight_gradient: fn(&LayerContext<'_>) -> Matrix<f64>,
    pub(crate) bias_gradient: fn(&LayerContext<'_>) -> Matrix<f64>,
}

impl Steps {
    /// The equations as they are, for layer `l` + 1.
    // ANCHOR: right_steps
    pub(crate) fn right(network: &Network<f64>, l: usize) -> Steps {
        Steps {
            activation: network.layers()[l].activation,
            pre_activation: |at| affine(at.dense(), at.a_below()), // z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾
            activate: |at| apply(at.activation, at.z()),           // a⁽ˡ⁾ = σ(z⁽ˡ⁾)
            loss: |at| at.loss().value(at.z(), at.a(), at.y()),    // J
            loss_factor: 1.0,
            factor: 1.0,
            loss_gradient: |at| difference(at.a(), at.y(), 1.0 / at.m()), // ∂J/∂a⁽ᴸ⁾, or δ⁽ᴸ⁾, = (a⁽ᴸ⁾ − y)/m
            cancelled: network.loss().activation().is_some(),
            backpropagate: |at| product(at.above().weight.t(), at.delta_above()), // ∂J/∂a⁽ˡ⁾ = W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾
            slope: |at, error| times_derivative(at.activation, at.a(), error),    // δ⁽ˡ⁾ = ∂J/∂a⁽ˡ⁾ ⊙ σ′(z⁽ˡ⁾)
            weight_gradient: |at| product(at.delta(), at.a_below().t()),          // ∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ
            bias_gradient: |at| row_sums(at.delta()),                             // ∂J/∂b⁽ˡ⁾ = δ⁽ˡ⁾ 1
        }
    }
    // ANCHOR_END: right_steps
}

/// What the steps of layer l can read: everything that was computed before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerContext<'a> {
    problem: Problem<'a>,
    layers: &'a [LayerExplanation],
    l: usize,
    /// σ, or the activation that is used by mistake.
    pub(crate) activation: Activation,
}

impl<'a> LayerContext<'a> {
    pub(crate) fn loss(&self) -> Loss {
        self.problem.network.loss()
    }

    /// m
    pub(crate) fn m(&self) -> f64 {
        self.y().columns() as f64
    }

    /// η
    pub(crate) fn learning_rate(&self) -> f64 {
        self.problem.learning_rate.expect("this mistake is made only where there is a learning rate")
    }

    pub(crate) fn dense(&self) -> &'a Dense<f64> {
        &self.problem.network.layers()[self.l]
    }

    /// Layer l+1.
    pub(crate) fn above(&self) -> &'a Dense<f64> {
        &self.problem.network.layers()[self.l + 1]
    }

    pub(crate) fn y(&self) -> &'a Matrix<f64> {
        self.problem.y
    }

    /// a⁽ˡ⁻¹⁾
    pub(crate) fn a_below(&self) -> &'a Matrix<f64> {
        if self.l == 0 { self.problem.x } else { &self.layers[self.l - 1].a }
    }

    /// z⁽ˡ⁻¹⁾, where l > 1.
    pub(crate) fn z_below(&self) -> &'a Matrix<f64> {
        &self.layers[self.l - 1].z
    }

    pub(crate) fn z(&self) -> &'a Matrix<f64> {
        &self.layers[self.l].z
    }

    pub(crate) fn a(&self) -> &'a Matrix<f64> {
        &self.layers[self.l].a
    }

    pub(crate) fn delta(&self) -> &'a Matrix<f64> {
        &self.layers[self.l].delta
    }

    /// δ⁽ˡ⁺¹⁾
    pub(crate) fn delta_above(&self) -> &'a Matrix<f64> {
        &self.layers[self.l + 1].delta
    }

    /// ∂J/∂W⁽ˡ⁺¹⁾
    pub(crate) fn weight_gradient_above(&self) -> &'a Matrix<f64> {
        &self.layers[self.l + 1].weight_gradient
    }
}

/// A forward and a backward pass, computed step by step.
#[derive(Clone, Debug)]
pub(crate) struct Pass<'a> {
    problem: Problem<'a>,
    steps: Vec<Steps>,
    pub(crate) numbers: EngineExplanation,
}

impl<'a> Pass<'a> {
    /// A pass with the right steps.
    pub(crate) fn new(problem: Problem<'a>) -> Self {
        let empty = || Matrix::zeros(0, 0);
        let layers = problem.network.layers().iter().map(|_| LayerExplanation {
            z: empty(),
            a: empty(),
            delta: empty(),
            weight_gradient: empty(),
            bias_gradient: empty(),
        });
        let numbers = EngineExplanation { loss: f64::NAN, layers: layers.collect() };
        let steps = (0..numbers.layers.len()).map(|l| Steps::right(problem.network, l)).collect();
        Pass { problem, steps, numbers }
    }

    pub(crate) fn steps_mut(&mut self, l: usize) -> &mut Steps {
        &mut self.steps[l]
    }

    fn at(&self, l: usize) -> LayerContext<'_> {
        LayerContext { problem: self.problem, layers: &self.numbers.layers, l, activation: self.steps[l].activation }
    }

    /// z⁽ˡ⁾ and a⁽ˡ⁾ of all layers from the first to the last, and J. Layers below `from` are taken from another pass.
    // ANCHOR: wrong_forward
    pub(crate) fn forward(&mut self, from: usize, right: &EngineExplanation) {
        for l in 0..self.steps.len() {
            if l < from {
                self.numbers.layers[l].z = right.layers[l].z.clone();
                self.numbers.layers[l].a = right.layers[l].a.clone();
            } else {
                self.numbers.layers[l].z = (self.steps[l].pre_activation)(&self.at(l));
                self.numbers.layers[l].a = (self.steps[l].activate)(&self.at(l));
            }
        }
        let last = self.steps.len() - 1;
        self.numbers.loss = self.steps[last].loss_factor * (self.steps[last].loss)(&self.at(last));
    }
    // ANCHOR_END: wrong_forward

    /// δ⁽ˡ⁾, ∂J/∂W⁽ˡ⁾ and ∂J/∂b⁽ˡ⁾ of one layer; those of the layers above come first.
    // ANCHOR: wrong_backward
    pub(crate) fn backward(&mut self, l: usize) {
        let (steps, is_last) = (self.steps[l], l + 1 == self.steps.len());
        let error = match is_last {
            true => times((steps.loss_gradient)(&self.at(l)), steps.factor),
            false => (steps.backpropagate)(&self.at(l)),
        };
        self.numbers.layers[l].delta = match is_last && steps.cancelled {
            true => error,
            false => (steps.slope)(&self.at(l), error),
        };
        self.numbers.layers[l].weight_gradient = (steps.weight_gradient)(&self.at(l));
        self.numbers.layers[l].bias_gradient = (steps.bias_gradient)(&self.at(l));
    }
    // ANCHOR_END: wrong_backward

    /// The whole pass; returns its numbers.
    pub(crate) fn run(mut self) -> EngineExplanation {
        self.forward(0, &EngineExplanation { loss: f64::NAN, layers: Vec::new() });
        for l in (0..self.steps.len()).rev() {
            self.backward(l);
        }
        self.numbers
    }
}

// ——— The operations that the steps are made of ———

/// W a + b 1ᵀ
pub(crate) fn affine(dense: &Dense<f64>, a: &Matrix<f64>) -> Matrix<f64> {
    let mut z = Matrix::zeros(0, 0);
    dense.pre_activation(a, &mut z);
    z
}

/// A B
// ANCHOR: product
pub(crate) fn product<'a, 'b>(a: impl Into<MatrixView<'a, f64>>, b: impl Into<MatrixView<'b, f64>>) -> Matrix<f64> {
    let (a, b) = (a.into(), b.into());
    let mut c = Matrix::zeros(a.rows(), b.columns());
    matmul(a, b, Write::Replace, &mut c);
    c
}
// ANCHOR_END: product

/// σ(z)
pub(crate) fn apply(activation: Activation, z: &Matrix<f64>) -> Matrix<f64> {
    let mut a = z.clone();
    activation.apply(z, &mut a);
    a
}

/// error ⊙ σ′, with σ′ from a.
pub(crate) fn times_derivative(activation: Activation, a: &Matrix<f64>, mut error: Matrix<f64>) -> Matrix<f64> {
    activation.backward(a, &mut error);
    error
}

/// (u − v) · factor
pub(crate) fn difference(u: &Matrix<f64>, v: &Matrix<f64>, factor: f64) -> Matrix<f64> {
    zip(u, v, |u, v| (u - v) * factor)
}

pub(crate) fn zip(u: &Matrix<f64>, v: &Matrix<f64>, f: impl Fn(f64, f64) -> f64 + Copy + Sync) -> Matrix<f64> {
    let mut result = u.clone();
    result.zip_in_place(v, f);
    result
}

pub(crate) fn times(mut u: Matrix<f64>, factor: f64) -> Matrix<f64> {
    if factor != 1.0 {
        u.map_in_place(|u| factor * u);
    }
    u
}

pub(crate) fn row_sums(delta: &Matrix<f64>) -> Matrix<f64> {
    let mut sums = Matrix::zeros(delta.rows(), 1);
    sum_columns(delta, Write::Replace, &mut sums);
    sums
}

pub(crate) fn transposed(u: &Matrix<f64>) -> Matrix<f64> {
    Matrix::from_fn(u.columns(), u.rows(), |i, j| u[(j, i)])
}
