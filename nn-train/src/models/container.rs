//! A file of matrices with a JSON text, and a checksum over all of it.
//!
//! It is a safetensors file: the length of a header in eight bytes, the header in JSON, and the numbers, all of them
//! little-endian. Ours begin with this header:
//!
//! ```json
//! {"__metadata__":{"nn":"{\"checksum\":\"1c291ca3\", … }"},"parameter.1":{"dtype":"F32","shape":[4,3],"data_offsets":[0,48]}, … }
//! ```
//!
//! All that is not a matrix stands in one JSON text under the key `nn`: the library keeps its metadata in a hash map, whose
//! keys come out in another order each time. So the same contents give the same bytes.
//!
//! The checksum is CRC-32 (that of zlib and gzip) of the whole file with the checksum's own eight digits as zeros. It finds
//! every change of a few bits, and of all other changes it overlooks one in four thousand million.

use std::borrow::Cow;
use std::ops::Range;

use nn_core::{Matrix, Scalar};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, Metadata, SafeTensorError, TensorInfo, View};

use crate::data::Precision;

/// The numbers that files hold: f32 and f64.
pub trait FileNumber: Scalar {
    /// Which of the two.
    const PRECISION: Precision;

    /// Appends the bytes of this number, the lowest first.
    fn write(self, bytes: &mut Vec<u8>);

    /// The number with these bytes.
    ///
    /// # Panics
    ///
    /// Panics if there are more or fewer than it has.
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! implement_file_number {
    ($float:ident, $precision:ident) => {
        impl FileNumber for $float {
            const PRECISION: Precision = Precision::$precision;

            fn write(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn read(bytes: &[u8]) -> Self {
                $float::from_le_bytes(bytes.try_into().expect("as many bytes as the number has"))
            }
        }
    };
}
implement_file_number!(f32, F32);
implement_file_number!(f64, F64);

/// Why bytes are not such a file.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// It is something else, a safetensors file of another program among others.
    #[error("it is not a safetensors file that nn has written")]
    Foreign,
    /// A bit is not what it was, or bytes are missing.
    #[error("the file is damaged or cut short: its checksum does not fit its {bytes} bytes")]
    Damaged {
        /// How many there are.
        bytes: usize,
    },
    /// It begins as one, and is no safetensors file.
    #[error("{0}")]
    Format(SafeTensorError),
    /// A matrix is missing.
    #[error("{0} is missing")]
    Missing(String),
    /// A matrix has other numbers, or more or fewer dimensions.
    #[error("{name} holds {found} in {dimensions} dimensions, where a matrix of {needed} is expected")]
    Kind {
        /// Its name.
        name: String,
        /// What it should hold.
        needed: Precision,
        /// What it holds.
        found: String,
        /// Its dimensions: 2 for a matrix.
        dimensions: usize,
    },
}

/// A matrix on its way into a file.
pub(super) struct Tensor<'a> {
    precision: Precision,
    shape: [usize; 2],
    bytes: Box<dyn Fn() -> Vec<u8> + 'a>,
}

impl<'a> Tensor<'a> {
    /// A matrix as it lies in memory, column by column. Whoever reads the file takes numbers to lie row by row, and finds
    /// the transpose: its shape is columns × rows.
    pub(super) fn of_columns<T: FileNumber>(matrix: &'a Matrix<T>) -> Self {
        let bytes = || {
            let mut bytes = Vec::with_capacity(size_of_val(matrix.as_slice()));
            matrix.as_slice().iter().for_each(|x| x.write(&mut bytes));
            bytes
        };
        Tensor { precision: T::PRECISION, shape: [matrix.columns(), matrix.rows()], bytes: Box::new(bytes) }
    }
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        dtype_of(self.precision)
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned((self.bytes)())
    }

    fn data_len(&self) -> usize {
        self.shape[0] * self.shape[1] * self.dtype().bitsize() / 8
    }
}

fn dtype_of(precision: Precision) -> Dtype {
    match precision {
        Precision::F32 => Dtype::F32,
        Precision::F64 => Dtype::F64,
    }
}

/// The metadata's only key.
const KEY: &str = "nn";
/// What stands between the length of the header and the checksum.
const START: &[u8] = br#"{"__metadata__":{"nn":"{\"checksum\":\""#;
/// The start of the JSON text, as the header has it in quotes, before the checksum and after it.
const TEXT: [&str; 2] = ["{\"checksum\":\"", "\","];
const BLANK: &str = "00000000";
const LENGTH: usize = size_of::<u64>();
const PLACE: Range<usize> = LENGTH + START.len()..LENGTH + START.len() + BLANK.len();

