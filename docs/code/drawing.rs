//! What all drawings have in common: colours for light and for dark pages, text, axes, and the SVG around it all.

use std::error::Error;
use std::ops::Range;

use nn_core::text::superscript;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::letters::width;

/// Where plotters draws.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What drawing gives.
pub type Drawn<T = ()> = Result<T, Box<dyn Error>>;

/// Colours that stay apart for colour-blind eyes (those of Okabe and Ito's palette), and also as text.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// What a file's name ends in: nothing, or `-dark`.
    pub suffix: &'static str,
    /// The page.
    pub page: RGBColor,
    /// Text, and ink.
    pub text: RGBColor,
    /// Text that is not in the foreground.
    pub quiet_text: RGBColor,
    /// The lines of a grid.
    pub grid: RGBColor,
    /// The paper of a picture.
    pub paper: RGBColor,
    /// Blue: training, the first of several.
    pub training: RGBColor,
    /// Orange: held-out rows, the second of several.
    pub held_out: RGBColor,
    /// Pink: mistakes, the third of several.
    pub mistake: RGBColor,
    /// Green: the fourth of several.
    pub fourth: RGBColor,
}

/// For light pages.
pub const LIGHT: Theme = Theme {
    suffix: "",
    page: RGBColor(255, 255, 255),
    text: RGBColor(31, 35, 40),
    quiet_text: RGBColor(89, 99, 110),
    grid: RGBColor(222, 226, 230),
    paper: RGBColor(240, 242, 244),
    training: RGBColor(0, 114, 178),
    held_out: RGBColor(190, 90, 0),
    mistake: RGBColor(176, 32, 122),
    fourth: RGBColor(0, 128, 96),
};

/// For dark pages.
pub const DARK: Theme = Theme {
    suffix: "-dark",
    page: RGBColor(13, 17, 23),
    text: RGBColor(230, 237, 243),
    quiet_text: RGBColor(145, 152, 161),
    grid: RGBColor(48, 54, 61),
    paper: RGBColor(28, 33, 40),
    training: RGBColor(86, 180, 233),
    held_out: RGBColor(240, 160, 20),
    mistake: RGBColor(247, 140, 200),
    fourth: RGBColor(60, 200, 150),
};

/// The size of the text of a figure. plotters rounds to whole units, so there are two to a nominal pixel.
pub const TEXT: f64 = 34.0;

/// The width of a figure of the book: 640 nominal pixels, so that its text can be read on a phone.
pub const WIDTH: u32 = 1280;

/// The height of a figure's title.
pub const HEADING: u32 = 64;

/// A drawing of this size as the text of an SVG file, with a title and a description for those who cannot see it.
///
/// # Errors
///
/// As `draw`.
pub fn svg(
    (width, height): (u32, u32),
    title: &str,
    description: &str,
    draw: impl FnOnce(&Area) -> Drawn,
) -> Drawn<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        draw(&area)?;
        area.present()?;
    }
    let (_, drawing) = svg.split_once('>').ok_or("an SVG without a tag")?;
    Ok(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title description">
<title id="title">{title}</title>
<desc id="description">{description}</desc>{}"#,
        width / 2,
        height / 2,
        drawing.replace(r#" opacity="1""#, "").replace(r#" stroke="none""#, ""),
    ))
}

/// A figure of the book: [`WIDTH`] wide, on the ground of whatever page it stands on, with its title on top.
///
/// # Errors
///
/// As `draw`.
pub fn figure(
    theme: &Theme,
    height: u32,
    title: &str,
    description: &str,
    draw: impl FnOnce(&Area) -> Drawn,
) -> Drawn<String> {
    let drawing = svg((WIDTH, height), title, description, |area| {
        area.draw_text(title, &bold(theme.text, TEXT + 2.0), (12, 14))?;
        let (_, below) = area.split_vertically(HEADING);
        draw(&below)
    })?;
    Ok(merge_rectangles(&drawing))
}

/// Neighbouring rectangles of one colour become one path: a quarter of the letters.
fn merge_rectangles(svg: &str) -> String {
    let mut merged = String::with_capacity(svg.len());
    let mut path: Option<(&str, String)> = None;
    for line in svg.lines() {
        let rectangle = rectangle(line);
        if let (Some((color, d)), Some((next, outline))) = (&mut path, &rectangle)
            && color == next
        {
            *d += outline;
            continue;
        }
        if let Some((color, d)) = path.take() {
            merged += &format!("<path fill=\"{color}\" d=\"{d}\"/>\n");
        }
        match rectangle {
            Some(rectangle) => path = Some(rectangle),
            None => {
                merged += line;
                merged.push('\n');
            }
        }
    }
    merged
}

