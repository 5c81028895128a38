//! A job's schedule: it begins, its windows open and close, it ends.

use fleetwright_core::job::{EndBehavior, JobSettings, JobStatus};
use fleetwright_core::time::Timestamp;

use super::{Job, cancel, change};
use crate::StoreError;
use crate::sql::{Sql, args};

/// How a job stands at a moment.
pub(super) struct Plan {
    pub(super) status: JobStatus,
    pub(super) is_closed: bool,
    /// When to look again.
    pub(super) turn: Option<Timestamp>,
}

/// How a job stands that is scheduled so, and when that changes.
pub(super) fn plan(settings: &JobSettings, now: Timestamp) -> Plan {
    let Some(schedule) = &settings.schedule else {
        return Plan { status: JobStatus::InProgress, is_closed: false, turn: None };
    };
    let start = schedule.start.map(Timestamp).filter(|start| *start > now);
    let end = schedule.end.map(Timestamp).filter(|end| *end > now);
    let turn = [start, end, schedule.next_turn(now)].into_iter().flatten().min();
    let status = if start.is_some() { JobStatus::Scheduled } else { JobStatus::InProgress };
    Plan { status, is_closed: !schedule.is_open(now), turn }
}

/// The next turn of a job's schedule has come.
pub(super) fn turn(sql: &Sql<'_>, job: &Job, now: Timestamp) -> Result<(), StoreError> {
    let plan = plan(&job.settings, now);
    let begins = job.status == JobStatus::Scheduled && plan.status == JobStatus::InProgress;
    sql.execute(
        "UPDATE jobs SET turn = $1, is_closed = $2 WHERE row_id = $3",
        args![plan.turn, plan.is_closed, job.row],
    )?;
    if begins {
        sql.execute(
            "UPDATE jobs SET status = $1, due = $2, modified = $2 WHERE row_id = $3",
            args![JobStatus::InProgress, now, job.row],
        )?;
    }
    if plan.is_closed != job.is_closed {
        // Handed out from now on, or no longer.
        sql.execute(
            "INSERT INTO job_notices (thing, list_changed, next_changed) SELECT thing, 1, 1 \
             FROM job_executions WHERE job_row = $1 AND status = 'QUEUED' ORDER BY row_id",
            args![job.row],
        )?;
    }
    let end = job.settings.schedule.as_ref().and_then(|it| it.end);
    if !job.has_ended && end.is_some_and(|end| end <= now.0) {
        finish(sql, job, now)?;
    }
    Ok(())
}

/// The `endTime` of a job has come.
fn finish(sql: &Sql<'_>, job: &Job, now: Timestamp) -> Result<(), StoreError> {
    let behavior = job.settings.schedule.as_ref().and_then(|it| it.behavior.as_deref());
    match behavior.and_then(EndBehavior::parse).unwrap_or(EndBehavior::StopRollout) {
        EndBehavior::StopRollout => {
            sql.execute("DELETE FROM job_waiting WHERE job_row = $1", args![job.row])?;
            sql.execute("UPDATE job_targets SET is_listed = 1 WHERE job_row = $1", args![job.row])?;
            sql.execute(
                "UPDATE jobs SET has_ended = 1, is_rolling = 0, due = NULL, turn = NULL, \
                 status = 'IN_PROGRESS' WHERE row_id = $1",
                args![job.row],
            )?;
            change::settle(sql, job.row, now)
        }
        EndBehavior::Cancel => cancel::end(sql, job, false, now),
        EndBehavior::ForceCancel => cancel::end(sql, job, true, now),
    }
}
