//! Provisioning claims: certificates that may register devices, the terms of that, and the
//! devices counted so far.

use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::TemplateName;
use fleetwright_core::time::Timestamp;

use crate::certificates::{self, Origin};
use crate::sql::{Sql, args};
use crate::{CertificateRow, Change, Store, StoreError};

/// What a claim may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimTerms {
    /// The only template that it may register with, for the caller to hold it to; `None` leaves
    /// that to its policies.
    pub template: Option<TemplateName>,
    /// The most devices that it may register; `None` is without bound.
    pub max_devices: Option<u64>,
    /// The first instant at which it is no longer good.
    pub until: Option<Timestamp>,
}

/// A claim: its terms and its count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What it may do.
    pub terms: ClaimTerms,
    /// Devices that it registered: new things, and registrations without a thing.
    pub devices: u64,
}

impl Store {
    /// Makes a registered certificate a claim, or changes a claim's terms; its count stays.
    pub async fn put_claim(&self, id: CertificateId, terms: ClaimTerms) -> Result<(), StoreError> {
        self.write(move |sql| {
            put(sql, certificates::require(sql, &id)?.row, &terms)?;
            sql.changed(Change::Certificate(id));
            Ok(())
        })
        .await
    }

    /// The claim that a certificate is; `None` when it has neither terms nor a counted device.
    pub async fn claim(&self, row: CertificateRow) -> Result<Option<Claim>, StoreError> {
        self.read(move |sql| claim(sql, row)).await
    }

    /// Deletes at most `limit` trusted users' claims whose time is over. Answers how many were
    /// deleted and whether more remain.
    pub async fn purge_claims(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<(usize, bool), StoreError> {
        self.write(move |sql| purge(sql, now, limit)).await
    }
}

/// Sets the terms of a claim; its count stays.
pub(crate) fn put(
    sql: &Sql<'_>,
    row: CertificateRow,
    terms: &ClaimTerms,
) -> Result<(), StoreError> {
    let max = terms.max_devices.map(|max| i64::try_from(max).unwrap_or(i64::MAX));
    sql.execute(
        "INSERT INTO claims (certificate_row, template_name, max_devices, until, devices) \
         VALUES ($1, $2, $3, $4, 0) ON CONFLICT (certificate_row) DO UPDATE SET \
         template_name = excluded.template_name, max_devices = excluded.max_devices, \
         until = excluded.until",
        args![row, terms.template.as_ref(), max, terms.until],
    )?;
    Ok(())
}

/// Deletes the trusted users' claims that ended.
fn purge(sql: &Sql<'_>, now: Timestamp, limit: usize) -> Result<(usize, bool), StoreError> {
    let size = limit.max(1);
    let ended: Vec<(CertificateRow, CertificateId)> = sql.all(
        "SELECT c.row_id, c.id FROM claims k JOIN certificates c ON c.row_id = k.certificate_row \
         WHERE k.until <= $1 AND c.origin = $2 ORDER BY k.until LIMIT $3",
        args![now, Origin::Claim, size + 1],
        |row| Ok((row.get("row_id")?, row.get("id")?)),
    )?;
    let more = ended.len() > size;
    let gone = ended.iter().take(size);
    let deleted = gone.len();
    for (row, id) in gone {
        certificates::remove(sql, id, *row)?;
    }
    Ok((deleted, more))
}

fn claim(sql: &Sql<'_>, row: CertificateRow) -> Result<Option<Claim>, StoreError> {
    sql.one(
        "SELECT template_name, max_devices, until, devices FROM claims WHERE certificate_row = $1",
        args![row],
        |row| {
            let max: Option<i64> = row.get("max_devices")?;
            let devices: i64 = row.get("devices")?;
            Ok(Claim {
                terms: ClaimTerms {
                    template: row.get("template_name")?,
                    max_devices: max.map(|max| u64::try_from(max).unwrap_or(0)),
                    until: row.get("until")?,
                },
                devices: u64::try_from(devices).unwrap_or(0),
            })
        },
    )
}

/// `AccessDenied` unless the certificate of a connection may be granted something in this
/// transaction: it is registered, `ACTIVE`, and within its time as a claim. The one rule of all that
/// is written for a certificate; what is only sent is the gateway's to hold back.
pub(crate) fn check(sql: &Sql<'_>, row: CertificateRow, now: Timestamp) -> Result<(), StoreError> {
    let refuse = |why: &str| Err(StoreError::refused(ErrorCode::AccessDenied, why));
    let found: Option<CertificateStatus> =
        sql.one("SELECT status FROM certificates WHERE row_id = $1", args![row], |row| {
            row.value()
        })?;
    match found {
        None => {
            return refuse("The certificate of this connection was deleted; use another claim.");
        }
        Some(CertificateStatus::Active) => {}
        Some(status) => {
            return refuse(&format!(
                "The certificate of this connection is {}: nothing is granted to it any more.",
                status.as_str()
            ));
        }
    }
    in_time(sql, row, now)
}

/// `AccessDenied` once the certificate's time as a claim is over.
pub(crate) fn in_time(
    sql: &Sql<'_>,
    row: CertificateRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    let until = claim(sql, row)?.and_then(|claim| claim.terms.until);
    if until.is_some_and(|until| now >= until) {
        let why = "This provisioning claim expired; make a new claim.";
        return Err(StoreError::refused(ErrorCode::AccessDenied, why));
    }
    Ok(())
}

/// Counts one more device for a claim; refuses the one after the last, by the claim's own bound
/// and by `limit`.
pub(crate) fn count_device(
    sql: &Sql<'_>,
    row: CertificateRow,
    limit: Option<u64>,
) -> Result<(), StoreError> {
    let found = claim(sql, row)?;
    let own = found.as_ref().and_then(|claim| claim.terms.max_devices);
    let bound = [own, limit].into_iter().flatten().min();
    let devices = found.map_or(0, |claim| claim.devices);
    if let Some(bound) = bound.filter(|bound| devices >= *bound) {
        return Err(StoreError::refused(
            ErrorCode::AccessDenied,
            format!(
                "This provisioning claim has registered {devices} devices of at most {bound}; \
                 raise its limit or make a new claim."
            ),
        ));
    }
    sql.execute(
        "INSERT INTO claims (certificate_row, devices) VALUES ($1, 1) \
         ON CONFLICT (certificate_row) DO UPDATE SET devices = claims.devices + 1",
        args![row],
    )?;
    Ok(())
}
