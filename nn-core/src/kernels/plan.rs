//! Which kernel computes a product, and which factor is packed first.

/// How a product is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// There is nothing to multiply.
    Nothing,
    /// A b, along the columns of A.
    MatrixVector,
    /// Aᵀ B for one or two columns of B, and other small Aᵀ B: each entry is the inner product (dot product) of two columns.
    InnerProducts,
    /// a bᵀ
    OuterProduct,
    /// By the micro-kernel, in tiles. Each factor is packed (copied into panels) or read in place.
    Panels { pack_a: bool, pack_b: bool },
}

/// The memory layout of a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Column-major: each column in one piece, as in a matrix.
    Columns,
    /// Row-major: each row in one piece, as in a transpose.
    Rows,
}
use Layout::{Columns, Rows};

/// The plan for A B with A m × k and B k × n, whose numbers take `size` bytes.
///
/// The micro-kernel reads A by columns, so that a row-major A is packed. It reads B by columns or by rows, and sums in the
/// same order either way: a column of W A has the same bits whatever n is.
///
/// Inner products are summed in another order, as partial sums per SIMD lane. They compute Aᵀ B if n ≤ 2 or m k n ≤ 512, so
/// the bits of a column may change where n crosses these limits. Threads never split a product that small.
///
/// | limit | measured in f32, with AVX-512 (AMD EPYC, Zen 4): time with the limit ÷ time without |
/// |---|---|
/// | one example has loops of its own | steps of 2-16-16-1 and 64-32-10 (batch 1, AVX2): 0.8, 0.87 |
/// | A is packed beyond 32 KB, the L1 cache, for more than two tiles in a row | 512×512 by 512×256: 0.94; 128×128 by 128×784: 1.02 |
/// | Bᵀ is packed beyond 512 KB, the L2 cache of many processors, for more than two panels of A | 512×256 by 256×784: 0.99; below, 128×128 by 128×784: 1.07 |
#[inline(always)]
pub(crate) fn plan([m, k, n]: [usize; 3], a: Layout, b: Layout, size: usize) -> Plan {
    let bytes = |rows: usize, columns: usize| rows.saturating_mul(columns).saturating_mul(size);
    match (a, b) {
        _ if m == 0 || k == 0 || n == 0 => Plan::Nothing,
        (Columns, Columns) if n == 1 => Plan::MatrixVector,
        (Columns, Rows) if k == 1 => Plan::OuterProduct,
        (Rows, Columns) if n <= 2 || m.saturating_mul(k).saturating_mul(n) <= 1 << 9 => Plan::InnerProducts,
        _ => Plan::Panels {
            pack_a: a == Rows || n > 12 && bytes(m, k) > 1 << 15,
            pack_b: b == Rows && m > 64 && bytes(k, n) > 1 << 19,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every plan gives a right product, so no other test would notice a changed limit.
    #[test]
    fn the_plan_depends_on_shape_and_layout() {
        let panels = |pack_a, pack_b| Plan::Panels { pack_a, pack_b };
        for (shape, a, b, want) in [
            ([0, 5, 5], Columns, Columns, Plan::Nothing),
            ([5, 0, 5], Rows, Columns, Plan::Nothing),
            ([5, 5, 0], Columns, Rows, Plan::Nothing),
            ([900, 900, 1], Columns, Columns, Plan::MatrixVector),
            ([900, 900, 2], Columns, Columns, panels(false, false)),
            ([900, 1, 900], Columns, Rows, Plan::OuterProduct),
            ([900, 2, 900], Columns, Rows, panels(false, false)),
            ([900, 1, 900], Columns, Columns, panels(false, false)),
            ([900, 900, 1], Rows, Columns, Plan::InnerProducts),
            ([900, 900, 2], Rows, Columns, Plan::InnerProducts),
            ([900, 900, 3], Rows, Columns, panels(true, false)),
            ([8, 8, 8], Rows, Columns, Plan::InnerProducts),
            ([8, 9, 8], Rows, Columns, panels(true, false)),
            ([8, 8, 8], Rows, Rows, panels(true, false)),
            ([64, 128, 13], Columns, Columns, panels(false, false)),
            ([64, 129, 13], Columns, Columns, panels(true, false)),
            ([64, 129, 12], Columns, Columns, panels(false, false)),
            ([65, 128, 1024], Columns, Rows, panels(true, false)),
            ([65, 128, 1025], Columns, Rows, panels(true, true)),
            ([64, 128, 1025], Columns, Rows, panels(false, false)),
            ([65, 128, 1025], Columns, Columns, panels(true, false)),
        ] {
            assert_eq!(plan(shape, a, b, 4), want, "{shape:?}, {a:?}, {b:?}");
        }
        assert_eq!(plan([64, 64, 13], Columns, Columns, 8), panels(false, false));
        assert_eq!(plan([64, 65, 13], Columns, Columns, 8), panels(true, false));
        assert_eq!(plan([usize::MAX, usize::MAX, 3], Rows, Columns, 8), panels(true, false));
    }
}
