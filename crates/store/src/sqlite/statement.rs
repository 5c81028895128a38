//! Statements on SQLite: parameters, rows and errors.

use std::cell::Cell as Cursor;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Statement, ToSql};

use crate::error::StoreError;
use crate::sql::values::{Cell, Column, Param};

/// One row of an answer.
pub(crate) struct Row<'a> {
    row: &'a rusqlite::Row<'a>,
    /// The column behind the one that was read last.
    next: Cursor<usize>,
}

/// A statement with its parameters.
pub(crate) fn prepare<'c>(
    connection: &'c Connection,
    text: &str,
    params: &[Param<'_>],
) -> Result<CachedStatement<'c>, StoreError> {
    let mut statement = connection.prepare_cached(text).map_err(from_driver)?;
    debug_assert!(
        (1..=statement.parameter_count())
            .all(|n| statement.parameter_name(n) == Some(format!("${n}").as_str())),
        "parameters must first appear in order: {}",
        statement.expanded_sql().unwrap_or_default()
    );
    for (index, param) in params.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, param).map_err(from_driver)?;
    }
    Ok(statement)
}

impl<'a> Row<'a> {
    pub(crate) fn new(row: &'a rusqlite::Row<'a>) -> Self {
        Self { row, next: Cursor::new(0) }
    }

    /// The value of a column, by its name in the statement.
    pub(crate) fn get<T: Column>(&self, name: &str) -> Result<T, StoreError> {
        let index = self.index(name)?;
        self.next.set(index + 1);
        self.at(index)
    }

    /// The value of the only column.
    pub(crate) fn value<T: Column>(&self) -> Result<T, StoreError> {
        match self.statement().column_count() {
            1 => self.at(0),
            count => Err(self.corrupt(&format!("{count} columns and not one"))),
        }
    }

    /// Where a column is: most often behind the one that was read before.
    fn index(&self, name: &str) -> Result<usize, StoreError> {
        let statement = self.statement();
        debug_assert!(
            statement.column_names().filter(|other| *other == name).count() < 2,
            "two columns are named {name}: {statement:?}"
        );
        let is_named = |index: usize| statement.column_name(index).is_ok_and(|it| it == name);
        let next = self.next.get();
        let found = [next].into_iter().chain(0..statement.column_count()).find(|it| is_named(*it));
        found.ok_or_else(|| self.corrupt(&format!("no column {name}")))
    }

    fn at<T: Column>(&self, index: usize) -> Result<T, StoreError> {
        let cell = match self.row.get_ref(index).map_err(from_driver)? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(int) => Cell::Int(int),
            ValueRef::Real(_) => Cell::Null,
            ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => Cell::Text(text),
                Err(_) => Cell::Blob(text),
            },
            ValueRef::Blob(blob) => Cell::Blob(blob),
        };
        T::read(cell).ok_or_else(|| self.corrupt(&format!("column {index} holds an unfit value")))
    }

    fn statement(&self) -> &Statement<'_> {
        self.row.as_ref()
    }

    fn corrupt(&self, what: &str) -> StoreError {
        StoreError::Corrupt(format!("{what}: {:?}", self.statement()))
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
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
