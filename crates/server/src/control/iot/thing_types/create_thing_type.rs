//! `CreateThingType`: again with equal properties gives the same type.

use fleetwright_core::error::Refusal;
use fleetwright_core::limits::{DESCRIPTION_CHARS, SEARCHABLE_ATTRIBUTES};
use fleetwright_core::names::{AttributeName, ThingTypeName};
use fleetwright_store::NewThingType;
use serde_json::{Value, json};

use crate::control::Control;
use crate::control::identifiers;
use crate::control::iot::call::description;
use crate::control::iot::members::{Members, invalid, sentence};
use crate::control::iot::{Answer, Call, Outcome, tags};

pub(super) const NAME: &str = "CreateThingType";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("thingTypeName", ThingTypeName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let properties = members.object("thingTypeProperties", properties)?.unwrap_or_default();
    let kind = NewThingType {
        name,
        id: identifiers::fresh()?,
        description: properties.description,
        searchable: properties.searchable,
        tags: tags::tags(&members)?,
    };
    let kind = control.store.create_thing_type(kind, (control.clock)()).await?;
    Ok(Answer::json(json!({
        "thingTypeName": kind.name.as_str(),
        "thingTypeArn": control.home.arn("thingtype", &kind.name),
        "thingTypeId": kind.id.to_string(),
    })))
}

#[derive(Default)]
struct Properties {
    description: Option<String>,
    searchable: Vec<AttributeName>,
}

fn properties(members: Members<'_>) -> Result<Properties, Refusal> {
    let searchable = members.list("searchableAttributes", searchable)?.unwrap_or_default();
    if searchable.len() > SEARCHABLE_ATTRIBUTES {
        return Err(invalid(format!(
            "The member 'thingTypeProperties.searchableAttributes' has {} names; the limit is \
             {SEARCHABLE_ATTRIBUTES}.",
            searchable.len()
        )));
    }
    let description = description(&members, "thingTypeDescription", DESCRIPTION_CHARS)?;
    Ok(Properties { description: description.map(str::to_owned), searchable })
}

fn searchable(at: &str, item: &Value) -> Result<AttributeName, Refusal> {
    let text = item.as_str();
    let text = text.ok_or_else(|| invalid(format!("The member '{at}' must be a string.")))?;
    AttributeName::parse(text).map_err(|rule| invalid(sentence(&rule)))
}
