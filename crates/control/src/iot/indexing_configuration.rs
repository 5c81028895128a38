//! What the index holds.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::fleet_index::{
    CONNECTIVITY_FIELDS, CustomField, FieldType, GROUP_FIELDS, GroupIndexing, REGISTRY_FIELDS,
    SHADOW_FIELDS, ThingIndexing, ThingIndexingMode,
};
use fleetwright_core::text::{shown, shown_arn};
use serde_json::{Value, json};

use crate::Control;
use crate::operation::operation;
use crate::rest::members::{Members, invalid, object_item, text_item};
use crate::rest::{Answer, Call, Operation, Outcome, put};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("GetIndexingConfiguration", get_indexing_configuration),
    operation!("UpdateIndexingConfiguration", update_indexing_configuration),
];

/// `GetIndexingConfiguration`.
async fn get_indexing_configuration(control: &Control, _call: &Authorized<Call>) -> Outcome {
    let configuration = control.store.indexing_configuration().await?;
    Ok(Answer::json(json!({
        "thingIndexingConfiguration": shown_things(&configuration.things),
        "thingGroupIndexingConfiguration": shown_groups(&configuration.groups),
    })))
}

fn shown_things(indexing: &ThingIndexing) -> Value {
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

fn shown_groups(indexing: &GroupIndexing) -> Value {
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

/// `UpdateIndexingConfiguration`: each part that is present replaces the stored one.
async fn update_indexing_configuration(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let things = members.object("thingIndexingConfiguration", |part| things(&part))?;
    let groups = members.object("thingGroupIndexingConfiguration", |part| groups(&part))?;
    control.store.update_indexing_configuration(things, groups).await?;
    Ok(Answer::empty())
}

/// `thingIndexingConfiguration`
pub(super) fn things(members: &Members<'_>) -> Result<ThingIndexing, Refusal> {
    let mode = members.required_text("thingIndexingMode")?;
    let mode = ThingIndexingMode::parse(mode)
        .ok_or_else(|| unknown("thingIndexingMode", mode, "OFF, REGISTRY, REGISTRY_AND_SHADOW"))?;
    let connectivity = switch(members, "thingConnectivityIndexingMode", "STATUS")?;
    let named = switch(members, "namedShadowIndexingMode", "ON")?;
    if switch(members, "deviceDefenderIndexingMode", "VIOLATIONS")? {
        return Err(invalid(
            "There is no Device Defender here, so its violations cannot be indexed; leave \
             deviceDefenderIndexingMode out or set it to OFF.",
        ));
    }
    let filter = members.object("filter", |filter| read_filter(&filter))?.unwrap_or_default();
    check_managed(members, &[REGISTRY_FIELDS, SHADOW_FIELDS, CONNECTIVITY_FIELDS])?;
    Ok(ThingIndexing {
        mode,
        connectivity,
        shadow_names: named.then_some(filter.shadow_names),
        custom_fields: fields(members, "customFields")?,
        socket_information: filter.socket_information,
    })
}

/// `thingGroupIndexingConfiguration`
pub(super) fn groups(members: &Members<'_>) -> Result<GroupIndexing, Refusal> {
    members.required_text("thingGroupIndexingMode")?;
    check_managed(members, &[GROUP_FIELDS])?;
    Ok(GroupIndexing {
        on: switch(members, "thingGroupIndexingMode", "ON")?,
        custom_fields: fields(members, "customFields")?,
    })
}

#[derive(Default)]
struct Filter {
    shadow_names: Vec<String>,
    socket_information: bool,
}

fn read_filter(members: &Members<'_>) -> Result<Filter, Refusal> {
    let shadow_names = texts(members, "namedShadowNames")?;
    if shadow_names.iter().any(|name| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '$' | ':' | '_' | '-');
        name.is_empty() || name.len() > 64 || !name.chars().all(fits)
    }) {
        return Err(invalid(
            "The names in 'namedShadowNames' must have 1 to 64 characters of [$a-zA-Z0-9:_-].",
        ));
    }
    let places = members.list("geoLocations", |_, _| Ok(()))?;
    if places.is_some_and(|places| !places.is_empty()) {
        return Err(invalid("Locations are not indexed by this server; leave geoLocations out."));
    }
    let apis = members.object("connectivity", |part| texts(&part, "includeSocketInformation"))?;
    let apis = apis.unwrap_or_default();
    if let Some(api) = apis.iter().find(|api| *api != "GET_THING_CONNECTIVITY_DATA") {
        return Err(unknown("includeSocketInformation", api, "GET_THING_CONNECTIVITY_DATA"));
    }
    Ok(Filter { shadow_names, socket_information: !apis.is_empty() })
}

fn texts(members: &Members<'_>, name: &str) -> Result<Vec<String>, Refusal> {
    let given = members.list(name, |at, item| text_item(at, item).map(str::to_owned))?;
    Ok(given.unwrap_or_default())
}

/// A member that is `OFF` or the word; absent is off.
fn switch(members: &Members<'_>, name: &str, on: &str) -> Result<bool, Refusal> {
    match members.text(name)? {
        None | Some("OFF") => Ok(false),
        Some(word) if word == on => Ok(true),
        Some(other) => Err(unknown(name, other, &format!("OFF, {on}"))),
    }
}

fn fields(members: &Members<'_>, name: &str) -> Result<Vec<CustomField>, Refusal> {
    let given = members.list(name, |at, item| {
        let item = object_item(at, item)?;
        let (name, kind) = (item.required_text("name")?, item.required_text("type")?);
        let known = "Number, String, Boolean";
        let kind = FieldType::parse(kind).ok_or_else(|| unknown("type", kind, known))?;
        Ok(CustomField { name: name.to_owned(), kind })
    })?;
    Ok(given.unwrap_or_default())
}

/// Managed fields may be handed back as `GetIndexingConfiguration` gave them.
fn check_managed(members: &Members<'_>, managed: &[&[(&str, FieldType)]]) -> Result<(), Refusal> {
    for field in fields(members, "managedFields")? {
        let known = managed.iter().copied().flatten();
        if !known.into_iter().any(|(name, kind)| *name == field.name && *kind == field.kind) {
            let shown = shown_arn(&field.name);
            return Err(invalid(format!(
                "'{shown}' of this type is no managed field; these cannot be changed."
            )));
        }
    }
    Ok(())
}

fn unknown(name: &str, value: &str, known: &str) -> Refusal {
    let shown = shown(value);
    invalid(format!("The member '{name}' cannot be '{shown}'; it is one of {known}."))
}
