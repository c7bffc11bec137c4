//! Where the numbers of a finite model on finite data stop being finite.
//!
//! There are three checks, each of which includes the ones before it: [`Model::overflow`] of the forward pass,
//! [`Model::overflow_of_loss`] of the loss, [`Model::overflow_of_gradients`] of the backward pass.

use std::fmt;
use std::ops::Range;

use nn_core::text::of_layer;
use nn_core::{Matrix, Scalar};
use nn_layers::{ByHand, ByTape, Engine, Network};

use super::model::Model;
use crate::data::Precision;

/// The first number of a pass that is not finite (infinity or NaN): which it is, and of which example.
///
/// It is printed in words that can follow the name of a row: `z⁽²⁾ of unit 3 is inf`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overflow {
    /// The example, from 0.
    pub example: usize,
    /// The quantity that is not finite.
    pub place: OverflowPlace,
    /// Its value in the precision of the model: an infinity or NaN. For an input that is finite in f64 but not in f32, its
    /// value in f64.
    pub value: f64,
}

/// The quantity that is not finite. Layers, units and inputs are counted from 1, as on paper.
///
/// a⁽ˡ⁾ is not among these, because every activation of a finite z is finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverflowPlace {
    /// An input of the network: what standardisation, or the precision of the model, made of a number of the row.
    Input {
        /// The number of the input, from 1.
        input: usize,
        /// Whether the model standardises its inputs.
        standardized: bool,
    },
    /// A pre-activation: z⁽ˡ⁾ of a unit.
    Z {
        /// l, from 1.
        layer: usize,
        /// The number of the unit, from 1.
        unit: usize,
    },
    /// The loss of the example alone.
    Loss,
    /// The sum of the losses of the examples up to this one, each of which is finite.
    LossSum,
    /// An error: δ⁽ˡ⁾ of a unit.
    Delta {
        /// l, from 1.
        layer: usize,
        /// The number of the unit, from 1.
        unit: usize,
    },
    /// A gradient, summed over the examples up to this one: ∂J/∂W⁽ˡ⁾ of a unit and one of its inputs.
    WeightGradient {
        /// l, from 1.
        layer: usize,
        /// The number of the unit, from 1.
        unit: usize,
        /// The number of the input, from 1.
        input: usize,
    },
    /// A gradient, summed over the examples up to this one: ∂J/∂b⁽ˡ⁾ of a unit.
    BiasGradient {
        /// l, from 1.
        layer: usize,
        /// The number of the unit, from 1.
        unit: usize,
    },
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.place {
            OverflowPlace::Input { input, standardized } => {
                let standardized = if standardized { ", standardised," } else { "" };
                match value.is_finite() {
                    true => write!(f, "input {input}{standardized} is {value:e}, which overflows {}", Precision::F32),
                    false => write!(f, "input {input}{standardized} is {value}"),
                }
            }
            OverflowPlace::Z { layer, unit } => write!(f, "z{} of unit {unit} is {value}", of_layer(layer)),
            OverflowPlace::Loss => write!(f, "the loss is {value}"),
            OverflowPlace::LossSum => write!(f, "the sum of the losses up to this one is {value}"),
            OverflowPlace::Delta { layer, unit } => write!(f, "δ{} of unit {unit} is {value}", of_layer(layer)),
            OverflowPlace::WeightGradient { layer, unit, input } => {
                write!(f, "∂J/∂W{} of unit {unit}, input {input} is {value}", of_layer(layer))
            }
            OverflowPlace::BiasGradient { layer, unit } => {
                write!(f, "∂J/∂b{} of unit {unit} is {value}", of_layer(layer))
            }
        }
    }
}

impl std::error::Error for Overflow {}

