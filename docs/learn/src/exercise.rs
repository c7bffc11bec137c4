//! What an exercise is: its description, `docs/exercises/<id>-<name>.toml`. Most ask for the body of a function; those that ask
//! for an answer are in question.rs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// `7.2`: the second exercise of chapter 7. Exercises are done in the order of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id {
    pub(crate) chapter: usize,
    pub(crate) number: usize,
}

impl FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts =
            text.split_once('.').and_then(|(chapter, number)| Some((chapter.parse().ok()?, number.parse().ok()?)));
        let (chapter, number) = parts.ok_or_else(|| format!("`{text}` is no exercise; one is called 7.2, say"))?;
        Ok(Id { chapter, number })
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.chapter, self.number))
    }
}

/// A description as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exercise {
    /// A few words.
    pub(crate) title: String,
    /// The function whose body is to be written.
    pub(crate) function: String,
    /// The tests that judge it, in `tests/exercises.rs` of the crate that the function is in.
    pub(crate) tests: Vec<String>,
    /// What is asked, and everything that is needed to pass.
    pub(crate) asks: String,
    /// What stands there at first where something is to be mended; `todo!()` where it is to be written.
    pub(crate) begins: Option<String>,
    /// One after the other, each says a little more.
    pub(crate) hints: Vec<String>,
    /// Bodies that are wrong, each a mistake that learners make.
    #[serde(default)]
    pub(crate) wrong: Vec<Wrong>,
    /// Bodies that are right, and written otherwise than the shipped one.
    #[serde(default)]
    pub(crate) right: Vec<Right>,
    /// From the name of the file.
    #[serde(skip, default = "no_id")]
    pub(crate) id: Id,
    /// The name of the file, without its end.
    #[serde(skip)]
    pub(crate) name: String,
}

fn no_id() -> Id {
    Id { chapter: 0, number: 0 }
}

/// A mistake: one of the catalogue of `nn diagnose`, or one of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wrong {
    /// Its id; one of the catalogue has no sentence here.
    pub(crate) mistake: String,
    /// What was done, and what it does.
    pub(crate) sentence: Option<String>,
    pub(crate) body: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Right {
    /// What is particular to it.
    pub(crate) note: String,
    pub(crate) body: String,
}

/// A file of docs/exercises.
pub(crate) struct Description {
    pub(crate) id: Id,
    /// The name of the file, without its end.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Description {
    /// What the file says, as the type that it is read as.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        toml::from_str(&self.text).map_err(|e| Failure::of(&self.path, e))
    }

    /// Whether it asks for an answer: such a file says of which kind it is. All others ask for the body of a function.
    pub(crate) fn is_question(&self) -> Result<bool, Failure> {
        let table: toml::Table = self.read()?;
        Ok(table.contains_key("kind"))
    }
}

/// All files of docs/exercises, in the order of their ids.
pub(crate) fn descriptions(root: &Path) -> Result<Vec<Description>, Failure> {
    let folder = root.join("docs/exercises");
    let mut descriptions = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(|e| Failure::of(&folder, e))? {
        let path = entry.map_err(|e| Failure::of(&folder, e))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".toml")) else { continue };
        let name = name.to_owned();
        let id = name.split('-').next().unwrap_or_default().parse().map_err(|e| Failure::of(&path, e))?;
        let text = std::fs::read_to_string(&path).map_err(|e| Failure::of(&path, e))?;
        descriptions.push(Description { id, name, path, text });
    }
    descriptions.sort_by_key(|description| description.id);
    if let Some([one, other]) = descriptions.windows(2).find(|pair| pair[0].id == pair[1].id) {
        return Err(Failure::new(format!("two exercises are called {}: {} and {}", one.id, one.name, other.name)));
    }
    Ok(descriptions)
}

/// All exercises whose bodies are to be written, in order.
pub(crate) fn read_all(root: &Path) -> Result<Vec<Exercise>, Failure> {
    let mut exercises = Vec::new();
    for description in descriptions(root)? {
        if !description.is_question()? {
            let exercise: Exercise = description.read()?;
            exercises.push(Exercise { id: description.id, name: description.name, ..exercise });
        }
    }
    Ok(exercises)
}

/// The titles of the chapters, from the book's table of contents: that of chapter n at place n − 1.
pub(crate) fn chapters(root: &Path) -> Result<Vec<Chapter>, Failure> {
    let path = root.join("docs/src/SUMMARY.md");
    let text = std::fs::read_to_string(&path).map_err(|e| Failure::of(&path, e))?;
    let chapter = |line: &str| {
        let (title, page) = line.strip_prefix("- [")?.split_once("](")?;
        Some(Chapter { title: title.to_owned(), page: page.strip_suffix(".md)")?.to_owned() })
    };
    Ok(text.lines().filter_map(chapter).collect())
}

/// A chapter of the book.
#[derive(Clone, Debug)]
pub(crate) struct Chapter {
    pub(crate) title: String,
    /// `delta-recursion`
    pub(crate) page: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_the_book() {
        let id = |text: &str| text.parse::<Id>().expect("an id");
        assert!(id("2.9") < id("2.10") && id("2.10") < id("10.1"));
        assert_eq!(format!("{:>5}|", id("7.2")), "  7.2|");
        for text in ["7", "7.", "7.x", "hidden"] {
            assert_eq!(text.parse::<Id>().unwrap_err(), format!("`{text}` is no exercise; one is called 7.2, say"));
        }
    }
}
