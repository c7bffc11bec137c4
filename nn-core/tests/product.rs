//! The matrix product in all its forms, the affine map and the sum over a batch.

#[path = "support/check.rs"]
mod check;

use check::table;
use nn_core::{
    Matrix, MatrixView, Scalar, Write, affine, matmul, matmul_reference, normal, plain_product, seeded, sum,
    sum_columns,
};
use nn_testing::{assert_computes, panic_message, random_matrix};

/// A factor as it may lie in memory: itself or transposed, alone or as a part of something larger.
#[derive(Clone, Copy, Debug)]
struct Storage {
    transposed: bool,
    padded: bool,
}

const STORAGES: [Storage; 4] = [
    Storage { transposed: false, padded: false },
    Storage { transposed: true, padded: false },
    Storage { transposed: false, padded: true },
    Storage { transposed: true, padded: true },
];

impl Storage {
    /// The matrix that holds entry(i, j) somewhere. What surrounds it is NaN, which no product may touch.
    fn store<T: Scalar>(self, rows: usize, columns: usize, entry: impl Fn(usize, usize) -> T) -> Matrix<T> {
        let (rows, columns) = if self.transposed { (columns, rows) } else { (rows, columns) };
        let at = |i: usize, j: usize| if self.transposed { entry(j, i) } else { entry(i, j) };
        if !self.padded {
            return Matrix::from_fn(rows, columns, at);
        }
        Matrix::from_fn(rows + 3, columns + 3, |i, j| {
            let inside = (1..=rows).contains(&i) && (2..2 + columns).contains(&j);
            if inside { at(i - 1, j - 2) } else { T::from_f64(f64::NAN) }
        })
    }

    fn view<T>(self, stored: &Matrix<T>) -> MatrixView<'_, T> {
        let mut view = stored.view();
        if self.padded {
            view = view.rows_range(1..stored.rows() - 2).columns_range(2..stored.columns() - 1);
        }
        if self.transposed { view.t() } else { view }
    }
}

/// C ← A B or C + A B by `plain_product`, which takes the entries of C instead of C.
fn plain<T: Scalar>(a: MatrixView<'_, T>, b: MatrixView<'_, T>, write: Write, c: &mut Matrix<T>) {
    plain_product(a, b, write, c.as_mut_slice());
}

// ---- Exact products ----

struct Case {
    m: usize,
    k: usize,
    n: usize,
    write: Write,
    sum: i64,
    weighted: i64,
    max_abs: i64,
    first: i64,
    last: i64,
}

fn cases() -> Vec<Case> {
    let number = |text: &str| text.parse::<i64>().unwrap();
    table(include_str!("data/products.csv"))
        .map(|row| {
            let [m, k, n, beta, sum, weighted, max_abs, first, last] = row[..] else { panic!("nine columns") };
            let size = |text: &str| text.parse().unwrap();
            let write = if number(beta) == 1 { Write::Add } else { Write::Replace };
            let [sum, weighted, max_abs, first, last] = [sum, weighted, max_abs, first, last].map(number);
            Case { m: size(m), k: size(k), n: size(n), write, sum, weighted, max_abs, first, last }
        })
        .collect()
}

/// The three matrices of the exact cases.
const A: fn(usize, usize) -> f64 = |i, j| ((7 * i + 3 * j) % 11) as f64 - 5.0;
const B: fn(usize, usize) -> f64 = |i, j| ((5 * i + 2 * j) % 13) as f64 - 6.0;
const C: fn(usize, usize) -> f64 = |i, j| ((3 * i + 11 * j) % 7) as f64 - 3.0;

