//! From data to a trained network, in fifteen lines: reads handwritten digits, trains a network on them, and evaluates it on
//! digits that it has not seen.
//!
//! ```text
//! cargo run --release -p nn-train --example digits
//! ```

use nn_core::{Activation, Loss, seeded};
use nn_layers::{ByHand, Initialization, Network};
use nn_train::{Examples, Optimizer, Plan, Standardization, Trainer, digits, split};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut data = digits();
    let rows = split(&data, 0.2); // a fifth is held out
    Standardization::fit(&data.subset(&rows.train).x).apply(&mut data.x);
    let [train, held_out] = [rows.train, rows.validation].map(|rows| Examples::<f32>::new(&data.subset(&rows), 10));

    let layers = [(32, Activation::Relu), (10, Activation::Softmax)];
    let network = Network::random(64, &layers, Loss::CrossEntropy, Initialization::He, &mut seeded(1))?;
    let plan = Plan { epochs: 10, learning_rate: 0.1, ..Plan::default() };
    let mut trainer = Trainer::new(ByHand::new(network), Optimizer::sgd(), plan);
    trainer.train(&train)?;

    let network = trainer.into_network();
    println!("{:.1} % of {} are right", 100.0 * held_out.evaluate(&network).accuracy.unwrap_or(0.0), held_out.len());
    println!("the first five are {:?}", network.classify(held_out.x.columns_range(0..5)));
    Ok(())
}
