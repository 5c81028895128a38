//! Checkpoints of the trail, and the trail as it is stored, for whoever verifies it.

use fleetwright_core::arn::AccountScope;
use fleetwright_core::audit::{Chain, Entry, Head};
use fleetwright_core::time::Timestamp;

use super::{COLUMNS, chain, hash_of, read_record};
use crate::sql::{Row, Sql, args};
use crate::sqlite::File;
use crate::{OpenError, Store, StoreError, path_of};

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
        now: Timestamp,
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
    file: File,
    scope: AccountScope,
}

impl AuditTrail {
    /// Opens the trail of the registry at `url`, as [`Store::open`].
    ///
    /// # Errors
    /// When it is no registry, or cannot be read.
    pub fn open(url: &str, scope: AccountScope) -> Result<Self, OpenError> {
        Ok(Self { file: File::snapshot(path_of(url)?)?, scope })
    }

    /// Whether the registry is of a version that has chains; a server of this version makes them.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn has_chains(&self) -> Result<bool, StoreError> {
        let found = self.file.has("audit_chains");
        found.map_err(|error| StoreError::Unavailable(error.to_string()))
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
        self.sql().all(text, &[], |row| Ok((row.get("row_id")?, row.get("document")?)))
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
                Ok((row.get("chain_row")?, row.get("position")?, row.get("row_id")?))
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
        self.file.sql(&self.scope)
    }
}

fn read_entry(row: &Row<'_>) -> Result<Entry, StoreError> {
    let place = match row.get::<Option<i64>>("chain_row")? {
        None => None,
        Some(chain) => {
            let position: Option<i64> = row.get("position")?;
            Some((chain, position.unwrap_or(0), hash_of(row)?))
        }
    };
    Ok(Entry { row: row.get("row_id")?, place, record: read_record(row)? })
}
