//! Whether the registry may be written: not once its file was found damaged, or is no longer where
//! it was. What can be read still is. Also whether the last transaction was kept.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use std::{fs, io};

use parking_lot::Mutex;

use crate::StoreError;

/// For how long a failed transaction answers for the next one. (ours)
const FAILURE_HOLDS: Duration = Duration::from_secs(1);

/// Shared by whoever uses the file.
pub(super) struct Condition {
    path: PathBuf,
    /// Device and number of the file that was opened.
    file: (u64, u64),
    stopped: OnceLock<String>,
    /// Why the last transaction was not kept, and when that was.
    failing: Mutex<Option<(StoreError, Instant)>>,
}

/// What the last transaction says of the next one.
pub(crate) enum Writes {
    /// It was kept, or there was none.
    Kept,
    /// It was not kept a moment ago.
    Failing(StoreError),
    /// It was not kept some time ago: whether the next one will be is not known.
    Unknown,
}

impl Condition {
    /// Of a file that is open.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let (stopped, failing) = (OnceLock::new(), Mutex::default());
        Ok(Self { path: path.to_owned(), file: identity(path)?, stopped, failing })
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

    /// A transaction ended; `failed` is why it was not kept.
    pub(super) fn ended(&self, failed: Option<&StoreError>) {
        let mut failing = self.failing.lock();
        *failing = failed.map(|why| (why.clone(), Instant::now()));
    }

    /// What is known of writes without trying one.
    pub(super) fn writes(&self) -> Writes {
        let failing = self.failing.lock();
        match &*failing {
            None => Writes::Kept,
            Some((why, at)) if at.elapsed() < FAILURE_HOLDS => Writes::Failing(why.clone()),
            Some(_) => Writes::Unknown,
        }
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
