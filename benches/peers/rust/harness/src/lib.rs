//! Shared by the Rust peers: the workloads, their data, the clock, and the line protocol.
//!
//! A peer calls [`serve`] with a function that makes a [`Step`] of a workload.

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

/// As for the other peers: four batches take turns.
pub const BATCHES: usize = 4;
/// η of plain gradient descent.
pub const LEARNING_RATE: f64 = 0.1;

/// One training step on the batch of this number: forward, loss, backward, update. Returns the loss J.
pub type Step = Box<dyn FnMut(usize) -> f64>;

/// The activations of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    Identity,
    Relu,
    Tanh,
    Sigmoid,
    /// Left to the loss, which is cross-entropy.
    Softmax,
}

/// A network, its loss, and the number of examples in a batch.
#[derive(Clone, Debug)]
pub struct Workload {
    pub widths: Vec<usize>,
    pub hidden: Activation,
    pub output: Activation,
    pub batch: usize,
}

/// Examples are rows, one after the other.
pub struct Batch {
    /// Inputs, m × n_0, in [0, 1).
    pub x: Vec<f64>,
    /// Targets, m × n_L: one-hot, or in [−1, 1) for a single output.
    pub y: Vec<f64>,
    /// The same as classes.
    pub labels: Vec<u32>,
}

impl Workload {
    /// A row of workloads.tsv, or `G:784-256-10:64`: these widths, ReLU, softmax cross-entropy, batches of 64.
    pub fn named(name: &str) -> Option<Workload> {
        use Activation::{Identity, Relu, Sigmoid, Softmax, Tanh};
        let widths = |text: &str| text.split('-').map(|n| n.parse().ok()).collect::<Option<Vec<usize>>>();
        if let Some((layers, batch)) = name.strip_prefix("G:").and_then(|rest| rest.split_once(':')) {
            return Some(Workload {
                widths: widths(layers)?,
                hidden: Relu,
                output: Softmax,
                batch: batch.parse().ok()?,
            });
        }
        let activation = |name| match name {
            "identity" => Some(Identity),
            "relu" => Some(Relu),
            "tanh" => Some(Tanh),
            "sigmoid" => Some(Sigmoid),
            "softmax" => Some(Softmax),
            _ => None,
        };
        let rows = include_str!("../../../workloads.tsv").lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let row = rows.into_iter().find(|row| row[0] == name)?;
        let (hidden, output) = (activation(row[2])?, activation(row[3])?);
        Some(Workload { widths: widths(row[1])?, hidden, output, batch: row[5].parse().ok()? })
    }

    /// The activation after layer `index`, counted from zero.
    pub fn activation(&self, index: usize) -> Activation {
        if index + 2 == self.widths.len() { self.output } else { self.hidden }
    }

    /// n_0, the inputs.
    pub fn inputs(&self) -> usize {
        self.widths[0]
    }

    /// n_L, the outputs.
    pub fn outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// Softmax comes with cross-entropy, everything else with least squares.
    pub fn is_cross_entropy(&self) -> bool {
        self.output == Activation::Softmax
    }

    /// Our least squares, 1/(2m) Σ‖a − y‖², ÷ what libraries call MSE, the mean over examples and outputs. A peer
    /// multiplies its learning rate by it, which costs nothing, and takes the very step that the others take.
    pub fn mse_factor(&self) -> f64 {
        if self.is_cross_entropy() { 1.0 } else { self.outputs() as f64 / 2.0 }
    }

    /// The four batches.
    pub fn batches(&self) -> Vec<Batch> {
        let outputs = self.outputs();
        let batch = |turn| {
            let u = uniform(20 + turn, self.batch);
            let labels: Vec<u32> = u.iter().map(|u| (u * outputs as f64) as u32).collect();
            let one_hot = |&label| (0..outputs as u32).map(move |class| f64::from(u8::from(class == label)));
            let y = if outputs == 1 {
                u.iter().map(|u| 2.0 * u - 1.0).collect()
            } else {
                labels.iter().flat_map(one_hot).collect()
            };
            Batch { x: uniform(10 + turn, self.batch * self.inputs()), y, labels }
        };
        (0..BATCHES as u64).map(batch).collect()
    }

