//! Sigmoid, tanh and softplus in single precision, over a dense sample of all f32: how far they are from the truth, and
//! whether they rise, mirror and pass NaN on as they should.
//!
//! The truth is worked out in f64 from the functions of the standard library, not from those of this crate, so that no
//! mistake of a formula is on both sides. What rounding there does is less than 1e-8 of a unit in the last place of f32.
//! The example `every_f32` includes this file and goes over all 2³² arguments.

use std::fmt;

use nn_core::{Activation, Matrix};

/// What goes wrong at worst, and where.
#[derive(Clone, Copy)]
struct Worst {
    figure: f64,
    at: f32,
    bound: f64,
}

impl Worst {
    fn new(bound: f64) -> Self {
        Worst { figure: 0.0, at: 0.0, bound }
    }

    /// NaN counts as infinitely bad. Of equals the one with the smaller bits stays, so that what is reported does not
    /// depend on the order of the arguments, nor on which thread was faster.
    fn raise(&mut self, figure: f64, at: f32) {
        let figure = if figure.is_nan() { f64::INFINITY } else { figure };
        if figure > self.figure || (figure == self.figure && at.to_bits() < self.at.to_bits()) {
            (self.figure, self.at) = (figure, at);
        }
    }

    fn within(&self) -> bool {
        self.figure <= self.bound
    }
}

impl fmt::Display for Worst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Worst { figure, at, bound } = *self;
        let verdict = if self.within() { "within" } else { "BEYOND" };
        write!(f, "{figure:.4} ulp, {verdict} {bound}")?;
        if figure > 0.0 { write!(f, ", at {at:e} (bits {:08x})", at.to_bits()) } else { Ok(()) }
    }
}

/// What a survey finds out about one function.
#[derive(Clone, Copy)]
struct Findings {
    activation: Activation,
    /// The value at −x, and the value at x that follows from it.
    truth: fn(f64) -> [f64; 2],
    error: Worst,
    /// The largest step down from an argument to the next. All three functions rise, but rounding each part of a formula
    /// lets the result fall back by a unit here and there.
    fall: Worst,
    falls: u64,
    /// NaN that became a number.
    hidden: u64,
}

/// A survey of the three functions over as many arguments as it is given.
#[derive(Clone)]
pub(crate) struct Survey {
    functions: [Findings; 3],
    /// |sigmoid(x) + sigmoid(−x) − 1|
    sum: Worst,
    /// Arguments with tanh(−x) ≠ −tanh(x), to the last bit and the sign of zero.
    not_odd: u64,
}

impl Survey {
    pub(crate) fn new() -> Self {
        let new = |activation, truth, error, fall| {
            let [error, fall] = [error, fall].map(Worst::new);
            Findings { activation, truth, error, fall, falls: 0, hidden: 0 }
        };
        Survey {
            functions: [
                new(Activation::Sigmoid, sigmoid_truth, 2.5, 1.0),
                new(Activation::Tanh, tanh_truth, 2.5, 1.0),
                new(Activation::Softplus, softplus_truth, 2.0, 1.0),
            ],
            sum: Worst::new(1.0),
            not_odd: 0,
        }
    }

    /// Adds x and −x for every magnitude x, given by its bits, NaN among them. They are to rise: each is compared with
    /// the one before it.
    pub(crate) fn add(&mut self, magnitudes: &[u32]) {
        // A column for each magnitude: x and −x. By way of `apply`, as a network calls them.
        let z = Matrix::from_fn(2, magnitudes.len(), |i, j| f32::from_bits(magnitudes[j] | (i as u32) << 31));
        let mut a = Matrix::zeros(2, magnitudes.len());
        for findings in &mut self.functions {
            findings.activation.apply(&z, &mut a);
            let mut before: Option<[f32; 2]> = None;
            for (x, a) in z.columns_iter().zip(a.columns_iter()) {
                let ([x, minus_x], [of_x, of_minus_x]) = ([x[0], x[1]], [a[0], a[1]]);
                if x.is_nan() {
                    findings.hidden += u64::from(!of_x.is_nan()) + u64::from(!of_minus_x.is_nan());
                    continue;
                }
                let [truth_of_minus_x, truth_of_x] = (findings.truth)(f64::from(x));
                findings.error.raise(error(of_x, truth_of_x), x);
                findings.error.raise(error(of_minus_x, truth_of_minus_x), minus_x);
                if let Some([of_less, of_minus_less]) = before {
                    findings.rises(of_less, of_x, x);
                    findings.rises(of_minus_x, of_minus_less, minus_x);
                }
                before = Some([of_x, of_minus_x]);
                match findings.activation {
                    Activation::Sigmoid => {
                        let off = f64::from(of_x) + f64::from(of_minus_x) - 1.0;
                        self.sum.raise(off.abs() / f64::from(f32::EPSILON), x);
                    }
                    Activation::Tanh => self.not_odd += u64::from(of_minus_x.to_bits() != (-of_x).to_bits()),
                    _ => {}
                }
            }
        }
    }

    /// The survey of all arguments of both.
    pub(crate) fn merge(&mut self, other: &Survey) {
        for (findings, other) in self.functions.iter_mut().zip(&other.functions) {
            findings.error.raise(other.error.figure, other.error.at);
            findings.fall.raise(other.fall.figure, other.fall.at);
            findings.falls += other.falls;
            findings.hidden += other.hidden;
        }
        self.sum.raise(other.sum.figure, other.sum.at);
        self.not_odd += other.not_odd;
    }

