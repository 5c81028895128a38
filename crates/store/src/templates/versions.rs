//! Versions of provisioning templates.

use fleetwright_core::certificate::Instant;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::names::TemplateName;

use super::{require, touch};
use crate::sql::{Row, Sql, args};
use crate::{Page, Store, StoreError, page};

/// A version of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    /// Its number, from 1; never used twice.
    pub version: u32,
    /// Whether it is the one in force.
    pub is_default: bool,
    /// Its body; empty in listings.
    pub body: String,
    /// When it was made.
    pub created: Instant,
}

impl Store {
    /// `CreateProvisioningTemplateVersion`; at most [`limits::TEMPLATE_VERSIONS`].
    pub async fn create_template_version(
        &self,
        name: TemplateName,
        body: String,
        set_default: bool,
        now: Instant,
    ) -> Result<TemplateVersion, StoreError> {
        self.write(move |sql| create_version(sql, name, body, set_default, now)).await
    }

    /// A version of a template; `None` when the template or the version does not exist.
    pub async fn template_version(
        &self,
        name: &TemplateName,
        version: u32,
    ) -> Result<Option<TemplateVersion>, StoreError> {
        self.read(|sql| {
            sql.one(
                "SELECT v.version, v.version = t.default_version, v.created, v.body \
                 FROM templates t JOIN template_versions v ON v.template_row = t.row_id \
                 WHERE t.name = $1 AND v.version = $2",
                args![name, version],
                |row| Ok(TemplateVersion { body: row.get(3)?, ..read_version(row)? }),
            )
        })
        .await
    }

    /// `ListProvisioningTemplateVersions`, oldest first, without bodies;
    /// `ResourceNotFound` without the template.
    pub async fn template_versions(
        &self,
        name: &TemplateName,
        after: Option<u32>,
        limit: usize,
    ) -> Result<Page<TemplateVersion, u32>, StoreError> {
        let size = page::size(limit);
        let items = self
            .snapshot(|sql| {
                let row = require(sql, name)?;
                sql.all(
                    "SELECT v.version, v.version = t.default_version, v.created FROM templates t \
                     JOIN template_versions v ON v.template_row = t.row_id \
                     WHERE t.row_id = $1 AND v.version > $2 ORDER BY v.version LIMIT $3",
                    args![row, after.unwrap_or(0), size + 1],
                    read_version,
                )
            })
            .await?;
        Ok(Page::cut(items, size, |item| item.version))
    }

    /// `DeleteProvisioningTemplateVersion`: not the one in force (`DeleteConflict`).
    pub async fn delete_template_version(
        &self,
        name: TemplateName,
        version: u32,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &name)?;
            require_version(sql, &name, row, version)?;
            let in_force = sql.exists(
                "SELECT 1 FROM templates WHERE row_id = $1 AND default_version = $2",
                args![row, version],
            )?;
            if in_force {
                return Err(StoreError::refused(
                    ErrorCode::DeleteConflict,
                    format!(
                        "Version {version} is the default version of provisioning template {name}; \
                         set another default first."
                    ),
                ));
            }
            sql.execute(
                "DELETE FROM template_versions WHERE template_row = $1 AND version = $2",
                args![row, version],
            )?;
            touch(sql, name, row, now)
        })
        .await
    }
}

pub(super) fn require_version(
    sql: &Sql<'_>,
    name: &TemplateName,
    row: i64,
    version: u32,
) -> Result<(), StoreError> {
    let found = sql.exists(
        "SELECT 1 FROM template_versions WHERE template_row = $1 AND version = $2",
        args![row, version],
    )?;
    if found {
        return Ok(());
    }
    Err(StoreError::refused(
        ErrorCode::ResourceNotFound,
        format!("Provisioning template {name} has no version {version}."),
    ))
}

pub(super) fn insert_version(
    sql: &Sql<'_>,
    row: i64,
    version: u32,
    body: &str,
    now: Instant,
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO template_versions (template_row, version, body, created) \
         VALUES ($1, $2, $3, $4)",
        args![row, version, body, now],
    )?;
    Ok(())
}

pub(super) fn set_default(sql: &Sql<'_>, row: i64, version: u32) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE templates SET default_version = $1 WHERE row_id = $2",
        args![version, row],
    )?;
    Ok(())
}

fn create_version(
    sql: &Sql<'_>,
    name: TemplateName,
    body: String,
    as_default: bool,
    now: Instant,
) -> Result<TemplateVersion, StoreError> {
    let row = require(sql, &name)?;
    let versions =
        sql.count("SELECT count(*) FROM template_versions WHERE template_row = $1", args![row])?;
    if versions >= limits::TEMPLATE_VERSIONS {
        return Err(StoreError::refused(
            ErrorCode::VersionsLimitExceeded,
            format!(
                "Provisioning template {name} has {versions} versions, the most allowed; delete one first."
            ),
        ));
    }
    let version: u32 = sql
        .one(
            "UPDATE templates SET next_version = next_version + 1 WHERE row_id = $1 \
             RETURNING next_version - 1",
            args![row],
            |row| row.get(0),
        )?
        .unwrap_or(1);
    insert_version(sql, row, version, &body, now)?;
    if as_default {
        set_default(sql, row, version)?;
    }
    touch(sql, name, row, now)?;
    Ok(TemplateVersion { version, is_default: as_default, body, created: now })
}

fn read_version(row: &Row<'_>) -> Result<TemplateVersion, StoreError> {
    Ok(TemplateVersion {
        version: row.get(0)?,
        is_default: row.get(1)?,
        body: String::new(),
        created: row.get(2)?,
    })
}
