//! Folders that are taken, or in the way; runs that are killed; a reader who goes.

use std::fs::{self, File};
use std::path::Path;

use crate::support::{folder, json, names_in, nn, output_of, refusal_of, start, stdout, text, wait_for};

/// A run that does not end by itself, after its first epoch.
fn endless(out: &Path) -> std::process::Child {
    let mut child = start(&["train", "iris", "--epochs", "100000000", "--out", text(out)]);
    wait_for(&mut child, |line| line.trim_start().starts_with("1 "));
    child
}

#[test]
fn a_second_run_into_a_folder_is_refused_while_the_first_one_lives() {
    let folder = folder();
    let out = folder.path().join("run");
    let mut first = endless(&out);
    let link = folder.path().join("link");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&out, &link).expect("a link");
    let ways = [out.clone(), out.join("."), out.join("..").join("run"), folder.path().join("run/"), link];
    for way in ways.iter().filter(|way| way.exists()) {
        let output = nn(&["train", "xor", "--out", text(way)]);
        assert!(output.stdout.is_empty(), "{output:?}");
        assert!(refusal_of(&output).ends_with(": another run writes to this folder"));
    }
    assert!(!out.join("model.json").exists(), "a run that is refused writes nothing");
    // The lock goes with its owner, even with one that has no time to take anything back.
    first.kill().expect("a run that can be killed");
    output_of(first);
    stdout(&nn(&["train", "xor", "--out", text(&out)]));
    assert_eq!(names_in(&out), ["checkpoint.safetensors", "history.csv", "model.json"]);
    // Runs into other folders do not mind each other.
    let mut first = endless(&out);
    stdout(&nn(&["train", "xor", "--out", text(&folder.path().join("other"))]));
    first.kill().expect("a run that can be killed");
    output_of(first);
}

/// The training would take for ever: that it is refused means that it has not begun.
#[test]
fn what_cannot_be_replaced_is_found_before_the_training() {
    let folder = folder();
    let is_refused = |out: &Path, place: &str, why: &str| {
        let output = nn(&["train", "digits", "--epochs", "100000000", "--out", text(out)]);
        assert!(output.stdout.is_empty(), "{output:?}");
        let line = refusal_of(&output);
        assert!(line.contains(&format!("{place}: ")) && line.contains(why), "{line}");
    };
    for name in ["checkpoint.safetensors", "history.csv", "model.json"] {
        let out = folder.path().join(format!("a folder for {name}"));
        fs::create_dir_all(out.join(name)).expect("a folder");
        is_refused(&out, name, "a folder is in the way");
        fs::write(out.join(name).join("notes"), "kept").expect("written");
        is_refused(&out, name, "a folder is in the way");
        assert_eq!(names_in(&out), [name]);
        assert_eq!(names_in(&out.join(name)), ["notes"]);
        #[cfg(unix)]
        {
            let out = folder.path().join(format!("a socket for {name}"));
            fs::create_dir(&out).expect("a folder");
            let _socket = std::os::unix::net::UnixListener::bind(out.join(name)).expect("a socket");
            is_refused(&out, name, "not a file");
            assert_eq!(names_in(&out), [name]);
        }
    }
    let file = folder.path().join("file");
    fs::write(&file, "").expect("written");
    is_refused(&file, "file", "");
    is_refused(&file.join("run"), "run", "");
    #[cfg(target_os = "linux")] // A folder in which nobody can create a file.
    {
        is_refused(Path::new("/proc"), "/proc", "");
        is_refused(Path::new("/proc/run"), "/proc/run", "");
    }
}

/// What is put in the way of a running training: the work is not lost, and the message says where it is.
#[test]
fn what_cannot_be_replaced_after_all_is_kept_under_another_name() {
    let folder = folder();
    let out = folder.path().join("run");
    let mut child = start(&["train", "digits", "--epochs", "30", "--out", text(&out)]);
    wait_for(&mut child, |line| line.trim_start().starts_with("1 "));
    fs::create_dir(out.join("model.json")).expect("a folder");
    let output = output_of(child);
    let line = refusal_of(&output);
    let kept = Path::new(line.split(" is kept in ").nth(1).unwrap_or_else(|| panic!("{line}")));
    assert_eq!(json(&fs::read_to_string(kept).expect("a model"))["format"], "nn-model");
    let names = names_in(&out);
    assert!(names.len() == 4 && names.iter().any(|name| name.ends_with("-model.json")), "{names:?}");
    assert!(out.join("history.csv").is_file());
}

