//! A check of a gradient written by hand, for any function: what to call in a test.

use std::fmt;

use crate::Dual;

/// How far a gradient may be from dual numbers, relative to its largest entry: both are exact up to rounding.
pub const DUAL_TOLERANCE: f64 = 1e-10;

/// How far a gradient may be from differences, which lose about a third of the digits.
pub const DIFFERENCE_TOLERANCE: f64 = 1e-7;

/// Compares a gradient written by hand with dual numbers, entry by entry, at the point x.
///
/// It is for a gradient that is a function of a program. For a tape there is
/// [`Tape::check_gradient`](crate::Tape::check_gradient).
///
/// `function` is the function itself, written for any [`Scalar`](nn_core::Scalar): the oracle runs it over [`Dual`]
/// numbers, once for each entry of x, which gives ∂f/∂xᵢ up to rounding. `gradient` is the gradient to be tested.
///
/// An entry is right if |gᵢ − ∂f/∂xᵢ| ≤ 1e-10 (max |∂f/∂x| + 1e-4 |f|). The error is relative to the largest entry, because
/// a single entry may be zero; the second term is for a minimum, where the whole gradient is zero.
///
/// # Errors
///
/// Says which entry is furthest off, both values, and what simple relation holds between the two gradients: a factor, a
/// sign, a permutation, missing entries, a missing penalty. Its `Debug` form is the same text, so that
/// `unwrap` in a test reads well.
///
/// # Panics
///
/// Panics if the gradient does not have as many entries as x.
///
/// # Example
///
/// ```
/// use nn_autodiff::check_gradient;
/// use nn_core::Scalar;
///
/// /// Rosenbrock's valley: f(x, y) = (1 − x)² + 100 (y − x²)²
/// fn valley<T: Scalar>(x: &[T]) -> T {
///     let (u, v) = (T::one() - x[0], x[1] - x[0] * x[0]);
///     u * u + T::from_f64(100.0) * v * v
/// }
///
/// fn by_hand(x: &[f64]) -> Vec<f64> {
///     let v = x[1] - x[0] * x[0];
///     vec![-2.0 * (1.0 - x[0]) - 400.0 * x[0] * v, 200.0 * v]
/// }
///
/// check_gradient(valley, by_hand, &[0.3, -0.7]).unwrap();
///
/// let wrong = check_gradient(valley, |x| by_hand(x).iter().map(|g| -g).collect(), &[0.3, -0.7]).unwrap_err();
/// assert!(wrong.to_string().contains("every entry has the other sign"));
/// ```
///
/// If the function has data, make it a generic method, and pass a closure:
///
/// ```
/// # use nn_autodiff::{Dual, check_gradient};
/// # use nn_core::Scalar;
/// struct Line {
///     points: Vec<[f64; 2]>,
/// }
///
/// impl Line {
///     fn squares<T: Scalar>(&self, p: &[T]) -> T {
///         self.points.iter().fold(T::zero(), |sum, &[x, y]| {
///             let residual = p[0] + p[1] * T::from_f64(x) - T::from_f64(y);
///             sum + residual * residual
///         })
///     }
///
///     fn gradient(&self, p: &[f64]) -> Vec<f64> {
///         let residual = |&[x, y]: &[f64; 2]| p[0] + p[1] * x - y;
///         let sum = |f: fn(&[f64; 2]) -> f64| self.points.iter().map(|p| 2.0 * residual(p) * f(p)).sum();
///         vec![sum(|_| 1.0), sum(|[x, _]| *x)]
///     }
/// }
///
/// let line = Line { points: vec![[0.0, 1.0], [1.0, 2.5], [2.0, 2.0]] };
/// check_gradient(|p: &[Dual<f64>]| line.squares(p), |p| line.gradient(p), &[0.5, -1.0]).unwrap();
/// ```
#[track_caller]
pub fn check_gradient(
    function: impl Fn(&[Dual<f64>]) -> Dual<f64>,
    gradient: impl Fn(&[f64]) -> Vec<f64>,
    x: &[f64],
) -> Result<(), WrongGradient> {
    let mut point: Vec<Dual<f64>> = x.iter().copied().map(Dual::constant).collect();
    let mut value = function(&point).value;
    let mut partials = Vec::with_capacity(x.len());
    for i in 0..x.len() {
        point[i] = Dual::variable(x[i]);
        let y = function(&point);
        point[i] = Dual::constant(x[i]);
        value = y.value;
        partials.push(y.derivative);
    }
    compare(&gradient(x), &partials, x, value, "dual numbers", DUAL_TOLERANCE)
}

