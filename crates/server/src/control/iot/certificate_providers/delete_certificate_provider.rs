//! `DeleteCertificateProvider`: our own CA signs again.

use fleetwright_core::names::CertificateProviderName;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteCertificateProvider";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("certificateProviderName", CertificateProviderName::parse)?;
    control.store.delete_certificate_provider(name).await?;
    Ok(Answer::empty())
}
