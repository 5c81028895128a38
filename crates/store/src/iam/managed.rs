//! Managed policies of the account's own, and their versions.

use std::collections::BTreeMap;

use fleetwright_core::arn::Home;
use fleetwright_core::certificate::Instant;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::managed_policy::AwsPolicy;
use fleetwright_core::names::{IamPath, PolicyName};

use super::{folded, missing, past, quota};
use crate::sql::{Row, Sql, args};
use crate::{Change, Page, Store, StoreError, tags};

/// Which managed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyKey {
    /// One of the account, as it was found.
    Own(ManagedPolicy),
    /// One of AWS.
    Aws(&'static AwsPolicy),
}

/// A managed policy of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedPolicy {
    /// Its name.
    pub name: PolicyName,
    /// Its path.
    pub path: IamPath,
    /// `ANPA…`
    pub unique_id: String,
    /// What it is for.
    pub description: String,
    /// The version in force.
    pub default_version: u32,
    /// When it was made.
    pub created: Instant,
    /// When its versions or its default last changed.
    pub modified: Instant,
    pub(super) row: i64,
}

/// A version of a managed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedPolicyVersion {
    /// Its number, from 1; never used twice.
    pub version: u32,
    /// Whether it is the one in force.
    pub is_default: bool,
    /// Its document, JSON text.
    pub document: String,
    /// When it was made.
    pub created: Instant,
}

/// A managed policy to be made.
#[derive(Debug, Clone)]
pub struct NewManagedPolicy {
    /// Its name.
    pub name: PolicyName,
    /// Its path.
    pub path: IamPath,
    /// A fresh `ANPA…`.
    pub unique_id: String,
    /// What it is for.
    pub description: String,
    /// Its document, JSON text.
    pub document: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

const COLUMNS: &str =
    "row_id, name, path, unique_id, description, default_version, created, modified";

impl Store {
    /// `CreatePolicy` of IAM. A name in use is `ResourceAlreadyExists`.
    pub async fn create_managed_policy(
        &self,
        new: NewManagedPolicy,
        now: Instant,
    ) -> Result<ManagedPolicy, StoreError> {
        self.write(move |sql| create(sql, &new, now)).await
    }

    /// The managed policy of an ARN, byte for byte: path and case are part of it.
    pub async fn policy_of_arn(
        &self,
        home: &Home,
        arn: &str,
    ) -> Result<Option<PolicyKey>, StoreError> {
        if let Some(policy) = AwsPolicy::of_arn(arn) {
            return Ok(Some(PolicyKey::Aws(policy)));
        }
        let own = format!("arn:aws:iam::{}:policy/", home.account);
        let name = arn.strip_prefix(&own).and_then(|path| path.rsplit('/').next());
        let Some(Ok(name)) = name.map(PolicyName::parse) else { return Ok(None) };
        let found = self.read(|sql| find(sql, &name)).await?;
        Ok(found.map(PolicyKey::Own).filter(|policy| policy.arn(home) == arn))
    }

