//! The data directory: one server at a time, files written whole or not at all.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The store's file in the directory.
pub(crate) const DATABASE: &str = "fleetwright.db";

const LOCK: &str = "lock";
/// Where files are written whole or not at all, by way of `.NAME….new`.
const WRITTEN: [&str; 4] = ["", "ca", "key-pool", "functions"];

/// An opened data directory, locked for this process until dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    lock: File,
    /// What the lock's file held before; `None` when this start made it.
    lock_before: Option<Vec<u8>>,
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
    /// It belongs to another user of this machine.
    OfAnother {
        /// The directory.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
        /// Ours.
        own: u32,
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
            Self::OfAnother { path, owner, own } => write!(
                f,
                "{} belongs to user {owner}, and this server runs as user {own}: start it as its \
                 owner, or give it the directory (chown -R)",
                path.display()
            ),
            Self::Io { doing, path, error } => {
                write!(f, "cannot {doing} {}: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for DataDirError {}

impl DataDirError {
    pub(crate) fn io(doing: &'static str, path: &Path, error: io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), error }
    }
}

impl DataDir {
    /// Makes the directory if it is missing (mode 0700) and takes its lock. Nothing in it is
    /// changed before [`DataDir::take`].
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
        let owner = fs::metadata(&path).map_err(fail("look at", &path))?.uid();
        let own = rustix::process::geteuid().as_raw();
        if owner != own {
            return Err(DataDirError::OfAnother { path, owner, own });
        }
        let lock_path = path.join(LOCK);
        let is_lock_new = !lock_path.exists();
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
        let mut before = Vec::new();
        lock.read_to_end(&mut before).map_err(fail("read the lock file", &lock_path))?;
        let lock_before = (!is_lock_new).then_some(before);
        Ok(Self { path, lock, lock_before })
    }

    /// Writes into the lock who has the directory. It was found to be ours.
    pub(crate) fn take(&mut self) -> Result<(), DataDirError> {
        let holder = format!("{}\n", std::process::id());
        self.write_lock(holder.as_bytes())
            .map_err(|error| DataDirError::io("write", &self.join(LOCK), error))?;
        for part in WRITTEN {
            self.remove_half_written(part);
        }
        Ok(())
    }

    /// Removes what was half written when an earlier server was killed; they may hold secrets.
    fn remove_half_written(&self, part: &str) {
        let Ok(entries) = fs::read_dir(self.join(part)) else { return };
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') && name.ends_with(".new") {
                let removed = fs::remove_file(&path);
                tracing::debug!(file = %path.display(), removed = removed.is_ok(), "half written");
            }
        }
    }

    fn write_lock(&mut self, content: &[u8]) -> io::Result<()> {
        self.lock.set_len(0)?;
        self.lock.rewind()?;
        self.lock.write_all(content)?;
        self.lock.sync_all()
    }

    /// Leaves a directory that is not ours, or where a start came to nothing, as it was.
    pub(crate) fn leave(mut self) {
        let left = match self.lock_before.take() {
            Some(before) => self.write_lock(&before),
            None => fs::remove_file(self.join(LOCK)),
        };
        if let Err(error) = left {
            tracing::debug!(%error, "the lock file cannot be left as it was");
        }
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

    /// Writes a file as [`DataDir::write`], unless it holds just that.
    pub(crate) fn write_if_other(
        &self,
        name: &str,
        mode: u32,
        content: &[u8],
    ) -> Result<(), DataDirError> {
        match self.read(name)? {
            Some(found) if found == content => Ok(()),
            _ => self.write(name, mode, content),
        }
    }

    /// Makes a directory in it (mode 0700) unless it is there.
    pub(crate) fn make_dir(&self, name: &str) -> Result<(), DataDirError> {
        let path = self.join(name);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|error| DataDirError::io("create the directory", &path, error))
    }

    /// Removes a file, durably, if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<(), DataDirError> {
        let path = self.join(name);
        let removed = match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            removed => removed.and_then(|()| File::open(&self.path)?.sync_all()),
        };
        removed.map_err(|error| DataDirError::io("remove", &path, error))
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
