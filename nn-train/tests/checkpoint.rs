//! A training that was stopped, kept as bytes, and taken up again; and bytes that are none of it.

use std::ops::ControlFlow;

use nn_core::{Activation, Loss, Matrix, below, seeded};
use nn_layers::{ByHand, ByTape, Engine, Initialization, Network};
use nn_train::{
    Checkpoint, CheckpointError, EpochRow, EpochSoFar, Examples, FileNumber, Optimizer, Plan, Schedule, StateError,
    Trainer, TrainerState, checkpoint_run, moons,
};
use rand::Rng;
use serde_json::json;

fn network<T: FileNumber>() -> Network<T> {
    let layers = [(3, Activation::Tanh), (2, Activation::Softmax)];
    let network = Network::random(2, &layers, Loss::CrossEntropy, Initialization::Glorot, &mut seeded(1));
    network.expect("layers that fit")
}

fn examples<T: FileNumber>() -> Examples<T> {
    Examples::new(&moons(20, 0.1, &mut seeded(1)), 2)
}

const PLAN: Plan =
    Plan { epochs: 3, batch_size: 6, learning_rate: 0.1, schedule: Schedule::Cosine, shuffle: true, seed: 5 };

fn optimizers<T: FileNumber>() -> [Optimizer<T>; 4] {
    [Optimizer::sgd(), Optimizer::momentum(0.9), Optimizer::adam(), Optimizer::adam().with_weight_decay(0.1)]
}

