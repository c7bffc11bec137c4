//! How wide text is. A drawing says where text begins; the reader's browser chooses the letters, and so where it ends.
//!
//! Figures are laid out for DejaVu Sans, the sans-serif of browsers on Debian, and one of the widest: what has room in its
//! letters has room in those of Arial, Helvetica, Liberation Sans and Roboto.

/// Letters, and the advance width of each of them, regular and bold, in [`EM`]s of the size: from the tables `hmtx` of
/// DejaVu Sans and DejaVu Sans Bold 2.37.
#[rustfmt::skip]
const WIDTHS: [(&str, [u16; 2]); 71] = [
    ("′", [465, 540]), ("⁽⁾", [503, 590]), ("'", [563, 627]), ("ijl", [569, 702]), ("IJ", [604, 762]), (" ", [651, 713]),
    (",.’·", [651, 778]), ("/\\|", [690, 748]), (":;", [690, 819]), ("f", [721, 891]), ("-", [739, 850]), ("ᵀ", [788, 880]),
    ("()[]", [799, 936]), ("t", [803, 979]), ("²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", [821, 897]), ("!", [821, 934]), ("r", [842, 1010]),
    ("\"", [942, 1067]), ("_`–", [1024, 1024]), ("*", [1024, 1071]), ("∂", [1059, 1114]), ("s", [1067, 1219]),
    ("z", [1075, 1192]), ("⁻⁺⁼", [1081, 1081]), ("?", [1087, 1188]), ("ε", [1107, 1140]), ("c", [1126, 1214]),
    ("L", [1141, 1305]), ("F", [1178, 1399]), ("k", [1186, 1362]), ("x", [1212, 1321]), ("vy", [1212, 1335]),
    ("P", [1235, 1501]), ("T", [1251, 1397]), ("Y", [1251, 1483]), ("oδθ", [1253, 1407]), ("a", [1255, 1382]),
    ("e", [1260, 1389]), ("EΣ", [1294, 1399]), ("hnuη", [1298, 1458]), ("σ", [1298, 1595]), ("bdgpq", [1300, 1466]),
    ("S", [1300, 1475]), ("$0123456789", [1303, 1425]), ("{}", [1303, 1458]), ("μ", [1303, 1507]), ("√", [1305, 1366]),
    ("K", [1343, 1587]), ("∇", [1370, 1427]), ("AVΔ", [1401, 1585]), ("Z", [1403, 1485]), ("X", [1403, 1579]),
    ("B", [1405, 1561]), ("R", [1423, 1577]), ("C", [1430, 1503]), ("U", [1499, 1663]), ("N", [1532, 1714]),
    ("H", [1540, 1714]), ("D", [1577, 1700]), ("G", [1587, 1681]), ("&", [1597, 1786]), ("OQ", [1612, 1741]),
    ("w", [1675, 1892]), ("∞", [1706, 1706]), ("#+<=>^~−×→←≤≥≈", [1716, 1716]), ("M", [1767, 2038]), ("%", [1946, 2052]),
    ("½", [1985, 2120]), ("m", [1995, 2134]), ("W", [2025, 2259]), ("@…—", [2048, 2048]),
];

/// The units of [`WIDTHS`] to the size of a letter.
const EM: f64 = 2048.0;

/// The width of a letter, if it is known.
pub(crate) fn advance(letter: char, bold: bool) -> Option<f64> {
    let (_, widths) = WIDTHS.iter().find(|(letters, _)| letters.contains(letter))?;
    Some(f64::from(widths[usize::from(bold)]) / EM)
}

/// The width of a text of this size. A letter that is not in the table counts as the widest.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let widest = if bold { 2259.0 / EM } else { 1.0 };
    size * text.chars().map(|letter| advance(letter, bold).unwrap_or(widest)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        // As Pillow measures them: `ImageFont.truetype("DejaVuSans.ttf", 2048).getlength(text)`.
        assert_eq!(width("sigmoid", EM, false), 8053.0);
        assert_eq!(width("0.1385", EM, false), 7166.0);
        assert_eq!(width("W1 = parameter", EM, true), 18967.0);
    }

    #[test]
    fn each_letter_is_listed_once() {
        let letters: String = WIDTHS.iter().map(|(letters, _)| *letters).collect();
        for (i, letter) in letters.chars().enumerate() {
            assert_eq!(letters.chars().position(|other| other == letter), Some(i), "{letter}");
        }
        assert!((' '..='~').all(|letter| letters.contains(letter)), "all of ASCII");
    }

    #[test]
    fn letters_without_a_width_count_as_the_widest() {
        assert_eq!((advance('漢', false), advance('m', true)), (None, Some(2134.0 / EM)));
        assert_eq!(width("漢", 30.0, false), 30.0);
    }
}
