//! Standard output that may close, and files that are never seen half written.

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use nn_train::one_line;

use crate::failure::Failure;

/// Lines for standard output. A reader who closes the pipe ends the printing, not the program.
#[derive(Debug)]
pub(crate) struct Out {
    quiet: bool,
    closed: bool,
}

impl Out {
    /// `quiet`: print nothing.
    pub(crate) fn new(quiet: bool) -> Self {
        Out { quiet, closed: false }
    }

    /// Prints a line.
    pub(crate) fn line(&mut self, line: impl Display) -> Result<(), Failure> {
        self.text(format_args!("{line}\n"))
    }

    /// Prints a text as it is.
    pub(crate) fn text(&mut self, text: impl Display) -> Result<(), Failure> {
        if self.quiet || self.closed {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        match write!(stdout, "{text}").and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => return Err(Failure::data(format_args!("standard output: {error}"))),
            Ok(()) => {}
        }
        Ok(())
    }

    /// Whether the reader has gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }
}

/// A line on standard error that the program can go on without.
pub(crate) fn warn(message: impl Display) {
    // Where standard error is closed there is no one to tell.
    let _ = writeln!(io::stderr(), "warning: {}", one_line(&message.to_string()));
}

/// Creates the folder where there is none, and tries that a file can be written there.
pub(crate) fn try_folder(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .and_then(|()| tempfile::Builder::new().prefix(".nn-").tempfile_in(folder))
        .map(drop)
        .map_err(|error| Failure::file(folder, error))
}

/// Writes a file beside its place, brings it to the disk, and renames it over: a kill at any moment leaves the old
/// file or the new one.
pub(crate) fn write_file(path: &Path, contents: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".nn-").permissions(permissions()).tempfile_in(folder)?;
        file.write_all(contents)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        sync_folder(folder)
    };
    write().map_err(|error| Failure::file(path, error))
}

/// The permissions of an ordinary new file (less the umask), not the private ones of a temporary file.
#[cfg(unix)]
fn permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o666)
}

/// A rename is on the disk when its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}
