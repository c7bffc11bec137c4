//! Pictures with labels from IDX files, the format of MNIST and Fashion-MNIST.

use std::io::{self, BufRead, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use nn_core::text::counted;
use nn_core::{Matrix, Scalar};

use super::data_set::{DataSet, Targets};

/// The bytes of an IDX file, and what its header says of them: N labels, or N pictures row by row.
///
/// The format: two zero bytes, a byte for the type of the numbers (0x08, unsigned bytes, is the only one that is read), a
/// byte for the number of dimensions, each dimension in four bytes with the highest first, then the numbers. Source: Y.
/// LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// N, and for pictures their height and width.
    pub shape: Vec<usize>,
    /// As many bytes as the product of the shape.
    pub bytes: Vec<u8>,
}

/// Why a file is not the IDX file that it should be. Bytes are counted from 0; in a gzip file, those of its contents.
#[derive(Debug, thiserror::Error)]
pub enum IdxError {
    /// The source fails.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// What is compressed is damaged.
    #[error("the gzip file is damaged after {} of its contents: {error}", counted(*.bytes, "byte"))]
    Gzip {
        /// What could be read.
        bytes: usize,
        /// What is wrong.
        error: io::Error,
    },
    /// Something else than an IDX file.
    #[error("byte 0: an IDX file begins with two zero bytes, and this one with {:#04x} {:#04x}", .found[0], .found[1])]
    Magic {
        /// The first two bytes.
        found: [u8; 2],
    },
    /// Numbers that are not unsigned bytes.
    #[error("byte 2: numbers of type {found:#04x}, but pixels and labels are unsigned bytes, 0x08")]
    Type {
        /// The type.
        found: u8,
    },
    /// Labels in the place of pictures, or the other way round.
    #[error("byte 3: {}, but {} {wanted}", counted((*.found).into(), "dimension"), if *.wanted == 1 { "labels have" } else { "images have" })]
    Dimensions {
        /// How many there are.
        found: u8,
        /// 1 for labels, 3 for pictures.
        wanted: usize,
    },
    /// Nothing to read.
    #[error("byte {byte}: a dimension is 0, so there is nothing in it")]
    Empty {
        /// Where the dimension stands.
        byte: usize,
    },
    /// More bytes than there can be.
    #[error("byte 4: a header of {} bytes, more than can be addressed", .shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×"))]
    Huge {
        /// The dimensions.
        shape: Vec<usize>,
    },
    /// The file ends too early.
    #[error("byte {found}: the file ends, but its header asks for {wanted} bytes in all")]
    Short {
        /// The bytes that there are.
        found: u64,
        /// The bytes that there should be.
        wanted: u64,
    },
    /// The file ends too late.
    #[error("byte {wanted}: the file goes on, but its header asks for {wanted} bytes in all")]
    Long {
        /// The bytes that there should be.
        wanted: u64,
    },
    /// More or fewer labels than images.
    #[error("byte 4: {}, but {}", counted(*.labels, "label"), counted(*.images, "image"))]
    Count {
        /// The labels.
        labels: usize,
        /// The images.
        images: usize,
    },
}

/// Reads an IDX file of `dimensions` dimensions: 1 for labels, 3 for pictures. A gzip file is known by its first two bytes.
///
/// `length` is that of the file, where it is known: if it is not what the header asks for, nothing is allocated. What comes
/// from a pipe, or is compressed, is read piece by piece, and a header alone makes nobody wait or allocate.
///
/// # Errors
///
/// Says at which byte the file is not what it should be.
///
/// ```
/// use nn_train::read_idx;
///
/// let labels = [0, 0, 8, 1, 0, 0, 0, 3, /* three labels */ 7, 2, 1];
/// assert_eq!(read_idx(&labels[..], Some(11), 1)?.bytes, [7, 2, 1]);
/// let error = read_idx(&labels[..10], None, 1).unwrap_err();
/// assert_eq!(error.to_string(), "byte 10: the file ends, but its header asks for 11 bytes in all");
/// # Ok::<(), nn_train::IdxError>(())
/// ```
pub fn read_idx(mut source: impl BufRead, length: Option<u64>, dimensions: usize) -> Result<Idx, IdxError> {
    let mut start = Vec::new();
    source.by_ref().take(2).read_to_end(&mut start)?;
    let is_gzip = start == [0x1F, 0x8B];
    let source = Cursor::new(start).chain(source);
    if !is_gzip {
        return read_plain(source, length, dimensions);
    }
    // What reads zero bytes at a time is not asked how many it has read.
    let mut contents = Counted { source: MultiGzDecoder::new(source), bytes: 0 };
    match read_plain(&mut contents, None, dimensions) {
        Err(IdxError::Read(error)) if error.kind() != io::ErrorKind::OutOfMemory => {
            Err(IdxError::Gzip { bytes: contents.bytes, error })
        }
        result => result,
    }
}

