//! Authorizers: functions that say who a client is and what it may do; one may be the default.

use std::collections::BTreeMap;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits;
use fleetwright_core::names::AuthorizerName;
use fleetwright_core::time::Timestamp;

use crate::sql::{Row, Sql, args, json};
use crate::{Page, Store, StoreError, page, tags};

/// An authorizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorizer {
    /// Its name.
    pub name: AuthorizerName,
    /// The function that decides.
    pub function_arn: String,
    /// Where a client sends its token.
    pub token_key_name: Option<String>,
    /// Public keys of tokens by their names, PEM.
    pub signing_keys: BTreeMap<String, String>,
    /// Whether it is `ACTIVE`.
    pub active: bool,
    /// Whether tokens are not signed.
    pub signing_disabled: bool,
    /// `enableCachingForHttp`
    pub caching: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}

/// What `UpdateAuthorizer` may change; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct AuthorizerUpdate {
    /// The function that decides.
    pub function_arn: Option<String>,
    /// Where a client sends its token.
    pub token_key_name: Option<String>,
    /// Public keys of tokens; all of them.
    pub signing_keys: Option<BTreeMap<String, String>>,
    /// Whether it is `ACTIVE`.
    pub active: Option<bool>,
    /// `enableCachingForHttp`
    pub caching: Option<bool>,
}

const COLUMNS: &str = "name, function_arn, token_key_name, signing_keys, active, \
                       signing_disabled, caching, created, modified";

impl Store {
    /// `CreateAuthorizer`; at most [`limits::AUTHORIZERS`], of which
    /// [`limits::ACTIVE_AUTHORIZERS`] are active.
    pub async fn create_authorizer(
        &self,
        new: Authorizer,
        tags: BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| create(sql, &new, &tags)).await
    }

    /// An authorizer by its name.
    pub async fn authorizer(
        &self,
        name: &AuthorizerName,
    ) -> Result<Option<Authorizer>, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM authorizers WHERE name = $1");
        self.read(|sql| sql.one(&text, args![name], read_authorizer)).await
    }

    /// The account's default authorizer.
    pub async fn default_authorizer(&self) -> Result<Option<Authorizer>, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM authorizers WHERE is_default = 1");
        self.read(|sql| sql.one(&text, args![], read_authorizer)).await
    }

    /// `UpdateAuthorizer`: what is given.
    pub async fn update_authorizer(
        &self,
        name: AuthorizerName,
        update: AuthorizerUpdate,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let (row, was_active) = require(sql, &name)?;
            let keys = update.signing_keys.as_ref().map(json).transpose()?;
            sql.execute(
                "UPDATE authorizers SET function_arn = coalesce($1, function_arn), \
                 token_key_name = coalesce($2, token_key_name), \
                 signing_keys = coalesce($3, signing_keys), active = coalesce($4, active), \
                 caching = coalesce($5, caching), modified = $6 WHERE row_id = $7",
                args![
                    update.function_arn.as_ref(),
                    update.token_key_name.as_ref(),
                    keys.as_ref(),
                    update.active,
                    update.caching,
                    now,
                    row
                ],
            )?;
            if update.active == Some(true) && !was_active { check_active(sql) } else { Ok(()) }
        })
        .await
    }

    /// `DeleteAuthorizer`: never one that is active, the default, or a domain's.
    pub async fn delete_authorizer(&self, name: AuthorizerName) -> Result<(), StoreError> {
        self.write(move |sql| delete(sql, &name)).await
    }

    /// `ListAuthorizers`, by name; of one status, if given.
    pub async fn list_authorizers(
        &self,
        active: Option<bool>,
        after: Option<AuthorizerName>,
        limit: usize,
        ascending: bool,
    ) -> Result<Page<AuthorizerName, AuthorizerName>, StoreError> {
        let size = page::size(limit);
        // '~' is past every character of a name.
        let (text, start) = if ascending {
            (
                "SELECT name FROM authorizers WHERE name > $1 AND active = coalesce($2, active) \
                 ORDER BY name LIMIT $3",
                "",
            )
        } else {
            (
                "SELECT name FROM authorizers WHERE name < $1 AND active = coalesce($2, active) \
                 ORDER BY name DESC LIMIT $3",
                "~",
            )
        };
        let start = after.as_ref().map_or(start, AuthorizerName::as_str);
        let items = self
            .read(|sql| sql.all(text, args![start, active, size + 1], |row| row.value()))
            .await?;
        Ok(Page::cut(items, size, AuthorizerName::clone))
    }

    /// `SetDefaultAuthorizer`; the default that there is must be cleared first.
    pub async fn set_default_authorizer(&self, name: AuthorizerName) -> Result<(), StoreError> {
        self.write(move |sql| {
            let (row, _) = require(sql, &name)?;
            if let Some(found) = default_name(sql)?.filter(|found| *found != name) {
                let arn = sql.scope.arn("authorizer", &found);
                return Err(Refusal::new(
                    ErrorCode::ResourceAlreadyExists,
                    format!("The default authorizer is '{found}'; clear it first."),
                )
                .about(found.as_str(), arn)
                .into());
            }
            sql.execute("UPDATE authorizers SET is_default = 1 WHERE row_id = $1", args![row])?;
            Ok(())
        })
        .await
    }

    /// `ClearDefaultAuthorizer`; answers whether there was one.
    pub async fn clear_default_authorizer(&self) -> Result<bool, StoreError> {
        self.write_if(|sql| {
            let text = "UPDATE authorizers SET is_default = 0 WHERE is_default = 1";
            Ok(sql.execute(text, args![])? > 0)
        })
        .await
    }
}

