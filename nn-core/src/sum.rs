//! Pairwise summation, whose rounding error hardly grows with the number of terms; and the maximum.
//!
//! A running sum of a million numbers grows until each further number is small beside it, and most of that number's digits
//! are rounded away: in f32, a million equal numbers come out one percent wrong. So a long sum is taken **pairwise**:
//! the terms are split in two until few are left, and the two sums, of like size, are added. Every sum has one fixed order.

use std::ops::Range;

use crate::Scalar;
use crate::scalar::vectorize;

/// Sums over examples with more terms than this are pairwise; shorter ones are sequential.
pub(crate) const PAIRWISE_FROM: usize = 4096;

/// The most terms that a pairwise sum adds sequentially. In f32 the relative error of 32 equal terms is at most 5 · 10⁻⁷.
const SEQUENTIAL_TERMS: usize = 32;

/// The same for a sum of a slice, in which each of the eight accumulators of [`combine`] adds at most 16 terms.
const SEQUENTIAL_ENTRIES: usize = 8 * 16;

/// Σ_i x_i. In f32 the sum of ten million terms of one sign has a relative error of at most 10⁻⁶.
///
/// ```
/// assert_eq!(nn_core::sum(&[1.0_f32; (1 << 24) + 10]), 16_777_226.0);
/// ```
pub fn sum<T: Scalar>(x: &[T]) -> T {
    sum_of(x, x, |x, _| x)
}

/// Σ_i term(x_i, y_i), for two slices of the same length.
#[inline(always)]
pub(crate) fn sum_of<T: Scalar>(x: &[T], y: &[T], term: impl Fn(T, T) -> T + Copy) -> T {
    if x.len() <= SEQUENTIAL_ENTRIES {
        combine(x, y, T::zero(), term, |sum, term| sum + term)
    } else {
        pairwise_sum(x, y, term)
    }
}

fn pairwise_sum<T: Scalar>(x: &[T], y: &[T], term: impl Fn(T, T) -> T + Copy) -> T {
    if x.len() <= SEQUENTIAL_ENTRIES {
        return vectorize!(T, combine(x, y, T::zero(), term, |sum, term| sum + term));
    }
    let middle = x.len() / 2;
    pairwise_sum(&x[..middle], &y[..middle], term) + pairwise_sum(&x[middle..], &y[middle..], term)
}

/// Σ_j term(j), for j = 0 … m − 1: a sum over examples.
#[inline(always)]
pub(crate) fn sum_over<T: Scalar>(m: usize, term: impl Fn(usize) -> T) -> T {
    let mut total = [T::zero()];
    add_up(m, &mut total, |examples, total| examples.for_each(|j| total[0] += term(j)));
    total[0]
}

/// Adds `terms` terms to each of `sums`. `add(range, sums)` adds those of a range, sequentially.
pub(crate) fn add_up<T: Scalar>(terms: usize, sums: &mut [T], add: impl Fn(Range<usize>, &mut [T])) {
    if terms <= PAIRWISE_FROM {
        return add(0..terms, sums);
    }
    add_half(0..terms, sums, &add);
}

fn add_half<T: Scalar>(terms: Range<usize>, sums: &mut [T], add: &impl Fn(Range<usize>, &mut [T])) {
    if terms.len() <= SEQUENTIAL_TERMS {
        return add(terms, sums);
    }
    let (middle, mut others) = (terms.start + terms.len() / 2, vec![T::zero(); sums.len()]);
    add_half(terms.start..middle, sums, add);
    add_half(middle..terms.end, &mut others, add);
    sums.iter_mut().zip(&others).for_each(|(sum, &other)| *sum += other);
}

/// The index of the largest number, the number itself, and the sum of all others. In a tie the first is the largest and the
/// rest are among the others, each with its own derivative if `T` is a dual number.
#[inline(always)]
pub(crate) fn largest_and_others<T: Scalar>(numbers: &[T]) -> (usize, T, T) {
    let max = largest(numbers);
    let index = numbers.iter().position(|&x| x == max).unwrap_or(0);
    let smaller = sum_of(numbers, numbers, |x, _| if x == max { T::zero() } else { x });
    let after = numbers.get(index + 1..).unwrap_or_default();
    (index, max, after.iter().filter(|&&x| x == max).fold(smaller, |sum, &x| sum + x))
}

/// The largest number. NaN if the first number is NaN; a later NaN is ignored. 0 for an empty slice.
#[inline(always)]
pub(crate) fn largest<T: Scalar>(numbers: &[T]) -> T {
    let Some(&first) = numbers.first() else { return T::zero() };
    combine(numbers, numbers, first, |x, _| x, |max, x| if x > max { x } else { max })
}

/// A fold: term(x_0, y_0), term(x_1, y_1), … are joined to `first`, in eight independent accumulators. With one, each
/// operation would wait for the one before it.
#[inline(always)]
fn combine<T: Scalar>(x: &[T], y: &[T], first: T, term: impl Fn(T, T) -> T, join: impl Fn(T, T) -> T) -> T {
    let ((x_eights, x_rest), (y_eights, y_rest)) = (x.as_chunks::<8>(), y.as_chunks::<8>());
    let mut results = [first; 8];
    for (x, y) in x_eights.iter().zip(y_eights) {
        for i in 0..8 {
            results[i] = join(results[i], term(x[i], y[i]));
        }
    }
    let rest = x_rest.iter().zip(y_rest).fold(first, |result, (&x, &y)| join(result, term(x, y)));
    let [r0, r1, r2, r3, r4, r5, r6, r7] = results;
    join(join(join(join(r0, r4), join(r2, r6)), join(join(r1, r5), join(r3, r7))), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_take_every_entry_once() {
        for n in 0..40 {
            let x: Vec<f64> = (1..=n).map(f64::from).collect();
            let y: Vec<f64> = x.iter().map(|x| 1.0 / x).collect();
            assert_eq!(sum_of(&x, &y, |x, _| x), f64::from(n * (n + 1) / 2), "{n}");
            assert!((sum_of(&x, &y, |x, y| x * y) - f64::from(n)).abs() < 1e-13, "{n}");
        }
    }

    #[test]
    fn the_largest_is_left_out_of_the_others_once() {
        for n in 1..40 {
            for place in 0..n {
                let mut x: Vec<f64> = (0..n).map(|i| i as f64 - 20.0).collect();
                let others = x.iter().sum::<f64>() - x[place];
                x[place] = 100.0;
                assert_eq!(largest_and_others(&x), (place, 100.0, others), "{place} of {n}");
                let before = std::mem::replace(&mut x[0], 100.0);
                let others = if place == 0 { others } else { others - before + 100.0 };
                assert_eq!(largest_and_others(&x), (0, 100.0, others), "{place} of {n}, and the first");
            }
        }
        assert_eq!(largest_and_others::<f64>(&[3.0]), (0, 3.0, 0.0));
        assert!(largest_and_others(&[f64::NAN, 1.0]).2.is_nan() && largest_and_others(&[1.0, f64::NAN]).2.is_nan());
    }
}