struct Counted<R> {
    source: R,
    bytes: usize,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.bytes += read;
        Ok(read)
    }
}

fn read_plain(mut source: impl Read, length: Option<u64>, dimensions: usize) -> Result<Idx, IdxError> {
    let header_length = 4 + 4 * dimensions;
    let mut header = Vec::new();
    source.by_ref().take(header_length as u64).read_to_end(&mut header)?;
    match *header {
        [0, 0, 0x08, found, ..] if usize::from(found) == dimensions => {}
        [0, 0, 0x08, found, ..] => return Err(IdxError::Dimensions { found, wanted: dimensions }),
        [0, 0, found, ..] => return Err(IdxError::Type { found }),
        [first, second, ..] if [first, second] != [0, 0] => return Err(IdxError::Magic { found: [first, second] }),
        _ => return Err(IdxError::Short { found: header.len() as u64, wanted: header_length as u64 }),
    }
    if header.len() < header_length {
        return Err(IdxError::Short { found: header.len() as u64, wanted: header_length as u64 });
    }
    let dimension = |bytes: &[u8]| bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte));
    let shape: Vec<usize> = header[4..].chunks_exact(4).map(dimension).collect();
    if let Some(at) = shape.iter().position(|&dimension| dimension == 0) {
        return Err(IdxError::Empty { byte: 4 + 4 * at });
    }
    let product = shape.iter().try_fold(1_usize, |product, &dimension| product.checked_mul(dimension));
    let fits = |&bytes: &usize| bytes.checked_add(header_length).is_some_and(|all| isize::try_from(all).is_ok());
    let Some(wanted) = product.filter(fits) else { return Err(IdxError::Huge { shape }) };

    let all = (header_length + wanted) as u64;
    match length {
        Some(found) if found < all => return Err(IdxError::Short { found, wanted: all }),
        Some(found) if found > all => return Err(IdxError::Long { wanted: all }),
        _ => {}
    }
    let mut bytes = Vec::new();
    if length.is_some() {
        bytes.try_reserve_exact(wanted).map_err(io::Error::from)?;
    }
    while bytes.len() < wanted {
        // Twice as much each time: a header that asks for much is not believed before it comes.
        const FIRST: usize = 1 << 16;
        let more = bytes.len().max(FIRST).min(wanted - bytes.len());
        bytes.try_reserve_exact(more).map_err(io::Error::from)?;
        if source.by_ref().take(more as u64).read_to_end(&mut bytes)? < more {
            return Err(IdxError::Short { found: (header_length + bytes.len()) as u64, wanted: all });
        }
    }
    // The end of a gzip file has its checksum, which is looked at when one tries to read on.
    match source.take(1).read_to_end(&mut Vec::new())? {
        0 => Ok(Idx { shape, bytes }),
        _ => Err(IdxError::Long { wanted: all }),
    }
}

