//! `ListPrincipalThings`: the things of a certificate, by name.

use fleetwright_core::names::ThingName;

use super::PRINCIPAL;
use crate::control::iot::named::principal;
use crate::control::iot::page::NEXT_TOKEN;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListPrincipalThings";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = principal(&control.home, call.header_text(PRINCIPAL)?)?;
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, ThingName::parse)?;
    let found = control.store.principal_things(id, None, after, page.size).await?;
    let things = found.items.iter().map(|item| item.thing.as_str().into());
    Ok(Answer::list("things", things, &NEXT_TOKEN, found.next.as_ref().map(ThingName::as_str)))
}
