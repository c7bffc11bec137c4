//! The bodies in the sources: what stands between `// BEGIN SOLUTION 7.2` and `// END SOLUTION 7.2`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::exercise::{Exercise, Id};
use crate::failure::Failure;

const BEGIN: &str = "// BEGIN SOLUTION ";
const END: &str = "// END SOLUTION ";

/// The crates that have exercises.
pub(crate) const CRATES: [&str; 4] = ["nn-core", "nn-autodiff", "nn-layers", "nn-train"];

/// Where the body of an exercise stands.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    /// The crate.
    pub(crate) package: &'static str,
    /// From the workspace's folder.
    pub(crate) file: PathBuf,
    /// The line of the first marker, from 1.
    pub(crate) line: usize,
    /// Between the markers.
    pub(crate) text: String,
}

/// The folders of a crate in which bodies stand.
pub(crate) const SOURCES: [&str; 2] = ["src", "examples"];

/// All bodies of a workspace.
pub(crate) fn bodies(root: &Path) -> Result<BTreeMap<Id, Body>, Failure> {
    let mut bodies = BTreeMap::new();
    for package in CRATES {
        let mut files = Vec::new();
        for folder in SOURCES.map(|folder| root.join(package).join(folder)).iter().filter(|folder| folder.is_dir()) {
            files_below(folder, &mut files)?;
        }
        for path in files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
            let text = std::fs::read_to_string(&path).map_err(|e| Failure::of(&path, e))?;
            let file = path.strip_prefix(root).unwrap_or(&path).to_owned();
            for (id, line, text) in bodies_of(&text).map_err(|e| Failure::of(&file, e))? {
                let body = Body { package, file: file.clone(), line, text };
                if let Some(other) = bodies.insert(id, body) {
                    let places = format!("{} and {}", other.file.display(), file.display());
                    return Err(Failure::new(format!("the markers of exercise {id} stand twice: in {places}")));
                }
            }
        }
    }
    Ok(bodies)
}

/// The bodies of one source: whose, the line of their first marker, and their text.
fn bodies_of(source: &str) -> Result<Vec<(Id, usize, String)>, String> {
    let mut bodies = Vec::new();
    let mut open: Option<(Id, usize, String)> = None;
    for (number, line) in (1..).zip(source.lines()) {
        let mark = |mark| line.trim_start().strip_prefix(mark).map(|id: &str| id.trim().parse::<Id>());
        if let Some(id) = mark(BEGIN) {
            if let Some((id, ..)) = open {
                return Err(format!("line {number}: the body of exercise {id} has no end before the next begins"));
            }
            open = Some((id.map_err(|e| format!("line {number}: {e}"))?, number, String::new()));
        } else if let Some(id) = mark(END) {
            let id = id.map_err(|e| format!("line {number}: {e}"))?;
            match open.take() {
                Some(body) if body.0 == id => bodies.push(body),
                _ => return Err(format!("line {number}: exercise {id} ends where it has not begun")),
            }
        } else if let Some((_, _, text)) = &mut open {
            text.push_str(line);
            text.push('\n');
        }
    }
    match open {
        Some((id, ..)) => Err(format!("the body of exercise {id} has no end: `{END}{id}` is missing")),
        None => Ok(bodies),
    }
}

/// One body of a source, whatever becomes of the others: what stands between its markers, if they are there once.
pub(crate) fn body_in(source: &str, id: Id) -> Option<String> {
    let is =
        |line: &str, mark: &str| line.trim_start().strip_prefix(mark).is_some_and(|rest| rest.trim() == id.to_string());
    let lines: Vec<&str> = source.lines().collect();
    let places = |mark: &str| (0..lines.len()).filter(|&i| is(lines[i], mark)).collect::<Vec<_>>();
    let (begins, ends) = (places(BEGIN), places(END));
    let ([begin], [end]) = (&begins[..], &ends[..]) else { return None };
    let inside = lines.get(begin + 1..*end)?;
    let other = |line: &&str| line.trim_start().starts_with(BEGIN) || line.trim_start().starts_with(END);
    if inside.iter().any(other) {
        return None;
    }
    Some(inside.iter().flat_map(|line| [line, "\n"]).collect())
}

