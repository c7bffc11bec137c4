//! The two data sets that are compiled into the crate. `data/README.md` says where they are from.

use nn_core::Matrix;

use super::data_set::{DataSet, Targets};

/// 1797 handwritten digits of 13 writers: pictures of 8 × 8 pixels, each 0 (paper) to 16 (ink), row by row; the classes
/// are `0` to `9`.
///
/// Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits" (the test part), UCI Machine Learning
/// Repository, 1998; CC BY 4.0.
///
/// ```
/// let data = nn_train::digits();
/// assert_eq!((data.examples(), data.inputs(), data.outputs()), (1797, 64, 10));
/// assert_eq!(data.image, Some((8, 8)));
/// ```
pub fn digits() -> DataSet {
    digits_of(include_bytes!("../../data/digits.csv"))
}

fn digits_of(mut text: &[u8]) -> DataSet {
    let mut pixels = vec![0.0; DIGITS * PIXELS];
    let mut labels = vec![0; DIGITS];
    // This runs at each start of the program, and the general parser for numbers takes several times as long.
    for (picture, label) in pixels.chunks_exact_mut(PIXELS).zip(&mut labels) {
        for pixel in picture {
            *pixel = f64::from(next_number(&mut text));
        }
        *label = usize::from(next_number(&mut text));
        // Git for Windows may end lines with a carriage return and a line feed: the first of them has been taken.
        text = text.strip_prefix(b"\n").unwrap_or(text);
    }
    DataSet {
        name: "digits".to_owned(),
        x: Matrix::from_slice(PIXELS, DIGITS, &pixels),
        targets: Targets::Classes { labels, names: (0..10).map(|digit| digit.to_string()).collect() },
        features: None,
        image: Some((8, 8)),
    }
}

const DIGITS: usize = 1797;
const PIXELS: usize = 64;

/// Takes a number of one or two digits, and the comma or line end behind it, from the front of the text. All of these sort
/// before the digits.
fn next_number(text: &mut &[u8]) -> u8 {
    let (first, second) = (text[0] - b'0', text[1]);
    let (number, length) = if second < b'0' { (first, 2) } else { (10 * first + (second - b'0'), 3) };
    *text = &text[length..];
    number
}

/// 150 iris flowers: sepal length, sepal width, petal length and petal width in cm; the classes are `setosa`,
/// `versicolor` and `virginica`, 50 flowers each.
///
/// Source: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7 (1936); UCI
/// Machine Learning Repository; CC BY 4.0.
///
/// ```
/// let data = nn_train::iris();
/// assert_eq!((data.examples(), data.inputs()), (150, 4));
/// assert_eq!(data.class_names().map(|names| names.join(" ")), Some("setosa versicolor virginica".to_owned()));
/// assert_eq!(data.features.expect("names")[3], "petal width");
/// ```
pub fn iris() -> DataSet {
    iris_of(include_str!("../../data/iris.csv"))
}

fn iris_of(text: &str) -> DataSet {
    let mut lines = text.lines();
    // The first line holds the number of rows, the number of features, and the names of the classes.
    let names = lines.next().into_iter().flat_map(|line| line.split(',').skip(2)).map(str::to_owned).collect();
    let (mut lengths, mut labels) = (Vec::new(), Vec::new());
    for line in lines {
        let mut cells = line.split(',');
        lengths.extend(cells.by_ref().take(LENGTHS).map(|cell| cell.parse::<f64>().expect("a length in iris.csv")));
        labels.extend(cells.map(|cell| cell.parse::<usize>().expect("a class in iris.csv")));
    }
    DataSet {
        name: "iris".to_owned(),
        x: Matrix::from_slice(LENGTHS, labels.len(), &lengths),
        targets: Targets::Classes { labels, names },
        features: Some(["sepal length", "sepal width", "petal length", "petal width"].map(str::to_owned).into()),
        image: None,
    }
}

