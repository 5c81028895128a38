//! Members that the thing group operations share.

use fleetwright_core::arn::{Home, Target};
use fleetwright_core::error::Refusal;
use fleetwright_core::fleet_index::IndexName;
use fleetwright_core::limits::DESCRIPTION_CHARS;
use fleetwright_core::names::ThingGroupName;
use serde_json::{Value, json};

use crate::control::iot::attributes::{AttributeUpdate, attribute_update};
use crate::control::iot::call::description;
use crate::control::iot::fleet_indexing::index;
use crate::control::iot::members::{Members, invalid};
use crate::control::iot::named::{name_or_arn, unnamed};

/// What `thingGroupProperties` of an update names: description, and attributes with whether they
/// are merged.
#[derive(Default)]
pub(super) struct Update {
    pub(super) description: Option<String>,
    pub(super) attributes: Option<AttributeUpdate>,
}

/// Reads `thingGroupProperties` of an update, which must be there.
pub(super) fn update(members: &Members<'_>) -> Result<Update, Refusal> {
    let update = members.object("thingGroupProperties", |properties| {
        let description = description(&properties, "thingGroupDescription", DESCRIPTION_CHARS)?;
        let attributes = attribute_update(&properties)?;
        Ok(Update { description: description.map(str::to_owned), attributes })
    })?;
    update.ok_or_else(|| invalid("The member 'thingGroupProperties' is required."))
}

/// The group of a request: `thingGroupName` or `thingGroupArn`.
pub(super) fn group(home: &Home, members: &Members<'_>) -> Result<ThingGroupName, Refusal> {
    let both = ("thingGroupName", "thingGroupArn");
    let found = name_or_arn(home, members, both, ThingGroupName::parse, |target| match target {
        Target::ThingGroup(name) => Some(name),
        _ => None,
    })?;
    found.ok_or_else(|| unnamed(both.0, both.1))
}

/// Checks the index of a dynamic group's request: it is that of things.
pub(super) fn dynamic_index(members: &Members<'_>) -> Result<(), Refusal> {
    match index(members.text("indexName")?)? {
        IndexName::Things => Ok(()),
        IndexName::ThingGroups => Err(invalid(
            "Dynamic thing groups are of things; leave indexName out or use AWS_Things.",
        )),
    }
}

/// A group in a list.
pub(super) fn line(home: &Home, name: &ThingGroupName) -> Value {
    json!({ "groupName": name.as_str(), "groupArn": home.arn("thinggroup", name) })
}
