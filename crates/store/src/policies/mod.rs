//! Policies and their versions. Documents are checked by the caller.

mod versions;

use std::collections::BTreeMap;

use fleetwright_core::certificate::Instant;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::PolicyName;

pub use versions::PolicyVersion;

use crate::sql::{Sql, args};
use crate::{Change, Page, PolicyRow, Store, StoreError, Uuid, page, tags};

/// A policy, with the document of its default version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its row.
    pub row: PolicyRow,
    /// Its name.
    pub name: PolicyName,
    /// The version in force.
    pub default_version: u32,
    /// That version's document, JSON text.
    pub document: String,
    /// When it was made.
    pub created: Instant,
    /// When its versions or its default last changed.
    pub modified: Instant,
    /// `generationId`.
    pub generation: Uuid,
}

impl Store {
    /// `CreatePolicy`: version 1. A name in use is `ResourceAlreadyExists`.
    pub async fn create_policy(
        &self,
        name: PolicyName,
        document: String,
        tags: BTreeMap<String, String>,
        now: Instant,
    ) -> Result<Policy, StoreError> {
        self.write(move |sql| {
            if find(sql, &name)?.is_some() {
                let arn = sql.home.arn("policy", &name);
                return Err(Refusal::new(
                    ErrorCode::ResourceAlreadyExists,
                    format!("Policy cannot be created - name already exists (name={name})"),
                )
                .about(name.as_str(), arn)
                .into());
            }
            let row = insert(sql, &name, &document, now)?;
            tags::put(sql, "policy", row.0, &tags)?;
            require_policy(sql, &name)
        })
        .await
    }

    /// A policy by its name.
    pub async fn policy(&self, name: &PolicyName) -> Result<Option<Policy>, StoreError> {
        self.read(|sql| policy(sql, name)).await
    }

    /// The document of a version; `None` when there is no such version.
    pub async fn policy_document(
        &self,
        row: PolicyRow,
        version: u32,
    ) -> Result<Option<String>, StoreError> {
        self.read(move |sql| {
            sql.one(
                "SELECT document FROM policy_versions WHERE policy_row = $1 AND version = $2",
                args![row, version],
                |row| row.get(0),
            )
        })
        .await
    }

    /// `ListPolicies` by name, forwards or backwards, after a name.
    pub async fn list_policies(
        &self,
        after: Option<PolicyName>,
        limit: usize,
        ascending: bool,
    ) -> Result<Page<PolicyName, PolicyName>, StoreError> {
        let size = page::size(limit);
        // '~' is past every character of a name.
        let (text, start) = if ascending {
            ("SELECT name FROM policies WHERE name > $1 ORDER BY name LIMIT $2", "")
        } else {
            ("SELECT name FROM policies WHERE name < $1 ORDER BY name DESC LIMIT $2", "~")
        };
        let start = after.as_ref().map_or(start, PolicyName::as_str);
        let items =
            self.read(|sql| sql.all(text, args![start, size + 1], |row| row.get(0))).await?;
        Ok(Page::cut(items, size, PolicyName::clone))
    }

    /// `DeletePolicy`: never one that is attached, never one with more than its default version.
    pub async fn delete_policy(&self, name: PolicyName) -> Result<(), StoreError> {
        self.write(move |sql| delete(sql, &name)).await
    }
}

/// The row of a policy.
pub(crate) fn find(sql: &Sql<'_>, name: &PolicyName) -> Result<Option<PolicyRow>, StoreError> {
    sql.one("SELECT row_id FROM policies WHERE name = $1", args![name], |row| row.get(0))
}

/// The row of a policy, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &PolicyName) -> Result<PolicyRow, StoreError> {
    find(sql, name)?.ok_or_else(|| not_found(name))
}

fn not_found(name: &PolicyName) -> StoreError {
    StoreError::refused(ErrorCode::ResourceNotFound, format!("Policy not found: {name}"))
}

/// A policy by its name, with its document in force.
pub(crate) fn policy(sql: &Sql<'_>, name: &PolicyName) -> Result<Option<Policy>, StoreError> {
    sql.one(
        "SELECT p.row_id, p.name, p.default_version, v.document, p.created, p.modified \
         FROM policies p JOIN policy_versions v \
         ON v.policy_row = p.row_id AND v.version = p.default_version WHERE p.name = $1",
        args![name],
        |row| {
            let (number, created): (PolicyRow, Instant) = (row.get(0)?, row.get(4)?);
            Ok(Policy {
                row: number,
                name: row.get(1)?,
                default_version: row.get(2)?,
                document: row.get(3)?,
                created,
                modified: row.get(5)?,
                generation: Uuid::of_row(number.0, created.0),
            })
        },
    )
}

fn require_policy(sql: &Sql<'_>, name: &PolicyName) -> Result<Policy, StoreError> {
    policy(sql, name)?.ok_or_else(|| not_found(name))
}

/// Inserts a policy whose name is free, with its version 1.
pub(crate) fn insert(
    sql: &Sql<'_>,
    name: &PolicyName,
    document: &str,
    now: Instant,
) -> Result<PolicyRow, StoreError> {
    let row = sql.insert(
        "INSERT INTO policies (name, default_version, next_version, created, modified) \
         VALUES ($1, 1, 2, $2, $3) RETURNING row_id",
        args![name, now, now],
    )?;
    insert_version(sql, PolicyRow(row), 1, document, now)?;
    Ok(PolicyRow(row))
}

fn insert_version(
    sql: &Sql<'_>,
    row: PolicyRow,
    version: u32,
    document: &str,
    now: Instant,
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO policy_versions (policy_row, version, document, created) \
         VALUES ($1, $2, $3, $4)",
        args![row, version, document, now],
    )?;
    Ok(())
}

fn delete(sql: &Sql<'_>, name: &PolicyName) -> Result<(), StoreError> {
    let row = require(sql, name)?;
    let conflict =
        |why: &str| StoreError::refused(ErrorCode::DeleteConflict, format!("{why} (name={name})"));
    let attached = sql
        .exists("SELECT 1 FROM certificate_policies WHERE policy_row = $1 LIMIT 1", args![row])?
        || sql.exists("SELECT 1 FROM group_policies WHERE policy_row = $1 LIMIT 1", args![row])?;
    if attached {
        return Err(conflict(
            "The policy cannot be deleted as the policy is attached to one or more principals",
        ));
    }
    let versions =
        sql.count("SELECT count(*) FROM policy_versions WHERE policy_row = $1", args![row])?;
    if versions > 1 {
        return Err(conflict(
            "Cannot delete the policy because it has one or more policy versions attached to it",
        ));
    }
    sql.execute("DELETE FROM policy_versions WHERE policy_row = $1", args![row])?;
    tags::remove(sql, "policy", row.0)?;
    sql.execute("DELETE FROM policies WHERE row_id = $1", args![row])?;
    sql.changed(Change::Policy(row));
    Ok(())
}
