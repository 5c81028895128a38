//! Issuance in two steps: a durable row before the signature, the certificate after it.

use fleetwright_core::certificate::{CertificateId, CertificateMode, CertificateStatus, TbsDigest};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::time::Timestamp;

use crate::certificates::{self, NewCertificate, Origin};
use crate::sql::{Sql, args};
use crate::{CertificateRow, ClaimTerms, Store, StoreError, claims};

/// An issuance that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IssuanceId(pub(crate) i64);

/// What is about to be signed.
#[derive(Debug, Clone)]
pub struct NewIssuance {
    /// The serial number, big-endian, at most 20 bytes.
    pub serial: Vec<u8>,
    /// SHA-256 of the subject's public key (SPKI).
    pub key_digest: [u8; 32],
    /// The claim that asks for it, if one does.
    pub claim: Option<CertificateId>,
}

/// What was signed.
#[derive(Debug, Clone)]
pub struct Issued {
    /// SHA-256 of its DER.
    pub id: CertificateId,
    /// SHA-256 of its TBSCertificate.
    pub tbs: TbsDigest,
    /// The certificate itself.
    pub der: Vec<u8>,
    /// Start of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// Its first status.
    pub status: CertificateStatus,
    /// [`Origin::Mqtt`], [`Origin::Rest`] or [`Origin::Claim`].
    pub origin: Origin,
    /// The ownership token that goes out with it (MQTT only).
    pub token: Option<TokenGrant>,
    /// What it may do as a claim ([`Origin::Claim`] only).
    pub terms: Option<ClaimTerms>,
}

/// An ownership token, of which only the digest is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenGrant {
    /// SHA-256 of the token.
    pub digest: [u8; 32],
    /// The last instant at which it is good.
    pub until: Timestamp,
}

impl Store {
    /// Notes, durably, that a certificate is about to be signed. Refused when the claim is not
    /// registered (any more), not `ACTIVE` or past its time.
    pub async fn begin_issuance(
        &self,
        new: NewIssuance,
        now: Timestamp,
    ) -> Result<IssuanceId, StoreError> {
        self.write_unrecorded(move |sql| begin(sql, &new, now)).await
    }

    /// Registers what was signed, with its token. Refused when the issuance is unknown, when the
    /// certificate is registered already, or when the claim is not `ACTIVE` any more.
    pub async fn finish_issuance(
        &self,
        issuance: IssuanceId,
        issued: Issued,
        now: Timestamp,
    ) -> Result<CertificateRow, StoreError> {
        self.write(move |sql| finish(sql, issuance, issued, now)).await
    }

    /// Takes back an issuance whose signature failed. An unknown one is no error.
    pub async fn abandon_issuance(&self, issuance: IssuanceId) -> Result<(), StoreError> {
        self.write_unrecorded(move |sql| forget(sql, issuance)).await
    }
}

fn begin(sql: &Sql<'_>, new: &NewIssuance, now: Timestamp) -> Result<IssuanceId, StoreError> {
    let claim = match &new.claim {
        Some(id) => {
            let row = certificates::require_of_connection(sql, id)?.row;
            claims::check(sql, row, now)?;
            Some(row)
        }
        None => None,
    };
    let row = sql.insert(
        "INSERT INTO issuances (serial, key_digest, claim_row, created) VALUES ($1, $2, $3, $4) \
         RETURNING row_id",
        args![&new.serial, &new.key_digest, claim, now],
    )?;
    Ok(IssuanceId(row))
}

pub(crate) fn finish(
    sql: &Sql<'_>,
    issuance: IssuanceId,
    issued: Issued,
    now: Timestamp,
) -> Result<CertificateRow, StoreError> {
    let claim: Option<CertificateRow> = sql
        .one("SELECT claim_row FROM issuances WHERE row_id = $1", args![issuance.0], |row| {
            row.value()
        })?
        .ok_or_else(|| {
            StoreError::refused(
                ErrorCode::ServiceUnavailable,
                "The issuance of this certificate was abandoned; ask for a new certificate.",
            )
        })?;
    if let Some(claim) = claim {
        claims::check(sql, claim, now)?;
    }
    let new = NewCertificate {
        id: issued.id,
        tbs: issued.tbs,
        der: issued.der,
        not_before: issued.not_before,
        not_after: issued.not_after,
        status: issued.status,
        origin: issued.origin,
        mode: CertificateMode::Default,
        ca: None,
    };
    let row = certificates::insert(sql, &new, claim, now)?;
    if let Some(token) = issued.token {
        sql.execute(
            "INSERT INTO ownership_tokens (certificate_row, digest, until) VALUES ($1, $2, $3)",
            args![row, &token.digest, token.until],
        )?;
    }
    if let Some(terms) = &issued.terms {
        claims::put(sql, row, terms)?;
    }
    forget(sql, issuance)?;
    Ok(row)
}

fn forget(sql: &Sql<'_>, issuance: IssuanceId) -> Result<(), StoreError> {
    sql.execute("DELETE FROM issuances WHERE row_id = $1", args![issuance.0])?;
    Ok(())
}

/// Removes the issuances that a stopped process left: their certificates may have been signed but
/// were never handed out.
pub(crate) fn remove_unfinished(sql: &Sql<'_>) {
    let removed = || {
        let serials: Vec<String> = sql.all("SELECT serial FROM issuances", &[], |row| {
            let serial: Vec<u8> = row.get("serial")?;
            Ok(serial.iter().map(|byte| format!("{byte:02X}")).collect())
        })?;
        if !serials.is_empty() {
            sql.execute("DELETE FROM issuances", &[])?;
        }
        Ok::<_, StoreError>(serials)
    };
    match removed() {
        Ok(serials) if serials.is_empty() => {}
        Ok(serials) => tracing::warn!(
            ?serials,
            "certificates with these serials may have been signed, but were never handed out"
        ),
        Err(error) => tracing::error!(%error, "unfinished issuances could not be removed"),
    }
}
