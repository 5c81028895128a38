//! Certificates are deleted, with all that hangs on them.

use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::matched_text;

use super::state::{note, require};
use super::tbs;
use crate::event::EventOperation;
use crate::sql::{Sql, args};
use crate::{CertificateRow, Change, StoreError};

pub(super) fn delete(sql: &Sql<'_>, id: &CertificateId, force: bool) -> Result<(), StoreError> {
    let found = require(sql, id)?;
    if found.status == CertificateStatus::Active {
        return Err(StoreError::refused(
            ErrorCode::CertificateState,
            matched_text::active_certificate(id),
        ));
    }
    if found.status == CertificateStatus::PendingTransfer {
        return Err(StoreError::refused(
            ErrorCode::CertificateState,
            format!("Certificate {id} is being transferred; cancel the transfer before deletion."),
        ));
    }
    let conflict = |what: &str| {
        let arn = sql.scope.arn("cert", id);
        StoreError::refused(
            ErrorCode::DeleteConflict,
            format!("{what} must be detached before deletion (arn: {arn})"),
        )
    };
    if has(sql, "SELECT 1 FROM thing_principals WHERE certificate_row = $1 LIMIT 1", found.row)? {
        return Err(conflict("Things"));
    }
    let policies = "SELECT 1 FROM certificate_policies WHERE certificate_row = $1 LIMIT 1";
    if !force && has(sql, policies, found.row)? {
        return Err(conflict("Certificate policies"));
    }
    remove(sql, id, found.row)
}

fn has(sql: &Sql<'_>, text: &str, row: CertificateRow) -> Result<bool, StoreError> {
    sql.exists(text, args![row])
}

/// Removes a certificate and all that hangs on it; the caller has checked that it may go.
pub(crate) fn remove(
    sql: &Sql<'_>,
    id: &CertificateId,
    row: CertificateRow,
) -> Result<(), StoreError> {
    tbs::remember_revoked(sql, row)?;
    for text in [
        "DELETE FROM certificate_policies WHERE certificate_row = $1",
        "DELETE FROM ownership_tokens WHERE certificate_row = $1",
        "DELETE FROM claims WHERE certificate_row = $1",
        "DELETE FROM certificate_transfers WHERE certificate_row = $1",
        "DELETE FROM certificate_bodies WHERE certificate_row = $1",
    ] {
        sql.execute(text, args![row])?;
    }
    let removed: Vec<(CertificateStatus, Option<CertificateId>)> = sql.all(
        "DELETE FROM certificates WHERE row_id = $1 RETURNING status, ca_id",
        args![row],
        |row| Ok((row.get("status")?, row.get("ca_id")?)),
    )?;
    for (status, ca) in removed {
        note(sql, EventOperation::Deleted, id, status, ca)?;
    }
    sql.changed(Change::Certificate(*id));
    sql.changed(Change::CertificateOff(*id));
    Ok(())
}
