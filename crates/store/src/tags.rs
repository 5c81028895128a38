//! The rows of tags: at most [`limits::TAGS`] of a resource. Which resource, their callers know.

use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;

use crate::StoreError;
use crate::sql::{Sql, args};

/// Kinds of IAM: two keys that differ in case are one. AWS: IAM user guide, "Rules for tagging".
const WITHOUT_CASE: [&str; 3] = ["identity", "managed_policy", "oidc_provider"];

/// The tags of a resource.
pub(crate) fn of(
    sql: &Sql<'_>,
    kind: &str,
    row: i64,
) -> Result<BTreeMap<String, String>, StoreError> {
    let pairs = sql.all(
        "SELECT tag_key, tag_value FROM tags WHERE kind = $1 AND resource_row = $2",
        args![kind, row],
        |row| Ok((row.get("tag_key")?, row.get("tag_value")?)),
    )?;
    Ok(pairs.into_iter().collect())
}

/// Adds tags to a resource, within the bound.
pub(crate) fn put(
    sql: &Sql<'_>,
    kind: &str,
    row: i64,
    tags: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    if tags.is_empty() {
        return Ok(());
    }
    for (key, value) in tags {
        if WITHOUT_CASE.contains(&kind) {
            remove_key(sql, kind, row, key)?;
        }
        sql.execute(
            "INSERT INTO tags (kind, resource_row, tag_key, tag_value) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (kind, resource_row, tag_key) DO UPDATE SET tag_value = excluded.tag_value",
            args![kind, row, key, value],
        )?;
    }
    let count = sql.count(
        "SELECT count(*) FROM tags WHERE kind = $1 AND resource_row = $2",
        args![kind, row],
    )?;
    if count > limits::TAGS {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!("A resource may have at most {} tags; this would make {count}.", limits::TAGS),
        ));
    }
    Ok(())
}

/// Removes a tag; one that is not there is no error.
pub(crate) fn remove_key(sql: &Sql<'_>, kind: &str, row: i64, key: &str) -> Result<(), StoreError> {
    let (column, key) = match WITHOUT_CASE.contains(&kind) {
        true => ("lower(tag_key)", key.to_ascii_lowercase()),
        false => ("tag_key", key.to_owned()),
    };
    let text = format!("DELETE FROM tags WHERE kind = $1 AND resource_row = $2 AND {column} = $3");
    sql.execute(&text, args![kind, row, &key])?;
    Ok(())
}

/// Removes all tags of a resource that goes.
pub(crate) fn remove(sql: &Sql<'_>, kind: &str, row: i64) -> Result<(), StoreError> {
    sql.execute("DELETE FROM tags WHERE kind = $1 AND resource_row = $2", args![kind, row])?;
    Ok(())
}
