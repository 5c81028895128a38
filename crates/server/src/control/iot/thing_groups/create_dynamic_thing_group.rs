//! `CreateDynamicThingGroup`: the things that fit a query; again with equal properties gives the
//! same group.

use fleetwright_core::fleet_index::{IndexName, QUERY_VERSION};
use fleetwright_core::limits::DESCRIPTION_CHARS;
use fleetwright_core::names::ThingGroupName;
use fleetwright_store::NewThingGroup;
use serde_json::json;

use super::properties::dynamic_index;
use crate::control::Control;
use crate::control::identifiers;
use crate::control::iot::attributes::attributes;
use crate::control::iot::call::description;
use crate::control::iot::fleet_indexing::query_text;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome, tags};

pub(super) const NAME: &str = "CreateDynamicThingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingGroupName", ThingGroupName::parse)?;
    let body = call.object()?;
    let members = body.members();
    dynamic_index(&members)?;
    let query = query_text(&members)?;
    let query = query.ok_or_else(|| invalid("The member 'queryString' is required."))?.to_owned();
    let properties = members.object("thingGroupProperties", |properties| {
        let description = description(&properties, "thingGroupDescription", DESCRIPTION_CHARS)?;
        Ok((description.map(str::to_owned), attributes(&properties)?))
    })?;
    let (description, attributes) = properties.unwrap_or_default();
    let (id, tags) = (identifiers::fresh()?, tags::tags(&members)?);
    let new = NewThingGroup { name, id, parent: None, description, attributes, tags };
    let now = (control.clock)();
    let group = control.store.create_dynamic_thing_group(new, query.clone(), now).await?;
    Ok(Answer::json(json!({
        "thingGroupName": group.name.as_str(),
        "thingGroupArn": control.home.arn("thinggroup", &group.name),
        "thingGroupId": group.id.to_string(),
        "indexName": IndexName::Things.as_str(),
        "queryString": query,
        "queryVersion": QUERY_VERSION,
    })))
}
