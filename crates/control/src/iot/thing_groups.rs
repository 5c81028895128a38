//! Thing groups.

use fleetwright_core::arn::{AccountScope, Target};
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::fleet_index::{IndexName, QUERY_VERSION};
use fleetwright_core::limits::DESCRIPTION_CHARS;
use fleetwright_core::names::ThingGroupName;
use fleetwright_host::random;
use fleetwright_store::{GroupFilter, GroupStatus, NewThingGroup};
use serde_json::{Value, json};

use crate::Control;
use crate::iot::attributes::{AttributeUpdate, attribute_update, attributes};
use crate::iot::index_query::index;
use crate::iot::named::{name_or_arn, unnamed};
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, description, not_found, put, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateThingGroup", create_thing_group),
    operation!("DescribeThingGroup", describe_thing_group),
    operation!("UpdateThingGroup", update_thing_group),
    operation!("DeleteThingGroup", delete_thing_group),
    operation!("ListThingGroups", list_thing_groups),
];

/// `CreateThingGroup`: again with equal properties gives the same group.
async fn create_thing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
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
        id: random::uuid()?,
        parent: members.optional("parentGroupName", ThingGroupName::parse)?,
        description,
        attributes,
        tags: tags::tags(&members)?,
    };
    let group = control.store.create_thing_group(group, control.now()).await?;
    Ok(Answer::json(json!({
        "thingGroupName": group.name.as_str(),
        "thingGroupArn": control.scope.arn("thinggroup", &group.name),
        "thingGroupId": group.id.to_string(),
    })))
}

/// `DescribeThingGroup`, with the groups above it, the top one first. What a group has none of is
/// left out. AWS: CLI reference, `describe-thing-group`; Terraform takes anything else for drift.
async fn describe_thing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingGroupName", ThingGroupName::parse)?;
    let found = control.store.thing_group(&name).await?;
    let found = found.ok_or_else(|| not_found("thing group", &name))?;
    let above = control.store.ancestors(&name).await?;
    let mut properties = json!({});
    put(&mut properties, "thingGroupDescription", found.description);
    if !found.attributes.is_empty() {
        let payload = json!({ "attributes": found.attributes });
        put(&mut properties, "attributePayload", Some(payload));
    }
    let above: Vec<Value> = above.iter().map(|name| line(&control.scope, name)).collect();
    let dynamic = found.dynamic;
    let status = dynamic.as_ref().map(|dynamic| match dynamic.status {
        GroupStatus::Active => "ACTIVE",
        GroupStatus::Building => "BUILDING",
        GroupStatus::Rebuilding => "REBUILDING",
    });
    let mut metadata = json!({ "creationDate": found.created.epoch_seconds() });
    if !above.is_empty() {
        put(&mut metadata, "rootToParentThingGroups", Some(above));
    }
    put(&mut metadata, "parentGroupName", found.parent.map(String::from));
    Ok(Answer::json(json!({
        "thingGroupName": found.name.as_str(),
        "thingGroupId": found.id.to_string(),
        "thingGroupArn": control.scope.arn("thinggroup", &found.name),
        "version": found.version,
        "thingGroupProperties": properties,
        "thingGroupMetadata": metadata,
        "indexName": status.map(|_| IndexName::Things.as_str()),
        "queryVersion": status.map(|_| QUERY_VERSION),
        "queryString": dynamic.map(|dynamic| dynamic.query),
        "status": status,
    })))
}

/// `UpdateThingGroup`: description and attributes; answers the new version.
async fn update_thing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingGroupName", ThingGroupName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let Update { description, attributes } = update(&members)?;
    let expected = members.expected_version()?;
    let version = control.store.update_thing_group(name, description, attributes, expected).await?;
    Ok(Answer::json(json!({ "version": version })))
}

/// `DeleteThingGroup`: never one with child groups; one that is gone is deleted.
async fn delete_thing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingGroupName", ThingGroupName::parse)?;
    control.store.delete_thing_group(name, call.expected_version()?).await?;
    Ok(Answer::empty())
}

/// `ListThingGroups`, by name: all of them, or those in `parentGroup`.
async fn list_thing_groups(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, ThingGroupName::parse)?;
    let found = control.store.list_thing_groups(&filter(call)?, after, page.size).await?;
    let groups = found.items.iter().map(|name| line(&control.scope, name));
    let next = found.next.as_ref().map(ThingGroupName::as_str);
    Ok(Answer::list("thingGroups", groups, &NEXT_TOKEN, next))
}

fn filter(call: &Call) -> Result<GroupFilter, Refusal> {
    let parent = call.query_name("parentGroup", ThingGroupName::parse)?;
    let prefix = call.query_name("namePrefixFilter", ThingGroupName::parse)?;
    let prefix = prefix.map(String::from).unwrap_or_default();
    // AWS: guide, "Static thing groups": without any filter all groups are listed, with a parent
    // its direct children.
    let recursive = match call.query_text("recursive")? {
        None => parent.is_none(),
        Some(_) => call.query_flag("recursive")?,
    };
    Ok(GroupFilter { parent, recursive, prefix })
}

/// What `thingGroupProperties` of an update names: description, and attributes with whether they
/// are merged.
#[derive(Default)]
pub(super) struct Update {
    pub(super) description: Option<String>,
    pub(super) attributes: Option<AttributeUpdate>,
}

/// Reads `thingGroupProperties` of an update, which must be there.
pub(super) fn update(members: &Members<'_>) -> Result<Update, Refusal> {
    let update = members.object("thingGroupProperties", |properties| {
        let description = description(&properties, "thingGroupDescription", DESCRIPTION_CHARS)?;
        let attributes = attribute_update(&properties)?;
        Ok(Update { description: description.map(str::to_owned), attributes })
    })?;
    update.ok_or_else(|| invalid("The member 'thingGroupProperties' is required."))
}

/// The group of a request: `thingGroupName` or `thingGroupArn`.
pub(super) fn group(
    scope: &AccountScope,
    members: &Members<'_>,
) -> Result<ThingGroupName, Refusal> {
    let both = ("thingGroupName", "thingGroupArn");
    let found = name_or_arn(scope, members, both, ThingGroupName::parse, |target| match target {
        Target::ThingGroup(name) => Some(name),
        _ => None,
    })?;
    found.ok_or_else(|| unnamed(both.0, both.1))
}

/// Checks the index of a dynamic group's request: it is that of things.
pub(super) fn dynamic_index(members: &Members<'_>) -> Result<(), Refusal> {
    match index(members.text("indexName")?)? {
        IndexName::Things => Ok(()),
        IndexName::ThingGroups => Err(invalid(
            "Dynamic thing groups are of things; leave indexName out or use AWS_Things.",
        )),
    }
}

/// A group in a list.
pub(super) fn line(scope: &AccountScope, name: &ThingGroupName) -> Value {
    json!({ "groupName": name.as_str(), "groupArn": scope.arn("thinggroup", name) })
}
