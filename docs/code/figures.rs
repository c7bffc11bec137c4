//! Every figure of the book, by name. `scripts/book figures` writes them into `docs/src/figures`.

use crate::digits_run::{Digits, Run};
use crate::drawing::{DARK, Drawn, LIGHT, Theme};
use crate::{curves, diagrams, digits_run, loss_surface, mistakes, plane};

type Draw = Box<dyn Fn(&Theme) -> Drawn<String>>;

/// All figures: the name of each, and what draws it.
fn figures() -> Vec<(&'static str, Draw)> {
    let mut figures: Vec<(&'static str, Draw)> = vec![
        ("neuron", Box::new(curves::neuron)),
        ("affine-map", Box::new(diagrams::affine_map)),
        ("activations", Box::new(curves::activations)),
        ("saturation", Box::new(curves::saturation)),
        ("losses", Box::new(curves::losses)),
        ("differences", Box::new(curves::differences)),
        ("hidden-error", Box::new(diagrams::hidden_error)),
        ("network-forward", Box::new(diagrams::network_forward)),
        ("network-backward", Box::new(diagrams::network_backward)),
        ("tape", Box::new(diagrams::tape)),
        ("mistakes", Box::new(mistakes::distances)),
        ("surface", Box::new(loss_surface::surface)),
        ("contours", Box::new(loss_surface::contours)),
        ("intensity", Box::new(curves::intensity)),
        ("roofline", Box::new(curves::roofline)),
    ];
    let tasks = [
        (
            "xor",
            plane::xor_task(),
            "XOR: the plane while it is learnt",
            "the four corners of a square, opposite ones of one class. At first a straight border, which turns pale, in the end a band along the diagonal that holds one class",
        ),
        (
            "moons",
            plane::moons_task(),
            "Moons: the plane while they are learnt",
            "two interleaved half moons of points. At first a straight line, in the end a curve that follows the gap between the moons",
        ),
        (
            "spirals",
            plane::spirals_task(),
            "Spirals: the plane while they are learnt",
            "three spiral arms of points. At first three sectors, in the end three winding regions that follow the arms",
        ),
    ];
    for (name, task, title, what) in tasks {
        let looks = plane::course(&task);
        let description = format!("Four panels, after a growing number of epochs: {what}.");
        figures.push((name, Box::new(move |theme| plane::boundaries(theme, &task, &looks, title, &description))));
    }
    let digits = std::rc::Rc::new(Digits::new());
    let run = std::rc::Rc::new(Run::of_the_book(&digits));
    let shared = || (digits.clone(), run.clone());
    let (_, of) = shared();
    figures.push(("digits-curves", Box::new(move |theme| digits_run::curves(theme, &of))));
    let (all, of) = shared();
    figures.push(("digits-confusion", Box::new(move |theme| digits_run::confusion(theme, &all, &of))));
    let (_, of) = shared();
    figures.push(("digits-weights", Box::new(move |theme| digits_run::weights(theme, &of))));
    let (all, of) = shared();
    figures.push(("digits-mistakes", Box::new(move |theme| digits_run::mistakes(theme, &all, &of))));
    figures
}

/// Draws every figure for light and for dark pages: the name of its file, and what is in it.
///
/// # Errors
///
/// As plotters.
pub fn draw() -> Drawn<Vec<(String, String)>> {
    let mut files = Vec::new();
    for (name, draw) in figures() {
        for theme in [LIGHT, DARK] {
            let svg = draw(&theme).map_err(|why| format!("figure {name}: {why}"))?;
            files.push((format!("{name}{}.svg", theme.suffix), svg));
        }
    }
    Ok(files)
}
