//! `UpdateBillingGroup`: the description; answers the new version.

use fleetwright_core::limits::DESCRIPTION_CHARS;
use fleetwright_core::names::BillingGroupName;
use serde_json::json;

use crate::control::iot::call::description;
use crate::control::iot::members::invalid;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "UpdateBillingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("billingGroupName", BillingGroupName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let description = members.object("billingGroupProperties", |properties| {
        description(&properties, "billingGroupDescription", DESCRIPTION_CHARS)
    })?;
    let description =
        description.ok_or_else(|| invalid("The member 'billingGroupProperties' is required."))?;
    let description = description.map(str::to_owned);
    let expected = members.expected_version()?;
    let version = control.store.update_billing_group(name, description, expected).await?;
    Ok(Answer::json(json!({ "version": version })))
}
