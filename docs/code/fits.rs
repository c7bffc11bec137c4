//! Whether the text of a drawing has room: in the drawing, in the box that it stands in, and beside other text. A letter
//! that is cut off in one browser looks right in another, so this is computed, from the widths of wide letters.

use crate::letters::{advance, width};

/// The share of a size that letters rise above the line that they stand on, that some of them hang below it, and that a
/// small x is high, in DejaVu Sans.
const RISE: f64 = 0.76;
const FALL: f64 = 0.21;
const EX: f64 = 0.547;

/// The air, in units of a drawing, that a text needs between it and the edge that it stands within.
const AIR: f64 = 4.0;

/// What is right to within this many units is right: strokes are wider.
const TOLERANCE: f64 = 1.0;

/// The smallest text of a figure, as a share of its width: nearly 8 pixels on a phone that gives the figure 350.
const SMALLEST: f64 = 28.0 / 1280.0;

/// An upright rectangle: left, top, right, bottom.
type Bounds = [f64; 4];

/// Something with an inside, in which text may stand.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Frame {
    Rectangle(Bounds),
    Circle { x: f64, y: f64, r: f64 },
}

impl Frame {
    fn holds(self, [left, top, right, bottom]: Bounds) -> bool {
        match self {
            Frame::Rectangle([l, t, r, b]) => {
                left >= l + AIR && top >= t + AIR && right <= r - AIR && bottom <= b - AIR
            }
            Frame::Circle { x, y, r } => {
                let far = |low: f64, high: f64, middle: f64| (low - middle).abs().max((high - middle).abs());
                far(left, right, x).hypot(far(top, bottom, y)) <= r - AIR
            }
        }
    }

    fn touches(self, [left, top, right, bottom]: Bounds) -> bool {
        match self {
            Frame::Rectangle([l, t, r, b]) => {
                left < r - TOLERANCE && right > l + TOLERANCE && top < b - TOLERANCE && bottom > t + TOLERANCE
            }
            Frame::Circle { x, y, r } => (x - x.clamp(left, right)).hypot(y - y.clamp(top, bottom)) < r - TOLERANCE,
        }
    }
}

/// A text of a drawing, and the room that it takes.
#[derive(Clone, Debug, PartialEq)]
struct Text {
    words: String,
    size: f64,
    bounds: Bounds,
}

/// Every text of a drawing that runs out of it, over the edge of something, or into other text; none where all has room.
///
/// # Panics
///
/// Panics if the drawing is not one that [`svg`](crate::drawing::svg) makes.
pub(crate) fn problems(svg: &str) -> Vec<String> {
    let (page, frames, texts) = read(svg);
    let mut problems = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        let Text { words, bounds, .. } = text;
        for letter in words.chars().filter(|&letter| advance(letter, false).is_none()) {
            problems.push(format!("{words:?}: how wide is {letter:?}?"));
        }
        if !Frame::Rectangle(page).holds(*bounds) {
            problems.push(format!("{words:?} is cut off: it reaches from {bounds:.0?}, and there is {page:.0?}"));
        }
        for frame in &frames {
            if frame.touches(*bounds) && !frame.holds(*bounds) {
                problems.push(format!("{words:?} at {bounds:.0?} is neither in nor beside {frame:.0?}"));
            }
        }
        for other in &texts[i + 1..] {
            if Frame::Rectangle(*bounds).touches(other.bounds) {
                problems
                    .push(format!("{words:?} at {bounds:.0?} and {:?} at {:.0?} overlap", other.words, other.bounds));
            }
        }
    }
    problems
}

/// The texts of a drawing that are too small to be read on a phone.
///
/// # Panics
///
/// As [`problems`].
pub(crate) fn too_small(svg: &str) -> Vec<String> {
    let ([left, _, right, _], _, texts) = read(svg);
    let small = texts.into_iter().filter(|text| text.size < SMALLEST * (right - left));
    small.map(|Text { words, size, .. }| format!("{words:?} is {size:.0} high, too small for a phone")).collect()
}

