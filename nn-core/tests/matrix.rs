//! Matrices and views: where each number lies, what is kept, and what is refused.

use nn_core::{Matrix, MatrixView, Shape};
use nn_testing::panic_message;

/// Entry (i, j) is 10 i + j, which says where it came from.
fn numbered(rows: usize, columns: usize) -> Matrix<f64> {
    Matrix::from_fn(rows, columns, |i, j| (10 * i + j) as f64)
}

fn owned(view: MatrixView<'_, f64>) -> Matrix<f64> {
    let mut copy = Matrix::zeros(0, 0);
    copy.copy_from(view);
    copy
}

// ---- Construction ----

#[test]
fn every_way_to_make_a_matrix_makes_the_same_one() {
    let want = numbered(2, 3);
    assert_eq!(want.as_slice(), [0.0, 10.0, 1.0, 11.0, 2.0, 12.0], "column by column");
    assert_eq!(Matrix::from_rows(&[[0.0, 1.0, 2.0], [10.0, 11.0, 12.0]]), want);
    assert_eq!(Matrix::from_columns(&[[0.0, 10.0], [1.0, 11.0], [2.0, 12.0]]), want);
    assert_eq!(Matrix::from_slice(2, 3, &[0.0, 10.0, 1.0, 11.0, 2.0, 12.0]), want);
    assert_eq!(owned(MatrixView::new(2, 3, &[0.0, 10.0, 1.0, 11.0, 2.0, 12.0])), want);
    assert_eq!(Matrix::from_column(&[0.0, 10.0, 20.0]), numbered(3, 1));
    assert_eq!(Matrix::zeros(2, 2), Matrix::from_rows(&[[0.0, 0.0], [0.0, 0.0]]));
    assert_ne!(Matrix::<f64>::zeros(2, 3), Matrix::zeros(3, 2), "the shape counts, not only the numbers");
}

#[test]
fn from_fn_asks_column_by_column() {
    let mut asked = Vec::new();
    Matrix::from_fn(2, 2, |i, j| {
        asked.push((i, j));
        0.0
    });
    assert_eq!(asked, [(0, 0), (1, 0), (0, 1), (1, 1)]);
}

#[test]
fn empty_matrices_have_shapes() {
    let shape = |m: Matrix<f64>| (m.rows(), m.columns(), m.as_slice().len());
    assert_eq!(shape(Matrix::zeros(3, 0)), (3, 0, 0));
    assert_eq!(shape(Matrix::zeros(0, 3)), (0, 3, 0));
    assert_eq!(shape(Matrix::from_rows::<[f64; 0]>(&[])), (0, 0, 0));
    assert_eq!(shape(Matrix::from_columns::<[f64; 2]>(&[])), (0, 0, 0));
    assert_eq!(shape(Matrix::from_columns::<[f64; 0]>(&[[], []])), (0, 2, 0));
    assert_eq!(shape(Matrix::from_column(&[])), (0, 1, 0));
    assert_eq!(shape(owned(Matrix::zeros(3, 0).t())), (0, 3, 0));
}

#[test]
fn wrong_lengths_are_refused() {
    assert_eq!(
        panic_message(|| Matrix::from_rows(&[vec![1.0, 2.0], vec![3.0]])),
        "row 1 has 1 entries, but row 0 has 2"
    );
    assert_eq!(
        panic_message(|| Matrix::from_columns(&[vec![1.0], vec![3.0], vec![1.0, 2.0]])),
        "column 2 has 2 entries, but column 0 has 1"
    );
    assert_eq!(panic_message(|| Matrix::from_slice(2, 3, &[0.0; 5])), "5 numbers are not a 2×3 matrix");
    assert_eq!(panic_message(|| MatrixView::new(2, 3, &[0.0; 7]).rows()), "7 numbers are not a 2×3 matrix");
    let half = usize::MAX / 2 + 1;
    assert_eq!(
        panic_message(|| MatrixView::<f64>::new(half, 2, &[]).rows()),
        format!("0 numbers are not a {half}×2 matrix")
    );
}

