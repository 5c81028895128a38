//! `ListThingTypes`, by name; `thingTypeName` asks for that one only.

use fleetwright_core::names::ThingTypeName;
use fleetwright_store::ThingType;
use serde_json::json;

use super::properties::{metadata, shown};
use crate::control::Control;
use crate::control::iot::members::{invalid, sentence};
use crate::control::iot::page::NEXT_TOKEN;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListThingTypes";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, ThingTypeName::parse)?;
    let only = call.query_text("thingTypeName")?.map(ThingTypeName::parse).transpose();
    let (found, next) = match only.map_err(|rule| invalid(sentence(&rule)))? {
        // AWS: a name that does not exist is an empty list.
        Some(name) => (Vec::from_iter(control.store.thing_type(&name).await?), None),
        None => {
            let found = control.store.list_thing_types(after, page.size).await?;
            (found.items, found.next)
        }
    };
    let types = found.iter().map(|kind: &ThingType| {
        json!({
            "thingTypeName": kind.name.as_str(),
            "thingTypeArn": control.home.arn("thingtype", &kind.name),
            "thingTypeProperties": shown(kind),
            "thingTypeMetadata": metadata(kind),
        })
    });
    let next = next.as_ref().map(ThingTypeName::as_str);
    Ok(Answer::list("thingTypes", types, &NEXT_TOKEN, next))
}
