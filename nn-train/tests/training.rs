//! The training loop, with an engine that computes next to nothing and remembers what it was given.

#[path = "support/recorder.rs"]
mod recorder;

use std::ops::ControlFlow;

use nn_core::Matrix;
use nn_train::{BatchReport, Examples, Optimizer, Plan, Schedule, Stopped, Trainer};
use recorder::Recorder;

/// Examples x = 0, 1, 2, … with the targets 0, 10, 20, …
fn examples(n: usize) -> Examples<f64> {
    let row = |step: f64| Matrix::from_fn(1, n, |_, j| step * j as f64);
    Examples { x: row(1.0), y: row(10.0), labels: None }
}

/// w begins with 1, and its gradient is always 1, so that each update takes η from it.
fn trainer(plan: Plan) -> Trainer<f64, Recorder> {
    Trainer::new(Recorder::new(1.0, |_| 1.0), Optimizer::sgd(), plan)
}

fn go_on(_: BatchReport) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The batches of one epoch.
fn batches(plan: Plan, epoch: usize, n: usize) -> Vec<(Vec<f64>, Vec<f64>, f64)> {
    let mut trainer = trainer(plan);
    trainer.epoch(&examples(n), epoch, go_on).expect("a finite loss");
    trainer.into_engine().batches
}

const IN_ORDER: Plan =
    Plan { epochs: 3, batch_size: 3, learning_rate: 0.25, schedule: Schedule::Constant, shuffle: false, seed: 1 };

#[test]
fn batches_come_in_order_and_the_last_one_holds_the_rest() {
    let batches = batches(IN_ORDER, 1, 8);
    let inputs: Vec<_> = batches.iter().map(|(x, _, _)| x.as_slice()).collect();
    assert_eq!(inputs, [&[0.0, 1.0, 2.0][..], &[3.0, 4.0, 5.0], &[6.0, 7.0]], "x of each batch");
}

#[test]
fn each_input_keeps_its_target_and_comes_once_in_an_epoch() {
    let batches = batches(Plan { shuffle: true, ..IN_ORDER }, 1, 20);
    let mut seen: Vec<f64> = batches.iter().flat_map(|(x, _, _)| x.iter().copied()).collect();
    let targets: Vec<f64> = batches.iter().flat_map(|(_, y, _)| y.iter().copied()).collect();
    assert_eq!(targets, seen.iter().map(|x| 10.0 * x).collect::<Vec<_>>(), "x and y of a batch are paired");
    assert_ne!(seen, examples(20).x.as_slice(), "the order is shuffled");
    seen.sort_by(f64::total_cmp);
    assert_eq!(seen, examples(20).x.as_slice(), "every example once");
}

/// Epoch and seed decide the order, not the epochs that came before.
#[test]
fn every_epoch_and_seed_has_an_order_of_its_own() {
    let order = |seed: u64, epoch: usize| batches(Plan { shuffle: true, seed, ..IN_ORDER }, epoch, 20);
    assert_eq!(order(1, 2), order(1, 2));
    assert_ne!(order(1, 1), order(1, 2));
    assert_ne!(order(1, 2), order(2, 1), "the order of epoch 2 is not that of the next seed's epoch 1");
    let mut trainer = trainer(Plan { shuffle: true, ..IN_ORDER });
    for epoch in [1, 2] {
        trainer.epoch(&examples(20), epoch, go_on).expect("a finite loss");
    }
    let second: Vec<_> = trainer.into_engine().batches.into_iter().skip(7).map(|(x, _, _)| x).collect();
    assert_eq!(second, order(1, 2).into_iter().map(|(x, _, _)| x).collect::<Vec<_>>());
}

/// 8 examples in batches of 3, 3 and 2: the mean of x is 3.5. The mean of the three batch means 1, 4 and 6.5 is not.
#[test]
fn the_loss_of_an_epoch_weights_each_batch_by_its_examples() {
    let mut reports = Vec::new();
    let report = trainer(IN_ORDER).epoch(&examples(8), 1, |batch| {
        reports.push(batch);
        ControlFlow::Continue(())
    });
    assert_eq!(
        report.expect("a finite loss").loss,
        3.5,
        "J of the epoch, Σ J of a batch · its examples / all examples"
    );
    let of = |batch, examples, loss| BatchReport { batch, examples, loss };
    assert_eq!(reports, [of(1, 3, 1.0), of(2, 6, 2.5), of(3, 8, 3.5)]);
}

#[test]
fn every_batch_is_followed_by_one_update_at_the_scheduled_rate() {
    let weights = |plan, epoch| batches(plan, epoch, 8).iter().map(|&(_, _, w)| w).collect::<Vec<_>>();
    assert_eq!(weights(IN_ORDER, 1), [1.0, 0.75, 0.5], "w ← w − η · 1");
    // The step schedule divides η by 10 after each third of the epochs: the third epoch of three has η/100.
    let stepped = Plan { schedule: Schedule::Step, learning_rate: 25.0, ..IN_ORDER };
    assert_eq!(weights(stepped, 3), [1.0, 0.75, 0.5], "w ← w − η/100 · 1");
}

#[test]
fn accuracy_counts_the_answers_that_were_right_when_their_turn_came() {
    let labelled = Examples { labels: Some(vec![0, 1, 0, 1]), ..examples(4) };
    // x = 0, 1, 2, 3 is answered with the classes 0, 1, 1, 1.
    let report = trainer(IN_ORDER).epoch(&labelled, 1, go_on).expect("a finite loss");
    assert_eq!(report.accuracy, Some(0.75), "right answers / examples");
    assert_eq!(trainer(IN_ORDER).epoch(&examples(4), 1, go_on).expect("a finite loss").accuracy, None);
}

#[test]
fn a_batch_larger_than_the_data_is_the_whole_data() {
    assert_eq!(batches(Plan { batch_size: 100, ..IN_ORDER }, 1, 4).len(), 1);
}

#[test]
fn who_asks_to_stop_is_heard_after_the_update() {
    let mut trainer = trainer(IN_ORDER);
    let stopped = trainer.epoch(&examples(8), 2, |batch| match batch.batch {
        2 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(stopped, Err(Stopped::Asked { epoch: 2, batch: 2 }));
    assert_eq!(trainer.into_network().layers()[0].weight[(0, 0)], 0.5, "two updates of ¼");
}

#[test]
fn a_loss_that_is_not_finite_stops_before_the_update() {
    let mut poisoned = examples(8);
    poisoned.x[(0, 4)] = f64::INFINITY;
    let mut trainer = trainer(IN_ORDER);
    let stopped = trainer.epoch(&poisoned, 1, go_on);
    assert_eq!(stopped, Err(Stopped::Diverged { epoch: 1, batch: 2, loss: f64::INFINITY }));
    assert_eq!(trainer.into_network().layers()[0].weight[(0, 0)], 0.75, "one update, that of the first batch");
}

#[test]
fn a_parameter_that_overflows_in_the_last_update_is_found() {
    let mut trainer = trainer(Plan { learning_rate: f64::INFINITY, batch_size: 8, ..IN_ORDER });
    assert_eq!(trainer.epoch(&examples(8), 1, go_on), Err(Stopped::Overflow { epoch: 1, batch: 1 }));
}

#[test]
fn train_runs_every_epoch_of_the_plan() {
    let mut trainer = trainer(IN_ORDER);
    let history = trainer.train(&examples(8)).expect("a finite loss");
    assert_eq!(history.iter().map(|report| report.loss).collect::<Vec<_>>(), [3.5; 3]);
    assert_eq!(trainer.network().layers()[0].weight[(0, 0)], 1.0 - 9.0 * 0.25);
}
