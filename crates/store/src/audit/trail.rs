//! Checkpoints of the trail, and the trail as it is stored, for whoever verifies it.

use std::path::Path;

use fleetwright_core::arn::Home;
use fleetwright_core::audit::{Chain, Entry, Head};
use fleetwright_core::certificate::Instant;
use rusqlite::Connection;

use super::{COLUMNS, chain, hash_of, read_record};
use crate::sql::{Row, Sql, args};
use crate::{OpenError, Store, StoreError, path_of, sqlite};

/// Checkpoints that are kept. (ours)
const CHECKPOINTS: i64 = 1000;

impl Store {
    /// The heads of all chains of the audit trail that have records.
    pub async fn audit_heads(&self) -> Result<Vec<Head>, StoreError> {
        self.snapshot(chain::heads).await
    }

    /// Keeps a signed checkpoint; the oldest of a thousand goes.
    pub async fn keep_audit_checkpoint(
        &self,
        document: String,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.write_unrecorded(move |sql| {
            let row = sql.insert(
                "INSERT INTO audit_checkpoints (made, document) VALUES ($1, $2) RETURNING row_id",
                args![now, &document],
            )?;
            sql.execute(
                "DELETE FROM audit_checkpoints WHERE row_id <= $1",
                args![row - CHECKPOINTS],
            )?;
            Ok(())
        })
        .await
    }
}

/// The audit trail of a registry that a server may have open or not. It is only read, and as of
/// one moment.
pub struct AuditTrail {
    connection: Connection,
    home: Home,
}

impl AuditTrail {
    /// Opens the trail of the registry at `url`, as [`Store::open`].
    ///
    /// # Errors
    /// When it is no registry, or cannot be read.
    pub fn open(url: &str, home: Home) -> Result<Self, OpenError> {
        let path: &Path = path_of(url)?;
        let connection = sqlite::trail(path)?;
        Ok(Self { connection, home })
    }

    /// Whether the registry is of a version that has chains; a server of this version makes them.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn has_chains(&self) -> Result<bool, StoreError> {
        let text = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'audit_chains'";
        self.sql().exists(text, &[])
    }

    /// The chains, the oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn chains(&self) -> Result<Vec<Chain>, StoreError> {
        chain::chains(&self.sql())
    }

    /// The heads of all chains that have records.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn heads(&self) -> Result<Vec<Head>, StoreError> {
        chain::heads(&self.sql())
    }

    /// The checkpoints that were kept with it, the oldest first: number and document.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn checkpoints(&self) -> Result<Vec<(i64, String)>, StoreError> {
        let text = "SELECT row_id, document FROM audit_checkpoints ORDER BY row_id";
        self.sql().all(text, &[], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Hands over every record: those of before the chains, then by chain, position and row.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn each(&self, mut take: impl FnMut(&Entry)) -> Result<(), StoreError> {
        let sql = self.sql();
        // Rows are sorted by their numbers alone: the records may be many.
        let places: Vec<(Option<i64>, Option<i64>, i64)> =
            sql.all("SELECT chain_row, position, row_id FROM audit", &[], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        let mut places = places;
        places.sort_unstable();
        let text = format!(
            "SELECT row_id, {COLUMNS}, chain_row, position, hash FROM audit WHERE row_id = $1"
        );
        for (_, _, row) in places {
            if let Some(entry) = sql.one(&text, args![row], read_entry)? {
                take(&entry);
            }
        }
        Ok(())
    }

    fn sql(&self) -> Sql<'_> {
        Sql::new(&self.connection, &self.home)
    }
}

fn read_entry(row: &Row<'_>) -> Result<Entry, StoreError> {
    let place = match row.get::<Option<i64>>(12)? {
        None => None,
        Some(chain) => {
            let position: Option<i64> = row.get(13)?;
            Some((chain, position.unwrap_or(0), hash_of(row, 14)?))
        }
    };
    Ok(Entry { row: row.get(0)?, place, record: read_record(row)? })
}
