//! Access keys of the control plane's users; the secret is sealed by the caller.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::time::Timestamp;

use crate::iam::identity_row;
use crate::sql::{Row, Sql, args};
use crate::{Change, Identity, Store, StoreError};

/// Whether a key signs requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessKeyStatus {
    /// It does.
    Active,
    /// It does not.
    Inactive,
}

/// An access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// `AKIA…`
    pub id: String,
    /// The secret, sealed by the caller; never in the clear here.
    pub secret_sealed: Vec<u8>,
    /// Whose key.
    pub user: String,
    /// Whether it signs requests.
    pub status: AccessKeyStatus,
    /// When it was made.
    pub created: Timestamp,
}

impl Store {
    /// The key of an id.
    pub async fn access_key(&self, id: &str) -> Result<Option<AccessKey>, StoreError> {
        self.read(|sql| {
            sql.one(
                "SELECT id, secret_sealed, user_name, active, created FROM access_keys WHERE id = $1",
                args![id],
                read_key,
            )
        })
        .await
    }

    /// `CreateAccessKey`: at most [`limits::ACCESS_KEYS_PER_USER`] of a user that exists.
    pub async fn create_access_key(&self, of: Identity, key: AccessKey) -> Result<(), StoreError> {
        self.write(move |sql| {
            identity_row(sql, &of)?;
            let count = sql
                .count("SELECT count(*) FROM access_keys WHERE user_name = $1", args![&key.user])?;
            if count >= limits::ACCESS_KEYS_PER_USER {
                let max = limits::ACCESS_KEYS_PER_USER;
                return Err(StoreError::refused(
                    ErrorCode::LimitExceeded,
                    format!("Cannot exceed quota for AccessKeysPerUser: {max}"),
                ));
            }
            put(sql, key)
        })
        .await
    }

    /// The keys of a user, at most 100, in the order of their ids.
    pub async fn access_keys_of(&self, user: &str) -> Result<Vec<AccessKey>, StoreError> {
        self.read(|sql| {
            sql.all(
                "SELECT id, secret_sealed, user_name, active, created FROM access_keys \
                 WHERE user_name = $1 ORDER BY id LIMIT 100",
                args![user],
                read_key,
            )
        })
        .await
    }

    /// Keeps a key, new or changed.
    pub async fn put_access_key(&self, key: AccessKey) -> Result<(), StoreError> {
        self.write(move |sql| put(sql, key)).await
    }

    /// Gives a user this key in place of all that the user has, in one transaction.
    pub async fn replace_access_keys(&self, key: AccessKey) -> Result<(), StoreError> {
        self.write(move |sql| {
            remove_all_of(sql, &key.user)?;
            put(sql, key)
        })
        .await
    }

    /// Removes a key; answers whether there was one.
    pub async fn delete_access_key(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write_if(move |sql| {
            let gone = sql.execute("DELETE FROM access_keys WHERE id = $1", args![&id])? > 0;
            sql.changed(Change::AccessKey(id));
            Ok(gone)
        })
        .await
    }
}

/// Removes every key of a user.
pub(crate) fn remove_all_of(sql: &Sql<'_>, user: &str) -> Result<(), StoreError> {
    sql.execute("DELETE FROM access_keys WHERE user_name = $1", args![user])?;
    Ok(())
}

pub(crate) fn put(sql: &Sql<'_>, key: AccessKey) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO access_keys (id, secret_sealed, user_name, active, created) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET \
         secret_sealed = excluded.secret_sealed, user_name = excluded.user_name, \
         active = excluded.active",
        args![
            &key.id,
            &key.secret_sealed,
            &key.user,
            key.status == AccessKeyStatus::Active,
            key.created
        ],
    )?;
    sql.changed(Change::AccessKey(key.id));
    Ok(())
}

fn read_key(row: &Row<'_>) -> Result<AccessKey, StoreError> {
    let active: bool = row.get("active")?;
    Ok(AccessKey {
        id: row.get("id")?,
        secret_sealed: row.get("secret_sealed")?,
        user: row.get("user_name")?,
        status: if active { AccessKeyStatus::Active } else { AccessKeyStatus::Inactive },
        created: row.get("created")?,
    })
}
