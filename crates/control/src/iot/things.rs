//! Things.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::{
    AttributeName, BillingGroupName, ThingName, ThingTypeName, check_attribute_value,
};
use fleetwright_host::random;
use fleetwright_store::{AttributeFilter, NewThing, Thing, ThingFilter, ThingUpdate, TypeUpdate};
use serde_json::{Value, json};

use crate::Control;
use crate::iot::attributes::{attribute_update, attributes};
use crate::operation::operation;
use crate::rest::members::{Members, invalid, violation};
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, not_found};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateThing", create_thing),
    operation!("DescribeThing", describe_thing),
    operation!("UpdateThing", update_thing),
    operation!("DeleteThing", delete_thing),
    operation!("ListThings", list_things),
];

/// `CreateThing`: again with equal properties gives the same thing.
async fn create_thing(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let thing = NewThing {
        name: call.label("thingName", ThingName::parse)?,
        id: random::uuid()?,
        attributes: attributes(&members)?,
        type_name: members.optional("thingTypeName", ThingTypeName::parse)?,
        billing_group: members.optional("billingGroupName", BillingGroupName::parse)?,
    };
    let thing = control.store.create_thing(thing, control.now()).await?;
    Ok(Answer::json(json!({
        "thingName": thing.name.as_str(),
        "thingArn": control.scope.arn("thing", &thing.name),
        "thingId": thing.id.to_string(),
    })))
}

/// `DescribeThing`.
async fn describe_thing(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let thing = control.store.thing(&name).await?.ok_or_else(|| not_found("thing", &name))?;
    Ok(Answer::json(json!({
        "defaultClientId": thing.name.as_str(),
        "thingName": thing.name.as_str(),
        "thingId": thing.id.to_string(),
        "thingArn": control.scope.arn("thing", &thing.name),
        "thingTypeName": thing.type_name.map(String::from),
        "attributes": thing.attributes,
        "version": thing.version,
        "billingGroupName": thing.billing_group.map(String::from),
    })))
}

/// `UpdateThing`: attributes and type; the version counts up.
async fn update_thing(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let update = ThingUpdate {
        attributes: attribute_update(&members)?,
        type_name: type_update(&members)?,
        expected_version: members.expected_version()?,
    };
    control.store.update_thing(name, update).await?;
    Ok(Answer::empty())
}

fn type_update(members: &Members<'_>) -> Result<TypeUpdate, Refusal> {
    let wanted = members.optional("thingTypeName", ThingTypeName::parse)?;
    match (wanted, members.flag("removeThingType")?.unwrap_or(false)) {
        (None, false) => Ok(TypeUpdate::Keep),
        (None, true) => Ok(TypeUpdate::Remove),
        (Some(name), false) => Ok(TypeUpdate::Set(name)),
        (Some(_), true) => {
            Err(invalid("The members 'thingTypeName' and 'removeThingType' exclude each other."))
        }
    }
}

/// `DeleteThing`: a thing that is gone is deleted; one with principals is not.
async fn delete_thing(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingName", ThingName::parse)?;
    control.store.delete_thing(name, call.expected_version()?, control.now()).await?;
    Ok(Answer::empty())
}

/// `ListThings`, by name; filtered by an attribute or a type.
async fn list_things(control: &Control, call: &Authorized<Call>) -> Outcome {
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
            check_attribute_value(name, value.unwrap_or_default()).map_err(violation)?;
            Some(AttributeFilter {
                name: AttributeName::parse(name).map_err(violation)?,
                value: value.map(str::to_owned),
                prefix,
            })
        }
    };
    let type_name = type_name.map_err(violation)?;
    Ok(ThingFilter { attribute, type_name })
}

fn line(control: &Control, thing: &Thing) -> Value {
    let mut line = json!({
        "thingName": thing.name.as_str(),
        "thingArn": control.scope.arn("thing", &thing.name),
        "attributes": thing.attributes,
        "version": thing.version,
    });
    if let (Some(name), Some(members)) = (&thing.type_name, line.as_object_mut()) {
        members.insert("thingTypeName".into(), name.as_str().into());
    }
    line
}
