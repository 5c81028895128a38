//! Certificates that are issued here, or that others issued and are registered.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits::{CERTIFICATE_PEM_CHARS, CSR_CHARS};
use fleetwright_core::text::shown;
use fleetwright_provisioning::issuance::Purpose;
use fleetwright_provisioning::registration;
use serde_json::{Value, json};

use crate::Control;
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateKeysAndCertificate", create_keys_and_certificate),
    operation!("CreateCertificateFromCsr", create_certificate_from_csr),
    operation!("RegisterCertificate", register_certificate),
    operation!("RegisterCertificateWithoutCA", register_certificate_without_ca),
];

/// `CreateKeysAndCertificate`: a key pair with its certificate. The private key is in the answer
/// and nowhere else.
async fn create_keys_and_certificate(control: &Control, call: &Authorized<Call>) -> Outcome {
    let active = call.query_flag("setAsActive")?;
    let issued = control.issuance.with_keys(&control.store, Purpose::Operator { active }).await?;
    let certificate = issued.certificate;
    Ok(Answer::json(json!({
        "certificateArn": control.scope.arn("cert", certificate.id),
        "certificateId": certificate.id.to_string(),
        "certificatePem": certificate.pem,
        "keyPair": {
            "PublicKey": issued.public_key_pem,
            "PrivateKey": issued.private_key_pem.as_str(),
        },
    })))
}

/// `CreateCertificateFromCsr`: a certificate for the key of a signing request.
async fn create_certificate_from_csr(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let csr = body.members().bounded_text("certificateSigningRequest", CSR_CHARS)?;
    let csr = csr.filter(|csr| !csr.is_empty()).ok_or_else(|| {
        invalid("The member 'certificateSigningRequest' is required: a PKCS#10 request in PEM.")
    })?;
    let active = call.query_flag("setAsActive")?;
    let issued =
        control.issuance.from_csr(&control.store, csr, Purpose::Operator { active }).await?;
    Ok(Answer::json(json!({
        "certificateArn": control.scope.arn("cert", issued.id),
        "certificateId": issued.id.to_string(),
        "certificatePem": issued.pem,
    })))
}

/// `RegisterCertificate`: a device certificate that a registered CA signed.
async fn register_certificate(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let text = pem(&members, "certificatePem")?
        .ok_or_else(|| invalid("The member 'certificatePem' is required."))?;
    let ca = pem(&members, "caCertificatePem")?;
    // AWS: `setAsActive` is the older way to say it.
    let active = call.query_flag("setAsActive")?;
    let default = if active { CertificateStatus::Active } else { CertificateStatus::Inactive };
    let status = status(&members)?.unwrap_or(default);
    let now = control.now();
    let id = registration::with_ca(&control.store, text, ca, status, now).await?;
    Ok(Answer::json(registered(control, id)))
}

/// A certificate in PEM; an empty one counts as absent.
pub(super) fn pem<'a>(members: &Members<'a>, name: &str) -> Result<Option<&'a str>, Refusal> {
    Ok(members.bounded_text(name, CERTIFICATE_PEM_CHARS)?.filter(|text| !text.is_empty()))
}

/// `status`: what a certificate may be registered as.
pub(super) fn status(members: &Members<'_>) -> Result<Option<CertificateStatus>, Refusal> {
    use CertificateStatus::{Active, Inactive, Revoked};
    let Some(text) = members.text("status")? else { return Ok(None) };
    match CertificateStatus::parse(text) {
        Some(status @ (Active | Inactive | Revoked)) => Ok(Some(status)),
        Some(_) => Err(Refusal::new(
            ErrorCode::CertificateState,
            format!(
                "A certificate cannot be registered as {}: use ACTIVE, INACTIVE or REVOKED.",
                shown(text)
            ),
        )),
        None => Err(invalid(format!(
            "Certificate status '{}' is not valid: use ACTIVE, INACTIVE or REVOKED.",
            shown(text)
        ))),
    }
}

/// The answer to a registration.
pub(super) fn registered(control: &Control, id: CertificateId) -> Value {
    json!({
        "certificateArn": control.scope.arn("cert", id),
        "certificateId": id.to_string(),
    })
}

/// `RegisterCertificateWithoutCA`: a certificate of any issuer.
async fn register_certificate_without_ca(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let text = pem(&members, "certificatePem")?
        .ok_or_else(|| invalid("The member 'certificatePem' is required."))?;
    let status = status(&members)?.unwrap_or(CertificateStatus::Inactive);
    let now = control.now();
    let id = registration::alone(&control.store, text, status, now).await?;
    Ok(Answer::json(registered(control, id)))
}
