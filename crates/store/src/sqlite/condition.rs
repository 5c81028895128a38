//! Whether the registry may be written: not once its file was found damaged, or is no longer where
//! it was. What can be read still is.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::StoreError;

/// Shared by whoever uses the file.
pub(super) struct Condition {
    path: PathBuf,
    /// Device and number of the file that was opened.
    file: (u64, u64),
    stopped: OnceLock<String>,
}

impl Condition {
    /// Of a file that is open.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: identity(path)?, stopped: OnceLock::new() })
    }

    /// Why nothing is written any more.
    pub(super) fn stopped(&self) -> Option<&str> {
        self.stopped.get().map(String::as_str)
    }

    /// Stops writes for as long as this process runs.
    pub(super) fn stop(&self, why: String) {
        if self.stopped.set(why).is_ok() {
            tracing::error!(
                registry = %self.path.display(),
                why = self.stopped().unwrap_or_default(),
                "the registry takes no more writes; stop the server, keep the files as they are, \
                 and restore a backup"
            );
        }
    }

    /// Passes an answer on, and stops writes when it tells of damage.
    pub(super) fn note<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::Damaged(cause)) = &answer {
            self.stop(format!("its file is damaged: {cause}"));
        }
        answer
    }

    /// Whether a write may begin or be committed: what is written to a file that was removed is
    /// gone when the server ends.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.stopped().is_none() {
            match identity(&self.path) {
                Ok(found) if found == self.file => return Ok(()),
                Ok(_) => self.stop("another file is in its place".to_owned()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.stop("its file was removed".to_owned());
                }
                // Out of descriptors, or a disk that fails: SQLite will say so itself.
                Err(_) => return Ok(()),
            }
        }
        let why = self.stopped().unwrap_or_default();
        Err(StoreError::Unavailable(format!("the registry takes no more writes: {why}")))
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::metadata(path).map(|found| (found.dev(), found.ino()))
}
