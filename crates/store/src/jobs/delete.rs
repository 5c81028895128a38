//! Jobs and executions are deleted: a job's executions so many in a transaction.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::job::{DELETING_JOBS, JobStatus};
use fleetwright_core::names::JobId;
use fleetwright_core::time::Timestamp;

use super::cancel::AT_ONCE;
use super::executions::{
    COLUMNS, ExecutionKey, FROM, JobExecution, first_row, read_execution, require,
};
use super::{JobRow, change, events, notices, of_row};
use crate::event::EventOperation;
use crate::sql::{Sql, args};
use crate::{Store, StoreError, tags};

impl Store {
    /// `DeleteJob`: it is gone, or being deleted when it has many executions.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidStateTransition` of one that is not over, unless it is forced, and
    /// of one that is being deleted; `LimitExceeded`.
    pub async fn delete_job(
        &self,
        id: JobId,
        is_forced: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let job = super::require(sql, &id)?;
            let is_deleting = job.status == JobStatus::DeletionInProgress;
            if is_deleting || (!job.status.is_over() && !is_forced) {
                return Err(StoreError::refused(
                    ErrorCode::InvalidStateTransition,
                    format!(
                        "Job {id} is {}; only a job that is COMPLETED or CANCELED can be deleted \
                         without force.",
                        job.status.as_str()
                    ),
                ));
            }
            let deleting = sql.count(
                "SELECT count(*) FROM jobs WHERE status = 'DELETION_IN_PROGRESS'",
                args![],
            )?;
            if deleting >= DELETING_JOBS {
                return Err(StoreError::refused(
                    ErrorCode::LimitExceeded,
                    format!("{deleting} jobs are being deleted; the limit is {DELETING_JOBS}."),
                ));
            }
            begin(sql, job.row, now)?;
            if !advance(sql, job.row)?
                && let Some(job) = of_row(sql, job.row)?
            {
                events::job(sql, &job, EventOperation::DeletionInProgress)?;
            }
            Ok(())
        })
        .await
    }

    /// `DeleteJobExecution`; its number may come again.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidStateTransition` of one that is not over, unless it is forced.
    pub async fn delete_job_execution(
        &self,
        key: ExecutionKey,
        is_forced: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = require(sql, &key)?;
            if !found.status.is_terminal() && !is_forced {
                return Err(StoreError::refused(
                    ErrorCode::InvalidStateTransition,
                    format!(
                        "The execution is {}; only one that is over can be deleted without force.",
                        found.status.as_str()
                    ),
                ));
            }
            remove(sql, &found)?;
            if found.is_latest {
                sql.execute(
                    "UPDATE job_executions SET is_latest = 1 WHERE thing = $1 AND job_row = $2 \
                     AND number = (SELECT max(o.number) FROM job_executions o \
                     WHERE o.thing = $1 AND o.job_row = $2)",
                    args![&found.thing, found.job_row],
                )?;
                let left =
                    super::executions::find(sql, &ExecutionKey { number: None, ..key.clone() })?;
                change::count(sql, found.job_row, None, left.map(|it| it.status))?;
            }
            change::settle(sql, found.job_row, now)
        })
        .await
    }
}

/// From now on a job is being deleted.
pub(super) fn begin(sql: &Sql<'_>, row: JobRow, now: Timestamp) -> Result<(), StoreError> {
    sql.execute("DELETE FROM job_waiting WHERE job_row = $1", args![row])?;
    sql.execute(
        "UPDATE jobs SET status = $1, canceling = 0, is_rolling = 0, due = $2, turn = NULL, \
         modified = $2 WHERE row_id = $3",
        args![JobStatus::DeletionInProgress, now, row],
    )?;
    Ok(())
}

/// Deletes the next executions of a job, and the job behind the last; whether it is gone.
pub(super) fn advance(sql: &Sql<'_>, row: JobRow) -> Result<bool, StoreError> {
    let text = format!("SELECT {COLUMNS} {FROM} WHERE e.job_row = $1 ORDER BY e.row_id LIMIT $2");
    let found = sql.all(&text, args![row, AT_ONCE], read_execution)?;
    for execution in &found {
        remove(sql, execution)?;
    }
    if found.len() == AT_ONCE {
        return Ok(false);
    }
    if let Some(job) = of_row(sql, row)? {
        events::job(sql, &job, EventOperation::Deleted)?;
    }
    sql.execute("DELETE FROM job_targets WHERE job_row = $1", args![row])?;
    tags::remove(sql, "job", row.0)?;
    sql.execute("DELETE FROM jobs WHERE row_id = $1", args![row])?;
    Ok(true)
}

/// Removes an execution, and tells its thing if it waited for it.
fn remove(sql: &Sql<'_>, execution: &JobExecution) -> Result<(), StoreError> {
    let is_pending = !execution.status.is_terminal();
    let before = if is_pending { first_row(sql, &execution.thing)? } else { None };
    sql.execute("DELETE FROM job_executions WHERE row_id = $1", args![execution.row])?;
    if execution.is_latest {
        change::count(sql, execution.job_row, Some(execution.status), None)?;
    }
    events::of_execution(sql, execution, EventOperation::Deleted)?;
    if is_pending {
        let next_changed = first_row(sql, &execution.thing)? != before;
        notices::note(sql, &execution.thing, true, next_changed)?;
    }
    Ok(())
}
