//! The events of a CA certificate.

use fleetwright_core::ca_certificate::CaCertificateStatus;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::event::EventType;

use crate::event::{EventOperation, EventSubject};
use crate::sql::{Param, Sql};
use crate::{StoreError, registry_events};

/// Runs a statement that changes a CA certificate, and notes what it returns of it.
pub(super) fn note(
    sql: &Sql<'_>,
    operation: EventOperation,
    id: &CertificateId,
    text: &str,
    params: &[Param<'_>],
) -> Result<(), StoreError> {
    let changed: Vec<(CaCertificateStatus, bool, i64)> = sql.all(text, params, |row| {
        Ok((row.get("status")?, row.get("auto_registration")?, row.get("version")?))
    })?;
    changed.into_iter().try_for_each(|(status, auto_registration, version)| {
        note_state(sql, operation, id, status, auto_registration, version)
    })
}

pub(super) fn note_state(
    sql: &Sql<'_>,
    operation: EventOperation,
    id: &CertificateId,
    status: CaCertificateStatus,
    auto_registration: bool,
    version: i64,
) -> Result<(), StoreError> {
    registry_events::note(sql, EventType::CaCertificate, operation, || {
        Ok(EventSubject::CaCertificate {
            certificate: id.to_string(),
            status: status.as_str().to_owned(),
            auto_registration,
            version,
        })
    })
}