/// [`check_gradient`] by differences, for a function of f64 alone, or one that needs more than [`Scalar`](nn_core::Scalar) has.
///
/// The five-point stencil with h = 1e-3 max(1, |xᵢ|) gives about ten digits of a smooth function; across a kink it gives
/// none. The bound is 1e-7 (max |∂f/∂x| + |f|).
///
/// # Errors
///
/// As [`check_gradient`].
///
/// # Panics
///
/// Panics if the gradient does not have as many entries as x.
///
/// ```
/// use nn_autodiff::check_gradient_by_differences;
///
/// let distance = |x: &[f64]| x[0].hypot(x[1]);
/// let by_hand = |x: &[f64]| vec![x[0] / x[0].hypot(x[1]), x[1] / x[0].hypot(x[1])];
/// check_gradient_by_differences(distance, by_hand, &[3.0, -4.0]).unwrap();
/// ```
#[track_caller]
pub fn check_gradient_by_differences(
    function: impl Fn(&[f64]) -> f64,
    gradient: impl Fn(&[f64]) -> Vec<f64>,
    x: &[f64],
) -> Result<(), WrongGradient> {
    let mut point = x.to_vec();
    let partials = (0..x.len()).map(|i| {
        let partial = derivative_by_five_points(1e-3 * x[i].abs().max(1.0), |step| {
            point[i] = x[i] + step;
            function(&point)
        });
        point[i] = x[i];
        partial
    });
    let partials: Vec<f64> = partials.collect();
    compare(&gradient(x), &partials, x, function(x), "differences", DIFFERENCE_TOLERANCE)
}

/// f′(0) by the five-point stencil, with an error of the order h⁴.
pub(crate) fn derivative_by_five_points(h: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    (f(-2.0 * h) - 8.0 * f(-h) + 8.0 * f(h) - f(2.0 * h)) / (12.0 * h)
}

/// A gradient that is not that of its function: its worst entry, and how it is related to the right one.
#[derive(Clone, PartialEq)]
pub struct WrongGradient {
    /// The entry that is furthest off, from 0.
    pub entry: usize,
    /// Its value in the gradient that was checked.
    pub yours: f64,
    /// Its value by the oracle.
    pub oracle: f64,
    /// max |yours − oracle|, relative to the largest entry of the oracle's (plus the term for a minimum).
    pub difference: f64,
    /// The indices of the entries that are beyond the bound.
    pub off: Vec<usize>,
    /// The simple relations between the two gradients, as sentences.
    pub relations: Vec<String>,
    entries: usize,
    method: &'static str,
}

impl std::error::Error for WrongGradient {}

impl fmt::Display for WrongGradient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WrongGradient { entry, yours, oracle, difference, off, relations, entries, method } = self;
        write!(
            f,
            "the gradient is off in {} of {entries} entries, by up to {difference:.1e} of its size: \
             entry {entry} is {yours:?}, but {oracle:?} by {method}",
            off.len()
        )?;
        relations.iter().try_for_each(|relation| write!(f, "; {relation}"))
    }
}

