//! The things of thing groups.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits::GROUPS_PER_THING;
use fleetwright_core::names::{ThingGroupName, ThingName};
use fleetwright_store::{GroupRow, MemberKey, ThingRow};

use crate::Control;
use crate::iot::named::thing;
use crate::iot::thing_groups::{group, line};
use crate::operation::operation;
use crate::rest::members::Members;
use crate::rest::page::{NEXT_TOKEN, Page, cut};
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("AddThingToThingGroup", add_thing_to_thing_group),
    operation!("RemoveThingFromThingGroup", remove_thing_from_thing_group),
    operation!("UpdateThingGroupsForThing", update_thing_groups_for_thing),
    operation!("ListThingsInThingGroup", list_things_in_thing_group),
    operation!("ListThingGroupsForThing", list_thing_groups_for_thing),
];

/// `AddThingToThingGroup`: a member already is no error.
async fn add_thing_to_thing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let (thing, group) = (thing(&control.scope, &members)?, group(&control.scope, &members)?);
    let over_dynamic = members.flag("overrideDynamicGroups")?.unwrap_or(false);
    control.store.add_thing_to_thing_group(thing, group, over_dynamic).await?;
    Ok(Answer::empty())
}

/// `RemoveThingFromThingGroup`: not a member is no error.
async fn remove_thing_from_thing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let (thing, group) = (thing(&control.scope, &members)?, group(&control.scope, &members)?);
    control.store.remove_thing_from_thing_group(thing, group).await?;
    Ok(Answer::empty())
}

/// `UpdateThingGroupsForThing`: leaves groups, then enters groups; all or nothing.
async fn update_thing_groups_for_thing(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let thing = members.required("thingName", ThingName::parse)?;
    let to_add = groups(&members, "thingGroupsToAdd")?;
    let to_remove = groups(&members, "thingGroupsToRemove")?;
    let over_dynamic = members.flag("overrideDynamicGroups")?.unwrap_or(false);
    control.store.update_thing_groups_for_thing(thing, to_add, to_remove, over_dynamic).await?;
    Ok(Answer::empty())
}

fn groups(members: &Members<'_>, name: &str) -> Result<Vec<ThingGroupName>, Refusal> {
    let groups = members.names(name, ThingGroupName::parse)?;
    if groups.len() <= GROUPS_PER_THING {
        return Ok(groups);
    }
    let message = format!(
        "The member '{name}' has {} groups; a thing is in at most {GROUPS_PER_THING}.",
        groups.len()
    );
    Err(Refusal::new(ErrorCode::InvalidRequest, message))
}

/// `ListThingsInThingGroup`; `recursive` adds those of the groups below.
async fn list_things_in_thing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingGroupName", ThingGroupName::parse)?;
    let recursive = call.query_flag("recursive")?;
    let page = NEXT_TOKEN.read(call)?;
    let found = control.store.things_in_group(&name, recursive, key(&page)?, page.size).await?;
    let things = found.items.iter().map(|name| name.as_str().into());
    let next = found.next.map(|key| format!("{}.{}", key.group.0, key.thing.0));
    Ok(Answer::list("things", things, &NEXT_TOKEN, next.as_deref()))
}

fn key(page: &Page) -> Result<Option<MemberKey>, Refusal> {
    let Some(text) = page.after.as_deref() else { return Ok(None) };
    let rows = text.split_once('.').and_then(|(group, thing)| {
        Some(MemberKey {
            group: GroupRow(group.parse().ok()?),
            thing: ThingRow(thing.parse().ok()?),
        })
    });
    match rows {
        Some(key) => Ok(Some(key)),
        None => Err(NEXT_TOKEN.foreign_token()),
    }
}

/// `ListThingGroupsForThing`: the groups that it is in itself, by name.
async fn list_thing_groups_for_thing(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let page = NEXT_TOKEN.read(call)?;
    let groups = control.store.groups_of_thing(&name).await?;
    let (groups, next) = cut(groups, &page, ThingGroupName::as_str);
    let groups = groups.iter().map(|name| line(&control.scope, name));
    Ok(Answer::list("thingGroups", groups, &NEXT_TOKEN, next.as_deref()))
}
