//! `AttachThingPrincipal`: a certificate, shared unless `EXCLUSIVE_THING`.

use fleetwright_core::names::ThingName;

use super::{PRINCIPAL, exclusive};
use crate::control::iot::named::principal;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "AttachThingPrincipal";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let id = principal(&control.home, call.header_text(PRINCIPAL)?)?;
    let exclusive = exclusive(call)?.unwrap_or(false);
    control.store.attach_thing_principal(name, id, exclusive).await?;
    Ok(Answer::empty())
}
