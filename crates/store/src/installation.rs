//! The installation that a registry belongs to, and what can be said of a registry before it is
//! opened.

use std::fmt;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::names::{AccountId, InvalidName, Region};
use fleetwright_core::time::Timestamp;

use crate::iam::{self, NewIdentity, PolicyKey};
use crate::sql::{Row, Sql, args};
use crate::sqlite::File;
use crate::{AccessKey, Change, OpenError, Store, StoreError, Uuid, access_keys, path_of};

/// Names one installation; every part of a data directory carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InstallationId(pub Uuid);

/// What the registry knows of its installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Its id.
    pub id: InstallationId,
    /// The id, sealed by the caller with the installation's sealing key.
    pub key_check: Vec<u8>,
    /// When it was founded, or first given an id.
    pub founded: Timestamp,
    /// The latest time that the wall clock was believed to show.
    pub last_seen: Timestamp,
}

/// Id and sealed secret of an access key.
pub type Sealed = (String, Vec<u8>);

/// A registry as it was found on disk, before anything of it is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The schema that it has; zero when its first migration was cut off.
    pub schema: u32,
    /// The installation that it belongs to; `None` when none was recorded.
    pub installation: Option<Installation>,
    /// Account and region that it was made for; `None` when none was recorded.
    pub scope: Option<AccountScope>,
    /// Id and sealed secret of some access key, to try a sealing key on.
    pub sealed: Option<Sealed>,
    /// Whether nothing was ever asked of it: the start that made it did not come to its end.
    pub is_unused: bool,
}

/// What the founding of an installation does for its administrator.
#[derive(Debug, Clone)]
pub enum Founding {
    /// There is one.
    KeepAdministrator,
    /// Makes one, with a policy and an access key; keys of that name that an earlier start made
    /// are removed.
    MakeAdministrator {
        /// The user.
        user: Box<NewIdentity>,
        /// Attached to the user.
        policy: PolicyKey,
        /// The user's key.
        key: AccessKey,
    },
    /// Gives the user what a start that was cut off did not come to give.
    AttachPolicy {
        /// The user.
        user: iam::IdentityName,
        /// Attached to the user.
        policy: PolicyKey,
    },
}

impl InstallationId {
    /// Reads what `Display` writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::parse(text).map(Self)
    }
}

impl fmt::Display for InstallationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Store {
    /// Looks at the registry at `url` (as [`Store::open`]) and changes nothing, save that SQLite
    /// finishes what a crash interrupted. `None` when there is none.
    ///
    /// # Errors
    /// As [`Store::open`]; damage beyond the first pages is not looked for.
    pub fn inspect(url: &str, scope: &AccountScope) -> Result<Option<Inspection>, OpenError> {
        let Some(file) = File::alone(path_of(url)?)? else { return Ok(None) };
        let (installation, sealed) = of_file(&file, scope)?;
        // The first start makes a user and nothing else.
        let is_unused = file.is_unused("identities")?;
        let kept = if file.has("account_scope")? { file.read(scope, kept_scope)? } else { None };
        let schema = file.schema()?;
        Ok(Some(Inspection { schema, installation, scope: kept, sealed, is_unused }))
    }

    /// The installation that the registry belongs to.
    pub async fn installation(&self) -> Result<Option<Installation>, StoreError> {
        self.read(find).await
    }

