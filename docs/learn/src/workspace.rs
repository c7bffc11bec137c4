//! A workspace of the learner's own: a copy of the crates, without the bodies that are to be written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::exercise::Id;
use crate::failure::Failure;
use crate::source::{self, CRATES, SOURCES, files_below};

/// The crates of a workspace that have nothing to be written.
const OTHERS: [&str; 2] = ["docs/learn", "docs/playground"];

/// What a learner's workspace keeps beside the sources.
pub(crate) const STATE: &str = ".learn";

/// The package of a learner's workspace in which snippets are tried.
pub(crate) const SCRATCH: &str = "scratch";

/// The folder of the workspace that a path is in, and whether it is a learner's.
pub(crate) fn find(from: &Path) -> Result<(PathBuf, bool), Failure> {
    let root =
        from.ancestors().find(|folder| folder.join("docs/exercises").is_dir() && folder.join("Cargo.toml").is_file());
    let root = root
        .ok_or_else(|| Failure::new("there are no exercises here: run it in the project, or in your own workspace"))?;
    Ok((root.to_owned(), root.join(STATE).is_dir()))
}

/// Copies the crates to `to`, which is a new folder. `body` says what stands in place of a body, or `None` where it stays; `other`
/// are files with another text than in `root`.
pub(crate) fn copy(
    root: &Path,
    to: &Path,
    body: impl Fn(Id, &str) -> Option<String>,
    other: &[(&Path, &str)],
) -> Result<(), Failure> {
    let mut files: Vec<PathBuf> =
        ["Cargo.lock", ".cargo/config.toml", "rustfmt.toml", "docs/src/SUMMARY.md"].map(PathBuf::from).into();
    let pages = crate::exercise::chapters(root)?.into_iter().map(|chapter| format!("docs/src/{}.md", chapter.page));
    files.extend(pages.map(PathBuf::from));
    files.extend(
        ["LICENSE-MIT", "LICENSE-APACHE", "nn-core/tests/support/judge.rs", "nn-train/tests/support/recorder.rs"]
            .map(PathBuf::from),
    );
    files.extend(["scripts/playground", "docs/playground/serve.mjs"].map(PathBuf::from));
    for package in CRATES {
        files.extend(
            ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "tests/exercises.rs"]
                .map(|file| Path::new(package).join(file)),
        );
    }
    for folder in folders(root) {
        let mut below = Vec::new();
        files_below(&folder, &mut below)?;
        files.extend(below.into_iter().map(|path| path.strip_prefix(root).unwrap_or(&path).to_owned()));
    }
    // An example comes along if there is something to write in it.
    let with_bodies: Vec<PathBuf> = source::bodies(root)?.into_values().map(|body| body.file).collect();
    let is_in =
        |file: &Path, folder: &str| CRATES.iter().any(|package| file.starts_with(Path::new(package).join(folder)));
    files.retain(|file| !is_in(file, "examples") || with_bodies.contains(file));
    files.push(PathBuf::from(crate::record::FINGERPRINTS));
    remove_others(to, &files)?;
    for file in files.into_iter().filter(|file| root.join(file).is_file()) {
        let (from, to) = (root.join(&file), to.join(&file));
        make_folder(to.parent().expect("a file has a folder"))?;
        let is_rust = file.extension().is_some_and(|extension| extension == "rs");
        if is_rust && SOURCES.iter().any(|folder| is_in(&file, folder)) {
            let text = match other.iter().find(|(path, _)| *path == file) {
                Some((_, text)) => (*text).to_owned(),
                None => std::fs::read_to_string(&from).map_err(|e| Failure::of(&from, e))?,
            };
            write(&to, source::replace(&source::without_track_caller(&text), &body))?;
        } else {
            write(&to, std::fs::read(&from).map_err(|e| Failure::of(&from, e))?)?;
            // A script can be run.
            let permissions = std::fs::metadata(&from).map_err(|e| Failure::of(&from, e))?.permissions();
            std::fs::set_permissions(&to, permissions).map_err(|e| Failure::of(&to, e))?;
        }
    }
    for package in CRATES.into_iter().chain(OTHERS) {
        let file = Path::new(package).join("Cargo.toml");
        let mut manifest = read_manifest(&root.join(&file))?;
        change_package(&mut manifest);
        write(&to.join(&file), manifest.to_string())?;
    }
    let mut manifest = read_manifest(&root.join("Cargo.toml"))?;
    change_workspace(&mut manifest);
    write(&to.join("Cargo.toml"), manifest.to_string())
}

