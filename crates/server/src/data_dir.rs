//! The data directory: one server at a time, files written whole or not at all.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The store's file in the directory.
pub(crate) const DATABASE: &str = "fleetwright.db";

/// An opened data directory, locked for this process until dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// The directory cannot be used. `Display` says why and what to do; nothing was changed.
#[derive(Debug)]
pub(crate) enum DataDirError {
    /// Another server has it.
    InUse {
        /// The directory.
        path: PathBuf,
        /// The other server's process id, if it wrote one.
        holder: String,
    },
    /// The file system refused.
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which path.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

impl fmt::Display for DataDirError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { path, holder } => write!(
                f,
                "{} is in use by another server (process {holder}); stop it, or give this one its \
                 own --data-dir",
                path.display()
            ),
            Self::Io { doing, path, error } => {
                write!(f, "cannot {doing} {}: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for DataDirError {}

impl DataDir {
    /// Makes the directory if it is missing (mode 0700) and takes its lock.
    pub(crate) fn open(path: &Path) -> Result<Self, DataDirError> {
        let fail = |doing, path: &Path| {
            let path = path.to_owned();
            move |error| DataDirError::Io { doing, path, error }
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(fail("create the data directory", path))?;
        let path = path.canonicalize().map_err(fail("open the data directory", path))?;
        let lock_path = path.join("lock");
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&lock_path)
            .map_err(fail("open the lock file", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let mut holder = String::new();
                lock.read_to_string(&mut holder).ok();
                return Err(DataDirError::InUse { path, holder: holder.trim().to_owned() });
            }
            Err(fs::TryLockError::Error(error)) => {
                return Err(fail("lock", &lock_path)(error));
            }
        }
        let wrote = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .and_then(|()| lock.sync_all());
        wrote.map_err(fail("write the lock file", &lock_path))?;
        Ok(Self { path, _lock: lock })
    }

    /// A path inside the directory.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file whole or not at all: temporary file, sync, rename, sync of the directory.
    pub(crate) fn write(&self, name: &str, mode: u32, content: &[u8]) -> Result<(), DataDirError> {
        write_whole(&self.join(name), mode, content).map_err(|error| DataDirError::Io {
            doing: "write",
            path: self.join(name),
            error,
        })
    }

    /// Reads a file; `None` when it does not exist.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, DataDirError> {
        match fs::read(self.join(name)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DataDirError::Io { doing: "read", path: self.join(name), error }),
        }
    }
}

/// Writes a file whole or not at all, anywhere.
pub(crate) fn write_whole(path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = parent.join(format!(".{name}.{}.new", std::process::id()));
    let mut file =
        OpenOptions::new().create(true).truncate(true).write(true).mode(mode).open(&temporary)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
        fs::remove_file(&temporary).ok();
        return Err(error);
    }
    File::open(parent)?.sync_all()
}