    /// Whether every bound holds.
    pub(crate) fn within(&self) -> bool {
        let function = |f: &Findings| f.error.within() && f.fall.within() && f.hidden == 0;
        self.functions.iter().all(function) && self.sum.within() && self.not_odd == 0
    }
}

impl Findings {
    /// Compares the values of two neighbouring arguments; `at` is the one to be reported.
    fn rises(&mut self, lower: f32, upper: f32, at: f32) {
        if lower > upper {
            self.falls += 1;
            self.fall.raise((f64::from(lower) - f64::from(upper)) / unit(f64::from(upper)), at);
        }
    }
}

impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Findings { activation, error, fall, falls, hidden, .. } in &self.functions {
            writeln!(f, "{activation:8}  error     {error}")?;
            writeln!(f, "          fall      {fall}; {falls} times")?;
            writeln!(f, "          NaN that became a number: {hidden}")?;
        }
        writeln!(f, "sigmoid(x) + sigmoid(−x) − 1: {}", self.sum)?;
        write!(f, "tanh(−x) ≠ −tanh(x): {} times", self.not_odd)
    }
}

/// sigmoid(−x) = e^−x / (1 + e^−x) and sigmoid(x) = 1 − sigmoid(−x), for x ≥ 0.
fn sigmoid_truth(x: f64) -> [f64; 2] {
    let of_minus_x = (-x).exp() / (1.0 + (-x).exp());
    [of_minus_x, 1.0 - of_minus_x]
}

/// tanh(−x) and tanh(x) = −tanh(−x)
fn tanh_truth(x: f64) -> [f64; 2] {
    let of_minus_x = (-x).tanh();
    [of_minus_x, -of_minus_x]
}

/// softplus(−x) = ln(1 + e^−x) and softplus(x) = x + softplus(−x), for x ≥ 0.
fn softplus_truth(x: f64) -> [f64; 2] {
    let of_minus_x = (-x).exp().ln_1p();
    [of_minus_x, x + of_minus_x]
}

/// |got − want| in units in the last place of f32 at `want`.
fn error(got: f32, want: f64) -> f64 {
    let got = f64::from(got);
    if got == want { 0.0 } else { (got - want).abs() / unit(want) }
}

/// The distance of the f32 around a value: 2^(e−23) where 2^e ≤ |value| < 2^(e+1), and 2⁻¹⁴⁹ below the normal numbers.
fn unit(value: f64) -> f64 {
    let power = f64::from_bits(value.abs().to_bits() & f64::INFINITY.to_bits()); // without its mantissa, 2^e
    power.max(f64::from(f32::MIN_POSITIVE)) * f64::from(f32::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bits of 2.6 million magnitudes, rising: every 4,099th (a prime, so that no pattern of the last bits is left
    /// out), and 4,096 on either side of each place where something changes.
    fn sample() -> Vec<u32> {
        const EITHER_SIDE: u32 = 1 << 12;
        let ln_2 = std::f32::consts::LN_2;
        let places = [
            // The exponential e^−x is rounded to a subnormal number from 126 ln 2 on, and to 0 from 150 ln 2 on.
            126.0 * ln_2,
            149.0 * ln_2,
            150.0 * ln_2,
            // 1 + e^−x is rounded to 1 from 24 ln 2 on.
            23.0 * ln_2,
            24.0 * ln_2,
            // Where most C libraries, after Sun's fdlibm, change their formula for tanh: the expansion of e^2x − 1 at 2x =
            // ln 2 / 2 and 3 ln 2 / 2, and the value 1 from 9 or from 22 on (other places are powers of two).
            0.25 * ln_2,
            0.75 * ln_2,
            9.0,
            22.0,
            // Likewise for ln(1 + e^−x), at 1 + e^−x = √2.
            0.881_373_6,
        ];
        let powers = (-149..128).map(|e| 2.0_f64.powi(e) as f32);
        let around = |x: f32| x.to_bits().saturating_sub(EITHER_SIDE)..=x.to_bits() + EITHER_SIDE;
        let mut sample: Vec<u32> = powers.chain(places).chain([f32::INFINITY]).flat_map(around).collect();
        sample.extend((0..1 << 31).step_by(4099));
        sample.sort_unstable();
        sample.dedup();
        sample
    }

    #[test]
    fn sigmoid_tanh_and_softplus_over_a_dense_sample() {
        let sample = sample();
        assert!(sample.len() > 2_500_000, "{}", sample.len());
        let mut halves = [Survey::new(), Survey::new()];
        // The last of a block is the first of the next, so that neighbours are compared there, too.
        for (block, start) in (0..sample.len()).step_by(4096).enumerate() {
            halves[block % 2].add(&sample[start..sample.len().min(start + 4097)]);
        }
        let [mut survey, other] = halves;
        survey.merge(&other);
        println!("{survey}");
        assert!(survey.within(), "{survey}");
    }

    #[test]
    fn units_in_the_last_place() {
        assert_eq!(error(1.0 + f32::EPSILON, 1.0), 1.0);
        assert_eq!(error(1.0, 1.0 - f64::from(f32::EPSILON) / 2.0), 1.0); // below 1 they are half as large
        assert_eq!(error(3.0, 3.0 - f64::from(f32::EPSILON)), 0.5);
        assert_eq!(error(f32::from_bits(3), 0.0), 3.0);
        assert_eq!(error(f32::INFINITY, f64::INFINITY), 0.0);
        assert!(error(f32::MAX, f64::INFINITY).is_nan(), "which counts as infinitely far");
    }
}
