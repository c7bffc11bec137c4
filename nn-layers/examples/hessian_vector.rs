//! How sharply a loss bends: the largest eigenvalue λ of its Hessian, by power iteration with Hessian-vector products. The
//! Hessian itself, 49 × 49 here, is never computed. Gradient descent is unstable at learning rates above 2/λ.
//!
//! ```text
//! cargo run -p nn-layers --example hessian_vector
//! ```

use nn_core::{Activation, Loss, Matrix, normal, seeded};
use nn_layers::{Initialization, Network, NetworkError, hessian_vector};

fn main() -> Result<(), NetworkError> {
    let mut rng = seeded(1);
    let layers = [(16, Activation::Tanh), (1, Activation::Identity)];
    let network = Network::<f64>::random(1, &layers, Loss::LeastSquares, Initialization::Glorot, &mut rng)?;
    let x = Matrix::from_fn(1, 50, |_, j| j as f64 / 25.0 - 1.0);
    let y = x.map(|x| (3.0 * x).sin());

    let mut random = |p: &Matrix<f64>| Matrix::from_fn(p.rows(), p.columns(), |_, _| normal(&mut rng));
    let mut v: Vec<_> = network.parameters().map(&mut random).collect();
    let mut lambda = 0.0;
    for step in 1..=20 {
        let length = v.iter().flat_map(Matrix::as_slice).map(|v| v * v).sum::<f64>().sqrt();
        v.iter_mut().for_each(|v| v.map_in_place(|v| v / length));
        let product = hessian_vector(&network, &x, &y, &v); // H v
        let pairs = v.iter().zip(&product).flat_map(|(v, p)| v.as_slice().iter().zip(p.as_slice()));
        lambda = pairs.map(|(v, p)| v * p).sum(); // vᵀ H v
        if step % 5 == 0 {
            println!("after {step:2} products: λ = {lambda:.9}");
        }
        v = product;
    }
    println!("gradient descent is stable up to a learning rate of 2/λ = {:.4}", 2.0 / lambda);
    Ok(())
}
