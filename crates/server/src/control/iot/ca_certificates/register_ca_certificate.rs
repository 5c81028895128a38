//! `RegisterCACertificate`: in mode `DEFAULT` with the proof that the caller holds its key.

use fleetwright_ca::BroughtCertificate;
use fleetwright_core::ca_certificate::{CaCertificateStatus, check_verification};
use fleetwright_core::certificate::{CertificateMode, Instant};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits::CERTIFICATE_PEM_CHARS;
use fleetwright_store::NewCaCertificate;
use serde_json::json;

use super::members::registration_config;
use crate::control::Control;
use crate::control::iot::members::{Members, invalid};
use crate::control::iot::{Answer, Call, Outcome, tags};

pub(super) const NAME: &str = "RegisterCACertificate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    // 1. Read.
    let body = call.object()?;
    let given = body.members();
    let mode = mode(&given)?;
    let text = pem(&given, "caCertificate")?
        .ok_or_else(|| invalid("The member 'caCertificate' is required."))?;
    let verification = verification(&given, mode)?;
    let active = call.query_flag("setAsActive")?;
    let auto_registration = call.query_flag("allowAutoRegistration")?;
    let config = registration_config(&control.store, &given).await?.unwrap_or_default();
    let tags = tags::tags(&given)?;
    // 2. A CA, and the caller's.
    let now = (control.clock)();
    let ca = BroughtCertificate::from_pem(text)?;
    ca.ca.check(now)?;
    if let Some(verification) = verification {
        verify(control, &ca, verification, now).await?;
    }
    // 3. Keep.
    let id = ca.id;
    let new = NewCaCertificate {
        id,
        subject: ca.subject,
        status: if active { CaCertificateStatus::Active } else { CaCertificateStatus::Inactive },
        mode,
        auto_registration,
        config,
        not_before: ca.ca.not_before,
        not_after: ca.ca.not_after,
        der: ca.der,
        tags,
    };
    control.store.register_ca_certificate(new, now).await?;
    Ok(Answer::json(json!({
        "certificateArn": control.home.arn("cacert", id),
        "certificateId": id.to_string(),
    })))
}

fn mode(given: &Members<'_>) -> Result<CertificateMode, Refusal> {
    let Some(text) = given.text("certificateMode")? else { return Ok(CertificateMode::Default) };
    CertificateMode::parse(text)
        .ok_or_else(|| invalid("The member 'certificateMode' must be DEFAULT or SNI_ONLY."))
}

fn pem<'a>(given: &Members<'a>, name: &str) -> Result<Option<&'a str>, Refusal> {
    Ok(given.bounded_text(name, CERTIFICATE_PEM_CHARS)?.filter(|text| !text.is_empty()))
}

/// AWS: needed in mode `DEFAULT`, refused in mode `SNI_ONLY`.
fn verification<'a>(
    given: &Members<'a>,
    mode: CertificateMode,
) -> Result<Option<&'a str>, Refusal> {
    match (mode, pem(given, "verificationCertificate")?) {
        (CertificateMode::Default, None) => Err(invalid(
            "The member 'verificationCertificate' is required in mode DEFAULT: a certificate that \
             the CA signed, with the registration code (GetRegistrationCode) as its common name.",
        )),
        (CertificateMode::SniOnly, Some(_)) => {
            Err(invalid("The member 'verificationCertificate' must be absent in mode SNI_ONLY."))
        }
        (_, verification) => Ok(verification),
    }
}

async fn verify(
    control: &Control,
    ca: &BroughtCertificate,
    text: &str,
    now: Instant,
) -> Result<(), Refusal> {
    let verification = BroughtCertificate::from_pem(text)?;
    let code = control.store.registration_code().await?;
    let signed = verification.is_signed_by(&ca.der);
    check_verification(signed, verification.common_names(), code.as_ref())?;
    if verification.in_time(now) {
        return Ok(());
    }
    Err(Refusal::new(
        ErrorCode::CertificateValidation,
        "The verification certificate has expired or is not valid yet; sign a new one.",
    ))
}
