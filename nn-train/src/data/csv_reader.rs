//! Tables of numbers from CSV, a row at a time.

use std::io::{self, BufRead, Chain, Cursor, Read};

use csv::StringRecord;
use csv_core::ReadFieldResult;

use super::cell::{is_name, plain_number};
use super::csv_error::{CSV_CELL_LIMIT, CSV_LINE_LIMIT, CellFault, CsvError};
use super::precision::Precision;
use crate::text::utf8_mark;

/// The rows of a CSV text, read one after the other in a constant amount of memory.
///
/// # The rules
///
/// - Cells lie between commas, or another [`delimiter`](CsvFormat::delimiter). Spaces around a cell are ignored, blank lines
///   are skipped, and no cell is empty.
/// - A cell in double quotes may hold commas, and a quote written twice. It ends on the line on which it begins, and
///   nothing but spaces stands after it.
/// - A line ends with LF, CR LF or CR. Lines are counted as they lie in the file, from 1, blank ones too.
/// - The first line that is not blank is a **header** if every cell of it is a name: it has a letter, and nobody means it
///   as a number or a missing value (`nan`, `NA`, `0x1F`, `1e400`, …). Otherwise it is a row. [`Header`] overrides that.
/// - The text is UTF-8, with or without a byte-order mark. A line has at most [`CSV_LINE_LIMIT`] bytes, a cell
///   [`CSV_CELL_LIMIT`].
/// - A header that begins with an empty cell, or with `Unnamed: 0`, is that of a data frame whose index was written as a
///   first column. It is refused, for the index would be read as the first feature.
///
/// # Example
///
/// ```
/// use nn_train::{CsvReader, Header, Precision};
///
/// let text = "length, width\n5.1,3.5\n\n4.9,x\n";
/// let mut reader = CsvReader::new(text.as_bytes(), Header::Auto)?;
/// assert_eq!(reader.header().expect("names").cells().collect::<Vec<_>>(), ["length", "width"]);
/// let row = reader.next().expect("a row")?;
/// assert_eq!((row.line(), row.number(1, Precision::F64)?), (2, 3.5));
/// let row = reader.next().expect("a row")?;
/// let error = row.number(1, Precision::F64).unwrap_err();
/// assert_eq!(error.to_string(), "line 4, column 2: `x` is not a number");
/// assert!(reader.next().is_none());
/// # Ok::<(), nn_train::CsvError>(())
/// ```
#[derive(Debug)]
pub struct CsvReader<R> {
    source: Chain<Cursor<Vec<u8>>, R>,
    /// The physical line, without its end.
    line: Vec<u8>,
    /// Its number, from 1.
    number: u64,
    /// Whether that line ended with CR, of which LF may be the other half.
    after_cr: bool,
    parser: csv_core::Reader,
    format: CsvFormat,
    /// Where the parser puts a cell.
    cell: Vec<u8>,
    header: Option<Row>,
    /// The first line, where it is a row.
    first: Option<Row>,
    warning: Option<String>,
    /// After an error nothing more is read.
    failed: bool,
}

/// Whether the first line is a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// If every cell of it is a name.
    #[default]
    Auto,
    /// It is, whatever it holds.
    Yes,
    /// It is a row like the others.
    No,
}

/// What may differ from one CSV file to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvFormat {
    /// Whether the first line is a header.
    pub header: Header,
    /// What stands between two cells: a character of ASCII. It is never a space around a cell.
    pub delimiter: u8,
    /// Whether a cell of a row may be empty.
    pub empty_cells: bool,
}

impl Default for CsvFormat {
    /// Commas; a header if every cell of the first line is a name; no empty cells.
    fn default() -> Self {
        CsvFormat { header: Header::Auto, delimiter: b',', empty_cells: false }
    }
}

/// A line of cells.
#[derive(Clone, Debug)]
pub struct Row {
    line: u64,
    cells: StringRecord,
    /// A first line that may have been meant as a header.
    perhaps_header: bool,
}

