//! The data directory: one server at a time, files written whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The store's file in the directory.
pub const DATABASE: &str = "fleetwright.db";

const LOCK: &str = "lock";
/// Directories of secrets, whose entries nobody else may touch; their files are written whole or
/// not at all, by way of `.NAME….new`.
const SECRET: [&str; 8] =
    ["", "ca", "ca/next", "ca/previous", "ca/rsa", "ca/rsa/next", "ca/rsa/previous", "key-pool"];
/// Another whose files are written so; below it lies what workers read.
const FUNCTIONS: &str = "functions";
/// Further ones whose entries nobody else may touch.
const PRIVATE: [&str; 2] = ["functions/logs", "registration-tasks"];
/// Entries of one of them that are looked at. (ours)
const ENTRIES: usize = 2048;

/// An opened data directory, locked for this process until dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    lock: File,
    /// What the lock's file held before; `None` when this start made it.
    lock_before: Option<Vec<u8>>,
}

/// The directory cannot be used. `Display` says why and what to do; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another server has it.
    #[error(
        "{} is in use by another server (process {holder}); stop it, or give this one its own \
         --data-dir",
        path.display()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The other server's process id, if it wrote one.
        holder: String,
    },
    /// It belongs to another user of this machine.
    #[error(
        "{} belongs to user {owner}, and this server runs as user {own}: start it as its owner, \
         or give it the directory (chown -R)",
        path.display()
    )]
    OfAnother {
        /// The directory.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
        /// Ours.
        own: u32,
    },
    /// The file system refused.
    #[error("cannot {doing} {}: {error}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which path.
        path: PathBuf,
        /// What it said.
        error: io::Error,
    },
}

impl DataDirError {
    /// What the system refused while it was `doing` something, such as `write`, with a path.
    pub fn io(doing: &'static str, path: &Path, error: io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), error }
    }
}

impl DataDir {
    /// Makes the directory if it is missing (mode 0700) and takes its lock. Nothing in it is
    /// changed before [`DataDir::take`].
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
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

    /// The directory as it is, beside a server that may have it: to be read only, never to be
    /// taken, written or left.
    pub fn beside(path: &Path) -> Result<Self, DataDirError> {
        let lock = File::open(path).map_err(|error| DataDirError::io("open", path, error))?;
        Ok(Self { path: path.to_owned(), lock, lock_before: None })
    }

    /// Writes into the lock who has the directory. It was found to be ours.
    pub fn take(&mut self) -> Result<(), DataDirError> {
        let holder = format!("{}\n", std::process::id());
        if let Err(error) = self.write_lock(holder.as_bytes()) {
            // The lock is held all the same; only its holder is not recorded.
            if error.kind() != io::ErrorKind::StorageFull {
                return Err(DataDirError::io("write", &self.join(LOCK), error));
            }
            tracing::warn!(file = %self.join(LOCK).display(), "the disk is full");
        }
        self.narrow();
        for part in SECRET.into_iter().chain([FUNCTIONS]) {
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

    /// Over what is there, then cut: that takes no further room on the disk.
    fn write_lock(&mut self, content: &[u8]) -> io::Result<()> {
        self.lock.rewind()?;
        self.lock.write_all(content)?;
        self.lock.set_len(u64::try_from(content.len()).unwrap_or(0))?;
        self.lock.sync_all()
    }

    /// Takes away what others of this machine may do here: directories are 0700, files 0600.
    fn narrow(&self) {
        let mut names = Vec::new();
        for part in SECRET.into_iter().chain(PRIVATE) {
            let path = self.join(part);
            names.push(path.clone());
            if let Ok(entries) = fs::read_dir(&path) {
                let entries = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
                names.extend(entries.take(ENTRIES));
            }
        }
        for path in names {
            narrow(&path);
        }
    }

    /// Whether the directory was removed, or another has taken its place: then somebody else may
    /// hold the lock that this one believes to hold.
    pub fn is_gone(&self) -> bool {
        let held = self.lock.metadata().map(|held| (held.dev(), held.ino()));
        let found = fs::metadata(self.join(LOCK)).map(|found| (found.dev(), found.ino()));
        match (held, found) {
            (Ok(held), Ok(found)) => held != found,
            (_, Err(error)) => error.kind() == io::ErrorKind::NotFound,
            (Err(_), _) => false,
        }
    }

    /// Leaves a directory that is not ours, or where a start came to nothing, as it was.
    pub fn leave(mut self) {
        let left = match self.lock_before.take() {
            Some(before) => self.write_lock(&before),
            None => fs::remove_file(self.join(LOCK)),
        };
        if let Err(error) = left {
            tracing::debug!(%error, "the lock file cannot be left as it was");
        }
    }

    /// A path inside the directory.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file whole or not at all: temporary file, sync, rename, sync of the directory.
    pub fn write(&self, name: &str, mode: u32, content: &[u8]) -> Result<(), DataDirError> {
        write_whole(&self.join(name), mode, content).map_err(|error| DataDirError::Io {
            doing: "write",
            path: self.join(name),
            error,
        })
    }

    /// Writes a file as [`DataDir::write`], unless it holds just that.
    pub fn write_if_other(
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
    pub fn make_dir(&self, name: &str) -> Result<(), DataDirError> {
        let path = self.join(name);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|error| DataDirError::io("create the directory", &path, error))
    }

    /// Removes a file, durably, if it is there.
    pub fn remove(&self, name: &str) -> Result<(), DataDirError> {
        let path = self.join(name);
        let removed = match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            removed => removed.and_then(|()| File::open(&self.path)?.sync_all()),
        };
        removed.map_err(|error| DataDirError::io("remove", &path, error))
    }

    /// Reads a file; `None` when it does not exist.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, DataDirError> {
        match fs::read(self.join(name)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DataDirError::Io { doing: "read", path: self.join(name), error }),
        }
    }
}

/// Makes a file or directory its owner's alone, unless it is meant for everybody.
fn narrow(path: &Path) {
    let Ok(found) = fs::symlink_metadata(path) else { return };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_public = name.starts_with("root-ca") && name.ends_with(".pem");
    let mode = found.mode() & 0o777;
    if is_public || found.is_symlink() || mode & 0o077 == 0 {
        return;
    }
    let narrowed = mode & 0o700;
    match fs::set_permissions(path, fs::Permissions::from_mode(narrowed)) {
        Ok(()) => tracing::warn!(
            path = %path.display(), from = %format!("{mode:o}"), to = %format!("{narrowed:o}"),
            "other users of this machine had access; it was taken away"
        ),
        Err(error) => tracing::warn!(
            path = %path.display(), mode = %format!("{mode:o}"), %error,
            "other users of this machine have access, and it cannot be taken away"
        ),
    }
}

/// Writes a file whole or not at all, anywhere.
pub fn write_whole(path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = parent.join(format!(".{name}.{}.new", std::process::id()));
    let mut file =
        OpenOptions::new().create(true).truncate(true).write(true).mode(mode).open(&temporary)?;
    // Whatever the umask: some files are for everybody.
    let written = file
        .set_permissions(fs::Permissions::from_mode(mode))
        .and_then(|()| file.write_all(content))
        .and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
        fs::remove_file(&temporary).ok();
        return Err(error);
    }
    File::open(parent)?.sync_all()
}
