//! The gradient of a residual block by hand, compared with the tape; and the effect of its shortcut.
//!
//! ```text
//! z = W⁽¹⁾ x + b⁽¹⁾,   a = σ(z),   r = x + W⁽²⁾ a + b⁽²⁾
//! ```
//!
//! x goes through the block and past it, and so does the error in the backward pass. (He, Zhang, Ren and Sun, *Deep residual
//! learning for image recognition*, 2016.)
//!
//! ```text
//! cargo run -p nn-layers --example residual_block
//! ```

use nn_autodiff::Tape;
use nn_core::{Activation, Loss, Matrix, Write, matmul, seeded};
use nn_layers::{ByHand, Dense, Engine, Initialization, Network, hidden_delta, parameter_gradients};

/// The two layers of a block; the second is an affine map alone.
pub(crate) type Block = [Dense<f64>; 2];

/// a = σ(W⁽¹⁾ x + b⁽¹⁾) and r = x + W⁽²⁾ a + b⁽²⁾
fn forward([first, second]: &Block, x: &Matrix<f64>) -> [Matrix<f64>; 2] {
    let [mut z, mut a, mut r] = [(); 3].map(|()| Matrix::zeros(0, 0));
    first.pre_activation(x, &mut z);
    first.activation_of(&z, &mut a);
    second.pre_activation(&a, &mut r);
    r.zip_in_place(x, |r, x| x + r);
    [a, r]
}

/// The backward pass through a block: from ∂J/∂r to ∂J/∂x, and to ∂J/∂W⁽¹⁾, ∂J/∂b⁽¹⁾, ∂J/∂W⁽²⁾ and ∂J/∂b⁽²⁾.
///
/// ```text
/// δ = (W⁽²⁾ᵀ ∂J/∂r) ⊙ σ′(z),   ∂J/∂x = ∂J/∂r + W⁽¹⁾ᵀ δ
/// ```
///
/// # Shapes
///
/// x, r and their gradients: n × m; a, δ: units × m.
pub(crate) fn backward(
    [first, second]: &Block,
    x: &Matrix<f64>,
    a: &Matrix<f64>,
    r_gradient: &Matrix<f64>,
) -> (Matrix<f64>, [Matrix<f64>; 4]) {
    let [mut delta, mut w1, mut b1, mut w2, mut b2] = [(); 5].map(|()| Matrix::<f64>::zeros(0, 0));
    // BEGIN SOLUTION 14.6
    parameter_gradients(r_gradient, a, &mut w2, &mut b2);
    hidden_delta(second, r_gradient, first.activation, a, &mut delta); // δ = (W⁽²⁾ᵀ ∂J/∂r) ⊙ σ′(z)
    parameter_gradients(&delta, x, &mut w1, &mut b1);
    let mut x_gradient = r_gradient.clone(); // past the block,
    matmul(first.weight.t(), &delta, Write::Add, &mut x_gradient); // and through it: W⁽¹⁾ᵀ δ
    (x_gradient, [w1, b1, w2, b2])
    // END SOLUTION 14.6
}

/// The gradients of all blocks, one above the other, under least squares; and ∂J/∂r of each block, all by hand.
fn by_hand(blocks: &[Block], x: &Matrix<f64>, y: &Matrix<f64>) -> (Vec<Matrix<f64>>, Vec<Matrix<f64>>) {
    let mut passes: Vec<[Matrix<f64>; 2]> = Vec::new();
    for block in blocks {
        let below = passes.last().map_or(x, |[_, r]| r);
        passes.push(forward(block, below));
    }
    let output = &passes[blocks.len() - 1][1];
    let mut error = Matrix::zeros(y.rows(), y.columns());
    Loss::LeastSquares.gradient(output, output, y, &mut error);
    let (mut gradients, mut errors) = (Vec::new(), Vec::new());
    for (l, block) in blocks.iter().enumerate().rev() {
        let below = if l == 0 { x } else { &passes[l - 1][1] };
        let (below_error, of_block) = backward(block, below, &passes[l][0], &error);
        gradients.splice(0..0, of_block);
        errors.insert(0, std::mem::replace(&mut error, below_error));
    }
    (gradients, errors)
}

/// The gradients by the tape, in the same order.
fn by_tape(blocks: &[Block], x: &Matrix<f64>, y: &Matrix<f64>) -> Vec<Matrix<f64>> {
    let mut tape = Tape::new();
    let (mut x, y) = (tape.input(x.clone()), tape.input(y.clone()));
    for [first, second] in blocks {
        let (w1, b1) = (tape.parameter(first.weight.clone()), tape.parameter(first.bias.clone()));
        let (w2, b2) = (tape.parameter(second.weight.clone()), tape.parameter(second.bias.clone()));
        let z = tape.affine(w1, x, b1);
        let a = tape.activate(z, first.activation);
        let through = tape.affine(w2, a, b2);
        x = tape.add(x, through);
    }
    let j = tape.least_squares(x, y);
    tape.backward(j);
    tape.parameters_mut().map(|(_, gradient)| gradient.clone()).collect()
}

fn largest(matrix: &Matrix<f64>) -> f64 {
    matrix.as_slice().iter().fold(0.0, |largest, x| largest.max(x.abs()))
}

fn main() {
    let mut rng = seeded(1);
    let mut layer = |activation| Initialization::Glorot.dense::<f64>(8, 8, activation, &mut rng);
    let blocks: Vec<Block> = (0..20).map(|_| [layer(Activation::Sigmoid), layer(Activation::Identity)]).collect();
    let mut random = |rows, columns| Matrix::from_fn(rows, columns, |_, _| nn_core::normal(&mut rng));
    let (x, y) = (random(8, 50), random(8, 50));

    let (gradients, errors) = by_hand(&blocks, &x, &y);
    for (mut hand, tape) in gradients.into_iter().zip(by_tape(&blocks, &x, &y)) {
        hand.zip_in_place(&tape, |hand, tape| hand - tape);
        assert!(largest(&hand) <= 1e-12 * largest(&tape), "the engines disagree");
    }
    println!("the gradients of {} blocks, by hand and by tape, agree to twelve digits", blocks.len());

    // The same layers, one above the other, without the shortcuts.
    let plain = Network::new(blocks.concat(), Loss::LeastSquares).expect("layers that fit");
    let mut plain = ByHand::new(plain);
    plain.set_batch(&x, &y);
    plain.loss_and_gradients();
    println!("\nblock   largest error   without shortcuts");
    for block in [20, 15, 10, 5, 1] {
        let without = plain.layer(2 * block - 1).delta; // of the block's second layer, as ∂J/∂r is
        println!("{block:>5}   {:>13.1e}   {:>17.1e}", largest(&errors[block - 1]), largest(without));
    }
}