/// Adds to a copy the package in which snippets are tried: it may use all crates.
pub(crate) fn scratch(to: &Path) -> Result<(), Failure> {
    let folder = to.join(SCRATCH);
    make_folder(&folder.join("src"))?;
    make_folder(&folder.join("examples"))?;
    let dependencies: String = CRATES.iter().map(|name| format!("{name} = {{ path = \"../{name}\" }}\n")).collect();
    let manifest = format!(
        "[package]\nname = \"{SCRATCH}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\n{dependencies}"
    );
    write(&folder.join("Cargo.toml"), manifest)?;
    write(&folder.join("src/lib.rs"), "//! `cargo learn try 7.2` writes the snippet of a chapter into `examples`.\n")?;
    let path = to.join("Cargo.toml");
    let mut manifest = read_manifest(&path)?;
    let members = manifest.get_mut("workspace").and_then(|workspace| workspace.get_mut("members")?.as_array_mut());
    members.into_iter().for_each(|members| members.push(Value::from(SCRATCH)));
    write(&path, manifest.to_string())
}

/// The folders of a workspace that are copied file by file.
fn folders(root: &Path) -> Vec<PathBuf> {
    let of_crates =
        CRATES.iter().flat_map(|package| ["src", "data", "examples"].map(|folder| root.join(package).join(folder)));
    let others =
        ["docs/learn/src", "docs/exercises", "docs/playground/src", "docs/playground/web", "docs/playground/bindgen"]
            .map(|folder| root.join(folder));
    of_crates.chain(others).filter(|folder| folder.is_dir()).collect()
}

/// Removes what an earlier copy has left in the folders of sources and is no longer there.
fn remove_others(to: &Path, files: &[PathBuf]) -> Result<(), Failure> {
    for folder in folders(to) {
        let mut below = Vec::new();
        files_below(&folder, &mut below)?;
        for path in below.iter().filter(|path| !files.iter().any(|file| to.join(file) == **path)) {
            std::fs::remove_file(path).map_err(|e| Failure::of(path, e))?;
        }
    }
    Ok(())
}

/// A crate of the learner's: the definitions alone, and no tests but the judges.
fn change_package(manifest: &mut Table) {
    for key in ["dev-dependencies", "bench", "example"] {
        manifest.remove(key);
    }
    if let Some(Value::Array(default)) = manifest.get_mut("features").and_then(|features| features.get_mut("default")) {
        default.retain(|feature| feature.as_str() != Some("fast"));
    }
    if let Some(Value::Table(lib)) = manifest.get_mut("lib") {
        lib.extend([("test", false), ("doctest", false)].map(|(key, value)| (key.to_owned(), Value::from(value))));
    }
    if let Some(Value::Array(programs)) = manifest.get_mut("bin") {
        let programs = programs.iter_mut().filter_map(Value::as_table_mut);
        programs.for_each(|program| _ = program.insert("test".to_owned(), Value::from(false)));
    }
}

/// Compiled quickly: what runs is small. What is half written is not warned about.
fn change_workspace(manifest: &mut Table) {
    let parse = |text: &str| text.parse::<Table>().expect("a table");
    let new = parse(
        "[workspace.lints.rust]\n\
         unsafe_code = \"deny\"\n\
         unused = { level = \"allow\", priority = -1 }\n\
         unreachable_code = \"allow\"\n\
         [profile.dev]\n\
         opt-level = 0\n\
         debug = false\n\
         [profile.release]\n\
         opt-level = 3\n",
    );
    let browser = manifest.get("profile").and_then(|profiles| profiles.get("browser")).cloned();
    manifest.insert("profile".to_owned(), new["profile"].clone());
    if let (Some(Value::Table(profiles)), Some(browser)) = (manifest.get_mut("profile"), browser) {
        profiles.insert("browser".to_owned(), browser);
    }
    let Some(Value::Table(workspace)) = manifest.get_mut("workspace") else { return };
    workspace.remove("exclude");
    let members =
        |with: &[&str]| Value::from(CRATES.iter().chain(with).map(|&name| Value::from(name)).collect::<Vec<_>>());
    workspace.insert("members".to_owned(), members(&OTHERS));
    workspace.insert("default-members".to_owned(), members(&[]));
    workspace.insert("lints".to_owned(), new["workspace"]["lints"].clone());
}

fn read_manifest(path: &Path) -> Result<Table, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::of(path, e))?;
    text.parse().map_err(|e| Failure::of(path, e))
}

pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|e| Failure::of(path, e))
}

