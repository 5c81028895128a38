//! Thing types: created, deprecated, and only then deleted.

mod change;

pub use change::{NewThingType, ThingTypeUpdate};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::{AttributeName, ThingTypeName};
use fleetwright_core::propagation::PropagatingAttribute;
use fleetwright_core::time::Timestamp;

use crate::sql::{Row, Sql, args};
use crate::{Page, Store, StoreError, Uuid, page};

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
    /// What travels with its things' messages.
    pub propagating: Vec<PropagatingAttribute>,
    /// When it was deprecated, if it is.
    pub deprecated: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
}

impl Store {
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
                    "SELECT name, type_id, description, searchable, propagating, deprecated, created \
                     FROM thing_types WHERE name > $1 ORDER BY name LIMIT $2",
                    args![&after, size + 1],
                    read_type,
                )
            })
            .await?;
        Ok(Page::cut(items, size, |item| item.name.clone()))
    }
}

/// The row of a type, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &ThingTypeName) -> Result<i64, StoreError> {
    sql.one("SELECT row_id FROM thing_types WHERE name = $1", args![name], |row| row.value())?
        .ok_or_else(|| not_found(name))
}

/// The row of a type that a thing may take: it exists and is not deprecated.
pub(crate) fn usable(sql: &Sql<'_>, name: &ThingTypeName) -> Result<i64, StoreError> {
    let found: Option<(i64, Option<Timestamp>)> = sql.one(
        "SELECT row_id, deprecated FROM thing_types WHERE name = $1",
        args![name],
        |row| Ok((row.get("row_id")?, row.get("deprecated")?)),
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
        "SELECT name, type_id, description, searchable, propagating, deprecated, created \
         FROM thing_types WHERE name = $1",
        args![name],
        read_type,
    )
}

fn read_type(row: &Row<'_>) -> Result<ThingType, StoreError> {
    Ok(ThingType {
        name: row.get("name")?,
        id: row.get("type_id")?,
        description: row.get("description")?,
        searchable: row.get("searchable")?,
        propagating: row.get::<Option<_>>("propagating")?.unwrap_or_default(),
        deprecated: row.get("deprecated")?,
        created: row.get("created")?,
    })
}