impl Model {
    /// As [`predict`](Model::predict), if every intermediate number is finite.
    ///
    /// The outputs alone do not show an overflow: an intermediate sum may overflow, and sigmoid(∞) is 1.
    ///
    /// # Errors
    ///
    /// The first example with a number that is not finite, as [`overflow`](Model::overflow) returns it.
    ///
    /// ```
    /// use nn_core::{Matrix, Scalar};
    /// use nn_train::Model;
    ///
    /// let text = r#"{"format": "nn-model", "version": 1, "loss": "least-squares",
    ///     "layers": [{"activation": "tanh", "weight": [[1e200]], "bias": [0]}]}"#;
    /// let model = Model::from_json(text)?;
    /// assert_eq!(model.predict_finite(&Matrix::from_rows(&[[1.0, 0.0]])), Ok(Matrix::from_rows(&[[1.0, 0.0]])));
    /// let overflow = model.predict_finite(&Matrix::from_rows(&[[1.0, 1e200]])).unwrap_err();
    /// assert_eq!((overflow.example, overflow.to_string()), (1, "z⁽¹⁾ of unit 1 is inf".to_owned()));
    /// # Ok::<(), nn_train::ModelError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if x does not have n₀ rows.
    pub fn predict_finite(&self, x: &Matrix<f64>) -> Result<Matrix<f64>, Overflow> {
        let prepared = self.prepare(x);
        let outputs = match self.precision {
            Precision::F64 => finite_outputs(&self.network, &prepared),
            Precision::F32 => finite_outputs(&self.network.map(|w| w as f32), &prepared.map(|x| x as f32)),
        };
        // Only on overflow, a second pass finds the place.
        outputs.ok_or_else(|| self.overflow(x).expect("the same pass finds the same numbers"))
    }

    /// Runs the model, in its precision, and returns the first example with a number that is not finite: an input, as
    /// the network sees it, or a pre-activation of any layer. `None` means that every number of the forward pass is
    /// finite, and so what [`predict`](Model::predict) gives.
    ///
    /// An overflow may be hidden in the outputs, since sigmoid(∞) is 1. It is returned too.
    ///
    /// ```
    /// use nn_core::Matrix;
    /// use nn_train::Model;
    ///
    /// let text = r#"{"format": "nn-model", "version": 1, "loss": "least-squares",
    ///     "layers": [{"activation": "sigmoid", "weight": [[1], [1e200]], "bias": [0, 0]}]}"#;
    /// let model = Model::from_json(text)?;
    /// assert_eq!(model.overflow(&Matrix::from_rows(&[[1.0, 1e100, -1e100]])), None);
    ///
    /// let overflow = model.overflow(&Matrix::from_rows(&[[1.0, 1e200, -1e200]])).expect("1e200 · 1e200");
    /// assert_eq!(overflow.example, 1);
    /// assert_eq!(overflow.to_string(), "z⁽¹⁾ of unit 2 is inf");
    /// # Ok::<(), nn_train::ModelError>(())
    /// ```
    ///
    /// # Shapes
    ///
    /// input: n₀ × m, raw.
    ///
    /// # Panics
    ///
    /// Panics if the input does not have n₀ rows.
    pub fn overflow(&self, input: &Matrix<f64>) -> Option<Overflow> {
        self.first_overflow(input, Pass::Forward)
    }

    /// As [`overflow`](Model::overflow), and the loss too: of each example, and of all together.
    ///
    /// ```
    /// use nn_core::Matrix;
    /// use nn_train::Model;
    ///
    /// let text = r#"{"format": "nn-model", "version": 1, "loss": "least-squares",
    ///     "layers": [{"activation": "identity", "weight": [[1]], "bias": [0]}]}"#;
    /// let model = Model::from_json(text)?;
    /// let (input, targets) = (Matrix::from_rows(&[[1.0, 1e200]]), Matrix::from_rows(&[[0.0, 0.0]]));
    /// assert_eq!(model.overflow(&input), None);
    /// let overflow = model.overflow_of_loss(&input, &targets).expect("a square of 1e200");
    /// assert_eq!((overflow.example, overflow.to_string()), (1, "the loss is inf".to_owned()));
    /// # Ok::<(), nn_train::ModelError>(())
    /// ```
    ///
    /// # Shapes
    ///
    /// input: n₀ × m, raw; targets: n_L × m.
    ///
    /// # Panics
    ///
    /// Panics if the shapes do not fit.
    pub fn overflow_of_loss(&self, input: &Matrix<f64>, targets: &Matrix<f64>) -> Option<Overflow> {
        self.first_overflow(input, Pass::Loss(targets))
    }

