//! Training steps by either engine, in both precisions, with one thread and two; how they grow with width and batch; and
//! whole epochs of the digits.
//!
//! ```text
//! cargo bench -p nn-train                         all of them: many minutes
//! cargo bench -p nn-train -- 'W3'                 one workload
//! cargo bench -p nn-train -- 'batch/'             what a larger batch brings
//! ```
//!
//! The throughput is in examples. For a table on one screen, `cargo run --release -p nn-train --example speed`.
#![allow(missing_docs)] // of the function that criterion's macro writes

use std::ops::ControlFlow;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use nn_core::{Activation, Loss, Scalar, seeded};
use nn_layers::{ByHand, ByTape, Engine, Initialization, Network};
use nn_train::{Examples, Optimizer, Plan, Standardization, Threads, Trainer};

use workload::{NAMES, Stepper, Workload};

#[path = "support/workload.rs"]
mod workload;

/// A step of one engine, in the threads given.
fn bench<T: Scalar, E: Engine<T> + Send>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    workload: &Workload,
    threads: &Threads,
    engine: impl FnOnce(Network<T>) -> E,
) {
    group.throughput(Throughput::Elements(workload.batch as u64));
    let mut stepper = Stepper::new(workload, engine(workload.network()));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|steps| {
            threads.run(|| {
                let start = std::time::Instant::now();
                (0..steps).for_each(|_| stepper.step());
                start.elapsed()
            })
        });
    });
}

fn both_engines<T: Scalar>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    precision: &str,
    workload: &Workload,
    threads: &Threads,
) {
    let threads_text = if threads.count() == 1 { "1 thread" } else { "2 threads" };
    bench::<T, _>(group, &format!("by hand, {precision}, {threads_text}"), workload, threads, ByHand::new);
    bench::<T, _>(group, &format!("by tape, {precision}, {threads_text}"), workload, threads, |n| ByTape::new(&n));
}

fn workloads(criterion: &mut Criterion) {
    let [one, two] = [1, 2].map(|threads| Threads::new(threads).expect("threads"));
    for name in NAMES {
        let workload = Workload::new(name).expect("a name of the table");
        let mut group = criterion.benchmark_group(name);
        for threads in [&one, &two] {
            both_engines::<f32>(&mut group, "f32", &workload, threads);
            both_engines::<f64>(&mut group, "f64", &workload, threads);
        }
    }
}

/// Widths n-n-n-10 at batch 128, and batches at 784-256-10.
fn growth(criterion: &mut Criterion) {
    let one = Threads::new(1).expect("one thread");
    let mut sweep = |title: &str, names: Vec<(usize, String)>| {
        let mut group = criterion.benchmark_group(title);
        for (size, name) in names {
            let workload = Workload::new(&name).expect("a network that fits");
            bench::<f32, _>(&mut group, &size.to_string(), &workload, &one, ByHand::new);
        }
    };
    let widths = [64, 128, 256, 512, 1024, 2048, 4096];
    sweep("width", widths.map(|n| (n, format!("G:{n}-{n}-{n}-10:128"))).to_vec());
    let batches = [1, 4, 16, 64, 256, 1024, 4096];
    sweep("batch", batches.map(|m| (m, format!("G:784-256-10:{m}"))).to_vec());
}

/// An epoch of the digits: 1,438 examples in batches of 32, with the network of `nn train digits`.
fn digits(criterion: &mut Criterion) {
    let mut data = nn_train::digits();
    Standardization::fit(&data.x).apply(&mut data.x);
    let rows: Vec<usize> = (0..1438).collect();
    let layers = [(64, Activation::Relu), (10, Activation::Softmax)];
    let network = Network::random(64, &layers, Loss::CrossEntropy, Initialization::He, &mut seeded(1));
    let network = network.expect("layers that fit").map(|x: f64| x as f32);
    let examples = Examples::<f32>::new(&data.subset(&rows), 10);
    let plan = Plan { learning_rate: 0.05, ..Plan::default() };

    let mut group = criterion.benchmark_group("digits");
    group.throughput(Throughput::Elements(rows.len() as u64));
    let mut epochs = |name: &str, epoch: &mut dyn FnMut(usize)| {
        let mut number = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                number += 1;
                epoch(number);
            });
        });
    };
    const FINITE: &str = "a loss that stays finite";
    let go_on = |_| ControlFlow::Continue(());
    let mut by_hand = Trainer::new(ByHand::new(network.clone()), Optimizer::sgd(), plan);
    epochs("an epoch by hand", &mut |number| by_hand.epoch(&examples, number, go_on).map(drop).expect(FINITE));
    let mut by_tape = Trainer::new(ByTape::new(&network), Optimizer::sgd(), plan);
    epochs("an epoch by tape", &mut |number| by_tape.epoch(&examples, number, go_on).map(drop).expect(FINITE));
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = workloads, growth, digits
}
criterion_main!(benches);
