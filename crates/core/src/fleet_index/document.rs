//! What a query is asked of: a thing or a thing group as the index shows it.

use std::collections::BTreeMap;

use super::shadows::IndexedShadows;

/// One value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A text, which may read as a number or a truth value.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// A truth value.
    Flag(bool),
}

/// Something with fields. A name that is no field has no values.
pub trait Document {
    /// Whether `test` holds for a value of the field.
    fn any(&self, field: &str, test: &mut dyn FnMut(Value<'_>) -> bool) -> bool;
    /// Whether `test` holds for a value of any field that is searched when a query names none.
    fn any_of_all(&self, test: &mut dyn FnMut(Value<'_>) -> bool) -> bool;
    /// Its version: aggregated, but not searched.
    fn version(&self) -> i64;
}

/// Whether a device is connected, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connectivity {
    /// Whether it is.
    pub connected: bool,
    /// Since when, or since when not, in milliseconds since 1970; `None` of a thing that never
    /// connected.
    pub timestamp: Option<i64>,
    /// AWS's `disconnectReason`.
    pub reason: Option<String>,
}

/// A thing in the index `AWS_Things`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThingDocument {
    /// Its name.
    pub name: String,
    /// Its id, as text.
    pub id: String,
    /// Its type.
    pub type_name: Option<String>,
    /// Its groups, and its billing group.
    pub groups: Vec<String>,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// Its version.
    pub version: i64,
    /// `None` when it is not indexed.
    pub connectivity: Option<Connectivity>,
    /// Those that are indexed, if it has any.
    pub shadows: Option<IndexedShadows>,
}

/// A thing group in the index `AWS_ThingGroups`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupDocument {
    /// Its name.
    pub name: String,
    /// Its id, as text.
    pub id: String,
    /// Its description.
    pub description: Option<String>,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// The groups above it.
    pub parents: Vec<String>,
    /// Its version.
    pub version: i64,
}

impl Document for ThingDocument {
    fn any(&self, field: &str, test: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        if let Some(name) = field.strip_prefix("attributes.") {
            return self.attributes.get(name).is_some_and(|value| test(Value::Text(value)));
        }
        if field.starts_with("shadow.") {
            return self.shadows.as_ref().is_some_and(|shadows| shadows.any(field, test));
        }
        let connectivity = self.connectivity.as_ref();
        match field {
            "thingName" => test(Value::Text(&self.name)),
            "thingId" => test(Value::Text(&self.id)),
            "thingTypeName" | "registry.thingTypeName" => {
                self.type_name.as_deref().is_some_and(|name| test(Value::Text(name)))
            }
            "thingGroupNames" | "registry.thingGroupNames" => {
                self.groups.iter().any(|name| test(Value::Text(name)))
            }
            "connectivity.connected" => {
                connectivity.is_some_and(|found| test(Value::Flag(found.connected)))
            }
            "connectivity.timestamp" => connectivity
                .and_then(|found| found.timestamp)
                .is_some_and(|timestamp| test(Value::Number(timestamp as f64))),
            "connectivity.disconnectReason" => connectivity
                .and_then(|found| found.reason.as_deref())
                .is_some_and(|reason| test(Value::Text(reason))),
            _ => false,
        }
    }

    fn any_of_all(&self, test: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        test(Value::Text(&self.name))
            || test(Value::Text(&self.id))
            || self.type_name.as_deref().is_some_and(|name| test(Value::Text(name)))
            || self.groups.iter().any(|name| test(Value::Text(name)))
            || self.attributes.values().any(|value| test(Value::Text(value)))
            || self.shadows.as_ref().is_some_and(|shadows| shadows.any_of_all(test))
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Document for GroupDocument {
    fn any(&self, field: &str, test: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        if let Some(name) = field.strip_prefix("attributes.") {
            return self.attributes.get(name).is_some_and(|value| test(Value::Text(value)));
        }
        match field {
            "thingGroupName" => test(Value::Text(&self.name)),
            "thingGroupId" => test(Value::Text(&self.id)),
            "thingGroupDescription" | "description" => {
                self.description.as_deref().is_some_and(|text| test(Value::Text(text)))
            }
            "parentGroupNames" => self.parents.iter().any(|name| test(Value::Text(name))),
            _ => false,
        }
    }

    fn any_of_all(&self, test: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        test(Value::Text(&self.name))
            || test(Value::Text(&self.id))
            || self.description.as_deref().is_some_and(|text| test(Value::Text(text)))
            || self.parents.iter().any(|name| test(Value::Text(name)))
            || self.attributes.values().any(|value| test(Value::Text(value)))
    }

    fn version(&self) -> i64 {
        self.version
    }
}
