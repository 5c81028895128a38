//! Thing types.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::limits::{DESCRIPTION_CHARS, PROPAGATING_ATTRIBUTES, SEARCHABLE_ATTRIBUTES};
use fleetwright_core::names::{AttributeName, ThingTypeName};
use fleetwright_core::propagation::{PropagatedFrom, PropagatingAttribute};
use fleetwright_host::random;
use fleetwright_store::{NewThingType, ThingType, ThingTypeUpdate};
use serde_json::{Map, Value, json};

use crate::Control;
use crate::operation::operation;
use crate::rest::members::{Members, invalid, object_item, text_item, violation};
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, description, not_found, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateThingType", create_thing_type),
    operation!("DescribeThingType", describe_thing_type),
    operation!("UpdateThingType", update_thing_type),
    operation!("DeprecateThingType", deprecate_thing_type),
    operation!("DeleteThingType", delete_thing_type),
    operation!("ListThingTypes", list_thing_types),
];

/// `CreateThingType`: again with equal properties gives the same type.
async fn create_thing_type(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingTypeName", ThingTypeName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let properties = properties(&members)?;
    let kind = NewThingType {
        name,
        id: random::uuid()?,
        description: properties.description,
        searchable: properties.searchable.unwrap_or_default(),
        propagating: properties.propagating.unwrap_or_default(),
        tags: tags::tags(&members)?,
    };
    let kind = control.store.create_thing_type(kind, control.now()).await?;
    Ok(Answer::json(json!({
        "thingTypeName": kind.name.as_str(),
        "thingTypeArn": control.scope.arn("thingtype", &kind.name),
        "thingTypeId": kind.id.to_string(),
    })))
}

/// `DescribeThingType`.
async fn describe_thing_type(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingTypeName", ThingTypeName::parse)?;
    let found = control.store.thing_type(&name).await?;
    let kind = found.ok_or_else(|| not_found("thing type", &name))?;
    Ok(Answer::json(json!({
        "thingTypeName": name.as_str(),
        "thingTypeId": kind.id.to_string(),
        "thingTypeArn": control.scope.arn("thingtype", &name),
        "thingTypeProperties": shown(&kind),
        "thingTypeMetadata": metadata(&kind),
    })))
}

/// `UpdateThingType`: the propagating attributes; all else is fixed when the type is made.
async fn update_thing_type(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingTypeName", ThingTypeName::parse)?;
    let properties = properties(&call.object()?.members())?;
    let update = ThingTypeUpdate {
        description: properties.description,
        searchable: properties.searchable,
        propagating: properties.propagating,
    };
    control.store.update_thing_type(name, update).await?;
    Ok(Answer::empty())
}

/// `DeprecateThingType`: no thing takes the type any more; `undoDeprecate` lifts that.
async fn deprecate_thing_type(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingTypeName", ThingTypeName::parse)?;
    let undo = call.object()?.members().flag("undoDeprecate")?.unwrap_or(false);
    control.store.deprecate_thing_type(name, undo, control.now()).await?;
    Ok(Answer::empty())
}

/// `DeleteThingType`: five minutes after its deprecation, and without things.
async fn delete_thing_type(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("thingTypeName", ThingTypeName::parse)?;
    control.store.delete_thing_type(name, control.now()).await?;
    Ok(Answer::empty())
}

/// `ListThingTypes`, by name; with `thingTypeName` that one only.
async fn list_thing_types(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, ThingTypeName::parse)?;
    let (found, next) = match call.query_name("thingTypeName", ThingTypeName::parse)? {
        // AWS: a name that does not exist is an empty list.
        Some(name) => (Vec::from_iter(control.store.thing_type(&name).await?), None),
        None => {
            let found = control.store.list_thing_types(after, page.size).await?;
            (found.items, found.next)
        }
    };
    let types = found.iter().map(|kind: &ThingType| {
        json!({
            "thingTypeName": kind.name.as_str(),
            "thingTypeArn": control.scope.arn("thingtype", &kind.name),
            "thingTypeProperties": shown(kind),
            "thingTypeMetadata": metadata(kind),
        })
    });
    let next = next.as_ref().map(ThingTypeName::as_str);
    Ok(Answer::list("thingTypes", types, &NEXT_TOKEN, next))
}

