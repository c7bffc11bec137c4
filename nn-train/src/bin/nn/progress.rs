//! A progress bar on a terminal, and signals that ask to stop.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use nn_core::text::grouped;
use nn_train::BatchReport;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::failure::Failure;

/// How far the training is, for someone who watches.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    done: u64,
}

impl Progress {
    /// A bar for a number of examples, of which some are done, if standard error is a terminal and `show` says so.
    pub(crate) fn new(show: bool, examples: u64, done: u64) -> Self {
        let bar = (show && std::io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %  {per_sec}  {eta} left");
            let style = style.expect("a template that the tests have drawn").with_key(
                "per_sec",
                |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
                    let _ = write!(out, "{}/s", grouped(state.per_sec()));
                },
            );
            let bar = ProgressBar::new(examples).with_style(style.progress_chars("━╸─"));
            bar.set_position(done);
            bar.reset_eta(); // The speed is that of what comes.
            bar
        });
        Progress { bar, done }
    }

    /// After a batch.
    pub(crate) fn batch(&self, report: BatchReport) {
        if let Some(bar) = &self.bar {
            bar.set_position(self.done + report.examples as u64);
        }
    }

    /// After an epoch over `examples` examples.
    pub(crate) fn epoch(&mut self, examples: u64, message: impl FnOnce() -> String) {
        self.done += examples;
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
            bar.set_message(message());
        }
    }

    /// Prints something without tearing the bar.
    pub(crate) fn suspend<R>(&self, print: impl FnOnce() -> R) -> R {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The signals that ask for an end: Ctrl-C and SIGTERM. The first is obeyed after the current batch; a second ends the
/// program at once.
#[derive(Debug)]
pub(crate) struct Signals(Arc<AtomicUsize>);

impl Signals {
    pub(crate) fn catch() -> Result<Self, Failure> {
        let caught = Arc::new(AtomicUsize::new(0));
        let again = Arc::new(std::sync::atomic::AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds `again` false and sets it, the second finds it true.
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&again))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&again)))
                .and_then(|_| signal_hook::flag::register_usize(signal, Arc::clone(&caught), signal as usize))
                .map_err(|error| Failure::data(format_args!("signals: {error}")))?;
        }
        Ok(Signals(caught))
    }

    /// Goes on until a signal has come.
    pub(crate) fn flow(&self) -> ControlFlow<()> {
        if self.0.load(Ordering::Relaxed) == 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// The signal that has come, if one has.
    pub(crate) fn caught(&self) -> Option<usize> {
        Some(self.0.load(Ordering::Relaxed)).filter(|&signal| signal != 0)
    }
}