const LENGTHS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn class_counts(data: &DataSet) -> Vec<usize> {
        let mut counts = vec![0; data.outputs()];
        for &label in data.labels().unwrap() {
            counts[label] += 1;
        }
        counts
    }

    /// Sums were taken from the file itself with awk: of all pixels; of pixel i (from 1) of line n times
    /// (31 n + 7 i) mod 101, which notices any exchange; and of the label of line n times n.
    #[test]
    fn digits_are_the_file() {
        let data = digits();
        assert_eq!(data.x.shape().to_string(), "64×1797");
        assert_eq!(data.x.as_slice().iter().sum::<f64>(), 561_718.0);
        let weight = |n: usize, i: usize| ((31 * n + 7 * i) % 101) as f64;
        let line = |(n, line): (usize, &[f64])| {
            line.iter().enumerate().map(|(i, pixel)| pixel * weight(n + 1, i + 1)).sum::<f64>()
        };
        assert_eq!(data.x.columns_iter().enumerate().map(line).sum::<f64>(), 28_075_465.0);
        let labels = data.labels().unwrap();
        assert_eq!(labels.iter().zip(1..).map(|(label, n)| label * n).sum::<usize>(), 7_272_861);
        assert_eq!(class_counts(&data), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert!(data.x.as_slice().iter().all(|&pixel| (0.0..=16.0).contains(&pixel) && pixel.fract() == 0.0));
    }

    #[test]
    fn the_first_digit_is_a_zero() {
        let data = digits();
        let picture = [
            [0, 0, 5, 13, 9, 1, 0, 0],
            [0, 0, 13, 15, 10, 15, 5, 0],
            [0, 3, 15, 2, 0, 11, 8, 0],
            [0, 4, 12, 0, 0, 8, 8, 0],
            [0, 5, 8, 0, 0, 9, 8, 0],
            [0, 4, 11, 0, 1, 12, 7, 0],
            [0, 2, 14, 5, 10, 12, 0, 0],
            [0, 0, 6, 13, 10, 0, 0, 0],
        ];
        assert_eq!(data.x.column(0), picture.concat().into_iter().map(f64::from).collect::<Vec<_>>());
        assert_eq!(data.labels().unwrap()[..5], [0, 1, 2, 3, 4]);
        assert_eq!(data.class_names().unwrap().concat(), "0123456789");
        assert_eq!((data.name.as_str(), data.image), ("digits", Some((8, 8))));
    }

    /// The sums of the four columns were taken from the file itself with awk.
    #[test]
    fn irises_are_the_file() {
        let data = iris();
        assert_eq!(data.x.shape().to_string(), "4×150");
        for (i, sum) in [876.5, 458.6, 563.7, 179.9].into_iter().enumerate() {
            assert!((data.x.row_iter(i).sum::<f64>() - sum).abs() < 1e-10);
        }
        assert_eq!(data.x.column(0), [5.1, 3.5, 1.4, 0.2]);
        assert_eq!(data.x.column(149), [5.9, 3.0, 5.1, 1.8]);
        assert_eq!(class_counts(&data), [50, 50, 50]);
        assert!(data.labels().unwrap().is_sorted());
        assert_eq!(data.class_names().unwrap(), ["setosa", "versicolor", "virginica"]);
        assert_eq!((data.name.as_str(), data.image), ("iris", None));
    }

    #[test]
    fn either_line_end_will_do() {
        let unix = |text: &str| text.replace("\r\n", "\n");
        let windows = |text: &str| unix(text).replace('\n', "\r\n");
        let (digits_csv, iris_csv) = (include_str!("../../data/digits.csv"), include_str!("../../data/iris.csv"));
        for line_end in [&unix as &dyn Fn(&str) -> String, &windows] {
            assert_eq!(digits_of(line_end(digits_csv).as_bytes()), digits());
            assert_eq!(iris_of(&line_end(iris_csv)), iris());
        }
    }

    #[test]
    fn both_pass_the_checks_of_a_data_set() {
        for data in [digits(), iris()] {
            assert!(DataSet::new("again", data.x, data.targets).is_ok());
        }
    }
}
