//! A network: layers whose widths fit, and a loss.

use nn_core::text::{counted, of_layer};
use nn_core::{Activation, Loss, Matrix, MatrixView, Scalar};
use rand::Rng;

use crate::{Dense, Initialization};

/// A feed-forward network: layers 1 … L on top of the input, and the loss that it is trained with.
///
/// ```
/// use nn_core::{Activation, Loss, Matrix};
/// use nn_layers::{Dense, Network};
///
/// let hidden = Dense {
///     weight: Matrix::from_rows(&[[1.0, 1.0], [1.0, 1.0]]),
///     bias: Matrix::from_column(&[0.0, -1.0]),
///     activation: Activation::Relu,
/// };
/// let output = Dense {
///     weight: Matrix::from_rows(&[[1.0, -2.0]]),
///     bias: Matrix::from_column(&[0.0]),
///     activation: Activation::Identity,
/// };
/// let xor = Network::new(vec![hidden, output], Loss::LeastSquares)?;
///
/// // Four examples, one a column (Goodfellow, Bengio and Courville, equations 6.4 to 6.6).
/// let x = Matrix::from_rows(&[[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]]);
/// assert_eq!(xor.predict(&x), Matrix::from_rows(&[[0.0, 1.0, 1.0, 0.0]]));
/// # Ok::<(), nn_layers::NetworkError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Network<T> {
    layers: Vec<Dense<T>>,
    loss: Loss,
}

/// Why layers and a loss do not make a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// There is no layer.
    #[error("a network needs at least one layer")]
    NoLayers,
    /// A layer has no units, or its input has none.
    #[error(
        "layer {layer} has {} and {}: it needs at least one of each",
        counted(*.units, "unit"), counted(*.inputs, "input")
    )]
    EmptyLayer {
        /// l, from 1.
        layer: usize,
        /// n_l
        units: usize,
        /// n_{l−1}
        inputs: usize,
    },
    /// The number of biases is not the number of units.
    #[error(
        "layer {layer} has {}, but its bias is {bias}: b{} is {units}×1",
        counted(*.units, "unit"), of_layer(*.layer)
    )]
    Bias {
        /// l, from 1.
        layer: usize,
        /// n_l, the rows of W⁽ˡ⁾.
        units: usize,
        /// The shape of b⁽ˡ⁾.
        bias: String,
    },
    /// Two neighbouring layers do not fit.
    #[error(
        "layer {layer} ({here}) expects a{l_1} with {rows}, but layer {} has {below}: z{l} = W{l} a{l_1} + b{l}",
        .layer - 1, here = counted(*.units, "unit"), rows = counted(*.expected, "row"),
        below = counted(*.found, "unit"), l = of_layer(*.layer), l_1 = of_layer(*.layer - 1)
    )]
    Widths {
        /// l, the upper of the two, from 1.
        layer: usize,
        /// n_l
        units: usize,
        /// The columns of W⁽ˡ⁾.
        expected: usize,
        /// n_{l−1}
        found: usize,
    },
    /// The loss is made for another last activation.
    #[error("the loss {loss} needs {needed} as last activation, but layer {layer} has {found}")]
    LastActivation {
        /// The loss of the network.
        loss: Loss,
        /// The activation that it is made for.
        needed: Activation,
        /// L, the number of the last layer.
        layer: usize,
        /// The activation of layer L.
        found: Activation,
    },
    /// More parameters than 2³¹.
    #[error("the network would have {parameters} parameters: at most 2³¹ = 2147483648 are allowed")]
    TooLarge {
        /// Their number.
        parameters: u128,
    },
}

impl<T: Scalar> Network<T> {
    /// Puts layers together.
    ///
    /// # Errors
    ///
    /// Says which layer is empty, which two neighbours do not fit and by which equation, or that the loss is made for
    /// another last activation.
    pub fn new(layers: Vec<Dense<T>>, loss: Loss) -> Result<Self, NetworkError> {
        let last = layers.last().ok_or(NetworkError::NoLayers)?;
        for (l, dense) in (1..).zip(&layers) {
            let (units, inputs) = (dense.outputs(), dense.inputs());
            if units == 0 || inputs == 0 {
                return Err(NetworkError::EmptyLayer { layer: l, units, inputs });
            }
            if dense.bias.rows() != units || dense.bias.columns() != 1 {
                return Err(NetworkError::Bias { layer: l, units, bias: dense.bias.shape().to_string() });
            }
        }
        for (l, pair) in (2..).zip(layers.windows(2)) {
            let (units, expected, found) = (pair[1].outputs(), pair[1].inputs(), pair[0].outputs());
            if expected != found {
                return Err(NetworkError::Widths { layer: l, units, expected, found });
            }
        }
        check_last_activation(loss, last.activation, layers.len())?;
        Ok(Network { layers, loss })
    }

