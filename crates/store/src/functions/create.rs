//! `CreateFunction`.

use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::function::{FunctionName, Version};
use fleetwright_core::time::Timestamp;

use super::{FunctionCode, FunctionSettings, FunctionVersion, code, publish, require_version};
use crate::sql::{Sql, args};
use crate::{Change, FunctionRow, Store, StoreError, Uuid, tags};

/// A function to be made.
#[derive(Debug, Clone)]
pub struct NewFunction {
    /// Its name.
    pub name: FunctionName,
    /// How it is run.
    pub settings: FunctionSettings,
    /// What is run.
    pub code: FunctionCode,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// `RevisionId` of `$LATEST`.
    pub revision: Uuid,
    /// `RevisionId` of version 1, if that is to be published at once.
    pub publish: Option<Uuid>,
}

impl Store {
    /// `CreateFunction`. Answers `$LATEST`, or version 1 when that was published.
    ///
    /// `ResourceAlreadyExists` by its name; `LimitExceeded` beyond the account's code storage.
    pub async fn create_function(
        &self,
        new: NewFunction,
        now: Timestamp,
    ) -> Result<FunctionVersion, StoreError> {
        self.write(move |sql| create(sql, &new, now)).await
    }
}

fn create(sql: &Sql<'_>, new: &NewFunction, now: Timestamp) -> Result<FunctionVersion, StoreError> {
    if sql.exists("SELECT 1 FROM functions WHERE name = $1", args![&new.name])? {
        return Err(StoreError::refused(
            ErrorCode::ResourceAlreadyExists,
            format!("Function already exist: {}", new.name),
        ));
    }
    let function = FunctionRow(sql.insert(
        "INSERT INTO functions (name, last_version) VALUES ($1, 0) RETURNING row_id",
        args![&new.name],
    )?);
    let size = code::keep(sql, &new.code)?;
    insert(
        sql,
        function,
        Version::Latest,
        &Content {
            revision: new.revision,
            settings: &new.settings,
            sha256: &new.code.sha256,
            size,
            modified: now,
        },
    )?;
    tags::put(sql, "function", function.0, &new.tags)?;
    code::check_storage(sql)?;
    sql.changed(Change::Function(new.name.clone()));
    let latest = require_version(sql, &new.name, None)?;
    match new.publish {
        Some(revision) => publish::publish(sql, function, &latest, None, revision, now),
        None => Ok(latest),
    }
}

/// What a version holds.
pub(super) struct Content<'a> {
    pub(super) revision: Uuid,
    pub(super) settings: &'a FunctionSettings,
    pub(super) sha256: &'a [u8; 32],
    pub(super) size: usize,
    pub(super) modified: Timestamp,
}

pub(super) fn insert(
    sql: &Sql<'_>,
    function: FunctionRow,
    version: Version,
    content: &Content<'_>,
) -> Result<(), StoreError> {
    let settings = content.settings;
    sql.execute(
        "INSERT INTO function_versions (function_row, version, revision, runtime, role_arn, \
         handler, description, seconds, memory, storage, architecture, tracing, environment, \
         code_sha256, code_size, modified) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        args![
            function,
            version,
            &content.revision,
            settings.runtime,
            &settings.role_arn,
            settings.handler.as_ref(),
            &settings.description,
            settings.seconds,
            settings.memory,
            settings.storage,
            &settings.architecture,
            &settings.tracing,
            settings.environment.as_ref(),
            content.sha256,
            content.size,
            content.modified
        ],
    )?;
    Ok(())
}
