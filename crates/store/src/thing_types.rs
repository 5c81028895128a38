//! Thing types: created, deprecated, and only then deleted.

use std::collections::BTreeMap;

use fleetwright_core::certificate::Instant;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits;
use fleetwright_core::names::{AttributeName, ThingTypeName};

use crate::sql::{Row, Sql, args, json};
use crate::{Page, Store, StoreError, Uuid, page, tags};

/// Milliseconds between a type's deprecation and its deletion. AWS: five minutes.
const DEPRECATED_MILLIS: i64 = 5 * 60 * 1000;

/// A thing type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThingType {
    /// Its name.
    pub name: ThingTypeName,
    /// `thingTypeId`
    pub id: Uuid,
    /// Its description.
    pub description: Option<String>,
    /// Its searchable attributes.
    pub searchable: Vec<AttributeName>,
    /// When it was deprecated, if it is.
    pub deprecated: Option<Instant>,
    /// When it was made.
    pub created: Instant,
}

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
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Store {
    /// `CreateThingType`; an equal one that exists is answered as it is.
    pub async fn create_thing_type(
        &self,
        new: NewThingType,
        now: Instant,
    ) -> Result<ThingType, StoreError> {
        self.write(move |sql| create(sql, new, now)).await
    }

    /// A thing type by its name.
    pub async fn thing_type(&self, name: &ThingTypeName) -> Result<Option<ThingType>, StoreError> {
        self.read(|sql| thing_type(sql, name)).await
    }

    /// `ListThingTypes`, by name.
    pub async fn list_thing_types(
        &self,
        after: Option<ThingTypeName>,
        limit: usize,
    ) -> Result<Page<ThingType, ThingTypeName>, StoreError> {
        let size = page::size(limit);
        let after = after.as_ref().map_or("", ThingTypeName::as_str).to_owned();
        let items = self
            .read(|sql| {
                sql.all(
                    "SELECT name, type_id, description, searchable, deprecated, created \
                     FROM thing_types WHERE name > $1 ORDER BY name LIMIT $2",
                    args![&after, size + 1],
                    read_type,
                )
            })
            .await?;
        Ok(Page::cut(items, size, |item| item.name.clone()))
    }

    /// `DeprecateThingType`: no thing takes a deprecated type; `undo` lifts it.
    pub async fn deprecate_thing_type(
        &self,
        name: ThingTypeName,
        undo: bool,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &name)?;
            let text = if undo {
                "UPDATE thing_types SET deprecated = $1 WHERE row_id = $2"
            } else {
                "UPDATE thing_types SET deprecated = COALESCE(deprecated, $1) WHERE row_id = $2"
            };
            sql.execute(text, args![(!undo).then_some(now), row])?;
            Ok(())
        })
        .await
    }

    /// `DeleteThingType`: five minutes after its deprecation, and without things.
    pub async fn delete_thing_type(
        &self,
        name: ThingTypeName,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &name)?;
            let refuse = |why: &str| {
                let message = format!("Cannot delete thing type {name}: {why}");
                StoreError::refused(ErrorCode::InvalidRequest, message)
            };
            let found = thing_type(sql, &name)?;
            match found.and_then(|found| found.deprecated) {
                None => return Err(refuse("it is not deprecated. Please deprecate it first.")),
                Some(since) if now < since.plus_millis(DEPRECATED_MILLIS) => {
                    return Err(refuse("it was deprecated less than 5 minutes ago. Please wait."));
                }
                Some(_) => {}
            }
            if sql.exists("SELECT 1 FROM things WHERE type_row = $1 LIMIT 1", args![row])? {
                return Err(refuse("things are associated with it. Remove their type first."));
            }
            sql.execute("DELETE FROM thing_types WHERE row_id = $1", args![row])?;
            tags::remove(sql, "thing_type", row)
        })
        .await
    }
}

/// The row of a type, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &ThingTypeName) -> Result<i64, StoreError> {
    sql.one("SELECT row_id FROM thing_types WHERE name = $1", args![name], |row| row.get(0))?
        .ok_or_else(|| not_found(name))
}

/// The row of a type that a thing may take: it exists and is not deprecated.
pub(crate) fn usable(sql: &Sql<'_>, name: &ThingTypeName) -> Result<i64, StoreError> {
    let found: Option<(i64, Option<Instant>)> = sql.one(
        "SELECT row_id, deprecated FROM thing_types WHERE name = $1",
        args![name],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    match found {
        None => Err(not_found(name)),
        Some((row, None)) => Ok(row),
        Some((_, Some(_))) => Err(StoreError::refused(
            ErrorCode::InvalidRequest,
            // AWS: this text, its typo included.
            format!("Can not create new thing with depreated thing type:{name}"),
        )),
    }
}

fn not_found(name: &ThingTypeName) -> StoreError {
    StoreError::refused(ErrorCode::ResourceNotFound, format!("Thing type not found: {name}"))
}

fn thing_type(sql: &Sql<'_>, name: &ThingTypeName) -> Result<Option<ThingType>, StoreError> {
    sql.one(
        "SELECT name, type_id, description, searchable, deprecated, created \
         FROM thing_types WHERE name = $1",
        args![name],
        read_type,
    )
}

fn create(sql: &Sql<'_>, mut new: NewThingType, now: Instant) -> Result<ThingType, StoreError> {
    if new.searchable.len() > limits::SEARCHABLE_ATTRIBUTES {
        return Err(StoreError::refused(
            ErrorCode::InvalidRequest,
            format!(
                "A thing type may have at most {} searchable attributes.",
                limits::SEARCHABLE_ATTRIBUTES
            ),
        ));
    }
    new.searchable.sort();
    new.searchable.dedup();
    if let Some(found) = thing_type(sql, &new.name)? {
        if found.description == new.description && found.searchable == new.searchable {
            return Ok(found);
        }
        let arn = sql.home.arn("thingtype", &new.name);
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("Thing type {} exists already with other properties.", new.name),
        )
        .about(new.name.as_str(), arn)
        .into());
    }
    let row = sql.insert(
        "INSERT INTO thing_types (name, type_id, description, searchable, created) \
         VALUES ($1, $2, $3, $4, $5) RETURNING row_id",
        args![&new.name, &new.id, new.description.as_ref(), &json(&new.searchable)?, now],
    )?;
    tags::put(sql, "thing_type", row, &new.tags)?;
    let NewThingType { name, id, description, searchable, .. } = new;
    Ok(ThingType { name, id, description, searchable, deprecated: None, created: now })
}

fn read_type(row: &Row<'_>) -> Result<ThingType, StoreError> {
    Ok(ThingType {
        name: row.get(0)?,
        id: row.get(1)?,
        description: row.get(2)?,
        searchable: row.get(3)?,
        deprecated: row.get(4)?,
        created: row.get(5)?,
    })
}
