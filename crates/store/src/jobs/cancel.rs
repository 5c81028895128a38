//! Jobs are cancelled: at once, and their executions so many in a transaction.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::job::{ExecutionStatus, JobStatus};
use fleetwright_core::names::JobId;
use fleetwright_core::time::Timestamp;

use super::executions::{COLUMNS, ExecutionChange, FROM, JobExecution, read_execution};
use super::{Job, JobRow, change, events, of_row, require};
use crate::event::EventOperation;
use crate::sql::{Sql, args};
use crate::{Store, StoreError};

/// Executions that one transaction cancels or deletes. (ours)
pub(super) const AT_ONCE: usize = 500;
/// `reasonCode` of a job that was given up by its own criteria. (ours)
const ABORTED: &str = "ABORT_CONFIG_MET";
/// `reasonCode` of a job that its schedule ended. (ours)
const ENDED: &str = "END_TIME_REACHED";

/// How a job is cancelled.
#[derive(Debug, Clone)]
pub struct JobCancel {
    /// `reasonCode`
    pub reason_code: Option<String>,
    /// `comment`
    pub comment: Option<String>,
    /// Also what is in progress.
    pub is_forced: bool,
}

impl Store {
    /// `CancelJob`; answers its description.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidRequest` of one that is complete or being deleted.
    pub async fn cancel_job(
        &self,
        id: JobId,
        asked: JobCancel,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        self.write(move |sql| {
            let job = require(sql, &id)?;
            if matches!(job.status, JobStatus::Completed | JobStatus::DeletionInProgress) {
                return Err(StoreError::refused(
                    ErrorCode::InvalidRequest,
                    format!("Job {id} is {} and cannot be cancelled.", job.status.as_str()),
                ));
            }
            cancel(sql, &job, &asked, now)?;
            Ok(job.description)
        })
        .await
    }
}

/// Gives a job up by its own criteria: what is in progress goes on.
pub(super) fn abort(sql: &Sql<'_>, job: &Job, now: Timestamp) -> Result<(), StoreError> {
    let asked = JobCancel {
        reason_code: Some(ABORTED.to_owned()),
        comment: Some("Job cancelled because its abort criteria were met.".to_owned()),
        is_forced: false,
    };
    cancel(sql, job, &asked, now)
}

/// Cancels a job whose schedule says so at its end.
pub(super) fn end(
    sql: &Sql<'_>,
    job: &Job,
    is_forced: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let reason_code = Some(ENDED.to_owned());
    cancel(sql, job, &JobCancel { reason_code, comment: None, is_forced }, now)
}

fn cancel(sql: &Sql<'_>, job: &Job, asked: &JobCancel, now: Timestamp) -> Result<(), StoreError> {
    let is_forced = asked.is_forced || job.is_forced;
    sql.execute("DELETE FROM job_waiting WHERE job_row = $1", args![job.row])?;
    sql.execute("UPDATE job_targets SET is_listed = 1 WHERE job_row = $1", args![job.row])?;
    sql.execute(
        "UPDATE jobs SET status = $1, reason_code = COALESCE($2, reason_code), \
         comment = COALESCE($3, comment), is_forced = $4, canceling = $5, is_rolling = 0, \
         due = $6, turn = NULL, modified = $6, completed = COALESCE(completed, $6) \
         WHERE row_id = $7",
        args![
            JobStatus::Canceled,
            asked.reason_code.as_deref(),
            asked.comment.as_deref(),
            is_forced,
            if is_forced { 2_i64 } else { 1 },
            now,
            job.row
        ],
    )?;
    if !advance(sql, job.row, now)?
        && let Some(job) = of_row(sql, job.row)?
    {
        events::job(sql, &job, EventOperation::CancellationInProgress)?;
    }
    Ok(())
}

/// Cancels the next executions of a cancelled job; whether these were all.
pub(super) fn advance(sql: &Sql<'_>, row: JobRow, now: Timestamp) -> Result<bool, StoreError> {
    let Some(job) = of_row(sql, row)? else { return Ok(true) };
    let mut found = executions(sql, row, ExecutionStatus::Queued, AT_ONCE)?;
    if job.canceling == 2 {
        let room = AT_ONCE.saturating_sub(found.len());
        found.extend(executions(sql, row, ExecutionStatus::InProgress, room)?);
    }
    for execution in &found {
        let is_forced = execution.status == ExecutionStatus::InProgress;
        let to = ExecutionChange { is_forced, ..ExecutionChange::to(ExecutionStatus::Canceled) };
        change::change(sql, execution, &to, now)?;
    }
    let is_done = found.len() < AT_ONCE;
    if is_done {
        sql.execute("UPDATE jobs SET canceling = 0, due = NULL WHERE row_id = $1", args![row])?;
        events::job(sql, &job, events::CANCELED)?;
    }
    Ok(is_done)
}

/// The next executions of a job with a status.
pub(super) fn executions(
    sql: &Sql<'_>,
    job: JobRow,
    status: ExecutionStatus,
    limit: usize,
) -> Result<Vec<JobExecution>, StoreError> {
    let text = format!(
        "SELECT {COLUMNS} {FROM} WHERE e.job_row = $1 AND e.status = $2 \
         ORDER BY e.row_id LIMIT $3"
    );
    sql.all(&text, args![job, status, limit], read_execution)
}
