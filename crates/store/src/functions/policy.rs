//! Resource-based policies: one of the unqualified function, and one of each version and alias
//! that has permissions.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::function::{
    FunctionName, FunctionRef, Permission, Qualifier, StatementId, Version, policy_document,
};
use fleetwright_core::limits::FUNCTION_POLICY_BYTES;
use fleetwright_core::matched_text;

use super::{expect, no_function, require, row};
use crate::sql::{Sql, args};
use crate::{Change, FunctionRow, Store, StoreError, Uuid};

/// The policy of a function, version or alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionPolicy {
    /// The document.
    pub document: String,
    /// `RevisionId`
    pub revision: Uuid,
}

impl Store {
    /// The policy of exactly that qualifier: `$LATEST` is the unqualified function, an alias has
    /// its own and not that of the version that it points at. `None` without one.
    pub async fn function_policy(
        &self,
        name: &FunctionName,
        qualifier: Option<&Qualifier>,
    ) -> Result<Option<FunctionPolicy>, StoreError> {
        self.snapshot(|sql| {
            let Some(function) = row(sql, name)? else { return Ok(None) };
            let Some((policy, revision)) = find(sql, function, &key(qualifier))? else {
                return Ok(None);
            };
            Ok(Some(FunctionPolicy { document: document(sql, policy)?, revision }))
        })
        .await
    }

    /// `AddPermission`; answers the statement.
    ///
    /// `ResourceNotFound` without the function, version or alias, `ResourceConflicts` for an id
    /// that is taken, `LimitExceeded` for a policy beyond its bytes, `VersionConflict`.
    pub async fn add_function_permission(
        &self,
        function: FunctionRef,
        permission: Permission,
        expected: Option<Uuid>,
        revision: Uuid,
    ) -> Result<String, StoreError> {
        self.write(move |sql| add(sql, &function, &permission, expected, revision)).await
    }

    /// `RemovePermission`.
    pub async fn remove_function_permission(
        &self,
        function: FunctionRef,
        id: StatementId,
        expected: Option<Uuid>,
        revision: Uuid,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let FunctionRef { name, qualifier } = &function;
            let row = existing(sql, name, qualifier.as_ref())?;
            let missing = || {
                let message = format!("Statement {id} is not found in resource policy.");
                StoreError::refused(ErrorCode::ResourceNotFound, message)
            };
            let found = find(sql, row, &key(qualifier.as_ref()))?;
            let (policy, current) = found.ok_or_else(missing)?;
            expect(expected, current, "GetPolicy")?;
            let removed = sql.execute(
                "DELETE FROM function_permissions WHERE policy_row = $1 AND statement_id = $2",
                args![policy, &id],
            )?;
            if removed == 0 {
                return Err(missing());
            }
            let text = "SELECT 1 FROM function_permissions WHERE policy_row = $1";
            if sql.exists(text, args![policy])? {
                renew(sql, policy, revision)?;
            } else {
                sql.execute("DELETE FROM function_policies WHERE row_id = $1", args![policy])?;
            }
            sql.changed(Change::Function(name.clone()));
            Ok(())
        })
        .await
    }
}

/// How a policy's qualifier is kept: `$LATEST` is the unqualified function.
fn key(qualifier: Option<&Qualifier>) -> String {
    match qualifier {
        None | Some(Qualifier::Version(Version::Latest)) => String::new(),
        Some(qualifier) => qualifier.to_string(),
    }
}

/// The row of a function whose version or alias is there.
fn existing(
    sql: &Sql<'_>,
    name: &FunctionName,
    qualifier: Option<&Qualifier>,
) -> Result<FunctionRow, StoreError> {
    match super::find(sql, name, qualifier)? {
        Some(_) => require(sql, name),
        None => Err(no_function(sql, name, qualifier)),
    }
}

fn find(
    sql: &Sql<'_>,
    function: FunctionRow,
    key: &str,
) -> Result<Option<(i64, Uuid)>, StoreError> {
    sql.one(
        "SELECT row_id, revision FROM function_policies WHERE function_row = $1 AND qualifier = $2",
        args![function, key],
        |row| Ok((row.get("row_id")?, row.get("revision")?)),
    )
}

fn document(sql: &Sql<'_>, policy: i64) -> Result<String, StoreError> {
    let statements: Vec<String> = sql.all(
        "SELECT statement FROM function_permissions WHERE policy_row = $1 ORDER BY row_id",
        args![policy],
        |row| row.value(),
    )?;
    Ok(policy_document(&statements))
}

fn renew(sql: &Sql<'_>, policy: i64, revision: Uuid) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE function_policies SET revision = $1 WHERE row_id = $2",
        args![&revision, policy],
    )?;
    Ok(())
}

fn add(
    sql: &Sql<'_>,
    function: &FunctionRef,
    permission: &Permission,
    expected: Option<Uuid>,
    revision: Uuid,
) -> Result<String, StoreError> {
    let FunctionRef { name, qualifier } = function;
    let row = existing(sql, name, qualifier.as_ref())?;
    let key = key(qualifier.as_ref());
    let policy = match find(sql, row, &key)? {
        Some((policy, current)) => {
            expect(expected, current, "GetPolicy")?;
            renew(sql, policy, revision)?;
            policy
        }
        None => sql.insert(
            "INSERT INTO function_policies (function_row, qualifier, revision) \
             VALUES ($1, $2, $3) RETURNING row_id",
            args![row, &key, &revision],
        )?,
    };
    let taken = "SELECT 1 FROM function_permissions WHERE policy_row = $1 AND statement_id = $2";
    if sql.exists(taken, args![policy, &permission.id])? {
        return Err(StoreError::refused(
            ErrorCode::ResourceConflicts,
            matched_text::statement_id_taken(&permission.id),
        ));
    }
    let statement = permission.statement(&function.arn(sql.scope));
    sql.execute(
        "INSERT INTO function_permissions (policy_row, statement_id, statement) \
         VALUES ($1, $2, $3)",
        args![policy, &permission.id, &statement],
    )?;
    let bytes = document(sql, policy)?.len();
    if bytes > FUNCTION_POLICY_BYTES {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!(
                "The final policy size ({bytes}) is bigger than the limit \
                 ({FUNCTION_POLICY_BYTES})."
            ),
        ));
    }
    sql.changed(Change::Function(name.clone()));
    Ok(statement)
}

/// Removes the policy of one qualifier.
pub(super) fn remove(sql: &Sql<'_>, function: FunctionRow, key: &str) -> Result<(), StoreError> {
    let Some((policy, _)) = find(sql, function, key)? else { return Ok(()) };
    sql.execute("DELETE FROM function_permissions WHERE policy_row = $1", args![policy])?;
    sql.execute("DELETE FROM function_policies WHERE row_id = $1", args![policy])?;
    Ok(())
}

/// Removes every policy of a function.
pub(super) fn remove_all(sql: &Sql<'_>, function: FunctionRow) -> Result<(), StoreError> {
    sql.execute(
        "DELETE FROM function_permissions WHERE policy_row IN \
         (SELECT row_id FROM function_policies WHERE function_row = $1)",
        args![function],
    )?;
    sql.execute("DELETE FROM function_policies WHERE function_row = $1", args![function])?;
    Ok(())
}
