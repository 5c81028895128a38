//! Opening the file: refuse what is not ours before anything is written, then migrate.

use std::fmt::Display;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::OpenError;

/// `FLWR` in ASCII: whose SQLite file this is.
const APPLICATION_ID: u32 = 0x464c_5752;
/// The schema's steps; step n makes schema n.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_registry.sql"),
    include_str!("../../migrations/sqlite/0002_propagation.sql"),
    include_str!("../../migrations/sqlite/0003_own_cas.sql"),
    include_str!("../../migrations/sqlite/0004_identities.sql"),
    include_str!("../../migrations/sqlite/0006_ways_in.sql"),
    include_str!("../../migrations/sqlite/0007_events_audit_index.sql"),
    include_str!("../../migrations/sqlite/0008_configuration.sql"),
    include_str!("../../migrations/sqlite/0009_fleet_index.sql"),
    include_str!("../../migrations/sqlite/0010_functions.sql"),
    include_str!("../../migrations/sqlite/0011_identity.sql"),
    include_str!("../../migrations/sqlite/0012_one_certificate.sql"),
    include_str!("../../migrations/sqlite/0013_installation.sql"),
    include_str!("../../migrations/sqlite/0014_audit_chains.sql"),
    include_str!("../../migrations/sqlite/0016_connection_numbers.sql"),
    include_str!("../../migrations/sqlite/0017_events_in_rust.sql"),
    include_str!("../../migrations/sqlite/0018_deactivated_by.sql"),
    include_str!("../../migrations/sqlite/0019_account_scope.sql"),
    include_str!("../../migrations/sqlite/0020_logging_options.sql"),
    include_str!("../../migrations/sqlite/0021_shadows.sql"),
    include_str!("../../migrations/sqlite/0028_sessions.sql"),
    include_str!("../../migrations/sqlite/0022_jobs.sql"),
];
/// Prepared statements kept per connection; more than the registry has.
const STATEMENTS: usize = 256;
/// Files up to this many bytes are checked whole when opened (ours).
const CHECKED_WHOLE: u64 = 64 * 1024 * 1024;

/// The schema that this program makes.
pub(crate) fn newest_schema() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Opens the connection that writes, making or migrating the registry.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    let connection = open_ours(path, OpenFlags::SQLITE_OPEN_CREATE, "NORMAL")?;
    check_pages(path, &connection)?;
    prepared(path, connection)
}

/// As [`writer`], of a file that is too large to be read whole.
#[cfg(test)]
pub(super) fn unchecked(path: &Path) -> Result<Connection, OpenError> {
    prepared(path, open_ours(path, OpenFlags::empty(), "NORMAL")?)
}

fn prepared(path: &Path, connection: Connection) -> Result<Connection, OpenError> {
    keep_log_on_close(path, &connection, false)?;
    prepare(&connection).map_err(|error| driver(path, &error))?;
    Ok(connection)
}

/// Opens a file that no server has open, to look at it and leave it as it is; `None` when there
/// is none.
pub(super) fn alone(path: &Path) -> Result<Option<Connection>, OpenError> {
    if content_of(path)? == 0 && content_of(&beside(path, "-journal"))? == 0 {
        check_header(path)?;
        return Ok(None);
    }
    // Alone, SQLite keeps the log's index in memory and makes no file for it.
    let connection = match open_ours(path, OpenFlags::empty(), "EXCLUSIVE") {
        Err(OpenError::Inaccessible { .. }) => open_ours(path, OpenFlags::empty(), "NORMAL")?,
        opened => opened?,
    };
    check_pages(path, &connection)?;
    Ok(Some(connection))
}

/// Opens a file that is ours, or new. Until the caller says otherwise, closing it leaves a log
/// that it came with as it is.
fn open_ours(path: &Path, create: OpenFlags, locking: &str) -> Result<Connection, OpenError> {
    check_header(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| driver(path, &error))?;
    keep_log_on_close(path, &connection, beside(path, "-wal").exists())?;
    connection
        .pragma_update(None, "locking_mode", locking)
        .map_err(|error| driver(path, &error))?;
    check_owner_inside(path, &connection)?;
    Ok(connection)
}

/// Statements stay prepared: otherwise SQLite prepares some anew with every bound value, in
/// search of a better plan, which costs more than to run them.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}

/// The file of SQLite's beside a database: `-wal`, its log; `-journal`, of before the log was on.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Bytes of a file; none when it does not exist.
fn content_of(path: &Path) -> Result<u64, OpenError> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(inaccessible(path, error)),
    }
}

fn keep_log_on_close(path: &Path, connection: &Connection, keep: bool) -> Result<(), OpenError> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep)
        .map(|_| ())
        .map_err(|error| driver(path, &error))
}

/// Opens a connection that reads.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        keep_statements(&connection)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(
            "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;",
        )?;
        Ok(connection)
    };
    open().map_err(|error: rusqlite::Error| driver(path, &error))
}

