//! Sizes at the edge: a product reads and writes its own numbers and no others, whatever shapes it is given. Without
//! optimisation an overflow of a size would panic by itself: these tests say more in release.

use nn_core::{Matrix, MatrixView, Scalar, Write, matmul_reference, plain_product};
use nn_testing::panic_message;

/// √(2^BITS): the square of it is counted as 0 where an overflow goes unnoticed.
const HALF: usize = 1 << (usize::BITS / 2);

/// Two factors of 2^BITS + 1, whose product is then counted as 1.
#[cfg(target_pointer_width = "64")]
const FACTORS: [usize; 2] = [274_177, 67_280_421_310_721];
#[cfg(target_pointer_width = "32")]
const FACTORS: [usize; 2] = [641, 6_700_417];

/// C ← A B or C + A B on the numbers of C.
type Product<T> = fn(MatrixView<'_, T>, MatrixView<'_, T>, Write, &mut [T]);

fn by_hook<T: Scalar>(a: MatrixView<'_, T>, b: MatrixView<'_, T>, write: Write, c: &mut [T]) {
    T::product(a, b, write, c);
}

/// The products of each number type, and the plain loops.
fn for_each_product(check_f32: impl Fn(Product<f32>), check_f64: impl Fn(Product<f64>)) {
    check_f32(by_hook);
    check_f32(plain_product);
    check_f64(by_hook);
    check_f64(plain_product);
}

/// The entries of C amid others, which nobody may touch: calls `product` with C, and whether the others are as they were.
fn amid_others<T: Scalar>(length: usize, product: impl FnOnce(&mut [T])) -> bool {
    const AROUND: usize = 70; // more than the widest vectors
    let mut numbers: Vec<T> = (0..length + 2 * AROUND).map(|i| T::from_f64(i as f64)).collect();
    let before = numbers.clone();
    product(&mut numbers[AROUND..AROUND + length]);
    numbers[..AROUND] == before[..AROUND] && numbers[AROUND + length..] == before[AROUND + length..]
}

/// Factors of no columns and no rows make a C of any size, all zeros: its entries are m · n, and not what is left of that
/// when it overflows.
#[test]
fn a_result_with_more_entries_than_can_be_counted_is_refused() {
    fn check<T: Scalar>(product: Product<T>) {
        let shapes = [[HALF, HALF], [2 * HALF, HALF], [HALF, HALF + 1], [HALF + 1, HALF], FACTORS];
        for [m, n] in shapes.into_iter().flat_map(|[m, n]| [[m, n], [n, m]]) {
            let (a, b) = (MatrixView::new(m, 0, &[]), MatrixView::new(0, n, &[]));
            for (write, length) in [(Write::Replace, m.wrapping_mul(n)), (Write::Add, 0), (Write::Replace, 1)] {
                let mut c = vec![T::one(); length.min(1)]; // m · n is counted as 0 or 1, or as more than there is memory
                let (a, b) = if m > n { (b.t(), a.t()) } else { (a, b) };
                let (m, n) = (a.rows(), b.columns());
                let text = panic_message(|| product(a, b, write, &mut c));
                let shapes = format!("matrix product C = A B: A is {m}×0, B is 0×{n}, C has {} entries", c.len());
                assert_eq!(text, shapes);
                assert!(c.iter().all(|&c| c == T::one()), "{m}×{n}");
            }
        }
    }
    for_each_product(check, check);
}

/// No entries at all, although one side is as long as can be: nothing is written, and it does not take for ever.
#[test]
fn a_result_without_entries_may_have_any_side() {
    fn check<T: Scalar>(product: Product<T>) {
        for m in [0, 1, HALF, usize::MAX] {
            let (tall, flat) = (MatrixView::new(m, 0, &[]), MatrixView::new(0, m, &[]));
            let nothing = MatrixView::new(0, 0, &[]);
            assert!(amid_others(0, |c: &mut [T]| {
                for (a, b) in [(tall, nothing), (nothing, flat), (flat, tall), (flat.t(), nothing), (nothing, tall.t())]
                {
                    product(a, b, Write::Replace, c);
                    product(a, b, Write::Add, c);
                }
            }));
        }
    }
    for_each_product(check, check);
}

