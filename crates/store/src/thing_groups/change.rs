//! Thing groups are made, changed and deleted.

use std::collections::BTreeMap;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::event::EventType;
use fleetwright_core::names::{AttributeName, ThingGroupName};
use fleetwright_core::time::Timestamp;
use fleetwright_core::{limits, matched_text};

use super::hierarchy::{above, line};
use super::{ThingGroup, group, membership, not_found, require_static};
use crate::event::{EventOperation, EventSubject};
use crate::sql::{Sql, args, json};
use crate::{
    Change, GroupRow, Store, StoreError, Uuid, fleet_index, registry_events, tags, things,
};

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

impl Store {
    /// `CreateThingGroup`; an equal one that exists is answered as it is. At most
    /// [`limits::GROUP_DEPTH`] levels and [`limits::GROUP_CHILDREN`] direct children.
    pub async fn create_thing_group(
        &self,
        new: NewThingGroup,
        now: Timestamp,
    ) -> Result<ThingGroup, StoreError> {
        self.write(move |sql| create(sql, new, now)).await
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
            check_kind(&found, false, "UpdateDynamicThingGroup", "UpdateThingGroup")?;
            update(sql, found, description.as_ref(), attributes, expected_version)
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
}

/// `InvalidRequest` unless the group is of the kind that an operation is for.
pub(super) fn check_kind(
    found: &ThingGroup,
    is_dynamic: bool,
    for_dynamic: &str,
    for_static: &str,
) -> Result<(), StoreError> {
    let name = &found.name;
    let message = match (is_dynamic, found.dynamic.is_some()) {
        (false, true) => format!("Thing group {name} is dynamic; use {for_dynamic}."),
        (true, false) => format!("Thing group {name} is not dynamic; use {for_static}."),
        _ => return Ok(()),
    };
    Err(StoreError::refused(ErrorCode::InvalidRequest, message))
}

/// Changes description and attributes; answers the new version.
pub(super) fn update(
    sql: &Sql<'_>,
    found: ThingGroup,
    description: Option<&String>,
    attributes: Option<(BTreeMap<AttributeName, String>, bool)>,
    expected_version: Option<i64>,
) -> Result<i64, StoreError> {
    things::check_version("thing group", found.name.as_str(), found.version, expected_version)?;
    let kept = things::merged(found.attributes.clone(), attributes);
    check_attributes(&found.name, &kept)?;
    sql.execute(
        "UPDATE thing_groups SET description = COALESCE($1, description), attributes = $2, \
         version = version + 1 WHERE row_id = $3",
        args![description, &json(&kept)?, found.row],
    )?;
    let version = found.version + 1;
    let description = description.cloned().or(found.description);
    let changed = ThingGroup { description, attributes: kept, version, ..found };
    note(sql, &changed, EventOperation::Updated)?;
    Ok(version)
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

fn create(sql: &Sql<'_>, mut new: NewThingGroup, now: Timestamp) -> Result<ThingGroup, StoreError> {
    new.attributes.retain(|_, value| !value.is_empty());
    if let Some(found) = equal(sql, &new, None)? {
        return Ok(found);
    }
    insert(sql, new, now)
}

/// The group of the name, if there is one and it has these properties.
///
/// # Errors
/// `ResourceAlreadyExists` when it has others.
pub(super) fn equal(
    sql: &Sql<'_>,
    new: &NewThingGroup,
    query: Option<&str>,
) -> Result<Option<ThingGroup>, StoreError> {
    if let Some(found) = group(sql, &new.name)? {
        let equal = found.parent == new.parent
            && found.dynamic.as_ref().map(|dynamic| dynamic.query.as_str()) == query
            && found.description == new.description
            && found.attributes == new.attributes
            && tags::of(sql, "thing_group", found.row.0)? == new.tags;
        if equal {
            return Ok(Some(found));
        }
        let arn = sql.scope.arn("thinggroup", &new.name);
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("Thing group {} exists already with other properties.", new.name),
        )
        .about(new.name.as_str(), arn)
        .into());
    }
    Ok(None)
}

