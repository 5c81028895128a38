//! Versions of policies.

use fleetwright_core::certificate::Instant;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::names::PolicyName;

use super::{insert_version, not_found, require, require_policy};
use crate::sql::{Row, Sql, args};
use crate::{Change, PolicyRow, Store, StoreError};

/// A version of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Its number, from 1; never used twice.
    pub version: u32,
    /// Whether it is the one in force.
    pub is_default: bool,
    /// Its document, JSON text.
    pub document: String,
    /// When it was made.
    pub created: Instant,
}

impl Store {
    /// `CreatePolicyVersion`: at most [`limits::POLICY_VERSIONS`].
    pub async fn create_policy_version(
        &self,
        name: PolicyName,
        document: String,
        set_default: bool,
        now: Instant,
    ) -> Result<PolicyVersion, StoreError> {
        self.write(move |sql| create_version(sql, &name, document, set_default, now)).await
    }

    /// A version of a policy; `None` when the policy or the version does not exist.
    pub async fn policy_version(
        &self,
        name: &PolicyName,
        version: u32,
    ) -> Result<Option<PolicyVersion>, StoreError> {
        self.read(|sql| {
            sql.one(
                "SELECT v.version, v.version = p.default_version, v.document, v.created \
                 FROM policies p JOIN policy_versions v ON v.policy_row = p.row_id \
                 WHERE p.name = $1 AND v.version = $2",
                args![name, version],
                read_version,
            )
        })
        .await
    }

    /// All versions of a policy, newest first; `ResourceNotFound` without the policy.
    pub async fn policy_versions(
        &self,
        name: &PolicyName,
    ) -> Result<Vec<PolicyVersion>, StoreError> {
        self.snapshot(|sql| {
            let row = require(sql, name)?;
            sql.all(
                "SELECT v.version, v.version = p.default_version, v.document, v.created \
                 FROM policies p JOIN policy_versions v ON v.policy_row = p.row_id \
                 WHERE p.row_id = $1 ORDER BY v.version DESC",
                args![row],
                read_version,
            )
        })
        .await
    }

    /// `SetDefaultPolicyVersion`.
    pub async fn set_default_policy_version(
        &self,
        name: PolicyName,
        version: u32,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &name)?;
            require_version(sql, &name, row, version)?;
            set_default(sql, row, version, now)
        })
        .await
    }

    /// `DeletePolicyVersion`: not the one in force (`DeleteConflict`).
    pub async fn delete_policy_version(
        &self,
        name: PolicyName,
        version: u32,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = require_policy(sql, &name)?;
            require_version(sql, &name, found.row, version)?;
            if found.default_version == version {
                return Err(StoreError::refused(
                    ErrorCode::DeleteConflict,
                    "Cannot delete the default version of a policy",
                ));
            }
            sql.execute(
                "DELETE FROM policy_versions WHERE policy_row = $1 AND version = $2",
                args![found.row, version],
            )?;
            sql.execute(
                "UPDATE policies SET modified = $1 WHERE row_id = $2",
                args![now, found.row],
            )?;
            Ok(())
        })
        .await
    }
}

fn require_version(
    sql: &Sql<'_>,
    name: &PolicyName,
    row: PolicyRow,
    version: u32,
) -> Result<(), StoreError> {
    let found = sql.exists(
        "SELECT 1 FROM policy_versions WHERE policy_row = $1 AND version = $2",
        args![row, version],
    )?;
    if found {
        return Ok(());
    }
    Err(StoreError::refused(
        ErrorCode::ResourceNotFound,
        format!("Policy version not found: policy {name} has no version {version}"),
    ))
}

fn set_default(
    sql: &Sql<'_>,
    row: PolicyRow,
    version: u32,
    now: Instant,
) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE policies SET default_version = $1, modified = $2 WHERE row_id = $3",
        args![version, now, row],
    )?;
    sql.changed(Change::Policy(row));
    Ok(())
}

fn create_version(
    sql: &Sql<'_>,
    name: &PolicyName,
    document: String,
    as_default: bool,
    now: Instant,
) -> Result<PolicyVersion, StoreError> {
    let row = require(sql, name)?;
    let versions =
        sql.count("SELECT count(*) FROM policy_versions WHERE policy_row = $1", args![row])?;
    if versions >= limits::POLICY_VERSIONS {
        return Err(StoreError::refused(
            ErrorCode::VersionsLimitExceeded,
            format!(
                "The policy {name} already has the maximum number of versions ({versions}); \
                 delete one first."
            ),
        ));
    }
    let version: u32 = sql
        .one(
            "UPDATE policies SET next_version = next_version + 1, modified = $1 \
             WHERE row_id = $2 RETURNING next_version - 1",
            args![now, row],
            |row| row.get(0),
        )?
        .ok_or_else(|| not_found(name))?;
    insert_version(sql, row, version, &document, now)?;
    if as_default {
        set_default(sql, row, version, now)?;
    }
    Ok(PolicyVersion { version, is_default: as_default, document, created: now })
}

fn read_version(row: &Row<'_>) -> Result<PolicyVersion, StoreError> {
    Ok(PolicyVersion {
        version: row.get(0)?,
        is_default: row.get(1)?,
        document: row.get(2)?,
        created: row.get(3)?,
    })
}
