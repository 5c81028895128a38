//! Versions of policies.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::PolicyName;
use fleetwright_core::time::Timestamp;

use super::{Policy, VERSIONS, find, note, require, require_policy};
use crate::event::EventOperation;
use crate::sql::Sql;
use crate::{Change, DocumentVersion, Store, StoreError};

impl Store {
    /// `CreatePolicyVersion`: at most [`fleetwright_core::limits::POLICY_VERSIONS`].
    pub async fn create_policy_version(
        &self,
        name: PolicyName,
        document: String,
        set_default: bool,
        now: Timestamp,
    ) -> Result<DocumentVersion, StoreError> {
        self.write(move |sql| create_version(sql, &name, document, set_default, now)).await
    }

    /// A version of a policy; `None` when the policy or the version does not exist.
    pub async fn policy_version(
        &self,
        name: &PolicyName,
        version: u32,
    ) -> Result<Option<DocumentVersion>, StoreError> {
        self.snapshot(|sql| {
            let Some(row) = find(sql, name)? else { return Ok(None) };
            VERSIONS.one(sql, row.0, version)
        })
        .await
    }

    /// All versions of a policy, newest first; `ResourceNotFound` without the policy.
    pub async fn policy_versions(
        &self,
        name: &PolicyName,
    ) -> Result<Vec<DocumentVersion>, StoreError> {
        self.snapshot(|sql| VERSIONS.all(sql, require(sql, name)?.0)).await
    }

    /// `SetDefaultPolicyVersion`.
    pub async fn set_default_policy_version(
        &self,
        name: PolicyName,
        version: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let policy = require_policy(sql, &name)?;
            require_version(sql, &policy, version)?;
            VERSIONS.set_default(sql, policy.row.0, version, Some(now))?;
            note_default(sql, &policy, version)
        })
        .await
    }

    /// `DeletePolicyVersion`: not the one in force (`DeleteConflict`).
    pub async fn delete_policy_version(
        &self,
        name: PolicyName,
        version: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let policy = require_policy(sql, &name)?;
            let found = require_version(sql, &policy, version)?;
            VERSIONS.remove(sql, policy.row.0, &found, Some(now), || {
                "Cannot delete the default version of a policy".to_owned()
            })
        })
        .await
    }
}

fn require_version(
    sql: &Sql<'_>,
    policy: &Policy,
    version: u32,
) -> Result<DocumentVersion, StoreError> {
    VERSIONS.one(sql, policy.row.0, version)?.ok_or_else(|| {
        let name = &policy.name;
        StoreError::refused(
            ErrorCode::ResourceNotFound,
            format!("Policy version not found: policy {name} has no version {version}"),
        )
    })
}

/// Another version of a policy is in force, or the same again.
fn note_default(sql: &Sql<'_>, policy: &Policy, version: u32) -> Result<(), StoreError> {
    if version != policy.default_version {
        note(sql, EventOperation::Updated, &policy.name, version)?;
    }
    sql.changed(Change::Policy(policy.row));
    Ok(())
}

fn create_version(
    sql: &Sql<'_>,
    name: &PolicyName,
    document: String,
    as_default: bool,
    now: Timestamp,
) -> Result<DocumentVersion, StoreError> {
    let policy = require_policy(sql, name)?;
    let made = VERSIONS.add(sql, policy.row.0, document, as_default, now, |versions| {
        format!(
            "The policy {name} already has the maximum number of versions ({versions}); delete \
             one first."
        )
    })?;
    if as_default {
        note_default(sql, &policy, made.version)?;
    }
    Ok(made)
}
