//! `UpdateThingGroup`: description and attributes; answers the new version.

use fleetwright_core::names::ThingGroupName;
use serde_json::json;

use super::properties;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "UpdateThingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingGroupName", ThingGroupName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let properties::Update { description, attributes } = properties::update(&members)?;
    let expected = members.expected_version()?;
    let version = control.store.update_thing_group(name, description, attributes, expected).await?;
    Ok(Answer::json(json!({ "version": version })))
}
