//! Lists of jobs and executions.

use fleetwright_core::job::{ExecutionStatus, JobStatus};
use fleetwright_core::names::{JobId, ThingGroupName, ThingName};

use super::executions::{COLUMNS, FROM, JobExecution, read_execution};
use super::{Job, read_job, require};
use crate::sql::args;
use crate::{Page, Store, StoreError, Uuid, page};

/// Which jobs are listed.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// `status`
    pub status: Option<JobStatus>,
    /// `targetSelection` is CONTINUOUS.
    pub is_continuous: Option<bool>,
    /// `thingGroupName`: a target.
    pub group: Option<ThingGroupName>,
    /// `thingGroupId`: a target.
    pub group_id: Option<Uuid>,
    /// `namespaceId`
    pub namespace: Option<String>,
}

/// Which executions of a thing are listed.
#[derive(Debug, Clone, Default)]
pub struct ExecutionFilter {
    /// `status`
    pub status: Option<ExecutionStatus>,
    /// `jobId`
    pub job: Option<JobId>,
    /// `namespaceId`
    pub namespace: Option<String>,
}

impl Store {
    /// `ListJobs`: newest first.
    pub async fn list_jobs(
        &self,
        filter: &JobFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Page<Job, i64>, StoreError> {
        let size = page::size(limit);
        let text = format!(
            "SELECT {} FROM jobs WHERE row_id < $1 \
             AND (CAST($2 AS TEXT) IS NULL OR status = $2) \
             AND (CAST($3 AS INTEGER) IS NULL OR is_continuous = $3) \
             AND (CAST($4 AS TEXT) IS NULL OR namespace = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM job_targets t \
             WHERE t.job_row = jobs.row_id AND t.kind = 'thinggroup' AND t.name = $5)) \
             AND ($6 = 0 OR EXISTS (SELECT 1 FROM job_targets t \
             JOIN thing_groups g ON g.name = t.name WHERE t.job_row = jobs.row_id \
             AND t.kind = 'thinggroup' AND g.group_id = $7)) \
             ORDER BY row_id DESC LIMIT $8",
            super::COLUMNS
        );
        let params = args![
            before.unwrap_or(i64::MAX),
            filter.status,
            filter.is_continuous,
            filter.namespace.as_deref(),
            filter.group.as_ref(),
            filter.group_id.is_some(),
            filter.group_id.as_ref(),
            size + 1
        ];
        let found = self.read(|sql| sql.all(&text, params, read_job)).await?;
        Ok(Page::cut(found, size, |job| job.row.0))
    }

    /// `ListJobExecutionsForJob`, in the order in which they were queued.
    pub async fn executions_of_job(
        &self,
        job: &JobId,
        status: Option<ExecutionStatus>,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<JobExecution, i64>, StoreError> {
        let size = page::size(limit);
        let which = match status {
            Some(_) => "e.status = $3",
            None => "CAST($3 AS TEXT) IS NULL",
        };
        let text = format!(
            "SELECT {COLUMNS} {FROM} WHERE e.job_row = $1 AND e.row_id > $2 AND {which} \
             ORDER BY e.row_id LIMIT $4"
        );
        let found = self
            .snapshot(|sql| {
                let job = require(sql, job)?.row;
                let params = args![job, after.unwrap_or(0), status, size + 1];
                sql.all(&text, params, read_execution)
            })
            .await?;
        Ok(Page::cut(found, size, |execution| execution.row))
    }

    /// `ListJobExecutionsForThing`, in the order in which they were queued.
    pub async fn executions_of_thing(
        &self,
        thing: &ThingName,
        filter: &ExecutionFilter,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<JobExecution, i64>, StoreError> {
        let size = page::size(limit);
        let text = format!(
            "SELECT {COLUMNS} {FROM} WHERE e.thing = $1 AND e.row_id > $2 \
             AND (CAST($3 AS TEXT) IS NULL OR e.status = $3) \
             AND (CAST($4 AS TEXT) IS NULL OR j.id = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR j.namespace = $5) ORDER BY e.row_id LIMIT $6"
        );
        let params = args![
            thing,
            after.unwrap_or(0),
            filter.status,
            filter.job.as_ref(),
            filter.namespace.as_deref(),
            size + 1
        ];
        let found = self.read(|sql| sql.all(&text, params, read_execution)).await?;
        Ok(Page::cut(found, size, |execution| execution.row))
    }
}
