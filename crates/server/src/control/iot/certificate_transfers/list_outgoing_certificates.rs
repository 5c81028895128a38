//! `ListOutgoingCertificates`: those that are being transferred and not accepted yet.

use fleetwright_store::CertificateRow;
use serde_json::{Value, json};

use crate::control::Control;
use crate::control::iot::page::MARKER;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListOutgoingCertificates";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.row(&MARKER)?.map(CertificateRow);
    let ascending = call.query_flag("isAscendingOrder")?;
    let found = control.store.list_outgoing_certificates(after, page.size, ascending).await?;
    let certificates = found.items.iter().map(|item| {
        let mut line = json!({
            "certificateArn": control.home.arn("cert", item.id),
            "certificateId": item.id.to_string(),
            "transferredTo": item.transfer.target.as_str(),
            "transferDate": item.transfer.created.epoch_seconds(),
            "creationDate": item.created.epoch_seconds(),
        });
        if let (Some(message), Value::Object(members)) = (&item.transfer.message, &mut line) {
            members.insert("transferMessage".into(), message.as_str().into());
        }
        line
    });
    let next = found.next.map(|row| row.0.to_string());
    Ok(Answer::list("outgoingCertificates", certificates, &MARKER, next.as_deref()))
}
