//! Inline policies: documents that belong to one user, role or group.

use fleetwright_core::limits;
use fleetwright_core::names::PolicyName;

use super::identities::{Identity, IdentityKind, row};
use super::{missing, quota};
use crate::sql::{Sql, args};
use crate::{Change, Store, StoreError};

impl Store {
    /// `PutUserPolicy` and the like: a new policy, or another document of an old one.
    pub async fn put_inline_policy(
        &self,
        of: Identity,
        name: PolicyName,
        document: String,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = row(sql, &of)?;
            sql.execute(
                "INSERT INTO inline_policies (identity_row, name, document) VALUES ($1, $2, $3) \
                 ON CONFLICT (identity_row, name) DO UPDATE SET document = excluded.document",
                args![row, &name, &document],
            )?;
            check_size(sql, of.kind, row)?;
            sql.changed(Change::Identities);
            Ok(())
        })
        .await
    }

    /// The document of an inline policy; `ResourceNotFound` without its owner or itself.
    pub async fn inline_policy(
        &self,
        of: &Identity,
        name: &PolicyName,
    ) -> Result<String, StoreError> {
        self.snapshot(|sql| {
            let row = row(sql, of)?;
            let document = sql.one(
                "SELECT document FROM inline_policies WHERE identity_row = $1 AND name = $2",
                args![row, name],
                |row| row.value(),
            )?;
            document.ok_or_else(|| absent(of, name))
        })
        .await
    }

    /// Names of the inline policies of an identity.
    pub async fn inline_policies(&self, of: &Identity) -> Result<Vec<PolicyName>, StoreError> {
        self.snapshot(|sql| {
            let row = row(sql, of)?;
            sql.all(
                "SELECT name FROM inline_policies WHERE identity_row = $1 ORDER BY name",
                args![row],
                |row| row.value(),
            )
        })
        .await
    }

    /// `DeleteUserPolicy` and the like.
    pub async fn delete_inline_policy(
        &self,
        of: Identity,
        name: PolicyName,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = row(sql, &of)?;
            let gone = sql.execute(
                "DELETE FROM inline_policies WHERE identity_row = $1 AND name = $2",
                args![row, &name],
            )?;
            if gone == 0 {
                return Err(absent(&of, &name));
            }
            sql.changed(Change::Identities);
            Ok(())
        })
        .await
    }
}

fn absent(of: &Identity, name: &PolicyName) -> StoreError {
    let kind = of.kind.word();
    missing(format!("The {kind} policy with name {name} cannot be found."))
}

fn check_size(sql: &Sql<'_>, kind: IdentityKind, row: i64) -> Result<(), StoreError> {
    let max = match kind {
        IdentityKind::User => limits::INLINE_USER_CHARS,
        IdentityKind::Role => limits::INLINE_ROLE_CHARS,
        IdentityKind::Group => limits::INLINE_GROUP_CHARS,
    };
    let documents: Vec<String> = sql.all(
        "SELECT document FROM inline_policies WHERE identity_row = $1",
        args![row],
        |row| row.value(),
    )?;
    let chars: usize = documents
        .iter()
        .map(|document| document.chars().filter(|c| !c.is_whitespace()).count())
        .sum();
    if chars > max {
        return Err(quota("the size of all inline policies of this entity together", max));
    }
    Ok(())
}
