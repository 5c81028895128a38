//! Managed policies of the account's own, and their versions.

use std::collections::BTreeMap;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::managed_policy::AwsPolicy;
use fleetwright_core::names::{IamPath, PolicyName};
use fleetwright_core::time::Timestamp;

use super::{folded, missing, past, quota};
use crate::sql::{Row, Sql, args};
use crate::versions::Versions;
use crate::{Change, DocumentVersion, Page, Store, StoreError, tags};

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
    pub created: Timestamp,
    /// When its newest version was made.
    pub modified: Timestamp,
    pub(super) row: i64,
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

/// Nothing but a new version modifies a policy: `UpdateDate` is the time of the newest one.
/// AWS: IAM API reference, "Policy".
pub(super) const VERSIONS: Versions = Versions {
    documents: "managed_policies",
    table: "managed_policy_versions",
    owner: "policy_row",
    text: "document",
    most: limits::IAM_POLICY_VERSIONS,
};

const COLUMNS: &str =
    "row_id, name, path, unique_id, description, default_version, created, modified";

impl Store {
    /// `CreatePolicy` of IAM. A name in use is `ResourceAlreadyExists`.
    pub async fn create_managed_policy(
        &self,
        new: NewManagedPolicy,
        now: Timestamp,
    ) -> Result<ManagedPolicy, StoreError> {
        self.write(move |sql| create(sql, &new, now)).await
    }

    /// The managed policy of an ARN, byte for byte: path and case are part of it.
    pub async fn policy_of_arn(
        &self,
        scope: &AccountScope,
        arn: &str,
    ) -> Result<Option<PolicyKey>, StoreError> {
        if let Some(policy) = AwsPolicy::of_arn(arn) {
            return Ok(Some(PolicyKey::Aws(policy)));
        }
        let own = format!("arn:aws:iam::{}:policy/", scope.account);
        let name = arn.strip_prefix(&own).and_then(|path| path.rsplit('/').next());
        let Some(Ok(name)) = name.map(PolicyName::parse) else { return Ok(None) };
        let found = self.read(|sql| find(sql, &name)).await?;
        Ok(found.map(PolicyKey::Own).filter(|policy| policy.arn(scope) == arn))
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
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        self.write(move |sql| create_version(sql, &policy, document, set_default, now)).await
    }

    /// All versions, newest first.
    pub async fn managed_policy_versions(
        &self,
        policy: &ManagedPolicy,
    ) -> Result<Vec<DocumentVersion>, StoreError> {
        self.snapshot(|sql| VERSIONS.all(sql, same(sql, policy)?.row)).await
    }

    /// `SetDefaultPolicyVersion` of IAM.
    pub async fn set_default_managed_version(
        &self,
        policy: ManagedPolicy,
        version: u32,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = same(sql, &policy)?;
            require_version(sql, &found, version)?;
            VERSIONS.set_default(sql, found.row, version, None)?;
            sql.changed(Change::Identities);
            Ok(())
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
            let version = require_version(sql, &found, version)?;
            VERSIONS.remove(sql, found.row, &version, None, || {
                "Cannot delete the default version of a policy.".to_owned()
            })
        })
        .await
    }
}

impl PolicyKey {
    /// Its ARN, path and case as stored.
    pub fn arn(&self, scope: &AccountScope) -> String {
        match self {
            Self::Own(policy) => scope.iam_arn("policy", &policy.path, &policy.name),
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

/// The row of a policy that was found before, or `ResourceNotFound`.
pub(crate) fn row(sql: &Sql<'_>, found: &ManagedPolicy) -> Result<i64, StoreError> {
    Ok(same(sql, found)?.row)
}

fn conflict(message: &str) -> StoreError {
    StoreError::refused(ErrorCode::DeleteConflict, message)
}

fn create(
    sql: &Sql<'_>,
    new: &NewManagedPolicy,
    now: Timestamp,
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
    VERSIONS.first(sql, row, &new.document, now)?;
    tags::put(sql, "managed_policy", row, &new.tags)?;
    find(sql, &new.name)?.ok_or_else(|| StoreError::Corrupt("a managed policy vanished".into()))
}

fn create_version(
    sql: &Sql<'_>,
    policy: &ManagedPolicy,
    document: String,
    as_default: bool,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let found = same(sql, policy)?;
    let made = VERSIONS.add(sql, found.row, document, as_default, now, |count| {
        format!(
            "A managed policy can have up to {count} versions. Before you create a new version, \
             you must delete an existing version."
        )
    })?;
    if as_default {
        sql.changed(Change::Identities);
    }
    Ok(made.version)
}

fn require_version(
    sql: &Sql<'_>,
    found: &ManagedPolicy,
    version: u32,
) -> Result<DocumentVersion, StoreError> {
    VERSIONS.one(sql, found.row, version)?.ok_or_else(|| {
        missing(format!("Policy {} does not have a version v{version}.", found.name))
    })
}

fn delete(sql: &Sql<'_>, policy: &ManagedPolicy) -> Result<(), StoreError> {
    let found = same(sql, policy)?;
    let key = folded(found.name.as_str());
    if sql.exists("SELECT 1 FROM managed_attachments WHERE policy = $1 LIMIT 1", args![&key])? {
        return Err(conflict("Cannot delete a policy attached to entities."));
    }
    if VERSIONS.count(sql, found.row)? > 1 {
        return Err(conflict(
            "This policy has more than one version. Before you delete a policy, you must delete \
             the policy's versions. The default version is deleted with the policy.",
        ));
    }
    VERSIONS.remove_all(sql, found.row)?;
    tags::remove(sql, "managed_policy", found.row)?;
    sql.execute("DELETE FROM managed_policies WHERE row_id = $1", args![found.row])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<ManagedPolicy, StoreError> {
    Ok(ManagedPolicy {
        row: row.get("row_id")?,
        name: row.get("name")?,
        path: row.get("path")?,
        unique_id: row.get("unique_id")?,
        description: row.get("description")?,
        default_version: row.get("default_version")?,
        created: row.get("created")?,
        modified: row.get("modified")?,
    })
}