    /// A network with random parameters: for each layer, its number of units and its activation.
    ///
    /// # Errors
    ///
    /// As [`new`](Network::new); and [`TooLarge`](NetworkError::TooLarge), before anything is allocated, above 2³¹
    /// parameters.
    pub fn random(
        inputs: usize,
        layers: &[(usize, Activation)],
        loss: Loss,
        initialization: Initialization,
        rng: &mut impl Rng,
    ) -> Result<Self, NetworkError> {
        Self::count_parameters(inputs, layers)?;
        let widths = std::iter::once(inputs).chain(layers.iter().map(|&(units, _)| units));
        let layers =
            widths.zip(layers).map(|(below, &(units, activation))| initialization.dense(below, units, activation, rng));
        Network::new(layers.collect(), loss)
    }

    /// The number of weights and biases that a network of this size has, without allocating it.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](NetworkError::TooLarge) above 2³¹ parameters.
    ///
    /// ```
    /// use nn_core::Activation;
    /// use nn_layers::Network;
    ///
    /// let layers = [(30, Activation::Sigmoid), (10, Activation::Sigmoid)];
    /// assert_eq!(Network::<f64>::count_parameters(784, &layers), Ok(30 * 784 + 30 + 10 * 30 + 10));
    /// ```
    pub fn count_parameters(inputs: usize, layers: &[(usize, Activation)]) -> Result<usize, NetworkError> {
        let widths = || std::iter::once(inputs).chain(layers.iter().map(|&(units, _)| units));
        let parameters = widths().zip(widths().skip(1)).map(|(below, units)| (below as u128 + 1) * units as u128);
        let parameters = parameters.fold(0, u128::saturating_add); // Two layers of the largest size overflow 128 bits.
        if parameters > 1 << 31 {
            return Err(NetworkError::TooLarge { parameters });
        }
        Ok(parameters as usize)
    }

    /// a⁽ᴸ⁾ for the examples in the columns of x: the network's outputs, without anything kept for a backward pass.
    ///
    /// # Shapes
    ///
    /// x: n₀ × m → a⁽ᴸ⁾: n_L × m.
    ///
    /// # Panics
    ///
    /// Panics if x does not have n₀ rows.
    #[track_caller]
    pub fn predict<'a>(&self, x: impl Into<MatrixView<'a, T>>) -> Matrix<T> {
        let [_, a] = self.forward(x, |_, _, _| {});
        a
    }

    /// The class of each example in the columns of x, as [`predicted_class`] reads it from the outputs.
    ///
    /// # Shapes
    ///
    /// x: n₀ × m → m classes, counted from 0.
    ///
    /// # Panics
    ///
    /// Panics if x does not have n₀ rows.
    #[track_caller]
    // ANCHOR: classify
    pub fn classify<'a>(&self, x: impl Into<MatrixView<'a, T>>) -> Vec<usize> {
        let outputs = self.predict(x);
        (0..outputs.columns()).map(|j| predicted_class(&outputs, j)).collect()
    }
    // ANCHOR_END: classify

    /// J and a⁽ᴸ⁾ for a batch, to evaluate a network without training it.
    ///
    /// # Shapes
    ///
    /// x: n₀ × m, y: n_L × m → a⁽ᴸ⁾: n_L × m.
    ///
    /// # Panics
    ///
    /// Panics if the shapes do not fit, the batch is empty, or the targets are [not valid](Loss::check_targets) for the loss.
    #[track_caller]
    pub fn loss_and_outputs<'a>(&self, x: impl Into<MatrixView<'a, T>>, y: &Matrix<T>) -> (T, Matrix<T>) {
        let [z, a] = self.forward(x, |_, _, _| {});
        let j = self.loss.value(&z, &a, y);
        self.check_targets(y);
        (j, a)
    }

    /// The forward pass: calls `visit(l, z⁽ˡ⁾, a⁽ˡ⁾)` for each layer, l from 1. Returns z⁽ᴸ⁾ and a⁽ᴸ⁾.
    ///
    /// ```
    /// use nn_core::{Activation, Loss, Matrix, seeded};
    /// use nn_layers::{Initialization, Network};
    ///
    /// let layers = [(3, Activation::Relu), (2, Activation::Identity)];
    /// let network = Network::<f64>::random(4, &layers, Loss::LeastSquares, Initialization::He, &mut seeded(1))?;
    /// let mut shapes = Vec::new();
    /// network.forward(&Matrix::zeros(4, 5), |l, z, _| shapes.push((l, z.rows(), z.columns())));
    /// assert_eq!(shapes, [(1, 3, 5), (2, 2, 5)]);
    /// # Ok::<(), nn_layers::NetworkError>(())
    /// ```
    ///
    /// # Shapes
    ///
    /// x: n₀ × m → z⁽ˡ⁾, a⁽ˡ⁾: n_l × m.
    ///
    /// # Panics
    ///
    /// Panics if x does not have n₀ rows.
    #[track_caller]
    pub fn forward<'a>(
        &self,
        x: impl Into<MatrixView<'a, T>>,
        mut visit: impl FnMut(usize, &Matrix<T>, &Matrix<T>),
    ) -> [Matrix<T>; 2] {
        let x = x.into();
        assert!(
            x.rows() == self.inputs(),
            "a network with {} inputs was given x with shape {}",
            self.inputs(),
            x.shape()
        );
        let (mut z, mut a) = (Matrix::zeros(0, 0), Matrix::zeros(0, 0));
        for (l, dense) in (1..).zip(&self.layers) {
            let a_below = if l == 1 { x } else { MatrixView::from(&a) };
            dense.pre_activation(a_below, &mut z);
            dense.activation_of(&z, &mut a);
            visit(l, &z, &a);
        }
        [z, a]
    }

    /// The layers 1 … L.
    pub fn layers(&self) -> &[Dense<T>] {
        &self.layers
    }

    /// The loss.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// n₀, the number of inputs.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs()
    }

    /// n_L, the number of outputs.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs()
    }

    /// The parameters in the order W⁽¹⁾, b⁽¹⁾, W⁽²⁾, b⁽²⁾, …
    pub fn parameters(&self) -> impl Iterator<Item = &Matrix<T>> {
        self.layers.iter().flat_map(|dense| [&dense.weight, &dense.bias])
    }

    /// The parameters, to be changed in place, in the order of [`parameters`](Network::parameters).
    ///
    /// Their shapes must stay as they are: a network of other shapes panics when it is used.
    ///
    /// ```
    /// use nn_core::{Activation, Loss, seeded};
    /// use nn_layers::{Initialization, Network};
    ///
    /// let layers = [(3, Activation::Relu), (1, Activation::Identity)];
    /// let mut network = Network::<f64>::random(2, &layers, Loss::LeastSquares, Initialization::He, &mut seeded(1))?;
    /// for parameter in network.parameters_mut() {
    ///     parameter.as_mut_slice().fill(1.0);
    /// }
    /// assert_eq!(network.predict(&nn_core::Matrix::from_column(&[1.0, 2.0]))[(0, 0)], 3.0 * 4.0 + 1.0);
    /// # Ok::<(), nn_layers::NetworkError>(())
    /// ```
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Matrix<T>> {
        self.layers.iter_mut().flat_map(|dense| [&mut dense.weight, &mut dense.bias])
    }

    /// The number of weights and biases.
    pub fn parameter_count(&self) -> usize {
        self.parameters().map(|parameter| parameter.as_slice().len()).sum()
    }

    /// The same network in another number type.
    pub fn map<U: Scalar>(&self, f: impl Fn(T) -> U) -> Network<U> {
        let layers = self.layers.iter().map(|dense| Dense {
            weight: dense.weight.map(&f),
            bias: dense.bias.map(&f),
            activation: dense.activation,
        });
        Network { layers: layers.collect(), loss: self.loss }
    }

    /// Panics if the batch does not fit the network, or its targets the loss.
    #[inline]
    #[track_caller]
    pub(crate) fn check_batch(&self, x: &Matrix<T>, y: &Matrix<T>) {
        check_batch(self.inputs(), self.outputs(), x, y);
        self.check_targets(y);
    }

    #[inline]
    #[track_caller]
    fn check_targets(&self, y: &Matrix<T>) {
        if let Err(error) = self.loss.check_targets(y) {
            panic!("{error}");
        }
    }
}

