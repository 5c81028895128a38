//! `DeleteBillingGroup`: its things stay, without one; one that is gone is deleted.

use fleetwright_core::names::BillingGroupName;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteBillingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("billingGroupName", BillingGroupName::parse)?;
    control.store.delete_billing_group(name, call.expected_version()?).await?;
    Ok(Answer::empty())
}
