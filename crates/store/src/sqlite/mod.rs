//! The embedded database: one writer, some readers, WAL, `synchronous=FULL`.

mod open;
mod readers;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;
use std::sync::Arc;

use fleetwright_core::arn::Home;
use rusqlite::Connection;

use crate::sql::Sql;
use crate::{ChangeSink, Inspection, OpenError, StoreError};

/// Connections that read (ours).
const READERS: usize = 4;

/// A connection that reads one state of a registry, which another process may have open.
pub(crate) fn trail(path: &Path) -> Result<Connection, OpenError> {
    open::trail(path)
}

/// What can be told of a file before it is opened.
pub(crate) fn inspect(path: &Path, home: &Home) -> Result<Option<Inspection>, OpenError> {
    open::inspect(path, home)
}

/// An open SQLite registry.
pub(crate) struct Sqlite {
    home: Arc<Home>,
    readers: readers::Readers,
    writer: writer::Writer,
}

impl Sqlite {
    pub(crate) fn open(
        path: &Path,
        home: Home,
        changes: Arc<dyn ChangeSink>,
    ) -> Result<Self, OpenError> {
        let home = Arc::new(home);
        let connection = open::writer(path, &home)?;
        let readers = (0..READERS).map(|_| open::reader(path)).collect::<Result<Vec<_>, _>>()?;
        let writer = writer::Writer::start(connection, Arc::clone(&home), changes)
            .map_err(|error| open::inaccessible(path, error))?;
        Ok(Self { home, readers: readers::Readers::new(readers), writer })
    }

    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.writer.run(job).await
    }

    pub(crate) async fn read<T>(
        &self,
        job: impl FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let reader = self.readers.take().await?;
        job(&Sql::new(reader.connection()?, &self.home))
    }

    pub(crate) async fn snapshot<T>(
        &self,
        job: impl FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let reader = self.readers.take().await?;
        let sql = Sql::new(reader.connection()?, &self.home);
        sql.execute("BEGIN", &[])?;
        let result = job(&sql);
        sql.execute("COMMIT", &[])?;
        result
    }
}
