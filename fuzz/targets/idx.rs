//! The reader of IDX files, plain or compressed: what it accepts has as many bytes as its header says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nn_train::{Pictures, read_idx};

fuzz_target!(|bytes: &[u8]| {
    let read = |bytes: &[u8], dimensions: usize| {
        let length = Some(bytes.len() as u64);
        for length in [length, None] {
            if let Err(error) = read_idx(bytes, length, dimensions) {
                assert!(!error.to_string().is_empty());
            }
        }
        read_idx(bytes, length, dimensions).ok()
    };
    // A pair: the first half is the images, the second the labels, or all of it is either.
    let (images, labels) = bytes.split_at(bytes.len() / 2);
    read(bytes, 1);
    read(bytes, 3);
    if let (Some(images), Some(labels)) = (read(images, 3), read(labels, 1)) {
        if let Ok(pictures) = Pictures::new(images, labels) {
            let classes = pictures.classes();
            assert_eq!(pictures.unknown_label(&classes), None);
            assert!(pictures.count() <= bytes.len());
        }
    }
});