    /// Those whose path begins with a prefix, by name, after a name.
    pub async fn list_managed_policies(
        &self,
        prefix: String,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<ManagedPolicy>, StoreError> {
        let size = limit.clamp(1, limits::IAM_PAGE);
        let after = after.map(|name| folded(&name)).unwrap_or_default();
        let text = format!(
            "SELECT {COLUMNS} FROM managed_policies WHERE folded > $1 AND path >= $2 \
             AND path < $3 ORDER BY folded LIMIT $4"
        );
        let past = past(&prefix);
        let parameters = args![&after, &prefix, &past, size + 1];
        let items = self.read(|sql| sql.all(&text, parameters, read)).await?;
        Ok(Page::cut(items, size, |item| item.name.as_str().to_owned()))
    }

    /// `DeletePolicy` of IAM: never one that is attached, nor one with other versions.
    pub async fn delete_managed_policy(&self, policy: ManagedPolicy) -> Result<(), StoreError> {
        self.write(move |sql| delete(sql, &policy)).await
    }

    /// `CreatePolicyVersion` of IAM; answers its number.
    pub async fn create_managed_policy_version(
        &self,
        policy: ManagedPolicy,
        document: String,
        set_default: bool,
        now: Instant,
    ) -> Result<u32, StoreError> {
        self.write(move |sql| create_version(sql, &policy, &document, set_default, now)).await
    }

    /// All versions, newest first.
    pub async fn managed_policy_versions(
        &self,
        policy: &ManagedPolicy,
    ) -> Result<Vec<ManagedPolicyVersion>, StoreError> {
        self.snapshot(|sql| {
            let found = same(sql, policy)?;
            sql.all(
                "SELECT version, document, created FROM managed_policy_versions \
                 WHERE policy_row = $1 ORDER BY version DESC",
                args![found.row],
                |row| {
                    let version = row.get(0)?;
                    Ok(ManagedPolicyVersion {
                        version,
                        is_default: version == found.default_version,
                        document: row.get(1)?,
                        created: row.get(2)?,
                    })
                },
            )
        })
        .await
    }

    /// `SetDefaultPolicyVersion` of IAM.
    pub async fn set_default_managed_version(
        &self,
        policy: ManagedPolicy,
        version: u32,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = same(sql, &policy)?;
            require_version(sql, &found, version)?;
            set_default(sql, found.row, version, now)
        })
        .await
    }

    /// `DeletePolicyVersion` of IAM: not the one in force.
    pub async fn delete_managed_policy_version(
        &self,
        policy: ManagedPolicy,
        version: u32,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = same(sql, &policy)?;
            require_version(sql, &found, version)?;
            if version == found.default_version {
                return Err(conflict("Cannot delete the default version of a policy."));
            }
            sql.execute(
                "DELETE FROM managed_policy_versions WHERE policy_row = $1 AND version = $2",
                args![found.row, version],
            )?;
            Ok(())
        })
        .await
    }
}

impl PolicyKey {
    /// Its ARN, path and case as stored.
    pub fn arn(&self, home: &Home) -> String {
        match self {
            Self::Own(policy) => home.iam_arn("policy", &policy.path, &policy.name),
            Self::Aws(policy) => policy.arn(),
        }
    }

    /// Its path.
    pub fn path(&self) -> &str {
        match self {
            Self::Own(policy) => policy.path.as_str(),
            Self::Aws(policy) => policy.path,
        }
    }

    /// The key of the attachments' column; a name has no colon.
    pub(super) fn column(&self) -> String {
        match self {
            Self::Own(policy) => folded(policy.name.as_str()),
            Self::Aws(policy) => format!("aws:{}", policy.name),
        }
    }
}

pub(super) fn find(sql: &Sql<'_>, name: &PolicyName) -> Result<Option<ManagedPolicy>, StoreError> {
    sql.one(
        &format!("SELECT {COLUMNS} FROM managed_policies WHERE folded = $1"),
        args![&folded(name.as_str())],
        read,
    )
}

/// A policy that was found before, as it is now, or `ResourceNotFound`: one made anew under its
/// name is another.
pub(super) fn same(sql: &Sql<'_>, found: &ManagedPolicy) -> Result<ManagedPolicy, StoreError> {
    let now = sql.one(
        &format!("SELECT {COLUMNS} FROM managed_policies WHERE row_id = $1 AND unique_id = $2"),
        args![found.row, &found.unique_id],
        read,
    )?;
    now.ok_or_else(|| missing(format!("Policy {} was not found.", found.name)))
}

fn conflict(message: &str) -> StoreError {
    StoreError::refused(ErrorCode::DeleteConflict, message)
}