impl<R: BufRead> CsvReader<R> {
    /// Begins to read cells between commas: up to the first line that is not blank.
    ///
    /// # Errors
    ///
    /// The source fails, is not text in UTF-8, or the first line is neither a header nor a row.
    pub fn new(source: R, header: Header) -> Result<Self, CsvError> {
        CsvReader::with_format(source, CsvFormat { header, ..CsvFormat::default() })
    }

    /// As [`new`](CsvReader::new), for any format.
    ///
    /// # Errors
    ///
    /// The source fails, is not text in UTF-8, or the first line is neither a header nor a row.
    pub fn with_format(mut source: R, format: CsvFormat) -> Result<Self, CsvError> {
        let mut start = Vec::new();
        source.by_ref().take(4).read_to_end(&mut start)?;
        start.drain(..utf8_mark(&start)?);
        let mut reader = CsvReader {
            source: Cursor::new(start).chain(source),
            line: Vec::new(),
            number: 0,
            after_cr: false,
            parser: parser(format.delimiter),
            format,
            // One byte more than a cell may have: csv-core stops where there is no room for another one.
            cell: vec![0; CSV_CELL_LIMIT + 1],
            header: None,
            first: None,
            warning: None,
            failed: false,
        };
        reader.read_first_line()?;
        Ok(reader)
    }

    /// The names of the columns: the first line, where it is a header. After [`Header::Yes`] it is there only if it can be
    /// split into cells.
    pub fn header(&self) -> Option<&Row> {
        self.header.as_ref()
    }

