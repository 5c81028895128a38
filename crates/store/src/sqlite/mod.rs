//! The embedded database: one writer, some readers, WAL, `synchronous=FULL`.

mod aside;
mod condition;
mod open;
mod pages;
mod readers;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fleetwright_core::arn::Home;
use rusqlite::Connection;

use condition::Condition;

use crate::sql::Sql;
use crate::{ChangeSink, CodeVisitor, Examination, Inspection, OpenError, StoreError};

/// Connections that read (ours).
const READERS: usize = 4;

/// A connection that reads one state of a registry, which another process may have open.
pub(crate) fn trail(path: &Path) -> Result<Connection, OpenError> {
    open::trail(path)
}

/// Every fault of a file's pages; none when it is sound.
pub(crate) fn faults(path: &Path) -> Result<Vec<String>, OpenError> {
    pages::faults(path, None)
}

/// What can be told of a file before it is opened.
pub(crate) fn inspect(path: &Path, home: &Home) -> Result<Option<Inspection>, OpenError> {
    open::inspect(path, home)
}

pub(crate) use aside::{copy, size};

/// Reads everything, beside whoever works on it.
pub(crate) fn examine(
    path: &Path,
    home: &Home,
    code: CodeVisitor<'_>,
) -> Result<Examination, OpenError> {
    aside::examine(path, home, open::newest_schema(), code)
}

/// An open SQLite registry.
pub(crate) struct Sqlite {
    home: Arc<Home>,
    path: PathBuf,
    condition: Arc<Condition>,
    readers: readers::Readers,
    writer: writer::Writer,
}

impl Sqlite {
    pub(crate) fn open(
        path: &Path,
        home: Home,
        changes: Arc<dyn ChangeSink>,
    ) -> Result<Self, OpenError> {
        let connection = open::writer(path, &home)?;
        Self::with(connection, path, home, changes)
    }

    /// As [`Sqlite::open`] takes a file that is too large to be read whole.
    #[cfg(test)]
    fn open_unchecked(path: &Path, home: Home) -> Self {
        let connection = open::unchecked(path, &home).unwrap();
        Self::with(connection, path, home, Arc::new(|_: &crate::Change| {})).unwrap()
    }

    fn with(
        connection: rusqlite::Connection,
        path: &Path,
        home: Home,
        changes: Arc<dyn ChangeSink>,
    ) -> Result<Self, OpenError> {
        let home = Arc::new(home);
        let readers = (0..READERS).map(|_| open::reader(path)).collect::<Result<Vec<_>, _>>()?;
        let condition = Condition::of(path).map_err(|error| open::inaccessible(path, error))?;
        let condition = Arc::new(condition);
        let writer =
            writer::Writer::start(connection, Arc::clone(&home), Arc::clone(&condition), changes)
                .map_err(|error| open::inaccessible(path, error))?;
        let (readers, path) = (readers::Readers::new(readers), path.to_owned());
        Ok(Self { home, path, condition, readers, writer })
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
        self.condition.note(job(&Sql::new(reader.connection()?, &self.home)))
    }

    pub(crate) async fn snapshot<T>(
        &self,
        job: impl FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let reader = self.readers.take().await?;
        let sql = Sql::new(reader.connection()?, &self.home);
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

    /// Looks for damage in every page, with a pause now and then; stops writes when there is any.
    /// Blocks for as long as that takes.
    pub(crate) fn check_pages(&self, pause: Duration) -> Result<(), OpenError> {
        let faults = pages::faults(&self.path, Some(pause))?;
        if let Some(first) = faults.first() {
            self.condition.stop(format!("its file is damaged in {} places: {first}", faults.len()));
        }
        Ok(())
    }
}
