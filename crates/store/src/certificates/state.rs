//! A certificate's status and origin, on which every operation on it depends.

use fleetwright_core::certificate::{CertificateId, CertificateMode, CertificateStatus};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::event::EventType;
use fleetwright_core::time::Timestamp;

use crate::event::{EventOperation, EventSubject};
use crate::sql::{Cell, Column, Param, Sql, args};
use crate::{CertificateRow, Change, StoreError, registry_events};

/// How a certificate came to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Issued over MQTT; deleted when its ownership token runs out unused.
    Mqtt,
    /// Issued over REST.
    Rest,
    /// A trusted user's provisioning claim: never listed, never named, deleted when it ends.
    Claim,
    /// Brought along, signed by a registered CA.
    RegisteredCa,
    /// Brought along without a CA.
    RegisteredAlone,
    /// Registered when its device first connected.
    JustInTime,
}

/// What every connection looks up of its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateState {
    /// Its row.
    pub row: CertificateRow,
    /// Only `ACTIVE` connects.
    pub status: CertificateStatus,
    /// How it was registered.
    pub origin: Origin,
    /// Whether a connection with it must name its server.
    pub mode: CertificateMode,
}

pub(crate) fn state(
    sql: &Sql<'_>,
    id: &CertificateId,
) -> Result<Option<CertificateState>, StoreError> {
    sql.one(
        "SELECT row_id, status, origin, mode FROM certificates WHERE id = $1",
        args![id],
        |row| {
            Ok(CertificateState {
                row: row.get("row_id")?,
                status: row.get("status")?,
                origin: row.get("origin")?,
                mode: row.get("mode")?,
            })
        },
    )
}

/// The certificate, or `ResourceNotFound`: claims of trusted users are hidden from every API.
pub(crate) fn require(sql: &Sql<'_>, id: &CertificateId) -> Result<CertificateState, StoreError> {
    state(sql, id)?.filter(|found| found.origin != Origin::Claim).ok_or_else(|| unknown(id))
}

/// The certificate of a connection that makes a request; it may be a trusted user's claim.
pub(crate) fn require_of_connection(
    sql: &Sql<'_>,
    id: &CertificateId,
) -> Result<CertificateState, StoreError> {
    state(sql, id)?.ok_or_else(|| unknown(id))
}

fn unknown(id: &CertificateId) -> StoreError {
    StoreError::refused(
        ErrorCode::ResourceNotFound,
        format!("The certificate given does not exist: {id}"),
    )
}

/// Sets a status that was found to be allowed; an equal one changes nothing.
pub(crate) fn set_status(
    sql: &Sql<'_>,
    id: &CertificateId,
    found: &CertificateState,
    status: CertificateStatus,
    now: Timestamp,
) -> Result<(), StoreError> {
    if found.status == status {
        return Ok(());
    }
    let changed: Vec<Option<CertificateId>> = sql.all(
        "UPDATE certificates SET status = $1, modified = $2, version = version + 1, \
         deactivated_by = NULL \
         WHERE row_id = $3 RETURNING ca_id",
        args![status, now, found.row],
        |row| row.get("ca_id"),
    )?;
    for ca in changed {
        note(sql, EventOperation::Updated, id, status, ca)?;
    }
    sql.changed(Change::Certificate(*id));
    if status != CertificateStatus::Active {
        sql.changed(Change::CertificateOff(*id));
    }
    Ok(())
}

/// The event of a certificate that was made, changed or deleted.
pub(super) fn note(
    sql: &Sql<'_>,
    operation: EventOperation,
    id: &CertificateId,
    status: CertificateStatus,
    ca: Option<CertificateId>,
) -> Result<(), StoreError> {
    registry_events::note(sql, EventType::Certificate, operation, || {
        Ok(EventSubject::Certificate {
            certificate: id.to_string(),
            status: status.as_str().to_owned(),
            ca: ca.map(|ca| ca.to_string()),
        })
    })
}

impl Column for Origin {
    fn read(cell: Cell<'_>) -> Option<Self> {
        Some(match i64::read(cell)? {
            0 => Self::Mqtt,
            1 => Self::Rest,
            2 => Self::Claim,
            3 => Self::RegisteredCa,
            4 => Self::RegisteredAlone,
            5 => Self::JustInTime,
            _ => return None,
        })
    }
}

impl From<Origin> for Param<'_> {
    fn from(origin: Origin) -> Self {
        Self::Int(match origin {
            Origin::Mqtt => 0,
            Origin::Rest => 1,
            Origin::Claim => 2,
            Origin::RegisteredCa => 3,
            Origin::RegisteredAlone => 4,
            Origin::JustInTime => 5,
        })
    }
}
