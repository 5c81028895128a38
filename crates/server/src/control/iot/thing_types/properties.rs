//! `thingTypeProperties`, in a request and in an answer.

use fleetwright_core::error::Refusal;
use fleetwright_core::limits::{DESCRIPTION_CHARS, PROPAGATING_ATTRIBUTES, SEARCHABLE_ATTRIBUTES};
use fleetwright_core::names::AttributeName;
use fleetwright_core::propagation::{PropagatedFrom, PropagatingAttribute};
use fleetwright_store::ThingType;
use serde_json::{Map, Value, json};

use crate::control::iot::call::description;
use crate::control::iot::members::{Members, invalid, sentence};

/// What a request gives; `None` is not given.
#[derive(Default)]
pub(super) struct Properties {
    pub(super) description: Option<String>,
    pub(super) searchable: Option<Vec<AttributeName>>,
    pub(super) propagating: Option<Vec<PropagatingAttribute>>,
}

/// Reads the member `thingTypeProperties` of the body; absent is nothing given.
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
    let text = item.as_str();
    let text = text.ok_or_else(|| invalid(format!("The member '{at}' must be a string.")))?;
    AttributeName::parse(text).map_err(|rule| invalid(sentence(&rule)))
}

fn propagating(at: &str, item: &Value) -> Result<PropagatingAttribute, Refusal> {
    let object = item.as_object();
    let object = object.ok_or_else(|| invalid(format!("The member '{at}' must be an object.")))?;
    let members = Members::nested(at, object);
    PropagatingAttribute::parse(
        members.required_text("userPropertyKey")?,
        members.text("thingAttribute")?,
        members.text("connectionAttribute")?,
    )
    .map_err(|rule| invalid(sentence(&rule)))
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
