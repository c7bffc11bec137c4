//! The workloads of the benchmarks, and a training step of each: forward pass, loss, backward pass, update.
#![allow(dead_code)] // Every program that includes this file uses a part of it.

use nn_core::{Activation, Loss, Matrix, Scalar, below, seeded, uniform};
use nn_layers::{Dense, Engine, Network};
use nn_train::sgd_update;

/// A network, its loss, and the number of examples in a batch.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) widths: Vec<usize>,
    hidden: Activation,
    last: Activation,
    loss: Loss,
    pub(crate) batch: usize,
}

/// Their names: micrograd's size, the digits, Nielsen's network, and three of growing width.
pub(crate) const NAMES: [&str; 10] =
    ["W1r_b1", "W1r_b100", "W1t_b1", "W1t_b100", "W2_b1", "W2_b32", "W3_b10", "W4_b128", "W5_b256", "W6_b512"];

/// Batches that take turns, so that no step finds its examples where the last one left them.
const BATCHES: usize = 4;
const LEARNING_RATE: f64 = 1e-3;

impl Workload {
    /// One of [`NAMES`], or `G:784-256-10:64`: these widths with ReLU, softmax and cross-entropy, and batches of 64.
    pub(crate) fn new(name: &str) -> Option<Workload> {
        use Activation::{Identity, Relu, Sigmoid, Softmax, Tanh};
        let regression = |hidden, batch| (vec![2, 16, 16, 1], hidden, Identity, Loss::LeastSquares, batch);
        let classes = |widths: &[usize], batch| (widths.to_vec(), Relu, Softmax, Loss::CrossEntropy, batch);
        let (widths, hidden, last, loss, batch) = match name {
            "W1r_b1" => regression(Relu, 1),
            "W1r_b100" => regression(Relu, 100),
            "W1t_b1" => regression(Tanh, 1),
            "W1t_b100" => regression(Tanh, 100),
            "W2_b1" => classes(&[64, 32, 10], 1),
            "W2_b32" => classes(&[64, 32, 10], 32),
            "W3_b10" => (vec![784, 30, 10], Sigmoid, Sigmoid, Loss::LeastSquares, 10),
            "W4_b128" => classes(&[784, 128, 64, 10], 128),
            "W5_b256" => classes(&[784, 512, 512, 10], 256),
            "W6_b512" => classes(&[1024; 4], 512),
            _ => {
                let (widths, batch) = name.strip_prefix("G:")?.split_once(':')?;
                let widths: Vec<usize> = widths.split('-').map(|n| n.parse().ok()).collect::<Option<_>>()?;
                classes(&widths, batch.parse().ok()?)
            }
        };
        let sizes_fit = widths.len() >= 2 && batch > 0 && !widths.contains(&0);
        sizes_fit.then_some(Workload { widths, hidden, last, loss, batch })
    }

    /// Weights uniform in ±1/√n_{l−1}, biases zero.
    pub(crate) fn network<T: Scalar>(&self) -> Network<T> {
        let mut rng = seeded(2);
        let mut weight = |outputs, inputs: usize| {
            let bound = 1.0 / (inputs as f64).sqrt();
            Matrix::from_fn(outputs, inputs, |_, _| T::from_f64(bound * (2.0 * uniform(&mut rng) - 1.0)))
        };
        let layers = self.widths.windows(2).enumerate().map(|(l, pair)| Dense {
            weight: weight(pair[1], pair[0]),
            bias: Matrix::zeros(pair[1], 1),
            activation: if l + 2 == self.widths.len() { self.last } else { self.hidden },
        });
        Network::new(layers.collect(), self.loss).expect("the table has networks that fit")
    }

    /// The products of a step, as m × k by k × n: z = W a and ∂J/∂W = δ aᵀ of every layer, Wᵀ δ of all but the first.
    pub(crate) fn products(&self) -> Vec<Product> {
        let mut products = Vec::new();
        for (l, pair) in self.widths.windows(2).enumerate() {
            let (below, units) = (pair[0], pair[1]);
            products.push(Product { shape: [units, below, self.batch], orientation: Orientation::Plain });
            products.push(Product { shape: [units, self.batch, below], orientation: Orientation::RightTransposed });
            if l > 0 {
                products.push(Product { shape: [below, units, self.batch], orientation: Orientation::LeftTransposed });
            }
        }
        products
    }

    /// Floating-point operations of the products of a step, a multiplication and an addition each.
    pub(crate) fn flops(&self) -> f64 {
        self.products().iter().map(Product::flops).sum()
    }

    /// Inputs in [0, 1); targets one-hot, or in [−1, 1) for a single output.
    fn batches<T: Scalar>(&self) -> Vec<[Matrix<T>; 2]> {
        let mut rng = seeded(1);
        let (inputs, outputs) = (self.widths[0], self.widths[self.widths.len() - 1]);
        let one = |_| {
            let x = Matrix::from_fn(inputs, self.batch, |_, _| T::from_f64(uniform(&mut rng)));
            let mut y = Matrix::zeros(outputs, self.batch);
            for j in 0..self.batch {
                if outputs == 1 {
                    y[(0, j)] = T::from_f64(2.0 * uniform(&mut rng) - 1.0);
                } else {
                    y[(below(&mut rng, outputs), j)] = T::one();
                }
            }
            [x, y]
        };
        (0..BATCHES).map(one).collect()
    }
}

/// A product C = A B of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product {
    /// m, k and n, where A is m × k and B is k × n.
    pub(crate) shape: [usize; 3],
    pub(crate) orientation: Orientation,
}

/// Which factor of a product is a transposed view.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Orientation {
    Plain,
    LeftTransposed,
    RightTransposed,
}

impl Product {
    pub(crate) fn flops(&self) -> f64 {
        2.0 * self.shape.iter().map(|&n| n as f64).product::<f64>()
    }
}

/// An engine, and the batches that it is given in turn.
pub(crate) struct Stepper<T, E> {
    engine: E,
    /// One batch is in the engine, the others wait here.
    waiting: Vec<[Matrix<T>; 2]>,
    turn: usize,
}

impl<T: Scalar, E: Engine<T>> Stepper<T, E> {
    pub(crate) fn new(workload: &Workload, mut engine: E) -> Self {
        let mut waiting = workload.batches();
        let [x, y] = waiting.pop().expect("at least one batch");
        engine.set_batch(&x, &y);
        let mut stepper = Stepper { engine, waiting, turn: 0 };
        for _ in 0..BATCHES {
            stepper.step(); // The buffers are allocated, the caches warm.
        }
        stepper
    }

    /// One training step. The buffers of the batch are exchanged, not copied: the data lie in memory, ready to be used.
    pub(crate) fn step(&mut self) {
        let batch = &mut self.waiting[self.turn % (BATCHES - 1)];
        for (own, other) in self.engine.batch_mut().into_iter().zip(batch) {
            std::mem::swap(own, other);
        }
        self.turn += 1;
        std::hint::black_box(self.engine.loss_and_gradients());
        for (parameter, gradient) in self.engine.parameters_mut() {
            sgd_update(parameter, gradient, T::from_f64(LEARNING_RATE));
        }
    }
}
