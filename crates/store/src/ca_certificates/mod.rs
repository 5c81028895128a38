//! CA certificates of one's own: registration, status, and how their devices are registered.

use std::collections::BTreeMap;

use fleetwright_core::ca_certificate::CaCertificateStatus;
use fleetwright_core::certificate::{CertificateId, CertificateMode};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits;
use fleetwright_core::names::TemplateName;
use fleetwright_core::time::Timestamp;

use crate::event::EventOperation;
use crate::sql::{Row, Sql, args};
use crate::{CaRow, Store, StoreError, Uuid, tags, templates};

mod events;
mod list;
mod rules;
mod update;

pub use list::CaCertificateSummary;
pub(crate) use rules::{check_unused, require_active};
pub use update::CaCertificateUpdate;

/// `registrationConfig`: the template of just-in-time provisioning. Without a name and a body,
/// devices are registered and nothing more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistrationConfig {
    /// A provisioning template, which must exist; excludes a body.
    pub template_name: Option<TemplateName>,
    /// The body of a template of its own.
    pub template_body: Option<String>,
    /// The provisioning role.
    pub role_arn: Option<String>,
}

/// A registered CA certificate with everything that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaCertificate {
    /// Its row.
    pub row: CaRow,
    /// SHA-256 of its DER.
    pub id: CertificateId,
    /// The certificate itself.
    pub der: Vec<u8>,
    /// Its status.
    pub status: CaCertificateStatus,
    /// How it was registered.
    pub mode: CertificateMode,
    /// Whether certificates that it signed are registered when their device connects.
    pub auto_registration: bool,
    /// What is done with such a device.
    pub config: RegistrationConfig,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// When it was registered.
    pub created: Timestamp,
    /// When it last changed.
    pub modified: Timestamp,
    /// `customerVersion`: 1, and one more per change.
    pub version: i64,
    /// `generationId`.
    pub generation: Uuid,
}

/// A CA certificate to register.
#[derive(Debug, Clone)]
pub struct NewCaCertificate {
    /// SHA-256 of its DER.
    pub id: CertificateId,
    /// The certificate itself.
    pub der: Vec<u8>,
    /// SHA-256 of its subject, a Name in DER.
    pub subject: [u8; 32],
    /// Its first status.
    pub status: CaCertificateStatus,
    /// How it is registered.
    pub mode: CertificateMode,
    /// `allowAutoRegistration`.
    pub auto_registration: bool,
    /// `registrationConfig`.
    pub config: RegistrationConfig,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

const COLUMNS: &str = "row_id, id, der, status, mode, auto_registration, template_name, \
                       template_body, role_arn, not_before, not_after, created, modified, version";

impl Store {
    /// `RegisterCACertificate`.
    ///
    /// # Errors
    /// `ResourceAlreadyExists`; `LimitExceeded` at [`limits::CAS_PER_SUBJECT`];
    /// `ResourceNotFound` without the template that it names.
    pub async fn register_ca_certificate(
        &self,
        new: NewCaCertificate,
        now: Timestamp,
    ) -> Result<CaRow, StoreError> {
        self.write(move |sql| insert(sql, &new, now)).await
    }

    /// A CA certificate by its id.
    pub async fn ca_certificate(
        &self,
        id: CertificateId,
    ) -> Result<Option<CaCertificate>, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM ca_certificates WHERE id = $1");
        self.read(move |sql| sql.one(&text, args![&id], read)).await
    }

