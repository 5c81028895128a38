//! `AcceptCertificateTransfer`: of a transfer to this account.

use fleetwright_core::certificate::CertificateId;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "AcceptCertificateTransfer";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    let active = call.query_flag("setAsActive")?;
    control.store.accept_certificate_transfer(id, active, (control.clock)()).await?;
    Ok(Answer::empty())
}