impl fmt::Debug for WrongGradient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[track_caller]
fn compare(
    yours: &[f64],
    oracle: &[f64],
    x: &[f64],
    value: f64,
    method: &'static str,
    tolerance: f64,
) -> Result<(), WrongGradient> {
    assert!(yours.len() == x.len(), "the gradient has {} entries, but the point has {}", yours.len(), x.len());
    let largest = |u: &[f64]| u.iter().fold(0.0, |largest: f64, u| largest.max(u.abs()));
    let weight = if method == "differences" { 1.0 } else { 1e-4 };
    let scale = largest(oracle) + weight * value.abs();
    let distance = |u: f64, v: f64| if u == v { 0.0 } else { (u - v).abs() / scale };
    let same = |u: f64, v: f64| distance(u, v) <= tolerance; // NaN is never the same.
    let off: Vec<usize> = (0..x.len()).filter(|&i| !same(yours[i], oracle[i])).collect();
    // The first entry with NaN, or else the one that is furthest off.
    let far = |&i: &usize| Some(distance(yours[i], oracle[i])).filter(|d| !d.is_nan()).unwrap_or(f64::INFINITY);
    let Some(entry) = off.iter().copied().reduce(|worst, i| if far(&i) > far(&worst) { i } else { worst }) else {
        return Ok(());
    };
    Err(WrongGradient {
        entry,
        yours: yours[entry],
        oracle: oracle[entry],
        difference: far(&entry),
        relations: relations(yours, oracle, x, &off, same),
        off,
        entries: x.len(),
        method,
    })
}

/// The simple relations between two gradients that differ.
fn relations(yours: &[f64], oracle: &[f64], x: &[f64], off: &[usize], same: impl Fn(f64, f64) -> bool) -> Vec<String> {
    let all_same = |f: &dyn Fn(usize) -> f64| (0..x.len()).all(|i| same(yours[i], f(i)));
    if let Some(i) = (0..x.len()).find(|&i| !yours[i].is_finite() || !oracle[i].is_finite()) {
        let whose = if yours[i].is_finite() { "the oracle's" } else { "yours" };
        return vec![format!("entry {i} of {whose} is not finite")];
    }
    let mut found = Vec::new();
    let is_zero = |u: &[f64]| u.iter().all(|&u| u == 0.0);
    if is_zero(yours) {
        return vec!["yours is zero throughout".to_owned()];
    }
    if is_zero(oracle) {
        return vec!["the oracle's is zero throughout".to_owned()];
    }
    // yours = c · oracle, by least squares. (A single entry is always a multiple of another.)
    let dot = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(u, v)| u * v).sum::<f64>();
    let factor = dot(yours, oracle) / dot(oracle, oracle);
    let is_scaled = factor != 0.0 && (0..x.len()).all(|i| same(yours[i] / factor, oracle[i]));
    if is_scaled {
        found.push(of_factor(factor, x.len()));
    }
    let is_one_by_one = x.len() > 1 && !is_scaled;
    if is_one_by_one {
        let difference = |i: usize| yours[i] - oracle[i];
        // yours = oracle + λ x, or + a constant.
        let shift: Vec<f64> = (0..x.len()).map(difference).collect();
        let lambda = dot(&shift, x) / dot(x, x);
        let distinct = x.iter().any(|&other| other != x[0]);
        if lambda.is_finite() && off.len() > 1 && all_same(&|i| oracle[i] + lambda * x[i]) {
            found.push(format!(
                "yours − the oracle's = {} x: one of the two has a penalty ½ λ ‖x‖² that the other lacks",
                short(lambda)
            ));
        } else if off.len() == x.len() && distinct && all_same(&|i| oracle[i] + shift[0]) {
            found.push(format!("every entry is off by the same {}: a term is missing in one of them", short(shift[0])));
        }
        found.extend(permutation(yours, oracle, off, &same));
        let missing: Vec<usize> = off.iter().copied().filter(|&i| yours[i] == 0.0).collect();
        if missing.len() == off.len() {
            found.push(format!("{} {} zero in yours: {}", entries(&missing), are(&missing), "is it ever written?"));
        }
        let flipped = off.iter().all(|&i| same(yours[i], -oracle[i]));
        if flipped && found.is_empty() {
            found.push(format!("{} {} the other sign", entries(off), if off.len() == 1 { "has" } else { "have" }));
        }
        if off.len() > 1 && off.len() < x.len() && found.is_empty() {
            let of = |u: &[f64]| off.iter().map(|&i| u[i]).collect::<Vec<f64>>();
            let (u, v) = (of(yours), of(oracle));
            let factor = dot(&u, &v) / dot(&v, &v);
            if factor != 0.0 && off.iter().all(|&i| same(yours[i] / factor, oracle[i])) {
                found.push(format!("{} are {} times the oracle's", entries(off), short(factor)));
            }
        }
        if off.len() < x.len() && found.is_empty() {
            found.push(format!("only {} {} wrong", entries(off), are(off)));
        }
    }
    found
}

