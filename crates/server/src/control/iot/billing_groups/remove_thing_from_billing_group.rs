//! `RemoveThingFromBillingGroup`: not there is no error.

use super::group;
use crate::control::iot::named::thing;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "RemoveThingFromBillingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let thing = thing(&control.home, &members)?;
    let group = group(&control.home, &members)?;
    control.store.remove_thing_from_billing_group(thing, group).await?;
    Ok(Answer::empty())
}
