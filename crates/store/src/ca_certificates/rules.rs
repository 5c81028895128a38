//! What a CA certificate forbids others.

use fleetwright_core::ca_certificate::CaCertificateStatus;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::TemplateName;

use super::{require, status};
use crate::StoreError;
use crate::sql::{Sql, args};

/// Refuses the registration of a certificate whose CA is not `ACTIVE` (any more).
pub(crate) fn require_active(sql: &Sql<'_>, id: &CertificateId) -> Result<(), StoreError> {
    let row = require(sql, id)?;
    if status(sql, row)? == Some(CaCertificateStatus::Active) {
        return Ok(());
    }
    Err(StoreError::refused(
        ErrorCode::CertificateState,
        format!(
            "CA certificate {id} is INACTIVE, so certificates that it signed cannot be registered; \
             set it to ACTIVE first."
        ),
    ))
}

/// Refuses to remove a template that a CA provisions its devices with.
pub(crate) fn check_unused(sql: &Sql<'_>, template: &TemplateName) -> Result<(), StoreError> {
    let user: Option<CertificateId> = sql.one(
        "SELECT id FROM ca_certificates WHERE template_name = $1 ORDER BY row_id LIMIT 1",
        args![template],
        |row| row.value(),
    )?;
    match user {
        None => Ok(()),
        Some(ca) => Err(StoreError::refused(
            ErrorCode::DeleteConflict,
            format!(
                "CA certificate {ca} provisions its devices with provisioning template {template}; \
                 change its registration configuration first."
            ),
        )),
    }
}
