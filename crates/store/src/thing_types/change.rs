//! Thing types are made, changed, deprecated and deleted.

use std::collections::BTreeMap;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::event::EventType;
use fleetwright_core::names::{AttributeName, ThingTypeName};
use fleetwright_core::propagation::PropagatingAttribute;
use fleetwright_core::time::Timestamp;
use fleetwright_core::{limits, matched_text};

use super::{ThingType, not_found, require, thing_type};
use crate::event::{EventOperation, EventSubject};
use crate::sql::{Sql, args, json};
use crate::{Change, Store, StoreError, Uuid, registry_events, tags};

/// Milliseconds between a type's deprecation and its deletion. AWS: five minutes.
const DEPRECATED_MILLIS: i64 = 5 * 60 * 1000;

/// A thing type to make.
#[derive(Debug, Clone)]
pub struct NewThingType {
    /// Its name.
    pub name: ThingTypeName,
    /// `thingTypeId`, for a new one.
    pub id: Uuid,
    /// Its description.
    pub description: Option<String>,
    /// Its searchable attributes; at most [`limits::SEARCHABLE_ATTRIBUTES`].
    pub searchable: Vec<AttributeName>,
    /// What travels with its things' messages.
    pub propagating: Vec<PropagatingAttribute>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What `UpdateThingType` names; `None` is not named.
#[derive(Debug, Clone, Default)]
pub struct ThingTypeUpdate {
    /// The description, which must be as it is.
    pub description: Option<String>,
    /// The searchable attributes, which must be as they are.
    pub searchable: Option<Vec<AttributeName>>,
    /// What travels with its things' messages.
    pub propagating: Option<Vec<PropagatingAttribute>>,
}

impl Store {
    /// `CreateThingType`; an equal one that exists is answered as it is.
    pub async fn create_thing_type(
        &self,
        new: NewThingType,
        now: Timestamp,
    ) -> Result<ThingType, StoreError> {
        self.write(move |sql| create(sql, new, now)).await
    }

    /// `UpdateThingType`: the propagating attributes; the other properties may be named, but not
    /// changed.
    pub async fn update_thing_type(
        &self,
        name: ThingTypeName,
        update: ThingTypeUpdate,
    ) -> Result<(), StoreError> {
        self.write(move |sql| update_type(sql, &name, update)).await
    }

    /// `DeprecateThingType`: no thing takes a deprecated type; `undo` lifts it.
    pub async fn deprecate_thing_type(
        &self,
        name: ThingTypeName,
        undo: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let mut found = thing_type(sql, &name)?.ok_or_else(|| not_found(&name))?;
            found.deprecated = if undo { None } else { found.deprecated.or(Some(now)) };
            sql.execute(
                "UPDATE thing_types SET deprecated = $1 WHERE name = $2",
                args![found.deprecated, &name],
            )?;
            note(sql, &found, EventOperation::Updated)
        })
        .await
    }

    /// `DeleteThingType`: five minutes after its deprecation, and without things.
    pub async fn delete_thing_type(
        &self,
        name: ThingTypeName,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &name)?;
            let refuse = |why: &str| {
                let message = format!("Cannot delete thing type {name}: {why}");
                StoreError::refused(ErrorCode::InvalidRequest, message)
            };
            let found = thing_type(sql, &name)?.ok_or_else(|| not_found(&name))?;
            match found.deprecated {
                None => return Err(refuse("it is not deprecated. Please deprecate it first.")),
                Some(since) if now < since.plus_millis(DEPRECATED_MILLIS) => {
                    let message = matched_text::deprecated_lately(&name);
                    return Err(StoreError::refused(ErrorCode::InvalidRequest, message));
                }
                Some(_) => {}
            }
            if sql.exists("SELECT 1 FROM things WHERE type_row = $1 LIMIT 1", args![row])? {
                return Err(refuse("things are associated with it. Remove their type first."));
            }
            sql.execute("DELETE FROM thing_types WHERE row_id = $1", args![row])?;
            note(sql, &found, EventOperation::Deleted)?;
            tags::remove(sql, "thing_type", row)
        })
        .await
    }
}

fn create(sql: &Sql<'_>, mut new: NewThingType, now: Timestamp) -> Result<ThingType, StoreError> {
    if new.searchable.len() > limits::SEARCHABLE_ATTRIBUTES {
        return Err(StoreError::refused(
            ErrorCode::InvalidRequest,
            format!(
                "A thing type may have at most {} searchable attributes.",
                limits::SEARCHABLE_ATTRIBUTES
            ),
        ));
    }
    new.searchable = sorted(new.searchable);
    if let Some(found) = thing_type(sql, &new.name)? {
        if found.description == new.description
            && found.searchable == new.searchable
            && found.propagating == new.propagating
        {
            return Ok(found);
        }
        let arn = sql.scope.arn("thingtype", &new.name);
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("Thing type {} exists already with other properties.", new.name),
        )
        .about(new.name.as_str(), arn)
        .into());
    }
    let row = sql.insert(
        "INSERT INTO thing_types (name, type_id, description, searchable, propagating, created) \
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING row_id",
        args![
            &new.name,
            &new.id,
            new.description.as_ref(),
            &json(&new.searchable)?,
            &json(&new.propagating)?,
            now
        ],
    )?;
    tags::put(sql, "thing_type", row, &new.tags)?;
    let NewThingType { name, id, description, searchable, propagating, .. } = new;
    let deprecated = None;
    let made =
        ThingType { name, id, description, searchable, propagating, deprecated, created: now };
    note(sql, &made, EventOperation::Created)?;
    Ok(made)
}

fn update_type(
    sql: &Sql<'_>,
    name: &ThingTypeName,
    update: ThingTypeUpdate,
) -> Result<(), StoreError> {
    let mut found = thing_type(sql, name)?.ok_or_else(|| not_found(name))?;
    let fixed = |what: &str| {
        StoreError::refused(
            ErrorCode::InvalidRequest,
            format!("The {what} of thing type {name} cannot be changed; make another type."),
        )
    };
    let description = found.description.as_deref().unwrap_or_default();
    if update.description.is_some_and(|given| description != given) {
        return Err(fixed("description"));
    }
    if update.searchable.is_some_and(|given| sorted(given) != found.searchable) {
        return Err(fixed("searchable attributes"));
    }
    if let Some(propagating) = update.propagating {
        sql.execute(
            "UPDATE thing_types SET propagating = $1 WHERE name = $2",
            args![&json(&propagating)?, name],
        )?;
        found.propagating = propagating;
        note(sql, &found, EventOperation::Updated)?;
        sql.changed(Change::ThingType(name.clone()));
    }
    Ok(())
}

fn note(sql: &Sql<'_>, found: &ThingType, operation: EventOperation) -> Result<(), StoreError> {
    registry_events::note(sql, EventType::ThingType, operation, || {
        Ok(EventSubject::ThingType {
            type_name: found.name.to_string(),
            id: found.id,
            deprecated: found.deprecated.map(|at| at.0),
            searchable: found.searchable.iter().map(ToString::to_string).collect(),
            description: found.description.clone(),
        })
    })
}

fn sorted(mut names: Vec<AttributeName>) -> Vec<AttributeName> {
    names.sort();
    names.dedup();
    names
}
