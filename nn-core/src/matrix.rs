//! A matrix that owns its numbers, stored column by column.

use std::fmt;
use std::ops::{Index, IndexMut, Range};

use crate::scalar::vectorize;
use crate::text::{Align, Table};
use crate::{MatrixView, Scalar, Shape, executor};

#[cfg(feature = "fast")]
use crate::kernels::Aligned as Numbers; // a Vec aligned to cache lines
#[cfg(not(feature = "fast"))]
use std::vec::Vec as Numbers;

/// A matrix of `rows` × `columns` numbers, stored **column by column**: a batch keeps each example in one slice.
///
/// ```
/// use nn_core::Matrix;
///
/// let m = Matrix::from_rows(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// assert_eq!(m.shape().to_string(), "2×3");
/// assert_eq!(m[(1, 2)], 6.0); // row 1, column 2, counted from 0
/// assert_eq!(m.column(1), [2.0, 5.0]); // one example
/// assert_eq!(format!("{m}"), "[ 1  2  3 ]\n[ 4  5  6 ]");
/// assert_eq!(format!("{m:.2}"), "[ 1.00  2.00  3.00 ]\n[ 4.00  5.00  6.00 ]");
/// ```
#[derive(Clone, Debug, PartialEq)]
// ANCHOR: matrix
pub struct Matrix<T> {
    rows: usize,
    columns: usize,
    data: Numbers<T>, // column by column
}
// ANCHOR_END: matrix

/// Construction.
impl<T: Scalar> Matrix<T> {
    /// A matrix of zeros.
    ///
    /// # Panics
    ///
    /// Panics if the entries take more memory than can be addressed.
    #[track_caller]
    pub fn zeros(rows: usize, columns: usize) -> Self {
        let mut data = Numbers::default();
        data.resize(entry_count::<T>(rows, columns), T::zero());
        Matrix { rows, columns, data }
    }

    /// The matrix whose entry (i, j) is `f(i, j)`. `f` is called column by column.
    ///
    /// # Panics
    ///
    /// Panics if the entries take more memory than can be addressed.
    #[track_caller]
    pub fn from_fn(rows: usize, columns: usize, mut f: impl FnMut(usize, usize) -> T) -> Self {
        let mut matrix = Self::zeros(rows, columns);
        for j in 0..columns {
            matrix.column_mut(j).iter_mut().enumerate().for_each(|(i, entry)| *entry = f(i, j));
        }
        matrix
    }

    /// A matrix from its rows, as one writes a weight matrix on paper.
    ///
    /// # Panics
    ///
    /// Panics if the rows have different lengths.
    #[track_caller]
    pub fn from_rows<R: AsRef<[T]>>(rows: &[R]) -> Self {
        let columns = common_length(rows, "row");
        Self::from_fn(rows.len(), columns, |i, j| rows[i].as_ref()[j])
    }

    /// A matrix from its columns: a batch from its examples.
    ///
    /// # Panics
    ///
    /// Panics if the columns have different lengths.
    #[track_caller]
    pub fn from_columns<C: AsRef<[T]>>(columns: &[C]) -> Self {
        let rows = common_length(columns, "column");
        Self::from_fn(rows, columns.len(), |i, j| columns[j].as_ref()[i])
    }

    /// A matrix of one column: a single example, or the biases of a layer.
    pub fn from_column(column: &[T]) -> Self {
        Self::from_slice(column.len(), 1, column)
    }

    /// A matrix from its numbers, column by column.
    ///
    /// # Panics
    ///
    /// Panics if `data` does not hold exactly rows · columns numbers.
    #[track_caller]
    pub fn from_slice(rows: usize, columns: usize, data: &[T]) -> Self {
        let mut matrix = Self::zeros(0, 0);
        matrix.copy_from(MatrixView::new(rows, columns, data));
        matrix
    }
}

/// Shape and access.
impl<T> Matrix<T> {
    /// Number of rows.
    #[inline]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns: in a batch, the number of examples.
    #[inline]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Rows and columns.
    #[inline]
    pub fn shape(&self) -> Shape {
        Shape { rows: self.rows, columns: self.columns }
    }

