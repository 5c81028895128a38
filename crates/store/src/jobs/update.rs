//! Jobs are changed.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::job::{AbortCriterion, Presigned, RetryCriterion, Rollout};
use fleetwright_core::names::JobId;
use fleetwright_core::time::Timestamp;

use super::require;
use crate::sql::{args, json};
use crate::{Store, StoreError};

/// What `UpdateJob` changes; `None` stays.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "AWS's words")]
pub struct JobUpdate {
    pub description: Option<String>,
    pub presigned: Option<Presigned>,
    pub rollout: Option<Rollout>,
    pub abort: Option<Vec<AbortCriterion>>,
    pub timeout_minutes: Option<i64>,
    pub retry: Option<Vec<RetryCriterion>>,
}

impl Store {
    /// `UpdateJob`: executions in progress keep their timer.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidRequest` of one that is over.
    pub async fn update_job(
        &self,
        id: JobId,
        update: JobUpdate,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let job = require(sql, &id)?;
            if job.status.is_over() {
                return Err(StoreError::refused(
                    ErrorCode::InvalidRequest,
                    format!("Job {id} is {} and cannot be updated.", job.status.as_str()),
                ));
            }
            let mut settings = job.settings;
            settings.presigned = update.presigned.or(settings.presigned);
            settings.rollout = update.rollout.or(settings.rollout);
            settings.timeout_minutes = update.timeout_minutes.or(settings.timeout_minutes);
            if let Some(abort) = update.abort {
                settings.abort = abort;
            }
            if let Some(retry) = update.retry {
                settings.retry = retry;
            }
            // A rollout that waits for the next minute may be faster now.
            sql.execute(
                "UPDATE jobs SET settings = $1, description = COALESCE($2, description), \
                 modified = $3, due = CASE WHEN due IS NULL THEN NULL ELSE $3 END \
                 WHERE row_id = $4",
                args![&json(&settings)?, update.description.as_deref(), now, job.row],
            )?;
            super::change::settle(sql, job.row, now)
        })
        .await
    }
}
