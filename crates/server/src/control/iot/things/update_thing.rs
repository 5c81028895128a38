//! `UpdateThing`: attributes and type; the version counts up.

use fleetwright_core::error::Refusal;
use fleetwright_core::names::{ThingName, ThingTypeName};
use fleetwright_store::{ThingUpdate, TypeUpdate};

use crate::control::iot::attributes::attribute_update;
use crate::control::iot::members::{Members, invalid};

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "UpdateThing";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let update = ThingUpdate {
        attributes: attribute_update(&members)?,
        type_name: type_update(&members)?,
        expected_version: members.expected_version()?,
    };
    control.store.update_thing(name, update).await?;
    Ok(Answer::empty())
}

fn type_update(members: &Members<'_>) -> Result<TypeUpdate, Refusal> {
    let wanted = members.optional("thingTypeName", ThingTypeName::parse)?;
    match (wanted, members.flag("removeThingType")?.unwrap_or(false)) {
        (None, false) => Ok(TypeUpdate::Keep),
        (None, true) => Ok(TypeUpdate::Remove),
        (Some(name), false) => Ok(TypeUpdate::Set(name)),
        (Some(_), true) => {
            Err(invalid("The members 'thingTypeName' and 'removeThingType' exclude each other."))
        }
    }
}
