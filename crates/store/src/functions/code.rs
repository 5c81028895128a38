//! Deployment packages, kept once each and gone with the last version that needs them.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits::FUNCTION_CODE_BYTES;

use crate::sql::{Sql, args};
use crate::{Store, StoreError};

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
        self.read(|sql| sql.one(text, args![sha256], |row| row.get(0))).await
    }

    /// How many functions there are, and the bytes of all versions' deployment packages.
    pub async fn function_usage(&self) -> Result<(u64, u64), StoreError> {
        self.snapshot(|sql| {
            let functions = sql.count("SELECT count(*) FROM functions", args![])?;
            Ok((functions as u64, used(sql)?))
        })
        .await
    }
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
