//! The groups above a group.

use fleetwright_core::limits;

use crate::sql::{Sql, args};
use crate::{GroupRow, StoreError, Uuid};

/// A group of a hierarchy.
pub(crate) struct Ancestor {
    pub(crate) row: GroupRow,
    pub(crate) name: String,
    pub(crate) id: Uuid,
}

/// A group with those above it, the top one first and itself last.
pub(crate) fn line(sql: &Sql<'_>, group: GroupRow) -> Result<Vec<Ancestor>, StoreError> {
    sql.all(
        "WITH RECURSIVE line (group_row, depth) AS (SELECT row_id, 1 FROM thing_groups \
         WHERE row_id = $1 UNION ALL SELECT g.parent_row, line.depth + 1 FROM line \
         JOIN thing_groups g ON g.row_id = line.group_row \
         WHERE g.parent_row IS NOT NULL AND line.depth < $2) \
         SELECT g.row_id, g.name, g.group_id FROM line \
         JOIN thing_groups g ON g.row_id = line.group_row ORDER BY line.depth DESC",
        args![group, limits::GROUP_DEPTH],
        |row| {
            Ok(Ancestor {
                row: row.get("row_id")?,
                name: row.get("name")?,
                id: row.get("group_id")?,
            })
        },
    )
}

/// The groups above a group, the top one first.
pub(crate) fn above(sql: &Sql<'_>, group: GroupRow) -> Result<Vec<Ancestor>, StoreError> {
    let mut line = line(sql, group)?;
    line.pop();
    Ok(line)
}
