//! Random numbers whose stream is the same on every platform: the generator is named, and the few distributions are
//! written out here, so that no release of a library can change them.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The generator of this project: xoshiro256++ (Blackman and Vigna 2018), the same stream on 32- and 64-bit machines.
pub type Generator = Xoshiro256PlusPlus;

/// The generator with this seed.
///
/// ```
/// use nn_core::{seeded, uniform};
/// assert_eq!(uniform(&mut seeded(1)), uniform(&mut seeded(1)));
/// ```
pub fn seeded(seed: u64) -> Generator {
    Generator::seed_from_u64(seed)
}

/// A number drawn uniformly from [0, 1): one of the 2⁵³ multiples of 2⁻⁵³ there.
pub fn uniform(rng: &mut impl Rng) -> f64 {
    const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;
    (rng.next_u64() >> 11) as f64 * UNIT
}

/// A number drawn from the normal distribution N(0, 1), by the transform of Box and Muller (1958):
/// √(−2 ln u₁) cos(2π u₂) for u₁ from (0, 1] and u₂ from [0, 1).
///
/// The bits of u₁ and u₂ are the same everywhere; ln and cos come from the platform's mathematics library, so that the
/// last bit of a normal may differ between operating systems.
pub fn normal(rng: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - uniform(rng)).ln()).sqrt();
    let angle = std::f64::consts::TAU * uniform(rng);
    radius * angle.cos()
}

/// An integer drawn uniformly from 0 … n − 1 (Lemire's multiplication; its bias, below n / 2⁶⁴, is negligible).
///
/// # Panics
///
/// Panics if n is 0.
#[track_caller]
pub fn below(rng: &mut impl Rng, n: usize) -> usize {
    assert!(n > 0, "below(n): n must be at least 1");
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}

/// Shuffles `items` (Fisher and Yates, in Durstenfeld's form).
///
/// ```
/// let mut order: Vec<usize> = (0..5).collect();
/// nn_core::shuffle(&mut nn_core::seeded(7), &mut order);
/// order.sort_unstable();
/// assert_eq!(order, [0, 1, 2, 3, 4]);
/// ```
pub fn shuffle<T>(rng: &mut impl Rng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stream of xoshiro256++ for the state 1, 2, 3, 4: the first outputs of the authors' C program
    /// (prng.di.unimi.it), as the tests of rand_xoshiro quote them.
    #[test]
    fn generator_is_the_published_one() {
        let mut seed = [0; 32];
        for (i, word) in seed.chunks_mut(8).enumerate() {
            word[0] = i as u8 + 1;
        }
        let mut rng = Generator::from_seed(seed);
        let first: Vec<u64> = (0..4).map(|_| rng.next_u64()).collect();
        assert_eq!(first, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
    }

    /// Values that models on disk depend on: a change here changes every seeded run.
    #[test]
    fn streams_do_not_change() {
        let mut rng = seeded(1);
        let uniforms: Vec<f64> = (0..3).map(|_| uniform(&mut rng)).collect();
        assert_eq!(uniforms, STREAM_OF_SEED_1);
        let mut order: Vec<usize> = (0..8).collect();
        shuffle(&mut seeded(1), &mut order);
        assert_eq!(order, SHUFFLE_OF_SEED_1);
    }
    const STREAM_OF_SEED_1: [f64; 3] = [0.8116121588818848, 0.7471047161582187, 0.10015090353378375];
    const SHUFFLE_OF_SEED_1: [usize; 8] = [4, 2, 1, 7, 3, 0, 5, 6];

    #[test]
    fn moments_are_those_of_the_distributions() {
        const N: usize = 100_000;
        let mut rng = seeded(2);
        let moments = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / N as f64;
            (mean, values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / N as f64)
        };
        // Bounds are five standard errors of the mean and of the variance.
        let (mean, variance) = moments(&(0..N).map(|_| uniform(&mut rng)).collect::<Vec<_>>());
        assert!((mean - 0.5).abs() < 5.0 * (1.0 / 12.0 / N as f64).sqrt(), "{mean}");
        assert!((variance - 1.0 / 12.0).abs() < 5.0 * (1.0 / 180.0 / N as f64).sqrt(), "{variance}");
        let (mean, variance) = moments(&(0..N).map(|_| normal(&mut rng)).collect::<Vec<_>>());
        assert!(mean.abs() < 5.0 * (1.0 / N as f64).sqrt(), "{mean}");
        assert!((variance - 1.0).abs() < 5.0 * (2.0 / N as f64).sqrt(), "{variance}");
    }

    /// To twelve digits, because ln and cos are the platform's.
    #[test]
    fn normals_do_not_change() {
        let mut rng = seeded(1);
        for want in NORMALS_OF_SEED_1 {
            let got = normal(&mut rng);
            assert!((got - want).abs() < 1e-12, "{got}");
        }
    }
    const NORMALS_OF_SEED_1: [f64; 3] = [-0.03323709594059, -0.01091916499163, -0.53850916045686];

    #[test]
    #[should_panic(expected = "below(n): n must be at least 1")]
    fn below_needs_a_positive_bound() {
        below(&mut seeded(1), 0);
    }

    #[test]
    fn below_reaches_every_value_and_no_other() {
        let mut rng = seeded(3);
        let mut seen = [0_usize; 6];
        for _ in 0..600 {
            seen[below(&mut rng, 6)] += 1;
        }
        assert!(seen.iter().all(|&n| n > 50), "{seen:?}");
    }

    #[test]
    fn every_order_of_three_is_as_likely() {
        let mut rng = seeded(4);
        let mut seen = std::collections::HashMap::new();
        for _ in 0..6000 {
            let mut items = [0, 1, 2];
            shuffle(&mut rng, &mut items);
            *seen.entry(items).or_insert(0) += 1;
        }
        // 1000 expected, standard deviation 29.
        assert!(seen.len() == 6 && seen.values().all(|&n: &i32| (n - 1000).abs() < 5 * 29), "{seen:?}");
    }
}
