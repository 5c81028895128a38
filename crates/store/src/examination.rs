//! Registries as files: copied, examined and brought to rest, beside a server or without one.

use std::path::Path;
use std::time::Duration;

use fleetwright_core::arn::Home;
use fleetwright_core::certificate::Instant;

use crate::{Backend, Installation, OpenError, Store, StoreError, path_of, sqlite};

/// Sees SHA-256 and content of each deployment package.
pub type CodeVisitor<'a> = &'a mut dyn FnMut(&[u8], &[u8]);

/// What was found in a registry that was read whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examination {
    /// Its schema.
    pub schema: u32,
    /// The newest schema that this program knows.
    pub known_schema: u32,
    /// Damage, in SQLite's words, at most 20; nothing else was read when there is any.
    pub faults: Vec<String>,
    /// The installation that it belongs to; `None` when it was never told.
    pub installation: Option<Installation>,
    /// Id and sealed secret of some access key, to try a sealing key on.
    pub sealed: Option<(String, Vec<u8>)>,
    /// How many there are of what.
    pub counts: Vec<(&'static str, u64)>,
    /// The time of the newest record of the audit trail.
    pub newest_record: Option<Instant>,
}

impl Store {
    /// Copies the registry at `url` (as [`Store::open`]) as it is at one moment into a new file at
    /// `to`, which may exist and be empty. A server may be working on it; it is not disturbed.
    ///
    /// # Errors
    /// When it cannot be read or the copy not be written. A copy that was begun is the caller's to
    /// remove.
    pub fn copy(url: &str, to: &Path) -> Result<(), OpenError> {
        sqlite::copy(path_of(url)?, to)
    }

    /// Bytes that a copy will have, about.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn size(url: &str) -> Result<u64, OpenError> {
        sqlite::size(path_of(url)?)
    }

    /// Reads all of the registry at `url` and changes nothing; a server may be working on it.
    ///
    /// # Errors
    /// When it cannot be read at all. Damage is told in [`Examination::faults`].
    pub fn examine(
        url: &str,
        home: &Home,
        code: CodeVisitor<'_>,
    ) -> Result<Examination, OpenError> {
        sqlite::examine(path_of(url)?, home, code)
    }

    /// Brings everything into the database's own file when nothing was written for `quiet`.
    ///
    /// # Errors
    /// When the disk refuses. Nothing is lost then: it stays in the log.
    pub async fn checkpoint_at_rest(&self, quiet: Duration) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.checkpoint_at_rest(quiet).await,
        }
    }
}
