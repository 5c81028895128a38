//! Registering certificates that others issued: with the CA that signed them, or alone.

use fleetwright_ca::BroughtCertificate;
use fleetwright_core::certificate::{CertificateId, CertificateMode, CertificateStatus};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{CaCertificate, NewCertificate, Origin, Store};

/// Registers a certificate that a registered, `ACTIVE` CA signed. `ca_pem` says which CA, where
/// several have the same subject.
///
/// # Errors
/// `CertificateValidation`: not a certificate, expired, or no registered CA signed it;
/// `CertificateConflict`: several CAs have its issuer's name; `CertificateState`: the CA is
/// `INACTIVE`; `ResourceAlreadyExists`.
pub async fn with_ca(
    store: &Store,
    pem: &str,
    ca_pem: Option<&str>,
    status: CertificateStatus,
    now: Timestamp,
) -> Result<CertificateId, Refusal> {
    // One that is registered needs no CA to be known.
    let certificate = read("certificatePem", pem)?;
    store.expect_new_certificate(certificate.id, certificate.tbs).await?;
    let new = signed(store, pem, ca_pem, status, now).await?;
    let id = new.id;
    store.register_certificate(new, now).await?;
    Ok(id)
}

/// The row of a certificate that a registered CA signed; not in the registry yet.
///
/// # Errors
/// As [`with_ca`], but for what only the registry finds when the row comes in.
pub(crate) async fn signed(
    store: &Store,
    pem: &str,
    ca_pem: Option<&str>,
    status: CertificateStatus,
    now: Timestamp,
) -> Result<NewCertificate, Refusal> {
    let certificate = in_time(pem, now)?;
    let ca = match ca_pem {
        Some(ca_pem) => named_ca(store, ca_pem).await?,
        None => only_ca(store, &certificate).await?,
    };
    if !certificate.is_signed_by(&ca.der) {
        return Err(refuse(format!(
            "The certificate is not signed by CA certificate {}: the CA's subject must be its \
             issuer, and the CA's key must have signed it with SHA-256, SHA-384 or SHA-512.",
            ca.id
        )));
    }
    Ok(row(certificate, status, Origin::RegisteredCa, ca.mode, Some(ca.id)))
}

/// Registers a certificate by itself, whoever signed it.
///
/// # Errors
/// `CertificateValidation`: not a certificate, or expired; `ResourceAlreadyExists`.
pub async fn alone(
    store: &Store,
    pem: &str,
    status: CertificateStatus,
    now: Timestamp,
) -> Result<CertificateId, Refusal> {
    let certificate = in_time(pem, now)?;
    let id = certificate.id;
    let new = row(certificate, status, Origin::RegisteredAlone, CertificateMode::SniOnly, None);
    store.register_certificate(new, now).await?;
    Ok(id)
}

/// The row of a certificate that others issued.
pub(crate) fn row(
    certificate: BroughtCertificate,
    status: CertificateStatus,
    origin: Origin,
    mode: CertificateMode,
    ca: Option<CertificateId>,
) -> NewCertificate {
    NewCertificate {
        id: certificate.id,
        tbs: certificate.tbs,
        not_before: certificate.ca.not_before,
        not_after: certificate.ca.not_after,
        der: certificate.der,
        status,
        origin,
        mode,
        ca,
    }
}

/// The certificate that a member of the request holds.
fn read(member: &str, pem: &str) -> Result<BroughtCertificate, Refusal> {
    BroughtCertificate::from_pem(pem).map_err(|refusal| refusal.of_member(member))
}

/// A certificate that could connect, now or later.
fn in_time(pem: &str, now: Timestamp) -> Result<BroughtCertificate, Refusal> {
    let certificate = read("certificatePem", pem)?;
    if now > certificate.ca.not_after {
        return Err(refuse("The certificate has expired, so no device could connect with it."));
    }
    Ok(certificate)
}

async fn named_ca(store: &Store, pem: &str) -> Result<CaCertificate, Refusal> {
    let id = read("caCertificatePem", pem)?.id;
    store.ca_certificate(id).await?.ok_or_else(|| {
        refuse(format!(
            "CA certificate {id} is not registered; register it first (RegisterCACertificate)."
        ))
    })
}

async fn only_ca(
    store: &Store,
    certificate: &BroughtCertificate,
) -> Result<CaCertificate, Refusal> {
    let mut namesakes = store.ca_certificates_of_subject(certificate.issuer).await?;
    match (namesakes.pop(), namesakes.len()) {
        (Some(ca), 0) => Ok(ca),
        (Some(_), more) => Err(Refusal::new(
            ErrorCode::CertificateConflict,
            format!(
                "{} registered CA certificates have the certificate's issuer as their subject; \
                 say which one signed it: send caCertificatePem.",
                more + 1
            ),
        )),
        (None, _) => Err(refuse(
            "No registered CA certificate has the certificate's issuer as its subject; register \
             the CA first (RegisterCACertificate), or the certificate alone \
             (RegisterCertificateWithoutCA).",
        )),
    }
}

fn refuse(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::CertificateValidation, message)
}