/// One entry too many or too few, anywhere.
#[test]
fn shapes_that_do_not_fit_are_refused_and_nothing_is_written() {
    fn check<T: Scalar>(product: Product<T>) {
        let sizes = [0_usize, 1, 2, 5, 8, 33];
        let numbers = [T::one(); 35 * 35];
        let view = |rows: usize, columns: usize| MatrixView::new(rows, columns, &numbers[..rows * columns]);
        for [m, k, n] in sizes.iter().flat_map(|&m| sizes.iter().flat_map(move |&k| sizes.map(|n| [m, k, n]))) {
            for (b_rows, length) in
                [(k + 1, m * n), (k, m * n + 1), (k, (m * n).wrapping_sub(1)), (k, (m + 1) * (n + 1))]
            {
                if length > m * n + m + n + 1 {
                    continue; // one less than nothing
                }
                for (a, b) in [
                    (view(m, k), view(b_rows, n)),
                    (view(k, m).t(), view(b_rows, n)),
                    (view(m, k), view(n, b_rows).t()),
                    (view(k, m).t(), view(n, b_rows).t()),
                ] {
                    let untouched = amid_others(length, |c| {
                        let before = c.to_vec();
                        let text = panic_message(|| product(a, b, Write::Replace, c));
                        assert!(text.starts_with("matrix product C = A B: A is "), "{text}");
                        assert!(*c == before[..], "{m}×{k} by {b_rows}×{n} into {length}");
                    });
                    assert!(untouched, "{m}×{k} by {b_rows}×{n} into {length}");
                }
            }
        }
    }
    for_each_product(check, check);
}

/// Every kernel at its edges: all small shapes, and some that are large enough for panels and blocks.
#[test]
fn a_product_writes_its_result_and_no_more() {
    fn check<T: Scalar>(product: Product<T>) {
        let entry = |i: usize, j: usize| T::from_f64(((7 * i + 3 * j) % 11) as f64 - 5.0);
        let small = (0..=9).flat_map(|m| [0, 1, 2, 7].into_iter().flat_map(move |k| (0..=9).map(move |n| [m, k, n])));
        let edges = [[33, 48, 13], [65, 17, 3], [17, 64, 64], [97, 130, 25], [129, 65, 66], [1, 300, 1], [300, 1, 17]];
        for [m, k, n] in small.chain(edges) {
            let [a, b] = [(m, k), (k, n)].map(|(rows, columns)| Matrix::from_fn(rows, columns, entry));
            let (at, bt) = (Matrix::from_fn(k, m, |p, i| entry(i, p)), Matrix::from_fn(n, k, |j, p| entry(p, j)));
            let want = matmul_reference(&a, &b);
            for (a, b) in [(a.view(), b.view()), (at.t(), b.view()), (a.view(), bt.t()), (at.t(), bt.t())] {
                let untouched = amid_others(m * n, |c| {
                    product(a, b, Write::Replace, c);
                    assert_eq!(*c, *want.as_slice(), "{m}×{k} by {k}×{n}");
                    product(a, b, Write::Add, c);
                    assert_eq!(*c, *want.map(|x| x + x).as_slice(), "{m}×{k} by {k}×{n}, added");
                });
                assert!(untouched, "{m}×{k} by {k}×{n}");
            }
        }
    }
    for_each_product(check, check);
}

/// What a view is made of is asked for as often as somebody else's numbers are.
#[test]
fn views_and_matrices_of_more_entries_than_can_be_counted_are_refused() {
    let numbers = [1.0_f32; 4];
    for [rows, columns] in [[HALF, HALF], [2 * HALF, HALF], FACTORS, [usize::MAX, 2], [usize::MAX, usize::MAX]] {
        for length in [rows.wrapping_mul(columns).min(4), 0, 1] {
            let text = panic_message(|| MatrixView::new(rows, columns, &numbers[..length]));
            assert_eq!(text, format!("{length} numbers are not a {rows}×{columns} matrix"));
            panic_message(|| Matrix::from_slice(rows, columns, &numbers[..length]));
        }
        panic_message(|| Matrix::<f32>::zeros(rows, columns));
        panic_message(|| Matrix::<f32>::zeros(1, 1).resize(rows, columns));
        panic_message(|| Matrix::from_fn(rows, columns, |_, _| 1.0));
    }
    // Ranges of what has no entries.
    for side in [1, HALF, usize::MAX] {
        let (tall, flat) = (MatrixView::<f32>::new(side, 0, &[]), MatrixView::<f32>::new(0, side, &[]));
        for view in
            [tall.rows_range(side - 1..side), flat.columns_range(side - 1..side).t(), flat.columns_range(0..side).t()]
        {
            assert_eq!(view.columns(), 0);
        }
        panic_message(|| tall.columns_range(0..1));
        panic_message(|| flat.t().rows_range(1..side).rows_range(side - 1..side));
        panic_message(|| tall[(side - 1, 0)]);
    }
}
