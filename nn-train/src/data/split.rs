//! The draw of the held-out rows.

use nn_core::{Scalar, seeded, shuffle};

use super::data_set::{DataSet, Targets};

/// The rows of a data set, drawn apart: each row is in one of the two, and both are in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The rows to learn from.
    pub train: Vec<usize>,
    /// The rows that are held out, to see how the network does on examples that it was not shown.
    pub validation: Vec<usize>,
}

/// Holds out the share `validation` of the examples, drawn at random and **stratified**: each class is held out in that
/// share, so that both sides look like the whole.
///
/// The draw is fixed. It depends on the data set and the share and on no seed, so that runs with different seeds are
/// measured on the same rows, and a model can be evaluated on the rows that it was not trained on.
///
/// # How many
///
/// round(share · N) rows in all. A class with n rows is due share · n of them; what that leaves in fractions is decided
/// by the largest remainder (Hamilton's method), the first class among equals. On top of that
///
/// - every class keeps at least one row to learn from, so that a class with one row is never held out;
/// - every class with at least two rows has at least one held out, if there are enough to go round. If the share is too
///   small for that, the largest remainders decide which classes go without.
///
/// A share of 0 holds nothing out. The four points of [`xor`](crate::xor) are all there is to learn, and a network that
/// is not shown one of them cannot know it: train on them with share 0.
///
/// For a regression, all rows count as one class.
///
/// # Panics
///
/// Panics unless 0 ≤ `validation` < 1.
///
/// # Example
///
/// ```
/// let rows = nn_train::split(&nn_train::iris(), 0.2);
/// assert_eq!((rows.train.len(), rows.validation.len()), (120, 30));
/// assert_eq!(rows.validation.iter().filter(|&&row| row < 50).count(), 10); // a fifth of the first class
/// ```
#[track_caller]
pub fn split<T: Scalar>(data: &DataSet<T>, validation: f64) -> Split {
    assert!((0.0..1.0).contains(&validation), "a held-out share of {validation}: it is at least 0 and less than 1");
    let mut classes = rows_by_class(data);
    let sizes: Vec<usize> = classes.iter().map(Vec::len).collect();
    let mut rng = seeded(SEED);
    let mut rows = Split { train: Vec::new(), validation: Vec::new() };
    for (class, held_out) in classes.iter_mut().zip(apportion(&sizes, validation)) {
        // BEGIN SOLUTION 12.4
        // The order of a class does not depend on the share: a larger share holds out further rows, not other ones.
        shuffle(&mut rng, class);
        let (validation, train) = class.split_at(held_out);
        rows.validation.extend(validation);
        rows.train.extend(train);
        // END SOLUTION 12.4
    }
    rows.train.sort_unstable();
    rows.validation.sort_unstable();
    rows
}

/// Any number will do, as long as it stays: another one would draw other rows.
const SEED: u64 = 1;

fn rows_by_class<T: Scalar>(data: &DataSet<T>) -> Vec<Vec<usize>> {
    match &data.targets {
        Targets::Classes { labels, names } => {
            let mut classes = vec![Vec::new(); names.len()];
            for (row, &label) in labels.iter().enumerate() {
                classes[label].push(row);
            }
            classes
        }
        Targets::Values(_) => vec![(0..data.examples()).collect()],
    }
}

/// How many rows of each class are held out; [`split`] says by which rule.
fn apportion(sizes: &[usize], share: f64) -> Vec<usize> {
    let most = |size: usize| size.saturating_sub(1);
    let least = |size: usize| most(size).min(1);
    let total = (share * sizes.iter().sum::<usize>() as f64).round() as usize;
    let total = total.min(sizes.iter().map(|&size| most(size)).sum());
    let enough_for_all = total >= sizes.iter().map(|&size| least(size)).sum();

    let due: Vec<f64> = sizes.iter().map(|&size| share * size as f64).collect();
    let floor = |(&due, &size): (&f64, &usize)| {
        (due.floor() as usize).max(if enough_for_all { least(size) } else { 0 }).min(most(size))
    };
    let mut held_out: Vec<usize> = due.iter().zip(sizes).map(floor).collect();
    let remainder = |held_out: &[usize], class: usize| due[class] - held_out[class] as f64;

    // Every round gives a row to the class that is furthest below its due, or takes one from the class that is furthest
    // above; the rounds are no more than there are classes.
    while held_out.iter().sum::<usize>() < total {
        let open = (0..sizes.len()).filter(|&class| held_out[class] < most(sizes[class]));
        let Some(next) = open.rev().max_by(|&a, &b| remainder(&held_out, a).total_cmp(&remainder(&held_out, b))) else {
            break;
        };
        held_out[next] += 1;
    }
    while held_out.iter().sum::<usize>() > total {
        let open = (0..sizes.len()).filter(|&class| held_out[class] > least(sizes[class]));
        let Some(next) = open.rev().min_by(|&a, &b| remainder(&held_out, a).total_cmp(&remainder(&held_out, b))) else {
            break;
        };
        held_out[next] -= 1;
    }
    held_out
}

