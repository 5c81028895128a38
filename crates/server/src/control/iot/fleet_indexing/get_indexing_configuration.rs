//! `GetIndexingConfiguration`

use fleetwright_core::fleet_index::{
    CustomField, FieldType, GROUP_FIELDS, GroupIndexing, ThingIndexing,
};
use serde_json::{Value, json};

use crate::control::Control;
use crate::control::iot::call::put;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "GetIndexingConfiguration";

pub(super) async fn run(control: &Control, _call: &Call) -> Outcome {
    let configuration = control.store.indexing_configuration().await?;
    Ok(Answer::json(json!({
        "thingIndexingConfiguration": things(&configuration.things),
        "thingGroupIndexingConfiguration": groups(&configuration.groups),
    })))
}

fn things(indexing: &ThingIndexing) -> Value {
    let on = |on: bool, word: &'static str| if on { word } else { "OFF" };
    let mut shown = json!({
        "thingIndexingMode": indexing.mode.as_str(),
        "thingConnectivityIndexingMode": on(indexing.connectivity, "STATUS"),
        "deviceDefenderIndexingMode": "OFF",
        "namedShadowIndexingMode": on(indexing.shadow_names.is_some(), "ON"),
        "managedFields": indexing.managed_fields().map(managed).collect::<Vec<_>>(),
        "customFields": indexing.custom_fields.iter().map(custom).collect::<Vec<_>>(),
    });
    let names = indexing.shadow_names.as_ref().filter(|names| !names.is_empty());
    if names.is_some() || indexing.socket_information {
        let mut filter = json!({});
        put(&mut filter, "namedShadowNames", names.cloned());
        let apis = indexing
            .socket_information
            .then(|| json!({ "includeSocketInformation": ["GET_THING_CONNECTIVITY_DATA"] }));
        put(&mut filter, "connectivity", apis);
        put(&mut shown, "filter", Some(filter));
    }
    shown
}

fn groups(indexing: &GroupIndexing) -> Value {
    let managed = if indexing.on { GROUP_FIELDS } else { &[] }.iter().map(managed);
    json!({
        "thingGroupIndexingMode": if indexing.on { "ON" } else { "OFF" },
        "managedFields": managed.collect::<Vec<_>>(),
        "customFields": indexing.custom_fields.iter().map(custom).collect::<Vec<_>>(),
    })
}

fn managed((name, kind): &(&str, FieldType)) -> Value {
    json!({ "name": name, "type": kind.as_str() })
}

fn custom(field: &CustomField) -> Value {
    json!({ "name": field.name, "type": field.kind.as_str() })
}
