//! Static thing groups: a forest; a thing is in one group of a tree at most.

use std::collections::BTreeMap;

use fleetwright_core::certificate::Instant;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits;
use fleetwright_core::names::{AttributeName, ThingGroupName, ThingName};

use crate::sql::{Row, Sql, args, json};
use crate::{Change, GroupRow, Page, Store, StoreError, ThingRow, Uuid, page, tags, things};

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
}

/// A thing group to make.
#[derive(Debug, Clone)]
pub struct NewThingGroup {
    /// Its name.
    pub name: ThingGroupName,
    /// `thingGroupId`, for a new one.
    pub id: Uuid,
    /// The group that it lies in, which must exist.
    pub parent: Option<ThingGroupName>,
    /// Its description.
    pub description: Option<String>,
    /// Its attributes; at most [`limits::ATTRIBUTES_WITH_TYPE`].
    pub attributes: BTreeMap<AttributeName, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Which groups `ListThingGroups` lists.
#[derive(Debug, Clone, Default)]
pub struct GroupFilter {
    /// Only groups in this one; directly, or at any depth if `recursive`.
    pub parent: Option<ThingGroupName>,
    /// Without a parent: all groups if true, only top groups if false.
    pub recursive: bool,
    /// Only names that begin so.
    pub prefix: String,
}

impl Store {
    /// `CreateThingGroup`; an equal one that exists is answered as it is. At most
    /// [`limits::GROUP_DEPTH`] levels and [`limits::GROUP_CHILDREN`] direct children.
    pub async fn create_thing_group(
        &self,
        new: NewThingGroup,
        now: Instant,
    ) -> Result<ThingGroup, StoreError> {
        self.write(move |sql| create(sql, new, now)).await
    }

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

    /// `ListThingGroups`, by name.
    pub async fn list_thing_groups(
        &self,
        filter: &GroupFilter,
        after: Option<ThingGroupName>,
        limit: usize,
    ) -> Result<Page<ThingGroupName, ThingGroupName>, StoreError> {
        let size = page::size(limit);
        let after = after.as_ref().map_or("", ThingGroupName::as_str).to_owned();
        let items = self.snapshot(|sql| list(sql, filter, &after, size + 1)).await?;
        Ok(Page::cut(items, size, ThingGroupName::clone))
    }

    /// `UpdateThingGroup`: description and attributes (`None` leaves them; with `merge` they are
    /// added, and an empty value removes); answers the new version.
    pub async fn update_thing_group(
        &self,
        name: ThingGroupName,
        description: Option<String>,
        attributes: Option<(BTreeMap<AttributeName, String>, bool)>,
        expected_version: Option<i64>,
    ) -> Result<i64, StoreError> {
        self.write(move |sql| {
            let found = group(sql, &name)?.ok_or_else(|| not_found(&name))?;
            things::check_version("thing group", name.as_str(), found.version, expected_version)?;
            let kept = things::merged(found.attributes, attributes);
            check_attributes(&name, &kept)?;
            sql.execute(
                "UPDATE thing_groups SET description = COALESCE($1, description), \
                 attributes = $2, version = version + 1 WHERE row_id = $3",
                args![description.as_ref(), &json(&kept)?, found.row],
            )?;
            Ok(found.version + 1)
        })
        .await
    }

    /// `DeleteThingGroup`: never one with child groups; its things stay; a missing one is no
    /// error.
    pub async fn delete_thing_group(
        &self,
        name: ThingGroupName,
        expected_version: Option<i64>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| delete(sql, &name, expected_version)).await
    }

    /// `AddThingToThingGroup`; there already is no error. At most [`limits::GROUPS_PER_THING`],
    /// never two in one hierarchy.
    pub async fn add_thing_to_thing_group(
        &self,
        thing: ThingName,
        group: ThingGroupName,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = things::require(sql, &thing)?.row;
            enter(sql, row, &group, ErrorCode::InvalidRequest)?;
            sql.changed(Change::Thing(thing));
            Ok(())
        })
        .await
    }

    /// `RemoveThingFromThingGroup`; not there is no error.
    pub async fn remove_thing_from_thing_group(
        &self,
        thing: ThingName,
        group: ThingGroupName,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = things::require(sql, &thing)?.row;
            leave(sql, row, &group)?;
            sql.changed(Change::Thing(thing));
            Ok(())
        })
        .await
    }

    /// `ListThingGroupsForThing`: its direct groups, by name.
    pub async fn groups_of_thing(
        &self,
        thing: &ThingName,
    ) -> Result<Vec<ThingGroupName>, StoreError> {
        self.snapshot(|sql| of_thing(sql, things::require(sql, thing)?.row)).await
    }

    /// `ListThingsInThingGroup`, by name; `recursive` adds those of the groups below.
    pub async fn things_in_group(
        &self,
        group: &ThingGroupName,
        recursive: bool,
        after: Option<ThingName>,
        limit: usize,
    ) -> Result<Page<ThingName, ThingName>, StoreError> {
        let size = page::size(limit);
        let after = after.as_ref().map_or("", ThingName::as_str).to_owned();
        let depth = if recursive { limits::GROUP_DEPTH } else { 1 };
        let items = self
            .snapshot(|sql| {
                sql.all(
                    "WITH RECURSIVE tree (group_row, depth) AS (SELECT row_id, 1 FROM thing_groups \
                     WHERE row_id = $1 UNION ALL SELECT g.row_id, tree.depth + 1 FROM tree \
                     JOIN thing_groups g ON g.parent_row = tree.group_row WHERE tree.depth < $2) \
                     SELECT DISTINCT t.name FROM tree \
                     JOIN thing_group_members m ON m.group_row = tree.group_row \
                     JOIN things t ON t.row_id = m.thing_row \
                     WHERE t.name > $3 ORDER BY t.name LIMIT $4",
                    args![require(sql, group)?, depth, &after, size + 1],
                    |row| row.get(0),
                )
            })
            .await?;
        Ok(Page::cut(items, size, ThingName::clone))
    }
}