/// Writes a file, unless it is so already: cargo then has nothing to do.
pub(crate) fn write(path: &Path, text: impl AsRef<[u8]>) -> Result<(), Failure> {
    if std::fs::read(path).is_ok_and(|is| is == text.as_ref()) {
        return Ok(());
    }
    std::fs::write(path, text).map_err(|e| Failure::of(path, e))
}

/// Takes out of Cargo.lock what the copy does not use, so that the first build leaves it as it is. Without that it is done then.
pub(crate) fn lock(folder: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let _ = Command::new(cargo).current_dir(folder).args(["update", "--workspace", "--quiet", "--offline"]).output();
}

/// Makes a git repository of a folder, with one commit; whether that went well.
pub(crate) fn commit(folder: &Path) -> bool {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(folder).args(arguments).output();
        output.is_ok_and(|output| output.status.success())
    };
    let who = ["-c", "user.name=cargo learn", "-c", "user.email=learn@localhost", "-c", "commit.gpgsign=false"];
    git(&["init", "--quiet"])
        && git(&["add", "--all"])
        && git(&[&who[..], &["commit", "--quiet", "--message", "The exercises"]].concat())
}

/// What a learner has done; kept in `.learn`.
#[derive(Debug, Default)]
pub(crate) struct State {
    folder: PathBuf,
    kept: Kept,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Kept {
    /// The chapter that the learner began with.
    from: usize,
    /// The number of hints shown, by exercise.
    hints: BTreeMap<String, usize>,
    /// The exercises that are left for later.
    skipped: BTreeSet<String>,
    /// Those for which the shipped body stands in.
    references: BTreeSet<String>,
}

impl State {
    /// That of a learner's workspace.
    pub(crate) fn read(root: &Path) -> Result<State, Failure> {
        let folder = root.join(STATE);
        let path = folder.join("state.toml");
        let text = if path.exists() {
            std::fs::read_to_string(&path).map_err(|e| Failure::of(&path, e))?
        } else {
            String::new()
        };
        let kept = toml::from_str(&text).map_err(|e| Failure::of(&path, e))?;
        Ok(State { folder, kept })
    }

    /// A new one, of a learner who begins with a chapter.
    pub(crate) fn new(root: &Path, from: usize) -> Result<State, Failure> {
        let state = State { folder: root.join(STATE), kept: Kept { from, ..Kept::default() } };
        make_folder(&state.folder.join("solutions"))?;
        make_folder(&state.folder.join("passed"))?;
        state.save()?;
        Ok(state)
    }

    fn save(&self) -> Result<(), Failure> {
        let text = toml::to_string(&self.kept).map_err(Failure::new)?;
        write(&self.folder.join("state.toml"), text)
    }

    fn read_body(&self, kind: &str, id: Id) -> Option<String> {
        std::fs::read_to_string(self.folder.join(kind).join(format!("{id}.rs"))).ok()
    }

    fn write_body(&self, kind: &str, id: Id, body: &str) -> Result<(), Failure> {
        make_folder(&self.folder.join(kind))?;
        write(&self.folder.join(kind).join(format!("{id}.rs")), body)
    }

    /// The shipped body.
    pub(crate) fn solution(&self, id: Id) -> Result<String, Failure> {
        let gone = || Failure::new(format!("the shipped body of exercise {id} is not in {}", self.folder.display()));
        self.read_body("solutions", id).ok_or_else(gone)
    }

    pub(crate) fn keep_solution(&self, id: Id, body: &str) -> Result<(), Failure> {
        self.write_body("solutions", id, body)
    }

    /// Whether this very body has passed.
    pub(crate) fn has_passed(&self, id: Id, body: &str) -> bool {
        self.read_body("passed", id).is_some_and(|passed| passed == body)
    }

    /// Whether some body has passed, if not this one.
    pub(crate) fn has_ever_passed(&self, id: Id) -> bool {
        self.read_body("passed", id).is_some()
    }

    pub(crate) fn keep_passed(&self, id: Id, body: &str) -> Result<(), Failure> {
        self.write_body("passed", id, body)
    }

    /// The chapter that the learner began with; what comes before it is given.
    pub(crate) fn from(&self) -> usize {
        self.kept.from
    }

    /// Keeps a body that is about to be replaced, in a file that is not there yet; in which.
    pub(crate) fn keep_aside(&self, id: Id, body: &str) -> Result<PathBuf, Failure> {
        let names = (1..).map(|n| self.folder.join(format!("before-reset-{id}-{n}.rs")));
        let path = names.into_iter().find(|path| !path.exists()).expect("as many names as are needed");
        write(&path, body)?;
        Ok(path)
    }

