//! The speed of the matrix product, at the shapes of a training step.
//!
//! ```text
//! cargo bench -p nn-train --bench product
//! cargo bench -p nn-train --bench product -- 'f32/.*784'
//! ```
//!
//! Criterion reports Gelem/s, where an element is a floating-point operation: read it as GFLOP/s, beside the ceiling that
//! `cargo run --release -p nn-train --example speed` measures. Things to look for: one column is slow because each number
//! of A is loaded for a single multiplication; four columns take hardly longer than one; and from some size on nothing
//! changes, because the product is then as fast as the processor can multiply and add.
#![allow(missing_docs)] // of the function that criterion's macro writes

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nn_core::{Matrix, Scalar, Write, matmul, seeded, uniform};

/// m, k, n of z = W a in the networks of the benchmarks, and squares.
const SHAPES: [[usize; 3]; 12] = [
    [16, 16, 100],
    [32, 64, 1],
    [32, 64, 32],
    [30, 784, 1],
    [30, 784, 10],
    [128, 784, 1],
    [128, 784, 4],
    [128, 784, 128],
    [512, 784, 256],
    [64, 64, 64],
    [256, 256, 256],
    [1024, 1024, 512],
];

fn products<T: Scalar>(criterion: &mut Criterion, precision: &str) {
    let mut rng = seeded(1);
    let mut random = |rows, columns| Matrix::from_fn(rows, columns, |_, _| T::from_f64(uniform(&mut rng)));
    for [m, k, n] in SHAPES {
        let mut group = criterion.benchmark_group(format!("product/{precision}/{m}×{k} by {k}×{n}"));
        group.throughput(Throughput::Elements(2 * (m * k * n) as u64));
        let (w, a, delta) = (random(m, k), random(k, n), random(m, n));
        let mut z = Matrix::zeros(m, n);
        group.bench_function("W a", |bencher| bencher.iter(|| matmul(&w, &a, Write::Replace, &mut z)));
        let mut back = Matrix::zeros(k, n);
        group.bench_function("Wᵀ δ", |bencher| bencher.iter(|| matmul(w.t(), &delta, Write::Replace, &mut back)));
        let mut gradient = Matrix::zeros(m, k);
        group
            .bench_function("δ aᵀ", |bencher| bencher.iter(|| matmul(&delta, a.t(), Write::Replace, &mut gradient)));
    }
}

fn both(criterion: &mut Criterion) {
    products::<f32>(criterion, "f32");
    products::<f64>(criterion, "f64");
}

criterion_group!(benches, both);
criterion_main!(benches);
