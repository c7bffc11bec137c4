//! A training that goes on an epoch at a time, with the engine that the page asks for.

use std::borrow::Cow;
use std::ops::ControlFlow;

use nn_core::Activation;
use nn_layers::{ByHand, ByTape, Initialization, Network};
use nn_train::{Examples, Optimizer, Plan, Stopped, Trainer};
use serde::Serialize;

use crate::json;

/// A trainer with either engine; both are used in the same way.
enum Either {
    ByHand(Trainer<f32, ByHand<f32>>),
    ByTape(Trainer<f32, ByTape<f32>>),
}

/// A network that is being trained.
pub(crate) struct Training {
    trainer: Either,
    pub(crate) examples: Examples<f32>,
    epoch: usize,
    report: Report,
}

/// How far a training is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Epochs so far.
    pub(crate) epoch: usize,
    /// J, over all examples.
    pub(crate) loss: f64,
    /// The share of all examples that is right.
    pub(crate) accuracy: f64,
    /// Why it cannot go on.
    pub(crate) stopped: Option<String>,
}

impl Training {
    /// # Errors
    ///
    /// The engine is neither `hand` nor `tape`, the batches have no examples, or the learning rate is no positive number.
    pub(crate) fn new(
        network: Network<f32>,
        examples: Examples<f32>,
        engine: &str,
        batch_size: usize,
        learning_rate: f64,
        seed: u64,
    ) -> Result<Self, String> {
        if batch_size == 0 {
            return Err("a batch has one example or more".to_owned());
        }
        if !(learning_rate > 0.0 && learning_rate.is_finite()) {
            return Err(format!("a learning rate of {learning_rate}: it is larger than 0"));
        }
        let plan = Plan { batch_size, learning_rate, seed, ..Plan::default() };
        let trainer = match engine {
            "hand" => Either::ByHand(Trainer::new(ByHand::new(network), Optimizer::sgd(), plan)),
            "tape" => Either::ByTape(Trainer::new(ByTape::new(&network), Optimizer::sgd(), plan)),
            _ => return Err(format!("an engine \"{engine}\": there are hand and tape")),
        };
        let report = Report { epoch: 0, loss: 0.0, accuracy: 0.0, stopped: None };
        let mut training = Training { trainer, examples, epoch: 0, report };
        training.look();
        Ok(training)
    }

    /// The network as it is now.
    pub(crate) fn network(&self) -> Cow<'_, Network<f32>> {
        match &self.trainer {
            Either::ByHand(trainer) => trainer.network(),
            Either::ByTape(trainer) => trainer.network(),
        }
    }

    /// So many epochs more, or fewer where it diverges; then a look at all examples.
    pub(crate) fn train(&mut self, epochs: usize) -> String {
        for _ in 0..epochs {
            if self.report.stopped.is_some() {
                break;
            }
            let go_on = |_| ControlFlow::Continue(());
            let done: Result<_, Stopped> = match &mut self.trainer {
                Either::ByHand(trainer) => trainer.epoch(&self.examples, self.epoch + 1, go_on),
                Either::ByTape(trainer) => trainer.epoch(&self.examples, self.epoch + 1, go_on),
            };
            self.epoch += 1;
            self.report.stopped = done.err().map(|why| why.to_string());
        }
        self.look();
        self.report()
    }

    pub(crate) fn report(&self) -> String {
        json(&self.report)
    }

    fn look(&mut self) {
        let evaluation = self.examples.evaluate(&self.network());
        self.report.epoch = self.epoch;
        self.report.loss = evaluation.loss;
        self.report.accuracy = evaluation.accuracy.unwrap_or(f64::NAN);
    }
}

/// What suits the activation of the hidden layers, as the program `nn` has it.
pub(crate) fn initialization(hidden: Activation) -> Initialization {
    match hidden {
        Activation::Relu | Activation::LeakyRelu => Initialization::He,
        _ => Initialization::Glorot,
    }
}
