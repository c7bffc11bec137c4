//! JSON in lines that people can read: a line for each layer of a model, or for each matrix of a layer.

use std::io::{self, Write};

use nn_core::Matrix;
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

/// Where lines start: at top-level keys, and at the layers, which are the elements of an array of objects.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// The number of top-level keys on the first line; every other key starts a line.
    pub(crate) first_line: usize,
    /// Whether each key of a layer starts a line, or only the layer.
    pub(crate) line_for_each_matrix: bool,
}

/// Writes a value as JSON, and a line end. Keys of its maps must be strings.
pub(crate) fn write(out: &mut dyn Write, value: &impl Serialize, layout: Layout) -> io::Result<()> {
    let lines = Lines { layout, depth: 0, keys: 0, is_element: false, layers: None };
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, lines))?;
    out.write_all(b"\n")
}

/// The output of `write` as a string.
pub(crate) fn to_string(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut json = Vec::new();
    write(&mut json).expect("memory does not fail");
    String::from_utf8(json).expect("JSON is UTF-8")
}

struct Lines {
    layout: Layout,
    /// Objects and arrays that are open.
    depth: usize,
    /// Keys of the outermost object so far.
    keys: usize,
    /// Whether what begins now is an element of an array.
    is_element: bool,
    /// The depth of the array of layers that is open.
    layers: Option<usize>,
}

/// A comma between neighbours, then a line that is indented, or a space.
fn separate<W: ?Sized + Write>(writer: &mut W, first: bool, indent: Option<usize>) -> io::Result<()> {
    match indent {
        Some(indent) => write!(writer, "{}\n{:indent$}", if first { "" } else { "," }, ""),
        None => writer.write_all(if first { b"" } else { b", " }),
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        writer.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.is_element = true;
        separate(writer, first, self.layers.filter(|&layers| layers == self.depth).map(|_| 2))
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layers = self.layers.filter(|&layers| layers != self.depth);
        self.depth -= 1;
        writer.write_all(b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.is_element && self.layers.is_none() {
            self.layers = Some(self.depth);
            separate(writer, true, self.layout.line_for_each_matrix.then_some(2))?;
        }
        self.depth += 1;
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.keys += usize::from(self.depth == 1);
        let indent = match self.depth {
            1 => (self.keys > self.layout.first_line).then_some(1),
            _ => (self.layers.is_some() && self.layout.line_for_each_matrix && !first).then_some(3),
        };
        separate(writer, first, indent)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.is_element = false;
        writer.write_all(b": ")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(b"}")
    }
}

/// A matrix as the list of its columns: examples.
pub(crate) fn columns<S: Serializer>(matrix: &Matrix<f64>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(matrix.columns_iter())
}

/// A matrix as the list of its rows: units.
pub(crate) fn rows<S: Serializer>(matrix: &Matrix<f64>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq((0..matrix.rows()).map(|i| matrix.row_iter(i).collect::<Vec<_>>()))
}

/// A matrix of one column as the list of its entries.
pub(crate) fn entries<S: Serializer>(matrix: &Matrix<f64>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(matrix.as_slice())
}
