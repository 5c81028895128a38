//! Things that fit a query. One call looks at a bounded number of things and holds a reader for
//! that long only; who wants more calls again.

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::fleet_index::{IndexName, Query, ThingDocument};

use super::configuration;
use super::cursor::Cursor;
use super::documents::{add_groups, add_shadows};
use crate::sql::Sql;
use crate::{Page, Store, StoreError};

/// Things that one call looks at, at most (ours); a page may be short and still have a next one.
const LOOKED_AT: usize = 500;

impl Store {
    /// Looks for things that fit, at most `most`, after where an earlier call ended.
    ///
    /// # Errors
    /// `IndexNotReady` when things are not indexed; `InvalidRequest` for an `after` that no
    /// call gave.
    pub async fn find_things(
        &self,
        query: &Query,
        after: Option<&str>,
        most: usize,
    ) -> Result<Page<ThingDocument>, StoreError> {
        let cursor = after.map(|text| Cursor::parse(text).ok_or_else(foreign)).transpose()?;
        self.snapshot(|sql| find(sql, query, cursor, most)).await
    }
}

/// The refusal of a token that no search gave.
pub(super) fn foreign() -> Refusal {
    Refusal::new(
        ErrorCode::InvalidRequest,
        "The member 'nextToken' is not one that this operation gave; begin again without it.",
    )
}

/// There is no such index.
pub(crate) fn not_indexed(index: IndexName, code: ErrorCode) -> StoreError {
    let mode = match index {
        IndexName::Things => "thingIndexingMode",
        IndexName::ThingGroups => "thingGroupIndexingMode",
    };
    StoreError::refused(
        code,
        format!(
            "The index {} does not exist; switch {mode} on with UpdateIndexingConfiguration.",
            index.as_str()
        ),
    )
}

fn find(
    sql: &Sql<'_>,
    query: &Query,
    cursor: Option<Cursor>,
    most: usize,
) -> Result<Page<ThingDocument>, StoreError> {
    let indexing = configuration(sql)?.things;
    if !indexing.is_on() {
        return Err(not_indexed(IndexName::Things, ErrorCode::IndexNotReady));
    }
    let cursor = match cursor {
        Some(cursor) => cursor,
        None => Cursor::first(sql, &query.narrow())?,
    };
    let (found, last) = cursor.next(sql, query, LOOKED_AT)?;
    let asks_for_groups = query.asks_for("thingGroupNames") || query.asks_for("registry.");
    let asks_for_shadows = query.asks_for("shadow.");
    let mut items = Vec::new();
    for (row, mut document) in found {
        if asks_for_groups {
            add_groups(sql, row, &mut document, true)?;
        }
        if asks_for_shadows {
            add_shadows(sql, &indexing, &mut document)?;
        }
        if !query.fits(&document) {
            continue;
        }
        if !asks_for_shadows {
            add_shadows(sql, &indexing, &mut document)?;
        }
        if !asks_for_groups {
            add_groups(sql, row, &mut document, true)?;
        }
        let here = cursor.after(row, &document);
        items.push(document);
        if items.len() == most {
            return Ok(Page { items, next: Some(here.to_text()) });
        }
    }
    let next = (last != Cursor::End).then(|| last.to_text());
    Ok(Page { items, next })
}
