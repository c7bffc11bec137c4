//! The width of the vectors is chosen once, before anything is computed. A program of its own, because a program chooses
//! once.
#![cfg(feature = "fast")]

use nn_core::{Activation, Matrix, Write, matmul, matmul_reference, set_vector_bits, vector_bits};
use nn_testing::panic_message;

#[test]
fn a_program_computes_with_the_width_that_it_chose_first() {
    let available = set_vector_bits(96).unwrap_err().available;
    let bits = available[0]; // the narrowest, which a processor that has others does not take by itself
    set_vector_bits(bits).unwrap();
    set_vector_bits(bits).unwrap();
    assert_eq!(vector_bits(), bits);

    let (a, b) = (Matrix::from_fn(40, 30, |i, j| (i + j) as f32), Matrix::from_fn(30, 20, |i, j| (i * j % 7) as f32));
    let mut c = Matrix::zeros(40, 20);
    matmul(&a, &b, Write::Replace, &mut c);
    assert_eq!(c, matmul_reference(&a, &b));
    let mut activated = Matrix::zeros(40, 20);
    Activation::Relu.apply(&c, &mut activated);
    assert_eq!(activated, c);

    if let Some(&other) = available.iter().find(|&&other| other != bits) {
        let text = format!("SIMD of {other} bits was asked for after SIMD of {bits} bits had been used");
        assert_eq!(panic_message(|| set_vector_bits(other)), text);
    }
    assert_eq!(vector_bits(), bits);
}
