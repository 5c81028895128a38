//! Deployment packages, kept once each and gone with the last version that needs them.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits::FUNCTION_CODE_BYTES;

use crate::sql::{Sql, args};
use crate::{Store, StoreError};

/// What an account's functions take of its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionUsage {
    /// How many there are.
    pub functions: u64,
    /// Bytes of the deployment packages of all versions.
    pub bytes: u64,
    /// Concurrent invocations that they reserve.
    pub reserved: u32,
}

/// A deployment package.
#[derive(Clone, PartialEq, Eq)]
pub struct FunctionCode {
    /// SHA-256 of `zip`, by the caller.
    pub sha256: [u8; 32],
    /// The ZIP archive.
    pub zip: Vec<u8>,
}

impl std::fmt::Debug for FunctionCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FunctionCode").field("bytes", &self.zip.len()).finish_non_exhaustive()
    }
}

impl Store {
    /// The deployment package of a SHA-256, as it was sent.
    pub async fn function_code(&self, sha256: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        let text = "SELECT content FROM function_code WHERE sha256 = $1";
        self.read(|sql| sql.one(text, args![sha256], |row| row.value())).await
    }

    /// What all functions take together.
    pub async fn function_usage(&self) -> Result<FunctionUsage, StoreError> {
        self.snapshot(|sql| {
            let functions = sql.count("SELECT count(*) FROM functions", args![])?;
            let (bytes, reserved) = (used(sql)?, reserved(sql)?);
            Ok(FunctionUsage { functions: functions as u64, bytes, reserved })
        })
        .await
    }
}

/// Concurrent invocations that all functions reserve.
pub(super) fn reserved(sql: &Sql<'_>) -> Result<u32, StoreError> {
    let sum = sql.count("SELECT coalesce(sum(reserved), 0) FROM functions", args![])?;
    Ok(u32::try_from(sum).unwrap_or(u32::MAX))
}

fn used(sql: &Sql<'_>) -> Result<u64, StoreError> {
    let text = "SELECT coalesce(sum(code_size), 0) FROM function_versions";
    Ok(sql.count(text, args![])? as u64)
}

/// Keeps a package unless it is kept already; answers its bytes.
pub(super) fn keep(sql: &Sql<'_>, code: &FunctionCode) -> Result<usize, StoreError> {
    sql.execute(
        "INSERT INTO function_code (sha256, content) VALUES ($1, $2) \
         ON CONFLICT (sha256) DO NOTHING",
        args![&code.sha256, &code.zip],
    )?;
    Ok(code.zip.len())
}

/// Refuses what has grown beyond the account's storage.
pub(super) fn check_storage(sql: &Sql<'_>) -> Result<(), StoreError> {
    let used = used(sql)?;
    if used <= FUNCTION_CODE_BYTES {
        return Ok(());
    }
    Err(StoreError::refused(
        ErrorCode::LimitExceeded,
        format!(
            "Code storage limit exceeded: the deployment packages of all versions would have \
             {used} bytes, of at most {FUNCTION_CODE_BYTES}; delete versions or functions."
        ),
    ))
}

/// Removes packages that no version needs.
pub(super) fn sweep(sql: &Sql<'_>) -> Result<(), StoreError> {
    sql.execute(
        "DELETE FROM function_code WHERE NOT EXISTS \
         (SELECT 1 FROM function_versions v WHERE v.code_sha256 = function_code.sha256)",
        args![],
    )?;
    Ok(())
}
