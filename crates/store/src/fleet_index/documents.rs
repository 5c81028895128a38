//! Things and groups as the index shows them.

use fleetwright_core::fleet_index::{Connectivity, GroupDocument, ThingDocument};
use fleetwright_core::limits;

use crate::sql::{Param, Row, Sql, args};
use crate::{GroupRow, StoreError, ThingRow, Uuid};

/// The columns of a thing's document, of `things t` with its joins in [`FROM`].
pub(super) const COLUMNS: &str = "t.row_id, t.name, t.thing_id, y.name, b.name, t.attributes, \
     t.version, c.connected, c.since, c.reason";
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
    let connected: Option<bool> = row.get(7)?;
    let connectivity = match connected {
        None => None,
        Some(connected) => {
            Some(Connectivity { connected, timestamp: row.get(8)?, reason: row.get(9)? })
        }
    };
    let document = ThingDocument {
        name: row.get(1)?,
        id: row.get::<Uuid>(2)?.to_string(),
        type_name: row.get(3)?,
        groups: row.get::<Option<String>>(4)?.into_iter().collect(),
        attributes: row.get(5)?,
        version: row.get(6)?,
        connectivity,
    };
    Ok((row.get(0)?, document))
}

/// Adds the thing groups; dynamic ones only if `all`.
pub(super) fn add_groups(
    sql: &Sql<'_>,
    thing: ThingRow,
    document: &mut ThingDocument,
    all: bool,
) -> Result<(), StoreError> {
    let names: Vec<(String, bool)> = sql.all(
        "SELECT g.name, g.query IS NOT NULL FROM thing_group_members m \
         JOIN thing_groups g ON g.row_id = m.group_row WHERE m.thing_row = $1 ORDER BY g.name",
        args![thing],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let shown = names.into_iter().filter(|(_, is_dynamic)| all || !is_dynamic);
    document.groups.splice(0..0, shown.map(|(name, _)| name));
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
                name: row.get(2)?,
                id: row.get::<Uuid>(3)?.to_string(),
                description: row.get(4)?,
                attributes: row.get(5)?,
                parents: Vec::new(),
                version: row.get(6)?,
            };
            Ok((row.get(0)?, row.get(1)?, document))
        },
    )?;
    let mut groups = Vec::with_capacity(found.len());
    for (_, parent, mut document) in found {
        if let Some(parent) = parent {
            document.parents = above(sql, GroupRow(parent))?;
        }
        groups.push(document);
    }
    Ok(groups)
}

fn above(sql: &Sql<'_>, group: GroupRow) -> Result<Vec<String>, StoreError> {
    sql.all(
        "WITH RECURSIVE line (group_row, depth) AS (SELECT row_id, 1 FROM thing_groups \
         WHERE row_id = $1 UNION ALL SELECT g.parent_row, line.depth + 1 FROM line \
         JOIN thing_groups g ON g.row_id = line.group_row \
         WHERE g.parent_row IS NOT NULL AND line.depth < $2) \
         SELECT g.name FROM line JOIN thing_groups g ON g.row_id = line.group_row \
         ORDER BY line.depth DESC",
        args![group, limits::GROUP_DEPTH],
        |row| row.get(0),
    )
}
