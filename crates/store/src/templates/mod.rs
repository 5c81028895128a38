//! Provisioning templates and their versions. Bodies are checked by the caller.

mod change;
mod versions;

use fleetwright_core::certificate::Instant;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::TemplateName;

pub use change::{NewTemplate, TemplateUpdate};
pub use versions::TemplateVersion;

use crate::sql::{Cell, Column, Row, Sql, args};
use crate::{Change, Page, Store, StoreError, page};

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

impl Store {
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

fn touch(sql: &Sql<'_>, name: TemplateName, row: i64, now: Instant) -> Result<(), StoreError> {
    sql.execute("UPDATE templates SET modified = $1 WHERE row_id = $2", args![now, row])?;
    sql.changed(Change::Template(name));
    Ok(())
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
