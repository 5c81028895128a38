//! What roles have beside: who may assume them, and for how long.

use fleetwright_core::names::RoleName;

use super::identities::{Identity, IdentityName, find, row};
use crate::sql::{Sql, args};
use crate::{Change, Store, StoreError};

/// The terms of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleTerms {
    /// Its trust policy, JSON text.
    pub trust: String,
    /// Its description; empty when there is none.
    pub description: String,
    /// Longest session, seconds.
    pub max_session: u32,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Name, path, id.
    pub identity: Identity,
    /// Its terms.
    pub terms: RoleTerms,
}

/// What changes of a role; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct RoleUpdate {
    /// Its trust policy, JSON text.
    pub trust: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Longest session, seconds.
    pub max_session: Option<u32>,
}

impl Store {
    /// A role by its name.
    pub async fn role(&self, name: &RoleName) -> Result<Option<Role>, StoreError> {
        let name = IdentityName::Role(name.clone());
        self.snapshot(|sql| {
            let Some(identity) = find(sql, &name)? else { return Ok(None) };
            Ok(terms(sql, identity.row)?.map(|terms| Role { identity, terms }))
        })
        .await
    }

    /// The terms of a role that was found before; `None` when it is gone.
    pub async fn role_terms(&self, role: &Identity) -> Result<Option<RoleTerms>, StoreError> {
        self.snapshot(|sql| match row(sql, role) {
            Ok(row) => terms(sql, row),
            Err(StoreError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// `UpdateRole` and `UpdateAssumeRolePolicy`.
    pub async fn update_role(&self, role: Identity, update: RoleUpdate) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = row(sql, &role)?;
            sql.execute(
                "UPDATE roles SET trust = coalesce($1, trust), \
                 description = coalesce($2, description), \
                 max_session = coalesce($3, max_session) WHERE identity_row = $4",
                args![update.trust.as_ref(), update.description.as_ref(), update.max_session, row],
            )?;
            sql.changed(Change::Identities);
            Ok(())
        })
        .await
    }
}

fn terms(sql: &Sql<'_>, row: i64) -> Result<Option<RoleTerms>, StoreError> {
    sql.one(
        "SELECT trust, description, max_session FROM roles WHERE identity_row = $1",
        args![row],
        |row| {
            Ok(RoleTerms {
                trust: row.get("trust")?,
                description: row.get("description")?,
                max_session: row.get("max_session")?,
            })
        },
    )
}

pub(super) fn insert(sql: &Sql<'_>, row: i64, terms: &RoleTerms) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO roles (identity_row, trust, description, max_session) \
         VALUES ($1, $2, $3, $4)",
        args![row, &terms.trust, &terms.description, terms.max_session],
    )?;
    Ok(())
}
