//! Your own loss on a network: Poisson regression, in which the network predicts the logarithm of the mean count, and a ridge
//! penalty on its weights.
//!
//! ```text
//! cargo run -p nn-layers --example own_loss
//! ```

use nn_core::{Activation, Loss, Matrix, seeded};
use nn_layers::{ByTape, Engine, Initialization, Network, NetworkError, record_ridge};

fn main() -> Result<(), NetworkError> {
    let x = Matrix::from_rows(&[[-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]]);
    let y = Matrix::from_rows(&[[0.0, 1.0, 0.0, 1.0, 1.0, 3.0, 4.0, 8.0, 13.0]]); // counts

    let layers = [(6, Activation::Tanh), (1, Activation::Identity)];
    let network = Network::<f64>::random(1, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1))?;
    let mut engine = ByTape::with_loss(&network, |tape, layers, y| {
        let z = layers[1].z; // the logarithm of the mean count
        let (mean, observed) = (tape.exp(z), tape.multiply(y, z));
        let negative_log_likelihood = tape.subtract(mean, observed); // of the Poisson distribution, without its constant
        let loss = tape.mean(negative_log_likelihood);

        let ridge = record_ridge(tape, &layers[..1], 0.002); // 0.002/2 Σ W⁽¹⁾²
        tape.add(loss, ridge)
    });

    engine.set_batch(&x, &y);
    for step in 0..=2000 {
        let j = engine.loss_and_gradients();
        if step % 500 == 0 {
            println!("step {step:4}: J = {j:.6}");
        }
        for (parameter, gradient) in engine.parameters_mut() {
            parameter.zip_in_place(gradient, |w, g| w - 0.05 * g);
        }
    }
    println!("mean counts:\n{:.2}", engine.output().map(f64::exp));
    Ok(())
}
