//! What a learner hands in: the bodies between the markers, and the answers. Nothing else of a workspace is looked at, its tests
//! least of all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::answers::Answers;
use crate::exercise::{Exercise, Id};
use crate::source::{Body, body_in, is_stub};
use crate::workspace;

/// What somebody has handed in.
#[derive(Debug)]
pub(crate) struct Submission {
    /// The name of the folder.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// What is wrong with the folder as a whole, if anything.
    pub(crate) problem: Option<String>,
    pub(crate) written: BTreeMap<Id, Written>,
    pub(crate) answers: Answers,
    /// The chapter that the learner began with.
    pub(crate) from: usize,
    /// The exercises for which the shipped body stands in, as the workspace says.
    pub(crate) references: BTreeSet<String>,
}

/// What stands where a body was to be written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Written {
    Body(String),
    /// What was there at first: `todo!()`.
    Nothing,
    /// The file or its markers are gone.
    Gone,
    /// What is no piece of Rust, so that it could not even be put between braces.
    NoRust(String),
}

/// What a workspace says of itself.
#[derive(Default, Deserialize)]
#[serde(default)]
struct State {
    from: usize,
    references: BTreeSet<String>,
}

impl Submission {
    /// Reads a learner's workspace. `shipped` says in which files the bodies are.
    pub(crate) fn read(folder: &Path, exercises: &[Exercise], shipped: &BTreeMap<Id, Body>) -> Submission {
        let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let name =
            whole.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned());
        let mut problem = None;
        let written: BTreeMap<Id, Written> =
            exercises.iter().map(|exercise| (exercise.id, written(folder, exercise, &shipped[&exercise.id]))).collect();
        if !written.is_empty() && written.values().all(|written| *written == Written::Gone) {
            problem = Some("there is no learner's workspace in this folder".to_owned());
        }
        let answers = Answers::read(folder).unwrap_or_else(|e| {
            problem.get_or_insert(e.to_string());
            Answers::default()
        });
        let state = std::fs::read_to_string(folder.join(workspace::STATE).join("state.toml")).unwrap_or_default();
        let State { from, references } = toml::from_str(&state).unwrap_or_default();
        Submission { name, folder: folder.to_owned(), problem, written, answers, from, references }
    }
}

fn written(folder: &Path, exercise: &Exercise, shipped: &Body) -> Written {
    let text = std::fs::read(folder.join(&shipped.file)).unwrap_or_default();
    let Some(body) = body_in(&String::from_utf8_lossy(&text), exercise.id) else { return Written::Gone };
    match body.parse::<proc_macro2::TokenStream>() {
        _ if is_stub(exercise, &body) => Written::Nothing,
        Ok(_) => Written::Body(body),
        Err(_) => Written::NoRust("a brace, a quote or a comment is not closed, or one too many is".to_owned()),
    }
}
