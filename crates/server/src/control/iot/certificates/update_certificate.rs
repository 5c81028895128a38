//! `UpdateCertificate`: sets the status. Gateways hear of it by the registry's change notice.

use fleetwright_core::certificate::{CertificateId, CertificateStatus};

use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "UpdateCertificate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    let wanted = call.query_text("newStatus")?;
    let wanted = wanted.ok_or_else(|| invalid("The query parameter 'newStatus' is required."))?;
    let status = CertificateStatus::parse(wanted).ok_or_else(|| {
        let wanted: String = wanted.chars().take(64).collect();
        invalid(format!(
            "Certificate status '{wanted}' is not valid: use ACTIVE, INACTIVE or REVOKED."
        ))
    })?;
    control.store.update_certificate_status(id, status, (control.clock)()).await?;
    Ok(Answer::empty())
}
