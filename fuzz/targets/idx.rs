//! The reader of IDX files: any bytes are pictures, labels or an error, and a header alone allocates nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nn_train::{Pictures, one_line, read_idx};

fuzz_target!(|bytes: &[u8]| {
    for dimensions in [1, 3] {
        // As a file, whose length is known, and as a pipe, whose is not.
        let [file, pipe] = [Some(bytes.len() as u64), None].map(|length| read_idx(bytes, length, dimensions));
        match (file, pipe) {
            (Ok(idx), Ok(again)) => {
                assert_eq!(idx, again);
                assert_eq!((idx.shape.len(), idx.shape.iter().product::<usize>()), (dimensions, idx.bytes.len()));
                if dimensions == 3 {
                    let labels = read_idx(&labels(idx.shape[0])[..], None, 1).expect("labels");
                    let pictures = Pictures::new(idx, labels).expect("as many labels as pictures");
                    let data = pictures.data_set::<f32>("fuzz", pictures.classes());
                    assert_eq!(data.examples(), pictures.count());
                }
            }
            (Err(error), Err(again)) => {
                assert_eq!(error.to_string(), again.to_string());
                assert_eq!(one_line(&error.to_string()), error.to_string());
            }
            (file, pipe) => panic!("{file:?}, but {pipe:?}"),
        }
    }
});

/// An IDX file of so many labels.
fn labels(count: usize) -> Vec<u8> {
    let count = u32::try_from(count).expect("as in a header");
    let mut file = vec![0, 0, 8, 1];
    file.extend(count.to_be_bytes());
    file.extend((0..count).map(|i| i as u8 % 10));
    file
}
