//! Registries as files: copied, examined and brought to rest, beside a server or without one.

use std::path::Path;
use std::time::Duration;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::time::Timestamp;

use crate::sql::{Sql, args};
use crate::{
    Backend, Installation, OpenError, Sealed, Store, StoreError, installation, path_of, sqlite,
};

/// What is counted, and its table.
const COUNTED: [(&str, &str); 6] = [
    ("things", "things"),
    ("certificates", "certificates"),
    ("policies", "policies"),
    ("templates", "templates"),
    ("functions", "functions"),
    ("audit records", "audit"),
];

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
    pub sealed: Option<Sealed>,
    /// How many there are of what.
    pub counts: Vec<(&'static str, u64)>,
    /// The time of the newest record of the audit trail.
    pub newest_record: Option<Timestamp>,
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
        scope: &AccountScope,
        code: CodeVisitor<'_>,
    ) -> Result<Examination, OpenError> {
        let file = sqlite::File::beside(path_of(url)?)?;
        let mut found = Examination {
            known_schema: sqlite::newest_schema(),
            schema: file.schema()?,
            faults: file.faults()?,
            ..Examination::default()
        };
        if !found.faults.is_empty() {
            return Ok(found);
        }
        (found.installation, found.sealed) = installation::of_file(&file, scope)?;
        for (name, table) in COUNTED {
            if file.has(table)? {
                let text = format!("SELECT count(*) FROM {table}");
                let count = file.read(scope, |sql| sql.count(&text, &[]))?;
                found.counts.push((name, u64::try_from(count).unwrap_or(0)));
            }
        }
        if file.has("audit")? {
            let newest = "SELECT max(at) AS newest FROM audit";
            let read = |sql: &Sql<'_>| sql.one(newest, &[], |row| row.get("newest"));
            found.newest_record = file.read(scope, read)?.flatten();
        }
        if file.has("function_code")? {
            file.read(scope, |sql| visit_code(sql, code))?;
        }
        Ok(found)
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

fn visit_code(sql: &Sql<'_>, visit: CodeVisitor<'_>) -> Result<(), StoreError> {
    // One package at a time is in memory.
    let digests: Vec<Vec<u8>> =
        sql.all("SELECT sha256 FROM function_code", &[], |row| row.get("sha256"))?;
    for digest in &digests {
        let text = "SELECT content FROM function_code WHERE sha256 = $1";
        let found: Option<Vec<u8>> = sql.one(text, args![digest], |row| row.get("content"))?;
        if let Some(content) = found {
            visit(digest, &content);
        }
    }
    Ok(())
}
