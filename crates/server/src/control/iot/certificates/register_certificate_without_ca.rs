//! `RegisterCertificateWithoutCA`: a certificate by itself, whoever signed it.

use fleetwright_core::certificate::CertificateStatus;

use super::register_certificate::{pem, registered, status};
use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};
use crate::registration;

pub(super) const NAME: &str = "RegisterCertificateWithoutCA";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let given = body.members();
    let text = pem(&given, "certificatePem")?
        .ok_or_else(|| invalid("The member 'certificatePem' is required."))?;
    let status = status(&given)?.unwrap_or(CertificateStatus::Inactive);
    let now = (control.clock)();
    let id = registration::alone(&control.store, text, status, now).await?;
    Ok(Answer::json(registered(control, id)))
}