    /// The CA certificates with a subject, newest first; at most [`limits::CAS_PER_SUBJECT`].
    pub async fn ca_certificates_of_subject(
        &self,
        subject: [u8; 32],
    ) -> Result<Vec<CaCertificate>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM ca_certificates WHERE subject = $1 ORDER BY row_id DESC LIMIT $2"
        );
        self.read(move |sql| sql.all(&text, args![&subject, limits::CAS_PER_SUBJECT], read)).await
    }

    /// `DeleteCACertificate`: never an `ACTIVE` one (`CertificateState`). Device certificates that
    /// it signed stay.
    pub async fn delete_ca_certificate(&self, id: CertificateId) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &id)?;
            if status(sql, row)? == Some(CaCertificateStatus::Active) {
                return Err(StoreError::refused(
                    ErrorCode::CertificateState,
                    format!("CA certificate {id} is ACTIVE; deactivate it before deletion."),
                ));
            }
            let text = "DELETE FROM ca_certificates WHERE row_id = $1 \
                        RETURNING status, auto_registration, version";
            events::note(sql, EventOperation::Deleted, &id, text, args![row])?;
            tags::remove(sql, "cacert", row.0)
        })
        .await
    }
}

fn insert(sql: &Sql<'_>, new: &NewCaCertificate, now: Timestamp) -> Result<CaRow, StoreError> {
    if sql.exists("SELECT 1 FROM ca_certificates WHERE id = $1", args![&new.id])? {
        let arn = sql.scope.arn("cacert", new.id);
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("CA certificate {} is registered already.", new.id),
        )
        .about(new.id.to_string(), arn)
        .into());
    }
    let namesakes =
        sql.count("SELECT count(*) FROM ca_certificates WHERE subject = $1", args![&new.subject])?;
    if namesakes >= limits::CAS_PER_SUBJECT {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!(
                "{} CA certificates with this subject are registered, the most allowed; delete \
                 one first.",
                limits::CAS_PER_SUBJECT
            ),
        ));
    }
    if let Some(name) = &new.config.template_name {
        templates::require(sql, name)?;
    }
    let row = sql.insert(
        "INSERT INTO ca_certificates (id, subject, der, status, mode, auto_registration, \
         template_name, template_body, role_arn, not_before, not_after, created, modified, version) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1) RETURNING row_id",
        args![
            &new.id,
            &new.subject,
            &new.der,
            new.status,
            new.mode,
            new.auto_registration,
            new.config.template_name.as_ref(),
            new.config.template_body.as_ref(),
            new.config.role_arn.as_ref(),
            new.not_before,
            new.not_after,
            now,
            now
        ],
    )?;
    events::note_state(
        sql,
        EventOperation::Created,
        &new.id,
        new.status,
        new.auto_registration,
        1,
    )?;
    tags::put(sql, "cacert", row, &new.tags)?;
    Ok(CaRow(row))
}

/// The row of a CA certificate, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, id: &CertificateId) -> Result<CaRow, StoreError> {
    let found =
        sql.one("SELECT row_id FROM ca_certificates WHERE id = $1", args![id], |row| row.value())?;
    found.ok_or_else(|| {
        StoreError::refused(
            ErrorCode::ResourceNotFound,
            format!("The CA certificate given does not exist: {id}"),
        )
    })
}

fn status(sql: &Sql<'_>, row: CaRow) -> Result<Option<CaCertificateStatus>, StoreError> {
    sql.one("SELECT status FROM ca_certificates WHERE row_id = $1", args![row], |row| row.value())
}

fn read(row: &Row<'_>) -> Result<CaCertificate, StoreError> {
    let (number, created): (CaRow, Timestamp) = (row.get("row_id")?, row.get("created")?);
    Ok(CaCertificate {
        row: number,
        id: row.get("id")?,
        der: row.get("der")?,
        status: row.get("status")?,
        mode: row.get("mode")?,
        auto_registration: row.get("auto_registration")?,
        config: RegistrationConfig {
            template_name: row.get("template_name")?,
            template_body: row.get("template_body")?,
            role_arn: row.get("role_arn")?,
        },
        not_before: row.get("not_before")?,
        not_after: row.get("not_after")?,
        created,
        modified: row.get("modified")?,
        version: row.get("version")?,
        generation: Uuid::of_row(number.0, created.0),
    })
}
