//! `CreateThingType`: again with equal properties gives the same type.

use fleetwright_core::names::ThingTypeName;
use fleetwright_store::NewThingType;
use serde_json::json;

use super::properties::properties;
use crate::control::Control;
use crate::control::identifiers;
use crate::control::iot::{Answer, Call, Outcome, tags};

pub(super) const NAME: &str = "CreateThingType";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingTypeName", ThingTypeName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let properties = properties(&members)?;
    let kind = NewThingType {
        name,
        id: identifiers::fresh()?,
        description: properties.description,
        searchable: properties.searchable.unwrap_or_default(),
        propagating: properties.propagating.unwrap_or_default(),
        tags: tags::tags(&members)?,
    };
    let kind = control.store.create_thing_type(kind, (control.clock)()).await?;
    Ok(Answer::json(json!({
        "thingTypeName": kind.name.as_str(),
        "thingTypeArn": control.home.arn("thingtype", &kind.name),
        "thingTypeId": kind.id.to_string(),
    })))
}
