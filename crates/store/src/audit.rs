//! The audit trail: who asked what, and what it came to.

mod chain;
mod retention;
mod trail;

use std::sync::Arc;

pub(crate) use chain::ChainWriter;
use fleetwright_core::audit::{Digest, Head};
use fleetwright_core::time::Timestamp;
pub use trail::AuditTrail;

use crate::sql::{Row, Sql, args};
use crate::{AuditRecord, Page, Store, StoreError, page};

/// Records that one filtered page looks at, at most. (ours)
const SCANNED: usize = 10_000;

/// A record's columns, as [`read_record`] reads them.
const COLUMNS: &str = "at, principal, client_id, operation, resource, parameters, source, outcome, \
                       code, reason, request_id";

/// Which records are wanted; an absent member is any.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// At or after.
    pub since: Option<Timestamp>,
    /// A part of the principal or of the client id.
    pub who: Option<String>,
    /// The operation.
    pub operation: Option<String>,
    /// The outcome.
    pub outcome: Option<String>,
}

impl Store {
    /// Adds records, in one write.
    pub async fn append_audit(&self, records: Arc<[AuditRecord]>) -> Result<(), StoreError> {
        self.write_unrecorded(move |sql| {
            records.iter().for_each(|record| sql.record(record.clone()));
            Ok(())
        })
        .await
    }

    /// Records from the oldest on, by number. A filtered page may be short and still have a next
    /// one. `next` is also given on the last page, for those who follow.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        after: i64,
        limit: usize,
    ) -> Result<Page<AuditRecord, i64>, StoreError> {
        let size = page::size(limit);
        let since = filter.since.unwrap_or(Timestamp(i64::MIN));
        let found: Vec<(i64, AuditRecord)> = self
            .read(|sql| {
                sql.all(
                    &format!(
                        "SELECT row_id, {COLUMNS} FROM audit \
                     WHERE row_id > $1 AND row_id >= COALESCE((SELECT min(row_id) FROM audit \
                     WHERE at >= $2), $1 + 1) AND at >= $2 ORDER BY row_id LIMIT $3"
                    ),
                    args![after, since, SCANNED],
                    |row| Ok((row.get("row_id")?, read_record(row)?)),
                )
            })
            .await?;
        let scanned = found.len();
        let last = found.last().map(|(row, _)| *row);
        let mut fitting = found.into_iter().filter(|(_, record)| filter.fits(record));
        let taken: Vec<_> = fitting.by_ref().take(size).collect();
        let next = match (fitting.next(), taken.last()) {
            (Some(_), Some((row, _))) => Some(*row),
            _ if scanned == SCANNED => last,
            _ => None,
        };
        Ok(Page { items: taken.into_iter().map(|(_, record)| record).collect(), next })
    }

    /// The number of the newest record, for those who follow; zero when there is none.
    pub async fn newest_audit(&self) -> Result<i64, StoreError> {
        self.read(|sql| {
            let newest: Option<Option<i64>> =
                sql.one("SELECT max(row_id) FROM audit", &[], |row| row.value())?;
            Ok(newest.flatten().unwrap_or(0))
        })
        .await
    }
}

impl AuditFilter {
    fn fits(&self, record: &AuditRecord) -> bool {
        let of = |wanted: &Option<String>, has: &str| wanted.as_ref().is_none_or(|it| it == has);
        let is_who = |who: &String| {
            record.principal.contains(who)
                || record.client_id.as_ref().is_some_and(|id| id.contains(who))
        };
        of(&self.operation, &record.operation)
            && of(&self.outcome, &record.outcome)
            && self.who.as_ref().is_none_or(is_who)
    }
}

/// Writes one record, within the transaction that it tells of.
fn insert(sql: &Sql<'_>, record: &AuditRecord, head: &Head) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO audit (at, principal, client_id, operation, resource, parameters, source, \
         outcome, code, reason, request_id, chain_row, position, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        args![
            record.at,
            &record.principal,
            record.client_id.as_ref(),
            &record.operation,
            record.resource.as_ref(),
            &record.parameters,
            record.source.as_ref(),
            &record.outcome,
            record.code.as_ref(),
            record.reason.as_ref(),
            &record.request_id,
            head.chain,
            head.position,
            &head.hash.0
        ],
    )?;
    Ok(())
}

/// A hash as it is stored; one of a wrong length, which we did not write, fits nothing.
fn hash_of(row: &Row<'_>) -> Result<Digest, StoreError> {
    let stored: Option<Vec<u8>> = row.get("hash")?;
    Ok(Digest(stored.and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; 32])))
}

fn read_record(row: &Row<'_>) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        at: row.get("at")?,
        principal: row.get("principal")?,
        client_id: row.get("client_id")?,
        operation: row.get("operation")?,
        resource: row.get("resource")?,
        parameters: row.get("parameters")?,
        source: row.get("source")?,
        outcome: row.get("outcome")?,
        code: row.get("code")?,
        reason: row.get("reason")?,
        request_id: row.get("request_id")?,
    })
}
