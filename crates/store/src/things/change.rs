//! Things are made, changed and deleted.

use std::collections::BTreeMap;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::matched_text;
use fleetwright_core::names::{AttributeName, BillingGroupName, ThingName, ThingTypeName};
use fleetwright_core::time::Timestamp;

use super::rules::{check, check_version, merged};
use super::{Thing, events, find, require};
use crate::event::EventOperation;
use crate::sql::{Sql, args, json};
use crate::thing_groups::membership;
use crate::{Change, Store, StoreError, ThingRow, Uuid, billing_groups, jobs, thing_types};

/// A thing to make.
#[derive(Debug, Clone)]
pub struct NewThing {
    /// Its name.
    pub name: ThingName,
    /// `thingId`, for a new one.
    pub id: Uuid,
    /// Its type, which must exist and not be deprecated.
    pub type_name: Option<ThingTypeName>,
    /// Its billing group, which must exist.
    pub billing_group: Option<BillingGroupName>,
    /// Its attributes; an empty value is none.
    pub attributes: BTreeMap<AttributeName, String>,
}

/// What `UpdateThing` changes.
#[derive(Debug, Clone, Default)]
pub struct ThingUpdate {
    /// Attributes, and whether they are merged into what is there; an empty value removes.
    pub attributes: Option<(BTreeMap<AttributeName, String>, bool)>,
    /// The type.
    pub type_name: TypeUpdate,
    /// The version that the caller expects to change.
    pub expected_version: Option<i64>,
}

/// What becomes of a thing's type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TypeUpdate {
    /// It stays.
    #[default]
    Keep,
    /// It becomes this one.
    Set(ThingTypeName),
    /// It goes.
    Remove,
}

impl Store {
    /// `CreateThing`; an equal one that exists is answered as it is, another is
    /// `ResourceAlreadyExists`.
    pub async fn create_thing(&self, new: NewThing, now: Timestamp) -> Result<Thing, StoreError> {
        self.write(move |sql| create(sql, new, now)).await
    }

    /// `UpdateThing`.
    pub async fn update_thing(
        &self,
        name: ThingName,
        update: ThingUpdate,
    ) -> Result<(), StoreError> {
        self.write(move |sql| change(sql, name, update)).await
    }

    /// `DeleteThing`: never one with principals; a missing one is no error.
    pub async fn delete_thing(
        &self,
        name: ThingName,
        expected_version: Option<i64>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| delete(sql, name, expected_version, now)).await
    }
}

/// Inserts a thing whose name is free and whose attributes are checked.
pub(crate) fn insert(sql: &Sql<'_>, new: NewThing, now: Timestamp) -> Result<Thing, StoreError> {
    let type_row = new.type_name.as_ref().map(|name| thing_types::usable(sql, name)).transpose()?;
    let billing =
        new.billing_group.as_ref().map(|name| billing_groups::require(sql, name)).transpose()?;
    let row = sql.insert(
        "INSERT INTO things (name, thing_id, type_row, billing_row, attributes, version, created) \
         VALUES ($1, $2, $3, $4, $5, 1, $6) RETURNING row_id",
        args![&new.name, &new.id, type_row, billing, &json(&new.attributes)?, now],
    )?;
    let row = ThingRow(row);
    let NewThing { name, id, type_name, billing_group, attributes } = new;
    let made =
        Thing { row, name, id, type_name, billing_group, attributes, version: 1, created: now };
    events::retyped(sql, &made, None, made.type_name.as_ref())?;
    events::changed(sql, &made, EventOperation::Created)?;
    sql.stale(row);
    sql.changed(Change::Thing(made.name.clone()));
    Ok(made)
}

/// Gives a thing exactly these properties; a type that it had already may be deprecated by now.
pub(crate) fn set(
    sql: &Sql<'_>,
    existing: &Thing,
    type_name: Option<&ThingTypeName>,
    billing_group: Option<&BillingGroupName>,
    attributes: &BTreeMap<AttributeName, String>,
) -> Result<(), StoreError> {
    let type_row = match type_name {
        None => None,
        Some(name) if existing.type_name.as_ref() == Some(name) => {
            Some(thing_types::require(sql, name)?)
        }
        Some(name) => Some(thing_types::usable(sql, name)?),
    };
    let billing = billing_group.map(|name| billing_groups::require(sql, name)).transpose()?;
    sql.execute(
        "UPDATE things SET type_row = $1, billing_row = $2, attributes = $3, \
         version = version + 1 WHERE row_id = $4",
        args![type_row, billing, &json(attributes)?, existing.row],
    )?;
    events::retyped(sql, existing, existing.type_name.as_ref(), type_name)?;
    events::note(sql, EventOperation::Updated, || {
        let version = existing.version + 1;
        events::subject(existing, version, type_name, attributes)
    })?;
    sql.stale(existing.row);
    sql.changed(Change::Thing(existing.name.clone()));
    Ok(())
}

fn create(sql: &Sql<'_>, mut new: NewThing, now: Timestamp) -> Result<Thing, StoreError> {
    new.attributes.retain(|_, value| !value.is_empty());
    if let Some(found) = find(sql, &new.name)? {
        let equal = found.type_name == new.type_name
            && found.billing_group == new.billing_group
            && found.attributes == new.attributes;
        if equal {
            return Ok(found);
        }
        let arn = sql.scope.arn("thing", &new.name);
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("Thing {} exists already with other properties.", new.name),
        )
        .about(new.name.as_str(), arn)
        .into());
    }
    check(&new.name, &new.attributes, new.type_name.is_some())?;
    insert(sql, new, now)
}

fn change(sql: &Sql<'_>, name: ThingName, update: ThingUpdate) -> Result<(), StoreError> {
    let mut found = require(sql, &name)?;
    check_version("thing", name.as_str(), found.version, update.expected_version)?;
    let type_name = match update.type_name {
        TypeUpdate::Keep => found.type_name.clone(),
        TypeUpdate::Set(name) => Some(name),
        TypeUpdate::Remove => None,
    };
    let attributes = merged(std::mem::take(&mut found.attributes), update.attributes);
    check(&name, &attributes, type_name.is_some())?;
    set(sql, &found, type_name.as_ref(), found.billing_group.as_ref(), &attributes)
}

fn delete(
    sql: &Sql<'_>,
    name: ThingName,
    expected: Option<i64>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(found) = find(sql, &name)? else { return Ok(()) };
    check_version("thing", name.as_str(), found.version, expected)?;
    if sql
        .exists("SELECT 1 FROM thing_principals WHERE thing_row = $1 LIMIT 1", args![found.row])?
    {
        return Err(StoreError::refused(
            ErrorCode::InvalidRequest,
            matched_text::thing_with_principals(&name),
        ));
    }
    membership::remove_thing(sql, found.row)?;
    jobs::membership::deleted(sql, &name, now)?;
    sql.execute("DELETE FROM thing_connectivity WHERE thing_row = $1", args![found.row])?;
    sql.execute("DELETE FROM things WHERE row_id = $1", args![found.row])?;
    events::retyped(sql, &found, found.type_name.as_ref(), None)?;
    events::changed(sql, &found, EventOperation::Deleted)?;
    sql.changed(Change::Thing(name));
    Ok(())
}
