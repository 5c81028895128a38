//! Connections beside a server: they read the file of a registry that another process may have
//! open, and change nothing in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fleetwright_core::arn::AccountScope;
use rusqlite::{Connection, OpenFlags};

use super::open::{self, beside, driver, inaccessible};
use crate::OpenError;
use crate::sql::Sql;

/// Faults that are listed of one damaged file. (ours)
const FAULTS: usize = 20;

/// Opens a file that must be there.
fn reader(path: &Path) -> Result<Connection, OpenError> {
    let metadata = std::fs::metadata(path).map_err(|error| inaccessible(path, error))?;
    if metadata.len() == 0 && beside(path, "-wal").exists() {
        return Err(OpenError::LogAlone { path: path.to_owned(), log: beside(path, "-wal") });
    }
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch("PRAGMA temp_store = MEMORY")?;
        Ok(connection)
    };
    open().map_err(|error: rusqlite::Error| driver(path, &error))
}

/// Copies what is committed at one moment, its log included, into a new file without a log.
pub(crate) fn copy(path: &Path, to: &Path) -> Result<(), OpenError> {
    let connection = reader(path)?;
    let name = to.to_str().ok_or_else(|| inaccessible(to, "the path is not UTF-8"))?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(|error| driver(path, &error))?;
    Ok(())
}

/// Bytes that a registry takes up, unused pages left out.
pub(crate) fn size(path: &Path) -> Result<u64, OpenError> {
    let connection = reader(path)?;
    let number = |pragma: &str| {
        connection
            .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
            .map(|number| u64::try_from(number).unwrap_or(0))
            .map_err(|error| driver(path, &error))
    };
    let used = number("page_count")?.saturating_sub(number("freelist_count")?);
    Ok(used.saturating_mul(number("page_size")?))
}

/// A registry's file that is only read.
pub(crate) struct File {
    path: PathBuf,
    connection: Connection,
}

impl File {
    /// A file that must be there, which a server may have open.
    pub(crate) fn beside(path: &Path) -> Result<Self, OpenError> {
        Ok(Self { path: path.to_owned(), connection: reader(path)? })
    }

    /// A file that no server has open; `None` when there is none.
    pub(crate) fn alone(path: &Path) -> Result<Option<Self>, OpenError> {
        Ok(open::alone(path)?.map(|connection| Self { path: path.to_owned(), connection }))
    }

    /// One state of a file, which a server may have open.
    pub(crate) fn snapshot(path: &Path) -> Result<Self, OpenError> {
        Ok(Self { path: path.to_owned(), connection: open::snapshot(path)? })
    }

    /// Its schema; zero when its first migration was cut off.
    pub(crate) fn schema(&self) -> Result<u32, OpenError> {
        let schema = self.connection.pragma_query_value(None, "user_version", |row| row.get(0));
        schema.map_err(|error| driver(&self.path, &error))
    }

    /// Whether its schema has a table.
    pub(crate) fn has(&self, table: &str) -> Result<bool, OpenError> {
        let text = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1";
        let count = self.connection.query_row(text, [table], |row| row.get::<_, i64>(0));
        count.map(|count| count > 0).map_err(|error| driver(&self.path, &error))
    }

    /// Whether no table but `except`, with one row at most, was ever given a row: each takes a
    /// number that is never given again.
    pub(crate) fn is_unused(&self, except: &str) -> Result<bool, OpenError> {
        if !self.has("sqlite_sequence")? {
            return Ok(true);
        }
        let used = self
            .connection
            .prepare("SELECT 1 FROM sqlite_sequence WHERE name <> $1 OR seq > 1")
            .and_then(|mut statement| statement.exists([except]));
        used.map(|used| !used).map_err(|error| driver(&self.path, &error))
    }

    /// Damage, in SQLite's words: of each page, each index, each reference.
    pub(crate) fn faults(&self) -> Result<Vec<String>, OpenError> {
        faults(&self.connection).map_err(|error| driver(&self.path, &error))
    }

    /// For statements that read.
    pub(crate) fn sql<'f>(&'f self, scope: &'f AccountScope) -> Sql<'f> {
        Sql::new(&self.connection, scope)
    }

    /// Reads with a statement.
    pub(crate) fn read<T>(
        &self,
        scope: &AccountScope,
        read: impl FnOnce(&Sql<'_>) -> Result<T, crate::StoreError>,
    ) -> Result<T, OpenError> {
        read(&self.sql(scope)).map_err(|error| OpenError::Corrupt {
            path: self.path.clone(),
            cause: error.to_string(),
        })
    }
}

fn faults(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({FAULTS})"))?;
    let verdicts = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut faults: Vec<String> = verdicts
        .filter(|verdict| !verdict.as_deref().is_ok_and(|it| it == "ok"))
        .collect::<Result<_, _>>()?;
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if faults.len() >= FAULTS {
            break;
        }
        let (table, of): (String, String) = (row.get(0)?, row.get(2)?);
        faults.push(format!("a row of {table} names a row of {of} that does not exist"));
    }
    Ok(faults)
}

/// Writes the log into the database and empties it, when nothing was written for a while. Whoever
/// copies the database's file alone then has everything; where somebody reads or writes at the
/// moment it is left for the next time.
pub(crate) fn checkpoint_at_rest(path: &Path, quiet: Duration) -> Result<(), OpenError> {
    let log = beside(path, "-wal");
    let Ok(metadata) = std::fs::metadata(&log) else { return Ok(()) };
    let rested = metadata.modified().ok().and_then(|at| at.elapsed().ok());
    if metadata.len() == 0 || rested.is_none_or(|rested| rested < quiet) {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let done = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(Duration::ZERO)?;
        connection.execute_batch("PRAGMA synchronous = FULL")?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    });
    match done {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
            Ok(())
        }
        done => done.map_err(|error| driver(path, &error)),
    }
}
