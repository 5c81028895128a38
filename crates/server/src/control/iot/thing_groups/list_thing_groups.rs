//! `ListThingGroups`, by name: all of them, or those in `parentGroup`.

use fleetwright_core::error::Refusal;
use fleetwright_core::names::ThingGroupName;
use fleetwright_store::GroupFilter;

use super::properties::line;
use crate::control::iot::members::{invalid, sentence};
use crate::control::iot::page::NEXT_TOKEN;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListThingGroups";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, ThingGroupName::parse)?;
    let found = control.store.list_thing_groups(&filter(call)?, after, page.size).await?;
    let groups = found.items.iter().map(|name| line(&control.home, name));
    let next = found.next.as_ref().map(ThingGroupName::as_str);
    Ok(Answer::list("thingGroups", groups, &NEXT_TOKEN, next))
}

fn filter(call: &Call) -> Result<GroupFilter, Refusal> {
    let name = |parameter| {
        let name = call.query_text(parameter)?.map(ThingGroupName::parse).transpose();
        name.map_err(|rule| invalid(sentence(&rule)))
    };
    let parent = name("parentGroup")?;
    let prefix = name("namePrefixFilter")?.map(String::from).unwrap_or_default();
    // AWS: guide, "Static thing groups": without any filter all groups are listed, with a parent
    // its direct children.
    let recursive = match call.query_text("recursive")? {
        None => parent.is_none(),
        Some(_) => call.query_flag("recursive")?,
    };
    Ok(GroupFilter { parent, recursive, prefix })
}