impl Case {
    /// Whether C is the published one.
    #[track_caller]
    fn check<T: Scalar>(&self, c: &Matrix<T>, by: &str) {
        let Case { m, k, n, write, .. } = *self;
        let what = format!("{m}×{k} by {k}×{n}, {write:?}, {by}");
        let integer = |x: T| {
            let x = x.to_f64();
            assert!(x == x.trunc(), "{what}: {x} is not a whole number");
            x as i64
        };
        let (mut sum, mut weighted, mut max_abs) = (0, 0, 0);
        for j in 0..n {
            for i in 0..m {
                let x = integer(c[(i, j)]);
                sum += x;
                weighted += (i as i64 + 1) * (j as i64 + 1) * x;
                max_abs = max_abs.max(x.abs());
            }
        }
        let corner = |i: usize, j: usize| if m * n == 0 { 0 } else { integer(c[(i, j)]) };
        assert_eq!(
            [sum, weighted, max_abs, corner(0, 0), corner(m.saturating_sub(1), n.saturating_sub(1))],
            [self.sum, self.weighted, self.max_abs, self.first, self.last],
            "{what}: sum, weighted sum, largest, first and last entry"
        );
    }

    /// C before the product: with `Replace` it is NaN, because it must not be read.
    fn start<T: Scalar>(&self) -> Matrix<T> {
        let entry = |i, j| if self.write == Write::Add { C(i, j) } else { f64::NAN };
        Matrix::from_fn(self.m, self.n, |i, j| T::from_f64(entry(i, j)))
    }

    fn run<T: Scalar>(&self) {
        let Case { m, k, n, write, .. } = *self;
        let work = m * k * n;
        for a_storage in STORAGES {
            for b_storage in STORAGES {
                if work > 1_000_000 && a_storage.padded != b_storage.padded {
                    continue; // The largest take their time.
                }
                let stored_a = a_storage.store(m, k, |i, j| T::from_f64(A(i, j)));
                let stored_b = b_storage.store(k, n, |i, j| T::from_f64(B(i, j)));
                let (a, b) = (a_storage.view(&stored_a), b_storage.view(&stored_b));
                let by = format!("A {a_storage:?}, B {b_storage:?}");

                let mut c = self.start();
                matmul(a, b, write, &mut c);
                self.check(&c, &format!("matmul, {by}"));
                let mut c = self.start();
                plain(a, b, write, &mut c);
                self.check(&c, &format!("plain_product, {by}"));
                if work < 100_000 {
                    let mut c = matmul_reference(a, b);
                    if write == Write::Add {
                        c.zip_in_place(&self.start(), |x, start| x + start);
                    }
                    self.check(&c, &format!("matmul_reference, {by}"));
                }
            }
        }
    }
}

#[test]
fn integer_products_are_exact_in_f64() {
    let cases = cases();
    assert_eq!(cases.len(), 48);
    cases.iter().for_each(Case::run::<f64>);
}

#[test]
fn integer_products_are_exact_in_f32() {
    cases().iter().for_each(Case::run::<f32>);
}

/// Every small shape, so that no remainder of a blocked loop goes untried.
#[test]
fn every_small_shape_is_exact() {
    for m in 0..6 {
        for k in 0..19 {
            for n in 0..5 {
                for a_storage in STORAGES {
                    for b_storage in STORAGES {
                        let (stored_a, stored_b) = (a_storage.store(m, k, A), b_storage.store(k, n, B));
                        let (a, b) = (a_storage.view(&stored_a), b_storage.view(&stored_b));
                        let entry = |i, j| (0..k).map(|p| A(i, p) * B(p, j)).sum::<f64>();
                        let what = format!("{m}×{k} by {k}×{n}, A {a_storage:?}, B {b_storage:?}");
                        let replaced = Matrix::from_fn(m, n, entry);
                        let added = Matrix::from_fn(m, n, |i, j| C(i, j) + entry(i, j));
                        for (write, start, want) in [
                            (Write::Replace, Matrix::from_fn(m, n, |_, _| f64::NAN), &replaced),
                            (Write::Add, Matrix::from_fn(m, n, C), &added),
                        ] {
                            let mut c = start.clone();
                            matmul(a, b, write, &mut c);
                            assert_eq!(&c, want, "matmul, {what}, {write:?}");
                            let mut c = start;
                            plain(a, b, write, &mut c);
                            assert_eq!(&c, want, "plain_product, {what}, {write:?}");
                        }
                        assert_eq!(matmul_reference(a, b), replaced, "matmul_reference, {what}");
                    }
                }
            }
        }
    }
}

