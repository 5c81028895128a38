//! Users, roles and groups: what they have in common.

use std::collections::BTreeMap;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::names::{GroupName, IamPath, RoleName, UserName};
use fleetwright_core::time::Timestamp;

use super::roles::{self, RoleTerms};
use super::{folded, missing, past, quota};
use crate::sql::{Row, Sql, args};
use crate::{Change, Page, Store, StoreError, tags};

/// What an identity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentityKind {
    /// A user.
    User,
    /// A role.
    Role,
    /// A group of users.
    Group,
}

/// A user, role or group, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum IdentityName {
    /// A user.
    User(UserName),
    /// A role.
    Role(RoleName),
    /// A group of users.
    Group(GroupName),
}

/// A user, role or group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its name as it was made.
    pub name: String,
    /// Its path.
    pub path: IamPath,
    /// `AIDA…`, `AROA…` or `AGPA…`; never used twice.
    pub unique_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// What it is.
    pub kind: IdentityKind,
    pub(super) row: i64,
}

/// A user, role or group to be made.
#[derive(Debug, Clone)]
pub struct NewIdentity {
    /// Its name.
    pub name: IdentityName,
    /// Its path.
    pub path: IamPath,
    /// A fresh `AIDA…`, `AROA…` or `AGPA…`.
    pub unique_id: String,
    /// What a role has beside; `None` for all else.
    pub role: Option<RoleTerms>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

pub(super) const COLUMNS: &str = "row_id, name, path, unique_id, created, kind";

impl Store {
    /// `CreateUser`, `CreateRole`, `CreateGroup`. A name in use is `ResourceAlreadyExists`.
    pub async fn create_identity(
        &self,
        new: NewIdentity,
        now: Timestamp,
    ) -> Result<Identity, StoreError> {
        self.write(move |sql| create(sql, &new, now)).await
    }

    /// A user, role or group by its name, in whatever case: names are unique without regard to
    /// it. AWS: IAM user guide, "Names are not distinguished by case".
    pub async fn identity(&self, name: &IdentityName) -> Result<Option<Identity>, StoreError> {
        self.read(|sql| find(sql, name)).await
    }

    /// The role of an ARN, byte for byte: path and case are part of it.
    pub async fn role_of_arn(
        &self,
        scope: &AccountScope,
        arn: &str,
    ) -> Result<Option<Identity>, StoreError> {
        let own = format!("arn:aws:iam::{}:role/", scope.account);
        let name = arn.strip_prefix(&own).and_then(|path| path.rsplit('/').next());
        let Some(Ok(name)) = name.map(RoleName::parse) else { return Ok(None) };
        let found = self.identity(&IdentityName::Role(name)).await?;
        Ok(found.filter(|role| role.arn(scope) == arn))
    }

    /// Those of a kind whose path begins with a prefix, by name, after a name.
    pub async fn list_identities(
        &self,
        kind: IdentityKind,
        prefix: String,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<Identity>, StoreError> {
        let size = limit.clamp(1, limits::IAM_PAGE);
        let after = after.map(|name| folded(&name)).unwrap_or_default();
        let text = format!(
            "SELECT {COLUMNS} FROM identities WHERE kind = $1 AND folded > $2 \
             AND path >= $3 AND path < $4 ORDER BY folded LIMIT $5"
        );
        let past = past(&prefix);
        let parameters = args![kind.number(), &after, &prefix, &past, size + 1];
        let items = self.read(|sql| sql.all(&text, parameters, read)).await?;
        Ok(Page::cut(items, size, |item| item.name.clone()))
    }

    /// `DeleteUser`, `DeleteRole`, `DeleteGroup`: never one that still has policies, access keys,
    /// groups or members.
    pub async fn delete_identity(&self, identity: Identity) -> Result<(), StoreError> {
        self.write(move |sql| delete(sql, &identity)).await
    }
}

impl Identity {
    /// Its ARN, path and case as stored.
    pub fn arn(&self, scope: &AccountScope) -> String {
        scope.iam_arn(self.kind.word(), &self.path, &self.name)
    }
}

impl IdentityKind {
    pub(super) fn number(self) -> i64 {
        match self {
            Self::User => 1,
            Self::Role => 2,
            Self::Group => 3,
        }
    }

    fn of_number(number: i64) -> Result<Self, StoreError> {
        match number {
            1 => Ok(Self::User),
            2 => Ok(Self::Role),
            3 => Ok(Self::Group),
            _ => Err(StoreError::Corrupt(format!("no kind of identity {number}"))),
        }
    }

    /// `user`, `role` or `group`.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Role => "role",
            Self::Group => "group",
        }
    }