/// The row of a group, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &ThingGroupName) -> Result<GroupRow, StoreError> {
    sql.one("SELECT row_id FROM thing_groups WHERE name = $1", args![name], |row| row.get(0))?
        .ok_or_else(|| not_found(name))
}

fn not_found(name: &ThingGroupName) -> StoreError {
    StoreError::refused(ErrorCode::ResourceNotFound, format!("Thing group not found: {name}"))
}

fn group(sql: &Sql<'_>, name: &ThingGroupName) -> Result<Option<ThingGroup>, StoreError> {
    sql.one(
        "SELECT g.row_id, g.name, g.group_id, p.name, g.description, g.attributes, g.version, \
         g.created FROM thing_groups g LEFT JOIN thing_groups p ON p.row_id = g.parent_row \
         WHERE g.name = $1",
        args![name],
        read_group,
    )
}

/// The groups that a thing is in itself, by name.
pub(crate) fn of_thing(sql: &Sql<'_>, thing: ThingRow) -> Result<Vec<ThingGroupName>, StoreError> {
    sql.all(
        "SELECT g.name FROM thing_group_members m JOIN thing_groups g ON g.row_id = m.group_row \
         WHERE m.thing_row = $1 ORDER BY g.name",
        args![thing],
        |row| row.get(0),
    )
}

/// Puts a thing into a group; `code` is that of a broken bound.
pub(crate) fn enter(
    sql: &Sql<'_>,
    thing: ThingRow,
    name: &ThingGroupName,
    code: ErrorCode,
) -> Result<(), StoreError> {
    let group = require(sql, name)?;
    let added = sql.execute(
        "INSERT INTO thing_group_members (thing_row, group_row) VALUES ($1, $2) \
         ON CONFLICT DO NOTHING",
        args![thing, group],
    )?;
    if added == 0 {
        return Ok(());
    }
    let groups: Vec<GroupRow> = sql.all(
        "SELECT group_row FROM thing_group_members WHERE thing_row = $1",
        args![thing],
        |row| row.get(0),
    )?;
    if groups.len() > limits::GROUPS_PER_THING {
        let message = format!("A thing may be in at most {} groups.", limits::GROUPS_PER_THING);
        return Err(StoreError::refused(code, message));
    }
    if groups.len() == 1 {
        return Ok(());
    }
    let top = top_of(sql, group)?;
    for other in groups.into_iter().filter(|other| *other != group) {
        if top_of(sql, other)? == top {
            return Err(StoreError::refused(
                code,
                format!(
                    "The thing is in another group of the hierarchy of thing group {name}, and may \
                     be in one of them only."
                ),
            ));
        }
    }
    Ok(())
}

/// Takes a thing out of a group.
pub(crate) fn leave(
    sql: &Sql<'_>,
    thing: ThingRow,
    name: &ThingGroupName,
) -> Result<(), StoreError> {
    sql.execute(
        "DELETE FROM thing_group_members WHERE thing_row = $1 AND group_row = $2",
        args![thing, require(sql, name)?],
    )?;
    Ok(())
}