    /// All numbers, column by column.
    #[inline]
    pub fn as_slice(&self) -> &[T] {
        &self.data
    }

    /// All numbers, column by column, to be changed.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// Column `j`: in a batch, example `j`.
    ///
    /// # Panics
    ///
    /// Panics if there is no column `j`.
    #[inline]
    #[track_caller]
    pub fn column(&self, j: usize) -> &[T] {
        assert!(j < self.columns, "column {j} of a {} matrix", self.shape());
        &self.data[j * self.rows..(j + 1) * self.rows]
    }

    /// Column `j`, to be changed.
    ///
    /// # Panics
    ///
    /// Panics if there is no column `j`.
    #[inline]
    #[track_caller]
    pub fn column_mut(&mut self, j: usize) -> &mut [T] {
        assert!(j < self.columns, "column {j} of a {} matrix", self.shape());
        &mut self.data[j * self.rows..(j + 1) * self.rows]
    }

    /// The columns, one slice after the other.
    pub fn columns_iter(&self) -> impl Iterator<Item = &[T]> {
        (0..self.columns).map(|j| self.column(j))
    }

    /// The numbers of row `i`, from left to right.
    ///
    /// # Panics
    ///
    /// Panics if there is no row `i`.
    #[track_caller]
    pub fn row_iter(&self, i: usize) -> impl Iterator<Item = &T> {
        assert!(i < self.rows, "row {i} of a {} matrix", self.shape());
        self.data.iter().skip(i).step_by(self.rows)
    }

    /// The whole matrix as a view.
    #[inline]
    pub fn view(&self) -> MatrixView<'_, T> {
        self.into()
    }

    /// The transpose as a view, without copying.
    #[inline]
    pub fn t(&self) -> MatrixView<'_, T> {
        self.view().t()
    }

    /// A range of columns as a view, without copying: some of the examples of a batch.
    ///
    /// # Panics
    ///
    /// Panics if the range goes beyond the last column.
    #[track_caller]
    pub fn columns_range(&self, range: Range<usize>) -> MatrixView<'_, T> {
        self.view().columns_range(range)
    }
}

/// Change in place.
impl<T: Scalar> Matrix<T> {
    /// Makes this a `rows` × `columns` matrix and keeps the allocation where it is large enough. The entries are
    /// unspecified afterwards: the next operation must write all of them.
    ///
    /// # Panics
    ///
    /// Panics if the entries take more memory than can be addressed.
    #[inline]
    #[track_caller]
    pub fn resize(&mut self, rows: usize, columns: usize) {
        if (rows, columns) != (self.rows, self.columns) {
            self.data.resize(entry_count::<T>(rows, columns), T::zero());
        }
        (self.rows, self.columns) = (rows, columns);
    }

    /// Sets every entry to `value`.
    pub fn fill(&mut self, value: T) {
        self.data.fill(value);
    }

