//! Which loop computes a product, and what it copies first.

/// How a product is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// There is nothing to multiply.
    Nothing,
    /// A b, along the columns of A.
    MatrixVector,
    /// Aᵀ b, for one example or two: each entry is the inner product of two columns.
    InnerProducts,
    /// a bᵀ
    OuterProduct,
    /// By the micro-kernel, with either factor copied into panels or read where it lies.
    Panels { copy_a: bool, copy_b: bool },
}

/// How the numbers of a factor lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Each column in one piece, as in a matrix.
    Columns,
    /// Each row in one piece, as in a transpose.
    Rows,
}
use Layout::{Columns, Rows};

/// The plan for A B with A m × k and B k × n, whose numbers take `size` bytes.
///
/// The micro-kernel reads A in columns. It reads B in columns or in rows.
#[inline(always)]
pub(crate) fn plan([m, k, n]: [usize; 3], a: Layout, b: Layout, size: usize) -> Plan {
    match (a, b) {
        _ if m == 0 || k == 0 || n == 0 => Plan::Nothing,
        (Columns, Columns) if n == 1 => Plan::MatrixVector,
        (Columns, Rows) if k == 1 => Plan::OuterProduct,
        (Rows, Columns) if n <= 2 || m * k * n <= 1 << 9 => Plan::InnerProducts,
        _ => Plan::Panels {
            copy_a: a == Rows || n > 12 && m * k * size > 1 << 15,
            copy_b: b == Rows && m > 64 && k * n * size > 1 << 17,
        },
    }
}
