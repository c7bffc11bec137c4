//! The reader of model files: what it accepts is written and read to the same bits, and computes finite numbers or says not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nn_core::Matrix;
use nn_train::Model;

fuzz_target!(|text: &str| {
    match Model::from_json(text) {
        Ok(model) => {
            let json = model.to_json();
            let again = Model::from_json(&json).expect("what was written is read");
            assert_eq!(again.to_json(), json);
            if model.network.parameter_count() < 1000 {
                let outputs = model.predict(&Matrix::from_fn(model.network.inputs(), 2, |i, j| (i + j) as f64));
                assert_eq!(outputs.rows(), model.network.outputs());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
