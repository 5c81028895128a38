//! The thin layer between the registry's statements and a database driver: one text per
//! statement, valid on SQLite and PostgreSQL, with parameters `$1`, `$2` … numbered in the order
//! of their first appearance.

pub(crate) mod values;

use std::cell::{RefCell, RefMut};

use fleetwright_core::arn::AccountScope;
use fleetwright_core::audit::Record as AuditRecord;

use crate::change::Change;
use crate::error::StoreError;
use crate::noted::Noted;
use crate::rows::ThingRow;
use crate::sqlite::statement::{from_driver, prepare};

/// Statements within a transaction or a snapshot, and what they note.
pub(crate) struct Sql<'c> {
    connection: &'c rusqlite::Connection,
    /// Whose ARNs stand in refusals.
    pub(crate) scope: &'c AccountScope,
    noted: RefCell<Noted>,
}

/// What the layer above the driver does in every transaction before it is committed.
pub(crate) trait BeforeCommit: Send {
    /// After so many writes that are kept or were undone; answers what to tell once the
    /// transaction is committed.
    fn run(&mut self, sql: &Sql<'_>, writes: usize) -> Result<Vec<Change>, StoreError>;
    /// The transaction is durable.
    fn committed(&mut self);
}

/// Parameters of a statement.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::sql::Param::from($value)),*] };
}
pub(crate) use args;
pub(crate) use values::{Cell, Column, Param};

pub(crate) use crate::sqlite::statement::Row;

impl<'c> Sql<'c> {
    pub(crate) fn new(connection: &'c rusqlite::Connection, scope: &'c AccountScope) -> Self {
        Self { connection, scope, noted: RefCell::default() }
    }

    /// Notes a change, of which listeners are notified once it is committed.
    pub(crate) fn changed(&self, change: Change) {
        self.noted().change(change);
    }

    /// Notes a record of the audit trail; it is written before the commit.
    pub(crate) fn record(&self, record: AuditRecord) {
        self.noted().records.push(record);
    }

    /// Notes a thing that may enter or leave dynamic groups, which it does before the commit.
    pub(crate) fn stale(&self, thing: ThingRow) {
        self.noted().stale.push(thing);
    }

    /// What this transaction noted; not to be held over a statement.
    pub(crate) fn noted(&self) -> RefMut<'_, Noted> {
        self.noted.borrow_mut()
    }

    /// Takes the changes and audit records that were noted.
    pub(crate) fn take_noted(&self) -> (Vec<Change>, Vec<AuditRecord>) {
        let mut noted = self.noted();
        (std::mem::take(&mut noted.changes), std::mem::take(&mut noted.records))
    }

    /// Runs a part of the transaction that is undone alone, with its notes, when it fails.
    ///
    /// # Errors
    /// When the whole transaction was undone: a full disk makes SQLite do that.
    pub(crate) fn job<T, E>(
        &self,
        job: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<Result<T, E>, StoreError> {
        self.execute("SAVEPOINT job", &[])?;
        let outer = self.noted().begin();
        let done = job(self);
        if self.connection.is_autocommit() {
            return Err(StoreError::Unavailable("the transaction was undone".to_owned()));
        }
        if done.is_err() {
            self.execute("ROLLBACK TO job", &[])?;
        }
        self.noted().end(outer, done.is_ok());
        self.execute("RELEASE job", &[])?;
        Ok(done)
    }

    /// Runs a statement; answers how many rows it touched.
    pub(crate) fn execute(&self, text: &str, params: &[Param<'_>]) -> Result<usize, StoreError> {
        let mut statement = prepare(self.connection, text, params)?;
        statement.raw_execute().map_err(from_driver)
    }

    /// The first row of an answer.
    pub(crate) fn one<T>(
        &self,
        text: &str,
        params: &[Param<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = prepare(self.connection, text, params)?;
        let mut rows = statement.raw_query();
        rows.next().map_err(from_driver)?.map(|row| read(&Row::new(row))).transpose()
    }

    /// The row number of an `INSERT … RETURNING row_id`.
    pub(crate) fn insert(&self, text: &str, params: &[Param<'_>]) -> Result<i64, StoreError> {
        let mut statement = prepare(self.connection, text, params)?;
        let mut rows = statement.raw_query();
        let Some(row) = rows.next().map_err(from_driver)? else {
            return Err(StoreError::Corrupt(format!("no row number from: {text}")));
        };
        let number = Row::new(row).value()?;
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
        let mut statement = prepare(self.connection, text, params)?;
        let mut rows = statement.raw_query();
        let mut items = Vec::new();
        while let Some(row) = rows.next().map_err(from_driver)? {
            items.push(read(&Row::new(row))?);
        }
        Ok(items)
    }

    /// Whether the answer has a row.
    pub(crate) fn exists(&self, text: &str, params: &[Param<'_>]) -> Result<bool, StoreError> {
        Ok(self.one(text, params, |_| Ok(()))?.is_some())
    }

    /// The number in the first column of the first row; zero without a row.
    pub(crate) fn count(&self, text: &str, params: &[Param<'_>]) -> Result<usize, StoreError> {
        let count: i64 = self.one(text, params, |row| row.value())?.unwrap_or(0);
        Ok(usize::try_from(count).unwrap_or(0))
    }
}

/// A value as JSON text, for a column.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}
