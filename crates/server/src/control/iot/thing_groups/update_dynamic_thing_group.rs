//! `UpdateDynamicThingGroup`: description, attributes and query; answers the new version.

use fleetwright_core::names::ThingGroupName;
use fleetwright_store::DynamicGroupUpdate;
use serde_json::json;

use super::properties::{self, dynamic_index};
use crate::control::Control;
use crate::control::iot::fleet_indexing::query_text;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "UpdateDynamicThingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingGroupName", ThingGroupName::parse)?;
    let body = call.object()?;
    let members = body.members();
    dynamic_index(&members)?;
    let properties::Update { description, attributes } = properties::update(&members)?;
    let change = DynamicGroupUpdate {
        description,
        attributes,
        query: query_text(&members)?.map(str::to_owned),
        expected_version: members.expected_version()?,
    };
    let version = control.store.update_dynamic_thing_group(name, change).await?;
    Ok(Answer::json(json!({ "version": version })))
}
