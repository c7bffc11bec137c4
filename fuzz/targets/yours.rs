//! The readers of JSON for `nn diagnose`: somebody's numbers, which are then compared, and a batch of examples.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use nn_core::{Activation, Loss, Matrix, seeded};
use nn_layers::{Initialization, Network};
use nn_train::{Problem, Yours, diagnose, parse_json};

fuzz_target!(|text: &str| {
    if let Err(error) = parse_json::<BTreeMap<String, Vec<Vec<f64>>>>(text) {
        assert!(!error.to_string().is_empty());
    }
    let Ok(yours) = Yours::from_json(text) else { return };
    let layers = [(3, Activation::Tanh), (2, Activation::Sigmoid)];
    let network = Network::random(2, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1));
    let network = network.expect("layers that fit");
    let (x, y) = (Matrix::from_columns(&[[0.5, -1.0], [2.0, 0.25]]), Matrix::from_columns(&[[1.0, 0.0], [0.5, 0.5]]));
    for learning_rate in [None, Some(0.5)] {
        match diagnose(Problem { network: &network, x: &x, y: &y, learning_rate }, &yours) {
            Ok(diagnosis) => {
                let answer = [diagnosis.to_text(), diagnosis.to_markdown(), diagnosis.to_json()];
                assert!(answer.iter().all(|answer| !answer.is_empty()));
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
