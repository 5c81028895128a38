//! Thing groups whose members a query finds.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::fleet_index::{IndexName, QUERY_VERSION};
use fleetwright_core::limits::DESCRIPTION_CHARS;
use fleetwright_core::names::ThingGroupName;
use fleetwright_host::random;
use fleetwright_store::{DynamicGroupUpdate, NewThingGroup};
use serde_json::json;

use crate::Control;
use crate::iot::attributes::attributes;
use crate::iot::index_query::query_text;
use crate::iot::thing_groups;
use crate::iot::thing_groups::dynamic_index;
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::{Answer, Call, Operation, Outcome, description, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateDynamicThingGroup", create_dynamic_thing_group),
    operation!("UpdateDynamicThingGroup", update_dynamic_thing_group),
    operation!("DeleteDynamicThingGroup", delete_dynamic_thing_group),
];

/// `CreateDynamicThingGroup`: the things that fit a query; again with equal properties gives the
/// same group.
async fn create_dynamic_thing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
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
    let (id, tags) = (random::uuid()?, tags::tags(&members)?);
    let new = NewThingGroup { name, id, parent: None, description, attributes, tags };
    let now = control.now();
    let group = control.store.create_dynamic_thing_group(new, query.clone(), now).await?;
    Ok(Answer::json(json!({
        "thingGroupName": group.name.as_str(),
        "thingGroupArn": control.scope.arn("thinggroup", &group.name),
        "thingGroupId": group.id.to_string(),
        "indexName": IndexName::Things.as_str(),
        "queryString": query,
        "queryVersion": QUERY_VERSION,
    })))
}

/// `UpdateDynamicThingGroup`: description, attributes and query; answers the new version.
async fn update_dynamic_thing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingGroupName", ThingGroupName::parse)?;
    let body = call.object()?;
    let members = body.members();
    dynamic_index(&members)?;
    let thing_groups::Update { description, attributes } = thing_groups::update(&members)?;
    let change = DynamicGroupUpdate {
        description,
        attributes,
        query: query_text(&members)?.map(str::to_owned),
        expected_version: members.expected_version()?,
    };
    let version = control.store.update_dynamic_thing_group(name, change).await?;
    Ok(Answer::json(json!({ "version": version })))
}

/// `DeleteDynamicThingGroup`: its things stay; one that is gone is deleted.
async fn delete_dynamic_thing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingGroupName", ThingGroupName::parse)?;
    control.store.delete_dynamic_thing_group(name, call.expected_version()?).await?;
    Ok(Answer::empty())
}
