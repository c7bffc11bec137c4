//! A user's file of numbers, and the readings of its arrays.

use std::fmt;

use nn_core::Matrix;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

use super::array::{Array, Quantity};
use crate::explain::EngineExplanation;
use crate::mistakes::Problem;
use crate::text::{JsonError, parse_json};

/// The numbers that a user computed, in whatever program: any part of J, z, a, δ, the gradients and the updated parameters.
///
/// ```
/// use nn_train::Yours;
///
/// let yours = Yours::from_json(r#"{"layers": [{"weight_gradient": [[0.5, 1.5]], "bias_gradient": null}]}"#)?;
/// # let _ = yours;
/// assert!(Yours::from_json(r#"{"layers": [{"weights": []}]}"#).unwrap_err().to_string().contains("line 1 column"));
/// # Ok::<(), nn_train::YoursError>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Yours {
    pub(super) loss: Option<f64>,
    #[serde(default)]
    layers: Option<Vec<Option<Layer>>>,
    #[serde(default)]
    updated: Option<UpdatedFile>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    z: Option<Tensor>,
    a: Option<Tensor>,
    delta: Option<Tensor>,
    weight_gradient: Option<Tensor>,
    bias_gradient: Option<Tensor>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdatedFile {
    layers: Vec<Option<UpdatedLayer>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdatedLayer {
    weight: Option<Tensor>,
    bias: Option<Tensor>,
}

/// Why a user's numbers cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum YoursError {
    /// It is not the JSON that is expected. The message has line and column.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// There are more or fewer layers than in the network.
    #[error(
        "{key} has {found} entries, but the network has {expected} layers: write {{}} for a layer whose numbers you lack"
    )]
    Layers {
        /// `layers` or `updated.layers`.
        key: &'static str,
        /// The number of entries in the file.
        found: usize,
        /// L, the number of layers of the network.
        expected: usize,
    },
    /// An array has another shape than ours, and so has its transpose.
    #[error("{array} is {found}, but ours is {expected}: neither it nor its transpose fits")]
    Shape {
        /// The array that does not fit.
        array: Array,
        /// Its shape.
        found: String,
        /// Our shape.
        expected: String,
    },
    /// There is no number in the file.
    #[error("there is nothing to compare: no loss, and no array in any layer")]
    Empty,
}

impl Yours {
    /// Reads the JSON form.
    ///
    /// # Errors
    ///
    /// Says what is wrong, with line and column.
    pub fn from_json(text: &str) -> Result<Self, YoursError> {
        Ok(parse_json(text)?)
    }

    /// All the numbers of a pass, right or wrong.
    pub fn from_numbers(numbers: &EngineExplanation) -> Self {
        let rows = |matrix: &Matrix<f64>| Some(Tensor::from_rows(matrix));
        let columns = |matrix: &Matrix<f64>| {
            Some(Tensor { shape: vec![matrix.columns(), matrix.rows()], numbers: matrix.as_slice().to_vec() })
        };
        let layers = numbers.layers.iter().map(|layer| {
            Some(Layer {
                z: columns(&layer.z),
                a: columns(&layer.a),
                delta: columns(&layer.delta),
                weight_gradient: rows(&layer.weight_gradient),
                bias_gradient: columns(&layer.bias_gradient),
            })
        });
        Yours { loss: Some(numbers.loss), layers: Some(layers.collect()), updated: None }
    }

    /// The gradients of a pass alone, which is what most people have.
    pub fn from_gradients(numbers: &EngineExplanation) -> Self {
        let mut yours = Yours::from_numbers(numbers);
        yours.loss = None;
        for layer in yours.layers.iter_mut().flatten().flatten() {
            (layer.z, layer.a, layer.delta) = (None, None, None);
        }
        yours
    }

