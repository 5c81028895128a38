//! Thing groups. Static ones are a forest; a thing is in one group of a tree at most. Dynamic ones
//! stand alone, and their query says who is in them.

mod change;
mod dynamic;
mod list;
mod members;

use std::collections::BTreeMap;

use fleetwright_core::certificate::Instant;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::names::{AttributeName, ThingGroupName};

pub use change::NewThingGroup;
pub use dynamic::{DynamicGroup, DynamicGroupUpdate, GroupStatus};
pub use list::GroupFilter;
pub use members::MemberKey;
pub(crate) use members::{Entry, enter, leave, static_of_thing};

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
    pub created: Instant,
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
            sql.all(
                "WITH RECURSIVE line (group_row, depth) AS (SELECT row_id, 1 FROM thing_groups \
                 WHERE row_id = $1 UNION ALL SELECT g.parent_row, line.depth + 1 FROM line \
                 JOIN thing_groups g ON g.row_id = line.group_row \
                 WHERE g.parent_row IS NOT NULL AND line.depth < $2) \
                 SELECT g.name FROM line JOIN thing_groups g ON g.row_id = line.group_row \
                 WHERE line.depth > 1 ORDER BY line.depth DESC",
                args![require(sql, name)?, limits::GROUP_DEPTH],
                |row| row.get(0),
            )
        })
        .await
    }
}

/// The row of a group, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &ThingGroupName) -> Result<GroupRow, StoreError> {
    sql.one("SELECT row_id FROM thing_groups WHERE name = $1", args![name], |row| row.get(0))?
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
        "SELECT row_id, query IS NOT NULL FROM thing_groups WHERE name = $1",
        args![name],
        |row| Ok((row.get(0)?, row.get(1)?)),
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
        "SELECT g.row_id, g.name, g.group_id, p.name, g.description, g.attributes, g.version, \
         g.created, g.query, g.filling, g.rebuilding FROM thing_groups g LEFT JOIN thing_groups p ON p.row_id = g.parent_row \
         WHERE g.name = $1",
        args![name],
        read_group,
    )
}

/// A group and those above it.
fn line(sql: &Sql<'_>, group: GroupRow) -> Result<Vec<GroupRow>, StoreError> {
    sql.all(
        "WITH RECURSIVE line (group_row, depth) AS (SELECT row_id, 1 FROM thing_groups \
         WHERE row_id = $1 UNION ALL SELECT g.parent_row, line.depth + 1 FROM line \
         JOIN thing_groups g ON g.row_id = line.group_row \
         WHERE g.parent_row IS NOT NULL AND line.depth < $2) \
         SELECT group_row FROM line ORDER BY depth",
        args![group, limits::GROUP_DEPTH],
        |row| row.get(0),
    )
}

fn read_group(row: &Row<'_>) -> Result<ThingGroup, StoreError> {
    Ok(ThingGroup {
        row: row.get(0)?,
        name: row.get(1)?,
        id: row.get(2)?,
        parent: row.get(3)?,
        description: row.get(4)?,
        attributes: row.get(5)?,
        version: row.get(6)?,
        created: row.get(7)?,
        dynamic: dynamic::read(row)?,
    })
}