/// Their number overflows, or that of their bytes, or no address is so far from the first one. `usize::MAX` is 2⁶⁴ − 1 on
/// most machines and 2³² − 1 on some.
#[test]
fn entries_beyond_any_memory_are_refused_with_the_shape() {
    let eighth = usize::MAX / 8 + 1;
    for (rows, columns) in
        [(usize::MAX, 2), (4 * eighth, 2), (1, eighth), (eighth, 1), (eighth / 2, 1), (2, eighth / 4)]
    {
        let refusal = format!("a {rows}×{columns} matrix takes more memory than can be addressed");
        assert_eq!(panic_message(|| Matrix::<f64>::zeros(rows, columns)), refusal);
        assert_eq!(panic_message(|| Matrix::from_fn(rows, columns, |_, _| 0.0)), refusal);
        assert_eq!(panic_message(|| Matrix::<f64>::zeros(1, 1).resize(rows, columns)), refusal);
    }
    // The last of these is the largest number of lines of 16 entries less one entry: its line ends beyond all addresses.
    for (rows, columns) in [(eighth, 1), (1, 2 * eighth), (eighth - 1, 1)] {
        let refusal = format!("a {rows}×{columns} matrix takes more memory than can be addressed");
        assert_eq!(panic_message(|| Matrix::<f32>::zeros(rows, columns)), refusal);
    }
}

// ---- Access ----

#[test]
fn entries_columns_and_rows() {
    let mut m = numbered(2, 3);
    assert_eq!(m.shape(), Shape { rows: 2, columns: 3 });
    assert_eq!((m[(0, 2)], m[(1, 0)], m[(1, 2)]), (2.0, 10.0, 12.0));
    assert_eq!(m.column(0), [0.0, 10.0]);
    assert_eq!(m.column(2), [2.0, 12.0]);
    assert_eq!(m.columns_iter().collect::<Vec<_>>(), [[0.0, 10.0], [1.0, 11.0], [2.0, 12.0]]);
    assert_eq!(m.row_iter(0).copied().collect::<Vec<_>>(), [0.0, 1.0, 2.0]);
    assert_eq!(m.row_iter(1).copied().collect::<Vec<_>>(), [10.0, 11.0, 12.0]);
    m[(1, 2)] = -1.0;
    m[(1, 1)] = -4.0;
    m.column_mut(1)[0] = -2.0;
    m.as_mut_slice()[0] = -3.0;
    assert_eq!(m, Matrix::from_rows(&[[-3.0, -2.0, 2.0], [10.0, -4.0, -1.0]]));
    assert_eq!(Matrix::<f64>::zeros(2, 0).row_iter(1).count(), 0);
    assert_eq!(Matrix::<f64>::zeros(0, 2).columns_iter().count(), 2);
}

#[test]
fn what_lies_outside_is_refused() {
    let mut m = numbered(2, 3);
    for (i, j) in [(2, 0), (0, 3), (2, 3)] {
        let refusal = format!("entry ({i}, {j}) of a 2×3 matrix");
        assert_eq!(panic_message(|| m[(i, j)]), refusal);
        assert_eq!(panic_message(|| m[(i, j)] = 0.0), refusal);
        assert_eq!(panic_message(|| m.view()[(i, j)]), refusal);
        assert_eq!(panic_message(|| m.t()[(j, i)]), format!("entry ({j}, {i}) of a 3×2 matrix"));
    }
    assert_eq!(panic_message(|| m.column(3)[0]), "column 3 of a 2×3 matrix");
    assert_eq!(panic_message(|| m.column_mut(3)[0]), "column 3 of a 2×3 matrix");
    assert_eq!(panic_message(|| m.view().column(3)[0]), "column 3 of a 2×3 matrix");
    assert_eq!(panic_message(|| m.t().column(0)[0]), "column 0 of a transposed view is not one slice");
    assert_eq!(panic_message(|| m.row_iter(2).count()), "row 2 of a 2×3 matrix");
    assert_eq!(panic_message(|| m.columns_range(1..4).rows()), "columns 1..4 of a 2×3 matrix");
    assert_eq!(panic_message(|| m.view().rows_range(0..3).rows()), "rows 0..3 of a 2×3 matrix");
    let backwards = std::ops::Range { start: 2, end: 1 };
    assert_eq!(panic_message(|| m.columns_range(backwards.clone()).rows()), "columns 2..1 of a 2×3 matrix");
    assert_eq!(panic_message(|| m.view().rows_range(backwards.clone()).rows()), "rows 2..1 of a 2×3 matrix");
}

