//! `UpdateThingGroupsForThing`: leaves groups, then enters groups; all or nothing.

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits::GROUPS_PER_THING;
use fleetwright_core::names::{ThingGroupName, ThingName};

use crate::control::iot::members::Members;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "UpdateThingGroupsForThing";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
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
