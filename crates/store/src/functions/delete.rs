//! `DeleteFunction`: all of a function, or one of its versions.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::function::{FunctionName, Qualifier, Version};

use super::{code, policy, require, require_version};
use crate::sql::{Sql, args};
use crate::{Change, FunctionRow, Store, StoreError, tags};

impl Store {
    /// `DeleteFunction` without a qualifier: its versions, aliases, permissions and tags as well.
    pub async fn delete_function(&self, name: FunctionName) -> Result<(), StoreError> {
        self.write(move |sql| {
            let function = require(sql, &name)?;
            policy::remove_all(sql, function)?;
            for table in ["function_aliases", "function_versions"] {
                let text = format!("DELETE FROM {table} WHERE function_row = $1");
                sql.execute(&text, args![function])?;
            }
            sql.execute("DELETE FROM functions WHERE row_id = $1", args![function])?;
            tags::remove(sql, "function", function.0)?;
            code::sweep(sql)?;
            sql.changed(Change::Function(name));
            Ok(())
        })
        .await
    }

    /// `DeleteFunction` of a published version.
    ///
    /// `ResourceConflicts` while an alias points at it.
    pub async fn delete_function_version(
        &self,
        name: FunctionName,
        version: u32,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let function = require(sql, &name)?;
            let qualifier = Qualifier::Version(Version::Published(version));
            let found = require_version(sql, &name, Some(&qualifier))?;
            check_unused(sql, function, version)?;
            policy::remove(sql, function, &version.to_string())?;
            sql.execute("DELETE FROM function_versions WHERE row_id = $1", args![found.row])?;
            code::sweep(sql)?;
            sql.changed(Change::Function(name));
            Ok(())
        })
        .await
    }
}

fn check_unused(sql: &Sql<'_>, function: FunctionRow, version: u32) -> Result<(), StoreError> {
    let users: Vec<String> = sql.all(
        "SELECT name FROM function_aliases WHERE function_row = $1 \
         AND (version = $2 OR extra_version = $2) ORDER BY name LIMIT 20",
        args![function, version],
        |row| row.value(),
    )?;
    if users.is_empty() {
        return Ok(());
    }
    Err(StoreError::refused(
        ErrorCode::ResourceConflicts,
        format!(
            "Unable to delete version because the following aliases reference it: [{}]",
            users.join(", ")
        ),
    ))
}
