//! How many digits a second the training of the demo learns from on this machine itself, on one thread, with vectors of 128 bits as
//! the browser has them: what `scripts/playground try` holds its own figure against.

use std::time::Instant;

use nn_playground::digits::Digits;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[cfg(feature = "fast")]
    let _ = nn_core::set_vector_bits(128); // a processor without a choice has these anyway
    let mut digits = Digits::new(64, "hand", 32, 0.2, 1)?;
    digits.train(5);
    let (epochs, mut best) = (10, f64::INFINITY);
    for _ in 0..3 {
        let start = Instant::now();
        digits.train(epochs);
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{}", (digits.examples() * epochs) as f64 / best);
    Ok(())
}