// ---- Views ----

#[test]
fn views_see_the_right_part() {
    let m = numbered(4, 5);
    let block = m.view().rows_range(1..3).columns_range(2..5);
    let want = Matrix::from_rows(&[[12.0, 13.0, 14.0], [22.0, 23.0, 24.0]]);
    assert_eq!(block.shape().to_string(), "2×3");
    assert_eq!(owned(block), want);
    assert_eq!(owned(m.columns_range(2..5).rows_range(1..3)), want, "in the other order");
    assert_eq!(owned(block.t().t()), want);
    assert_eq!(owned(block.t()), Matrix::from_columns(&[[12.0, 13.0, 14.0], [22.0, 23.0, 24.0]]));
    assert_eq!(owned(m.t().rows_range(2..5).columns_range(1..3)), owned(block.t()), "the part of the transpose");
    assert_eq!((block[(0, 0)], block[(1, 2)], block.t()[(2, 1)]), (12.0, 24.0, 24.0));
    assert_eq!(block.column(1), [13.0, 23.0]);
    assert_eq!((block.rows(), block.columns(), block.t().rows(), block.t().columns()), (2, 3, 3, 2));
    assert_eq!(owned(MatrixView::from(&m)), m);
    assert_eq!(m.columns_range(1..3).shape(), Shape { rows: 4, columns: 2 });
}

/// A single row is contiguous by itself, also in a transposed view.
#[test]
fn columns_of_one_entry_are_slices() {
    let column = numbered(3, 1);
    assert_eq!([0, 1, 2].map(|j| column.t().column(j)[0]), [0.0, 10.0, 20.0]);
    let m = numbered(3, 4);
    assert_eq!(m.t().rows_range(2..3).column(1), [12.0]);
}

#[test]
fn parts_may_be_empty_anywhere() {
    let m = numbered(3, 4);
    let block = m.view().rows_range(1..3);
    assert_eq!(owned(block.columns_range(4..4)).shape().to_string(), "2×0");
    assert_eq!(owned(block.columns_range(0..0)).shape().to_string(), "2×0");
    assert_eq!(owned(m.view().rows_range(3..3)).shape().to_string(), "0×4");
    assert_eq!(m.view().rows_range(3..3).column(3), [0.0; 0]);
    assert_eq!(m.columns_range(4..4).t().column(2), [0.0; 0]);
    let none = Matrix::<f64>::zeros(3, 0);
    assert_eq!(owned(none.view().rows_range(1..3)).shape().to_string(), "2×0");
    assert_eq!(none.t().column(2), [0.0; 0]);
    let none = Matrix::<f64>::zeros(0, 3);
    assert_eq!(owned(none.columns_range(1..3)).shape().to_string(), "0×2");
}

// ---- Change in place ----

#[test]
fn copies_take_shape_and_numbers() {
    let source = numbered(3, 4);
    let mut copy = Matrix::from_fn(7, 2, |_, _| f64::NAN);
    copy.copy_from(&source);
    assert_eq!(copy, source);
    copy.copy_from(source.t());
    assert_eq!(copy, Matrix::from_fn(4, 3, |i, j| source[(j, i)]));
    copy.copy_from(source.view().rows_range(1..3));
    assert_eq!(copy, Matrix::from_fn(2, 4, |i, j| source[(i + 1, j)]));
    copy.copy_from(source.view().rows_range(1..3).t());
    assert_eq!(copy, Matrix::from_fn(4, 2, |i, j| source[(j + 1, i)]));
    copy.copy_from(source.columns_range(1..2).t());
    assert_eq!(copy, Matrix::from_rows(&[[1.0, 11.0, 21.0]]));
}

/// A batch buffer is made once: smaller and then larger batches again use the same memory.
#[test]
fn buffers_are_kept() {
    let mut m = numbered(4, 5);
    let memory = m.as_slice().as_ptr();
    m.resize(2, 3);
    assert_eq!((m.shape().to_string().as_str(), m.as_slice().len()), ("2×3", 6));
    m.resize(5, 4);
    assert_eq!((m.shape().to_string().as_str(), m.as_slice().len()), ("5×4", 20));
    m.copy_from(numbered(2, 3).t());
    assert_eq!(m.shape().to_string(), "3×2");
    m.gather_columns(&numbered(5, 4), &[3, 3, 0, 1]);
    assert_eq!(m.shape().to_string(), "5×4");
    assert_eq!(m.as_slice().as_ptr(), memory, "no new allocation");
    m.resize(50, 40);
    assert_eq!(m.as_slice().len(), 2000);
}

