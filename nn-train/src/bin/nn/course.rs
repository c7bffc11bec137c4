//! A training run: epoch after epoch, what is written meanwhile, and how it ends.

use std::fs;
use std::time::{Duration, Instant};

use nn_core::Scalar;
use nn_layers::{Engine, Network};
use nn_train::{Checkpoint, EpochRow, EpochSoFar, FileNumber, Report, Stopped, Trainer, TrainerState, best_epoch};

use crate::data::Sets;
use crate::evaluate::report;
use crate::failure::Failure;
use crate::history::{is_shown, line, message, take_seconds, write_history};
use crate::job::{HISTORY, Job, MODEL};
use crate::output::{Out, short, warn};
use crate::progress::{Progress, Signals};
use crate::resume::{CHECKPOINT, Run};
use crate::run_folder::{Pace, RunFolder};
use crate::summary::Outcome;

/// What happened in a training.
struct Course<T> {
    /// What is known of it, and the last state that can be gone on from.
    checkpoint: Checkpoint<T>,
    /// How the network does on the held-out rows after the last epoch, where there are any and every number is finite.
    held_out: Option<Report>,
    /// The time of the epochs, without that of the evaluations.
    trained_for: Duration,
    end: End,
    /// Why lines of the table were not printed.
    unprinted: Option<Failure>,
}

/// How a training ended.
#[derive(Debug)]
enum End {
    Epochs,
    AccuracyReached,
    /// So many epochs have not lowered the held-out loss.
    PatienceOver,
    /// What went wrong: as a rule the training diverged.
    Failed(String),
    /// Which, and where it came.
    Signal(usize, String),
    /// The reader of standard output has gone, and there is no folder to write to.
    NobodyListens,
}

