//! Data sets that are drawn from a formula: points of the plane in classes that no straight line separates.
//!
//! Points come class by class; the training loop brings them into random order. The random numbers are those of
//! nn-core, so that a seed gives the same points everywhere, up to the last bit of the platform's sine and cosine.

use std::f64::consts::{PI, TAU};

use nn_core::{Matrix, normal};
use rand::Rng;

use super::data_set::{DataSet, Targets};

/// The exclusive or: (0, 0) and (1, 1) are class `0`, (0, 1) and (1, 0) are class `1`.
///
/// The smallest problem that a network without a hidden layer cannot learn (Minsky and Papert 1969; Goodfellow, Bengio
/// and Courville, section 6.1).
///
/// ```
/// let data = nn_train::xor();
/// assert_eq!(data.x, nn_core::Matrix::from_rows(&[[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]]));
/// assert_eq!(data.labels(), Some(&[0, 1, 1, 0][..]));
/// ```
pub fn xor() -> DataSet {
    let points = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    plane("xor", &points, vec![0, 1, 1, 0], 2)
}

/// Two half moons, each with its tip in the hollow of the other.
///
/// ```text
/// class 0: (cos t, sin t)            t evenly from 0 to π, both ends included
/// class 1: (1 − cos t, ½ − sin t)
/// ```
///
/// and N(0, noise²) added to each coordinate. Source: `make_moons` of scikit-learn, without its shuffle. Where
/// `examples` is odd, class 1 has one more.
///
/// ```
/// let data = nn_train::moons(200, 0.1, &mut nn_core::seeded(1));
/// assert_eq!((data.examples(), data.inputs(), data.outputs()), (200, 2, 2));
/// ```
// ANCHOR: moons
pub fn moons(examples: usize, noise: f64, rng: &mut impl Rng) -> DataSet {
    // BEGIN SOLUTION 11.1
    let mut point = |class: usize, i: usize, n: usize| {
        let (sin, cos) = linear(PI, i, n).sin_cos();
        blurred(if class == 0 { [cos, sin] } else { [1.0 - cos, 0.5 - sin] }, noise, rng)
    };
    by_class("moons", examples, 2, &mut point)
    // END SOLUTION 11.1
}
// ANCHOR_END: moons

/// A circle in a circle.
///
/// ```text
/// class 0: (cos t, sin t)            t evenly from 0 to 2π, the end left out
/// class 1: ½ (cos t, sin t)
/// ```
///
/// and N(0, noise²) added to each coordinate. Source: `make_circles` of scikit-learn with `factor=0.5`, without its
/// shuffle. Where `examples` is odd, class 1 has one more.
///
/// ```
/// let data = nn_train::circles(200, 0.1, &mut nn_core::seeded(1));
/// assert_eq!((data.examples(), data.inputs(), data.outputs()), (200, 2, 2));
/// ```
pub fn circles(examples: usize, noise: f64, rng: &mut impl Rng) -> DataSet {
    let mut point = |class: usize, i: usize, n: usize| {
        let (sin, cos) = (TAU * i as f64 / n as f64).sin_cos();
        let radius = if class == 0 { 1.0 } else { 0.5 };
        blurred([radius * cos, radius * sin], noise, rng)
    };
    by_class("circles", examples, 2, &mut point)
}

/// Spiral arms, a class each, that wind around each other.
///
/// ```text
/// arm j of k: (r sin t, r cos t)     r evenly from 0 to 1, both ends included
///                                    t = 2π j/k + 4 r + N(0, noise²)
/// ```
///
/// The noise is in the angle, in radians. Source: the course CS231n, "Putting it together: minimal neural network case
/// study", with k = 3 and noise 0.2; it starts its arms at the angles 0, 4 and 8 (modulo 2π at 0, 4 and 1.7), which
/// here are spread evenly for any k. Where `examples` is not a multiple of k, the last arms have one more.
///
/// # Panics
///
/// Panics if there are no arms.
///
/// ```
/// let data = nn_train::spirals(300, 3, 0.2, &mut nn_core::seeded(1));
/// assert_eq!((data.examples(), data.inputs(), data.outputs()), (300, 2, 3));
/// ```
#[track_caller]
// ANCHOR: spirals
pub fn spirals(examples: usize, arms: usize, noise: f64, rng: &mut impl Rng) -> DataSet {
    assert!(arms > 0, "spirals without an arm");
    let mut point = |arm: usize, i: usize, n: usize| {
        let radius = linear(1.0, i, n);
        let angle = TAU * arm as f64 / arms as f64 + 4.0 * radius + noise * normal(rng);
        [radius * angle.sin(), radius * angle.cos()]
    };
    by_class("spirals", examples, arms, &mut point)
}
// ANCHOR_END: spirals

