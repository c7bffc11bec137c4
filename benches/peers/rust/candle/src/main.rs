//! candle: its layers, its losses, its SGD.

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::{Linear, Module, Optimizer, SGD, loss, ops};
use harness::{Activation, Batch, LEARNING_RATE, Step, Workload};

fn prepare(w: &Workload) -> Result<Step> {
    let (device, dtype) = (Device::Cpu, if harness::precision() == "f64" { DType::F64 } else { DType::F32 });
    let (mut layers, mut parameters) = (Vec::new(), Vec::new());
    for (pair, weight) in w.widths.windows(2).zip(w.weights()) {
        let weight = Var::from_tensor(&Tensor::from_vec(weight, (pair[1], pair[0]), &device)?.to_dtype(dtype)?)?;
        let bias = Var::zeros(pair[1], dtype, &device)?;
        layers.push(Linear::new(weight.as_tensor().clone(), Some(bias.as_tensor().clone())));
        parameters.extend([weight, bias]);
    }
    let mut optimizer = SGD::new(parameters, LEARNING_RATE * w.mse_factor())?;
    let tensors = |batch: Batch| {
        let x = Tensor::from_vec(batch.x, (w.batch, w.inputs()), &device)?.to_dtype(dtype)?;
        let y = if w.is_cross_entropy() {
            Tensor::from_vec(batch.labels, w.batch, &device)?
        } else {
            Tensor::from_vec(batch.y, (w.batch, w.outputs()), &device)?.to_dtype(dtype)?
        };
        Ok((x, y))
    };
    let batches = w.batches().into_iter().map(tensors).collect::<Result<Vec<_>>>()?;
    let w = w.clone();
    let mut step = move |turn: usize| -> Result<f64> {
        let (x, y): &(Tensor, Tensor) = &batches[turn];
        let mut a = x.clone();
        for (index, layer) in layers.iter().enumerate() {
            let z = layer.forward(&a)?;
            a = match w.activation(index) {
                Activation::Relu => z.relu()?,
                Activation::Tanh => z.tanh()?,
                Activation::Sigmoid => ops::sigmoid(&z)?,
                Activation::Identity | Activation::Softmax => z,
            };
        }
        let loss = if w.is_cross_entropy() { loss::cross_entropy(&a, y)? } else { loss::mse(&a, y)? };
        optimizer.backward_step(&loss)?;
        Ok(w.mse_factor() * loss.to_dtype(DType::F64)?.to_scalar::<f64>()?)
    };
    Ok(Box::new(move |turn| step(turn).expect("shapes that fit")))
}

fn main() {
    harness::serve("candle", |w| Some(prepare(w).expect("shapes that fit")));
}
