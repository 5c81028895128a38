//! `ListFunctions` and `ListVersionsByFunction`.

use fleetwright_core::function::{FunctionName, Version};

use super::{FROM, FunctionVersion, VERSION, read_version, require};
use crate::sql::args;
use crate::{Page, Store, StoreError, page};

/// Where a page of versions goes on: after this version of this function.
pub type VersionKey = (FunctionName, Version);

impl Store {
    /// `ListFunctions`, by name: `$LATEST` of each, or with `all` every version of each, oldest
    /// first.
    pub async fn list_functions(
        &self,
        all: bool,
        after: Option<VersionKey>,
        limit: usize,
    ) -> Result<Page<FunctionVersion, VersionKey>, StoreError> {
        let size = page::size(limit);
        let (name, version) = match &after {
            Some((name, version)) => (name.as_str(), *version),
            None => ("", Version::Latest),
        };
        let which = if all { "" } else { "AND v.version = 0 " };
        let text = format!(
            "SELECT {VERSION} {FROM} WHERE (f.name > $1 OR (f.name = $1 AND v.version > $2)) \
             {which}ORDER BY f.name, v.version LIMIT $3"
        );
        let items =
            self.read(|sql| sql.all(&text, args![name, version, size + 1], read_version)).await?;
        Ok(Page::cut(items, size, |item| (item.name.clone(), item.version)))
    }

    /// `ListVersionsByFunction`: `$LATEST`, then from the oldest. `ResourceNotFound` without the
    /// function.
    pub async fn list_function_versions(
        &self,
        name: &FunctionName,
        after: Option<Version>,
        limit: usize,
    ) -> Result<Page<FunctionVersion, Version>, StoreError> {
        let size = page::size(limit);
        let text = format!(
            "SELECT {VERSION} {FROM} WHERE v.function_row = $1 AND ($2 IS NULL OR v.version > $2) \
             ORDER BY v.version LIMIT $3"
        );
        let items = self
            .snapshot(|sql| {
                let row = require(sql, name)?;
                sql.all(&text, args![row, after, size + 1], read_version)
            })
            .await?;
        Ok(Page::cut(items, size, |item| item.version))
    }
}
