//! Versions of provisioning templates.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::TemplateName;
use fleetwright_core::time::Timestamp;

use super::{VERSIONS, find, require};
use crate::sql::Sql;
use crate::{Change, DocumentVersion, Page, Store, StoreError, page};

impl Store {
    /// `CreateProvisioningTemplateVersion`; at most [`fleetwright_core::limits::TEMPLATE_VERSIONS`].
    pub async fn create_template_version(
        &self,
        name: TemplateName,
        body: String,
        set_default: bool,
        now: Timestamp,
    ) -> Result<DocumentVersion, StoreError> {
        self.write(move |sql| create_version(sql, name, body, set_default, now)).await
    }

    /// A version of a template; `None` when the template or the version does not exist.
    pub async fn template_version(
        &self,
        name: &TemplateName,
        version: u32,
    ) -> Result<Option<DocumentVersion>, StoreError> {
        self.snapshot(|sql| {
            let Some(row) = find(sql, name)? else { return Ok(None) };
            VERSIONS.one(sql, row, version)
        })
        .await
    }

    /// `ListProvisioningTemplateVersions`, oldest first;
    /// `ResourceNotFound` without the template.
    pub async fn template_versions(
        &self,
        name: &TemplateName,
        after: Option<u32>,
        limit: usize,
    ) -> Result<Page<DocumentVersion, u32>, StoreError> {
        let size = page::size(limit);
        let after = after.unwrap_or(0);
        let items =
            self.snapshot(|sql| VERSIONS.after(sql, require(sql, name)?, after, size + 1)).await?;
        Ok(Page::cut(items, size, |item| item.version))
    }

    /// `DeleteProvisioningTemplateVersion`: not the one in force (`DeleteConflict`).
    pub async fn delete_template_version(
        &self,
        name: TemplateName,
        version: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &name)?;
            let found = require_version(sql, &name, row, version)?;
            VERSIONS.remove(sql, row, &found, Some(now), || {
                format!(
                    "Version {version} is the default version of provisioning template {name}; \
                     set another default first."
                )
            })?;
            sql.changed(Change::Template(name));
            Ok(())
        })
        .await
    }
}

pub(super) fn require_version(
    sql: &Sql<'_>,
    name: &TemplateName,
    row: i64,
    version: u32,
) -> Result<DocumentVersion, StoreError> {
    VERSIONS.one(sql, row, version)?.ok_or_else(|| {
        StoreError::refused(
            ErrorCode::ResourceNotFound,
            format!("Provisioning template {name} has no version {version}."),
        )
    })
}

fn create_version(
    sql: &Sql<'_>,
    name: TemplateName,
    body: String,
    as_default: bool,
    now: Timestamp,
) -> Result<DocumentVersion, StoreError> {
    let row = require(sql, &name)?;
    let made = VERSIONS.add(sql, row, body, as_default, now, |versions| {
        format!(
            "Provisioning template {name} has {versions} versions, the most allowed; delete one \
             first."
        )
    })?;
    sql.changed(Change::Template(name));
    Ok(made)
}
