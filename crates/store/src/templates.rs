//! Provisioning templates and their versions. Bodies are checked by the caller.

use std::collections::BTreeMap;

use fleetwright_core::certificate::Instant;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits;
use fleetwright_core::names::TemplateName;

use crate::sql::{Cell, Column, Row, Sql, args};
use crate::{Change, Page, Store, StoreError, ca_certificates, page, tags};

/// What a template is for; immutable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateType {
    /// `FLEET_PROVISIONING`
    FleetProvisioning,
    /// `JITP`
    Jitp,
}

/// A pre-provisioning hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// `targetArn`
    pub target: String,
    /// `payloadVersion`
    pub payload_version: Option<String>,
}

/// A template, with the body of its default version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: TemplateName,
    /// What it is for.
    pub kind: TemplateType,
    /// `description`
    pub description: Option<String>,
    /// Whether devices may register with it.
    pub enabled: bool,
    /// `provisioningRoleArn`
    pub role_arn: String,
    /// Its hook.
    pub hook: Option<Hook>,
    /// The version in force.
    pub default_version: u32,
    /// That version's body; empty in listings.
    pub body: String,
    /// When it was made.
    pub created: Instant,
    /// When it last changed.
    pub modified: Instant,
}

/// A template to make.
#[derive(Debug, Clone)]
pub struct NewTemplate {
    /// Its name.
    pub name: TemplateName,
    /// What it is for.
    pub kind: TemplateType,
    /// `description`
    pub description: Option<String>,
    /// Whether devices may register with it.
    pub enabled: bool,
    /// `provisioningRoleArn`
    pub role_arn: String,
    /// Its hook.
    pub hook: Option<Hook>,
    /// The body of version 1.
    pub body: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What `UpdateProvisioningTemplate` changes; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct TemplateUpdate {
    /// `description`
    pub description: Option<String>,
    /// `enabled`
    pub enabled: Option<bool>,
    /// `defaultVersionId`, which must exist.
    pub default_version: Option<u32>,
    /// `provisioningRoleArn`
    pub role_arn: Option<String>,
    /// The hook; `Some(None)` removes it.
    pub hook: Option<Option<Hook>>,
}

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
    /// `CreateProvisioningTemplate`; at most [`limits::TEMPLATES`].
    pub async fn create_template(&self, new: NewTemplate, now: Instant) -> Result<(), StoreError> {
        self.write(move |sql| create(sql, &new, now)).await
    }

    /// A template by its name.
    pub async fn template(&self, name: &TemplateName) -> Result<Option<Template>, StoreError> {
        self.read(|sql| {
            sql.one(
                "SELECT t.name, t.kind, t.description, t.enabled, t.role_arn, t.hook_target, \
                 t.hook_payload_version, t.default_version, t.created, t.modified, v.body \
                 FROM templates t JOIN template_versions v \
                 ON v.template_row = t.row_id AND v.version = t.default_version WHERE t.name = $1",
                args![name],
                |row| Ok(Template { body: row.get(10)?, ..read_template(row)? }),
            )
        })
        .await
    }

    /// `ListProvisioningTemplates`, by name, without bodies.
    pub async fn list_templates(
        &self,
        after: Option<TemplateName>,
        limit: usize,
    ) -> Result<Page<Template, TemplateName>, StoreError> {
        let size = page::size(limit);
        let after = after.as_ref().map_or("", TemplateName::as_str).to_owned();
        let items = self
            .read(|sql| {
                sql.all(
                    "SELECT name, kind, description, enabled, role_arn, hook_target, \
                     hook_payload_version, default_version, created, modified \
                     FROM templates WHERE name > $1 ORDER BY name LIMIT $2",
                    args![&after, size + 1],
                    read_template,
                )
            })
            .await?;
        Ok(Page::cut(items, size, |item| item.name.clone()))
    }

    /// `UpdateProvisioningTemplate`.
    pub async fn update_template(
        &self,
        name: TemplateName,
        update: TemplateUpdate,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.write(move |sql| change(sql, &name, &update, now)).await
    }

    /// `DeleteProvisioningTemplate`, with all its versions.
    pub async fn delete_template(&self, name: TemplateName) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &name)?;
            ca_certificates::check_unused(sql, &name)?;
            sql.execute("DELETE FROM template_versions WHERE template_row = $1", args![row])?;
            sql.execute("DELETE FROM templates WHERE row_id = $1", args![row])?;
            tags::remove(sql, "template", row)?;
            sql.changed(Change::Template(name));
            Ok(())
        })
        .await
    }

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

