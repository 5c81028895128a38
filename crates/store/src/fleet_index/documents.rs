//! Things and groups as the index shows them.

use fleetwright_core::fleet_index::{
    Connectivity, GroupDocument, IndexedShadows, ThingDocument, ThingIndexing, ThingIndexingMode,
};

use crate::sql::{Param, Row, Sql, args};
use crate::thing_groups::hierarchy;
use crate::{GroupRow, StoreError, ThingRow, Uuid, shadows};

/// The columns of a thing's document, of `things t` with its joins in [`FROM`].
pub(super) const COLUMNS: &str = "t.row_id, t.name, t.thing_id, y.name AS type_name, \
     b.name AS billing_group, t.attributes, \
     t.version, c.connected, c.since, c.reason, \
     (SELECT connectivity FROM indexing_configuration) AS connectivity_on";
/// What a thing's document is joined from.
pub(super) const FROM: &str = "things t LEFT JOIN thing_types y ON y.row_id = t.type_row \
     LEFT JOIN billing_groups b ON b.row_id = t.billing_row \
     LEFT JOIN thing_connectivity c ON c.thing_row = t.row_id";

/// Things that a statement finds, without their thing groups.
pub(super) fn things(
    sql: &Sql<'_>,
    rest: &str,
    params: &[Param<'_>],
) -> Result<Vec<(ThingRow, ThingDocument)>, StoreError> {
    sql.all(&format!("SELECT {COLUMNS} FROM {FROM} {rest}"), params, thing)
}

pub(super) fn thing(row: &Row<'_>) -> Result<(ThingRow, ThingDocument), StoreError> {
    let is_indexed = row.get::<Option<bool>>("connectivity_on")?.unwrap_or(false);
    let connectivity = match is_indexed {
        false => None,
        // Without a row it never connected.
        true => Some(Connectivity {
            connected: row.get::<Option<bool>>("connected")?.unwrap_or(false),
            timestamp: row.get("since")?,
            reason: row.get("reason")?,
        }),
    };
    let document = ThingDocument {
        name: row.get("name")?,
        id: row.get::<Uuid>("thing_id")?.to_string(),
        type_name: row.get("type_name")?,
        groups: row.get::<Option<String>>("billing_group")?.into_iter().collect(),
        attributes: row.get("attributes")?,
        version: row.get("version")?,
        connectivity,
        shadows: None,
    };
    Ok((row.get("row_id")?, document))
}

/// Adds the thing groups; dynamic ones only if `all`.
pub(super) fn add_groups(
    sql: &Sql<'_>,
    thing: ThingRow,
    document: &mut ThingDocument,
    all: bool,
) -> Result<(), StoreError> {
    let names: Vec<(String, bool)> = sql.all(
        "SELECT g.name, g.query IS NOT NULL AS is_dynamic FROM thing_group_members m \
         JOIN thing_groups g ON g.row_id = m.group_row WHERE m.thing_row = $1 ORDER BY g.name",
        args![thing],
        |row| Ok((row.get("name")?, row.get("is_dynamic")?)),
    )?;
    let shown = names.into_iter().filter(|(_, is_dynamic)| all || !is_dynamic);
    document.groups.splice(0..0, shown.map(|(name, _)| name));
    Ok(())
}

/// Adds the shadows that are indexed.
pub(super) fn add_shadows(
    sql: &Sql<'_>,
    indexing: &ThingIndexing,
    document: &mut ThingDocument,
) -> Result<(), StoreError> {
    let names = indexing.shadow_names.as_deref().unwrap_or_default();
    let has_classic = indexing.mode == ThingIndexingMode::RegistryAndShadow;
    if !has_classic && names.is_empty() {
        return Ok(());
    }
    let (mut classic, mut named) = (None, Vec::new());
    for (name, shadow) in shadows::all_of(sql, &document.name)? {
        if name.is_empty() {
            classic = has_classic.then_some(shadow);
        } else if names.contains(&name) {
            named.push((name, shadow));
        }
    }
    document.shadows = IndexedShadows::of(classic.as_ref(), &named);
    Ok(())
}

/// The next groups by name, with those above them, the top one first.
pub(super) fn groups(
    sql: &Sql<'_>,
    after: &str,
    limit: usize,
) -> Result<Vec<GroupDocument>, StoreError> {
    let found: Vec<(GroupRow, Option<i64>, GroupDocument)> = sql.all(
        "SELECT row_id, parent_row, name, group_id, description, attributes, version \
         FROM thing_groups WHERE name > $1 ORDER BY name LIMIT $2",
        args![after, limit],
        |row| {
            let document = GroupDocument {
                name: row.get("name")?,
                id: row.get::<Uuid>("group_id")?.to_string(),
                description: row.get("description")?,
                attributes: row.get("attributes")?,
                parents: Vec::new(),
                version: row.get("version")?,
            };
            Ok((row.get("row_id")?, row.get("parent_row")?, document))
        },
    )?;
    let mut groups = Vec::with_capacity(found.len());
    for (_, parent, mut document) in found {
        if let Some(parent) = parent {
            let line = hierarchy::line(sql, GroupRow(parent))?;
            document.parents = line.into_iter().map(|it| it.name).collect();
        }
        groups.push(document);
    }
    Ok(groups)
}
