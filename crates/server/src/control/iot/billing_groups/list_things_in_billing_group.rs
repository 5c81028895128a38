//! `ListThingsInBillingGroup`, by name.

use fleetwright_core::names::{BillingGroupName, ThingName};

use crate::control::iot::page::NEXT_TOKEN;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListThingsInBillingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("billingGroupName", BillingGroupName::parse)?;
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, ThingName::parse)?;
    let found = control.store.things_in_billing_group(&name, after, page.size).await?;
    let things = found.items.iter().map(|name| name.as_str().into());
    Ok(Answer::list("things", things, &NEXT_TOKEN, found.next.as_ref().map(ThingName::as_str)))
}