fn create(
    sql: &Sql<'_>,
    new: &NewManagedPolicy,
    now: Instant,
) -> Result<ManagedPolicy, StoreError> {
    if find(sql, &new.name)?.is_some() {
        return Err(StoreError::refused(
            ErrorCode::ResourceAlreadyExists,
            format!(
                "A policy called {} already exists. Duplicate names are not allowed.",
                new.name
            ),
        ));
    }
    if sql.count("SELECT count(*) FROM managed_policies", args![])? >= limits::IAM_POLICIES {
        return Err(quota("PoliciesPerAccount", limits::IAM_POLICIES));
    }
    let row = sql.insert(
        "INSERT INTO managed_policies (folded, name, path, unique_id, description, \
         default_version, next_version, created, modified) \
         VALUES ($1, $2, $3, $4, $5, 1, 2, $6, $7) RETURNING row_id",
        args![
            &folded(new.name.as_str()),
            &new.name,
            &new.path,
            &new.unique_id,
            &new.description,
            now,
            now
        ],
    )?;
    insert_version(sql, row, 1, &new.document, now)?;
    tags::put(sql, "managed_policy", row, &new.tags)?;
    find(sql, &new.name)?.ok_or_else(|| StoreError::Corrupt("a managed policy vanished".into()))
}

fn insert_version(
    sql: &Sql<'_>,
    row: i64,
    version: u32,
    document: &str,
    now: Instant,
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO managed_policy_versions (policy_row, version, document, created) \
         VALUES ($1, $2, $3, $4)",
        args![row, version, document, now],
    )?;
    Ok(())
}

fn create_version(
    sql: &Sql<'_>,
    policy: &ManagedPolicy,
    document: &str,
    as_default: bool,
    now: Instant,
) -> Result<u32, StoreError> {
    let found = same(sql, policy)?;
    let count = sql.count(
        "SELECT count(*) FROM managed_policy_versions WHERE policy_row = $1",
        args![found.row],
    )?;
    if count >= limits::IAM_POLICY_VERSIONS {
        return Err(StoreError::refused(
            ErrorCode::VersionsLimitExceeded,
            format!(
                "A managed policy can have up to {count} versions. Before you create a new \
                 version, you must delete an existing version."
            ),
        ));
    }
    let version: u32 = sql
        .one(
            "UPDATE managed_policies SET next_version = next_version + 1, modified = $1 \
             WHERE row_id = $2 RETURNING next_version - 1",
            args![now, found.row],
            |row| row.get(0),
        )?
        .ok_or_else(|| StoreError::Corrupt("a managed policy vanished".into()))?;
    insert_version(sql, found.row, version, document, now)?;
    if as_default {
        set_default(sql, found.row, version, now)?;
    }
    Ok(version)
}

fn require_version(sql: &Sql<'_>, found: &ManagedPolicy, version: u32) -> Result<(), StoreError> {
    let there = sql.exists(
        "SELECT 1 FROM managed_policy_versions WHERE policy_row = $1 AND version = $2",
        args![found.row, version],
    )?;
    if there {
        return Ok(());
    }
    Err(missing(format!("Policy {} does not have a version v{version}.", found.name)))
}

fn set_default(sql: &Sql<'_>, row: i64, version: u32, now: Instant) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE managed_policies SET default_version = $1, modified = $2 WHERE row_id = $3",
        args![version, now, row],
    )?;
    sql.changed(Change::Identities);
    Ok(())
}

fn delete(sql: &Sql<'_>, policy: &ManagedPolicy) -> Result<(), StoreError> {
    let found = same(sql, policy)?;
    let key = folded(found.name.as_str());
    if sql.exists("SELECT 1 FROM managed_attachments WHERE policy = $1 LIMIT 1", args![&key])? {
        return Err(conflict("Cannot delete a policy attached to entities."));
    }
    let versions = sql.count(
        "SELECT count(*) FROM managed_policy_versions WHERE policy_row = $1",
        args![found.row],
    )?;
    if versions > 1 {
        return Err(conflict(
            "This policy has more than one version. Before you delete a policy, you must delete \
             the policy's versions. The default version is deleted with the policy.",
        ));
    }
    sql.execute("DELETE FROM managed_policy_versions WHERE policy_row = $1", args![found.row])?;
    tags::remove(sql, "managed_policy", found.row)?;
    sql.execute("DELETE FROM managed_policies WHERE row_id = $1", args![found.row])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<ManagedPolicy, StoreError> {
    Ok(ManagedPolicy {
        row: row.get(0)?,
        name: row.get(1)?,
        path: row.get(2)?,
        unique_id: row.get(3)?,
        description: row.get(4)?,
        default_version: row.get(5)?,
        created: row.get(6)?,
        modified: row.get(7)?,
    })
}
