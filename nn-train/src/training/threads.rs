//! Threads for large products and updates, kept alive between them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use nn_core::{Executor, Task};
use nn_layers::Network;

/// A number of threads. Within [`run`](Threads::run), large products of either engine are divided among them; the results
/// are the same, to the last bit, as with one thread.
///
/// ```
/// use nn_core::{Matrix, Write, matmul};
/// use nn_train::Threads;
///
/// let threads = Threads::new(2)?;
/// let (a, b) = (Matrix::from_fn(400, 100, |i, j| (i * j) as f32), Matrix::from_fn(100, 300, |i, j| (i + j) as f32));
/// let mut c = Matrix::zeros(400, 300);
/// threads.run(|| matmul(&a, &b, Write::Replace, &mut c)); // by two threads
/// # Ok::<(), nn_train::ThreadsError>(())
/// ```
#[derive(Debug)]
pub struct Threads {
    /// None where the calling thread does everything.
    pool: Option<rayon::ThreadPool>,
}

/// The system does not give so many threads.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {threads} threads: {source}")]
pub struct ThreadsError {
    threads: usize,
    source: rayon::ThreadPoolBuildError,
}

impl Threads {
    /// So many threads, which are started now and wait for work.
    ///
    /// # Errors
    ///
    /// Fails if the system does not give them.
    ///
    /// # Panics
    ///
    /// Panics if there are none.
    #[track_caller]
    pub fn new(threads: usize) -> Result<Self, ThreadsError> {
        assert!(threads > 0, "a computation needs at least one thread");
        if threads == 1 {
            return Ok(Threads { pool: None });
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|source| ThreadsError { threads, source })?;
        // Each thread allocates once, so that memory which the system sets aside for threads is taken before memory is asked for.
        pool.broadcast(|_| std::hint::black_box(Box::new(0)));
        Ok(Threads { pool: Some(pool) })
    }

    /// The number of threads for a training with batches of `examples`, where nobody says: as many as the machine has
    /// processors, if any product of a step is large enough to be divided; otherwise one.
    pub fn worth_having<T>(network: &Network<T>, examples: usize) -> usize
    where
        T: nn_core::Scalar,
    {
        let executor = Executor::new(processors(), join);
        // z = W a and, of the same size, ∂J/∂W = δ aᵀ, whose columns are those of W.
        let parts = network.layers().iter().map(|layer| {
            let (m, k) = (layer.outputs(), layer.inputs());
            executor.parts(m, k, examples).max(executor.parts(m, examples, k))
        });
        parts.max().unwrap_or(1)
    }

    /// The number of threads.
    pub fn count(&self) -> usize {
        self.pool.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// Calls `question` in each thread in turn: available memory, for one, may depend on the thread.
    ///
    /// # Errors
    ///
    /// The first error of an answer.
    pub fn ask_each<E: Send>(&self, question: impl Fn() -> Result<(), E> + Sync) -> Result<(), E> {
        let Some(pool) = &self.pool else { return question() };
        let turn = Mutex::new(());
        let ask = |_: rayon::BroadcastContext<'_>| {
            let _turn = turn.lock();
            question()
        };
        pool.broadcast(ask).into_iter().collect()
    }

    /// Calls `work` in one of the threads, with the others at hand for its large products.
    ///
    /// The others stay awake until `work` is done, if each has a processor to itself: a step divides a product every few
    /// dozen microseconds, and a thread that the system has put to sleep takes as long to come back.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let Some(pool) = &self.pool else { return work() };
        let is_done = AtomicBool::new(false);
        pool.scope(|scope| {
            let (is_done, here) = (&is_done, rayon::current_thread_index());
            if self.count() <= processors() {
                scope.spawn_broadcast(move |_, thread| {
                    while Some(thread.index()) != here && !is_done.load(Ordering::Acquire) {
                        if rayon::yield_now() != Some(rayon::Yield::Executed) {
                            std::thread::yield_now();
                        }
                    }
                });
            }
            let _end = SetAtEnd(is_done);
            Executor::new(self.count(), join).scope(work)
        })
    }
}

/// How many threads this machine runs at the same time.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Sets its flag when dropped, also in a panic.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn join(first: Task<'_>, second: Task<'_>) {
    rayon::join(first, second);
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn_core::{Activation, Loss, seeded};
    use nn_layers::Initialization;

    #[test]
    fn small_networks_take_one_thread() {
        let threads = |inputs: usize, units: usize, examples: usize| {
            let layers = [(units, Activation::Relu), (10, Activation::Softmax)];
            let network =
                Network::<f32>::random(inputs, &layers, Loss::CrossEntropy, Initialization::He, &mut seeded(1));
            Threads::worth_having(&network.expect("layers that fit"), examples)
        };
        assert_eq!(threads(64, 32, 32), 1);
        assert_eq!(threads(784, 30, 10), 1);
        assert_eq!(threads(784, 128, 32), 1);
        assert_eq!(threads(784, 128, 160), processors().min(3));
        assert_eq!(threads(4096, 4096, 1), processors().min(3), "∂J/∂W of one example is as large as W");
    }

    #[test]
    fn work_is_done_within_the_threads() {
        for threads in [1, 2, 3] {
            let pool = Threads::new(threads).expect("threads");
            assert_eq!(pool.count(), threads);
            assert_eq!(pool.run(|| rayon::current_thread_index().is_some()), threads > 1);
        }
    }

    #[test]
    fn every_thread_is_asked() {
        for threads in [1, 2, 3] {
            let asked = Mutex::new(Vec::new());
            let pool = Threads::new(threads).expect("threads");
            let question = |refuse: Option<usize>| {
                let here = rayon::current_thread_index();
                asked.lock().expect("no panic").push(here);
                if here == refuse { Err(here) } else { Ok(()) }
            };
            assert_eq!(pool.ask_each(|| question(Some(threads))), Ok(()));
            let mut threads_asked = std::mem::take(&mut *asked.lock().expect("no panic"));
            threads_asked.sort();
            assert_eq!(threads_asked, if threads == 1 { vec![None] } else { (0..threads).map(Some).collect() });
            if threads > 1 {
                assert_eq!(pool.ask_each(|| question(Some(1))), Err(Some(1)));
            }
        }
    }

    /// The others would wait for ever, and the scope for them.
    #[test]
    #[should_panic(expected = "within the threads")]
    fn a_panic_ends_the_work() {
        Threads::new(2).expect("threads").run(|| panic!("within the threads"));
    }

    #[test]
    #[should_panic(expected = "a computation needs at least one thread")]
    fn no_threads_are_refused() {
        let _ = Threads::new(0);
    }
}
