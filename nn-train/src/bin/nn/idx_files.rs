//! Pictures and their labels from IDX files: a folder like that of MNIST, or one pair.

use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::Path;

use nn_core::Scalar;
use nn_core::text::counted;
use nn_train::{DataSet, Idx, Pictures, Split, read_idx};

use crate::args::DataOptions;
use crate::failure::Failure;
use crate::memory::ask_for;
use crate::purpose::{Purpose, file_name, known_classes};

/// The training pair, followed by the t10k pair, which is held out.
pub(crate) fn read_folder<T: Scalar>(
    folder: &Path,
    options: &DataOptions,
    purpose: Purpose<'_>,
) -> Result<(DataSet<T>, Option<Split>), Failure> {
    let find = |name: &str| {
        let dotted = name.replace("-idx", ".idx");
        let names = [name.to_owned(), format!("{name}.gz"), dotted.clone(), format!("{dotted}.gz")];
        names.into_iter().map(|name| folder.join(name)).find(|path| path.exists())
    };
    let need = |name: &str| {
        find(name).ok_or_else(|| {
            let why = format!("{name} is not in this folder, neither as it is nor with .gz");
            Failure::file(folder, why)
        })
    };
    let labels = need("train-labels-idx1-ubyte");
    let images = need("train-images-idx3-ubyte")?;
    let labels = labels?;
    let mut pictures = read_pictures(&images, &labels)?;
    let train = pictures.count();
    let mut rows = None;
    if find("t10k-images-idx3-ubyte").is_some() || find("t10k-labels-idx1-ubyte").is_some() {
        if options.validation.is_some() {
            return Err(Failure::usage(format_args!(
                "--validation: the t10k files of {} are the held-out rows (--images and --labels take a pair alone)",
                file_name(folder)
            )));
        }
        let (images, labels) = (need("t10k-images-idx3-ubyte")?, need("t10k-labels-idx1-ubyte")?);
        let held_out = read_pictures(&images, &labels)?;
        let [(height, width), (train_height, train_width)] = [held_out.size(), pictures.size()];
        if held_out.size() != pictures.size() {
            let why = format!(
                "byte 8: pictures of {height}×{width} pixels, but the training has {train_height}×{train_width}"
            );
            return Err(Failure::file(&images, why));
        }
        if let Some(classes) = purpose.model.and_then(|model| known_classes(model, purpose.is_training)) {
            check_labels(&held_out, &classes, &labels)?;
        }
        pictures.append(&held_out);
        rows = Some(Split { train: (0..train).collect(), validation: (train..pictures.count()).collect() });
    }
    Ok((data_set(&pictures, file_name(folder), &labels, purpose)?, rows))
}

pub(crate) fn read_pictures(images: &Path, labels: &Path) -> Result<Pictures, Failure> {
    let read = |path: &Path, dimensions: usize| -> Result<Idx, Failure> {
        let failed = |error: std::io::Error| Failure::file(path, error);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(ErrorKind::IsADirectory.into()));
        }
        let length = metadata.is_file().then_some(metadata.len());
        read_idx(BufReader::new(file), length, dimensions).map_err(|error| Failure::file(path, error))
    };
    let of_labels = read(labels, 1)?;
    let of_images = read(images, 3)?;
    Pictures::new(of_images, of_labels).map_err(|error| Failure::file(labels, error))
}

fn check_labels(pictures: &Pictures, classes: &[String], path: &Path) -> Result<(), Failure> {
    match pictures.unknown_label(classes) {
        Some((row, label)) => Err(Failure::file(
            path,
            format_args!("byte {}: the model has no class {label}; its classes are {}", 8 + row, classes.join(", ")),
        )),
        None => Ok(()),
    }
}

pub(crate) fn data_set<T: Scalar>(
    pictures: &Pictures,
    name: String,
    labels: &Path,
    purpose: Purpose<'_>,
) -> Result<DataSet<T>, Failure> {
    let classes = match purpose.model.and_then(|model| known_classes(model, purpose.is_training)) {
        Some(classes) => {
            check_labels(pictures, &classes, labels)?;
            classes
        }
        None => pictures.classes(),
    };
    let ((height, width), count) = (pictures.size(), pictures.count());
    let numbers = (height * width * size_of::<T>() + 2 * size_of::<usize>()) as f64 * count as f64;
    ask_for(numbers, format_args!("{}", counted(count, "picture")))?;
    Ok(pictures.data_set(name, classes))
}
