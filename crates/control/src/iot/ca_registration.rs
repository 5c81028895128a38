//! Registering a CA certificate, and the code that proves possession of its key.

use fleetwright_ca::BroughtCertificate;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::ca_certificate::{CaCertificateStatus, RegistrationCode, check_verification};
use fleetwright_core::certificate::CertificateMode;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::time::Timestamp;
use fleetwright_host::random;
use fleetwright_store::NewCaCertificate;
use serde_json::json;

use crate::Control;
use crate::iot::ca_certificates::{config_lints, registration_config};
use crate::iot::new_certificates::pem;
use crate::lint::with_lints;
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::{Answer, Call, Operation, Outcome, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("RegisterCACertificate", register_ca_certificate),
    operation!("GetRegistrationCode", get_registration_code),
    operation!("DeleteRegistrationCode", delete_registration_code),
];

/// `RegisterCACertificate`: in mode `DEFAULT` with the proof that the caller holds its key.
async fn register_ca_certificate(control: &Control, call: &Authorized<Call>) -> Outcome {
    // 1. Read.
    let body = call.object()?;
    let members = body.members();
    let mode = mode(&members)?;
    let text = pem(&members, "caCertificate")?
        .ok_or_else(|| invalid("The member 'caCertificate' is required."))?;
    let verification = verification(&members, mode)?;
    let active = call.query_flag("setAsActive")?;
    let auto_registration = call.query_flag("allowAutoRegistration")?;
    let (config, template) =
        registration_config(&control.store, &members).await?.unwrap_or_default();
    let kept = config.clone();
    let tags = tags::tags(&members)?;
    // 2. A CA, and the caller's.
    let now = control.now();
    let ca = read("caCertificate", text)?;
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
    let lints = config_lints(control, id, &kept, template.as_ref(), auto_registration).await?;
    let answer = Answer::json(json!({
        "certificateArn": control.scope.arn("cacert", id),
        "certificateId": id.to_string(),
    }));
    Ok(with_lints(answer, lints))
}

fn mode(members: &Members<'_>) -> Result<CertificateMode, Refusal> {
    let Some(text) = members.text("certificateMode")? else { return Ok(CertificateMode::Default) };
    CertificateMode::parse(text)
        .ok_or_else(|| invalid("The member 'certificateMode' must be DEFAULT or SNI_ONLY."))
}

/// AWS: needed in mode `DEFAULT`, refused in mode `SNI_ONLY`.
fn verification<'a>(
    members: &Members<'a>,
    mode: CertificateMode,
) -> Result<Option<&'a str>, Refusal> {
    match (mode, pem(members, "verificationCertificate")?) {
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

fn read(member: &str, text: &str) -> Result<BroughtCertificate, Refusal> {
    BroughtCertificate::from_pem(text).map_err(|refusal| refusal.of_member(member))
}

async fn verify(
    control: &Control,
    ca: &BroughtCertificate,
    text: &str,
    now: Timestamp,
) -> Result<(), Refusal> {
    let verification = read("verificationCertificate", text)?;
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

/// `GetRegistrationCode`: the same code until it is deleted.
async fn get_registration_code(control: &Control, _call: &Authorized<Call>) -> Outcome {
    let code = match control.store.registration_code().await? {
        Some(code) => code,
        None => {
            let fresh = RegistrationCode::from_random(random::bytes()?);
            control.store.registration_code_or(fresh).await?
        }
    };
    Ok(Answer::json(json!({"registrationCode": code.as_str()})))
}

/// `DeleteRegistrationCode`: the next one is another.
async fn delete_registration_code(control: &Control, _call: &Authorized<Call>) -> Outcome {
    control.store.delete_registration_code().await?;
    Ok(Answer::empty())
}