/// Opens a connection that reads one state of a registry, which another process may have open.
pub(super) fn snapshot(path: &Path) -> Result<Connection, OpenError> {
    if content_of(path)? == 0 {
        return Err(inaccessible(path, "there is no registry"));
    }
    let connection = open_ours(path, OpenFlags::empty(), "NORMAL")?;
    let began = connection
        .busy_timeout(Duration::from_secs(5))
        .and_then(|()| connection.execute_batch("PRAGMA query_only = ON; BEGIN;"));
    began.map_err(|error| driver(path, &error))?;
    Ok(connection)
}

/// The file's first 100 bytes tell whose it is and how new, without SQLite touching it. After a
/// power cut they may be torn, and the truth is in the log or the journal beside: then SQLite
/// tells, once it has recovered.
fn check_header(path: &Path) -> Result<(), OpenError> {
    let (log, journal) = (beside(path, "-wal"), beside(path, "-journal"));
    let has_log = content_of(&log)? > 0;
    if has_log && content_of(path)? == 0 {
        // SQLite would take the log for a left-over of another file, and delete it.
        return Err(OpenError::LogAlone { path: path.to_owned(), log });
    }
    if has_log {
        return Ok(());
    }
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(inaccessible(path, error)),
    };
    let mut header = Vec::with_capacity(100);
    Read::by_ref(&mut file)
        .take(100)
        .read_to_end(&mut header)
        .map_err(|error| inaccessible(path, error))?;
    if header.is_empty() {
        return Ok(());
    }
    if header.len() < 100 || !header.starts_with(b"SQLite format 3\0") {
        return match content_of(&journal)? {
            0 => Err(OpenError::NotADatabase(path.to_owned())),
            _ => Ok(()),
        };
    }
    check_owner(path, big_endian(&header, 68), big_endian(&header, 60))
}

fn big_endian(header: &[u8], offset: usize) -> u32 {
    header
        .get(offset..offset + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_be_bytes)
}

/// Zero and zero is a file whose first migration was cut off, or is another's: the schema tells.
fn check_owner(path: &Path, application: u32, schema: u32) -> Result<(), OpenError> {
    let known = newest_schema();
    match application {
        APPLICATION_ID if schema > known => {
            Err(OpenError::Newer { path: path.to_owned(), found: schema, known })
        }
        APPLICATION_ID => Ok(()),
        0 if schema == 0 => Ok(()),
        _ => Err(OpenError::Foreign(path.to_owned())),
    }
}

/// Whose file it is, with the truth of the write-ahead log.
fn check_owner_inside(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let fail = |error: rusqlite::Error| driver(path, &error);
    if connection.is_readonly("main").map_err(fail)? {
        return Err(inaccessible(path, "the file is read-only"));
    }
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
    let application: u32 = number("application_id").map_err(fail)?;
    let schema: u32 = number("user_version").map_err(fail)?;
    check_owner(path, application, schema)?;
    if application == 0 {
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(fail)?;
        return if tables == 0 { Ok(()) } else { Err(OpenError::Foreign(path.to_owned())) };
    }
    Ok(())
}

/// Damage, in a file that is small enough to be read whole.
fn check_pages(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let fail = |error: rusqlite::Error| driver(path, &error);
    let bytes = std::fs::metadata(path).map_err(|error| inaccessible(path, error))?.len();
    if bytes > CHECKED_WHOLE {
        return Ok(());
    }
    let verdict: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(fail)?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(OpenError::Corrupt { path: path.to_owned(), cause: verdict })
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    keep_statements(connection)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; \
         PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 16384; \
         PRAGMA journal_size_limit = 134217728;",
    )?;
    migrate(connection)
}

fn migrate(connection: &Connection) -> rusqlite::Result<()> {
    let schema: u16 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let schema = usize::from(schema);
    if schema >= MIGRATIONS.len() {
        return Ok(());
    }
    let steps: String = MIGRATIONS.iter().skip(schema).copied().collect();
    let newest = MIGRATIONS.len();
    let done = connection.execute_batch(&format!(
        "BEGIN IMMEDIATE; {steps} PRAGMA application_id = {APPLICATION_ID}; \
         PRAGMA user_version = {newest}; COMMIT;"
    ));
    if done.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    done?;
    // So that the header of the file itself tells schema and owner.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

pub(super) fn inaccessible(path: &Path, cause: impl Display) -> OpenError {
    OpenError::Inaccessible { path: path.to_owned(), cause: cause.to_string() }
}

pub(super) fn driver(path: &Path, error: &rusqlite::Error) -> OpenError {
    use rusqlite::ErrorCode as Code;
    match error.sqlite_error_code() {
        Some(Code::NotADatabase) => OpenError::NotADatabase(path.to_owned()),
        Some(Code::DatabaseCorrupt) => {
            OpenError::Corrupt { path: path.to_owned(), cause: error.to_string() }
        }
        Some(Code::DiskFull) => OpenError::DiskFull(path.to_owned()),
        // The log's index has a size from the beginning: when it cannot be made, there is no room.
        _ if extended(error) == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) => {
            OpenError::DiskFull(path.to_owned())
        }
        _ => inaccessible(path, error),
    }
}

fn extended(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}