    /// W of each layer, n_l × n_{l−1}, row by row, uniform in ±1/√n_{l−1}. Biases start at zero.
    pub fn weights(&self) -> Vec<Vec<f64>> {
        let layers = self.widths.windows(2).zip(30..);
        let weight = |(pair, seed): (&[usize], u64)| {
            let bound = (pair[0] as f64).sqrt();
            uniform(seed, pair[0] * pair[1]).into_iter().map(|u| (2.0 * u - 1.0) / bound).collect()
        };
        layers.map(weight).collect()
    }
}

/// Numbers in [0, 1) by SplitMix64: the Python peers draw the same ones, so that all peers compute the same losses.
fn uniform(seed: u64, count: usize) -> Vec<f64> {
    let draw = |k: u64| {
        let mut z = seed.wrapping_add(k.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f64 / f64::from(1 << 24)
    };
    (1..=count as u64).map(draw).collect()
}

/// What the driver asks for: "f32" or "f64".
pub fn precision() -> String {
    std::env::var("BENCH_PRECISION").unwrap_or_else(|_| "f32".into())
}

/// Answers the name of a workload on each line of standard input with a line of JSON, if the peer can do the workload,
/// and an empty line.
pub fn serve(peer: &str, prepare: impl Fn(&Workload) -> Option<Step>) {
    let number = |variable, default| std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (threads, budget) = (number("BENCH_THREADS", 1), Duration::from_millis(number("BENCH_MS", 200)));
    let mut current: Option<(String, Timer)> = None;
    for line in std::io::stdin().lock().lines() {
        let name = line.expect("text").trim().to_owned();
        if current.as_ref().is_none_or(|(prepared, _)| *prepared != name) {
            drop(current.take()); // One workload in memory at a time.
            current = Workload::named(&name).and_then(|w| prepare(&w)).map(|step| (name.clone(), Timer::new(step)));
        }
        if let Some((_, timer)) = &mut current {
            let times = timer.samples(budget);
            let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
            print!(r#"{{"peer":"{peer}","workload":"{name}","threads":{threads},"dtype":"{}","#, precision());
            print!(r#""median_us":{:.4},"min_us":{:.4},"#, times[times.len() / 2], times[0]);
            print!(r#""samples":{},"loss_first":{:e},"#, times.len(), mean(&timer.losses[..BATCHES]));
            println!(r#""loss_later":{:e}}}"#, mean(&timer.losses[BATCHES..]));
        }
        println!();
        std::io::stdout().flush().expect("a driver that waits for the answer");
    }
}

/// Calls a step in turn. It is kept from round to round, since preparing can take longer than timing.
struct Timer {
    step: Step,
    turn: usize,
    losses: Vec<f64>,
}

impl Timer {
    /// Eight steps of warm-up, whose losses are kept.
    fn new(step: Step) -> Timer {
        let mut timer = Timer { step, turn: 0, losses: Vec::new() };
        timer.losses = (0..2 * BATCHES).map(|_| timer.step()).collect();
        timer
    }

    fn step(&mut self) -> f64 {
        self.turn += 1;
        (self.step)((self.turn - 1) % BATCHES)
    }

    /// Microseconds per step.
    fn sample(&mut self, steps: usize) -> f64 {
        let start = Instant::now();
        (0..steps).for_each(|_| {
            self.step();
        });
        1e6 * start.elapsed().as_secs_f64() / steps as f64
    }

    /// Sorted samples. Steps shorter than the clock's resolution are timed in groups.
    fn samples(&mut self, budget: Duration) -> Vec<f64> {
        let steps = (20.0 / self.sample(3)).ceil() as usize;
        let (mut samples, start) = (Vec::new(), Instant::now());
        while samples.len() < 3 || start.elapsed() < budget {
            samples.push(self.sample(steps));
        }
        samples.sort_by(f64::total_cmp);
        samples
    }
}