/// The page, all frames and all texts of a drawing.
fn read(svg: &str) -> (Bounds, Vec<Frame>, Vec<Text>) {
    let (mut page, mut frames, mut texts) = ([0.0; 4], Vec::new(), Vec::new());
    for piece in svg.split('<').skip(1) {
        let (tag, content) = piece.split_once('>').expect("a tag that ends");
        let number = |name: &str| -> f64 {
            attribute(tag, name).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} of <{tag}>"))
        };
        match tag.split_whitespace().next() {
            Some("svg") => {
                let view = attribute(tag, "viewBox").expect("a viewBox");
                let [x, y, w, h] = numbers(view)[..] else { panic!("a viewBox of {view:?}") };
                page = [x, y, x + w, y + h];
            }
            Some("rect") => {
                let (x, y) = (number("x"), number("y"));
                frames.push(Frame::Rectangle([x, y, x + number("width"), y + number("height")]));
            }
            // Rectangles of one colour that `drawing::figure` has put together: `M1 2h3v4h-3z`, and so on.
            Some("path") => {
                for rectangle in attribute(tag, "d").unwrap_or_default().split_terminator('z') {
                    let [x, y, w, h, _] = numbers(rectangle)[..] else { panic!("no rectangle: {rectangle}") };
                    frames.push(Frame::Rectangle([x, y, x + w, y + h]));
                }
            }
            Some("circle") => frames.push(Frame::Circle { x: number("cx"), y: number("cy"), r: number("r") }),
            Some("text") if !content.trim().is_empty() => texts.push(text(tag, content)),
            _ => {}
        }
    }
    (page, frames, texts)
}

