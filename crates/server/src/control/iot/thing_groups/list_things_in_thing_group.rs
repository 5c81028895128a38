//! `ListThingsInThingGroup`; `recursive` adds those of the groups below.

use fleetwright_core::error::Refusal;
use fleetwright_core::names::ThingGroupName;
use fleetwright_store::{GroupRow, MemberKey, ThingRow};

use crate::control::iot::page::{NEXT_TOKEN, Page};

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListThingsInThingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
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
