//! A [`Diagnosis`] as text: what is right, what is off first, the mistake, and where to look for it.

use nn_core::text::{of_layer, on_paper};

use super::answer::{Compared, Diagnosis, Finding, Sample};
use super::array::{Array, Quantity};
use super::digits::Digits;

use crate::mistakes::{GRADIENT_TRANSPOSED, Lines, chapter_title};

/// Paragraphs are broken at this width.
const WIDTH: usize = 80;

/// A piece of the answer.
enum Block {
    Heading(String),
    Words(String),
    /// Lines that are not wrapped.
    Lines(Vec<Line>),
}

/// Pieces of text, each with its style.
type Line = Vec<(Look, String)>;

#[derive(Clone, Copy, PartialEq)]
enum Look {
    Plain,
    Heading,
    Good,
    Bad,
    Faint,
}

impl Look {
    /// The escape sequence that switches it on (ECMA-48, Select Graphic Rendition).
    fn escape(self) -> &'static str {
        match self {
            Look::Plain => "",
            Look::Heading => "\x1b[1m",
            Look::Good => "\x1b[32m",
            Look::Bad => "\x1b[1;31m",
            Look::Faint => "\x1b[2m",
        }
    }
}

fn plain(text: impl Into<String>) -> (Look, String) {
    (Look::Plain, text.into())
}

impl Diagnosis {
    /// The answer for a terminal, without colours.
    pub fn to_text(&self) -> String {
        self.text(false)
    }

    /// The answer for a terminal that shows colours.
    pub fn to_colored_text(&self) -> String {
        self.text(true)
    }

    /// The answer in Markdown, ready to paste.
    pub fn to_markdown(&self) -> String {
        let blocks = self.blocks().into_iter().map(|block| match block {
            Block::Heading(heading) => format!("## {heading}"),
            Block::Words(words) => words,
            Block::Lines(lines) => format!("```text\n{}\n```", rendered(&lines, false).join("\n")),
        });
        blocks.collect::<Vec<_>>().join("\n\n") + "\n"
    }

