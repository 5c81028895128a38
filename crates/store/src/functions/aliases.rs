//! Aliases: a name for one version, or for two with a share each.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::function::{AliasName, FunctionName, Qualifier, Version, Weight};

use super::{expect, policy, require, require_version};
use crate::sql::{Cell, Column, Param, Row, Sql, args};
use crate::{Change, FunctionRow, Page, Store, StoreError, Uuid, page};

/// An alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionAlias {
    /// Its name.
    pub name: AliasName,
    /// Where it points.
    pub version: Version,
    /// A second version, and its share of invocations.
    pub extra: Option<(Version, Weight)>,
    /// What it is for; empty when nothing was said.
    pub description: String,
    /// `RevisionId`
    pub revision: Uuid,
}

/// What to change of an alias; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct AliasUpdate {
    /// Where it points.
    pub version: Option<Version>,
    /// A second version, or none any more.
    pub extra: Option<Option<(Version, Weight)>>,
    /// What it is for.
    pub description: Option<String>,
    /// `RevisionId` that the alias must have.
    pub expected: Option<Uuid>,
    /// The new `RevisionId`.
    pub revision: Uuid,
}

impl Store {
    /// `CreateAlias`. `ResourceNotFound` without the function or a version,
    /// `ResourceAlreadyExists` by its name.
    pub async fn create_function_alias(
        &self,
        function: FunctionName,
        alias: FunctionAlias,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &function)?;
            if find(sql, row, &alias.name)?.is_some() {
                let arn = arn(sql, &function, &alias.name);
                return Err(StoreError::refused(
                    ErrorCode::ResourceAlreadyExists,
                    format!("Alias already exists: {arn}"),
                ));
            }
            check_versions(sql, &function, alias.version, alias.extra)?;
            let (version, weight) = alias.extra.unzip();
            sql.execute(
                "INSERT INTO function_aliases (function_row, name, version, extra_version, \
                 extra_weight, description, revision) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                args![
                    row,
                    &alias.name,
                    alias.version,
                    version,
                    weight.map(Weight::millionths),
                    &alias.description,
                    &alias.revision
                ],
            )?;
            sql.changed(Change::Function(function));
            Ok(())
        })
        .await
    }

    /// `GetAlias`; `None` without the function or the alias.
    pub async fn function_alias(
        &self,
        function: &FunctionName,
        name: &AliasName,
    ) -> Result<Option<FunctionAlias>, StoreError> {
        self.snapshot(|sql| match super::row(sql, function)? {
            Some(row) => find(sql, row, name),
            None => Ok(None),
        })
        .await
    }

    /// `UpdateAlias`; answers the alias as it is now.
    pub async fn update_function_alias(
        &self,
        function: FunctionName,
        name: AliasName,
        update: AliasUpdate,
    ) -> Result<FunctionAlias, StoreError> {
        self.write(move |sql| {
            let row = require(sql, &function)?;
            let mut alias = require_alias(sql, row, &function, &name)?;
            expect(update.expected, alias.revision, "GetAlias")?;
            alias.version = update.version.unwrap_or(alias.version);
            alias.extra = update.extra.unwrap_or(alias.extra);
            alias.description = update.description.unwrap_or(alias.description);
            alias.revision = update.revision;
            check_versions(sql, &function, alias.version, alias.extra)?;
            let (version, weight) = alias.extra.unzip();
            sql.execute(
                "UPDATE function_aliases SET version = $1, extra_version = $2, \
                 extra_weight = $3, description = $4, revision = $5 \
                 WHERE function_row = $6 AND name = $7",
                args![
                    alias.version,
                    version,
                    weight.map(Weight::millionths),
                    &alias.description,
                    &alias.revision,
                    row,
                    &name
                ],
            )?;
            sql.changed(Change::Function(function));
            Ok(alias)
        })
        .await
    }

    /// `DeleteAlias`; one that is not there is no error, a function that is not there is.
    pub async fn delete_function_alias(
        &self,
        function: FunctionName,
        name: AliasName,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &function)?;
            policy::remove(sql, row, name.as_str())?;
            sql.execute(
                "DELETE FROM function_aliases WHERE function_row = $1 AND name = $2",
                args![row, &name],
            )?;
            sql.changed(Change::Function(function));
            Ok(())
        })
        .await
    }

    /// `ListAliases`, by name; of one version, if that is given.
    pub async fn list_function_aliases(
        &self,
        function: &FunctionName,
        of: Option<Version>,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<FunctionAlias>, StoreError> {
        let size = page::size(limit);
        let start = after.unwrap_or_default();
        let items = self
            .snapshot(|sql| {
                let row = require(sql, function)?;
                sql.all(
                    "SELECT name, version, extra_version, extra_weight, description, revision \
                     FROM function_aliases WHERE function_row = $1 AND name > $2 \
                     AND ($3 IS NULL OR version = $3 OR extra_version = $3) \
                     ORDER BY name LIMIT $4",
                    args![row, &start, of, size + 1],
                    read_alias,
                )
            })
            .await?;
        Ok(Page::cut(items, size, |alias| alias.name.to_string()))
    }
}

/// An alias of a function.
pub(super) fn find(
    sql: &Sql<'_>,
    function: FunctionRow,
    name: &AliasName,
) -> Result<Option<FunctionAlias>, StoreError> {
    sql.one(
        "SELECT name, version, extra_version, extra_weight, description, revision \
         FROM function_aliases WHERE function_row = $1 AND name = $2",
        args![function, name],
        read_alias,
    )
}

/// An alias of a function, or `ResourceNotFound`.
pub(super) fn require_alias(
    sql: &Sql<'_>,
    row: FunctionRow,
    function: &FunctionName,
    name: &AliasName,
) -> Result<FunctionAlias, StoreError> {
    find(sql, row, name)?.ok_or_else(|| {
        StoreError::refused(
            ErrorCode::ResourceNotFound,
            format!("Cannot find alias arn: {}", arn(sql, function, name)),
        )
    })
}

fn arn(sql: &Sql<'_>, function: &FunctionName, name: &AliasName) -> String {
    format!("{}:{name}", sql.scope.function_arn(function))
}

/// Every version of an alias must be there; of two, neither may be `$LATEST`, nor both the same.
fn check_versions(
    sql: &Sql<'_>,
    function: &FunctionName,
    version: Version,
    extra: Option<(Version, Weight)>,
) -> Result<(), StoreError> {
    require_version(sql, function, Some(&Qualifier::Version(version)))?;
    let Some((second, _)) = extra else { return Ok(()) };
    let invalid = |message: &str| Err(StoreError::refused(ErrorCode::InvalidRequest, message));
    if version == Version::Latest || second == Version::Latest {
        return invalid("$LATEST is not supported for an alias pointing to more than 1 version");
    }
    if version == second {
        return invalid("An alias cannot point to the same version twice; name another version.");
    }
    require_version(sql, function, Some(&Qualifier::Version(second))).map(|_| ())
}

fn read_alias(row: &Row<'_>) -> Result<FunctionAlias, StoreError> {
    let weight: Option<u32> = row.get("extra_weight")?;
    Ok(FunctionAlias {
        name: row.get("name")?,
        version: row.get("version")?,
        extra: row
            .get::<Option<Version>>("extra_version")?
            .zip(weight.and_then(Weight::from_millionths)),
        description: row.get("description")?,
        revision: row.get("revision")?,
    })
}

impl Column for AliasName {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Self::parse(text).ok(),
            _ => None,
        }
    }
}
impl<'a> From<&'a AliasName> for Param<'a> {
    fn from(name: &'a AliasName) -> Self {
        Self::Text(name.as_str())
    }
}
