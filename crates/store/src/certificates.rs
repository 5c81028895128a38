//! Registered certificates: status, life and removal. The DER lies apart from the indexed rows.

use fleetwright_core::certificate::{
    CertificateId, CertificateMode, CertificateStatus, Instant, TbsDigest,
};
use fleetwright_core::error::{ErrorCode, Refusal};

use crate::sql::{Cell, Column, Param, Row, Sql, args};
use crate::{
    CertificateRow, Change, Page, Store, StoreError, Transfer, Uuid, ca_certificates, page, tbs,
    transfers,
};

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

/// What every connection asks of a certificate.
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
    pub not_before: Instant,
    /// End of validity.
    pub not_after: Instant,
    /// When it was registered.
    pub created: Instant,
    /// When its status last changed.
    pub modified: Instant,
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
    pub created: Instant,
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
    pub not_before: Instant,
    /// End of validity.
    pub not_after: Instant,
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
        self.read(move |sql| certificate(sql, &id)).await
    }

    /// Registers a certificate that was brought along (or a claim). Refuses one that is
    /// registered already, by its id or by its TBSCertificate (`ResourceAlreadyExists`), and one
    /// whose CA is not `ACTIVE` or which comes just in time after it was revoked and deleted
    /// (`CertificateState`).
    pub async fn register_certificate(
        &self,
        new: NewCertificate,
        now: Instant,
    ) -> Result<CertificateRow, StoreError> {
        self.write(move |sql| register(sql, &new, now)).await
    }

    /// `UpdateCertificate`: sets the status by the rules of
    /// [`CertificateStatus::update_to`]. Equal status: nothing changes, and it is no error.
    pub async fn update_certificate_status(
        &self,
        id: CertificateId,
        status: CertificateStatus,
        now: Instant,
    ) -> Result<(), StoreError> {
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
            set_status(sql, &id, &found, target, now)
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
        self.write(move |sql| delete(sql, &id, force)).await
    }

    /// `ListCertificates`, in the order of registration or its reverse, after a row; without
    /// claims, which are no device's.
    pub async fn list_certificates(
        &self,
        after: Option<CertificateRow>,
        limit: usize,
        ascending: bool,
    ) -> Result<Page<CertificateSummary, CertificateRow>, StoreError> {
        self.read(move |sql| list(sql, None, after, limit, ascending)).await
    }

    /// `ListCertificatesByCA`: as [`Self::list_certificates`], of one CA; an unknown one has none.
    pub async fn list_certificates_by_ca(
        &self,
        ca: CertificateId,
        after: Option<CertificateRow>,
        limit: usize,
        ascending: bool,
    ) -> Result<Page<CertificateSummary, CertificateRow>, StoreError> {
        self.read(move |sql| list(sql, Some(&ca), after, limit, ascending)).await
    }
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
                row: row.get(0)?,
                status: row.get(1)?,
                origin: row.get(2)?,
                mode: row.get(3)?,
            })
        },
    )
}

/// The certificate, or `ResourceNotFound`; a trusted user's claim is none that anybody may name.
pub(crate) fn require(sql: &Sql<'_>, id: &CertificateId) -> Result<CertificateState, StoreError> {
    state(sql, id)?.filter(|found| found.origin != Origin::Claim).ok_or_else(|| unknown(id))
}

