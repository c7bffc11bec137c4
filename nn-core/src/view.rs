//! A borrowed view of a matrix: all of it, a range of columns or rows, or the transpose.

use std::fmt;
use std::ops::{Index, Range};

use crate::Matrix;

/// Rows × columns, printed as `32×10`.
///
/// ```
/// assert_eq!(nn_core::Shape { rows: 32, columns: 10 }.to_string(), "32×10");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}", self.rows, self.columns)
    }
}

/// Panics at the caller's line: "WHAT: A is 2×3, B is 4×5".
#[cold]
#[track_caller]
pub(crate) fn panic_with_shapes(what: impl fmt::Display, shapes: &[(&str, Shape)]) -> ! {
    let shapes: Vec<String> = shapes.iter().map(|(name, shape)| format!("{name} is {shape}")).collect();
    panic!("{what}: {}", shapes.join(", "))
}

/// A borrowed matrix, not copied: all of it, a range of columns, a range of rows, or the transpose.
///
/// Entry (i, j) is `data[i * row_stride + j * column_stride]`; one of the two strides is 1.
///
/// ```
/// use nn_core::Matrix;
///
/// let batch = Matrix::from_rows(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// let last_two = batch.columns_range(1..3); // a range of examples is one block
/// assert_eq!(last_two.shape().to_string(), "2×2");
/// assert_eq!(last_two[(1, 0)], 5.0);
/// assert_eq!(last_two.t()[(0, 1)], 5.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MatrixView<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T> MatrixView<'a, T> {
    /// A view of `data`, which holds `rows` × `columns` numbers column by column.
    ///
    /// # Panics
    ///
    /// Panics if `data` does not hold exactly rows · columns numbers.
    #[track_caller]
    pub fn new(rows: usize, columns: usize, data: &'a [T]) -> Self {
        let shape = || Shape { rows, columns };
        assert!(rows.checked_mul(columns) == Some(data.len()), "{} numbers are not a {} matrix", data.len(), shape());
        MatrixView { data, rows, columns, row_stride: 1, column_stride: rows }
    }

    /// Number of rows.
    #[inline]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[inline]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Rows and columns.
    #[inline]
    pub fn shape(&self) -> Shape {
        Shape { rows: self.rows, columns: self.columns }
    }

    /// The transpose: the same numbers, read with rows and columns exchanged.
    #[inline]
    pub fn t(self) -> Self {
        let MatrixView { data, rows, columns, row_stride, column_stride } = self;
        MatrixView { data, rows: columns, columns: rows, row_stride: column_stride, column_stride: row_stride }
    }

    /// The columns of a range, for example the examples of one batch.
    ///
    /// # Panics
    ///
    /// Panics if the range goes beyond the last column.
    #[track_caller]
    pub fn columns_range(self, range: Range<usize>) -> Self {
        let fits = range.start <= range.end && range.end <= self.columns;
        assert!(fits, "columns {range:?} of a {} matrix", self.shape());
        let columns = range.len();
        let data = if self.rows == 0 || columns == 0 { &[] } else { &self.data[range.start * self.column_stride..] };
        MatrixView { data, columns, ..self }
    }

    /// The rows of a range.
    ///
    /// # Panics
    ///
    /// Panics if the range goes beyond the last row.
    #[track_caller]
    pub fn rows_range(self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.rows, "rows {range:?} of a {} matrix", self.shape());
        self.t().columns_range(range).t()
    }

    /// Column `j` as a slice.
    ///
    /// # Panics
    ///
    /// Panics if the view is transposed (its columns are then not contiguous) or has no column `j`.
    #[inline]
    #[track_caller]
    pub fn column(&self, j: usize) -> &'a [T] {
        assert!(self.columns_are_contiguous(), "column {j} of a transposed view is not one slice");
        assert!(j < self.columns, "column {j} of a {} matrix", self.shape());
        let start = if self.rows == 0 { 0 } else { j * self.column_stride };
        &self.data[start..start + self.rows]
    }

    /// Whether each column is one slice, as in a matrix that is not transposed.
    #[inline]
    pub(crate) fn columns_are_contiguous(&self) -> bool {
        self.row_stride == 1 || self.rows <= 1
    }

    /// The numbers and the two strides, for the product's kernels.
    #[inline]
    pub(crate) fn raw(&self) -> (&'a [T], usize, usize) {
        (self.data, self.row_stride, self.column_stride)
    }
}

impl<T> Index<(usize, usize)> for MatrixView<'_, T> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, (i, j): (usize, usize)) -> &T {
        assert!(i < self.rows && j < self.columns, "entry ({i}, {j}) of a {} matrix", self.shape());
        &self.data[i * self.row_stride + j * self.column_stride]
    }
}

impl<'a, T> From<&'a Matrix<T>> for MatrixView<'a, T> {
    #[inline]
    fn from(matrix: &'a Matrix<T>) -> Self {
        // Like `new`, without the check of the length: a matrix always has rows · columns numbers.
        let (rows, columns) = (matrix.rows(), matrix.columns());
        MatrixView { data: matrix.as_slice(), rows, columns, row_stride: 1, column_stride: rows }
    }
}
