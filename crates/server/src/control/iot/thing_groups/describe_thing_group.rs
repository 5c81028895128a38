//! `DescribeThingGroup`, with the groups above it, the top one first.

use fleetwright_core::fleet_index::{IndexName, QUERY_VERSION};
use fleetwright_core::names::ThingGroupName;
use fleetwright_store::GroupStatus;
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
    let dynamic = found.dynamic;
    let status = dynamic.as_ref().map(|dynamic| match dynamic.status {
        GroupStatus::Active => "ACTIVE",
        GroupStatus::Building => "BUILDING",
        GroupStatus::Rebuilding => "REBUILDING",
    });
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
        "indexName": status.map(|_| IndexName::Things.as_str()),
        "queryVersion": status.map(|_| QUERY_VERSION),
        "queryString": dynamic.map(|dynamic| dynamic.query),
        "status": status,
    })))
}