    fn text(&self, colors: bool) -> String {
        let mut text = String::new();
        for block in self.blocks() {
            let lines = match block {
                Block::Heading(heading) => rendered(&[vec![(Look::Heading, heading)]], colors),
                Block::Words(words) => wrapped(&words, WIDTH),
                Block::Lines(lines) => rendered(&lines, colors).iter().map(|line| format!("  {line}")).collect(),
            };
            for line in lines {
                text.push_str(line.trim_end());
                text.push('\n');
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text + "\n"
    }

    fn blocks(&self) -> Vec<Block> {
        let examples = if self.examples == 1 { "example" } else { "examples" };
        let mut blocks = vec![Block::Words(format!(
            "Your numbers beside ours, for a {} network and {} {examples}. Equal means equal to {:.0e} of the largest entry \
             of an array: your numbers have {}.",
            self.widths, self.examples, self.tolerance, self.digits
        ))];
        blocks.extend(self.remarks.iter().map(|remark| Block::Words(remark.clone())));
        blocks.extend(self.what_is_right());
        if self.agrees {
            blocks.push(Block::Words(match self.digits {
                Digits::Few => "Everything agrees, as far as these digits show.".to_owned(),
                _ => "Everything agrees. There is no error in these numbers.".to_owned(),
            }));
            return blocks;
        }
        blocks.extend(self.what_is_off());
        for (i, finding) in self.findings.iter().enumerate() {
            blocks.extend(self.finding(i, finding));
        }
        let unexplained = self.unexplained();
        if !self.findings.is_empty() && !unexplained.is_empty() {
            blocks.push(Block::Heading("What remains".to_owned()));
            blocks.push(Block::Words(format!(
                "No known mistake gives your {}. Fix the above, and run the diagnosis again.",
                names(&unexplained)
            )));
        }
        if self.findings.is_empty() {
            blocks.extend(self.no_finding());
        }
        blocks
    }

    fn what_is_right(&self) -> Vec<Block> {
        let those = |which: fn(&&Compared) -> bool| -> Vec<Array> {
            self.arrays.iter().filter(which).map(|compared| compared.array).collect()
        };
        let (right, transposed) = (those(|compared| compared.agrees), those(|compared| compared.is_transposed));
        let mut lines: Vec<Line> = Vec::new();
        for (arrays, layout) in [(&right, ""), (&transposed, ", in the other layout")] {
            if arrays.is_empty() {
                continue;
            }
            for (i, part) in wrapped(&(names(arrays) + layout), WIDTH - 4).into_iter().enumerate() {
                lines.push(vec![(Look::Good, if i == 0 { "✓ " } else { "  " }.to_owned()), plain(part)]);
            }
        }
        if lines.is_empty() {
            return Vec::new();
        }
        let mut blocks = vec![Block::Heading("What is right".to_owned()), Block::Lines(lines)];
        // Both gradients of the last layer depend on everything that came before.
        let has = |quantity| {
            [&right, &transposed].iter().any(|those| those.contains(&Array { quantity, layer: Some(self.layers) }))
        };
        let gives_forward = self.arrays.iter().any(|compared| compared.array.quantity.is_forward());
        if self.off().count() > 0 && !gives_forward && has(Quantity::WeightGradient) && has(Quantity::BiasGradient) {
            blocks.push(Block::Words(
                "The gradients of the last layer contain all that comes before them: your forward pass and your output \
                 error are right as well."
                    .to_owned(),
            ));
        }
        blocks
    }

    fn what_is_off(&self) -> Vec<Block> {
        let mut lines: Vec<Line> = Vec::new();
        for compared in self.off() {
            let by = match compared.difference {
                d if d.is_finite() => format!("off by {} × our largest entry", on_paper(d, 2)),
                _ => "where ours is 0".to_owned(),
            };
            let first = if lines.is_empty() { "   ← the first to be computed" } else { "" };
            let name = name(compared.array);
            lines.push(vec![
                (Look::Bad, "✗ ".to_owned()),
                plain(format!("{name:<10} {by}")),
                (Look::Faint, first.to_owned()),
            ]);
        }
        for compared in self.arrays.iter().filter(|compared| !compared.tells) {
            lines.push(vec![plain(format!("? {:<10} has too few digits to tell", name(compared.array)))]);
        }
        match lines.is_empty() {
            true => Vec::new(),
            false => vec![Block::Heading("What is off".to_owned()), Block::Lines(lines)],
        }
    }

    /// The arrays that are off and that no finding explains.
    fn unexplained(&self) -> Vec<Array> {
        let is_explained = |array: &Array| self.findings.iter().any(|finding| finding.explains.contains(array));
        self.off().map(|compared| compared.array).filter(|array| !is_explained(array)).collect()
    }

    fn finding(&self, i: usize, finding: &Finding) -> Vec<Block> {
        let mistake = finding.made.mistake;
        let place = match finding.layer {
            Some(layer) => format!(", layer {layer}"),
            None => String::new(),
        };
        let is_rival = i > 0 && finding.with.is_empty() && finding.explains == self.findings[i - 1].explains;
        let is_convention = finding.made.is_convention();
        let kind = match (is_rival, is_convention) {
            (true, _) => "Or",
            (false, true) => "The convention",
            (false, false) => "The mistake",
        };
        let with = finding.with.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" and ");
        let together = if with.is_empty() { String::new() } else { format!(" Together with {with}.") };
        let is_all = finding.explains.len() == self.off().count();
        let only =
            if is_all && with.is_empty() && !is_convention { ": nothing else is wrong in these numbers" } else { "" };
        let mut blocks = vec![
            Block::Heading(format!("{kind}: {}{place}", mistake.id)),
            Block::Words(format!(
                "{}{together} It gives exactly your {}{only}.",
                finding.sentence,
                names(&finding.explains)
            )),
        ];
        let equation = mistake.equation_in(finding.layer, self.layers);
        let fill = |text: &str| in_layer(text, finding.layer, self.layers);
        let mut lines =
            equation_lines("right", &fill(equation.right), Look::Good, &format!("   ({})", equation.number));
        let bad = if is_convention { Look::Heading } else { Look::Bad }; // Red is for errors.
        lines.extend(equation_lines("yours", &fill(equation.wrong), bad, ""));
        blocks.push(Block::Lines(lines));
        if let Some(sample) = &finding.sample {
            blocks.push(Block::Lines(sample_lines(sample, is_convention)));
        }
        blocks.push(Block::Words(format!("Look for {}.", mistake.look_for)));
        let code = |language: &str, lines: Lines| {
            [
                vec![plain(format!("{language:<6} ")), (bad, lines.wrong.to_owned())],
                vec![plain("   →   "), (Look::Good, lines.right.to_owned())],
            ]
        };
        let code = code("NumPy", mistake.numpy).into_iter().chain(code("Rust", mistake.rust));
        blocks.push(Block::Lines(code.collect()));
        if let Some(tell_apart) = &finding.tell_apart {
            blocks.push(Block::Words(format!("Another explanation gives the same numbers here. {tell_apart}")));
        }
        let chapter = equation.chapter;
        blocks.push(Block::Words(format!("In the book: “{}”, docs/src/{chapter}.md.", chapter_title(chapter))));
        blocks
    }

    fn no_finding(&self) -> Vec<Block> {
        let Some(first) = self.off().next() else { return Vec::new() };
        let mut blocks = vec![Block::Heading("No known mistake gives these numbers".to_owned())];
        let has = |quantities: &[Quantity]| self.arrays.iter().any(|c| quantities.contains(&c.array.quantity));
        let mut advice = match self.arrays.first() {
            Some(very_first) if very_first.agrees || very_first.is_transposed => {
                format!("Begin with {}: what you gave of the steps before it is right.", name(first.array))
            }
            _ => format!("Begin with {}.", name(first.array)),
        };
        if self.digits != Digits::Few {
            let missing: Vec<&str> = [Quantity::Z, Quantity::A, Quantity::Loss, Quantity::Delta]
                .into_iter()
                .filter(|&quantity| !has(&[quantity]))
                .map(Quantity::name)
                .collect();
            if !missing.is_empty() {
                advice += &format!(
                    " Add {} to your file, to see the first step that is off.",
                    missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                );
            }
            advice += " Try one example and one layer. `nn explain` shows every number of the right computation.";
        }
        blocks.push(Block::Words(advice));
        blocks
    }
}

/// An equation, with the part that differs marked on the line below.
fn equation_lines(label: &str, equation: &str, look: Look, after: &str) -> Vec<Line> {
    let mut line: Line = vec![plain(format!("{label}  "))];
    let (mut marks, mut is_marked) = (" ".repeat(label.len() + 2), false);
    for part in equation.split_inclusive(['{', '}']) {
        let text = part.trim_end_matches(['{', '}']);
        // The spaces around a part are not marked.
        let inner = text.trim();
        let lead = text.chars().count() - text.trim_start().chars().count();
        marks += &" ".repeat(lead);
        marks += &if is_marked { "^" } else { " " }.repeat(inner.chars().count());
        marks += &" ".repeat(text.chars().count() - lead - inner.chars().count());
        line.push((if is_marked { look } else { Look::Plain }, text.to_owned()));
        is_marked = match part.chars().last() {
            Some('{') => true,
            Some('}') => false,
            _ => is_marked,
        };
    }
    line.push((Look::Faint, after.to_owned()));
    let mut lines = vec![line];
    if marks.contains('^') {
        lines.push(vec![(look, marks.trim_end().to_owned())]);
    }
    lines
}

/// Yours, ours, and ours with the mistake.
fn sample_lines(sample: &Sample, is_convention: bool) -> Vec<Line> {
    let Sample { array, at: (i, k), yours, ours, with_mistake } = *sample;
    let apart = ((ours - with_mistake) / with_mistake).abs();
    let digits = if apart > 0.0 && apart.is_finite() { (3.0 - apart.log10()).ceil().clamp(6.0, 17.0) } else { 6.0 };
    let number = |x: f64| on_paper(x, digits as usize);
    let entry = match array.quantity {
        Quantity::Loss | Quantity::BiasGradient | Quantity::UpdatedBias => format!("{} [{i}]", name(array)),
        Quantity::Z | Quantity::A | Quantity::Delta => format!("{} [unit {i}, example {k}]", name(array)),
        Quantity::WeightGradient | Quantity::UpdatedWeight => {
            format!("{} [row {i}, column {k}]", name(array))
        }
    };
    let last = if is_convention { "ours, in this convention" } else { "ours, with this mistake" };
    let cells = [("", entry), ("yours", number(yours)), ("ours", number(ours)), (last, number(with_mistake))];
    let width = |(head, cell): &(&str, String)| head.chars().count().max(cell.chars().count());
    let line = |pick: fn(&(&str, String)) -> String| {
        cells.iter().map(|cell| format!("{:<width$}  ", pick(cell), width = width(cell))).collect::<String>()
    };
    vec![vec![(Look::Faint, line(|cell| cell.0.to_owned()))], vec![plain(line(|cell| cell.1.clone()))]]
}

/// An equation for a certain layer.
fn in_layer(equation: &str, layer: Option<usize>, layers: usize) -> String {
    let equation = equation.replace("⁽ᴸ⁾", &of_layer(layers));
    match layer {
        Some(layer) => equation
            .replace("⁽ˡ⁺¹⁾", &of_layer(layer + 1))
            .replace("⁽ˡ⁻¹⁾", &of_layer(layer - 1))
            .replace("⁽ˡ⁾", &of_layer(layer)),
        None => equation,
    }
}

/// ∂J/∂W⁽¹⁾
fn name(array: Array) -> String {
    let l = array.layer.map_or(String::new(), of_layer);
    match array.quantity {
        Quantity::Z => format!("z{l}"),
        Quantity::A => format!("a{l}"),
        Quantity::Loss => "J".to_owned(),
        Quantity::Delta => format!("δ{l}"),
        Quantity::WeightGradient => format!("∂J/∂W{l}"),
        Quantity::BiasGradient => format!("∂J/∂b{l}"),
        Quantity::UpdatedWeight => format!("updated W{l}"),
        Quantity::UpdatedBias => format!("updated b{l}"),
    }
}

fn names(arrays: &[Array]) -> String {
    arrays.iter().map(|&array| name(array)).collect::<Vec<_>>().join(", ")
}

fn rendered(lines: &[Line], colors: bool) -> Vec<String> {
    let piece = |(look, text): &(Look, String)| match colors && *look != Look::Plain && !text.is_empty() {
        true => format!("{}{text}\x1b[0m", look.escape()),
        false => text.clone(),
    };
    lines.iter().map(|line| line.iter().map(piece).collect::<String>().trim_end().to_owned()).collect()
}

fn wrapped(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let line = lines.last_mut().expect("there is a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

impl Finding {
    /// Whether the finding is only that the weights are transposed.
    pub fn is_layout(&self) -> bool {
        self.made.mistake.id == GRADIENT_TRANSPOSED
    }
}
