//! The reader of checkpoints. The checksum is made to fit, so that the rest of the reader sees the bytes too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nn_core::{Activation, Loss, seeded};
use nn_layers::{ByHand, Initialization, Network};
use nn_train::{Checkpoint, FileNumber, Optimizer, Plan, Trainer, checkpoint_run};

/// The length of the header, and how the header begins: behind it stand the eight digits.
const LENGTH: usize = 8;
const START: &[u8] = br#"{"__metadata__":{"nn":"{\"checksum\":\""#;

fuzz_target!(|bytes: &[u8]| {
    drop(Checkpoint::<f32>::from_bytes(bytes));
    let mut bytes = bytes.to_vec();
    let place = LENGTH + START.len()..LENGTH + START.len() + 8;
    if bytes.len() >= place.end {
        bytes[LENGTH..place.start].copy_from_slice(START);
        bytes[place.clone()].copy_from_slice(b"00000000");
        let checksum = format!("{:08x}", crc32fast::hash(&bytes));
        bytes[place].copy_from_slice(checksum.as_bytes());
    }
    if checkpoint_run(&bytes).is_ok() {
        read::<f32>(&bytes);
        read::<f64>(&bytes);
    }
});

/// What is accepted is written and read again, and a trainer takes it over or says why not.
fn read<T: FileNumber>(bytes: &[u8]) {
    let Ok(checkpoint) = Checkpoint::<T>::from_bytes(bytes) else { return };
    let written = checkpoint.to_bytes().expect("few layers");
    let again = Checkpoint::<T>::from_bytes(&written).expect("what was written is read");
    assert!(again.to_bytes().expect("few layers") == written);
    let layers = [(2, Activation::Tanh), (1, Activation::Sigmoid)];
    let network = Network::random(1, &layers, Loss::LeastSquares, Initialization::Glorot, &mut seeded(1));
    for optimizer in [Optimizer::sgd(), Optimizer::momentum(0.5), Optimizer::adam()] {
        let mut trainer =
            Trainer::new(ByHand::new(network.clone().expect("layers that fit")), optimizer, Plan::default());
        if trainer.restore(checkpoint.state.clone()).is_ok() {
            assert_eq!(trainer.state().so_far.examples, checkpoint.state.so_far.examples);
        }
    }
}
