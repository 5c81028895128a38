//! `DetachThingPrincipal`: at once; what is not attached is already detached.

use fleetwright_core::names::ThingName;

use super::PRINCIPAL;
use crate::control::iot::named::principal;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DetachThingPrincipal";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let id = principal(&control.home, call.header_text(PRINCIPAL)?)?;
    control.store.detach_thing_principal(name, id).await?;
    Ok(Answer::empty())
}
