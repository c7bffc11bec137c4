//! The house rules of this crate's folders: a room uses only rooms before it, and no two files use each other, nor do those
//! of the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// From the room that uses none to the one that may use all.
const ROOMS: [&str; 7] = ["text", "data", "training", "models", "explain", "mistakes", "diagnosis"];

/// The code of each file of a room by the file's name, without its tests and comments.
fn files(room: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(room).unwrap().map(|entry| entry.unwrap().path());
    let sources = entries.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let code = |path: &Path| {
        let source = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
        let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    };
    sources.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), code(&path))).collect()
}

/// What follows a word each time, as far as it is a name.
fn names_after<'a>(code: &'a str, word: &str) -> Vec<&'a str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let all = code.split(word).skip(1);
    all.map(|after| &after[..after.find(|c| !is_name(c)).unwrap_or(after.len())]).collect()
}

fn source() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn every_folder_is_a_room_with_a_front_page() {
    let folders = fs::read_dir(source()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut names: Vec<String> = folders.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    let mut rooms = [&ROOMS[..], &["bin"]].concat();
    rooms.sort_unstable();
    assert_eq!(names, rooms);
    for room in ROOMS {
        let page = fs::read_to_string(source().join(room).join("mod.rs")).unwrap();
        for file in files(&source().join(room)).into_keys().filter(|file| file != "mod" && file != "samples") {
            assert!(page.contains(&format!(" {file}.rs")), "the front page of {room} does not name {file}.rs");
        }
    }
}

#[test]
fn a_room_uses_only_rooms_before_it() {
    for (place, room) in ROOMS.iter().enumerate() {
        for (file, code) in files(&source().join(room)) {
            for used in names_after(&code, "crate::") {
                assert!(ROOMS[..place].contains(&used), "{room}/{file}.rs uses crate::{used}");
            }
        }
    }
}

#[test]
fn no_two_files_use_each_other() {
    let rooms = ROOMS.iter().map(|&room| (room, "super::"));
    for (folder, word) in rooms.chain([("bin/nn", "crate::")]) {
        let used = |code: &str| names_after(code, word).into_iter().map(str::to_owned).collect::<Vec<_>>();
        let mut left: BTreeMap<_, _> =
            files(&source().join(folder)).into_iter().map(|(file, code)| (file, used(&code))).collect();
        for (file, used) in &left {
            // What is used by the name of the room may stand in any file.
            let unknown = used.iter().find(|used| !left.contains_key(*used));
            assert_eq!(unknown, None, "{folder}/{file}.rs says {word} without a file");
        }
        // Files are taken away that use none of those that are left, until nothing is left.
        while !left.is_empty() {
            let free = left.iter().find(|(_, used)| used.iter().all(|used| !left.contains_key(used)));
            let free = free.map(|(file, _)| file.clone());
            let free = free.unwrap_or_else(|| panic!("of {folder}, these use each other: {:?}", left.keys()));
            left.remove(&free);
        }
    }
}
