//! Tables: any bytes are a data set that passes its own checks, or an error of one line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nn_train::{CsvFormat, DataSet, Header, LastColumns, Precision, TableFormat, one_line, read_table};

fuzz_target!(|bytes: &[u8]| {
    let known = ["a".to_owned(), "1".to_owned()];
    for last in [LastColumns::Label, LastColumns::LabelOf(&known), LastColumns::Targets(2)] {
        for (header, delimiter, empty_cells) in [(Header::Auto, b',', false), (Header::No, b';', true)] {
            let csv = CsvFormat { header, delimiter, empty_cells };
            let (features, inputs) = (Some(&known[..]), (header == Header::Auto).then_some(2));
            let format = TableFormat { csv, precision: Precision::F32, last, inputs, features };
            match read_table(bytes, "fuzz", &format) {
                Ok(table) => {
                    let data = table.data;
                    assert_eq!(table.lines.len(), data.examples());
                    assert!(table.lines.is_sorted() && data.examples() > 0 && data.inputs() > 0);
                    assert!(data.x.as_slice().iter().all(|&x| (x as f32).is_finite()));
                    if let Some(names) = &data.features {
                        assert_eq!(names.len(), data.inputs());
                    }
                    assert!(DataSet::new("again", data.x, data.targets).is_ok());
                }
                Err(error) => assert_eq!(one_line(&error.to_string()).lines().count(), 1),
            }
        }
    }
});
