//! `PublishVersion`: a snapshot of `$LATEST`.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::function::{FunctionName, Version};
use fleetwright_core::time::Timestamp;

use super::create::{Content, insert};
use super::{
    FROM, FunctionSettings, FunctionVersion, VERSION, code, expect, read_version, require,
    require_version,
};
use crate::sql::{Sql, args};
use crate::{Change, FunctionRow, Store, StoreError, Uuid};

/// A wish to publish.
#[derive(Debug, Clone, Default)]
pub struct PublishFunction {
    /// `CodeSha256` that `$LATEST` must have.
    pub code_sha256: Option<[u8; 32]>,
    /// `RevisionId` that `$LATEST` must have.
    pub expected: Option<Uuid>,
    /// The version's own description.
    pub description: Option<String>,
    /// `RevisionId` of the new version.
    pub revision: Uuid,
}

impl Store {
    /// `PublishVersion`. When nothing but descriptions differs from the newest version, that one
    /// is the answer and nothing is made.
    ///
    /// `InvalidRequest` for another code, `VersionConflict` for another revision,
    /// `LimitExceeded` beyond the account's code storage.
    pub async fn publish_function(
        &self,
        name: FunctionName,
        wish: PublishFunction,
        now: Timestamp,
    ) -> Result<FunctionVersion, StoreError> {
        self.write(move |sql| {
            let function = require(sql, &name)?;
            let latest = require_version(sql, &name, None)?;
            expect(wish.expected, latest.revision, "GetFunction/GetAlias")?;
            if wish.code_sha256.is_some_and(|sha256| sha256 != latest.code_sha256) {
                return Err(StoreError::refused(
                    ErrorCode::InvalidRequest,
                    "The CodeSha256 is different from the current CodeSha256 in $LATEST. Please \
                     try again with the CodeSha256 in $LATEST.",
                ));
            }
            publish(sql, function, &latest, wish.description.as_deref(), wish.revision, now)
        })
        .await
    }
}

/// The version that a snapshot of `$LATEST` is.
pub(super) fn publish(
    sql: &Sql<'_>,
    function: FunctionRow,
    latest: &FunctionVersion,
    description: Option<&str>,
    revision: Uuid,
    now: Timestamp,
) -> Result<FunctionVersion, StoreError> {
    let newest = sql.one(
        &format!(
            "SELECT {VERSION} {FROM} WHERE v.function_row = $1 AND v.version > 0 \
             ORDER BY v.version DESC LIMIT 1"
        ),
        args![function],
        read_version,
    )?;
    if let Some(newest) = newest.filter(|newest| is_same(newest, latest)) {
        return Ok(newest);
    }
    let number =
        sql.count("SELECT last_version FROM functions WHERE row_id = $1", args![function])?;
    let number = u32::try_from(number + 1).unwrap_or(u32::MAX);
    let description = description.unwrap_or(&latest.settings.description).to_owned();
    insert(
        sql,
        function,
        Version::Published(number),
        &Content {
            revision,
            settings: &FunctionSettings { description, ..latest.settings.clone() },
            sha256: &latest.code_sha256,
            size: usize::try_from(latest.code_size).unwrap_or(usize::MAX),
            modified: now,
        },
    )?;
    sql.execute(
        "UPDATE functions SET last_version = $1 WHERE row_id = $2",
        args![number, function],
    )?;
    code::check_storage(sql)?;
    sql.changed(Change::Function(latest.name.clone()));
    let version = fleetwright_core::function::Qualifier::Version(Version::Published(number));
    require_version(sql, &latest.name, Some(&version))
}

fn is_same(newest: &FunctionVersion, latest: &FunctionVersion) -> bool {
    let description = latest.settings.description.clone();
    newest.code_sha256 == latest.code_sha256
        && FunctionSettings { description, ..newest.settings.clone() } == latest.settings
}
