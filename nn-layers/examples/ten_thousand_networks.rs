//! Ten thousand random networks, each gradient computed by four methods: prints the largest difference between the methods,
//! and the network that it was found in.
//!
//! ```text
//! cargo run --release -p nn-layers --example ten_thousand_networks           # 10,000 networks
//! cargo run --release -p nn-layers --example ten_thousand_networks -- 500    # another number
//! ```
//!
//! Exit code 1 if any difference is beyond its bound. The networks are the same in every run.

use std::process::ExitCode;

use nn_core::{Scalar, seeded};
use nn_layers::{Bounds, GradientCheck, check_gradients};
use random_network::Case;

#[path = "../tests/common/random_network.rs"]
mod random_network;

/// The worst that was found of one comparison.
struct Worst {
    name: &'static str,
    bound: f64,
    difference: f64,
    network: String,
}

/// What all networks in one precision showed.
struct Tally {
    precision: &'static str,
    worst: [Worst; 3],
    directions: usize,
    shortened: usize,
    at_a_kink: usize,
    left_out: usize,
}

impl Tally {
    fn new(precision: &'static str, bounds: Bounds) -> Self {
        let worst = |name, bound| Worst { name, bound, difference: 0.0, network: "every network".to_owned() };
        let worst = [worst("tape", bounds.tape), worst("dual numbers", bounds.dual), worst("stencil", bounds.stencil)];
        Tally { precision, worst, directions: 0, shortened: 0, at_a_kink: 0, left_out: 0 }
    }

    fn add(&mut self, check: &GradientCheck, case: &Case) {
        for (worst, difference) in self.worst.iter_mut().zip(check.worst()) {
            if difference > worst.difference {
                (worst.difference, worst.network) = (difference, case.to_string());
            }
        }
        for row in &check.parameters {
            self.directions += row.directions;
            self.shortened += row.shortened;
            self.at_a_kink += row.at_a_kink;
        }
        self.left_out += check.left_out;
    }

    /// Prints the figures; whether all are within their bounds.
    fn report(&self) -> bool {
        let Tally { precision, directions, shortened, at_a_kink, left_out, .. } = self;
        println!("\n{precision}: {directions} slopes; at a kink: {at_a_kink}, after {shortened} with a shorter step;");
        println!("     examples left out, because rounding decides their side of a kink: {left_out}");
        for Worst { name, bound, difference, network } in &self.worst {
            let verdict = if difference <= bound { "within" } else { "BEYOND" };
            println!("  by hand against {name:12}  {difference:8.1e}, {verdict} {bound:.0e}:  {network}");
        }
        self.worst.iter().all(|worst| worst.difference <= worst.bound)
    }
}

fn main() -> ExitCode {
    let networks = match std::env::args().nth(1).map(|text| text.parse::<usize>()) {
        None => 10_000,
        Some(Ok(networks)) => networks,
        Some(Err(error)) => {
            eprintln!("error: the number of networks: {error}");
            return ExitCode::from(2);
        }
    };
    let mut rng = seeded(1);
    let (mut double, mut single) = (Tally::new("f64", Bounds::F64), Tally::new("f32", Bounds::F32));
    for _ in 0..networks {
        let case = Case::random(&mut rng);
        let (network, x, y) = case.draw();
        double.add(&check_gradients(&network, &x, &y, case.seed), &case);
        let (x, y) = (x.map(f32::from_f64), y.map(f32::from_f64));
        single.add(&check_gradients(&network.map(f32::from_f64), &x, &y, case.seed), &case);
    }
    println!("{networks} random networks; differences on the scale of the gradient:");
    let within = [double.report(), single.report()];
    ExitCode::from(u8::from(within.contains(&false)))
}