    /// A sentence about a first line that was perhaps not read as it was meant.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    fn read_first_line(&mut self) -> Result<(), CsvError> {
        if !self.read_line_with_text()? {
            return Ok(());
        }
        match self.format.header {
            Header::Yes => {
                self.header = self.split().ok();
                self.parser = parser(self.format.delimiter);
                if self.header.as_ref().is_some_and(Row::begins_with_index) {
                    self.warning = Some(format!(
                        "line {}, column 1: the name is empty: if this is an index column, leave it out",
                        self.number
                    ));
                }
            }
            Header::No => self.first = Some(self.split_row()?),
            Header::Auto => {
                let row = Row { perhaps_header: true, ..self.split()? };
                if row.is_header()? {
                    self.header = Some(row);
                } else {
                    // Where no cell is a number, an empty one is that of a header.
                    let may_be_empty = self.format.empty_cells && row.has_number();
                    let row = if may_be_empty { row } else { row.without_empty_cells()? };
                    if row.counts_from_zero() {
                        self.warning = Some(format!("line {} is 0, 1, 2, … and is read as a row", self.number));
                    }
                    self.first = Some(row);
                }
            }
        }
        Ok(())
    }

    fn next_row(&mut self) -> Result<Option<Row>, CsvError> {
        match self.first.take() {
            None if self.read_line_with_text()? => self.split_row().map(Some),
            first => Ok(first),
        }
    }

    /// Reads the next line that is not blank; false at the end.
    fn read_line_with_text(&mut self) -> Result<bool, CsvError> {
        while self.read_line()? {
            let is_blank = std::str::from_utf8(&self.line).is_ok_and(|line| line.trim().is_empty());
            if !is_blank {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads the next physical line; false at the end.
    fn read_line(&mut self) -> Result<bool, CsvError> {
        if self.after_cr {
            self.finish_line_end()?;
        }
        self.number += 1;
        self.line.clear();
        loop {
            let bytes = match self.source.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                bytes => bytes?,
            };
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let length = end.unwrap_or(bytes.len());
            if self.line.len() + length > CSV_LINE_LIMIT {
                return Err(CsvError::LongLine { line: self.number });
            }
            self.line.try_reserve(length).map_err(io::Error::from)?;
            self.line.extend_from_slice(&bytes[..length]);
            let at_end_of_file = bytes.is_empty();
            self.after_cr = end.is_some_and(|end| bytes[end] == b'\r');
            self.source.consume(end.map_or(length, |end| end + 1));
            if end.is_some() || at_end_of_file {
                return Ok(end.is_some() || !self.line.is_empty());
            }
        }
    }

    /// After a CR: any number of them before an LF belong to one line end, as every editor shows it; without an LF each of
    /// them ends a line.
    fn finish_line_end(&mut self) -> io::Result<()> {
        let mut more = 0;
        loop {
            let next = match self.source.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                bytes => bytes?.first().copied(),
            };
            match next {
                Some(b'\r') => more += 1,
                Some(b'\n') => more = 0,
                _ => break,
            }
            self.source.consume(1);
            if next == Some(b'\n') {
                break;
            }
        }
        self.number += more;
        Ok(())
    }

    fn split_row(&mut self) -> Result<Row, CsvError> {
        let row = self.split()?;
        if self.format.empty_cells { Ok(row) } else { row.without_empty_cells() }
    }

    /// Splits the line into its cells.
    fn split(&mut self) -> Result<Row, CsvError> {
        let line = self.number;
        let delimiter = self.format.delimiter;
        try_memory(&self.line, delimiter)?;
        let mut cells = StringRecord::with_capacity(self.line.len(), 16);
        // The end of the line ends the last cell. Within quotes it does not.
        self.line.push(b'\n');
        let mut rest = &self.line[..];
        loop {
            let fault = |fault| CsvError::Cell { line, column: cells.len() + 1, fault };
            let is_space = |byte: u8| (byte == b' ' || byte == b'\t') && byte != delimiter;
            let spaces = rest.iter().take_while(|&&byte| is_space(byte)).count();
            rest = &rest[spaces..];
            let (result, read, written) = self.parser.read_field(rest, &mut self.cell);
            let ReadFieldResult::Field { record_end } = result else {
                let is_full = matches!(result, ReadFieldResult::OutputFull);
                return Err(fault(if is_full { CellFault::Long } else { CellFault::OpenQuote }));
            };
            // The last byte that was read is the delimiter or the end of the line.
            let (raw, cell) = (&rest[..read - 1], &self.cell[..written]);
            if !is_quoted_as_a_whole(raw, cell) {
                return Err(fault(CellFault::BehindQuote));
            }
            let text = std::str::from_utf8(cell).map_err(|_| fault(CellFault::NotUtf8))?;
            if text.contains('\0') {
                return Err(fault(CellFault::Nul));
            }
            cells.push_field(text.trim());
            if record_end {
                return Ok(Row { line, cells, perhaps_header: false });
            }
            rest = &rest[read..];
        }
    }
}

/// The rows. After an error there are no more.
impl<R: BufRead> Iterator for CsvReader<R> {
    type Item = Result<Row, CsvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let row = self.next_row();
        self.failed = row.is_err();
        row.transpose()
    }
}

/// Whether there is memory for the cells of a line: their text, and where each ends, in vectors whose capacity may be doubled.
fn try_memory(line: &[u8], delimiter: u8) -> io::Result<()> {
    const SMALL: usize = 64 << 10;
    if line.len() < SMALL {
        return Ok(());
    }
    let cells = 1 + line.iter().filter(|&&byte| byte == delimiter).count();
    let mut trial: Vec<u8> = Vec::new();
    trial.try_reserve_exact(3 * line.len() + 48 * cells)?;
    Ok(())
}

/// A parser past its first read, so that csv-core does not strip a second byte-order mark.
fn parser(delimiter: u8) -> csv_core::Reader {
    let mut parser = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    parser.read_field(b"\n", &mut [0]);
    parser
}

