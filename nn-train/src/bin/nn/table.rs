//! Rows of numbers from CSV: physical line numbers, clear refusals.

use std::io::Read;

use nn_train::Precision;

/// The cells of a CSV file.
#[derive(Debug)]
pub(crate) struct Table {
    /// The first line, where no cell of it is a number.
    pub(crate) header: Option<Row>,
    /// The other lines.
    pub(crate) rows: Vec<Row>,
}

/// One line of cells.
#[derive(Debug)]
pub(crate) struct Row {
    /// The physical line, from 1.
    pub(crate) line: u64,
    pub(crate) cells: Vec<String>,
}

impl Table {
    /// Reads a CSV text: commas, an optional byte-order mark, spaces around cells ignored, blank lines skipped. The first
    /// line is a header if no cell of it is a number.
    pub(crate) fn read(mut source: impl Read) -> Result<Self, String> {
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut rows = Vec::new();
        for record in reader.byte_records() {
            let record = record.map_err(|error| error.to_string())?;
            // The position is that of the first byte after the last record: blank lines may lie between.
            let start = record.position().map_or(0, csv::Position::byte) as usize;
            let blank = bytes[start..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).filter(|&&b| b == b'\n');
            let line = record.position().map_or(1, csv::Position::line) + blank.count() as u64;
            let cell = |(column, cell): (usize, &[u8])| match std::str::from_utf8(cell) {
                Ok(text) => Ok(text.trim().to_owned()),
                Err(_) => Err(format!("line {line}, column {}: the text is not UTF-8", column + 1)),
            };
            let cells: Vec<String> = record.iter().enumerate().map(cell).collect::<Result<_, _>>()?;
            if !matches!(cells.as_slice(), [only] if only.is_empty()) {
                rows.push(Row { line, cells });
            }
        }
        let is_header = |row: &mut Row| row.cells.iter().all(|cell| plain_number(cell).is_err());
        let header = rows.first_mut().is_some_and(is_header).then(|| rows.remove(0));
        if let Some((row, column)) =
            rows.iter().find_map(|row| row.cells.iter().position(String::is_empty).map(|column| (row, column)))
        {
            return Err(format!("line {}, column {}: the cell is empty", row.line, column + 1));
        }
        Ok(Table { header, rows })
    }
}

impl Row {
    /// The number in a column, from 0. One that the precision does not hold is refused.
    pub(crate) fn number(&self, column: usize, precision: Precision) -> Result<f64, String> {
        let cell = &self.cells[column];
        let number = plain_number(cell).and_then(|x| match precision.holds(x) {
            true => Ok(x),
            false => Err(format!("`{cell}` overflows {precision}")),
        });
        number.map_err(|why| format!("line {}, column {}: {why}", self.line, column + 1))
    }
}

/// A plain decimal number, such as `-0.5` or `1e-3`: no hexadecimal, no `_`, no nan, no inf, nothing that overflows.
pub(crate) fn plain_number(text: &str) -> Result<f64, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    match text.parse::<f64>() {
        Ok(x) if plain && x.is_finite() => Ok(x),
        Ok(_) if plain => Err(format!("`{text}` overflows")),
        _ => Err(format!("`{text}` is not a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_decimals() {
        for (text, x) in [("1", 1.0), ("-0.5", -0.5), ("+2.", 2.0), (".25", 0.25), ("1e-3", 1e-3), ("-0", -0.0)] {
            assert_eq!(plain_number(text).map(f64::to_bits), Ok(f64::to_bits(x)), "{text}");
        }
        for text in ["", "nan", "inf", "-infinity", "0x10", "1_000", "1,5", "one", "1 2", "e5", "--1"] {
            assert!(plain_number(text).unwrap_err().ends_with("is not a number"), "{text}");
        }
        assert_eq!(plain_number("1e999"), Err("`1e999` overflows".to_owned()));
    }

    #[test]
    fn lines_are_physical_and_the_header_is_found() {
        let text = "\u{feff}a, b\r\n\r\n1 , 2\r\n\r\n\r\n \r\n3,4\r\n";
        let table = Table::read(text.as_bytes()).unwrap();
        let rows: Vec<_> = table.rows.iter().map(|row| (row.line, row.cells.join("|"))).collect();
        assert_eq!(rows, [(3, "1|2".to_owned()), (7, "3|4".to_owned())]);
        assert_eq!(table.header.unwrap().cells, ["a", "b"]);
        // A line with one number among names is data.
        assert_eq!(Table::read("a,1\n".as_bytes()).unwrap().rows.len(), 1);
        assert_eq!(Table::read("\n\n5\n".as_bytes()).unwrap().rows[0].line, 3);
        assert!(Table::read("".as_bytes()).unwrap().rows.is_empty());
    }

    #[test]
    fn refusals_name_line_and_column() {
        assert_eq!(Table::read("1,2\n3,\n".as_bytes()).unwrap_err(), "line 2, column 2: the cell is empty");
        assert_eq!(Table::read(&b"1,2\n3,\xff\n"[..]).unwrap_err(), "line 2, column 2: the text is not UTF-8");
        let table = Table::read("1,2\n3,x\n".as_bytes()).unwrap();
        assert_eq!(table.rows[1].number(1, Precision::F64), Err("line 2, column 2: `x` is not a number".to_owned()));
        let table = Table::read("1e300\n".as_bytes()).unwrap();
        assert_eq!(table.rows[0].number(0, Precision::F64), Ok(1e300));
        assert_eq!(table.rows[0].number(0, Precision::F32), Err("line 1, column 1: `1e300` overflows f32".to_owned()));
    }
}
