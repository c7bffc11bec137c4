//! Products divided among threads: the same bits, every column once, and nothing left behind.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use nn_core::{Executor, Matrix, MatrixView, Scalar, Task, Write, matmul};

/// One after the other, in this thread.
fn in_turn(first: Task<'_>, second: Task<'_>) {
    first();
    second();
}

/// At the same time, the second in a thread of its own.
fn at_once(first: Task<'_>, second: Task<'_>) {
    std::thread::scope(|scope| {
        scope.spawn(second);
        first();
    });
}

/// Numbers whose sums round, fast to make.
fn numbers<T: Scalar>(rows: usize, columns: usize, seed: usize) -> Matrix<T> {
    Matrix::from_fn(rows, columns, |i, j| T::from_f64(((7 * i + 13 * j + seed) % 101) as f64 / 101.0 - 0.5))
}

fn product<T: Scalar>(a: MatrixView<'_, T>, b: MatrixView<'_, T>, write: Write) -> Matrix<T> {
    let mut c = Matrix::from_fn(a.rows(), b.columns(), |_, _| T::one());
    matmul(a, b, write, &mut c);
    c
}

/// Large products, one that is long and thin, and some that do not divide evenly, as A B, Aᵀ B and A Bᵀ.
fn bits_are_the_same<T: Scalar>() {
    for [m, k, n] in
        [[300, 310, 290], [64, 900, 470], [1700, 1700, 9], [2048, 10, 600], [1, 3300, 3300], [3300, 1, 3300]]
    {
        let (a, b) = (numbers::<T>(m, k, 1), numbers::<T>(k, n, 2));
        let (at, bt) = (numbers::<T>(k, m, 1), numbers::<T>(n, k, 2));
        for (a, b) in [(a.view(), b.view()), (at.t(), b.view()), (a.view(), bt.t())] {
            for write in [Write::Replace, Write::Add] {
                let whole = product(a, b, write);
                for (threads, join) in [(2, in_turn as fn(Task<'_>, Task<'_>)), (5, at_once)] {
                    let divided = Executor::new(threads, join).scope(|| product(a, b, write));
                    assert!(divided == whole, "{m}×{k} by {k}×{n}, {threads} threads");
                }
            }
        }
    }
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "wasm has no threads")]
fn bits_do_not_depend_on_the_number_of_threads_in_f32() {
    bits_are_the_same::<f32>();
}

#[test]
#[cfg_attr(target_family = "wasm", ignore = "wasm has no threads")]
fn bits_do_not_depend_on_the_number_of_threads_in_f64() {
    bits_are_the_same::<f64>();
}

/// Five threads are four joins. Small products are not worth waking anyone.
#[test]
fn large_products_are_divided_and_small_ones_are_not() {
    static JOINS: AtomicUsize = AtomicUsize::new(0);
    fn counting(first: Task<'_>, second: Task<'_>) {
        JOINS.fetch_add(1, Ordering::Relaxed);
        in_turn(first, second);
    }
    let joins = |threads: usize, [m, k, n]: [usize; 3]| {
        let (a, b) = (numbers::<f32>(m, k, 1), numbers::<f32>(k, n, 2));
        let before = JOINS.load(Ordering::Relaxed);
        Executor::new(threads, counting).scope(|| product(a.view(), b.view(), Write::Replace));
        JOINS.load(Ordering::Relaxed) - before
    };
    assert_eq!(joins(5, [300, 300, 300]), 4);
    assert_eq!(joins(1, [300, 300, 300]), 0);
    assert_eq!(joins(5, [256, 256, 160]), 1, "10 · 2²⁰ multiplications are two parts");
    assert_eq!(joins(5, [256, 256, 159]), 0);
    assert_eq!(joins(5, [3300, 3300, 1]), 0, "one example is one column");
    assert_eq!(joins(5, [2048, 1, 5120]), 1, "a column by a row");
    assert_eq!(joins(5, [2048, 1, 5119]), 0);
    assert_eq!(joins(5, [2300, 2300, 12]), 2, "parts have four columns at least");
    assert_eq!(joins(5, [2300, 2300, 7]), 0);
    assert_eq!(joins(2, [0, 3300, 3300]), 0);

    let executor = Executor::new(4, counting);
    assert_eq!(
        [executor.parts(5 << 10, 1 << 10, 1), executor.parts(5 << 10, 1 << 10, 12), executor.parts(0, 0, 0)],
        [1, 3, 1]
    );
    assert_eq!(executor.parts(usize::MAX, usize::MAX, usize::MAX), 4);
}

/// Entry by entry, as in W ← W − η ∂J/∂W.
#[test]
#[cfg_attr(target_family = "wasm", ignore = "wasm has no threads")]
fn large_updates_are_divided_and_small_ones_are_not() {
    static JOINS: AtomicUsize = AtomicUsize::new(0);
    fn counting(first: Task<'_>, second: Task<'_>) {
        JOINS.fetch_add(1, Ordering::Relaxed);
        at_once(first, second);
    }
    for (threads, [rows, columns], joins) in
        [(2, [512, 512], 1), (2, [511, 512], 0), (5, [512, 768], 2), (5, [1500, 1001], 4), (1, [1500, 1001], 0)]
    {
        let (w, gradient) = (numbers::<f32>(rows, columns, 1), numbers::<f32>(rows, columns, 2));
        let want = Matrix::from_fn(rows, columns, |i, j| w[(i, j)] - 0.1 * gradient[(i, j)]);
        let (mut w, before) = (w, JOINS.load(Ordering::Relaxed));
        Executor::new(threads, counting).scope(|| w.zip_in_place(&gradient, |w, g| w - 0.1 * g));
        assert!(w == want, "{rows}×{columns}, {threads} threads");
        assert_eq!(JOINS.load(Ordering::Relaxed) - before, joins, "{rows}×{columns}, {threads} threads");
    }
}

/// Who was asked before is asked again afterwards, even where the work panics.
#[test]
fn a_scope_ends() {
    static CALLS: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    fn outer(first: Task<'_>, second: Task<'_>) {
        CALLS.lock().unwrap().push("outer");
        in_turn(first, second);
    }
    fn inner(first: Task<'_>, second: Task<'_>) {
        CALLS.lock().unwrap().push("inner");
        in_turn(first, second);
    }
    let (a, b) = (numbers::<f64>(256, 256, 1), numbers::<f64>(256, 160, 2));
    let product = || product(a.view(), b.view(), Write::Replace);
    Executor::new(2, outer).scope(|| {
        Executor::new(2, inner).scope(product);
        product();
        let panics = std::panic::AssertUnwindSafe(|| Executor::new(2, inner).scope(|| panic!("on purpose")));
        assert!(std::panic::catch_unwind(panics).is_err());
        product();
    });
    product();
    assert_eq!(*CALLS.lock().unwrap(), ["inner", "outer", "outer"]);
}

#[test]
#[should_panic(expected = "an executor needs at least one thread")]
fn an_executor_has_a_thread() {
    Executor::new(0, in_turn);
}
