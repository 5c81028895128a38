//! `DescribeThingType`.

use fleetwright_core::names::ThingTypeName;
use serde_json::json;

use super::properties::{metadata, shown};
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "DescribeThingType";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingTypeName", ThingTypeName::parse)?;
    let found = control.store.thing_type(&name).await?;
    let kind = found.ok_or_else(|| not_found("thing type", &name))?;
    Ok(Answer::json(json!({
        "thingTypeName": name.as_str(),
        "thingTypeId": kind.id.to_string(),
        "thingTypeArn": control.home.arn("thingtype", &name),
        "thingTypeProperties": shown(&kind),
        "thingTypeMetadata": metadata(&kind),
    })))
}
