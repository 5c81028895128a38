//! `ListThingPrincipalsV2`: the certificates of a thing, with how they are attached.

use fleetwright_core::names::ThingName;
use fleetwright_store::CertificateRow;
use serde_json::json;

use super::{exclusive, type_text};
use crate::control::iot::page::NEXT_TOKEN;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListThingPrincipalsV2";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let exclusive = exclusive(call)?;
    let page = NEXT_TOKEN.read(call)?;
    let after = page.row(&NEXT_TOKEN)?.map(CertificateRow);
    let found = control.store.thing_principals(&name, exclusive, after, page.size).await?;
    let principals = found.items.iter().map(|item| {
        json!({
            "principal": control.home.arn("cert", item.certificate),
            "thingPrincipalType": type_text(item.exclusive),
        })
    });
    let next = found.next.map(|row| row.0.to_string());
    Ok(Answer::list("thingPrincipalObjects", principals, &NEXT_TOKEN, next.as_deref()))
}
