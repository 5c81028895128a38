//! The audit trail: who asked what, and what it came to.

use std::sync::Arc;

use fleetwright_core::certificate::Instant;

use crate::sql::{Row, Sql, args};
use crate::{Page, Store, StoreError, page};

/// Records that one filtered page looks at, at most. (ours)
const SCANNED: usize = 10_000;

/// One decision. Names only: values of parameters are never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// When.
    pub at: Instant,
    /// ARN of the principal, or `anonymous` when none is proven.
    pub principal: String,
    /// The MQTT client id, of a device.
    pub client_id: Option<String>,
    /// AWS's name of the operation.
    pub operation: String,
    /// What it was about, such as a name or an ARN.
    pub resource: Option<String>,
    /// Names of the parameters, separated by commas.
    pub parameters: String,
    /// The address that it came from.
    pub source: Option<String>,
    /// `Accepted`, `Rejected` or `Denied`.
    pub outcome: String,
    /// The error's code, when it was not accepted.
    pub code: Option<String>,
    /// The error's message.
    pub reason: Option<String>,
    /// The request's id.
    pub request_id: String,
}

/// Which records are wanted; an absent member is any.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// At or after.
    pub since: Option<Instant>,
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
        let since = filter.since.unwrap_or(Instant(i64::MIN));
        let found: Vec<(i64, AuditRecord)> = self
            .read(|sql| {
                sql.all(
                    "SELECT row_id, at, principal, client_id, operation, resource, parameters, \
                     source, outcome, code, reason, request_id FROM audit \
                     WHERE row_id > $1 AND row_id >= COALESCE((SELECT min(row_id) FROM audit \
                     WHERE at >= $2), $1 + 1) AND at >= $2 ORDER BY row_id LIMIT $3",
                    args![after, since, SCANNED],
                    |row| Ok((row.get(0)?, read_record(row)?)),
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
                sql.one("SELECT max(row_id) FROM audit", &[], |row| row.get(0))?;
            Ok(newest.flatten().unwrap_or(0))
        })
        .await
    }

    /// Removes at most `limit` records that are older than `before` or beyond the newest `kept`;
    /// answers how many.
    pub async fn purge_audit(
        &self,
        before: Instant,
        kept: usize,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.write(move |sql| {
            sql.execute(
                "DELETE FROM audit WHERE row_id IN (SELECT row_id FROM audit WHERE at < $1 \
                 OR row_id <= (SELECT max(row_id) FROM audit) - $2 ORDER BY row_id LIMIT $3)",
                args![before, kept, limit],
            )
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
pub(crate) fn insert(sql: &Sql<'_>, record: &AuditRecord) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO audit (at, principal, client_id, operation, resource, parameters, source, \
         outcome, code, reason, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
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
            &record.request_id
        ],
    )?;
    Ok(())
}

fn read_record(row: &Row<'_>) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        at: row.get(1)?,
        principal: row.get(2)?,
        client_id: row.get(3)?,
        operation: row.get(4)?,
        resource: row.get(5)?,
        parameters: row.get(6)?,
        source: row.get(7)?,
        outcome: row.get(8)?,
        code: row.get(9)?,
        reason: row.get(10)?,
        request_id: row.get(11)?,
    })
}
