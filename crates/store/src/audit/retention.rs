//! Retention: the oldest records go. Of each chain the last removed position and hash stay, so
//! that the rest can be verified, and a record tells what was removed.

use fleetwright_core::audit::{Digest, Head, retention_resource};
use fleetwright_core::time::Timestamp;

use super::hash_of;
use crate::sql::{Sql, args};
use crate::{AuditRecord, Store, StoreError};

/// Chains without records that are remembered. (ours)
const EMPTY_CHAINS: i64 = 10_000;

struct Old {
    row: i64,
    at: Timestamp,
    place: Option<Head>,
}

impl Store {
    /// Removes at most `limit` of the oldest records, as long as they are older than `before` or
    /// beyond the newest `kept`; answers how many. The first record that is to be kept ends it:
    /// what is removed is the beginning of the trail. `told` becomes the records that tell of it.
    pub async fn purge_audit(
        &self,
        before: Timestamp,
        kept: usize,
        limit: usize,
        told: AuditRecord,
    ) -> Result<usize, StoreError> {
        self.write_unrecorded(move |sql| purge(sql, before, kept, limit, &told)).await
    }
}

fn purge(
    sql: &Sql<'_>,
    before: Timestamp,
    kept: usize,
    limit: usize,
    told: &AuditRecord,
) -> Result<usize, StoreError> {
    let newest: Option<Option<i64>> =
        sql.one("SELECT max(row_id) FROM audit", &[], |row| row.value())?;
    let beyond = newest.flatten().unwrap_or(0) - i64::try_from(kept).unwrap_or(i64::MAX);
    let oldest = sql.all(
        "SELECT row_id, at, chain_row, position, hash FROM audit ORDER BY row_id LIMIT $1",
        args![limit],
        |row| {
            let place = match (row.get("chain_row")?, row.get("position")?) {
                (Some(chain), Some(position)) => {
                    Some(Head { chain, position, hash: hash_of(row)? })
                }
                _ => None,
            };
            Ok(Old { row: row.get("row_id")?, at: row.get("at")?, place })
        },
    )?;
    let old: Vec<Old> =
        oldest.into_iter().take_while(|old| old.at < before || old.row <= beyond).collect();
    let Some(last) = old.last() else { return Ok(0) };
    sql.execute("DELETE FROM audit WHERE row_id <= $1", args![last.row])?;
    let mut ends: Vec<Head> = Vec::new();
    for head in old.iter().filter_map(|old| old.place) {
        match ends.iter_mut().find(|end| end.chain == head.chain) {
            Some(end) => *end = head,
            None => ends.push(head),
        }
    }
    for end in &ends {
        let Digest(hash) = &end.hash;
        sql.execute(
            "UPDATE audit_chains SET removed = $1, removed_hash = $2 WHERE row_id = $3",
            args![end.position, hash, end.chain],
        )?;
        sql.record(AuditRecord { resource: Some(retention_resource(end)), ..told.clone() });
    }
    if let Some(end) = ends.last() {
        // Whatever is older than the chain of the last removed record has none left.
        sql.execute(
            "DELETE FROM audit_chains WHERE row_id < $1 \
             AND row_id <= (SELECT max(row_id) FROM audit_chains) - $2",
            args![end.chain, EMPTY_CHAINS],
        )?;
    }
    Ok(old.len())
}