fn text(tag: &str, content: &str) -> Text {
    let number = |name: &str| attribute(tag, name).and_then(|value| value.parse::<f64>().ok());
    let words = content.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    let size = number("font-size").expect("a size");
    let width = width(&words, size, attribute(tag, "font-weight") == Some("bold"));
    let left = match attribute(tag, "text-anchor") {
        Some("middle") => -width / 2.0,
        Some("end") => -width,
        _ => 0.0,
    };
    // Where the letters stand, below the point that the text is laid at.
    let line = match attribute(tag, "dy").unwrap_or("0") {
        "0.5ex" => 0.5 * EX * size,
        "-0.5ex" => -0.5 * EX * size,
        dy => size * dy.trim_end_matches("em").parse::<f64>().expect("a shift in em"),
    };
    // What has no tail may stand closer to an edge.
    let hangs = words.contains(|letter: char| "gjpqyQ()[]{},;/|_ημ₀₁₂₃₄₅₆₇₈₉".contains(letter));
    let (top, bottom) = (line - RISE * size, line + if hangs { FALL * size } else { 0.0 });
    let (x, y) = (number("x").expect("a place"), number("y").expect("a place"));
    let bounds = match attribute(tag, "transform") {
        None => [x + left, y + top, x + left + width, y + bottom],
        // Turned to the left: what was right is up.
        Some(turned) if turned.starts_with("rotate(270,") => [x + top, y - left - width, x + bottom, y - left],
        Some(other) => panic!("a text that is turned by {other}"),
    };
    Text { words, size, bounds }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

/// The numbers of a list or of a path.
fn numbers(text: &str) -> Vec<f64> {
    text.split(|c: char| !c.is_ascii_digit() && !".-".contains(c)).filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every figure of the book and the picture of README.md, as they are in their folders: `scripts/book figures --check`
    /// holds that those are what the code draws.
    #[test]
    fn all_text_of_all_figures_has_room() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut problems = Vec::new();
        let mut count = 0;
        for folder in [docs.join("src/figures"), docs.to_owned()] {
            for file in std::fs::read_dir(&folder).expect("a folder") {
                let path = file.expect("a readable folder").path();
                if path.extension().is_some_and(|extension| extension == "svg") {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    let svg = std::fs::read_to_string(&path).expect("a readable figure");
                    let mut found = super::problems(&svg);
                    if folder != docs {
                        found.extend(too_small(&svg)); // README.md is read on a screen, or the picture alone
                    }
                    problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}")));
                    count += 1;
                }
            }
        }
        assert!(count >= 42, "{count} figures");
        assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    }

    fn of(drawing: &str) -> String {
        problems(&format!("<svg viewBox=\"0 0 1280 760\">\n{drawing}</svg>")).join("\n")
    }

    fn label(x: i32, y: i32, anchor: &str, words: &str) -> String {
        format!("<text x=\"{x}\" y=\"{y}\" dy=\"0.5ex\" text-anchor=\"{anchor}\" font-size=\"32\">\n{words}\n</text>\n")
    }

    #[test]
    fn text_that_fits_is_no_problem() {
        let middle = label(640, 380, "middle", "adjoint [0.1385; −0.0381]");
        assert_eq!(of(&middle), "");
        let frame = "<rect x=\"400\" y=\"340\" width=\"480\" height=\"80\" fill=\"none\"/>\n";
        assert_eq!(of(&(frame.to_owned() + &middle)), "");
        let circle = "<circle cx=\"640\" cy=\"380\" r=\"80\"/>\n";
        assert_eq!(of(&(circle.to_owned() + &label(640, 380, "middle", "0.1385"))), "");
    }

    /// As the figure on saturation did: the name of a curve at its end.
    #[test]
    fn text_that_runs_out_of_the_drawing_is_found() {
        assert!(of(&label(1159, 380, "start", "sigmoid")).contains("\"sigmoid\" is cut off"));
        assert!(of(&label(100, 380, "end", "sigmoid")).contains("is cut off"));
        assert!(of(&label(1250, 380, "middle", "sigmoid")).contains("is cut off"));
        assert!(of(&label(640, 5, "middle", "sigmoid")).contains("is cut off"));
        assert_eq!(of(&label(1150, 380, "start", "sigmoid")), "");
    }

    /// As the figure of the tape did: an adjoint in a box of 320 units.
    #[test]
    fn text_that_runs_out_of_its_box_is_found() {
        let words = label(1080, 380, "middle", "adjoint [0.1385; −0.0381]");
        for frame in [
            "<rect x=\"920\" y=\"300\" width=\"320\" height=\"160\" fill=\"none\" stroke=\"#008060\"/>\n",
            "<path fill=\"#FFFFFF\" d=\"M0 0h9v9h-9zM920 300h320v160h-320z\"/>\n",
            "<circle cx=\"1080\" cy=\"380\" r=\"180\"/>\n",
        ] {
            assert!(of(&(frame.to_owned() + &words)).contains("is neither in nor beside"), "{frame}");
        }
    }

    #[test]
    fn text_on_text_is_found() {
        let two = label(600, 380, "middle", "w₁ (layer 1)") + &label(700, 390, "middle", "w₂ (layer 2)");
        assert!(of(&two).contains("overlap"));
        assert_eq!(of(&(label(600, 380, "end", "w₁ (layer 1)") + &label(610, 390, "start", "w₂ (layer 2)"))), "");
    }

    #[test]
    fn turned_text_is_measured_upwards() {
        let turned = |y: i32| {
            label(40, y, "middle", "relative error")
                .replace("font-size", &format!("transform=\"rotate(270, 40, {y})\" font-size"))
        };
        assert_eq!(of(&turned(380)), "");
        assert!(of(&turned(100)).contains("is cut off"));
        assert!(of(&(turned(380) + &label(30, 300, "start", "0.1"))).contains("overlap"));
    }

    #[test]
    fn text_that_is_too_small_is_found() {
        let drawing = |text: String| format!("<svg viewBox=\"0 0 1280 760\">\n{text}</svg>");
        let text = label(640, 380, "middle", "small");
        assert!(too_small(&drawing(text.clone())).is_empty());
        assert_eq!(too_small(&drawing(text.replace("32", "26")))[..], ["\"small\" is 26 high, too small for a phone"]);
    }

    #[test]
    fn letters_without_a_width_are_found() {
        assert!(of(&label(640, 380, "middle", "漢")).contains("how wide is '漢'?"));
    }
}