// ---- Numbers that are not finite ----

/// Through all three products, and with rows of zeros around the factors so that matrixmultiply gets its turn too.
#[track_caller]
fn assert_product(a: &[&[f64]], b: &[&[f64]], want: &[&[f64]]) {
    let (a, b, want) = (Matrix::from_rows(a), Matrix::from_rows(b), Matrix::from_rows(want));
    let same = |got: f64, want: f64| got == want || (got.is_nan() && want.is_nan());
    let (m, n) = (want.rows(), want.columns());
    for storage in STORAGES {
        for size in [0, 20] {
            let stored_a = storage.store(m.max(size), a.columns(), |i, j| if i < m { a[(i, j)] } else { 0.0 });
            let stored_b = storage.store(b.rows(), n.max(size), |i, j| if j < n { b[(i, j)] } else { 0.0 });
            let (a, b) = (storage.view(&stored_a), storage.view(&stored_b));
            let start = || Matrix::from_fn(m.max(size), n.max(size), |_, _| f64::NAN);
            let (mut by_matmul, mut by_plain) = (start(), start());
            matmul(a, b, Write::Replace, &mut by_matmul);
            plain(a, b, Write::Replace, &mut by_plain);
            for c in [by_matmul, by_plain, matmul_reference(a, b)] {
                let c = Matrix::from_fn(m, n, |i, j| c[(i, j)]);
                let is_right = c.as_slice().iter().zip(want.as_slice()).all(|(&got, &want)| same(got, want));
                assert!(is_right, "C = A B, {storage:?}\ncomputed\n{c}\nexpected\n{want}");
            }
        }
    }
}

#[test]
fn numbers_that_are_not_finite() {
    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;
    assert_product(&[&[1.0]], &[&[2.0]], &[&[2.0]]); // over a C of NaN
    assert_product(&[&[0.0, 0.0]], &[&[NAN], &[1.0]], &[&[NAN]]); // a loop that skips zeros would hide it
    assert_product(&[&[0.0, 0.0]], &[&[1.0], &[INF]], &[&[NAN]]);
    assert_product(&[&[INF, 1.0]], &[&[2.0], &[3.0]], &[&[INF]]);
    assert_product(&[&[INF, INF]], &[&[1.0], &[-1.0]], &[&[NAN]]);
    assert_product(&[&[1e200, 1e200]], &[&[1e200], &[1e200]], &[&[INF]]);
    assert_product(&[&[1e-160]], &[&[1e-160]], &[&[1e-320]]); // subnormal, not flushed to zero
    assert_product(&[&[NAN, 1.0], &[1.0, 1.0]], &[&[1.0, 2.0], &[3.0, 4.0]], &[&[NAN, NAN], &[4.0, 6.0]]);
    assert_product(&[&[0.0], &[1.0]], &[&[INF, 2.0]], &[&[NAN, 0.0], &[INF, 2.0]]); // k = 1
}

/// A product over nothing is zero, and adds zero.
#[test]
fn inner_size_zero() {
    let (a, b) = (Matrix::<f64>::zeros(2, 0), Matrix::zeros(0, 3));
    let (x, y) = (Matrix::<f64>::zeros(0, 2), Matrix::zeros(3, 0));
    for (a, b) in [(a.view(), b.view()), (x.t(), b.view()), (a.view(), y.t()), (x.t(), y.t())] {
        let mut c = Matrix::from_fn(2, 3, |_, _| f64::NAN);
        matmul(a, b, Write::Replace, &mut c);
        assert_eq!(c, Matrix::zeros(2, 3));
        let mut c = Matrix::from_fn(2, 3, C);
        matmul(a, b, Write::Add, &mut c);
        assert_eq!(c, Matrix::from_fn(2, 3, C));
        assert_eq!(matmul_reference(a, b), Matrix::zeros(2, 3));
    }
}

