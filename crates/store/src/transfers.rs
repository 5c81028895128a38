//! Transfers of certificates between accounts. There is one account here: a transfer to it can
//! be accepted or rejected, one to another account waits until it is cancelled.

use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::AccountId;
use fleetwright_core::time::Timestamp;

use crate::certificates::{self, CertificateState};
use crate::sql::{Row, Sql, args};
use crate::{CertificateRow, Page, Store, StoreError, page};

/// A transfer that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTransfer {
    /// The account that it goes to.
    pub target: AccountId,
    /// `transferMessage`.
    pub message: Option<String>,
}

/// A transfer: under way, accepted or rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The account that it goes to.
    pub target: AccountId,
    /// `transferMessage`.
    pub message: Option<String>,
    /// When it began.
    pub created: Timestamp,
    /// When it was accepted.
    pub accepted: Option<Timestamp>,
    /// When it was rejected.
    pub rejected: Option<Timestamp>,
    /// `rejectReason`.
    pub reject_reason: Option<String>,
}

/// A line of `ListOutgoingCertificates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingCertificate {
    /// Its row, the key of the listing.
    pub row: CertificateRow,
    /// SHA-256 of its DER.
    pub id: CertificateId,
    /// When the certificate was registered.
    pub created: Timestamp,
    /// Where it goes.
    pub transfer: Transfer,
}

impl Store {
    /// `TransferCertificate`: an `INACTIVE` certificate (`CertificateState`) without policies
    /// (`TransferConflict`) becomes `PENDING_TRANSFER`.
    pub async fn transfer_certificate(
        &self,
        id: CertificateId,
        transfer: NewTransfer,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| begin(sql, &id, &transfer, now)).await
    }

    /// `AcceptCertificateTransfer`: a transfer to this account ends, and the certificate is
    /// `ACTIVE` or `INACTIVE`. `TransferAlreadyCompleted` when none is under way;
    /// `InvalidRequest` when it goes to another account.
    pub async fn accept_certificate_transfer(
        &self,
        id: CertificateId,
        active: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = incoming(sql, &id)?;
            sql.execute(
                "UPDATE certificate_transfers SET accepted = $1 WHERE certificate_row = $2",
                args![now, found.row],
            )?;
            let status =
                if active { CertificateStatus::Active } else { CertificateStatus::Inactive };
            certificates::set_status(sql, &id, &found, status, now)
        })
        .await
    }

    /// `RejectCertificateTransfer`: a transfer to this account ends, and the certificate is
    /// `INACTIVE`. Refused as [`Self::accept_certificate_transfer`].
    pub async fn reject_certificate_transfer(
        &self,
        id: CertificateId,
        reason: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = incoming(sql, &id)?;
            sql.execute(
                "UPDATE certificate_transfers SET rejected = $1, reject_reason = $2 \
                 WHERE certificate_row = $3",
                args![now, reason.as_ref(), found.row],
            )?;
            certificates::set_status(sql, &id, &found, CertificateStatus::Inactive, now)
        })
        .await
    }

    /// `CancelCertificateTransfer`: the certificate is `INACTIVE` again;
    /// `TransferAlreadyCompleted` when none is under way.
    pub async fn cancel_certificate_transfer(
        &self,
        id: CertificateId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = under_way(sql, &id)?;
            sql.execute(
                "DELETE FROM certificate_transfers WHERE certificate_row = $1",
                args![found.row],
            )?;
            certificates::set_status(sql, &id, &found, CertificateStatus::Inactive, now)
        })
        .await
    }

    /// `ListOutgoingCertificates`: transfers under way, in the order of registration or its
    /// reverse, after a row.
    pub async fn list_outgoing_certificates(
        &self,
        after: Option<CertificateRow>,
        limit: usize,
        ascending: bool,
    ) -> Result<Page<OutgoingCertificate, CertificateRow>, StoreError> {
        self.read(move |sql| list(sql, after, limit, ascending)).await
    }
}

