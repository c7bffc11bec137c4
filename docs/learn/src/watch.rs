//! `cargo learn watch`: judges at every save, and shows what fits the terminal.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime};

use notify_debouncer_mini::notify::{RecommendedWatcher, RecursiveMode};
use notify_debouncer_mini::{DebounceEventResult, Debouncer, new_debouncer};

use crate::answers::ANSWERS;
use crate::exercise::Id;
use crate::failure::Failure;
use crate::item::Progress;
use crate::layout::{BOLD, DIM, styled};
use crate::learner::Learner;
use crate::source::{CRATES, SOURCES, files_below};
use crate::{captured, report, say, workspace};

/// What an editor writes in several steps is one save.
const QUIET: Duration = Duration::from_millis(150);

/// Judges the next exercise, or one, until the program is ended.
pub(crate) fn run(root: &Path, id: Option<Id>) -> Result<bool, Failure> {
    let mut changes = Changes::of(root)?;
    loop {
        show(&styled(DIM, "checking …"), "");
        let (learner, text) = captured(|| judge(root, id));
        match learner {
            Ok(learner) => show(&heading(&learner), &text),
            Err(failure) => show("", &format!("{text}{failure}\n")),
        }
        changes.wait()?;
    }
}

/// The share that is done, and how to end.
fn heading(learner: &Learner) -> String {
    let items = learner.items();
    let done = items.iter().filter(|item| learner.progress_of(**item) == Progress::Done).count();
    let share = styled(BOLD, format_args!("{done} of {}", items.len()));
    format!("{share} done  {}", styled(DIM, "· judged at every save · Ctrl-C ends"))
}

/// What there is to say about the exercise that has its turn, and the next where it passes.
fn judge(root: &Path, id: Option<Id>) -> Result<Learner, Failure> {
    let learner = Learner::read(root.to_owned())?;
    let Ok(item) = learner.find_or_next(id) else {
        report::all_done();
        return Ok(learner);
    };
    if learner.progress_of(item) == Progress::Untouched {
        report::asks(item, &learner.place(item), Progress::Untouched);
    } else if learner.judge(item)?
        && id.is_none()
        && let Some(next) = learner.next()
    {
        report::asks(next, &learner.place(next), learner.progress_of(next));
    }
    Ok(learner)
}

/// The changes of a workspace that make another judgement necessary.
struct Changes {
    root: PathBuf,
    /// The state that was judged last.
    judged: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
    events: Receiver<DebounceEventResult>,
    /// It watches as long as it is there.
    _watcher: Debouncer<RecommendedWatcher>,
}

impl Changes {
    fn of(root: &Path) -> Result<Changes, Failure> {
        let (send, events) = channel();
        let failed = |e| Failure::new(format!("the files cannot be watched: {e}"));
        let mut watcher = new_debouncer(QUIET, send).map_err(failed)?;
        let folders = CRATES.iter().flat_map(|name| SOURCES.map(|folder| root.join(name).join(folder)));
        let here = [root.to_owned(), root.join(workspace::STATE)];
        let folders = folders.map(|path| (path, RecursiveMode::Recursive));
        for (path, mode) in folders.chain(here.map(|path| (path, RecursiveMode::NonRecursive))) {
            if path.is_dir() {
                watcher.watcher().watch(&path, mode).map_err(failed)?;
            }
        }
        let judged = state(root);
        Ok(Changes { root: root.to_owned(), judged, events, _watcher: watcher })
    }

    /// Waits for the next one. Those that have come in the meantime count as one. On some systems reading a file is an event
    /// too, and the compiler reads all of them: so the state is compared.
    fn wait(&mut self) -> Result<(), Failure> {
        loop {
            let gone = |_| Failure::new("the files are not watched any more");
            let event = self.events.recv().map_err(gone)?;
            let changed = event.map_err(|e| Failure::new(format!("the files cannot be watched: {e}")))?;
            if changed.iter().any(|event| matters(&event.path)) {
                let now = state(&self.root);
                if now != self.judged {
                    self.judged = now;
                    return Ok(());
                }
            }
        }
    }
}

