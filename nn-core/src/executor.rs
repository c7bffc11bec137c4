//! Large products, and updates of large matrices, split among the caller's threads.
//!
//! This crate starts no thread. Callers that own threads pass an [`Executor`], which has a fork–join function: it calls two
//! tasks at the same time. Everything computed within its [`scope`](Executor::scope) uses it, by either engine: no equation
//! mentions threads.
//!
//! A product C = A B is split by the **columns of C**: each part takes all of A and its own columns of B. In z = W a and
//! in Wᵀ δ the columns are the examples; in ∂J/∂W = δ aᵀ they are the columns of W. So no sum is split, nothing has to be
//! added up afterwards, and the bits are the same for any number of threads.

use std::cell::Cell;

use crate::{MatrixView, Scalar};

/// Part of a computation that is split among threads.
pub type Task<'a> = &'a mut (dyn FnMut() + Send);

/// A number of threads, and a fork–join function that calls two tasks at the same time.
///
/// ```
/// use nn_core::{Executor, Matrix, Task, Write, matmul};
///
/// /// Two threads that live as long as their tasks. A program keeps its threads: starting one takes as long as
/// /// a million multiplications.
/// fn join(first: Task<'_>, second: Task<'_>) {
///     std::thread::scope(|scope| {
///         scope.spawn(second);
///         first();
///     });
/// }
///
/// let (a, b) = (Matrix::from_fn(256, 256, |i, j| (i + j) as f64), Matrix::from_fn(256, 256, |i, j| (i * j) as f64));
/// let product = || {
///     let mut c = Matrix::zeros(256, 256);
///     matmul(&a, &b, Write::Replace, &mut c);
///     c
/// };
/// assert_eq!(Executor::new(2, join).scope(product), product());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Executor {
    threads: usize,
    join: fn(Task<'_>, Task<'_>),
}

thread_local! {
    static CURRENT: Cell<Executor> = const { Cell::new(Executor::ONE_THREAD) };
}

impl Executor {
    /// One task after the other, in the calling thread.
    pub const ONE_THREAD: Executor = Executor { threads: 1, join: |first, second| (first(), second()).0 };

    /// Grain size: no part of a product has fewer multiplications than this. The other thread has to be notified, and what
    /// this one has just written, W above all, has to reach the other's caches: on two cores of an Intel Xeon a step of
    /// 784-128-10 (batch 32), with three million multiplications in its largest product, took 1.3 times as long in parts.
    pub(crate) const GRAIN: usize = 5 << 20;

    /// An executor of `threads` threads. `join` calls both tasks, perhaps at the same time, and returns when both have
    /// returned. A task may call it again.
    ///
    /// # Panics
    ///
    /// Panics if `threads` is 0.
    #[track_caller]
    pub fn new(threads: usize, join: fn(Task<'_>, Task<'_>)) -> Self {
        assert!(threads > 0, "an executor needs at least one thread");
        Executor { threads, join }
    }

    /// Calls `work` in this thread; large products inside it are split among the threads.
    pub fn scope<R>(self, work: impl FnOnce() -> R) -> R {
        /// Restores the previous executor, also after a panic.
        struct Restore(Executor);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        let _restore = Restore(CURRENT.replace(self));
        work()
    }

    // ANCHOR: parts
    /// The number of parts into which a product of an m × k and a k × n matrix is split, each of at least four columns.
    #[inline]
    pub fn parts(self, m: usize, k: usize, n: usize) -> usize {
        let multiplications = m.saturating_mul(k).saturating_mul(n);
        (multiplications / Self::GRAIN).min(n / 4).clamp(1, self.threads)
    }
    // ANCHOR_END: parts
}

/// Splits the columns of B and C into parts that cover them, and calls `product` with A and each part.
#[inline(always)]
pub(crate) fn split_columns<T: Scalar>(
    a: MatrixView<'_, T>,
    b: MatrixView<'_, T>,
    c: &mut [T],
    product: impl Fn(MatrixView<'_, T>, MatrixView<'_, T>, &mut [T]) + Sync,
) {
    let (m, k, n) = (a.rows(), a.columns(), b.columns());
    if m.saturating_mul(k).saturating_mul(n) < 2 * Executor::GRAIN {
        product(a, b, c);
    } else {
        let (executor, a, b) = (CURRENT.get(), a.columns_range(0..k), b.columns_range(0..n));
        split_into(executor.parts(m, k, n), executor, m, b, c, &|b, c: &mut [T]| product(a, b, c));
    }
}

/// Splits two slices of the same length into parts that cover them, and calls `work` on each.
///
/// On two virtual cores of an Intel Xeon two threads were 1.68 times as fast as one on 784-512-512-10 (batch 256) with the
/// updates of W split, 1.59 times without.
#[inline]
pub(crate) fn split_entries<T: Scalar>(x: &mut [T], y: &[T], work: impl Fn(&mut [T], &[T]) + Sync) {
    const GRAIN: usize = 1 << 17;
    if x.len() < 2 * GRAIN {
        // Reading the executor would take as long as a small update.
        return work(x, y);
    }
    let executor = CURRENT.get();
    let (parts, row) = ((x.len() / GRAIN).min(executor.threads), MatrixView::new(1, y.len(), y)); // as a matrix of one row
    split_into(parts, executor, 1, row, x, &|y, x: &mut [T]| work(x, &y.raw().0[..x.len()]));
}

fn split_into<T: Scalar>(
    parts: usize,
    executor: Executor,
    m: usize,
    b: MatrixView<'_, T>,
    c: &mut [T],
    product: &(impl Fn(MatrixView<'_, T>, &mut [T]) + Sync),
) {
    if parts <= 1 {
        return product(b, c);
    }
    let (n, left_parts) = (b.columns(), parts / 2);
    let left = n * left_parts / parts;
    let (c_left, c_right) = c.split_at_mut(left * m);
    (executor.join)(
        &mut || split_into(left_parts, executor, m, b.columns_range(0..left), c_left, product),
        &mut || split_into(parts - left_parts, executor, m, b.columns_range(left..n), c_right, product),
    );
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::Matrix;

    /// Results do not depend on the split, so no other test would notice an uneven one.
    #[test]
    fn parts_are_as_even_as_whole_columns_can_be() {
        for (parts, n) in [(1, 3), (2, 7), (3, 10), (4, 4), (5, 257), (8, 1000)] {
            let (b, mut c) = (Matrix::<f32>::zeros(1, n), vec![0.0; 2 * n]);
            let widths = Mutex::new(Vec::new());
            split_into(parts, Executor::ONE_THREAD, 2, b.view(), &mut c, &|b, c| {
                assert_eq!(c.len(), 2 * b.columns());
                widths.lock().unwrap().push(b.columns());
            });
            let widths = widths.into_inner().unwrap();
            assert_eq!((widths.len(), widths.iter().sum()), (parts, n));
            assert!(widths.iter().all(|&width| [n / parts, n.div_ceil(parts)].contains(&width)), "{n}: {widths:?}");
        }
    }
}