fn top_of(sql: &Sql<'_>, group: GroupRow) -> Result<GroupRow, StoreError> {
    Ok(line(sql, group)?.last().copied().unwrap_or(group))
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

fn check_attributes(
    name: &ThingGroupName,
    attributes: &BTreeMap<AttributeName, String>,
) -> Result<(), StoreError> {
    things::check_attributes(
        "Thing group",
        name.as_str(),
        attributes,
        limits::ATTRIBUTES_WITH_TYPE,
        "",
    )
}

fn create(sql: &Sql<'_>, mut new: NewThingGroup, now: Instant) -> Result<ThingGroup, StoreError> {
    new.attributes.retain(|_, value| !value.is_empty());
    if let Some(found) = group(sql, &new.name)? {
        let equal = found.parent == new.parent
            && found.description == new.description
            && found.attributes == new.attributes;
        if equal {
            return Ok(found);
        }
        let arn = sql.home.arn("thinggroup", &new.name);
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("Thing group {} exists already with other properties.", new.name),
        )
        .about(new.name.as_str(), arn)
        .into());
    }
    check_attributes(&new.name, &new.attributes)?;
    let parent = new.parent.as_ref().map(|parent| room_in(sql, parent)).transpose()?;
    let row = sql.insert(
        "INSERT INTO thing_groups (name, group_id, parent_row, description, attributes, version, \
         created) VALUES ($1, $2, $3, $4, $5, 1, $6) RETURNING row_id",
        args![&new.name, &new.id, parent, new.description.as_ref(), &json(&new.attributes)?, now],
    )?;
    tags::put(sql, "thing_group", row, &new.tags)?;
    let NewThingGroup { name, id, parent, description, attributes, .. } = new;
    let row = GroupRow(row);
    Ok(ThingGroup { row, name, id, parent, description, attributes, version: 1, created: now })
}

/// The row of a group that can take one more child.
fn room_in(sql: &Sql<'_>, parent: &ThingGroupName) -> Result<GroupRow, StoreError> {
    let row = require(sql, parent)?;
    let refuse = |message: String| Err(StoreError::refused(ErrorCode::InvalidRequest, message));
    if line(sql, row)?.len() >= limits::GROUP_DEPTH {
        return refuse(format!(
            "Thing group {parent} is {} levels deep, the most allowed.",
            limits::GROUP_DEPTH
        ));
    }
    let children =
        sql.count("SELECT count(*) FROM thing_groups WHERE parent_row = $1", args![row])?;
    if children >= limits::GROUP_CHILDREN {
        return refuse(format!(
            "Thing group {parent} has {children} direct child groups, the most allowed."
        ));
    }
    Ok(row)
}

fn delete(
    sql: &Sql<'_>,
    name: &ThingGroupName,
    expected_version: Option<i64>,
) -> Result<(), StoreError> {
    let Some(found) = group(sql, name)? else { return Ok(()) };
    things::check_version("thing group", name.as_str(), found.version, expected_version)?;
    if sql.exists("SELECT 1 FROM thing_groups WHERE parent_row = $1 LIMIT 1", args![found.row])? {
        return Err(StoreError::refused(
            ErrorCode::InvalidRequest,
            format!(
                "Cannot delete thing group {name} while it has child groups; delete them first."
            ),
        ));
    }
    for text in [
        "DELETE FROM thing_group_members WHERE group_row = $1",
        "DELETE FROM group_policies WHERE group_row = $1",
        "DELETE FROM thing_groups WHERE row_id = $1",
    ] {
        sql.execute(text, args![found.row])?;
    }
    tags::remove(sql, "thing_group", found.row.0)?;
    sql.changed(Change::ThingGroup(found.row));
    Ok(())
}

fn list(
    sql: &Sql<'_>,
    filter: &GroupFilter,
    after: &str,
    limit: usize,
) -> Result<Vec<ThingGroupName>, StoreError> {
    let prefix = filter.prefix.as_str();
    let length = prefix.chars().count();
    match (&filter.parent, filter.recursive) {
        (None, true) => sql.all(
            "SELECT name FROM thing_groups WHERE name > $1 AND substr(name, 1, $2) = $3 \
             ORDER BY name LIMIT $4",
            args![after, length, prefix, limit],
            |row| row.get(0),
        ),
        (None, false) => sql.all(
            "SELECT name FROM thing_groups WHERE parent_row IS NULL AND name > $1 \
             AND substr(name, 1, $2) = $3 ORDER BY name LIMIT $4",
            args![after, length, prefix, limit],
            |row| row.get(0),
        ),
        (Some(parent), recursive) => sql.all(
            "WITH RECURSIVE tree (group_row, depth) AS (SELECT row_id, 0 FROM thing_groups \
             WHERE row_id = $1 UNION ALL SELECT g.row_id, tree.depth + 1 FROM tree \
             JOIN thing_groups g ON g.parent_row = tree.group_row WHERE tree.depth < $2) \
             SELECT g.name FROM tree JOIN thing_groups g ON g.row_id = tree.group_row \
             WHERE tree.depth > 0 AND g.name > $3 AND substr(g.name, 1, $4) = $5 \
             ORDER BY g.name LIMIT $6",
            args![
                require(sql, parent)?,
                if recursive { limits::GROUP_DEPTH } else { 1 },
                after,
                length,
                prefix,
                limit
            ],
            |row| row.get(0),
        ),
    }
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
    })
}
