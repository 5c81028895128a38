//! Policies and their versions. Documents are checked by the caller.

mod versions;

use std::collections::BTreeMap;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::event::EventType;
use fleetwright_core::names::PolicyName;
use fleetwright_core::time::Timestamp;
use fleetwright_core::{limits, matched_text};

use crate::event::{EventOperation, EventSubject};
use crate::sql::{Sql, args};
use crate::versions::Versions;
use crate::{Change, Page, PolicyRow, Store, StoreError, Uuid, page, registry_events, tags};

const VERSIONS: Versions = Versions {
    documents: "policies",
    table: "policy_versions",
    owner: "policy_row",
    text: "document",
    most: limits::POLICY_VERSIONS,
};

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
    pub created: Timestamp,
    /// When its versions or its default last changed.
    pub modified: Timestamp,
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
        now: Timestamp,
    ) -> Result<Policy, StoreError> {
        self.write(move |sql| {
            if find(sql, &name)?.is_some() {
                let arn = sql.scope.arn("policy", &name);
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
                |row| row.value(),
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
            self.read(|sql| sql.all(text, args![start, size + 1], |row| row.value())).await?;
        Ok(Page::cut(items, size, PolicyName::clone))
    }

    /// `DeletePolicy`: never one that is attached, never one with more than its default version.
    pub async fn delete_policy(&self, name: PolicyName) -> Result<(), StoreError> {
        self.write(move |sql| delete(sql, &name)).await
    }
}

/// The row of a policy.
pub(crate) fn find(sql: &Sql<'_>, name: &PolicyName) -> Result<Option<PolicyRow>, StoreError> {
    sql.one("SELECT row_id FROM policies WHERE name = $1", args![name], |row| row.value())
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
            let (number, created): (PolicyRow, Timestamp) =
                (row.get("row_id")?, row.get("created")?);
            Ok(Policy {
                row: number,
                name: row.get("name")?,
                default_version: row.get("default_version")?,
                document: row.get("document")?,
                created,
                modified: row.get("modified")?,
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
    now: Timestamp,
) -> Result<PolicyRow, StoreError> {
    let row = sql.insert(
        "INSERT INTO policies (name, default_version, next_version, created, modified) \
         VALUES ($1, 1, 2, $2, $3) RETURNING row_id",
        args![name, now, now],
    )?;
    VERSIONS.first(sql, row, document, now)?;
    note(sql, EventOperation::Created, name, 1)?;
    Ok(PolicyRow(row))
}

/// A policy was made or deleted, or another version of it is in force.
fn note(
    sql: &Sql<'_>,
    operation: EventOperation,
    name: &PolicyName,
    version: u32,
) -> Result<(), StoreError> {
    registry_events::note(sql, EventType::Policy, operation, || {
        Ok(EventSubject::Policy { policy: name.to_string(), version: version.into() })
    })
}

fn delete(sql: &Sql<'_>, name: &PolicyName) -> Result<(), StoreError> {
    let Policy { row, default_version, .. } = require_policy(sql, name)?;
    let conflict = |message: String| StoreError::refused(ErrorCode::DeleteConflict, message);
    let attached = sql
        .exists("SELECT 1 FROM certificate_policies WHERE policy_row = $1 LIMIT 1", args![row])?
        || sql.exists("SELECT 1 FROM group_policies WHERE policy_row = $1 LIMIT 1", args![row])?;
    if attached {
        return Err(conflict(matched_text::policy_with_principals(name)));
    }
    if VERSIONS.count(sql, row.0)? > 1 {
        return Err(conflict(matched_text::policy_with_versions(name)));
    }
    VERSIONS.remove_all(sql, row.0)?;
    tags::remove(sql, "policy", row.0)?;
    sql.execute("DELETE FROM policies WHERE row_id = $1", args![row])?;
    note(sql, EventOperation::Deleted, name, default_version)?;
    sql.changed(Change::Policy(row));
    Ok(())
}
