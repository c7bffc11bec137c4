//! Which SIMD level the kernels use: the widest of this processor, unless a program asks for a narrower one.

use std::sync::OnceLock;

use fearless_simd::Level;

/// The level of all kernels: read in each of them, written once.
static LEVEL: OnceLock<Level> = OnceLock::new();

/// The level in use.
#[inline(always)]
pub(super) fn level() -> Level {
    #[cfg(test)]
    if let Some(level) = tests::CHOSEN.get() {
        return level;
    }
    *LEVEL.get_or_init(Level::new)
}

/// The width in bits of the SIMD registers (vectors) that products, activations and losses of `f32` and `f64` use; 0 if this
/// processor, or the target that the program was compiled for, has none.
///
/// | target | bits | instructions |
/// |---|---|---|
/// | x86-64 | 512 | AVX-512 of Ice Lake and Zen 4 or later |
/// | | 256 | AVX2 with fused multiply-add: nearly every processor since 2013 |
/// | | 128 | SSE2, without fused multiply-add: every x86-64 processor |
/// | aarch64 | 128 | NEON with fused multiply-add |
/// | wasm32 | 128 | simd128, with `-C target-feature=+simd128`, without fused multiply-add; otherwise 0 |
///
/// Exists with the feature `fast` alone: without it there are no kernels.
pub fn vector_bits() -> usize {
    bits(level())
}

/// Makes all kernels of this program use SIMD registers (vectors) of `bits` bits: to measure what width is worth, or to get
/// the bits of another x86-64 processor. Without this call they use the widest of the processor.
///
/// The width is fixed by the first product, activation or loss that is computed, so that no run mixes two.
///
/// ```
/// nn_core::set_vector_bits(128)?; // which every x86-64 and ARM processor has
/// assert_eq!(nn_core::vector_bits(), 128);
/// # Ok::<(), nn_core::NoSuchVectors>(())
/// ```
///
/// # Errors
///
/// [`NoSuchVectors`] if this processor has none of this width.
///
/// # Panics
///
/// Panics if another width is in use already.
#[track_caller]
pub fn set_vector_bits(bits: usize) -> Result<(), NoSuchVectors> {
    let levels = levels();
    let available = || levels.iter().map(|&level| self::bits(level)).collect();
    let chosen = levels.iter().find(|&&level| self::bits(level) == bits);
    let chosen = *chosen.ok_or_else(|| NoSuchVectors { bits, available: available() })?;
    let used = self::bits(*LEVEL.get_or_init(|| chosen));
    assert!(used == bits, "SIMD of {bits} bits was asked for after SIMD of {used} bits had been used");
    Ok(())
}

/// This processor has no SIMD registers of such a width.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this processor has no {bits}-bit SIMD that the kernels can use; the available widths are {available:?}")]
pub struct NoSuchVectors {
    /// The width asked for.
    pub bits: usize,
    /// The widths of this processor, the narrowest first.
    pub available: Vec<usize>,
}

/// Every SIMD level that this processor has and the kernels use, the narrowest first.
fn levels() -> Vec<Level> {
    let widest = Level::new();
    #[cfg(target_arch = "x86_64")]
    {
        let [sse2, avx2] = [widest.as_sse2().map(Level::Sse2), widest.as_avx2().map(Level::Avx2)];
        let avx512 = widest.as_avx512().map(Level::Avx512);
        [sse2, avx2, avx512].into_iter().flatten().collect()
    }
    #[cfg(not(target_arch = "x86_64"))]
    vec![widest]
}

fn bits(level: Level) -> usize {
    #[cfg(target_arch = "x86_64")]
    match level {
        Level::Avx512(_) => 512,
        Level::Avx2(_) => 256,
        _ => 128,
    }
    #[cfg(not(target_arch = "x86_64"))]
    if level.is_fallback() { 0 } else { 128 }
}

#[cfg(test)]
pub(super) use tests::at_every_level;

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    thread_local! {
        pub(super) static CHOSEN: Cell<Option<Level>> = const { Cell::new(None) };
    }

    /// Calls `check` at every SIMD level of this processor.
    pub(crate) fn at_every_level(check: impl Fn()) {
        for level in levels() {
            CHOSEN.set(Some(level));
            check();
        }
        CHOSEN.set(None);
    }

    #[test]
    fn widths_that_the_processor_lacks_are_refused_by_name() {
        let refused = set_vector_bits(4096).unwrap_err();
        assert_eq!(refused.available, levels().into_iter().map(bits).collect::<Vec<_>>());
        let error = NoSuchVectors { bits: 512, available: vec![128, 256] };
        let text = "this processor has no 512-bit SIMD that the kernels can use; the available widths are [128, 256]";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn every_level_is_used_under_its_own_width() {
        let widths = RefCell::new(Vec::new());
        at_every_level(|| widths.borrow_mut().push(vector_bits()));
        assert!(widths.borrow().is_sorted_by(|a, b| a < b), "{widths:?}");
        assert_eq!(widths.borrow().len(), levels().len());
    }
}
