//! e^x, e^x − 1, ln(1 + x) and tanh x, written out for `f32` and `f64`.
//!
//! The standard library has them too, with one call for each number. Here they are a few multiplications and additions
//! without a branch, so that a loop over a column computes eight or sixteen `f32` at a time; and they have the same bits on
//! every machine. The standard library calls the system's, and promises no such thing.
//!
//! The method is that of every mathematics library (Cody and Waite 1980). With k the integer nearest to x / ln 2,
//!
//! ```text
//! x = k ln 2 + r,  |r| ≤ ln 2 / 2          e^x = 2^k e^r
//! ```
//!
//! e^r is Taylor's series, which for such a small r is exact after a few terms; 2^k is built by setting the exponent bits.
//! For the logarithm these are extracted again:
//!
//! ```text
//! 1 + x = 2^k (1 + f),  √½ ≤ 1 + f < √2     ln(1 + x) = k ln 2 + ln(1 + f)
//! ```

use crate::Scalar;

/// What the functions need to know of a floating-point format.
pub(crate) trait Format: Scalar {
    /// 1.5 · 2^d for d mantissa bits. Floats of this size are integers: x + ROUND is x rounded to an integer, which stands in
    /// the low bits.
    const ROUND: Self;
    /// log₂ e = 1 / ln 2
    const LOG2_E: Self;
    /// ln 2 in two parts, of which the first has so few digits that its product with any k is exact.
    const LN_2: [Self; 2];
    /// Below the first e^x is 0; above the second it is infinite.
    const RANGE: [Self; 2];
    /// Below this, e^x − 1 is −1.
    const MINUS_ONE: Self;
    /// The largest k for which neither 2^k nor 2^−k is infinite or subnormal.
    const EXPONENTS: Self;
    /// 1/2!, 1/3!, 1/4!, … as far as |r|ⁿ/n! reaches the last digit of e^r.
    const EXP_SERIES: &'static [Self];
    /// 2/3, 2/5, 2/7, … as far as s²ⁿ/n reaches the last digit of ln(1 + f); s² ≤ 0.03.
    const LN_SERIES: &'static [Self];

    /// 2^k for an integer |k| ≤ [`EXPONENTS`](Format::EXPONENTS).
    fn power_of_two(k: Self) -> Self;

    /// k and m of a normal number 2^k m > 0 with √½ ≤ m < √2.
    fn exponent_and_mantissa(self) -> (Self, Self);

    /// |self| with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
}

macro_rules! implement_format {
    ($float:ident, mantissa: $mantissa:literal, terms: [$exp:literal, $ln:literal], $($constant:item)*) => {
        impl Format for $float {
            const ROUND: Self = 1.5 * (1_u64 << $mantissa) as $float;
            const LOG2_E: Self = std::$float::consts::LOG2_E;
            $($constant)*

            const EXP_SERIES: &'static [Self] = &{
                let (mut terms, mut factorial, mut n) = ([0.0; $exp], 1_u64, 2);
                while n < $exp + 2 {
                    factorial *= n;
                    terms[n as usize - 2] = 1.0 / factorial as $float;
                    n += 1;
                }
                terms
            };

            const LN_SERIES: &'static [Self] = &{
                let (mut terms, mut n) = ([0.0; $ln], 0);
                while n < $ln {
                    terms[n] = 2.0 / (2 * n + 3) as $float;
                    n += 1;
                }
                terms
            };

            #[inline(always)]
            fn power_of_two(k: Self) -> Self {
                // The low bits of k + ROUND are k. Shifted past the mantissa, they are added to the exponent of 1.
                let exponent = (k + Self::ROUND).to_bits() << $mantissa;
                $float::from_bits(exponent.wrapping_add((1.0 as $float).to_bits()))
            }

            #[inline(always)]
            fn exponent_and_mantissa(self) -> (Self, Self) {
                // [√½, √2) spans one exponent. The result is meaningless for x ≤ 0, ∞ and NaN, which `ln_1p` handles.
                let (one, lowest) = ((1.0 as $float).to_bits(), std::$float::consts::FRAC_1_SQRT_2.to_bits());
                let exponent = self.to_bits().wrapping_add(one - lowest) >> $mantissa; // k plus the exponent of 1
                let m = self.to_bits().wrapping_sub(exponent << $mantissa).wrapping_add(one);
                let k = $float::from_bits(Self::ROUND.to_bits() + exponent) - Self::ROUND;
                (k - (one >> $mantissa) as $float, $float::from_bits(m))
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                self.copysign(sign)
            }
        }
    };
}

implement_format! { f32, mantissa: 23, terms: [6, 4],
    const LN_2: [f32; 2] = [0.693_145_75, 1.428_606_8e-6];
    const RANGE: [f32; 2] = [-104.0, 89.0];
    const MINUS_ONE: f32 = -40.0;
    const EXPONENTS: f32 = 126.0;
}

