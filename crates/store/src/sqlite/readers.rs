//! The connections that read. A reader is taken for one question and given back; the question
//! runs on the asking task's thread, for it takes microseconds.

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::StoreError;

pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

/// A reader, given back when dropped.
pub(super) struct Reader<'a> {
    connection: Option<Connection>,
    readers: &'a Readers,
    // Dropped after `connection` went back: whoever gets the permit finds a connection.
    _permit: SemaphorePermit<'a>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self { permits: Semaphore::new(connections.len()), idle: Mutex::new(connections) }
    }

    pub(super) async fn take(&self) -> Result<Reader<'_>, StoreError> {
        let permit = self.permits.acquire().await.map_err(|_| missing())?;
        let connection = self.idle.lock().pop();
        Ok(Reader { connection, readers: self, _permit: permit })
    }
}

impl Reader<'_> {
    pub(super) fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or_else(missing)
    }
}

fn missing() -> StoreError {
    StoreError::Unavailable("no connection to read with".to_owned())
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // A question that failed in the middle must not leave its snapshot to the next.
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        self.readers.idle.lock().push(connection);
    }
}
