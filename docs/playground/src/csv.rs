//! Points of the plane from a pasted table.

use nn_train::{Precision, counted, plain_number, quoted};
use serde::Serialize;

use crate::json;
use crate::plane::MOST_CLASSES;

/// Points of the plane, and the names of their classes.
#[derive(Debug, PartialEq, Serialize)]
struct Points {
    points: Vec<(f64, f64, usize)>,
    names: Vec<String>,
}

/// Reads rows of three cells: x₁, x₂ and the name of the class. Commas, semicolons or tabs stand between them. A first row
/// without a number in its first two cells is a header.
///
/// # Errors
///
/// One line that names the row, and what is wrong with it.
pub fn points(text: &str) -> Result<String, String> {
    let text = text.trim_start_matches('\u{feff}');
    let separator = [';', '\t'].into_iter().find(|&separator| text.contains(separator)).unwrap_or(',');
    let (mut points, mut names) = (Vec::new(), Vec::<String>::new());
    let mut may_be_header = true;
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split(separator).map(|cell| cell.trim().trim_matches('"')).collect();
        let [x, y, class] = cells[..] else {
            return Err(format!("line {number} has {}: it takes x₁, x₂ and a class", counted(cells.len(), "cell")));
        };
        let read = |cell: &str| plain_number(cell, Precision::F32);
        if std::mem::take(&mut may_be_header) && read(x).is_err() && read(y).is_err() {
            continue;
        }
        let in_line = |error: nn_train::NumberError| format!("line {number}: {error}");
        let (x, y) = (read(x).map_err(in_line)?, read(y).map_err(in_line)?);
        if class.is_empty() {
            return Err(format!("line {number} has no class"));
        }
        let label = names.iter().position(|name| name == class).unwrap_or_else(|| {
            names.push(class.to_owned());
            names.len() - 1
        });
        if names.len() > MOST_CLASSES {
            return Err(format!(
                "line {number}: {} is one class more than the {MOST_CLASSES} that there are colours for",
                quoted(class)
            ));
        }
        points.push((x, y, label));
    }
    if names.len() < 2 {
        return Err("there are no two classes: a row is x₁, x₂, class".to_owned());
    }
    Ok(json(&Points { points, names }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_and_without_a_header_are_read() {
        let want = r#"{"points":[[1.5,-2.0,0],[0.0,3.0,1],[1.0,1.0,0]],"names":["a","b c"]}"#;
        let rows = ["1.5,-2,a", "0,3,\"b c\"", "1,1,a"];
        assert_eq!(points(&rows.join("\n")).unwrap(), want);
        assert_eq!(points(&format!("\u{feff}x,y,kind\r\n{}\r\n", rows.join("\r\n"))).unwrap(), want);
        assert_eq!(points(&rows.join("\n").replace(',', ";")).unwrap(), want);
        assert_eq!(points(&rows.join("\n").replace(',', "\t")).unwrap(), want);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let error = |text: &str| points(text).unwrap_err();
        assert_eq!(error("1,2,a\n3,4"), "line 2 has 2 cells: it takes x₁, x₂ and a class");
        assert_eq!(error("1,2,a\n3,four,b"), "line 2: `four` is not a number");
        assert_eq!(error("1,2,a\n3,4,"), "line 2 has no class");
        assert!(error("1,2,a\n3,4,a").contains("no two classes"));
        assert!(error("").contains("no two classes"));
        assert!(error("1,1,a\n1,1,b\n1,1,c\n1,1,d\n1,1,e\n1,1,f\n1,1,g").starts_with("line 7: "));
    }
}