#[cfg(test)]
mod tests {
    use nn_core::Matrix;

    use super::*;
    use crate::data::{digits, iris, xor};

    fn classes(labels: Vec<usize>, n: usize) -> DataSet {
        let names = (0..n).map(|class| class.to_string()).collect();
        DataSet::new("test", Matrix::zeros(1, labels.len()), Targets::Classes { labels, names }).unwrap()
    }

    fn held_out_by_class(data: &DataSet, share: f64) -> Vec<usize> {
        let labels = data.labels().unwrap();
        let mut counts = vec![0; data.outputs()];
        split(data, share).validation.iter().for_each(|&row| counts[labels[row]] += 1);
        counts
    }

    #[test]
    fn every_row_is_on_one_side() {
        for (data, share) in [(digits(), 0.2), (iris(), 0.33), (xor(), 0.5), (iris(), 0.0), (iris(), 0.99)] {
            let rows = split(&data, share);
            assert!(rows.train.is_sorted() && rows.validation.is_sorted());
            let mut all = [rows.train, rows.validation].concat();
            all.sort_unstable();
            assert_eq!(all, (0..data.examples()).collect::<Vec<_>>());
        }
    }

    /// By hand: a fifth of 178, 182, 177, 183, 181, 182, 181, 179, 174, 180 is 35.6, 36.4, 35.4, 36.6, 36.2, 36.4, 36.2,
    /// 35.8, 34.8, 36.0; the integer parts sum to 355, 0.2 · 1797 = 359.4, and the four largest remainders are those of
    /// the digits 7, 8, 0 and 3.
    #[test]
    fn largest_remainders_of_the_digits() {
        assert_eq!(held_out_by_class(&digits(), 0.2), [36, 36, 35, 37, 36, 36, 36, 36, 35, 36]);
    }

    #[test]
    fn totals_are_rounded_shares() {
        for share in [0.0, 0.1, 0.125, 0.2, 0.3, 0.5, 0.8] {
            for data in [digits(), iris()] {
                let total = split(&data, share).validation.len();
                assert_eq!(total, (share * data.examples() as f64).round() as usize);
                for (held_out, size) in held_out_by_class(&data, share).into_iter().zip(rows_by_class(&data)) {
                    assert!((held_out as f64 - share * size.len() as f64).abs() < 1.0);
                }
            }
        }
    }

    #[test]
    fn equal_remainders_go_to_the_first_classes() {
        assert_eq!(apportion(&[5, 5, 5, 5], 0.1), [1, 1, 0, 0]); // 0.5 each, two in all
        assert_eq!(apportion(&[15, 15, 15, 15], 0.1), [2, 2, 1, 1]); // 1.5 each, six in all
        assert_eq!(apportion(&[47, 47, 2, 2, 2], 0.2), [9, 8, 1, 1, 1]); // due 9.4 and 0.4: one is taken back
    }

    #[test]
    fn no_share_holds_nothing_out() {
        let rows = split(&iris(), 0.0);
        assert_eq!(rows.train.len(), 150);
        assert!(rows.validation.is_empty());
    }