/// The certificate of a connection that asks for something, a trusted user's claim included.
pub(crate) fn require_asking(
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

fn certificate(sql: &Sql<'_>, id: &CertificateId) -> Result<Option<Certificate>, StoreError> {
    sql.one(
        "SELECT c.row_id, c.id, c.status, c.origin, d.der, c.not_before, c.not_after, c.created, \
         c.modified, c.version, c.ca_id, k.id, c.mode, t.target_account, t.message, t.created, \
         t.accepted, t.rejected, t.reject_reason \
         FROM certificates c JOIN certificate_bodies d ON d.certificate_row = c.row_id \
         LEFT JOIN certificates k ON k.row_id = c.claim_row \
         LEFT JOIN certificate_transfers t ON t.certificate_row = c.row_id WHERE c.id = $1",
        args![id],
        read_certificate,
    )
}

fn read_certificate(row: &Row<'_>) -> Result<Certificate, StoreError> {
    let (number, created): (CertificateRow, Instant) = (row.get(0)?, row.get(7)?);
    Ok(Certificate {
        row: number,
        id: row.get(1)?,
        status: row.get(2)?,
        origin: row.get(3)?,
        der: row.get(4)?,
        not_before: row.get(5)?,
        not_after: row.get(6)?,
        created,
        modified: row.get(8)?,
        version: row.get(9)?,
        ca: row.get(10)?,
        claim: row.get(11)?,
        generation: Uuid::of_row(number.0, created.0),
        mode: row.get(12)?,
        transfer: transfers::read(row, 13)?,
    })
}

/// Registers a certificate that was brought along; its CA must be `ACTIVE`.
pub(crate) fn register(
    sql: &Sql<'_>,
    new: &NewCertificate,
    now: Instant,
) -> Result<CertificateRow, StoreError> {
    if let Some(ca) = &new.ca {
        ca_certificates::require_active(sql, ca)?;
    }
    tbs::meet_revoked(sql, new, now)?;
    insert(sql, new, None, now)
}

/// Inserts a certificate that is not registered yet.
pub(crate) fn insert(
    sql: &Sql<'_>,
    new: &NewCertificate,
    claim: Option<CertificateRow>,
    now: Instant,
) -> Result<CertificateRow, StoreError> {
    if state(sql, &new.id)?.is_some() {
        return Err(exists(sql, &new.id, "The certificate is already provisioned or registered"));
    }
    if let Some(twin) = tbs::registered(sql, &new.tbs)? {
        let message = format!(
            "The certificate is already provisioned or registered, as certificate {}: its \
             TBSCertificate is the same, and only what is written around it differs.",
            twin.id
        );
        return Err(exists(sql, &twin.id, &message));
    }
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
    sql.changed(Change::Certificate(new.id));
    Ok(CertificateRow(row))
}

fn exists(sql: &Sql<'_>, id: &CertificateId, message: &str) -> StoreError {
    Refusal::new(ErrorCode::ResourceAlreadyExists, message)
        .about(id.to_string(), sql.home.arn("cert", id))
        .into()
}

/// Sets a status that was found to be allowed; an equal one changes nothing.
pub(crate) fn set_status(
    sql: &Sql<'_>,
    id: &CertificateId,
    found: &CertificateState,
    status: CertificateStatus,
    now: Instant,
) -> Result<(), StoreError> {
    if found.status == status {
        return Ok(());
    }
    sql.execute(
        "UPDATE certificates SET status = $1, modified = $2, version = version + 1 WHERE row_id = $3",
        args![status, now, found.row],
    )?;
    sql.changed(Change::Certificate(*id));
    if status != CertificateStatus::Active {
        sql.changed(Change::CertificateOff(*id));
    }
    Ok(())
}

fn delete(sql: &Sql<'_>, id: &CertificateId, force: bool) -> Result<(), StoreError> {
    let found = require(sql, id)?;
    if found.status == CertificateStatus::Active {
        return Err(StoreError::refused(
            ErrorCode::CertificateState,
            format!("Certificate must be deactivated (not ACTIVE) before deletion. Id: {id}"),
        ));
    }
    if found.status == CertificateStatus::PendingTransfer {
        return Err(StoreError::refused(
            ErrorCode::CertificateState,
            format!("Certificate {id} is being transferred; cancel the transfer before deletion."),
        ));
    }
    let conflict = |what: &str| {
        let arn = sql.home.arn("cert", id);
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
        "DELETE FROM certificates WHERE row_id = $1",
    ] {
        sql.execute(text, args![row])?;
    }
    sql.changed(Change::Certificate(*id));
    sql.changed(Change::CertificateOff(*id));
    Ok(())
}

fn list(
    sql: &Sql<'_>,
    ca: Option<&CertificateId>,
    after: Option<CertificateRow>,
    limit: usize,
    ascending: bool,
) -> Result<Page<CertificateSummary, CertificateRow>, StoreError> {
    let size = page::size(limit);
    let read = |row: &Row<'_>| {
        Ok(CertificateSummary {
            row: row.get(0)?,
            id: row.get(1)?,
            status: row.get(2)?,
            mode: row.get(3)?,
            created: row.get(4)?,
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