    fn quota(self) -> (&'static str, usize) {
        match self {
            Self::User => ("UsersPerAccount", limits::IAM_USERS),
            Self::Role => ("RolesPerAccount", limits::IAM_ROLES),
            Self::Group => ("GroupsPerAccount", limits::IAM_GROUPS),
        }
    }
}

impl IdentityName {
    /// What it is.
    pub fn kind(&self) -> IdentityKind {
        match self {
            Self::User(_) => IdentityKind::User,
            Self::Role(_) => IdentityKind::Role,
            Self::Group(_) => IdentityKind::Group,
        }
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(name) => name.as_str(),
            Self::Role(name) => name.as_str(),
            Self::Group(name) => name.as_str(),
        }
    }
}

pub(crate) fn find(sql: &Sql<'_>, name: &IdentityName) -> Result<Option<Identity>, StoreError> {
    sql.one(
        &format!("SELECT {COLUMNS} FROM identities WHERE kind = $1 AND folded = $2"),
        args![name.kind().number(), &folded(name.as_str())],
        read,
    )
}

/// The row of an identity that was found before, or `ResourceNotFound`: one made anew under its
/// name is another.
pub(crate) fn row(sql: &Sql<'_>, found: &Identity) -> Result<i64, StoreError> {
    let there = sql.exists(
        "SELECT 1 FROM identities WHERE row_id = $1 AND unique_id = $2",
        args![found.row, &found.unique_id],
    )?;
    if there {
        return Ok(found.row);
    }
    let (kind, name) = (found.kind.word(), &found.name);
    Err(missing(format!("The {kind} with name {name} cannot be found.")))
}

pub(crate) fn create(
    sql: &Sql<'_>,
    new: &NewIdentity,
    now: Timestamp,
) -> Result<Identity, StoreError> {
    let (kind, name) = (new.name.kind(), new.name.as_str());
    if find(sql, &new.name)?.is_some() {
        let word = match kind {
            IdentityKind::User => "User",
            IdentityKind::Role => "Role",
            IdentityKind::Group => "Group",
        };
        return Err(StoreError::refused(
            ErrorCode::ResourceAlreadyExists,
            format!("{word} with name {name} already exists."),
        ));
    }
    let (quota_name, max) = kind.quota();
    let count =
        sql.count("SELECT count(*) FROM identities WHERE kind = $1", args![kind.number()])?;
    if count >= max {
        return Err(quota(quota_name, max));
    }
    let row = sql.insert(
        "INSERT INTO identities (kind, folded, name, path, unique_id, created) \
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING row_id",
        args![kind.number(), &folded(name), name, &new.path, &new.unique_id, now],
    )?;
    if let Some(terms) = &new.role {
        roles::insert(sql, row, terms)?;
    }
    tags::put(sql, "identity", row, &new.tags)?;
    sql.changed(Change::Identities);
    find(sql, &new.name)?.ok_or_else(|| StoreError::Corrupt("an identity vanished".into()))
}

fn delete(sql: &Sql<'_>, found: &Identity) -> Result<(), StoreError> {
    const BEFORE: &[(&str, &str)] = &[
        (
            "SELECT 1 FROM managed_attachments WHERE identity_row = $1 LIMIT 1",
            "detach all policies",
        ),
        ("SELECT 1 FROM inline_policies WHERE identity_row = $1 LIMIT 1", "delete policies"),
        ("SELECT 1 FROM group_members WHERE user_row = $1 LIMIT 1", "remove users from group"),
        ("SELECT 1 FROM group_members WHERE group_row = $1 LIMIT 1", "remove users from group"),
    ];
    row(sql, found)?;
    let conflict = |what: &str| {
        let message = format!("Cannot delete entity, must {what} first.");
        Err(StoreError::refused(ErrorCode::DeleteConflict, message))
    };
    for (text, what) in BEFORE {
        if sql.exists(text, args![found.row])? {
            return conflict(what);
        }
    }
    let keys = "SELECT 1 FROM access_keys WHERE user_name = $1 LIMIT 1";
    if found.kind == IdentityKind::User && sql.exists(keys, args![&found.name])? {
        return conflict("delete access keys");
    }
    tags::remove(sql, "identity", found.row)?;
    sql.execute("DELETE FROM roles WHERE identity_row = $1", args![found.row])?;
    sql.execute("DELETE FROM identities WHERE row_id = $1", args![found.row])?;
    sql.changed(Change::Identities);
    Ok(())
}

pub(super) fn read(row: &Row<'_>) -> Result<Identity, StoreError> {
    Ok(Identity {
        row: row.get("row_id")?,
        name: row.get("name")?,
        path: row.get("path")?,
        unique_id: row.get("unique_id")?,
        created: row.get("created")?,
        kind: IdentityKind::of_number(row.get("kind")?)?,
    })
}
