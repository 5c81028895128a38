//! `ListThingGroupsForThing`: the groups that it is in itself, by name.

use fleetwright_core::names::{ThingGroupName, ThingName};

use super::properties::line;
use crate::control::iot::page::{NEXT_TOKEN, cut};

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListThingGroupsForThing";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let page = NEXT_TOKEN.read(call)?;
    let groups = control.store.groups_of_thing(&name).await?;
    let (groups, next) = cut(groups, &page, ThingGroupName::as_str);
    let groups = groups.iter().map(|name| line(&control.home, name));
    Ok(Answer::list("thingGroups", groups, &NEXT_TOKEN, next.as_deref()))
}
