//! What jobs do by themselves: rollouts, cancellations and deletions go on, timers run out, schedules
//! turn, things enter and leave continuous jobs. Each call is one transaction of bounded length, and
//! what is left is found again after a crash.

use fleetwright_core::job::{ExecutionStatus, JobStatus, RETENTION_DAYS};
use fleetwright_core::time::Timestamp;

use super::executions::{COLUMNS, ExecutionChange, FROM, read_execution};
use super::{Job, JobRow, cancel, change, delete, membership, of_row, rollout, schedule};
use crate::sql::{Sql, args};
use crate::{Store, StoreError};

/// Timers that one transaction ends. (ours)
const EXPIRED: usize = 200;
const DAY: i64 = 24 * 60 * 60 * 1000;

impl Store {
    /// Does what is due now, a part of it; whether there was something to do.
    pub async fn advance_jobs(
        &self,
        ceiling: Option<u32>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if !self.read(move |sql| is_due(sql, now)).await? {
            return Ok(false);
        }
        self.write_unrecorded(move |sql| {
            expire(sql, now)?;
            membership::follow(sql, now)?;
            turn(sql, now)?;
            advance(sql, ceiling, now)?;
            Ok(true)
        })
        .await
    }

    /// Begins to delete a job that ended long ago; whether there was one.
    pub async fn purge_jobs(&self, now: Timestamp) -> Result<bool, StoreError> {
        let before = now.plus_millis(-RETENTION_DAYS * DAY);
        let found: Option<JobRow> = self
            .read(move |sql| {
                sql.one(
                    "SELECT row_id FROM jobs WHERE status IN ('COMPLETED', 'CANCELED') \
                     AND completed < $1 ORDER BY row_id LIMIT 1",
                    args![before],
                    |row| row.value(),
                )
            })
            .await?;
        let Some(row) = found else { return Ok(false) };
        self.write_unrecorded(move |sql| delete::begin(sql, row, now)).await?;
        Ok(true)
    }
}

fn is_due(sql: &Sql<'_>, now: Timestamp) -> Result<bool, StoreError> {
    sql.exists(
        "SELECT 1 FROM job_executions WHERE due IS NOT NULL AND due <= $1 UNION ALL \
         SELECT 1 FROM jobs WHERE due IS NOT NULL AND due <= $1 UNION ALL \
         SELECT 1 FROM jobs WHERE turn IS NOT NULL AND turn <= $1 UNION ALL \
         SELECT 1 FROM job_moves LIMIT 1",
        args![now],
    )
}

/// Ends executions whose time is over.
fn expire(sql: &Sql<'_>, now: Timestamp) -> Result<(), StoreError> {
    let text = format!(
        "SELECT {COLUMNS} {FROM} WHERE e.due IS NOT NULL AND e.due <= $1 ORDER BY e.due LIMIT $2"
    );
    let found = sql.all(&text, args![now, EXPIRED], read_execution)?;
    for execution in &found {
        let to = ExecutionChange::to(ExecutionStatus::TimedOut);
        change::change(sql, execution, &to, now)?;
        change::settle(sql, execution.job_row, now)?;
    }
    Ok(())
}

fn turn(sql: &Sql<'_>, now: Timestamp) -> Result<(), StoreError> {
    let found: Option<JobRow> = sql.one(
        "SELECT row_id FROM jobs WHERE turn IS NOT NULL AND turn <= $1 ORDER BY turn LIMIT 1",
        args![now],
        |row| row.value(),
    )?;
    match found.map(|row| of_row(sql, row)).transpose()?.flatten() {
        Some(job) => schedule::turn(sql, &job, now),
        None => Ok(()),
    }
}

fn advance(sql: &Sql<'_>, ceiling: Option<u32>, now: Timestamp) -> Result<(), StoreError> {
    let found: Option<JobRow> = sql.one(
        "SELECT row_id FROM jobs WHERE due IS NOT NULL AND due <= $1 ORDER BY due LIMIT 1",
        args![now],
        |row| row.value(),
    )?;
    let Some(job) = found.map(|row| of_row(sql, row)).transpose()?.flatten() else {
        return Ok(());
    };
    let Job { row, status, canceling, .. } = job;
    match status {
        JobStatus::DeletionInProgress => {
            delete::advance(sql, row)?;
        }
        JobStatus::Canceled if canceling > 0 => {
            cancel::advance(sql, row, now)?;
        }
        JobStatus::InProgress => {
            rollout::advance(sql, row, ceiling, now)?;
            change::settle(sql, row, now)?;
        }
        JobStatus::Scheduled | JobStatus::Completed | JobStatus::Canceled => {
            sql.execute("UPDATE jobs SET due = NULL WHERE row_id = $1", args![row])?;
        }
    }
    // The others have their turn before this one goes on.
    sql.execute("UPDATE jobs SET due = $1 WHERE row_id = $2 AND due < $1", args![now, row])?;
    Ok(())
}