/// The colour and the outline of a filled rectangle.
fn rectangle(line: &str) -> Option<(&str, String)> {
    let inside = line.strip_prefix("<rect ")?.strip_suffix("/>")?;
    let value = |name: &str| inside.split_once(&format!("{name}=\""))?.1.split('"').next();
    if inside.contains("opacity") || inside.contains("stroke") {
        return None;
    }
    let [x, y, width, height] = [" x", " y", "width", "height"].map(|name| value(name.trim_start()));
    let (x, y) = (x?, y?);
    Some((value("fill")?, format!("M{x} {y}h{}v{}h-{0}z", width?, height?)))
}

/// Text in this colour.
pub fn label(color: RGBColor, size: f64) -> TextStyle<'static> {
    // plotters divides the size by 1.24.
    ("sans-serif", 1.24 * size).into_font().color(&color).into_text_style(&(WIDTH, WIDTH))
}

/// Heavy text in this colour.
pub fn bold(color: RGBColor, size: f64) -> TextStyle<'static> {
    ("sans-serif", 1.24 * size, FontStyle::Bold).into_font().color(&color).into_text_style(&(WIDTH, WIDTH))
}

/// Text that is centred on a point.
pub fn centered(color: RGBColor, size: f64) -> TextStyle<'static> {
    label(color, size).pos(Pos::new(HPos::Center, VPos::Center))
}

/// A colour between two others.
pub fn mix(paper: RGBColor, ink: RGBColor, share: f64) -> RGBColor {
    let mix = |from: u8, to: u8| (f64::from(from) + share * (f64::from(to) - f64::from(from))).round() as u8;
    RGBColor(mix(paper.0, ink.0), mix(paper.1, ink.1), mix(paper.2, ink.2))
}

/// How a chart's axes look.
#[derive(Clone, Copy, Debug)]
pub struct Axes<'a> {
    /// What the horizontal axis shows, with its unit.
    pub x_name: &'a str,
    /// What the vertical axis shows, with its unit.
    pub y_name: &'a str,
    /// About how many numbers along each axis.
    pub ticks: [usize; 2],
    /// Room on the left, for the name of the vertical axis and its numbers.
    pub left: u32,
    /// Room on the right, for the names of curves.
    pub right: u32,
}

/// [`Axes::left`] for a name and for numbers such as 10⁻¹².
pub const LEFT: u32 = 150;
/// [`Axes::left`] where the vertical axis has no name.
pub const LEFT_OF_NUMBERS: u32 = 84;

/// The room around a chart with its numbers and names.
const MARGIN: u32 = 14;

impl Axes<'_> {
    /// The room below, for the name of the horizontal axis and its numbers.
    fn below(&self) -> u32 {
        if self.x_name.is_empty() { 56 } else { 92 }
    }

    /// The height of an area of this width whose chart is `aspect` times as high as it is wide, so that a square is one.
    pub fn height(&self, width: u32, aspect: f64) -> u32 {
        let inside = width - MARGIN - self.left - self.right;
        (f64::from(inside) * aspect).round() as u32 + 2 * MARGIN + self.below()
    }
}

/// A chart with these axes, ready to be drawn into.
pub type Chart<'a, 'b, X, Y> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<X, Y>>;

/// Axes in the manner of this book, with the numbers as `x_label` and `y_label` write them.
///
/// # Errors
///
/// As plotters.
pub fn axes<'a, 'b, X, Y>(
    theme: &Theme,
    area: &Area<'b>,
    look: Axes,
    x: X,
    y: Y,
    [x_label, y_label]: [&dyn Fn(&f64) -> String; 2],
) -> Drawn<Chart<'a, 'b, X::CoordDescType, Y::CoordDescType>>
where
    X: AsRangedCoord<Value = f64>,
    Y: AsRangedCoord<Value = f64>,
    X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let mut chart = ChartBuilder::on(area)
        .margin(MARGIN)
        .margin_right(look.right)
        .x_label_area_size(look.below())
        .y_label_area_size(look.left)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(theme.grid.stroke_width(2))
        .axis_style(theme.quiet_text.stroke_width(2))
        .label_style(label(theme.quiet_text, TEXT - 4.0))
        .axis_desc_style(label(theme.text, TEXT - 2.0))
        .x_labels(look.ticks[0])
        .y_labels(look.ticks[1])
        .x_label_formatter(x_label)
        .y_label_formatter(y_label)
        .x_desc(look.x_name)
        .y_desc(look.y_name)
        .draw()?;
    Ok(chart)
}

