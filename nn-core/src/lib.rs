//! Numbers for feed-forward neural networks: matrices small enough to read, the matrix product, activations and
//! losses. The other crates (the tape, the δ-recursion, training) are written in these terms.
//!
//! # Columns are examples
//!
//! A batch of m examples with n values each is an n × m [`Matrix`] whose **columns are the examples**, and matrices are
//! stored **column by column**. So one example is one contiguous slice, a range of examples is one contiguous block,
//! and a layer's pre-activation is written exactly as on paper:
//!
//! ```text
//! Z = W A + b 1ᵀ          W: n_l × n_{l−1}    A: n_{l−1} × m    b: n_l × 1    Z: n_l × m
//! ```
//!
//! PyTorch keeps examples in rows (m × n) and writes `x @ W.T + b`. Its `weight` has the same shape and the same
//! entries as ours; its `x` is our `x` transposed. Stored row by row, its `x` even has the same bytes in memory as ours.
//!
//! # Example
//!
//! One sigmoid layer, its loss, and the error δ = ∂J/∂z of its pre-activation:
//!
//! ```
//! use nn_core::{Activation, Loss, Matrix, affine};
//!
//! let weight = Matrix::<f64>::from_rows(&[[0.15, 0.20], [0.25, 0.30]]);
//! let bias = Matrix::from_column(&[0.35, 0.35]);
//! let x = Matrix::from_column(&[0.05, 0.10]); // one example, a column
//! let y = Matrix::from_column(&[0.0, 1.0]);
//!
//! let mut z = Matrix::zeros(2, 1);
//! let mut a = Matrix::zeros(2, 1);
//! affine(&weight, &x, &bias, &mut z); // z = W x + b
//! Activation::Sigmoid.apply(&z, &mut a); // a = σ(z)
//! assert!((z[(0, 0)] - 0.3775).abs() < 1e-15 && (z[(1, 0)] - 0.3925).abs() < 1e-15);
//!
//! let loss = Loss::LeastSquares.value(&z, &a, &y);
//! let mut delta = Matrix::zeros(2, 1);
//! Loss::LeastSquares.gradient(&z, &a, &y, &mut delta); // ∂J/∂a = a − y
//! Activation::Sigmoid.backward(&a, &mut delta); // δ = ∂J/∂a ⊙ σ′(z)
//! assert!((loss - 0.257_235_744_012_938).abs() < 1e-14);
//! assert!((delta[(0, 0)] - 0.143_156_469_470_162).abs() < 1e-14);
//! ```
//!
//! # What is the same on every machine, and why the last digits are not
//!
//! On one kind of processor and system everything is deterministic: the same seed gives the same bits, for any number of
//! threads. It is not bit-for-bit (bitwise) reproducible on another machine: there the last digits of a trained model differ,
//! for three reasons.
//!
//! 1. **Fused multiply-add** (FMA): in products, AVX2, AVX-512 and NEON round a multiplication and an addition once, SSE2 and
//!    wasm twice.
//! 2. **Partial sums per SIMD lane**: an inner product (dot product) is summed in as many parts as the SIMD registers have
//!    lanes. Inner products compute Wᵀ δ of one or two examples, or of at most 512 multiplications, and W a in a layer of one
//!    unit. All other products are summed in one order everywhere.
//! 3. **The system's ln and cos**: [`normal`] random numbers, and so the initial weights of He and of Nielsen, may differ in
//!    the last bit between operating systems. [`uniform`] ones do not.
//!
//! With the default feature `fast`, activations, losses and their derivatives have the same bits on every processor and
//! system: their functions are this crate's own, in plain operations of one order. Without it, exp, ln and tanh come from the
//! system's library, and their last digits vary too. `set_vector_bits(128)` gives an x86-64 processor the bits of any other.
//!
//! # In the book
//!
//! One neuron: `docs/src/neuron.md`. The affine map and batches: `docs/src/affine.md`. Activation functions:
//! `docs/src/activations.md`. Losses: `docs/src/losses.md`. Where the time goes: `docs/src/speed.md`.
//!
//! # What it does not do
//!
//! It knows no gradient of a network, no files and no clocks, and starts no thread: callers that own threads pass an
//! [`Executor`]. A shape mismatch is a bug of the caller: the call panics and names the operation and the shapes.
//!
//! # Precision
//!
//! Everything is generic over [`Scalar`]: `f32`, `f64`, or a number type of your own, such as the dual numbers of
//! forward-mode differentiation. In f64, sigmoid, tanh and softplus are within 2 units in the last place, softmax is
//! within 1e-14 norm-wise, and the losses are exact to 1e-14 relative even for extreme logits; the tests hold them to
//! numbers computed with 60 digits.

mod activation;
mod executor;
#[cfg(feature = "fast")]
mod kernels;
#[cfg(not(feature = "fast"))]
mod large_product;
mod loss;
mod matrix;
mod name;
mod product;
mod random;
mod scalar;
mod sum;
mod targets;
pub mod text;
mod view;

pub use activation::{
    Activation, LEAKY_SLOPE, leaky_relu, leaky_relu_derivative, relu, relu_derivative, sigmoid, sigmoid_derivative,
    softmax, softmax_backward, softplus, softplus_derivative, step, step_derivative, tanh, tanh_derivative,
};
pub use executor::{Executor, Task};
#[cfg(feature = "fast")]
pub use kernels::{NoSuchVectors, set_vector_bits, vector_bits};
pub use loss::{
    Loss, binary_cross_entropy, binary_cross_entropy_gradient, cross_entropy, cross_entropy_gradient, least_squares,
    least_squares_gradient,
};
pub use matrix::Matrix;
pub use name::UnknownName;
pub use product::{Write, affine, matmul, matmul_reference, plain_product, sum_columns};
pub use random::{Generator, below, normal, seeded, shuffle, uniform};
pub use scalar::Scalar;
pub use sum::sum;
pub use targets::TargetError;
pub use view::{MatrixView, Shape};
