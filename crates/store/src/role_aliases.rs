//! Role aliases: a name for a role and for how long its credentials live.

use std::collections::BTreeMap;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits;
use fleetwright_core::names::RoleAliasName;
use fleetwright_core::time::Timestamp;

use crate::sql::{Row, Sql, args};
use crate::{Page, Store, StoreError, page, tags};

/// A role alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleAlias {
    /// Its name.
    pub name: RoleAliasName,
    /// The role.
    pub role_arn: String,
    /// Seconds that credentials live.
    pub duration: u32,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}

impl Store {
    /// `CreateRoleAlias`; at most [`limits::ROLE_ALIASES`].
    pub async fn create_role_alias(
        &self,
        alias: RoleAlias,
        tags: BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| create(sql, &alias, &tags)).await
    }

    /// A role alias by its name.
    pub async fn role_alias(&self, name: &RoleAliasName) -> Result<Option<RoleAlias>, StoreError> {
        self.read(|sql| {
            sql.one(
                "SELECT name, role_arn, duration, created, modified FROM role_aliases \
                 WHERE name = $1",
                args![name],
                read_alias,
            )
        })
        .await
    }

    /// `UpdateRoleAlias`: what is given.
    pub async fn update_role_alias(
        &self,
        name: RoleAliasName,
        role_arn: Option<String>,
        duration: Option<u32>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &name)?;
            sql.execute(
                "UPDATE role_aliases SET role_arn = coalesce($1, role_arn), \
                 duration = coalesce($2, duration), modified = $3 WHERE row_id = $4",
                args![role_arn.as_ref(), duration, now, row],
            )?;
            Ok(())
        })
        .await
    }

    /// `DeleteRoleAlias`.
    pub async fn delete_role_alias(&self, name: RoleAliasName) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &name)?;
            sql.execute("DELETE FROM role_aliases WHERE row_id = $1", args![row])?;
            tags::remove(sql, "role_alias", row)
        })
        .await
    }

    /// `ListRoleAliases`, by name.
    pub async fn list_role_aliases(
        &self,
        after: Option<RoleAliasName>,
        limit: usize,
        ascending: bool,
    ) -> Result<Page<RoleAliasName, RoleAliasName>, StoreError> {
        let size = page::size(limit);
        // '~' is past every character of a name.
        let (text, start) = if ascending {
            ("SELECT name FROM role_aliases WHERE name > $1 ORDER BY name LIMIT $2", "")
        } else {
            ("SELECT name FROM role_aliases WHERE name < $1 ORDER BY name DESC LIMIT $2", "~")
        };
        let start = after.as_ref().map_or(start, RoleAliasName::as_str);
        let items =
            self.read(|sql| sql.all(text, args![start, size + 1], |row| row.value())).await?;
        Ok(Page::cut(items, size, RoleAliasName::clone))
    }
}

/// The row of a role alias, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &RoleAliasName) -> Result<i64, StoreError> {
    sql.one("SELECT row_id FROM role_aliases WHERE name = $1", args![name], |row| row.value())?
        .ok_or_else(|| {
            StoreError::refused(
                ErrorCode::ResourceNotFound,
                format!("The role alias '{name}' does not exist."),
            )
        })
}

fn create(
    sql: &Sql<'_>,
    alias: &RoleAlias,
    tags: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    if sql.exists("SELECT 1 FROM role_aliases WHERE name = $1", args![&alias.name])? {
        let arn = sql.scope.arn("rolealias", &alias.name);
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("The role alias '{}' exists already.", alias.name),
        )
        .about(alias.name.as_str(), arn)
        .into());
    }
    if sql.count("SELECT count(*) FROM role_aliases", args![])? >= limits::ROLE_ALIASES {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!(
                "There are {} role aliases, the most that an account has; delete one.",
                limits::ROLE_ALIASES
            ),
        ));
    }
    let row = sql.insert(
        "INSERT INTO role_aliases (name, role_arn, duration, created, modified) \
         VALUES ($1, $2, $3, $4, $5) RETURNING row_id",
        args![&alias.name, &alias.role_arn, alias.duration, alias.created, alias.modified],
    )?;
    tags::put(sql, "role_alias", row, tags)
}

fn read_alias(row: &Row<'_>) -> Result<RoleAlias, StoreError> {
    Ok(RoleAlias {
        name: row.get("name")?,
        role_arn: row.get("role_arn")?,
        duration: row.get("duration")?,
        created: row.get("created")?,
        modified: row.get("modified")?,
    })
}
