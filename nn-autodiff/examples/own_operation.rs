//! An operation of your own: a forward rule and a backward rule. It is recorded, printed, replayed and checked like those
//! that are built in.
//!
//! ```text
//! cargo run -p nn-autodiff --example own_operation
//! ```

use nn_autodiff::{CustomOp, Operands, Tape, WrongRule};
use nn_core::{Matrix, Scalar, sigmoid};

// ANCHOR: swish
/// r = u ⊙ sigmoid(u)
#[derive(Debug)]
struct Swish;

impl<T: Scalar> CustomOp<T> for Swish {
    fn name(&self) -> &str {
        "swish"
    }

    fn equation(&self) -> &str {
        "u ⊙ sigmoid(u)"
    }

    fn forward(&self, operands: Operands<'_, T>, r: &mut Matrix<T>) {
        r.copy_from(&operands[0]);
        r.map_in_place(|u| u * sigmoid(u));
    }

    /// ū = r̄ ⊙ s ⊙ (1 + u ⊙ (1 − s)), where s = sigmoid(u)
    fn backward(&self, _: usize, operands: Operands<'_, T>, _: &Matrix<T>, r_bar: &Matrix<T>, u_bar: &mut Matrix<T>) {
        u_bar.copy_from(r_bar);
        u_bar.zip_in_place(&operands[0], |r_bar, u| {
            let s = sigmoid(u);
            r_bar * s * (T::one() + u * (T::one() - s))
        });
    }
}
// ANCHOR_END: swish

fn main() -> Result<(), WrongRule> {
    let mut tape = Tape::<f64>::new();
    let x = tape.input(Matrix::from_column(&[1.0, -0.5]));
    let w = tape.parameter(Matrix::from_rows(&[[0.5, -1.0], [2.0, 0.1]]));
    let z = tape.matmul(w, x);
    let a = tape.apply(Swish, &[z]);
    let y = tape.input(Matrix::from_column(&[0.0, 1.0]));
    let j = tape.least_squares(a, y);

    tape.check_gradient(j)?; // against differences: a wrong backward rule is named
    tape.backward(j);
    println!("{tape}");
    Ok(())
}
