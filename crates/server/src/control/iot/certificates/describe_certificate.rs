//! `DescribeCertificate`.

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_store::Origin;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DescribeCertificate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = call.label("certificateId", CertificateId::parse)?;
    let found = control.store.certificate(id).await?;
    let found = found.filter(|found| found.origin != Origin::Claim).ok_or_else(|| {
        Refusal::new(
            ErrorCode::ResourceNotFound,
            format!("The certificate given does not exist: {id}"),
        )
    })?;
    let mut description = json!({
        "certificateArn": control.home.arn("cert", id),
        "certificateId": id.to_string(),
        "status": found.status.as_str(),
        "certificatePem": fleetwright_ca::pem(&found.der),
        "ownedBy": control.home.account.as_str(),
        "creationDate": found.created.epoch_seconds(),
        "lastModifiedDate": found.modified.epoch_seconds(),
        "customerVersion": found.version,
        "transferData": {},
        "generationId": found.generation.to_string(),
        "validity": {
            "notBefore": found.not_before.epoch_seconds(),
            "notAfter": found.not_after.epoch_seconds(),
        },
        "certificateMode": mode(found.origin),
    });
    if let (Some(ca), Some(members)) = (found.ca, description.as_object_mut()) {
        members.insert("caCertificateId".into(), ca.to_string().into());
    }
    Ok(Answer::json(json!({ "certificateDescription": description })))
}

/// `certificateMode`: certificates registered without a CA are told apart by SNI on AWS.
fn mode(origin: Origin) -> &'static str {
    match origin {
        Origin::RegisteredAlone => "SNI_ONLY",
        _ => "DEFAULT",
    }
}
