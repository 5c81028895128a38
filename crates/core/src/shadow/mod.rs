//! Device shadows: which shadow, and what a device asks of it.
//!
//! AWS: "Device Shadow MQTT topics", IoT Developer Guide, 2025 edition.

mod document;
mod error;
mod merge;
mod message;
mod update;

#[cfg(test)]
mod tests;

use std::fmt;

pub use self::document::{Shadow, StoredShadow};
pub use self::error::ShadowError;
pub use self::message::{Said, deleted, got, listed, read_lenient};
pub use self::update::{Update, Updated};

use crate::names::{ShadowName, ThingName};

/// Which shadow: the thing need not exist in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShadowId {
    /// The thing that it is named after.
    pub thing: ThingName,
    /// `None` is the classic shadow.
    pub name: Option<ShadowName>,
}

impl ShadowId {
    /// The name by which errors call it: its own, or the thing's for the classic one.
    pub fn shown(&self) -> &str {
        self.name.as_ref().map_or(self.thing.as_str(), ShadowName::as_str)
    }
}

/// `Display` is what the topics of this shadow begin with, without a slash at the end.
impl fmt::Display for ShadowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "$aws/things/{}/shadow", self.thing)?;
        match &self.name {
            Some(name) => write!(f, "/name/{name}"),
            None => Ok(()),
        }
    }
}

/// A request by MQTT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowRequest {
    /// Of which shadow.
    pub shadow: ShadowId,
    /// What is asked.
    pub operation: ShadowOperation,
}

/// What a device asks of a shadow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShadowOperation {
    /// `…/get`
    Get,
    /// `…/update`
    Update,
    /// `…/delete`
    Delete,
}

impl ShadowRequest {
    /// Reads the levels of a topic after `$aws/things/{thing}/`; `None` when they are no request to
    /// a shadow, or when its name is malformed.
    pub fn parse(thing: &ThingName, levels: &[&str]) -> Option<Self> {
        let (name, operation) = match levels {
            ["shadow", operation] => (None, operation),
            ["shadow", "name", name, operation] => (Some(ShadowName::parse(name).ok()?), operation),
            _ => return None,
        };
        let operation = match *operation {
            "get" => ShadowOperation::Get,
            "update" => ShadowOperation::Update,
            "delete" => ShadowOperation::Delete,
            _ => return None,
        };
        Some(Self { shadow: ShadowId { thing: thing.clone(), name }, operation })
    }

    /// The request's own topic.
    pub fn topic(&self) -> String {
        let operation = match self.operation {
            ShadowOperation::Get => "get",
            ShadowOperation::Update => "update",
            ShadowOperation::Delete => "delete",
        };
        format!("{}/{operation}", self.shadow)
    }
}

/// How large a shadow may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShadowLimits {
    /// Bytes of `desired` and `reported` as compact JSON, after the merge. AWS: 8,192.
    pub bytes: usize,
    /// Nested objects and arrays, the section itself counted. AWS: 8.
    pub depth: usize,
}

impl Default for ShadowLimits {
    fn default() -> Self {
        Self { bytes: 8192, depth: 8 }
    }
}