    /// The same with `f` applied to every number, for example to round them.
    pub fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        let mut yours = self.clone();
        yours.loss = yours.loss.map(&f);
        for layer in yours.layers.iter_mut().flatten().flatten() {
            for tensor in layer.tensors_mut().into_iter().flatten() {
                tensor.numbers.iter_mut().for_each(|x| *x = f(*x));
            }
        }
        for layer in yours.updated.iter_mut().flat_map(|updated| &mut updated.layers).flatten() {
            for tensor in [&mut layer.weight, &mut layer.bias].into_iter().flatten() {
                tensor.numbers.iter_mut().for_each(|x| *x = f(*x));
            }
        }
        yours
    }

    /// Every array of the file, with what it is.
    fn tensors(&self, layers: usize) -> Result<Vec<(Array, &Tensor)>, YoursError> {
        let check = |key, found| match found == layers {
            true => Ok(()),
            false => Err(YoursError::Layers { key, found, expected: layers }),
        };
        let mut tensors = Vec::new();
        if let Some(own) = &self.layers {
            check("layers", own.len())?;
            for (layer, own) in (1..).zip(own) {
                let Some(own) = own else { continue };
                for (quantity, tensor) in Layer::QUANTITIES.into_iter().zip(own.tensors()) {
                    tensors.extend(tensor.as_ref().map(|tensor| (Array { quantity, layer: Some(layer) }, tensor)));
                }
            }
        }
        if let Some(updated) = &self.updated {
            check("updated.layers", updated.layers.len())?;
            for (layer, own) in (1..).zip(&updated.layers) {
                let Some(UpdatedLayer { weight, bias }) = own else { continue };
                for (quantity, tensor) in [(Quantity::UpdatedWeight, weight), (Quantity::UpdatedBias, bias)] {
                    tensors.extend(tensor.as_ref().map(|tensor| (Array { quantity, layer: Some(layer) }, tensor)));
                }
            }
        }
        Ok(tensors)
    }

    /// The possible readings of the arrays: if the shapes allow several layouts, each is one reading.
    pub(super) fn readings(&self, problem: Problem<'_>) -> Result<Vec<Reading>, YoursError> {
        let m = problem.x.columns();
        let tensors = self.tensors(problem.network.layers().len())?;
        if tensors.is_empty() && self.loss.is_none() {
            return Err(YoursError::Empty);
        }
        let mut forms = Vec::new();
        for &(array, tensor) in &tensors {
            let expected = array.shape(problem);
            let form = tensor.form(array.quantity, expected, m).ok_or_else(|| YoursError::Shape {
                array,
                found: tensor.shape_name(),
                expected: match array.quantity.is_for_examples() {
                    true => format!("{}×{} (a row for each example)", expected.1, expected.0),
                    false if expected.1 == 1 => format!("{} numbers", expected.0),
                    false => format!("{}×{}", expected.0, expected.1),
                },
            })?;
            forms.push(form);
        }
        // Arrays of weights follow one layout, arrays of examples another.
        let is_weight = |array: &Array| array.quantity.is_weight();
        let open = |weights: bool| {
            let own = || tensors.iter().zip(&forms).filter(move |((array, _), _)| is_weight(array) == weights);
            let transposed = own().any(|(_, form)| form.layout == Layout::Transposed);
            let straight = own().any(|(_, form)| form.layout == Layout::Straight);
            let either = own().any(|(_, form)| form.layout == Layout::Either);
            match (transposed, straight, either) {
                (true, false, true) => vec![true, false],
                (true, false, false) => vec![true],
                (false, false, true) => vec![false, true],
                _ => vec![false],
            }
        };
        let per_example = forms.iter().any(|form| form.per_example);
        let mut readings = Vec::new();
        for &transpose_weights in &open(true) {
            for &transpose_examples in &open(false) {
                for mean in if per_example { &[true, false][..] } else { &[true] } {
                    let mut reading =
                        Reading { loss: self.loss, arrays: Vec::new(), transposed: Vec::new(), remarks: Vec::new() };
                    let mut examples_transposed = false;
                    for (&(array, tensor), form) in tensors.iter().zip(&forms) {
                        let transpose = match form.layout {
                            Layout::Either if is_weight(&array) => transpose_weights,
                            Layout::Either => transpose_examples,
                            layout => layout == Layout::Transposed,
                        };
                        if transpose && is_weight(&array) {
                            reading.transposed.push(array);
                        }
                        examples_transposed |= transpose && !is_weight(&array);
                        reading
                            .arrays
                            .push((array, tensor.matrix(array, array.shape(problem), *form, transpose, *mean)));
                    }
                    if examples_transposed {
                        reading.remarks.push("z, a and δ were read with a column for each example.".to_owned());
                    }
                    if per_example {
                        let reduced = if *mean { "the mean" } else { "the sum" };
                        reading
                            .remarks
                            .push(format!("Your gradients are those of single examples: {reduced} of them was taken."));
                    }
                    readings.push(reading);
                }
            }
        }
        Ok(readings)
    }
}

impl Layer {
    const QUANTITIES: [Quantity; 5] =
        [Quantity::Z, Quantity::A, Quantity::Delta, Quantity::WeightGradient, Quantity::BiasGradient];

    fn tensors(&self) -> [&Option<Tensor>; 5] {
        [&self.z, &self.a, &self.delta, &self.weight_gradient, &self.bias_gradient]
    }

    fn tensors_mut(&mut self) -> [&mut Option<Tensor>; 5] {
        [&mut self.z, &mut self.a, &mut self.delta, &mut self.weight_gradient, &mut self.bias_gradient]
    }
}

/// The arrays as matrices in our layout, and what was done to them for it.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) loss: Option<f64>,
    pub(super) arrays: Vec<(Array, Matrix<f64>)>,
    /// The weight arrays that were transposed.
    pub(super) transposed: Vec<Array>,
    pub(super) remarks: Vec<String>,
}

// ——— Nested lists ———

/// Numbers in nested lists of equal lengths, in the order of the file.
#[derive(Clone, Debug)]
struct Tensor {
    shape: Vec<usize>,
    numbers: Vec<f64>,
}

/// The reading of the lists of a tensor.
#[derive(Clone, Copy, Debug)]
struct Form {
    layout: Layout,
    /// Whether it is a gradient for each example, which is the first index.
    per_example: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    Straight,
    Transposed,
    /// Square.
    Either,
}

