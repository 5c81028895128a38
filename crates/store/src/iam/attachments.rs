//! Managed policies on users, roles and groups.

use fleetwright_core::limits;
use fleetwright_core::managed_policy::AwsPolicy;
use fleetwright_core::names::{IamPath, PolicyName};

use super::identities::{Identity, IdentityKind, IdentityName, read, require};
use super::managed::{self, PolicyKey};
use super::{missing, quota};
use crate::sql::{Sql, args};
use crate::{Change, Store, StoreError};

impl Store {
    /// `AttachUserPolicy` and the like; twice is harmless. `ResourceNotFound` without either.
    pub async fn attach_managed_policy(
        &self,
        to: IdentityName,
        policy: PolicyKey,
    ) -> Result<(), StoreError> {
        self.write(move |sql| attach(sql, &to, &policy)).await
    }

    /// `DetachUserPolicy` and the like; `ResourceNotFound` when it is not attached.
    pub async fn detach_managed_policy(
        &self,
        from: IdentityName,
        policy: PolicyKey,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = require(sql, &from)?;
            let gone = sql.execute(
                "DELETE FROM managed_attachments WHERE identity_row = $1 AND policy = $2",
                args![found.row, &policy.column()],
            )?;
            if gone == 0 {
                return Err(missing(format!("The policy is not attached to {}.", found.name)));
            }
            sql.changed(Change::Identities);
            Ok(())
        })
        .await
    }

    /// The managed policies of an identity, each with its path, by name.
    pub async fn attached_managed_policies(
        &self,
        of: &IdentityName,
    ) -> Result<Vec<(PolicyKey, IamPath)>, StoreError> {
        self.snapshot(|sql| {
            let found = require(sql, of)?;
            attached(sql, found.row)
        })
        .await
    }

    /// Whom a managed policy is attached to, of one kind.
    pub async fn entities_of_managed_policy(
        &self,
        policy: &PolicyKey,
        kind: IdentityKind,
    ) -> Result<Vec<Identity>, StoreError> {
        let key = policy.column();
        self.read(|sql| {
            sql.all(
                "SELECT i.row_id, i.name, i.path, i.unique_id, i.created \
                 FROM managed_attachments a JOIN identities i ON i.row_id = a.identity_row \
                 WHERE a.policy = $1 AND i.kind = $2 ORDER BY i.folded",
                args![&key, kind.number()],
                read,
            )
        })
        .await
    }

    /// To how many a managed policy is attached.
    pub async fn attachments_of_managed_policy(
        &self,
        policy: &PolicyKey,
    ) -> Result<u32, StoreError> {
        let key = policy.column();
        let count = self
            .read(|sql| {
                sql.count("SELECT count(*) FROM managed_attachments WHERE policy = $1", args![&key])
            })
            .await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

/// Attaches a managed policy within a transaction.
pub(crate) fn attach(
    sql: &Sql<'_>,
    to: &IdentityName,
    policy: &PolicyKey,
) -> Result<(), StoreError> {
    let found = require(sql, to)?;
    if let PolicyKey::Own(name) = policy {
        managed::require(sql, name)?;
    }
    sql.execute(
        "INSERT INTO managed_attachments (identity_row, policy) VALUES ($1, $2) \
         ON CONFLICT (identity_row, policy) DO NOTHING",
        args![found.row, &policy.column()],
    )?;
    let count = sql.count(
        "SELECT count(*) FROM managed_attachments WHERE identity_row = $1",
        args![found.row],
    )?;
    if count > limits::IAM_ATTACHMENTS {
        return Err(quota("PoliciesPerEntity", limits::IAM_ATTACHMENTS));
    }
    sql.changed(Change::Identities);
    Ok(())
}

pub(super) fn attached(sql: &Sql<'_>, row: i64) -> Result<Vec<(PolicyKey, IamPath)>, StoreError> {
    let found: Vec<(String, Option<PolicyName>, Option<IamPath>)> = sql.all(
        "SELECT a.policy, p.name, p.path FROM managed_attachments a \
         LEFT JOIN managed_policies p ON p.folded = a.policy \
         WHERE a.identity_row = $1 ORDER BY a.policy",
        args![row],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    found
        .into_iter()
        .map(|(key, name, path)| {
            if let (Some(name), Some(path)) = (name, path) {
                return Ok((PolicyKey::Own(name), path));
            }
            let corrupt = || StoreError::Corrupt(format!("no managed policy '{key}'"));
            let policy = key.strip_prefix("aws:").and_then(AwsPolicy::find).ok_or_else(corrupt)?;
            let path = IamPath::parse(policy.path).map_err(|_| corrupt())?;
            Ok((PolicyKey::Aws(policy), path))
        })
        .collect()
}
