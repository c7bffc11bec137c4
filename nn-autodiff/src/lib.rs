//! Automatic differentiation (autodiff): a reverse-mode **tape**, small enough to read in one sitting, and **dual numbers**.
//!
//! A [`Tape`] is a Wengert list: the list of the operations of a computation, in the order in which they were done, with
//! the value of each. Read forwards it computes the values again; read backwards, with the chain rule at each step, it
//! gives the derivative of the last value with respect to every one before it.
//!
//! # Example
//!
//! The loss of a network with two layers, and its gradients, with every value named as on paper:
//!
//! ```
//! use nn_autodiff::Tape;
//! use nn_core::{Activation::Sigmoid, Matrix};
//!
//! let mut tape = Tape::<f64>::new();
//! let x = tape.input(Matrix::from_column(&[0.05, 0.10]));
//! let y = tape.input(Matrix::from_column(&[0.01, 0.99]));
//! let w1 = tape.parameter(Matrix::from_rows(&[[0.15, 0.20], [0.25, 0.30]]));
//! let b1 = tape.parameter(Matrix::from_column(&[0.35, 0.35]));
//! let w2 = tape.parameter(Matrix::from_rows(&[[0.40, 0.45], [0.50, 0.55]]));
//! let b2 = tape.parameter(Matrix::from_column(&[0.60, 0.60]));
//!
//! let z1 = tape.affine(w1, x, b1);
//! let a1 = tape.activate(z1, Sigmoid);
//! let z2 = tape.affine(w2, a1, b2);
//! let a2 = tape.activate(z2, Sigmoid);
//! let j = tape.least_squares(a2, y);
//!
//! tape.backward(j);
//! assert!((tape.value(j)[(0, 0)] - 0.298_371_108_760_002_69).abs() < 1e-15);
//! assert!((tape.gradient(w1)[(0, 0)] - 0.000_438_567_734_474_346_73).abs() < 1e-15);
//!
//! // The recording is replayed with other numbers, in the same buffers.
//! tape.set(x, &Matrix::from_column(&[1.0, -1.0]));
//! tape.forward();
//! tape.backward(j);
//! ```
//!
//! # What it is made of
//!
//! - **Operations**: affine maps, activations, sums, differences, products and quotients entry by entry, exp, ln,
//!   transposes, matrix products, sums and means of all entries, and losses ([`Op`] lists them). An operation of your own
//!   is a [`CustomOp`]: its forward and its backward rule (the VJP of PyTorch and JAX).
//! - **A check**: [`Tape::check_gradient`] compares every gradient with differences of J.
//! - **A picture**: `println!("{tape}")` prints every value with its adjoint; [`Tape::to_dot`] and [`Tape::to_mermaid`]
//!   draw the graph.
//! - **Second derivatives**: [`Tape::hessian_vector`], on a tape over [`Dual`] numbers.
//!
//! The folder `examples` has a network and an operation of your own, twenty lines each.
//!
//! # The design, and why
//!
//! - A [`Var`] is an index. Operands are recorded before their result, so **index order is topological order**: the
//!   forward sweep counts up, the backward sweep counts down, and neither needs a graph search.
//! - The operations are one enum, and each sweep is a loop around one `match`. To see what the engine does, read two
//!   functions, `forward_rule` and `backward_rule`.
//! - The list keeps each operation with its value; the adjoints lie in a vector beside it. A result comes after its
//!   operands, so splitting either vector there gives the operands and the result, the one to read and the other to
//!   write, without reference counting.
//! - A tape is **recorded once and replayed**: after the first sweep no matrix is allocated.
//! - Inputs are constants: no product is computed for a derivative that nobody asked for.
//! - Shapes fit, or the recording panics. There is no implicit broadcasting: [`broadcast`](Tape::broadcast) is an operation.
//! - There is no operator overloading. `u * v` would be ambiguous (two products), and a `Var` would need a shared reference
//!   to its tape. Each intermediate has a name instead, as on paper.
//!
//! The engine is under 700 lines of code: the list of operations with their names and equations, recording, both sweeps,
//! both rules of every operation, and all messages (op.rs, rules.rs and tape.rs, without blank lines and comments). A test
//! counts them.
//!
//! # Forward mode
//!
//! A [`Dual`] number a + b ε carries a derivative along with its value: the chain rule in the other direction, without
//! a list. A tape over dual numbers differentiates twice, and gives the product of the Hessian with a vector.
//!
//! # Is a gradient right?
//!
//! | what is to be checked | by | what a failure says |
//! |---|---|---|
//! | a gradient that you have written, of any function | [`check_gradient`], against dual numbers | [`WrongGradient`]: which entries, and what relation holds |
//! | the same, where the function takes f64 alone | [`check_gradient_by_differences`] | the same |
//! | everything on a tape, with the rules of operations of your own | [`Tape::check_gradient`], against differences | [`WrongRule`]: which value, and which operation |
//!
//! Each is one line in a test, and each error is a sentence, also where `unwrap` prints it.
//!
//! # In the book
//!
//! The tape, and why backwards: `docs/src/tape.md`.
//!
//! # What it does not do
//!
//! The tape differentiates a scalar with respect to matrices. It has no tensors of more than two dimensions, and no control
//! flow: a loop is recorded as the steps that it takes.
#![forbid(unsafe_code)]

mod check;
mod dual;
mod hessian;
mod op;
mod oracle;
mod print;
mod rules;
mod tape;

pub use check::WrongRule;
pub use dual::Dual;
pub use op::{CustomOp, Op, Operands, Var};
pub use oracle::{DIFFERENCE_TOLERANCE, DUAL_TOLERANCE, WrongGradient, check_gradient, check_gradient_by_differences};
pub use tape::{IntoMatrix, Tape};