/// Point i of n evenly spaced ones from 0 to `end`, both included.
fn linear(end: f64, i: usize, n: usize) -> f64 {
    if i == 0 { 0.0 } else { end * (i as f64 / (n - 1) as f64) }
}

fn blurred(point: [f64; 2], noise: f64, rng: &mut impl Rng) -> [f64; 2] {
    point.map(|coordinate| coordinate + noise * normal(rng))
}

/// Shares the examples out evenly among the classes, the later ones first with what is over, and asks for each point by
/// its class, its number in the class, and the size of the class.
fn by_class(
    name: &str,
    examples: usize,
    classes: usize,
    point: &mut impl FnMut(usize, usize, usize) -> [f64; 2],
) -> DataSet {
    let (share, over) = (examples / classes, examples % classes);
    let (mut points, mut labels) = (Vec::with_capacity(examples), Vec::with_capacity(examples));
    for class in 0..classes {
        let n = share + usize::from(class + over >= classes);
        points.extend((0..n).map(|i| point(class, i, n)));
        labels.extend((0..n).map(|_| class));
    }
    plane(name, &points, labels, classes)
}

fn plane(name: &str, points: &[[f64; 2]], labels: Vec<usize>, classes: usize) -> DataSet {
    DataSet {
        name: name.to_owned(),
        x: Matrix::from_slice(2, points.len(), &points.concat()),
        targets: Targets::Classes { labels, names: (0..classes).map(|class| class.to_string()).collect() },
        features: None,
        image: None,
    }
}

#[cfg(test)]
mod tests {
    use nn_core::{Generator, seeded};

    use super::*;

    fn counts(data: &DataSet) -> Vec<usize> {
        let labels = data.labels().unwrap();
        (0..data.outputs()).map(|class| labels.iter().filter(|&&label| label == class).count()).collect()
    }

    fn of_class(data: &DataSet, class: usize) -> Vec<[f64; 2]> {
        let points = data.x.columns_iter().zip(data.labels().unwrap());
        points.filter(|&(_, &label)| label == class).map(|(point, _)| [point[0], point[1]]).collect()
    }