fn begin(
    sql: &Sql<'_>,
    id: &CertificateId,
    transfer: &NewTransfer,
    now: Timestamp,
) -> Result<(), StoreError> {
    let found = certificates::require(sql, id)?;
    if found.status != CertificateStatus::Inactive {
        return Err(StoreError::refused(
            ErrorCode::CertificateState,
            format!(
                "Certificate {id} is {}; only an INACTIVE certificate can be transferred.",
                found.status.as_str()
            ),
        ));
    }
    let policies = "SELECT 1 FROM certificate_policies WHERE certificate_row = $1 LIMIT 1";
    if sql.exists(policies, args![found.row])? {
        return Err(StoreError::refused(
            ErrorCode::TransferConflict,
            format!("Policies are attached to certificate {id}; detach them before the transfer."),
        ));
    }
    sql.execute("DELETE FROM certificate_transfers WHERE certificate_row = $1", args![found.row])?;
    sql.execute(
        "INSERT INTO certificate_transfers (certificate_row, target_account, message, created) \
         VALUES ($1, $2, $3, $4)",
        args![found.row, &transfer.target, transfer.message.as_ref(), now],
    )?;
    certificates::set_status(sql, id, &found, CertificateStatus::PendingTransfer, now)
}

/// A certificate whose transfer is under way.
fn under_way(sql: &Sql<'_>, id: &CertificateId) -> Result<CertificateState, StoreError> {
    let found = certificates::require(sql, id)?;
    if found.status == CertificateStatus::PendingTransfer {
        return Ok(found);
    }
    Err(StoreError::refused(
        ErrorCode::TransferAlreadyCompleted,
        format!("Certificate {id} is {}: no transfer of it is under way.", found.status.as_str()),
    ))
}

/// A certificate whose transfer to this account is under way.
fn incoming(sql: &Sql<'_>, id: &CertificateId) -> Result<CertificateState, StoreError> {
    let found = under_way(sql, id)?;
    let target: Option<AccountId> = sql.one(
        "SELECT target_account FROM certificate_transfers WHERE certificate_row = $1",
        args![found.row],
        |row| row.value(),
    )?;
    match target {
        Some(target) if target != sql.scope.account => Err(StoreError::refused(
            ErrorCode::InvalidRequest,
            format!(
                "Certificate {id} is being transferred to account {target}; only that account can \
                 accept or reject it. This account can cancel the transfer."
            ),
        )),
        _ => Ok(found),
    }
}

/// The columns of a transfer, of `certificate_transfers t`.
pub(crate) const COLUMNS: &str = "t.target_account, t.message, t.created AS offered, t.accepted, \
                                  t.rejected, t.reject_reason";

/// The transfer of a row that has [`COLUMNS`], if there is one.
pub(crate) fn read(row: &Row<'_>) -> Result<Option<Transfer>, StoreError> {
    let target: Option<AccountId> = row.get("target_account")?;
    let Some(target) = target else { return Ok(None) };
    Ok(Some(Transfer {
        target,
        message: row.get("message")?,
        created: row.get("offered")?,
        accepted: row.get("accepted")?,
        rejected: row.get("rejected")?,
        reject_reason: row.get("reject_reason")?,
    }))
}

fn list(
    sql: &Sql<'_>,
    after: Option<CertificateRow>,
    limit: usize,
    ascending: bool,
) -> Result<Page<OutgoingCertificate, CertificateRow>, StoreError> {
    let size = page::size(limit);
    let (compare, order, start) = if ascending { (">", "ASC", 0) } else { ("<", "DESC", i64::MAX) };
    let start = after.map_or(start, |row| row.0);
    let text = format!(
        "SELECT c.row_id, c.id, c.created, {COLUMNS} FROM certificate_transfers t JOIN certificates c ON c.row_id = t.certificate_row \
         WHERE t.certificate_row {compare} $1 AND t.accepted IS NULL AND t.rejected IS NULL \
         ORDER BY t.certificate_row {order} LIMIT $2"
    );
    let items = sql.all(&text, args![start, size + 1], |row| {
        let transfer = read(row)?
            .ok_or_else(|| StoreError::Corrupt("a transfer without an account".to_owned()))?;
        Ok(OutgoingCertificate {
            row: row.get("row_id")?,
            id: row.get("id")?,
            created: row.get("created")?,
            transfer,
        })
    })?;
    Ok(Page::cut(items, size, |item| item.row))
}
