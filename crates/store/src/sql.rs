//! The thin layer between the registry's statements and a database driver: one text per
//! statement, valid on SQLite and PostgreSQL, with parameters `$1`, `$2` … numbered in the order
//! of their first appearance.

mod values;

use std::cell::RefCell;

use fleetwright_core::arn::Home;

use crate::{AuditRecord, Change, StoreError};

/// Statements within a transaction or a snapshot, and the changes that they make.
pub(crate) struct Sql<'c> {
    connection: &'c rusqlite::Connection,
    /// Whose ARNs stand in refusals.
    pub(crate) home: &'c Home,
    changes: RefCell<Vec<Change>>,
    records: RefCell<Vec<AuditRecord>>,
}

/// A value bound to a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Param<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// A value read from a row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// What a column can hold; `None` when the cell holds something else.
pub(crate) trait Column: Sized {
    fn read(cell: Cell<'_>) -> Option<Self>;
}

/// One row of an answer.
pub(crate) struct Row<'a>(&'a rusqlite::Row<'a>);

/// Parameters of a statement.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::sql::Param::from($value)),*] };
}
pub(crate) use args;

impl<'c> Sql<'c> {
    pub(crate) fn new(connection: &'c rusqlite::Connection, home: &'c Home) -> Self {
        Self { connection, home, changes: RefCell::default(), records: RefCell::default() }
    }

    /// Notes a change, told to the rooms once it is committed.
    pub(crate) fn changed(&self, change: Change) {
        let mut changes = self.changes.borrow_mut();
        // Neighbours only: a purge notes thousands.
        if !changes.iter().rev().take(8).any(|known| *known == change) {
            changes.push(change);
        }
    }

    /// Notes a record of the audit trail; it is written before the commit.
    pub(crate) fn record(&self, record: AuditRecord) {
        self.records.borrow_mut().push(record);
    }

    pub(crate) fn into_noted(self) -> (Vec<Change>, Vec<AuditRecord>) {
        (self.changes.into_inner(), self.records.into_inner())
    }

    /// Runs a statement; answers how many rows it touched.
    pub(crate) fn execute(&self, text: &str, params: &[Param<'_>]) -> Result<usize, StoreError> {
        let mut statement = self.connection.prepare_cached(text).map_err(from_driver)?;
        bind(&mut statement, params)?;
        statement.raw_execute().map_err(from_driver)
    }

    /// The first row of an answer.
    pub(crate) fn one<T>(
        &self,
        text: &str,
        params: &[Param<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(text).map_err(from_driver)?;
        bind(&mut statement, params)?;
        let mut rows = statement.raw_query();
        rows.next().map_err(from_driver)?.map(|row| read(&Row(row))).transpose()
    }

    /// The row number of an `INSERT … RETURNING row_id`.
    pub(crate) fn insert(&self, text: &str, params: &[Param<'_>]) -> Result<i64, StoreError> {
        let mut statement = self.connection.prepare_cached(text).map_err(from_driver)?;
        bind(&mut statement, params)?;
        let mut rows = statement.raw_query();
        let Some(row) = rows.next().map_err(from_driver)? else {
            return Err(StoreError::Corrupt(format!("no row number from: {text}")));
        };
        let number = Row(row).get(0)?;
        // SQLite finishes an INSERT only when its rows are read to the end.
        while rows.next().map_err(from_driver)?.is_some() {}
        Ok(number)
    }

    /// Every row of an answer; the statement bounds their number.
    pub(crate) fn all<T>(
        &self,
        text: &str,
        params: &[Param<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(text).map_err(from_driver)?;
        bind(&mut statement, params)?;
        let mut rows = statement.raw_query();
        let mut items = Vec::new();
        while let Some(row) = rows.next().map_err(from_driver)? {
            items.push(read(&Row(row))?);
        }
        Ok(items)
    }

    /// Whether the answer has a row.
    pub(crate) fn exists(&self, text: &str, params: &[Param<'_>]) -> Result<bool, StoreError> {
        Ok(self.one(text, params, |_| Ok(()))?.is_some())
    }

    /// The number in the first column of the first row; zero without a row.
    pub(crate) fn count(&self, text: &str, params: &[Param<'_>]) -> Result<usize, StoreError> {
        let count: i64 = self.one(text, params, |row| row.get(0))?.unwrap_or(0);
        Ok(usize::try_from(count).unwrap_or(0))
    }
}

fn bind(
    statement: &mut rusqlite::CachedStatement<'_>,
    params: &[Param<'_>],
) -> Result<(), StoreError> {
    debug_assert!(
        (1..=statement.parameter_count())
            .all(|n| statement.parameter_name(n) == Some(format!("${n}").as_str())),
        "parameters must first appear in order: {}",
        statement.expanded_sql().unwrap_or_default()
    );
    for (index, param) in params.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, param).map_err(from_driver)?;
    }
    Ok(())
}

impl Row<'_> {
    /// The value of a column, counted from 0.
    pub(crate) fn get<T: Column>(&self, index: usize) -> Result<T, StoreError> {
        let value = self.0.get_ref(index).map_err(from_driver)?;
        let cell = match value {
            rusqlite::types::ValueRef::Null => Cell::Null,
            rusqlite::types::ValueRef::Integer(int) => Cell::Int(int),
            rusqlite::types::ValueRef::Real(_) => Cell::Null,
            rusqlite::types::ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => Cell::Text(text),
                Err(_) => Cell::Blob(text),
            },
            rusqlite::types::ValueRef::Blob(blob) => Cell::Blob(blob),
        };
        T::read(cell).ok_or_else(|| {
            let statement: &rusqlite::Statement<'_> = self.0.as_ref();
            StoreError::Corrupt(format!("column {index} holds an unfit value: {statement:?}"))
        })
    }
}

impl rusqlite::ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Int(int) => ValueRef::Integer(int),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(blob) => ValueRef::Blob(blob),
        }))
    }
}

/// A driver's error in our words.
pub(crate) fn from_driver(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode as Code;
    match error.sqlite_error_code() {
        Some(
            Code::DiskFull
            | Code::SystemIoFailure
            | Code::DatabaseBusy
            | Code::DatabaseLocked
            | Code::CannotOpen
            | Code::ReadOnly
            | Code::OutOfMemory
            | Code::PermissionDenied,
        ) => StoreError::Unavailable(error.to_string()),
        Some(Code::DatabaseCorrupt | Code::NotADatabase) => StoreError::Damaged(error.to_string()),
        _ => StoreError::Corrupt(error.to_string()),
    }
}

/// A value as JSON text, for a column.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}
