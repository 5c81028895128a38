//! Certificate ownership tokens: kept as digests, bound to one certificate, spent once.

use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::time::Timestamp;

use crate::certificates::{self, Origin};
use crate::sql::{Row, Sql, args};
use crate::{CertificateRow, Store, StoreError};

/// A token that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenState {
    /// The certificate that it gives ownership of.
    pub certificate: CertificateId,
    /// That certificate's row.
    pub row: CertificateRow,
    /// That certificate's status.
    pub status: CertificateStatus,
    /// That certificate.
    pub der: Vec<u8>,
    /// The last instant at which the token is good.
    pub until: Timestamp,
    /// What it was spent on.
    pub spent: Option<Spent>,
}

/// The registration that spent a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// Digest of the request; an equal request gets the same answer again.
    pub request_digest: [u8; 32],
    /// The answer, as the caller gave it.
    pub answer: Vec<u8>,
}

impl Store {
    /// The token of a SHA-256 digest; `None` when it was never given out, or is purged.
    pub async fn token_state(&self, digest: [u8; 32]) -> Result<Option<TokenState>, StoreError> {
        self.read(move |sql| token(sql, &digest)).await
    }

    /// Removes at most `limit` tokens that ran out, and each certificate made over MQTT that is
    /// still `PENDING_ACTIVATION` and holds neither policy nor thing. Answers how many
    /// certificates were deleted and whether tokens that ran out remain.
    pub async fn purge_expired(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<(usize, bool), StoreError> {
        self.write(move |sql| purge(sql, now, limit)).await
    }
}

pub(crate) fn token(sql: &Sql<'_>, digest: &[u8; 32]) -> Result<Option<TokenState>, StoreError> {
    sql.one(
        "SELECT c.id, c.row_id, c.status, d.der, t.until, t.request_digest, t.answer \
         FROM ownership_tokens t JOIN certificates c ON c.row_id = t.certificate_row \
         JOIN certificate_bodies d ON d.certificate_row = c.row_id WHERE t.digest = $1",
        args![digest],
        |row| {
            Ok(TokenState {
                certificate: row.get("id")?,
                row: row.get("row_id")?,
                status: row.get("status")?,
                der: row.get("der")?,
                until: row.get("until")?,
                spent: spent(row)?,
            })
        },
    )
}

/// Request digest and answer of a token that is spent.
pub(crate) fn spent(row: &Row<'_>) -> Result<Option<Spent>, StoreError> {
    let request: Option<[u8; 32]> = row.get("request_digest")?;
    let answer: Option<Vec<u8>> = row.get("answer")?;
    Ok(request.zip(answer).map(|(request_digest, answer)| Spent { request_digest, answer }))
}

fn purge(sql: &Sql<'_>, now: Timestamp, limit: usize) -> Result<(usize, bool), StoreError> {
    let expired = sql.all(
        "SELECT c.row_id, c.id, c.status, c.origin \
         FROM ownership_tokens t JOIN certificates c ON c.row_id = t.certificate_row \
         WHERE t.until < $1 ORDER BY t.until LIMIT $2",
        args![now, limit.max(1) + 1],
        |row| {
            let row_id: CertificateRow = row.get("row_id")?;
            let id: CertificateId = row.get("id")?;
            let status: CertificateStatus = row.get("status")?;
            let origin: Origin = row.get("origin")?;
            Ok((
                row_id,
                id,
                status == CertificateStatus::PendingActivation && origin == Origin::Mqtt,
            ))
        },
    )?;
    let more = expired.len() > limit.max(1);
    let mut deleted = 0;
    for (row, id, pending) in expired.into_iter().take(limit.max(1)) {
        sql.execute("DELETE FROM ownership_tokens WHERE certificate_row = $1", args![row])?;
        if pending && !is_attached(sql, row)? {
            certificates::remove(sql, &id, row)?;
            deleted += 1;
        }
    }
    Ok((deleted, more))
}

fn is_attached(sql: &Sql<'_>, row: CertificateRow) -> Result<bool, StoreError> {
    Ok(sql.exists(
        "SELECT 1 FROM certificate_policies WHERE certificate_row = $1 LIMIT 1",
        args![row],
    )? || sql
        .exists("SELECT 1 FROM thing_principals WHERE certificate_row = $1 LIMIT 1", args![row])?)
}