/// What a constant factor may mean.
fn of_factor(factor: f64, entries: usize) -> String {
    let near = |value: f64| (factor / value - 1.0).abs() < 1e-9;
    let (inverse, whole) = ((1.0 / factor).round(), factor.round());
    let meaning = match () {
        () if near(-1.0) => return "every entry has the other sign".to_owned(),
        () if near(2.0) => "a square was differentiated without its factor ½, or a term is counted twice".to_owned(),
        () if near(0.5) => "a factor ½ is applied twice".to_owned(),
        () if entries > 2 && near(1.0 / entries as f64) => {
            format!("1/{entries}: a mean over the {entries} entries, or over as many examples")
        }
        () if inverse.abs() > 1.0 && inverse.abs() < 1e6 && near(1.0 / inverse) => {
            format!("1/{inverse}: the mean over {inverse} examples is taken once too often")
        }
        () if whole.abs() > 1.0 && whole.abs() < 1e6 && near(whole) => {
            format!("a sum over {whole} examples, where the function has their mean")
        }
        () => return format!("every entry is {} times the oracle's", short(factor)),
    };
    format!("every entry is {} times the oracle's: {meaning}", short(factor))
}

/// Says so if the wrong entries are a permutation of the oracle's.
fn permutation(yours: &[f64], oracle: &[f64], off: &[usize], same: impl Fn(f64, f64) -> bool) -> Option<String> {
    if off.len() < 2 {
        return None;
    }
    let sorted = |u: &[f64]| {
        let mut entries: Vec<f64> = off.iter().map(|&i| u[i]).collect();
        entries.sort_by(f64::total_cmp);
        entries
    };
    let (mine, its) = (sorted(yours), sorted(oracle));
    if !mine.iter().zip(&its).all(|(&u, &v)| same(u, v)) {
        return None;
    }
    let n = yours.len();
    // A transposed matrix, stored row by row: entry k r + i of one is entry i c + k of the other.
    let shape = (2..n)
        .filter(|c| n.is_multiple_of(*c))
        .map(|c| (n / c, c))
        .find(|&(r, c)| (0..r).all(|i| (0..c).all(|k| same(yours[k * r + i], oracle[i * c + k]))));
    Some(match (off, shape) {
        (_, Some((r, c))) => format!("yours is the oracle's as a {r}×{c} matrix transposed"),
        (&[i, k], _) => format!("entries {i} and {k} are exchanged"),
        _ if (0..n).all(|i| same(yours[i], oracle[n - 1 - i])) => "yours is the oracle's in reverse order".to_owned(),
        _ => format!("{} are the oracle's in another order", entries(off)),
    })
}

/// `entry 3`, `entries 1, 2 and 7`, `entries 0, 1, 2, … (40 of them)`.
fn entries(which: &[usize]) -> String {
    let text = |which: &[usize]| which.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    match which {
        [one] => format!("entry {one}"),
        [first @ .., last] if which.len() <= 8 => format!("entries {} and {last}", text(first)),
        _ => format!("entries {}, … ({} of them)", text(&which[..3]), which.len()),
    }
}

fn are(which: &[usize]) -> &'static str {
    if which.len() == 1 { "is" } else { "are" }
}

/// Ten digits at most, without zeros at the end.
fn short(x: f64) -> String {
    let rounded: f64 = format!("{x:.9e}").parse().unwrap_or(x);
    rounded.to_string()
}
