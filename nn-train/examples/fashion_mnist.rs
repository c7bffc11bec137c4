//! Fashion-MNIST, 784-128-10 in f32: how long reading takes, and an epoch, and how much memory.
//!
//! `cargo run --release -p nn-train --example fashion_mnist FOLDER [THREADS]`, where the folder has the four files, such as
//! those of the Debian package dataset-fashion-mnist. benches/peers/py/fashion_mnist.py is the same run in PyTorch.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use nn_core::{Activation, Loss, seeded};
use nn_layers::{ByHand, Initialization, Network};
use nn_train::{Examples, Optimizer, Pictures, Plan, Standardization, Threads, Trainer, read_idx};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().map_or("/usr/share/datasets/fashion-mnist", String::as_str);
    let threads = Threads::new(arguments.get(1).map_or(Ok(1), |threads| threads.parse())?)?;

    let start = Instant::now();
    let (train, held_out) = (read(folder.as_ref(), "train")?, read(folder.as_ref(), "t10k")?);
    println!("reading         {:5.2} s  {} and {} pictures", seconds(start), train.count(), held_out.count());

    let start = Instant::now();
    let [mut train, mut held_out] = [train, held_out].map(|part| part.data_set::<f32>("pictures", part.classes()));
    println!("bytes to f32    {:5.2} s", seconds(start));

    let start = Instant::now();
    let standardize = Standardization::fit_in(&train.x);
    standardize.apply(&mut train.x);
    standardize.apply(&mut held_out.x);
    let (train, held_out) = (Examples::from_data(train, 10), Examples::from_data(held_out, 10));
    println!("standardising   {:5.2} s", seconds(start));

    let layers = [(128, Activation::Relu), (10, Activation::Softmax)];
    let network = Network::random(784, &layers, Loss::CrossEntropy, Initialization::He, &mut seeded(1))?;
    let plan = Plan { epochs: 10, batch_size: 64, learning_rate: 0.05, ..Plan::default() };
    let mut trainer = Trainer::new(ByHand::new(network), Optimizer::sgd(), plan);
    for epoch in 1..=plan.epochs {
        let start = Instant::now();
        threads.run(|| trainer.epoch(&train, epoch, |_| ControlFlow::Continue(())))?;
        let trained = seconds(start);
        let accuracy = threads.run(|| held_out.evaluate(&trainer.network())).accuracy.unwrap_or_default();
        println!("epoch {epoch:2}        {trained:5.2} s  {:.2} % of the held-out pictures", 100.0 * accuracy);
    }
    if let Some(peak) = peak_memory() {
        let data = (4 * 784 * (train.len() + held_out.len())) as f64 / 1e6;
        println!("peak memory   {peak:5.0} MB  the pictures in f32 are {data:.0} MB");
    }
    Ok(())
}

fn read(folder: &Path, part: &str) -> Result<Pictures, Box<dyn Error>> {
    let file = |name: &str| File::open(folder.join(format!("{part}-{name}-ubyte.gz"))).map(BufReader::new);
    Ok(Pictures::new(read_idx(file("images-idx3")?, None, 3)?, read_idx(file("labels-idx1")?, None, 1)?)?)
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}

/// Of this process so far, in MB, as Linux counts it.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kib| kib * 1.024e-3)
}
