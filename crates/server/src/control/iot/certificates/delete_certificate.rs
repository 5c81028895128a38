//! `DeleteCertificate`: never an active one, never one with a thing; one with policies by
//! `forceDelete` only.

use fleetwright_core::certificate::CertificateId;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteCertificate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    let force = call.query_flag("forceDelete")?;
    control.store.delete_certificate(id, force).await?;
    Ok(Answer::empty())
}
