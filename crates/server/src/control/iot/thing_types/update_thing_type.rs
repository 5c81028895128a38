//! `UpdateThingType`: the propagating attributes; all else is fixed when the type is made.

use fleetwright_core::names::ThingTypeName;
use fleetwright_store::ThingTypeUpdate;

use super::properties::properties;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "UpdateThingType";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingTypeName", ThingTypeName::parse)?;
    let properties = properties(&call.object()?.members())?;
    let update = ThingTypeUpdate {
        description: properties.description,
        searchable: properties.searchable,
        propagating: properties.propagating,
    };
    control.store.update_thing_type(name, update).await?;
    Ok(Answer::empty())
}
