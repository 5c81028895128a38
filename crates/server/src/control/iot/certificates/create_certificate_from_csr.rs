//! `CreateCertificateFromCsr`: a certificate for the key of a signing request.

use fleetwright_core::limits::CSR_CHARS;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};
use crate::issuance::Purpose;

pub(super) const NAME: &str = "CreateCertificateFromCsr";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let csr = body.members().bounded_text("certificateSigningRequest", CSR_CHARS)?;
    let csr = csr.filter(|csr| !csr.is_empty()).ok_or_else(|| {
        invalid("The member 'certificateSigningRequest' is required: a PKCS#10 request in PEM.")
    })?;
    let active = call.query_flag("setAsActive")?;
    let issued =
        control.issuance.from_csr(&control.store, csr, Purpose::Operator { active }).await?;
    Ok(Answer::json(json!({
        "certificateArn": control.home.arn("cert", issued.id),
        "certificateId": issued.id.to_string(),
        "certificatePem": issued.pem,
    })))
}
