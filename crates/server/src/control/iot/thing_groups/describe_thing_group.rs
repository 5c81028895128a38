//! `DescribeThingGroup`, with the groups above it, the top one first.

use fleetwright_core::names::ThingGroupName;
use serde_json::{Value, json};

use super::properties::line;
use crate::control::iot::call::put;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "DescribeThingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingGroupName", ThingGroupName::parse)?;
    let found = control.store.thing_group(&name).await?;
    let found = found.ok_or_else(|| not_found("thing group", &name))?;
    let above = control.store.ancestors(&name).await?;
    let mut properties = json!({ "attributePayload": { "attributes": found.attributes } });
    put(&mut properties, "thingGroupDescription", found.description);
    let above: Vec<Value> = above.iter().map(|name| line(&control.home, name)).collect();
    let mut metadata = json!({
        "rootToParentThingGroups": above,
        "creationDate": found.created.epoch_seconds(),
    });
    put(&mut metadata, "parentGroupName", found.parent.map(String::from));
    Ok(Answer::json(json!({
        "thingGroupName": found.name.as_str(),
        "thingGroupId": found.id.to_string(),
        "thingGroupArn": control.home.arn("thinggroup", &found.name),
        "version": found.version,
        "thingGroupProperties": properties,
        "thingGroupMetadata": metadata,
    })))
}
