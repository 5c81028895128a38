//! `UpdateCACertificate`.

use fleetwright_core::ca_certificate::CaCertificateStatus;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::time::Timestamp;

use super::{RegistrationConfig, events, require};
use crate::event::EventOperation;
use crate::sql::{Sql, args};
use crate::{Store, StoreError, templates};

/// What to change; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaCertificateUpdate {
    /// `newStatus`.
    pub status: Option<CaCertificateStatus>,
    /// `newAutoRegistrationStatus`.
    pub auto_registration: Option<bool>,
    /// `registrationConfig`, as a whole.
    pub config: Option<RegistrationConfig>,
}

impl Store {
    /// `UpdateCACertificate`. `ResourceNotFound` without the CA or the template that it names.
    pub async fn update_ca_certificate(
        &self,
        id: CertificateId,
        update: CaCertificateUpdate,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| change(sql, &id, &update, now)).await
    }
}

fn change(
    sql: &Sql<'_>,
    id: &CertificateId,
    update: &CaCertificateUpdate,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = require(sql, id)?;
    if let Some(config) = &update.config {
        if let Some(name) = &config.template_name {
            templates::require(sql, name)?;
        }
        sql.execute(
            "UPDATE ca_certificates SET template_name = $1, template_body = $2, role_arn = $3 \
             WHERE row_id = $4",
            args![
                config.template_name.as_ref(),
                config.template_body.as_ref(),
                config.role_arn.as_ref(),
                row
            ],
        )?;
    }
    events::note(
        sql,
        EventOperation::Updated,
        id,
        "UPDATE ca_certificates SET status = coalesce($1, status), \
         auto_registration = coalesce($2, auto_registration), modified = $3, \
         version = version + 1 WHERE row_id = $4 \
         RETURNING status, auto_registration, version",
        args![update.status, update.auto_registration, now, row],
    )
}
