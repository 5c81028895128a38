//! `DeleteThing`: a thing that is gone is deleted; one with principals is not.

use fleetwright_core::names::ThingName;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteThing";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    control.store.delete_thing(name, call.expected_version()?).await?;
    Ok(Answer::empty())
}
