//! Connections beside a server: they read the file of a registry that another process may have
//! open, and change nothing in it.

use std::path::Path;
use std::time::Duration;

use fleetwright_core::arn::Home;
use fleetwright_core::certificate::Instant;
use rusqlite::{Connection, OpenFlags};

use super::open::{beside, driver, inaccessible};
use crate::sql::Sql;
use crate::{CodeVisitor, Examination, OpenError, StoreError, installation};

/// Faults that are told of one damaged file. (ours)
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

/// Reads everything: each page, each index, each reference.
pub(crate) fn examine(
    path: &Path,
    home: &Home,
    known: u32,
    code: CodeVisitor<'_>,
) -> Result<Examination, OpenError> {
    let connection = reader(path)?;
    let fail = |error: rusqlite::Error| driver(path, &error);
    let mut found = Examination {
        known_schema: known,
        schema: connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(fail)?,
        faults: faults(&connection).map_err(fail)?,
        ..Examination::default()
    };
    if !found.faults.is_empty() {
        return Ok(found);
    }
    let read =
        |what: StoreError| OpenError::Corrupt { path: path.to_owned(), cause: what.to_string() };
    let has = |table: &str| {
        let text = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        connection.query_row(text, [table], |row| row.get::<_, i64>(0)).map(|count| count > 0)
    };
    let sql = Sql::new(&connection, home);
    if has("installation").map_err(fail)? {
        found.installation = installation::find(&sql).map_err(read)?;
    }
    if has("access_keys").map_err(fail)? {
        found.sealed = installation::sealed_sample(&sql).map_err(read)?;
    }
    for (name, table) in [
        ("things", "things"),
        ("certificates", "certificates"),
        ("policies", "policies"),
        ("templates", "templates"),
        ("functions", "functions"),
        ("audit records", "audit"),
    ] {
        if has(table).map_err(fail)? {
            let text = format!("SELECT count(*) FROM {table}");
            let count: i64 = connection.query_row(&text, [], |row| row.get(0)).map_err(fail)?;
            found.counts.push((name, u64::try_from(count).unwrap_or(0)));
        }
    }
    if has("audit").map_err(fail)? {
        let newest = "SELECT max(at) FROM audit";
        let at: Option<i64> = connection.query_row(newest, [], |row| row.get(0)).map_err(fail)?;
        found.newest_record = at.map(Instant);
    }
    if has("function_code").map_err(fail)? {
        visit_code(&connection, code).map_err(fail)?;
    }
    Ok(found)
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

fn visit_code(connection: &Connection, visit: CodeVisitor<'_>) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT sha256, content FROM function_code")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        visit(&row.get::<_, Vec<u8>>(0)?, &row.get::<_, Vec<u8>>(1)?);
    }
    Ok(())
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
