//! Who is in a thing group.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::names::{ThingGroupName, ThingName};

use super::hierarchy::line;
use super::{membership, require, require_static};
use crate::sql::{Sql, args};
use crate::{Change, GroupRow, Page, Store, StoreError, ThingRow, fleet_index, page, things};

/// How a thing enters a group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// The code of a broken bound.
    pub(crate) code: ErrorCode,
    /// Whether a dynamic group gives way when the thing is in as many groups as it may be in.
    pub(crate) over_dynamic: bool,
}

/// Where a listing of members goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberKey {
    /// The group of the last one.
    pub group: GroupRow,
    /// The last one.
    pub thing: ThingRow,
}

impl Store {
    /// `AddThingToThingGroup`; there already is no error. At most [`limits::GROUPS_PER_THING`],
    /// never two in one hierarchy.
    pub async fn add_thing_to_thing_group(
        &self,
        thing: ThingName,
        group: ThingGroupName,
        over_dynamic: bool,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = things::require(sql, &thing)?.row;
            enter(sql, row, &group, Entry { code: ErrorCode::InvalidRequest, over_dynamic })?;
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

    /// `UpdateThingGroupsForThing`: leaves groups, then enters groups, all or nothing.
    pub async fn update_thing_groups_for_thing(
        &self,
        thing: ThingName,
        to_add: Vec<ThingGroupName>,
        to_remove: Vec<ThingGroupName>,
        over_dynamic: bool,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = things::require(sql, &thing)?.row;
            to_remove.iter().try_for_each(|group| leave(sql, row, group))?;
            let entry = Entry { code: ErrorCode::InvalidRequest, over_dynamic };
            to_add.iter().try_for_each(|group| enter(sql, row, group, entry))?;
            sql.changed(Change::Thing(thing));
            Ok(())
        })
        .await
    }

    /// `ListThingsInThingGroup`, in the order of groups and things; `recursive` adds those of the
    /// groups below.
    pub async fn things_in_group(
        &self,
        group: &ThingGroupName,
        recursive: bool,
        after: Option<MemberKey>,
        limit: usize,
    ) -> Result<Page<ThingName, MemberKey>, StoreError> {
        let size = page::size(limit);
        let found = self
            .snapshot(|sql| {
                let top = require(sql, group)?;
                let groups = if recursive { tree(sql, top)? } else { vec![top] };
                members(sql, &groups, after, size + 1)
            })
            .await?;
        let page = Page::cut(found, size, |(key, _)| *key);
        Ok(Page { items: page.items.into_iter().map(|(_, name)| name).collect(), next: page.next })
    }
}

/// Members of groups, which are in the order of their rows, after a key. One look-up a group:
/// a group's members lie in the order of their rows already, so a page costs its own length.
fn members(
    sql: &Sql<'_>,
    groups: &[GroupRow],
    after: Option<MemberKey>,
    limit: usize,
) -> Result<Vec<(MemberKey, ThingName)>, StoreError> {
    let mut found = Vec::new();
    for group in groups {
        let start = match after {
            Some(key) if *group < key.group => continue,
            Some(key) if *group == key.group => key.thing,
            _ => ThingRow(0),
        };
        found.extend(sql.all(
            "SELECT t.row_id, t.name FROM thing_group_members m \
             JOIN things t ON t.row_id = m.thing_row \
             WHERE m.group_row = $1 AND m.thing_row > $2 ORDER BY m.thing_row LIMIT $3",
            args![*group, start, limit - found.len()],
            |row| Ok((MemberKey { group: *group, thing: row.get("row_id")? }, row.get("name")?)),
        )?);
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// Members of a group and of those below it, after a key; none of a group that is gone.
pub(crate) fn members_below(
    sql: &Sql<'_>,
    name: &ThingGroupName,
    after: MemberKey,
    limit: usize,
) -> Result<Vec<(MemberKey, ThingRow)>, StoreError> {
    let Ok(top) = require(sql, name) else { return Ok(Vec::new()) };
    let found = members(sql, &tree(sql, top)?, Some(after), limit)?;
    Ok(found.into_iter().map(|(key, _)| (key, key.thing)).collect())
}

/// A group and those below it, in the order of their rows.
fn tree(sql: &Sql<'_>, top: GroupRow) -> Result<Vec<GroupRow>, StoreError> {
    sql.all(
        "WITH RECURSIVE tree (group_row, depth) AS (SELECT row_id, 1 FROM thing_groups \
         WHERE row_id = $1 UNION ALL SELECT g.row_id, tree.depth + 1 FROM tree \
         JOIN thing_groups g ON g.parent_row = tree.group_row WHERE tree.depth < $2) \
         SELECT group_row FROM tree ORDER BY group_row",
        args![top, limits::GROUP_DEPTH],
        |row| row.value(),
    )
}

/// The groups that a thing is in itself, by name.
fn of_thing(sql: &Sql<'_>, thing: ThingRow) -> Result<Vec<ThingGroupName>, StoreError> {
    sql.all(
        "SELECT g.name FROM thing_group_members m JOIN thing_groups g ON g.row_id = m.group_row \
         WHERE m.thing_row = $1 ORDER BY g.name",
        args![thing],
        |row| row.value(),
    )
}

/// The static groups that a thing is in itself, by name.
pub(crate) fn static_of_thing(
    sql: &Sql<'_>,
    thing: ThingRow,
) -> Result<Vec<ThingGroupName>, StoreError> {
    sql.all(
        "SELECT g.name FROM thing_group_members m JOIN thing_groups g ON g.row_id = m.group_row \
         WHERE m.thing_row = $1 AND g.query IS NULL ORDER BY g.name",
        args![thing],
        |row| row.value(),
    )
}

/// Puts a thing into a static group.
pub(crate) fn enter(
    sql: &Sql<'_>,
    thing: ThingRow,
    name: &ThingGroupName,
    Entry { code, over_dynamic }: Entry,
) -> Result<(), StoreError> {
    let group = require_static(sql, name, BY_QUERY)?;
    if !membership::add(sql, thing, group)? {
        return Ok(());
    }
    sql.stale(thing);
    let groups: Vec<GroupRow> = sql.all(
        "SELECT group_row FROM thing_group_members WHERE thing_row = $1",
        args![thing],
        |row| row.value(),
    )?;
    let mut is_full = groups.len() > limits::GROUPS_PER_THING;
    if is_full && over_dynamic {
        is_full = fleet_index::leave_newest(sql, thing)?.is_none();
    }
    if is_full {
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
    if membership::remove(sql, thing, require_static(sql, name, BY_QUERY)?)? {
        sql.stale(thing);
    }
    Ok(())
}

/// What cannot be done to a dynamic group by hand.
const BY_QUERY: &str = "its query says which things are in it, so none can be added or removed";

fn top_of(sql: &Sql<'_>, group: GroupRow) -> Result<GroupRow, StoreError> {
    Ok(line(sql, group)?.first().map_or(group, |top| top.row))
}