/// Makes a group whose name is free.
pub(super) fn insert(
    sql: &Sql<'_>,
    new: NewThingGroup,
    now: Timestamp,
) -> Result<ThingGroup, StoreError> {
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
    let (version, created, dynamic) = (1, now, None);
    let made =
        ThingGroup { row, name, id, parent, description, attributes, version, created, dynamic };
    note_parent(sql, &made, EventOperation::Added)?;
    note(sql, &made, EventOperation::Created)?;
    Ok(made)
}

/// The row of a group that can take one more child.
fn room_in(sql: &Sql<'_>, parent: &ThingGroupName) -> Result<GroupRow, StoreError> {
    if group(sql, parent)?.is_none() {
        return Err(StoreError::refused(
            ErrorCode::InvalidRequest,
            matched_text::group_below_none(parent),
        ));
    }
    let row = require_static(sql, parent, "it has no child groups")?;
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
            "Thing group {parent} has {} direct child groups, the most allowed.",
            limits::GROUP_CHILDREN
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
    check_kind(&found, false, "DeleteDynamicThingGroup", "DeleteThingGroup")?;
    remove(sql, &found, expected_version)
}

/// Deletes a group without child groups.
pub(super) fn remove(
    sql: &Sql<'_>,
    found: &ThingGroup,
    expected_version: Option<i64>,
) -> Result<(), StoreError> {
    let name = &found.name;
    things::check_version("thing group", name.as_str(), found.version, expected_version)?;
    if sql.exists("SELECT 1 FROM thing_groups WHERE parent_row = $1 LIMIT 1", args![found.row])? {
        return Err(StoreError::refused(
            ErrorCode::InvalidRequest,
            matched_text::group_with_children(name),
        ));
    }
    if found.dynamic.is_none() {
        fleet_index::mark(
            sql,
            "SELECT thing_row FROM thing_group_members WHERE group_row = $1",
            args![found.row],
        )?;
    }
    membership::remove_group(sql, found.row)?;
    note_parent(sql, found, EventOperation::Removed)?;
    note(sql, found, EventOperation::Deleted)?;
    sql.execute("DELETE FROM group_policies WHERE group_row = $1", args![found.row])?;
    sql.execute("DELETE FROM thing_groups WHERE row_id = $1", args![found.row])?;
    tags::remove(sql, "thing_group", found.row.0)?;
    sql.changed(Change::ThingGroup(found.row));
    Ok(())
}

/// A group was made, changed or deleted: as it is, or was. Its row must be there.
fn note(sql: &Sql<'_>, group: &ThingGroup, operation: EventOperation) -> Result<(), StoreError> {
    registry_events::note(sql, EventType::ThingGroup, operation, || {
        let text = |(name, value): (&AttributeName, &String)| (name.to_string(), value.clone());
        Ok(EventSubject::Group {
            group: group.name.to_string(),
            id: group.id,
            version: group.version,
            description: group.description.clone(),
            attributes: group.attributes.iter().map(text).collect(),
            above: above(sql, group.row)?.into_iter().map(|it| (it.name, it.id)).collect(),
        })
    })
}

/// A group was put into its parent, or taken out of it. Its row must be there.
fn note_parent(
    sql: &Sql<'_>,
    group: &ThingGroup,
    operation: EventOperation,
) -> Result<(), StoreError> {
    let Some(parent) = &group.parent else { return Ok(()) };
    registry_events::note(sql, EventType::ThingGroupHierarchy, operation, || {
        Ok(EventSubject::Hierarchy {
            group: parent.to_string(),
            id: above(sql, group.row)?.pop().map(|parent| parent.id).unwrap_or_default(),
            child: group.name.to_string(),
            child_id: group.id,
        })
    })
}
