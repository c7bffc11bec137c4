//! The folder of a run: one run at a time writes to it, and nobody sees a file of it half written.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, File, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::{NamedTempFile, PersistError};

use crate::failure::Failure;

/// A folder that this run writes to, and no other until this one ends.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
    /// The system takes the lock back when the program ends, also when it is killed.
    lock: File,
}

impl RunFolder {
    /// Takes the folder, which is created where there is none, and removes what killed runs left in it.
    ///
    /// Before the work it finds out what would waste it: that another run writes here, that no file can be created, or
    /// that what has one of these `names` cannot be replaced.
    pub(crate) fn open(path: &Path, names: &[&str]) -> Result<Self, Failure> {
        let failed = |error| Failure::file(path, error);
        fs::create_dir_all(path).map_err(failed)?;
        let lock = lock(path).map_err(|error| match error {
            TryLockError::WouldBlock => Failure::file(path, "another run writes to this folder"),
            TryLockError::Error(error) => failed(error),
        })?;
        fs::read_dir(path).map_err(failed)?.flatten().filter(|entry| is_leftover(entry, names)).for_each(|entry| {
            // One that cannot be removed is in nobody's way.
            let _ = fs::remove_file(entry.path());
        });
        for name in names {
            temporary(path, name).map_err(failed)?;
            let path = path.join(name);
            check_place(&path).map_err(|why| Failure::file(&path, why))?;
        }
        Ok(RunFolder { path: path.to_owned(), lock })
    }

    /// Where a file of the folder is.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file beside its place, brings it to the disk, and renames it over what was there: a kill at any moment, or
    /// a full disk, leaves the old file or the new one.
    ///
    /// What cannot be put into its place after all is kept under another name.
    pub(crate) fn write(
        &self,
        name: &str,
        contents: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let path = self.file(name);
        let failed = |error| Failure::file(&path, error);
        let file = self.beside(name, contents).map_err(failed)?;
        match file.persist(&path) {
            Ok(_) => self.sync().map_err(failed),
            Err(PersistError { error, file }) => {
                let random = file.path().to_string_lossy().chars().rev().take(RANDOM).collect::<String>();
                let other = self.file(&format!("{random}-{name}"));
                file.persist_noclobber(&other).map_err(|_| Failure::file(&path, &error))?;
                Err(Failure::file(&path, format_args!("{error}; what belongs there is kept in {}", other.display())))
            }
        }
    }

    fn beside(&self, name: &str, contents: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<NamedTempFile> {
        let mut writer = BufWriter::new(temporary(&self.path, name)?);
        contents(&mut writer)?;
        let file = writer.into_inner()?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    /// A rename is on the disk when its folder is. Windows cannot be asked for that, nor can some network shares.
    fn sync(&self) -> io::Result<()> {
        match self.lock.sync_all() {
            Err(error) if cfg!(windows) || error.kind() == ErrorKind::InvalidInput => Ok(()),
            result => result,
        }
    }
}

/// How often a running training is saved: at the end of an epoch, if that takes less than 3 % of the time.
#[derive(Debug)]
pub(crate) struct Pace {
    last: Instant,
    cost: Duration,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Pace { last: Instant::now(), cost: Duration::ZERO }
    }

    /// Saves at the first call, and then whenever 30 times as long has passed as saving took the last time.
    pub(crate) fn now_and_then(&mut self, save: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        if self.last.elapsed() < 30 * self.cost {
            return Ok(());
        }
        let start = Instant::now();
        save()?;
        *self = Pace { last: Instant::now(), cost: start.elapsed() };
        Ok(())
    }
}

/// Locks the folder itself, so that no file of a lock is ever seen. On a network share that is a lock among the runs of
/// this machine, and a file system without locks gets a warning.
#[cfg(unix)]
fn lock(folder: &Path) -> Result<File, TryLockError> {
    let lock = File::open(folder).map_err(TryLockError::Error)?;
    match lock.try_lock() {
        Err(TryLockError::Error(error)) => crate::output::warn(format_args!(
            "{}: no lock is to be had ({error}): two runs at once would mix their files",
            folder.display()
        )),
        result => result?,
    }
    Ok(lock)
}

/// Folders have no locks here: a file that nobody else may open, and that the system removes when it is closed.
#[cfg(windows)]
fn lock(folder: &Path) -> Result<File, TryLockError> {
    use std::os::windows::fs::OpenOptionsExt;
    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
    const ERROR_SHARING_VIOLATION: i32 = 32;
    let mut options = File::options();
    options.write(true).create(true).truncate(false).share_mode(0).custom_flags(FILE_FLAG_DELETE_ON_CLOSE);
    options.open(folder.join(format!("{PREFIX}lock"))).map_err(|error| match error.raw_os_error() {
        Some(ERROR_SHARING_VIOLATION) => TryLockError::WouldBlock,
        _ => TryLockError::Error(error),
    })
}

/// The name of a temporary file: this, the name of the file that it becomes, a hyphen, and some random letters and
/// digits: `.nn-unfinished-model.json-Ab12Cd`. Nobody calls a file of their own so.
const PREFIX: &str = ".nn-unfinished-";
const RANDOM: usize = 6;

/// A file that is to become the one with this `name`, and goes when it is dropped. It has the permissions of an ordinary
/// file instead of a private one.
fn temporary(folder: &Path, name: &str) -> io::Result<NamedTempFile> {
    let prefix = format!("{PREFIX}{name}-");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).rand_bytes(RANDOM);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask
    let file = builder.tempfile_in(folder)?;
    // Whose lock cannot be had will not be taken for a leftover.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Whether this is a temporary file for one of these `names` whose program is gone: a lock ends with the program that
/// holds it.
fn is_leftover(entry: &DirEntry, names: &[&str]) -> bool {
    let is_temporary = |name: &OsStr| {
        let rest = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let random = rest.and_then(|rest| names.iter().find_map(|name| rest.strip_prefix(name)?.strip_prefix('-')));
        random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    is_temporary(&entry.file_name())
        && entry.file_type().is_ok_and(|kind| kind.is_file())
        && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok())
}

/// Whether a file can be put there, as far as that can be known without doing it.
fn check_place(path: &Path) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.to_string()),
        Ok(metadata) if metadata.is_dir() => Err("a folder is in the way".to_owned()),
        Ok(metadata) if !metadata.is_file() && !metadata.is_symlink() => Err("not a file, and in the way".to_owned()),
        Ok(metadata) if cfg!(windows) && metadata.permissions().readonly() => Err("the file is read-only".to_owned()),
        Ok(_) => Ok(()),
    }
}
