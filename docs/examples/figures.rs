//! Draws the figures of the book.
//!
//! ```text
//! scripts/book figures            writes docs/src/figures
//! scripts/book figures --check    says which of the files there are not what the code draws
//! ```

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let check = std::env::args().any(|argument| argument == "--check");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/figures");
    let files = nn_docs::figures::draw()?;
    let mut problems = Vec::new();
    if !check {
        std::fs::create_dir_all(&folder)?;
    }
    for (name, svg) in &files {
        let path = folder.join(name);
        if !check {
            std::fs::write(&path, svg)?;
        } else if std::fs::read_to_string(&path).ok().as_ref() != Some(svg) {
            problems.push(format!("docs/src/figures/{name} is not what the code draws"));
        }
    }
    for file in std::fs::read_dir(&folder)? {
        let name = file?.file_name().to_string_lossy().into_owned();
        if !files.iter().any(|(known, _)| *known == name) {
            problems.push(format!("docs/src/figures/{name} is drawn by nothing"));
        }
    }
    if problems.is_empty() {
        println!("{} figures {}", files.len(), if check { "are what the code draws" } else { "written" });
        return Ok(());
    }
    Err(problems.join("\n").into())
}
