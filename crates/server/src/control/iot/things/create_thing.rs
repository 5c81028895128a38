//! `CreateThing`: again with equal properties gives the same thing.

use fleetwright_core::names::{BillingGroupName, ThingName, ThingTypeName};
use fleetwright_store::NewThing;
use serde_json::json;

use crate::control::Control;
use crate::control::identifiers;
use crate::control::iot::attributes::attributes;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "CreateThing";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let thing = NewThing {
        name: call.label("thingName", ThingName::parse)?,
        id: identifiers::fresh()?,
        attributes: attributes(&members)?,
        type_name: members.optional("thingTypeName", ThingTypeName::parse)?,
        billing_group: members.optional("billingGroupName", BillingGroupName::parse)?,
    };
    let thing = control.store.create_thing(thing, (control.clock)()).await?;
    Ok(Answer::json(json!({
        "thingName": thing.name.as_str(),
        "thingArn": control.home.arn("thing", &thing.name),
        "thingId": thing.id.to_string(),
    })))
}
