//! The one way on which executions come and change: with their counts, timers, notices, events,
//! retries, and what follows for their job.

use fleetwright_core::job::{ExecutionStatus, JobStatus, Progress, is_complete, may_retry};
use fleetwright_core::names::ThingName;
use fleetwright_core::time::Timestamp;

use super::executions::{ExecutionChange, JobExecution, first_row};
use super::{Job, JobRow, cancel, column, events, notices, of_row};
use crate::StoreError;
use crate::sql::{Sql, args, json};

const MINUTE: i64 = 60_000;

/// A new execution of a thing, behind an earlier one of the same job if there is one.
pub(super) fn queue(
    sql: &Sql<'_>,
    job: JobRow,
    thing: &ThingName,
    attempt: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let before = first_row(sql, thing)?;
    insert(sql, job, thing, attempt, now)?;
    let next_changed = first_row(sql, thing)? != before;
    notices::note(sql, thing, true, next_changed)
}

fn insert(
    sql: &Sql<'_>,
    job: JobRow,
    thing: &ThingName,
    attempt: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let earlier: Option<(i64, i64, ExecutionStatus)> = sql.one(
        "SELECT row_id, number, status FROM job_executions WHERE thing = $1 AND job_row = $2 \
         ORDER BY number DESC LIMIT 1",
        args![thing, job],
        |row| Ok((row.get("row_id")?, row.get("number")?, row.get("status")?)),
    )?;
    let number = earlier.map_or(1, |(_, number, _)| number + 1);
    if let Some((row, _, status)) = earlier {
        sql.execute("UPDATE job_executions SET is_latest = 0 WHERE row_id = $1", args![row])?;
        count(sql, job, Some(status), Some(ExecutionStatus::Queued))?;
    } else {
        count(sql, job, None, Some(ExecutionStatus::Queued))?;
    }
    sql.execute(
        "INSERT INTO job_executions (job_row, thing, number, attempt, is_latest, has_left, status, \
         details, version, is_forced, queued_at, modified) \
         VALUES ($1, $2, $3, $4, 1, 0, 'QUEUED', '{}', 1, 0, $5, $5)",
        args![job, thing, number, attempt, now],
    )?;
    Ok(())
}

/// Moves one thing from a count to another.
pub(super) fn count(
    sql: &Sql<'_>,
    job: JobRow,
    from: Option<ExecutionStatus>,
    to: Option<ExecutionStatus>,
) -> Result<(), StoreError> {
    if from == to {
        return Ok(());
    }
    let change = |status: Option<ExecutionStatus>, sign: char| {
        status.map(column).map(|column| format!("{column} = {column} {sign} 1"))
    };
    let changes: Vec<String> = [change(from, '-'), change(to, '+')].into_iter().flatten().collect();
    let text = format!("UPDATE jobs SET {} WHERE row_id = $1", changes.join(", "));
    sql.execute(&text, args![job])?;
    Ok(())
}

/// Changes an execution; what follows for its job is [`settle`]'s.
pub(super) fn change(
    sql: &Sql<'_>,
    execution: &JobExecution,
    change: &ExecutionChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    let thing = &execution.thing;
    let before = first_row(sql, thing)?;
    let after = changed(execution, change, now);
    sql.execute(
        "UPDATE job_executions SET status = $1, details = $2, version = $3, is_forced = $4, \
         started_at = $5, modified = $6, deadline = $7, step_deadline = $8, due = $9 \
         WHERE row_id = $10",
        args![
            after.status,
            &json(&after.details)?,
            after.version,
            after.is_forced,
            after.started_at,
            now,
            after.deadline,
            after.step_deadline,
            after.due(),
            execution.row
        ],
    )?;
    if execution.is_latest {
        count(sql, execution.job_row, Some(execution.status), Some(after.status))?;
    }
    if after.status.is_terminal() {
        events::execution(sql, &after)?;
        if execution.is_latest && is_tried_again(sql, &after)? {
            insert(sql, execution.job_row, thing, execution.attempt + 1, now)?;
        }
    }
    let next_changed = first_row(sql, thing)? != before;
    notices::note(sql, thing, after.status.is_terminal(), next_changed)
}

/// The execution as it is after a change.
fn changed(execution: &JobExecution, change: &ExecutionChange, now: Timestamp) -> JobExecution {
    let mut after = execution.clone();
    after.status = change.to;
    after.version += 1;
    after.modified = now;
    after.is_forced |= change.is_forced;
    if let Some(details) = &change.details {
        after.details.clone_from(details);
    }
    if change.to.is_terminal() {
        (after.deadline, after.step_deadline) = (None, None);
        return after;
    }
    let later = |minutes: i64| now.plus_millis(minutes.saturating_mul(MINUTE));
    if after.started_at.is_none() {
        after.started_at = Some(now);
        after.deadline = execution.settings.timeout_minutes.map(later);
    }
    match change.step_minutes {
        None => {}
        Some(-1) => after.step_deadline = None,
        Some(minutes) => after.step_deadline = Some(later(minutes)),
    }
    after
}

/// Whether a failed execution is followed by another.
fn is_tried_again(sql: &Sql<'_>, ended: &JobExecution) -> Result<bool, StoreError> {
    if ended.settings.retry.is_empty() {
        return Ok(false);
    }
    let Some(job) = of_row(sql, ended.job_row)? else { return Ok(false) };
    if job.status != JobStatus::InProgress {
        return Ok(false);
    }
    let alike = sql.count(
        "SELECT count(*) FROM job_executions WHERE thing = $1 AND job_row = $2 AND status = $3 \
         AND number >= $4",
        args![&ended.thing, ended.job_row, ended.status, ended.number - ended.attempt],
    )?;
    let alike = i64::try_from(alike).unwrap_or(i64::MAX);
    Ok(may_retry(&ended.settings.retry, ended.status, ended.attempt, alike))
}

/// What follows for a job from where its things are now: it is given up, it is complete, or it goes
/// on.
pub(super) fn settle(sql: &Sql<'_>, row: JobRow, now: Timestamp) -> Result<(), StoreError> {
    let Some(job) = of_row(sql, row)? else { return Ok(()) };
    if job.status != JobStatus::InProgress {
        return Ok(());
    }
    if job.settings.abort.iter().any(|criterion| criterion.is_met(&job.counts)) {
        return cancel::abort(sql, &job, now);
    }
    let progress = Progress {
        is_continuous: job.is_continuous,
        has_ended: job.has_ended,
        is_rolled_out: !job.is_rolling,
        counts: job.counts,
    };
    if is_complete(&progress) {
        complete(sql, job, now)?;
    }
    Ok(())
}

fn complete(sql: &Sql<'_>, mut job: Job, now: Timestamp) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE jobs SET status = $1, completed = $2, modified = $2, due = NULL, turn = NULL \
         WHERE row_id = $3",
        args![JobStatus::Completed, now, job.row],
    )?;
    job.status = JobStatus::Completed;
    (job.completed, job.modified) = (Some(now), now);
    events::job(sql, &job, events::COMPLETED)
}
