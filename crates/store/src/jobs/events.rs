//! Events of jobs and executions (AWS: guide, "Jobs events"), as configured.

use fleetwright_core::event::EventType;

use super::executions::JobExecution;
use super::{Job, targets};
use crate::event::{EventOperation, EventSubject, JobCounts};
use crate::sql::Sql;
use crate::{JobTarget, StoreError, registry_events};

pub(super) const COMPLETED: EventOperation = EventOperation::Completed;
pub(super) const CANCELED: EventOperation = EventOperation::Canceled;

/// Notes an event of a job.
pub(super) fn job(sql: &Sql<'_>, job: &Job, operation: EventOperation) -> Result<(), StoreError> {
    registry_events::note(sql, EventType::Job, operation, || {
        let arn = |target: JobTarget| target.arn(sql.scope);
        Ok(EventSubject::Job {
            job: job.id.to_string(),
            is_continuous: job.is_continuous,
            targets: targets(sql, job.row)?.into_iter().map(arn).collect(),
            description: job.description.clone(),
            comment: job.comment.clone(),
            created: job.created.0,
            modified: job.modified.0,
            completed: job.completed.map(|at| at.0),
            counts: (operation == COMPLETED).then_some(JobCounts {
                canceled: job.counts.canceled,
                succeeded: job.counts.succeeded,
                failed: job.counts.failed,
                rejected: job.counts.rejected,
                removed: job.counts.removed,
            }),
        })
    })
}

/// Notes the event of an execution that came to its end.
pub(super) fn execution(sql: &Sql<'_>, execution: &JobExecution) -> Result<(), StoreError> {
    let Some(operation) = EventOperation::parse(execution.status.as_str()) else { return Ok(()) };
    of_execution(sql, execution, operation)
}

/// Notes an event of an execution.
pub(super) fn of_execution(
    sql: &Sql<'_>,
    execution: &JobExecution,
    operation: EventOperation,
) -> Result<(), StoreError> {
    registry_events::note(sql, EventType::JobExecution, operation, || {
        Ok(EventSubject::JobExecution {
            job: execution.job.to_string(),
            thing: execution.thing.to_string(),
            details: execution.details.clone(),
        })
    })
}
