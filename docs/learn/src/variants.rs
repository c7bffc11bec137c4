//! Several bodies of each exercise, compiled at once into one copy of the workspace in which an environment variable chooses: a
//! judge then takes milliseconds for each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::exercise::Id;
use crate::failure::Failure;
use crate::run::Message;
use crate::source::CRATES;
use crate::workspace::{copy, make_folder};

/// The test program of each crate.
pub(crate) type Programs = BTreeMap<&'static str, PathBuf>;

/// In nn-core, of the copy alone.
const CHOICE: &str = r#"
extern crate self as nn_core; // so that it has the same path in every crate

/// The body of an exercise that `NN_LEARN_BODY` chooses, as in `7.2=3`; 0 is the shipped one.
#[doc(hidden)]
pub fn learn_body(exercise: &str) -> usize {
    static CHOSEN: std::sync::OnceLock<Option<(String, usize)>> = std::sync::OnceLock::new();
    let read = || {
        let text = std::env::var("NN_LEARN_BODY").ok()?;
        let (exercise, number) = text.split_once('=')?;
        Some((exercise.to_owned(), number.parse().ok()?))
    };
    CHOSEN.get_or_init(read).as_ref().filter(|chosen| chosen.0 == exercise).map_or(0, |chosen| chosen.1)
}
"#;

/// Stands before the arm of each body, so that the compiler's messages lead to it.
const MARK: &str = "// LEARN BODY ";

/// The crates that have judges.
pub(crate) fn judged(root: &Path) -> impl Iterator<Item = &'static str> {
    CRATES.into_iter().filter(move |package| root.join(package).join("tests/exercises.rs").exists())
}

/// Copies the workspace with the shipped bodies, which number 0 chooses, and others beside them, by their numbers; any other
/// number chooses what `bodies` gives last.
pub(crate) fn compose(
    root: &Path,
    workspace: &Path,
    bodies: impl Fn(Id) -> Option<(BTreeMap<usize, String>, String)>,
) -> Result<(), Failure> {
    make_folder(workspace)?;
    let every = |id: Id, shipped: &str| {
        let (others, otherwise) = bodies(id)?;
        let mut text = format!("match nn_core::learn_body(\"{id}\") {{\n0 => {{\n{shipped}\n}}\n");
        for (number, body) in &others {
            // A mark of the learner's own would lead to another body.
            let lines = body.lines().filter(|line| !line.trim_start().starts_with(MARK));
            let body: String = lines.flat_map(|line| [line, "\n"]).collect();
            text += &format!("{MARK}{id} {number}\n{number} => {{\n{body}}}\n");
        }
        Some(format!("{text}{MARK}\n_ => {{\n{otherwise}\n}}\n}}"))
    };
    let lib = Path::new("nn-core/src/lib.rs");
    let text = std::fs::read_to_string(root.join(lib)).map_err(|e| Failure::of(lib, e))?;
    // Not twice: what does not change is not compiled again.
    copy(root, workspace, every, &[(lib, &(text + CHOICE))])
}

/// The body that a message of the compiler is about: the exercise and the number.
pub(crate) fn origin(workspace: &Path, message: &Message) -> Option<(Id, usize)> {
    message.places.iter().find_map(|(file, line)| {
        let text = std::fs::read_to_string(workspace.join(file)).ok()?;
        let above: Vec<&str> = text.lines().take(*line).collect();
        let mark = above.iter().rev().find(|line| {
            let line = line.trim_start();
            line.starts_with(MARK) || line.starts_with("// BEGIN SOLUTION ") || line.starts_with("// END SOLUTION ")
        })?;
        let (id, number) = mark.trim_start().strip_prefix(MARK)?.split_once(' ')?;
        Some((id.parse().ok()?, number.parse().ok()?))
    })
}
