//! Dynamic thing groups: a query says which things are in them.

use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::fleet_index::{IndexName, Query};
use fleetwright_core::limits;
use fleetwright_core::names::{AttributeName, ThingGroupName};
use fleetwright_core::time::Timestamp;

use super::change::{check_kind, equal, insert, remove, update};
use super::{NewThingGroup, ThingGroup, group, not_found};
use crate::sql::{Row, Sql, args};
use crate::{Store, StoreError, fleet_index, things};

/// What makes a group dynamic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DynamicGroup {
    /// Its query.
    pub query: String,
    /// Whether all things have been looked at.
    pub status: GroupStatus,
}

/// Whether a dynamic group has all its things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupStatus {
    /// It has.
    Active,
    /// It is new and has not looked at all things.
    Building,
    /// It has another query than before and has not looked at all things.
    Rebuilding,
}

/// What `UpdateDynamicThingGroup` changes; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct DynamicGroupUpdate {
    /// The description.
    pub description: Option<String>,
    /// Attributes, and whether they are merged into what is there.
    pub attributes: Option<(BTreeMap<AttributeName, String>, bool)>,
    /// The query.
    pub query: Option<String>,
    /// The version that the caller expects to change.
    pub expected_version: Option<i64>,
}

impl Store {
    /// `CreateDynamicThingGroup`; an equal one that exists is answered as it is. A small fleet is
    /// in the group when this returns, a large one soon after.
    ///
    /// # Errors
    /// `InvalidQuery`; `ResourceNotFound` when things are not indexed; `LimitExceeded` beyond
    /// [`limits::DYNAMIC_GROUPS`]; `ResourceAlreadyExists`.
    pub async fn create_dynamic_thing_group(
        &self,
        new: NewThingGroup,
        query: String,
        now: Timestamp,
    ) -> Result<ThingGroup, StoreError> {
        self.write(move |sql| create(sql, new, &query, now)).await
    }

    /// `UpdateDynamicThingGroup`; answers the new version.
    pub async fn update_dynamic_thing_group(
        &self,
        name: ThingGroupName,
        change: DynamicGroupUpdate,
    ) -> Result<i64, StoreError> {
        self.write(move |sql| {
            let DynamicGroupUpdate { description, attributes, query, expected_version } = change;
            let found = group(sql, &name)?.ok_or_else(|| not_found(&name))?;
            check_kind(&found, true, "UpdateDynamicThingGroup", "UpdateThingGroup")?;
            let (row, before) = (found.row, found.dynamic.clone());
            let version = update(sql, found, description.as_ref(), attributes, expected_version)?;
            match query {
                Some(query) if before.is_none_or(|before| before.query != query) => {
                    Query::parse(&query).map_err(fleetwright_core::error::Refusal::from)?;
                    sql.execute(
                        "UPDATE thing_groups SET query = $1, rebuilding = 1 WHERE row_id = $2",
                        args![&query, row],
                    )?;
                    fleet_index::begin_filling(sql, row)?;
                    fleet_index::fill(sql, row)?;
                }
                _ => {}
            }
            Ok(version)
        })
        .await
    }

    /// `DeleteDynamicThingGroup`; a missing one is no error.
    pub async fn delete_dynamic_thing_group(
        &self,
        name: ThingGroupName,
        expected_version: Option<i64>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let Some(found) = group(sql, &name)? else { return Ok(()) };
            check_kind(&found, true, "DeleteDynamicThingGroup", "DeleteThingGroup")?;
            remove(sql, &found, expected_version)
        })
        .await
    }
}

fn create(
    sql: &Sql<'_>,
    mut new: NewThingGroup,
    query: &str,
    now: Timestamp,
) -> Result<ThingGroup, StoreError> {
    Query::parse(query).map_err(fleetwright_core::error::Refusal::from)?;
    if !fleet_index::configuration(sql)?.things.is_on() {
        return Err(fleet_index::not_indexed(IndexName::Things, ErrorCode::ResourceNotFound));
    }
    new.attributes = things::merged(new.attributes, None);
    if let Some(found) = equal(sql, &new, Some(query))? {
        return Ok(found);
    }
    let count = sql.count("SELECT count(*) FROM thing_groups WHERE query IS NOT NULL", &[])?;
    if count >= limits::DYNAMIC_GROUPS {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!(
                "There are {} dynamic thing groups, the most allowed; delete one first.",
                limits::DYNAMIC_GROUPS
            ),
        ));
    }
    let name = new.name.clone();
    let row = insert(sql, new, now)?.row;
    sql.execute("UPDATE thing_groups SET query = $1 WHERE row_id = $2", args![query, row])?;
    fleet_index::begin_filling(sql, row)?;
    fleet_index::fill(sql, row)?;
    group(sql, &name)?.ok_or_else(|| not_found(&name))
}

/// What makes a group dynamic, if it is.
pub(super) fn read(row: &Row<'_>) -> Result<Option<DynamicGroup>, StoreError> {
    let (query, filling, rebuilding): (Option<String>, Option<i64>, bool) =
        (row.get("query")?, row.get("filling")?, row.get("rebuilding")?);
    let status = match (filling, rebuilding) {
        (None, _) => GroupStatus::Active,
        (Some(_), false) => GroupStatus::Building,
        (Some(_), true) => GroupStatus::Rebuilding,
    };
    Ok(query.map(|query| DynamicGroup { query, status }))
}
