//! Job templates.

use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::job::{JobSettings, TEMPLATES};
use fleetwright_core::names::JobTemplateId;
use fleetwright_core::time::Timestamp;

use crate::sql::{Row, Sql, args, json};
use crate::{Page, Store, StoreError, page, tags};

/// A job template.
#[derive(Debug, Clone)]
pub struct JobTemplate {
    /// `jobTemplateId`
    pub id: JobTemplateId,
    /// `description`
    pub description: String,
    /// The job document.
    pub document: String,
    /// Where it was read.
    pub document_source: Option<String>,
    /// Its configurations; of a schedule the windows.
    pub settings: JobSettings,
    /// When it was made.
    pub created: Timestamp,
}

impl Store {
    /// `CreateJobTemplate`
    ///
    /// # Errors
    /// `Conflict` when there is one of that id; `LimitExceeded`.
    pub async fn create_job_template(
        &self,
        new: JobTemplate,
        tags: BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            if find(sql, &new.id)?.is_some() {
                let message = format!("Job template {} already exists.", new.id);
                return Err(StoreError::refused(ErrorCode::Conflict, message));
            }
            if sql.count("SELECT count(*) FROM job_templates", args![])? >= TEMPLATES {
                let message = format!("An account has at most {TEMPLATES} job templates.");
                return Err(StoreError::refused(ErrorCode::LimitExceeded, message));
            }
            let row = sql.insert(
                "INSERT INTO job_templates (id, description, document, document_source, settings, \
                 created) VALUES ($1, $2, $3, $4, $5, $6) RETURNING row_id",
                args![
                    &new.id,
                    &new.description,
                    &new.document,
                    new.document_source.as_deref(),
                    &json(&new.settings)?,
                    new.created
                ],
            )?;
            tags::put(sql, "job_template", row, &tags)
        })
        .await
    }

    /// A job template by its id.
    pub async fn job_template(
        &self,
        id: &JobTemplateId,
    ) -> Result<Option<JobTemplate>, StoreError> {
        self.read(|sql| find(sql, id)).await
    }

    /// `ListJobTemplates`, by id.
    pub async fn list_job_templates(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<JobTemplate>, StoreError> {
        let size = page::size(limit);
        let text =
            format!("SELECT {COLUMNS} FROM job_templates WHERE id > $1 ORDER BY id LIMIT $2");
        let params = args![after.unwrap_or_default(), size + 1];
        let found = self.read(|sql| sql.all(&text, params, read_template)).await?;
        Ok(Page::cut(found, size, |template| template.id.to_string()))
    }

    /// `DeleteJobTemplate`
    ///
    /// # Errors
    /// `ResourceNotFound`
    pub async fn delete_job_template(&self, id: JobTemplateId) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &id)?;
            tags::remove(sql, "job_template", row)?;
            sql.execute("DELETE FROM job_templates WHERE row_id = $1", args![row])?;
            Ok(())
        })
        .await
    }
}

const COLUMNS: &str = "id, description, document, document_source, settings, created";

fn find(sql: &Sql<'_>, id: &JobTemplateId) -> Result<Option<JobTemplate>, StoreError> {
    let text = format!("SELECT {COLUMNS} FROM job_templates WHERE id = $1");
    sql.one(&text, args![id], read_template)
}

/// The row of a template, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, id: &JobTemplateId) -> Result<i64, StoreError> {
    sql.one("SELECT row_id FROM job_templates WHERE id = $1", args![id], |row| row.value())?
        .ok_or_else(|| {
            let message = format!("Job template {id} cannot be found.");
            StoreError::refused(ErrorCode::ResourceNotFound, message)
        })
}

fn read_template(row: &Row<'_>) -> Result<JobTemplate, StoreError> {
    Ok(JobTemplate {
        id: row.get("id")?,
        description: row.get("description")?,
        document: row.get("document")?,
        document_source: row.get("document_source")?,
        settings: row.get("settings")?,
        created: row.get("created")?,
    })
}
