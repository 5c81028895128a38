//! Propagating attributes of a thing type: user properties that its things' messages carry
//! (AWS: guide, "Adding propagating attributes for message enrichment").

use serde::{Deserialize, Serialize};

use crate::names::AttributeName;

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

fn named(kind: &str, text: &str, allowed: &str) -> Result<(), String> {
    let more = allowed.strip_prefix("a-zA-Z0-9").unwrap_or(allowed);
    let length = text.chars().count();
    let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    if (1..=NAME_CHARS).contains(&length) && text.chars().all(fits) {
        return Ok(());
    }
    let shown: String = text.chars().take(64).collect();
    Err(format!(
        "{kind} '{shown}' is not valid: it must be 1 to {NAME_CHARS} characters of [{allowed}]"
    ))
}

#[cfg(test)]
mod tests;
