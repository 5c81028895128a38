//! `UpdateCACertificate`: changes what is named.

use fleetwright_core::ca_certificate::CaCertificateStatus;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::Refusal;
use fleetwright_store::{CaCertificateUpdate, RegistrationConfig};

use super::members::registration_config;
use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "UpdateCACertificate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = call.label("caCertificateId", CertificateId::parse)?;
    let body = call.object()?;
    let given = body.members();
    let config = registration_config(&control.store, &given).await?;
    let mut update = CaCertificateUpdate {
        status: status(call)?,
        auto_registration: auto_registration(call)?,
        config,
    };
    if given.flag("removeAutoRegistration")?.unwrap_or(false) {
        if update.config.is_some() {
            return Err(invalid(
                "The members 'removeAutoRegistration' and 'registrationConfig' exclude each other.",
            )
            .into());
        }
        update.auto_registration = update.auto_registration.or(Some(false));
        update.config = Some(RegistrationConfig::default());
    }
    control.store.update_ca_certificate(id, update, (control.clock)()).await?;
    Ok(Answer::empty())
}

fn status(call: &Call) -> Result<Option<CaCertificateStatus>, Refusal> {
    let Some(text) = call.query_text("newStatus")? else { return Ok(None) };
    CaCertificateStatus::parse(text)
        .map(Some)
        .ok_or_else(|| invalid("The query parameter 'newStatus' must be ACTIVE or INACTIVE."))
}

fn auto_registration(call: &Call) -> Result<Option<bool>, Refusal> {
    match call.query_text("newAutoRegistrationStatus")? {
        None => Ok(None),
        Some("ENABLE") => Ok(Some(true)),
        Some("DISABLE") => Ok(Some(false)),
        Some(_) => Err(invalid(
            "The query parameter 'newAutoRegistrationStatus' must be ENABLE or DISABLE.",
        )),
    }
}
