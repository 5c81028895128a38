//! The installation that a registry belongs to, and what can be told of a registry before it is
//! opened.

use std::fmt;

use fleetwright_core::arn::Home;
use fleetwright_core::certificate::Instant;

use crate::iam::{self, NewIdentity, PolicyKey};
use crate::sql::{Row, Sql, args};
use crate::{AccessKey, Change, OpenError, Store, StoreError, Uuid, access_keys};

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
    pub founded: Instant,
    /// The latest time that the wall clock was believed to show.
    pub last_seen: Instant,
}

/// A registry as it was found on disk, before anything of it is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The schema that it has; zero when its first migration was cut off.
    pub schema: u32,
    /// The installation that it belongs to; `None` when it was never told.
    pub installation: Option<Installation>,
    /// Id and sealed secret of some access key, to try a sealing key on.
    pub sealed: Option<(String, Vec<u8>)>,
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
    pub fn inspect(url: &str, home: &Home) -> Result<Option<Inspection>, OpenError> {
        crate::sqlite::inspect(crate::path_of(url)?, home)
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
        now: Instant,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            if find(sql)?.is_some() {
                return Err(StoreError::Corrupt("the registry has an installation".to_owned()));
            }
            // A registry of before there was an id tells by its audit trail.
            let newest: Option<Instant> =
                sql.one("SELECT max(at) FROM audit", &[], |row| row.get(0))?.flatten();
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

    /// Notes the latest time that the wall clock is believed to show; it never goes back.
    pub async fn saw_time(&self, now: Instant) -> Result<(), StoreError> {
        self.write_unrecorded(move |sql| {
            sql.execute("UPDATE installation SET last_seen = $1 WHERE last_seen < $1", args![now])?;
            Ok(())
        })
        .await
    }
}

pub(crate) fn find(sql: &Sql<'_>) -> Result<Option<Installation>, StoreError> {
    sql.one(
        "SELECT id, key_check, founded, last_seen FROM installation WHERE row_id = 1",
        &[],
        read,
    )
}

fn read(row: &Row<'_>) -> Result<Installation, StoreError> {
    let id: String = row.get(0)?;
    Ok(Installation {
        id: InstallationId::parse(&id)
            .ok_or_else(|| StoreError::Corrupt("the installation's id is no UUID".to_owned()))?,
        key_check: row.get(1)?,
        founded: row.get(2)?,
        last_seen: row.get(3)?,
    })
}

/// Some access key, for whoever wants to know whether a sealing key is the right one.
pub(crate) fn sealed_sample(sql: &Sql<'_>) -> Result<Option<(String, Vec<u8>)>, StoreError> {
    sql.one("SELECT id, secret_sealed FROM access_keys ORDER BY id LIMIT 1", &[], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}