/// Whether a cell that begins with a quote ends with the quote that closes it. `raw` is what stands in the text, `cell`
/// what csv-core makes of it.
fn is_quoted_as_a_whole(raw: &[u8], cell: &[u8]) -> bool {
    if raw.first() != Some(&b'"') {
        return true;
    }
    let quoted = raw.trim_ascii_end();
    let spaces_behind = raw.len() - quoted.len();
    // Each quote within is written twice. csv-core keeps text after the closing quote.
    let quotes = cell.iter().filter(|&&byte| byte == b'"').count();
    quoted.ends_with(b"\"") && quoted.len() + spaces_behind == cell.len() + quotes + 2
}

impl Row {
    /// The physical line, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The number of cells.
    pub fn width(&self) -> usize {
        self.cells.len()
    }

    /// The text of a cell, without the spaces around it. Columns are counted from 0.
    pub fn get(&self, column: usize) -> Option<&str> {
        self.cells.get(column)
    }

    /// The texts of the cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter()
    }

    /// The number in a column, from 0.
    ///
    /// # Errors
    ///
    /// The cell is not a plain decimal number, or overflows the precision.
    ///
    /// # Panics
    ///
    /// Panics if there is no such column.
    #[track_caller]
    pub fn number(&self, column: usize, precision: Precision) -> Result<f64, CsvError> {
        let cell = &self.cells[column];
        plain_number(cell, precision).map_err(|error| {
            if self.perhaps_header && !self.has_number() {
                // A header but for one cell. That is the one to name.
                let wrong = self.cells().position(|cell| !is_name(cell)).unwrap_or(column);
                let error = plain_number(&self.cells[wrong], precision).err().unwrap_or(error);
                return self.fault(wrong, CellFault::Number { error, perhaps_header: true });
            }
            let perhaps_header = self.perhaps_header && is_name(cell);
            self.fault(column, CellFault::Number { error, perhaps_header })
        })
    }

    fn has_number(&self) -> bool {
        self.cells().any(|cell| plain_number(cell, Precision::F64).is_ok())
    }

    pub(super) fn fault(&self, column: usize, fault: CellFault) -> CsvError {
        CsvError::Cell { line: self.line, column: column + 1, fault }
    }

    /// Whether a first line is a header. That of a data frame with an index column is refused.
    fn is_header(&self) -> Result<bool, CsvError> {
        let first = &self.cells[0];
        let is_header = self.cells().all(is_name);
        // The name that pandas gives to an index column which it reads as data.
        if self.begins_with_index() || (is_header && first.to_lowercase().starts_with("unnamed: 0")) {
            return Err(self.fault(0, CellFault::Index(first.to_owned())));
        }
        Ok(is_header)
    }

    /// Whether the first cell is empty, and no other: the head of an index column, as data frames are written.
    fn begins_with_index(&self) -> bool {
        let mut empty = self.cells().map(str::is_empty);
        self.width() > 1 && empty.next() == Some(true) && !empty.any(|is_empty| is_empty)
    }

    fn without_empty_cells(self) -> Result<Row, CsvError> {
        let empty = self.cells().position(str::is_empty);
        match empty {
            Some(column) => {
                let perhaps_header = self.perhaps_header && !self.has_number();
                Err(self.fault(column, CellFault::Empty { perhaps_header }))
            }
            None => Ok(self),
        }
    }

    /// Whether the cells are 0, 1, 2, …, at least two of them, and names where targets may stand: how programs number
    /// columns without names.
    fn counts_from_zero(&self) -> bool {
        let counting = self.cells().enumerate().take_while(|(column, cell)| **cell == column.to_string()).count();
        counting >= 2 && self.cells().skip(counting).all(is_name)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// The line and the cells of each row, and the message of the error that ends them.
    type Rows = (Vec<(u64, Vec<String>)>, Option<String>);

    fn read(source: impl BufRead, header: Header) -> Rows {
        let mut rows = Vec::new();
        let mut reader = match CsvReader::new(source, header) {
            Ok(reader) => reader,
            Err(error) => return (rows, Some(error.to_string())),
        };
        for row in &mut reader {
            match row {
                Ok(row) => rows.push((row.line(), row.cells().map(str::to_owned).collect())),
                Err(error) => {
                    assert!(reader.next().is_none(), "after an error there are no more rows");
                    return (rows, Some(error.to_string()));
                }
            }
        }
        (rows, None)
    }

    /// What the first line is taken for: its names, a row, or the message of a refusal.
    fn first_line(text: &str) -> Result<Option<String>, String> {
        read_first(text).map_err(|error| error.to_string())
    }

    fn read_first(text: &str) -> Result<Option<String>, CsvError> {
        let mut reader = CsvReader::new(text.as_bytes(), Header::Auto)?;
        let names = reader.header().map(|row| row.cells().collect::<Vec<_>>().join("|"));
        if let (None, Some(row)) = (&names, reader.next()) {
            let row = row?;
            // A row has a number in its first column, or in the second where the first cell is text.
            row.number(usize::from(row.get(0) == Some("x")), Precision::F64)?;
        }
        Ok(names)
    }

    fn warning(text: &str, header: Header) -> Option<String> {
        CsvReader::new(text.as_bytes(), header).expect("a table").warning().map(str::to_owned)
    }

    /// The cells of a line, read in another way; the column in which a quote stands where it must not.
    fn cells_by_hand(line: &str) -> Result<Vec<String>, usize> {
        let (mut cells, mut rest) = (Vec::new(), line.trim());
        loop {
            let column = cells.len() + 1;
            let (cell, behind) = match rest.strip_prefix('"') {
                None => {
                    let (cell, behind) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                    (cell.trim().to_owned(), behind)
                }
                Some(inside) => {
                    let pairs_gone = inside.replace("\"\"", "__");
                    let end = pairs_gone.find('"').ok_or(column)?;
                    (inside[..end].replace("\"\"", "\"").trim().to_owned(), inside[end + 1..].trim_start())
                }
            };
            cells.push(cell);
            rest = match (behind, behind.strip_prefix(',')) {
                ("", _) => return Ok(cells),
                (_, Some(rest)) => rest.trim_start(),
                (_, None) => return Err(column),
            };
        }
    }

    /// Every text of up to six symbols, whole and byte by byte, against the csv crate line by line: what is well formed is
    /// read as it reads it, anything else is refused at its line and column.
    #[test]
    fn every_short_text_is_read_as_by_the_csv_crate_or_refused_where_it_is_wrong() {
        let symbols = ['1', ',', '"', ' ', '\n', '\r'];
        let mut refusals = 0;
        for length in 0..=6_u32 {
            for index in 0..symbols.len().pow(length) {
                let text: String =
                    (0..length).map(|at| symbols[index / symbols.len().pow(at) % symbols.len()]).collect();
                let mut lines = text.clone();
                while lines.contains("\r\n") {
                    lines = lines.replace("\r\n", "\n");
                }
                let (mut rows, mut error) = (Vec::new(), None);
                for (number, line) in (1..).zip(lines.split(['\n', '\r'])).filter(|(_, line)| !line.trim().is_empty()) {
                    let cells = cells_by_hand(line);
                    if let Ok(cells) = &cells
                        && !line.contains(' ')
                    {
                        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
                        let record = reader.records().next().expect("a record").expect("UTF-8");
                        assert_eq!(record.iter().collect::<Vec<_>>(), *cells, "{text:?}");
                    }
                    let wrong = match &cells {
                        Ok(cells) => cells.iter().position(String::is_empty).map(|empty| empty + 1),
                        Err(column) => Some(*column),
                    };
                    if let Some(column) = wrong {
                        error = Some(format!("line {number}, column {column}: "));
                        break;
                    }
                    rows.push((number, cells.expect("nothing is wrong")));
                }
                let found = read(text.as_bytes(), Header::No);
                assert_eq!(found, read(BufReader::with_capacity(1, text.as_bytes()), Header::No), "{text:?}");
                assert_eq!(found.0, rows, "{text:?}");
                match (&found.1, &error) {
                    (Some(found), Some(place)) => assert!(found.starts_with(place), "{text:?}: {found}"),
                    (found, expected) => assert_eq!(found, expected, "{text:?}"),
                }
                refusals += usize::from(error.is_some());
            }
        }
        assert!(refusals > 20_000, "{refusals}");
    }

    #[test]
    fn a_first_line_is_a_header_if_every_cell_is_a_name() {
        for (line, names) in [
            ("a,b", "a|b"),
            (" sepal length , \"petal, width\"\t", "sepal length|petal, width"),
            ("\u{feff}a,b", "a|b"),
            ("\u{feff}\"a\",\"b\"", "a|b"),
            ("\n \r\n\u{a0}\na,a", "a|a"),
            ("a,b,species", "a|b|species"),
            ("x", "x"),
            ("größe,長さ", "größe|長さ"),
        ] {
            assert_eq!(first_line(&format!("{line}\n1,2\n")), Ok(Some(names.to_owned())), "{line}");
        }
        for row in ["1,2", "1,2,setosa", "-1e-3", "0,1,2", "\"1\",\"2\"", "1,x", "x,1", "x,1,nan", "", "\n\n"] {
            assert_eq!(first_line(row), Ok(None), "{row}");
        }
    }

    #[test]
    fn a_first_line_that_is_neither_header_nor_row_is_refused_at_its_column() {
        for (line, place, what) in [
            ("nan,nan", "line 1, column 1", "`nan` is not a number"),
            ("\n\"NaN\",\"NaN\"", "line 2, column 1", "`NaN` is not a number"),
            ("1e400,1e400", "line 1, column 1", "`1e400` overflows f64"),
            ("−1,−2", "line 1, column 1", "`−1` is not a number: its minus sign is not the plain -"),
            ("NA,NA,NA,setosa", "line 1, column 1", "`NA` is not a number"),
            ("a,b,N/A", "line 1, column 3", "`N/A` is not a number"),
            ("0x1F,0x20", "line 1, column 1", "`0x1F` is not a number"),
            ("1_000,2_000", "line 1, column 1", "`1_000` is not a number"),
            ("5%,6%", "line 1, column 1", "`5%` is not a number"),
            ("\"1,000\",\"2,000\"", "line 1, column 1", "`1,000` is not a number"),
            ("?", "line 1, column 1", "`?` is not a number"),
            (",", "line 1, column 1", "the cell is empty"),
            ("a,,c", "line 1, column 2", "the cell is empty"),
            ("a,b,", "line 1, column 3", "the cell is empty"),
            ("\"\"", "line 1, column 1", "the cell is empty"),
        ] {
            let error = read_first(&format!("{line}\n1,2\n")).expect_err(line);
            assert!(error.to_string() == format!("{place}: {what}") && error.is_perhaps_header(), "{line}: {error}");
        }
        let hint = "is this an index column? Leave it out (pandas: index=False)";
        for line in [",a,b", " ,\"a\",b", "\"\",\"a\",\"b\"", ",0,1"] {
            assert_eq!(first_line(line), Err(format!("line 1, column 1: the cell is empty: {hint}")), "{line}");
        }
        assert_eq!(first_line("Unnamed: 0,a,b"), Err(format!("line 1, column 1: `Unnamed: 0`: {hint}")));
        // Among numbers the cell is what is wrong, and not the line.
        assert_eq!(first_line("1,,3"), Err("line 1, column 2: the cell is empty".to_owned()));
    }

    #[test]
    fn the_caller_may_know_whether_there_is_a_header() {
        for line in ["a,b", "1,2", "nan,1e400", ",", "\"open", "\"a\"b,c", "x\0", "0,1,2"] {
            let text = format!("\n{line}\n5,6\n");
            assert_eq!(read(text.as_bytes(), Header::Yes), (vec![(3, vec!["5".into(), "6".into()])], None), "{line}");
        }
        assert_eq!(read(&b"caf\xe9\n5\n"[..], Header::Yes).0, [(2, vec!["5".to_owned()])]);
        let reader = CsvReader::new(&b"1, 2\n"[..], Header::Yes).expect("a header");
        assert_eq!(reader.header().expect("cells").cells().collect::<Vec<_>>(), ["1", "2"]);

        let (rows, error) = read(&b"a,b\n5,6\n"[..], Header::No);
        assert_eq!((rows.len(), error), (2, None));
        let mut reader = CsvReader::new(&b"a,b\n"[..], Header::No).expect("a row");
        let error = reader.next().expect("a row").expect("cells").number(0, Precision::F64).unwrap_err();
        assert!(error.to_string() == "line 1, column 1: `a` is not a number" && !error.is_perhaps_header());
        // On a first line that nobody knew about, a name among numbers may be part of a header.
        let mut reader = CsvReader::new(&b"1,b\n"[..], Header::Auto).expect("a row");
        let error = reader.next().expect("a row").expect("cells").number(1, Precision::F64).unwrap_err();
        assert!(error.to_string() == "line 1, column 2: `b` is not a number" && error.is_perhaps_header());
    }

    #[test]
    fn doubtful_first_lines_are_warned_of() {
        for text in ["0,1,2\n3,4,5\n", "0,1", "0,1,label", "\"0\", 1 ,2"] {
            let said = warning(text, Header::Auto).unwrap_or_default();
            assert!(said.starts_with("line 1 is 0, 1, 2, … and is read as a row"), "{text}: {said}");
            assert_eq!(warning(text, Header::No), None);
            assert_eq!(warning(text, Header::Yes), None);
        }
        for text in ["0", "0,0", "0,1,3", "1,2,3", "0,1,0", "0.0,1.0", "0,label", "a,b", ""] {
            assert_eq!(warning(text, Header::Auto), None, "{text}");
        }
        let said = warning(",a,b\n0,1,2\n", Header::Yes).unwrap_or_default();
        assert!(said.starts_with("line 1, column 1: the name is empty"), "{said}");
    }

    /// Cells between other characters are the cells between commas, and commas are then part of a cell.
    #[test]
    fn cells_may_lie_between_other_characters() {
        let commas = "a,b,c\r\n1, \"2\" ,3\n\n \"4\",5,\"6,\"\"7\"";
        let read = |text: &str, delimiter| {
            let format = CsvFormat { delimiter, ..CsvFormat::default() };
            let reader = CsvReader::with_format(text.as_bytes(), format).expect("a header");
            reader.map(|row| row.expect("a row").cells().collect::<Vec<_>>().join("|")).collect::<Vec<_>>()
        };
        assert_eq!(read(commas, b','), ["1|2|3", "4|5|6,\"7"]);
        for delimiter in [';', '\t', '|', ':'] {
            let text = commas.replace("6,", "6\u{1}").replace(',', &delimiter.to_string()).replace('\u{1}', ",");
            assert_eq!(read(&text, delimiter as u8), ["1|2|3", "4|5|6,\"7"], "{delimiter:?}");
        }
        assert_eq!(read("a b c\n1 \t2 \"3 4\"\n", b' '), ["1|2|3 4"]);
        let tabs = CsvFormat { delimiter: b'\t', ..CsvFormat::default() };
        let error = CsvReader::with_format(&b"1\t\t3"[..], tabs).unwrap_err();
        assert_eq!(error.to_string(), "line 1, column 2: the cell is empty");
    }

    #[test]
    fn empty_cells_are_read_where_they_are_asked_for() {
        let format = CsvFormat { empty_cells: true, ..CsvFormat::default() };
        let widths = |text: &str| {
            let reader = CsvReader::with_format(text.as_bytes(), format)?;
            reader.map(|row| row.map(|row| row.width())).collect::<Result<Vec<_>, _>>()
        };
        assert_eq!(widths("a,b,c\n1,,3\n,,\n").expect("rows"), [3, 3]);
        assert_eq!(widths("1,,3\n\n,5,6\n").expect("rows"), [3, 3]);
        let error = widths("a,,c\n1,2,3\n").unwrap_err();
        assert!(error.is_perhaps_header() && error.to_string() == "line 1, column 2: the cell is empty", "{error}");
    }

    #[test]
    fn every_kind_of_line_end_counts_once() {
        for text in ["1\n2\n\n3", "1\r\n2\r\n\r\n3\r\n", "1\r2\r\r3\r", "1\r\r\n2\r\r\n\r\r\n3", "1\r2\n\r\n3\r\r"] {
            let lines: Vec<_> = read(text.as_bytes(), Header::No).0.into_iter().map(|(line, _)| line).collect();
            assert_eq!(lines, [1, 2, 4], "{text:?}");
        }
    }

    #[test]
    fn what_is_not_text_is_refused_by_name() {
        for (bytes, message) in [
            (&b"\xff\xfe1\0\n\0"[..], "the text is UTF-16: save it as UTF-8"),
            (b"\xfe\xff\x001\0\n", "the text is UTF-16: save it as UTF-8"),
            (b"\x1f\x8b\x08\0", "it is a gzip file: unpack it first"),
            (b"caf\xe9,b\n", "line 1, column 1: the text is not UTF-8"),
            (b"a,b\n1,\xff\n", "line 2, column 2: the text is not UTF-8"),
            (b"a,b\n1,2\0\n", "line 2, column 2: the cell has a NUL byte"),
            (b"a,b\0\n", "line 1, column 2: the cell has a NUL byte"),
        ] {
            assert_eq!(read(bytes, Header::Auto).1.as_deref(), Some(message));
        }
        // One mark is taken away, and only at the start.
        for text in ["\u{feff}\u{feff}5", "5\n\u{feff}5", "\n\u{feff}5"] {
            let row = CsvReader::new(text.as_bytes(), Header::No).expect("rows").last().expect("a row");
            let error = row.expect("cells").number(0, Precision::F64).unwrap_err().to_string();
            assert!(error.ends_with("`\\u{feff}5` is not a number"), "{error}");
        }
    }

    #[test]
    fn lines_and_cells_have_a_limit() {
        let cell = "5".repeat(CSV_CELL_LIMIT);
        for (before, after) in [("", ""), ("\"", "\"")] {
            assert_eq!(read(format!("1,{before}{cell}{after}").as_bytes(), Header::No).1, None);
            let (_, error) = read(format!("1,{before}{cell}5{after}").as_bytes(), Header::No);
            assert_eq!(error.as_deref(), Some("line 1, column 2: the cell is longer than 64 KiB"));
        }
        let line = "5,".repeat(CSV_LINE_LIMIT / 2 - 1) + "5";
        let (rows, error) = read(format!("{line}5\n{line}55\n").as_bytes(), Header::No);
        assert_eq!((rows.len(), error.as_deref()), (1, Some("line 2 is longer than 16 MiB")));
        for header in [Header::Auto, Header::Yes, Header::No] {
            let (_, error) = read(BufReader::new(io::repeat(0)), header);
            assert_eq!(error.as_deref(), Some("line 1 is longer than 16 MiB"));
        }
    }

    #[test]
    fn a_source_that_fails_is_an_error() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("unplugged"))
            }
        }
        let (rows, error) = read((&b"1,2\n3,4\n5"[..]).chain(BufReader::new(Broken)), Header::No);
        assert_eq!((rows.len(), error.as_deref()), (2, Some("unplugged")));
    }
}
