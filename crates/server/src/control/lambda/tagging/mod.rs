//! Tags of functions.

mod list_tags;
mod tag_resource;
mod untag_resource;

use std::collections::BTreeMap;

use fleetwright_core::error::Refusal;
use fleetwright_core::limits::TAGS;
use fleetwright_store::Tagged;

use super::reference;
use crate::control::Control;
use crate::control::iot::members::{Members, invalid};
use crate::control::iot::tags::{check_key, check_value};
use crate::control::iot::{Call, Operation, operation};

pub(super) const OPERATIONS: &[Operation] =
    &[operation!(list_tags), operation!(tag_resource), operation!(untag_resource)];

/// `Tags`: an object of keys and values.
pub(super) fn tags(members: &Members<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    let given = members.text_map("Tags")?.unwrap_or_default();
    if given.len() > TAGS {
        let count = given.len();
        return Err(invalid(format!(
            "The request has {count} tags; a function has at most {TAGS}."
        )));
    }
    for (key, value) in &given {
        check_key(key).map_err(invalid)?;
        check_value(key, value).map_err(invalid)?;
    }
    Ok(given.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

/// The function of the path: an unqualified ARN.
fn resource(control: &Control, call: &Call) -> Result<Tagged, Refusal> {
    let text = call.label_text("Resource")?;
    let found = reference::parse(control, text)?;
    if !text.starts_with("arn:") || found.qualifier.is_some() {
        return Err(invalid(
            "Tags on function aliases and versions are not supported. Please specify a function \
             ARN.",
        ));
    }
    Ok(Tagged::Function(found.name))
}
