//! `DeprecateThingType`: no thing takes the type any more; `undoDeprecate` lifts that.

use fleetwright_core::names::ThingTypeName;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeprecateThingType";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingTypeName", ThingTypeName::parse)?;
    let undo = call.object()?.members().flag("undoDeprecate")?.unwrap_or(false);
    control.store.deprecate_thing_type(name, undo, (control.clock)()).await?;
    Ok(Answer::empty())
}
