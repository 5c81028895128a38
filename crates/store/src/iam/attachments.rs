//! Managed policies on users, roles and groups.

use fleetwright_core::limits;
use fleetwright_core::managed_policy::AwsPolicy;
use fleetwright_core::names::PolicyName;

use super::identities::{Identity, IdentityKind, read, row};
use super::managed::{self, PolicyKey};
use super::{missing, quota};
use crate::sql::{Sql, args};
use crate::{Change, Store, StoreError};

impl Store {
    /// `AttachUserPolicy` and the like; twice is harmless. `ResourceNotFound` without either.
    pub async fn attach_managed_policy(
        &self,
        to: Identity,
        policy: PolicyKey,
    ) -> Result<(), StoreError> {
        self.write(move |sql| attach(sql, &to, &policy)).await
    }

    /// `DetachUserPolicy` and the like; `ResourceNotFound` when it is not attached.
    pub async fn detach_managed_policy(
        &self,
        from: Identity,
        policy: PolicyKey,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = row(sql, &from)?;
            let gone = sql.execute(
                "DELETE FROM managed_attachments WHERE identity_row = $1 AND policy = $2",
                args![row, &policy.column()],
            )?;
            if gone == 0 {
                return Err(missing(format!("The policy is not attached to {}.", from.name)));
            }
            sql.changed(Change::Identities);
            Ok(())
        })
        .await
    }

    /// The managed policies of an identity, by name.
    pub async fn attached_managed_policies(
        &self,
        of: &Identity,
    ) -> Result<Vec<PolicyKey>, StoreError> {
        self.snapshot(|sql| attached(sql, row(sql, of)?)).await
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
                "SELECT i.row_id, i.name, i.path, i.unique_id, i.created, i.kind \
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
pub(crate) fn attach(sql: &Sql<'_>, to: &Identity, policy: &PolicyKey) -> Result<(), StoreError> {
    let row = row(sql, to)?;
    if let PolicyKey::Own(policy) = policy {
        managed::same(sql, policy)?;
    }
    sql.execute(
        "INSERT INTO managed_attachments (identity_row, policy) VALUES ($1, $2) \
         ON CONFLICT (identity_row, policy) DO NOTHING",
        args![row, &policy.column()],
    )?;
    let count =
        sql.count("SELECT count(*) FROM managed_attachments WHERE identity_row = $1", args![row])?;
    if count > limits::IAM_ATTACHMENTS {
        return Err(quota("PoliciesPerEntity", limits::IAM_ATTACHMENTS));
    }
    sql.changed(Change::Identities);
    Ok(())
}

pub(super) fn attached(sql: &Sql<'_>, row: i64) -> Result<Vec<PolicyKey>, StoreError> {
    let keys: Vec<String> = sql.all(
        "SELECT policy FROM managed_attachments WHERE identity_row = $1 ORDER BY policy",
        args![row],
        |row| row.value(),
    )?;
    keys.into_iter().map(|key| of_column(sql, &key)).collect()
}

/// The policy of the attachments' column.
fn of_column(sql: &Sql<'_>, key: &str) -> Result<PolicyKey, StoreError> {
    let found = match key.strip_prefix("aws:") {
        Some(name) => AwsPolicy::find(name).map(PolicyKey::Aws),
        None => match PolicyName::parse(key) {
            Ok(name) => managed::find(sql, &name)?.map(PolicyKey::Own),
            Err(_) => None,
        },
    };
    found.ok_or_else(|| StoreError::Corrupt(format!("no managed policy '{key}'")))
}
