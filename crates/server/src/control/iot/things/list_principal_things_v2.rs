//! `ListPrincipalThingsV2`: the things of a certificate, with how it is attached.

use fleetwright_core::names::ThingName;
use serde_json::json;

use super::{PRINCIPAL, exclusive, type_text};
use crate::control::iot::named::principal;
use crate::control::iot::page::NEXT_TOKEN;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListPrincipalThingsV2";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = principal(&control.home, call.header_text(PRINCIPAL)?)?;
    let exclusive = exclusive(call)?;
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, ThingName::parse)?;
    let found = control.store.principal_things(id, exclusive, after, page.size).await?;
    let things = found.items.iter().map(|item| {
        json!({
            "thingName": item.thing.as_str(),
            "thingPrincipalType": type_text(item.exclusive),
        })
    });
    let next = found.next.as_ref().map(ThingName::as_str);
    Ok(Answer::list("principalThingObjects", things, &NEXT_TOKEN, next))
}
