//! `ListCertificates`: newest first unless `isAscendingOrder`.

use fleetwright_store::{CertificateRow, CertificateSummary, Page};
use serde_json::json;

use crate::control::Control;
use crate::control::iot::page::MARKER;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListCertificates";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.row(&MARKER)?.map(CertificateRow);
    let ascending = call.query_flag("isAscendingOrder")?;
    let found = control.store.list_certificates(after, page.size, ascending).await?;
    Ok(answer(control, &found))
}

/// A page of certificates.
pub(super) fn answer(
    control: &Control,
    found: &Page<CertificateSummary, CertificateRow>,
) -> Answer {
    let certificates = found.items.iter().map(|item| {
        json!({
            "certificateArn": control.home.arn("cert", item.id),
            "certificateId": item.id.to_string(),
            "status": item.status.as_str(),
            "certificateMode": item.mode.as_str(),
            "creationDate": item.created.epoch_seconds(),
        })
    });
    let next = found.next.map(|row| row.0.to_string());
    Answer::list("certificates", certificates, &MARKER, next.as_deref())
}
