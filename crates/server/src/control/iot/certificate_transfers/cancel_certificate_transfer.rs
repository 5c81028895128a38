//! `CancelCertificateTransfer`: the certificate is `INACTIVE` again.

use fleetwright_core::certificate::CertificateId;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "CancelCertificateTransfer";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    control.store.cancel_certificate_transfer(id, (control.clock)()).await?;
    Ok(Answer::empty())
}
