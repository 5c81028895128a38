//! `ListThingPrincipals`: the certificates of a thing, by ARN.

use fleetwright_core::names::ThingName;
use fleetwright_store::CertificateRow;
use serde_json::Value;

use crate::control::Control;
use crate::control::iot::page::NEXT_TOKEN;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListThingPrincipals";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let page = NEXT_TOKEN.read(call)?;
    let after = page.row(&NEXT_TOKEN)?.map(CertificateRow);
    let found = control.store.thing_principals(&name, None, after, page.size).await?;
    let principals =
        found.items.iter().map(|item| Value::String(control.home.arn("cert", item.certificate)));
    let next = found.next.map(|row| row.0.to_string());
    Ok(Answer::list("principals", principals, &NEXT_TOKEN, next.as_deref()))
}
