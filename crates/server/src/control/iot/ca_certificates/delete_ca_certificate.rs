//! `DeleteCACertificate`: never an active one. Device certificates that it signed go on.

use fleetwright_core::certificate::CertificateId;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteCACertificate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = call.label("caCertificateId", CertificateId::parse)?;
    control.store.delete_ca_certificate(id).await?;
    Ok(Answer::empty())
}