    /// Gives the registry to an installation, with its administrator, in one transaction.
    ///
    /// # Errors
    /// `Corrupt` when it belongs to one already.
    pub async fn found_installation(
        &self,
        installation: Installation,
        founding: Founding,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            if find(sql)?.is_some() {
                return Err(StoreError::Corrupt("the registry has an installation".to_owned()));
            }
            // A registry of before there was an id tells by its audit trail.
            let newest: Option<Timestamp> =
                sql.one("SELECT max(at) FROM audit", &[], |row| row.value())?.flatten();
            let last_seen =
                newest.map_or(installation.last_seen, |at| at.min(installation.last_seen));
            sql.execute(
                "INSERT INTO installation (row_id, id, key_check, founded, last_seen) \
                 VALUES (1, $1, $2, $3, $4)",
                args![
                    &installation.id.to_string(),
                    &installation.key_check,
                    installation.founded,
                    last_seen
                ],
            )?;
            match founding {
                Founding::KeepAdministrator => {}
                Founding::MakeAdministrator { user, policy, key } => {
                    access_keys::remove_all_of(sql, &key.user)?;
                    let user = iam::create(sql, &user, now)?;
                    iam::attach(sql, &user, &policy)?;
                    access_keys::put(sql, key)?;
                }
                Founding::AttachPolicy { user, policy } => {
                    let found = iam::find_identity(sql, &user)?;
                    let missing = || StoreError::Corrupt(format!("no user {}", user.as_str()));
                    iam::attach(sql, &found.ok_or_else(missing)?, &policy)?;
                }
            }
            sql.changed(Change::Identities);
            Ok(())
        })
        .await
    }

    /// Notes account and region of the registry's ARNs; those that were noted before stay.
    pub async fn keep_scope(&self, scope: AccountScope) -> Result<(), StoreError> {
        self.write_unrecorded(move |sql| {
            sql.execute(
                "INSERT INTO account_scope (row_id, account, region) VALUES (1, $1, $2) \
                 ON CONFLICT DO NOTHING",
                args![scope.account.as_str(), scope.region.as_str()],
            )?;
            Ok(())
        })
        .await
    }

    /// Notes the latest time that the wall clock is believed to show; it never goes back.
    pub async fn saw_time(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write_unrecorded(move |sql| {
            sql.execute("UPDATE installation SET last_seen = $1 WHERE last_seen < $1", args![now])?;
            Ok(())
        })
        .await
    }

    /// Writes something and changes nothing by it.
    pub(crate) async fn try_write(&self) -> Result<(), StoreError> {
        let again = "UPDATE installation SET last_seen = last_seen";
        self.write_unrecorded(|sql| sql.execute(again, &[]).map(|_| ())).await
    }
}

/// What a file knows of its installation, and id and sealed secret of some access key: an older
/// schema has neither.
pub(crate) fn of_file(
    file: &File,
    scope: &AccountScope,
) -> Result<(Option<Installation>, Option<Sealed>), OpenError> {
    let installation = if file.has("installation")? { file.read(scope, find)? } else { None };
    let sealed = if file.has("access_keys")? { file.read(scope, sealed_sample)? } else { None };
    Ok((installation, sealed))
}

fn find(sql: &Sql<'_>) -> Result<Option<Installation>, StoreError> {
    sql.one(
        "SELECT id, key_check, founded, last_seen FROM installation WHERE row_id = 1",
        &[],
        read,
    )
}

fn read(row: &Row<'_>) -> Result<Installation, StoreError> {
    let id: String = row.get("id")?;
    Ok(Installation {
        id: InstallationId::parse(&id)
            .ok_or_else(|| StoreError::Corrupt("the installation's id is no UUID".to_owned()))?,
        key_check: row.get("key_check")?,
        founded: row.get("founded")?,
        last_seen: row.get("last_seen")?,
    })
}

fn kept_scope(sql: &Sql<'_>) -> Result<Option<AccountScope>, StoreError> {
    sql.one("SELECT account, region FROM account_scope WHERE row_id = 1", &[], |row| {
        let (account, region): (String, String) = (row.get("account")?, row.get("region")?);
        let corrupt = |error: InvalidName| StoreError::Corrupt(error.to_string());
        Ok(AccountScope {
            account: AccountId::parse(&account).map_err(corrupt)?,
            region: Region::parse(&region).map_err(corrupt)?,
        })
    })
}

/// Some access key, to try a sealing key on.
fn sealed_sample(sql: &Sql<'_>) -> Result<Option<Sealed>, StoreError> {
    sql.one("SELECT id, secret_sealed FROM access_keys ORDER BY id LIMIT 1", &[], |row| {
        Ok((row.get("id")?, row.get("secret_sealed")?))
    })
}
