//! Thing groups. Static ones are a forest; a thing is in one group of a tree at most. Dynamic ones
//! stand alone, and their query says who is in them.

mod change;
mod dynamic;
pub(crate) mod hierarchy;
mod list;
mod members;
pub(crate) mod membership;

use std::collections::BTreeMap;

pub use change::NewThingGroup;
pub use dynamic::{DynamicGroup, DynamicGroupUpdate, GroupStatus};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::{AttributeName, ThingGroupName};
use fleetwright_core::time::Timestamp;
use hierarchy::Ancestor;
pub(crate) use hierarchy::line;
pub use list::GroupFilter;
pub use members::MemberKey;
pub(crate) use members::{Entry, enter, leave, members_below, static_of_thing};

use crate::sql::{Row, Sql, args};
use crate::{GroupRow, Store, StoreError, Uuid};

/// A thing group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThingGroup {
    /// Its row.
    pub row: GroupRow,
    /// Its name.
    pub name: ThingGroupName,
    /// `thingGroupId`
    pub id: Uuid,
    /// The group that it lies in.
    pub parent: Option<ThingGroupName>,
    /// Its description.
    pub description: Option<String>,
    /// Its attributes.
    pub attributes: BTreeMap<AttributeName, String>,
    /// 1, and one more per change.
    pub version: i64,
    /// When it was made.
    pub created: Timestamp,
    /// Its query, if it is a dynamic group.
    pub dynamic: Option<DynamicGroup>,
}

impl Store {
    /// A thing group by its name.
    pub async fn thing_group(
        &self,
        name: &ThingGroupName,
    ) -> Result<Option<ThingGroup>, StoreError> {
        self.read(|sql| group(sql, name)).await
    }

    /// The groups above a group, the top one first.
    pub async fn ancestors(
        &self,
        name: &ThingGroupName,
    ) -> Result<Vec<ThingGroupName>, StoreError> {
        self.snapshot(|sql| {
            let above = hierarchy::above(sql, require(sql, name)?)?;
            let name = |it: Ancestor| ThingGroupName::parse(&it.name).ok();
            Ok(above.into_iter().filter_map(name).collect())
        })
        .await
    }
}

/// The row of a group, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &ThingGroupName) -> Result<GroupRow, StoreError> {
    sql.one("SELECT row_id FROM thing_groups WHERE name = $1", args![name], |row| row.value())?
        .ok_or_else(|| not_found(name))
}

/// The row of a group that is no dynamic one.
///
/// # Errors
/// `ResourceNotFound`; `InvalidRequest`, saying what cannot be done to a dynamic group.
pub(crate) fn require_static(
    sql: &Sql<'_>,
    name: &ThingGroupName,
    what: &str,
) -> Result<GroupRow, StoreError> {
    let found: Option<(GroupRow, bool)> = sql.one(
        "SELECT row_id, query IS NOT NULL AS is_dynamic FROM thing_groups WHERE name = $1",
        args![name],
        |row| Ok((row.get("row_id")?, row.get("is_dynamic")?)),
    )?;
    match found {
        None => Err(not_found(name)),
        Some((row, false)) => Ok(row),
        Some((_, true)) => Err(StoreError::refused(
            ErrorCode::InvalidRequest,
            format!("Thing group {name} is dynamic: {what}."),
        )),
    }
}

fn not_found(name: &ThingGroupName) -> StoreError {
    StoreError::refused(ErrorCode::ResourceNotFound, format!("Thing group not found: {name}"))
}

fn group(sql: &Sql<'_>, name: &ThingGroupName) -> Result<Option<ThingGroup>, StoreError> {
    sql.one(
        "SELECT g.row_id, g.name, g.group_id, p.name AS parent, g.description, g.attributes, g.version, \
         g.created, g.query, g.filling, g.rebuilding FROM thing_groups g LEFT JOIN thing_groups p ON p.row_id = g.parent_row \
         WHERE g.name = $1",
        args![name],
        read_group,
    )
}

fn read_group(row: &Row<'_>) -> Result<ThingGroup, StoreError> {
    Ok(ThingGroup {
        row: row.get("row_id")?,
        name: row.get("name")?,
        id: row.get("group_id")?,
        parent: row.get("parent")?,
        description: row.get("description")?,
        attributes: row.get("attributes")?,
        version: row.get("version")?,
        created: row.get("created")?,
        dynamic: dynamic::read(row)?,
    })
}
