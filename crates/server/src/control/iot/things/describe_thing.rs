//! `DescribeThing`.

use fleetwright_core::names::ThingName;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "DescribeThing";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let thing = control.store.thing(&name).await?.ok_or_else(|| not_found("thing", &name))?;
    Ok(Answer::json(json!({
        "defaultClientId": thing.name.as_str(),
        "thingName": thing.name.as_str(),
        "thingId": thing.id.to_string(),
        "thingArn": control.home.arn("thing", &thing.name),
        "thingTypeName": thing.type_name.map(String::from),
        "attributes": thing.attributes,
        "version": thing.version,
        "billingGroupName": thing.billing_group.map(String::from),
    })))
}
