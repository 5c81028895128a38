//! What an identity may do: every policy that applies to it.

use fleetwright_core::names::PolicyName;

use super::attachments::attached;
use super::identities::{IdentityName, find};
use super::managed::{self, PolicyKey};
use crate::sql::{Sql, args};
use crate::{Store, StoreError};

/// An identity policy in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedPolicy {
    /// Its name.
    pub name: PolicyName,
    /// The version of a managed policy; 1 for an inline one.
    pub version: u32,
    /// Its document, JSON text.
    pub document: String,
}

impl Store {
    /// The policies of a user or role, inline and managed, those of a user's groups included;
    /// `None` when there is no such identity.
    pub async fn granted_policies(
        &self,
        name: &IdentityName,
    ) -> Result<Option<Vec<GrantedPolicy>>, StoreError> {
        self.snapshot(|sql| {
            let Some(found) = find(sql, name)? else { return Ok(None) };
            let mut rows = vec![found.row];
            let groups = sql.all(
                "SELECT group_row FROM group_members WHERE user_row = $1 ORDER BY group_row",
                args![found.row],
                |row| row.value(),
            )?;
            rows.extend::<Vec<i64>>(groups);
            let mut policies = Vec::new();
            for row in rows {
                of_row(sql, row, &mut policies)?;
            }
            Ok(Some(policies))
        })
        .await
    }

    /// The document in force of a managed policy; `None` when it is gone.
    pub async fn managed_document(
        &self,
        key: &PolicyKey,
    ) -> Result<Option<GrantedPolicy>, StoreError> {
        self.snapshot(|sql| match managed_policy(sql, key) {
            Ok(policy) => Ok(Some(policy)),
            Err(StoreError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }
}

fn of_row(sql: &Sql<'_>, row: i64, policies: &mut Vec<GrantedPolicy>) -> Result<(), StoreError> {
    let inline = sql.all(
        "SELECT name, document FROM inline_policies WHERE identity_row = $1 ORDER BY name",
        args![row],
        |row| {
            Ok(GrantedPolicy { name: row.get("name")?, version: 1, document: row.get("document")? })
        },
    )?;
    policies.extend(inline);
    for key in attached(sql, row)? {
        policies.push(managed_policy(sql, &key)?);
    }
    Ok(())
}

fn managed_policy(sql: &Sql<'_>, key: &PolicyKey) -> Result<GrantedPolicy, StoreError> {
    let policy = match key {
        PolicyKey::Own(policy) => policy,
        PolicyKey::Aws(policy) => {
            let name = PolicyName::parse(policy.name)
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            let document = policy.document.to_owned();
            return Ok(GrantedPolicy { name, version: 1, document });
        }
    };
    let found = managed::same(sql, policy)?;
    let document = managed::VERSIONS.one(sql, found.row, found.default_version)?;
    let document = document
        .ok_or_else(|| StoreError::Corrupt(format!("policy {} has no document", found.name)))?
        .document;
    Ok(GrantedPolicy { name: found.name, version: found.default_version, document })
}
