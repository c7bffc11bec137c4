//! A network of your own: a residual block, which no list of layers can say, recorded once and trained by replays.
//!
//! ```text
//! cargo run -p nn-autodiff --example own_network
//! ```

use nn_autodiff::Tape;
use nn_core::{Activation::Tanh, Matrix, normal, seeded};

fn main() {
    let mut rng = seeded(1);
    let mut random = |rows, columns| Matrix::from_fn(rows, columns, |_, _| 0.5 * normal(&mut rng));
    let mut tape = Tape::<f64>::new();
    let data = random(2, 100);
    let x = tape.input(data.clone());
    let y = tape.input(data.map(|x| x + (3.0 * x).sin())); // x, and something that bends

    let (w1, b1) = (tape.parameter(random(8, 2)), tape.parameter(Matrix::zeros(8, 1)));
    let (w2, b2) = (tape.parameter(random(2, 8)), tape.parameter(Matrix::zeros(2, 1)));
    let z1 = tape.affine(w1, x, b1);
    let a1 = tape.activate(z1, Tanh);
    let block = tape.affine(w2, a1, b2);
    let a2 = tape.add(x, block); // x goes through the block, and past it
    let j = tape.least_squares(a2, y);

    for step in 0..=1000 {
        tape.forward();
        tape.backward(j);
        if step % 200 == 0 {
            println!("step {step:4}: J = {:.6}", tape.value(j)[(0, 0)]);
        }
        for (parameter, gradient) in tape.parameters_mut() {
            parameter.zip_in_place(gradient, |w, g| w - 0.2 * g);
        }
    }
    assert!(tape.value(j)[(0, 0)] < 0.02, "the network learns");
}