/// Pictures of one size with labels, a byte for each pixel and each label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    height: usize,
    width: usize,
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl Pictures {
    /// The pictures of one file with the labels of another.
    ///
    /// # Errors
    ///
    /// There are more or fewer labels than images.
    ///
    /// # Panics
    ///
    /// Panics unless the images have three dimensions and the labels one.
    pub fn new(images: Idx, labels: Idx) -> Result<Self, IdxError> {
        let [count, height, width] = images.shape[..] else { panic!("images of {} dimensions", images.shape.len()) };
        assert!(labels.shape.len() == 1, "labels of {} dimensions", labels.shape.len());
        if labels.bytes.len() != count {
            return Err(IdxError::Count { labels: labels.bytes.len(), images: count });
        }
        Ok(Pictures { height, width, pixels: images.bytes, labels: labels.bytes })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    /// Pixels of a picture: height, width.
    pub fn size(&self) -> (usize, usize) {
        (self.height, self.width)
    }

    /// Adds other pictures of the same size at the end.
    ///
    /// # Panics
    ///
    /// Panics if the sizes differ.
    #[track_caller]
    pub fn append(&mut self, other: &Pictures) {
        assert!(self.size() == other.size(), "pictures of {:?} and of {:?} pixels", self.size(), other.size());
        self.pixels.extend(&other.pixels);
        self.labels.extend(&other.labels);
    }

    /// The labels that there are, in ascending order: the names of the classes.
    pub fn classes(&self) -> Vec<String> {
        let mut is_there = [false; 256];
        self.labels.iter().for_each(|&label| is_there[usize::from(label)] = true);
        (0..256).filter(|&label| is_there[label]).map(|label| label.to_string()).collect()
    }

    /// The first picture, from 0, whose label is none of these classes, and its label.
    pub fn unknown_label(&self, classes: &[String]) -> Option<(usize, u8)> {
        let is_known: Vec<bool> = (0..=255_u8).map(|label| classes.contains(&label.to_string())).collect();
        self.labels.iter().copied().enumerate().find(|&(_, label)| !is_known[usize::from(label)])
    }

    /// The data set in any precision: each of them holds a byte.
    ///
    /// # Panics
    ///
    /// Panics if a label is [unknown](Pictures::unknown_label).
    pub fn data_set<T: Scalar>(&self, name: impl Into<String>, classes: Vec<String>) -> DataSet<T> {
        let place = |label: u8| classes.iter().position(|class| *class == label.to_string());
        let places: Vec<Option<usize>> = (0..=255).map(place).collect();
        let labels = self.labels.iter().map(|&label| places[usize::from(label)].expect("a label of a class")).collect();
        let mut x = Matrix::zeros(self.height * self.width, self.count());
        for (x, &pixel) in x.as_mut_slice().iter_mut().zip(&self.pixels) {
            *x = T::from_f64(f64::from(pixel));
        }
        let targets = Targets::Classes { labels, names: classes };
        DataSet { name: name.into(), x, targets, features: None, image: Some((self.width, self.height)) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn idx(shape: &[u32], bytes: &[u8]) -> Vec<u8> {
        let mut file = vec![0, 0, 8, shape.len() as u8];
        file.extend(shape.iter().flat_map(|dimension| dimension.to_be_bytes()));
        file.extend(bytes);
        file
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Read as a file of known length, as a pipe, byte by byte, and compressed: all say the same.
    fn read(file: &[u8], dimensions: usize) -> Result<Idx, String> {
        let results = [
            read_idx(file, Some(file.len() as u64), dimensions),
            read_idx(file, None, dimensions),
            read_idx(BufReader::with_capacity(1, file), None, dimensions),
            read_idx(&gzip(file)[..], Some(7), dimensions),
        ];
        let results = results.map(|result| result.map_err(|error| error.to_string()));
        assert!(results.iter().all(|result| *result == results[0]), "{results:?}");
        results.into_iter().next().unwrap()
    }

    #[test]
    fn labels_and_images_are_read_raw_and_compressed() {
        let labels = read(&idx(&[3], &[7, 2, 1]), 1).unwrap();
        let images = read(&idx(&[3, 1, 2], &[0, 255, 1, 254, 2, 253]), 3).unwrap();
        assert_eq!((&labels.shape[..], &images.shape[..]), (&[3][..], &[3, 1, 2][..]));
        let mut pictures = Pictures::new(images, labels).unwrap();
        assert_eq!((pictures.count(), pictures.size(), pictures.classes().join(" ")), (3, (1, 2), "1 2 7".to_owned()));
        let data: DataSet<f32> = pictures.data_set("three", pictures.classes());
        assert_eq!(data.x, Matrix::from_columns(&[[0.0, 255.0], [1.0, 254.0], [2.0, 253.0]]));
        assert_eq!((data.labels(), data.image, data.inputs()), (Some(&[2, 1, 0][..]), Some((2, 1)), 2));
        pictures.append(&pictures.clone());
        assert_eq!(pictures.data_set::<f64>("six", pictures.classes()).labels(), Some(&[2, 1, 0, 2, 1, 0][..]));
        let classes = ["1", "7"].map(str::to_owned);
        assert_eq!(pictures.unknown_label(&classes), Some((1, 2)));
        assert_eq!(pictures.unknown_label(&pictures.classes()), None);
    }

    #[test]
    fn what_is_no_idx_file_is_refused_at_its_byte() {
        let good = idx(&[2, 1, 2], &[1, 2, 3, 4]);
        let with = |at: usize, byte: u8| {
            let mut file = good.clone();
            file[at] = byte;
            file
        };
        let most = [u32::MAX; 3];
        for (file, dimensions, message) in [
            (
                b"\x89PNG\r\n\x1a\n00000000".to_vec(),
                3,
                "byte 0: an IDX file begins with two zero bytes, and this one with 0x89 0x50",
            ),
            (with(1, 1), 3, "byte 0: an IDX file begins with two zero bytes, and this one with 0x00 0x01"),
            (with(2, 0x0D), 3, "byte 2: numbers of type 0x0d, but pixels and labels are unsigned bytes, 0x08"),
            (good.clone(), 1, "byte 3: 3 dimensions, but labels have 1"),
            (idx(&[2], &[1, 2]), 3, "byte 3: 1 dimension, but images have 3"),
            (with(3, 255), 3, "byte 3: 255 dimensions, but images have 3"),
            (idx(&[0, 28, 28], &[]), 3, "byte 4: a dimension is 0, so there is nothing in it"),
            (idx(&[1, 28, 0], &[]), 3, "byte 12: a dimension is 0, so there is nothing in it"),
            (
                idx(&most, &[1]),
                3,
                "byte 4: a header of 4294967295×4294967295×4294967295 bytes, more than can be addressed",
            ),
            (idx(&[u32::MAX], &[1, 2]), 1, "byte 10: the file ends, but its header asks for 4294967303 bytes in all"),
            (vec![], 3, "byte 0: the file ends, but its header asks for 16 bytes in all"),
            (vec![0, 0], 1, "byte 2: the file ends, but its header asks for 8 bytes in all"),
            (good[..15].to_vec(), 3, "byte 15: the file ends, but its header asks for 16 bytes in all"),
            (good[..19].to_vec(), 3, "byte 19: the file ends, but its header asks for 20 bytes in all"),
            ([&good[..], b"\n"].concat(), 3, "byte 20: the file goes on, but its header asks for 20 bytes in all"),
        ] {
            assert_eq!(read(&file, dimensions), Err(message.to_owned()));
        }
        let count = Pictures::new(read(&good, 3).unwrap(), read(&idx(&[3], &[1, 2, 3]), 1).unwrap()).unwrap_err();
        assert_eq!(count.to_string(), "byte 4: 3 labels, but 2 images");
    }

    /// 2³² − 1 bytes are not asked for by four bytes of a header: within this test they would take seconds to be zeroed.
    #[test]
    fn a_header_alone_allocates_nothing() {
        let file = idx(&[u32::MAX, 1, 1], &[7; 100]);
        let error = read_idx(&gzip(&file)[..], None, 3).unwrap_err();
        assert!(matches!(error, IdxError::Short { found: 116, .. }), "{error}");
    }

    #[test]
    fn every_cut_and_every_flipped_bit_of_a_gzip_file_is_refused_or_harmless() {
        let contents = idx(&[40, 2, 3], &[5; 240]);
        let whole = gzip(&contents);
        let good = read_idx(&whole[..], None, 3).unwrap();
        for length in 2..whole.len() {
            let error = read_idx(&whole[..length], None, 3).unwrap_err().to_string();
            assert!(error.starts_with("the gzip file is damaged after "), "{length}: {error}");
        }
        for bit in 16..8 * whole.len() {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // Some bits say nothing of the contents: those of the time in the header, or of which copy of the same bytes is
            // copied once more.
            match read_idx(&flipped[..], None, 3) {
                Ok(read) => assert!(read == good, "bit {bit}"),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
        // What stands after the end of a gzip file is refused, and a second gzip file goes on where the first ends.
        assert!(read_idx(&[&whole[..], b"trailing"].concat()[..], None, 3).is_err());
        let halves = [gzip(&contents[..100]), gzip(&contents[100..])].concat();
        assert_eq!(read_idx(&halves[..], None, 3).unwrap(), good);
    }
}
