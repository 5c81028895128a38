//! Attributes of things and groups in a request.

use std::collections::BTreeMap;

use fleetwright_core::error::Refusal;
use fleetwright_core::names::{AttributeName, check_attribute_value};

use super::members::{Members, invalid, sentence};

/// Reads `attributePayload.attributes` of a new resource; absent is none. An empty value means
/// "no such attribute", as in `UpdateThing`. How many there may be is the registry's rule.
///
/// # Errors
/// A name or a value outside its pattern.
pub(crate) fn attributes(
    members: &Members<'_>,
) -> Result<BTreeMap<AttributeName, String>, Refusal> {
    let payload = members.object("attributePayload", |payload| payload.text_map("attributes"))?;
    let mut attributes = BTreeMap::new();
    for (name, value) in payload.flatten().unwrap_or_default() {
        let key = AttributeName::parse(name).map_err(|rule| invalid(sentence(&rule)))?;
        check_attribute_value(name, value).map_err(|rule| invalid(sentence(&rule)))?;
        if !value.is_empty() {
            attributes.insert(key, value.to_owned());
        }
    }
    Ok(attributes)
}
