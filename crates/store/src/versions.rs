//! Documents with versions: policies, managed policies, provisioning templates. Each has at most
//! so many; one is in force; a number is never used twice.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::time::Timestamp;

use crate::StoreError;
use crate::sql::{Param, Row, Sql, args};

/// A version of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentVersion {
    /// Its number, from 1; never used twice.
    pub version: u32,
    /// Whether it is the one in force.
    pub is_default: bool,
    /// The document, JSON text.
    pub document: String,
    /// When it was made.
    pub created: Timestamp,
}

/// Where the documents of a kind are kept. The table of documents has the columns
/// `default_version`, `next_version` and `modified`; that of versions has `version` and `created`.
#[derive(Clone, Copy)]
pub(crate) struct Versions {
    /// The table of documents.
    pub(crate) documents: &'static str,
    /// The table of their versions.
    pub(crate) table: &'static str,
    /// Its column with the row of the document.
    pub(crate) owner: &'static str,
    /// Its column with the text.
    pub(crate) text: &'static str,
    /// How many a document may have.
    pub(crate) most: usize,
}

impl Versions {
    /// Keeps version 1 of a document whose row was just made.
    pub(crate) fn first(
        &self,
        sql: &Sql<'_>,
        row: i64,
        document: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.insert(sql, row, 1, document, now)
    }

    /// Adds a version, in force at once if `as_default`; `full` says how a document that has as
    /// many as it may have, which it is given, is refused.
    pub(crate) fn add(
        &self,
        sql: &Sql<'_>,
        row: i64,
        document: String,
        as_default: bool,
        now: Timestamp,
        full: impl FnOnce(usize) -> String,
    ) -> Result<DocumentVersion, StoreError> {
        let count = self.count(sql, row)?;
        if count >= self.most {
            return Err(StoreError::refused(ErrorCode::VersionsLimitExceeded, full(self.most)));
        }
        let text = format!(
            "UPDATE {} SET next_version = next_version + 1, modified = $1 WHERE row_id = $2 \
             RETURNING next_version - 1 AS version",
            self.documents
        );
        let version: Option<u32> = sql.one(&text, args![now, row], |row| row.value())?;
        let version =
            version.ok_or_else(|| StoreError::Corrupt(format!("{} lost a row", self.documents)))?;
        self.insert(sql, row, version, &document, now)?;
        if as_default {
            self.set_default(sql, row, version, Some(now))?;
        }
        Ok(DocumentVersion { version, is_default: as_default, document, created: now })
    }

    /// Puts a version that exists in force; with `modified` that modifies the document.
    pub(crate) fn set_default(
        &self,
        sql: &Sql<'_>,
        row: i64,
        version: u32,
        modified: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let text = format!(
            "UPDATE {} SET default_version = $1, modified = COALESCE($2, modified) \
             WHERE row_id = $3",
            self.documents
        );
        sql.execute(&text, args![version, modified, row])?;
        Ok(())
    }

    /// Removes a version: never the one in force, which `conflict` refuses. With `modified` that
    /// modifies the document.
    pub(crate) fn remove(
        &self,
        sql: &Sql<'_>,
        row: i64,
        found: &DocumentVersion,
        modified: Option<Timestamp>,
        conflict: impl FnOnce() -> String,
    ) -> Result<(), StoreError> {
        if found.is_default {
            return Err(StoreError::refused(ErrorCode::DeleteConflict, conflict()));
        }
        let Self { documents, table, owner, .. } = self;
        let text = format!("DELETE FROM {table} WHERE {owner} = $1 AND version = $2");
        sql.execute(&text, args![row, found.version])?;
        if let Some(now) = modified {
            let text = format!("UPDATE {documents} SET modified = $1 WHERE row_id = $2");
            sql.execute(&text, args![now, row])?;
        }
        Ok(())
    }

    /// Removes every version of a document that goes.
    pub(crate) fn remove_all(&self, sql: &Sql<'_>, row: i64) -> Result<(), StoreError> {
        sql.execute(&format!("DELETE FROM {} WHERE {} = $1", self.table, self.owner), args![row])?;
        Ok(())
    }

    /// How many versions a document has.
    pub(crate) fn count(&self, sql: &Sql<'_>, row: i64) -> Result<usize, StoreError> {
        let text = format!("SELECT count(*) FROM {} WHERE {} = $1", self.table, self.owner);
        sql.count(&text, args![row])
    }

    /// A version, if there is one of that number.
    pub(crate) fn one(
        &self,
        sql: &Sql<'_>,
        row: i64,
        version: u32,
    ) -> Result<Option<DocumentVersion>, StoreError> {
        let text = format!("{} WHERE d.row_id = $1 AND v.version = $2", self.select());
        sql.one(&text, args![row, version], read)
    }

    /// Every version of a document, newest first.
    pub(crate) fn all(&self, sql: &Sql<'_>, row: i64) -> Result<Vec<DocumentVersion>, StoreError> {
        self.list(sql, "WHERE d.row_id = $1 ORDER BY v.version DESC", args![row])
    }

    /// The versions of a document from one on, oldest first.
    pub(crate) fn after(
        &self,
        sql: &Sql<'_>,
        row: i64,
        after: u32,
        limit: usize,
    ) -> Result<Vec<DocumentVersion>, StoreError> {
        let rest = "WHERE d.row_id = $1 AND v.version > $2 ORDER BY v.version LIMIT $3";
        self.list(sql, rest, args![row, after, limit])
    }

    fn list(
        &self,
        sql: &Sql<'_>,
        rest: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<DocumentVersion>, StoreError> {
        sql.all(&format!("{} {rest}", self.select()), params, read)
    }

    fn select(&self) -> String {
        let Self { documents, table, owner, text, .. } = self;
        format!(
            "SELECT v.version, v.version = d.default_version AS is_default, v.{text} AS document, \
             v.created FROM {documents} d JOIN {table} v ON v.{owner} = d.row_id"
        )
    }

    fn insert(
        &self,
        sql: &Sql<'_>,
        row: i64,
        version: u32,
        document: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Self { table, owner, text, .. } = self;
        let text = format!(
            "INSERT INTO {table} ({owner}, version, {text}, created) VALUES ($1, $2, $3, $4)"
        );
        sql.execute(&text, args![row, version, document, now])?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> Result<DocumentVersion, StoreError> {
    Ok(DocumentVersion {
        version: row.get("version")?,
        is_default: row.get("is_default")?,
        document: row.get("document")?,
        created: row.get("created")?,
    })
}
