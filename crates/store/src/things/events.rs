//! The events of a thing.

use std::collections::BTreeMap;

use fleetwright_core::event::EventType;
use fleetwright_core::names::{AttributeName, ThingTypeName};

use super::Thing;
use crate::event::{EventOperation, EventSubject};
use crate::sql::Sql;
use crate::{StoreError, registry_events};

/// A thing was made, changed or deleted: as it is, or was.
pub(crate) fn changed(
    sql: &Sql<'_>,
    thing: &Thing,
    operation: EventOperation,
) -> Result<(), StoreError> {
    note(sql, operation, || {
        subject(thing, thing.version, thing.type_name.as_ref(), &thing.attributes)
    })
}

pub(super) fn note(
    sql: &Sql<'_>,
    operation: EventOperation,
    subject: impl FnOnce() -> EventSubject,
) -> Result<(), StoreError> {
    registry_events::note(sql, EventType::Thing, operation, || Ok(subject()))
}

/// A thing with another version, type and other attributes.
pub(super) fn subject(
    thing: &Thing,
    version: i64,
    type_name: Option<&ThingTypeName>,
    attributes: &BTreeMap<AttributeName, String>,
) -> EventSubject {
    let text = |(name, value): (&AttributeName, &String)| (name.to_string(), value.clone());
    EventSubject::Thing {
        thing: thing.name.to_string(),
        id: thing.id,
        version,
        type_name: type_name.map(ToString::to_string),
        attributes: attributes.iter().map(text).collect(),
    }
}

/// A thing lost a type, got one, or both.
pub(super) fn retyped(
    sql: &Sql<'_>,
    thing: &Thing,
    before: Option<&ThingTypeName>,
    after: Option<&ThingTypeName>,
) -> Result<(), StoreError> {
    if before == after {
        return Ok(());
    }
    let changes = [(before, EventOperation::Removed), (after, EventOperation::Added)];
    for (type_name, operation) in changes {
        let Some(type_name) = type_name else { continue };
        registry_events::note(sql, EventType::ThingTypeAssociation, operation, || {
            Ok(EventSubject::Association {
                thing: thing.name.to_string(),
                id: thing.id,
                type_name: type_name.to_string(),
            })
        })?;
    }
    Ok(())
}
