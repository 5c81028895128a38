//! `ListCACertificates`: newest first unless `isAscendingOrder`; `templateName` keeps those that
//! provision with that template.

use fleetwright_core::names::TemplateName;
use fleetwright_store::CaRow;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::members::{invalid, sentence};
use crate::control::iot::page::MARKER;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListCACertificates";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.row(&MARKER)?.map(CaRow);
    let ascending = call.query_flag("isAscendingOrder")?;
    let template = call.query_text("templateName")?.map(TemplateName::parse).transpose();
    let template = template.map_err(|rule| invalid(sentence(&rule)))?;
    let found = control.store.list_ca_certificates(template, after, page.size, ascending).await?;
    let certificates = found.items.iter().map(|item| {
        json!({
            "certificateArn": control.home.arn("cacert", item.id),
            "certificateId": item.id.to_string(),
            "status": item.status.as_str(),
            "creationDate": item.created.epoch_seconds(),
        })
    });
    let next = found.next.map(|row| row.0.to_string());
    Ok(Answer::list("certificates", certificates, &MARKER, next.as_deref()))
}
