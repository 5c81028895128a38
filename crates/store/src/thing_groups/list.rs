//! Thing groups are listed.

use fleetwright_core::limits;
use fleetwright_core::names::ThingGroupName;

use super::require;
use crate::sql::{Sql, args};
use crate::{Page, Store, StoreError, page};

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
}

fn list(
    sql: &Sql<'_>,
    filter: &GroupFilter,
    after: &str,
    limit: usize,
) -> Result<Vec<ThingGroupName>, StoreError> {
    let from = filter.prefix.as_str();
    let to = page::after_prefix(from);
    match (&filter.parent, filter.recursive) {
        (None, true) => sql.all(
            "SELECT name FROM thing_groups WHERE name > $1 AND name >= $2 AND name < $3 \
             ORDER BY name LIMIT $4",
            args![after, from, &to, limit],
            |row| row.value(),
        ),
        (None, false) => sql.all(
            "SELECT name FROM thing_groups WHERE parent_row IS NULL AND name > $1 \
             AND name >= $2 AND name < $3 ORDER BY name LIMIT $4",
            args![after, from, &to, limit],
            |row| row.value(),
        ),
        (Some(parent), recursive) => sql.all(
            "WITH RECURSIVE tree (group_row, depth) AS (SELECT row_id, 0 FROM thing_groups \
             WHERE row_id = $1 UNION ALL SELECT g.row_id, tree.depth + 1 FROM tree \
             JOIN thing_groups g ON g.parent_row = tree.group_row WHERE tree.depth < $2) \
             SELECT g.name FROM tree JOIN thing_groups g ON g.row_id = tree.group_row \
             WHERE tree.depth > 0 AND g.name > $3 AND g.name >= $4 AND g.name < $5 \
             ORDER BY g.name LIMIT $6",
            args![
                require(sql, parent)?,
                if recursive { limits::GROUP_DEPTH } else { 1 },
                after,
                from,
                &to,
                limit
            ],
            |row| row.value(),
        ),
    }
}