/// Trains to the end of epoch 3, or for so many batches.
fn train<T: FileNumber, E: Engine<T>>(trainer: &mut Trainer<T, E>, from: usize, batches: usize) {
    let (examples, mut left) = (examples(), batches);
    for epoch in from..=3 {
        let result = trainer.epoch(&examples, epoch, |_| {
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if result.is_err() {
            return;
        }
    }
}

/// Whichever batch it is stopped after, and whatever goes on with it.
fn assert_resumed<T: FileNumber, E: Engine<T>>(engine: impl Fn() -> E) {
    for optimizer in optimizers() {
        let new = || Trainer::new(engine(), optimizer.clone(), PLAN);
        let mut through = new();
        train(&mut through, 1, usize::MAX);
        for stop in 1..=12 {
            let mut stopped = new();
            train(&mut stopped, 1, stop);
            let state = stopped.state();
            // Four batches an epoch, of 6, 6, 6 and 2 examples.
            let epoch = 1 + (stop - 1) / 4;
            let used = [2, 6, 12, 18][stop % 4] + if stop % 4 == 0 { 18 } else { 0 };
            assert_eq!((state.so_far.epoch, state.so_far.examples), (epoch, used), "{stop}");
            let checkpoint = Checkpoint { run: json!(null), state, history: Vec::new(), best: None };
            let bytes = checkpoint.to_bytes().expect("few layers");
            let mut resumed = new();
            resumed.restore(Checkpoint::from_bytes(&bytes).expect("a checkpoint").state).expect("the same network");
            train(&mut resumed, epoch, usize::MAX);
            assert_eq!(resumed.state(), through.state(), "{stop}");
        }
    }
}

#[test]
fn a_training_goes_on_from_any_batch_to_the_same_bits() {
    assert_resumed(|| ByHand::new(network::<f32>()));
    assert_resumed(|| ByHand::new(network::<f64>()));
    assert_resumed(|| ByTape::new(&network::<f32>()));
}

/// An epoch's report does not tell that it was stopped.
#[test]
fn an_epoch_that_was_stopped_goes_on_and_another_begins_anew() {
    let (examples, go_on) = (examples::<f64>(), |_| ControlFlow::Continue(()));
    let new = || Trainer::new(ByHand::new(network()), Optimizer::momentum(0.5), PLAN);
    let mut through = new();
    let report = through.epoch(&examples, 1, go_on).expect("a finite loss");
    let mut stopped = new();
    for _ in 0..4 {
        assert!(stopped.epoch(&examples, 1, |_| ControlFlow::Break(())).is_err());
    }
    assert_eq!(stopped.epoch(&examples, 1, go_on).expect("a finite loss"), report);
    assert_eq!(stopped.state(), through.state());
    // The same number again is the same epoch again; another number leaves what was stopped behind.
    assert_ne!(stopped.epoch(&examples, 1, go_on).expect("a finite loss"), report);
    assert!(stopped.epoch(&examples, 2, |_| ControlFlow::Break(())).is_err());
    let mut batches = Vec::new();
    let report = stopped.epoch(&examples, 3, |batch| {
        batches.push((batch.batch, batch.examples));
        ControlFlow::Continue(())
    });
    assert!(report.is_ok() && batches == [(1, 6), (2, 12), (3, 18), (4, 20)], "{batches:?}");
}

#[test]
#[should_panic(expected = "epoch 1 was stopped after 18 examples and goes on over 10")]
fn an_epoch_does_not_go_on_over_fewer_examples_than_it_has_used() {
    let mut trainer = Trainer::new(ByHand::new(network::<f64>()), Optimizer::sgd(), PLAN);
    train(&mut trainer, 1, 3);
    let few = Examples::new(&moons(10, 0.1, &mut seeded(1)), 2);
    let _ = trainer.epoch(&few, 1, |_| ControlFlow::Continue(()));
}

#[test]
fn a_state_of_another_training_is_refused_and_changes_nothing() {
    let mut trainer = Trainer::new(ByHand::new(network::<f64>()), Optimizer::momentum(0.9), PLAN);
    train(&mut trainer, 1, 2);
    let good = trainer.state();
    for (change, message) in [
        (
            &(|s: &mut TrainerState<f64>| drop(s.parameters.pop())) as &dyn Fn(&mut TrainerState<f64>),
            "3 parameters, but the network has 4",
        ),
        (&|s| s.parameters[1] = Matrix::zeros(1, 3), "parameter 2 is 1×3, but that of the network is 3×1"),
        (&|s| s.buffers.clear(), "0 optimizer buffers after 2 steps, but there should be 4"),
        (&|s| s.buffers.swap(0, 1), "optimizer buffer 0 is 3×1, but its parameter is 3×2"),
    ] {
        let mut state = good.clone();
        change(&mut state);
        let error: StateError = trainer.restore(state).expect_err(message);
        assert_eq!(error.to_string(), message);
        assert_eq!(trainer.state(), good);
    }
}

/// Everything that a checkpoint may hold.
fn full<T: FileNumber>() -> Checkpoint<T> {
    let mut trainer = Trainer::new(ByHand::new(network::<T>()), Optimizer::adam(), PLAN);
    train(&mut trainer, 1, 6);
    let row = |epoch, train_accuracy, validation_loss| EpochRow {
        epoch,
        train_loss: 0.1,
        train_accuracy,
        validation_loss,
        validation_accuracy: None,
        seconds: None,
    };
    let best = trainer.state().parameters;
    let history = vec![row(1, Some(0.5), Some(1e-300)), row(2, None, Some(f64::MAX))];
    Checkpoint { run: json!({ "ü \"": [1, 0.1, null] }), state: trainer.state(), history, best: Some(best) }
}

#[test]
fn what_is_written_is_read_to_the_bit() {
    fn assert_kept<T: FileNumber>(checkpoint: &Checkpoint<T>) {
        let bytes = checkpoint.to_bytes().expect("few layers");
        assert_eq!(&Checkpoint::from_bytes(&bytes).expect("a checkpoint"), checkpoint);
        assert_eq!(checkpoint_run(&bytes).expect("a checkpoint"), (T::PRECISION, checkpoint.run.clone()));
    }
    assert_kept(&full::<f32>());
    assert_kept(&full::<f64>());
    let mut unusual = full::<f64>();
    unusual.state.parameters[0] = Matrix::from_fn(3, 2, |i, j| [f64::MAX, 5e-324, -0.0][i] * [1.0, -1.0][j]);
    // Adam's v may overflow, and the sum of losses too.
    unusual.state.buffers[0].fill(f64::INFINITY);
    unusual.state.so_far = EpochSoFar { epoch: usize::MAX, examples: 9, loss_sum: f64::INFINITY, right: 9 };
    unusual.state.steps = u64::MAX;
    assert_kept(&unusual);
    unusual.history.clear();
    unusual.best = None;
    assert_kept(&unusual);
    // Seconds are left out.
    let mut timed = full::<f32>();
    timed.history[0].seconds = Some(0.25);
    assert_eq!(timed.to_bytes().expect("few layers"), full::<f32>().to_bytes().expect("few layers"));
}

/// Another program reads it as any safetensors file: names, types, and shapes the other way round.
#[test]
fn the_file_is_safetensors_in_the_same_order_every_time() {
    let bytes = full::<f32>().to_bytes().expect("few layers");
    for _ in 0..20 {
        assert!(full::<f32>().to_bytes().expect("few layers") == bytes);
    }
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).expect("JSON");
    assert_eq!(header["parameter.1"]["shape"], json!([2, 3]), "W⁽¹⁾ is 3×2, column by column");
    assert_eq!(header["parameter.1"]["dtype"], "F32");
    assert_eq!(header["history"]["shape"], json!([2, 4]));
    assert_eq!(header["__metadata__"].as_object().expect("an object").len(), 1);
    let [start, end] = [0, 1].map(|i| header["parameter.1"]["data_offsets"][i].as_u64().expect("a number") as usize);
    let written: Vec<f32> = bytes[8 + length..][start..end].chunks(4).map(f32::read).collect();
    assert_eq!(written, full::<f32>().state.parameters[0].as_slice());
}

#[test]
fn every_prefix_is_refused() {
    let bytes = full::<f32>().to_bytes().expect("few layers");
    for length in 0..bytes.len() {
        Checkpoint::<f32>::from_bytes(&bytes[..length]).expect_err("a prefix");
    }
    Checkpoint::<f32>::from_bytes(&[&bytes[..], &[0]].concat()).expect_err("a byte too many");
}

#[test]
fn every_flipped_bit_is_refused() {
    let mut bytes = full::<f32>().to_bytes().expect("few layers");
    for bit in 0..8 * bytes.len() {
        bytes[bit / 8] ^= 1 << (bit % 8);
        Checkpoint::<f32>::from_bytes(&bytes).expect_err("a flipped bit");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    Checkpoint::<f32>::from_bytes(&bytes).expect("all bits are back");
    // Several at once, and bytes in the place of others.
    let mut rng = seeded(3);
    for round in 0..2000 {
        let mut damaged = bytes.clone();
        for _ in 0..=below(&mut rng, 8) {
            let at = below(&mut rng, bytes.len());
            damaged[at] ^= 1 << below(&mut rng, 8);
        }
        let (from, to) = (below(&mut rng, bytes.len()), below(&mut rng, bytes.len()));
        if round % 2 == 0 && from < to {
            damaged[from..to].fill_with(|| rng.next_u64() as u8);
        }
        assert!(damaged == bytes || Checkpoint::<f32>::from_bytes(&damaged).is_err());
    }
}

#[test]
fn what_does_not_go_together_is_refused_by_its_name() {
    let refused = |checkpoint: &Checkpoint<f32>| {
        let bytes = checkpoint.to_bytes().expect("few layers");
        Checkpoint::<f32>::from_bytes(&bytes).expect_err("a fault").to_string()
    };
    let mut checkpoint = full();
    checkpoint.state.parameters[2][(1, 1)] = f32::NAN;
    assert_eq!(refused(&checkpoint), "parameter.3 has an entry that is not finite");
    let mut checkpoint = full();
    checkpoint.best.as_mut().expect("parameters")[3].fill(f32::INFINITY);
    assert_eq!(refused(&checkpoint), "best.4 has an entry that is not finite");
    let mut checkpoint = full();
    checkpoint.best.as_mut().expect("parameters")[3] = Matrix::zeros(1, 2);
    assert_eq!(refused(&checkpoint), "the parameters of the best epoch have other shapes than those of the last");
    let mut checkpoint = full();
    checkpoint.state.so_far.right = 13;
    assert_eq!(refused(&checkpoint), "13 right answers to 12 examples");
    let error = Checkpoint::<f64>::from_bytes(&full::<f32>().to_bytes().expect("few layers")).expect_err("f32");
    assert_eq!(error.to_string(), "parameter.1 holds F32 in 2 dimensions, where a matrix of f64 is expected");
    assert!(matches!(error, CheckpointError::Container(_)));
}