implement_format! { f64, mantissa: 52, terms: [12, 10],
    const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];
    const RANGE: [f64; 2] = [-746.0, 710.0];
    const MINUS_ONE: f64 = -60.0;
    const EXPONENTS: f64 = 1022.0;
}

/// e^x
#[inline(always)]
pub(crate) fn exp<T: Format>(x: T) -> T {
    let [lowest, highest] = T::RANGE;
    let (k, e_r_minus_1) = reduce_range(clamp(x, lowest, highest));
    // 2^k itself may be subnormal or too large, so it is split into two factors.
    let first = clamp(k, -T::EXPONENTS, T::EXPONENTS);
    (T::one() + e_r_minus_1) * T::power_of_two(first) * T::power_of_two(k - first)
}

/// e^x − 1 = 2 (2^(k−1) (e^r − 1) + (2^(k−1) − ½)), which for k = 0 is exactly e^r − 1.
#[inline(always)]
pub(crate) fn exp_m1<T: Format>(x: T) -> T {
    let [_, highest] = T::RANGE;
    let (k, e_r_minus_1) = reduce_range(clamp(x, T::MINUS_ONE, highest));
    let half = T::power_of_two(k - T::one()); // 2^k may be too large where the result is not
    let result = half * e_r_minus_1 + (half - T::from_f64(0.5));
    result + result
}

/// ln(1 + x), with the series of fdlibm's log1p (Sun Microsystems 1993), added up in its order.
#[inline(always)]
pub(crate) fn ln_1p<T: Format>(x: T) -> T {
    let one = T::one();
    let sum = one + x;
    let added = sum - one;
    let rest = (one - (sum - added)) + (x - added); // what rounding took from 1 + x (Knuth's two-sum)
    let (k, m) = sum.exponent_and_mantissa();
    // With s = f / (2 + f), ln(1 + f) = 2 artanh s = f − (f²/2 − s (f²/2 + 2 s²/3 + 2 s⁴/5 + …)).
    let f = m - one;
    let (half_square, s) = (T::from_f64(0.5) * f * f, f / (one + m));
    let square = s * s;
    let [high, low] = T::LN_2;
    let small = s * (half_square + square * series(T::LN_SERIES, square)) + (k * low + rest / sum);
    let result = k * high + (f - (half_square - small));
    if x > -one {
        let infinity = T::from_f64(f64::INFINITY);
        if x < infinity { result } else { infinity }
    } else {
        T::from_f64(if x == -one { f64::NEG_INFINITY } else { f64::NAN })
    }
}

/// tanh x = (1 − e^−2|x|) / (1 + e^−2|x|), with the sign of x.
#[inline(always)]
pub(crate) fn tanh<T: Format>(x: T) -> T {
    let e = exp_m1(-(x.abs() + x.abs())); // e^−2|x| − 1
    (e / (T::from_f64(2.0) + e)).copysign(x) // −tanh |x|, given the sign of x
}

/// Range reduction: k and e^r − 1.
#[inline(always)]
fn reduce_range<T: Format>(x: T) -> (T, T) {
    let k = (x * T::LOG2_E + T::ROUND) - T::ROUND;
    let [high, low] = T::LN_2;
    let (high, low) = (x - k * high, k * low); // x − k ln 2 = high − low
    let r = high - low;
    let rest = (high - r) - low; // what rounding took from r
    let series = series(T::EXP_SERIES, r); // 1/2! + r/3! + r²/4! + …
    (k, r + (rest + r * r * series))
}

/// t₀ + t₁ x + t₂ x² + … as two series in x², which do not wait for each other.
#[inline(always)]
fn series<T: Format>(terms: &[T], x: T) -> T {
    let square = x * x;
    let [even, odd] =
        [0, 1].map(|first| terms.iter().skip(first).step_by(2).rev().fold(T::zero(), |sum, &term| sum * square + term));
    even + x * odd
}

