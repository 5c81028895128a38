//! `ListThings`, by name; filtered by an attribute or a type.

use fleetwright_core::error::Refusal;
use fleetwright_core::names::{AttributeName, ThingName, ThingTypeName, check_attribute_value};
use fleetwright_store::{AttributeFilter, Thing, ThingFilter};
use serde_json::{Value, json};

use crate::control::Control;
use crate::control::iot::members::{invalid, sentence};
use crate::control::iot::page::NEXT_TOKEN;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListThings";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, ThingName::parse)?;
    let filter = filter(call)?;
    let found = control.store.list_things(&filter, after, page.size).await?;
    let things = found.items.iter().map(|thing| line(control, thing));
    Ok(Answer::list("things", things, &NEXT_TOKEN, found.next.as_ref().map(ThingName::as_str)))
}

fn filter(call: &Call) -> Result<ThingFilter, Refusal> {
    let type_name = call.query_text("thingTypeName")?.map(ThingTypeName::parse).transpose();
    let prefix = call.query_flag("usePrefixAttributeValue")?;
    let attribute = match (call.query_text("attributeName")?, call.query_text("attributeValue")?) {
        (None, None) => None,
        (None, Some(_)) => {
            return Err(invalid("The query parameter 'attributeValue' needs 'attributeName'."));
        }
        (Some(name), value) => {
            check_attribute_value(name, value.unwrap_or_default())
                .map_err(|rule| invalid(sentence(&rule)))?;
            Some(AttributeFilter {
                name: AttributeName::parse(name).map_err(|rule| invalid(sentence(&rule)))?,
                value: value.map(str::to_owned),
                prefix,
            })
        }
    };
    let type_name = type_name.map_err(|rule| invalid(sentence(&rule)))?;
    Ok(ThingFilter { attribute, type_name })
}

fn line(control: &Control, thing: &Thing) -> Value {
    let mut line = json!({
        "thingName": thing.name.as_str(),
        "thingArn": control.home.arn("thing", &thing.name),
        "attributes": thing.attributes,
        "version": thing.version,
    });
    if let (Some(name), Some(members)) = (&thing.type_name, line.as_object_mut()) {
        members.insert("thingTypeName".into(), name.as_str().into());
    }
    line
}
