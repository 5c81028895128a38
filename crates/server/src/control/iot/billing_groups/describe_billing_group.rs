//! `DescribeBillingGroup`.

use fleetwright_core::names::BillingGroupName;
use serde_json::{Map, Value, json};

use crate::control::iot::call::put;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "DescribeBillingGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("billingGroupName", BillingGroupName::parse)?;
    let found = control.store.billing_group(&name).await?;
    let found = found.ok_or_else(|| not_found("billing group", &name))?;
    let mut properties = Value::Object(Map::new());
    put(&mut properties, "billingGroupDescription", found.description);
    Ok(Answer::json(json!({
        "billingGroupName": found.name.as_str(),
        "billingGroupId": found.id.to_string(),
        "billingGroupArn": control.home.arn("billinggroup", &found.name),
        "version": found.version,
        "billingGroupProperties": properties,
        "billingGroupMetadata": { "creationDate": found.created.epoch_seconds() },
    })))
}
