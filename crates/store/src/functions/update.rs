//! `UpdateFunctionCode` and `UpdateFunctionConfiguration`: both change `$LATEST`.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::function::FunctionName;
use fleetwright_core::limits::{FUNCTION_CONCURRENCY, FUNCTION_UNRESERVED_CONCURRENCY};
use fleetwright_core::time::Timestamp;

use super::{
    FunctionCode, FunctionSettings, FunctionVersion, code, expect, publish, require,
    require_version,
};
use crate::sql::{Sql, args};
use crate::{Change, Store, StoreError, Uuid};

/// Changes settings as they are when the change is made.
type ChangeSettings = Box<dyn FnOnce(&mut FunctionSettings) + Send>;

/// A change of `$LATEST`.
pub struct FunctionUpdate {
    /// `RevisionId` that `$LATEST` must have.
    pub expected: Option<Uuid>,
    /// New code.
    pub code: Option<FunctionCode>,
    /// What becomes of the settings.
    pub settings: ChangeSettings,
    /// The new `RevisionId`.
    pub revision: Uuid,
    /// `RevisionId` of a version that is to be published at once.
    pub publish: Option<Uuid>,
}

impl Store {
    /// Changes `$LATEST`. Answers it, or the version that was published.
    ///
    /// `VersionConflict` for another revision, `LimitExceeded` beyond the account's code storage.
    pub async fn update_function(
        &self,
        name: FunctionName,
        update: FunctionUpdate,
        now: Timestamp,
    ) -> Result<FunctionVersion, StoreError> {
        self.write(move |sql| change(sql, &name, update, now)).await
    }

    /// `PutFunctionConcurrency` and `DeleteFunctionConcurrency`. `InvalidRequest` when too little
    /// would be left for functions that reserve nothing.
    pub async fn set_function_concurrency(
        &self,
        name: FunctionName,
        reserved: Option<u32>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let function = require(sql, &name)?;
            sql.execute(
                "UPDATE functions SET reserved = $1 WHERE row_id = $2",
                args![reserved, function],
            )?;
            if reserved.is_some() {
                check_concurrency(sql)?;
            }
            sql.changed(Change::Function(name));
            Ok(())
        })
        .await
    }
}

fn check_concurrency(sql: &Sql<'_>) -> Result<(), StoreError> {
    if code::reserved(sql)? <= FUNCTION_CONCURRENCY - FUNCTION_UNRESERVED_CONCURRENCY {
        return Ok(());
    }
    Err(StoreError::refused(
        ErrorCode::InvalidRequest,
        format!(
            "Specified ReservedConcurrentExecutions for function decreases account's \
             UnreservedConcurrentExecution below its minimum value of \
             [{FUNCTION_UNRESERVED_CONCURRENCY}]."
        ),
    ))
}

fn change(
    sql: &Sql<'_>,
    name: &FunctionName,
    update: FunctionUpdate,
    now: Timestamp,
) -> Result<FunctionVersion, StoreError> {
    let function = require(sql, name)?;
    let mut latest = require_version(sql, name, None)?;
    expect(update.expected, latest.revision, "GetFunction/GetAlias")?;
    (update.settings)(&mut latest.settings);
    if let Some(code) = &update.code {
        latest.code_sha256 = code.sha256;
        latest.code_size = code::keep(sql, code)? as u64;
    }
    let settings = &latest.settings;
    sql.execute(
        "UPDATE function_versions SET revision = $1, runtime = $2, role_arn = $3, handler = $4, \
         description = $5, seconds = $6, memory = $7, storage = $8, architecture = $9, \
         tracing = $10, environment = $11, code_sha256 = $12, code_size = $13, modified = $14 \
         WHERE row_id = $15",
        args![
            &update.revision,
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
            &latest.code_sha256,
            i64::try_from(latest.code_size).unwrap_or(i64::MAX),
            now,
            latest.row
        ],
    )?;
    code::sweep(sql)?;
    code::check_storage(sql)?;
    sql.changed(Change::Function(name.clone()));
    let latest = require_version(sql, name, None)?;
    match update.publish {
        Some(revision) => publish::publish(sql, function, &latest, None, revision, now),
        None => Ok(latest),
    }
}
