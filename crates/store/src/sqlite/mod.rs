//! The embedded database: one writer, some readers, WAL, `synchronous=FULL`.

mod aside;
mod condition;
mod open;
mod pages;
mod readers;
pub(crate) mod statement;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use condition::Condition;
pub(crate) use condition::Writes;
use fleetwright_core::arn::AccountScope;

use crate::sql::{BeforeCommit, Sql};
use crate::{ChangeSink, OpenError, StoreError};

/// Connections that read (ours).
const READERS: usize = 4;

pub(crate) use aside::{File, copy, size};
pub(crate) use open::newest_schema;

/// An open SQLite registry.
pub(crate) struct Sqlite {
    scope: Arc<AccountScope>,
    path: PathBuf,
    condition: Arc<Condition>,
    readers: readers::Readers,
    writer: writer::Writer,
}

impl Sqlite {
    /// Opens a file. `opened` runs once on its newest schema, before anybody else reads or writes;
    /// `before_commit` in every transaction.
    pub(crate) fn open(
        path: &Path,
        scope: AccountScope,
        changes: Arc<dyn ChangeSink>,
        opened: impl FnOnce(&Sql<'_>),
        before_commit: Box<dyn BeforeCommit>,
    ) -> Result<Self, OpenError> {
        let connection = open::writer(path)?;
        opened(&Sql::new(&connection, &scope));
        Self::with(connection, path, scope, changes, before_commit)
    }

    /// As [`Sqlite::open`] takes a file that is too large to be read whole.
    #[cfg(test)]
    fn open_unchecked(path: &Path, scope: AccountScope) -> Self {
        let connection = open::unchecked(path).unwrap();
        let sink = Arc::new(|_: &crate::Change| {});
        Self::with(connection, path, scope, sink, Box::new(tests::Passing)).unwrap()
    }

    fn with(
        connection: rusqlite::Connection,
        path: &Path,
        scope: AccountScope,
        changes: Arc<dyn ChangeSink>,
        before_commit: Box<dyn BeforeCommit>,
    ) -> Result<Self, OpenError> {
        let scope = Arc::new(scope);
        let readers = (0..READERS).map(|_| open::reader(path)).collect::<Result<Vec<_>, _>>()?;
        let condition = Condition::of(path).map_err(|error| open::inaccessible(path, error))?;
        let condition = Arc::new(condition);
        let writer = writer::Writer::start(
            connection,
            Arc::clone(&scope),
            Arc::clone(&condition),
            changes,
            before_commit,
        )
        .map_err(|error| open::inaccessible(path, error))?;
        let (readers, path) = (readers::Readers::new(readers), path.to_owned());
        Ok(Self { scope, path, condition, readers, writer })
    }

    /// Blocks a thread of the runtime that is there for it.
    pub(crate) async fn checkpoint_at_rest(&self, quiet: Duration) -> Result<(), StoreError> {
        let path = self.path.clone();
        let done = tokio::task::spawn_blocking(move || aside::checkpoint_at_rest(&path, quiet));
        match done.await {
            Ok(done) => done.map_err(|error| StoreError::Unavailable(error.to_string())),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        }
    }

    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.condition.note(self.writer.run(job).await)
    }

    pub(crate) async fn read<T>(
        &self,
        job: impl FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let reader = self.readers.take().await?;
        self.condition.note(job(&Sql::new(reader.connection()?, &self.scope)))
    }

    pub(crate) async fn snapshot<T>(
        &self,
        job: impl FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let reader = self.readers.take().await?;
        let sql = Sql::new(reader.connection()?, &self.scope);
        sql.execute("BEGIN", &[])?;
        let result = self.condition.note(job(&sql));
        sql.execute("COMMIT", &[])?;
        result
    }

    /// Why nothing is written any more; looks whether the file is still there.
    pub(crate) fn stopped(&self) -> Option<String> {
        self.condition.check().err()?;
        self.condition.stopped().map(str::to_owned)
    }

    /// What is known of writes without trying one.
    pub(crate) fn writes(&self) -> Writes {
        self.condition.check().map_or_else(Writes::Failing, |()| self.condition.writes())
    }

    /// Looks for damage in every page, with a pause now and then; stops writes when there is any.
    /// Blocks for as long as that takes.
    pub(crate) fn check_pages(&self, pause: Duration) -> Result<(), OpenError> {
        let faults = pages::faults(&self.path, pause)?;
        if let Some(first) = faults.first() {
            self.condition.stop(format!("its file is damaged in {} places: {first}", faults.len()));
        }
        Ok(())
    }
}
