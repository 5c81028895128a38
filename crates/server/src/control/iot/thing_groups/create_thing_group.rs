//! `CreateThingGroup`: again with equal properties gives the same group.

use fleetwright_core::limits::DESCRIPTION_CHARS;
use fleetwright_core::names::ThingGroupName;
use fleetwright_store::NewThingGroup;
use serde_json::json;

use crate::control::Control;
use crate::control::identifiers;
use crate::control::iot::attributes::attributes;
use crate::control::iot::call::description;
use crate::control::iot::{Answer, Call, Outcome, tags};

pub(super) const NAME: &str = "CreateThingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingGroupName", ThingGroupName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let properties = members.object("thingGroupProperties", |properties| {
        let description = description(&properties, "thingGroupDescription", DESCRIPTION_CHARS)?;
        Ok((description.map(str::to_owned), attributes(&properties)?))
    })?;
    let (description, attributes) = properties.unwrap_or_default();
    let group = NewThingGroup {
        name,
        id: identifiers::fresh()?,
        parent: members.optional("parentGroupName", ThingGroupName::parse)?,
        description,
        attributes,
        tags: tags::tags(&members)?,
    };
    let group = control.store.create_thing_group(group, (control.clock)()).await?;
    Ok(Answer::json(json!({
        "thingGroupName": group.name.as_str(),
        "thingGroupArn": control.home.arn("thinggroup", &group.name),
        "thingGroupId": group.id.to_string(),
    })))
}