/// `thingTypeProperties` of a request; `None` is absent.
#[derive(Default)]
pub(super) struct Properties {
    pub(super) description: Option<String>,
    pub(super) searchable: Option<Vec<AttributeName>>,
    pub(super) propagating: Option<Vec<PropagatingAttribute>>,
}

/// Reads the member `thingTypeProperties` of the body; all `None` when absent.
///
/// # Errors
/// A name outside its pattern; more names than allowed.
pub(super) fn properties(body: &Members<'_>) -> Result<Properties, Refusal> {
    let read = |members: Members<'_>| {
        let searchable = members.list("searchableAttributes", searchable)?;
        let propagating = members.object("mqtt5Configuration", |mqtt5| {
            let given = mqtt5.list("propagatingAttributes", propagating)?;
            bounded(given, "mqtt5Configuration.propagatingAttributes", PROPAGATING_ATTRIBUTES)
        })?;
        let description = description(&members, "thingTypeDescription", DESCRIPTION_CHARS)?;
        Ok(Properties {
            description: description.map(str::to_owned),
            searchable: bounded(searchable, "searchableAttributes", SEARCHABLE_ATTRIBUTES)?,
            propagating: propagating.flatten(),
        })
    };
    Ok(body.object("thingTypeProperties", read)?.unwrap_or_default())
}

fn bounded<T>(given: Option<Vec<T>>, name: &str, max: usize) -> Result<Option<Vec<T>>, Refusal> {
    match given.as_ref().map(Vec::len) {
        Some(count) if count > max => Err(invalid(format!(
            "The member 'thingTypeProperties.{name}' has {count} items; the limit is {max}."
        ))),
        _ => Ok(given),
    }
}

fn searchable(at: &str, item: &Value) -> Result<AttributeName, Refusal> {
    AttributeName::parse(text_item(at, item)?).map_err(violation)
}

fn propagating(at: &str, item: &Value) -> Result<PropagatingAttribute, Refusal> {
    let members = object_item(at, item)?;
    PropagatingAttribute::parse(
        members.required_text("userPropertyKey")?,
        members.text("thingAttribute")?,
        members.text("connectionAttribute")?,
    )
    .map_err(violation)
}

/// `thingTypeProperties` of an answer: what is not set is left out.
pub(super) fn shown(kind: &ThingType) -> Value {
    let mut members = Map::new();
    if let Some(text) = &kind.description {
        members.insert("thingTypeDescription".into(), text.as_str().into());
    }
    let names: Vec<&str> = kind.searchable.iter().map(AttributeName::as_str).collect();
    members.insert("searchableAttributes".into(), names.into());
    if !kind.propagating.is_empty() {
        let list: Vec<Value> = kind.propagating.iter().map(shown_propagating).collect();
        members.insert("mqtt5Configuration".into(), json!({"propagatingAttributes": list}));
    }
    Value::Object(members)
}

fn shown_propagating(attribute: &PropagatingAttribute) -> Value {
    let key = &attribute.user_property_key;
    match &attribute.source {
        PropagatedFrom::Thing(name) => {
            json!({"userPropertyKey": key, "thingAttribute": name.as_str()})
        }
        PropagatedFrom::Connection(name) => {
            json!({"userPropertyKey": key, "connectionAttribute": name})
        }
    }
}

/// `thingTypeMetadata`.
pub(super) fn metadata(kind: &ThingType) -> Value {
    let mut members = Map::new();
    members.insert("deprecated".into(), kind.deprecated.is_some().into());
    if let Some(since) = kind.deprecated {
        members.insert("deprecationDate".into(), json!(since.epoch_seconds()));
    }
    members.insert("creationDate".into(), json!(kind.created.epoch_seconds()));
    Value::Object(members)
}
