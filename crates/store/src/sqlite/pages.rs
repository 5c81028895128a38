//! Looks for damage in every page of the file: at leisure beside a server, or at once.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::open;
use crate::OpenError;

/// Faults that are listed, at most. (ours)
const FAULTS: u32 = 100;
/// Steps of SQLite's between two pauses. (ours)
const STEPS: i32 = 20_000;

/// Every fault of the file; none when it is sound. It rests for the pause after every [`STEPS`] steps.
/// Beside a running server it sees one state of the registry.
pub(super) fn faults(path: &Path, pause: Duration) -> Result<Vec<String>, OpenError> {
    let fail = |error: rusqlite::Error| open::driver(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(fail)?;
    // Little of its own: what is read once is not read again.
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -2048;").map_err(fail)?;
    let rest = move || {
        std::thread::sleep(pause);
        false
    };
    connection.progress_handler(STEPS, Some(rest)).map_err(fail)?;
    let read = || {
        let mut statement = connection.prepare(&format!("PRAGMA quick_check({FAULTS})"))?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    let told = match read() {
        Ok(told) => told,
        Err(error) => match open::driver(path, &error) {
            OpenError::Corrupt { cause, .. } => vec![cause],
            OpenError::NotADatabase(_) => vec!["its first page is no database's".to_owned()],
            other => return Err(other),
        },
    };
    Ok(told.into_iter().filter(|line| line != "ok").collect())
}
