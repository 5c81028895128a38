//! What it takes to run a function.

use fleetwright_core::function::{FunctionName, Qualifier, Runtime, Version, Weight};

use super::{FunctionVersion, aliases, find, row};
use crate::{FunctionVersionRow, Store, StoreError, Uuid};

/// A version as it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionRevision {
    /// Its row: another after the function was made anew.
    pub row: FunctionVersionRow,
    /// The function.
    pub name: FunctionName,
    /// `$LATEST` or a number.
    pub version: Version,
    /// `RevisionId`: another after every change.
    pub revision: Uuid,
    /// For what its code is written.
    pub runtime: Runtime,
    /// Where the code begins; empty when nothing was said.
    pub handler: String,
    /// Seconds that an invocation may take.
    pub seconds: u32,
    /// Memory, MB.
    pub memory: u32,
    /// Environment variables, sealed; `None` when there are none.
    pub environment: Option<Vec<u8>>,
    /// SHA-256 of the deployment package.
    pub code_sha256: [u8; 32],
    /// The execution role.
    pub role_arn: String,
    /// Concurrent invocations that are reserved for the function, and its bound.
    pub reserved: Option<u32>,
}

/// What a name and qualifier lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedFunction {
    /// The version that is run.
    pub main: FunctionRevision,
    /// The version that is run instead for a share of invocations; of an alias only.
    pub extra: Option<(FunctionRevision, Weight)>,
}

impl ResolvedFunction {
    /// The version of one invocation, given a number drawn evenly.
    #[must_use]
    pub fn drawn(self, number: u32) -> FunctionRevision {
        match self.extra {
            Some((extra, weight)) if weight.takes(number) => extra,
            _ => self.main,
        }
    }
}

impl Store {
    /// What to run for a function by name and qualifier; `None` without the function, the version
    /// or the alias.
    pub async fn function_revision(
        &self,
        name: &FunctionName,
        qualifier: Option<&Qualifier>,
    ) -> Result<Option<ResolvedFunction>, StoreError> {
        self.snapshot(|sql| {
            let Some(function) = row(sql, name)? else { return Ok(None) };
            let reserved = sql
                .one(
                    "SELECT reserved FROM functions WHERE row_id = $1",
                    crate::sql::args![function],
                    |row| row.value(),
                )?
                .flatten();
            let version = |version: Version| {
                let found = find(sql, name, Some(&Qualifier::Version(version)))?;
                Ok::<_, StoreError>(found.map(|found| revision(found, reserved)))
            };
            let (main, extra) = match qualifier {
                None => (Version::Latest, None),
                Some(Qualifier::Version(version)) => (*version, None),
                Some(Qualifier::Alias(alias)) => match aliases::find(sql, function, alias)? {
                    Some(alias) => (alias.version, alias.extra),
                    None => return Ok(None),
                },
            };
            let Some(main) = version(main)? else { return Ok(None) };
            let extra = match extra {
                Some((second, weight)) => version(second)?.map(|second| (second, weight)),
                None => None,
            };
            Ok(Some(ResolvedFunction { main, extra }))
        })
        .await
    }
}

fn revision(found: FunctionVersion, reserved: Option<u32>) -> FunctionRevision {
    let FunctionVersion { row, name, version, revision, settings, code_sha256, .. } = found;
    FunctionRevision {
        row,
        name,
        version,
        revision,
        runtime: settings.runtime,
        handler: settings.handler.unwrap_or_default(),
        seconds: settings.seconds,
        memory: settings.memory,
        environment: settings.environment,
        code_sha256,
        role_arn: settings.role_arn,
        reserved,
    }
}
