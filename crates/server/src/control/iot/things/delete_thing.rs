//! `DeleteThing`: a thing that is gone is deleted; one with principals is not.

use fleetwright_core::names::ThingName;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteThing";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let version = call.query_integer("expectedVersion", 0..=i64::MAX.unsigned_abs())?;
    let version = version.map(u64::cast_signed);
    control.store.delete_thing(name, version).await?;
    Ok(Answer::empty())
}
