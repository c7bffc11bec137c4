//! The rows of the digits that `nn train digits` holds out, one number a line: for whoever wants to compare accuracies on
//! the same examples.
//!
//! ```text
//! cargo run --release -p nn-train --example held_out
//! ```

fn main() {
    for row in nn_train::split(&nn_train::digits(), 0.2).validation {
        println!("{row}");
    }
}
