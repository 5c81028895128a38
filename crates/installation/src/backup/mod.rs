//! Backups: an installation in one file, made beside a running server; and an installation made
//! from such a file. `docs/backup.md` is for operators.
//!
//! A backup is a tar file. Its first member is `manifest.json`, which names every other member
//! with its size and SHA-256. It holds the registry as it was at one moment and every other file of
//! the data directory, but not `key-pool/`: keys that a restored directory would hand out once
//! more. Nor does it hold `functions/`, where nothing lies that the registry does not have too, but
//! logs and runtimes.

mod archive;
mod contents;
mod create;
mod manifest;
mod restore;
mod verify;

use std::fmt;
use std::path::{Path, PathBuf};

pub use create::create;
use fleetwright_core::arn::AccountScope;
use fleetwright_core::names::{AccountId, Region};
pub use manifest::{Count, Manifest, Member};
pub use restore::restore;
pub use verify::verify;

/// A backup cannot be made, is not sound, or cannot be restored. `Display` says what, where, and
/// the way out.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BackupError(String);

impl BackupError {
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }

    fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self(format!("cannot {doing} {}: {error}", path.display()))
    }
}

/// How far it came: a step in words, bytes done, bytes in all (an estimate).
pub type Progress<'a> = &'a mut dyn FnMut(&'static str, u64, u64);

/// Account and region stand in no message of what is read here.
pub(crate) fn any_scope() -> Result<AccountScope, BackupError> {
    Ok(AccountScope {
        region: Region::parse("us-east-1").map_err(BackupError::new)?,
        account: AccountId::parse("123456789012").map_err(BackupError::new)?,
    })
}

/// A directory or file of our own that goes when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    /// An empty directory (mode 0700) beside a file.
    fn beside(file: &Path, purpose: &str) -> Result<Self, BackupError> {
        use std::os::unix::fs::DirBuilderExt;
        let path = sibling(file, purpose);
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|error| BackupError::io("create the directory", &path, &error))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let removed = match self.0.is_dir() {
            true => std::fs::remove_dir_all(&self.0),
            false => std::fs::remove_file(&self.0),
        };
        if let Err(error) = removed
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.0.display(), %error, "cannot remove");
        }
    }
}

/// `.NAME.PID.PURPOSE` in the same directory.
fn sibling(file: &Path, purpose: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    parent(file).join(format!(".{name}.{}.{purpose}", std::process::id()))
}

fn parent(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn sync_dir(path: &Path) -> Result<(), BackupError> {
    std::fs::File::open(path)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| BackupError::io("sync the directory", path, &error))
}
