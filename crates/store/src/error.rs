//! Why the registry could not be opened, and why an operation failed.

use std::fmt;
use std::path::PathBuf;

use fleetwright_core::error::{ErrorCode, Refusal};

/// An operation was refused or could not be done. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// By the rules of the registry; fit for the caller.
    Refused(Refusal),
    /// The disk is full or fails, or the database is busy; the same call may succeed later.
    Unavailable(String),
    /// The database holds what it should not, or we asked it wrongly.
    Corrupt(String),
    /// The database's file is damaged; nothing is written any more.
    Damaged(String),
}

impl StoreError {
    /// A refusal of the registry's rules.
    pub(crate) fn refused(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Refused(Refusal::new(code, message))
    }
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => refusal,
            StoreError::Unavailable(cause) => Refusal::new(
                ErrorCode::ServiceUnavailable,
                "The registry cannot take this request now; try again shortly.",
            )
            .because(cause),
            StoreError::Corrupt(cause) | StoreError::Damaged(cause) => Refusal::internal(cause),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Unavailable(cause) => write!(f, "the registry is unavailable: {cause}"),
            Self::Corrupt(cause) => write!(f, "the registry is damaged: {cause}"),
            Self::Damaged(cause) => write!(f, "the registry's file is damaged: {cause}"),
        }
    }
}

impl std::error::Error for StoreError {}

/// The registry cannot be opened; its file is as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenError {
    /// The URL's scheme names no database that we know.
    UnknownScheme(String),
    /// The file is not a SQLite database.
    NotADatabase(PathBuf),
    /// The file is a SQLite database of another program.
    Foreign(PathBuf),
    /// The file was written by a newer Fleetwright.
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema that this program knows.
        known: u32,
    },
    /// The file is missing or empty, and a log of what was written to it is there.
    LogAlone {
        /// The file.
        path: PathBuf,
        /// Its log.
        log: PathBuf,
    },
    /// The file is damaged.
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// The disk has no room for what SQLite needs to open the file.
    DiskFull(PathBuf),
    /// The file or its directory cannot be read or written.
    Inaccessible {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownScheme(scheme) => write!(
                f,
                "the registry's URL begins with '{scheme}://', which is not supported: give a path, or 'sqlite:' and a path"
            ),
            Self::NotADatabase(path) => write!(
                f,
                "'{}' is not a SQLite database: give another path, or restore a backup there",
                path.display()
            ),
            Self::Foreign(path) => write!(
                f,
                "'{}' is a SQLite database of another program: give another path",
                path.display()
            ),
            Self::Newer { path, found, known } => write!(
                f,
                "'{}' has schema {found} and this program knows up to {known}: run the newer Fleetwright, or restore a backup of before its upgrade",
                path.display()
            ),
            Self::LogAlone { path, log } => write!(
                f,
                "'{}' is missing or empty, and '{}' beside it holds what was last written to it: put the file back, from where it was moved to or from a backup, and keep the log until then",
                path.display(),
                log.display()
            ),
            Self::Corrupt { path, cause } => {
                write!(f, "'{}' is damaged ({cause}): restore a backup", path.display())
            }
            Self::DiskFull(path) => write!(
                f,
                "'{}' cannot be opened, for the disk is full or its quota is used up: make room on it",
                path.display()
            ),
            Self::Inaccessible { path, cause } => write!(
                f,
                "'{}' cannot be opened for writing ({cause}): check that its directory exists, its owner and its permissions",
                path.display()
            ),
        }
    }
}

impl std::error::Error for OpenError {}