/// The size and the time of every file that matters.
fn state(root: &Path) -> BTreeMap<PathBuf, (u64, Option<SystemTime>)> {
    let mut files = vec![root.join(ANSWERS), root.join(workspace::STATE).join("state.toml")];
    for folder in CRATES.iter().flat_map(|name| SOURCES.map(|folder| root.join(name).join(folder))) {
        let _ = files_below(&folder, &mut files); // one that is not there has no files
    }
    let of = |path: PathBuf| {
        let data = std::fs::metadata(&path).ok()?;
        Some((path, (data.len(), data.modified().ok())))
    };
    files.into_iter().filter(|path| matters(path)).filter_map(of).collect()
}

/// A source, the answers, or what has been passed over.
fn matters(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    (name.ends_with(".rs") && !name.starts_with('.')) || name == ANSWERS || name == "state.toml"
}

/// Clears the terminal and shows as much of a text as fits it.
fn show(heading: &str, text: &str) {
    let is_terminal = std::io::stdout().is_terminal();
    if is_terminal {
        // Not by way of anstream, which takes out what is no colour together with the colours.
        let mut out = std::io::stdout();
        let _ = out.write_all(b"\x1b[2J\x1b[3J\x1b[H").and_then(|()| out.flush());
    }
    let text = format!("{heading}\n\n{text}");
    let lines: Vec<&str> = text.lines().collect();
    let size = terminal_size::terminal_size().filter(|_| is_terminal);
    let fitting = match size {
        Some((width, height)) => fitting(&lines, usize::from(width.0), usize::from(height.0).saturating_sub(1)),
        None => lines.len(),
    };
    lines[..fitting].iter().for_each(|line| say(format_args!("{line}")));
    if fitting < lines.len() {
        let left = lines.len() - fitting;
        say(format_args!(
            "{}",
            styled(DIM, format_args!("… {left} more lines: cargo learn and cargo learn check show all"))
        ));
    }
}

/// How many of these lines fit a terminal: all, or so many that a line about the others fits too.
fn fitting(lines: &[&str], width: usize, height: usize) -> usize {
    let rows =
        |line: &&str| anstream::adapter::strip_str(line).to_string().chars().count().max(1).div_ceil(width.max(1));
    if lines.iter().map(rows).sum::<usize>() <= height {
        return lines.len();
    }
    let mut used = 1;
    lines
        .iter()
        .take_while(|line| {
            used += rows(line);
            used <= height
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_fits_the_terminal() {
        let lines = ["one", "", "\u{1b}[1mthree\u{1b}[0m", "four and more"];
        assert_eq!(fitting(&lines, 80, 4), 4);
        assert_eq!(fitting(&lines, 80, 3), 2, "and a line about the others");
        assert_eq!(fitting(&lines, 5, 6), 6 - 2, "the last is three rows");
        assert_eq!(fitting(&lines, 5, 5), 3);
        assert_eq!(fitting(&lines, 0, 1), 0);
        assert_eq!(fitting(&[], 80, 24), 0);
    }

    /// Waits for a change, but not for ever.
    fn noticed(mut changes: Changes) -> Changes {
        let (send, done) = channel();
        std::thread::spawn(move || {
            changes.wait().unwrap();
            send.send(changes)
        });
        done.recv_timeout(Duration::from_secs(30)).expect("the change is noticed")
    }

    #[test]
    fn a_save_is_noticed_and_what_cargo_does_is_not() {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("nn-core/src/activation.rs");
        workspace::make_folder(source.parent().unwrap()).unwrap();
        std::fs::write(&source, "").unwrap();
        let changes = Changes::of(root.path()).unwrap();
        std::fs::write(root.path().join("Cargo.lock"), "1").unwrap();
        std::fs::write(root.path().join("nn-core/src/.#activation.rs"), "1").unwrap();
        assert_eq!(std::fs::read_to_string(&source).unwrap(), "", "the compiler reads it");
        assert_eq!(state(root.path()), changes.judged);
        // As some editors do: a new file, which then takes the place of the old one.
        let new = source.with_extension("tmp");
        std::fs::write(&new, "// changed").unwrap();
        std::fs::rename(&new, &source).unwrap();
        let changes = noticed(changes);
        assert_eq!(state(root.path()), changes.judged);
        std::fs::write(root.path().join(ANSWERS), "\"2.4\" = \"1/4\"").unwrap();
        noticed(changes);
    }
}
