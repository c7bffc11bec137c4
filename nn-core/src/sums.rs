//! Sums over a column, and its largest entry, eight numbers at a time.
//!
//! A sum in one variable makes each addition wait for the one before it, some four cycles, and the compiler may not change
//! the order, since that would change the last digit. So the order is chosen here: eight interleaved sums, which fit a
//! vector, are added up at the end. It is the same order on every machine.

use crate::Scalar;

const LANES: usize = 8;

/// Σ_i term(x_i, y_i), for columns of the same length.
#[inline(always)]
pub(crate) fn sum<T: Scalar>(x: &[T], y: &[T], term: impl Fn(T, T) -> T) -> T {
    let (x_blocks, y_blocks) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest = x_blocks.remainder().iter().zip(y_blocks.remainder());
    let rest = rest.fold(T::zero(), |sum, (&x, &y)| sum + term(x, y));
    let mut sums = [T::zero(); LANES];
    for (x, y) in x_blocks.zip(y_blocks) {
        for lane in 0..LANES {
            sums[lane] += term(x[lane], y[lane]);
        }
    }
    let [s0, s1, s2, s3, s4, s5, s6, s7] = sums;
    (((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))) + rest
}

/// The place of the largest number, the number, and the sum of all others. Ties: the first is the largest, the rest are
/// others.
#[inline(always)]
pub(crate) fn largest_and_others<T: Scalar>(numbers: &[T]) -> (usize, T, T) {
    let place = argmax(numbers);
    let max = numbers.get(place).copied().unwrap_or(T::zero());
    let smaller = sum(numbers, numbers, |x, _| if x == max { T::zero() } else { x });
    let equals = sum(numbers, numbers, |x, _| if x == max { T::one() } else { T::zero() });
    (place, max, smaller + (equals - T::one()) * max)
}

/// The largest number; the first where it is NaN; 0 where there is none. NaN behind the first is passed over.
#[inline(always)]
pub(crate) fn largest<T: Scalar>(numbers: &[T]) -> T {
    let Some(&first) = numbers.first() else { return T::zero() };
    let blocks = numbers.chunks_exact(LANES);
    let larger = |max, x| if x > max { x } else { max };
    let rest = blocks.remainder().iter().fold(first, |max, &x| larger(max, x));
    let mut lanes = [first; LANES];
    for block in blocks {
        for lane in 0..LANES {
            lanes[lane] = larger(lanes[lane], block[lane]);
        }
    }
    let [x0, x1, x2, x3, x4, x5, x6, x7] = lanes;
    let halves = (larger(larger(x0, x4), larger(x2, x6)), larger(larger(x1, x5), larger(x3, x7)));
    larger(larger(halves.0, halves.1), rest)
}

/// The place of the largest number, the first of equals; 0 where there is none, or where the first is NaN. Dual numbers
/// are equal here where their values are, whatever their derivatives.
#[inline(always)]
pub(crate) fn argmax<T: Scalar>(numbers: &[T]) -> usize {
    let max = largest(numbers);
    numbers.iter().position(|&x| x >= max).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_take_every_entry_once() {
        for n in 0..40 {
            let x: Vec<f64> = (1..=n).map(f64::from).collect();
            let y: Vec<f64> = x.iter().map(|x| 1.0 / x).collect();
            assert_eq!(sum(&x, &y, |x, _| x), f64::from(n * (n + 1) / 2), "{n}");
            assert!((sum(&x, &y, |x, y| x * y) - f64::from(n)).abs() < 1e-13, "{n}");
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

    #[test]
    fn argmax_takes_the_first_of_equals_and_passes_over_nan() {
        for n in 1..40 {
            for place in 0..n {
                let mut x = vec![-1.0; n];
                x[place] = 2.0;
                x[n - 1] = 2.0;
                assert_eq!(argmax(&x), place, "{place} of {n}");
                if place > 0 {
                    x[0] = f64::NAN;
                    assert_eq!(argmax(&x), 0, "NaN first of {n}: nothing is larger than it");
                    x[0] = -1.0;
                }
                if place + 1 < n - 1 {
                    x[place + 1] = f64::NAN;
                    assert_eq!(argmax(&x), place, "NaN behind {place} of {n}");
                }
            }
        }
        assert_eq!(argmax::<f64>(&[]), 0);
        assert_eq!(argmax(&[-0.0, 0.0]), 0);
        assert_eq!(argmax(&[f64::NEG_INFINITY; 20]), 0);
    }
}
