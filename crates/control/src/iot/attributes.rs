//! Attributes of things and groups in a request.

use std::collections::BTreeMap;

use fleetwright_core::error::Refusal;
use fleetwright_core::names::{AttributeName, check_attribute_value};

use crate::rest::members::{Members, violation};

/// Reads `attributePayload.attributes` of a new resource; empty when absent. An empty value means
/// "no such attribute", as in `UpdateThing`. How many there may be is the registry's rule.
///
/// # Errors
/// A name or a value outside its pattern.
pub(crate) fn attributes(
    members: &Members<'_>,
) -> Result<BTreeMap<AttributeName, String>, Refusal> {
    let attributes = members.object("attributePayload", |payload| read(&payload))?;
    let mut attributes = attributes.flatten().unwrap_or_default();
    attributes.retain(|_, value| !value.is_empty());
    Ok(attributes)
}

/// Attributes of an update, and whether they are merged into those that exist.
pub(crate) type AttributeUpdate = (BTreeMap<AttributeName, String>, bool);

/// Reads `attributePayload` of an update: the attributes, and whether they are merged into those
/// that exist. An empty value removes. `None` when no attributes are named.
///
/// # Errors
/// As [`attributes`].
pub(crate) fn attribute_update(members: &Members<'_>) -> Result<Option<AttributeUpdate>, Refusal> {
    let update = members.object("attributePayload", |payload| {
        let merge = payload.flag("merge")?.unwrap_or(false);
        Ok(read(&payload)?.map(|attributes| (attributes, merge)))
    })?;
    Ok(update.flatten())
}

fn read(payload: &Members<'_>) -> Result<Option<BTreeMap<AttributeName, String>>, Refusal> {
    let Some(texts) = payload.text_map("attributes")? else { return Ok(None) };
    let mut attributes = BTreeMap::new();
    for (name, value) in texts {
        let key = AttributeName::parse(name).map_err(violation)?;
        check_attribute_value(name, value).map_err(violation)?;
        attributes.insert(key, value.to_owned());
    }
    Ok(Some(attributes))
}
