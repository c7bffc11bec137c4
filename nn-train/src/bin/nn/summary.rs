//! What `nn train` says before and after a training.

use std::fmt::Write as _;
use std::time::Duration;

use nn_core::text::{Align, Table, counted, grouped};
use nn_train::{Report, escaped};

use crate::data::About;
use crate::evaluate::{line, percent};
use crate::history::head;
use crate::job::{HISTORY, Job, MODEL};
use crate::output::short;
use crate::resume::CHECKPOINT;
use crate::values::{Builtin, EngineName, OptimizerName};

/// What is said in the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome<'a> {
    /// Which rows the report is about.
    pub(crate) rows: &'static str,
    pub(crate) report: &'a Report,
    /// The epoch that the model comes from, where it need not be the last.
    pub(crate) best: Option<usize>,
    /// Epochs that were over before this run began, and examples of the next.
    pub(crate) before: (usize, usize),
    /// Epochs that are over now.
    pub(crate) after: usize,
    /// What the epochs of this run took, without their evaluations.
    pub(crate) trained_for: Duration,
    pub(crate) is_patience_over: bool,
}

impl Job<'_> {
    /// What is about to happen, and the head of the table. `before`: epochs that are over, and examples of the next.
    pub(crate) fn introduction(&self, before: (usize, usize)) -> String {
        let (data, network, plan, args) = (&self.data, &self.model.network, &self.plan, self.args);
        let classes = data.class_names().map_or(String::new(), |names| format!(", {} classes", names.len()));
        let mut text = format!(
            "{}: {} examples to train on, {} held out; {} inputs{classes}\n",
            escaped(&data.name),
            self.rows.train.len(),
            self.rows.validation.len(),
            data.inputs
        );
        if let Some(counts) = class_counts(data) {
            let _ = writeln!(text, "{counts}");
        }
        let widths: Vec<String> = std::iter::once(network.inputs())
            .chain(network.layers().iter().map(|dense| dense.outputs()))
            .map(|n| n.to_string())
            .collect();
        let activations: Vec<&str> = network.layers().iter().map(|dense| dense.activation.name()).collect();
        let _ = writeln!(
            text,
            "network {} ({}), {} parameters, {}",
            widths.join("-"),
            activations.join(", "),
            grouped(network.parameter_count() as f64),
            network.loss()
        );
        let optimizer = match args.optimizer {
            OptimizerName::Sgd => match args.momentum.unwrap_or(0.0) {
                0.0 => "sgd".to_owned(),
                momentum => format!("sgd, momentum {}", short(momentum)),
            },
            OptimizerName::Adam => "adam".to_owned(),
        };
        let engine = match args.engine {
            EngineName::Delta => "δ-recursion",
            EngineName::Tape => "tape",
        };
        let threads = match self.threads.count() {
            1 => String::new(),
            threads => format!("{threads} threads, "),
        };
        let _ = writeln!(
            text,
            "{optimizer}, learning rate {}, batches of {}, {}, gradients by {engine}, {threads}seed {}",
            short(plan.learning_rate),
            plan.batch_size,
            self.model.precision,
            args.seed
        );
        let (epoch, of_the_next) = before;
        text += &match (of_the_next.div_ceil(plan.batch_size), args.resume) {
            (_, false) => "\n".to_owned(),
            (0, true) => format!("resumed after epoch {epoch}\n\n"),
            (batch, true) => format!("resumed in epoch {}, after batch {batch}\n\n", epoch + 1),
        };
        let _ = writeln!(text, "{}", head());
        text
    }

    /// What was learnt, how fast, and what to try next.
    pub(crate) fn summary(&self, outcome: &Outcome<'_>) -> String {
        let Outcome { rows, report, best, before, after, trained_for, is_patience_over } = *outcome;
        let mut text = String::from("\n");
        if let Some(n) = self.args.patience.filter(|_| is_patience_over) {
            let _ = writeln!(text, "stopped after {} without a lower held-out loss", counted(n as usize, "epoch"));
        }
        if let Some(best) = best {
            let _ = writeln!(text, "the model is that of epoch {best} of {after}, which has the lowest held-out loss");
        }
        let _ = writeln!(text, "{rows}: {}", line(report));
        for said in [recalls(report), mistakes(report)].into_iter().flatten() {
            let _ = writeln!(text, "{said}");
        }
        text += &self.speed(before, after, trained_for);
        if let Some(folder) = &self.args.out {
            let file = |name: &str| folder.join(name).display().to_string();
            let _ = writeln!(text, "written: {}, {}, {}", file(MODEL), file(HISTORY), file(CHECKPOINT));
        }
        text + "\n" + &self.next()
    }

    /// What the epochs took that were not there before.
    fn speed(&self, (epochs, of_the_next): (usize, usize), after: usize, trained_for: Duration) -> String {
        let (n, batch_size) = (self.rows.train.len(), self.plan.batch_size);
        let examples = (after * n).saturating_sub(epochs * n + of_the_next);
        let steps =
            (after * n.div_ceil(batch_size)).saturating_sub(epochs * n.div_ceil(batch_size) + of_the_next / batch_size);
        if steps == 0 {
            return "no epoch was left to train\n".to_owned();
        }
        let seconds = trained_for.as_secs_f64().max(1e-9);
        let these = if epochs + of_the_next > 0 {
            format!("epochs {} to {after}", epochs + 1)
        } else {
            counted(after, "epoch")
        };
        format!(
            "{these} in {seconds:.2} s: {} examples/s, {:.1} µs a step\n",
            grouped(examples as f64 / seconds),
            1e6 * seconds / steps as f64
        )
    }

    /// Commands that lead on from here.
    fn next(&self) -> String {
        let name = &self.data.argument;
        let mut commands = Vec::new();
        match &self.args.out {
            Some(folder) => {
                let model = folder.join(MODEL).display().to_string();
                // Of somebody's own file rows are held out where that is asked for.
                let share = match self.data.share.filter(|_| self.data.builtin.is_none()) {
                    None | Some(0.0) => String::new(),
                    Some(share) => format!(" --validation {share}"),
                };
                let what =
                    if self.data.class_names().is_some() { "which classes it confuses" } else { "how good it is" };
                commands.push((format!("nn evaluate {model} {name}{share}"), what));
                commands.push((format!("nn predict {model} rows.csv"), "what it says about other rows"));
            }
            None => {
                let folder = self.data.builtin.map_or("mine".to_owned(), |builtin| builtin.name());
                commands.push((format!("nn train {name} --out runs/{folder}"), "keep the model and its history"));
            }
        }
        if self.args.engine == EngineName::Delta {
            commands.push((format!("nn train {name} --engine tape"), "the same losses, by the other engine"));
        }
        match self.data.builtin {
            Some(Builtin::Spirals) => {
                commands
                    .push(("nn train spirals --hidden none".to_owned(), "what a network without hidden layer can do"));
            }
            Some(_) => commands.push(("nn train spirals".to_owned(), "something harder")),
            None => {
                commands.push((format!("nn train {name} --hidden none"), "what a network without hidden layer can do"));
            }
        }
        commands.push(("nn train --help".to_owned(), "every knob"));
        let mut table = Table::new([Align::Left; 3]);
        commands.iter().for_each(|(command, what)| table.row(["", command, what]));
        format!("Try next:\n{table}\n")
    }
}