impl Job<'_> {
    /// Trains, writes what is to be kept, and says how it went.
    pub(crate) fn run<T: FileNumber, E: Engine<T> + Send>(
        mut self,
        sets: &Sets<T>,
        engine: impl FnOnce(Network<T>) -> E,
    ) -> Result<(), Failure> {
        let mut out = Out::new(self.args.quiet);
        let network = self.model.network.map(T::from_f64);
        let mut trainer = Trainer::new(engine(network), self.optimizer(), self.plan);
        let checkpoint = self.start(&mut trainer, sets)?;
        let before = (checkpoint.history.len(), checkpoint.state.so_far.examples);
        out.text(self.introduction(before))?;
        let course = self.train(&mut trainer, sets, checkpoint, &mut out)?;
        let Course { checkpoint, mut held_out, trained_for, end, unprinted } = course;
        let mut network = trainer.into_network();
        let best = best_epoch(&checkpoint.history).filter(|_| self.args.save_best);
        if let Some(parameters) = &checkpoint.best {
            network.parameters_mut().zip(parameters).for_each(|(parameter, best)| parameter.clone_from(best));
            held_out = held_out.filter(|_| best == Some(checkpoint.history.len()));
        }
        self.model.network = network.map(T::to_f64);

        if let Some(folder) = &self.folder {
            save(folder, &checkpoint)?;
        }
        let is_patience_over = matches!(end, End::PatienceOver);
        match end {
            End::Signal(signal, place) => {
                warn(place);
                return Err(Failure::Signal(signal));
            }
            End::Failed(why) => return Err(Failure::data(why)),
            End::NobodyListens | End::AccuracyReached => {}
            End::Epochs | End::PatienceOver => self.warn_unless_reached(checkpoint.history.len()),
        }
        let (title, examples, rows) = match self.rows.validation.is_empty() {
            true => ("training rows", &sets.train, &self.rows.train),
            false => ("held-out rows", &sets.held_out, &self.rows.validation),
        };
        let mut report = match held_out {
            Some(report) => report,
            None => report(&self.model, examples, &self.data, |example| rows[example]).map_err(Failure::data)?,
        };
        if let Some(scale) = &self.target_scale {
            report.loss = scale.loss(report.loss);
            self.model.network = scale.restored(self.model.network, self.model.precision);
        }
        if let Some(folder) = &self.folder {
            if self.model.metadata.is_none() {
                self.model.metadata = Some(self.metadata(best.unwrap_or(checkpoint.history.len())));
            }
            folder.write(MODEL, |file| self.model.write_json(file))?;
        }
        if out.prints() {
            let after = checkpoint.history.len();
            let outcome = Outcome { rows: title, report: &report, best, before, after, trained_for, is_patience_over };
            out.text(self.summary(&outcome))?;
        }
        unprinted.map_or(Ok(()), Err)
    }

    /// The state before the first step, or that of the run that goes on, which the trainer takes over.
    fn start<T: FileNumber, E: Engine<T>>(
        &mut self,
        trainer: &mut Trainer<T, E>,
        sets: &Sets<T>,
    ) -> Result<Checkpoint<T>, Failure> {
        let scale = self.target_scale.as_ref();
        let run = Run::new(self.matches, &self.plan, self.data.share, &self.model, scale, sets);
        let to_value = |run: &Run| serde_json::to_value(run).expect("options are JSON");
        let Some((resumed, folder)) = self.resumed.zip(self.folder.as_ref()) else {
            self.folder.iter().for_each(warn_of_unfinished);
            let state = self.folder.as_ref().map_or_else(TrainerState::empty, |_| trainer.state());
            return Ok(Checkpoint { run: to_value(&run), state, history: Vec::new(), best: None });
        };
        let path = folder.file(CHECKPOINT);
        let failed = |error: &dyn std::fmt::Display| Failure::file(&path, error);
        let mut checkpoint = Checkpoint::<T>::from_bytes(&self.checkpoint).map_err(|error| failed(&error))?;
        self.checkpoint = Vec::new();
        resumed.check(&run, &self.plan, &checkpoint.history).map_err(|why| failed(&why))?;
        let (so_far, done) = (checkpoint.state.so_far, checkpoint.history.len());
        let is_next = so_far == EpochSoFar::default() || so_far.epoch == done + 1;
        let has_best = checkpoint.best.is_some() == (self.args.save_best && done > 0);
        if !is_next || !has_best || so_far.examples > sets.train.len() {
            return Err(failed(&"its epochs, its history and its options do not go together"));
        }
        trainer.restore(checkpoint.state.clone()).map_err(|error| failed(&error))?;
        checkpoint.run = to_value(&run);
        take_seconds(&mut checkpoint.history, &folder.file(HISTORY));
        Ok(checkpoint)
    }

    /// Epoch after epoch, until one of the reasons of [`End`].
    fn train<T: FileNumber, E: Engine<T> + Send>(
        &self,
        trainer: &mut Trainer<T, E>,
        Sets { train, held_out }: &Sets<T>,
        checkpoint: Checkpoint<T>,
        out: &mut Out,
    ) -> Result<Course<T>, Failure> {
        let mut evaluation = None;
        let mut pace = Pace::new();
        let signals = Signals::catch()?;
        let [all, done] = [self.plan.epochs, checkpoint.history.len()].map(|epochs| (epochs * train.len()) as u64);
        let mut progress = Progress::new(!self.args.quiet, all, done);
        let trained_for = Duration::ZERO;
        let mut course = Course { checkpoint, held_out: None, trained_for, end: End::Epochs, unprinted: None };
        // Kept here, because to look for it in the history after every epoch would take longer and longer.
        let mut best = best_epoch(&course.checkpoint.history);
        loop {
            let history = &mut course.checkpoint.history;
            if let Some(end) = self.end_after(history, best) {
                course.end = end;
                break;
            }
            let epoch = history.len() + 1;
            if history.try_reserve(1).is_err() {
                course.end = End::Failed(format!("there is not enough memory for the history of {epoch} epochs"));
                break;
            }
            let start = Instant::now();
            let result = self.threads.run(|| {
                trainer.epoch(train, epoch, |batch| {
                    progress.batch(batch);
                    signals.flow()
                })
            });
            course.trained_for += start.elapsed();
            let report = match result {
                Ok(report) => report,
                Err(stopped) => {
                    // Where the parameters have overflowed too, those of the epoch's start are the last finite ones.
                    if let Some(state) = self.folder.as_ref().map(|_| trainer.state()).filter(is_finite) {
                        course.checkpoint.state = state;
                    }
                    course.end = match (stopped, signals.caught()) {
                        (Stopped::Asked { .. }, Some(signal)) => End::Signal(signal, self.interrupted(stopped)),
                        _ => End::Failed(stopped.to_string()),
                    };
                    break;
                }
            };
            let network = trainer.network();
            evaluation = (!held_out.is_empty()).then(|| self.threads.run(|| held_out.evaluate(&network)));
            if let Some(loss) = evaluation.as_ref().map(|evaluation| evaluation.loss).filter(|loss| !loss.is_finite()) {
                let batch = train.len().div_ceil(self.plan.batch_size);
                course.end = End::Failed(format!(
                    "the held-out loss is {loss} after epoch {epoch}, batch {batch}: the training diverged; try a smaller learning rate"
                ));
                break;
            }
            let row = EpochRow {
                epoch,
                train_loss: self.loss(report.loss),
                train_accuracy: report.accuracy,
                validation_loss: evaluation.as_ref().map(|evaluation| self.loss(evaluation.loss)),
                validation_accuracy: evaluation.as_ref().and_then(|evaluation| evaluation.accuracy),
                seconds: Some(start.elapsed().as_secs_f64()),
            };
            if row.validation_loss.is_some()
                && best.is_none_or(|best| row.validation_loss < history[best - 1].validation_loss)
            {
                best = Some(epoch);
                if self.args.save_best {
                    course.checkpoint.best = Some(network.parameters().cloned().collect());
                }
            }
            history.push(row);
            drop(network);
            if let Some(folder) = &self.folder {
                course.checkpoint.state = trainer.state();
                if let Err(failure) = pace.now_and_then(|| save(folder, &course.checkpoint)) {
                    progress.clear();
                    return Err(failure);
                }
            }
            progress.epoch(train.len() as u64, || message(&row));
            if self.end_after(&course.checkpoint.history, best).is_some() || is_shown(epoch, self.plan.epochs) {
                let printed = progress.suspend(|| out.line(line(&row)));
                course.unprinted = course.unprinted.or(printed.err());
            }
            if out.is_closed() && self.args.out.is_none() {
                course.end = End::NobodyListens;
                break;
            }
        }
        progress.clear();
        let of_the_last = evaluation.filter(|evaluation| evaluation.is_finite);
        course.held_out = of_the_last.map(|evaluation| Report::new(&evaluation, held_out, self.data.class_names()));
        Ok(course)
    }

    /// Whether the training is over after these epochs, of which one is the best where rows are held out.
    fn end_after(&self, history: &[EpochRow], best: Option<usize>) -> Option<End> {
        let reached = history.last().and_then(|row| row.validation_accuracy).zip(self.args.until_accuracy);
        if reached.is_some_and(|(accuracy, goal)| accuracy >= goal) {
            return Some(End::AccuracyReached);
        }
        if history.len() >= self.plan.epochs {
            return Some(End::Epochs);
        }
        let patience = best.zip(self.args.patience);
        patience.is_some_and(|(best, n)| history.len() - best >= n as usize).then_some(End::PatienceOver)
    }

    /// What is said after a signal.
    fn interrupted(&self, stopped: Stopped) -> String {
        match &self.args.out {
            Some(folder) => format!("{stopped}; `nn train --resume --out {}` goes on from there", folder.display()),
            None => stopped.to_string(),
        }
    }

    /// J in the unit of the targets.
    fn loss(&self, of_the_network: f64) -> f64 {
        self.target_scale.as_ref().map_or(of_the_network, |scale| scale.loss(of_the_network))
    }

    /// All epochs are over: a goal that was set was not reached.
    fn warn_unless_reached(&self, epochs: usize) {
        if let Some(goal) = self.args.until_accuracy {
            let more = if epochs < self.plan.epochs { "a larger --patience" } else { "--epochs" };
            let goal = short(goal);
            warn(format_args!("the held-out accuracy did not reach {goal} within {epochs} epochs; {more} allows more"));
        }
    }
}

