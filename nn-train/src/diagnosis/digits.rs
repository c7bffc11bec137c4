//! How many digits a user's numbers have, and the tolerance that follows.

use std::fmt;

/// The digits that numbers carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// Those of f64.
    Double,
    /// Those of f32, or six to nine printed ones.
    Single,
    /// Five printed digits or fewer.
    Few,
}

/// What is known of the numbers of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printed {
    pub(super) digits: Digits,
    /// The tolerance of a relative difference, norm-wise.
    pub(super) tolerance: f64,
    /// Half a unit of the last decimal that any of them has; 0 if they were not rounded by printing.
    pub(super) half_unit: f64,
}

pub(super) const DOUBLE: Printed = Printed { digits: Digits::Double, tolerance: 1e-9, half_unit: 0.0 };
pub(super) const SINGLE: Printed = Printed { digits: Digits::Single, tolerance: 1e-4, half_unit: 0.0 };

/// If the tolerance of an array exceeds this fraction of its largest entry, no verdict is given.
pub(super) const CONCLUSIVE: f64 = 0.05;

impl Digits {
    /// For arrays that nearly cancel: a lower bound of the scale of a difference, as a fraction of the size of their terms.
    pub(super) fn floor(self) -> f64 {
        match self {
            Digits::Double => 1e-5,
            Digits::Single | Digits::Few => 2e-3,
        }
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Digits::Double => "the digits of f64",
            Digits::Single => "the digits of f32, or six printed ones",
            Digits::Few => "five printed digits or fewer",
        })
    }
}

/// The digits that these numbers carry.
pub(super) fn printed<'a>(numbers: impl Iterator<Item = &'a f64>) -> Printed {
    let (mut most, mut decimals) = (0, 0);
    let mut is_single = false;
    for &x in numbers {
        let (digits, after_point) = count(x);
        if digits > 9 {
            if f64::from(x as f32) != x {
                return DOUBLE;
            }
            is_single = true;
        }
        most = most.max(digits);
        decimals = decimals.max(after_point);
    }
    let half_unit = 0.51 * 10.0_f64.powi(-decimals);
    match most {
        // All zeros: they are taken as exact.
        0 => DOUBLE,
        _ if is_single => Printed { half_unit: 0.0, ..SINGLE },
        6.. => Printed { half_unit, ..SINGLE },
        // 1.000 with four digits may be 1.0005.
        _ => {
            Printed { digits: Digits::Few, tolerance: SINGLE.tolerance.max(5.1 * 0.1_f64.powi(most as i32)), half_unit }
        }
    }
}

/// The significant digits, and the digits after the decimal point, of the shortest decimal that reads back as x.
pub(super) fn count(x: f64) -> (usize, i32) {
    if x == 0.0 || !x.is_finite() {
        return (0, 0);
    }
    let text = format!("{:e}", x.abs());
    let (mantissa, exponent) = text.split_once('e').expect("{:e} writes an exponent");
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    (digits, (digits as i32 - 1 - exponent.parse::<i32>().unwrap_or(0)).max(0))
}