/// x, or the nearer end of the range if x is outside it; NaN for NaN.
#[inline(always)]
fn clamp<T: Format>(x: T, lowest: T, highest: T) -> T {
    let x = if x < lowest { lowest } else { x };
    if x > highest { highest } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20,001 arguments from one end of the range to the other, and the neighbours of zero.
    fn arguments(end: f64) -> impl Iterator<Item = f64> {
        let grid = (-10_000..=10_000).map(move |i| f64::from(i) * end / 10_000.0);
        let small = (0..300).flat_map(|i| [1.0, -1.0].map(|sign| sign * 2.0_f64.powi(-i)));
        grid.chain(small)
    }

    /// Within 2 ε of the standard library, which is two to four units in the last place; one unit where a result is
    /// subnormal. (The error itself is tested on sigmoid, tanh and softplus, against numbers with 60 digits:
    /// tests/activations.rs.)
    #[test]
    fn f64_agrees_with_the_standard_library() {
        let close = |name: &str, x: f64, got: f64, want: f64| {
            let allowed = 2.0 * f64::EPSILON * want.abs() + f64::from_bits(1);
            assert!(got == want || (got - want).abs() <= allowed, "{name}({x:e}) = {got:e}, but it should be {want:e}");
        };
        for x in arguments(750.0) {
            close("exp", x, exp(x), x.exp());
            close("exp_m1", x, exp_m1(x), x.exp_m1());
            close("tanh", x, tanh(x), x.tanh());
            close("tanh", x / 40.0, tanh(x / 40.0), (x / 40.0).tanh());
            for x in [x.exp(), -1.0 / (1.0 + x.exp())] {
                close("ln_1p", x, ln_1p(x), x.ln_1p());
            }
        }
    }

    #[test]
    fn f32_is_within_two_units() {
        for x in arguments(110.0) {
            let x = x as f32;
            for (name, got, want) in [
                ("exp", exp(x), f64::from(x).exp()),
                ("exp_m1", exp_m1(x), f64::from(x).exp_m1()),
                ("tanh", tanh(x), f64::from(x).tanh()),
                ("ln_1p of exp", ln_1p(x.exp()), f64::from(x.exp()).ln_1p()),
                ("ln_1p of tanh", ln_1p(x.tanh()), f64::from(x.tanh()).ln_1p()),
            ] {
                let (want, allowed) = (want, 2.5 * f64::from(f32::EPSILON) * want.abs() + f64::from(f32::from_bits(1)));
                let far = (f64::from(got) - want).abs();
                assert!(got == want as f32 || far <= allowed, "{name}({x:e}) = {got:e}, but it should be {want:e}");
            }
        }
    }

    #[test]
    fn limits_and_nan() {
        const INF: f64 = f64::INFINITY;
        assert_eq!([exp(INF), exp(-INF), exp(0.0), exp(-0.0)], [INF, 0.0, 1.0, 1.0]);
        assert_eq!([exp_m1(INF), exp_m1(-INF), exp_m1(0.0)], [INF, -1.0, 0.0]);
        assert_eq!([tanh(INF), tanh(-INF), tanh(0.0)], [1.0, -1.0, 0.0]);
        assert!(tanh(-0.0_f64).is_sign_negative());
        assert_eq!([ln_1p(INF), ln_1p(0.0), ln_1p(-1.0), ln_1p(f64::MAX)], [INF, 0.0, -INF, f64::MAX.ln()]);
        for x in [f64::NAN, -INF, -1.5] {
            assert!(ln_1p(x).is_nan() && ln_1p(x as f32).is_nan(), "ln_1p({x})");
        }
        assert!(exp(f64::NAN).is_nan() && exp_m1(f64::NAN).is_nan() && tanh(f64::NAN).is_nan());
        assert!(exp(f32::NAN).is_nan() && exp_m1(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
        // The last arguments before overflow and underflow, and the first after.
        assert_eq!(exp(709.782_712_893_384), 1.797_693_134_862_273_2e308);
        assert_eq!(exp(709.782_712_893_384_1), INF);
        assert_eq!(exp(-745.133_219_101_941_1), f64::from_bits(1));
        assert_eq!(exp(-745.133_219_101_941_3), 0.0);
        assert_eq!([exp(89.0_f32), exp(-104.0_f32)], [f32::INFINITY, 0.0]);
        assert_eq!(exp_m1(709.0), exp(709.0));
    }

    #[test]
    fn powers_of_two_are_exact() {
        for k in -1022..=1022 {
            assert_eq!(f64::power_of_two(f64::from(k)), 2.0_f64.powi(k), "{k}");
        }
        for k in -126..=126 {
            assert_eq!(f32::power_of_two(k as f32), 2.0_f32.powi(k), "{k}");
        }
    }

    #[test]
    fn exponent_and_mantissa_give_the_number_back() {
        const ENDS: [f64; 2] = [std::f64::consts::FRAC_1_SQRT_2, std::f64::consts::SQRT_2];
        for m in [ENDS[0], 1.0, 1.4] {
            for k in -1021..=1022 {
                assert_eq!((2.0_f64.powi(k) * m).exponent_and_mantissa(), (f64::from(k), m), "2^{k} · {m}");
            }
            for k in -125..=126 {
                assert_eq!(
                    (2.0_f32.powi(k) * m as f32).exponent_and_mantissa(),
                    (k as f32, m as f32),
                    "2^{k} · {m} in f32"
                );
            }
        }
        // The first number after √2 belongs to the next power.
        let after = [ENDS[1].next_up(), f64::from((ENDS[1] as f32).next_up())];
        assert_eq!(after[0].exponent_and_mantissa(), (1.0, after[0] / 2.0));
        assert_eq!((after[1] as f32).exponent_and_mantissa(), (1.0, after[1] as f32 / 2.0));
    }
}
