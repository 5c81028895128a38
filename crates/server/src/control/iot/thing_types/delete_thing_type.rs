//! `DeleteThingType`: five minutes after its deprecation, and without things.

use fleetwright_core::names::ThingTypeName;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteThingType";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingTypeName", ThingTypeName::parse)?;
    control.store.delete_thing_type(name, (control.clock)()).await?;
    Ok(Answer::empty())
}
