//! Reads the JSON files of users as text, and checks them before they are parsed.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The largest JSON file that is read, in bytes: 1 GiB.
pub const JSON_FILE_LIMIT: u64 = 1 << 30;

/// Why a file is not read as JSON text.
#[derive(Debug, thiserror::Error)]
pub enum TextFileError {
    /// The file does not exist, or cannot be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// It is a folder.
    #[error("it is a directory, not a file")]
    Directory,
    /// It is a pipe, a terminal or another device, which may never end.
    #[error("it is not a regular file")]
    NotRegular,
    /// It has more than [`JSON_FILE_LIMIT`] bytes.
    #[error("the file is larger than 1 GiB")]
    TooLarge,
    /// It is in another encoding than UTF-8, or an archive.
    #[error("{0}")]
    Foreign(#[from] Foreign),
    /// A byte that is not valid UTF-8.
    #[error("byte {byte}: the text is not UTF-8")]
    NotUtf8 {
        /// The number of bytes before it.
        byte: usize,
    },
    /// The numbers in it would not fit into the memory.
    #[error("there is not enough memory for the numbers in it, about {megabytes} MB")]
    Memory {
        /// An upper bound of the memory needed.
        megabytes: usize,
    },
}

/// The encoding or archive format of a file that is not UTF-8 text, recognised by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// UTF-16, which Windows programs call "Unicode".
    #[error("the text is UTF-16: save it as UTF-8")]
    Utf16,
    /// UTF-32: four bytes a character.
    #[error("the text is UTF-32: save it as UTF-8")]
    Utf32,
    /// Compressed by gzip.
    #[error("it is a gzip file: unpack it first")]
    Gzip,
    /// A zip archive, which a spreadsheet (.xlsx, .ods) is too.
    #[error("it is a zip archive, as spreadsheets are: save it as text")]
    Zip,
}

/// Reads a JSON text: a regular file of at most [`JSON_FILE_LIMIT`] bytes, in UTF-8. A byte-order mark (BOM) is removed.
///
/// Parsed JSON may take several times the memory of the file. The memory is tried here, since a parser would abort the
/// program if there is too little.
///
/// # Errors
///
/// Says what the file is instead: a folder, a pipe or a device; UTF-16, gzip or zip by name; the first byte that is not
/// UTF-8.
///
/// ```no_run
/// use nn_train::{Model, read_json_text};
///
/// let model = Model::from_json(&read_json_text("model.json".as_ref())?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_json_text(path: &Path) -> Result<String, TextFileError> {
    // Before the file is opened, because opening a pipe waits for its writer.
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(TextFileError::Directory);
    }
    if !metadata.is_file() {
        return Err(TextFileError::NotRegular);
    }
    if metadata.len() > JSON_FILE_LIMIT {
        return Err(TextFileError::TooLarge);
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(metadata.len() as usize + 1).map_err(io::Error::from)?;
    // A file may have grown since, and those of /proc report a length of 0.
    File::open(path)?.take(JSON_FILE_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > JSON_FILE_LIMIT {
        return Err(TextFileError::TooLarge);
    }
    let mark = utf8_mark(&bytes)?;
    let mut text =
        String::from_utf8(bytes).map_err(|error| TextFileError::NotUtf8 { byte: error.utf8_error().valid_up_to() })?;
    text.drain(..mark);
    try_memory(&text)?;
    Ok(text)
}

/// The length of the UTF-8 byte-order mark at the start of a file, and 0 if there is none.
pub(crate) fn utf8_mark(start: &[u8]) -> Result<usize, Foreign> {
    match start {
        [0xEF, 0xBB, 0xBF, ..] => Ok(3),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Err(Foreign::Utf32),
        // UTF-16 and UTF-32 text starts with an ASCII character, with a mark or without: its other bytes are 0.
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Err(Foreign::Utf16),
        [0, 0, 0, 1..=255, ..] | [1..=255, 0, 0, 0, ..] => Err(Foreign::Utf32),
        [0, 1..=255, ..] | [1..=255, 0, ..] => Err(Foreign::Utf16),
        [0x1F, 0x8B, ..] => Err(Foreign::Gzip),
        [b'P', b'K', 3, 4, ..] => Err(Foreign::Zip),
        _ => Ok(0),
    }
}

/// Checks that there is memory for a parsed JSON text: its numbers in vectors whose capacities may be doubled, and once
/// more as matrices.
fn try_memory(json: &str) -> Result<(), TextFileError> {
    let count = |wanted: u8| json.bytes().filter(|&byte| byte == wanted).count();
    // A Vec takes three words, a number one; capacities may be doubled, those of a Vec of Vecs too. Strings are copied.
    let lists = count(b',').saturating_mul(32).saturating_add(count(b'[').saturating_mul(96));
    // A layer, whose lists may be short: the least that each of them takes.
    let lists = lists.saturating_add(count(b'{').saturating_mul(768));
    let bytes = lists.saturating_add(json.len());
    let mut trial: Vec<u8> = Vec::new();
    trial.try_reserve_exact(bytes).map_err(|_| TextFileError::Memory { megabytes: bytes.div_ceil(1_000_000) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_are_known_by_their_first_bytes() {
        let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        let utf32 =
            |text: &str, bytes: fn(u32) -> [u8; 4]| text.chars().flat_map(|c| bytes(c.into())).collect::<Vec<u8>>();
        for text in ["\u{feff}{\"a\": 1}", "{\"a\": 1}", "1,2\n", "5\n", "\n\n5", "\u{feff}\n", "\u{feff}größe"] {
            for bytes in [utf16(text, u16::to_le_bytes), utf16(text, u16::to_be_bytes)] {
                assert_eq!(utf8_mark(&bytes), Err(Foreign::Utf16), "{text:?} {bytes:?}");
            }
            for bytes in [utf32(text, u32::to_le_bytes), utf32(text, u32::to_be_bytes)] {
                assert_eq!(utf8_mark(&bytes), Err(Foreign::Utf32), "{text:?} {bytes:?}");
            }
            assert_eq!(utf8_mark(text.as_bytes()), Ok(if text.starts_with('\u{feff}') { 3 } else { 0 }));
        }
        assert_eq!(utf8_mark(b"\x1f\x8b\x08\0"), Err(Foreign::Gzip));
        assert_eq!(utf8_mark(b"PK\x03\x04"), Err(Foreign::Zip));
        for short in [&b""[..], b"5", b"\0", b"\0\0", b"\0\0\0", b"\xef\xbb", b"\x1f", b"PK"] {
            assert_eq!(utf8_mark(short), Ok(0), "{short:?}");
        }
    }

    #[test]
    fn a_mark_is_taken_away_and_places_count_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model.json");
        let read = |bytes: &[u8]| {
            fs::write(&path, bytes).expect("written");
            read_json_text(&path).map_err(|error| error.to_string())
        };
        assert_eq!(read(b"\xef\xbb\xbf{}"), Ok("{}".to_owned()));
        assert_eq!(read(b""), Ok(String::new()));
        assert_eq!(read(b"\xef\xbb\xbf{\xff}"), Err("byte 4: the text is not UTF-8".to_owned()));
        assert_eq!(read_json_text(folder.path()).unwrap_err().to_string(), "it is a directory, not a file");
        assert!(matches!(read_json_text(&folder.path().join("none")), Err(TextFileError::Read(_))));
        // Sparse: it takes no room on the disk.
        File::create(&path).and_then(|file| file.set_len(JSON_FILE_LIMIT + 1)).expect("a large file");
        assert_eq!(read_json_text(&path).unwrap_err().to_string(), "the file is larger than 1 GiB");
    }
}