    /// As [`overflow_of_loss`](Model::overflow_of_loss), and the backward pass too, by both engines: δ of each layer,
    /// and the gradients of its parameters.
    ///
    /// ```
    /// use nn_core::Matrix;
    /// use nn_train::Model;
    ///
    /// let text = r#"{"format": "nn-model", "version": 1, "loss": "least-squares",
    ///     "layers": [{"activation": "identity", "weight": [[0]], "bias": [1e150]}]}"#;
    /// let model = Model::from_json(text)?;
    /// let (input, targets) = (Matrix::from_column(&[1e200]), Matrix::from_column(&[0.0]));
    /// assert_eq!(model.overflow_of_loss(&input, &targets), None);
    /// let overflow = model.overflow_of_gradients(&input, &targets).expect("1e150 · 1e200");
    /// assert_eq!(overflow.to_string(), "∂J/∂W⁽¹⁾ of unit 1, input 1 is inf");
    /// # Ok::<(), nn_train::ModelError>(())
    /// ```
    ///
    /// # Shapes
    ///
    /// input: n₀ × m, raw; targets: n_L × m.
    ///
    /// # Panics
    ///
    /// Panics if the shapes do not fit, or the batch is empty.
    pub fn overflow_of_gradients(&self, input: &Matrix<f64>, targets: &Matrix<f64>) -> Option<Overflow> {
        self.first_overflow(input, Pass::Backward(targets))
    }

    fn first_overflow(&self, input: &Matrix<f64>, pass: Pass<'_>) -> Option<Overflow> {
        match self.precision {
            Precision::F32 => self.first_overflow_in::<f32>(input, pass),
            Precision::F64 => self.first_overflow_in::<f64>(input, pass),
        }
    }

    fn first_overflow_in<T: Scalar>(&self, input: &Matrix<f64>, pass: Pass<'_>) -> Option<Overflow> {
        let prepared = self.prepare(input);
        let x = prepared.map(T::from_f64);
        let network = self.network.map(T::from_f64);
        let mut first = First(None);
        first.look(&x, |i, j| {
            let standardized = self.standardize.is_some();
            (OverflowPlace::Input { input: i + 1, standardized }, prepared[(i, j)])
        });
        let [z, a] = network.forward(&x, |layer, z, _| {
            first.look(z, |i, j| (OverflowPlace::Z { layer, unit: i + 1 }, z[(i, j)].to_f64()));
        });
        let (Pass::Loss(targets) | Pass::Backward(targets)) = pass else { return first.0 };
        let y = targets.map(T::from_f64);
        let forward = first.0.or_else(|| overflow_of_loss(&network, [&z, &a], &y));
        match pass {
            Pass::Backward(_) => forward
                .or_else(|| overflow_of_gradients(&network, &mut ByHand::new(network.clone()), &x, &y))
                .or_else(|| overflow_of_gradients(&network, &mut ByTape::new(&network), &x, &y)),
            _ => forward,
        }
    }
}

/// a⁽ᴸ⁾, if the inputs and every z⁽ˡ⁾ are finite.
fn finite_outputs<T: Scalar>(network: &Network<T>, x: &Matrix<T>) -> Option<Matrix<f64>> {
    let all_finite = |matrix: &Matrix<T>| matrix.as_slice().iter().all(|x| x.to_f64().is_finite());
    let mut is_finite = all_finite(x);
    let [_, a] = network.forward(x, |_, z, _| is_finite = is_finite && all_finite(z));
    is_finite.then(|| a.map(T::to_f64))
}

