//! Certificates are registered.

use fleetwright_core::certificate::{CertificateId, TbsDigest};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::time::Timestamp;

use super::state::{note, state};
use super::{NewCertificate, tbs};
use crate::event::EventOperation;
use crate::sql::{Sql, args};
use crate::{CertificateRow, Change, StoreError, ca_certificates};

/// Registers a certificate that was brought along; its CA must be `ACTIVE`.
pub(crate) fn register(
    sql: &Sql<'_>,
    new: &NewCertificate,
    now: Timestamp,
) -> Result<CertificateRow, StoreError> {
    if let Some(ca) = &new.ca {
        ca_certificates::require_active(sql, ca)?;
    }
    tbs::meet_revoked(sql, &new.tbs, new.origin, new.status, now)?;
    insert(sql, new, None, now)
}

/// Refuses a certificate that is registered already, by its id or by its TBSCertificate.
pub(super) fn expect_new(
    sql: &Sql<'_>,
    id: &CertificateId,
    tbs: &TbsDigest,
) -> Result<(), StoreError> {
    if state(sql, id)?.is_some() {
        return Err(exists(sql, id, "The certificate is already provisioned or registered"));
    }
    if let Some(twin) = tbs::registered(sql, tbs)? {
        let message = format!(
            "The certificate is already provisioned or registered, as certificate {}: its \
             TBSCertificate is the same, and only what is written around it differs.",
            twin.id
        );
        return Err(exists(sql, &twin.id, &message));
    }
    Ok(())
}

/// Inserts a certificate that is not registered yet.
pub(crate) fn insert(
    sql: &Sql<'_>,
    new: &NewCertificate,
    claim: Option<CertificateRow>,
    now: Timestamp,
) -> Result<CertificateRow, StoreError> {
    expect_new(sql, &new.id, &new.tbs)?;
    let row = sql.insert(
        "INSERT INTO certificates (id, status, origin, not_before, not_after, created, modified, \
         version, ca_id, claim_row, mode, tbs) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11) RETURNING row_id",
        args![
            &new.id,
            new.status,
            new.origin,
            new.not_before,
            new.not_after,
            now,
            now,
            new.ca.as_ref(),
            claim,
            new.mode,
            &new.tbs
        ],
    )?;
    sql.execute(
        "INSERT INTO certificate_bodies (certificate_row, der) VALUES ($1, $2)",
        args![row, &new.der],
    )?;
    note(sql, EventOperation::Created, &new.id, new.status, new.ca)?;
    sql.changed(Change::Certificate(new.id));
    Ok(CertificateRow(row))
}

fn exists(sql: &Sql<'_>, id: &CertificateId, message: &str) -> StoreError {
    Refusal::new(ErrorCode::ResourceAlreadyExists, message)
        .about(id.to_string(), sql.scope.arn("cert", id))
        .into()
}