impl Tensor {
    fn from_rows(matrix: &Matrix<f64>) -> Self {
        let numbers = (0..matrix.rows()).flat_map(|i| matrix.row_iter(i).copied()).collect();
        Tensor { shape: vec![matrix.rows(), matrix.columns()], numbers }
    }

    fn shape_name(&self) -> String {
        self.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
    }

    /// The reading by which it is an array with `units` rows and `others` columns in our layout, if there is one.
    fn form(&self, quantity: Quantity, (units, others): (usize, usize), m: usize) -> Option<Form> {
        let whole = |layout| Some(Form { layout, per_example: false });
        let straight = match quantity.is_for_examples() {
            true => [others, units],
            false => [units, others],
        };
        let is_flat = self.shape.iter().filter(|&&n| n != 1).count() <= 1;
        if self.numbers.len() == units * others && is_flat && self.shape.len() < 3 {
            // A vector has no orientation; a nested list has.
            let lies_across = self.shape.len() == 2 && units * others > 1 && self.shape != straight;
            return whole(if lies_across && quantity.is_weight() { Layout::Transposed } else { Layout::Straight });
        }
        let layout_of = |shape: &[usize]| match () {
            () if shape == [units, others] && units == others => Some(Layout::Either),
            () if shape == straight => Some(Layout::Straight),
            () if shape == [straight[1], straight[0]] => Some(Layout::Transposed),
            () => None,
        };
        let is_gradient = matches!(quantity, Quantity::WeightGradient | Quantity::BiasGradient);
        match self.shape.as_slice() {
            &[examples, n] if quantity == Quantity::BiasGradient && (examples, n) == (m, units) => {
                Some(Form { layout: Layout::Straight, per_example: true })
            }
            shape @ [_, _] => layout_of(shape).and_then(whole),
            [examples, shape @ ..] if shape.len() == 2 && is_gradient && *examples == m => {
                layout_of(shape).map(|layout| Form { layout, per_example: true })
            }
            _ => None,
        }
    }

    /// As a matrix of our layout.
    fn matrix(
        &self,
        array: Array,
        (rows, columns): (usize, usize),
        form: Form,
        transpose: bool,
        mean: bool,
    ) -> Matrix<f64> {
        let by_rows = transpose == array.quantity.is_for_examples();
        let size = rows * columns;
        let at = |part: usize, i: usize, k: usize| {
            self.numbers[part * size + if by_rows { i * columns + k } else { k * rows + i }]
        };
        let parts = if form.per_example { self.numbers.len() / size } else { 1 };
        let divisor = if form.per_example && mean { parts as f64 } else { 1.0 };
        Matrix::from_fn(rows, columns, |i, k| (0..parts).map(|part| at(part, i, k)).sum::<f64>() / divisor)
    }
}

impl<'de> Deserialize<'de> for Tensor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (mut lengths, mut numbers) = (Vec::new(), Vec::new());
        List { depth: 0, lengths: &mut lengths, numbers: &mut numbers }.deserialize(deserializer)?;
        let shape: Vec<usize> = lengths.into_iter().map(|length| length.unwrap_or(0)).collect();
        Ok(Tensor { shape, numbers })
    }
}

/// A list at some depth, or a number.
struct List<'a> {
    depth: usize,
    /// The length of the lists at each depth, as far as one of them has ended.
    lengths: &'a mut Vec<Option<usize>>,
    numbers: &'a mut Vec<f64>,
}

impl List<'_> {
    fn number<E: Error>(self, x: f64) -> Result<(), E> {
        match self.lengths.len() == self.depth && self.depth > 0 {
            true => self.numbers.push(x),
            false if self.depth == 0 => return Err(E::custom("a number, where a list of numbers is expected")),
            false => return Err(E::custom("a list of both numbers and lists")),
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("numbers in lists")
    }

    fn visit_f64<E: Error>(self, x: f64) -> Result<(), E> {
        self.number(x)
    }

    fn visit_u64<E: Error>(self, x: u64) -> Result<(), E> {
        self.number(x as f64)
    }

    fn visit_i64<E: Error>(self, x: i64) -> Result<(), E> {
        self.number(x as f64)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let depth = self.depth;
        if self.lengths.len() == depth {
            if depth > 0 && !self.numbers.is_empty() {
                return Err(A::Error::custom("a list of both numbers and lists"));
            }
            if depth == 3 {
                return Err(A::Error::custom("lists more than three deep"));
            }
            self.lengths.push(None);
        }
        let mut found = 0;
        let List { lengths, numbers, .. } = self;
        while list.next_element_seed(List { depth: depth + 1, lengths, numbers })?.is_some() {
            found += 1;
        }
        match lengths[depth] {
            _ if found == 0 => Err(A::Error::custom("an empty list")),
            Some(expected) if expected != found => {
                Err(A::Error::custom(format!("a list of {found}, where the one before has {expected}")))
            }
            _ => {
                lengths[depth] = Some(found);
                Ok(())
            }
        }
    }
}