/// The predicted class of example `j`: the row of its largest output, the first one in a tie. With a single output, whose
/// targets are 0 and 1, it is class 1 if a ≥ ½ and class 0 otherwise.
///
/// # Shapes
///
/// `outputs` = a⁽ᴸ⁾: n_L × m.
///
/// # Panics
///
/// Panics if there is no example `j`, or no output.
///
/// ```
/// use nn_core::Matrix;
/// use nn_layers::predicted_class;
///
/// let a = Matrix::from_columns(&[[0.1, 0.7, 0.2], [0.4, 0.4, 0.2]]);
/// assert_eq!([predicted_class(&a, 0), predicted_class(&a, 1)], [1, 0]);
/// let a = Matrix::from_rows(&[[0.2, 0.5]]);
/// assert_eq!([predicted_class(&a, 0), predicted_class(&a, 1)], [0, 1]);
/// ```
#[inline]
#[track_caller]
pub fn predicted_class<T: Scalar>(outputs: &Matrix<T>, j: usize) -> usize {
    if outputs.rows() == 1 { usize::from(outputs[(0, j)] >= T::from_f64(0.5)) } else { outputs.argmax(j) }
}

/// Panics if the shapes of a batch do not fit the widths of a network.
#[track_caller]
pub(crate) fn check_batch<T: Scalar>(inputs: usize, outputs: usize, x: &Matrix<T>, y: &Matrix<T>) {
    assert!(
        x.rows() == inputs && y.rows() == outputs && x.columns() == y.columns() && x.columns() > 0,
        "a network with {inputs} inputs and {outputs} outputs was given a batch with x {} and y {}",
        x.shape(),
        y.shape()
    );
}

fn check_last_activation(loss: Loss, found: Activation, layer: usize) -> Result<(), NetworkError> {
    match loss.activation() {
        Some(needed) if needed != found => Err(NetworkError::LastActivation { loss, needed, layer, found }),
        _ => Ok(()),
    }
}