/// A layer without inputs: its gradient has no columns, however many units there are.
#[test]
fn no_columns() {
    for rows in [0, 1, 100, 300] {
        for inner in [0, 1, 2, 20] {
            let (a, b) = (Matrix::<f64>::zeros(rows, inner), Matrix::zeros(inner, 0));
            let (x, y) = (Matrix::<f64>::zeros(inner, rows), Matrix::zeros(0, inner));
            for (a, b) in [(a.view(), b.view()), (x.t(), b.view()), (a.view(), y.t()), (x.t(), y.t())] {
                matmul(a, b, Write::Replace, &mut Matrix::zeros(rows, 0));
                matmul(b.t(), a.t(), Write::Add, &mut Matrix::zeros(0, rows));
            }
        }
    }
}

// ---- Real numbers ----

/// Every summation order stays within γ_k |A||B| of the true product, γ_k = k u / (1 − k u) (Higham, Accuracy and
/// Stability of Numerical Algorithms, section 3.5), so two of them within twice that; an added C rounds once more.
fn check_rounding<T: Scalar>(m: usize, k: usize, n: usize, unit: f64) {
    let mut rng = seeded(1);
    let mut draw = |rows, columns| random_matrix(rows, columns, &mut rng).map(T::from_f64);
    let (a, b, start) = (draw(m, k), draw(k, n), draw(m, n));
    let wide = |matrix: &Matrix<T>| matrix.map(T::to_f64);
    let mut want = matmul_reference(&wide(&a), &wide(&b));
    let mut sizes = matmul_reference(&wide(&a).map(f64::abs), &wide(&b).map(f64::abs));
    want.zip_in_place(&wide(&start), |product, start| start + product);
    sizes.zip_in_place(&wide(&start), |size, start| start.abs() + size);
    let gamma = (k + 1) as f64 * unit / (1.0 - (k + 1) as f64 * unit);

    for name in ["matmul", "plain_product"] {
        let mut c = start.clone();
        match name {
            "matmul" => matmul(&a, &b, Write::Add, &mut c),
            _ => plain(a.view(), b.view(), Write::Add, &mut c),
        }
        for j in 0..n {
            for i in 0..m {
                let error = (c[(i, j)].to_f64() - want[(i, j)]).abs();
                assert!(error <= 2.0 * gamma * sizes[(i, j)], "{name}, {m}×{k} by {k}×{n}: off by {error}");
            }
        }
    }
}

#[test]
fn rounding_stays_within_its_bound() {
    for [m, k, n] in [[1, 100, 1], [30, 784, 1], [1, 784, 30], [20, 1, 20], [3, 50, 2], [5, 7, 3], [33, 70, 41]] {
        check_rounding::<f64>(m, k, n, f64::EPSILON / 2.0);
        check_rounding::<f32>(m, k, n, f64::from(f32::EPSILON) / 2.0);
    }
}

/// Cᵀ = Bᵀ Aᵀ, to the last bit where C is one row: it is computed as one column.
#[test]
fn one_row_is_one_column() {
    let mut rng = seeded(2);
    let (row, b) = (random_matrix(1, 50, &mut rng), random_matrix(50, 7, &mut rng));
    let (mut c, mut c_transposed) = (Matrix::zeros(1, 7), Matrix::zeros(7, 1));
    plain(row.view(), b.view(), Write::Replace, &mut c);
    plain(b.t(), row.t(), Write::Replace, &mut c_transposed);
    assert_eq!(c.as_slice(), c_transposed.as_slice());
}

