//! Reading the parts of a template, and why a text is not one.

use std::fmt;

use crate::error::{ErrorCode, Refusal};
use crate::text;
use crate::tree::{Members, Tree};

/// What a template is for; decides which sections and certificate forms it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TemplateUse {
    /// Stored, type `FLEET_PROVISIONING`: over MQTT.
    Fleet,
    /// Stored, type `JITP`, or the body inside a CA's `registrationConfig`.
    Jitp,
    /// Sent with REST `RegisterThing` or `StartThingRegistrationTask`.
    Bulk,
}

/// Why a text is not a template. `Display` is fit for the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Where, such as `Resources.thing.Properties.ThingName`; empty for the template itself.
    pub path: String,
    /// The rule that is broken and the way out.
    pub message: String,
}

impl TemplateError {
    pub(super) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "The template is not valid: {}", self.message),
            path => write!(f, "The template is not valid at {path}: {}", self.message),
        }
    }
}

impl std::error::Error for TemplateError {}

impl From<TemplateError> for Refusal {
    fn from(error: TemplateError) -> Self {
        Self::new(ErrorCode::InvalidRequest, error.to_string())
    }
}

/// A value that must be an object.
pub(super) fn object<'a>(tree: &'a Tree, path: &str) -> Result<&'a Members, TemplateError> {
    match tree {
        Tree::Map(members) => Ok(members),
        other => Err(TemplateError::new(path, format!("must be an object, not {}", other.kind()))),
    }
}

/// A value that must be a literal string.
pub(super) fn text<'a>(tree: &'a Tree, path: &str) -> Result<&'a str, TemplateError> {
    match tree {
        Tree::Text(text) => Ok(text),
        other => Err(TemplateError::new(path, format!("must be a string, not {}", other.kind()))),
    }
}

/// Refuses members that have no meaning here.
pub(super) fn known(members: &Members, path: &str, names: &[&str]) -> Result<(), TemplateError> {
    match members.iter().find(|(name, _)| !names.contains(name)) {
        None => Ok(()),
        Some((name, _)) => {
            let shown = text::shown(name);
            let at = if path.is_empty() { shown.to_owned() } else { format!("{path}.{shown}") };
            Err(TemplateError::new(
                at,
                format!("is not known here; known are {}", names.join(", ")),
            ))
        }
    }
}
