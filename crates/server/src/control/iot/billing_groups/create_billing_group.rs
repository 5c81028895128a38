//! `CreateBillingGroup`: again with equal properties gives the same group.

use fleetwright_core::limits::DESCRIPTION_CHARS;
use fleetwright_core::names::BillingGroupName;
use fleetwright_store::NewBillingGroup;
use serde_json::json;

use crate::control::Control;
use crate::control::identifiers;
use crate::control::iot::call::description;
use crate::control::iot::{Answer, Call, Outcome, tags};

pub(super) const NAME: &str = "CreateBillingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("billingGroupName", BillingGroupName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let description = members.object("billingGroupProperties", |properties| {
        description(&properties, "billingGroupDescription", DESCRIPTION_CHARS)
    })?;
    let group = NewBillingGroup {
        name,
        id: identifiers::fresh()?,
        description: description.flatten().map(str::to_owned),
        tags: tags::tags(&members)?,
    };
    let group = control.store.create_billing_group(group, (control.clock)()).await?;
    Ok(Answer::json(json!({
        "billingGroupName": group.name.as_str(),
        "billingGroupArn": control.home.arn("billinggroup", &group.name),
        "billingGroupId": group.id.to_string(),
    })))
}
