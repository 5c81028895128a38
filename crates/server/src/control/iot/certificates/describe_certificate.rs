//! `DescribeCertificate`.

use fleetwright_core::certificate::{CertificateId, Instant};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_store::{Origin, Transfer};
use serde_json::{Value, json};

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
        "transferData": transfer_data(found.transfer.as_ref()),
        "generationId": found.generation.to_string(),
        "validity": {
            "notBefore": found.not_before.epoch_seconds(),
            "notAfter": found.not_after.epoch_seconds(),
        },
        "certificateMode": found.mode.as_str(),
    });
    if let Some(members) = description.as_object_mut() {
        if let Some(ca) = found.ca {
            members.insert("caCertificateId".into(), ca.to_string().into());
        }
        if found.transfer.is_some_and(|transfer| transfer.accepted.is_some()) {
            let owner = control.home.account.as_str();
            members.insert("previousOwnedBy".into(), owner.into());
        }
    }
    Ok(Answer::json(json!({ "certificateDescription": description })))
}

fn transfer_data(transfer: Option<&Transfer>) -> Value {
    let Some(transfer) = transfer else { return json!({}) };
    let mut data = json!({
        "transferMessage": transfer.message,
        "rejectReason": transfer.reject_reason,
        "transferDate": transfer.created.epoch_seconds(),
        "acceptDate": transfer.accepted.map(Instant::epoch_seconds),
        "rejectDate": transfer.rejected.map(Instant::epoch_seconds),
    });
    if let Some(members) = data.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    data
}
