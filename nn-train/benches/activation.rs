//! The time of activations, their derivatives and the losses, for each entry of a batch.
//!
//! ```text
//! cargo bench -p nn-train --bench activation
//! ```
//!
//! 128 units by 128 examples in f32 are 64 KB: more than the L1 cache holds, but not the L2 cache.
#![allow(missing_docs)] // of the function that criterion's macro writes

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nn_core::{Activation, Loss, Matrix, Scalar, normal, seeded};

const UNITS: usize = 128;
const EXAMPLES: usize = 128;

fn activations<T: Scalar>(criterion: &mut Criterion, precision: &str) {
    let mut rng = seeded(1);
    let z = Matrix::from_fn(UNITS, EXAMPLES, |_, _| T::from_f64(normal(&mut rng)));
    let mut y = Matrix::zeros(UNITS, EXAMPLES);
    (0..EXAMPLES).for_each(|j| y[(j, j)] = T::one());
    let (mut a, mut gradient) = (Matrix::zeros(UNITS, EXAMPLES), z.clone());

    let mut group = criterion.benchmark_group(format!("activation/{precision}"));
    group.throughput(Throughput::Elements((UNITS * EXAMPLES) as u64));
    for activation in Activation::ALL {
        group.bench_function(activation.name(), |bencher| bencher.iter(|| activation.apply(&z, &mut a)));
        group.bench_function(format!("{activation}′"), |bencher| {
            bencher.iter(|| {
                // The derivative multiplies in place: a fresh copy each time, or the numbers would tend to 0.
                gradient.copy_from(&z);
                activation.backward(&a, &mut gradient);
            });
        });
    }
    Activation::Softmax.apply(&z, &mut a);
    for loss in Loss::ALL {
        group.bench_function(loss.name(), |bencher| bencher.iter(|| loss.value(&z, &a, &y)));
        group.bench_function(format!("{loss}, gradient"), |bencher| {
            bencher.iter(|| loss.gradient(&z, &a, &y, &mut gradient));
        });
    }
}

fn both(criterion: &mut Criterion) {
    activations::<f32>(criterion, "f32");
    activations::<f64>(criterion, "f64");
}

criterion_group!(benches, both);
criterion_main!(benches);