const FOLDER: &str = ".nn-unfinished-model.json-folder";
const LOCKED: &str = ".nn-unfinished-model.json-locked";
#[cfg(unix)]
const LINKED: &str = ".nn-unfinished-model.json-linked";

#[test]
fn leftovers_of_killed_runs_are_removed_and_nothing_else() {
    let folder = folder();
    let out = folder.path();
    let leftovers =
        [".nn-unfinished-model.json-Ab12Cd", ".nn-unfinished-model.json-000000", ".nn-unfinished-history.csv-zzzzzz"];
    // Names that a user may choose, and some that no user would.
    let own = [
        ".nn-abcdef",
        ".nn-000000",
        ".nn-config",
        ".nn-",
        ".nn-unfinished-",
        ".nn-unfinished-abcdef",
        ".nn-unfinished-notes-abcdef",
        ".nn-unfinished-model.json",
        ".nn-unfinished-model.json-abcde",
        ".nn-unfinished-model.json-abcdefg",
        ".nn-unfinished-model.json-ab.def",
        ".nn-unfinished-model.json-abcdé",
        "nn-unfinished-model.json-abcdef",
        "notes.nn-unfinished-model.json-abcdef",
    ];
    for name in leftovers.iter().chain(&own) {
        fs::write(out.join(name), "something").expect("written");
    }
    fs::create_dir(out.join(FOLDER)).expect("a folder");
    // A lock says that somebody is writing.
    let locked = File::create(out.join(LOCKED)).expect("a file");
    locked.lock().expect("a lock");
    let mut kept: Vec<&str> =
        own.iter().copied().chain([FOLDER, LOCKED, "checkpoint.safetensors", "history.csv", "model.json"]).collect();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("notes", out.join(LINKED)).expect("a link");
        kept.push(LINKED);
    }
    stdout(&nn(&["train", "xor", "--epochs", "1", "--quiet", "--out", text(out)]));
    kept.sort();
    assert_eq!(names_in(out), kept);
    drop(locked);
    stdout(&nn(&["train", "xor", "--epochs", "1", "--quiet", "--out", text(out)]));
    assert!(!out.join(LOCKED).exists());
}

/// A model of some megabytes takes a while to be written.
pub(crate) fn large<'a>(out: &'a Path, seed: &'a str) -> [&'a str; 10] {
    ["train", "xor", "--hidden", "50000", "--epochs", "1", "--seed", seed, "--out", text(out)]
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_files_or_the_new_ones() {
    let folder = folder();
    let (out, other) = (folder.path().join("run"), folder.path().join("other"));
    let model = |folder: &Path| fs::read(folder.join("model.json")).expect("a model");
    stdout(&nn(&large(&out, "1")));
    stdout(&nn(&large(&other, "2")));
    let (old, new) = (model(&out), model(&other));
    assert!(old != new && old.len() > 1 << 20);
    let half_written = || {
        let names = names_in(&out);
        let temporary = names.into_iter().find(|name| name.starts_with(".nn-unfinished-model.json-"));
        temporary.and_then(|name| fs::metadata(out.join(name)).ok()).is_some_and(|file| file.len() > 1 << 16)
    };
    // The moment passes quickly: where it is missed, the run is started again.
    let mut leftovers = 0;
    for _ in 0..50 {
        let mut child = start(&large(&out, "2"));
        while child.try_wait().expect("a status").is_none() && !half_written() {
            std::thread::yield_now();
        }
        child.kill().expect("a run that can be killed, or has ended");
        output_of(child);
        leftovers = names_in(&out).len() - 3;
        if leftovers > 0 {
            break;
        }
        assert!(model(&out) == new);
        fs::write(out.join("model.json"), &old).expect("written");
    }
    assert_eq!(leftovers, 1, "no run was killed while it wrote its model");
    assert!(model(&out) == old && out.join("history.csv").is_file());
    stdout(&nn(&large(&out, "2")));
    assert!(model(&out) == new);
    assert_eq!(names_in(&out), ["checkpoint.safetensors", "history.csv", "model.json"]);
}

#[test]
fn a_closed_pipe_ends_the_help_quietly() {
    for args in [&["--help"][..], &["--version"], &["train", "--help"], &["check"], &["train", "xor"]] {
        let mut child = start(args);
        drop(child.stdout.take());
        let output = output_of(child);
        assert!(output.status.success() && output.stderr.is_empty(), "{args:?}: {output:?}");
    }
}
