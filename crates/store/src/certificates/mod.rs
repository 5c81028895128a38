//! Registered certificates: status, life and removal.

mod listing;
mod registration;
mod removal;
mod state;
mod tbs;

use fleetwright_core::certificate::{CertificateId, CertificateMode, CertificateStatus, TbsDigest};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::time::Timestamp;
pub(crate) use registration::{insert, register};
pub(crate) use removal::remove;
pub use state::{CertificateState, Origin};
pub(crate) use state::{require, require_of_connection, set_status, state};
pub use tbs::{RegisteredTwin, TwinPair, WithoutTbs};

use crate::sql::args;
use crate::{CertificateRow, Page, Store, StoreError, Transfer, Uuid};

/// A registered certificate with everything that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its row.
    pub row: CertificateRow,
    /// SHA-256 of its DER.
    pub id: CertificateId,
    /// Its status.
    pub status: CertificateStatus,
    /// How it was registered.
    pub origin: Origin,
    /// Whether a connection with it must name its server.
    pub mode: CertificateMode,
    /// The certificate itself.
    pub der: Vec<u8>,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// When it was registered.
    pub created: Timestamp,
    /// When its status last changed.
    pub modified: Timestamp,
    /// `customerVersion`: 1, and one more per change.
    pub version: i64,
    /// The registered CA that signed it, if it was brought along with one.
    pub ca: Option<CertificateId>,
    /// The claim that it was issued under, if any.
    pub claim: Option<CertificateId>,
    /// `generationId`.
    pub generation: Uuid,
    /// Its latest transfer between accounts, unless that was cancelled.
    pub transfer: Option<Transfer>,
}

/// A line of `ListCertificates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateSummary {
    /// Its row, the key of the listing.
    pub row: CertificateRow,
    /// SHA-256 of its DER.
    pub id: CertificateId,
    /// Its status.
    pub status: CertificateStatus,
    /// `certificateMode`.
    pub mode: CertificateMode,
    /// When it was registered.
    pub created: Timestamp,
}

/// A certificate to register.
#[derive(Debug, Clone)]
pub struct NewCertificate {
    /// SHA-256 of its DER.
    pub id: CertificateId,
    /// SHA-256 of its TBSCertificate: one is registered once.
    pub tbs: TbsDigest,
    /// The certificate itself.
    pub der: Vec<u8>,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// Its first status.
    pub status: CertificateStatus,
    /// How it came.
    pub origin: Origin,
    /// Whether a connection with it must name its server.
    pub mode: CertificateMode,
    /// The registered CA that signed it; it must be `ACTIVE`.
    pub ca: Option<CertificateId>,
}

impl Store {
    /// Status and row of a certificate: the look-up of every connection.
    pub async fn certificate_state(
        &self,
        id: CertificateId,
    ) -> Result<Option<CertificateState>, StoreError> {
        self.read(move |sql| state(sql, &id)).await
    }

    /// A certificate with everything that is kept of it.
    pub async fn certificate(&self, id: CertificateId) -> Result<Option<Certificate>, StoreError> {
        self.read(move |sql| listing::certificate(sql, &id)).await
    }

    /// Refuses a certificate that is registered already, by its id or by its TBSCertificate
    /// (`ResourceAlreadyExists`).
    pub async fn expect_new_certificate(
        &self,
        id: CertificateId,
        tbs: TbsDigest,
    ) -> Result<(), StoreError> {
        self.snapshot(|sql| registration::expect_new(sql, &id, &tbs)).await
    }

    /// Registers a certificate that was brought along (or a claim). Refuses one that is
    /// registered already, by its id or by its TBSCertificate (`ResourceAlreadyExists`), and one
    /// whose CA is not `ACTIVE` or which comes just in time after it was revoked and deleted
    /// (`CertificateState`).
    pub async fn register_certificate(
        &self,
        new: NewCertificate,
        now: Timestamp,
    ) -> Result<CertificateRow, StoreError> {
        self.write(move |sql| register(sql, &new, now)).await
    }

    /// `UpdateCertificate`: sets the status by the rules of
    /// [`CertificateStatus::update_to`]. Equal status: nothing changes, and it is no error.
    pub async fn update_certificate_status(
        &self,
        id: CertificateId,
        status: CertificateStatus,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let by = self.principal();
        self.write(move |sql| {
            let found = require(sql, &id)?;
            let target = found.status.update_to(status).map_err(|rule| {
                let code = match status {
                    CertificateStatus::Active
                    | CertificateStatus::Inactive
                    | CertificateStatus::Revoked => ErrorCode::CertificateState,
                    _ => ErrorCode::InvalidRequest,
                };
                Refusal::new(
                    code,
                    format!("Certificate {id} is {}: {rule}.", found.status.as_str()),
                )
            })?;
            set_status(sql, &id, &found, target, now)?;
            if found.status != target && target == CertificateStatus::Inactive {
                sql.execute(
                    "UPDATE certificates SET deactivated_by = $1 WHERE row_id = $2",
                    args![by.as_deref(), found.row],
                )?;
            }
            Ok(())
        })
        .await
    }

    /// `DeleteCertificate`: never an `ACTIVE` one, never one with a thing; one with policies only
    /// by `force`.
    pub async fn delete_certificate(
        &self,
        id: CertificateId,
        force: bool,
    ) -> Result<(), StoreError> {
        self.write(move |sql| removal::delete(sql, &id, force)).await
    }

    /// `ListCertificates`, in the order of registration or its reverse, after a row; without
    /// claims, which are no device's.
    pub async fn list_certificates(
        &self,
        after: Option<CertificateRow>,
        limit: usize,
        ascending: bool,
    ) -> Result<Page<CertificateSummary, CertificateRow>, StoreError> {
        self.read(move |sql| listing::list(sql, None, after, limit, ascending)).await
    }

    /// `ListCertificatesByCA`: as [`Self::list_certificates`], of one CA; an unknown one has none.
    pub async fn list_certificates_by_ca(
        &self,
        ca: CertificateId,
        after: Option<CertificateRow>,
        limit: usize,
        ascending: bool,
    ) -> Result<Page<CertificateSummary, CertificateRow>, StoreError> {
        self.read(move |sql| listing::list(sql, Some(&ca), after, limit, ascending)).await
    }
}
