//! Provisioning templates are made, changed and deleted.

use std::collections::BTreeMap;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits;
use fleetwright_core::names::TemplateName;
use fleetwright_core::time::Timestamp;

use super::versions::require_version;
use super::{Hook, TemplateType, VERSIONS, find, require};
use crate::sql::{Sql, args};
use crate::{Change, Store, StoreError, ca_certificates, tags};

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

impl Store {
    /// `CreateProvisioningTemplate`; at most [`limits::TEMPLATES`].
    pub async fn create_template(
        &self,
        new: NewTemplate,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| create(sql, &new, now)).await
    }

    /// `UpdateProvisioningTemplate`.
    pub async fn update_template(
        &self,
        name: TemplateName,
        update: TemplateUpdate,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| change(sql, &name, &update, now)).await
    }

    /// `DeleteProvisioningTemplate`, with all its versions.
    pub async fn delete_template(&self, name: TemplateName) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &name)?;
            ca_certificates::check_unused(sql, &name)?;
            VERSIONS.remove_all(sql, row)?;
            sql.execute("DELETE FROM templates WHERE row_id = $1", args![row])?;
            tags::remove(sql, "template", row)?;
            sql.changed(Change::Template(name));
            Ok(())
        })
        .await
    }
}

fn create(sql: &Sql<'_>, new: &NewTemplate, now: Timestamp) -> Result<(), StoreError> {
    if find(sql, &new.name)?.is_some() {
        let arn = sql.scope.arn("provisioningtemplate", &new.name);
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
    VERSIONS.first(sql, row, &new.body, now)?;
    tags::put(sql, "template", row, &new.tags)?;
    sql.changed(Change::Template(new.name.clone()));
    Ok(())
}

fn hook_columns(hook: Option<&Hook>) -> (Option<&str>, Option<&str>) {
    (hook.map(|hook| hook.target.as_str()), hook.and_then(|hook| hook.payload_version.as_deref()))
}

fn change(
    sql: &Sql<'_>,
    name: &TemplateName,
    update: &TemplateUpdate,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = require(sql, name)?;
    if let Some(version) = update.default_version {
        require_version(sql, name, row, version)?;
        VERSIONS.set_default(sql, row, version, Some(now))?;
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
         enabled = COALESCE($2, enabled), role_arn = COALESCE($3, role_arn), modified = $4 \
         WHERE row_id = $5",
        args![update.description.as_ref(), update.enabled, update.role_arn.as_ref(), now, row],
    )?;
    sql.changed(Change::Template(name.clone()));
    Ok(())
}