/// A chart whose axes are neither logarithmic nor anything else that is not even.
pub type Plane<'a, 'b> = Chart<'a, 'b, RangedCoordf64, RangedCoordf64>;

/// Fills a chart with cells of these colours, row by row from the bottom, `columns` in a row. Equal neighbours are one
/// rectangle, and those of one colour stand together, so that they become one path.
///
/// # Errors
///
/// As plotters.
pub fn raster(chart: &mut Plane, [x, y]: [&Range<f64>; 2], columns: usize, colors: &[RGBColor]) -> Drawn {
    let rows = colors.len() / columns;
    let mut runs: Vec<([u8; 3], [usize; 3])> = Vec::new(); // a colour, and its row, first column and end
    for (row, colors) in colors.chunks(columns).enumerate() {
        let mut from = 0;
        for run in colors.chunk_by(|a, b| a == b) {
            let RGBColor(r, g, b) = run[0];
            runs.push(([r, g, b], [row, from, from + run.len()]));
            from += run.len();
        }
    }
    runs.sort_unstable();
    let at = |range: &Range<f64>, i: usize, n: usize| range.start + (range.end - range.start) * i as f64 / n as f64;
    chart.draw_series(runs.into_iter().map(|([r, g, b], [row, from, end])| {
        let corners = [(at(x, from, columns), at(y, row, rows)), (at(x, end, columns), at(y, row + 1, rows))];
        Rectangle::new(corners, RGBColor(r, g, b).filled())
    }))?;
    Ok(())
}

/// [`Axes::right`] for the names of curves at their ends.
pub fn room_for<'a>(names: impl IntoIterator<Item = &'a str>) -> u32 {
    names.into_iter().map(|name| width(name, TEXT - 2.0, false).ceil() as u32 + BEHIND as u32 + 8).max().unwrap_or(0)
}

/// How far behind the end of a curve its name begins.
const BEHIND: i32 = 10;

/// The name of a curve at its last point.
///
/// # Errors
///
/// As plotters.
pub fn name_at_end<X, Y>(chart: &mut Chart<X, Y>, end: Option<(f64, f64)>, name: &str, color: RGBColor) -> Drawn
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    let style = label(color, TEXT - 2.0).pos(Pos::new(HPos::Left, VPos::Center));
    chart.draw_series(end.map(|end| EmptyElement::at(end) + Text::new(name.to_owned(), (BEHIND, 0), style)))?;
    Ok(())
}

/// A number as it is.
pub fn plain(x: &f64) -> String {
    let rounded = (x * 1e9).round() / 1e9; // ticks are sums, and 0.30000000000000004 is none
    if rounded == 0.0 { "0".to_owned() } else { rounded.to_string().replace('-', "−") }
}

/// A power of ten.
pub fn power(x: &f64) -> String {
    let exponent = x.log10().round() as i32;
    format!("10{}", superscript(&exponent.to_string()))
}

/// A row of names, each behind a stroke in its colour, from `x` on.
///
/// # Errors
///
/// As plotters.
pub fn legend(theme: &Theme, area: &Area, (mut x, y): (i32, i32), names: &[(&str, RGBColor)]) -> Drawn {
    for &(name, color) in names {
        area.draw(&PathElement::new([(x, y), (x + 50, y)], color.stroke_width(6)))?;
        let style = label(theme.text, TEXT - 3.0).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw_text(name, &style, (x + 62, y))?;
        x += 62 + width(name, TEXT - 3.0, false) as i32 + 40;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_of_one_colour_are_merged() {
        let one = r##"<rect x="1" y="2" width="3" height="4" fill="#AAAAAA"/>"##;
        let other = one.replace("#A", "#B");
        let merged = merge_rectangles(&format!("{one}\n{one}\n{other}\n<line/>"));
        assert_eq!(
            merged,
            "<path fill=\"#AAAAAA\" d=\"M1 2h3v4h-3zM1 2h3v4h-3z\"/>\n<path fill=\"#BAAAAA\" d=\"M1 2h3v4h-3z\"/>\n<line/>\n"
        );
    }

    #[test]
    fn numbers_on_axes_are_short() {
        assert_eq!((plain(&(0.1 + 0.2)), plain(&-1e-17), plain(&-2.0)), ("0.3".into(), "0".into(), "−2".into()));
        assert_eq!((power(&1e-12), power(&1.0)), ("10⁻¹²".into(), "10⁰".into()));
    }
}