#[test]
fn keep_drops_the_other_columns() {
    for kept in [&[0, 1, 2, 3][..], &[0], &[3], &[0, 3], &[1, 2], &[]] {
        let (mut some, mut gathered) = (numbered(3, 4), Matrix::zeros(0, 0));
        some.keep_columns(kept);
        gathered.gather_columns(&numbered(3, 4), kept);
        assert_eq!(some, gathered);
    }
    let message = |columns: &'static [usize]| panic_message(move || numbered(2, 4).keep_columns(columns));
    assert_eq!(message(&[0, 4]), "column 4 of a 2×4 matrix, after 1 others");
    assert_eq!(message(&[0, 1, 1]), "column 1 of a 2×4 matrix, after 2 others");
    assert_eq!(message(&[1, 0]), "column 0 of a 2×4 matrix, after 1 others");
}

#[test]
fn gather_picks_columns_in_order() {
    let source = numbered(2, 4);
    let mut batch = Matrix::zeros(9, 9);
    batch.gather_columns(&source, &[3, 0, 3]);
    assert_eq!(batch, Matrix::from_columns(&[[3.0, 13.0], [0.0, 10.0], [3.0, 13.0]]));
    batch.gather_columns(&source, &[]);
    assert_eq!(batch, Matrix::zeros(2, 0));
    assert_eq!(panic_message(|| batch.gather_columns(&source, &[0, 4])), "column 4 of a 2×4 matrix");
}

#[test]
fn maps_and_fills() {
    let mut m = numbered(2, 2);
    assert_eq!(m.map(|x| x as f32 + 0.5), Matrix::from_rows(&[[0.5_f32, 1.5], [10.5, 11.5]]));
    m.map_in_place(|x| 2.0 * x);
    assert_eq!(m, Matrix::from_rows(&[[0.0, 2.0], [20.0, 22.0]]));
    m.zip_in_place(&numbered(2, 2), |x, y| x - 3.0 * y);
    assert_eq!(m, Matrix::from_rows(&[[0.0, -1.0], [-10.0, -11.0]]));
    m.fill(7.0);
    assert_eq!(m, Matrix::from_rows(&[[7.0, 7.0], [7.0, 7.0]]));
    assert_eq!(panic_message(|| m.zip_in_place(&numbered(2, 3), |x, _| x)), "zip of 2×2 with 2×3: shapes differ");
}

#[test]
fn argmax_is_the_first_of_equals() {
    let m = Matrix::from_columns(&[
        [1.0, 3.0, 2.0],
        [3.0, 1.0, 3.0],
        [-3.0, -2.0, -2.0],
        [0.0, -0.0, 0.0],
        [1.0, 2.0, 3.0],
    ]);
    assert_eq!([0, 1, 2, 3, 4].map(|j| m.argmax(j)), [1, 0, 1, 0, 2]);
    assert_eq!(numbered(1, 1).argmax(0), 0);
    assert_eq!(panic_message(|| m.argmax(5)), "column 5 of a 3×5 matrix");
    assert_eq!(panic_message(|| Matrix::<f64>::zeros(0, 1).argmax(0)), "argmax of an empty column");
}

// ---- Display ----

#[test]
fn columns_are_aligned_to_the_right() {
    let m = Matrix::from_rows(&[[1.0, -20.5, 0.0], [100.25, 3.0, f64::NAN]]);
    assert_eq!(m.to_string(), "[      1  -20.5    0 ]\n[ 100.25      3  NaN ]");
    assert_eq!(format!("{m:.1}"), "[   1.0  -20.5  0.0 ]\n[ 100.2    3.0  NaN ]");
    assert_eq!(Matrix::from_column(&[1.0, 2.0]).to_string(), "[ 1 ]\n[ 2 ]");
    assert_eq!(Matrix::<f64>::zeros(0, 2).to_string(), "");
    assert_eq!(Matrix::<f64>::zeros(2, 0).to_string(), "[  ]\n[  ]");
    assert_eq!(Shape { rows: 3, columns: 10 }.to_string(), "3×10");
}
