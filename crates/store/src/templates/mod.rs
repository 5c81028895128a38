//! Provisioning templates and their versions. Bodies are checked by the caller.

mod change;
mod versions;

pub use change::{NewTemplate, TemplateUpdate};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::names::TemplateName;
use fleetwright_core::time::Timestamp;

use crate::sql::{Cell, Column, Row, Sql, args};
use crate::versions::Versions;
use crate::{Page, Store, StoreError, page};

const VERSIONS: Versions = Versions {
    documents: "templates",
    table: "template_versions",
    owner: "template_row",
    text: "body",
    most: limits::TEMPLATE_VERSIONS,
};

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
    pub created: Timestamp,
    /// When it last changed.
    pub modified: Timestamp,
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
                |row| Ok(Template { body: row.get("body")?, ..read_template(row)? }),
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

/// The row of a template.
fn find(sql: &Sql<'_>, name: &TemplateName) -> Result<Option<i64>, StoreError> {
    sql.one("SELECT row_id FROM templates WHERE name = $1", args![name], |row| row.value())
}

/// The row of a template, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &TemplateName) -> Result<i64, StoreError> {
    find(sql, name)?.ok_or_else(|| {
        StoreError::refused(
            ErrorCode::ResourceNotFound,
            format!("Provisioning template {name} does not exist."),
        )
    })
}

fn read_template(row: &Row<'_>) -> Result<Template, StoreError> {
    let target: Option<String> = row.get("hook_target")?;
    let payload_version = row.get("hook_payload_version")?;
    Ok(Template {
        name: row.get("name")?,
        kind: row.get("kind")?,
        description: row.get("description")?,
        enabled: row.get("enabled")?,
        role_arn: row.get("role_arn")?,
        hook: target.map(|target| Hook { target, payload_version }),
        default_version: row.get("default_version")?,
        body: String::new(),
        created: row.get("created")?,
        modified: row.get("modified")?,
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
