//! `DeleteDynamicThingGroup`: its things stay; one that is gone is deleted.

use fleetwright_core::names::ThingGroupName;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteDynamicThingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingGroupName", ThingGroupName::parse)?;
    control.store.delete_dynamic_thing_group(name, call.expected_version()?).await?;
    Ok(Answer::empty())
}