/// Replaces bodies of a source; `new` says by what, or `None` where a body stays.
pub(crate) fn replace(source: &str, new: impl Fn(Id, &str) -> Option<String>) -> String {
    let bodies = bodies_of(source).unwrap_or_default();
    let lines: Vec<&str> = source.lines().collect();
    let (mut result, mut next) = (String::new(), 0);
    let copy = |result: &mut String, until: usize, next: &mut usize| {
        lines[*next..until].iter().for_each(|line| {
            result.push_str(line);
            result.push('\n');
        });
        *next = until;
    };
    for (id, line, text) in bodies {
        copy(&mut result, line, &mut next); // the marker too: lines count from 1
        if let Some(new) = new(id, &text) {
            let marker = lines[line - 1];
            let indentation = &marker[..marker.len() - marker.trim_start().len()];
            result.push_str(&indented(&new, indentation));
            next += text.lines().count();
        }
    }
    copy(&mut result, lines.len(), &mut next);
    result
}

/// A text with its lines moved to the right, or to the left, so that its first begins with `indentation`.
fn indented(text: &str, indentation: &str) -> String {
    let has = |line: &str| line.len() - line.trim_start().len();
    let least = text.lines().filter(|line| !line.trim().is_empty()).map(has).min().unwrap_or(0);
    let line = |line: &str| match line.trim().is_empty() {
        true => "\n".to_owned(),
        false => format!("{indentation}{}\n", &line[least..]),
    };
    text.trim_matches('\n').lines().map(line).collect()
}

/// What stands in place of a body that is to be written, or mended.
pub(crate) fn stub(exercise: &Exercise) -> String {
    if let Some(begins) = &exercise.begins {
        return begins.trim().to_owned();
    }
    format!("todo!(\"exercise {}: {}\")", exercise.id, exercise.function)
}

/// Whether a body is still what [`stub`] made of it.
pub(crate) fn is_stub(exercise: &Exercise, body: &str) -> bool {
    are_same(body, &stub(exercise))
}

/// Whether two bodies are the same, however far to the right they stand.
pub(crate) fn are_same(one: &str, other: &str) -> bool {
    one.trim().lines().map(str::trim).eq(other.trim().lines().map(str::trim))
}

/// Writes the body of one exercise into its file.
pub(crate) fn write(root: &Path, id: Id, body: &Body, new: &str) -> Result<(), Failure> {
    let path = root.join(&body.file);
    let text = std::fs::read_to_string(&path).map_err(|e| Failure::of(&path, e))?;
    let text = replace(&text, |this, _| (this == id).then(|| new.to_owned()));
    std::fs::write(&path, text).map_err(|e| Failure::of(&path, e))
}

/// A panic within a body is to name a line of the learner's, not the line of the test that called it: the functions around
/// bodies lose the attribute that passes it on.
pub(crate) fn without_track_caller(source: &str) -> String {
    let lines: Vec<&str> = source.lines().collect();
    let mut leave_out = vec![false; lines.len()];
    for begin in (0..lines.len()).filter(|&i| lines[i].trim_start().starts_with(BEGIN)) {
        let is_fn = |line: &str| line.trim_start().starts_with("fn ") || line.contains(" fn ");
        let function = lines[..begin].iter().rposition(|line| is_fn(line) && !line.trim_start().starts_with("//"));
        let above = function.map_or(&[][..], |function| &lines[..function]);
        for (i, line) in above.iter().enumerate().rev().take_while(|(_, line)| !line.trim().is_empty()) {
            leave_out[i] |= line.trim() == "#[track_caller]";
        }
    }
    let kept = lines.iter().zip(leave_out).filter(|(_, leave_out)| !leave_out);
    kept.flat_map(|(line, _)| [line, "\n"]).collect()
}

