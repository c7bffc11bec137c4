//! How long one training step takes: forward pass, cost, backward pass and update, on the workloads of the benchmarks.
//!
//! ```text
//! echo W4_b128 | cargo run --release -p nn-train --example step -- delta
//! ```
//!
//! `step delta|tape [--precision f32|f64]` reads the name of a workload from each line of standard input and answers with
//! one line of JSON and an empty line, so that a driver can ask several programs in turn. `G:784-256-10:64` is a network
//! of these widths with ReLU, softmax and cross-entropy, and batches of 64. `BENCH_MS` is the time for a workload in
//! milliseconds (200).

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use nn_core::{Activation, Loss, Matrix, Scalar, below, seeded, uniform};
use nn_layers::{ByHand, ByTape, Dense, Engine, Network};
use nn_train::sgd_update;

/// What is timed: a network, its cost, and the number of examples in a batch.
#[derive(Clone, Debug)]
struct Workload {
    widths: Vec<usize>,
    hidden: Activation,
    last: Activation,
    loss: Loss,
    batch: usize,
}

/// Batches that take turns, so that no step finds its examples where the last one left them.
const BATCHES: usize = 4;
const LEARNING_RATE: f64 = 1e-3;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["delta"] | ["delta", "--precision", "f32"] => serve::<f32, _>("f32", ByHand::new),
        ["tape"] | ["tape", "--precision", "f32"] => serve::<f32, _>("f32", |network| ByTape::new(&network)),
        ["delta", "--precision", "f64"] => serve::<f64, _>("f64", ByHand::new),
        ["tape", "--precision", "f64"] => serve::<f64, _>("f64", |network| ByTape::new(&network)),
        _ => {
            eprintln!("usage: step delta|tape [--precision f32|f64]");
            std::process::exit(2);
        }
    }
}

/// Answers each line of standard input.
fn serve<T: Scalar, E: Engine<T>>(precision: &str, engine: impl Fn(Network<T>) -> E) {
    let name = std::env::args().nth(1).unwrap_or_default();
    let milliseconds = std::env::var("BENCH_MS").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let request = line.trim();
        if let Some(workload) = workload(request) {
            let times = time_steps(&mut engine(network(&workload)), &workload, Duration::from_millis(milliseconds));
            let (median, fastest) = (times[times.len() / 2], times[0]);
            println!(
                "{{\"peer\":\"{name}\",\"workload\":\"{request}\",\"threads\":1,\"dtype\":\"{precision}\",\"median_us\":{median:.4},\"min_us\":{fastest:.4},\"samples\":{}}}",
                times.len()
            );
        } else if !request.is_empty() {
            eprintln!("no workload {request}");
        }
        println!();
        // A driver waits for the answer.
        if std::io::stdout().flush().is_err() {
            return;
        }
    }
}

/// The table of workloads: micrograd's size, the digits, Nielsen's network, and three of growing width.
fn workload(name: &str) -> Option<Workload> {
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
    Some(Workload { widths, hidden, last, loss, batch })
}

/// Weights uniform in ±1/√n_{l−1}, biases zero.
fn network<T: Scalar>(workload: &Workload) -> Network<T> {
    let mut rng = seeded(2);
    let mut weight = |outputs, inputs: usize| {
        let bound = 1.0 / (inputs as f64).sqrt();
        Matrix::from_fn(outputs, inputs, |_, _| T::from_f64(bound * (2.0 * uniform(&mut rng) - 1.0)))
    };
    let layers = workload.widths.windows(2).enumerate().map(|(l, pair)| Dense {
        weight: weight(pair[1], pair[0]),
        bias: Matrix::zeros(pair[1], 1),
        activation: if l + 2 == workload.widths.len() { workload.last } else { workload.hidden },
    });
    Network::new(layers.collect(), workload.loss).expect("the table has networks that fit")
}

/// Microseconds per step, sorted.
fn time_steps<T: Scalar>(engine: &mut impl Engine<T>, workload: &Workload, budget: Duration) -> Vec<f64> {
    let mut batches = batches::<T>(workload);
    let (x, y) = batches.pop().expect("at least one batch");
    engine.set_batch(&x, &y);
    let mut turn = 0;
    let mut step = || {
        // The buffers are exchanged, not copied: the data lie in memory, ready to be used. One batch is in the engine,
        // the others wait.
        let [x, y] = engine.batch_mut();
        let batch = &mut batches[turn % (BATCHES - 1)];
        std::mem::swap(x, &mut batch.0);
        std::mem::swap(y, &mut batch.1);
        turn += 1;
        std::hint::black_box(engine.loss_and_gradients());
        for (parameter, gradient) in engine.parameters_mut() {
            sgd_update(parameter, gradient, T::from_f64(LEARNING_RATE));
        }
    };
    for _ in 0..BATCHES {
        step();
    }
    // Steps that are shorter than the clock is fine are timed several at once.
    let start = Instant::now();
    step();
    let chunk = (20e-6 / start.elapsed().as_secs_f64()).ceil().max(1.0) as usize;
    let mut times = Vec::new();
    let start = Instant::now();
    while start.elapsed() < budget || times.len() < 5 {
        let before = Instant::now();
        (0..chunk).for_each(|_| step());
        times.push(1e6 * before.elapsed().as_secs_f64() / chunk as f64);
    }
    times.sort_by(f64::total_cmp);
    times
}

/// Inputs in [0, 1); targets one-hot, or in [−1, 1) for a single output.
fn batches<T: Scalar>(workload: &Workload) -> Vec<(Matrix<T>, Matrix<T>)> {
    let mut rng = seeded(1);
    let (inputs, outputs) = (workload.widths[0], workload.widths[workload.widths.len() - 1]);
    let one = |_| {
        let x = Matrix::from_fn(inputs, workload.batch, |_, _| T::from_f64(uniform(&mut rng)));
        let mut y = Matrix::zeros(outputs, workload.batch);
        for j in 0..workload.batch {
            if outputs == 1 {
                y[(0, j)] = T::from_f64(2.0 * uniform(&mut rng) - 1.0);
            } else {
                y[(below(&mut rng, outputs), j)] = T::one();
            }
        }
        (x, y)
    };
    (0..BATCHES).map(one).collect()
}
