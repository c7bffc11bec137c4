//! burn: its layers, its losses, its SGD, on its backend for CPUs: `burn-peer flex`, or the older `burn-peer ndarray`.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::nn::loss::{CrossEntropyLossConfig, MseLoss, Reduction};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{DType, Device, Int, Tensor, TensorData, activation};
use harness::{Activation, LEARNING_RATE, Step, Workload};

#[derive(Debug, Module)]
struct Network {
    layers: Vec<Linear>,
}

/// What the loss compares the outputs with.
enum Targets {
    Labels(Tensor<1, Int>),
    Values(Tensor<2>),
}

fn prepare(w: &Workload, device: &Device) -> Step {
    let device = device.clone().autodiff();
    let float = (&device, if harness::precision() == "f64" { DType::F64 } else { DType::F32 });
    let layer = |(pair, weight): (&[usize], Vec<f64>)| Linear {
        // burn keeps W transposed.
        weight: Param::from_tensor(Tensor::from_data(TensorData::new(weight, [pair[1], pair[0]]), float).transpose()),
        bias: Some(Param::from_tensor(Tensor::zeros([pair[1]], float))),
    };
    let mut network = Some(Network { layers: w.widths.windows(2).zip(w.weights()).map(layer).collect() });
    let mut optimizer = SgdConfig::new().init();
    let batches = Vec::from_iter(w.batches().into_iter().map(|batch| {
        let x: Tensor<2> = Tensor::from_data(TensorData::new(batch.x, [w.batch, w.inputs()]), float);
        let y = if w.is_cross_entropy() {
            let labels = Vec::from_iter(batch.labels.into_iter().map(i64::from));
            Targets::Labels(Tensor::from_data(TensorData::new(labels, [w.batch]), &device))
        } else {
            Targets::Values(Tensor::from_data(TensorData::new(batch.y, [w.batch, w.outputs()]), float))
        };
        (x, y)
    }));
    let (cross_entropy, mse) = (CrossEntropyLossConfig::new().init(&device), MseLoss::new());
    let w = w.clone();
    Box::new(move |turn| {
        let (x, y) = &batches[turn];
        let before = network.take().expect("given back by the last step");
        let mut a = x.clone();
        for (index, layer) in before.layers.iter().enumerate() {
            let z = layer.forward(a);
            a = match w.activation(index) {
                Activation::Relu => activation::relu(z),
                Activation::Tanh => z.tanh(),
                Activation::Sigmoid => activation::sigmoid(z),
                Activation::Identity | Activation::Softmax => z,
            };
        }
        let loss = match y {
            Targets::Labels(labels) => cross_entropy.forward(a, labels.clone()),
            Targets::Values(values) => mse.forward(a, values.clone(), Reduction::Mean),
        };
        let gradients = GradientsParams::from_grads(loss.backward(), &before);
        network = Some(optimizer.step(LEARNING_RATE * w.mse_factor(), before, gradients));
        w.mse_factor() * loss.into_scalar::<f64>()
    })
}

fn main() {
    let backend = std::env::args().nth(1).unwrap_or_default();
    let device = match backend.as_str() {
        "flex" => Device::flex(),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)] // It is measured since it may be the faster one.
        "ndarray" => Device::ndarray(),
        _ => panic!("usage: burn-peer flex|ndarray"),
    };
    harness::serve(&format!("burn-{backend}"), |w| Some(prepare(w, &device)));
}
