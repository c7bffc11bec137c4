//! The answers of a learner: `answers.toml`, a line for each question, such as `"7.6" = "7, 0"`. A learner may write into it, and
//! so does `cargo learn answer`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::exercise::Id;
use crate::failure::Failure;
use crate::workspace;

/// From the workspace's folder.
pub(crate) const ANSWERS: &str = "answers.toml";

/// What has been answered.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    path: PathBuf,
    text: String,
    by_id: BTreeMap<String, String>,
}

impl Answers {
    /// Those of a workspace; without a file there are none.
    pub(crate) fn read(root: &Path) -> Result<Answers, Failure> {
        let path = root.join(ANSWERS);
        let text = match path.exists() {
            true => std::fs::read_to_string(&path).map_err(|e| Failure::of(&path, e))?,
            false => String::new(),
        };
        let table: toml::Table = toml::from_str(&text).map_err(|e| Failure::of(&path, e))?;
        let mut by_id = BTreeMap::new();
        for (id, answer) in table {
            id.parse::<Id>().map_err(|e| Failure::of(&path, e))?;
            let answer = match answer {
                toml::Value::String(answer) => answer,
                toml::Value::Integer(answer) => answer.to_string(),
                toml::Value::Float(answer) => answer.to_string(),
                _ => {
                    return Err(Failure::of(
                        &path,
                        format!("the answer to {id} is a text, such as \"{id}\" = \"0.5\""),
                    ));
                }
            };
            by_id.insert(id, answer);
        }
        Ok(Answers { path, text, by_id })
    }

    pub(crate) fn get(&self, id: Id) -> Option<&str> {
        self.by_id.get(&id.to_string()).map(String::as_str)
    }

    /// Writes an answer, and leaves all else in the file as it is.
    pub(crate) fn set(&mut self, id: Id, answer: &str) -> Result<(), Failure> {
        let quoted = toml::Value::from(answer).to_string();
        let line = format!("\"{id}\" = {quoted}");
        let is_its =
            |line: &&str| line.split_once('=').is_some_and(|(key, _)| key.trim().trim_matches('"') == id.to_string());
        let mut lines: Vec<&str> = self.text.lines().collect();
        match lines.iter().position(is_its) {
            Some(place) => lines[place] = &line,
            None => lines.push(&line),
        }
        let text = lines.join("\n") + "\n";
        workspace::write(&self.path, &text)?;
        self.text = text;
        self.by_id.insert(id.to_string(), answer.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_written_and_all_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(ANSWERS);
        std::fs::write(&path, "# mine\n\"2.4\" = 0.25\n\n\"3.6\" = '650' # weights and biases\n").unwrap();
        let mut answers = Answers::read(folder.path()).unwrap();
        let id = |text: &str| text.parse::<Id>().unwrap();
        assert_eq!(
            (answers.get(id("2.4")), answers.get(id("3.6")), answers.get(id("7.6"))),
            (Some("0.25"), Some("650"), None)
        );
        answers.set(id("7.6"), "7, \"0\"").unwrap();
        answers.set(id("2.4"), "1/4").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# mine\n\"2.4\" = \"1/4\"\n\n\"3.6\" = '650' # weights and biases\n"), "{text}");
        let again = Answers::read(folder.path()).unwrap();
        assert_eq!((again.get(id("2.4")), again.get(id("7.6"))), (Some("1/4"), Some("7, \"0\"")));
    }

    #[test]
    fn a_file_that_is_none_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Answers::read(folder.path()).unwrap().get("2.4".parse().unwrap()), None);
        for text in ["\"2.4\" = ", "\"2.4\" = [1]", "x = 1"] {
            std::fs::write(folder.path().join(ANSWERS), text).unwrap();
            assert!(Answers::read(folder.path()).unwrap_err().to_string().contains("answers.toml"), "{text}");
        }
    }
}
