//! Documents of the index as answers show them.

use fleetwright_core::fleet_index::{GroupDocument, ThingDocument};
use serde_json::{Value, json};

use crate::control::iot::call::put;

pub(super) fn thing(document: ThingDocument) -> Value {
    let ThingDocument { name, id, type_name, groups, attributes, version: _, connectivity } =
        document;
    let mut shown = json!({
        "thingName": name,
        "thingId": id,
        "thingGroupNames": groups,
        "attributes": attributes,
    });
    put(&mut shown, "thingTypeName", type_name);
    let connectivity = connectivity.map(|found| {
        let mut shown = json!({ "connected": found.connected, "timestamp": found.timestamp });
        put(&mut shown, "disconnectReason", found.reason);
        shown
    });
    put(&mut shown, "connectivity", connectivity);
    shown
}

pub(super) fn group(document: GroupDocument) -> Value {
    let GroupDocument { name, id, description, attributes, parents, version: _ } = document;
    let mut shown = json!({
        "thingGroupName": name,
        "thingGroupId": id,
        "attributes": attributes,
        "parentGroupNames": parents,
    });
    put(&mut shown, "thingGroupDescription", description);
    shown
}
