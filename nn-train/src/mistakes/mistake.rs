//! What a mistake is, where it can be made, and the numbers that it gives.

use std::fmt;

use super::recursion::{Pass, Problem, Steps};
use crate::explain::EngineExplanation;

/// One mistake: what to tell the learner, and the step of the recursion that it changes.
#[derive(Debug)]
pub struct Mistake {
    /// Its name, which never changes.
    pub id: &'static str,
    /// Where it is made.
    pub place: Place,
    /// The mistake and its effect, as a sentence.
    pub sentence: &'static str,
    /// The equation that is wrong; in a hidden layer, if the last layer has another.
    pub equation: Equation,
    /// The equation that is wrong in the last layer, if that is another one.
    pub in_last_layer: Option<Equation>,
    /// Where to look in one's own code.
    pub look_for: &'static str,
    /// The wrong and the right line in NumPy, where the rows of an array are the examples.
    pub numpy: Lines,
    /// The same in Rust, as in this project, where the columns are the examples.
    pub rust: Lines,
    /// Whether it is another convention, and no error.
    pub convention: bool,
    /// Whether the forward pass is wrong; otherwise only the backward pass is.
    pub forward: bool,
    /// Whether it can be made in a layer.
    pub(crate) possible: fn(&Site<'_>) -> bool,
    /// The forms in which it is made.
    pub(crate) forms: &'static [Form],
}

/// Where a mistake is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In one layer, or in all layers where it can be made.
    LayerOrAll,
    /// In the computation as a whole.
    All,
    /// In the last layer.
    Last,
}

/// An equation of the book beside what was computed for it. `{` and `}` enclose the part where they differ; ˡ stands for
/// the layer.
#[derive(Clone, Copy, Debug)]
pub struct Equation {
    /// Its number in the book.
    pub number: &'static str,
    /// The chapter that explains it, by the name of its file.
    pub chapter: &'static str,
    /// The right equation.
    pub right: &'static str,
    /// The wrong equation.
    pub wrong: &'static str,
}

/// A wrong line of code beside the right one.
#[derive(Clone, Copy, Debug)]
pub struct Lines {
    /// The line to look for.
    pub wrong: &'static str,
    /// The line that should be there.
    pub right: &'static str,
}

/// One form of a mistake: a change to the steps of the layer in which it is made.
#[derive(Debug)]
pub(crate) struct Form {
    /// What is particular to it, as a sentence; empty for the plain form.
    pub(crate) remark: &'static str,
    /// Whether the loss changes too, so that the form is a convention and no error.
    pub(crate) convention: bool,
    pub(crate) change: fn(&mut Steps, &Site<'_>),
}

/// A layer in which a mistake may be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    pub(crate) problem: Problem<'a>,
    /// The index of the layer, l − 1.
    pub(crate) l: usize,
}

/// An instance of a mistake: which, in what form, and where.
#[derive(Clone)]
pub struct Made {
    /// The mistake in the catalogue.
    pub mistake: &'static Mistake,
    pub(crate) form: usize,
    /// The layer, from 1; `None` for every layer where it can be made.
    pub layer: Option<usize>,
}

impl Mistake {
    /// Every place where it can be made in a network, in every form: layer by layer, then all layers at once.
    ///
    /// Some of them may still give the right numbers: leaving out σ′ after the identity has no effect.
    pub fn places(&'static self, problem: Problem<'_>) -> Vec<Made> {
        let layers = problem.network.layers().len();
        let possible: Vec<usize> = (0..layers).filter(|&l| (self.possible)(&Site { problem, l })).collect();
        let mut places: Vec<Option<usize>> = match self.place {
            Place::LayerOrAll | Place::Last => possible.iter().map(|l| Some(l + 1)).collect(),
            Place::All => Vec::new(),
        };
        match self.place {
            Place::LayerOrAll if possible.len() > 1 => places.push(None),
            Place::All if !possible.is_empty() => places.push(None),
            _ => {}
        }
        let in_forms = |layer| (0..self.forms.len()).map(move |form| Made { mistake: self, form, layer });
        places.into_iter().flat_map(in_forms).collect()
    }

    /// The equation that is wrong where the mistake is made in this layer.
    pub fn equation_in(&self, layer: Option<usize>, layers: usize) -> Equation {
        self.in_last_layer.filter(|_| layer == Some(layers)).unwrap_or(self.equation)
    }
}

impl Made {
    pub(crate) fn form(&self) -> &'static Form {
        &self.mistake.forms[self.form]
    }

    /// What is particular to its form, as a sentence; empty for the plain form.
    pub fn remark(&self) -> &'static str {
        self.form().remark
    }

    /// Whether it is another convention, and no error.
    pub fn is_convention(&self) -> bool {
        self.mistake.convention || self.form().convention
    }

    /// Replaces the steps of a pass by the mistaken ones.
    pub(crate) fn apply(&self, problem: Problem<'_>, pass: &mut Pass<'_>) {
        let layers = match self.layer {
            Some(layer) => layer - 1..layer,
            None => 0..problem.network.layers().len(),
        };
        for l in layers {
            let site = Site { problem, l };
            if (self.mistake.possible)(&site) {
                (self.form().change)(pass.steps_mut(l), &site);
            }
        }
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.mistake.id)?;
        if self.form > 0 {
            write!(f, ", form {}", self.form)?;
        }
        match self.layer {
            Some(layer) => write!(f, ", layer {layer}"),
            None => write!(f, ", all"),
        }
    }
}

/// The numbers of a pass with all these mistakes; with none, the right numbers.
///
/// # Panics
///
/// Panics if the batch does not fit the network.
pub fn explain_with_mistakes(problem: Problem<'_>, made: &[Made]) -> EngineExplanation {
    let mut pass = Pass::new(problem);
    for made in made {
        made.apply(problem, &mut pass);
    }
    pass.run()
}