/// What to check; with the targets of the examples, if they are needed.
#[derive(Clone, Copy)]
enum Pass<'a> {
    Forward,
    Loss(&'a Matrix<f64>),
    Backward(&'a Matrix<f64>),
}

/// The first example found so far, and the first overflow in it.
struct First(Option<Overflow>);

impl First {
    /// Looks for numbers that are not finite, in examples before the one that was found. `place` gives the quantity of an
    /// entry.
    fn look<T: Scalar>(&mut self, matrix: &Matrix<T>, place: impl Fn(usize, usize) -> (OverflowPlace, f64)) {
        let examples = self.0.map_or(matrix.columns(), |overflow| overflow.example);
        let found = (0..examples).find_map(|example| {
            let unit = matrix.column(example).iter().position(|x| !x.to_f64().is_finite())?;
            let (place, value) = place(unit, example);
            Some(Overflow { example, place, value })
        });
        self.0 = found.or(self.0);
    }
}

/// The first example whose loss is not finite, or at which the running sum of the losses overflows.
fn overflow_of_loss<T: Scalar>(network: &Network<T>, [z, a]: [&Matrix<T>; 2], y: &Matrix<T>) -> Option<Overflow> {
    let loss_of = |examples: Range<usize>| {
        let [z, a, y] = [z, a, y].map(|matrix| {
            let mut of_these = Matrix::zeros(0, 0);
            of_these.copy_from(matrix.columns_range(examples.clone()));
            of_these
        });
        network.loss().value(&z, &a, &y).to_f64()
    };
    let examples = y.columns();
    if examples == 0 || loss_of(0..examples).is_finite() {
        return None;
    }
    // No loss is negative: once the sum over the first examples overflows, it stays so.
    let (mut finite, mut not_finite) = (0, examples);
    while finite + 1 < not_finite {
        let middle = finite.midpoint(not_finite);
        *(if loss_of(0..middle).is_finite() { &mut finite } else { &mut not_finite }) = middle;
    }
    let example = not_finite - 1;
    let place = if loss_of(example..not_finite).is_finite() { OverflowPlace::LossSum } else { OverflowPlace::Loss };
    Some(Overflow { example, place, value: loss_of(0..not_finite) })
}

/// The first example with an error δ that is not finite; or else the first gradient that is not, and the example at which its
/// running sum overflows.
fn overflow_of_gradients<T: Scalar>(
    network: &Network<T>,
    engine: &mut impl Engine<T>,
    x: &Matrix<T>,
    y: &Matrix<T>,
) -> Option<Overflow> {
    engine.set_batch(x, y);
    engine.loss_and_gradients();
    let layers = || (1..=network.layers().len()).rev().map(|l| (l, engine.layer(l - 1)));
    let mut first = First(None);
    for (layer, values) in layers() {
        first.look(values.delta, |i, j| (OverflowPlace::Delta { layer, unit: i + 1 }, values.delta[(i, j)].to_f64()));
    }
    first.0.or_else(|| {
        layers().find_map(|(layer, values)| {
            let a_below = if layer == 1 { x } else { engine.layer(layer - 2).a };
            let of_weight = entry_that_is_not_finite(values.weight_gradient).map(|(i, k)| {
                let terms = values.delta.row_iter(i).zip(a_below.row_iter(k)).map(|(&delta, &a)| delta * a);
                let place = OverflowPlace::WeightGradient { layer, unit: i + 1, input: k + 1 };
                Overflow { example: where_the_sum_ends(terms), place, value: values.weight_gradient[(i, k)].to_f64() }
            });
            of_weight.or_else(|| {
                let (i, _) = entry_that_is_not_finite(values.bias_gradient)?;
                let place = OverflowPlace::BiasGradient { layer, unit: i + 1 };
                let example = where_the_sum_ends(values.delta.row_iter(i).copied());
                Some(Overflow { example, place, value: values.bias_gradient[(i, 0)].to_f64() })
            })
        })
    })
}

/// The row and the column of the first entry that is not finite.
fn entry_that_is_not_finite<T: Scalar>(matrix: &Matrix<T>) -> Option<(usize, usize)> {
    let entry = matrix.as_slice().iter().position(|x| !x.to_f64().is_finite())?;
    Some((entry % matrix.rows(), entry / matrix.rows()))
}

/// The index of the first term at which the running sum overflows; the last index, if only the engine's own order of
/// summation does.
fn where_the_sum_ends<T: Scalar>(terms: impl Iterator<Item = T>) -> usize {
    let (mut sum, mut last) = (T::zero(), 0);
    for (at, term) in terms.enumerate() {
        sum += term;
        last = at;
        if !sum.to_f64().is_finite() {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use nn_core::{Activation, Loss};
    use nn_layers::Dense;

    use super::*;
    use crate::data::Standardization;

    fn model(layers: &[(Activation, &[&[f64]])], precision: Precision) -> Model {
        let layers = layers.iter().map(|&(activation, weight)| Dense {
            weight: Matrix::from_rows(weight),
            bias: Matrix::zeros(weight.len(), 1),
            activation,
        });
        let network = Network::new(layers.collect(), Loss::LeastSquares).expect("layers that fit");
        Model { network, precision, classes: None, standardize: None, metadata: None }
    }

    fn said(overflow: Option<Overflow>) -> Option<(usize, String)> {
        overflow.map(|overflow| (overflow.example, overflow.to_string()))
    }

    fn at(example: usize, what: &str) -> Option<(usize, String)> {
        Some((example, what.to_owned()))
    }

    /// Why [`OverflowPlace`] has no a⁽ˡ⁾.
    #[test]
    fn every_activation_of_finite_numbers_is_finite() {
        fn check<T: Scalar>(largest: f64) {
            let sizes = [0.0, largest * 1e-30, 1.0, 100.0, 1e4, largest];
            let numbers: Vec<T> = sizes.iter().flat_map(|&x| [T::from_f64(x), T::from_f64(-x)]).collect();
            let pairs = Matrix::from_fn(2, 144, |i, j| numbers[if i == 0 { j / 12 } else { j % 12 }]);
            for activation in Activation::ALL {
                let mut a = pairs.clone();
                activation.apply(&pairs, &mut a);
                assert!(a.as_slice().iter().all(|a| a.to_f64().is_finite()), "{activation}: {a:?}");
            }
        }
        check::<f32>(f64::from(f32::MAX));
        check::<f64>(f64::MAX);
    }

    #[test]
    fn the_first_example_is_told_and_the_first_number_in_it() {
        let model = model(
            &[(Activation::Identity, &[&[1.0, 0.0], &[0.0, 1e100]]), (Activation::Identity, &[&[1e150, 1e200]])],
            Precision::F64,
        );
        let overflow = |columns: &[[f64; 2]]| said(model.overflow(&Matrix::from_columns(columns)));
        assert_eq!(overflow(&[[1.0, 1.0], [1e100, 1e-10]]), None);
        assert_eq!(overflow(&[[1.0, 1.0], [1e200, 1.0]]), at(1, "z⁽²⁾ of unit 1 is inf"));
        assert_eq!(overflow(&[[1.0, 1.0], [1e200, -1e250]]), at(1, "z⁽¹⁾ of unit 2 is -inf"));
        // An example that overflows in a later layer comes before one that does so in an earlier one.
        assert_eq!(overflow(&[[-1e200, 0.0], [0.0, 1e250]]), at(0, "z⁽²⁾ of unit 1 is -inf"));
        assert_eq!(overflow(&[[0.0, 1e250], [-1e200, 0.0]]), at(0, "z⁽¹⁾ of unit 2 is inf"));
        assert_eq!(overflow(&[[1e200, -1e109]]), at(0, "z⁽²⁾ of unit 1 is NaN")); // ∞ − ∞
        assert_eq!(said(model.overflow(&Matrix::zeros(2, 0))), None);
    }

    /// sigmoid(±∞), tanh(±∞), relu(−∞) and the step are as finite as can be.
    #[test]
    fn an_overflow_that_the_activation_hides_is_told() {
        for activation in [Activation::Sigmoid, Activation::Tanh, Activation::Relu, Activation::Step] {
            let model = model(&[(activation, &[&[-1e200]]), (Activation::Identity, &[&[1.0]])], Precision::F64);
            let x = Matrix::from_rows(&[[0.0, 1e200]]);
            assert!(model.predict(&x).as_slice().iter().all(|a| a.is_finite()));
            assert_eq!(said(model.overflow(&x)), at(1, "z⁽¹⁾ of unit 1 is -inf"), "{activation}");
        }
    }

    #[test]
    fn a_small_scale_overflows_in_the_standardisation() {
        let mut model = model(&[(Activation::Identity, &[&[1.0, 1.0]])], Precision::F64);
        model.standardize = Some(Standardization { mean: vec![0.0; 2], scale: vec![1.0, 1e-320] });
        assert_eq!(said(model.overflow(&Matrix::from_columns(&[[1e300, 1e-20], [0.0, 0.0]]))), None);
        let overflow = said(model.overflow(&Matrix::from_columns(&[[1e300, 0.0], [1.0, -2.0]])));
        assert_eq!(overflow, at(1, "input 2, standardised, is -inf"));
        // f32 has its own limits: after the standardisation, …
        model.precision = Precision::F32;
        let overflow = said(model.overflow(&Matrix::from_columns(&[[-1e39, 0.0]])));
        assert_eq!(overflow, at(0, "input 1, standardised, is -1e39, which overflows f32"));
        // … and without one.
        model.standardize = None;
        let overflow = said(model.overflow(&Matrix::from_columns(&[[0.0, 0.0], [0.0, 1e39]])));
        assert_eq!(overflow, at(1, "input 2 is 1e39, which overflows f32"));
    }

    #[test]
    fn each_precision_overflows_where_its_numbers_end() {
        let layers: &[(Activation, &[&[f64]])] = &[(Activation::Identity, &[&[1e30]])];
        let x = Matrix::from_rows(&[[1.0, 1e7, 1e9]]);
        assert_eq!(said(model(layers, Precision::F64).overflow(&x)), None);
        assert_eq!(said(model(layers, Precision::F32).overflow(&x)), at(2, "z⁽¹⁾ of unit 1 is inf"));
    }

    #[test]
    fn a_loss_overflows_alone_or_in_the_sum() {
        for (precision, large) in [(Precision::F64, 1e154), (Precision::F32, 1e19)] {
            let model = model(&[(Activation::Identity, &[&[1.0]])], precision);
            let of = |x: &[f64]| {
                let x = Matrix::from_rows(&[x]);
                assert_eq!(model.overflow(&x), None);
                said(model.overflow_of_loss(&x, &Matrix::zeros(1, x.columns())))
            };
            assert_eq!(of(&[large, 0.0]), None);
            assert_eq!(of(&[0.0, large, 10.0 * large, 1.0]), at(2, "the loss is inf"));
            // Each square is finite; one of the first few sums is not.
            let (example, what) = of(&[large; 7]).expect("a sum that overflows");
            assert!((1..7).contains(&example), "{example}");
            assert_eq!(what, "the sum of the losses up to this one is inf");
        }
    }

    /// What overflows in the forward pass is told as such: the loss is only the consequence.
    #[test]
    fn a_loss_that_overflows_is_not_the_first_thing_to_say() {
        let model = model(&[(Activation::Identity, &[&[1e200]])], Precision::F64);
        let x = Matrix::from_rows(&[[1.0, 1e200]]);
        let overflow = model.overflow_of_loss(&x, &Matrix::from_rows(&[[1e200, 0.0]]));
        assert_eq!(said(overflow), at(1, "z⁽¹⁾ of unit 1 is inf"));
    }

    /// The largest difference of two logits, which is J where the smaller of them is the target.
    #[test]
    fn logits_that_are_finite_may_be_too_far_apart() {
        let mut model = model(&[(Activation::Softmax, &[&[1.0], &[-1.0]])], Precision::F64);
        model.network = Network::new(model.network.layers().to_vec(), Loss::CrossEntropy).expect("a network");
        let x = Matrix::from_rows(&[[1.0, f64::MAX]]);
        let said = |y| said(model.overflow_of_loss(&x, &Matrix::from_columns(&[[1.0, 0.0], y])));
        assert_eq!(said([1.0, 0.0]), None);
        assert_eq!(said([0.0, 1.0]), at(1, "the loss is inf"));
    }

    fn of_gradients(model: &Model, x: &[f64], y: &[f64]) -> Option<(usize, String)> {
        let (x, y) = (Matrix::from_rows(&[x]), Matrix::from_rows(&[y]));
        assert_eq!(model.overflow_of_loss(&x, &y), None);
        said(model.overflow_of_gradients(&x, &y))
    }

    /// In f64 and in f32, whose largest numbers are 1.8e308 and 3.4e38.
    #[test]
    fn a_backward_pass_overflows_after_a_forward_pass_that_does_not() {
        for (precision, b, x, w) in [(Precision::F64, 1e150, 3e158, 3e158), (Precision::F32, 1e18, 6e20, 5e20)] {
            // ∂J/∂w = 1/m Σ (a − y) x, where a = b.
            let mut one = model(&[(Activation::Identity, &[&[0.0]])], precision);
            one.network = with_last_bias(&one.network, b);
            assert_eq!(of_gradients(&one, &[1.0, x, 1.0, 1.0], &[0.0; 4]), None);
            let overflow = of_gradients(&one, &[1.0, 10.0 * x, 1.0, 1.0], &[0.0; 4]);
            assert_eq!(overflow, at(1, "∂J/∂W⁽¹⁾ of unit 1, input 1 is inf"));
            // No product overflows, but the sum of three does.
            let overflow = of_gradients(&one, &[x, x, x, 0.0], &[0.0; 4]);
            assert_eq!(overflow, at(2, "∂J/∂W⁽¹⁾ of unit 1, input 1 is inf"));

            // δ⁽¹⁾ = w⁽²⁾ δ⁽²⁾, where z⁽²⁾ = 0 · w⁽²⁾ + b. At x = 0 it meets no weight, only the bias.
            let two = |w: f64| {
                let mut two = model(&[(Activation::Tanh, &[&[1.0]]), (Activation::Identity, &[&[w]])], precision);
                two.network = with_last_bias(&two.network, b);
                two
            };
            assert_eq!(of_gradients(&two(w), &[0.0; 2], &[b, 0.0]), None);
            assert_eq!(of_gradients(&two(10.0 * w), &[0.0; 2], &[b, 0.0]), at(1, "δ⁽¹⁾ of unit 1 is inf"));
            assert_eq!(of_gradients(&two(w), &[0.0; 2], &[0.0; 2]), at(1, "∂J/∂b⁽¹⁾ of unit 1 is inf"));
        }
    }

    fn with_last_bias(network: &Network<f64>, bias: f64) -> Network<f64> {
        let mut layers = network.layers().to_vec();
        layers.last_mut().expect("a layer").bias.fill(bias);
        Network::new(layers, network.loss()).expect("layers that fit")
    }
}