/// So many classes fit on a line.
const ON_A_LINE: usize = 12;

/// How many examples each class has, and how good it is always to answer the largest.
fn class_counts(data: &About) -> Option<String> {
    let names = data.class_names()?;
    let all = || names.iter().zip(&data.counts).map(|(name, &count)| (count, escaped(name)));
    let (most, largest) = all().rev().max_by_key(|&(count, _)| count)?;
    let (least, smallest) = all().min_by_key(|&(count, _)| count)?;
    let counts = match names.len() {
        ..=ON_A_LINE => all().map(|(count, name)| format!("{name}: {count}")).collect::<Vec<_>>().join(", "),
        _ => format!("from {least} ({smallest}) to {most} ({largest})"),
    };
    let share = percent(most as f64 / data.counts.iter().sum::<usize>() as f64);
    Some(format!("examples per class {counts}; always answering {largest} is right for {share}"))
}

/// The share of each class that is recognised; of many classes, the lowest ones.
fn recalls(report: &Report) -> Option<String> {
    let confusion = report.confusion.as_ref()?;
    let names = confusion.names().iter().enumerate();
    let mut recalls: Vec<_> = names.filter_map(|(class, name)| Some((confusion.recall(class)?, name))).collect();
    let mut title = "recall";
    if recalls.len() > ON_A_LINE {
        title = "lowest recalls";
        recalls.sort_by(|a, b| a.0.total_cmp(&b.0));
        recalls.truncate(ON_A_LINE / 2);
    }
    let listed: Vec<String> =
        recalls.iter().map(|(recall, name)| format!("{}: {:.1} %", escaped(name), 100.0 * recall)).collect();
    Some(format!("{title} {}", listed.join(", ")))
}

/// The two classes that are confused most often.
fn mistakes(report: &Report) -> Option<String> {
    let confusion = report.confusion.as_ref()?;
    let names = confusion.names();
    let pairs = (0..names.len()).flat_map(|t| (0..names.len()).map(move |p| (t, p))).filter(|(t, p)| t != p);
    let (t, p) = pairs.rev().max_by_key(|&(t, p)| confusion.count(t, p))?;
    let count = confusion.count(t, p);
    let times = match count {
        1 => "once",
        2 => "twice",
        _ => &format!("{count} times"),
    };
    (count > 0)
        .then(|| format!("most often confused: {} taken for {}, {times}", escaped(&names[t]), escaped(&names[p])))
}