    #[test]
    fn rare_classes_are_on_both_sides() {
        assert_eq!(apportion(&[98, 2], 0.2), [19, 1]); // due 19.6 and 0.4
        assert_eq!(apportion(&[96, 2, 2], 0.2), [18, 1, 1]); // due 19.2, 0.4, 0.4: one is taken back from the first
        assert_eq!(apportion(&[98, 2], 0.8), [79, 1]); // due 78.4 and 1.6
        assert_eq!(apportion(&[8, 2], 0.95), [7, 1]); // ten are due, but each class keeps one to learn from
    }

    #[test]
    fn a_class_of_one_row_is_learnt_from() {
        assert_eq!(apportion(&[9, 1], 0.9), [8, 0]); // nine are due
        assert_eq!(apportion(&[9, 1, 0], 0.5), [5, 0, 0]);
        assert_eq!(apportion(&[1, 1, 1], 0.9), [0, 0, 0]);
    }

    #[test]
    fn a_share_too_small_for_every_class_is_kept_all_the_same() {
        assert_eq!(apportion(&[50, 60, 50], 0.01), [1, 1, 0]); // 1.6 of 160, for three classes: the first of equals
        assert_eq!(apportion(&[50, 50, 60], 0.01), [1, 0, 1]); // the largest remainder, wherever it stands
        assert_eq!(apportion(&[90, 2, 2, 2, 2, 2], 0.04), [4, 0, 0, 0, 0, 0]); // due 3.6 and 0.08
        assert_eq!(apportion(&[2, 2], 0.2), [1, 0]); // xor
        assert_eq!(apportion(&[1, 1], 0.2), [0, 0]);
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert!(apportion(&[], 0.5).is_empty());
        assert_eq!(apportion(&[0, 0], 0.5), [0, 0]);
        let rows = split(&classes(vec![], 2), 0.5);
        assert_eq!(rows, Split { train: vec![], validation: vec![] });
    }

    #[test]
    fn a_regression_is_drawn_as_a_whole() {
        let data = DataSet::new("values", Matrix::<f64>::zeros(1, 25), Targets::Values(Matrix::zeros(2, 25))).unwrap();
        let rows = split(&data, 0.3); // 7.5 rounds to 8
        assert_eq!((rows.train.len(), rows.validation.len()), (17, 8));
        assert_ne!(rows.validation, (0..8).collect::<Vec<_>>());
        assert_ne!(rows.validation, (17..25).collect::<Vec<_>>());
    }

    #[test]
    fn a_draw_depends_on_no_other() {
        let first = split(&digits(), 0.2);
        split(&iris(), 0.5);
        assert_eq!(split(&digits(), 0.2), first);
    }

    #[test]
    fn a_larger_share_holds_out_further_rows() {
        let (small, large) = (split(&iris(), 0.2), split(&iris(), 0.4));
        assert!(small.validation.iter().all(|row| large.validation.contains(row)));
    }

    /// Another draw would make runs incomparable with those that were recorded before.
    #[test]
    fn draws_do_not_change() {
        assert_eq!(split(&digits(), 0.2).validation[..10], FIRST_HELD_OUT_DIGITS);
        assert_eq!(split(&iris(), 0.1).validation, HELD_OUT_IRISES);
    }
    const FIRST_HELD_OUT_DIGITS: [usize; 10] = [0, 1, 2, 10, 17, 22, 24, 25, 27, 28];
    const HELD_OUT_IRISES: [usize; 15] = [0, 21, 25, 37, 45, 50, 62, 68, 84, 92, 100, 138, 142, 147, 149];

    #[test]
    fn rows_are_drawn_from_all_over_a_class() {
        // 60 of 600 rows: their mean place is 299.5 with a standard deviation of 173 / √60 · √(540/599) = 21.
        let rows = split(&classes(vec![0; 600], 1), 0.1).validation;
        let mean = rows.iter().sum::<usize>() as f64 / rows.len() as f64;
        assert!(rows.len() == 60 && (mean - 299.5).abs() < 4.0 * 21.0, "{mean}");
    }

    #[test]
    #[should_panic(expected = "a held-out share of 1: it is at least 0 and less than 1")]
    fn not_everything_can_be_held_out() {
        split(&iris(), 1.0);
    }

    #[test]
    #[should_panic(expected = "a held-out share of NaN")]
    fn not_a_number_is_not_a_share() {
        split(&iris(), f64::NAN);
    }
}
