//! Wrong gradients for the page "Where is my error?": mistakes that have shipped, made in a small network.

use nn_core::{Activation, Loss, Matrix};
use nn_layers::{Dense, Network};
use nn_train::{
    CATALOGUE, Diagnosis, EngineExplanation, Made, Mistake, Problem, Yours, diagnose, explain_with_mistakes,
};

use crate::mazur::two_two_two;

/// What was done, and where, as ids of the catalogue.
pub(crate) const CASES: [(&str, Option<usize>); 6] = [
    ("sigma-prime-missing", Some(2)),
    ("sigma-prime-missing", Some(1)),
    ("sigma-prime-of-z", Some(1)),
    ("sigma-prime-of-error", Some(1)),
    ("bias-gradient-first-example", None),
    ("half-missing", None),
];

/// The 2-2-2 network of the book, and three examples.
pub(crate) struct Setting {
    network: Network<f64>,
    x: Matrix<f64>,
    y: Matrix<f64>,
}

impl Setting {
    pub(crate) fn new() -> Self {
        let (network, _, _) = two_two_two();
        Setting {
            network,
            x: Matrix::from_columns(&[[0.05, 0.10], [0.4, -0.3], [1.0, 0.5]]),
            y: Matrix::from_columns(&[[0.01, 0.99], [0.5, 0.2], [0.9, 0.1]]),
        }
    }

    pub(crate) fn problem(&self) -> Problem<'_> {
        Problem { network: &self.network, x: &self.x, y: &self.y, learning_rate: None }
    }

    pub(crate) fn with(&self, cases: &[(&str, Option<usize>)]) -> EngineExplanation {
        let made: Vec<Made> = cases.iter().map(|&(id, layer)| self.made(id, layer)).collect();
        explain_with_mistakes(self.problem(), &made)
    }

    fn made(&self, id: &str, layer: Option<usize>) -> Made {
        let places = mistake(id).places(self.problem());
        places.into_iter().find(|made| made.layer == layer).expect("it can be made there")
    }

    pub(crate) fn diagnosis(&self, numbers: &EngineExplanation) -> Diagnosis {
        diagnose(self.problem(), &Yours::from_gradients(numbers)).expect("numbers that fit")
    }
}

fn mistake(id: &str) -> &'static Mistake {
    CATALOGUE.iter().find(|mistake| mistake.id == id).expect("it is in the catalogue")
}

/// A batch of two makes two mistakes the same.
pub(crate) fn same_numbers() -> Diagnosis {
    let layer = Dense {
        weight: Matrix::from_rows(&[[0.5, -0.25]]),
        bias: Matrix::from_column(&[0.125]),
        activation: Activation::Tanh,
    };
    let network = Network::new(vec![layer], Loss::LeastSquares).expect("a layer");
    let (x, y) = (Matrix::from_columns(&[[1.0, 2.0], [-1.0, 0.5]]), Matrix::from_columns(&[[0.5], [-0.5]]));
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: None };
    let wrong = explain_with_mistakes(problem, &mistake("half-missing").places(problem)[..1]);
    diagnose(problem, &Yours::from_gradients(&wrong)).expect("numbers that fit")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Book;

    /// The catalogue speaks of equations and chapters that the book has.
    #[test]
    fn every_mistake_leads_to_its_place_in_the_book() {
        let book = Book::read();
        for mistake in CATALOGUE {
            for equation in [Some(mistake.equation), mistake.in_last_layer].into_iter().flatten() {
                let name = format!("{}.md", equation.chapter);
                let page = book.pages.iter().find(|page| page.name == name);
                let page = page.unwrap_or_else(|| panic!("{}: there is no {name}", mistake.id));
                let tag = format!("\\tag{{{}}}", equation.number);
                assert!(page.text.contains(&tag), "{}: {name} has no equation {}", mistake.id, equation.number);
                let entry = format!("[{}]({name})", nn_train::chapter_title(equation.chapter));
                assert!(book.summary.contains(&entry), "{}: no chapter {entry}", mistake.id);
            }
        }
    }

    /// The page shows the whole catalogue, which is a snapshot of the code.
    #[test]
    fn the_page_lists_every_mistake() {
        let book = Book::read();
        let page = book.pages.iter().find(|page| page.name == "where-is-my-error.md").expect("the page");
        assert!(page.text.contains("numbers/where-is-my-error.snap:catalogue"));
        let numbers = book.text("numbers/where-is-my-error.snap").expect("the numbers of the page");
        for mistake in CATALOGUE {
            assert!(numbers.contains(&format!("- `{}` (", mistake.id)), "{}", mistake.id);
        }
    }
}