/// The row of a template, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &TemplateName) -> Result<i64, StoreError> {
    sql.one("SELECT row_id FROM templates WHERE name = $1", args![name], |row| row.get(0))?
        .ok_or_else(|| {
            StoreError::refused(
                ErrorCode::ResourceNotFound,
                format!("Provisioning template {name} does not exist."),
            )
        })
}

fn require_version(
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

fn create(sql: &Sql<'_>, new: &NewTemplate, now: Instant) -> Result<(), StoreError> {
    if sql.exists("SELECT 1 FROM templates WHERE name = $1", args![&new.name])? {
        let arn = sql.home.arn("provisioningtemplate", &new.name);
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("Provisioning template {} exists already.", new.name),
        )
        .about(new.name.as_str(), arn)
        .into());
    }
    if sql.count("SELECT count(*) FROM templates", args![])? >= limits::TEMPLATES {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!(
                "There are {} provisioning templates, the most allowed; delete one first.",
                limits::TEMPLATES
            ),
        ));
    }
    let (target, payload_version) = hook_columns(new.hook.as_ref());
    let row = sql.insert(
        "INSERT INTO templates (name, kind, description, enabled, role_arn, hook_target, \
         hook_payload_version, default_version, next_version, created, modified) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 2, $8, $9) RETURNING row_id",
        args![
            &new.name,
            new.kind.as_str(),
            new.description.as_ref(),
            new.enabled,
            &new.role_arn,
            target,
            payload_version,
            now,
            now
        ],
    )?;
    insert_version(sql, row, 1, &new.body, now)?;
    tags::put(sql, "template", row, &new.tags)?;
    sql.changed(Change::Template(new.name.clone()));
    Ok(())
}

fn hook_columns(hook: Option<&Hook>) -> (Option<&str>, Option<&str>) {
    (hook.map(|hook| hook.target.as_str()), hook.and_then(|hook| hook.payload_version.as_deref()))
}

fn insert_version(
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

fn touch(sql: &Sql<'_>, name: TemplateName, row: i64, now: Instant) -> Result<(), StoreError> {
    sql.execute("UPDATE templates SET modified = $1 WHERE row_id = $2", args![now, row])?;
    sql.changed(Change::Template(name));
    Ok(())
}

fn set_default(sql: &Sql<'_>, row: i64, version: u32) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE templates SET default_version = $1 WHERE row_id = $2",
        args![version, row],
    )?;
    Ok(())
}

fn change(
    sql: &Sql<'_>,
    name: &TemplateName,
    update: &TemplateUpdate,
    now: Instant,
) -> Result<(), StoreError> {
    let row = require(sql, name)?;
    if let Some(version) = update.default_version {
        require_version(sql, name, row, version)?;
        set_default(sql, row, version)?;
    }
    if let Some(hook) = &update.hook {
        let (target, payload_version) = hook_columns(hook.as_ref());
        sql.execute(
            "UPDATE templates SET hook_target = $1, hook_payload_version = $2 WHERE row_id = $3",
            args![target, payload_version, row],
        )?;
    }
    sql.execute(
        "UPDATE templates SET description = COALESCE($1, description), \
         enabled = COALESCE($2, enabled), role_arn = COALESCE($3, role_arn) WHERE row_id = $4",
        args![update.description.as_ref(), update.enabled, update.role_arn.as_ref(), row],
    )?;
    touch(sql, name.clone(), row, now)
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

fn read_template(row: &Row<'_>) -> Result<Template, StoreError> {
    let target: Option<String> = row.get(5)?;
    let payload_version = row.get(6)?;
    Ok(Template {
        name: row.get(0)?,
        kind: row.get(1)?,
        description: row.get(2)?,
        enabled: row.get(3)?,
        role_arn: row.get(4)?,
        hook: target.map(|target| Hook { target, payload_version }),
        default_version: row.get(7)?,
        body: String::new(),
        created: row.get(8)?,
        modified: row.get(9)?,
    })
}

fn read_version(row: &Row<'_>) -> Result<TemplateVersion, StoreError> {
    Ok(TemplateVersion {
        version: row.get(0)?,
        is_default: row.get(1)?,
        body: String::new(),
        created: row.get(2)?,
    })
}

impl TemplateType {
    /// AWS's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FleetProvisioning => "FLEET_PROVISIONING",
            Self::Jitp => "JITP",
        }
    }

    /// Reads AWS's spelling, exact case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::FleetProvisioning, Self::Jitp].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Column for TemplateType {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Self::parse(text),
            _ => None,
        }
    }
}
