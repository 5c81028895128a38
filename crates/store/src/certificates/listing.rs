//! Certificates are read and listed. The DER lies apart from the indexed rows.

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::time::Timestamp;

use super::{Certificate, CertificateSummary, Origin};
use crate::sql::{Row, Sql, args};
use crate::{CertificateRow, Page, StoreError, Uuid, page, transfers};

pub(super) fn certificate(
    sql: &Sql<'_>,
    id: &CertificateId,
) -> Result<Option<Certificate>, StoreError> {
    let text = format!(
        "SELECT c.row_id, c.id, c.status, c.origin, d.der, c.not_before, c.not_after, c.created, \
         c.modified, c.version, c.ca_id, k.id AS claim_id, c.mode, {} \
         FROM certificates c JOIN certificate_bodies d ON d.certificate_row = c.row_id \
         LEFT JOIN certificates k ON k.row_id = c.claim_row \
         LEFT JOIN certificate_transfers t ON t.certificate_row = c.row_id WHERE c.id = $1",
        transfers::COLUMNS
    );
    sql.one(&text, args![id], read_certificate)
}

fn read_certificate(row: &Row<'_>) -> Result<Certificate, StoreError> {
    let (number, created): (CertificateRow, Timestamp) = (row.get("row_id")?, row.get("created")?);
    Ok(Certificate {
        row: number,
        id: row.get("id")?,
        status: row.get("status")?,
        origin: row.get("origin")?,
        der: row.get("der")?,
        not_before: row.get("not_before")?,
        not_after: row.get("not_after")?,
        created,
        modified: row.get("modified")?,
        version: row.get("version")?,
        ca: row.get("ca_id")?,
        claim: row.get("claim_id")?,
        generation: Uuid::of_row(number.0, created.0),
        mode: row.get("mode")?,
        transfer: transfers::read(row)?,
    })
}

pub(super) fn list(
    sql: &Sql<'_>,
    ca: Option<&CertificateId>,
    after: Option<CertificateRow>,
    limit: usize,
    ascending: bool,
) -> Result<Page<CertificateSummary, CertificateRow>, StoreError> {
    let size = page::size(limit);
    let read = |row: &Row<'_>| {
        Ok(CertificateSummary {
            row: row.get("row_id")?,
            id: row.get("id")?,
            status: row.get("status")?,
            mode: row.get("mode")?,
            created: row.get("created")?,
        })
    };
    let start = after.map_or(if ascending { 0 } else { i64::MAX }, |row| row.0);
    let items = match (ca, ascending) {
        (None, true) => sql.all(
            "SELECT row_id, id, status, mode, created FROM certificates \
             WHERE row_id > $1 AND origin <> $2 ORDER BY row_id LIMIT $3",
            args![start, Origin::Claim, size + 1],
            read,
        ),
        (None, false) => sql.all(
            "SELECT row_id, id, status, mode, created FROM certificates \
             WHERE row_id < $1 AND origin <> $2 ORDER BY row_id DESC LIMIT $3",
            args![start, Origin::Claim, size + 1],
            read,
        ),
        (Some(ca), true) => sql.all(
            "SELECT row_id, id, status, mode, created FROM certificates \
             WHERE ca_id = $1 AND row_id > $2 ORDER BY row_id LIMIT $3",
            args![ca, start, size + 1],
            read,
        ),
        (Some(ca), false) => sql.all(
            "SELECT row_id, id, status, mode, created FROM certificates \
             WHERE ca_id = $1 AND row_id < $2 ORDER BY row_id DESC LIMIT $3",
            args![ca, start, size + 1],
            read,
        ),
    }?;
    Ok(Page::cut(items, size, |item| item.row))
}
