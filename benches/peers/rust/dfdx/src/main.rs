//! dfdx: shapes are types, so that each network is compiled for itself. It has one thread.

use dfdx::optim::{Sgd, SgdConfig};
use dfdx::prelude::*;
use harness::{Activation, LEARNING_RATE, Step, Workload};

// The networks of the table. A layer alone in its tuple has no activation.
type Small<A> = ((Linear<2, 16>, A), (Linear<16, 16>, A), (Linear<16, 1>,));
type Digits = ((Linear<64, 32>, ReLU), (Linear<32, 10>,));
type Nielsen = ((Linear<784, 30>, Sigmoid), (Linear<30, 10>, Sigmoid));
type Medium = ((Linear<784, 128>, ReLU), (Linear<128, 64>, ReLU), (Linear<64, 10>,));
type Large = ((Linear<784, 512>, ReLU), (Linear<512, 512>, ReLU), (Linear<512, 10>,));
type Wide = ((Linear<1024, 1024>, ReLU), (Linear<1024, 1024>, ReLU), (Linear<1024, 1024>,));

/// A [`Step`] for one network: the workload, the type of its numbers, the network and its layers' numbers, the loss,
/// inputs → outputs, batch.
macro_rules! step {
    ($w:expr, $e:ty, $model:ty, [$($l:tt)+], $loss:ident, $inputs:literal -> $outputs:literal, $batch:literal) => {{
        let device = Cpu::default();
        let numbers = |values: &[f64]| Vec::from_iter(values.iter().map(|&value| value as $e));
        let (mut model, weights) = (device.build_module::<$model, $e>(), $w.weights());
        $(
            model.$l.0.weight.copy_from(&numbers(&weights[$l]));
            model.$l.0.bias.copy_from(&vec![0.0; $w.widths[$l + 1]]);
        )+
        let batches = Vec::from_iter($w.batches().iter().map(|batch| {
            let x: Tensor<Rank2<$batch, $inputs>, $e, Cpu> = device.tensor(numbers(&batch.x));
            let y: Tensor<Rank2<$batch, $outputs>, $e, Cpu> = device.tensor(numbers(&batch.y));
            (x, y)
        }));
        let factor = $w.mse_factor();
        let config = SgdConfig { lr: LEARNING_RATE * factor, momentum: None, weight_decay: None };
        let mut optimizer = Sgd::new(&model, config);
        // The memory of the gradients is kept from step to step.
        let mut kept = Some(model.alloc_grads());
        Some(Box::new(move |turn: usize| {
            let (x, y) = &batches[turn];
            let a = model.forward_mut(x.clone().traced(kept.take().expect("given back by the last step")));
            let loss = $loss(a, y.clone());
            let number = factor * f64::from(loss.array());
            let mut gradients = loss.backward();
            optimizer.update(&mut model, &gradients).expect("every parameter is used");
            model.zero_grads(&mut gradients);
            kept = Some(gradients);
            number
        }))
    }};
}

macro_rules! prepare {
    ($w:expr, $e:ty) => {{
        use cross_entropy_with_logits_loss as cross_entropy;
        match (&$w.widths[..], $w.hidden, $w.batch) {
            ([2, 16, 16, 1], Activation::Relu, 1) => step!($w, $e, Small<ReLU>, [0 1 2], mse_loss, 2 -> 1, 1),
            ([2, 16, 16, 1], Activation::Relu, 100) => step!($w, $e, Small<ReLU>, [0 1 2], mse_loss, 2 -> 1, 100),
            ([2, 16, 16, 1], Activation::Tanh, 1) => step!($w, $e, Small<Tanh>, [0 1 2], mse_loss, 2 -> 1, 1),
            ([2, 16, 16, 1], Activation::Tanh, 100) => step!($w, $e, Small<Tanh>, [0 1 2], mse_loss, 2 -> 1, 100),
            ([64, 32, 10], _, 1) => step!($w, $e, Digits, [0 1], cross_entropy, 64 -> 10, 1),
            ([64, 32, 10], _, 32) => step!($w, $e, Digits, [0 1], cross_entropy, 64 -> 10, 32),
            ([784, 30, 10], _, 10) => step!($w, $e, Nielsen, [0 1], mse_loss, 784 -> 10, 10),
            ([784, 128, 64, 10], _, 128) => step!($w, $e, Medium, [0 1 2], cross_entropy, 784 -> 10, 128),
            ([784, 512, 512, 10], _, 256) => step!($w, $e, Large, [0 1 2], cross_entropy, 784 -> 10, 256),
            ([1024, 1024, 1024, 1024], _, 512) => step!($w, $e, Wide, [0 1 2], cross_entropy, 1024 -> 1024, 512),
            _ => None, // A network that is not here gets no answer.
        }
    }};
}

fn prepare(w: &Workload) -> Option<Step> {
    if harness::precision() == "f64" { prepare!(w, f64) } else { prepare!(w, f32) }
}

fn main() {
    dfdx::flush_denormals_to_zero();
    harness::serve("dfdx", prepare);
}
