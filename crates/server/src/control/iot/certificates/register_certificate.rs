//! `RegisterCertificate`: a device certificate that a registered CA signed.

use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits::CERTIFICATE_PEM_CHARS;
use serde_json::{Value, json};

use crate::control::Control;
use crate::control::iot::members::{Members, invalid};
use crate::control::iot::{Answer, Call, Outcome};
use crate::registration;

pub(super) const NAME: &str = "RegisterCertificate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let given = body.members();
    let text = pem(&given, "certificatePem")?
        .ok_or_else(|| invalid("The member 'certificatePem' is required."))?;
    let ca = pem(&given, "caCertificatePem")?;
    // AWS: `setAsActive` is the older way to say it.
    let active = call.query_flag("setAsActive")?;
    let default = if active { CertificateStatus::Active } else { CertificateStatus::Inactive };
    let status = status(&given)?.unwrap_or(default);
    let now = (control.clock)();
    let id = registration::with_ca(&control.store, text, ca, status, now).await?;
    Ok(Answer::json(registered(control, id)))
}

/// A certificate in PEM; an empty one counts as absent.
pub(super) fn pem<'a>(given: &Members<'a>, name: &str) -> Result<Option<&'a str>, Refusal> {
    Ok(given.bounded_text(name, CERTIFICATE_PEM_CHARS)?.filter(|text| !text.is_empty()))
}

/// `status`: what a certificate may be registered as.
pub(super) fn status(given: &Members<'_>) -> Result<Option<CertificateStatus>, Refusal> {
    use CertificateStatus::{Active, Inactive, Revoked};
    let Some(text) = given.text("status")? else { return Ok(None) };
    let shown = || -> String { text.chars().take(64).collect() };
    match CertificateStatus::parse(text) {
        Some(status @ (Active | Inactive | Revoked)) => Ok(Some(status)),
        Some(_) => Err(Refusal::new(
            ErrorCode::CertificateState,
            format!(
                "A certificate cannot be registered as {}: use ACTIVE, INACTIVE or REVOKED.",
                shown()
            ),
        )),
        None => Err(invalid(format!(
            "Certificate status '{}' is not valid: use ACTIVE, INACTIVE or REVOKED.",
            shown()
        ))),
    }
}

/// The answer to a registration.
pub(super) fn registered(control: &Control, id: CertificateId) -> Value {
    json!({
        "certificateArn": control.home.arn("cert", id),
        "certificateId": id.to_string(),
    })
}