/// Writes what is known of a training that is not over, or has failed. The history has the seconds too, and comes first:
/// so it never has fewer epochs than the checkpoint.
fn save<T: FileNumber>(folder: &RunFolder, checkpoint: &Checkpoint<T>) -> Result<(), Failure> {
    folder.write(HISTORY, |file| write_history(file, &checkpoint.history))?;
    let bytes = checkpoint.to_bytes().map_err(|error| Failure::file(&folder.file(CHECKPOINT), error))?;
    folder.write(CHECKPOINT, |file| file.write_all(&bytes))
}

fn is_finite<T: Scalar>(state: &TrainerState<T>) -> bool {
    state.parameters.iter().all(|parameter| parameter.as_slice().iter().all(|x| x.to_f64().is_finite()))
}

/// A run that was not resumed begins anew: whoever forgot `--resume` can still stop it. The model is written last, so that
/// one older than the checkpoint is of another run.
fn warn_of_unfinished(folder: &RunFolder) {
    let written = |name| fs::metadata(folder.file(name)).and_then(|file| file.modified()).ok();
    if let Some(checkpoint) = written(CHECKPOINT)
        && written(MODEL).is_none_or(|model| model < checkpoint)
    {
        warn(format_args!(
            "{} is that of a run that was not finished, and is replaced after the first epoch: --resume goes on with it",
            folder.file(CHECKPOINT).display()
        ));
    }
}