    /// Becomes a copy of `source`, in shape and numbers, keeping the allocation where it is large enough.
    pub fn copy_from<'a>(&mut self, source: impl Into<MatrixView<'a, T>>) {
        let source = source.into();
        self.resize(source.rows(), source.columns());
        let (numbers, row_stride, column_stride) = source.raw();
        if row_stride == 1 && column_stride == self.rows {
            let length = self.data.len();
            self.data.copy_from_slice(&numbers[..length]); // one block
            return;
        }
        for j in 0..self.columns {
            self.column_mut(j).iter_mut().enumerate().for_each(|(i, entry)| *entry = source[(i, j)]);
        }
    }

    /// Becomes the columns of `source` that `indices` lists, in that order: a batch picked from a data set.
    ///
    /// # Panics
    ///
    /// Panics if `source` has no such column.
    #[track_caller]
    pub fn gather_columns(&mut self, source: &Matrix<T>, indices: &[usize]) {
        self.resize(source.rows, indices.len());
        for (j, &index) in indices.iter().enumerate() {
            self.column_mut(j).copy_from_slice(source.column(index));
        }
    }

    /// Replaces each entry x by `f(x)`.
    pub fn map_in_place(&mut self, f: impl Fn(T) -> T) {
        self.data.iter_mut().for_each(|entry| *entry = f(*entry));
    }

    /// Replaces each entry x by `f(x, y)`, where y is the entry of `other` in the same place.
    ///
    /// # Panics
    ///
    /// Panics if the shapes differ.
    #[track_caller]
    pub fn zip_in_place(&mut self, other: &Matrix<T>, f: impl Fn(T, T) -> T + Copy + Sync) {
        assert!(self.shape() == other.shape(), "zip of {} with {}: shapes differ", self.shape(), other.shape());
        executor::split_entries(&mut self.data, &other.data, |entries, others| {
            vectorize!(T, zip(entries, others, f));
        });
    }

    /// A new matrix with `f` applied to each entry: [`map_in_place`](Self::map_in_place), but allocating. It also converts
    /// to another number type.
    ///
    /// ```
    /// let single = nn_core::Matrix::from_rows(&[[0.5_f64, 0.25]]).map(|x| x as f32);
    /// assert_eq!(single[(0, 1)], 0.25_f32);
    /// ```
    pub fn map<U: Scalar>(&self, f: impl Fn(T) -> U) -> Matrix<U> {
        Matrix::from_fn(self.rows, self.columns, |i, j| f(self[(i, j)]))
    }

    /// The row of the largest entry of column `j`, the first one in a tie: the predicted class of example `j`.
    ///
    /// # Panics
    ///
    /// Panics if there is no column `j` or it is empty.
    #[track_caller]
    pub fn argmax(&self, j: usize) -> usize {
        let column = self.column(j);
        assert!(!column.is_empty(), "argmax of an empty column");
        // BEGIN SOLUTION 4.9
        (0..column.len()).fold(0, |largest, i| if column[i] > column[largest] { i } else { largest })
        // END SOLUTION 4.9
    }
}

/// x_i ← f(x_i, y_i). A function of its own: the compiler knows that two slice parameters do not alias.
#[inline(always)]
fn zip<T: Scalar>(entries: &mut [T], others: &[T], f: impl Fn(T, T) -> T) {
    entries.iter_mut().zip(others).for_each(|(entry, &other)| *entry = f(*entry, other));
}

impl<T> Index<(usize, usize)> for Matrix<T> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, (i, j): (usize, usize)) -> &T {
        assert!(i < self.rows && j < self.columns, "entry ({i}, {j}) of a {} matrix", self.shape());
        &self.data[i + j * self.rows]
    }
}

impl<T> IndexMut<(usize, usize)> for Matrix<T> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut T {
        assert!(i < self.rows && j < self.columns, "entry ({i}, {j}) of a {} matrix", self.shape());
        &mut self.data[i + j * self.rows]
    }
}

/// Rows on lines, columns aligned to the right; `{:.4}` gives every entry four decimals.
impl<T: fmt::Display> fmt::Display for Matrix<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |entry: &T| match f.precision() {
            Some(precision) => format!("{entry:.precision$}"),
            None => format!("{entry}"),
        };
        let mut table = Table::new((0..self.columns).map(|_| Align::Right));
        (0..self.rows).for_each(|i| table.row(self.row_iter(i).map(text)));
        let lines: Vec<String> = table.padded().iter().map(|cells| format!("[ {} ]", cells.join("  "))).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// rows · columns. Panics if the entries take more memory than can be addressed.
#[track_caller]
fn entry_count<T>(rows: usize, columns: usize) -> usize {
    let shape = Shape { rows, columns };
    // With the feature `fast`, memory is allocated in lines of 16 entries.
    let entries = rows.checked_mul(columns).and_then(|entries| entries.checked_next_multiple_of(16));
    let bytes = entries.and_then(|n| n.checked_mul(size_of::<T>())).filter(|&n| isize::try_from(n).is_ok());
    assert!(bytes.is_some(), "a {shape} matrix takes more memory than can be addressed");
    rows * columns
}

#[track_caller]
fn common_length<T, L: AsRef<[T]>>(lines: &[L], what: &str) -> usize {
    let first = lines.first().map_or(0, |line| line.as_ref().len());
    for (i, line) in lines.iter().enumerate() {
        let n = line.as_ref().len();
        assert!(n == first, "{what} {i} has {n} entries, but {what} 0 has {first}");
    }
    first
}
