//! How many wrong gradients are diagnosed: every mistake of the catalogue on random networks, in f64, in f32 and in six
//! digits; and gradients that are wrong in no known way, which must not be given a name.
//!
//! `cargo run --release -p nn-train --example wrong_gradients [NETWORKS]` (100 for each mistake)

#[path = "../tests/common/mistaken.rs"]
mod mistaken;
#[path = "../../nn-layers/tests/common/random_network.rs"]
mod random_network;

use std::process::ExitCode;
use std::time::Instant;

use mistaken::{Counts, Handed, SPOILT, Spoilt, every_mistake, spoil};
use nn_core::{Activation, Loss, Matrix, below, normal, seeded};
use nn_layers::{Initialization, Network};
use nn_train::{CATALOGUE, Problem, Yours, diagnose, explain_with_mistakes};

fn main() -> ExitCode {
    let networks = std::env::args().nth(1).map_or(100, |n| n.parse().expect("a number of networks"));
    let mut is_good = true;
    for how in [Handed::Double, Handed::Single, Handed::Six] {
        let (rows, failures) = every_mistake(networks, how, 1);
        println!(
            "{how:?}\n{:30} {:>6} {:>12} {:>6} {:>8} {:>6}",
            "", "named", "with others", "none", "unnamed", "wrong"
        );
        let mut sum = Counts::default();
        for (id, counts) in rows {
            println!("{id:30} {counts}");
            sum.add(counts);
        }
        println!("{:30} {sum}   {:.1} %\n", "all", 100.0 * sum.share());
        for failure in failures.iter().take(3) {
            println!("{failure}");
        }
        is_good &= failures.is_empty() && sum.share() >= 0.95;
    }
    println!("{:30} {:>8} {:>14} {:>6}", "wrong in no known way", "unnamed", "happens to be", "named");
    for (index, kind) in SPOILT.into_iter().enumerate() {
        let rng = &mut seeded(100 + index as u64);
        let mut sum = Spoilt::default();
        for _ in 0..10 * networks {
            let (spoilt, text) = spoil(kind, rng);
            sum.unnamed += spoilt.unnamed;
            sum.happens_to_be += spoilt.happens_to_be;
            sum.named += spoilt.named;
            if spoilt.named > 0 {
                println!("{text}");
            }
        }
        println!("{kind:30} {:>8} {:>14} {:>6}", sum.unnamed, sum.happens_to_be, sum.named);
        is_good &= sum.named == 0;
    }
    println!("\n784-128-10, 32 examples");
    how_long();
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A network of the size of MNIST: one mistake, two mistakes, and none that is known.
fn how_long() {
    let rng = &mut seeded(1);
    let layers = [(128, Activation::Relu), (10, Activation::Softmax)];
    let network = Network::random(784, &layers, Loss::CrossEntropy, Initialization::He, rng).expect("layers that fit");
    let x = Matrix::from_fn(784, 32, |_, _| normal(rng));
    let labels: Vec<usize> = (0..32).map(|_| below(rng, 10)).collect();
    let y = Matrix::from_fn(10, 32, |i, j| f64::from(i == labels[j]));
    let problem = Problem { network: &network, x: &x, y: &y, learning_rate: Some(0.1) };
    let made = |id: &str| {
        let mistake = CATALOGUE.iter().find(|mistake| mistake.id == id).expect("it is in the catalogue");
        mistake.places(problem)[0].clone()
    };
    let time = |name: &str, yours: &Yours| {
        let start = Instant::now();
        let diagnosis = diagnose(problem, yours).expect("numbers that fit");
        let found: Vec<_> = diagnosis.findings.iter().map(|finding| finding.made.mistake.id).collect();
        println!("  {name:24} {:5.0} ms   {}", 1e3 * start.elapsed().as_secs_f64(), found.join(", "));
    };
    let with = |ids: &[&str]| {
        let made: Vec<_> = ids.iter().map(|id| made(id)).collect();
        Yours::from_gradients(&explain_with_mistakes(problem, &made))
    };
    time("right", &with(&[]));
    time("one mistake", &with(&["sigma-prime-missing"]));
    time("one mistake, forward", &with(&["activation-missing"]));
    time("two mistakes", &with(&["mean-missing", "sigma-prime-missing"]));
    time("none that is known", &with(&[]).map(|x| x * (1.0 + 0.1 * (1e3 * x).sin())));
}
