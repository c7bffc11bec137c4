//! A network: layers whose widths fit, and a cost.

use nn_core::{Activation, Loss, Matrix, MatrixView, Scalar};
use rand::Rng;

use crate::{Dense, Initialization};

/// A feed-forward network: layers 1 … L on top of the input, and the cost that it is trained with.
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

/// Why layers and a cost do not make a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// There is no layer.
    #[error("a network needs at least one layer")]
    NoLayers,
    /// A layer has no units, or its input has none.
    #[error("layer {layer} has {units} units and {inputs} inputs: it needs at least one of each")]
    EmptyLayer {
        /// l, from 1.
        layer: usize,
        /// n_l
        units: usize,
        /// n_{l−1}
        inputs: usize,
    },
    /// The number of biases is not the number of units.
    #[error("layer {layer} has {}, but its bias is {bias}: b{} is {units}×1", count(*.units), superscript(*.layer))]
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
        "layer {layer} ({here}) expects a{l_1} with {expected} rows, but layer {} has {below}: z{l} = W{l} a{l_1} + b{l}",
        .layer - 1, here = count(*.units), below = count(*.found), l = superscript(*.layer), l_1 = superscript(*.layer - 1)
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
    /// The cost is made for another last activation.
    #[error("the loss {loss} needs {needed} as last activation, but layer {layer} has {found}")]
    LastActivation {
        /// The cost.
        loss: Loss,
        /// The activation that it is made for.
        needed: Activation,
        /// L
        layer: usize,
        /// The activation of layer L.
        found: Activation,
    },
    /// More parameters than 2³¹.
    #[error("the network would have {parameters} parameters: more than 2³¹ = 2147483648 are refused")]
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
    /// Says which layer is empty, which two neighbours do not fit and by which equation, or that the cost is made for
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
    /// As [`new`](Network::new); and a network above 2³¹ parameters is refused before anything is allocated.
    pub fn random(
        inputs: usize,
        layers: &[(usize, Activation)],
        loss: Loss,
        initialization: Initialization,
        rng: &mut impl Rng,
    ) -> Result<Self, NetworkError> {
        let widths = || std::iter::once(inputs).chain(layers.iter().map(|&(units, _)| units));
        let parameters = widths().zip(widths().skip(1)).map(|(below, units)| (below as u128 + 1) * units as u128);
        let parameters = parameters.fold(0, u128::saturating_add); // Two layers of the largest size overflow 128 bits.
        if parameters > 1 << 31 {
            return Err(NetworkError::TooLarge { parameters });
        }
        let layers = widths()
            .zip(layers)
            .map(|(below, &(units, activation))| initialization.dense(below, units, activation, rng));
        Network::new(layers.collect(), loss)
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
        let [_, a] = self.forward(x.into());
        a
    }

    /// J and a⁽ᴸ⁾ for a batch: what a network that is not being trained is asked for.
    ///
    /// # Shapes
    ///
    /// x: n₀ × m, y: n_L × m → a⁽ᴸ⁾: n_L × m.
    ///
    /// # Panics
    ///
    /// Panics if the shapes do not fit, the batch is empty, or the loss [does not take](Loss::check_targets) the targets.
    #[track_caller]
    pub fn loss_and_outputs<'a>(&self, x: impl Into<MatrixView<'a, T>>, y: &Matrix<T>) -> (T, Matrix<T>) {
        let [z, a] = self.forward(x.into());
        let j = self.loss.value(&z, &a, y);
        self.check_targets(y);
        (j, a)
    }

    /// z⁽ᴸ⁾ and a⁽ᴸ⁾.
    #[track_caller]
    fn forward(&self, x: MatrixView<'_, T>) -> [Matrix<T>; 2] {
        assert!(
            x.rows() == self.inputs(),
            "a network with {} inputs was given x with shape {}",
            self.inputs(),
            x.shape()
        );
        let (mut z, mut a) = (Matrix::zeros(0, 0), Matrix::zeros(0, 0));
        self.layers[0].pre_activation(x, &mut z);
        self.layers[0].activation_of(&z, &mut a);
        for dense in &self.layers[1..] {
            dense.pre_activation(&a, &mut z);
            dense.activation_of(&z, &mut a);
        }
        [z, a]
    }

    /// The layers 1 … L.
    pub fn layers(&self) -> &[Dense<T>] {
        &self.layers
    }

    /// The layers, for the engines that update their parameters in place. The shapes must stay as they are.
    pub(crate) fn layers_mut(&mut self) -> &mut [Dense<T>] {
        &mut self.layers
    }

    /// The cost.
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

    /// Takes over the parameters of a network of the same layers, in the order of [`parameters`](Network::parameters).
    #[track_caller]
    pub(crate) fn copy_parameters<'a>(&mut self, parameters: impl Iterator<Item = &'a Matrix<T>>) {
        let mut parameters = parameters.peekable();
        for own in self.layers.iter_mut().flat_map(|dense| [&mut dense.weight, &mut dense.bias]) {
            let new = parameters.next().expect("a network of fewer layers");
            assert!(own.shape() == new.shape(), "a parameter of shape {} for one of {}", new.shape(), own.shape());
            own.copy_from(new);
        }
        assert!(parameters.peek().is_none(), "a network of more layers");
    }

    /// A batch that the network cannot have is a bug of the caller.
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

/// The shapes of a batch, against the widths of a network.
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

/// ⁽ˡ⁾ for l = 12: ⁽¹²⁾
fn superscript(l: usize) -> String {
    let digit = |digit: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit as usize - '0' as usize).unwrap_or(digit);
    format!("⁽{}⁾", l.to_string().chars().map(digit).collect::<String>())
}

/// `1 unit`, `2 units`.
fn count(units: usize) -> String {
    format!("{units} {}", if units == 1 { "unit" } else { "units" })
}
