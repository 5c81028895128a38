//! Thing groups that fit a query.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::fleet_index::{GroupDocument, IndexName, Query};

use super::configuration;
use super::documents::groups;
use super::find::{foreign, not_indexed};
use crate::sql::Sql;
use crate::{Page, Store, StoreError};

/// Groups that one call looks at, at most (ours).
const LOOKED_AT: usize = 250;

impl Store {
    /// Looks for thing groups that fit, by name, at most `most`, after where an earlier call
    /// ended.
    ///
    /// # Errors
    /// As [`Store::find_things`].
    pub async fn find_groups(
        &self,
        query: &Query,
        after: Option<&str>,
        most: usize,
    ) -> Result<Page<GroupDocument>, StoreError> {
        let after = match after {
            None => "",
            Some(text) => text.strip_prefix('g').ok_or_else(foreign)?,
        };
        self.snapshot(|sql| find(sql, query, after, most)).await
    }
}

fn find(
    sql: &Sql<'_>,
    query: &Query,
    after: &str,
    most: usize,
) -> Result<Page<GroupDocument>, StoreError> {
    if !configuration(sql)?.groups.on {
        return Err(not_indexed(IndexName::ThingGroups, ErrorCode::IndexNotReady));
    }
    let found = groups(sql, after, LOOKED_AT)?;
    let more = found.len() == LOOKED_AT;
    let last = found.last().map(|group| format!("g{}", group.name)).filter(|_| more);
    let mut items = Vec::new();
    for group in found {
        if query.fits(&group) {
            items.push(group);
        }
        if items.len() == most {
            let next = items.last().map(|group: &GroupDocument| format!("g{}", group.name));
            return Ok(Page { items, next });
        }
    }
    Ok(Page { items, next: last })
}
