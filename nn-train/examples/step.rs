//! How long one training step takes: forward pass, loss, backward pass and update, on the workloads of the benchmarks.
//!
//! ```text
//! echo W4_b128 | cargo run --release -p nn-train --example step -- delta
//! ```
//!
//! `step delta|tape [--precision f32|f64]` reads the name of a workload from each line of standard input and answers with
//! one line of JSON and an empty line, so that a driver can ask several programs in turn. `G:784-256-10:64` is a network
//! of these widths with ReLU, softmax and cross-entropy, and batches of 64. `BENCH_MS` is the time for a workload in
//! milliseconds (200), `BENCH_THREADS` the number of threads (1); as in `nn train`, a small network takes one.

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use nn_core::Scalar;
use nn_layers::{ByHand, ByTape, Engine, Network};
use nn_train::Threads;

use workload::{Stepper, Workload};

#[path = "../benches/support/workload.rs"]
mod workload;

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
fn serve<T: Scalar, E: Engine<T> + Send>(precision: &str, engine: impl Fn(Network<T>) -> E) {
    let name = std::env::args().nth(1).unwrap_or_default();
    let number =
        |variable: &str, default| std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (milliseconds, threads) = (number("BENCH_MS", 200), number("BENCH_THREADS", 1).max(1));
    let pool = Threads::new(threads as usize).expect("threads");
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let request = line.trim();
        let mut answer = String::new();
        if let Some(workload) = Workload::new(request) {
            let mut stepper = Stepper::new(&workload, engine(workload.network()));
            let mut time = || time_steps(&mut stepper, Duration::from_millis(milliseconds));
            let is_split = Threads::worth_having(&workload.network::<T>(), workload.batch) > 1;
            let times = if is_split { pool.run(time) } else { time() };
            let (median, fastest) = (times[times.len() / 2], times[0]);
            answer = format!(
                "{{\"peer\":\"{name}\",\"workload\":\"{request}\",\"threads\":{threads},\"dtype\":\"{precision}\",\"median_us\":{median:.4},\"min_us\":{fastest:.4},\"samples\":{}}}\n",
                times.len()
            );
        } else if !request.is_empty() {
            eprintln!("no workload {request}");
        }
        // Flush: a driver waits. Stop if it is gone.
        let mut output = std::io::stdout();
        if writeln!(output, "{answer}").and_then(|()| output.flush()).is_err() {
            return;
        }
    }
}

/// Microseconds per step, sorted.
fn time_steps<T: Scalar, E: Engine<T>>(stepper: &mut Stepper<T, E>, budget: Duration) -> Vec<f64> {
    // Steps shorter than the clock's resolution are timed in groups.
    let start = Instant::now();
    stepper.step();
    let chunk = (20e-6 / start.elapsed().as_secs_f64()).ceil().max(1.0) as usize;
    let mut times = Vec::new();
    let start = Instant::now();
    while start.elapsed() < budget || times.len() < 5 {
        let before = Instant::now();
        (0..chunk).for_each(|_| stepper.step());
        times.push(1e6 * before.elapsed().as_secs_f64() / chunk as f64);
    }
    times.sort_by(f64::total_cmp);
    times
}