// ---- Affine map and sum over a batch ----

#[test]
fn affine_adds_the_bias_to_every_example() {
    let weight = Matrix::from_rows(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let bias = Matrix::from_column(&[100.0, 200.0]);
    let a = Matrix::from_columns(&[[1.0, 0.0, 0.0], [0.0, 1.0, -1.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]);
    let want = Matrix::from_columns(&[[101.0, 204.0], [99.0, 199.0], [106.0, 215.0], [100.0, 200.0]]);
    let mut z = Matrix::from_fn(2, 4, |_, _| f64::NAN);
    affine(&weight, &a, &bias, &mut z);
    assert_computes("z = W a + b 1ᵀ", &z, &want);
    affine(&weight, &a, &bias, &mut z);
    assert_computes("z = W a + b 1ᵀ, afresh in a second call", &z, &want);

    let mut part = Matrix::from_fn(2, 2, |_, _| f64::NAN);
    affine(&weight, a.columns_range(1..3), &bias, &mut part);
    let want = Matrix::from_columns(&[[99.0, 199.0], [106.0, 215.0]]);
    assert_computes("z = W a + b 1ᵀ for two of the examples", &part, &want);
    let mut none = Matrix::zeros(2, 0);
    affine(&weight, a.columns_range(4..4), &bias, &mut none);

    // One unit with one input: a column times a row, and the bias in every entry of it.
    let mut line = Matrix::from_fn(1, 3, |_, _| f64::NAN);
    affine(
        &Matrix::from_rows(&[[2.0]]),
        &Matrix::from_rows(&[[3.0, 4.0, 5.0]]),
        &Matrix::from_rows(&[[1.0]]),
        &mut line,
    );
    assert_computes("z = W a + b 1ᵀ", &line, &Matrix::from_rows(&[[7.0, 9.0, 11.0]]));
}

#[test]
fn sum_columns_sums_over_examples() {
    let d = Matrix::from_columns(&[[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]]);
    let mut s = Matrix::from_column(&[f64::NAN, f64::NAN]);
    sum_columns(&d, Write::Replace, &mut s);
    assert_computes("s = D 1", &s, &Matrix::from_column(&[7.0, 70.0]));
    sum_columns(&d, Write::Add, &mut s);
    assert_computes("s += D 1", &s, &Matrix::from_column(&[14.0, 140.0]));
    sum_columns(&Matrix::zeros(2, 0), Write::Add, &mut s);
    assert_computes("s += D 1, over no example", &s, &Matrix::from_column(&[14.0, 140.0]));
    sum_columns(&Matrix::zeros(2, 0), Write::Replace, &mut s);
    assert_computes("s = D 1, over no example", &s, &Matrix::zeros(2, 1));
    // From left to right: 1e16 + 1 rounds to 1e16.
    sum_columns(&Matrix::from_rows(&[[1.0, 1e16, -1e16], [1e16, 1.0, -1e16]]), Write::Replace, &mut s);
    assert_computes("s = D 1, from left to right", &s, &Matrix::from_column(&[0.0, 0.0]));
    sum_columns(&Matrix::from_rows(&[[1e16, -1e16, 1.0], [-1e16, 1e16, 3.0]]), Write::Replace, &mut s);
    assert_computes("s = D 1, from left to right", &s, &Matrix::from_column(&[1.0, 3.0]));
}

/// Few rows are summed in registers and many in memory: to the bit, both are the sum from left to right.
#[test]
fn sum_columns_of_any_height_goes_from_left_to_right() {
    fn check<T: Scalar>() {
        let mut rng = seeded(4);
        for rows in 0..70 {
            let d = random_matrix(rows, 5, &mut rng).map(T::from_f64);
            let start = random_matrix(rows, 1, &mut rng).map(T::from_f64);
            let mut want = start.clone();
            for column in d.columns_iter() {
                want.as_mut_slice().iter_mut().zip(column).for_each(|(sum, &x)| *sum += x);
            }
            let mut s = start;
            sum_columns(&d, Write::Add, &mut s);
            assert_eq!(s, want, "{rows} rows");
        }
    }
    check::<f32>();
    check::<f64>();
}

/// ∂J/∂W = δ aᵀ over a batch is the sum of the outer products of its examples: what the two sums are for.
#[test]
fn gradients_add_up_over_parts_of_a_batch() {
    let mut rng = seeded(3);
    let mut whole_numbers = |rows, columns| Matrix::from_fn(rows, columns, |_, _| (4.0 * normal(&mut rng)).round());
    let (delta, a) = (whole_numbers(5, 8), whole_numbers(6, 8));
    let mut whole = Matrix::zeros(5, 6);
    matmul(&delta, a.t(), Write::Replace, &mut whole);
    let mut sum = Matrix::zeros(5, 6);
    for part in [0..1, 1..4, 4..4, 4..8] {
        matmul(delta.columns_range(part.clone()), a.columns_range(part).t(), Write::Add, &mut sum);
    }
    assert_eq!(sum, whole);
}

// ---- Sums of many terms ----

/// Ten million terms of one sign, and the worst of them: equal ones, whose rounding errors do not cancel. In f32 a running
/// sum of 2²⁴ + 10 ones is 2²⁴, and of 10⁷ times 0.1 it is 9 % too large.
#[test]
fn sums_over_millions_of_examples_keep_six_digits_in_f32() {
    let mut rng = seeded(5);
    let drawn: Vec<f32> = (0..1_000_003).map(|_| normal(&mut rng).abs() as f32).collect();
    let terms = [vec![1.0; (1 << 24) + 10], vec![0.1; 10_000_000], vec![1.97; 4099], drawn];
    for terms in terms {
        let want: f64 = terms.iter().map(|&x| f64::from(x)).sum();
        let close = |got: f32, by: &str| {
            let error = (f64::from(got) / want - 1.0).abs();
            assert!(error <= 1e-6, "{by}: {} times {}… is {got}, off by {error:e}", terms.len(), terms[0]);
        };
        close(sum(&terms), "sum");
        let row = Matrix::from_slice(1, terms.len(), &terms);
        let mut s = Matrix::zeros(1, 1);
        sum_columns(&row, Write::Replace, &mut s);
        close(s[(0, 0)], "sum_columns");
        let ones = row.map(|_| 1.0_f32);
        matmul(&row, ones.t(), Write::Replace, &mut s); // δ aᵀ
        close(s[(0, 0)], "matmul");
    }
}

/// Many rows, another start, and numbers of terms on both sides of where sums are taken pairwise.
#[test]
fn sums_over_many_examples_take_each_once() {
    for m in [4095, 4096, 4097, 5000, 8193] {
        let d = Matrix::from_fn(3, m, |i, j| ((i + 3 * j) % 7) as f64);
        let want = Matrix::<f64>::from_fn(3, 1, |i, _| (0..m).map(|j| d[(i, j)]).sum());
        let ones = Matrix::from_fn(2, m, |_, _| 1.0);
        for write in [Write::Replace, Write::Add] {
            let mut s = Matrix::from_fn(3, 1, |_, _| if write == Write::Add { 1000.0 } else { f64::NAN });
            let start = if write == Write::Add { 1000.0 } else { 0.0 };
            sum_columns(&d, write, &mut s);
            assert_eq!(s, want.map(|x| start + x), "{m} columns, {write:?}");
            let mut c = Matrix::from_fn(3, 2, |_, _| if write == Write::Add { 1000.0 } else { f64::NAN });
            matmul(&d, ones.t(), write, &mut c);
            assert_eq!(c, Matrix::from_fn(3, 2, |i, _| start + want[(i, 0)]), "{m} products, {write:?}");
        }
    }
    for n in [0, 1, 127, 128, 129, 1000] {
        let numbers: Vec<f64> = (0..n).map(f64::from).collect();
        assert_eq!(sum(&numbers), f64::from(n * (n - 1) / 2), "{n} numbers");
    }
}

/// A prediction does not depend on the batch that it sits in. The shapes lie on both sides of each limit where another loop
/// takes over.
#[test]
fn an_example_has_the_same_bits_alone_as_among_others() {
    fn check<T: Scalar>(units: usize, inputs: usize) {
        let mut rng = seeded(6);
        let mut draw = |rows, columns| random_matrix(rows, columns, &mut rng).map(T::from_f64);
        let (w, a, b) = (draw(units, inputs), draw(inputs, 530), draw(units, 1));
        let z_of = |columns: std::ops::Range<usize>| {
            let mut z = Matrix::zeros(units, columns.len());
            affine(&w, a.columns_range(columns), &b, &mut z);
            z
        };
        let whole = z_of(0..530);
        for columns in [0..1, 529..530, 3..5, 0..3, 1..5, 2..9, 0..12, 0..13, 300..333, 18..530] {
            let part = &whole.as_slice()[columns.start * units..columns.end * units];
            assert_eq!(z_of(columns.clone()).as_slice(), part, "{units}×{inputs}, columns {columns:?}");
        }
    }
    for units in [1, 2, 10, 33, 64, 65] {
        for inputs in [1, 3, 16, 63, 64, 129, 300] {
            check::<f32>(units, inputs);
            check::<f64>(units, inputs);
        }
    }
}

// ---- Messages ----

#[test]
fn shapes_that_do_not_fit_are_named() {
    let zeros = Matrix::<f64>::zeros;
    let shape = |[rows, columns]: [usize; 2]| format!("{rows}×{columns}");
    for (a, b, c) in [([2, 3], [4, 5], [2, 5]), ([2, 3], [3, 5], [3, 5]), ([2, 3], [3, 5], [2, 4])] {
        let mut result = zeros(c[0], c[1]);
        assert_eq!(
            panic_message(|| matmul(&zeros(a[0], a[1]), &zeros(b[0], b[1]), Write::Add, &mut result)),
            format!("matrix product C = A B: A is {}, B is {}, C is {}", shape(a), shape(b), shape(c))
        );
    }
    assert_eq!(
        panic_message(|| matmul(zeros(3, 2).t(), &zeros(2, 5), Write::Add, &mut zeros(2, 5))),
        "matrix product C = A B: A is 2×3, B is 2×5, C is 2×5"
    );
    assert_eq!(
        panic_message(|| matmul_reference(&zeros(2, 3), &zeros(2, 3))),
        "matrix product A B: A is 2×3, B is 2×3"
    );
    for (w, a, b, z) in [
        ([2, 3], [3, 4], [3, 1], [2, 4]),
        ([2, 3], [3, 4], [2, 2], [2, 4]),
        ([2, 3], [4, 4], [2, 1], [2, 4]),
        ([2, 3], [3, 4], [2, 1], [3, 4]),
        ([2, 3], [3, 4], [2, 1], [2, 5]),
    ] {
        let [weight, a_below, bias, mut result] = [w, a, b, z].map(|[rows, columns]| zeros(rows, columns));
        assert_eq!(
            panic_message(|| affine(&weight, &a_below, &bias, &mut result)),
            format!(
                "affine map z = W a + b: W is {}, a is {}, b is {}, z is {}",
                shape(w),
                shape(a),
                shape(b),
                shape(z)
            )
        );
    }
    for s in [[3, 1], [2, 2]] {
        assert_eq!(
            panic_message(|| sum_columns(&zeros(2, 3), Write::Add, &mut zeros(s[0], s[1]))),
            format!("sum s = D 1: D is 2×3, s is {}×{}", s[0], s[1])
        );
    }
}
