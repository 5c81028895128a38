//! The parts of an indexing configuration, as a request gives them.

use fleetwright_core::error::Refusal;
use fleetwright_core::fleet_index::{
    CONNECTIVITY_FIELDS, CustomField, FieldType, GROUP_FIELDS, GroupIndexing, REGISTRY_FIELDS,
    SHADOW_FIELDS, ThingIndexing, ThingIndexingMode,
};
use serde_json::Value;

use crate::control::iot::members::{Members, invalid};

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
        return Err(invalid(
            "Locations lie in shadows, which there are none of here; leave geoLocations out.",
        ));
    }
    let apis = members.object("connectivity", |part| texts(&part, "includeSocketInformation"))?;
    let apis = apis.unwrap_or_default();
    if let Some(api) = apis.iter().find(|api| *api != "GET_THING_CONNECTIVITY_DATA") {
        return Err(unknown("includeSocketInformation", api, "GET_THING_CONNECTIVITY_DATA"));
    }
    Ok(Filter { shadow_names, socket_information: !apis.is_empty() })
}

fn texts(members: &Members<'_>, name: &str) -> Result<Vec<String>, Refusal> {
    let given = members.list(name, |at, item| {
        let text = item.as_str().map(str::to_owned);
        text.ok_or_else(|| invalid(format!("The member '{at}' must be a string.")))
    })?;
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
        let Value::Object(item) = item else {
            return Err(invalid(format!("The member '{at}' must be an object.")));
        };
        let item = Members::nested(at, item);
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
            let shown: String = field.name.chars().take(128).collect();
            return Err(invalid(format!(
                "'{shown}' of this type is no managed field; these cannot be changed."
            )));
        }
    }
    Ok(())
}

fn unknown(name: &str, value: &str, known: &str) -> Refusal {
    let shown: String = value.chars().take(64).collect();
    invalid(format!("The member '{name}' cannot be '{shown}'; it is one of {known}."))
}