/// The row of an authorizer and whether it is active, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &AuthorizerName) -> Result<(i64, bool), StoreError> {
    let text = "SELECT row_id, active FROM authorizers WHERE name = $1";
    sql.one(text, args![name], |row| Ok((row.get("row_id")?, row.get("active")?)))?.ok_or_else(
        || {
            StoreError::refused(
                ErrorCode::ResourceNotFound,
                format!("The authorizer '{name}' does not exist."),
            )
        },
    )
}

fn default_name(sql: &Sql<'_>) -> Result<Option<AuthorizerName>, StoreError> {
    sql.one("SELECT name FROM authorizers WHERE is_default = 1", args![], |row| row.value())
}

fn check_active(sql: &Sql<'_>) -> Result<(), StoreError> {
    let active = sql.count("SELECT count(*) FROM authorizers WHERE active = 1", args![])?;
    if active <= limits::ACTIVE_AUTHORIZERS {
        return Ok(());
    }
    Err(StoreError::refused(
        ErrorCode::LimitExceeded,
        format!(
            "An account has at most {} active authorizers; make one INACTIVE first.",
            limits::ACTIVE_AUTHORIZERS
        ),
    ))
}

fn create(
    sql: &Sql<'_>,
    new: &Authorizer,
    tags: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    if sql.exists("SELECT 1 FROM authorizers WHERE name = $1", args![&new.name])? {
        let arn = sql.scope.arn("authorizer", &new.name);
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("The authorizer '{}' exists already.", new.name),
        )
        .about(new.name.as_str(), arn)
        .into());
    }
    if sql.count("SELECT count(*) FROM authorizers", args![])? >= limits::AUTHORIZERS {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!("An account has at most {} authorizers; delete one.", limits::AUTHORIZERS),
        ));
    }
    let row = sql.insert(
        "INSERT INTO authorizers (name, function_arn, token_key_name, signing_keys, active, \
         signing_disabled, caching, is_default, created, modified) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9) RETURNING row_id",
        args![
            &new.name,
            &new.function_arn,
            new.token_key_name.as_ref(),
            &json(&new.signing_keys)?,
            new.active,
            new.signing_disabled,
            new.caching,
            new.created,
            new.modified
        ],
    )?;
    check_active(sql)?;
    tags::put(sql, "authorizer", row, tags)
}

fn delete(sql: &Sql<'_>, name: &AuthorizerName) -> Result<(), StoreError> {
    let (row, active) = require(sql, name)?;
    let used = "SELECT 1 FROM domain_configurations WHERE default_authorizer = $1";
    if default_name(sql)?.as_ref() == Some(name) || sql.exists(used, args![name])? {
        return Err(StoreError::refused(
            ErrorCode::DeleteConflict,
            format!(
                "The authorizer '{name}' is the default of the account or of a domain \
                 configuration; clear that first."
            ),
        ));
    }
    if active {
        return Err(StoreError::refused(
            ErrorCode::InvalidRequest,
            format!("The authorizer '{name}' is ACTIVE; update its status to INACTIVE first."),
        ));
    }
    sql.execute("DELETE FROM authorizers WHERE row_id = $1", args![row])?;
    tags::remove(sql, "authorizer", row)
}

fn read_authorizer(row: &Row<'_>) -> Result<Authorizer, StoreError> {
    Ok(Authorizer {
        name: row.get("name")?,
        function_arn: row.get("function_arn")?,
        token_key_name: row.get("token_key_name")?,
        signing_keys: row.get("signing_keys")?,
        active: row.get("active")?,
        signing_disabled: row.get("signing_disabled")?,
        caching: row.get("caching")?,
        created: row.get("created")?,
        modified: row.get("modified")?,
    })
}
