//! One certificate is one TBSCertificate. Its signature can be written in several ways, each with
//! a DER and an id of its own; the registry takes one of them. And what was revoked stays away
//! from just-in-time registration after it was deleted.

use fleetwright_core::certificate::{CertificateId, CertificateStatus, TbsDigest};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::time::Timestamp;

use super::state::{Origin, set_status, state};
use crate::sql::{Sql, args};
use crate::{CertificateRow, Store, StoreError};

/// Certificates forgotten with a registration, once they have expired. (ours)
const FORGOTTEN_AT_ONCE: usize = 16;

/// The certificate that is registered with a TBSCertificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisteredTwin {
    /// Its id.
    pub id: CertificateId,
    /// Its status.
    pub status: CertificateStatus,
}

/// A certificate of before, whose TBSCertificate the registry does not know yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithoutTbs {
    /// Its row.
    pub row: CertificateRow,
    /// Its id.
    pub id: CertificateId,
    /// The certificate itself.
    pub der: Vec<u8>,
}

/// A certificate of before that has the TBSCertificate of an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwinPair {
    /// The older one.
    pub first: RegisteredTwin,
    /// The later one, with the status that it has now.
    pub second: RegisteredTwin,
    /// Whether the later one was revoked just now.
    pub revoked: bool,
}

impl Store {
    /// The oldest certificate that is registered with this TBSCertificate.
    pub async fn certificate_of_tbs(
        &self,
        tbs: TbsDigest,
    ) -> Result<Option<RegisteredTwin>, StoreError> {
        self.read(move |sql| registered(sql, &tbs)).await
    }

    /// The oldest certificates of before whose TBSCertificate is not known.
    pub async fn certificates_without_tbs(
        &self,
        limit: usize,
    ) -> Result<Vec<WithoutTbs>, StoreError> {
        self.read(move |sql| {
            sql.all(
                "SELECT c.row_id, c.id, d.der FROM certificates c \
                 JOIN certificate_bodies d ON d.certificate_row = c.row_id \
                 WHERE c.tbs IS NULL ORDER BY c.row_id LIMIT $1",
                args![limit.max(1)],
                |row| {
                    Ok(WithoutTbs {
                        row: row.get("row_id")?,
                        id: row.get("id")?,
                        der: row.get("der")?,
                    })
                },
            )
        })
        .await
    }

    /// Notes what [`Self::certificates_without_tbs`] did not know, in its order. A certificate
    /// that came just in time although an older one of its TBSCertificate is `REVOKED` is revoked
    /// too: nobody decided that it may come back. Answers every pair.
    pub async fn note_tbs(
        &self,
        read: Vec<(CertificateRow, TbsDigest)>,
        now: Timestamp,
    ) -> Result<Vec<TwinPair>, StoreError> {
        self.write(move |sql| {
            let mut twins = Vec::new();
            for (row, tbs) in &read {
                twins.extend(note(sql, *row, tbs, now)?);
            }
            Ok(twins)
        })
        .await
    }
}

fn note(
    sql: &Sql<'_>,
    row: CertificateRow,
    tbs: &TbsDigest,
    now: Timestamp,
) -> Result<Option<TwinPair>, StoreError> {
    let first = registered(sql, tbs)?;
    sql.execute("UPDATE certificates SET tbs = $1 WHERE row_id = $2", args![tbs, row])?;
    let Some(first) = first else { return Ok(None) };
    let own = "SELECT id FROM certificates WHERE row_id = $1";
    let Some(id) = sql.one(own, args![row], |row| row.value::<CertificateId>())? else {
        return Ok(None);
    };
    let Some(found) = state(sql, &id)? else { return Ok(None) };
    let revoked = first.status == CertificateStatus::Revoked
        && found.status != CertificateStatus::Revoked
        && found.origin == Origin::JustInTime;
    let status = if revoked { CertificateStatus::Revoked } else { found.status };
    set_status(sql, &id, &found, status, now)?;
    Ok(Some(TwinPair { first, second: RegisteredTwin { id, status }, revoked }))
}

pub(crate) fn registered(
    sql: &Sql<'_>,
    tbs: &TbsDigest,
) -> Result<Option<RegisteredTwin>, StoreError> {
    sql.one(
        "SELECT id, status FROM certificates WHERE tbs = $1 ORDER BY row_id LIMIT 1",
        args![tbs],
        |row| Ok(RegisteredTwin { id: row.get("id")?, status: row.get("status")? }),
    )
}

/// A certificate that was revoked and deleted does not come back just in time. An operator may
/// register it again, and then it is like any other.
pub(crate) fn meet_revoked(
    sql: &Sql<'_>,
    tbs: &TbsDigest,
    origin: Origin,
    status: CertificateStatus,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql.execute(
        "DELETE FROM revoked_certificates WHERE tbs IN \
         (SELECT tbs FROM revoked_certificates WHERE not_after < $1 ORDER BY not_after LIMIT $2)",
        args![now, FORGOTTEN_AT_ONCE],
    )?;
    if origin == Origin::JustInTime {
        let known = "SELECT id FROM revoked_certificates WHERE tbs = $1";
        let found = sql.one(known, args![tbs], |row| row.value::<CertificateId>())?;
        return found.map_or(Ok(()), |id| {
            Err(StoreError::refused(
                ErrorCode::CertificateState,
                format!(
                    "Certificate {id} was REVOKED when it was deleted, so its device is not \
                     registered just in time; RegisterCertificate lets it back in."
                ),
            ))
        });
    }
    if status != CertificateStatus::Revoked {
        sql.execute("DELETE FROM revoked_certificates WHERE tbs = $1", args![tbs])?;
    }
    Ok(())
}

/// Notes a certificate that is about to be deleted, if it is `REVOKED`.
pub(crate) fn remember_revoked(sql: &Sql<'_>, row: CertificateRow) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO revoked_certificates (tbs, id, not_after) \
         SELECT tbs, id, not_after FROM certificates \
         WHERE row_id = $1 AND status = $2 AND tbs IS NOT NULL ON CONFLICT DO NOTHING",
        args![row, CertificateStatus::Revoked],
    )?;
    Ok(())
}