/// The bytes of a file with these matrices, and with the keys and values of a JSON object that is written without spaces and
/// is not empty.
///
/// # Errors
///
/// Fails if the header would have more than 100 MB, which is the format's limit.
pub(super) fn to_bytes(json: &str, tensors: Vec<(String, Tensor<'_>)>) -> Result<Vec<u8>, ContainerError> {
    let [before, after] = TEXT;
    let text = format!("{before}{BLANK}{after}{}", json.strip_prefix('{').expect("a JSON object"));
    let metadata = std::iter::once((KEY.to_owned(), text)).collect();
    let mut bytes = safetensors::serialize(tensors, Some(metadata)).map_err(ContainerError::Format)?;
    let checksum = checksum(&bytes);
    bytes[PLACE].copy_from_slice(checksum.as_bytes());
    Ok(bytes)
}

/// A file that has been looked through.
pub(super) struct Container<'a> {
    /// The JSON object that it was written with.
    pub(super) json: String,
    header: Metadata,
    numbers: &'a [u8],
}

impl<'a> Container<'a> {
    /// # Errors
    ///
    /// Fails if the bytes are not exactly those that [`to_bytes`] has made.
    pub(super) fn from_bytes(bytes: &'a [u8]) -> Result<Self, ContainerError> {
        if !is_ours(bytes) {
            return Err(ContainerError::Foreign);
        }
        // The digits themselves, not their value: `A` for `a` is a flipped bit too.
        if bytes.get(PLACE).is_none_or(|found| found != checksum(bytes).as_bytes()) {
            return Err(ContainerError::Damaged { bytes: bytes.len() });
        }
        let (length, header) = SafeTensors::read_metadata(bytes).map_err(ContainerError::Format)?;
        let text = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY)).ok_or(ContainerError::Foreign)?;
        let rest = text.get(TEXT[0].len() + BLANK.len() + TEXT[1].len()..).ok_or(ContainerError::Foreign)?;
        Ok(Container { json: format!("{{{rest}"), header, numbers: &bytes[LENGTH + length..] })
    }

    /// The matrix of that name, which was written [as it lay in memory](Tensor::of_columns).
    pub(super) fn matrix<T: FileNumber>(&self, name: &str) -> Result<Matrix<T>, ContainerError> {
        let missing = || ContainerError::Missing(name.to_owned());
        let TensorInfo { dtype, shape, data_offsets: (start, end) } = self.header.info(name).ok_or_else(missing)?;
        match shape[..] {
            [columns, rows] if *dtype == dtype_of(T::PRECISION) => {
                let bytes = &self.numbers[*start..*end];
                let numbers: Vec<T> = bytes.chunks_exact(size_of::<T>()).map(T::read).collect();
                Ok(Matrix::from_slice(rows, columns, &numbers))
            }
            _ => Err(ContainerError::Kind {
                name: name.to_owned(),
                needed: T::PRECISION,
                found: dtype.to_string(),
                dimensions: shape.len(),
            }),
        }
    }
}

/// Reads a file of `length` bytes, if it begins as one of ours and its header is no longer than the file: only then memory is
/// asked for.
#[cfg(feature = "cli")]
pub(super) fn read(file: &mut impl std::io::Read, length: u64) -> std::io::Result<Result<Vec<u8>, ContainerError>> {
    use std::io::Read;

    let mut bytes = Vec::new();
    file.by_ref().take((LENGTH + START.len()) as u64).read_to_end(&mut bytes)?;
    if !is_ours(&bytes) {
        return Ok(Err(ContainerError::Foreign));
    }
    let header: [u8; LENGTH] = std::array::from_fn(|i| bytes[i]);
    if u64::from_le_bytes(header) > length.saturating_sub(LENGTH as u64) {
        return Ok(Err(ContainerError::Damaged { bytes: length as usize }));
    }
    bytes.try_reserve_exact(length as usize - bytes.len().min(length as usize))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(Ok(bytes))
}

fn is_ours(bytes: &[u8]) -> bool {
    bytes.get(LENGTH..).is_some_and(|bytes| bytes.starts_with(START))
}

fn checksum(bytes: &[u8]) -> String {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&bytes[..PLACE.start.min(bytes.len())]);
    crc.update(BLANK.as_bytes());
    crc.update(bytes.get(PLACE.end..).unwrap_or_default());
    format!("{:08x}", crc.finalize())
}