/// All files below a folder, in the order of their names.
pub(crate) fn files_below(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = std::fs::read_dir(folder).map_err(|e| Failure::of(folder, e))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| Failure::of(folder, e))?;
    paths.sort();
    for path in paths {
        if path.is_dir() { files_below(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
/// Doc.
#[track_caller]
// ANCHOR: f
fn f() -> f64 {
    // BEGIN SOLUTION 2.1
    let x = 1.0;

    x
    // END SOLUTION 2.1
}

#[track_caller]
fn g() {
    loop {
        // BEGIN SOLUTION 2.2
        break;
        // END SOLUTION 2.2
    }
}

#[track_caller]
fn h() {}
";

    #[test]
    fn bodies_are_found_with_their_lines() {
        let bodies = bodies_of(SOURCE).unwrap();
        let [first, second] = &bodies[..] else { panic!("{bodies:?}") };
        assert_eq!((first.0.to_string(), first.1, &first.2[..]), ("2.1".to_owned(), 5, "    let x = 1.0;\n\n    x\n"));
        assert_eq!((second.0.to_string(), second.1, &second.2[..]), ("2.2".to_owned(), 15, "        break;\n"));
    }

    #[test]
    fn a_body_is_found_whatever_becomes_of_the_others() {
        let id = |text: &str| text.parse::<Id>().unwrap();
        let of = |source: &str| body_in(source, id("2.2"));
        assert_eq!(of(SOURCE).unwrap(), "        break;\n");
        assert_eq!(of(&SOURCE.replace("// END SOLUTION 2.1", "")).unwrap(), "        break;\n");
        for gone in ["// END SOLUTION 2.2", "// BEGIN SOLUTION 2.2"] {
            assert_eq!(of(&SOURCE.replace(gone, "")), None);
        }
        assert_eq!(of(&format!("{SOURCE}{SOURCE}")), None, "twice");
        assert_eq!(of("// END SOLUTION 2.2\n// BEGIN SOLUTION 2.2"), None);
        assert_eq!(of(&SOURCE.replace("        break;", "// BEGIN SOLUTION 2.3")), None);
    }

    #[test]
    fn markers_that_do_not_match_are_named() {
        let problem = |source: &str| bodies_of(source).unwrap_err();
        assert_eq!(
            problem("// BEGIN SOLUTION 2.1\n// BEGIN SOLUTION 2.2"),
            "line 2: the body of exercise 2.1 has no end before the next begins"
        );
        assert_eq!(problem("// END SOLUTION 2.1"), "line 1: exercise 2.1 ends where it has not begun");
        assert_eq!(
            problem("// BEGIN SOLUTION 2.1\n// END SOLUTION 2.2"),
            "line 2: exercise 2.2 ends where it has not begun"
        );
        assert_eq!(
            problem("// BEGIN SOLUTION 2.1\n"),
            "the body of exercise 2.1 has no end: `// END SOLUTION 2.1` is missing"
        );
        assert_eq!(problem("// BEGIN SOLUTION x"), "line 1: `x` is no exercise; one is called 7.2, say");
    }

    #[test]
    fn a_body_is_replaced_and_nothing_else() {
        assert_eq!(replace(SOURCE, |_, _| None), SOURCE);
        assert_eq!(replace(SOURCE, |_, body| Some(body.to_owned())), SOURCE);
        let new = replace(SOURCE, |id, _| (id.number == 2).then(|| "if true {\n    break;\n}".to_owned()));
        assert_eq!(new, SOURCE.replace("        break;\n", "        if true {\n            break;\n        }\n"));
        let new = replace(SOURCE, |id, _| (id.number == 1).then(|| "todo!()".to_owned()));
        assert_eq!(new, SOURCE.replace("    let x = 1.0;\n\n    x\n", "    todo!()\n"));
    }

    #[test]
    fn a_panic_in_a_body_names_its_own_line() {
        let new = without_track_caller(SOURCE);
        assert_eq!(new.matches("#[track_caller]").count(), 1);
        assert!(new.contains("/// Doc.\n// ANCHOR: f\nfn f()") && new.contains("\n\nfn g()"), "{new}");
        assert!(new.contains("#[track_caller]\nfn h()"));
    }
}