    /// Whether this is the shipped body, put in by `use reference`.
    pub(crate) fn is_by_reference(&self, id: Id, body: &str) -> bool {
        self.kept.references.contains(&id.to_string())
            && self.read_body("solutions", id).is_some_and(|solution| source::are_same(&solution, body))
    }

    pub(crate) fn keep_reference(&mut self, id: Id) -> Result<(), Failure> {
        self.kept.references.insert(id.to_string());
        self.save()
    }

    pub(crate) fn is_skipped(&self, id: Id) -> bool {
        self.kept.skipped.contains(&id.to_string())
    }

    pub(crate) fn keep_skipped(&mut self, id: Id) -> Result<(), Failure> {
        self.kept.skipped.insert(id.to_string());
        self.save()
    }

    /// How many hints have been shown.
    pub(crate) fn hints(&self, id: Id) -> usize {
        self.kept.hints.get(&id.to_string()).copied().unwrap_or(0)
    }

    pub(crate) fn keep_hints(&mut self, id: Id, shown: usize) -> Result<(), Failure> {
        self.kept.hints.insert(id.to_string(), shown);
        self.save()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_examples_those_with_a_body_to_write_are_copied() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let folder = tempfile::tempdir().unwrap();
        copy(root, folder.path(), |_, _| Some("todo!()".to_owned()), &[]).unwrap();
        let examples = folder.path().join("nn-layers/examples");
        let copied = std::fs::read_to_string(examples.join("residual_block.rs")).unwrap();
        assert!(copied.contains("    // BEGIN SOLUTION 14.6\n    todo!()\n    // END SOLUTION 14.6\n"), "{copied}");
        assert!(root.join("nn-layers/examples/own_loss.rs").exists() && !examples.join("own_loss.rs").exists());
    }

    /// The demos of a learner's workspace run the learner's own code.
    #[test]
    fn the_playground_comes_along_with_all_that_it_is_built_from() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let folder = tempfile::tempdir().unwrap();
        copy(root, folder.path(), |_, _| Some("todo!()".to_owned()), &[]).unwrap();
        for file in ["scripts/playground", "docs/playground/web/plane.html", "docs/playground/bindgen/Cargo.lock"] {
            assert!(folder.path().join(file).is_file(), "{file}");
        }
        let manifest = read_manifest(&folder.path().join("Cargo.toml")).unwrap();
        assert!(manifest["workspace"]["members"].to_string().contains("docs/playground"), "{manifest}");
        assert!(manifest["profile"].get("browser").is_some(), "{manifest}");
        let own = read_manifest(&folder.path().join("docs/playground/Cargo.toml")).unwrap();
        assert!(!own["features"]["default"].to_string().contains("fast"), "{own}");
    }

    #[test]
    fn what_is_replaced_is_kept_however_often() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::new(folder.path(), 2).unwrap();
        let id = "3.1".parse().unwrap();
        let paths = ["one", "two"].map(|body| state.keep_aside(id, body).unwrap());
        assert_eq!(paths.map(|path| std::fs::read_to_string(path).unwrap()), ["one", "two"]);
    }

    #[test]
    fn the_shipped_body_stands_in_only_where_it_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = State::new(folder.path(), 5).unwrap();
        let [one, other]: [Id; 2] = ["3.1", "3.2"].map(|id| id.parse().unwrap());
        for id in [one, other] {
            state.keep_solution(id, "x + 1\n").unwrap();
        }
        state.keep_reference(one).unwrap();
        state.keep_skipped(other).unwrap();
        let state = State::read(folder.path()).unwrap();
        assert!(state.is_by_reference(one, "    x + 1\n") && !state.is_by_reference(one, "x + 2\n"));
        assert!(!state.is_by_reference(other, "x + 1\n") && state.is_skipped(other) && !state.is_skipped(one));
        assert_eq!(state.from(), 5);
    }

    #[test]
    fn what_an_earlier_copy_has_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, left) = (Path::new("nn-core/src/kept.rs"), Path::new("nn-core/src/moved.rs"));
        make_folder(&folder.path().join("nn-core/src")).unwrap();
        [kept, left].iter().for_each(|file| write(&folder.path().join(file), "").unwrap());
        remove_others(folder.path(), &[kept.to_owned()]).unwrap();
        assert!(folder.path().join(kept).exists() && !folder.path().join(left).exists());
    }
}