    #[track_caller]
    fn assert_points(got: &[[f64; 2]], want: &[[f64; 2]]) {
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            assert!((got[0] - want[0]).abs() < 1e-15 && (got[1] - want[1]).abs() < 1e-15, "{got:?}, not {want:?}");
        }
    }

    #[test]
    fn every_data_set_has_its_name_and_passes_the_checks() {
        let rng = &mut seeded(1);
        let all = [xor(), moons(9, 0.1, rng), circles(9, 0.1, rng), spirals(9, 2, 0.1, rng)];
        for (data, name) in all.into_iter().zip(["xor", "moons", "circles", "spirals"]) {
            assert_eq!((data.name.as_str(), data.image, data.inputs()), (name, None, 2));
            assert_eq!(data.class_names().unwrap(), ["0", "1"]);
            assert!(DataSet::new("again", data.x, data.targets).is_ok());
        }
    }

    #[test]
    fn xor_is_true_where_the_inputs_differ() {
        let data = xor();
        for (point, &label) in data.x.columns_iter().zip(data.labels().unwrap()) {
            assert_eq!(label == 1, point[0] != point[1]);
        }
        assert_eq!(counts(&data), [2, 2]);
    }

    /// Five points of each moon, by hand.
    #[test]
    fn moons_without_noise_are_half_circles() {
        let data = moons(10, 0.0, &mut seeded(1));
        let h = 0.5_f64.sqrt();
        assert_points(&of_class(&data, 0), &[[1.0, 0.0], [h, h], [0.0, 1.0], [-h, h], [-1.0, 0.0]]);
        let lower = [[0.0, 0.5], [1.0 - h, 0.5 - h], [1.0, -0.5], [1.0 + h, 0.5 - h], [2.0, 0.5]];
        assert_points(&of_class(&data, 1), &lower);
    }

    /// Four points of each circle, by hand: the fifth would be the first again.
    #[test]
    fn circles_without_noise_have_radius_one_and_a_half() {
        let data = circles(8, 0.0, &mut seeded(1));
        assert_points(&of_class(&data, 0), &[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]);
        assert_points(&of_class(&data, 1), &[[0.5, 0.0], [0.0, 0.5], [-0.5, 0.0], [0.0, -0.5]]);
    }

    /// Three points of each of four arms: arm j is arm 0, turned by j quarters (clockwise: t = 0 points up).
    #[test]
    fn spirals_without_noise_turn_by_four_radians() {
        let data = spirals(12, 4, 0.0, &mut seeded(1));
        let mut want = [[0.0, 0.0], [0.5 * 2_f64.sin(), 0.5 * 2_f64.cos()], [4_f64.sin(), 4_f64.cos()]];
        for arm in 0..4 {
            assert_points(&of_class(&data, arm), &want);
            want = want.map(|[x, y]| [y, -x]);
        }
    }

    #[test]
    fn what_is_over_goes_to_the_last_classes() {
        let rng = &mut seeded(1);
        assert_eq!(counts(&moons(7, 0.1, rng)), [3, 4]);
        assert_eq!(counts(&circles(7, 0.1, rng)), [3, 4]);
        assert_eq!(counts(&spirals(10, 3, 0.1, rng)), [3, 3, 4]);
        assert_eq!(counts(&spirals(11, 3, 0.1, rng)), [3, 4, 4]);
        assert_eq!(counts(&spirals(12, 3, 0.1, rng)), [4, 4, 4]);
        assert!(spirals(11, 3, 0.1, rng).labels().unwrap().is_sorted());
    }

    #[test]
    fn hardly_any_points_are_points_all_the_same() {
        let rng = &mut seeded(1);
        assert_eq!(counts(&moons(0, 0.1, rng)), [0, 0]);
        assert_eq!(counts(&spirals(2, 3, 0.1, rng)), [0, 1, 1]);
        assert_points(&of_class(&moons(2, 0.0, rng), 0), &[[1.0, 0.0]]);
        assert_points(&of_class(&spirals(1, 1, 0.0, rng), 0), &[[0.0, 0.0]]);
    }

    #[test]
    #[should_panic(expected = "spirals without an arm")]
    fn no_arms_are_no_spirals() {
        spirals(3, 0, 0.1, &mut seeded(1));
    }

    /// In moons and circles the two coordinates are blurred apart from each other, by what `noise` says.
    #[test]
    fn noise_is_the_standard_deviation_of_each_coordinate() {
        const N: usize = 10_000;
        type Generate = fn(usize, f64, &mut Generator) -> DataSet;
        for generate in [moons as Generate, circles as Generate] {
            let (clean, noisy) = (generate(N, 0.0, &mut seeded(1)), generate(N, 0.3, &mut seeded(2)));
            let error = |i: usize| noisy.x.row_iter(i).zip(clean.x.row_iter(i)).map(|(a, b)| a - b).collect::<Vec<_>>();
            let (dx, dy) = (error(0), error(1));
            let mean = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / N as f64;
            // Five standard errors: of a variance σ² √(2/N), of a covariance σ² √(1/N).
            let bound = 5.0 * 0.09 * (2.0 / N as f64).sqrt();
            assert!((mean(&dx, &dx) - 0.09).abs() < bound && (mean(&dy, &dy) - 0.09).abs() < bound);
            assert!(mean(&dx, &dy).abs() < bound);
        }
    }

    /// In spirals only the angle is: every point keeps its radius.
    #[test]
    fn noise_turns_the_points_of_a_spiral() {
        const N: usize = 10_000;
        let data = spirals(N, 1, 0.3, &mut seeded(3));
        let mut variance = 0.0;
        for (i, point) in data.x.columns_iter().enumerate().skip(1) {
            let radius = i as f64 / (N - 1) as f64;
            assert!((point[0].hypot(point[1]) - radius).abs() < 1e-12);
            let off = (point[0].atan2(point[1]) - 4.0 * radius + PI).rem_euclid(TAU) - PI;
            variance += off * off / (N - 1) as f64;
        }
        assert!((variance - 0.09).abs() < 5.0 * 0.09 * (2.0 / N as f64).sqrt(), "{variance}");
    }

    #[test]
    fn a_seed_gives_the_same_points_again() {
        assert_eq!(moons(50, 0.1, &mut seeded(5)), moons(50, 0.1, &mut seeded(5)));
        assert_ne!(moons(50, 0.1, &mut seeded(5)), moons(50, 0.1, &mut seeded(6)));
    }
}
