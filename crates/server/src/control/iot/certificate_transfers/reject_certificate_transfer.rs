//! `RejectCertificateTransfer`: of a transfer to this account.

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::limits::TRANSFER_MESSAGE_CHARS;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "RejectCertificateTransfer";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    let body = call.object()?;
    let reason = body.members().bounded_text("rejectReason", TRANSFER_MESSAGE_CHARS)?;
    let reason = reason.map(str::to_owned);
    control.store.reject_certificate_transfer(id, reason, (control.clock)()).await?;
    Ok(Answer::empty())
}
