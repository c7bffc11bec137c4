//! The floating-point numbers that a network computes with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The floating-point numbers that a network computes with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits, 24 of them significant: about 7 digits. Twice as fast as f64.
    F32,
    /// 64 bits, 53 of them significant: about 16 digits.
    #[default]
    F64,
}

impl Precision {
    /// `f32` or `f64`.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::F64 => "f64",
        }
    }

    /// Whether a number does not overflow when it is rounded to this precision.
    pub fn holds(self, x: f64) -> bool {
        match self {
            Precision::F32 => (x as f32).is_finite(),
            Precision::F64 => x.is_finite(),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
