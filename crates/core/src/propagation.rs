//! Propagating attributes of a thing type: user properties that its things' messages carry
//! (AWS: guide, "Adding propagating attributes for message enrichment").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::names::AttributeName;
use crate::{limits, text};

/// Characters of a user property's key, and of a connection attribute's name. AWS: shapes
/// `UserPropertyKeyName`, `ConnectionAttributeName`.
const NAME_CHARS: usize = 128;

/// One user property and where its value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropagatingAttribute {
    /// Name of the user property: `[a-zA-Z0-9:$.]{1,128}`.
    pub user_property_key: String,
    /// Where its value comes from.
    pub source: PropagatedFrom,
}

/// Where the value of a propagating attribute comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PropagatedFrom {
    /// `thingAttribute`
    Thing(AttributeName),
    /// `connectionAttribute`, such as `iot:ClientId`: `[a-zA-Z0-9:.]{1,128}`.
    Connection(String),
}

impl PropagatingAttribute {
    /// Reads one: exactly one of the two sources is given.
    ///
    /// # Errors
    /// The rule that is broken, fit for the wire.
    pub fn parse(key: &str, thing: Option<&str>, connection: Option<&str>) -> Result<Self, String> {
        named("user property key", key, "a-zA-Z0-9:$.")?;
        let source = match (thing, connection) {
            (Some(name), None) => {
                PropagatedFrom::Thing(AttributeName::parse(name).map_err(|rule| rule.to_string())?)
            }
            (None, Some(name)) => {
                named("connection attribute", name, "a-zA-Z0-9:.")?;
                PropagatedFrom::Connection(name.to_owned())
            }
            _ => {
                return Err(format!(
                    "user property '{key}' needs either a thingAttribute or a connectionAttribute"
                ));
            }
        };
        Ok(Self { user_property_key: key.to_owned(), source })
    }
}

/// The connection attribute that AWS documents.
const CLIENT_ID: &str = "iot:ClientId";

/// The user properties of a connection's messages: of a thing with these attributes, under this
/// client id. What has no value is left out, and so is what goes beyond
/// [`limits::USER_PROPERTIES_BYTES`] in all.
pub fn propagated(
    rules: &[PropagatingAttribute],
    client_id: &str,
    attributes: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let mut room = limits::USER_PROPERTIES_BYTES;
    let value = |source: &PropagatedFrom| match source {
        PropagatedFrom::Thing(name) => attributes.get(name.as_str()).map(String::as_str),
        PropagatedFrom::Connection(name) if name == CLIENT_ID => Some(client_id),
        PropagatedFrom::Connection(_) => None,
    };
    let mut properties = Vec::new();
    for rule in rules {
        let Some(value) = value(&rule.source) else { continue };
        let bytes = rule.user_property_key.len() + value.len();
        if let Some(left) = room.checked_sub(bytes) {
            room = left;
            properties.push((rule.user_property_key.clone(), value.to_owned()));
        }
    }
    properties
}

fn named(kind: &str, text: &str, allowed: &str) -> Result<(), String> {
    let more = allowed.strip_prefix("a-zA-Z0-9").unwrap_or(allowed);
    let length = text.chars().count();
    let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    if (1..=NAME_CHARS).contains(&length) && text.chars().all(fits) {
        return Ok(());
    }
    let shown = text::shown(text);
    Err(format!(
        "{kind} '{shown}' is not valid: it must be 1 to {NAME_CHARS} characters of [{allowed}]"
    ))
}

#[cfg(test)]
mod tests;
