//! The reader of CSV: any bytes are rows or an error, and what it takes for a number is one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nn_train::{CSV_CELL_LIMIT, CsvReader, Header, Precision, one_line};

fuzz_target!(|bytes: &[u8]| {
    // The last byte decides what is said of the first line.
    let header = [Header::Auto, Header::Yes, Header::No][usize::from(bytes.last().copied().unwrap_or(0)) % 3];
    let mut reader = match CsvReader::new(bytes, header) {
        Ok(reader) => reader,
        Err(error) => return assert_one_line(&error),
    };
    if let Some(names) = reader.header() {
        assert!(names.cells().all(|name| name.len() <= CSV_CELL_LIMIT));
    }
    let mut last = 0;
    for row in &mut reader {
        match row {
            Ok(row) => {
                assert!(row.line() > last, "line {} comes after line {last}", row.line());
                last = row.line();
                for column in 0..row.width() {
                    match row.number(column, Precision::F32) {
                        Ok(x) => assert!((x as f32).is_finite()),
                        Err(error) => assert_one_line(&error),
                    }
                }
            }
            Err(error) => assert_one_line(&error),
        }
    }
});

fn assert_one_line(error: &dyn std::fmt::Display) {
    let message = error.to_string();
    assert_eq!(one_line(&message).lines().count(), 1);
}
