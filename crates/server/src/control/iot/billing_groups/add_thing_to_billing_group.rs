//! `AddThingToBillingGroup`: a thing is in one at most; another one is left.

use super::group;
use crate::control::iot::named::{thing, unnamed};

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "AddThingToBillingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let thing = thing(&control.home, &members)?;
    let group = group(&control.home, &members)?;
    let group = group.ok_or_else(|| unnamed("billingGroupName", "billingGroupArn"))?;
    control.store.add_thing_to_billing_group(thing, group).await?;
    Ok(Answer::empty())
}
