//! What was drawn, as a picture like those that the network learnt from.
//!
//! The digits of the data set are bitmaps of 32 × 32; each of the 8 × 8 pixels counts the ink in a block of 4 × 4 (Alpaydin and
//! Kaynak 1998). Every digit is as high as the bitmap, and hardly any has ink in the columns at its sides. A drawing is brought
//! into that form: moved and scaled, drawn with a pen of the usual width, and counted.

/// Pixels in a row of a picture.
pub const SIDE: usize = 8;
/// Points of the bitmap in a row.
const FINE: usize = 32;
/// The columns that digits take up.
const WIDEST: f64 = 24.0;
/// The radius of the pen, in points of the bitmap.
const PEN: f64 = 3.2;

/// The picture of some strokes: 64 numbers from 0 to 16, row by row. Each stroke is a list of x, y, x, y, … in any unit, y
/// downwards; it ends where a number is not finite.
///
/// Without ink there is nothing to see: `None`.
///
/// ```
/// let one = [0.0, 0.0, 0.0, 10.0]; // a line downwards
/// let picture = nn_playground::strokes::picture(&one).expect("some ink");
/// assert!(picture[3] + picture[4] > 16.0 && picture[0] == 0.0);
/// assert_eq!(nn_playground::strokes::picture(&[]), None);
/// ```
pub fn picture(strokes: &[f64]) -> Option<[f64; SIDE * SIDE]> {
    let strokes: Vec<Vec<(f64, f64)>> = lines(strokes);
    let points = || strokes.iter().flatten();
    points().next()?;
    let range = |of: fn(&(f64, f64)) -> f64| {
        points().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| (least.min(x), most.max(x)))
    };
    let ((left, right), (top, bottom)) = (range(|point| point.0), range(|point| point.1));
    // What is flat, such as a dash, is not blown up to a wall.
    let (width, height) = (right - left, (bottom - top).max(0.6 * (right - left)));
    let up = if height > 0.0 { (FINE as f64 - 2.0 * PEN) / height } else { 1.0 };
    let across = if width > 0.0 { up.min((WIDEST - 2.0 * PEN) / width) } else { 1.0 };
    let middle = FINE as f64 / 2.0;
    let place =
        |&(x, y): &(f64, f64)| (middle + across * (x - (left + right) / 2.0), middle + up * (y - (top + bottom) / 2.0));
    let mut pixels = [0.0; SIDE * SIDE];
    for row in 0..FINE {
        for column in 0..FINE {
            let at = (column as f64 + 0.5, row as f64 + 0.5);
            let is_ink = strokes.iter().any(|stroke| {
                let stroke: Vec<(f64, f64)> = stroke.iter().map(place).collect();
                stroke.windows(2).any(|ends| distance(at, ends[0], ends[1]) <= PEN)
                    || stroke.first().is_some_and(|&point| distance(at, point, point) <= PEN)
            });
            let block = FINE / SIDE;
            pixels[row / block * SIDE + column / block] += f64::from(is_ink);
        }
    }
    Some(pixels)
}

/// The strokes as lists of points.
fn lines(strokes: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut lines = vec![Vec::new()];
    for point in strokes.chunks_exact(2) {
        if point[0].is_finite() && point[1].is_finite() {
            lines.last_mut().expect("a first stroke").push((point[0], point[1]));
        } else {
            lines.push(Vec::new());
        }
    }
    lines
}

/// How far a point is from a part of a line.
fn distance(at: (f64, f64), from: (f64, f64), to: (f64, f64)) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let along =
        if length > 0.0 { (((at.0 - from.0) * dx + (at.1 - from.1) * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    (from.0 + along * dx - at.0).hypot(from.1 + along * dy - at.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_and_place_do_not_matter() {
        let small = [0.0, 0.0, 1.0, 2.0, f64::NAN, f64::NAN, 1.0, 0.0, 0.0, 2.0];
        let large: Vec<f64> = small.iter().map(|x| 100.0 + 50.0 * x).collect();
        assert_eq!(picture(&small), picture(&large));
    }

    #[test]
    fn a_dot_is_ink_and_a_lifted_pen_leaves_none() {
        assert!(picture(&[3.0, 4.0]).unwrap().iter().sum::<f64>() > 10.0);
        let lifted = [0.0, 0.0, 0.0, 1.0, f64::NAN, f64::NAN, 1.0, 1.0, 1.0, 0.0];
        assert_eq!(picture(&lifted).unwrap()[3 * SIDE + 3], 0.0);
    }

    #[test]
    fn pixels_are_those_of_the_data_set() {
        let ring: Vec<f64> = (0..=40)
            .flat_map(|i| {
                let t = f64::from(i) / 40.0 * std::f64::consts::TAU;
                [t.cos(), t.sin()]
            })
            .collect();
        let picture = picture(&ring).unwrap();
        assert!(picture.iter().all(|&pixel| (0.0..=16.0).contains(&pixel)));
        assert_eq!((picture[0], picture[3 * SIDE + 3]), (0.0, 0.0));
        assert!(picture[3] > 8.0 && picture[3 * SIDE + 1] > 8.0 && picture[3 * SIDE] == 0.0);
    }
}
