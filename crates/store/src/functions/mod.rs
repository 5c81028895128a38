//! Lambda functions: what changes (`$LATEST`), published versions that never do, aliases that
//! point at versions, and who may invoke which of them. Code is kept once, by its SHA-256.

mod aliases;
mod code;
mod create;
mod delete;
mod list;
mod policy;
mod publish;
mod resolve;
mod update;

pub use aliases::{AliasUpdate, FunctionAlias};
pub use code::{FunctionCode, FunctionUsage};
pub use create::NewFunction;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::function::{FunctionName, FunctionRef, Qualifier, Runtime, Version};
use fleetwright_core::time::Timestamp;
pub use list::VersionKey;
pub use policy::FunctionPolicy;
pub use publish::PublishFunction;
pub use resolve::{FunctionRevision, ResolvedFunction};
pub use update::FunctionUpdate;

use crate::sql::{Cell, Column, Param, Row, Sql, args};
use crate::{FunctionRow, FunctionVersionRow, Store, StoreError, Uuid};

/// How a version's code is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSettings {
    /// For what its code is written.
    pub runtime: Runtime,
    /// The execution role.
    pub role_arn: String,
    /// Where the code begins; not needed by `provided` runtimes.
    pub handler: Option<String>,
    /// What it is for; empty when nothing was said.
    pub description: String,
    /// Seconds that an invocation may take.
    pub seconds: u32,
    /// Memory, MB.
    pub memory: u32,
    /// Size of `/tmp`, MB.
    pub storage: u32,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// `PassThrough` or `Active`.
    pub tracing: String,
    /// Environment variables, sealed; `None` when there are none.
    pub environment: Option<Vec<u8>>,
}

/// A version of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionVersion {
    /// Its row.
    pub row: FunctionVersionRow,
    /// The function.
    pub name: FunctionName,
    /// `$LATEST` or a number.
    pub version: Version,
    /// `RevisionId`
    pub revision: Uuid,
    /// How it is run.
    pub settings: FunctionSettings,
    /// SHA-256 of the deployment package.
    pub code_sha256: [u8; 32],
    /// Bytes of the deployment package.
    pub code_size: u64,
    /// When it was last changed; of a published version, when it was published.
    pub modified: Timestamp,
}

/// Columns of a version, in the order of [`read_version`]; `v` is `function_versions` and `f`
/// `functions`.
const VERSION: &str = "v.row_id, f.name, v.version, v.revision, v.runtime, v.role_arn, v.handler, \
     v.description, v.seconds, v.memory, v.storage, v.architecture, v.tracing, v.environment, \
     v.code_sha256, v.code_size, v.modified";
const FROM: &str = "FROM function_versions v JOIN functions f ON f.row_id = v.function_row";

fn read_version(row: &Row<'_>) -> Result<FunctionVersion, StoreError> {
    let size: i64 = row.get("code_size")?;
    Ok(FunctionVersion {
        row: row.get("row_id")?,
        name: row.get("name")?,
        version: row.get("version")?,
        revision: row.get("revision")?,
        settings: FunctionSettings {
            runtime: row.get("runtime")?,
            role_arn: row.get("role_arn")?,
            handler: row.get("handler")?,
            description: row.get("description")?,
            seconds: row.get("seconds")?,
            memory: row.get("memory")?,
            storage: row.get("storage")?,
            architecture: row.get("architecture")?,
            tracing: row.get("tracing")?,
            environment: row.get("environment")?,
        },
        code_sha256: row.get("code_sha256")?,
        code_size: size.unsigned_abs(),
        modified: row.get("modified")?,
    })
}

impl Store {
    /// A version of a function; an alias gives the version that it points at, no qualifier
    /// `$LATEST`.
    pub async fn function(
        &self,
        name: &FunctionName,
        qualifier: Option<&Qualifier>,
    ) -> Result<Option<FunctionVersion>, StoreError> {
        self.snapshot(|sql| find(sql, name, qualifier)).await
    }

    /// What a function reserves of the account's concurrent invocations.
    pub async fn function_concurrency(
        &self,
        name: &FunctionName,
    ) -> Result<Option<u32>, StoreError> {
        self.read(|sql| {
            let text = "SELECT reserved FROM functions WHERE name = $1";
            Ok(sql.one(text, args![name], |row| row.value())?.flatten())
        })
        .await
    }
}

/// The version behind a name and qualifier.
fn find(
    sql: &Sql<'_>,
    name: &FunctionName,
    qualifier: Option<&Qualifier>,
) -> Result<Option<FunctionVersion>, StoreError> {
    let version = match qualifier {
        None => Version::Latest,
        Some(Qualifier::Version(version)) => *version,
        Some(Qualifier::Alias(alias)) => {
            let Some(row) = row(sql, name)? else { return Ok(None) };
            match aliases::find(sql, row, alias)? {
                Some(alias) => alias.version,
                None => return Ok(None),
            }
        }
    };
    sql.one(
        &format!("SELECT {VERSION} {FROM} WHERE f.name = $1 AND v.version = $2"),
        args![name, version],
        read_version,
    )
}

fn row(sql: &Sql<'_>, name: &FunctionName) -> Result<Option<FunctionRow>, StoreError> {
    sql.one("SELECT row_id FROM functions WHERE name = $1", args![name], |row| row.value())
}

/// The row of a function, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &FunctionName) -> Result<FunctionRow, StoreError> {
    row(sql, name)?.ok_or_else(|| no_function(sql, name, None))
}

/// The version behind a name and qualifier, or `ResourceNotFound`.
fn require_version(
    sql: &Sql<'_>,
    name: &FunctionName,
    qualifier: Option<&Qualifier>,
) -> Result<FunctionVersion, StoreError> {
    find(sql, name, qualifier)?.ok_or_else(|| no_function(sql, name, qualifier))
}

fn no_function(sql: &Sql<'_>, name: &FunctionName, qualifier: Option<&Qualifier>) -> StoreError {
    let arn = FunctionRef { name: name.clone(), qualifier: qualifier.cloned() }.arn(sql.scope);
    StoreError::refused(ErrorCode::ResourceNotFound, format!("Function not found: {arn}"))
}

/// Refuses a change to what is no longer what its caller last saw.
fn expect(expected: Option<Uuid>, found: Uuid, call: &str) -> Result<(), StoreError> {
    match expected {
        Some(expected) if expected != found => Err(StoreError::refused(
            ErrorCode::VersionConflict,
            format!(
                "The Revision Id provided does not match the latest Revision Id. Call the {call} \
                 API to retrieve the latest Revision Id"
            ),
        )),
        _ => Ok(()),
    }
}

/// Version 0 is `$LATEST`.
impl Column for Version {
    fn read(cell: Cell<'_>) -> Option<Self> {
        u32::read(cell).map(|number| match number {
            0 => Self::Latest,
            number => Self::Published(number),
        })
    }
}
impl From<Version> for Param<'_> {
    fn from(version: Version) -> Self {
        match version {
            Version::Latest => Self::Int(0),
            Version::Published(number) => Self::Int(number.into()),
        }
    }
}
impl Column for Runtime {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Self::parse(text).ok(),
            _ => None,
        }
    }
}
impl From<Runtime> for Param<'_> {
    fn from(runtime: Runtime) -> Self {
        Self::Text(runtime.as_str())
    }
}
